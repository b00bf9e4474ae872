/* codec/decimal.c - exact decimal numbers. See decimal.h. */
#include "codec/decimal.h"

#include "codec/wide.h"

static bool is_digit(struct str s, size_t i)
{
    return i < s.n && (unsigned)(s.p[i] - '0') < 10;
}

/* Digits from *at on, appended to the coefficient. False when none, or too many. */
static bool take_digits(struct str s, size_t *at, struct decimal *d, int *n)
{
    size_t from = *at;
    for (; is_digit(s, *at); (*at)++) {
        d->coef = d->coef * 10 + (unsigned)(s.p[*at] - '0');
        if (d->coef != 0 && ++*n > DECIMAL_MAX_DIGITS) {
            return false;
        }
    }
    return *at > from;
}

static bool take_exponent(struct str s, size_t *at, int *ret_e)
{
    bool minus = *at < s.n && s.p[*at] == '-';
    if (*at < s.n && (s.p[*at] == '-' || s.p[*at] == '+')) {
        (*at)++;
    }
    size_t from = *at;
    int e = 0;
    for (; is_digit(s, *at); (*at)++) {
        e = MIN(e * 10 + (s.p[*at] - '0'), 10000);
    }
    *ret_e = minus ? -e : e;
    return *at > from;
}

bool decimal_parse(struct str s, struct decimal *ret_d)
{
    struct decimal d = {0};
    size_t at = 0;
    int n = 0;
    bool minus = s.n > 0 && s.p[0] == '-';
    at += minus;
    if (is_digit(s, at) && s.p[at] == '0' && is_digit(s, at + 1)) {
        return false;
    }
    if (!take_digits(s, &at, &d, &n)) {
        return false;
    }
    int64_t scale = 0;
    if (at < s.n && s.p[at] == '.') {
        size_t from = ++at;
        if (!take_digits(s, &at, &d, &n)) {
            return false;
        }
        scale = (int64_t)(at - from);
    }
    int e = 0;
    if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
        at++;
        if (!take_exponent(s, &at, &e)) {
            return false;
        }
    }
    scale -= e;
    if (at != s.n || scale < DECIMAL_MIN_SCALE || scale > DECIMAL_MAX_SCALE) {
        return false;
    }
    d.scale = (int)scale;
    d.negative = minus && d.coef != 0;
    *ret_d = d;
    return true;
}

struct decimal decimal_from_i64(int64_t v)
{
    bool negative = v < 0;
    return (struct decimal){.coef = negative ? (u128)(uint64_t) - (v + 1) + 1 : (u128)v,
                            .negative = negative};
}

/* Magnitudes, signs aside. */
static int cmp_size(const struct decimal *a, const struct decimal *b)
{
    if (a->coef == 0 || b->coef == 0) {
        return (a->coef != 0) - (b->coef != 0);
    }
    int step = a->scale - b->scale;
    if ((a->coef | b->coef) >> 60 == 0 && step >= -18 && step <= 18) { /* as most are */
        u128 short_a = step < 0 ? a->coef * wide_ten(-step) : a->coef;
        u128 short_b = step > 0 ? b->coef * wide_ten(step) : b->coef;
        return short_a < short_b ? -1 : short_a > short_b;
    }
    int na = wide_digits_u128(a->coef);
    int nb = wide_digits_u128(b->coef);
    if (na - a->scale != nb - b->scale) {
        return na - a->scale < nb - b->scale ? -1 : 1;
    }
    u128 ca = na < nb ? a->coef * wide_ten(nb - na) : a->coef;
    u128 cb = nb < na ? b->coef * wide_ten(na - nb) : b->coef;
    return ca < cb ? -1 : ca > cb;
}

int decimal_cmp(const struct decimal *a, const struct decimal *b)
{
    bool na = a->negative && a->coef != 0;
    bool nb = b->negative && b->coef != 0;
    if (na != nb) {
        return na ? -1 : 1;
    }
    int c = cmp_size(a, b);
    return na ? -c : c;
}

void decimal_write(struct buf *b, const struct decimal *d)
{
    char digits[40];
    int n = 0;
    for (u128 v = d->coef; v != 0 || n == 0; v /= 10) {
        digits[n++] = (char)('0' + (int)(v % 10));
    }
    if (d->negative) {
        buf_char(b, '-');
    }
    for (int i = MAX(n, d->scale + 1); i-- > 0;) {
        buf_char(b, i < n ? digits[i] : '0');
        if (i == d->scale && i > 0) {
            buf_char(b, '.');
        }
    }
    if (d->scale < 0) {
        buf_char(b, 'e');
        buf_i64(b, -d->scale);
    }
}

/* d plus or minus half of its last place. */
static struct decimal half_step(const struct decimal *d, bool up)
{
    struct decimal r = {.coef = d->coef * 10, .scale = d->scale + 1, .negative = d->negative};
    bool away = d->negative != up; /* from zero */
    if (away) {
        r.coef += 5;
    } else if (r.coef >= 5) {
        r.coef -= 5;
    } else {
        r.coef = 5;
        r.negative = !r.negative;
    }
    return r;
}

void decimal_range(const struct decimal *d, struct decimal *ret_lo, struct decimal *ret_hi)
{
    struct decimal lo = half_step(d, false);
    struct decimal hi = half_step(d, true);
    *ret_lo = lo;
    *ret_hi = hi;
}
