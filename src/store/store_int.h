/* store/store_int.h - what the files of the room share. */
#pragma once

#include <stdatomic.h>

#include "os/file.h"
#include "os/thread.h"
#include "store/audit.h"
#include "store/chain_int.h"
#include "store/conn.h"
#include "store/db.h"
#include "store/dict_int.h"
#include "store/store.h"
#include "store/tx.h"

struct bodies;
struct writer;

struct blob_pin;

struct store {
    char dir[OS_PATH_MAX];
    char path[OS_PATH_MAX]; /* of the database file */
    uint8_t hash_key[16];
    struct store_opts opts;
    struct writer *writer; /* NULL when read only */
    struct dicts *dicts;      /* of the bodies */
    struct head_key head_key; /* signs DIR/audit.head */
    struct head head;         /* which DIR/audit.head said at the start, if it stands */
    bool head_stands;         /* it was there and fits the database */
    atomic_uint_fast64_t erased; /* commits that erased: bodies kept before are to be forgotten */
    struct os_mutex blob_lock; /* pins; and a blob's removal, against one that is being put */
    struct blob_pin *pins;     /* blob.c: blobs of requests that have not ended */
};

struct db {
    struct store *store;
    struct conn *conn;
    unsigned views; /* db_begin without db_end so far */
    struct unpack unpack;
    struct bodies *bodies; /* NULL: none are kept */
    uint64_t erased;       /* commits that erased, when they were looked at last */
};

/* A 128-bit keyed hash: two texts never share one. */
struct key128 {
    uint64_t a, b;
};
void key128(const struct store *st, const void *p, size_t n, struct key128 *ret_k);

/* The stored body with id and meta put in; p NULL past the cap. */
struct str body_splice(struct arena *a, struct str raw, struct str id, uint64_t version,
                       int64_t updated_ms);
/* True when body has the form tx.h asks for. */
bool body_is_well_formed(struct str raw);

/* Pins of requests that outlive the store point to it no more. */
void blob_pins_end(struct store *st);

/* ---- tx.c ---- */
struct tx_item {
    struct tx_put put; /* for a delete: type, id, expect */
    bool is_delete;
    uint8_t sha[32]; /* of the body */
    int64_t codec;   /* of stored, see dict_int.h */
    struct str stored; /* the body as its row keeps it; set when handed over */
    /* set by the writer */
    int64_t rid;
    int64_t vid;
    int64_t old_vid; /* 0: no row yet, or a bare row (then is_bare) */
    bool is_bare;
    bool old_deleted;
    bool old_erased;
    int64_t old_at;
    int64_t old_anchor;
    int64_t old_patient;
    uint64_t version;
    struct str old_footprint; /* in the writer's scratch */
};
enum tx_require_kind { REQUIRE_NONE, REQUIRE_VERSION, REQUIRE_SEEN, REQUIRE_AFTER };
struct tx_require {
    struct tx_require *next;
    enum tx_require_kind kind;
    uint16_t sp, type;
    uint32_t sys;
    uint64_t hash; /* or the version */
    struct str id;
    int64_t seen;
    tx_check_fn check;
    void *ctx;
};
struct tx_index_op {
    struct tx_index_op *next;
    int64_t rid;
    uint64_t version;
    struct tx_put put; /* type, at_ms, tuples, words */
};
struct erase_what;
struct tx_erase_op {
    struct tx_erase_op *next;
    const struct erase_what *what;
};
enum scrub_step { SCRUB_TRAIN, SCRUB_DICTS, SCRUB_BEGIN, SCRUB_WORDS, SCRUB_FILL, SCRUB_DROP, SCRUB_DONE };
struct tx_scrub_op {
    enum scrub_step step; /* set by the writer to the next one */
};
struct tx_team_op {
    struct tx_team_op *next;
    uint16_t type;
    bool remove;
    struct str id;
    uint64_t principal;
};
struct tx_sql_op {
    struct tx_sql_op *next;
    enum stmt_id id;
    unsigned flags;
    size_t n;
    struct sql_val vals[];
};
struct tx {
    struct req *rq;
    struct tx_item **items;
    size_t n_items, size_items;
    struct tx_require *requires, **requires_end;
    bool has_after;
    struct tx_index_op *indexes, **indexes_end;
    struct tx_erase_op *erases, **erases_end;
    struct tx_scrub_op *scrub;
    const struct tx_dict_op *dict;
    struct tx_team_op *teams, **teams_end;
    struct tx_sql_op *sqls, **sqls_end;
    struct store_event *events;
    size_t n_events, size_events;
    struct audit_rec *audit; /* oldest first, taken at submit */
    tx_done_fn done;
    void *ctx;
    struct tx *next; /* in the writer's queue */
    enum err result;
    struct instant time;
};

/* ---- writer.c ---- */
struct writer *writer_start(struct req *rq, struct store *st);
void writer_stop(struct writer *w);
