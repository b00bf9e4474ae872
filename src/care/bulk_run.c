/* care/bulk_run.c - running exports and imports step by step, each step counted in the store. See bulk.h. */
#include "care/bulk_int.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/audit.h"

enum { STEP = 2000, RUN_MEMORY = 64 << 20, EXPIRED_AT_ONCE = 20, LINES = 256 };
#define ERASED_MS 1 /* W_ER_BULK: goes whatever the clock says */
#define SAVE_EVERY_MS (2 * MS_SECOND)

static void run_req(struct req *rq, struct care *care, struct db *db)
{
    req_init(rq, RUN_MEMORY, os_now());
    rq->app = (struct app *)care;
    rq->db = db;
    rq->who = &who_clock;
}

/* DIR/exports/ID-, where the files of a row begin. */
static enum err place_of(struct req *rq, const struct bulk_row *row, struct str *ret_where)
{
    struct str dir = str_z(store_dir(care_of(rq)->store));
    char path[OS_PATH_MAX];
    struct buf name;
    TRY(os_path(rq, dir, S("exports"), path));
    TRY(os_mkdir(rq, path));
    buf_init(&name, rq->a, 128);
    BUF_LIT(&name, "exports/");
    buf_str(&name, row->id);
    buf_char(&name, '-');
    TRY(os_path(rq, dir, buf_get(&name), path));
    *ret_where = arena_str(rq->a, str_z(path));
    TRY_MEM(rq, ret_where->p);
    return OK;
}

/* ---- one export ---- */

struct export_run {
    struct req *rq;    /* what lives as long as the run */
    struct req *step;  /* what lives for a step */
    struct bulk_row *row;
    struct bulk_export *x;
    struct str progress; /* as the store has it */
    char held[BULK_PROGRESS_MAX];
};

/* Commits how far it came. *ret_dropped: the row is gone. */
static enum err save(struct export_run *r, bool done, bool *ret_dropped)
{
    struct req *rq = r->step;
    struct buf b;
    struct tx *tx = tx_new(rq);
    buf_init(&b, rq->a, BULK_PROGRESS_MAX);
    TRY_MEM(rq, tx);
    TRY(bulk_export_save(rq, r->x, &b));
    struct str progress = buf_get(&b);
    if (done) {
        struct audit_rec rec = {.action = AUDIT_EXPORT, .why = WHY_SYSTEM, .detail = r->row->id};
        TRY(audit_add(rq, &rec));
        TRY(TX_SQL(tx, W_BULK_END, TX_MUST_CHANGE, sql_text(r->row->id), sql_i64(BULK_DONE),
                   sql_text(progress), sql_i64(bulk_until(rq, os_now())), sql_text(S(""))));
    } else {
        TRY(TX_SQL(tx, W_BULK_STEP, TX_MUST_CHANGE, sql_text(r->row->id), sql_text(r->progress),
                   sql_text(progress)));
    }
    enum err e = store_commit(care_of(rq)->store, rq, tx);
    if (e == E_STALE) {
        err_clear(rq);
        *ret_dropped = true;
        return OK;
    }
    TRY(e);
    for (size_t i = 0; i < progress.n; i++) {
        r->held[i] = progress.p[i];
    }
    r->progress = (struct str){r->held, progress.n};
    return OK;
}

static enum err export_steps(struct export_run *r, bulk_stop_fn stop, void *ctx)
{
    bool done = false;
    bool dropped = false;
    struct instant saved = os_now();
    while (!done && !dropped && !stop(ctx)) {
        TRY(bulk_export_step(r->step, r->x, STEP, &done));
        struct instant now = os_now();
        if (done || now.ms - saved.ms > SAVE_EVERY_MS) {
            TRY(save(r, done, &dropped));
            saved = now;
        }
        arena_reset(r->step->a);
    }
    return OK;
}

static enum err export_run(struct req *rq, struct req *step, struct bulk_row *row, bulk_stop_fn stop,
                           void *ctx)
{
    struct export_run *r = ARENA_NEW(rq->a, struct export_run);
    struct bulk_ask *ask = ARENA_NEW(rq->a, struct bulk_ask);
    struct who *who = ARENA_NEW(rq->a, struct who);
    struct str where;
    TRY_MEM(rq, r);
    TRY_MEM(rq, ask);
    TRY_MEM(rq, who);
    TRY(bulk_ask_read(rq, row->ask, ask));
    TRY(bulk_who_read(rq, row->who, who));
    struct fhir_access acc = {.all = who_may(who, IS_SYSTEM),
                              .principals = who->principals,
                              .n = who->n_principals,
                              .scopes = who->scope};
    TRY(place_of(rq, row, &where));
    TRY(bulk_export_open(rq, ask, &acc, row->upto, row->progress, where, &r->x));
    step->who = who;
    r->rq = rq;
    r->step = step;
    r->row = row;
    r->progress = row->progress;
    enum err e = export_steps(r, stop, ctx);
    bulk_export_close(r->x);
    return e == OK ? OK : FAIL(rq, e, "%s", step->err.detail);
}

/* ---- one import ---- */

