/* codec/dicom_deidentify_fuzz.c - any DICOM file, de-identified: what comes out is one, with the same
 * pixels, without private elements, and says that it was done. */
#include "codec/dicom_deidentify.h"

#include <string.h>

#include "codec/dicom_start_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA = 64 << 20, OUT_MAX = 16 << 20 };

static void check_clean(struct req *rq, const struct dicom_file *f, struct str bytes)
{
    struct dicom_file g;
    struct dicom_walk w;
    struct dicom_elem e;
    bool has = true;
    bool said = false;
    enum err r = dicom_file_open(rq, bytes, NULL, &g);
    ASSERT(r == OK || r == E_TOO_LARGE);
    if (r != OK) {
        return;
    }
    ASSERT(!g.implicit_vr && !g.big_endian && !g.deflated);
    ASSERT(g.encapsulated == f->encapsulated || f->pixels_tag != g.pixels_tag);
    r = dicom_walk_begin(rq, &g, &w);
    while (r == OK && has) {
        r = dicom_walk_next(&w, &e, &has);
        if (r == OK && has) {
            ASSERT((e.tag >> 16) % 2 == 0);
            said = said || (e.tag == 0x00120062 && e.depth == 0 && str_eq(e.value, S("YES ")));
        }
    }
    ASSERT(r == E_TOO_LARGE || said);
}

static void check_file(struct str bytes, unsigned options)
{
    static const struct dicom_limits lim = {.depth = 1024, .elements = 100000, .inflated = 1 << 20};
    struct req rq;
    struct dicom_file f;
    struct dicom_clean c;
    struct buf out;
    struct dicom_deidentify how = {.pseudonym = SI("ANON-1"), .shift = (options & 1) != 0, .days = -400};
    req_init(&rq, ARENA, (struct instant){0});
    buf_init(&out, rq.a, OUT_MAX);
    if (dicom_file_open(&rq, bytes, &lim, &f) == OK) {
        if (dicom_deidentify(&rq, &f, &how, &c) == OK) {
            buf_str(&out, c.head);
            buf_str(&out, c.pixels);
            buf_str(&out, c.tail);
            if (buf_ok(&out)) {
                check_clean(&rq, &f, buf_get(&out));
            }
        } else {
            ASSERT(rq.err.detail[0] != 0);
        }
    }
    req_done(&rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dicom_both_ways(data, size, 1, check_file);
    return 0;
}
