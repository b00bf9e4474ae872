/* work/runner.c - the loop over due jobs. */
#include "work/runner.h"

#include "care/glass.h"
#include "care/booking.h"
#include "care/consilium.h"
#include "care/flow.h"
#include "care/job.h"
#include "care/room.h"
#include "care/visit.h"
#include "care/ring.h"
#include "care/who.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"
#include "store/db.h"
#include "work/bulk.h"
#include "work/handle.h"

enum { BATCH = 50, JOB_CAP = 8 << 20, POLL_MS = 1000, SWEEP_EVERY_MS = 600000,
       FILES_EVERY_MS = 3600000 };

/* What a kind of job does: writes into tx, which also ends the job. */
typedef enum err (*job_run_fn)(struct req *rq, struct tx *tx, struct str key, struct str arg);

static enum err run_glass(struct req *rq, struct tx *tx, struct str key, struct str arg)
{
    (void)arg;
    return glass_end(rq, tx, key);
}

static enum err run_visit(struct req *rq, struct tx *tx, struct str key, struct str arg)
{
    (void)arg;
    return booking_remind(rq, tx, key);
}

static const job_run_fn kinds[JOB_COUNT] = {
    [JOB_CLOCK] = care_clock_run,
    [JOB_GLASS] = run_glass,
    [JOB_VISIT] = run_visit,
    [JOB_ROOM] = room_job,
    [JOB_VISIT_NOTE] = visit_clock_run,
    [JOB_RING] = ring_step,
    [JOB_CONSILIUM] = consilium_remind,
};

struct runner {
    struct care *care;
    struct db *db;
    struct os_thread thread;
    struct bulk_thread *bulk;
    struct os_mutex lock;
    struct os_cond wake;
    bool stop;
};

struct due {
    int64_t id, due_ms, attempts;
    uint32_t kind;
    struct str key, arg;
};

static void job_req(struct req *rq, struct care *care, struct db *db, struct instant now)
{
    req_init(rq, JOB_CAP, now);
    rq->app = (struct app *)care;
    rq->db = db;
    rq->who = &who_clock;
}

/* A job that failed waits longer each time, at most ten minutes, and is tried again. */
static void put_off(struct care *care, struct db *db, struct instant now, const struct due *j)
{
    struct req rq;
    int64_t wait = MIN(MS_SECOND << MIN(j->attempts, 9), 10 * MS_MINUTE);

    job_req(&rq, care, db, now);
    struct tx *tx = tx_new(&rq);
    if (tx == NULL
        || TX_SQL(tx, W_JOB_AGAIN, 0, sql_i64(j->id), sql_i64(now.ms + wait), sql_i64(0)) != OK
        || store_commit(care->store, &rq, tx) != OK) {
        err_clear(&rq); /* the job stays due and is tried in the next pass */
    }
    req_done(&rq);
}

static enum err run_one(struct care *care, struct db *db, struct instant now, const struct due *j)
{
    struct req rq;

    job_req(&rq, care, db, now);
    struct tx *tx = tx_new(&rq);
    enum err e = tx == NULL ? FAIL(&rq, E_TOO_LARGE, "memory cap") : OK;
    if (e == OK) {
        e = TX_SQL(tx, W_JOB_END_AS, TX_MUST_CHANGE, sql_i64(j->id), sql_i64(j->due_ms),
                   sql_text(j->arg));
    }
    if (e == OK && j->kind < JOB_COUNT && kinds[j->kind] != NULL) {
        e = kinds[j->kind](&rq, tx, j->key, j->arg);
    }
    if (e == OK) {
        e = store_commit(care->store, &rq, tx);
    }
    if (e != OK && e != E_STALE) { /* stale: the case or the job moved on; the next pass sees */
        LOG(LOG_JOB_FAILED, log_u64((uint64_t)j->id), log_u64((uint64_t)j->attempts), log_err(e),
            log_where(&rq.err));
    }
    req_done(&rq);
    return e;
}

