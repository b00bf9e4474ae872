/* os/zone_test.c - zones as the system knows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "os/zone.h"

static struct zone_table table;

static int at(const struct zone *z, const char *when)
{
    struct instant t = {0};
    assert_true(instant_parse(str_z(when), &t));
    return zone_at(z, t.ms);
}

static void named_zones_follow_their_law(void **state)
{
    struct zone z;
    (void)state;
    assert_true(os_zone(S("Europe/Berlin"), &table, &z));
    assert_int_equal(at(&z, "2026-10-25T00:59:59Z"), 120);
    assert_int_equal(at(&z, "2026-10-25T01:00:00Z"), 60);
    assert_int_equal(at(&z, "2099-07-01T00:00:00Z"), 120);
    assert_true(os_zone(S("Asia/Almaty"), &table, &z));
    assert_int_equal(at(&z, "2024-02-29T12:00:00Z"), 360); /* until the law of 2024 */
    assert_true(os_zone(S("Asia/Tashkent"), &table, &z));
    assert_int_equal(z.changes[z.n - 1].offset_min, 300);
    assert_true(os_zone(S("UTC"), &table, &z));
    assert_int_equal(z.n, 0);
}

static void minutes_are_a_fixed_offset(void **state)
{
    struct zone z;
    (void)state;
    assert_true(os_zone(S("300"), &table, &z));
    assert_int_equal(zone_at(&z, 0), 300);
    assert_true(os_zone(S("-210"), &table, &z));
    assert_int_equal(zone_at(&z, 0), -210);
    assert_false(os_zone(S("900"), &table, &z));
}

static void what_is_no_zone_is_refused(void **state)
{
    static const char *const rows[] = {"", "Asia", "Asia/", "/etc/passwd", "../../../etc/passwd", "Asia/Nowhere",
                                       "Asia//Almaty", "Asia/Almaty ", "zone.tab/x"};
    struct zone z;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_false(os_zone(str_z(rows[i]), &table, &z));
        assert_false(os_zone_known(str_z(rows[i])));
    }
}

static void the_own_zone_of_the_process_stays(void **state)
{
    struct zone z;
    (void)state;
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    assert_true(os_zone(S("Europe/Berlin"), &table, &z));
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_zones_follow_their_law),
        cmocka_unit_test(minutes_are_a_fixed_offset),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test(the_own_zone_of_the_process_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
