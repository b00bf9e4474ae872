/* work/stamper.c - the thread that asks for time stamps. See stamper.h. */
#include "work/stamper.h"

#include "care/who.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/outgoing.h"
#include "os/random.h"
#include "os/thread.h"
#include "store/db.h"
#include "work/handle.h"

enum { CAP = 8 << 20, IDLE_MS = 1000, TIMEOUT_MS = 15000, DOUBLINGS = 6, HURT_MS = 500, HURT_STEPS = 3 };
enum { UNREADABLE_TRIES = 8 };
#define FIRST_MS (2 * MS_SECOND)
#define MOST_MS MS_HOUR

void stamper_ask(struct req *rq, struct str request, struct str *ret_reply, unsigned *ret_status)
{
    struct os_post p = {.url = care_of(rq)->stamps.url, .type = S("application/timestamp-query"),
                        .body = request, .timeout_ms = TIMEOUT_MS, .plain = true};
    struct os_got got = {0};
    *ret_reply = (struct str){0};
    *ret_status = 0;
    if (os_post_ask(rq, &p, STAMP_REPLY_MAX, &got) != OK) {
        err_clear(rq);
        return;
    }
    *ret_status = got.status;
    if (got.status == 200) {
        *ret_reply = got.body;
    }
}

/* 2, 8, 32 seconds and so on, an hour at most. */
static int64_t pause_after(int64_t attempts)
{
    return MIN((int64_t)FIRST_MS << (2 * MIN(attempts, (int64_t)DOUBLINGS)), MOST_MS);
}

struct trying {
    struct stamping_due due;
    struct str token;
    struct stamp_facts facts;
    unsigned status;
    int64_t took_ms;
};

/* Asks and judges; what does not hold is no failure. With as many tokens of others as readers look at, ours
 * would never be seen: nobody is asked. */
static enum err try_one(struct req *rq, stamper_ask_fn ask, struct trying *t)
{
    const struct stamp_settings *s = &care_of(rq)->stamps;
    uint8_t nonce[STAMP_NONCE];
    struct str others[STAMP_TOKENS_MAX];
    struct str request;
    struct str reply;
    uint32_t n = 0;
    struct stamp_ask held = {.certs = s->certs, .n_certs = s->n_certs, .policy = s->policy,
                             .nonce = {(const char *)nonce, sizeof nonce}, .from = t->due.asked};
    os_random(nonce, sizeof nonce);
    TRY(stamp_parts(rq, t->due.cms, &held.value, others, &n));
    if (n == STAMP_TOKENS_MAX) {
        t->facts.why = STAMP_CROWDED;
        return OK;
    }
    TRY(stamp_request(rq, held.value, s->policy, nonce, &request));
    uint64_t begun = os_ticks_us();
    ask(rq, request, &reply, &t->status);
    t->took_ms = (int64_t)((os_ticks_us() - begun) / 1000);
    held.until = (struct instant){rq->now.ms + t->took_ms};
    if (reply.n == 0) {
        t->facts.why = t->status != 0 && t->status != 200 ? STAMP_STATUS : STAMP_SILENT;
        return OK;
    }
    return stamp_reply(rq, reply, &held, &t->token, &t->facts);
}

static enum err write_down(struct req *rq, const struct trying *t)
{
    bool good = t->token.n > 0;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    bool unreadable = t->facts.why == STAMP_UNREADABLE && t->due.attempts + 1 >= UNREADABLE_TRIES;
    bool never = !good && (t->facts.why == STAMP_CROWDED || unreadable);
    TRY(good    ? stamping_keep(rq, tx, &t->due, t->token)
        : never ? stamping_give_up(rq, tx, &t->due, t->facts.why)
                : stamping_again(rq, tx, &t->due, t->facts.why, pause_after(t->due.attempts)));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    if (good) {
        LOG(LOG_STAMPED, log_u64((uint64_t)t->due.attempts), log_ms(t->took_ms));
    } else {
        LOG(LOG_STAMP_FAILED, log_u64(t->facts.why), log_u64(t->status), log_u64((uint64_t)t->due.attempts),
            log_ms(t->took_ms));
    }
    return OK;
}

