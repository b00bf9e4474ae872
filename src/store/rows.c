/* store/rows.c - SELECTs of the domain tables. See db.h. */
#include "store/read_int.h"
#include "store/store_int.h"

static void val_bind(sqlite3_stmt *st, int at, const struct sql_val *v)
{
    ASSERT(v->kind != SQL_RID && v->kind != SQL_TX_TIME);
    switch (v->kind) {
    case SQL_I64: bind_i64(st, at, v->i64); break;
    case SQL_TEXT: bind_text(st, at, v->text); break;
    case SQL_BLOB: bind_blob(st, at, v->text.p, v->text.n); break;
    case SQL_NULL:
    case SQL_RID:
    case SQL_TX_TIME: sqlite3_bind_null(st, at); break;
    }
}

enum err db_query(struct req *rq, enum stmt_id id, const struct sql_val *vals, size_t n_vals,
                  struct db_rows *ret_rows)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, id, &st));
    ASSERT(sqlite3_stmt_readonly(st) && (size_t)sqlite3_bind_parameter_count(st) == n_vals);
    for (size_t i = 0; i < n_vals; i++) {
        val_bind(st, (int)i + 1, &vals[i]);
    }
    *ret_rows = (struct db_rows){.db = rq->db, .stmt = st, .id = id};
    return OK;
}

enum err db_next(struct req *rq, struct db_rows *rows, bool *ret_has)
{
    return read_step(rq, rows->stmt, ret_has);
}

enum err db_one(struct req *rq, enum stmt_id id, const struct sql_val *vals, size_t n_vals,
                struct db_rows *ret_rows)
{
    struct db_rows rows;
    bool has = false;
    TRY(db_query(rq, id, vals, n_vals, &rows));
    enum err e = db_next(rq, &rows, &has);
    if (e != OK || !has) {
        db_rows_done(&rows);
        return e != OK ? e : FAIL(rq, E_NOT_FOUND, "no row");
    }
    *ret_rows = rows;
    return OK;
}

void db_rows_done(struct db_rows *rows)
{
    if (rows->stmt != NULL) {
        conn_give(rows->db->conn, rows->id, rows->stmt);
        rows->stmt = NULL;
    }
}

int64_t db_i64(const struct db_rows *rows, unsigned col)
{
    return sqlite3_column_int64(rows->stmt, (int)col);
}

uint64_t db_u64(const struct db_rows *rows, unsigned col)
{
    return (uint64_t)sqlite3_column_int64(rows->stmt, (int)col);
}

bool db_is_null(const struct db_rows *rows, unsigned col)
{
    return sqlite3_column_type(rows->stmt, (int)col) == SQLITE_NULL;
}

struct str db_peek(const struct db_rows *rows, unsigned col)
{
    struct str s = col_str(rows->stmt, (int)col);
    if (s.p == NULL && !db_is_null(rows, col)) {
        s.p = ""; /* an empty text, not NULL */
    }
    return s;
}

struct str db_text(struct arena *a, const struct db_rows *rows, unsigned col)
{
    struct str s = db_peek(rows, col);
    return s.p != NULL ? arena_str(a, s) : s;
}
