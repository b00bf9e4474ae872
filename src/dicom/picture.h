/* dicom/picture.h - pixels as people see them: tones by the data set or by the viewer, made small,
 * encoded (PS3.3 C.11.1, C.11.2; PS3.18 8.7). */
#pragma once

#include "dicom/pixels.h"

/* A look-up table as the data set stores it (PS3.3 C.11.1.1.1): entries for first, first + 1, ... */
struct tone_table {
    const uint16_t *v; /* NULL: none */
    uint32_t n;
    int32_t first;
    uint32_t bits;     /* of an entry */
};

enum tone_function { TONE_LINEAR, TONE_LINEAR_EXACT, TONE_SIGMOID };

/* From stored values to grey. */
struct tone {
    struct tone_table modality; /* before the window; else slope and intercept */
    double slope;
    double intercept;
    struct tone_table voi;      /* in place of a window */
    bool has_window;            /* neither: from the least to the greatest value */
    double centre;
    double width;
    enum tone_function function;
    bool inverse;               /* the least value is white: MONOCHROME1, or asked for */
    struct tone_table palette[3]; /* red, green, blue of PALETTE COLOR; then nothing above counts */
};

struct picture_opts {
    uint32_t width;   /* at most this, in proportion; 0: as it is. Never enlarged */
    uint32_t height;
    bool png;         /* else JPEG */
    uint32_t quality; /* of JPEG, 1..100 */
};

enum { PICTURE_QUALITY = 85 };

/* Grey or colour points, 8 bits a sample. */
struct picture {
    uint32_t width;
    uint32_t height;
    uint32_t samples; /* 1 grey, 3 red green blue */
    const uint8_t *v;
};

/* Stored pixels to a picture of at most that size; each of its points is the mean of what it covers.
 * errors  E_TOO_LARGE */
MUST_USE enum err picture_of(struct req *rq, const struct pixels *px, const struct tone *tone,
                             uint32_t max_width, uint32_t max_height, struct picture *ret_picture);
/* errors  E_TOO_LARGE  the arena's cap */
MUST_USE enum err picture_jpeg(struct req *rq, const struct picture *pic, uint32_t quality,
                               struct str *ret_bytes);
MUST_USE enum err picture_png(struct req *rq, const struct picture *pic, struct str *ret_bytes);
