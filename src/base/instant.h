/* base/instant.h - points in time, durations and civil dates, without the C library's time zones.
 *
 * Calendar arithmetic: proleptic Gregorian, days counted from 1970-01-01 (Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
#pragma once

#include "base/buf.h"

struct instant {
    int64_t ms; /* milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored */
};

struct civil {
    int year;    /* 1..9999 */
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int hour;    /* 0..23 */
    int minute;  /* 0..59 */
    int second;  /* 0..59 (60 is read as 59.999) */
    int milli;   /* 0..999 */
};

#define MS_SECOND INT64_C(1000)
#define MS_MINUTE INT64_C(60000)
#define MS_HOUR INT64_C(3600000)
#define MS_DAY INT64_C(86400000)
#define MS_YEAR (36525 * MS_DAY / 100) /* of terms counted in years: an average one */

bool civil_is_valid(const struct civil *c);
/* Days since 1970-01-01 of a valid date. */
int64_t civil_days(int year, int month, int day);
/* c is local time offset_min minutes east of UTC. */
struct instant instant_from_civil(const struct civil *c, int offset_min);
/* The local time of t, offset_min minutes east of UTC. */
struct civil instant_civil(struct instant t, int offset_min);

/* FHIR R4 date, dateTime or instant: YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm:ss[.fff](Z|+hh:mm).
 * Gives the half-open span the text covers at its precision. A value without offset is local to
 * default_offset_min. False when the form or the calendar is wrong. */
MUST_USE bool instant_span(struct str text, int default_offset_min, struct instant *ret_lo,
                           struct instant *ret_hi);
/* FHIR R4 instant: complete, with offset. */
MUST_USE bool instant_parse(struct str text, struct instant *ret_t);
/* YYYY-MM-DD exactly. */
MUST_USE bool date_parse(struct str text, struct civil *ret_date);

/* Writes YYYY-MM-DD, as date_parse() reads it. */
void date_write(struct buf *b, const struct civil *date);
/* 2026-11-22T03:24:05.123Z */
void instant_write(struct buf *b, struct instant t);
/* Sun, 22 Nov 2026 03:24:05 GMT (RFC 9110 5.6.7) */
void instant_write_http(struct buf *b, struct instant t);
MUST_USE bool instant_parse_http(struct str text, struct instant *ret_t);

/* ISO 8601 duration with weeks, days, hours, minutes, seconds (P1DT2H, PT30M, P2W): milliseconds.
 * Years and months are refused: they have no fixed length. */
MUST_USE bool duration_parse(struct str text, int64_t *ret_ms);
/* Whole years between two dates, as a person's age is counted. */
int years_between(const struct civil *from, const struct civil *to);
