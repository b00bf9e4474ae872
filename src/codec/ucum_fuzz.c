/* codec/ucum_fuzz.c - any bytes are a unit or none; what is one converts, multiplies and names itself. */
#include "base/err.h"
#include "codec/ucum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Equal to 20 digits; what has no quotient is not looked at. */
static bool is_near(const struct decimal *x, const struct decimal *y)
{
    const struct decimal one = {.coef = 1};
    struct decimal q;
    if (!decimal_div(x, y, &q)) {
        return true;
    }
    q = decimal_round_to(&q, 20);
    return decimal_cmp(&q, &one) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    struct str left = rest;
    struct ucum_unit x;
    struct ucum_unit y;
    if (!str_cut(&rest, ' ', &left) || !ucum_parse(left, &x)) {
        return 0;
    }
    struct arena *a = arena_new(1 << 20);
    struct buf b;
    buf_init(&b, a, 10000);
    ucum_canonical_unit(&b, &x);
    struct ucum_unit again;
    ASSERT(ucum_parse(buf_get(&b), &again) && ucum_comparable(&x, &again));
    struct decimal v = {.coef = 125, .scale = 1};
    struct decimal r;
    struct decimal back;
    if (x.special == 0 && ucum_canonical(&v, &x, &r)) {
        ASSERT(!ucum_convert(&v, &x, &again, &back) || is_near(&back, &r));
    }
    if (ucum_convert(&v, &x, &x, &r) && x.special == 0) {
        ASSERT(is_near(&r, &v));
    }
    if (ucum_parse(rest, &y)) {
        bool given = ucum_convert(&v, &x, &y, &r);
        ASSERT(!given || ucum_comparable(&x, &y));
        for (int divide = 0; divide < 2; divide++) {
            struct buf unit;
            buf_init(&unit, a, 10000);
            given = (divide ? ucum_divide : ucum_multiply)(&v, left, &v, rest, &r, &unit);
            ASSERT(!given || ucum_validate(buf_get(&unit)));
        }
    }
    arena_free(a);
    return 0;
}
