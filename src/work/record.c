/* work/record.c - the threads of recordings. See record.h. */
#include "work/record.h"

#include <stdatomic.h>

#include "care/recording.h"
#include "care/who.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"
#include "store/tx.h"
#include "work/handle.h"

enum { SLICE_MS = 100, LOOK_MS = 300, KEEP_MS = 1000, RETRY_MS = 10000, WORK_MAX = 100, TURN_CAP = 16 << 20 };

struct record_threads {
    struct care *care;
    struct os_thread looker, keeper;
    bool looking, keeping;
    atomic_bool stop;
};

static void begin(struct req *rq, struct care *care, struct db *db, struct instant now)
{
    req_init(rq, TURN_CAP, now);
    rq->app = (struct app *)care;
    rq->db = db;
    rq->who = &who_clock;
}

/* One recording: what follows is committed first, then it begins. */
static enum err look(struct req *rq, const struct recording *r)
{
    struct recording_begin begin;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(recording_look(rq, tx, r, &begin));
    if (!tx_is_empty(tx)) {
        TRY(store_commit(care_of(rq)->store, rq, tx));
    }
    if (begin.due) {
        recording_begin(rq, r, &begin);
    }
    return OK;
}

enum err record_each(struct care *care, struct db *db, struct instant now, record_step_fn fn, void *ctx)
{
    struct req list;
    uint32_t n = 0;
    begin(&list, care, db, now);
    struct recording *all = ARENA_ARRAY(list.a, WORK_MAX, struct recording);
    enum err e = all != NULL ? recording_work(&list, all, WORK_MAX, &n) : FAIL(&list, E_TOO_LARGE, "work");
    for (uint32_t i = 0; e == OK && i < n; i++) {
        struct req rq;
        begin(&rq, care, db, now);
        enum err one = fn(&rq, &all[i], ctx);
        if (one != OK) {
            LOG(LOG_RECORD_FAILED, log_err(one), log_where(&rq.err));
        }
        err_clear(&rq);
        req_done(&rq);
    }
    err_clear(&list);
    req_done(&list);
    return e;
}

static enum err look_at(struct req *rq, const struct recording *r, void *ctx)
{
    (void)ctx;
    if (r->state >= RECORDING_STOPPED) {
        return OK;
    }
    enum err e = look(rq, r);
    return e == E_STALE ? OK : e; /* somebody was faster; the next look sees */
}

enum err record_pass(struct care *care, struct db *db, struct instant now)
{
    return record_each(care, db, now, look_at, NULL);
}

static void rest(struct record_threads *t, uint32_t ms)
{
    for (uint32_t slept = 0; slept < ms && !atomic_load(&t->stop); slept += SLICE_MS) {
        os_sleep_ms(SLICE_MS);
    }
}

static bool pause(void *ctx, uint32_t ms)
{
    struct record_threads *t = ctx;
    rest(t, ms);
    return atomic_load(&t->stop);
}

static void *look_loop(void *ctx)
{
    struct record_threads *t = ctx;
    struct db *db = handle_open(t->care, pause, t);
    while (db != NULL && !atomic_load(&t->stop)) {
        (void)!record_pass(t->care, db, os_now()); /* tried again at once */
        rest(t, LOOK_MS);
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

static void *keep_loop(void *ctx)
{
    struct record_threads *t = ctx;
    struct db *db = handle_open(t->care, pause, t);
    while (db != NULL && !atomic_load(&t->stop)) {
        bool more = false;
        enum err e = record_keep(t->care, db, os_now(), record_play, &more);
        if (e != OK || !more) {
            rest(t, e != OK ? RETRY_MS : KEEP_MS);
        }
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

struct record_threads *record_start(struct care *care)
{
    struct record_threads *t = os_alloc(1, sizeof *t);
    t->care = care;
    t->looking = os_thread_start(&t->looker, "record", look_loop, t);
    t->keeping = os_thread_start(&t->keeper, "record-keep", keep_loop, t);
    if (!t->looking || !t->keeping) {
        record_stop(t);
        return NULL;
    }
    return t;
}

void record_stop(struct record_threads *t)
{
    if (t == NULL) {
        return;
    }
    atomic_store(&t->stop, true);
    if (t->looking) {
        os_thread_join(&t->looker);
    }
    if (t->keeping) {
        os_thread_join(&t->keeper);
    }
    os_free(t);
}
