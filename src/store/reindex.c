/* store/reindex.c - the index rows of a resource made anew, its versions and the chains untouched.
 * See tx_index(). */
#include "store/footprint.h"
#include "store/writer_int.h"

enum err kept_load(struct writer *w, struct req *rq, int64_t rid, struct kept *ret_k)
{
    struct kept k = {.deleted = 1};
    sqlite3_stmt *st = conn_take(w->conn, C_INDEX_OLD);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, rid);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        k = (struct kept){
            .vid = sqlite3_column_int64(st, 0),
            .version = sqlite3_column_int64(st, 1),
            .deleted = sqlite3_column_int64(st, 2),
            .at = sqlite3_column_int64(st, 3),
            .anchor = sqlite3_column_int64(st, 4),
            .patient = sqlite3_column_int64(st, 5),
            .footprint = arena_str(w->scratch, col_str(st, 6)),
        };
    }
    TRY(apply_end(w, rq, C_INDEX_OLD, st, rc));
    *ret_k = k;
    return OK;
}

/* Rows of ix_of: all of the type, of the anchor, of the patient. */
static enum err owners_again(struct writer *w, struct req *rq, const struct tx_index_op *op,
                             const struct kept *k)
{
    const int64_t owners[] = {0, k->anchor, k->patient != k->anchor ? k->patient : 0};
    for (size_t i = 0; i < LEN(owners); i++) {
        const int64_t old[] = {owners[i], op->put.type, k->at, op->rid};
        const int64_t new_[] = {owners[i], op->put.type, op->put.at_ms, op->rid};
        if (i > 0 && owners[i] <= 0) {
            continue;
        }
        if (k->at != op->put.at_ms) {
            TRY(apply_ints(w, rq, C_OF_DEL, old, 4));
        }
        TRY(apply_ints(w, rq, C_OF_ADD, new_, 4));
    }
    if (k->at != op->put.at_ms) {
        const int64_t v[] = {op->rid, op->put.at_ms};
        TRY(apply_ints(w, rq, C_TEAM_MOVE, v, 2));
    }
    return OK;
}

/* Rows the old footprint asked for and the new one does not go; all of the new one come, since those
 * that both ask for may be lacking. */
static enum err rows_again(struct writer *w, struct req *rq, const struct tx_index_op *op,
                           const struct kept *k, const struct tuple *t, size_t n)
{
    const struct index_side none = {NULL, 0, op->put.at_ms};
    const struct index_side now = {t, n, op->put.at_ms};
    struct tuple *old_t = NULL;
    size_t n_old = 0;
    if (footprint_read(w->scratch, k->footprint, &old_t, &n_old)) {
        const struct index_side old = {old_t, n_old, k->at};
        TRY(index_change(w, rq, op->rid, &old, &now));
    }
    return index_change(w, rq, op->rid, &none, &now);
}

static enum err footprint_again(struct writer *w, struct req *rq, const struct tx_index_op *op,
                                struct str footprint)
{
    sqlite3_stmt *st = conn_take(w->conn, C_INDEX_SET);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, op->rid);
    bind_i64(st, 2, op->put.at_ms);
    bind_blob(st, 3, footprint.p, footprint.n);
    return apply_end(w, rq, C_INDEX_SET, st, sqlite3_step(st));
}

enum err reindex_write(struct writer *w, struct req *rq, const struct tx_index_op *op)
{
    struct kept k = {.deleted = 1};
    struct tuple *t = NULL;
    size_t n = 0;
    TRY(kept_load(w, rq, op->rid, &k));
    if (k.deleted != 0 || k.version != (int64_t)op->version) {
        return OK; /* changed meanwhile: whoever wrote it made its rows */
    }
    TRY_MEM(rq, k.footprint.p);
    TRY(index_prepare(w, rq, &op->put, &t, &n));
    struct str footprint = footprint_write(w->scratch, t, n);
    TRY_MEM(rq, footprint.p);
    TRY(rows_again(w, rq, op, &k, t, n));
    TRY(owners_again(w, rq, op, &k));
    if (!str_eq(footprint, k.footprint) || k.at != op->put.at_ms) {
        TRY(footprint_again(w, rq, op, footprint));
    }
    return words_write(w, rq, &op->put, k.vid);
}
