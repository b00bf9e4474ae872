/* care/stamping.h - time stamps (RFC 3161) over the signatures kept here, from the authority an administrator
 * chose.
 *
 * A signature is never held up by it: within its transaction a row is queued, work/stamper.h asks, and the
 * token that comes is kept beside the signature; what is handed out carries it (codec/stamp.h). */
#pragma once

#include "care/care.h"
#include "codec/stamp.h"
#include "store/tx.h"

/* Whether signatures are stamped: an authority is set. */
bool stamping_offered(const struct care *care);
/* The signature of a Provenance, which this transaction writes, is to be stamped. Nothing where no authority
 * is set. */
MUST_USE enum err stamping_ask(struct req *rq, struct tx *tx, struct str provenance);

enum stamping_state {
    STAMPING_NONE,  /* none was asked for */
    STAMPING_WAITS, /* why: of the last attempt that failed, or STAMP_GOOD before the first */
    STAMPING_HOLDS, /* at, by */
    STAMPING_BAD,   /* the token kept does not hold any more: why */
    STAMPING_NEVER  /* none is asked for any more: why */
};
struct stamping {
    enum stamping_state state;
    enum stamp_why why;
    struct instant at;
    struct str by;
};
/* The time stamp of a signature made at signed_at, checked, and the signature to hand out: cms itself, or
 * with the token in it. errors  E_BUSY, E_TOO_LARGE */
MUST_USE enum err stamping_of(struct req *rq, struct str provenance, struct str cms, struct instant signed_at,
                              struct stamping *ret_stamping, struct str *ret_cms);
/* "Test TSA, 23.11.2026 14:02 (UTC+05:00), checked: it holds", or why there is none that holds; nothing when
 * none was asked for. offset_min: local time, minutes east of UTC. */
void stamping_write(struct buf *b, enum lang lang, const struct stamping *s, int offset_min);
/* How many were given up for a reason. */
MUST_USE enum err stamping_given_up(struct req *rq, enum stamp_why why, uint64_t *ret_n);
/* Those that were given up are asked for again, now; on record. gives *ret_n: how many.
 * errors  E_UNSUPPORTED  no authority is set */
MUST_USE enum err stamping_retry(struct req *rq, struct tx *tx, uint64_t *ret_n);
/* How many signatures wait for longer than a day. */
MUST_USE enum err stamping_late(struct req *rq, uint64_t *ret_n);

/* ---- for work/stamper.c ---- */

/* A signature that is due. */
struct stamping_due {
    struct str provenance;
    bool is_gone;         /* erased meanwhile: stamping_drop() */
    struct str cms;       /* p NULL: what is kept cannot be read */
    int64_t attempts;
    struct instant asked; /* it was signed then */
};
/* One that cannot be read is no error: it is for stamping_again() or stamping_give_up(), so that others go
 * on.
 * errors  E_NOT_FOUND  none is due; E_BUSY */
MUST_USE enum err stamping_next(struct req *rq, struct stamping_due *ret_due);
/* Keeps the token, or puts the next attempt off; on record. */
MUST_USE enum err stamping_keep(struct req *rq, struct tx *tx, const struct stamping_due *due,
                                struct str token);
MUST_USE enum err stamping_drop(struct tx *tx, const struct stamping_due *due);
MUST_USE enum err stamping_again(struct req *rq, struct tx *tx, const struct stamping_due *due,
                                 enum stamp_why why, int64_t wait_ms);
/* None is asked for any more; on record, with the reason for its reader. */
MUST_USE enum err stamping_give_up(struct req *rq, struct tx *tx, const struct stamping_due *due,
                                   enum stamp_why why);
