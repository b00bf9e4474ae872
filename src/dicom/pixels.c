/* dicom/pixels.c - frames as they are stored natively; which decoder reads what. See pixels.h. */
#include "dicom/pixels_int.h"

/* n words of 8, 16 or 32 bits, little endian, each step values after the last. */
static void words(const unsigned char *p, uint32_t bits, size_t n, int32_t *out, size_t step)
{
    switch (bits) {
    case 8:
        for (size_t i = 0; i < n; i++) {
            out[i * step] = p[i];
        }
        break;
    case 16:
        for (size_t i = 0; i < n; i++, p += 2) {
            out[i * step] = (int32_t)(p[0] | (uint32_t)p[1] << 8);
        }
        break;
    default:
        for (size_t i = 0; i < n; i++, p += 4) {
            out[i * step] = (int32_t)(p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16
                                      | (uint32_t)p[3] << 24);
        }
        break;
    }
}

static enum err native_bits(struct req *rq, const struct pixel_form *f, struct str bytes,
                            int32_t *out)
{
    size_t n = pixels_count(f);
    if (bytes.n < (n + 7) / 8) {
        return FAIL(rq, E_SYNTAX, "pixel data: %zu bytes of %zu", bytes.n, (n + 7) / 8);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)bytes.p[i / 8] >> (i % 8) & 1;
    }
    return OK;
}

/* Two pixels as Y Y B R (PS3.3 C.7.6.3.1.2). */
static enum err native_422(struct req *rq, const struct pixel_form *f, struct str bytes,
                           int32_t *out)
{
    size_t pairs = (size_t)f->rows * f->columns / 2;
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (f->columns % 2 != 0 || f->bits_allocated != 8 || bytes.n < pairs * 4) {
        return FAIL(rq, E_SYNTAX, "pixel data: %zu bytes", bytes.n);
    }
    for (size_t i = 0; i < pairs; i++, p += 4, out += 6) {
        out[0] = p[0];
        out[3] = p[1];
        out[1] = out[4] = p[2];
        out[2] = out[5] = p[3];
    }
    return OK;
}

enum err pixels_native(struct req *rq, const struct pixel_form *f, struct str bytes, int32_t *out,
                       bool *ret_rgb)
{
    size_t n = pixels_count(f);
    size_t step = f->bits_allocated / 8;
    const unsigned char *p = (const unsigned char *)bytes.p;

    (void)ret_rgb;
    if (f->bits_allocated == 1) {
        return native_bits(rq, f, bytes, out);
    }
    if (str_eq(f->photometric, S("YBR_FULL_422")) && f->samples == 3) {
        return native_422(rq, f, bytes, out);
    }
    if (bytes.n / step < n) {
        return FAIL(rq, E_SYNTAX, "pixel data: %zu bytes of %zu", bytes.n, n * step);
    }
    if (!f->planar || f->samples == 1) {
        words(p, f->bits_allocated, n, out, 1);
        return OK;
    }
    size_t plane = n / f->samples;
    for (uint32_t k = 0; k < f->samples; k++) {
        words(p + k * plane * step, f->bits_allocated, plane, out + k, f->samples);
    }
    return OK;
}

static const struct {
    struct str syntax;
    pixels_decode_fn decode;
} decoders[] = {
    {SI("1.2.840.10008.1.2"), pixels_native},        /* implicit little endian */
    {SI("1.2.840.10008.1.2.1"), pixels_native},      /* explicit little endian */
    {SI("1.2.840.10008.1.2.1.99"), pixels_native},   /* deflated */
    {SI("1.2.840.10008.1.2.2"), pixels_native},      /* explicit big endian, retired */
    {SI("1.2.840.10008.1.2.5"), pixels_rle},
    {SI("1.2.840.10008.1.2.4.50"), pixels_jpeg},     /* baseline */
    {SI("1.2.840.10008.1.2.4.51"), pixels_jpeg},     /* extended: 12 bits by the helper */
    {SI("1.2.840.10008.1.2.4.57"), pixels_lossless}, /* JPEG lossless */
    {SI("1.2.840.10008.1.2.4.70"), pixels_lossless}, /* the same, by first order prediction */
    {SI("1.2.840.10008.1.2.4.80"), pixels_jls},      /* JPEG-LS lossless */
    {SI("1.2.840.10008.1.2.4.81"), pixels_jls},      /* JPEG-LS near-lossless */
    {SI("1.2.840.10008.1.2.4.90"), pixels_j2k},      /* JPEG 2000 lossless */
    {SI("1.2.840.10008.1.2.4.91"), pixels_j2k},      /* JPEG 2000 */
};

static pixels_decode_fn decoder_of(struct str syntax)
{
    for (size_t i = 0; i < LEN(decoders); i++) {
        if (str_eq(decoders[i].syntax, syntax)) {
            return decoders[i].decode;
        }
    }
    return NULL;
}

