/* codec/decimal_math.c - arithmetic on exact decimals. See decimal.h.
 *
 * Every operation computes with up to 76 digits and ends in fit(), which keeps
 * a result within the limits of struct decimal or refuses it. */
#include "codec/wide.h"

static bool wide_is_odd(struct wide v)
{
    return (v.lo & 1) != 0;
}

/* v / 10^drop to the nearest, half to even. Sticky says that v was cut and is
 * in truth a little larger. *ret_exact tells whether nothing but zeros went. */
static struct wide drop_digits(struct wide v, int drop, bool sticky, bool *ret_exact)
{
    if (drop > WIDE_DIGITS) {
        *ret_exact = wide_is_zero(v) && !sticky;
        return wide_from(0);
    }
    struct wide unit = wide_shift_ten(wide_from(1), drop);
    struct wide rest;
    struct wide r = wide_div(v, unit, &rest);
    struct wide other = wide_sub(unit, rest);
    int c = wide_cmp(rest, other);
    if (c > 0 || (c == 0 && (sticky || wide_is_odd(r)))) {
        r = wide_add(r, wide_from(1));
    }
    *ret_exact = wide_is_zero(rest) && !sticky;
    return r;
}

/* The number v * 10^-scale with at most max_digits digits. False when digits
 * before the point would be lost, or the scale cannot be had. */
static bool fit(struct wide v, int64_t scale, bool negative, bool sticky, int max_digits,
                struct decimal *ret_d)
{
    int64_t drop = MAX(wide_digits(v) - max_digits, scale - DECIMAL_MAX_SCALE);
    bool exact = !sticky;
    if (drop > 0) {
        v = drop_digits(v, (int)MIN(drop, 1000), sticky, &exact);
        scale -= drop;
        if (wide_digits(v) > max_digits) { /* 99..9 became 100..0 */
            bool same;
            v = drop_digits(v, 1, false, &same);
            scale--;
        }
    }
    if (wide_is_zero(v)) {
        *ret_d = (struct decimal){.scale = (int)MAX(scale, 0)};
        return true;
    }
    if ((!exact && scale < 0) || scale < DECIMAL_MIN_SCALE) {
        return false;
    }
    *ret_d = (struct decimal){.coef = v.lo, .scale = (int)scale, .negative = negative};
    return true;
}

/* *coef * 10^(to - from); what is below the last digit is cut, and then makes
 * it odd so that a later rounding does not take it for a tie. */
static struct wide align(const struct decimal *d, int64_t to)
{
    if (to >= d->scale) {
        return wide_shift_ten(wide_from(d->coef), (int)(to - d->scale));
    }
    int64_t drop = d->scale - to;
    if (drop > WIDE_DIGITS) {
        return wide_from(d->coef != 0);
    }
    struct wide rest;
    struct wide v = wide_div(wide_from(d->coef), wide_shift_ten(wide_from(1), (int)drop), &rest);
    return wide_is_zero(rest) || wide_is_odd(v) ? v : wide_add(v, wide_from(1));
}

bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *ret_d)
{
    int64_t scale = MAX(a->scale, b->scale);
    /* the digits the sum may have at that scale, within what fits; zero fits
   * anywhere */
    int64_t room_a = a->coef == 0 ? scale : WIDE_DIGITS - 1 - wide_digits_u128(a->coef) + a->scale;
    int64_t room_b = b->coef == 0 ? scale : WIDE_DIGITS - 1 - wide_digits_u128(b->coef) + b->scale;
    int64_t at = MIN(scale, MIN(room_a, room_b));
    struct decimal zero = {.scale = (int)at};
    struct wide x = align(a->coef == 0 ? &zero : a, at);
    struct wide y = align(b->coef == 0 ? &zero : b, at);
    bool na = a->negative && a->coef != 0;
    bool nb = b->negative && b->coef != 0;
    if (na == nb) {
        return fit(wide_add(x, y), at, na, false, DECIMAL_MAX_DIGITS, ret_d);
    }
    bool first = wide_cmp(x, y) >= 0;
    return fit(first ? wide_sub(x, y) : wide_sub(y, x), at, first ? na : nb, false,
               DECIMAL_MAX_DIGITS, ret_d);
}

bool decimal_sub(const struct decimal *a, const struct decimal *b, struct decimal *ret_d)
{
    struct decimal minus = decimal_neg(b);
    return decimal_add(a, &minus, ret_d);
}

bool decimal_mul(const struct decimal *a, const struct decimal *b, struct decimal *ret_d)
{
    return fit(wide_mul(a->coef, b->coef), (int64_t)a->scale + b->scale, a->negative != b->negative,
               false, DECIMAL_MAX_DIGITS, ret_d);
}

