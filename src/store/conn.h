/* store/conn.h - one SQLite connection with its prepared statements; private to the room. */
#pragma once

#include "store/sqlite.h"

#include "base/req.h"
#include "store/stmt.h"

/* The store's own statements follow those of the domain tables. */
enum core_id {
    CORE_BEFORE_FIRST = STMT_COUNT - 1,
#define X(id, sql) id,
#include "store/core_sql.def"
#undef X
    STMT_ALL
};

enum { CONN_IDLE = 4 }; /* spare copies of a statement kept for nested use */

struct conn {
    sqlite3 *sql;
    sqlite3_stmt *idle[STMT_ALL][CONN_IDLE];
    uint8_t n_idle[STMT_ALL];
    unsigned n_taken; /* statements in use */
    sqlite3_stmt **ours; /* all we prepared: the full text index has some of its own */
    size_t n_ours, size_ours;
};

/* The text of a statement. */
const char *conn_text(unsigned id);
/* Opens path, sets the pragmas. NULL on failure. */
struct conn *conn_open(const char *path, bool write);
void conn_close(struct conn *c);
/* A prepared statement for our use alone, until conn_give(). NULL on failure (disk, memory; wrong
 * SQL is asserted: a test prepares all). */
sqlite3_stmt *conn_take(struct conn *c, unsigned id);
void conn_give(struct conn *c, unsigned id, sqlite3_stmt *st);
/* Ends all statements, whoever holds them. */
void conn_drop_all(struct conn *c);
/* E_FULL or E_IO for the connection's last failure. */
enum err conn_err(struct req *rq, struct conn *c);
/* True when no transaction is open; one that a failure left open is undone. */
bool conn_leave(struct conn *c);
/* Takes, steps once, gives back: for statements without parameters. */
int conn_run(struct conn *c, unsigned id);

/* Binding by position. Texts are borrowed until the statement is given back. */
static inline void bind_i64(sqlite3_stmt *st, int at, int64_t v)
{
    sqlite3_bind_int64(st, at, v);
}
void bind_text(sqlite3_stmt *st, int at, struct str s);
void bind_blob(sqlite3_stmt *st, int at, const void *p, size_t n);
/* A column's bytes, borrowed until the next step. */
struct str col_str(sqlite3_stmt *st, int col);
