/* base/zone_test.c - local time over changes of the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/zone.h"

/* Made up: +05:00, one hour forward in March 2026, back in October; later the law takes an hour away. */
#define FORWARD INT64_C(1774735200000) /* 2026-03-28T22:00:00Z: 03:00 becomes 04:00 */
#define BACK INT64_C(1792875600000)    /* 2026-10-24T21:00:00Z: 03:00 becomes 02:00 */
#define LAW INT64_C(1893423600000)     /* 2029-12-31T15:00:00Z */

static struct zone made(void)
{
    static const struct zone_change changes[] = {{FORWARD, 360}, {BACK, 300}, {LAW, 240}};
    return (struct zone){.first_min = 300, .n = LEN(changes), .changes = changes};
}

static int64_t utc(const char *z_text)
{
    struct instant t = {0};
    assert_true(instant_parse(str_z(z_text), &t));
    return t.ms;
}

static void the_offset_of_a_moment(void **state)
{
    struct zone z = made();
    (void)state;
    assert_int_equal(zone_at(&z, INT64_MIN), 300);
    assert_int_equal(zone_at(&z, FORWARD - 1), 300);
    assert_int_equal(zone_at(&z, FORWARD), 360);
    assert_int_equal(zone_at(&z, BACK - 1), 360);
    assert_int_equal(zone_at(&z, BACK), 300);
    assert_int_equal(zone_at(&z, INT64_MAX), 240);
}

static void the_moment_of_a_local_time(void **state)
{
    static const struct {
        struct civil local;
        const char *want;
    } rows[] = {
        {{2026, 1, 15, 12, 0, 0, 0}, "2026-01-15T12:00:00+05:00"},
        {{2026, 3, 29, 2, 59, 0, 0}, "2026-03-29T02:59:00+05:00"},
        {{2026, 3, 29, 3, 30, 0, 0}, "2026-03-29T04:30:00+06:00"}, /* not there */
        {{2026, 3, 29, 4, 0, 0, 0}, "2026-03-29T04:00:00+06:00"},
        {{2026, 10, 25, 1, 59, 0, 0}, "2026-10-25T01:59:00+06:00"},
        {{2026, 10, 25, 2, 30, 0, 0}, "2026-10-25T02:30:00+06:00"}, /* twice: the first */
        {{2026, 10, 25, 3, 0, 0, 0}, "2026-10-25T03:00:00+05:00"},
        {{2030, 1, 1, 9, 0, 0, 0}, "2030-01-01T09:00:00+04:00"},
        {{1, 1, 1, 0, 0, 0, 0}, "0001-01-01T00:00:00+05:00"},
        {{9999, 12, 31, 23, 59, 59, 0}, "9999-12-31T23:59:59+04:00"},
    };
    struct zone z = made();
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(zone_instant(&z, &rows[i].local).ms, utc(rows[i].want));
    }
}

/* Each half hour of a year: what the wall shows is found again, and days follow each other. */
static void there_and_back(void **state)
{
    struct zone z = made();
    int64_t day = zone_day(&z, FORWARD - 90 * MS_DAY);
    (void)state;
    for (int64_t t = FORWARD - 90 * MS_DAY; t < BACK + 90 * MS_DAY; t += 30 * MS_MINUTE) {
        struct civil c = zone_civil(&z, (struct instant){t});
        int64_t again = zone_instant(&z, &c).ms;
        assert_true(again == t || (again == t - MS_HOUR && t >= BACK && t < BACK + MS_HOUR));
        int64_t d = zone_day(&z, t);
        assert_true(d == day || (d == day + 1 && c.hour == 0 && c.minute == 0));
        day = d;
        assert_true(zone_midnight(&z, d) <= t && t < zone_midnight(&z, d + 1));
        assert_int_equal(zone_minute(&z, d, c.hour * 60 + c.minute), again);
    }
}

static void a_day_has_23_to_25_hours(void **state)
{
    static const struct {
        const char *text;
        int hours;
    } rows[] = {{"2026-03-28", 24}, {"2026-03-29", 23}, {"2026-10-25", 25}, {"2026-10-26", 24}};
    struct zone z = made();
    struct instant lo;
    struct instant hi;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_true(zone_span(&z, str_z(rows[i].text), &lo, &hi));
        assert_int_equal(hi.ms - lo.ms, rows[i].hours * MS_HOUR);
    }
    assert_true(zone_span(&z, S("2026-03-29T03:30:00Z"), &lo, &hi));
    assert_int_equal(lo.ms, utc("2026-03-29T03:30:00Z"));
    assert_false(zone_span(&z, S("2026-02-30"), &lo, &hi));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_offset_of_a_moment),
        cmocka_unit_test(the_moment_of_a_local_time),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_day_has_23_to_25_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
