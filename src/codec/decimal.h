/* codec/decimal.h - exact decimal numbers, as FHIR writes them: comparing quantities without floats.
 *
 * A number is (-1)^negative * coef * 10^-scale. 1.50 and 1.5 compare equal and keep their scales:
 * the precision a value was given with is part of it (FHIR R4 datatypes.html#decimal). */
#pragma once

#include "base/buf.h"

__extension__ typedef unsigned __int128 u128; /* the language has no name for it */

enum {
    DECIMAL_MAX_DIGITS = 37, /* significant digits read; bounds of a range may have one more */
    DECIMAL_MIN_SCALE = -217,
    DECIMAL_MAX_SCALE = 255,
};

struct decimal {
    u128 coef;     /* below 10^38 */
    int scale;     /* digits after the point; negative for 1e2 */
    bool negative; /* never of zero */
};

/* -?digits[.digits][e[+-]digits] without superfluous leading zeros, the whole of s (RFC 8259
 * section 6). False for anything else, and when it has more digits or a larger exponent than the
 * limits above. */
MUST_USE bool decimal_parse(struct str s, struct decimal *ret_d);
struct decimal decimal_from_i64(int64_t v);
/* < 0, 0, > 0 by value: 1.0 equals 1. */
int decimal_cmp(const struct decimal *a, const struct decimal *b);
/* Writes it so that parsing gives the same coefficient and scale: 1.50, 0.001, 1e2. */
void decimal_write(struct buf *b, const struct decimal *d);
/* What the number stands for at its precision: [d - half, d + half) of its last digit's place. 5.4
 * is [5.35, 5.45), 100 is [99.5, 100.5), 1e2 is [50, 150) (FHIR R4 search.html#number). */
void decimal_range(const struct decimal *d, struct decimal *ret_lo, struct decimal *ret_hi);

enum decimal_round { DECIMAL_DOWN, DECIMAL_UP };
/* A 64-bit key for indexes: a <= b gives key(a) <= key(b) for the same rounding; key(d, DOWN) <=
 * key(d, UP), equal when d has at most 16 significant digits. Values whose keys meet must be
 * compared exactly. Layout: sign, 9 bits decimal exponent, 54 bits for 16 leading digits. */
int64_t decimal_key(const struct decimal *d, enum decimal_round round);
