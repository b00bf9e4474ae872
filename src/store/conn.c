/* store/conn.c - one SQLite connection with its prepared statements. See conn.h. */
#include "store/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "os/thread.h"
#include "store/pragma_int.h"

static const char *const texts[STMT_ALL] = {
#define X(id, sql) [id] = sql,
#include "store/stmt.def"
#include "store/core_sql.def"
#undef X
};

const char *conn_text(unsigned id)
{
    return texts[id];
}

/* What begins and ends transactions is ready before memory is short. */
static bool prepare_ends(struct conn *c)
{
    static const unsigned ids[] = {C_BEGIN, C_BEGIN_READ, C_COMMIT,  C_ROLLBACK,
                                   C_SAVE,  C_SAVE_BACK,  C_SAVE_END};
    for (size_t i = 0; i < LEN(ids); i++) {
        sqlite3_stmt *st = conn_take(c, ids[i]);
        if (st == NULL) {
            return false;
        }
        conn_give(c, ids[i], st);
    }
    return true;
}

struct conn *conn_open(const char *path, bool write)
{
    struct conn *c = os_alloc(1, sizeof(*c));
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE);
    if (sqlite3_open_v2(path, &c->sql, flags, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(c->sql, 10000) != SQLITE_OK ||
        sqlite3_exec(c->sql, write ? pragmas_write : pragmas_read, NULL, NULL, NULL) != SQLITE_OK ||
        !prepare_ends(c)) {
        conn_close(c);
        return NULL;
    }
    return c;
}

static void ours_add(struct conn *c, sqlite3_stmt *st)
{
    if (c->n_ours == c->size_ours) {
        size_t size = c->size_ours * 2 + 64;
        sqlite3_stmt **v = os_alloc(size, sizeof(*v));
        for (size_t i = 0; i < c->n_ours; i++) {
            v[i] = c->ours[i];
        }
        os_free(c->ours);
        c->ours = v;
        c->size_ours = size;
    }
    c->ours[c->n_ours++] = st;
}

static void ours_end(struct conn *c, sqlite3_stmt *st)
{
    for (size_t i = c->n_ours; i-- > 0;) {
        if (c->ours[i] == st) {
            c->ours[i] = c->ours[--c->n_ours];
            break;
        }
    }
    sqlite3_finalize(st);
}

void conn_drop_all(struct conn *c)
{
    memset(c->n_idle, 0, sizeof(c->n_idle));
    c->n_taken = 0;
    while (c->n_ours > 0) {
        sqlite3_finalize(c->ours[--c->n_ours]);
    }
}

void conn_close(struct conn *c)
{
    if (c != NULL) {
        conn_drop_all(c);
        sqlite3_close(c->sql);
        os_free(c->ours);
        os_free(c);
    }
}

sqlite3_stmt *conn_take(struct conn *c, unsigned id)
{
    sqlite3_stmt *st = NULL;
    if (c->n_idle[id] > 0) {
        c->n_taken++;
        return c->idle[id][--c->n_idle[id]];
    }
    int e = sqlite3_prepare_v3(c->sql, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (e == SQLITE_ERROR) {
        fprintf(stderr, "consilium: %s\n", sqlite3_errmsg(c->sql));
    }
    ASSERT(e != SQLITE_ERROR);
    if (e != SQLITE_OK) {
        return NULL;
    }
    c->n_taken++;
    ours_add(c, st);
    return st;
}

void conn_give(struct conn *c, unsigned id, sqlite3_stmt *st)
{
    if (st == NULL) {
        return;
    }
    sqlite3_reset(st);
    c->n_taken--;
    if (c->n_idle[id] < CONN_IDLE) {
        c->idle[id][c->n_idle[id]++] = st;
    } else {
        ours_end(c, st);
    }
}

/* What the system last said of the database (or, which: of its log). SQLite's own errno may be that of the
 * rollback after it. */
static int file_errno(struct conn *c, int which)
{
    sqlite3_file *f = NULL;
    int e = 0;
    if (sqlite3_file_control(c->sql, "main", which, (void *)&f) != SQLITE_OK || f == NULL ||
        f->pMethods == NULL ||
        f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &e) != SQLITE_OK) {
        return 0;
    }
    return e;
}

static bool is_no_room(int sys)
{
    return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

enum err conn_err(struct req *rq, struct conn *c)
{
    int code = sqlite3_extended_errcode(c->sql);
    int sys = sqlite3_system_errno(c->sql);
    if ((code & 0xff) == SQLITE_FULL ||
        ((code & 0xff) == SQLITE_IOERR &&
         (is_no_room(sys) || is_no_room(file_errno(c, SQLITE_FCNTL_JOURNAL_POINTER)) ||
          is_no_room(file_errno(c, SQLITE_FCNTL_FILE_POINTER))))) {
        return FAIL(rq, E_FULL, "sqlite %d", code);
    }
    return FAIL(rq, E_IO, "sqlite %d errno %d", code, sys);
}

bool conn_leave(struct conn *c)
{
    if (sqlite3_get_autocommit(c->sql) == 0) {
        conn_run(c, C_ROLLBACK);
    }
    return sqlite3_get_autocommit(c->sql) != 0;
}

int conn_run(struct conn *c, unsigned id)
{
    sqlite3_stmt *st = conn_take(c, id);
    if (st == NULL) {
        return SQLITE_NOMEM;
    }
    int e = sqlite3_step(st);
    conn_give(c, id, st);
    return e;
}

void bind_text(sqlite3_stmt *st, int at, struct str s)
{
    sqlite3_bind_text(st, at, s.p != NULL ? s.p : "", (int)s.n, SQLITE_STATIC);
}

void bind_blob(sqlite3_stmt *st, int at, const void *p, size_t n)
{
    if (n == 0) {
        sqlite3_bind_zeroblob(st, at, 0);
    } else {
        sqlite3_bind_blob(st, at, p, (int)n, SQLITE_STATIC);
    }
}

struct str col_str(sqlite3_stmt *st, int col)
{
    const char *p = sqlite3_column_blob(st, col);
    return (struct str){p, (size_t)sqlite3_column_bytes(st, col)};
}
