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
enum err pixels_rle(struct req *rq, const struct pixel_form *form, struct str bytes, int32_t *out,
                    bool *ret_rgb);

static inline size_t pixels_count(const struct pixel_form *f)
{
    return (size_t)f->rows * f->columns * f->samples;
}
