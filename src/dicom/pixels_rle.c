/* dicom/pixels_rle.c - RLE lossless frames (PS3.5 annex G). */
#include "dicom/pixels_int.h"

enum { HEADER = 64, SEGMENTS_MAX = 15 };

static uint32_t le32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* Where a segment's bytes go: one byte of one sample of each pixel. */
struct plane {
    int32_t *out;   /* of its first pixel */
    size_t step;    /* to the next pixel */
    size_t left;    /* pixels still to come */
    uint32_t shift; /* of the byte in the sample */
};

static bool put(struct plane *p, unsigned char byte, size_t times)
{
    if (times > p->left) {
        return false;
    }
    p->left -= times;
    for (size_t i = 0; i < times; i++, p->out += p->step) {
        *p->out |= (int32_t)((uint32_t)byte << p->shift);
    }
    return true;
}

/* PackBits. False: broken. Bytes after the last pixel are padding. */
static bool unpack(struct str s, struct plane *p)
{
    const unsigned char *u = (const unsigned char *)s.p;
    size_t i = 0;
    while (p->left > 0) {
        if (i >= s.n) {
            return false;
        }
        unsigned char n = u[i++];
        if (n < 128) {
            for (size_t k = 0; k <= n; k++) {
                if (i >= s.n || !put(p, u[i++], 1)) {
                    return false;
                }
            }
        } else if (n > 128) {
            if (i >= s.n || !put(p, u[i++], 257U - n)) {
                return false;
            }
        }
    }
    return true;
}

enum err pixels_rle(struct req *rq, const struct pixel_form *f, struct str bytes, int32_t *out,
                    bool *ret_rgb)
{
    uint32_t per_sample = f->bits_allocated / 8;
    uint32_t segments = f->samples * per_sample;
    size_t n = pixels_count(f);

    (void)ret_rgb;
    if (bytes.n < HEADER || per_sample == 0 || segments > SEGMENTS_MAX
        || le32(bytes.p) != segments) {
        return FAIL(rq, E_SYNTAX, "RLE header");
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = 0;
    }
    for (uint32_t i = 0; i < segments; i++) {
        uint32_t from = le32(bytes.p + 4 + 4 * (size_t)i);
        uint32_t to = i + 1 < segments ? le32(bytes.p + 8 + 4 * (size_t)i) : 0;
        size_t end = to != 0 ? to : bytes.n;
        if (from < HEADER || from > end || end > bytes.n) {
            return FAIL(rq, E_SYNTAX, "RLE segment %u", i + 1);
        }
        struct plane p = {.out = out + i / per_sample,
                          .step = f->samples,
                          .left = n / f->samples,
                          .shift = 8 * (per_sample - 1 - i % per_sample)};
        if (!unpack((struct str){bytes.p + from, end - from}, &p)) {
            return FAIL(rq, E_SYNTAX, "RLE segment %u", i + 1);
        }
    }
    return OK;
}
