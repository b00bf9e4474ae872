/* web/format_test.c - dates, numbers, sizes, durations and ages in each language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/format.h"

struct setup {
    struct arena *a;
    struct buf b;
};

static void begin(struct setup *s)
{
    s->a = arena_new(64 * 1024);
    buf_init(&s->b, s->a, 1000);
}

static void expect(struct setup *s, struct str want)
{
    struct str got = buf_get(&s->b);
    if (!str_eq(got, want)) {
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got), STR_ARG(want));
    }
    buf_truncate(&s->b, 0);
}

static void dates_keep_their_precision(void **state)
{
    (void)state;
    struct setup s;
    begin(&s);
    format_date_text(&s.b, LANG_RU, S("2026-11-22"));
    expect(&s, S("22 ноя 2026"));
    format_date_text(&s.b, LANG_KK, S("2026-01"));
    expect(&s, S("қаң 2026"));
    format_date_text(&s.b, LANG_UZ, S("1972"));
    expect(&s, S("1972"));
    format_date_text(&s.b, LANG_EN, S("not a date"));
    expect(&s, S("not a date"));
    struct civil c = {.year = 2026, .month = 5, .day = 1, .hour = 9, .minute = 5};
    format_time(&s.b, &c);
    expect(&s, S("09:05"));
    arena_free(s.a);
}

static void numbers_are_grouped(void **state)
{
    (void)state;
    struct setup s;
    begin(&s);
    format_num(&s.b, LANG_EN, 1234567);
    expect(&s, S("1,234,567"));
    format_num(&s.b, LANG_RU, -1000);
    expect(&s, S("-1\u202F000"));
    format_num(&s.b, LANG_RU, 999);
    expect(&s, S("999"));
    format_num(&s.b, LANG_EN, INT64_MIN);
    expect(&s, S("-9,223,372,036,854,775,808"));
    format_size(&s.b, LANG_RU, 1536 * 1024);
    expect(&s, S("1,5\u00A0МБ"));
    format_size(&s.b, LANG_EN, 1023);
    expect(&s, S("1023\u00A0B"));
    format_size(&s.b, LANG_EN, UINT64_MAX);
    expect(&s, S("16777215\u00A0TB"));
    arena_free(s.a);
}

static void durations_show_two_units(void **state)
{
    (void)state;
    struct setup s;
    begin(&s);
    format_duration(&s.b, LANG_EN, 100 * MS_MINUTE);
    expect(&s, S("1\u00A0h 40\u00A0min"));
    format_duration(&s.b, LANG_RU, -20 * MS_MINUTE);
    expect(&s, S("20\u00A0мин"));
    format_duration(&s.b, LANG_EN, 2 * MS_DAY + 5 * MS_MINUTE);
    expect(&s, S("2\u00A0d"));
    format_duration(&s.b, LANG_EN, 0);
    expect(&s, S("0\u00A0min"));
    arena_free(s.a);
}

static void ages_fit_the_small(void **state)
{
    (void)state;
    static const struct {
        struct str birth;
        struct str want;
    } rows[] = {
        {SI("1972-03-01"), SI("54 years")}, {SI("2024-11-23"), SI("23 months")},
        {SI("2024-11-22"), SI("2 years")},  {SI("2026-11-01"), SI("21 days")},
        {SI("2026-09-22"), SI("2 months")}, {SI("2026-11-21"), SI("1 day")},
        {SI("1972"), SI("54 years")},       {SI("2027-01-01"), SI("")},
        {SI("nonsense"), SI("")},           {SI("2025-12-23"), SI("10 months")},
    };
    struct setup s;
    begin(&s);
    struct civil today = {.year = 2026, .month = 11, .day = 22};
    for (size_t i = 0; i < LEN(rows); i++) {
        format_age(&s.b, LANG_EN, rows[i].birth, &today);
        expect(&s, rows[i].want);
    }
    arena_free(s.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_keep_their_precision),
        cmocka_unit_test(numbers_are_grouped),
        cmocka_unit_test(durations_show_two_units),
        cmocka_unit_test(ages_fit_the_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
