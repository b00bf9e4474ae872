/* care/case_row.h - the worklist row of a case: who it is with, which clock runs, when it ends.
 *
 * A projection of Task and ServiceRequest, written with each move in the same transaction. */
#pragma once

#include "base/req.h"
#include "store/audit.h"
#include "store/db.h"

#define DUE_NEVER INT64_MAX

enum { LEVEL_NONE, LEVEL_REMINDED, LEVEL_OVERDUE, LEVEL_ESCALATED };

struct case_row {
    int64_t rid;           /* of the ServiceRequest */
    struct str id;         /* case id: ServiceRequest, Task and request form share it */
    struct str flow;       /* name of the workflow */
    uint32_t state;        /* index into its states */
    uint32_t turn;         /* enum care_turn */
    bool open;             /* something is still expected */
    uint32_t urgency;      /* index into content->urgencies: 0 is the worst */
    struct str profile;    /* code */
    struct str mode;       /* "deferred" or "real-time" */
    int64_t patient_rid;
    struct str patient;    /* id */
    struct str asker_org;  /* Organization that asks */
    struct str asker;      /* Practitioner who asks */
    struct str centre_org; /* Organization whose coordinators route it */
    struct str service;    /* HealthcareService asked */
    struct str answer_org; /* Organization of the service */
    struct str consultant; /* Practitioner named or accepted; empty: anybody of the service */
    uint32_t clock;        /* enum care_clock that runs */
    int64_t due_ms;        /* its end; DUE_NEVER when none runs */
    int64_t accept_due_ms; /* 0: no such promise yet */
    int64_t answer_due_ms;
    int64_t paused_since_ms; /* 0: the clocks run */
    int64_t paused_total_ms;
    uint32_t level; /* LEVEL_ of the running promise */
    int64_t created_ms, submitted_ms, allocated_ms, accepted_ms, answered_ms, received_ms,
        reported_ms, closed_ms; /* 0: not yet */
    struct str conclusion; /* Bundle id of the present signed conclusion */
    uint64_t version;      /* moves so far; the version of Task the move wrote */
};

/* The present row of q (a Q_FLOW_ statement); texts are copied into rq->a. */
void case_row_get(struct req *rq, const struct db_rows *q, struct case_row *ret_row);
/* errors  E_NOT_FOUND  no case of that id in any workflow */
MUST_USE enum err case_row_load(struct req *rq, struct str id, struct case_row *ret_row);
/* A list statement: owner (and before_ms for lists of finished cases, else 0), at most n rows.
 * *ret_n tells how many were given. */
MUST_USE enum err case_rows(struct req *rq, enum stmt_id q, struct str owner, uint32_t n,
                            int64_t before_ms, struct case_row *ret_rows, uint32_t *ret_n);

/* A record of something that was done with the case; the caller adds outcome and detail, and type and
 * id when it was done with a part of it. */
struct audit_rec case_audit(const struct case_row *row, enum audit_action action,
                            enum audit_why why);

/* Writes the row of a new case, or over the row of version before (E_STALE when it moved on). */
MUST_USE enum err case_row_new(struct tx *tx, const struct case_row *row);
MUST_USE enum err case_row_set(struct tx *tx, const struct case_row *row, uint64_t before);
