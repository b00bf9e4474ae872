/* codec/decimal_math_test.c - arithmetic on exact decimals: tables of cases. */
#include "codec/decimal_testing.h"

/* want NULL: no value. */
static void same(bool given, const struct decimal *d, const char *want)
{
    if (want == NULL || !given) {
        assert_string_equal(given ? "a value" : "none", want == NULL ? "none" : want);
        return;
    }
    struct buf b;
    buf_init(&b, a, 1000);
    decimal_write(&b, d);
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    assert_string_equal(buf_get(&b).p, want);
}

typedef bool (*two_fn)(const struct decimal *x, const struct decimal *y, struct decimal *ret_d);

/* clang-format off */
static const struct {
    two_fn fn;
    const char *x;
    const char *y;
    const char *want;
} pairs[] = {
    {decimal_add, "0.1", "0.2", "0.3"},
    {decimal_add, "1.50", "1", "2.50"},
    {decimal_add, "-1.5", "1.50", "0.00"},
    {decimal_add, "1", "0e217", "1"},
    {decimal_add, "0.000", "12", "12.000"},
    {decimal_add, "9999999999999999999999999999999999999", "1",
     "1000000000000000000000000000000000000e1"},
    {decimal_add, "9999999999999999999999999999999999999", "2", NULL},
    {decimal_add, "1000000000000000000000000000000000000", "0.4",
     "1000000000000000000000000000000000000"},
    {decimal_add, "1e217", "1e-255", NULL},
    {decimal_add, "1e36", "1e-255", "1000000000000000000000000000000000000"},
    {decimal_sub, "1", "1e-30", "0.999999999999999999999999999999"},
    {decimal_sub, "1.00", "0.1", "0.90"},
    {decimal_sub, "0", "0.0", "0.0"},
    {decimal_sub, "5", "7", "-2"},
    {decimal_mul, "1.50", "2.0", "3.000"},
    {decimal_mul, "-0.5", "-4", "2.0"},
    {decimal_mul, "-1", "0.0", "0.0"},
    {decimal_mul, "1234567890123456789", "1234567890123456789",
     "1524157875323883675019051998750190521"},
    {decimal_mul, "9999999999999999999", "9999999999999999999", NULL},
    {decimal_mul, "99999999999.99999999", "99999999999.99999999",
     "9999999999999999998000.000000000000000"},
    {decimal_mul, "1e200", "1e200", NULL},
    {decimal_mul, "1e-200", "1e-200",
     "0."
     "000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000"
     "0000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000000000000"
     "0000000000000000000000000"
     "000000000000"},
    {decimal_div, "5", "2", "2.5"},
    {decimal_div, "1.00", "2", "0.50"},
    {decimal_div, "7.315", "0.7", "10.45"},
    {decimal_div, "2", "2", "1"},
    {decimal_div, "100", "0.5", "200"},
    {decimal_div, "1", "3", "0.3333333333333333333333333333333333"},
    {decimal_div, "2", "3", "0.6666666666666666666666666666666667"},
    {decimal_div, "-20", "3", "-6.666666666666666666666666666666667"},
    {decimal_div, "1e36", "3", NULL},
    {decimal_div, "9999999999999999999999999999999999999",
     "9999999999999999999999999999999999999", "1"},
    {decimal_div, "1", "0", NULL},
    {decimal_div, "1", "0.00", NULL},
    {decimal_div, "0", "3", "0"},
    {decimal_int_div, "5", "2", "2"},
    {decimal_int_div, "-5.5", "2", "-2"},
    {decimal_int_div, "2.2", "1.8", "1"},
    {decimal_int_div, "-1", "2", "0"},
    {decimal_int_div, "5", "0", NULL},
    {decimal_int_div, "1e100", "1e-100", NULL},
    {decimal_mod, "5", "2", "1"},
    {decimal_mod, "-5", "2", "-1"},
    {decimal_mod, "5", "-2", "1"},
    {decimal_mod, "2.2", "1.8", "0.4"},
    {decimal_mod, "57.3", "3", "0.3"},
    {decimal_mod, "5", "0.0", NULL},
    {decimal_power, "2", "3", "8"},
    {decimal_power, "3.3", "2", "10.89"},
    {decimal_power, "2", "-2", "0.25"},
    {decimal_power, "0", "0", "1"},
    {decimal_power, "0", "-1", NULL},
    {decimal_power, "10.89", "0.5", "3.3"},
    {decimal_power, "-1", "0.5", NULL},
    {decimal_power, "2", "1000", NULL},
    {decimal_power, "-1", "9223372036854775807", "-1"},
    {decimal_log, "16", "2", "4"},
    {decimal_log, "1000", "10", "3"},
    {decimal_log, "0", "10", NULL},
    {decimal_log, "5", "1.0", NULL},
    {decimal_log, "5", "-2", NULL},
};
/* clang-format on */

