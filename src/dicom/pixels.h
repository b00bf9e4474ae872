/* dicom/pixels.h - the samples of one frame (PS3.3 C.7.6.3, PS3.5 8), whatever its transfer syntax.
 *
 * Native and RLE frames are read here; JPEG baseline and extended 8 bit by libjpeg-turbo, JPEG 2000 by
 * OpenJPEG, JPEG-LS by CharLS, lossless and 12-bit JPEG by a program where there is one (pixels_helper.h).
 * What nothing of the distribution decodes (HTJ2K, video) is E_NOT_ACCEPT: the bytes go out as they are, for
 * viewers that know them. */
#pragma once

#include "base/req.h"

struct pixels_helper; /* dicom/pixels_helper.h */

/* How the data set describes its frames. */
struct pixel_form {
    struct str syntax;       /* transfer syntax UID */
    struct str photometric;  /* MONOCHROME2, RGB, YBR_FULL_422, ... */
    uint32_t rows;
    uint32_t columns;
    uint32_t samples;        /* for each pixel: 1 or 3 */
    uint32_t bits_allocated; /* 1, 8, 16, 32 */
    uint32_t bits_stored;
    uint32_t high_bit;
    bool is_signed;
    bool planar;             /* native and RLE: colour by plane */
    struct pixels_helper *helper; /* decodes what no library does; NULL: there is none */
};

/* Samples row by row, the samples of a pixel side by side. */
struct pixels {
    uint32_t rows;
    uint32_t columns;
    uint32_t samples;
    bool is_rgb;        /* three samples are red, green, blue, 8 bits each */
    const int32_t *v;   /* rows * columns * samples values as stored, signed ones extended */
    int32_t low;        /* least and greatest value of them */
    int32_t high;
    int32_t shown_low;  /* the same of those that show something */
    int32_t shown_high;
};

enum { PIXELS_MAX = 64 * 1024 * 1024 }; /* samples of one frame that are decoded */

/* Decodes the frame that bytes hold (its fragments joined, or its part of native pixel data in
 * little endian words).
 * errors  E_NOT_ACCEPT  a transfer syntax or photometric interpretation not decoded here
 *         E_SYNTAX          the frame is not what the data set says
 *         E_TOO_LARGE       above PIXELS_MAX, or the arena's cap */
MUST_USE enum err pixels_decode(struct req *rq, const struct pixel_form *form, struct str bytes,
                                struct pixels *ret_pixels);
/* The frame as it would be natively: little endian words of bits_allocated, the samples of a pixel side by
 * side. Only grey, palette and RGB: of others the data set's description would no longer hold.
 * errors  as pixels_decode() */
MUST_USE enum err pixels_native_of(struct req *rq, const struct pixel_form *form, struct str bytes,
                                   struct str *ret_bytes);
