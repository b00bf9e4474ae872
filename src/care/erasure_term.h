/* care/erasure_term.h - records of patients past the term of their policies: they leave as by an order of
 * two (care/erasure.h), with the term in the place of the two.
 *
 * A record counts from its last entry: the newest version of anything in it, image, visit, meeting,
 * consilium. Which policy: those of the organisations that made entries, by the record of who changed what.
 * Of several the longest term holds; one without a term, or an organisation nobody knows any more, keeps the
 * record for ever. It stays while an order would be refused (something is open, it is held), while an order
 * is proposed, and while a draft or an upload that nobody has used yet is about it. */
#pragma once

#include "care/retain_wait.h"

struct erasure_old {
    int64_t rid;             /* of the Patient */
    struct str patient;
    const struct policy *by; /* whose term is over */
    int64_t last_ms;         /* the last entry */
    bool waits;              /* the term does not hold yet: see care/retain_wait.h */
    struct instant until;    /* and when it does */
};
/* How a walk over the patients goes on: {0} begins. */
struct erasure_walk {
    int64_t at, rid; /* of the patient looked at last */
    bool begun, end; /* end: there are no more */
};
typedef enum err (*erasure_old_fn)(struct req *rq, const struct erasure_old *o, void *ctx);
/* Looks at no more than about `look` patients and gives at most max of those past their term; waiting: those
 * too whose term does not hold yet. */
MUST_USE enum err erasure_old_each(struct req *rq, bool waiting, uint32_t look, uint32_t max,
                                   struct erasure_walk *walk, erasure_old_fn fn, void *ctx);
/* Erases at most max of them, each with its own commit (rq->who IS_CLOCK); the pieces and the cleaning of the
 * file follow by erasure_step(). Each call goes on among the patients where the last one stopped; *ret_more:
 * it stopped for max. What moved on meanwhile is left for the next time.
 * errors  what failed last, when something did; the others left */
MUST_USE enum err erasure_old_remove(struct req *rq, uint32_t max, uint32_t *ret_n, bool *ret_more);