static void two_operands(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++) {
        struct decimal x = dec(pairs[i].x);
        struct decimal y = dec(pairs[i].y);
        struct decimal d = x;
        bool given = pairs[i].fn(&d, &y, &d);
        same(given, &d, pairs[i].want);
        if (!given) {
            assert_true(d.coef == x.coef && d.scale == x.scale);
        }
    }
}

typedef bool (*one_fn)(const struct decimal *x, struct decimal *ret_d);

static void roots_and_logarithms(void **state)
{
    (void)state;
    static const struct {
        one_fn fn;
        const char *x;
        const char *want;
    } rows[] = {
        {decimal_sqrt, "81", "9"},
        {decimal_sqrt, "10.89", "3.3"},
        {decimal_sqrt, "0.0001", "0.01"},
        {decimal_sqrt, "1e2", "10"},
        {decimal_sqrt, "2", "1.414213562373095048801688724209698"},
        {decimal_sqrt, "1000000000000000000000000000000000000", "1000000000000000000"},
        {decimal_sqrt, "-1", NULL},
        {decimal_sqrt, "0.0", "0"},
        {decimal_exp, "0", "1"},
        {decimal_exp, "-1.203972804325936", "0.3"},
        {decimal_exp, "1", "2.71828182845905"},
        {decimal_exp, "100000", NULL},
        {decimal_exp, "-100000", NULL},
        {decimal_ln, "1.0", "0"},
        {decimal_ln, "0.3", "-1.20397280432594"},
        {decimal_ln, "0", NULL},
        {decimal_ln, "-1", NULL},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal x = dec(rows[i].x);
        struct decimal d = {.coef = 7};
        bool given = rows[i].fn(&x, &d);
        same(given, &d, rows[i].want);
    }
}

static void rounding(void **state)
{
    (void)state;
    static const struct {
        const char *x;
        const char *ceiling;
        const char *floor;
        const char *truncate;
        const char *round;
        const char *round2;
    } rows[] = {
        {"1.1",                                   "2",  "1",  "1",  "1",  "1.1"  },
        {"-1.1",                                  "-1", "-2", "-1", "-1", "-1.1" },
        {"0.5",                                   "1",  "0",  "0",  "1",  "0.5"  },
        {"-0.5",                                  "0",  "-1", "0",  "-1", "-0.5" },
        {"13.845",                                "14", "13", "13", "14", "13.85"},
        {"2.315",                                 "3",  "2",  "2",  "2",  "2.32" },
        {"-2.5000",                               "-2", "-3", "-2", "-3", "-2.50"},
        {"7",                                     "7",  "7",  "7",  "7",  "7"    },
        {"0.0",                                   "0",  "0",  "0",  "0",  "0.0"  },
        {"1e-255",                                "1",  "0",  "0",  "0",  "0.00" },
        {"0.99999999999999999999999999999999999", "1",  "0",  "0",  "1",  "1.00" },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal x = dec(rows[i].x);
        struct decimal d = decimal_ceiling(&x);
        same(true, &d, rows[i].ceiling);
        d = decimal_floor(&x);
        same(true, &d, rows[i].floor);
        d = decimal_truncate(&x);
        same(true, &d, rows[i].truncate);
        d = decimal_round_to(&x, 0);
        same(true, &d, rows[i].round);
        d = decimal_round_to(&x, 2);
        same(true, &d, rows[i].round2);
    }
}

