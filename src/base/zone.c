/* base/zone.c - local time of a place. See zone.h. */
#include "base/zone.h"

#include <string.h>

/* How many changes were before a moment, or at it. */
static size_t n_before(const struct zone *z, int64_t ms)
{
    size_t lo = 0;
    size_t hi = z->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (z->changes[mid].from_ms <= ms) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static int offset_after(const struct zone *z, size_t n)
{
    return n == 0 ? z->first_min : z->changes[n - 1].offset_min;
}

int zone_at(const struct zone *z, int64_t ms)
{
    return offset_after(z, n_before(z, ms));
}

struct civil zone_civil(const struct zone *z, struct instant t)
{
    return instant_civil(t, zone_at(z, t.ms));
}

/* wall: milliseconds since 1970-01-01T00:00:00 by the clock on the wall. */
static int64_t from_wall(const struct zone *z, int64_t wall)
{
    size_t at = n_before(z, wall - z->first_min * MS_MINUTE);
    /* the offset is not known yet: the change that is nearest may be one of the neighbours */
    for (at -= MIN(at, (size_t)2); at < z->n; at++) {
        int64_t from = z->changes[at].from_ms;
        int64_t before = wall - offset_after(z, at) * MS_MINUTE;
        int64_t after = wall - offset_after(z, at + 1) * MS_MINUTE;
        if (before < from || after < from) { /* before it, or not there */
            return before;
        }
    }
    return wall - offset_after(z, z->n) * MS_MINUTE;
}

struct instant zone_instant(const struct zone *z, const struct civil *c)
{
    return (struct instant){from_wall(z, instant_from_civil(c, 0).ms)};
}

int64_t zone_day(const struct zone *z, int64_t ms)
{
    int64_t local = ms + zone_at(z, ms) * MS_MINUTE;
    return local >= 0 ? local / MS_DAY : (local - MS_DAY + 1) / MS_DAY;
}

int64_t zone_midnight(const struct zone *z, int64_t day)
{
    return from_wall(z, day * MS_DAY);
}

int64_t zone_minute(const struct zone *z, int64_t day, int minute)
{
    return from_wall(z, day * MS_DAY + minute * MS_MINUTE);
}

void zone_write(struct buf *b, const struct zone *z, struct str local)
{
    struct instant lo = {0};
    struct instant hi;
    char text[] = "2026-11-23T14:30:00Z"; /* read as UTC, then made local */
    bool read = local.n >= sizeof text - 2;
    if (read) {
        memcpy(text, local.p, sizeof text - 2);
        read = instant_span(str_z(text), 0, &lo, &hi);
    }
    int away = read ? zone_at(z, from_wall(z, lo.ms)) : z->first_min;
    buf_char(b, away < 0 ? '-' : '+');
    buf_u64_pad(b, (uint64_t)(away < 0 ? -away : away) / 60, 2);
    buf_char(b, ':');
    buf_u64_pad(b, (uint64_t)(away < 0 ? -away : away) % 60, 2);
}

bool zone_span(const struct zone *z, struct str text, struct instant *ret_lo,
               struct instant *ret_hi)
{
    enum { DATE_LEN = sizeof "2026-11-23" - 1 }; /* what is longer has an offset */
    if (!instant_span(text, 0, ret_lo, ret_hi)) {
        return false;
    }
    if (text.n <= DATE_LEN) {
        ret_lo->ms = from_wall(z, ret_lo->ms);
        ret_hi->ms = from_wall(z, ret_hi->ms);
    }
    return true;
}