/* Takes zeros off the end as long as the scale stays at least least. */
static void strip(struct decimal *d, int least)
{
    for (int step = 16; step > 0;) {
        if (d->scale - step >= least && d->coef % wide_ten(step) == 0) {
            d->coef /= wide_ten(step);
            d->scale -= step;
        } else {
            step /= 2;
        }
    }
}

bool decimal_pad(const struct decimal *d, int scale, struct decimal *ret_d)
{
    int more = scale - d->scale;
    if (more > 0 && d->coef != 0 && wide_digits_u128(d->coef) + more > DECIMAL_MAX_DIGITS) {
        return false;
    }
    struct decimal r = *d;
    if (more > 0) {
        r.coef = d->coef == 0 ? 0 : d->coef * wide_ten(more);
        r.scale = scale;
    }
    *ret_d = r;
    return true;
}

/* 2e2 as 200 where that fits. */
static void unfold(struct decimal *d)
{
    if (d->scale < 0 && !decimal_pad(d, 0, d)) {
        return;
    }
}

bool decimal_div(const struct decimal *a, const struct decimal *b, struct decimal *ret_d)
{
    if (b->coef == 0) {
        return false;
    }
    if (a->coef == 0) {
        *ret_d = (struct decimal){.scale = MAX(a->scale - b->scale, 0)};
        ret_d->scale = MIN(ret_d->scale, DECIMAL_MAX_SCALE);
        return true;
    }
    int64_t scale = (int64_t)a->scale - b->scale;
    if (a->coef % b->coef == 0 && scale >= DECIMAL_MIN_SCALE && scale <= DECIMAL_MAX_SCALE) {
        *ret_d = (struct decimal){.coef = a->coef / b->coef,
                                  .scale = (int)scale,
                                  .negative = a->negative != b->negative};
        unfold(ret_d);
        return true;
    }
    int more = DECIMAL_DIV_DIGITS + 1 + wide_digits_u128(b->coef) - wide_digits_u128(a->coef);
    more = MAX(more, 0);
    struct wide rest;
    struct wide q = wide_div(wide_shift_ten(wide_from(a->coef), more), wide_from(b->coef), &rest);
    struct decimal d;
    if (!fit(q, scale + more, a->negative != b->negative, !wide_is_zero(rest), DECIMAL_DIV_DIGITS,
             &d)) {
        return false;
    }
    strip(&d, (int)MIN(MAX(scale, 0), DECIMAL_MAX_SCALE));
    unfold(&d);
    *ret_d = d;
    return true;
}

/* Both operands at one scale; false when that takes too many digits. */
static bool common(const struct decimal *a, const struct decimal *b, struct wide *ret_x,
                   struct wide *ret_y, int *ret_scale)
{
    int scale = MAX(a->scale, b->scale);
    if ((a->coef != 0 && wide_digits_u128(a->coef) + scale - a->scale > WIDE_DIGITS)
        || wide_digits_u128(b->coef) + scale - b->scale > WIDE_DIGITS) {
        return false;
    }
    *ret_x = a->coef == 0 ? wide_from(0) : align(a, scale);
    *ret_y = align(b, scale);
    *ret_scale = scale;
    return true;
}

bool decimal_int_div(const struct decimal *a, const struct decimal *b, struct decimal *ret_d)
{
    struct wide x;
    struct wide y;
    struct wide rest;
    int scale;
    if (b->coef == 0 || !common(a, b, &x, &y, &scale)) {
        return false;
    }
    struct wide q = wide_div(x, y, &rest);
    if (wide_digits(q) > DECIMAL_MAX_DIGITS) {
        return false;
    }
    *ret_d =
        (struct decimal){.coef = q.lo, .negative = a->negative != b->negative && !wide_is_zero(q)};
    return true;
}

bool decimal_mod(const struct decimal *a, const struct decimal *b, struct decimal *ret_d)
{
    struct wide x;
    struct wide y;
    struct wide rest;
    int scale;
    if (b->coef == 0 || !common(a, b, &x, &y, &scale)) {
        return false;
    }
    wide_div(x, y, &rest);
    return fit(rest, scale, a->negative, false, DECIMAL_MAX_DIGITS, ret_d);
}

struct decimal decimal_neg(const struct decimal *d)
{
    struct decimal r = *d;
    r.negative = !d->negative && d->coef != 0;
    return r;
}

struct decimal decimal_abs(const struct decimal *d)
{
    struct decimal r = *d;
    r.negative = false;
    return r;
}

