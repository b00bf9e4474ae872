/* codec/ident_test.c - national numbers: known ones, wrong ones, made ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/ident.h"

static void known_numbers(void **state)
{
    (void)state;
    static const struct {
        enum ident_kind kind;
        struct str digits;
        enum ident_result result;
        int year, month, day;
        enum ident_sex sex;
    } rows[] = {
        {IDENT_IIN, SI("900000000009"), IDENT_GOOD, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_IIN, SI("900000000008"), IDENT_BAD_DIGIT, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_IIN, SI("000000000000"), IDENT_BAD_SHAPE, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_IIN, SI("90000000000"), IDENT_BAD_SHAPE, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_IIN, SI("90000000000x"), IDENT_BAD_SHAPE, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_IIN, SI("900041000000"), IDENT_BAD_SHAPE, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_BIN, SI("900000000009"), IDENT_BAD_SHAPE, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_PINFL, SI("31210632040244"), IDENT_GOOD, 1963, 10, 12, IDENT_MALE},
        {IDENT_PINFL, SI("31210932040247"), IDENT_GOOD, 1993, 10, 12, IDENT_MALE},
        {IDENT_PINFL, SI("40201902050010"), IDENT_GOOD, 1990, 1, 2, IDENT_FEMALE},
        {IDENT_PINFL, SI("30211975910033"), IDENT_GOOD, 1997, 11, 2, IDENT_MALE},
        {IDENT_PINFL, SI("31210632040245"), IDENT_BAD_DIGIT, 1963, 10, 12, IDENT_MALE},
        {IDENT_SNILS, SI("11223344595"), IDENT_GOOD, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_SNILS, SI("11223344596"), IDENT_BAD_DIGIT, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_SNILS, SI("00100199899"), IDENT_GOOD, 0, 0, 0, IDENT_SEX_NONE},
        {IDENT_SNILS, SI("00100199999"), IDENT_BAD_DIGIT, 0, 0, 0, IDENT_SEX_NONE},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ident_claim c = {.sex = IDENT_SEX_NONE};
        assert_int_equal(ident_check(rows[i].kind, rows[i].digits, &c), rows[i].result);
        assert_int_equal(c.birth.year, rows[i].year);
        assert_int_equal(c.birth.month, rows[i].month);
        assert_int_equal(c.birth.day, rows[i].day);
        assert_int_equal(c.sex, rows[i].sex);
    }
}

static void what_is_typed_is_read(void **state)
{
    (void)state;
    char d[IDENT_MAX + 1] = "?";
    assert_true(ident_read(IDENT_SNILS, S(" 112-233-445 95"), d));
    assert_string_equal(d, "11223344595");
    assert_false(ident_read(IDENT_SNILS, S("112-233-445 9"), d));
    assert_false(ident_read(IDENT_SNILS, S("112-233-445 951"), d));
    assert_false(ident_read(IDENT_SNILS, S("112-233-445 9O"), d));
    assert_false(ident_read(IDENT_IIN, S(""), d));
    assert_string_equal(d, "11223344595");
}

static void made_numbers_are_good(void **state)
{
    (void)state;
    unsigned refused = 0;
    for (unsigned i = 0; i < 2000; i++) {
        struct civil birth = {.year = 1925 + (int)(i % 100), .month = 1 + (int)(i % 12),
                              .day = 1 + (int)(i % 28)};
        enum ident_sex sex = i % 2 != 0 ? IDENT_MALE : IDENT_FEMALE;
        char d[15];
        struct ident_claim c;
        if (!ident_iin_make(&birth, sex, i, d)) {
            refused++;
        } else {
            assert_int_equal(ident_check(IDENT_IIN, str_z(d), &c), IDENT_GOOD);
            assert_int_equal(c.birth.year, birth.year);
            assert_int_equal(c.birth.day, birth.day);
            assert_int_equal(c.sex, sex);
        }
        assert_true(ident_pinfl_make(&birth, sex, 204, i % 1000, d));
        assert_int_equal(ident_check(IDENT_PINFL, str_z(d), &c), IDENT_GOOD);
        assert_int_equal(c.birth.month, birth.month);
        assert_int_equal(c.sex, sex);
        assert_true(ident_snils_make(1001999 + i * 417u, d));
        assert_int_equal(ident_check(IDENT_SNILS, str_z(d), &c), IDENT_GOOD);
    }
    assert_true(refused < 60);
    char d[15];
    struct civil wrong = {.year = 2025, .month = 2, .day = 29};
    assert_false(ident_iin_make(&wrong, IDENT_MALE, 1, d));
    assert_false(ident_pinfl_make(&wrong, IDENT_MALE, 1, 1, d));
    assert_false(ident_snils_make(1001998, d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers),
        cmocka_unit_test(what_is_typed_is_read),
        cmocka_unit_test(made_numbers_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
