/* care/retain_wait.h - a term that takes what stands in a record (of records, of recordings) does not hold
 * from the moment it is typed: after it was set or made shorter a waiting time runs (retention.waiting of the
 * profile the setting policy names), in which pages and commands say what would leave, so that a slip is seen
 * before it takes anything. What was seen, and since when, is kept in the store: it outlives restarts. */
#pragma once

#include "care/retain.h"

enum { RETAIN_WAITS_MAX = 64 };
struct retain_waits {
    struct {
        struct str kind, policy;
        int64_t ms, since_ms;
    } v[RETAIN_WAITS_MAX];
    uint32_t n;
};
/* errors  E_IO, E_TOO_LARGE */
MUST_USE enum err retain_waits_read(struct req *rq, struct retain_waits *ret_waits);

/* A term of a profile now. */
struct retain_held {
    bool set;             /* false: for ever */
    bool waits;           /* it takes nothing before */
    struct instant until; /* then */
    int64_t ms;
};
/* What is not in waits yet begins to wait now. */
struct retain_held retain_held(const struct req *rq, const struct retain_waits *waits, enum retain_id id,
                               const struct policy *p);

/* Writes down what was set, changed or taken back since the last time, with a record of each (rq->who
 * IS_CLOCK); commits when there is something. A term made longer goes on as it was. */
MUST_USE enum err retain_waits_note(struct req *rq);

/* "term of storage is over: kz 2026-11-22 retention.medicalRecord, 9131 days, not verified; source: ..." of a
 * term that is set, for the record; p NULL past the cap. */
struct str retain_ground(struct req *rq, enum retain_id id, const struct policy *p);