static enum err read_due(struct req *rq, struct due *ret_jobs, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_JOBS_DUE, sql_i64(rq->now.ms), sql_i64(BATCH)));
    TRY(db_next(rq, &q, &has));
    while (has && n < BATCH) {
        ret_jobs[n++] = (struct due){
            .id = db_i64(&q, 0),
            .kind = (uint32_t)db_i64(&q, 1),
            .key = db_text(rq->a, &q, 2),
            .due_ms = db_i64(&q, 3),
            .arg = db_text(rq->a, &q, 4),
            .attempts = db_i64(&q, 5),
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err runner_pass(struct care *care, struct db *db, struct instant now, uint32_t *ret_ran)
{
    uint32_t ran = 0;
    bool more = true;

    while (more) {
        struct req rq;
        struct due jobs[BATCH];
        uint32_t n = 0;
        uint32_t done = 0;
        job_req(&rq, care, db, now);
        enum err e = read_due(&rq, jobs, &n);
        for (uint32_t i = 0; e == OK && i < n; i++) {
            enum err r = run_one(care, db, now, &jobs[i]);
            done += r == OK;
            if (r != OK && r != E_STALE) {
                put_off(care, db, now, &jobs[i]);
            }
        }
        if (e != OK) {
            err_clear(&rq);
        }
        req_done(&rq);
        TRY(e);
        ran += done;
        more = n == BATCH && done > 0;
    }
    *ret_ran = ran;
    return OK;
}

/* An event for nobody makes the writer look whether a command beside the server wrote meanwhile: a
 * person dismissed by it is out within a second, whatever else goes on. */
static void look_beside(struct runner *r, struct instant now)
{
    struct req rq;

    job_req(&rq, r->care, r->db, now);
    struct tx *tx = tx_new(&rq);
    if (tx == NULL || tx_event(tx, EVENT_PERSON, 0) != OK
        || store_commit(r->care->store, &rq, tx) != OK) {
        err_clear(&rq); /* the next pass looks again */
    }
    req_done(&rq);
}

static bool is_stopping(struct runner *r)
{
    os_lock(&r->lock);
    bool stop = r->stop;
    os_unlock(&r->lock);
    return stop;
}

static bool pause(void *ctx, uint32_t ms)
{
    struct runner *r = ctx;
    os_lock(&r->lock);
    if (!r->stop) {
        (void)os_wait_ms(&r->wake, &r->lock, ms);
    }
    bool stop = r->stop;
    os_unlock(&r->lock);
    return stop;
}

static void *loop(void *ctx)
{
    struct runner *r = ctx;
    int64_t swept_ms = 0;
    int64_t files_ms = 0;
    unsigned folder = RUNNER_FILES_DONE;
    bool more = false;
    unsigned erasing = 0;

    r->db = handle_open(r->care, pause, r);
    bool stop = r->db == NULL;
    while (!stop) {
        struct instant now = os_now();
        uint32_t ran = 0;
        look_beside(r, now);
        (void)!runner_pass(r->care, r->db, now, &ran); /* logged where it failed */
        if (now.ms - swept_ms > SWEEP_EVERY_MS) {
            (void)!runner_sweep(r->care, r->db, now);
            swept_ms = now.ms;
            more = true;
        }
        if (more) {
            more = runner_retain(r->care, r->db, now);
        }
        if (now.ms - files_ms > FILES_EVERY_MS) { /* at start too */
            files_ms = now.ms;
            folder = 0;
        }
        while (runner_erase(r->care, r->db, os_now(), &erasing) && !is_stopping(r)) {
            (void)!runner_pass(r->care, r->db, os_now(), &ran); /* deadlines do not wait for it */
        }
        if (folder < RUNNER_FILES_DONE) {
            (void)!runner_sweep_files(r->care, r->db, now, &folder);
        }
        stop = pause(r, POLL_MS);
    }
    if (r->db != NULL) {
        store_db_close(r->db);
    }
    return NULL;
}

enum err runner_start(struct req *rq, struct care *care, struct runner **ret_runner)
{
    struct runner *r = os_alloc(1, sizeof *r);

    r->care = care;
    os_mutex_init(&r->lock);
    os_cond_init(&r->wake);
    if (!os_thread_start(&r->thread, "jobs", loop, r)) {
        os_cond_done(&r->wake);
        os_mutex_done(&r->lock);
        os_free(r);
        return FAIL(rq, E_IO, "no thread for jobs");
    }
    r->bulk = bulk_thread_start(care); /* without it exports wait for the next start */
    *ret_runner = r;
    return OK;
}

void runner_stop(struct runner *r)
{
    if (r == NULL) {
        return;
    }
    bulk_thread_stop(r->bulk);
    os_lock(&r->lock);
    r->stop = true;
    os_broadcast(&r->wake);
    os_unlock(&r->lock);
    os_thread_join(&r->thread);
    os_cond_done(&r->wake);
    os_mutex_done(&r->lock);
    os_free(r);
}
