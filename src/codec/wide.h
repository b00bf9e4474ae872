/* codec/wide.h - unsigned numbers of 256 bits, for what decimal arithmetic has
 * in between.
 *
 * Values of up to 76 decimal digits. Nothing here fails: callers keep their
 * numbers below that. */
#pragma once

#include "codec/decimal.h"

enum { WIDE_DIGITS = 76 }; /* every number of that many decimal digits fits */

struct wide {
    u128 hi;
    u128 lo;
};

/* 10^n, n 0 to 38. */
u128 wide_ten(int n);
/* Decimal digits of v: 0 for 0. */
int wide_digits_u128(u128 v);
int wide_digits(struct wide v);
struct wide wide_from(u128 v);
bool wide_is_zero(struct wide v);
/* < 0, 0, > 0. */
int wide_cmp(struct wide a, struct wide b);
struct wide wide_add(struct wide a, struct wide b);
/* a - b, a >= b. */
struct wide wide_sub(struct wide a, struct wide b);
struct wide wide_mul(u128 a, u128 b);
/* v * 10^n; the product has at most WIDE_DIGITS digits. */
struct wide wide_shift_ten(struct wide v, int n);
/* Quotient and remainder; b is not 0. */
struct wide wide_div(struct wide a, struct wide b, struct wide *ret_rest);
/* The largest r with r * r <= v, v below 2^254. */
u128 wide_root(struct wide v);
