/* dicom/pixels_j2k.c - JPEG 2000 frames, by OpenJPEG. */
#include <openjpeg.h>
#include <string.h>

#include "dicom/pixels_int.h"

struct source {
    struct str bytes;
    size_t at;
};

static OPJ_SIZE_T on_read(void *p, OPJ_SIZE_T n, void *ctx)
{
    struct source *s = ctx;
    size_t left = s->bytes.n - s->at;
    if (left == 0) {
        return (OPJ_SIZE_T)-1;
    }
    n = n < left ? n : left;
    memcpy(p, s->bytes.p + s->at, n);
    s->at += n;
    return n;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T n, void *ctx)
{
    struct source *s = ctx;
    if (n < 0 || (uint64_t)n > s->bytes.n - s->at) {
        return -1;
    }
    s->at += (size_t)n;
    return n;
}

static OPJ_BOOL on_seek(OPJ_OFF_T to, void *ctx)
{
    struct source *s = ctx;
    if (to < 0 || (uint64_t)to > s->bytes.n) {
        return OPJ_FALSE;
    }
    s->at = (size_t)to;
    return OPJ_TRUE;
}

/* The header is held to the data set before anything of the picture's size is allocated. */
static bool fits(const struct pixel_form *f, const opj_image_t *m)
{
    if (m->numcomps != f->samples) {
        return false;
    }
    for (OPJ_UINT32 i = 0; i < m->numcomps; i++) {
        const opj_image_comp_t *c = &m->comps[i];
        if (c->w != f->columns || c->h != f->rows || c->dx != 1 || c->dy != 1
            || c->prec > f->bits_allocated) {
            return false;
        }
    }
    return true;
}

static enum err decode(struct req *rq, const struct pixel_form *f, opj_codec_t *codec,
                       opj_stream_t *stream, opj_image_t **image, int32_t *out)
{
    opj_dparameters_t params;
    opj_set_default_decoder_parameters(&params);
    if (!opj_setup_decoder(codec, &params) || !opj_read_header(stream, codec, image)
        || !fits(f, *image)) {
        return FAIL(rq, E_SYNTAX, "JPEG 2000 frame of another form");
    }
    if (!opj_decode(codec, stream, *image)) {
        return FAIL(rq, E_SYNTAX, "JPEG 2000 frame");
    }
    size_t plane = (size_t)f->rows * f->columns;
    for (uint32_t k = 0; k < f->samples; k++) {
        const OPJ_INT32 *data = (*image)->comps[k].data;
        if (data == NULL || (*image)->comps[k].w != f->columns
            || (*image)->comps[k].h != f->rows) {
            return FAIL(rq, E_SYNTAX, "JPEG 2000 frame");
        }
        for (size_t i = 0; i < plane; i++) {
            out[i * f->samples + k] = data[i];
        }
    }
    return OK;
}

enum err pixels_j2k(struct req *rq, const struct pixel_form *f, struct str bytes, int32_t *out,
                    bool *ret_rgb)
{
    static const char box[12] = "\0\0\0\x0cjP  \r\n\x87\n";
    struct source source = {.bytes = bytes};
    bool boxed = bytes.n >= sizeof box && memcmp(bytes.p, box, sizeof box) == 0;
    opj_codec_t *codec = opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
    opj_image_t *image = NULL;
    enum err e = OK;

    if (codec == NULL || stream == NULL) {
        e = FAIL(rq, E_TOO_LARGE, "memory");
    } else {
        opj_stream_set_user_data(stream, &source, NULL);
        opj_stream_set_user_data_length(stream, bytes.n);
        opj_stream_set_read_function(stream, on_read);
        opj_stream_set_skip_function(stream, on_skip);
        opj_stream_set_seek_function(stream, on_seek);
        e = decode(rq, f, codec, stream, &image, out);
    }
    opj_image_destroy(image);
    if (stream != NULL) {
        opj_stream_destroy(stream);
    }
    if (codec != NULL) {
        opj_destroy_codec(codec);
    }
    /* The colour transform is the codestream's own: what comes out is red, green, blue. */
    *ret_rgb = f->samples == 3;
    return e;
}
