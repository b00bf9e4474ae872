/* codec/ident_fuzz.c - any text is judged without harm; one changed digit never stays good. */
#include "base/err.h"
#include "codec/ident.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str typed = {(const char *)data, size};
    for (int k = 0; k < IDENT_KIND_COUNT; k++) {
        enum ident_kind kind = (enum ident_kind)k;
        char d[IDENT_MAX + 1];
        struct ident_claim c;
        (void)ident_check(kind, typed, &c);
        if (!ident_read(kind, typed, d)) {
            continue;
        }
        struct str digits = {d, ident_length(kind)};
        enum ident_result r = ident_check(kind, digits, &c);
        if (r != IDENT_BAD_SHAPE) {
            ASSERT(c.birth.year == 0 || civil_is_valid(&c.birth));
        }
        if (r == IDENT_GOOD && kind != IDENT_SNILS) {
            size_t last = digits.n - 1;
            d[last] = (char)('0' + (d[last] - '0' + 1 + (int)(size % 8)) % 10);
            ASSERT(ident_check(kind, digits, NULL) != IDENT_GOOD);
        }
    }
    return 0;
}
