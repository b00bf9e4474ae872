/* care/ring.h - an emergency calls the consultant on duty: on the page with sound, by push, e-mail and SMS;
 * after the policy's minutes the next on the roster, then the coordinators of the centre. Acceptance (or
 * anything else that ends the waiting) ends the call.
 *
 * Which classes of urgency call, and the minutes, are the policy's (policy_terms.ring). Each step after the
 * first is the clock's, as a job, and on record. */
#pragma once

#include "base/req.h"

struct case_row;
struct directory;
struct moving;
struct tx;

enum { RING_PEOPLE = 16 };

/* Part of each move: a call begins, begins anew for another service, or ends. */
MUST_USE enum err ring_follow(struct moving *m);
/* The clock job: the next are called when the case still waits; else nothing. */
MUST_USE enum err ring_step(struct req *rq, struct tx *tx, struct str case_id, struct str arg);
/* Does this class of urgency call people, by the policy of the organisation that answers? */
bool ring_may(struct req *rq, const struct directory *dir, const struct case_row *row);

/* Somebody who was called to a case. */
struct ring {
    struct str case_id, person;
    struct instant at, ended; /* ended.ms 0: it still rings */
    uint32_t step;            /* 1.. */
};
/* Calls to a case, in order, at most n. */
MUST_USE enum err ring_of_case(struct req *rq, struct str case_id, struct ring *ret_rings, uint32_t n,
                               uint32_t *ret_n);
/* What rings for the person who acts, oldest first, at most n. */
MUST_USE enum err ring_mine(struct req *rq, struct ring *ret_rings, uint32_t n, uint32_t *ret_n);
