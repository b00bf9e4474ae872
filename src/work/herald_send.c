/* work/herald_send.c - notifications on their way. See herald.h. */
#include "os/clock.h"
#include "os/outgoing.h"
#include "store/db.h"
#include "work/herald_int.h"

enum { RETRY_STEPS = 12, BODY_MAX = 64 << 20, FULL_BYTES = 8 << 20 };
#define RETRY_MAX_MS MS_HOUR

/* One notification. */
struct send {
    struct care *care;
    struct db *db;
    struct instant now;
    struct sub_row row;
    struct sub_want want;
    struct sub_note note;
    struct sub_event *events;
    int64_t last; /* number of the last event in it */
};

enum err herald_post(struct req *rq, const struct care *care, const struct sub_want *want,
                     struct str body, unsigned *ret_status)
{
    if (!sub_host_may(&care->hooks, want->endpoint)) {
        return FAIL(rq, E_IO, "address not allowed");
    }
    const struct os_post p = {
        .url = want->endpoint,
        .type = want->mime,
        .headers = want->headers,
        .n_headers = want->n_headers,
        .body = body,
        .timeout_ms = (uint32_t)(want->timeout_s * MS_SECOND),
        .ca_file = care->hooks.ca_file,
        .plain = care->hooks.plain,
    };
    return os_post(rq, &p, ret_status);
}

/* Whole records fill a notification sooner. */
static void fit(struct send *s)
{
    size_t bytes = 0;
    uint32_t i = 0;
    while (i < s->note.n && (i == 0 || bytes < FULL_BYTES)) {
        bytes += s->want.content == SUB_FULL ? s->events[i].row.body.n : 0;
        i++;
    }
    s->note.n = i;
    s->last = i > 0 ? s->events[i - 1].number : s->row.sent;
}

/* What is to be sent; *ret_any false: nothing. */
static enum err choose(struct req *rq, struct send *s, bool *ret_any)
{
    struct fhir_access acc = sub_access(rq->who);
    s->last = s->row.sent;
    *ret_any = true;
    if (!s->row.greeted) {
        s->note.type = NOTE_HANDSHAKE;
        return OK;
    }
    if (s->row.sent < s->row.events) {
        s->note.type = NOTE_EVENTS;
        s->events = ARENA_ARRAY(rq->a, (size_t)s->want.max_count, struct sub_event);
        TRY_MEM(rq, s->events);
        TRY(sub_events(rq, &s->row, &acc, s->row.sent + 1, s->row.events, s->events,
                       (uint32_t)s->want.max_count, &s->note.n));
        s->note.events = s->events;
        fit(s);
        return s->note.n > 0 ? OK : FAIL(rq, E_INTERNAL, "events are missing");
    }
    s->note.type = NOTE_HEARTBEAT;
    *ret_any = s->row.beat_ms > 0 && s->row.beat_ms <= s->now.ms;
    return OK;
}

/* Who is told of what is on record before it leaves; once, however often it is tried. */
static enum err tell_record(struct req *rq, struct send *s)
{
    if (s->note.n == 0 || s->want.content == SUB_EMPTY || s->last <= s->row.told) {
        return OK;
    }
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(sub_events_audit(rq, &s->row, s->events, s->note.n, s->row.told, AUDIT_EXPORT));
    TRY(TX_SQL(tx, W_SUB_TOLD, TX_MUST_CHANGE, sql_text(s->row.id), sql_i64(s->row.gen),
               sql_i64(s->last)));
    return store_commit(s->care->store, rq, tx);
}

static enum err body_of(struct req *rq, const struct send *s, struct str *ret_body)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, BODY_MAX);
    json_out_init(&o, &b);
    sub_note_write(rq, &o, &s->note);
    *ret_body = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "notification");
}

/* ---- what came of it ---- */

static enum err mark_sent(struct req *rq, struct send *s, struct tx *tx)
{
    int64_t beat = s->want.heartbeat_s > 0 ? rq->now.ms + s->want.heartbeat_s * MS_SECOND : 0;
    TRY(TX_SQL(tx, W_SUB_SENT, TX_MUST_CHANGE, sql_text(s->row.id), sql_i64(s->row.gen),
               sql_i64(s->last), sql_i64(beat)));
    return s->row.state != SUB_ACTIVE ? sub_state_set(rq, tx, &s->row, SUB_ACTIVE, S("")) : OK;
}

