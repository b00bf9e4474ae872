/* fhir/scope.h - what a token may do, compiled from its scopes (SMART App Launch 2.2,
 * scopes-and-launch-context; the words of version 1 mean what they meant).
 *
 * Scopes only narrow: whose a record is to see is decided by teams as ever. Each place that touches a
 * resource asks here: scope_allows() for the type, then scope_cand() or scope_put() for the very
 * resource, or scope_terms() to make a search look at nothing else. A NULL set is no limit: people on
 * pages, the program itself.
 */
#pragma once

#include "fhir/query.h"
#include "store/db.h"

/* Interactions, and how a scope of version 2 names them. */
enum {
    OP_CREATE = 1 << 0, /* c */
    OP_READ = 1 << 1,   /* r: read, vread, history of one */
    OP_UPDATE = 1 << 2, /* u: update, patch, update as create */
    OP_DELETE = 1 << 3, /* d */
    OP_SEARCH = 1 << 4, /* s: search, history of a type */
    OP_ALL = 31,
};

enum scope_level { LEVEL_PATIENT, LEVEL_USER, LEVEL_SYSTEM, LEVEL_COUNT };

/* Words that are no resources. */
enum {
    SCOPE_OPENID = 1 << 0,
    SCOPE_FHIR_USER = 1 << 1,
    SCOPE_LAUNCH = 1 << 2,         /* opened from a page of ours */
    SCOPE_LAUNCH_PATIENT = 1 << 3, /* a patient is chosen */
    SCOPE_OFFLINE = 1 << 4,
    SCOPE_ONLINE = 1 << 5,
    SCOPE_PROFILE = 1 << 6,        /* an old name of fhirUser */
    SCOPE_LAUNCH_ENCOUNTER = 1 << 7, /* the patient's visit that is going on */
    SCOPE_MARKS = 8,               /* how many there are */
};

enum { SCOPE_ROWS_MAX = 64, SCOPE_TEXT_MAX = 4096, SCOPE_TERMS_MAX = 8 };

/* "user/Observation.rs?category=vital-signs" */
struct scope_row {
    enum scope_level level;
    enum fhir_type type;       /* T_NONE: all */
    unsigned ops;
    struct str word;           /* as written */
    struct str query;          /* what the resources must meet, as written; empty: nothing */
    struct fhir_criterion *c;  /* the same, compiled; filled in by scope_bind */
    size_t n;
    bool void_query;           /* bound: no resource can meet it */
};

struct fhir_scopes {
    struct scope_row *v;
    size_t n;
    unsigned marks;      /* SCOPE_OPENID ... */
    struct str patient;  /* whom patient/ scopes speak of: Patient id; empty: nobody */
    int64_t patient_rid; /* bound: its row; 0: nobody */
    bool bound;
};

/* Reads scopes. Words that mean nothing here (unknown types, letters out of order) are left out and, when
 * ret_unknown is not NULL, counted there. borrows text. Needs no store.
 * errors   E_TOO_LARGE  longer than SCOPE_TEXT_MAX, more than SCOPE_ROWS_MAX */
MUST_USE enum err scope_parse(struct req *rq, struct str text, struct fhir_scopes *ret_s,
                              uint32_t *ret_unknown);
/* Compiles the queries and finds the patient's row. A query that is no plain list of search parameters
 * (_id, _lastUpdated, token, reference, date, string, uri, quantity; no modifier but :not) closes its row.
 * Chains and _has are none: what they say of a resource changes with others, so no term upholds them.
 * errors   E_IO */
MUST_USE enum err scope_bind(struct req *rq, struct fhir_scopes *s, struct str patient);
/* Can the query of this row be bound? For saying so when it is asked for. */
bool scope_query_is_good(struct req *rq, const struct scope_row *row);
/* What of wanted is within allowed, as text: the words a token is given. with: SCOPE_ marks that may be
 * granted.
 * errors   E_TOO_LARGE */
MUST_USE enum err scope_meet(struct req *rq, const struct fhir_scopes *wanted,
                             const struct fhir_scopes *allowed, struct str *ret_text);
/* Is everything wanted within what was granted, whole? */
bool scope_covers(const struct fhir_scopes *granted, const struct fhir_scopes *wanted);
bool scope_has_level(const struct fhir_scopes *s, enum scope_level level);

/* May any resource of the type be touched so? ops: any of them. type T_NONE: of every type, freely. */
bool scope_allows(const struct fhir_scopes *s, enum fhir_type type, unsigned ops);
/* Every resource of the type: no query, no single patient. */
bool scope_is_free(const struct fhir_scopes *s, enum fhir_type type, unsigned ops);
/* Of the patient in context alone: *ret_rid is the row. */
bool scope_is_one_patient(const struct fhir_scopes *s, enum fhir_type type, unsigned ops,
                          int64_t *ret_rid);
/* Terms that every resource the scopes open meets: to be added to a search before it is planned. More
 * than one row is an "or", which is no term: then there are none, and scope_cand() alone decides.
 * limits   at most SCOPE_TERMS_MAX */
void scope_terms(const struct fhir_scopes *s, enum fhir_type type, unsigned ops,
                 const struct fhir_criterion **ret_c, size_t *ret_n);
/* Is this stored resource within the scopes? errors E_IO */
MUST_USE enum err scope_row_may(struct req *rq, const struct fhir_scopes *s, unsigned ops,
                                const struct res_row *row, bool *ret_may);
/* Is the resource about to be written? errors E_IO */
MUST_USE enum err scope_put_may(struct req *rq, const struct fhir_scopes *s, unsigned ops,
                                const struct tx_put *put, bool *ret_may);
