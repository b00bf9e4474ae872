/* store/check.c - the doctor: does everything agree with everything? See store_check(). */
#include <inttypes.h>
#include <string.h>

#include "store/footprint.h"
#include "store/read_int.h"
#include "store/store_int.h"
#include "store/writer_int.h"

struct check {
    struct buf *out;
    uint64_t faults;
    uint64_t n_tuples; /* index rows the footprints ask for */
    uint64_t n_owned;  /* rows of ix_of they ask for */
    uint64_t n_ver;    /* versions reached through the chains */
};

static void fault(struct check *c, const char *what, int64_t number)
{
    c->faults++;
    if (c->out != NULL) {
        buf_str(c->out, str_z(what));
        buf_char(c->out, ' ');
        buf_i64(c->out, number);
        buf_char(c->out, '\n');
    }
}

static enum err number(struct req *rq, unsigned id, uint64_t *ret_n)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, id, &st));
    enum err e = read_step(rq, st, &has);
    *ret_n = has ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    conn_give(rq->db->conn, id, st);
    return e;
}

static enum err has_row(struct req *rq, unsigned id, const int64_t *v, int n, bool *ret_has)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, id, &st));
    for (int i = 0; i < n; i++) {
        bind_i64(st, i + 1, v[i]);
    }
    enum err e = read_step(rq, st, ret_has);
    conn_give(rq->db->conn, id, st);
    return e;
}

struct row {
    int64_t rid, type, vid, version, deleted, at, anchor, patient;
    struct str footprint;
};

static enum err check_index(struct req *rq, struct check *c, const struct row *r)
{
    struct tuple *t;
    size_t n;
    if (!footprint_read(rq->a, r->footprint, &t, &n)) {
        fault(c, "damaged footprint of rid", r->rid);
        return OK;
    }
    for (size_t i = 0; i < n; i++) {
        bool has;
        TRY(db_has(rq, &t[i], r->at, r->rid, &has));
        if (!has) {
            fault(c, "missing index row of rid", r->rid);
        }
    }
    c->n_tuples += n;
    const int64_t owners[] = {0, r->anchor, r->patient != r->anchor ? r->patient : 0};
    for (size_t i = 0; i < LEN(owners) && r->deleted != RES_DELETED; i++) {
        const int64_t v[] = {owners[i], r->type, r->at, r->rid};
        bool has;
        if (i > 0 && owners[i] <= 0) {
            continue;
        }
        TRY(has_row(rq, C_OF_HAS, v, 4, &has));
        c->n_owned += has || r->deleted == 0;
        if (!has && r->deleted == 0) { /* one that is being erased may have lost its rows */
            fault(c, "missing owner row of rid", r->rid);
        }
    }
    return OK;
}

/* Versions n .. 1 by the prev links. */
static enum err check_versions(struct req *rq, struct check *c, const struct row *r)
{
    int64_t vid = r->vid;
    for (int64_t want = r->version; want > 0; want--) {
        sqlite3_stmt *st;
        bool has = false;
        int64_t version = 0;
        TRY(read_take(rq, C_VER_PREV, &st));
        bind_i64(st, 1, vid);
        enum err e = read_step(rq, st, &has);
        if (e == OK && has) {
            version = sqlite3_column_int64(st, 0);
            vid = sqlite3_column_int64(st, 1);
        }
        conn_give(rq->db->conn, C_VER_PREV, st);
        TRY(e);
        if (version != want) {
            fault(c, "broken version chain of rid", r->rid);
            return OK;
        }
        c->n_ver++;
    }
    return OK;
}

static enum err check_resources(struct req *rq, struct check *c)
{
    sqlite3_stmt *st;
    bool has = true;
    enum err e = OK;
    TRY(read_take(rq, C_RES_WALK, &st));
    bind_i64(st, 1, 0);
    while (e == OK && (e = read_step(rq, st, &has)) == OK && has) {
        struct arena_mark mark = arena_mark(rq->a);
        const struct row r = {
            .rid = sqlite3_column_int64(st, 0),
            .type = sqlite3_column_int64(st, 1),
            .vid = sqlite3_column_int64(st, 3),
            .version = sqlite3_column_int64(st, 4),
            .deleted = sqlite3_column_int64(st, 5),
            .at = sqlite3_column_int64(st, 6),
            .anchor = sqlite3_column_int64(st, 7),
            .patient = sqlite3_column_int64(st, 8),
            .footprint = col_str(st, 9),
        };
        if (r.version > 0) {
            e = check_index(rq, c, &r);
            if (e == OK) {
                e = check_versions(rq, c, &r);
            }
        }
        arena_back(rq->a, mark);
    }
    conn_give(rq->db->conn, C_RES_WALK, st);
    return e;
}

static enum err check_counts(struct req *rq, struct check *c)
{
    uint64_t n;
    TRY(number(rq, C_IX_COUNT, &n));
    if (n != c->n_tuples) {
        fault(c, "index rows too many or too few:", (int64_t)(n - c->n_tuples));
    }
    TRY(number(rq, C_OF_COUNT, &n));
    if (n != c->n_owned) {
        fault(c, "owner rows too many or too few:", (int64_t)(n - c->n_owned));
    }
    TRY(number(rq, C_VER_COUNT, &n));
    if (n != c->n_ver) {
        fault(c, "versions too many or too few:", (int64_t)(n - c->n_ver));
    }
    return OK;
}

static enum err blob_seen(struct req *rq, const struct blob_ref *ref, enum err found, void *ctx)
{
    (void)rq;
    if (found == E_CHECKSUM) {
        fault(ctx, "bytes of a blob changed; announced bytes:", (int64_t)ref->size);
    } else if (found != OK) {
        fault(ctx, "blob missing or not readable; announced bytes:", (int64_t)ref->size);
    }
    return OK;
}

/* No fault: what a kill left behind; the running server removes it. */
static enum err count_unused(struct req *rq, struct check *c)
{
    uint64_t n = 0;
    for (unsigned folder = 0; folder < 256; folder++) {
        uint32_t found = 0;
        TRY(blob_sweep(rq, rq->db->store, folder, true, &found));
        n += found;
    }
    if (n > 0 && c->out != NULL) {
        BUF_LIT(c->out, "files of blobs without a use, which the server will remove: ");
        buf_u64(c->out, n);
        buf_char(c->out, '\n');
    }
    return OK;
}

static enum err check_file(struct req *rq, struct check *c)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, C_INTEGRITY, &st));
    enum err e = read_step(rq, st, &has);
    if (e == OK && (!has || !str_eq(col_str(st, 0), S("ok")))) {
        fault(c, "the database file is damaged", 0);
    }
    conn_give(rq->db->conn, C_INTEGRITY, st);
    return e;
}

static enum err check_all(struct req *rq, struct check *c)
{
    TRY(check_file(rq, c));
    TRY(check_resources(rq, c));
    TRY(check_counts(rq, c));
    return store_check_blobs(rq, blob_seen, c);
}

enum err store_check(struct req *rq, struct buf *out, uint64_t *ret_faults)
{
    struct check c = {.out = out};
    struct audit_report report;
    TRY(db_begin(rq));
    enum err e = check_all(rq, &c);
    db_end(rq);
    TRY(e);
    TRY(count_unused(rq, &c));
    TRY(audit_verify(rq, &report));
    if (report.fault != AUDIT_HOLDS) {
        fault(&c, audit_fault_text(report.fault), (int64_t)report.seq);
    }
    *ret_faults = c.faults;
    return OK;
}
