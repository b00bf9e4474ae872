/* codec/field_fuzz.c - any field is read without harm; a file name written is read the same. */
#include "base/err.h"
#include "codec/field.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str offers[] = {SI("text/html"), SI("application/json"), SI("ru")};
    struct arena *a = arena_new(64u << 20);
    struct str s = {(const char *)data, size};
    struct str rest = s;
    struct str item;
    size_t total = 0;
    while (field_next(&rest, ',', &item)) {
        total += item.n;
    }
    ASSERT(total <= size);
    ASSERT(field_accept(s, offers, LEN(offers)) < 3);
    ASSERT(field_accept_lang(s, offers, LEN(offers)) < 3);
    ASSERT(field_quality(s, S("gzip")) <= 1000);
    uint64_t first = 0;
    uint64_t n = 0;
    if (field_range(s, 1000, &first, &n) == FIELD_RANGE_PART) {
        ASSERT(n > 0 && first + n <= 1000);
    }
    (void)field_etag_has(s, S("\"x\""), true);
    (void)field_cookie(s, S("sid"));
    (void)field_bearer(s);
    (void)field_param(a, s, S("boundary"));
    struct str name = field_filename(a, s);
    ASSERT(utf8_is_valid(name) && name.n <= 255 && str_find_char(name, '\n') == name.n);
    if (name.n > 0) {
        struct buf b;
        buf_init(&b, a, 8000);
        field_disposition(&b, true, name);
        struct str again = field_filename(a, buf_get(&b));
        ASSERT(buf_ok(&b) && (name.p[0] == ' ' || name.p[name.n - 1] == ' ' || str_eq(again, name)));
    }
    arena_free(a);
    return 0;
}
