/* base/zone.h - the local time of a place, as its law changed it: offsets from UTC, each from a moment on. */
#pragma once

#include "base/instant.h"

struct zone_change {
    int64_t from_ms;
    int offset_min; /* minutes east of UTC */
};

/* A value; {.first_min = 300} is the same offset at all times. */
struct zone {
    int first_min; /* the offset before the first change */
    size_t n;
    const struct zone_change *changes; /* by from_ms, of whoever made the zone */
};

/* The offset at a moment. */
int zone_at(const struct zone *z, int64_t ms);
struct civil zone_civil(const struct zone *z, struct instant t);
/* The moment of a local time. Of a time that is there twice (clocks go back) the first; a time that is
 * not there (clocks go forward) is taken as if the clocks had not been moved yet: 02:30 becomes 03:30. */
struct instant zone_instant(const struct zone *z, const struct civil *c);

/* Days since 1970-01-01 of the local date at a moment, and the moment a local date begins. */
int64_t zone_day(const struct zone *z, int64_t ms);
int64_t zone_midnight(const struct zone *z, int64_t day);
/* The moment of minute 0..1440 of a local day, by the clock on the wall. */
int64_t zone_minute(const struct zone *z, int64_t day, int minute);

/* Writes the offset of a local time, as FHIR has it: +05:00. local: "2026-11-23T14:30:00" or longer. */
void zone_write(struct buf *b, const struct zone *z, struct str local);

/* As instant_span(); what has no offset of its own is local. A local day has 23 or 25 hours sometimes. */
MUST_USE bool zone_span(const struct zone *z, struct str text, struct instant *ret_lo,
                        struct instant *ret_hi);
