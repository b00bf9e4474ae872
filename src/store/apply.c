/* store/apply.c - one transaction applied inside the writer's open batch. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/footprint.h"
#include "store/erase_int.h"
#include "store/writer_int.h"

/* ---- conditions, before anything is written ---- */

static enum err check_token(struct writer *w, struct req *rq, const struct tx_require *r)
{
    unsigned id = r->sys == TOKEN_ANY_SYS ? C_TOKEN_ANY_SYS : C_TOKEN_ANY;
    sqlite3_stmt *st = conn_take(w->conn, id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, r->sp);
    bind_i64(st, 2, (int64_t)r->hash);
    if (r->sys != TOKEN_ANY_SYS) {
        bind_i64(st, 3, r->sys);
    }
    int rc = sqlite3_step(st);
    TRY(apply_end(w, rq, id, st, rc));
    return rc == SQLITE_ROW ? FAIL(rq, E_CONFLICT, "one with this token exists") : OK;
}

static enum err check_version(struct writer *w, struct req *rq, const struct tx_require *r)
{
    sqlite3_stmt *st = conn_take(w->conn, C_HEAD);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_text(st, 1, r->id);
    bind_i64(st, 2, r->type);
    int rc = sqlite3_step(st);
    uint64_t version = rc == SQLITE_ROW && sqlite3_column_int64(st, 5) == 0
                           ? (uint64_t)sqlite3_column_int64(st, 3)
                           : 0;
    TRY(apply_end(w, rq, C_HEAD, st, rc));
    return version == r->hash ? OK : FAIL(rq, E_STALE, "version %" PRIu64 " is current", version);
}

/* The condition, asked of the open batch. */
static enum err check_run(struct writer *w, struct req *rq, const struct tx_require *r)
{
    struct db *own = rq->db;
    rq->db = &w->view;
    enum err e = r->check(rq, r->ctx);
    rq->db = own;
    ASSERT(w->view.views == 1);
    return e;
}

static enum err check_seen(struct writer *w, struct req *rq, const struct tx_require *r)
{
    int64_t newest =
        r->type == 0 ? w->marks.next_vid - 1 : w->type_vid[r->type & (NEWEST_TYPES - 1)];
    return newest <= r->seen ? OK : check_run(w, rq, r);
}

static enum err require_holds(struct writer *w, struct req *rq, const struct tx_require *r)
{
    switch (r->kind) {
    case REQUIRE_NONE: return check_token(w, rq, r);
    case REQUIRE_VERSION: return check_version(w, rq, r);
    case REQUIRE_SEEN: return check_seen(w, rq, r);
    case REQUIRE_AFTER: break;
    }
    return OK;
}

static enum err expect_holds(struct req *rq, const struct tx_item *item, bool live)
{
    int64_t expect = item->put.expect;
    if (expect == TX_CREATE || expect == TX_NEW) {
        return live ? FAIL(rq, E_CONFLICT, "it exists already") : OK;
    }
    if (expect == TX_ANY) {
        return live || !item->is_delete ? OK : FAIL(rq, E_NOT_FOUND, "nothing to delete");
    }
    if (!live || (int64_t)item->version != expect) {
        return FAIL(rq, E_STALE, "version %" PRIu64 " is current", live ? item->version : 0);
    }
    return OK;
}

/* What stands in the row at present; item->version is still the old one. */
static enum err item_load(struct writer *w, struct req *rq, struct tx_item *item, bool *ret_found)
{
    sqlite3_stmt *st = conn_take(w->conn, C_RES_BY_ID);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_text(st, 1, item->put.id);
    bind_i64(st, 2, item->put.type);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        item->rid = sqlite3_column_int64(st, 0);
        item->old_vid = sqlite3_column_int64(st, 1);
        item->version = (uint64_t)sqlite3_column_int64(st, 2);
        item->is_bare = item->version == 0;
        item->old_deleted = sqlite3_column_int64(st, 3) != 0;
        item->old_erased = sqlite3_column_int64(st, 3) == RES_ERASED;
        item->old_at = sqlite3_column_int64(st, 4);
        item->old_anchor = sqlite3_column_int64(st, 5);
        item->old_patient = sqlite3_column_int64(st, 6);
        item->old_footprint = arena_str(w->scratch, col_str(st, 7));
        if (item->old_footprint.p == NULL) {
            conn_give(w->conn, C_RES_BY_ID, st);
            return FAIL(rq, E_TOO_LARGE, "memory cap");
        }
    }
    TRY(apply_end(w, rq, C_RES_BY_ID, st, rc));
    *ret_found = rc == SQLITE_ROW;
    return OK;
}

