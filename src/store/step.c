/* store/step.c - one statement of the writer, and what its failure means. */
#include "store/writer_int.h"

enum err apply_end(struct writer *w, struct req *rq, unsigned id, sqlite3_stmt *st, int rc)
{
    enum err e = OK;
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        switch (rc & 0xff) {
        case SQLITE_CONSTRAINT:
            if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
                rc == SQLITE_CONSTRAINT_ROWID) {
                e = FAIL(rq, E_CONFLICT, "a unique key exists");
            } else {
                e = FAIL(rq, E_INTERNAL, "sqlite %d in statement %u", rc, id);
            }
            break;
        case SQLITE_TOOBIG: e = FAIL(rq, E_TOO_LARGE, "one value"); break;
        case SQLITE_MISMATCH: e = FAIL(rq, E_INTERNAL, "sqlite %d in statement %u", rc, id); break;
        default: e = conn_err(rq, w->conn);
        }
    }
    conn_give(w->conn, id, st);
    return e;
}

enum err apply_ints(struct writer *w, struct req *rq, unsigned id, const int64_t *v, int n)
{
    sqlite3_stmt *st = conn_take(w->conn, id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    for (int i = 0; i < n; i++) {
        bind_i64(st, i + 1, v[i]);
    }
    return apply_end(w, rq, id, st, sqlite3_step(st));
}

enum err apply_number(struct writer *w, struct req *rq, unsigned id, int64_t *ret_v)
{
    sqlite3_stmt *st = conn_take(w->conn, id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    int rc = sqlite3_step(st);
    int64_t v = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    TRY(apply_end(w, rq, id, st, rc));
    *ret_v = v;
    return OK;
}