static enum err import_run(struct req *rq, struct req *step, const struct bulk_row *row,
                           bulk_stop_fn stop, void *ctx)
{
    struct bulk_import *m = NULL;
    struct who *who = ARENA_NEW(rq->a, struct who);
    struct str where;
    bool done = false;
    bool dropped = false;
    enum err e = OK;
    TRY_MEM(rq, who);
    TRY(bulk_who_read(rq, row->who, who));
    TRY(place_of(rq, row, &where));
    TRY(bulk_import_open(rq, row, where, &m));
    step->who = who;
    while (e == OK && !done && !dropped && !stop(ctx)) {
        step->now = os_now();
        e = bulk_import_step(step, m, LINES, &done, &dropped);
        arena_reset(step->a);
        step->audit = NULL;
        step->issues = NULL;
    }
    bulk_import_close(m);
    return e == OK ? OK : FAIL(rq, e, "%s", step->err.detail);
}

/* ---- any ---- */

/* What cannot be done says so in its row; what the disk or the store refused is tried again. */
static enum err failed(struct req *rq, const struct bulk_row *row, enum err e)
{
    struct err_rec why = rq->err;
    struct tx *tx = tx_new(rq);
    err_clear(rq);
    TRY_MEM(rq, tx);
    if (e == E_IO || e == E_FULL || e == E_BUSY) {
        return FAIL(rq, e, "%s", why.detail);
    }
    TRY(TX_SQL(tx, W_BULK_END, 0, sql_text(row->id), sql_i64(BULK_FAILED), sql_text(row->progress),
               sql_i64(bulk_until(rq, rq->now)), sql_text(arena_str(rq->a, str_z(why.detail)))));
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err run_next(struct req *rq, struct req *step, bulk_stop_fn stop, void *ctx, bool *ret_ran)
{
    struct bulk_row row;
    bool has = false;
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        TRY(DB_QUERY(rq, &q, Q_BULK_NEXT, sql_i64(0)));
        TRY(db_next(rq, &q, &has));
        if (has) {
            bulk_row_read(rq, &q, &row);
        }
    }
    *ret_ran = has;
    if (!has) {
        return OK;
    }
    enum err e = row.kind == BULK_EXPORT ? export_run(rq, step, &row, stop, ctx)
                                         : import_run(rq, step, &row, stop, ctx);
    return e == OK ? OK : failed(rq, &row, e);
}

static bool never_stop(void *ctx)
{
    (void)ctx;
    return false;
}

enum err bulk_run_one(struct req *rq, struct str id, struct bulk_row *ret_row)
{
    struct req step;
    struct bulk_row row;
    TRY(bulk_row_of(rq, id, &row));
    run_req(&step, (struct care *)rq->app, rq->db);
    enum err e = OK;
    if (row.state == BULK_RUNS) {
        e = row.kind == BULK_EXPORT ? export_run(rq, &step, &row, never_stop, NULL)
                                    : import_run(rq, &step, &row, never_stop, NULL);
    }
    req_done(&step);
    TRY(e);
    return bulk_row_of(rq, id, ret_row);
}

enum err bulk_run(struct care *care, struct db *db, bulk_stop_fn stop, void *ctx, bool *ret_ran)
{
    struct req rq;
    struct req step;
    run_req(&rq, care, db);
    run_req(&step, care, db);
    enum err e = run_next(&rq, &step, stop, ctx, ret_ran);
    err_clear(&rq);
    req_done(&step);
    req_done(&rq);
    return e;
}

/* ---- what expired ---- */

struct sweep {
    struct req *rq;
    char dir[OS_PATH_MAX];
};

/* ID-NAME.ndjson of a row that is gone. */
static enum err file_check(struct req *rq, const char *name, void *ctx)
{
    struct sweep *s = ctx;
    struct str id = str_z(name);
    char path[OS_PATH_MAX];
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e;
    size_t cut = id.n;
    for (size_t i = 0; i < id.n; i++) { /* the last dash: ids have some themselves */
        cut = id.p[i] == '-' ? i : cut;
    }
    if (cut == id.n) {
        return OK;
    }
    id.n = cut;
    e = DB_ONE(rq, &q, Q_BULK, sql_text(id));
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(os_path(rq, str_z(s->dir), str_z(name), path));
    return os_remove(rq, path);
}

static enum err expire(struct req *rq)
{
    struct sweep *s = ARENA_NEW(rq->a, struct sweep);
    struct tx *tx = tx_new(rq);
    struct retain_clock clock;
    uint64_t n = 0;
    bool has = false;
    TRY_MEM(rq, s);
    TRY_MEM(rq, tx);
    TRY(retain_clock_look(rq, &clock));
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        TRY(DB_QUERY(rq, &q, Q_BULK_EXPIRED, sql_i64(clock.trusted ? rq->now.ms : ERASED_MS),
                     sql_i64(EXPIRED_AT_ONCE)));
        TRY(db_next(rq, &q, &has));
        while (has) {
            n++;
            TRY(TX_SQL(tx, W_BULK_DROP, 0, sql_text(db_text(rq->a, &q, 0))));
            TRY(db_next(rq, &q, &has));
        }
    }
    if (!tx_is_empty(tx)) {
        TRY(retain_note(rq, tx, RETAIN_EXPORTS, n));
        TRY(store_commit(care_of(rq)->store, rq, tx));
    }
    TRY(os_path(rq, str_z(store_dir(care_of(rq)->store)), S("exports"), s->dir));
    return os_exists(s->dir) ? os_each_entry(rq, s->dir, file_check, s) : OK;
}

enum err bulk_expire(struct care *care, struct db *db, struct instant now)
{
    struct req rq;
    run_req(&rq, care, db);
    rq.now = now;
    enum err e = expire(&rq);
    err_clear(&rq);
    req_done(&rq);
    return e;
}