/* Nothing new is written about whose record was erased. */
static enum err patient_check(struct writer *w, struct req *rq, const struct tx_item *item)
{
    int64_t rid = 0;
    int64_t deleted = 0;
    if (item->put.patient_type == 0) {
        return OK;
    }
    TRY(apply_rid(w, rq, item->put.patient_type, item->put.patient_id, false, &rid));
    sqlite3_stmt *st = conn_take(w->conn, C_RES_GONE);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, rid);
    int rc = sqlite3_step(st);
    deleted = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    TRY(apply_end(w, rq, C_RES_GONE, st, rc));
    return deleted != RES_ERASED ? OK : FAIL(rq, E_GONE, "the patient's record was erased by order");
}

static enum err item_check(struct writer *w, struct req *rq, struct tx_item *item)
{
    bool found = false;
    TRY(patient_check(w, rq, item));
    item->version = 0;
    item->is_bare = false;
    item->old_erased = false;
    if (item->put.expect != TX_NEW) {
        TRY(item_load(w, rq, item, &found));
    }
    if (found && item->old_erased) {
        return FAIL(rq, E_GONE, "erased by order");
    }
    bool live = found && item->version > 0 && !item->old_deleted;
    TRY(expect_holds(rq, item, live));
    if (!found) {
        item->rid = w->marks.next_rid++;
        item->old_vid = 0;
        apply_rid_is(w, item->put.type, item->put.id, item->rid);
    }
    item->version++;
    return OK;
}

/* ---- writing one resource ---- */

struct place {
    int64_t at;
    int64_t anchor;
    int64_t patient;
    struct str footprint;
};

static enum err res_write(struct writer *w, struct req *rq, const struct tx_item *item,
                          const struct place *p)
{
    bool fresh = item->old_vid == 0 && !item->is_bare;
    unsigned id = fresh ? C_RES_INSERT : C_RES_UPDATE;
    int at = 1;
    sqlite3_stmt *st = conn_take(w->conn, id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, at++, item->rid);
    if (fresh) {
        bind_i64(st, at++, item->put.type);
        bind_text(st, at++, item->put.id);
    }
    bind_i64(st, at++, item->vid);
    bind_i64(st, at++, (int64_t)item->version);
    bind_i64(st, at++, w->time_ms);
    bind_i64(st, at++, item->is_delete);
    bind_i64(st, at++, p->at);
    bind_i64(st, at++, p->anchor);
    bind_i64(st, at++, p->patient);
    bind_blob(st, at++, p->footprint.p, p->footprint.n);
    if (!fresh) {
        bind_i64(st, at++, item->old_vid);
    }
    TRY(apply_end(w, rq, id, st, sqlite3_step(st)));
    if (sqlite3_changes(w->conn->sql) != 1) {
        return FAIL(rq, E_CONFLICT, "twice in one transaction");
    }
    return OK;
}

/* Each type's first bodies ask for a dictionary, then eight times as many for a better one. */
static void train_count(struct writer *w, uint16_t type)
{
    struct born *b = type < DICT_TYPES ? &w->born[type] : NULL;
    if (b == NULL || ++b->n < b->ask_at) {
        return;
    }
    if (b->ask_at == 0) {
        b->ask_at = dicts_has(w->store->dicts, type) ? TRAIN_AGAIN : TRAIN_FIRST;
        return;
    }
    b->n = 0;
    b->ask_at = MIN(b->ask_at * 8, (uint32_t)TRAIN_MOST);
    atomic_store_explicit(&w->train[type], true, memory_order_relaxed);
    w->trains = true;
}

static enum err ver_write(struct writer *w, struct req *rq, struct tx_item *item, int64_t op)
{
    if (item->codec >= CODEC_DICT && !dicts_may_write(w->store->dicts, item->codec)) {
        item->stored = dict_pack(w->store->dicts, w->scratch, item->put.type, item->put.body, &item->codec);
    }
    const int64_t v[] = {item->vid,     item->rid, item->put.type,     (int64_t)item->version,
                         item->old_vid, (int64_t)w->marks.head.tx + 1, op, w->time_ms,
                         item->codec};
    sqlite3_stmt *st = conn_take(w->conn, C_VER_INSERT);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    for (size_t i = 0; i < LEN(v); i++) {
        bind_i64(st, (int)i + 1, v[i]);
    }
    bind_blob(st, (int)LEN(v) + 1, item->stored.p, item->stored.n);
    train_count(w, item->put.type);
    return apply_end(w, rq, C_VER_INSERT, st, sqlite3_step(st));
}

