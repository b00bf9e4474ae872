/* codec/decimal_test.c - exact decimals. */
#include "codec/decimal_testing.h"

static struct str text(const struct decimal *d)
{
    struct buf b;
    buf_init(&b, a, 1000);
    decimal_write(&b, d);
    return buf_get(&b);
}

static void text_round_trips(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "0", "1", "-1", "1.50", "0.001", "-0.5", "100", "1e2", "12e217", "0.0", "0e3",
        "1234567890123456789012345678901234567", "0.1234567890123456789012345678901234567",
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal d = dec(rows[i]);
        assert_true(str_eq(text(&d), str_z(rows[i])));
    }
    struct decimal d = dec("-0.00");
    assert_true(str_eq(text(&d), S("0.00")));
    d = dec("5.40E-1");
    assert_true(str_eq(text(&d), S("0.540")));
    d = decimal_from_i64(INT64_MIN);
    assert_true(str_eq(text(&d), S("-9223372036854775808")));
}

static void other_text_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", "-", "+1", "01", "-01", "00", ".5", "1.", "1.e2", "1e", "1e+", " 1", "1 ", "1,5", "NaN",
        "0x1", "1e218", "1e-256", "1e99999999999999999999", "12345678901234567890123456789012345678",
    };
    struct decimal d = {.coef = 7};
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_false(decimal_parse(str_z(rows[i]), &d));
        assert_true(d.coef == 7);
    }
}

/* Each row is less than the next. */
static const char *const rising[] = {
    "-1e217", "-1000000000000000000000000000000000001", "-1e36", "-12345678901234567.8", "-100.1",
    "-100", "-99.99", "-1", "-0.5", "-0.1", "-0.00000000000000000000000000001", "0", "1e-255",
    "0.00000000000000000000000000001", "0.09999999999999999999999", "0.1", "0.10000000000000000001",
    "0.5", "1", "1.0000000000000000000000000000000001", "2", "9.99", "10", "99.99", "100",
    "9999999999999999", "9999999999999999.5", "10000000000000000", "12345678901234567.8",
    "12345678901234567.9", "1e36", "1000000000000000000000000000000000001", "1e217",
};

static void order_is_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rising); i++) {
        for (size_t k = 0; k < LEN(rising); k++) {
            struct decimal x = dec(rising[i]);
            struct decimal y = dec(rising[k]);
            assert_int_equal(decimal_cmp(&x, &y), i < k ? -1 : i > k);
        }
    }
    struct decimal x = dec("1.50");
    struct decimal y = dec("15e-1");
    assert_int_equal(decimal_cmp(&x, &y), 0);
    x = dec("0.000");
    y = dec("-0");
    assert_int_equal(decimal_cmp(&x, &y), 0);
}

static void ranges_follow_the_precision(void **state)
{
    (void)state;
    static const struct {
        const char *d;
        const char *lo;
        const char *hi;
    } rows[] = {
        {"100", "99.5", "100.5"}, {"5.40", "5.395", "5.405"}, {"1e2", "50", "150"},
        {"0", "-0.5", "0.5"},     {"-2", "-2.5", "-1.5"},     {"0.0", "-0.05", "0.05"},
        {"1", "0.5", "1.5"},      {"-0.1", "-0.15", "-0.05"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct decimal d = dec(rows[i].d);
        struct decimal lo;
        struct decimal hi;
        decimal_range(&d, &lo, &hi);
        struct decimal want_lo = dec(rows[i].lo);
        struct decimal want_hi = dec(rows[i].hi);
        assert_int_equal(decimal_cmp(&lo, &want_lo), 0);
        assert_int_equal(decimal_cmp(&hi, &want_hi), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_round_trips),
        cmocka_unit_test(other_text_is_refused),
        cmocka_unit_test(order_is_exact),
        cmocka_unit_test(ranges_follow_the_precision),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
