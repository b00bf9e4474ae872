/* store/tx.h - write transactions, prepared by request threads and applied by the writer.
 *
 * A transaction is built in the request's arena, handed over with store_submit() or
 * store_commit(), applied alone (all of it or nothing) and committed together with others by one
 * sync. The audit records of rq->audit go along: record and change commit together or not at all.
 * Everything a transaction borrows (bodies, ids, tuples, values) must live until done().
 *
 * Order of work inside one: requires and expected versions, statements, puts and deletes (each in
 * the order given), teams, audit records, events. A put or an SQL_RID value may refer to a resource
 * put later in the same transaction. A resource may be put once in a transaction (E_CONFLICT).
 */
#pragma once

#include "store/stmt.h"
#include "store/store.h"

/* ---- Index tuples ---- */

enum tuple_kind {
    TUPLE_TOKEN = 1, /* also uri: hash of the uri, sys 0 */
    TUPLE_REF,
    TUPLE_DATE,
    TUPLE_STRING,
    TUPLE_QUANTITY, /* also number: unit 0 */
};
#define TOKEN_ANY_SYS UINT32_MAX

enum { TUPLE_STRING_MAX = 64 }; /* bytes of a string key; longer ones are cut by the store */

struct tuple {
    uint8_t kind; /* enum tuple_kind */
    uint16_t sp;  /* search parameter of a type, from the fhir room; 1..65535 */
    union {
        struct {
            uint64_t hash; /* store_hash() of the code */
            uint32_t sys;  /* store_hash_sys() of the system */
        } token;
        struct {
            uint16_t type;   /* a local reference: type and id; 0: elsewhere */
            struct str id;   /* FHIR id of the target */
            uint64_t url;    /* elsewhere: store_hash() of the URL */
            int64_t rid;     /* set by the store; in tuples read back: > 0 local, < 0 elsewhere */
        } ref;
        struct {
            int64_t lo_ms; /* half-open span [lo, hi) */
            int64_t hi_ms;
        } date;
        struct str string; /* folded key, compared by bytes */
        struct {
            uint64_t unit; /* store_hash() of the canonical unit, 0: a plain number */
            double value;  /* index key only: never shown, never computed with */
        } quantity;
    };
};

/* ---- Building ---- */

enum {
    TX_CREATE = -1, /* no live resource of this type and id may exist: E_CONFLICT */
    TX_ANY = -2,    /* create or update, whatever is there */
    TX_NEW = -3,    /* as TX_CREATE, and the id was made with os_id() just now (cheaper) */
};

struct tx_put {
    uint16_t type; /* enum fhir_type; 0 is no type */
    struct str id; /* 1..64 characters */
    int64_t expect; /* TX_CREATE, TX_ANY, TX_NEW, or the version that must be current (E_STALE) */
    /* Minified JSON of the resource, without id, meta.versionId and meta.lastUpdated:
     *   {"resourceType":"X"...   first member, exactly so, without blanks; then either
     *   ,"meta":{...}...         second member when meta has other elements (not empty), or
     *   ,"other":...             anything else, or the closing brace.
     * Reading gives {"resourceType":"X","id":"I","meta":{"versionId":"N","lastUpdated":"T"[,...]},...
     * Anything else is our own mistake and asserted. */
    struct str body;
    int64_t at_ms; /* the resource's principal date: its place in every posting list */
    /* What it hangs on: a case's ServiceRequest, or a Patient. anchor_type 0: directory data,
     * or nobody's but the system's when system_only. May be the resource itself. */
    uint16_t anchor_type;
    struct str anchor_id;
    bool system_only;
    uint16_t patient_type; /* 0: about no patient */
    struct str patient_id;
    const struct tuple *tuples;
    size_t n_tuples;
    struct str narrative; /* folded words with a blank between, for db.h list_words(); may be empty */
    struct str words;
};

/* gives a transaction in rq->a, NULL past its cap. rq must stay until done(). */
struct tx *tx_new(struct req *rq);
/* The i-th call makes put i (tx_put_version and friends).
 * borrows  everything p points to, until done()
 * errors   E_TOO_LARGE  memory cap; E_BAD_INPUT  a quantity tuple that is not a number */
MUST_USE enum err tx_put(struct tx *tx, const struct tx_put *p);
/* Counts as a put. expect as for tx_put; TX_ANY: deleting what is not there is E_NOT_FOUND. */
MUST_USE enum err tx_delete(struct tx *tx, uint16_t type, struct str id, int64_t expect);
/* Makes the index rows of a resource anew, the words with them, while this version is its current one; of p
 * type, at_ms, tuples, narrative and words count. No version, no record: nothing of what is kept changes.
 * borrows  as tx_put() */
