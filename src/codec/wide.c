/* codec/wide.c - unsigned numbers of 256 bits. See wide.h. */
#include "codec/wide.h"

#include "base/err.h"

enum { TEN_MAX = 38, HALF = 64, WORD = 128 };

#define E18 UINT64_C(1000000000000000000)
#define ROW_OF_SIX(f) \
    (u128)(f), (u128)(f)*10, (u128)(f)*100, (u128)(f)*1000, (u128)(f)*10000, (u128)(f)*100000

/* clang-format off */
static const u128 tens[TEN_MAX + 1] = {
    ROW_OF_SIX(1), ROW_OF_SIX(1000000), ROW_OF_SIX(UINT64_C(1000000000000)),
    ROW_OF_SIX(E18), ROW_OF_SIX((u128)E18 * 1000000), ROW_OF_SIX((u128)E18 * UINT64_C(1000000000000)),
    (u128)E18 * E18, (u128)E18 * E18 * 10, (u128)E18 * E18 * 100,
};
/* clang-format on */

u128 wide_ten(int n)
{
    ASSERT(n >= 0 && n <= TEN_MAX);
    return tens[n];
}

static int bits_u128(u128 v)
{
    uint64_t hi = (uint64_t)(v >> HALF);
    uint64_t lo = (uint64_t)v;
    if (hi != 0) {
        return WORD - __builtin_clzll(hi);
    }
    return lo != 0 ? HALF - __builtin_clzll(lo) : 0;
}

static int bits(struct wide v)
{
    return v.hi != 0 ? WORD + bits_u128(v.hi) : bits_u128(v.lo);
}

int wide_digits_u128(u128 v)
{
    /* log10(2) is a little more than 1233 / 4096: right or one too few */
    int n = bits_u128(v) * 1233 >> 12;
    return n + (n <= TEN_MAX && v >= tens[n]);
}

int wide_digits(struct wide v)
{
    if (v.hi == 0) {
        return wide_digits_u128(v.lo);
    }
    int n = TEN_MAX;
    struct wide limit = wide_from(tens[TEN_MAX]);
    while (n < WIDE_DIGITS && wide_cmp(v, limit) >= 0) {
        limit = wide_shift_ten(limit, 1);
        n++;
    }
    return n + (wide_cmp(v, limit) >= 0);
}

struct wide wide_from(u128 v)
{
    return (struct wide){.lo = v};
}

bool wide_is_zero(struct wide v)
{
    return v.hi == 0 && v.lo == 0;
}

int wide_cmp(struct wide a, struct wide b)
{
    if (a.hi != b.hi) {
        return a.hi < b.hi ? -1 : 1;
    }
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}

struct wide wide_add(struct wide a, struct wide b)
{
    struct wide r = {.hi = a.hi + b.hi, .lo = a.lo + b.lo};
    r.hi += r.lo < a.lo;
    return r;
}

struct wide wide_sub(struct wide a, struct wide b)
{
    return (struct wide){.hi = a.hi - b.hi - (a.lo < b.lo), .lo = a.lo - b.lo};
}

struct wide wide_mul(u128 a, u128 b)
{
    u128 a0 = (uint64_t)a;
    u128 a1 = a >> HALF;
    u128 b0 = (uint64_t)b;
    u128 b1 = b >> HALF;
    u128 low = a0 * b0;
    u128 mid = a1 * b0 + (low >> HALF); /* cannot overflow: (2^64 - 1)^2 + 2^64 - 1 */
    u128 mid2 = a0 * b1 + (uint64_t)mid;
    return (struct wide){.hi = a1 * b1 + (mid >> HALF) + (mid2 >> HALF),
                         .lo = mid2 << HALF | (uint64_t)low};
}

struct wide wide_shift_ten(struct wide v, int n)
{
    while (n > 0) {
        int step = MIN(n, TEN_MAX);
        struct wide low = wide_mul(v.lo, tens[step]);
        low.hi += v.hi * tens[step];
        v = low;
        n -= step;
    }
    return v;
}

static struct wide shift_left(struct wide v, int n)
{
    if (n == 0) {
        return v;
    }
    if (n >= WORD) {
        return (struct wide){.hi = v.lo << (n - WORD)};
    }
    return (struct wide){.hi = v.hi << n | v.lo >> (WORD - n), .lo = v.lo << n};
}

static struct wide shift_right_one(struct wide v)
{
    return (struct wide){.hi = v.hi >> 1, .lo = v.lo >> 1 | v.hi << (WORD - 1)};
}

/* By a divisor of at most 64 bits, 64 bits at a time. */
static struct wide div_small(struct wide a, uint64_t b, struct wide *ret_rest)
{
    uint64_t in[4] = {(uint64_t)(a.hi >> HALF), (uint64_t)a.hi, (uint64_t)(a.lo >> HALF),
                      (uint64_t)a.lo};
    u128 rest = 0;
    uint64_t out[4];
    for (size_t i = 0; i < LEN(in); i++) {
        u128 part = rest << HALF | in[i];
        out[i] = (uint64_t)(part / b);
        rest = part % b;
    }
    *ret_rest = wide_from(rest);
    return (struct wide){.hi = (u128)out[0] << HALF | out[1], .lo = (u128)out[2] << HALF | out[3]};
}

struct wide wide_div(struct wide a, struct wide b, struct wide *ret_rest)
{
    ASSERT(!wide_is_zero(b));
    if (a.hi == 0 && b.hi == 0) {
        *ret_rest = wide_from(a.lo % b.lo);
        return wide_from(a.lo / b.lo);
    }
    if (b.hi == 0 && b.lo >> HALF == 0) {
        return div_small(a, (uint64_t)b.lo, ret_rest);
    }
    struct wide quotient = {0};
    int steps = bits(a) - bits(b);
    if (steps >= 0) {
        struct wide part = shift_left(b, steps);
        for (int i = 0; i <= steps; i++) {
            quotient = shift_left(quotient, 1);
            if (wide_cmp(a, part) >= 0) {
                a = wide_sub(a, part);
                quotient.lo |= 1;
            }
            part = shift_right_one(part);
        }
    }
    *ret_rest = a;
    return quotient;
}

u128 wide_root(struct wide v)
{
    u128 root = 0;
    for (int i = (bits(v) + 1) / 2; i >= 0; i--) {
        u128 next = root | (u128)1 << MIN(i, WORD - 2);
        if (wide_cmp(wide_mul(next, next), v) <= 0) {
            root = next;
        }
    }
    return root;
}
