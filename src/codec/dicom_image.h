/* codec/dicom_image.h - what a DICOM file says about its pixels: their form, and how they are to be shown
 * (PS3.3 C.7.6.3, C.11; functional groups of enhanced images C.7.6.16). */
#pragma once

#include "codec/dicom_file.h"

enum { DICOM_WINDOWS_MAX = 8 };

/* A look-up table; data NULL: none. */
struct dicom_lut {
    uint32_t entries;  /* 1 to 65536 */
    int32_t first;     /* the value the first entry stands for */
    uint32_t bits;     /* of an entry: 8 to 16 */
    struct str data;   /* entries of 16 bits, or of 8 where there are only so many bytes */
    struct str segmented; /* instead of data: Segmented Palette Color LUT Data */
    bool big_endian;
};

struct dicom_window {
    double centre;
    double width;
    struct str name; /* as Window Center & Width Explanation has it; may be empty */
};

enum dicom_spacing {
    DICOM_SPACING_NONE,
    DICOM_SPACING_PIXEL,   /* in the patient, or calibrated: (0028,0030) */
    DICOM_SPACING_IMAGER,  /* at the detector: (0018,1164) */
    DICOM_SPACING_NOMINAL, /* nominal, of scanned pictures: (0018,2010) */
};

struct dicom_image {
    uint32_t rows;
    uint32_t columns;
    uint32_t frames;         /* 1 where the file does not say */
    uint32_t samples;        /* a pixel */
    uint32_t planar;         /* 1: one plane a sample */
    uint32_t bits_allocated;
    uint32_t bits_stored;
    uint32_t high_bit;
    bool is_signed;
    struct str photometric;  /* "MONOCHROME2" ... */
    double slope;            /* 1 where nothing is said */
    double intercept;
    struct str rescale_type; /* "HU" ...; may be empty */
    struct dicom_window windows[DICOM_WINDOWS_MAX];
    uint32_t windows_n;
    struct str voi_function; /* "LINEAR", "LINEAR_EXACT", "SIGMOID"; may be empty */
    bool inverse;            /* Presentation LUT Shape INVERSE */
    struct dicom_lut modality_lut;
    struct dicom_lut voi_lut;
    struct dicom_lut palette[3]; /* red, green, blue */
    bool has_padding;        /* pixels from padding to padding_limit show nothing */
    int32_t padding;
    int32_t padding_limit;
    enum dicom_spacing spacing_kind;
    double spacing[2];       /* mm between rows, between columns */
    double aspect[2];        /* Pixel Aspect Ratio, vertical to horizontal; 1 and 1 */
    double frame_ms;         /* time a frame is shown; 0: not said */
    double rate;             /* recommended frames a second; 0: not said */
    bool has_position;
    double position[3];
    bool has_orientation;
    double orientation[6];
    double thickness;        /* mm; 0: not said */
    bool burned_in;          /* Burned In Annotation is YES */
};

/* frame   from 0; what its functional groups say goes before what is shared
 * borrows the file; text and LUTs are slices of it
 * errors  E_SYNTAX a number of the pixels' form is none; a walk's failures. That rows and columns are
 *         there is not asked: 0 where not. */
MUST_USE enum err dicom_image_read(struct req *rq, const struct dicom_file *f, uint32_t frame,
                                   struct dicom_image *ret_image);
