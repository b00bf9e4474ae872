/* care/schedule.h - when a specialist receives: the hours of a week at a place, days and hours off, hours
 * beside the week, holidays; and the free slots that follow from them.
 *
 * The record is FHIR: a Schedule of the category "visit" (actor: the specialist, and the service when
 * there is one; the week stands in extensions), a Slot for each exception (busy-unavailable: off; free:
 * hours beside the week) and for each visit (care/booking.h). Free slots are not
 * stored: they are reckoned, so that a
 * change of the week holds at once. A place has its own offset from UTC, in minutes: the countries here keep
 * one offset the whole year, and the zone data of an operating system is older than their last change. */
#pragma once

#include "care/care.h"
#include "care/who.h"

struct tx;

enum { HOURS_MAX = 60, SCHEDULES_MAX = 200, SLOTS_MAX = 400, BLOCKS_MAX = 100,
       SLOT_MINUTES_MIN = 5, SLOT_MINUTES_MAX = 240 };
enum { SLOT_IN_PERSON = 1 << 0, SLOT_REMOTE = 1 << 1, SLOT_BOTH = SLOT_IN_PERSON | SLOT_REMOTE };

/* Hours of a day of the week. */
struct schedule_hours {
    unsigned day;            /* 1 Monday .. 7 Sunday */
    unsigned from_min, to_min; /* minutes of the local day, to_min at most 1440 */
    unsigned minutes;        /* length of a slot */
    unsigned modes;          /* SLOT_ */
};

/* An exception. */
struct schedule_block {
    struct str id; /* Slot */
    int64_t start_ms, end_ms;
    unsigned minutes; /* 0: off; else slots of this length beside the week */
    unsigned modes;   /* SLOT_ of those */
    struct str note;
};

struct schedule {
    struct str id;      /* Schedule */
    uint64_t version;
    struct str person;  /* Practitioner */
    struct str service; /* HealthcareService; empty: none */
    struct str org;     /* Organization */
    struct str place;   /* in words: building, room */
    struct zone zone;   /* local time of the place: the region's, or an offset of its own */
    bool active;
    bool open;          /* patients who were never seen there may book themselves */
    struct schedule_hours hours[HOURS_MAX]; /* by day and from_min */
    uint32_t n_hours;
};

struct slot {
    int64_t start_ms, end_ms;
    unsigned modes; /* SLOT_ */
};

/* May rq->who change it: the specialist, and who books or leads at its organisation. */
bool schedule_may(const struct req *rq, struct str person, struct str org);

/* errors  E_NOT_FOUND */
MUST_USE enum err schedule_load(struct req *rq, struct str id, struct schedule *ret_schedule);
enum schedule_by { SCHEDULE_BY_PERSON, SCHEDULE_BY_SERVICE, SCHEDULE_BY_ORG, SCHEDULE_ALL };
/* Active ones; at most n (up to SCHEDULES_MAX). */
MUST_USE enum err schedule_list(struct req *rq, enum schedule_by by, struct str owner,
                                struct schedule *ret_schedules, uint32_t n, uint32_t *ret_n);

/* Begins one: person, service, org, place, zone of s.
 * errors  E_FORBIDDEN; E_BAD_INPUT "person", "service", "place", "tz" */
MUST_USE enum err schedule_new(struct req *rq, struct tx *tx, const struct schedule *s,
                               struct str *ret_id);
/* Adds the same hours to days of the week, all or none of them, or removes the i-th ones; expect: the version
 * that was seen. days: a bit each, Monday is 1 << 1; hours->day is not looked at.
 * errors  E_FORBIDDEN, E_NOT_FOUND, E_STALE; E_BAD_INPUT "day", "from", "minutes", "modes"; E_CONFLICT they
 *         overlap others; E_TOO_LARGE */
MUST_USE enum err schedule_hours_add(struct req *rq, struct tx *tx, struct str id, uint64_t expect,
                                     unsigned days, const struct schedule_hours *hours);
MUST_USE enum err schedule_hours_remove(struct req *rq, struct tx *tx, struct str id,
                                        uint64_t expect, uint32_t at);
/* Patients who were never seen there may book themselves, or may not. errors  as above */
MUST_USE enum err schedule_open(struct req *rq, struct tx *tx, struct str id, uint64_t expect,
                                bool open);
/* Ends it: no slot is offered any more. errors  E_CONFLICT visits are booked; as above */
MUST_USE enum err schedule_end(struct req *rq, struct tx *tx, struct str id, uint64_t expect);

/* Exceptions from from_ms to to_ms. */
MUST_USE enum err schedule_blocks(struct req *rq, struct str id, int64_t from_ms, int64_t to_ms,
                                  struct schedule_block *ret_blocks, uint32_t n, uint32_t *ret_n);
/* errors  E_FORBIDDEN, E_NOT_FOUND; E_BAD_INPUT "from", "minutes"; E_CONFLICT visits are booked in the time
 *         that is to be off: they are moved or cancelled first */
MUST_USE enum err schedule_block_add(struct req *rq, struct tx *tx, struct str id,
                                     const struct schedule_block *b);
MUST_USE enum err schedule_block_remove(struct req *rq, struct tx *tx, struct str id,
                                        struct str block);

/* Free slots that begin in [from_ms, to_ms), none before rq->now and none later than the policy lets book; in
 * order, at most n (up to SLOTS_MAX).
 * but: a visit whose own time counts as free (it is being moved), or empty */
MUST_USE enum err slot_list(struct req *rq, const struct schedule *s, int64_t from_ms, int64_t to_ms,
                            struct str but, struct slot *ret_slots, uint32_t n, uint32_t *ret_n);
/* Is the day without visits: a holiday of the policy at its organisation? */
MUST_USE enum err slot_is_holiday(struct req *rq, const struct schedule *s, int64_t day,
                                  bool *ret_is);

/* Of a day of zone_day(): 1 Monday .. 7 Sunday. */
unsigned slot_weekday(int64_t day);

#define CS_SCHEDULE CARE_URL "/CodeSystem/schedule"
