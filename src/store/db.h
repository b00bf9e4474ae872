/* store/db.h - reading. All functions work on req.db, the calling thread's handle, and leave texts
 * in the request's arena.
 *
 * Each statement sees the newest commit; db_begin() holds one view for several.
 */
#pragma once

#include "store/stmt.h"
#include "store/store.h"
#include "store/tx.h"

/* store_opts.rules of the handle's store. */
const struct fhir_rules *db_rules(const struct db *db);

/* ---- Resources ---- */

#define ANCHOR_DIRECTORY INT64_C(0) /* every signed-in person may read it */
/* Column deleted of res: 0 live. */
enum { RES_DELETED = 1, RES_ERASED = 2 /* or about to be: nothing of it is shown */ };
#define ANCHOR_SYSTEM INT64_C(-1)   /* the system's alone */

struct res_row {
    int64_t rid;      /* never reused */
    uint16_t type;
    struct str id;
    uint64_t version; /* 1.. */
    struct instant updated;
    bool deleted;
    bool erased;      /* by order; deleted is set too */
    int64_t at_ms;    /* principal date: its place in posting lists */
    int64_t anchor;   /* rid of the case or patient it hangs on, or ANCHOR_ */
    int64_t patient;  /* rid, 0: none */
    struct str body;  /* complete JSON with id and meta; empty when deleted */
};

/* The current version.
 *
 * errors   E_NOT_FOUND  never stored; E_GONE  deleted (tell so only to who may know it was there) */
MUST_USE enum err db_read(struct req *rq, uint16_t type, struct str id, struct res_row *ret_row);
/* As db_read, but a deleted resource is given with deleted set. */
MUST_USE enum err db_find(struct req *rq, uint16_t type, struct str id, struct res_row *ret_row);
MUST_USE enum err db_read_rid(struct req *rq, int64_t rid, struct res_row *ret_row);
/* The row without the body (body empty), cheaper; deleted ones too. */
MUST_USE enum err db_head(struct req *rq, uint16_t type, struct str id, struct res_row *ret_row);
MUST_USE enum err db_head_rid(struct req *rq, int64_t rid, struct res_row *ret_row);
/* rid of a resource, live or deleted, or of one only referred to so far; 0 when unknown. */
MUST_USE enum err db_rid(struct req *rq, uint16_t type, struct str id, int64_t *ret_rid);
/* The index tuples of the current version (references with rid). */
MUST_USE enum err db_tuples(struct req *rq, int64_t rid, const struct tuple **ret_tuples,
                            size_t *ret_n);

/* ---- Versions ---- */

enum ver_op { VER_CREATE = 1, VER_UPDATE, VER_DELETE };
struct ver_row {
    int64_t vid;      /* place in the change feed */
    int64_t rid;
    uint16_t type;
    struct str id;
    uint64_t version;
    enum ver_op op;
    struct instant updated;
    uint64_t tx;      /* transaction that wrote it */
    int64_t anchor;   /* of the current version: for access */
    int64_t patient;
    struct str body;  /* as it was, with id and meta; empty for VER_DELETE */
};
/* errors   E_NOT_FOUND  no such version; E_GONE  that version is a deletion, or all are erased */
MUST_USE enum err db_vread(struct req *rq, uint16_t type, struct str id, uint64_t version,
                           struct ver_row *ret_row);
/* The version at a place of the feed, with its body; deletions too. What is erased looks as deleted. */
MUST_USE enum err db_ver_read(struct req *rq, int64_t vid, struct ver_row *ret_row);
/* Shown a version without its body; *ret_keep: head's texts stay; *ret_stop: the walk ends. */
typedef enum err (*db_ver_fn)(struct req *rq, const struct ver_row *head, void *ctx, bool *ret_keep,
                              bool *ret_stop);
/* Shows fn the versions of one resource, newest first, vid < before (0: from the newest).
 * errors   E_NOT_FOUND; E_GONE  erased */
