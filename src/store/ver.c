/* store/ver.c - versions: history, vread, the change feed. See db.h. */
#include <inttypes.h>

#include "store/read_int.h"
#include "store/store_int.h"

enum { COL_PREV = 10, COL_CODEC, COL_BODY };

/* The version at vid and the one before it. */
static enum err ver_get(struct req *rq, int64_t vid, struct ver_row *ret_row, int64_t *ret_prev)
{
    sqlite3_stmt *st;
    bool has = false;
    struct ver_row v = {.vid = vid};
    int64_t prev = 0;
    TRY(read_take(rq, C_VER, &st));
    bind_i64(st, 1, vid);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        v.rid = sqlite3_column_int64(st, 1);
        v.type = (uint16_t)sqlite3_column_int64(st, 2);
        v.id = arena_str(rq->a, col_str(st, 3));
        v.version = (uint64_t)sqlite3_column_int64(st, 4);
        v.op = (enum ver_op)sqlite3_column_int64(st, 5);
        v.updated.ms = sqlite3_column_int64(st, 6);
        v.tx = (uint64_t)sqlite3_column_int64(st, 7);
        v.anchor = sqlite3_column_int64(st, 8);
        v.patient = sqlite3_column_int64(st, 9);
        prev = sqlite3_column_int64(st, COL_PREV);
        if (v.op != VER_DELETE) {
            struct str raw = {NULL, 0};
            e = dict_unpack(rq, rq->db, sqlite3_column_int64(st, COL_CODEC), col_str(st, COL_BODY),
                            &raw);
            if (e == OK) {
                v.body = body_splice(rq->a, raw, v.id, v.version, v.updated.ms);
            }
        }
    }
    conn_give(rq->db->conn, C_VER, st);
    TRY(e);
    if (!has) {
        return FAIL(rq, E_IO, "version row %" PRIi64 " is missing", vid);
    }
    TRY_MEM(rq, v.id.p);
    if (v.op != VER_DELETE) {
        TRY_MEM(rq, v.body.p);
    }
    *ret_row = v;
    *ret_prev = prev;
    return OK;
}

static enum err two_numbers(struct req *rq, unsigned id, sqlite3_stmt *st, int64_t ret_v[2])
{
    bool has = false;
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        ret_v[0] = sqlite3_column_int64(st, 0);
        ret_v[1] = sqlite3_column_count(st) > 1 ? sqlite3_column_int64(st, 1) : 0;
    }
    conn_give(rq->db->conn, id, st);
    TRY(e);
    return has ? OK : FAIL(rq, E_NOT_FOUND, "no such resource");
}

/* vid of the current version. */
static enum err ver_top(struct req *rq, uint16_t type, struct str id, int64_t *ret_vid)
{
    sqlite3_stmt *st;
    int64_t v[2];
    TRY(read_take(rq, C_VER_TOP, &st));
    bind_text(st, 1, id);
    bind_i64(st, 2, type);
    TRY(two_numbers(rq, C_VER_TOP, st, v));
    *ret_vid = v[0];
    return v[1] != RES_ERASED ? OK : FAIL(rq, E_GONE, "erased by order");
}

enum err db_vread(struct req *rq, uint16_t type, struct str id, uint64_t version,
                  struct ver_row *ret_row)
{
    int64_t vid;
    int64_t prev;
    struct ver_row row;
    TRY(ver_top(rq, type, id, &vid));
    while (vid != 0) {
        sqlite3_stmt *st;
        int64_t v[2];
        TRY(read_take(rq, C_VER_PREV, &st));
        bind_i64(st, 1, vid);
        TRY(two_numbers(rq, C_VER_PREV, st, v));
        if ((uint64_t)v[0] <= version) {
            vid = (uint64_t)v[0] == version ? vid : 0;
            break;
        }
        vid = v[1];
    }
    if (vid == 0) {
        return FAIL(rq, E_NOT_FOUND, "no version %" PRIu64, version);
    }
    TRY(ver_get(rq, vid, &row, &prev));
    if (row.op == VER_DELETE) {
        return FAIL(rq, E_GONE, "version %" PRIu64 " is a deletion", version);
    }
    *ret_row = row;
    return OK;
}

