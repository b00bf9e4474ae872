/* dicom/pixels_jpeg.c - JPEG frames of 8 bits, by libjpeg-turbo; those of 12 go to the helper. */
#include <turbojpeg.h>

#include "dicom/pixels_int.h"

struct frame {
    int width;
    int height;
    int subsampling;
    int colours; /* what the markers say: TJCS_ */
};

static bool fits(const struct pixel_form *f, const struct frame *j)
{
    bool grey = j->colours == TJCS_GRAY;
    bool colour = j->colours == TJCS_YCbCr || j->colours == TJCS_RGB;
    return j->width == (int)f->columns && j->height == (int)f->rows
           && (f->samples == 1 ? grey : colour);
}

static void spread(const unsigned char *raw, size_t n, size_t step, int32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i * step] = raw[i];
    }
}

/* Red, green and blue that no marker calls so, each in full: the planes as they are coded. */
static bool decode_planes(tjhandle h, const struct pixel_form *f, struct str bytes,
                          unsigned char *raw, int32_t *out)
{
    size_t plane = (size_t)f->rows * f->columns;
    unsigned char *planes[3] = {raw, raw + plane, raw + 2 * plane};
    if (tjDecompressToYUVPlanes(h, (const unsigned char *)bytes.p, bytes.n, planes,
                                (int)f->columns, NULL, (int)f->rows, TJFLAG_STOPONWARNING) != 0) {
        return false;
    }
    for (size_t k = 0; k < 3; k++) {
        spread(planes[k], plane, 3, out + k);
    }
    return true;
}

static bool decode(tjhandle h, const struct pixel_form *f, const struct frame *j, struct str bytes,
                   unsigned char *raw, int32_t *out)
{
    /* The data set tells the colours: files that were no DICOM before carry no marker of them. */
    if (f->samples == 3 && j->colours == TJCS_YCbCr && j->subsampling == TJSAMP_444
        && str_eq(f->photometric, S("RGB"))) {
        return decode_planes(h, f, bytes, raw, out);
    }
    if (tjDecompress2(h, (const unsigned char *)bytes.p, bytes.n, raw, (int)f->columns, 0,
                      (int)f->rows, f->samples == 3 ? TJPF_RGB : TJPF_GRAY,
                      TJFLAG_STOPONWARNING | TJFLAG_ACCURATEDCT) != 0) {
        return false;
    }
    spread(raw, pixels_count(f), 1, out);
    return true;
}

enum err pixels_jpeg(struct req *rq, const struct pixel_form *f, struct str bytes, int32_t *out,
                     bool *ret_rgb)
{
    struct frame j = {0};

    if (f->bits_stored > 8) {
        return pixels_lossless(rq, f, bytes, out, ret_rgb);
    }
    unsigned char *raw = arena_alloc_raw(rq->a, pixels_count(f));
    TRY_MEM(rq, raw);
    tjhandle h = tjInitDecompress();
    if (h == NULL) {
        return FAIL(rq, E_TOO_LARGE, "memory");
    }
    bool ok = tjDecompressHeader3(h, (const unsigned char *)bytes.p, bytes.n, &j.width, &j.height,
                                  &j.subsampling, &j.colours) == 0
              && fits(f, &j) && decode(h, f, &j, bytes, raw, out);
    (void)tjDestroy(h);
    *ret_rgb = f->samples == 3;
    return ok ? OK : FAIL(rq, E_SYNTAX, "JPEG frame");
}
