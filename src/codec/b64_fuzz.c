/* codec/b64_fuzz.c - write then read gives the bytes; what reads is written the same. */
#include "base/err.h"
#include "codec/b64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct str s = {(const char *)data, size};
    for (enum b64_kind kind = B64_STD; kind <= B64_BLANKS; kind++) {
        struct buf b;
        buf_init(&b, a, size * 2 + 8);
        b64_write(&b, data, size, kind);
        ASSERT(buf_ok(&b) && str_eq(b64_decoded(a, buf_get(&b), kind), s));
        struct str plain = b64_decoded(a, s, kind);
        if (plain.p != NULL && kind != B64_BLANKS) {
            buf_init(&b, a, size * 2 + 8);
            b64_write(&b, plain.p, plain.n, kind);
            ASSERT(str_eq(buf_get(&b), s));
        }
    }
    arena_free(a);
    return 0;
}