static enum err one_number(struct req *rq, unsigned id, int64_t *ret_v)
{
    sqlite3_stmt *st;
    int64_t v[2] = {0, 0};
    TRY(read_take(rq, id, &st));
    TRY(two_numbers(rq, id, st, v));
    *ret_v = v[0];
    return OK;
}

/* One row of C_FEED or C_VER_HEAD. */
static void head_of(struct req *rq, sqlite3_stmt *st, struct ver_row *ret_row, int64_t *ret_prev)
{
    *ret_row = (struct ver_row){
        .vid = sqlite3_column_int64(st, 0),
        .rid = sqlite3_column_int64(st, 1),
        .type = (uint16_t)sqlite3_column_int64(st, 2),
        .version = (uint64_t)sqlite3_column_int64(st, 3),
        .op = (enum ver_op)sqlite3_column_int64(st, 4),
        .updated = {sqlite3_column_int64(st, 5)},
        .anchor = sqlite3_column_int64(st, 6),
        .patient = sqlite3_column_int64(st, 7),
        .id = arena_str(rq->a, col_str(st, 8)),
    };
    *ret_prev = sqlite3_column_int64(st, 9);
}

enum err db_ver_read(struct req *rq, int64_t vid, struct ver_row *ret_row)
{
    int64_t prev;
    return ver_get(rq, vid, ret_row, &prev);
}

static enum err ver_head(struct req *rq, int64_t vid, struct ver_row *ret_row, int64_t *ret_prev)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, C_VER_HEAD, &st));
    bind_i64(st, 1, vid);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        head_of(rq, st, ret_row, ret_prev);
    }
    conn_give(rq->db->conn, C_VER_HEAD, st);
    TRY(e);
    return has ? OK : FAIL(rq, E_IO, "version row %" PRIi64 " is missing", vid);
}

enum err db_history(struct req *rq, uint16_t type, struct str id, int64_t before, db_ver_fn fn,
                    void *ctx)
{
    int64_t vid;
    bool stop = false;
    TRY(ver_top(rq, type, id, &vid));
    while (vid != 0 && !stop) {
        struct arena_mark m = arena_mark(rq->a);
        struct ver_row head;
        int64_t prev;
        bool keep = false;
        TRY(ver_head(rq, vid, &head, &prev));
        if (before == 0 || vid < before) {
            TRY(fn(rq, &head, ctx, &keep, &stop));
        }
        if (!keep) {
            arena_back(rq->a, m);
        }
        vid = prev;
    }
    return OK;
}

enum err db_feed(struct req *rq, int64_t before, size_t scan, db_ver_fn fn, void *ctx,
                 int64_t *ret_next)
{
    sqlite3_stmt *st;
    bool has = true;
    bool stop = false;
    size_t seen = 0;
    int64_t last = 0;
    int64_t prev;
    enum err e = OK;
    TRY(read_take(rq, C_FEED, &st));
    bind_i64(st, 1, before != 0 ? before : INT64_MAX);
    bind_i64(st, 2, (int64_t)MIN(scan, (size_t)INT32_MAX));
    while (e == OK && !stop && (e = read_step(rq, st, &has)) == OK && has) {
        struct arena_mark m = arena_mark(rq->a);
        struct ver_row head;
        bool keep = false;
        seen++;
        head_of(rq, st, &head, &prev);
        last = head.vid;
        e = fn(rq, &head, ctx, &keep, &stop);
        if (!keep) {
            arena_back(rq->a, m);
        }
    }
    conn_give(rq->db->conn, C_FEED, st);
    TRY(e);
    *ret_next = !stop && seen == scan && last > 1 ? last : 0;
    return OK;
}

