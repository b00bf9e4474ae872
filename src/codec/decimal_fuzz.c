/* codec/decimal_fuzz.c - write then read is the same number; order, ranges,
 * keys and arithmetic agree. */
#include "base/err.h"
#include "codec/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a result must keep whatever was asked for. */
static void check(bool given, const struct decimal *d)
{
    if (given) {
        u128 limit = 1;
        for (int i = 0; i < DECIMAL_MAX_DIGITS; i++) {
            limit *= 10;
        }
        ASSERT(d->coef < limit && d->scale >= DECIMAL_MIN_SCALE && d->scale <= DECIMAL_MAX_SCALE);
    }
}

static bool is_small(const struct decimal *d)
{
    return d->coef < UINT64_C(1000000000) && d->scale >= 0 && d->scale <= 9;
}

static void check_sums(const struct decimal *x, const struct decimal *y)
{
    struct decimal sum = {0};
    struct decimal back;
    bool given = decimal_add(x, y, &sum);
    check(given, &sum);
    if (is_small(x) && is_small(y)) {
        ASSERT(given && decimal_sub(&sum, y, &back) && decimal_cmp(&back, x) == 0);
    }
    given = decimal_sub(x, y, &sum);
    check(given, &sum);
    if (given && sum.coef != 0) {
        ASSERT(sum.negative == (decimal_cmp(x, y) < 0));
    }
}

static void check_products(const struct decimal *x, const struct decimal *y)
{
    struct decimal r = {0};
    struct decimal back;
    check(decimal_mul(x, y, &r), &r);
    bool given = decimal_div(x, y, &r);
    check(given, &r);
    if (is_small(x) && is_small(y) && y->coef != 0) {
        ASSERT(given && decimal_mul(&r, y, &back));
        back = decimal_round_to(&back, 12);
        ASSERT(decimal_cmp(&back, x) == 0);
        struct decimal rest;
        ASSERT(decimal_int_div(x, y, &r) && decimal_mod(x, y, &rest));
        ASSERT(decimal_is_integer(&r) && decimal_mul(&r, y, &back));
        ASSERT(decimal_add(&back, &rest, &back) && decimal_cmp(&back, x) == 0);
    }
    check(decimal_int_div(x, y, &r), &r);
    check(decimal_mod(x, y, &r), &r);
    check(decimal_power(x, y, &r), &r);
    check(decimal_log(x, y, &r), &r);
}

static void check_one(const struct decimal *x)
{
    struct decimal r = {0};
    check(decimal_sqrt(x, &r), &r);
    struct decimal square;
    if (is_small(x) && decimal_mul(x, x, &square)) {
        ASSERT(decimal_sqrt(&square, &r));
        struct decimal size = decimal_abs(x);
        ASSERT(decimal_cmp(&r, &size) == 0);
    }
    check(decimal_exp(x, &r), &r);
    check(decimal_ln(x, &r), &r);
    struct decimal up = decimal_ceiling(x);
    struct decimal down = decimal_floor(x);
    ASSERT(decimal_cmp(&down, x) <= 0 && decimal_cmp(x, &up) <= 0);
    ASSERT(decimal_is_integer(&up) && decimal_is_integer(&down));
    int64_t v;
    if (decimal_to_i64(x, &v)) {
        r = decimal_from_i64(v);
        ASSERT(decimal_cmp(&r, x) == 0);
    }
    for (int places = -1; places <= DECIMAL_MAX_PLACES + 1; places++) {
        struct decimal low;
        struct decimal high;
        bool given = decimal_low_boundary(x, places, &low);
        if (given && decimal_high_boundary(x, places, &high)) {
            ASSERT(low.scale == places && high.scale == places);
            ASSERT(decimal_cmp(&low, &high) <= 0);
        }
    }
    ASSERT(decimal_equivalent(x, x));
    r = decimal_trim(x);
    ASSERT(decimal_cmp(&r, x) == 0 && decimal_equivalent(&r, x));
}

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
    struct decimal lo;
    struct decimal hi;
    decimal_range(&x, &lo, &hi);
    ASSERT(decimal_cmp(&lo, &x) < 0 && decimal_cmp(&x, &hi) < 0);
    check_sums(&x, &y);
    check_products(&x, &y);
    check_one(&x);
    arena_free(a);
    return 0;
}
