/* dicom/pixels_fuzz.c - frames of any form through each decoder, and what comes out as a picture. */
#include "dicom/picture.h"
#include "dicom/pixels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str syntaxes[] = {
    SI("1.2.840.10008.1.2.1"),    SI("1.2.840.10008.1.2.5"),    SI("1.2.840.10008.1.2.4.50"),
    SI("1.2.840.10008.1.2.4.80"), SI("1.2.840.10008.1.2.4.90"),
};
static const struct str colours[] = {SI("MONOCHROME2"), SI("RGB"), SI("YBR_FULL"), SI("YBR_FULL_422")};
static const uint32_t widths[] = {1, 8, 16, 32};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 6) {
        return 0;
    }
    struct req rq = {.a = arena_new(8 << 20)};
    struct pixel_form f = {.syntax = syntaxes[data[0] % LEN(syntaxes)],
                           .photometric = colours[data[1] % LEN(colours)],
                           .rows = data[2],
                           .columns = data[3],
                           .samples = data[1] % LEN(colours) == 0 ? 1 : 3,
                           .bits_allocated = widths[data[4] % LEN(widths)],
                           .is_signed = (data[5] & 1) != 0,
                           .planar = (data[5] & 2) != 0};
    f.bits_stored = data[5] >> 2;
    f.high_bit = f.bits_stored - 1;
    struct pixels px;
    if (pixels_decode(&rq, &f, (struct str){(const char *)data + 6, size - 6}, &px) == OK) {
        struct tone t = {.slope = 1, .has_window = data[5] & 1, .centre = data[4], .width = data[3]};
        struct picture p;
        struct str out;
        if (picture_of(&rq, &px, &t, 40, 40, &p) == OK) {
            ASSERT(picture_jpeg(&rq, &p, PICTURE_QUALITY, &out) == OK);
        }
    }
    struct str native;
    if (pixels_native_of(&rq, &f, (struct str){(const char *)data + 6, size - 6}, &native) == OK) {
        ASSERT(native.n == (size_t)f.rows * f.columns * f.samples * f.bits_allocated / 8);
    }
    arena_free(rq.a);
    return 0;
}
