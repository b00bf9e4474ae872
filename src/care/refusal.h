/* care/refusal.h - every refusal is on record, and nobody fills the disk by being refused.
 *
 * Refusals alike (who, from where, what, of which record, why) within an hour are records of their own
 * for the first few; the others are counted in the store, as durably, and one record tells how many. */
#pragma once

#include "base/req.h"

struct tx;

enum {
    REFUSALS_TOLD = 5,      /* alike: records of their own before counting begins */
    REFUSALS_APART = 100,   /* of one person: kinds told apart by what was touched */
    REFUSALS_NOBODY = 2000, /* of people not signed in: kinds told apart by address */
};
#define REFUSAL_WINDOW_MS MS_HOUR

/* Takes what is only counted off rq->audit and counts it in tx; the rest stays. Before tx is committed.
 * thread   any with a read handle */
MUST_USE enum err refusal_count(struct req *rq, struct tx *tx);
/* Puts counts older than an hour on record; at most n of them. ret_n: how many were. */
MUST_USE enum err refusal_tell(struct req *rq, uint32_t n, uint32_t *ret_n);
/* Puts a refusal on rq->audit unless one is there: what nobody below recorded. what: of the route. */
MUST_USE enum err refusal_note(struct req *rq, enum err outcome, uint16_t type, struct str id,
                               struct str what);
