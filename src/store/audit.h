/* store/audit.h - who saw and changed what: records chained by SHA-256.
 *
 * A record is collected on the request (audit_add) and written by the transaction that makes the
 * change, or by store_commit_audit() before an answer that changes nothing leaves. Record n holds
 * SHA-256(hash of record n-1 || canonical bytes of n): see audit.c for the bytes.
 */
#pragma once

#include "store/store.h"

enum audit_action {
#define X(id, name) id,
#include "store/audit.def"
#undef X
    AUDIT_ACTION_COUNT
};
/* Why it was allowed (or not). */
enum audit_why {
#define X(id, name) id,
#include "store/why.def"
#undef X
    AUDIT_WHY_COUNT
};
const char *audit_action_name(enum audit_action a); /* "read" */
const char *audit_why_name(enum audit_why w);       /* "team" */

/* Who acts: the FIRST member of struct who (care/who.h), so that the store can read it. Without a
 * who the record names the system. */
struct audit_who {
    struct str actor; /* person id (Practitioner) or another actor's id */
    struct str login;
    struct str role;  /* role code */
    struct str org;   /* organisation id */
};

/* Whom a record of this request names: who acts, nobody (from the network, not signed in), or the system. */
const struct audit_who *audit_who_of(const struct req *rq);

struct audit_rec {
    struct audit_rec *next; /* set by audit_add */
    enum audit_action action;
    enum audit_why why;
    enum err outcome;      /* OK, or why it was refused */
    uint16_t type;         /* what was touched; 0: nothing in particular */
    struct str id;
    uint16_t patient_type; /* whose data it is; 0: nobody's */
    struct str patient_id;
    int64_t patient_rid;   /* when known (struct res_row): saves the writer a look-up */
    uint16_t case_type;    /* the case it belongs to */
    struct str case_id;
    int64_t case_rid;      /* when known */
    struct str detail;     /* names of parameters, counts, file kinds: never what a record holds */
};

/* Puts a copy of rec on rq->audit. borrows its slices until the commit: they live in rq->a or for
 * ever.
 * errors   E_TOO_LARGE  memory cap */
MUST_USE enum err audit_add(struct req *rq, const struct audit_rec *rec);

/* Takes the records of changes that were not made off rq->audit: those added after since, a former
 * value of rq->audit (NULL: all). Looks and refusals stay: they happened. */
void audit_take_back(struct req *rq, const struct audit_rec *since);

/* One record read back; slices are in rq->a. */
struct audit_row {
    uint64_t seq;
    struct instant at;
    struct str actor, login, role, org, peer;
    enum audit_action action;
    enum audit_why why;
    enum err outcome;
    uint16_t type;
    struct str id;
    int64_t patient_rid;
    int64_t case_rid;
    uint64_t patient_prev; /* seq of the record before about the same patient, 0: none */
    uint64_t case_prev;    /* seq of the record before about the same case */
    uint64_t request;
    struct str detail;
};
/* Newest first, records with seq < before (0: from the end), at most n; about one case or patient
 * by its rid, or all when rid is 0. *ret_n tells how many. To go on, give the seq of the last row
 * as before. */
MUST_USE enum err audit_list(struct req *rq, int64_t rid, uint64_t before, size_t n,
                             struct audit_row *ret_rows, size_t *ret_n);

/* A record of many resources written by one transaction has no type and id; its detail begins so. */
#define AUDIT_GROUP "transaction "
/* What a record names, in the order of writing: at most n of the resources, past the first skip ones;
 * *ret_n tells how many. One for a record with type and id, none for one about nothing in
 * particular. */
struct audit_name {
    uint16_t type;
    struct str id;
    uint64_t version; /* 0: any */
};
MUST_USE enum err audit_named(struct req *rq, const struct audit_row *row, size_t skip, size_t n,
                              struct audit_name *ret_names, size_t *ret_n);

enum audit_fault {
    AUDIT_HOLDS,     /* no fault */
    AUDIT_ALTERED,   /* record ret_seq does not match its hash, or its neighbours were moved */
    AUDIT_REMOVED,   /* record ret_seq is missing in the middle */
    AUDIT_CUT,       /* records from ret_seq on were removed: a tx row or DIR/audit.head knew more */
    AUDIT_TX_BROKEN, /* the chain of the tx rows breaks at tx ret_seq */
    AUDIT_HEAD_BAD,  /* DIR/audit.head is missing, altered or not signed by DIR/server.key */
};
const char *audit_fault_text(enum audit_fault f);
struct audit_report {
    enum audit_fault fault;
    uint64_t seq;     /* where, see above */
    uint64_t n_audit; /* records looked at */
    uint64_t n_tx;
    uint64_t n_erased; /* versions erased by order: a record says so, and the digest of each stands */
};
/* Walks both chains and holds them to DIR/audit.head. A fault found is a result, not a failure.
 * errors   E_IO */
MUST_USE enum err audit_verify(struct req *rq, struct audit_report *ret_report);
