/* store/db.c - reading resources, versions and teams. See db.h. */
#include <inttypes.h>
#include <string.h>

#include "store/bodies_int.h"
#include "store/footprint.h"
#include "store/read_int.h"
#include "store/store_int.h"
#include "store/writer_int.h"

enum { COL_VID = 9 };

enum err read_take(struct req *rq, unsigned id, sqlite3_stmt **ret_st)
{
    ASSERT(rq->db != NULL);
    if (rq->db->views == 0 && !conn_leave(rq->db->conn)) { /* an older view would be shown */
        return conn_err(rq, rq->db->conn);
    }
    sqlite3_stmt *st = conn_take(rq->db->conn, id);
    if (st == NULL) {
        return conn_err(rq, rq->db->conn);
    }
    *ret_st = st;
    return OK;
}

enum err read_step(struct req *rq, sqlite3_stmt *st, bool *ret_has)
{
    int rc = sqlite3_step(st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return conn_err(rq, rq->db->conn);
    }
    *ret_has = rc == SQLITE_ROW;
    return OK;
}

static void row_head(struct res_row *row, sqlite3_stmt *st)
{
    *row = (struct res_row){
        .rid = sqlite3_column_int64(st, 0),
        .type = (uint16_t)sqlite3_column_int64(st, 1),
        .version = (uint64_t)sqlite3_column_int64(st, 3),
        .updated = {sqlite3_column_int64(st, 4)},
        .deleted = sqlite3_column_int64(st, 5) != 0,
        .erased = sqlite3_column_int64(st, 5) == RES_ERASED,
        .at_ms = sqlite3_column_int64(st, 6),
        .anchor = sqlite3_column_int64(st, 7),
        .patient = sqlite3_column_int64(st, 8),
    };
}

/* Bodies kept before something was erased are kept no longer. */
static void bodies_follow(struct db *db)
{
    uint64_t now = atomic_load_explicit(&db->store->erased, memory_order_acquire);
    if (db->bodies != NULL && db->erased != now) {
        bodies_wipe(db->bodies);
        db->erased = now;
    }
}

/* The body of the row's version: as kept, or from its row. */
static enum err body_read(struct req *rq, int64_t vid, struct res_row *row)
{
    struct db *db = rq->db;
    struct str kept;
    sqlite3_stmt *st;
    bool has = false;
    struct str raw = {NULL, 0};
    bodies_follow(db);
    if (db->bodies != NULL && bodies_get(db->bodies, vid, &kept)) {
        row->body = arena_str(rq->a, kept);
        TRY_MEM(rq, row->body.p);
        return OK;
    }
    TRY(read_take(rq, C_BODY, &st));
    bind_i64(st, 1, vid);
    enum err e = read_step(rq, st, &has);
    if (e == OK && !has) {
        e = FAIL(rq, E_IO, "version row %" PRIi64 " is missing", vid);
    }
    if (e == OK) {
        e = dict_unpack(rq, db, sqlite3_column_int64(st, 0), col_str(st, 1), &raw);
    }
    if (e == OK) {
        row->body = body_splice(rq->a, raw, row->id, row->version, row->updated.ms);
    }
    conn_give(db->conn, C_BODY, st);
    TRY(e);
    TRY_MEM(rq, row->body.p);
    if (db->bodies != NULL) {
        bodies_put(db->bodies, vid, row->body);
    }
    return OK;
}

/* One row of C_HEAD or C_HEAD_RID. */
static enum err row_get(struct req *rq, sqlite3_stmt *st, bool with_body, struct res_row *ret_row)
{
    bool has = false;
    struct res_row row;
    TRY(read_step(rq, st, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "no such resource");
    }
    row_head(&row, st);
    row.id = arena_str(rq->a, col_str(st, 2));
    TRY_MEM(rq, row.id.p);
    if (with_body && !row.deleted) {
        TRY(body_read(rq, sqlite3_column_int64(st, COL_VID), &row));
    }
    *ret_row = row;
    return OK;
}

static enum err row_by_id(struct req *rq, uint16_t type, struct str id, bool with_body,
                          struct res_row *ret_row)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, C_HEAD, &st));
    bind_text(st, 1, id);
    bind_i64(st, 2, type);
    enum err e = row_get(rq, st, with_body, ret_row);
    conn_give(rq->db->conn, C_HEAD, st);
    return e;
}

static enum err row_by_rid(struct req *rq, int64_t rid, bool with_body, struct res_row *ret_row)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, C_HEAD_RID, &st));
    bind_i64(st, 1, rid);
    enum err e = row_get(rq, st, with_body, ret_row);
    conn_give(rq->db->conn, C_HEAD_RID, st);
    return e;
}

enum err db_find(struct req *rq, uint16_t type, struct str id, struct res_row *ret_row)
{
    return row_by_id(rq, type, id, true, ret_row);
}

enum err db_read(struct req *rq, uint16_t type, struct str id, struct res_row *ret_row)
{
    struct res_row row;
    TRY(db_find(rq, type, id, &row));
    if (row.deleted) {
        return FAIL(rq, E_GONE, "version %" PRIu64 " deleted it", row.version);
    }
    *ret_row = row;
    return OK;
}

