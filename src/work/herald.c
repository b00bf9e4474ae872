/* work/herald.c - the threads. See herald.h. */
#include "os/clock.h"
#include "os/log.h"
#include "os/outgoing.h"
#include "os/thread.h"
#include "store/db.h"
#include "work/handle.h"
#include "work/herald_int.h"

enum { SENDERS = 3, SCAN_MS = 250, SEND_MS = 500, DUE_AT_ONCE = 100, BASE_MAX = 300, ID_MAX = 64 };
#define SWEEP_EVERY_MS (10 * MS_MINUTE)

struct herald {
    struct care *care;
    char base[BASE_MAX];
    size_t base_n;
    struct os_thread scanner;
    struct os_thread senders[SENDERS];
    unsigned n_senders;
    struct os_mutex lock;
    struct os_cond wake;
    char busy[SENDERS][ID_MAX + 1]; /* what each of them is at; "" nothing */
    bool stop;
};

static bool pause(struct herald *h, uint32_t ms)
{
    os_lock(&h->lock);
    if (!h->stop) {
        (void)os_wait_ms(&h->wake, &h->lock, ms);
    }
    bool stop = h->stop;
    os_unlock(&h->lock);
    return stop;
}

static bool pause_of(void *ctx, uint32_t ms)
{
    return pause(ctx, ms);
}

static void wake_all(struct herald *h)
{
    os_lock(&h->lock);
    os_broadcast(&h->wake);
    os_unlock(&h->lock);
}

static void *scan_loop(void *ctx)
{
    struct herald *h = ctx;
    struct db *db = handle_open(h->care, pause_of, h);
    int64_t swept_ms = 0;
    bool stop = db == NULL;
    while (!stop) {
        struct instant now = os_now();
        uint32_t seen = 0;
        uint32_t events = 0;
        if (herald_scan(h->care, db, now, &seen, &events) != OK) {
            seen = 0; /* the same versions are looked at again */
        }
        if (events > 0) {
            wake_all(h);
        }
        if (now.ms - swept_ms > SWEEP_EVERY_MS) {
            (void)!herald_sweep(h->care, db, now);
            swept_ms = now.ms;
        }
        stop = pause(h, seen > 0 ? 1 : SCAN_MS);
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

/* Takes a subscription for one sender; false when another has it. */
static bool take(struct herald *h, unsigned me, struct str id)
{
    bool is_free = id.n <= ID_MAX;
    os_lock(&h->lock);
    for (unsigned i = 0; i < SENDERS; i++) {
        is_free = is_free && !str_eq(str_z(h->busy[i]), id);
    }
    for (size_t i = 0; is_free && i < id.n; i++) {
        h->busy[me][i] = id.p[i];
        h->busy[me][i + 1] = 0;
    }
    is_free = is_free && !h->stop;
    os_unlock(&h->lock);
    return is_free;
}

static void give(struct herald *h, unsigned me)
{
    os_lock(&h->lock);
    h->busy[me][0] = 0;
    os_unlock(&h->lock);
}

static enum err due_read(struct req *rq, struct str *ret_ids, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_SUBS_DUE, sql_i64(rq->now.ms), sql_i64(DUE_AT_ONCE)));
    TRY(db_next(rq, &q, &has));
    while (has && n < DUE_AT_ONCE) {
        ret_ids[n++] = db_text(rq->a, &q, 0);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

/* One round over what is due; true when something was sent: there may be more. */
static bool send_round(struct herald *h, unsigned me, struct db *db)
{
    struct req rq;
    struct str ids[DUE_AT_ONCE];
    uint32_t n = 0;
    bool any = false;
    herald_req(&rq, h->care, db, os_now());
    if (due_read(&rq, ids, &n) != OK) {
        err_clear(&rq);
        n = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        bool sent = false;
        if (!take(h, me, ids[i])) {
            continue;
        }
        enum err e = herald_send(h->care, db, os_now(), (struct str){h->base, h->base_n}, ids[i],
                                 herald_post, &sent);
        if (e != OK) {
            LOG(LOG_SUB_FAILED, log_err(e));
        }
        any = any || sent;
        give(h, me);
    }
    req_done(&rq);
    return any;
}

struct sender {
    struct herald *h;
    unsigned me;
};

static void *send_loop(void *ctx)
{
    struct sender own = *(struct sender *)ctx;
    os_free(ctx);
    struct db *db = handle_open(own.h->care, pause_of, own.h);
    bool stop = db == NULL;
    while (!stop) {
        bool more = send_round(own.h, own.me, db);
        stop = pause(own.h, more ? 1 : SEND_MS);
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

/* False: h is gone. */
static bool threads_start(struct herald *h)
{
    if (!os_thread_start(&h->scanner, "subs-scan", scan_loop, h)) {
        os_cond_done(&h->wake);
        os_mutex_done(&h->lock);
        os_free(h);
        return false;
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        struct sender *s = os_alloc(1, sizeof *s);
        *s = (struct sender){h, i};
        if (!os_thread_start(&h->senders[i], "subs-send", send_loop, s)) {
            os_free(s);
            herald_stop(h);
            return false;
        }
        h->n_senders++;
    }
    return true;
}

enum err herald_start(struct req *rq, struct care *care, struct str base,
                      struct herald **ret_herald)
{
    struct herald *h = os_alloc(1, sizeof *h);
    h->care = care;
    h->base_n = MIN(base.n, (size_t)BASE_MAX);
    for (size_t i = 0; i < h->base_n; i++) {
        h->base[i] = base.p[i];
    }
    os_mutex_init(&h->lock);
    os_cond_init(&h->wake);
    os_outgoing_init();
    if (!threads_start(h)) {
        return FAIL(rq, E_IO, "no thread for subscriptions");
    }
    *ret_herald = h;
    return OK;
}

void herald_stop(struct herald *h)
{
    if (h == NULL) {
        return;
    }
    os_lock(&h->lock);
    h->stop = true;
    os_broadcast(&h->wake);
    os_unlock(&h->lock);
    os_thread_join(&h->scanner);
    for (unsigned i = 0; i < h->n_senders; i++) {
        os_thread_join(&h->senders[i]);
    }
    os_cond_done(&h->wake);
    os_mutex_done(&h->lock);
    os_free(h);
}