static void boundaries(void **state)
{
    (void)state;
    static const struct {
        const char *x;
        int places;
        const char *lo;
        const char *hi;
    } rows[] = {
        {"1.587",                8,  "1.58650000",  "1.58750000" },
        {"1.587",                6,  "1.586500",    "1.587500"   },
        {"1.587",                2,  "1.58",        "1.59"       },
        {"1.587",                0,  "1",           "2"          },
        {"1.587",                -1, NULL,          NULL         },
        {"1.587",                32, NULL,          NULL         },
        {"-1.587",               8,  "-1.58750000", "-1.58650000"},
        {"-1.587",               2,  "-1.59",       "-1.58"      },
        {"-1.587",               0,  "-2",          "-1"         },
        {"1",                    8,  "0.50000000",  "1.50000000" },
        {"1",                    0,  "0",           "2"          },
        {"120",                  2,  "119.50",      "120.50"     },
        {"12.500",               4,  "12.4995",     "12.5005"    },
        {"-0.0034",              1,  "-0.0",        "-0.0"       },
        {"0.0034",               1,  "0.0",         "0.0"        },
        {"0",                    2,  "-0.50",       "0.50"       },
        {"12345678901234567890", 31, NULL,          NULL         },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal x = dec(rows[i].x);
        struct decimal d;
        bool given = decimal_low_boundary(&x, rows[i].places, &d);
        same(given, &d, rows[i].lo);
        given = decimal_high_boundary(&x, rows[i].places, &d);
        same(given, &d, rows[i].hi);
    }
    struct decimal x = dec("-0.0034");
    struct decimal zero = dec("0");
    assert_true(decimal_low_boundary(&x, 1, &x));
    assert_int_equal(decimal_cmp(&x, &zero), 0);
    x = decimal_neg(&x);
    same(true, &x, "0.0");
}

static void equivalence_and_conversion(void **state)
{
    (void)state;
    static const struct {
        const char *x;
        const char *y;
        bool same;
    } rows[] = {
        {"1.10",    "1.1",  true },
        {"1.1",     "1.2",  false},
        {"0.66667", "0.67", true },
        {"4",       "4.04", true },
        {"4",       "4.5",  false},
        {"0",       "0.0",  true },
        {"1",       "1.0",  true },
        {"-0.4",    "0",    true },
        {"1e2",     "100",  true },
        {"100",     "104",  false},
        {"0.005",   "0.01", true },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal x = dec(rows[i].x);
        struct decimal y = dec(rows[i].y);
        assert_int_equal(decimal_equivalent(&x, &y), rows[i].same);
        assert_int_equal(decimal_equivalent(&y, &x), rows[i].same);
    }
    int64_t v = 7;
    struct decimal d = dec("-9223372036854775808.00");
    assert_true(decimal_to_i64(&d, &v) && v == INT64_MIN && decimal_is_integer(&d));
    d = dec("9223372036854775807");
    assert_true(decimal_to_i64(&d, &v) && v == INT64_MAX);
    d = dec("9223372036854775808");
    assert_false(decimal_to_i64(&d, &v));
    d = dec("1.5");
    assert_false(decimal_to_i64(&d, &v) || decimal_is_integer(&d));
    d = dec("3e3");
    assert_true(decimal_to_i64(&d, &v) && v == 3000);
    d = dec("0.000");
    assert_true(decimal_to_i64(&d, &v) && v == 0);
    d = dec("1.5");
    assert_true(decimal_pad(&d, 3, &d));
    same(true, &d, "1.500");
    assert_false(decimal_pad(&d, 40, &d));
    d = decimal_trim(&d);
    same(true, &d, "1.5");
    assert_true(decimal_from_float(0.1L, &d));
    same(true, &d, "0.1");
    assert_true(decimal_from_float(-6.02214076e23L, &d));
    same(true, &d, "-602214076000000000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_operands),
        cmocka_unit_test(roots_and_logarithms),
        cmocka_unit_test(rounding),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(equivalence_and_conversion),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
