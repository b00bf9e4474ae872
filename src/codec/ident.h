/* codec/ident.h - national personal and organisation numbers: shape, check digit, what they claim.
 *
 * Kazakhstan: IIN (persons), BIN (organisations): 12 digits, weighted sum modulo 11, a second row of
 * weights when the first gives 10. Uzbekistan: PINFL, 14 digits, weights 7 3 1 modulo 10 (Cabinet of
 * Ministers resolution 177 of 12.04.2022). Russia: SNILS, 11 digits, modulo 101 (Pension Fund order).
 *
 * A number's birth date and sex are a claim to compare with what was entered, never a source. */
#pragma once

#include "base/instant.h"

enum ident_kind { IDENT_IIN, IDENT_BIN, IDENT_PINFL, IDENT_SNILS, IDENT_KIND_COUNT };
enum ident_sex { IDENT_SEX_NONE, IDENT_MALE, IDENT_FEMALE };
enum ident_result {
    IDENT_GOOD,
    IDENT_BAD_SHAPE, /* wrong length, not digits, all zeros, or a number of another kind */
    IDENT_BAD_DIGIT, /* the check digit does not follow from the others */
};

enum { IDENT_MAX = 14 };

struct ident_claim {
    struct civil birth;  /* year, month, day; year 0 when the number carries no real date */
    enum ident_sex sex;
};

/* Digits the kind has. */
size_t ident_length(enum ident_kind kind);
/* The digits of what a person typed: blanks, dashes and dots between them are passed over. False
 * when the count is wrong or something else stands there. */
MUST_USE bool ident_read(enum ident_kind kind, struct str typed, char ret_digits[IDENT_MAX + 1]);
/* Checks digits alone (no separators). ret_claim (may be NULL) is set unless the shape is bad. */
enum ident_result ident_check(enum ident_kind kind, struct str digits,
                              struct ident_claim *ret_claim);

/* Made-up numbers with right check digits, for demonstration data and tests; NUL-terminated.
 * False when the parts are out of range or no check digit exists for them (then take another
 * serial): about one IIN in a hundred. */
MUST_USE bool ident_iin_make(const struct civil *birth, enum ident_sex sex, unsigned serial,
                             char ret_digits[13]); /* serial 0..9999 */
/* region 0..999, serial 0..999 */
MUST_USE bool ident_pinfl_make(const struct civil *birth, enum ident_sex sex, unsigned region,
                               unsigned serial, char ret_digits[15]);
/* number 1001999..999999999 */
MUST_USE bool ident_snils_make(uint32_t number, char ret_digits[12]);
