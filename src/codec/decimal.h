/* codec/decimal.h - exact decimal numbers, as FHIR writes them, and the arithmetic of FHIRPath on them.
 *
 * A number is (-1)^negative * coef * 10^-scale. 1.50 and 1.5 compare equal and keep their scales:
 * the precision a value was given with is part of it (FHIR R4 datatypes.html#decimal).
 *
 * Arithmetic: a result is exact while it has at most DECIMAL_MAX_DIGITS digits. Beyond that, digits
 * after the point are rounded away, half to even; where digits before the point would be lost the
 * operation fails. A function that can have no value gives false and leaves *ret_d alone: overflow,
 * division by zero, a root or logarithm that is no real number. FHIRPath N1 (section 6.6 and 5.7)
 * makes all of these an empty collection. ret_d may be one of the operands. */
#pragma once

#include "base/buf.h"

__extension__ typedef unsigned __int128 u128; /* the language has no name for it */

enum {
    DECIMAL_MAX_DIGITS = 37, /* significant digits read; bounds of a range may have one more */
    DECIMAL_MIN_SCALE = -217,
    DECIMAL_MAX_SCALE = 255,
    DECIMAL_DIV_DIGITS = 34, /* of quotients and roots: more than the 28 of FHIRPath */
    DECIMAL_PLACES = 8,      /* of boundaries, when the expression names none */
    DECIMAL_MAX_PLACES = 31,
};

struct decimal {
    u128 coef;     /* below 10^38 */
    int scale;     /* digits after the point; negative for 1e2 */
    bool negative; /* of zero only as a boundary of a number below it: written, else ignored */
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


/* a + b, a - b with the larger scale of both: 1.50 + 1 is 2.50. */
MUST_USE bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *ret_d);
MUST_USE bool decimal_sub(const struct decimal *a, const struct decimal *b, struct decimal *ret_d);
/* a * b; the scales add up: 1.50 * 2.0 is 3.000. */
MUST_USE bool decimal_mul(const struct decimal *a, const struct decimal *b, struct decimal *ret_d);
/* a / b to DECIMAL_DIV_DIGITS significant digits, half to even; without trailing zeros beyond the
 * difference of the scales: 5 / 2 is 2.5, 1.00 / 2 is 0.50. */
MUST_USE bool decimal_div(const struct decimal *a, const struct decimal *b, struct decimal *ret_d);
/* FHIRPath div: a / b cut towards zero, a whole number. */
MUST_USE bool decimal_int_div(const struct decimal *a, const struct decimal *b,
                              struct decimal *ret_d);
/* FHIRPath mod: what remains, with the sign of a; exact. */
MUST_USE bool decimal_mod(const struct decimal *a, const struct decimal *b, struct decimal *ret_d);
struct decimal decimal_neg(const struct decimal *d);
struct decimal decimal_abs(const struct decimal *d);
/* Whole numbers, scale 0 (a negative scale stays). */
struct decimal decimal_ceiling(const struct decimal *d);
struct decimal decimal_floor(const struct decimal *d);
struct decimal decimal_truncate(const struct decimal *d);
/* FHIRPath round(places): a half goes away from zero, 0.5 gives 1 and -0.5 gives -1, as the FHIRPath
 * text after N1 makes clear (section 5.8.8). A number with no more places stays as it is.
 * places >= 0. */
struct decimal decimal_round_to(const struct decimal *d, int places);
/* The root to DECIMAL_DIV_DIGITS digits, exact where it is rational: 10.89 gives 3.3. */
MUST_USE bool decimal_sqrt(const struct decimal *d, struct decimal *ret_d);
/* Through the machine's long double, rounded to 15 significant digits: nothing clinical is computed
 * with them but what a FHIRPath expression asks for by name. */
MUST_USE bool decimal_exp(const struct decimal *d, struct decimal *ret_d);
MUST_USE bool decimal_ln(const struct decimal *d, struct decimal *ret_d);
MUST_USE bool decimal_log(const struct decimal *d, const struct decimal *base,
                          struct decimal *ret_d);
/* Exact multiplication for whole exponents, else as decimal_exp. */
MUST_USE bool decimal_power(const struct decimal *d, const struct decimal *exponent,
                            struct decimal *ret_d);

/* FHIRPath ~: equal after rounding both to the places of the less precise one, trailing zeros after
 * the point not counted: 1.10 ~ 1.1, 0.667 ~ 0.67. */
bool decimal_equivalent(const struct decimal *a, const struct decimal *b);
/* The same value without trailing zeros after the point; 0 for zero of any scale. */
struct decimal decimal_trim(const struct decimal *d);
/* The same value with at least scale places; false when that takes too many digits. */
MUST_USE bool decimal_pad(const struct decimal *d, int scale, struct decimal *ret_d);
bool decimal_is_integer(const struct decimal *d);
/* False unless the value is whole and fits. */
MUST_USE bool decimal_to_i64(const struct decimal *d, int64_t *ret_v);
/* The nearest long double; for functions that have no exact value only. */
long double decimal_to_float(const struct decimal *d);
/* 15 significant digits of v; false for infinity, NaN and what the scale limits do not hold. */
MUST_USE bool decimal_from_float(long double v, struct decimal *ret_d);

/* FHIRPath lowBoundary and highBoundary of a decimal (N1 section 5.9, "Utility functions"): the
 * number less or plus half of its last place, with exactly places digits after the point, 0 to
 * DECIMAL_MAX_PLACES (without argument FHIRPath takes DECIMAL_PLACES): 1.587 gives 1.58650000 and
 * 1.58750000. Where places cuts digits off, the boundary nearer to zero is cut and the farther one
 * rounded half away from zero, as the official tests have it. False when places is out of bounds
 * or the result has too many digits. */
MUST_USE bool decimal_low_boundary(const struct decimal *d, int places, struct decimal *ret_d);
MUST_USE bool decimal_high_boundary(const struct decimal *d, int places, struct decimal *ret_d);