MUST_USE enum err db_history(struct req *rq, uint16_t type, struct str id, int64_t before,
                             db_ver_fn fn, void *ctx);
/* The same of all resources: the change feed backwards. At most scan rows are looked at; *ret_next is
 * where to go on (0: the end was reached, or fn stopped). */
MUST_USE enum err db_feed(struct req *rq, int64_t before, size_t scan, db_ver_fn fn, void *ctx,
                          int64_t *ret_next);
/* The last place in the feed at or before a time; 0: none. */
MUST_USE enum err db_vid_at(struct req *rq, int64_t at_ms, int64_t *ret_vid);

/* The feed forward as it stood at upto: for each resource the version it had then. */
struct db_walk_row {
    struct ver_row *ver; /* borrowed; id and body until the function returns */
    int64_t at_ms;       /* principal date of the present version */
    bool is_newest;      /* it was not changed since */
};
struct db_walker {
    /* Is it wanted? ver->body is not there yet. */
    enum err (*want)(struct req *rq, const struct db_walk_row *row, void *ctx, bool *ret_wanted);
    /* What was wanted; body empty for VER_DELETE. What this takes of rq->a is given back. */
    enum err (*take)(struct req *rq, const struct db_walk_row *row, void *ctx);
    void *ctx;
};
/* Looks at n versions, after < vid <= upto, in order. *ret_last: where to go on; upto at the end.
 * errors   E_IO; whatever want and take return */
MUST_USE enum err db_walk(struct req *rq, int64_t after, int64_t upto, size_t n,
                          const struct db_walker *w, int64_t *ret_last);

/* The feed forwards, from after vid, at most n: for whoever follows all changes. Versions get their
 * vids in the order of the commits, so nothing ever comes in before what was read. */
struct feed_item {
    int64_t vid;
    uint16_t type;
};
MUST_USE enum err db_feed_on(struct req *rq, int64_t after, size_t n, struct feed_item *ret_items,
                             size_t *ret_n);
/* One version by its place in the feed; *ret_before: that of the version before it, 0 none. */
MUST_USE enum err db_version(struct req *rq, int64_t vid, struct ver_row *ret_row,
                             int64_t *ret_before);

/* ---- Reading page by page ----
 *
 * A moment: versions up to vid, resources up to rid. What came or changed later is told by
 * db_moved() and by rids above; its state at the moment by db_version_at(). */
struct db_moment {
    int64_t vid;
    int64_t rid;
};
MUST_USE enum err db_now(struct req *rq, struct db_moment *ret_m);
/* rids of a type that were changed, deleted or came to a bare row since m; in no order.
 * errors   E_TOO_LARGE  more than n of them, or m is too long ago */
MUST_USE enum err db_moved(struct req *rq, const struct db_moment *m, uint16_t type,
                           int64_t *ret_rids, size_t n, size_t *ret_n);
/* The version that was current at vid.
 * errors   E_NOT_FOUND  there was none, or it was a deletion */
MUST_USE enum err db_version_at(struct req *rq, int64_t rid, int64_t vid,
                                struct ver_row *ret_row);

/* ---- Posting lists ----
 *
 * Cursors over index rows, in the order of (at, rid), newest or oldest first. Token, reference and
 * owner lists keep that order; date lists are in the order of (lo, rid) with at = lo; string and
 * quantity lists in the order of the value. A resource may come twice from string, date and
 * quantity lists and from owner lists never.
 * End each with list_close() (CLEANUP); it sets the variable to NULL.
 */
struct hit {
    int64_t at;
    int64_t rid;
};
struct list;
enum list_order { LIST_NEWEST, LIST_OLDEST };

/* All of one type. */
MUST_USE enum err list_type(struct req *rq, uint16_t type, enum list_order o, struct list **gives);
/* What hangs on an anchor or is about a patient: of one type, or (type 0) of all. With type 0 the
 * order is (type, at, rid). */
MUST_USE enum err list_owner(struct req *rq, int64_t owner, uint16_t type, enum list_order o,
                             struct list **gives);
