/* codec/decimal_fuzz.c - write then read is the same number; order, ranges and keys agree. */
#include "base/err.h"
#include "codec/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    struct str left;
    struct decimal x;
    struct decimal y;
    if (!str_cut(&rest, ' ', &left) || !decimal_parse(left, &x) || !decimal_parse(rest, &y)) {
        return 0;
    }
    struct arena *a = arena_new(1 << 20);
    struct buf b;
    buf_init(&b, a, 1000);
    decimal_write(&b, &x);
    struct decimal again;
    ASSERT(decimal_parse(buf_get(&b), &again));
    ASSERT(again.coef == x.coef && again.scale == x.scale && again.negative == x.negative);
    int c = decimal_cmp(&x, &y);
    ASSERT(c == -decimal_cmp(&y, &x) && decimal_cmp(&x, &x) == 0);
    for (enum decimal_round r = DECIMAL_DOWN; r <= DECIMAL_UP; r++) {
        int64_t kx = decimal_key(&x, r);
        int64_t ky = decimal_key(&y, r);
        ASSERT(c < 0 ? kx <= ky : (c > 0 ? kx >= ky : kx == ky));
    }
    ASSERT(decimal_key(&x, DECIMAL_DOWN) <= decimal_key(&x, DECIMAL_UP));
    struct decimal lo;
    struct decimal hi;
    decimal_range(&x, &lo, &hi);
    ASSERT(decimal_cmp(&lo, &x) < 0 && decimal_cmp(&x, &hi) < 0);
    ASSERT(decimal_key(&lo, DECIMAL_DOWN) <= decimal_key(&x, DECIMAL_DOWN));
    ASSERT(decimal_key(&hi, DECIMAL_UP) >= decimal_key(&x, DECIMAL_UP));
    arena_free(a);
    return 0;
}
