/* codec/ucum.h - units of measure by the Unified Code for Units of Measure 2.1, case sensitive.
 *
 * A unit expression becomes its size as an exact fraction of decimals and a vector of base units,
 * so that 1 g and 1000 mg meet and mm[Hg] converts into kPa without a binary fraction in between.
 * Arbitrary units ([iU] and the like) are bases of their own: they compare with nothing else. mol is
 * a number (6.0221367e23), as UCUM has it. Annotations have no meaning.
 *
 * Limits: UCUM_MAX bytes, UCUM_DEPTH open parentheses, exponents of three digits, sizes within the
 * limits of codec/decimal.h. What exceeds them is no valid unit here. */
#pragma once

#include "codec/decimal.h"

enum {
    UCUM_MAX = 200, /* bytes of an expression */
    UCUM_DEPTH = 8,
    UCUM_BASES = 7, /* m, s, g, rad, K, C, cd */
    UCUM_OWN = 4,   /* different arbitrary units in one expression */
};

struct ucum_own {
    uint16_t atom; /* which arbitrary unit, from 1; 0 for none */
    int16_t power; /* not 0 where atom is not 0 */
};

struct ucum_unit {
    struct decimal num; /* the unit's size in base units is num / den */
    struct decimal den;
    int16_t dim[UCUM_BASES];       /* powers of the bases */
    struct ucum_own own[UCUM_OWN]; /* by atom, free places last */
    uint16_t special;              /* the unit of no ratio scale it is alone, from 1; else 0 */
    struct decimal prefix;         /* the prefix of that: mCel has 0.001 */
};

/* False when text is no unit expression. The empty text is none; 1 is. */
MUST_USE bool ucum_parse(struct str text, struct ucum_unit *ret_unit);
bool ucum_validate(struct str text);
/* Whether values of both can be converted into each other: the same dimension. */
bool ucum_comparable(const struct ucum_unit *a, const struct ucum_unit *b);
/* v of from in to. Exact where the result has an end, else to 34 digits; logarithmic and tangent
 * scales to 15. False when the units do not compare, the result is no number, or is out of range. */
MUST_USE bool ucum_convert(const struct decimal *v, const struct ucum_unit *from,
                           const struct ucum_unit *to, struct decimal *ret_v);

/* The value in base units, for index keys; with it goes the text of ucum_canonical_unit(). Cel and
 * [degF] become K; units of other scales ([pH], B) stay what they are, without their prefix. False
 * when out of range. */
MUST_USE bool ucum_canonical(const struct decimal *v, const struct ucum_unit *unit,
                             struct decimal *ret_v);
/* Base units in a fixed order with their powers: m-1.s-2.g for kPa, 1 for numbers, [iU] for its kind.
 * Equal exactly for units that ucum_canonical() puts on one scale. */
void ucum_canonical_unit(struct buf *b, const struct ucum_unit *unit);

/* v1 u1 times v2 u2: the value, and its unit written to b. A product without dimension becomes a
 * plain number of unit 1, equal units are drawn together (g.m, kg/m, m2). False when a text is no
 * unit, is of a special scale (20 Cel times 2 has no meaning), or the value has no result. */
MUST_USE bool ucum_multiply(const struct decimal *v1, struct str u1, const struct decimal *v2,
                            struct str u2, struct decimal *ret_v, struct buf *b);
MUST_USE bool ucum_divide(const struct decimal *v1, struct str u1, const struct decimal *v2,
                          struct str u2, struct decimal *ret_v, struct buf *b);