/* sys TOKEN_ANY_SYS merges the systems there are (at most 16: E_TOO_LARGE). */
MUST_USE enum err list_token(struct req *rq, uint16_t sp, uint64_t hash, uint32_t sys,
                             enum list_order o, struct list **gives);
/* target: a rid, or db_ref_url() of a URL. */
MUST_USE enum err list_ref(struct req *rq, uint16_t sp, int64_t target, enum list_order o,
                           struct list **gives);
int64_t db_ref_url(uint64_t url_hash);
/* How many a list holds, without walking it here. Of a code in several systems it is not known. */
MUST_USE enum err list_count_type(struct req *rq, uint16_t type, uint64_t *ret_n);
MUST_USE enum err list_count_ref(struct req *rq, uint16_t sp, int64_t target, uint64_t *ret_n);
MUST_USE enum err list_count_token(struct req *rq, uint16_t sp, uint64_t hash, uint32_t sys,
                                   uint64_t *ret_n, bool *ret_known);
/* Rows whose lo is in [lo_from, lo_to). list_hi() tells the hi of the last hit. */
MUST_USE enum err list_date(struct req *rq, uint16_t sp, int64_t lo_from, int64_t lo_to,
                            enum list_order o, struct list **gives);
/* Spans longer than DATE_LONG_MS that end after a time, by their end; with list_date() from
 * after - DATE_LONG_MS on: all that end after it. */
#define DATE_LONG_MS INT64_C(2678400000)
MUST_USE enum err list_date_long(struct req *rq, uint16_t sp, int64_t after, struct list **gives);
/* Live resources whose current version was written in [from_ms, to_ms), in that order; at of a hit is
 * when. */
MUST_USE enum err list_changed(struct req *rq, uint16_t type, int64_t from_ms, int64_t to_ms,
                               enum list_order o, struct list **gives);
/* Keys that begin with prefix, in the order of the key. */
MUST_USE enum err list_string(struct req *rq, uint16_t sp, struct str prefix, struct list **gives);
/* All keys from key on: upwards, or with LIST_NEWEST downwards (an empty key: from the end). */
MUST_USE enum err list_string_from(struct req *rq, uint16_t sp, struct str key, enum list_order o,
                                   struct list **gives);
/* Current versions that hold all of words (fhir/words.h; one ending in * is the beginning of a word)
 * in their narrative, or anywhere; in the order of writing, newest first; of every type, at 0. */
MUST_USE enum err list_words(struct req *rq, struct str words, bool narrative,
                             struct list **gives);
MUST_USE enum err db_has_words(struct req *rq, struct str words, bool narrative, int64_t vid,
                               bool *ret_has);
/* Values from..to, both included. */
MUST_USE enum err list_quantity(struct req *rq, uint16_t sp, uint64_t unit, double from, double to,
                                struct list **gives);
/* The same in either order of the value. */
MUST_USE enum err list_quantity_order(struct req *rq, uint16_t sp, uint64_t unit, double from,
                                      double to, enum list_order o, struct list **gives);
/* The same lists upwards, from the first row after one that stands under a key. */
MUST_USE enum err list_string_on(struct req *rq, uint16_t sp, struct str prefix, struct str key,
                                 struct hit after, struct list **gives);
MUST_USE enum err list_quantity_on(struct req *rq, uint16_t sp, uint64_t unit, double to, double key,
                                   struct hit after, struct list **gives);
MUST_USE enum err list_date_on(struct req *rq, uint16_t sp, int64_t lo_to, int64_t lo, int64_t hi,
                               int64_t rid, struct list **gives);
/* The next system after *sys (-1: the first) in which a code stands. */
MUST_USE enum err list_next_sys(struct req *rq, uint16_t sp, uint64_t hash, int64_t *sys,
                                bool *ret_has);
/* Anchors a principal's team membership opens, by the anchor's at. */
MUST_USE enum err list_team(struct req *rq, uint64_t principal, enum list_order o,
                            struct list **gives);