enum cut { CUT_ZERO, CUT_HALF, CUT_AWAY }; /* towards zero, half away from zero, away from zero */

/* d with at most places digits after the point. The sign stays, also of zero.
 */
static struct decimal cut(const struct decimal *d, int places, enum cut how)
{
    if (d->scale <= places) {
        return *d;
    }
    int drop = d->scale - places;
    struct decimal r = {.scale = places, .negative = d->negative};
    if (drop > DECIMAL_MAX_DIGITS + 1) { /* coef has at most 38 digits: 0.0 and something */
        r.coef = how == CUT_AWAY && d->coef != 0;
        return r;
    }
    u128 unit = wide_ten(drop);
    u128 rest = d->coef % unit;
    r.coef = d->coef / unit;
    r.coef += how == CUT_AWAY ? rest != 0 : (how == CUT_HALF && rest >= unit - rest);
    return r;
}

static struct decimal plain_zero(struct decimal d)
{
    d.negative = d.negative && d.coef != 0;
    return d;
}

struct decimal decimal_ceiling(const struct decimal *d)
{
    return plain_zero(cut(d, 0, d->negative ? CUT_ZERO : CUT_AWAY));
}

struct decimal decimal_floor(const struct decimal *d)
{
    return plain_zero(cut(d, 0, d->negative ? CUT_AWAY : CUT_ZERO));
}

struct decimal decimal_truncate(const struct decimal *d)
{
    return plain_zero(cut(d, 0, CUT_ZERO));
}

struct decimal decimal_round_to(const struct decimal *d, int places)
{
    return plain_zero(cut(d, places, CUT_HALF));
}

struct decimal decimal_trim(const struct decimal *d)
{
    if (d->coef == 0) {
        return (struct decimal){0};
    }
    struct decimal r = *d;
    strip(&r, 0);
    return r;
}

bool decimal_equivalent(const struct decimal *a, const struct decimal *b)
{
    struct decimal x = decimal_trim(a);
    struct decimal y = decimal_trim(b);
    int places = MAX(MIN(x.scale, y.scale), 0);
    x = decimal_round_to(&x, places);
    y = decimal_round_to(&y, places);
    return decimal_cmp(&x, &y) == 0;
}

bool decimal_is_integer(const struct decimal *d)
{
    struct decimal r = decimal_trim(d);
    return r.scale <= 0;
}

bool decimal_to_i64(const struct decimal *d, int64_t *ret_v)
{
    struct decimal r = decimal_trim(d);
    if (r.scale > 0 || !decimal_pad(&r, 0, &r) || r.coef > (u128)INT64_MAX + r.negative) {
        return false;
    }
    /* by way of v - 1, since the magnitude of INT64_MIN is no int64_t */
    *ret_v = r.negative ? -(int64_t)(r.coef - 1) - 1 : (int64_t)r.coef;
    return true;
}

static bool boundary(const struct decimal *d, bool up, int places, struct decimal *ret_d)
{
    if (places < 0 || places > DECIMAL_MAX_PLACES) {
        return false;
    }
    struct decimal lo;
    struct decimal hi;
    decimal_range(d, &lo, &hi);
    const struct decimal *b = up ? &hi : &lo;
    struct decimal r = cut(b, places, b->negative == up ? CUT_ZERO : CUT_HALF);
    return decimal_pad(&r, places, ret_d);
}

bool decimal_low_boundary(const struct decimal *d, int places, struct decimal *ret_d)
{
    return boundary(d, false, places, ret_d);
}

bool decimal_high_boundary(const struct decimal *d, int places, struct decimal *ret_d)
{
    return boundary(d, true, places, ret_d);
}

bool decimal_sqrt(const struct decimal *d, struct decimal *ret_d)
{
    if (d->coef == 0) {
        *ret_d = (struct decimal){0};
        return true;
    }
    if (d->negative) {
        return false;
    }
    int more = 2 * (DECIMAL_DIV_DIGITS + 1) - wide_digits_u128(d->coef);
    more += (d->scale + more) & 1;
    struct wide v = wide_shift_ten(wide_from(d->coef), more);
    u128 root = wide_root(v);
    bool exact = wide_cmp(wide_mul(root, root), v) == 0;
    struct decimal r;
    if (!fit(wide_from(root), (d->scale + more) / 2, false, !exact, DECIMAL_DIV_DIGITS, &r)) {
        return false;
    }
    if (exact) {
        strip(&r, 0);
    }
    unfold(&r);
    *ret_d = r;
    return true;
}
