/* codec/ident.c - national numbers. See ident.h. */
#include "codec/ident.h"

#include <string.h>

static const struct {
    uint8_t length;
} kinds[IDENT_KIND_COUNT] = {
    [IDENT_IIN] = {12},
    [IDENT_BIN] = {12},
    [IDENT_PINFL] = {14},
    [IDENT_SNILS] = {11},
};

enum { SNILS_FIRST_CHECKED = 1001998 }; /* numbers up to here were given before the rule */

size_t ident_length(enum ident_kind kind)
{
    return kinds[kind].length;
}

static unsigned digit(const char *p, size_t i)
{
    return (unsigned)(p[i] - '0');
}

bool ident_read(enum ident_kind kind, struct str typed, char ret_digits[IDENT_MAX + 1])
{
    char out[IDENT_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if ((unsigned)(c - '0') < 10) {
            if (n == ident_length(kind)) {
                return false;
            }
            out[n++] = c;
        } else if (c != ' ' && c != '-' && c != '.' && c != '\t') {
            return false;
        }
    }
    if (n != ident_length(kind)) {
        return false;
    }
    out[n] = 0;
    memcpy(ret_digits, out, n + 1);
    return true;
}

/* Check digit of 11 digits of an IIN or BIN; 10 when there is none. */
static unsigned iin_digit(const char *p)
{
    unsigned first = 0;
    unsigned second = 0;
    for (size_t i = 0; i < 11; i++) {
        first += digit(p, i) * (unsigned)(i + 1);
        second += digit(p, i) * (unsigned)((i + 2) % 11 + 1);
    }
    return first % 11 != 10 ? first % 11 : second % 11;
}

static unsigned pinfl_digit(const char *p)
{
    static const unsigned weights[] = {7, 3, 1};
    unsigned sum = 0;
    for (size_t i = 0; i < 13; i++) {
        sum += digit(p, i) * weights[i % 3];
    }
    return sum % 10;
}

/* The two check digits of nine, as one number. */
static unsigned snils_digits(const char *p)
{
    unsigned sum = 0;
    for (size_t i = 0; i < 9; i++) {
        sum += digit(p, i) * (unsigned)(9 - i);
    }
    return sum % 101 % 100;
}

static int two(const char *p, size_t i)
{
    return (int)(digit(p, i) * 10 + digit(p, i + 1));
}

/* Century and sex digit: 1 2 the 1800s, 3 4 the 1900s, 5 6 the 2000s; odd is male. */
static void claim(unsigned century_sex, int yy, int month, int day, struct ident_claim *out)
{
    if (century_sex < 1 || century_sex > 6) {
        return;
    }
    out->sex = century_sex % 2 != 0 ? IDENT_MALE : IDENT_FEMALE;
    struct civil birth = {.year = 1800 + (int)((century_sex - 1) / 2) * 100 + yy,
                          .month = month,
                          .day = day};
    if (civil_is_valid(&birth)) {
        out->birth = birth;
    }
}

static bool check_digit_ok(enum ident_kind kind, const char *p)
{
    switch (kind) {
    case IDENT_IIN:
    case IDENT_BIN: return iin_digit(p) == digit(p, 11);
    case IDENT_PINFL: return pinfl_digit(p) == digit(p, 13);
    case IDENT_SNILS: {
        uint64_t number = 0;
        return str_u64((struct str){p, 9}, &number)
               && (number <= SNILS_FIRST_CHECKED || snils_digits(p) == (unsigned)two(p, 9));
    }
    case IDENT_KIND_COUNT: break;
    }
    return false;
}

enum ident_result ident_check(enum ident_kind kind, struct str digits,
                              struct ident_claim *ret_claim)
{
    const char *p = digits.p;
    unsigned sum = 0;
    if (digits.n != ident_length(kind)) {
        return IDENT_BAD_SHAPE;
    }
    for (size_t i = 0; i < digits.n; i++) {
        if (digit(p, i) > 9) {
            return IDENT_BAD_SHAPE;
        }
        sum += digit(p, i);
    }
    bool of_organisation = digit(p, 4) >= 4 && digit(p, 4) <= 6;
    if (sum == 0 || (kind == IDENT_IIN && of_organisation)
        || (kind == IDENT_BIN && !of_organisation)) {
        return IDENT_BAD_SHAPE;
    }
    struct ident_claim c = {.sex = IDENT_SEX_NONE};
    if (kind == IDENT_IIN) {
        claim(digit(p, 6), two(p, 0), two(p, 2), two(p, 4), &c);
    } else if (kind == IDENT_PINFL) {
        claim(digit(p, 0), two(p, 5), two(p, 3), two(p, 1), &c);
    }
    if (ret_claim != NULL) {
        *ret_claim = c;
    }
    return check_digit_ok(kind, p) ? IDENT_GOOD : IDENT_BAD_DIGIT;
}

static char *put(char *p, unsigned v, unsigned width)
{
    for (unsigned i = width; i-- > 0; v /= 10) {
        p[i] = (char)('0' + v % 10);
    }
    return p + width;
}

/* Digit for century and sex; 0 when there is none. */
static unsigned century_sex(const struct civil *birth, enum ident_sex sex)
{
    if (!civil_is_valid(birth) || birth->year < 1800 || birth->year > 2099
        || sex == IDENT_SEX_NONE) {
        return 0;
    }
    return (unsigned)(birth->year / 100 - 18) * 2 + (sex == IDENT_MALE ? 1 : 2);
}

static bool finish_iin(char digits[13], char ret_digits[13])
{
    unsigned check = iin_digit(digits);
    if (check == 10) {
        return false;
    }
    digits[11] = (char)('0' + check);
    digits[12] = 0;
    memcpy(ret_digits, digits, 13);
    return true;
}

bool ident_iin_make(const struct civil *birth, enum ident_sex sex, unsigned serial,
                    char ret_digits[13])
{
    char out[13];
    unsigned cs = century_sex(birth, sex);
    if (cs == 0 || serial > 9999) {
        return false;
    }
    char *p = put(out, (unsigned)birth->year % 100, 2);
    p = put(p, (unsigned)birth->month, 2);
    p = put(p, (unsigned)birth->day, 2);
    p = put(p, cs, 1);
    put(p, serial, 4);
    return finish_iin(out, ret_digits);
}

bool ident_pinfl_make(const struct civil *birth, enum ident_sex sex, unsigned region,
                      unsigned serial, char ret_digits[15])
{
    char out[15];
    unsigned cs = century_sex(birth, sex);
    if (cs == 0 || region > 999 || serial > 999) {
        return false;
    }
    char *p = put(out, cs, 1);
    p = put(p, (unsigned)birth->day, 2);
    p = put(p, (unsigned)birth->month, 2);
    p = put(p, (unsigned)birth->year % 100, 2);
    p = put(p, region, 3);
    p = put(p, serial, 3);
    p = put(p, pinfl_digit(out), 1);
    *p = 0;
    memcpy(ret_digits, out, sizeof(out));
    return true;
}

bool ident_snils_make(uint32_t number, char ret_digits[12])
{
    char out[12];
    if (number <= SNILS_FIRST_CHECKED || number > 999999999) {
        return false;
    }
    char *p = put(out, number, 9);
    p = put(p, snils_digits(out), 2);
    *p = 0;
    memcpy(ret_digits, out, sizeof(out));
    return true;
}