/* False at the end or on failure; list_close() and list_err() tell which. */
bool list_next(struct list *l, struct hit *ret_hit);
/* The next list_next() gives the first hit at or after (at, rid) in the list's order; goes forward
 * only. Type, owner (one type), token, reference and team lists. */
void list_seek(struct list *l, struct hit from);
int64_t list_hi(const struct list *l);
/* OK, or the failure that ended it. */
MUST_USE enum err list_err(struct req *rq, const struct list *l);
void list_close(struct list **l);

/* Is this tuple in the index for the resource (a reference needs rid set)? One look-up. */
MUST_USE enum err db_has(struct req *rq, const struct tuple *t, int64_t at, int64_t rid,
                         bool *ret_has);

/* ---- Sealing ---- */

/* Bytes only this data folder can read back and nobody can change, as text for addresses; about is
 * sealed along and must be the same when opened. p NULL past the cap. */
struct str db_seal(struct req *rq, struct str plain, struct str about);
/* False when text is not ours, was changed, or is about something else. */
MUST_USE bool db_unseal(struct req *rq, struct str text, struct str about, struct str *ret_plain);

/* ---- Teams ---- */

/* Is one of n principals in the anchor's team? */
MUST_USE enum err db_team_has(struct req *rq, int64_t anchor, const uint64_t *principals, size_t n,
                              bool *ret_has);

/* The principals in an anchor's team, in no order; at most cap, *ret_n tells how many. */
MUST_USE enum err db_team(struct req *rq, int64_t anchor, uint64_t *ret_principals, size_t cap,
                          size_t *ret_n);

/* ---- Domain tables ---- */

/* Rows of a Q_ statement. By value; end with db_rows_done() (CLEANUP). */
struct db_rows {
    struct db *db;
    void *stmt;
    enum stmt_id id;
};
MUST_USE enum err db_query(struct req *rq, enum stmt_id id, const struct sql_val *vals,
                           size_t n_vals, struct db_rows *ret_rows);
#define DB_QUERY(rq, ret_rows, id, ...)                                 \
    db_query((rq), (id), (const struct sql_val[]){__VA_ARGS__},         \
             sizeof((const struct sql_val[]){__VA_ARGS__}) / sizeof(struct sql_val), (ret_rows))
/* Steps: *ret_has is false after the last row. */
MUST_USE enum err db_next(struct req *rq, struct db_rows *rows, bool *ret_has);
/* Query and first row at once.
 * errors   E_NOT_FOUND  no row */
MUST_USE enum err db_one(struct req *rq, enum stmt_id id, const struct sql_val *vals,
                         size_t n_vals, struct db_rows *ret_rows);
#define DB_ONE(rq, ret_rows, id, ...)                                   \
    db_one((rq), (id), (const struct sql_val[]){__VA_ARGS__},           \
           sizeof((const struct sql_val[]){__VA_ARGS__}) / sizeof(struct sql_val), (ret_rows))
void db_rows_done(struct db_rows *rows);
/* Columns of the present row, from 0. NULL is 0, false, or an empty slice with p NULL. */
int64_t db_i64(const struct db_rows *rows, unsigned col);
uint64_t db_u64(const struct db_rows *rows, unsigned col);
bool db_is_null(const struct db_rows *rows, unsigned col);
/* A copy in a (text or blob); p NULL also past the cap. */
struct str db_text(struct arena *a, const struct db_rows *rows, unsigned col);
/* The bytes themselves; borrowed until the next db_next() or db_rows_done(). */
struct str db_peek(const struct db_rows *rows, unsigned col);

/* ---- One view ---- */

/* Until db_end() all reads of this handle see one state. Keep it short: it holds back the log. May be
 * nested: the outer one counts. Cheaper reads, too (one lock instead of one per statement). */
MUST_USE enum err db_begin(struct req *rq);
void db_end(struct req *rq);
/* At the end of a request: ends what was left open. False when something was: a mistake of ours. */
bool db_idle(struct db *db);