struct owners {
    int64_t v[3];
    size_t n;
};

static struct owners owners_of(int64_t anchor, int64_t patient)
{
    struct owners o = {.v = {0}, .n = 1};
    if (anchor > 0) {
        o.v[o.n++] = anchor;
    }
    if (patient > 0 && patient != anchor) {
        o.v[o.n++] = patient;
    }
    return o;
}

static bool owners_has(const struct owners *o, int64_t owner)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->v[i] == owner) {
            return true;
        }
    }
    return false;
}

/* The rows of ix_of: all of the type, of the anchor, of the patient. */
static enum err owners_change(struct writer *w, struct req *rq, const struct tx_item *item,
                              const struct place *p)
{
    struct owners old = {.n = 0};
    struct owners new_ = {.n = 0};
    bool same_at = item->old_at == p->at;
    if (item->version > 1 && !item->old_deleted) {
        old = owners_of(item->old_anchor, item->old_patient);
    }
    if (!item->is_delete) {
        new_ = owners_of(p->anchor, p->patient);
    }
    for (size_t i = 0; i < old.n; i++) {
        if (!same_at || !owners_has(&new_, old.v[i])) {
            const int64_t v[] = {old.v[i], item->put.type, item->old_at, item->rid};
            TRY(apply_ints(w, rq, C_OF_DEL, v, 4));
        }
    }
    for (size_t i = 0; i < new_.n; i++) {
        if (!same_at || !owners_has(&old, new_.v[i])) {
            const int64_t v[] = {new_.v[i], item->put.type, p->at, item->rid};
            TRY(apply_ints(w, rq, C_OF_ADD, v, 4));
        }
    }
    return OK;
}

static enum err place_find(struct writer *w, struct req *rq, const struct tx_item *item,
                           struct place *p)
{
    const struct tx_put *put = &item->put;
    if (item->is_delete) {
        *p = (struct place){item->old_at, item->old_anchor, item->old_patient, {NULL, 0}};
        return OK;
    }
    *p = (struct place){.at = put->at_ms, .anchor = put->system_only ? ANCHOR_SYSTEM : 0};
    if (put->anchor_type != 0) {
        TRY(apply_rid(w, rq, put->anchor_type, put->anchor_id, true, &p->anchor));
    }
    if (put->patient_type != 0) {
        TRY(apply_rid(w, rq, put->patient_type, put->patient_id, true, &p->patient));
    }
    return OK;
}

enum { MOVED_KEPT = 1 << 20, MOVED_SWEEP = 1 << 12 }; /* versions */

/* For searches read page by page, see db_moved(). */
static enum err moved_write(struct writer *w, struct req *rq, const struct tx_item *item)
{
    const int64_t v[] = {item->vid, item->put.type, item->rid};
    const int64_t old[] = {item->vid - MOVED_KEPT};
    if (item->version == 1 && !item->is_bare) {
        return OK;
    }
    TRY(apply_ints(w, rq, C_MOVED_ADD, v, 3));
    return item->vid % MOVED_SWEEP == 0 ? apply_ints(w, rq, C_MOVED_DROP, old, 1) : OK;
}

enum err words_write(struct writer *w, struct req *rq, const struct tx_put *put, int64_t vid)
{
    if (put->narrative.n + put->words.n == 0) {
        return OK;
    }
    sqlite3_stmt *st = conn_take(w->conn, C_WORD_ADD);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, vid);
    bind_text(st, 2, put->narrative);
    bind_text(st, 3, put->words);
    return apply_end(w, rq, C_WORD_ADD, st, sqlite3_step(st));
}

