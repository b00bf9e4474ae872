/* dicom/pixels_lossless_fuzz.c - frames of lossless JPEG up to their program, and any bytes that come
 * back from it. */
#include "base/buf.h"
#include "dicom/pixels_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return 0;
    }
    struct req rq = {.a = arena_new(8 << 20)};
    struct pixel_form f = {.syntax = data[0] & 1 ? S("1.2.840.10008.1.2.4.70") : S("1.2.840.10008.1.2.4.51"),
                           .photometric = data[0] & 2 ? S("RGB") : S("MONOCHROME2"),
                           .rows = data[1],
                           .columns = data[2],
                           .samples = data[0] & 2 ? 3 : 1,
                           .bits_allocated = data[0] & 2 ? 8 : 16,
                           .bits_stored = data[0] & 2 ? 8 : 12,
                           .is_signed = (data[0] & 4) != 0};
    f.high_bit = f.bits_stored - 1;
    struct str rest = {(const char *)data + 4, size - 4};
    struct pixels px;
    struct pixels_words words;
    struct str file;
    ASSERT(pixels_decode(&rq, &f, rest, &px) != OK); /* there is no program */
    err_clear(&rq);
    if (pixels_file_write(&rq, &f, rest, &file) == OK) {
        ASSERT(pixels_file_read(&rq, &f, file, &words) != OK); /* that one is still coded */
        err_clear(&rq);
    }
    if (pixels_file_read(&rq, &f, rest, &words) == OK) {
        ASSERT(words.bytes.n == pixels_count(&f) * words.bits / 8);
    }
    arena_free(rq.a);
    return 0;
}
