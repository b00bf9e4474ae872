/* care/recording_old.h - recordings past the term of their policies: their bytes leave; that they were made,
 * by whom, when and which term ended them stays on record.
 *
 * Which policy: that under which each person agreed to be recorded (Consent.policyRule). Of several the
 * longest term holds; one without a term, or that nobody knows any more, keeps the recording for ever. It
 * stays while the meeting goes on, its case, visit or consilium is open, the record is held or its erasure
 * is ordered, and as long as a signed document refers to the bytes. */
#pragma once

#include "care/retain_wait.h"

struct recording_old {
    struct str id, room;
    const struct policy *by; /* whose term is over */
    int64_t ended_ms;        /* its meeting */
    bool waits;              /* the term does not hold yet: see care/retain_wait.h */
    struct instant until;    /* and when it does */
};
typedef enum err (*recording_old_fn)(struct req *rq, const struct recording_old *r, void *ctx);
/* Those past their term that nobody needs, the oldest first, at most max; waiting: those too whose term does
 * not hold yet. */
MUST_USE enum err recording_old_each(struct req *rq, bool waiting, uint32_t max, recording_old_fn fn,
                                     void *ctx);
/* Removes the bytes of at most max of them whose term holds, one recording a transaction (rq->who IS_CLOCK).
 * What moved on meanwhile is left for the next time. *ret_n: how many left
 * errors  what failed last, when something did; the others left */
MUST_USE enum err recording_old_remove(struct req *rq, uint32_t max, uint32_t *ret_n);
