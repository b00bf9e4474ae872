/* dicom/pixels_int.h - the decoders behind pixels.h; private to the room. */
#pragma once

#include "dicom/pixels.h"

/* Decodes into out: form's rows * columns * samples values, side by side, not yet sign extended.
 * *ret_rgb: colour was converted on the way. errors as pixels_decode */
typedef enum err (*pixels_decode_fn)(struct req *rq, const struct pixel_form *form, struct str bytes,
                                     int32_t *out, bool *ret_rgb);
enum err pixels_jpeg(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                     bool *ret_rgb);
enum err pixels_j2k(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                    bool *ret_rgb);
enum err pixels_jls(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                    bool *ret_rgb);
enum err pixels_lossless(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                         bool *ret_rgb);
enum err pixels_native(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                       bool *ret_rgb);
enum err pixels_rle(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                    bool *ret_rgb);

static inline size_t pixels_count(const struct pixel_form *f)
{
    return (size_t)f->rows * f->columns * f->samples;
}

/* ---- JPEG by the helper: pixels_lossless.c ---- */

/* Samples as a program decoded them: little endian words of so many bits, side by side. */
struct pixels_words {
    uint32_t bits;    /* 8 or 16 */
    struct str bytes; /* exactly as many as form needs */
};
/* The frame as a DICOM file of its own. errors E_TOO_LARGE */
MUST_USE enum err pixels_file_write(struct req *rq, const struct pixel_form *form, struct str frame,
                                    struct str *ret_file);
/* The native pixels of a file a program made of one. errors E_SYNTAX: they are not of that form */
MUST_USE enum err pixels_file_read(struct req *rq, const struct pixel_form *form, struct str file,
                                   struct pixels_words *ret_words);
/* The frame decoded by the program, or as it was decoded before. errors as pixels_decode() */
MUST_USE enum err pixels_help(struct req *rq, const struct pixel_form *form, struct str frame,
                              struct pixels_words *ret_words);