enum err db_vid_at(struct req *rq, int64_t at_ms, int64_t *ret_vid)
{
    int64_t lo = 0; /* at or before */
    int64_t hi;
    TRY(one_number(rq, C_VER_LAST, &hi));
    hi++; /* after */
    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        sqlite3_stmt *st;
        int64_t v[2] = {0, 0};
        TRY(read_take(rq, C_VER_TIME, &st));
        bind_i64(st, 1, mid);
        TRY(two_numbers(rq, C_VER_TIME, st, v));
        if (v[0] <= at_ms) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    *ret_vid = lo;
    return OK;
}

/* ---- a moment ---- */

enum err db_now(struct req *rq, struct db_moment *ret_m)
{
    struct db_moment m;
    TRY(one_number(rq, C_VER_LAST, &m.vid));
    TRY(one_number(rq, C_RES_LAST, &m.rid));
    *ret_m = m;
    return OK;
}

enum err db_moved(struct req *rq, const struct db_moment *m, uint16_t type, int64_t *ret_rids,
                  size_t n, size_t *ret_n)
{
    sqlite3_stmt *st;
    bool has = true;
    size_t got = 0;
    int64_t first = 0;
    int64_t newest = 0;
    enum { KEPT = 1 << 19 }; /* half of what the writer keeps */
    TRY(one_number(rq, C_MOVED_FIRST, &first));
    TRY(one_number(rq, C_VER_LAST, &newest));
    if (newest - m->vid > KEPT && first > m->vid) {
        return FAIL(rq, E_TOO_LARGE, "too long ago");
    }
    TRY(read_take(rq, C_MOVED, &st));
    bind_i64(st, 1, m->vid);
    bind_i64(st, 2, type);
    bind_i64(st, 3, (int64_t)n + 1);
    enum err e = OK;
    while (got <= n && (e = read_step(rq, st, &has)) == OK && has) {
        if (got < n) {
            ret_rids[got] = sqlite3_column_int64(st, 0);
        }
        got++;
    }
    conn_give(rq->db->conn, C_MOVED, st);
    TRY(e);
    if (got > n) {
        return FAIL(rq, E_TOO_LARGE, "too many changes since");
    }
    *ret_n = got;
    return OK;
}

enum err db_version_at(struct req *rq, int64_t rid, int64_t vid, struct ver_row *ret_row)
{
    sqlite3_stmt *st;
    int64_t v[2];
    struct ver_row row;
    int64_t prev;
    TRY(read_take(rq, C_RES_VID, &st));
    bind_i64(st, 1, rid);
    TRY(two_numbers(rq, C_RES_VID, st, v));
    int64_t at = v[0];
    while (at > vid) {
        TRY(read_take(rq, C_VER_PREV, &st));
        bind_i64(st, 1, at);
        TRY(two_numbers(rq, C_VER_PREV, st, v));
        at = v[1];
    }
    if (at == 0) {
        return FAIL(rq, E_NOT_FOUND, "no version yet");
    }
    TRY(ver_get(rq, at, &row, &prev));
    if (row.op == VER_DELETE) {
        return FAIL(rq, E_NOT_FOUND, "deleted then");
    }
    *ret_row = row;
    return OK;
}

enum err db_feed_on(struct req *rq, int64_t after, size_t n, struct feed_item *ret_items,
                    size_t *ret_n)
{
    sqlite3_stmt *st;
    bool has = true;
    size_t got = 0;
    enum err e = OK;
    TRY(read_take(rq, C_FEED_ON, &st));
    bind_i64(st, 1, after);
    bind_i64(st, 2, (int64_t)n);
    while (got < n && (e = read_step(rq, st, &has)) == OK && has) {
        ret_items[got++] = (struct feed_item){sqlite3_column_int64(st, 0),
                                              (uint16_t)sqlite3_column_int64(st, 1)};
    }
    conn_give(rq->db->conn, C_FEED_ON, st);
    TRY(e);
    *ret_n = got;
    return OK;
}

enum err db_version(struct req *rq, int64_t vid, struct ver_row *ret_row, int64_t *ret_before)
{
    return ver_get(rq, vid, ret_row, ret_before);
}
