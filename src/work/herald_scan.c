/* work/herald_scan.c - from the change feed to events. See herald.h. */
#include "store/db.h"
#include "work/herald_int.h"

enum { FEED_AT_ONCE = 200, SUBS_MAX = 2000, MATCHES_MAX = 20000, OFF_AT_ONCE = 20 };

/* A subscription as this pass sees it. */
struct plan {
    struct sub_row row;
    struct sub_want want;
    struct fhir_access acc;
    bool ready;
    uint32_t found; /* events of this pass */
};

struct match {
    uint32_t plan;
    int64_t number;
    int64_t vid;
};

struct scan {
    struct req rq;
    struct plan *plans;
    uint32_t n_plans;
    struct feed_item *items;
    size_t n_items;
    struct match *matches;
    uint32_t n_matches;
};

enum err herald_want(struct req *rq, const struct sub_row *row, struct sub_want *ret_want)
{
    struct res_row res;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    TRY(db_read(rq, T_SUBSCRIPTION, row->id, &res));
    TRY(json_parse(rq, res.body, NULL, doc));
    enum err e = sub_read(rq, json_root(doc), ret_want);
    fhir_issues_clear(rq);
    return e;
}

static enum err off(struct req *rq, const struct sub_row *row, struct str why)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(sub_state_set(rq, tx, row, SUB_OFF, why));
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err row_off(struct req *rq, const struct sub_row *row)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_SUB_STATE, 0, sql_text(row->id), sql_i64(row->gen), sql_i64(SUB_OFF)));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err herald_off(struct care *care, struct db *db, struct instant now, const struct sub_row *row,
                    struct str why)
{
    struct req rq;
    herald_req(&rq, care, db, now);
    enum err e = off(&rq, row, why);
    req_done(&rq);
    if (e == OK || e == E_STALE || e == E_IO || e == E_BUSY || e == E_FULL) {
        return e == E_STALE ? OK : e; /* stale: its owner changed it, it is looked at again */
    }
    herald_req(&rq, care, db, now); /* the resource cannot say so: its row does */
    e = row_off(&rq, row);
    req_done(&rq);
    return e;
}

/* Its wish and its owner. One that is of no use any more stays unready: it is ended by the caller. */
static enum err plan_make(struct req *rq, struct plan *p, bool *ret_ended)
{
    const struct who *who = NULL;
    enum err e = herald_want(rq, &p->row, &p->want);
    if (e == OK) {
        e = sub_owner(rq, &p->row, &who);
    }
    if (e == E_UNPROCESSED || e == E_SIGN_IN || e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        *ret_ended = true;
        return OK;
    }
    TRY(e);
    p->acc = sub_access(who);
    p->ready = true;
    *ret_ended = p->want.end_ms != 0 && p->want.end_ms <= rq->now.ms;
    return OK;
}

static enum err load(struct scan *s)
{
    struct req *rq = &s->rq;
    uint32_t n = 0;
    struct sub_row *rows = ARENA_ARRAY(rq->a, SUBS_MAX, struct sub_row);
    TRY_MEM(rq, rows);
    TRY(subs_on(rq, rows, SUBS_MAX, &n));
    s->items = ARENA_ARRAY(rq->a, FEED_AT_ONCE, struct feed_item);
    TRY_MEM(rq, s->items);
    if (n > 0) {
        TRY(db_feed_on(rq, rows[0].scan_vid, FEED_AT_ONCE, s->items, &s->n_items));
    }
    if (s->n_items == 0) {
        return OK;
    }
    s->plans = ARENA_ARRAY(rq->a, n, struct plan);
    s->matches = ARENA_ARRAY(rq->a, MATCHES_MAX, struct match);
    TRY_MEM(rq, s->plans);
    TRY_MEM(rq, s->matches);
    for (uint32_t i = 0; i < n; i++) {
        s->plans[i].row = rows[i];
    }
    s->n_plans = n;
    return OK;
}

