/* codec/utf8_fuzz.c - cleaning gives UTF-8; folding gives UTF-8 and is at rest after once. */
#include "base/err.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(64u << 20);
    struct str s = {(const char *)data, size};
    struct buf clean;
    struct buf once;
    struct buf twice;
    buf_init(&clean, a, size * 3 + 1);
    buf_init(&once, a, size * 3 + 1);
    buf_init(&twice, a, size * 3 + 1);
    utf8_clean(&clean, s);
    ASSERT(buf_ok(&clean) && utf8_is_valid(buf_get(&clean)));
    utf8_fold(&once, s);
    ASSERT(buf_ok(&once) && utf8_is_valid(buf_get(&once)));
    utf8_fold(&twice, buf_get(&once));
    ASSERT(str_eq(buf_get(&once), buf_get(&twice)));
    if (utf8_is_valid(s)) {
        ASSERT(utf8_is_valid(utf8_cut(s, size / 2)));
        ASSERT(utf8_cut_chars(s, utf8_count(s)).n == size);
    }
    arena_free(a);
    return 0;
}
