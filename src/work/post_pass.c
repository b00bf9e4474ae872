/* work/post_pass.c - one message off the queue, and what came of it. See post.h. */
#include "care/directory.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/db.h"
#include "store/tx.h"
#include "work/post_int.h"

enum { CAP = 4 << 20 };

/* How often and how long a message is tried. */
static const struct pace {
    int64_t first_ms, most_ms; /* pauses between attempts: each `times` the one before */
    unsigned times;
    int64_t life_ms;           /* then it is given up */
} paces[] = {
    {15 * MS_SECOND, 2 * MS_HOUR, 4, MS_DAY},        /* what can wait */
    {5 * MS_SECOND, MS_MINUTE, 2, 15 * MS_MINUTE},   /* calls, codes and tests */
    {5 * MS_SECOND, 15 * MS_MINUTE, 4, MS_DAY},      /* invitations: each alone, and they can wait */
};
enum { PACE_INVITED = 2 };
#define PAUSE_ASKED_MAX MS_HOUR

/* What one message stands for. */
struct batch {
    int64_t first_id, last_id, address_id;
    struct str owner, code;
    enum notice_kind kind;
    enum notify_state state;
    uint64_t n;        /* notices */
    int64_t attempts;
    bool urgent, duty;
    struct post_message message;
};

static void post_req(struct req *rq, struct care *care, struct db *db, struct instant now)
{
    req_init(rq, CAP, now);
    rq->app = (struct app *)care;
    rq->db = db;
    rq->who = &who_clock;
}

static enum err read_one(struct req *rq, enum notify_channel channel, struct batch *ret_b,
                         bool *ret_any)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_POST_DUE, sql_i64(channel), sql_i64(rq->now.ms)));
    TRY(db_next(rq, &q, ret_any));
    if (!*ret_any) {
        return OK;
    }
    int64_t kind = db_i64(&q, 3);
    *ret_b = (struct batch){
        .first_id = db_i64(&q, 0),
        .last_id = db_i64(&q, 0),
        .address_id = db_i64(&q, 1),
        .owner = db_text(rq->a, &q, 2),
        .kind = kind > 0 && kind < NOTICE_COUNT ? (enum notice_kind)kind : NOTICE_NONE,
        .code = db_text(rq->a, &q, 4),
        .urgent = db_i64(&q, 5) != 0,
        .attempts = db_i64(&q, 7),
        .message = {.channel = channel, .address = db_text(rq->a, &q, 8),
                    .keys = db_text(rq->a, &q, 9)},
        .state = (enum notify_state)db_i64(&q, 10),
        .duty = db_i64(&q, 11) != 0,
        .n = 1,
    };
    return OK;
}

/* All that waits for the same address goes in one message; of several kinds it tells the number alone. */
static enum err take_along(struct req *rq, struct batch *b)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    if (b->urgent) {
        return OK;
    }
    TRY(DB_ONE(rq, &q, Q_POST_TOGETHER, sql_i64(b->address_id), sql_i64(rq->now.ms)));
    b->n = db_u64(&q, 0);
    b->first_id = 0;
    b->last_id = db_i64(&q, 2);
    b->attempts = db_i64(&q, 3);
    return OK;
}

static enum err is_on_duty(struct req *rq, struct str person, bool *ret_duty)
{
    const struct directory *d = NULL;
    TRY(directory_get(rq, &d));
    uint32_t at = dir_person_at(d, person);
    *ret_duty = false;
    for (uint32_t i = 0; at != DIR_NONE && i < d->n_duties; i++) {
        const struct dir_duty *u = &d->duties[i];
        *ret_duty = *ret_duty
                    || (u->person == at && u->from_ms <= rq->now.ms && u->to_ms > rq->now.ms);
    }
    return OK;
}

/* Is it still wanted there? */
static enum err is_wanted(struct req *rq, const struct batch *b, bool *ret_wanted)
{
    *ret_wanted = b->kind != NOTICE_NONE
                  && (b->state == ADDRESS_GOOD
                      || (b->state == ADDRESS_WAITS
                          && (b->kind == NOTICE_CODE || b->kind == NOTICE_INVITED)));
    return *ret_wanted && b->duty && !b->urgent ? is_on_duty(rq, b->owner, ret_wanted) : OK;
}

