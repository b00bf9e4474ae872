/* base/instant_test.c - spans, instants, durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/instant.h"

static const struct {
    struct str text;
    bool ok;
    int64_t lo;
    int64_t hi;
} spans[] = {
    {SI("1970"), true, 0, 365 * MS_DAY},
    {SI("1970-02"), true, 31 * MS_DAY, 59 * MS_DAY},
    {SI("2024-02-29"), true, 19782 * MS_DAY, 19783 * MS_DAY},
    {SI("2023-02-29"), false, 0, 0},
    {SI("1970-01-01T00:00:01Z"), true, 1000, 2000},
    {SI("1970-01-01T05:00:00.5+05:00"), true, 500, 501},
    {SI("1970-01-01T05:00:00"), false, 0, 0},
    {SI("1970-13"), false, 0, 0},
    {SI("1970-01-01T00:00:00+14:30"), false, 0, 0},
    {SI(""), false, 0, 0},
};

static void spans_follow_precision(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(spans); i++) {
        struct instant lo = {-1};
        struct instant hi = {-1};
        assert_int_equal(instant_span(spans[i].text, 0, &lo, &hi), spans[i].ok);
        if (spans[i].ok) {
            assert_int_equal(lo.ms, spans[i].lo);
            assert_int_equal(hi.ms, spans[i].hi);
        }
    }
}

static void writes_read_back(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 * 1024);
    for (int64_t ms = -62135596800000; ms < 253402300800000; ms += 86400000LL * 397 + 12345) {
        struct buf b;
        struct instant t;
        struct arena_mark m = arena_mark(a);
        buf_init(&b, a, 64);
        instant_write(&b, (struct instant){ms});
        assert_true(instant_parse(buf_get(&b), &t));
        assert_int_equal(t.ms, ms);
        buf_init(&b, a, 64);
        instant_write_http(&b, (struct instant){ms});
        assert_true(instant_parse_http(buf_get(&b), &t));
        assert_int_equal(t.ms / 1000, (ms - ((ms % 1000) + 1000) % 1000) / 1000);
        arena_back(a, m);
    }
    struct buf b;
    buf_init(&b, a, 64);
    instant_write_http(&b, (struct instant){1795317845123});
    assert_true(str_eq(buf_get(&b), S("Sun, 22 Nov 2026 03:24:05 GMT")));
    arena_free(a);
}

static void dates_read_back(void **state)
{
    (void)state;
    static const struct {
        struct civil date; /* the time of day is not written */
        struct str text;
    } rows[] = {
        {{.year = 2026, .month = 11, .day = 22}, SI("2026-11-22")},
        {{.year = 2024, .month = 2, .day = 29, .hour = 23, .minute = 59, .second = 59}, SI("2024-02-29")},
        {{.year = 1, .month = 1, .day = 1}, SI("0001-01-01")},
        {{.year = 9999, .month = 12, .day = 31}, SI("9999-12-31")},
    };
    struct arena *a = arena_new(64 * 1024);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct civil got;
        struct buf b;
        buf_init(&b, a, 16);
        date_write(&b, &rows[i].date);
        assert_true(str_eq(buf_get(&b), rows[i].text));
        assert_true(date_parse(buf_get(&b), &got));
        assert_int_equal(civil_days(got.year, got.month, got.day),
                         civil_days(rows[i].date.year, rows[i].date.month, rows[i].date.day));
    }
    arena_free(a);
}

static const struct {
    struct str text;
    int64_t ms; /* -1: refused */
} durations[] = {
    {SI("PT2H"), 2 * MS_HOUR}, {SI("P1DT30M"), MS_DAY + 30 * MS_MINUTE}, {SI("P2W"), 14 * MS_DAY},
    {SI("P1M"), -1},           {SI("P"), -1},                            {SI("PT"), -1},
    {SI("P1DT"), -1},          {SI("2H"), -1},                           {SI("PT15"), -1},
};

static void durations_have_fixed_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(durations); i++) {
        int64_t ms = -1;
        assert_int_equal(duration_parse(durations[i].text, &ms), durations[i].ms >= 0);
        assert_int_equal(ms, durations[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_follow_precision),
        cmocka_unit_test(writes_read_back),
        cmocka_unit_test(dates_read_back),
        cmocka_unit_test(durations_have_fixed_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