static enum err item_write(struct writer *w, struct req *rq, struct tx_item *item, struct sha *s)
{
    struct place p;
    struct tuple *old_t = NULL;
    struct tuple *new_t = NULL;
    size_t n_old = 0;
    size_t n_new = 0;
    int64_t op = item->is_delete ? VER_DELETE : item->version == 1 ? VER_CREATE : VER_UPDATE;
    TRY(place_find(w, rq, item, &p));
    if (!item->is_delete) {
        TRY(index_prepare(w, rq, &item->put, &new_t, &n_new));
        p.footprint = footprint_write(w->scratch, new_t, n_new);
        TRY_MEM(rq, p.footprint.p);
    }
    item->vid = w->marks.next_vid++;
    int64_t *newest = &w->type_vid[item->put.type & (NEWEST_TYPES - 1)];
    *newest = MAX(*newest, item->vid);
    TRY(res_write(w, rq, item, &p));
    TRY(ver_write(w, rq, item, op));
    TRY(moved_write(w, rq, item));
    if (!item->is_delete) {
        TRY(words_write(w, rq, &item->put, item->vid));
    }
    bool same_place = item->version > 1 && !item->old_deleted && item->old_at == p.at;
    if (!same_place || !str_eq(item->old_footprint, p.footprint)) {
        if (item->version > 1 && !footprint_read(w->scratch, item->old_footprint, &old_t, &n_old)) {
            return FAIL(rq, E_INTERNAL, "footprint of rid %" PRIi64, item->rid);
        }
        const struct index_side old = {old_t, n_old, item->old_at};
        const struct index_side new_ = {new_t, n_new, p.at};
        TRY(index_change(w, rq, item->rid, &old, &new_));
    }
    TRY(owners_change(w, rq, item, &p));
    if ((item->version > 1 || item->is_bare) && item->old_at != p.at) {
        const int64_t v[] = {item->rid, p.at};
        TRY(apply_ints(w, rq, C_TEAM_MOVE, v, 2));
    }
    const struct chain_ver cv = {item->vid, item->rid, item->put.type, item->version, op,
                                 w->time_ms};
    chain_tx_ver(s, &cv, item->sha);
    return OK;
}

/* ---- teams and statements ---- */

static enum err team_write(struct writer *w, struct req *rq, const struct tx_team_op *op)
{
    int64_t rid;
    TRY(apply_rid(w, rq, op->type, op->id, !op->remove, &rid));
    const int64_t v[] = {rid, (int64_t)op->principal};
    return apply_ints(w, rq, op->remove ? C_TEAM_DEL : C_TEAM_ADD, v, 2);
}

static enum err val_bind(struct writer *w, struct req *rq, sqlite3_stmt *st, int at,
                         const struct sql_val *v)
{
    int64_t rid;
    switch (v->kind) {
    case SQL_NULL: sqlite3_bind_null(st, at); break;
    case SQL_I64: bind_i64(st, at, v->i64); break;
    case SQL_TEXT: bind_text(st, at, v->text); break;
    case SQL_BLOB: bind_blob(st, at, v->text.p, v->text.n); break;
    case SQL_TX_TIME: bind_i64(st, at, w->time_ms + v->i64); break;
    case SQL_RID:
        TRY(apply_rid(w, rq, v->type, v->text, true, &rid));
        bind_i64(st, at, rid);
        break;
    }
    return OK;
}