/* One version, for all; what it took of the arena is given back. */
static enum err look(struct scan *s, const struct feed_item *item)
{
    struct req *rq = &s->rq;
    struct sub_change *c = NULL;
    for (uint32_t i = 0; i < s->n_plans; i++) {
        struct plan *p = &s->plans[i];
        bool meets = false;
        if (!p->ready || item->vid <= p->row.scan_vid ||
            !topic_has_type(p->want.topic, (enum fhir_type)item->type)) {
            continue;
        }
        if (c == NULL) {
            TRY(sub_change_new(rq, item->vid, &c));
        }
        TRY(sub_meets(rq, &p->want, &p->acc, c, &meets));
        if (meets) {
            s->matches[s->n_matches++] = (struct match){i, p->row.events + ++p->found, item->vid};
        }
    }
    return OK;
}

static enum err write(struct scan *s, int64_t to)
{
    struct req *rq = &s->rq;
    struct store *store = care_of(rq)->store;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    for (uint32_t i = 0; i < s->n_plans; i++) {
        const struct plan *p = &s->plans[i];
        if (p->ready && p->row.scan_vid < to) {
            TRY(TX_SQL(tx, W_SUB_SCANNED, TX_MUST_CHANGE, sql_text(p->row.id),
                       sql_i64(p->row.gen), sql_i64(p->row.scan_vid), sql_i64(to),
                       sql_i64(p->found)));
        }
        if (p->found > 0) {
            TRY(tx_event(tx, EVENT_SUB, store_hash(store, p->row.id)));
        }
    }
    for (uint32_t i = 0; i < s->n_matches; i++) {
        const struct match *m = &s->matches[i];
        TRY(TX_SQL(tx, W_SUB_EVENT, TX_MUST_BE_NEW, sql_text(s->plans[m->plan].row.id),
                   sql_i64(m->number), sql_i64(m->vid), sql_i64(rq->now.ms)));
    }
    return store_commit(store, rq, tx);
}

/* Only what has types that somebody asked for is read; the rest is passed over together. */
static enum err walk(struct scan *s, uint32_t *ret_seen)
{
    size_t i = 0;
    for (; i < s->n_items && s->n_matches + s->n_plans <= MATCHES_MAX; i++) {
        struct arena_mark m = arena_mark(s->rq.a);
        TRY(look(s, &s->items[i]));
        s->rq.issues = NULL; /* of criteria that failed: given back with the rest */
        arena_back(s->rq.a, m);
    }
    *ret_seen = (uint32_t)i;
    return i > 0 ? write(s, s->items[i - 1].vid) : OK;
}

static enum err pass(struct scan *s, struct db *db, uint32_t *ret_seen)
{
    struct req *rq = &s->rq;
    struct care *care = care_of(rq);
    uint32_t ended = 0;
    TRY(load(s));
    if (s->n_items == 0) {
        return OK;
    }
    for (uint32_t i = 0; i < s->n_plans; i++) {
        bool is_ended = false;
        TRY(plan_make(rq, &s->plans[i], &is_ended));
        if (is_ended) {
            s->plans[i].ready = false;
            ended++;
            TRY(herald_off(care, db, rq->now, &s->plans[i].row,
                           S("The subscription has ended, or its owner may not have it any more.")));
        }
    }
    if (ended == s->n_plans) {
        return OK;
    }
    return walk(s, ret_seen);
}

enum err herald_scan(struct care *care, struct db *db, struct instant now, uint32_t *ret_seen,
                     uint32_t *ret_events)
{
    struct scan s = {0};
    uint32_t seen = 0;
    herald_req(&s.rq, care, db, now);
    enum err e = pass(&s, db, &seen);
    if (e == OK) {
        *ret_seen = seen;
        *ret_events = s.n_matches;
    }
    err_clear(&s.rq);
    req_done(&s.rq);
    return e;
}

enum err herald_sweep(struct care *care, struct db *db, struct instant now)
{
    enum { AT_ONCE = 20000 };
    struct req rq;
    herald_req(&rq, care, db, now);
    struct tx *tx = tx_new(&rq);
    enum err e = tx == NULL ? FAIL(&rq, E_TOO_LARGE, "memory cap") : OK;
    if (e == OK) {
        e = TX_SQL(tx, W_SUB_EVENTS_OLD, 0, sql_i64(now.ms - care->hooks.keep_ms),
                   sql_i64(AT_ONCE));
    }
    if (e == OK) {
        e = store_commit(care->store, &rq, tx);
    }
    req_done(&rq);
    return e;
}