enum err db_read_rid(struct req *rq, int64_t rid, struct res_row *ret_row)
{
    struct res_row row;
    TRY(row_by_rid(rq, rid, true, &row));
    if (row.deleted) {
        return FAIL(rq, E_GONE, "version %" PRIu64 " deleted it", row.version);
    }
    *ret_row = row;
    return OK;
}

enum err db_head(struct req *rq, uint16_t type, struct str id, struct res_row *ret_row)
{
    return row_by_id(rq, type, id, false, ret_row);
}

enum err db_head_rid(struct req *rq, int64_t rid, struct res_row *ret_row)
{
    return row_by_rid(rq, rid, false, ret_row);
}

enum err db_rid(struct req *rq, uint16_t type, struct str id, int64_t *ret_rid)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, C_RID_BY_ID, &st));
    bind_text(st, 1, id);
    bind_i64(st, 2, type);
    enum err e = read_step(rq, st, &has);
    int64_t rid = has ? sqlite3_column_int64(st, 0) : 0;
    conn_give(rq->db->conn, C_RID_BY_ID, st);
    TRY(e);
    *ret_rid = rid;
    return OK;
}

enum err db_tuples(struct req *rq, int64_t rid, const struct tuple **ret_tuples, size_t *ret_n)
{
    sqlite3_stmt *st;
    bool has = false;
    struct str bytes = {NULL, 0};
    struct tuple *t = NULL;
    size_t n = 0;
    TRY(read_take(rq, C_FOOTPRINT, &st));
    bind_i64(st, 1, rid);
    enum err e = read_step(rq, st, &has);
    if (has) {
        bytes = arena_str(rq->a, col_str(st, 0));
    }
    conn_give(rq->db->conn, C_FOOTPRINT, st);
    TRY(e);
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "no such resource");
    }
    TRY_MEM(rq, bytes.p);
    if (!footprint_read(rq->a, bytes, &t, &n)) {
        return FAIL(rq, E_IO, "footprint of rid %" PRIi64, rid);
    }
    *ret_tuples = t;
    *ret_n = n;
    return OK;
}

enum err db_has(struct req *rq, const struct tuple *t, int64_t at, int64_t rid, bool *ret_has)
{
    struct index_row row;
    sqlite3_stmt *st;
    bool has = false;
    index_row_of(t, at, rid, &row);
    TRY(read_take(rq, row.has, &st));
    index_row_bind(st, &row);
    enum err e = read_step(rq, st, &has);
    conn_give(rq->db->conn, row.has, st);
    TRY(e);
    *ret_has = has;
    return OK;
}

/* ---- teams ---- */

enum err db_team_has(struct req *rq, int64_t anchor, const uint64_t *principals, size_t n,
                     bool *ret_has)
{
    sqlite3_stmt *st;
    bool has = false;
    enum err e = OK;
    TRY(read_take(rq, C_TEAM_HAS, &st));
    for (size_t i = 0; i < n && !has && e == OK; i++) {
        bind_i64(st, 1, anchor);
        bind_i64(st, 2, (int64_t)principals[i]);
        e = read_step(rq, st, &has);
        sqlite3_reset(st);
    }
    conn_give(rq->db->conn, C_TEAM_HAS, st);
    TRY(e);
    *ret_has = has;
    return OK;
}

enum err db_team(struct req *rq, int64_t anchor, uint64_t *ret_principals, size_t cap, size_t *ret_n)
{
    sqlite3_stmt *st;
    size_t n = 0;
    bool has = false;
    TRY(read_take(rq, C_TEAM_OF, &st));
    bind_i64(st, 1, anchor);
    bind_i64(st, 2, (int64_t)cap);
    enum err e = read_step(rq, st, &has);
    while (e == OK && has && n < cap) {
        ret_principals[n++] = (uint64_t)sqlite3_column_int64(st, 0);
        e = read_step(rq, st, &has);
    }
    sqlite3_reset(st);
    conn_give(rq->db->conn, C_TEAM_OF, st);
    TRY(e);
    *ret_n = n;
    return OK;
}

/* ---- one view ---- */

enum err db_begin(struct req *rq)
{
    if (rq->db->views == 0 &&
        (!conn_leave(rq->db->conn) || conn_run(rq->db->conn, C_BEGIN_READ) != SQLITE_DONE)) {
        return conn_err(rq, rq->db->conn);
    }
    rq->db->views++;
    return OK;
}

void db_end(struct req *rq)
{
    ASSERT(rq->db->views > 0);
    if (--rq->db->views == 0) {
        conn_run(rq->db->conn, C_COMMIT); /* where it fails, conn_leave() ends the view */
    }
}

bool db_idle(struct db *db)
{
    bool clean = db->conn->n_taken == 0 && db->views == 0;
    bodies_follow(db);
    if (!clean) {
        conn_drop_all(db->conn);
        db->views = 0;
        (void)conn_leave(db->conn);
    }
    return clean;
}