MUST_USE enum err tx_index(struct tx *tx, int64_t rid, uint64_t version, const struct tx_put *p);
/* Conditional create: E_CONFLICT when a live resource has this token (sys may be TOKEN_ANY_SYS). */
MUST_USE enum err tx_require_none(struct tx *tx, uint16_t sp, uint64_t hash, uint32_t sys);
/* E_STALE unless this version of another resource is still the current one. */
MUST_USE enum err tx_require_version(struct tx *tx, uint16_t type, struct str id,
                                     uint64_t version);
/* Looks again at what a condition meant, on the writer's thread, with rq->db set to the state the
 * transaction is applied to; whatever it returns but OK refuses the transaction. Reads only. */
typedef enum err (*tx_check_fn)(struct req *rq, void *ctx);
/* check runs when a resource of the type (0: of any) was written after seen, the vid of db_now() before
 * the condition was looked up; otherwise what was seen still holds. */
MUST_USE enum err tx_require(struct tx *tx, uint16_t type, int64_t seen, tx_check_fn check,
                             void *ctx);
/* check runs after the puts of the transaction, on the state they make. */
MUST_USE enum err tx_require_after(struct tx *tx, tx_check_fn check, void *ctx);
/* A principal joins or leaves the team of a case or patient. Joining twice is no failure. */
MUST_USE enum err tx_team(struct tx *tx, uint16_t type, struct str id, uint64_t principal);
MUST_USE enum err tx_team_remove(struct tx *tx, uint16_t type, struct str id, uint64_t principal);

enum {
    TX_MUST_CHANGE = 1 << 0, /* no row changed: E_STALE */
    TX_MUST_BE_NEW = 1 << 1, /* no row changed, or a unique key exists: E_CONFLICT */
};
/* A statement W_... of store/stmt.def with its values; SQL_RID and SQL_TX_TIME values are filled in
 * by the writer. Without flags a broken constraint is E_CONFLICT too.
 * borrows  texts and blobs of vals, until done(); vals itself is copied */
MUST_USE enum err tx_sql(struct tx *tx, enum stmt_id id, unsigned flags,
                         const struct sql_val *vals, size_t n_vals);
#define TX_SQL(tx, id, flags, ...)                                      \
    tx_sql((tx), (id), (flags), (const struct sql_val[]){__VA_ARGS__}, \
           sizeof((const struct sql_val[]){__VA_ARGS__}) / sizeof(struct sql_val))
/* Published after the commit, see store_on_commit(). */
MUST_USE enum err tx_event(struct tx *tx, enum event_kind kind, uint64_t topic);
/* The same of a part of the topic. */
MUST_USE enum err tx_event_part(struct tx *tx, enum event_kind kind, uint64_t topic, uint32_t part);

/* ---- Committing ---- */

/* Runs on the writer thread after the sync (or after the refusal; then rq->err says why). The
 * request belongs to the caller again from here on. Must be quick and must not wait. */
typedef void (*tx_done_fn)(void *ctx, enum err e);
/* Hands tx and its request over; takes rq->audit along (a refused one leaves its looks and refusals
 * there). Neither may be touched until done().
 * thread   any */
void store_submit(struct store *st, struct tx *tx, tx_done_fn done, void *ctx);
/* Waits. For pool threads, jobs and commands; never on an I/O thread or the writer.
 * errors   E_STALE, E_CONFLICT, E_NOT_FOUND  as the parts say; nothing was changed
 *          E_FULL, E_IO, E_BUSY (shutting down)  nothing was changed */
MUST_USE enum err store_commit(struct store *st, struct req *rq, struct tx *tx);
/* Commits rq->audit alone, when there is any. */
MUST_USE enum err store_commit_audit(struct store *st, struct req *rq);
/* True when nothing would be written. */
bool tx_is_empty(const struct tx *tx);
size_t tx_n_puts(const struct tx *tx);

/* What was assigned; valid in and after done(OK). */
uint64_t tx_put_version(const struct tx *tx, size_t i);
int64_t tx_put_rid(const struct tx *tx, size_t i);
struct instant tx_time(const struct tx *tx); /* meta.lastUpdated of all its puts */
/* The resource as a read would give it, in rq->a; p NULL past the cap. */
struct str tx_put_text(const struct tx *tx, size_t i);