static enum err mark_failed(struct req *rq, struct send *s, struct tx *tx, unsigned status)
{
    struct buf b;
    int64_t wait = MIN(MS_SECOND << MIN(s->row.fails, RETRY_STEPS), RETRY_MAX_MS);
    TRY(TX_SQL(tx, W_SUB_FAILED, TX_MUST_CHANGE, sql_text(s->row.id), sql_i64(s->row.gen),
               sql_i64(rq->now.ms + wait)));
    if (s->row.state == SUB_ERROR) {
        return OK;
    }
    buf_init(&b, rq->a, 128);
    if (status == 0) {
        BUF_LIT(&b, "The endpoint did not answer; it is tried again.");
    } else {
        BUF_LIT(&b, "The endpoint answered with status ");
        buf_u64(&b, status);
        BUF_LIT(&b, "; it is tried again.");
    }
    return sub_state_set(rq, tx, &s->row, SUB_ERROR, buf_get(&b));
}

/* The time of the answer counts, not that of the question. */
static enum err mark(struct send *s, struct instant then, bool taken, unsigned status)
{
    struct req rq;
    herald_req(&rq, s->care, s->db, then);
    struct tx *tx = tx_new(&rq);
    enum err e = tx == NULL ? FAIL(&rq, E_TOO_LARGE, "memory cap") : OK;
    if (e == OK) {
        e = taken ? mark_sent(&rq, s, tx) : mark_failed(&rq, s, tx, status);
    }
    if (e == OK) {
        e = store_commit(s->care->store, &rq, tx);
    }
    req_done(&rq);
    return e == E_STALE ? OK : e; /* the owner changed it meanwhile: it begins anew */
}

static enum err run(struct req *rq, struct send *s, struct str base, struct str id,
                    herald_post_fn post, bool *ret_sent)
{
    const struct who *who = NULL;
    struct str body;
    unsigned status = 0;
    bool any = false;
    TRY(sub_find(rq, id, &s->row));
    TRY(herald_want(rq, &s->row, &s->want));
    TRY(sub_owner(rq, &s->row, &who));
    if (s->row.state == SUB_OFF || s->row.channel != SUB_HOOK || s->row.retry_ms > s->now.ms) {
        return OK;
    }
    if (s->want.end_ms != 0 && s->want.end_ms <= s->now.ms) {
        return FAIL(rq, E_SIGN_IN, "its end has come");
    }
    rq->who = who;
    s->note = (struct sub_note){.base = base, .row = &s->row, .topic = s->want.topic,
                                .content = s->want.content};
    TRY(choose(rq, s, &any));
    if (!any) {
        return OK;
    }
    TRY(tell_record(rq, s));
    TRY(body_of(rq, s, &body));
    struct instant begun = os_now();
    enum err e = post(rq, s->care, &s->want, body, &status);
    bool taken = e == OK && status >= 200 && status < 300;
    err_clear(rq);
    TRY(mark(s, (struct instant){s->now.ms + os_now().ms - begun.ms}, taken, status));
    *ret_sent = taken;
    return OK;
}

enum err herald_send(struct care *care, struct db *db, struct instant now, struct str base,
                     struct str id, herald_post_fn post, bool *ret_sent)
{
    struct send s = {.care = care, .db = db, .now = now};
    struct req rq;
    *ret_sent = false;
    herald_req(&rq, care, db, now);
    enum err e = run(&rq, &s, base, id, post, ret_sent);
    if (e == E_UNPROCESSED || e == E_SIGN_IN) {
        e = herald_off(care, db, now, &s.row,
                       S("The subscription has ended, or its owner may not have it any more."));
    }
    if (e == E_NOT_FOUND || e == E_GONE || e == E_STALE) {
        e = OK; /* deleted or changed meanwhile */
    }
    err_clear(&rq);
    req_done(&rq);
    return e;
}