static enum err step(struct req *rq, stamper_ask_fn ask, enum stamper_did *ret_did)
{
    struct trying t = {.facts = {.why = STAMP_UNREADABLE}};
    enum err e = stamping_next(rq, &t.due);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *ret_did = STAMPER_TRIED;
    if (t.due.is_gone) {
        struct tx *tx = tx_new(rq);
        TRY_MEM(rq, tx);
        TRY(stamping_drop(tx, &t.due));
        return store_commit(care_of(rq)->store, rq, tx);
    }
    e = t.due.cms.p != NULL ? try_one(rq, ask, &t) : OK;
    if (e == E_SYNTAX || e == E_TOO_LARGE) { /* a signature that cannot be read holds up no other */
        LOG(LOG_JOB_FAILED, log_u64(0), log_u64((uint64_t)t.due.attempts), log_err(e), log_where(&rq->err));
        err_clear(rq);
        e = OK;
    }
    TRY(e);
    bool silent = t.facts.why == STAMP_SILENT && t.status == 0;
    *ret_did = silent ? STAMPER_SILENCE : STAMPER_TRIED;
    return write_down(rq, &t);
}

enum err stamper_step(struct care *care, struct db *db, struct instant now, stamper_ask_fn ask,
                      enum stamper_did *ret_did)
{
    struct req rq;
    req_init(&rq, CAP, now);
    rq.app = (struct app *)care;
    rq.db = db;
    rq.who = &who_clock;
    *ret_did = STAMPER_NOTHING;
    enum err e = step(&rq, ask, ret_did);
    if (e != OK && e != E_STALE) {
        LOG(LOG_JOB_FAILED, log_u64(0), log_u64(0), log_err(e), log_where(&rq.err));
    }
    req_done(&rq);
    return e;
}

uint32_t stamper_pause_ms(enum err e, enum stamper_did did, unsigned *hurt)
{
    *hurt = did == STAMPER_SILENCE ? MIN(*hurt + 1, (unsigned)HURT_STEPS) : 0;
    return *hurt > 0 ? (uint32_t)HURT_MS << *hurt : e != OK || did == STAMPER_NOTHING ? IDLE_MS : 1;
}

/* ---- the thread ---- */

struct stamper {
    struct care *care;
    struct os_thread thread;
    struct os_mutex lock;
    struct os_cond wake;
    bool stop;
};

static bool pause(struct stamper *s, uint32_t ms)
{
    os_lock(&s->lock);
    if (!s->stop) {
        (void)os_wait_ms(&s->wake, &s->lock, ms);
    }
    bool stop = s->stop;
    os_unlock(&s->lock);
    return stop;
}

static bool pause_of(void *ctx, uint32_t ms)
{
    return pause(ctx, ms);
}

static void *loop(void *ctx)
{
    struct stamper *s = ctx;
    struct db *db = handle_open(s->care, pause_of, s);
    unsigned hurt = 0;
    bool stop = db == NULL;
    while (!stop) {
        enum stamper_did did;
        enum err e = stamper_step(s->care, db, os_now(), stamper_ask, &did);
        stop = pause(s, stamper_pause_ms(e, did, &hurt));
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

enum err stamper_start(struct req *rq, struct care *care, struct stamper **ret_stamper)
{
    *ret_stamper = NULL;
    if (!stamping_offered(care)) {
        return OK;
    }
    struct stamper *s = os_alloc(1, sizeof *s);
    s->care = care;
    os_mutex_init(&s->lock);
    os_cond_init(&s->wake);
    os_outgoing_init();
    if (!os_thread_start(&s->thread, "stamps", loop, s)) {
        os_cond_done(&s->wake);
        os_mutex_done(&s->lock);
        os_free(s);
        return FAIL(rq, E_IO, "no thread for time stamps");
    }
    *ret_stamper = s;
    return OK;
}

void stamper_stop(struct stamper *s)
{
    if (s == NULL) {
        return;
    }
    os_lock(&s->lock);
    s->stop = true;
    os_broadcast(&s->wake);
    os_unlock(&s->lock);
    os_thread_join(&s->thread);
    os_cond_done(&s->wake);
    os_mutex_done(&s->lock);
    os_free(s);
}
