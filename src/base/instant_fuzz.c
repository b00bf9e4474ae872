/* base/instant_fuzz.c - any text as a date, a time or a duration: what is read is written, and reads the
 * same; civil dates and days agree. */
#include "base/err.h"
#include "base/instant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_time(struct arena *a, struct instant t)
{
    struct buf b;
    struct instant again;
    struct civil utc = instant_civil(t, 0);
    if (!civil_is_valid(&utc)) {
        return; /* the last day of the year 9999 west of Greenwich, and the first of all */
    }
    buf_init(&b, a, 64);
    instant_write(&b, t);
    ASSERT(instant_parse(buf_get(&b), &again) && again.ms == t.ms);
    for (int offset = -840; offset <= 840; offset += 420) {
        struct civil c = instant_civil(t, offset);
        if (civil_is_valid(&c)) {
            ASSERT(instant_from_civil(&c, offset).ms == t.ms);
        }
    }
    t.ms -= ((t.ms % 1000) + 1000) % 1000;
    buf_init(&b, a, 64);
    instant_write_http(&b, t);
    ASSERT(instant_parse_http(buf_get(&b), &again) && again.ms == t.ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(1 << 16);
    struct str s = {(const char *)data, size};
    struct instant lo;
    struct instant hi;
    struct civil d;
    int64_t ms = 0;
    if (instant_parse(s, &lo)) {
        check_time(a, lo);
        ASSERT(instant_span(s, 300, &lo, &hi) && lo.ms < hi.ms);
    }
    if (instant_span(s, 300, &lo, &hi)) {
        struct instant late;
        struct instant end;
        ASSERT(lo.ms < hi.ms && instant_span(s, -300, &late, &end) && late.ms >= lo.ms);
    }
    if (instant_parse_http(s, &lo)) {
        check_time(a, lo);
    }
    if (date_parse(s, &d)) {
        struct civil today = {.year = 2026, .month = 11, .day = 22};
        ASSERT(civil_is_valid(&d) && years_between(&d, &today) <= 2026);
        lo.ms = civil_days(d.year, d.month, d.day) * MS_DAY;
        struct civil again = instant_civil(lo, 0);
        ASSERT(again.year == d.year && again.month == d.month && again.day == d.day);
    }
    (void)!duration_parse(s, &ms);
    arena_free(a);
    return 0;
}
