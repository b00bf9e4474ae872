/* work/herald_int.h - what the parts of the herald share; private to the room. */
#pragma once

#include "care/who.h"
#include "work/herald.h"

enum { HERALD_CAP = 256 << 20 };

static inline void herald_req(struct req *rq, struct care *care, struct db *db, struct instant now)
{
    req_init(rq, HERALD_CAP, now);
    rq->app = (struct app *)care;
    rq->db = db;
    rq->who = &who_clock;
}

/* The Subscription of a row, read. *ret_error: its present error text.
 * errors   E_UNPROCESSED  it asks for what is not offered any more; E_NOT_FOUND, E_GONE */
MUST_USE enum err herald_want(struct req *rq, const struct sub_row *row, struct sub_want *ret_want);
/* Ends a subscription: off, with a reason. Commits. */
MUST_USE enum err herald_off(struct care *care, struct db *db, struct instant now,
                             const struct sub_row *row, struct str why);
