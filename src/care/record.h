/* care/record.h - the record as auditors read it: looking for what was done, and whether its chains hold. */
#pragma once

#include "base/req.h"
#include "store/audit.h"

struct tx;

enum record_kind {
    RECORD_ALL,
    RECORD_REFUSED,  /* what somebody might not do, wrong passwords too */
    RECORD_OUTSIDE,  /* cases opened outside the team */
    RECORD_SIGN_IN,  /* sessions, passwords, tokens, roles */
    RECORD_PAPERS,   /* signed, printed, taken away */
    RECORD_ADMIN,    /* people, organisations, settings */
    RECORD_KIND_COUNT
};

/* Is a record of this kind. */
bool record_is(enum record_kind kind, const struct audit_row *row);

enum { RECORD_SCAN = 5000 }; /* records looked through at once */

/* Whether a record is wanted, besides its kind; NULL: each is. */
typedef bool (*record_fits_fn)(struct req *rq, const struct audit_row *row, void *ctx);

/* Looks through at most RECORD_SCAN records, newest first, with seq < before (0: from the end), for at
 * most n of a kind. That somebody looked is itself put on record.
 * gives    *ret_n rows; *ret_next: the seq to go on before, 0 when all were looked through
 * errors   E_FORBIDDEN  without the right to audit; E_IO, E_TOO_LARGE */
MUST_USE enum err record_find(struct req *rq, enum record_kind kind, uint64_t before,
                              record_fits_fn fits, void *ctx, size_t n, struct audit_row *ret_rows,
                              size_t *ret_n, uint64_t *ret_next);

/* Takes one record on its way out; what it allocates of rq->a is gone after the page it stands on. */
typedef enum err (*record_each_fn)(struct req *rq, const struct audit_row *row, void *ctx);
/* Gives each record of a kind to each(), newest first, all there are, a page of them in memory at a time.
 * That somebody took them away is itself put on record.
 * errors   E_FORBIDDEN  without the right to audit; E_IO; what each() gives ends it */
MUST_USE enum err record_export(struct req *rq, enum record_kind kind, record_fits_fn fits,
                                void *fits_ctx, record_each_fn each, void *each_ctx);

/* The last proof of the chains that was asked for on a page. */
struct record_proof {
    struct instant at; /* 0: none yet */
    struct audit_report report;
};
/* errors   E_IO */
MUST_USE enum err record_proof_last(struct req *rq, struct record_proof *ret_proof);
/* Proves both chains now and keeps the result in tx; on record. Reads the whole record: slow.
 * errors   E_FORBIDDEN  without the right to audit; E_IO */
MUST_USE enum err record_prove(struct req *rq, struct tx *tx, struct record_proof *ret_proof);
