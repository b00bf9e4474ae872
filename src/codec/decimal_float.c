/* codec/decimal_float.c - exp, ln, log and power of decimals. See decimal.h.
 *
 * The only place where a decimal becomes a binary fraction, because the values
 * of these functions are no decimal fractions at all: what comes back has 15
 * digits, which a long double carries. */
#include <math.h>

#include "codec/wide.h"

enum { FLOAT_DIGITS = 15 };

long double decimal_to_float(const struct decimal *d)
{
    long double v = (long double)d->coef;
    long double ten = powl(10.0L, (long double)(d->scale < 0 ? -d->scale : d->scale));
    v = d->scale < 0 ? v * ten : v / ten;
    return d->negative ? -v : v;
}

bool decimal_from_float(long double v, struct decimal *ret_d)
{
    if (fpclassify(v) == FP_ZERO) {
        *ret_d = (struct decimal){0};
        return true;
    }
    if (!isfinite(v)) {
        return false;
    }
    long double size = fabsl(v);
    long double places = FLOAT_DIGITS - 1 - floorl(log10l(size));
    if (places < DECIMAL_MIN_SCALE || places > DECIMAL_MAX_SCALE) {
        return false;
    }
    long double lead = places < 0 ? size / powl(10.0L, -places) : size * powl(10.0L, places);
    struct decimal d = {.coef = (u128)roundl(lead), .scale = (int)places, .negative = v < 0};
    while (d.scale > 0 && d.coef % 10 == 0) {
        d.coef /= 10;
        d.scale--;
    }
    if (d.scale < 0 && !decimal_pad(&d, 0, &d)) {
        return false;
    }
    *ret_d = d;
    return true;
}

/* Of a value that is above zero: what a long double cannot tell from zero is an
 * underflow. */
static bool from_positive(long double v, struct decimal *ret_d)
{
    return fpclassify(v) != FP_ZERO && decimal_from_float(v, ret_d);
}

bool decimal_exp(const struct decimal *d, struct decimal *ret_d)
{
    return from_positive(expl(decimal_to_float(d)), ret_d);
}

static bool is_positive(const struct decimal *d)
{
    return d->coef != 0 && !d->negative;
}

bool decimal_ln(const struct decimal *d, struct decimal *ret_d)
{
    return is_positive(d) && decimal_from_float(logl(decimal_to_float(d)), ret_d);
}

bool decimal_log(const struct decimal *d, const struct decimal *base, struct decimal *ret_d)
{
    const struct decimal one = {.coef = 1};
    return is_positive(d) && is_positive(base) && decimal_cmp(base, &one) != 0
           && decimal_from_float(logl(decimal_to_float(d)) / logl(decimal_to_float(base)), ret_d);
}

/* d^n by squaring. */
static bool power_whole(const struct decimal *d, uint64_t n, struct decimal *ret_d)
{
    struct decimal r = {.coef = 1};
    struct decimal square = *d;
    for (;; n >>= 1) {
        if ((n & 1) != 0 && !decimal_mul(&r, &square, &r)) {
            return false;
        }
        if (n <= 1) {
            break;
        }
        if (!decimal_mul(&square, &square, &square)) {
            return false;
        }
    }
    *ret_d = r;
    return true;
}

bool decimal_power(const struct decimal *d, const struct decimal *exponent, struct decimal *ret_d)
{
    int64_t n;
    if (!decimal_to_i64(exponent, &n)) {
        if (d->coef == 0 && !exponent->negative) {
            *ret_d = (struct decimal){0};
            return true;
        }
        return is_positive(d)
               && from_positive(powl(decimal_to_float(d), decimal_to_float(exponent)), ret_d);
    }
    const struct decimal one = {.coef = 1};
    struct decimal r;
    uint64_t size = n < 0 ? (uint64_t) - (n + 1) + 1 : (uint64_t)n;
    if (!power_whole(d, size, &r) || (n < 0 && !decimal_div(&one, &r, &r))) {
        return false;
    }
    *ret_d = r;
    return true;
}
