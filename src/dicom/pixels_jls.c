/* dicom/pixels_jls.c - JPEG-LS frames, by CharLS. */
#include <charls/charls.h>

#include "dicom/pixels_int.h"

static enum err fit(struct req *rq, const struct pixel_form *f, const charls_frame_info *i)
{
    bool ok = i->width == f->columns && i->height == f->rows
              && i->component_count == (int32_t)f->samples && i->bits_per_sample >= 2
              && i->bits_per_sample <= (int32_t)f->bits_allocated;
    return ok ? OK : FAIL(rq, E_SYNTAX, "JPEG-LS frame of another form");
}

static enum err decode(struct req *rq, const struct pixel_form *f, charls_jpegls_decoder *d,
                       struct str bytes, int32_t *out)
{
    charls_frame_info info;
    charls_interleave_mode mode;
    size_t size = 0;

    if (charls_jpegls_decoder_set_source_buffer(d, bytes.p, bytes.n) != 0
        || charls_jpegls_decoder_read_header(d) != 0
        || charls_jpegls_decoder_get_frame_info(d, &info) != 0) {
        return FAIL(rq, E_SYNTAX, "JPEG-LS header");
    }
    TRY(fit(rq, f, &info));
    size_t step = info.bits_per_sample > 8 ? 2 : 1;
    if (charls_jpegls_decoder_get_interleave_mode(d, &mode) != 0
        || charls_jpegls_decoder_get_destination_size(d, 0, &size) != 0
        || size != pixels_count(f) * step) {
        return FAIL(rq, E_SYNTAX, "JPEG-LS frame");
    }
    unsigned char *raw = arena_alloc_raw(rq->a, size);
    TRY_MEM(rq, raw);
    if (charls_jpegls_decoder_decode_to_buffer(d, raw, size, 0) != 0) {
        return FAIL(rq, E_SYNTAX, "JPEG-LS frame");
    }
    bool planar = f->samples > 1 && mode == CHARLS_INTERLEAVE_MODE_NONE;
    size_t n = pixels_count(f);
    size_t plane = n / f->samples;
    for (size_t i = 0; i < n; i++) {
        size_t at = (planar ? i % f->samples * plane + i / f->samples : i) * step;
        out[i] = raw[at] | (step == 2 ? raw[at + 1] << 8 : 0);
    }
    return OK;
}

enum err pixels_jls(struct req *rq, const struct pixel_form *f, struct str bytes, int32_t *out,
                    bool *ret_rgb)
{
    (void)ret_rgb;
    charls_jpegls_decoder *d = charls_jpegls_decoder_create();
    if (d == NULL) {
        return FAIL(rq, E_TOO_LARGE, "memory");
    }
    enum err e = decode(rq, f, d, bytes, out);
    charls_jpegls_decoder_destroy(d);
    return e;
}