static int32_t clamp8(int32_t v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* YBR_FULL to RGB (PS3.3 C.7.6.3.1.2), in 16 binary places. */
static void ybr_to_rgb(int32_t *v, size_t pixels)
{
    enum { HALF = 1 << 15, CR_R = 91881, CB_G = 22554, CR_G = 46802, CB_B = 116130 };
    for (size_t i = 0; i < pixels; i++, v += 3) {
        int32_t y = v[0] * 65536 + HALF;
        int32_t cb = v[1] - 128;
        int32_t cr = v[2] - 128;
        v[0] = clamp8((y + CR_R * cr) >> 16);
        v[1] = clamp8((y - CB_G * cb - CR_G * cr) >> 16);
        v[2] = clamp8((y + CB_B * cb) >> 16);
    }
}

/* Only the stored bits count; a signed one is extended. */
static void as_stored(const struct pixel_form *f, int32_t *v, size_t n, struct pixels *ret)
{
    uint32_t shift = f->high_bit + 1 - f->bits_stored;
    uint32_t mask = f->bits_stored == 32 ? UINT32_MAX : (UINT32_C(1) << f->bits_stored) - 1;
    uint32_t sign = f->is_signed ? UINT32_C(1) << (f->bits_stored - 1) : 0;
    int32_t low = INT32_MAX;
    int32_t high = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        uint32_t u = (uint32_t)v[i] >> shift & mask;
        int32_t x = (int32_t)((u ^ sign) - sign);
        v[i] = x;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    ret->low = ret->shown_low = low;
    ret->high = ret->shown_high = high;
}

static enum err check(struct req *rq, const struct pixel_form *f)
{
    if (f->rows == 0 || f->columns == 0 || f->rows > UINT16_MAX || f->columns > UINT16_MAX
        || (f->samples != 1 && f->samples != 3)) {
        return FAIL(rq, E_SYNTAX, "image of %u x %u with %u samples", f->columns, f->rows,
                    f->samples);
    }
    bool bits_ok = f->bits_allocated == 1 || f->bits_allocated == 8 || f->bits_allocated == 16
                   || f->bits_allocated == 32;
    if (!bits_ok || f->bits_stored == 0 || f->bits_stored > f->bits_allocated
        || f->high_bit >= f->bits_allocated || f->high_bit + 1 < f->bits_stored) {
        return FAIL(rq, E_SYNTAX, "bits: %u allocated, %u stored, high bit %u", f->bits_allocated,
                    f->bits_stored, f->high_bit);
    }
    if (f->samples == 3 && f->bits_allocated != 8) {
        return FAIL(rq, E_NOT_ACCEPT, "colour of %u bits", f->bits_allocated);
    }
    return pixels_count(f) <= PIXELS_MAX ? OK : FAIL(rq, E_TOO_LARGE, "image");
}

static enum err decode_raw(struct req *rq, const struct pixel_form *form, struct str bytes,
                           int32_t **ret_v, bool *ret_rgb)
{
    pixels_decode_fn decode = decoder_of(form->syntax);

    if (decode == NULL) {
        return FAIL(rq, E_NOT_ACCEPT, "transfer syntax %.*s", STR_ARG(form->syntax));
    }
    TRY(check(rq, form));
    int32_t *v = arena_alloc_raw(rq->a, pixels_count(form) * sizeof *v);
    TRY_MEM(rq, v);
    TRY(decode(rq, form, bytes, v, ret_rgb));
    *ret_v = v;
    return OK;
}

enum err pixels_native_of(struct req *rq, const struct pixel_form *form, struct str bytes,
                          struct str *ret_bytes)
{
    int32_t *v = NULL;
    bool rgb = false;
    uint32_t step = form->bits_allocated / 8;

    if ((form->samples != 1 && !str_eq(form->photometric, S("RGB"))) || step == 0) {
        return FAIL(rq, E_NOT_ACCEPT, "native frames of %.*s of %u bits", STR_ARG(form->photometric),
                    form->bits_allocated);
    }
    TRY(check(rq, form));
    size_t n = pixels_count(form);
    char *out = arena_alloc_raw(rq->a, n * step);
    TRY_MEM(rq, out);
    struct arena_mark before = arena_mark(rq->a);
    TRY(decode_raw(rq, form, bytes, &v, &rgb));
    for (size_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < step; k++) {
            out[i * step + k] = (char)((uint32_t)v[i] >> 8 * k & 255);
        }
    }
    arena_back(rq->a, before);
    *ret_bytes = (struct str){out, n * step};
    return OK;
}

enum err pixels_decode(struct req *rq, const struct pixel_form *form, struct str bytes,
                       struct pixels *ret_pixels)
{
    int32_t *v = NULL;
    bool rgb = false;

    TRY(decode_raw(rq, form, bytes, &v, &rgb));
    size_t n = pixels_count(form);
    struct pixels p = {.rows = form->rows, .columns = form->columns, .samples = form->samples};
    as_stored(form, v, n, &p);
    if (form->samples == 3) {
        bool ybr = str_starts(form->photometric, S("YBR_FULL"));
        if (!rgb && ybr) {
            ybr_to_rgb(v, n / 3);
        }
        if (!rgb && !ybr && !str_eq(form->photometric, S("RGB"))) {
            return FAIL(rq, E_NOT_ACCEPT, "photometric interpretation %.*s",
                        STR_ARG(form->photometric));
        }
        p.is_rgb = true;
    }
    p.v = v;
    *ret_pixels = p;
    return OK;
}
