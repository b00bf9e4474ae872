/* store/writer_int.h - the writer's state, shared by writer.c, apply.c and record.c. */
#pragma once

#include "store/store_int.h"

enum { NEWEST_TYPES = 1024 }; /* a power of two; types that share a place are looked at more often */
enum { RID_CACHE = 16384, SRC_CACHE = 1024, NEWEST_CACHE = 8192 }; /* entries, powers of two */

struct cache_slot {
    struct key128 key;
    int64_t v; /* 0: empty */
};

struct newest_slot {
    int64_t rid;  /* 0: empty */
    uint64_t seq; /* its newest audit record, 0: none */
};

/* Versions of one type since a dictionary was asked for. */
struct born {
    uint32_t n;
    uint32_t ask_at; /* 0: not known yet */
};
enum { TRAIN_FIRST = 64, TRAIN_AGAIN = 4096, TRAIN_MOST = 1 << 20 };

/* Everything a rollback must put back. */
struct marks {
    int64_t next_rid;
    int64_t next_vid;
    int64_t next_src;
    struct head head; /* ends of both chains */
};

struct writer {
    struct store *store;
    struct conn *conn;
    struct arena *scratch; /* one transaction's temporary rows */
    struct marks marks;
    const struct tx *tx;   /* being applied */
    struct db view;        /* the open batch, for checks */
    int64_t type_vid[NEWEST_TYPES]; /* no version of the type is newer; kept when a batch is undone */
    int64_t time_ms;       /* of the present batch; never goes back */
    int64_t data_version;  /* another process wrote when it changes */
    struct cache_slot *rids;
    struct cache_slot *srcs;
    struct newest_slot *newest;
    struct born born[DICT_TYPES];
    bool dicts;            /* rows of dict were changed: what is kept of them follows */
    bool trains;           /* the keeper is to be told of train[] */
    bool sealed;           /* the last tx row covers the last audit record */

    struct os_mutex lock;  /* what follows */
    struct os_cond more;
    struct tx *first, **last;
    bool stop;
    struct head committed;
    struct os_thread thread;
    store_events_fn on_commit;
    void *on_commit_ctx;

    struct head started;   /* the chains' ends when the program began */
    struct os_cond keep;   /* wakes the keeper, with lock */
    struct os_thread keeper;
    bool keeper_stop;
    bool checkpoint;
    bool wants_dict;
    atomic_bool train[DICT_TYPES]; /* types that ask for a dictionary */

    uint64_t room_looked_us; /* when free space was last looked at */
    int room;                /* 0 enough, 1 below the floor, 2 below half of it */
    int wal_pages;

    atomic_uint_fast64_t n_txs, n_batches, n_failed, n_audits, write_us, sync_us, n_queued,
        n_wal_pages;
};

/* ---- apply.c, rid.c, step.c ---- */
/* Applies one transaction inside the open batch: all of it or nothing. E_IO and E_FULL mean the
 * whole batch is lost. */
MUST_USE enum err apply_tx(struct writer *w, struct tx *tx);
/* rid of a resource; a bare row (version 0) is made when there is none and make is set, else 0. */
MUST_USE enum err apply_rid(struct writer *w, struct req *rq, uint16_t type, struct str id,
                            bool make, int64_t *ret_rid);
/* Remembers the rid of a resource whose row is not written yet. */
void apply_rid_is(struct writer *w, uint16_t type, struct str id, int64_t rid);
/* Ends a step: gives st back and turns the result into an error. */
MUST_USE enum err apply_end(struct writer *w, struct req *rq, unsigned id, sqlite3_stmt *st, int rc);
/* Runs a statement whose parameters are all integers. */
MUST_USE enum err apply_ints(struct writer *w, struct req *rq, unsigned id, const int64_t *v,
                             int n);
/* The first column of a one row statement; 0 without a row. */
MUST_USE enum err apply_number(struct writer *w, struct req *rq, unsigned id, int64_t *ret_v);
/* Forgets everything made at or after m. */
void apply_restore(struct writer *w, const struct marks *m);

/* The words of a version. */
MUST_USE enum err words_write(struct writer *w, struct req *rq, const struct tx_put *put, int64_t vid);

/* ---- reindex.c ---- */
/* What the row of a resource says of its newest version; deleted 1, version 0: there is none. */
struct kept {
    int64_t vid, version, deleted, at, anchor, patient;
    struct str footprint; /* in w->scratch */
};
MUST_USE enum err kept_load(struct writer *w, struct req *rq, int64_t rid, struct kept *ret_k);
MUST_USE enum err reindex_write(struct writer *w, struct req *rq, const struct tx_index_op *op);

/* ---- index_rows.c ---- */
/* The resource's tuples with rids, sorted; in w->scratch. */
MUST_USE enum err index_prepare(struct writer *w, struct req *rq, const struct tx_put *p,
                                struct tuple **ret_t, size_t *ret_n);
struct index_side {
    const struct tuple *t;
    size_t n;
    int64_t at;
};
/* Changes the index tables from old to new. */
MUST_USE enum err index_change(struct writer *w, struct req *rq, int64_t rid,
                               const struct index_side *old, const struct index_side *new_);
/* The statement and parameters of one index row; gives their number. Strings go by *ret_key. */
struct index_row {
    unsigned add, del, has; /* statements */
    int n;                  /* parameters */
    int64_t v[5];
    int key_at;             /* parameter that is the string key, 0: none */
    int real_at;            /* parameter that is a double, 0: none */
    struct str key;
    double real;
};
void index_row_of(const struct tuple *t, int64_t at, int64_t rid, struct index_row *ret_row);
void index_row_bind(sqlite3_stmt *st, const struct index_row *row);

/* ---- record.c ---- */
/* src of the request's who and peer. */
MUST_USE enum err record_src(struct writer *w, struct req *rq, int64_t *ret_src);
/* Puts back on the request what stays on record although the transaction failed. */
void tx_give_back(struct tx *tx, enum err result);
/* Writes one audit record. */
MUST_USE enum err record_one(struct writer *w, struct req *rq, const struct audit_rec *rec,
                             int64_t src);
/* Patient and case of a record, 0 none. */
MUST_USE enum err record_rids(struct writer *w, struct req *rq, const struct audit_rec *rec,
                              int64_t *ret_patient, int64_t *ret_case);
/* Those of a large transaction, record_group.c. */
MUST_USE enum err record_grouped(struct writer *w, struct tx *tx, int64_t src);
/* Writes the transaction's audit records. */
MUST_USE enum err record_audit(struct writer *w, struct tx *tx, int64_t src);
/* Writes the tx row over the versions added to s. */
MUST_USE enum err record_tx(struct writer *w, struct req *rq, struct sha *s,
                            const struct chain_tx *row);