static enum err sql_write(struct writer *w, struct req *rq, const struct tx_sql_op *op)
{
    sqlite3_stmt *st = conn_take(w->conn, op->id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    ASSERT((size_t)sqlite3_bind_parameter_count(st) == op->n);
    for (size_t i = 0; i < op->n; i++) {
        enum err e = val_bind(w, rq, st, (int)i + 1, &op->vals[i]);
        if (e != OK) {
            conn_give(w->conn, op->id, st);
            return e;
        }
    }
    int rc = sqlite3_step(st);
    int changes = sqlite3_changes(w->conn->sql);
    TRY(apply_end(w, rq, op->id, st, rc));
    if (changes == 0 && (op->flags & TX_MUST_CHANGE) != 0) {
        return FAIL(rq, E_STALE, "statement %u changed nothing", op->id);
    }
    if (changes == 0 && (op->flags & TX_MUST_BE_NEW) != 0) {
        return FAIL(rq, E_CONFLICT, "statement %u: exists", op->id);
    }
    return OK;
}

/* ---- the whole ---- */

enum { COMPARED = 20000 }; /* more puts in one transaction are not compared beforehand */

static int put_cmp(const void *a, const void *b)
{
    const struct tx_put *p = &(*(const struct tx_item *const *)a)->put;
    const struct tx_put *q = &(*(const struct tx_item *const *)b)->put;
    return p->type != q->type ? (p->type < q->type ? -1 : 1) : str_cmp(p->id, q->id);
}

/* Beforehand, so that nothing has to be undone. */
static enum err once_each(struct writer *w, struct tx *tx)
{
    size_t n = tx->n_items;
    if (n < 2 || n > COMPARED) {
        return OK;
    }
    const struct tx_item **v = ARENA_ARRAY(w->scratch, n, const struct tx_item *);
    TRY_MEM(tx->rq, v);
    for (size_t i = 0; i < n; i++) {
        v[i] = tx->items[i];
    }
    qsort(v, n, sizeof(*v), put_cmp);
    for (size_t i = 1; i < n; i++) {
        if (put_cmp(&v[i - 1], &v[i]) == 0) {
            return FAIL(tx->rq, E_CONFLICT, "twice in one transaction");
        }
    }
    return OK;
}

static enum err checks(struct writer *w, struct tx *tx)
{
    TRY(once_each(w, tx));
    for (const struct tx_require *r = tx->requires; r != NULL; r = r->next) {
        TRY(require_holds(w, tx->rq, r));
    }
    for (size_t i = 0; i < tx->n_items; i++) {
        TRY(item_check(w, tx->rq, tx->items[i]));
    }
    for (const struct tx_erase_op *op = tx->erases; op != NULL; op = op->next) {
        TRY(erase_check(w, tx->rq, op));
    }
    return tx->dict != NULL ? dict_op_check(w, tx->rq, tx->dict) : OK;
}

static enum err one(struct writer *w, unsigned id, struct req *rq)
{
    int rc = conn_run(w->conn, id);
    return rc == SQLITE_DONE ? OK : conn_err(rq, w->conn);
}

static enum err statements(struct writer *w, struct tx *tx)
{
    for (const struct tx_sql_op *op = tx->sqls; op != NULL; op = op->next) {
        TRY(sql_write(w, tx->rq, op));
    }
    return OK;
}

/* After the checks and the statements these fail with the disk only. */
static enum err writes(struct writer *w, struct tx *tx)
{
    struct sha s;
    int64_t src = 0;
    struct chain_tx row = {.seq = w->marks.head.tx + 1,
                           .at_ms = w->time_ms,
                           .request = tx->rq->id,
                           .n = tx->n_items,
                           .first_vid = w->marks.next_vid};
    if (tx->audit != NULL || tx->n_items > 0 || tx->erases != NULL) {
        TRY(record_src(w, tx->rq, &src));
    }
    row.src = src;
    if (tx->n_items > 0) {
        chain_tx_begin(&s, w->marks.head.tx_hash, &row);
    }
    for (size_t i = 0; i < tx->n_items; i++) {
        TRY(item_write(w, tx->rq, tx->items[i], &s));
    }
    for (const struct tx_index_op *op = tx->indexes; op != NULL; op = op->next) {
        TRY(reindex_write(w, tx->rq, op));
    }
    for (const struct tx_erase_op *op = tx->erases; op != NULL; op = op->next) {
        TRY(erase_write(w, tx->rq, op, src));
    }
    for (const struct tx_team_op *op = tx->teams; op != NULL; op = op->next) {
        TRY(team_write(w, tx->rq, op));
    }
    if (tx->scrub != NULL) {
        TRY(scrub_write(w, tx->rq, tx->scrub));
    }
    if (tx->dict != NULL) {
        TRY(dict_op_write(w, tx->rq, tx->dict));
    }
    TRY(record_audit(w, tx, src));
    return tx->n_items > 0 ? record_tx(w, tx->rq, &s, &row) : OK;
}

/* The statements, and the puts when they could not be compared with each other: undone alone. */
static enum err guarded(struct writer *w, struct tx *tx, bool all)
{
    TRY(one(w, C_SAVE, tx->rq));
    enum err e = statements(w, tx);
    if (e == OK && all) {
        e = writes(w, tx);
    }
    for (const struct tx_require *r = tx->requires; e == OK && r != NULL; r = r->next) {
        e = r->kind == REQUIRE_AFTER ? check_run(w, tx->rq, r) : OK;
    }
    if (e == OK) {
        return one(w, C_SAVE_END, tx->rq);
    }
    if (e == E_IO || e == E_FULL) {
        return e;
    }
    return one(w, C_SAVE_BACK, NULL) == OK && one(w, C_SAVE_END, NULL) == OK ? e : E_IO;
}

/* A failure after the checks is the disk's or a mistake of ours: the whole batch is undone. */
static enum err unguarded(struct writer *w, struct tx *tx)
{
    enum err e = writes(w, tx);
    return e == OK || e == E_FULL ? e : E_IO;
}

/* A savepoint copies every page touched under it, so it covers as little as can be. */
enum err apply_tx(struct writer *w, struct tx *tx)
{
    const struct marks before = w->marks;
    bool all = tx->n_items > COMPARED || tx->has_after;
    tx->time = (struct instant){w->time_ms};
    arena_reset(w->scratch);
    w->tx = tx;
    enum err e = checks(w, tx);
    if (e == OK && (all || tx->sqls != NULL)) {
        e = guarded(w, tx, all);
    }
    if (e == OK && !all) {
        e = unguarded(w, tx);
    }
    w->tx = NULL;
    if (e != OK) {
        apply_restore(w, &before);
    }
    return e;
}