static enum err rows_done(struct req *rq, struct tx *tx, const struct batch *b)
{
    return TX_SQL(tx, W_POST_DONE, 0, sql_i64(b->address_id), sql_i64(b->first_id),
                  sql_i64(b->last_id), sql_i64(b->urgent), sql_i64(rq->now.ms));
}

static const struct pace *pace_of(const struct batch *b)
{
    return &paces[b->kind == NOTICE_INVITED ? PACE_INVITED : (int)b->urgent];
}

static int64_t pause_after(const struct pace *p, const struct batch *b,
                           const struct post_result *r)
{
    int64_t ms = p->first_ms;
    for (int64_t i = 0; i < b->attempts && ms < p->most_ms; i++) {
        ms *= p->times;
    }
    ms = MIN(ms, p->most_ms);
    return r->retry_after_s > 0 ? MAX(ms, MIN(r->retry_after_s * MS_SECOND, PAUSE_ASKED_MAX)) : ms;
}

/* rq->now: when the rows were read; then: when the attempt ended. */
static enum err rows_failed(struct req *rq, struct tx *tx, const struct batch *b,
                            const struct post_result *r, struct instant then)
{
    const struct pace *p = pace_of(b);
    bool never = r->why == POST_REFUSED || r->why == POST_GONE;
    int64_t over_ms = never ? INT64_MAX : then.ms - p->life_ms;
    if (r->why == POST_GONE) {
        TRY(TX_SQL(tx, W_ADDRESS_DEAD, 0, sql_i64(b->address_id)));
    }
    TRY(TX_SQL(tx, W_POST_FAILED, 0, sql_i64(b->address_id), sql_i64(b->first_id),
               sql_i64(b->last_id), sql_i64(b->urgent), sql_i64(rq->now.ms), sql_i64(r->why),
               sql_i64(r->status), sql_i64(over_ms)));
    if (never) {
        LOG(LOG_POST_FAILED, log_u64(b->message.channel), log_u64(r->why), log_u64(r->status));
    }
    return TX_SQL(tx, W_POST_AGAIN, 0, sql_i64(b->address_id), sql_i64(b->first_id),
                  sql_i64(b->last_id), sql_i64(b->urgent), sql_i64(rq->now.ms), sql_i64(r->why),
                  sql_i64(r->status), sql_i64(then.ms + pause_after(p, b, r)));
}

static enum err attempt(struct req *rq, struct batch *b, post_send_fn send, enum post_why *ret_why)
{
    enum lang lang = LANG_EN;
    struct post_result r = {.why = POST_OTHER, .retry_after_s = -1};
    TRY(take_along(rq, b));
    TRY(notify_lang(rq, b->owner, &lang));
    TRY(notify_letter(rq, lang, b->kind, b->n, b->code, &b->message.letter));
    b->message.urgent = b->kind == NOTICE_RING;
    b->message.life_ms = pace_of(b)->life_ms;
    uint64_t begun = os_ticks_us();
    send(rq, &b->message, &r);
    struct instant then = {rq->now.ms + (int64_t)((os_ticks_us() - begun) / 1000)};
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(r.why == POST_SENT ? rows_done(rq, tx, b) : rows_failed(rq, tx, b, &r, then));
    *ret_why = r.why;
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err drop(struct req *rq, const struct batch *b)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(rows_done(rq, tx, b));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err post_step(struct care *care, struct db *db, struct instant now,
                   enum notify_channel channel, post_send_fn send, enum post_why *ret_why,
                   bool *ret_any)
{
    struct req rq;
    struct batch b = {0};
    bool wanted = false;

    post_req(&rq, care, db, now);
    *ret_any = false;
    *ret_why = POST_SENT;
    enum err e = read_one(&rq, channel, &b, ret_any);
    if (e == OK && *ret_any) {
        e = is_wanted(&rq, &b, &wanted);
        if (e == OK) {
            e = wanted ? attempt(&rq, &b, send, ret_why) : drop(&rq, &b);
        }
    }
    req_done(&rq);
    return e;
}
