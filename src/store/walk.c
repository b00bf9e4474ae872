/* store/walk.c - the change feed forward, as it stood at a moment: for exports. See db.h. */
#include "store/dict_int.h"
#include "store/read_int.h"
#include "store/store_int.h"

enum { COL_AT = 10, COL_TOP, COL_CODEC, COL_BODY };

/* The newest version of a resource at or before upto; 0 none. */
static enum err top_at(struct req *rq, int64_t top, int64_t upto, int64_t *ret_vid)
{
    while (top > upto) {
        sqlite3_stmt *st;
        bool has = false;
        TRY(read_take(rq, C_VER_PREV, &st));
        bind_i64(st, 1, top);
        enum err e = read_step(rq, st, &has);
        top = e == OK && has ? sqlite3_column_int64(st, 1) : 0;
        conn_give(rq->db->conn, C_VER_PREV, st);
        TRY(e);
    }
    *ret_vid = top;
    return OK;
}

/* The row under the cursor, when it is what its resource was at upto. */
static enum err one(struct req *rq, sqlite3_stmt *st, int64_t upto, const struct db_walker *w)
{
    int64_t top = sqlite3_column_int64(st, COL_TOP);
    int64_t vid = sqlite3_column_int64(st, 0);
    struct str raw = {NULL, 0};
    bool wanted = false;
    if (top != vid && top <= upto) {
        return OK;
    }
    struct ver_row v = {
        .vid = vid,
        .rid = sqlite3_column_int64(st, 1),
        .type = (uint16_t)sqlite3_column_int64(st, 2),
        .id = col_str(st, 3),
        .version = (uint64_t)sqlite3_column_int64(st, 4),
        .op = (enum ver_op)sqlite3_column_int64(st, 5),
        .updated.ms = sqlite3_column_int64(st, 6),
        .tx = (uint64_t)sqlite3_column_int64(st, 7),
        .anchor = sqlite3_column_int64(st, 8),
        .patient = sqlite3_column_int64(st, 9),
    };
    struct db_walk_row row = {&v, sqlite3_column_int64(st, COL_AT), top == vid};
    if (top != vid) {
        TRY(top_at(rq, top, upto, &top));
        if (top != vid) {
            return OK;
        }
    }
    TRY(w->want(rq, &row, w->ctx, &wanted));
    if (!wanted) {
        return OK;
    }
    if (v.op != VER_DELETE) {
        TRY(dict_unpack(rq, rq->db, sqlite3_column_int64(st, COL_CODEC), col_str(st, COL_BODY), &raw));
        v.body = body_splice(rq->a, raw, v.id, v.version, v.updated.ms);
        TRY_MEM(rq, v.body.p);
    }
    return w->take(rq, &row, w->ctx);
}

enum err db_walk(struct req *rq, int64_t after, int64_t upto, size_t n, const struct db_walker *w,
                 int64_t *ret_last)
{
    sqlite3_stmt *st;
    bool has = true;
    size_t got = 0;
    int64_t last = after;
    enum err e = OK;
    TRY(read_take(rq, C_WALK, &st));
    bind_i64(st, 1, after);
    bind_i64(st, 2, upto);
    bind_i64(st, 3, (int64_t)MIN(n, (size_t)INT32_MAX));
    while (e == OK && (e = read_step(rq, st, &has)) == OK && has) {
        struct arena_mark mark = arena_mark(rq->a);
        got++;
        last = sqlite3_column_int64(st, 0);
        e = one(rq, st, upto, w);
        arena_back(rq->a, mark);
    }
    conn_give(rq->db->conn, C_WALK, st);
    TRY(e);
    *ret_last = got < n ? upto : last;
    return OK;
}
