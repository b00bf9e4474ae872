/* care/recording_old.c - recordings past their term. See recording_old.h. */
#include "care/recording_old.h"

#include <string.h>

#include "care/consult_int.h"
#include "care/recording_int.h"
#include "care/sign_doc.h"
#include "os/random.h"

enum { PAGE = 50, SHAS_MAX = 200, NAME_MAX = 80, BY_MAX = 200, JOB_CAP = 64 << 20 };

/* ---- which term ---- */

/* The policy somebody agreed under; NULL: not known any more. */
static enum err policy_of(struct req *rq, struct str consent, const struct policy **ret)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct res_row row;
    TRY_MEM(rq, doc);
    *ret = NULL;
    enum err e = db_read(rq, T_CONSENT, consent, &row);
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(json_parse(rq, row.body, NULL, doc));
    struct str id = json_str(rq->a, json_path(json_root(doc), S("policyRule.text")));
    *ret = content_policy(care_of(rq)->content, id);
    return OK;
}

/* The longest of those the people agreed under; NULL: for ever. */
static enum err longest(struct req *rq, struct str recording, const struct policy **ret)
{
    struct recording_answer *said = ARENA_ARRAY(rq->a, RECORDING_PEOPLE, struct recording_answer);
    const struct policy *best = NULL;
    uint32_t n = 0;
    TRY_MEM(rq, said);
    *ret = NULL;
    TRY(recording_answers(rq, recording, said, RECORDING_PEOPLE, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct policy *p = NULL;
        TRY(policy_of(rq, said[i].consent, &p));
        if (p == NULL || p->recording.keep.ms == 0) {
            return OK;
        }
        best = best == NULL || p->recording.keep.ms > best->recording.keep.ms ? p : best;
    }
    *ret = best;
    return OK;
}

/* The shortest term of any profile; 0: none has one. */
static int64_t shortest(const struct content *c)
{
    int64_t ms = 0;
    for (uint32_t i = 0; i < c->n_policies; i++) {
        int64_t one = c->policies[i].recording.keep.ms;
        ms = one > 0 && (ms == 0 || one < ms) ? one : ms;
    }
    return ms;
}

/* ---- signed documents ---- */

struct shas {
    struct str name[SHAS_MAX]; /* "ni:///sha-256;..." */
    uint32_t n;
};

/* The names of the bytes of a recording's files, as signed documents give them. */
static enum err names_of(struct req *rq, struct str recording, struct shas *s)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    s->n = 0;
    TRY(DB_QUERY(rq, &q, Q_RECORDING_DOCUMENTS, sql_text(recording)));
    TRY(db_next(rq, &q, &has));
    while (has && s->n < SHAS_MAX) {
        uint8_t sha[32];
        bool known = false;
        TRY(consult_file_sha(rq, db_text(rq->a, &q, 0), sha, &known));
        if (known) {
            struct buf b;
            buf_init(&b, rq->a, NAME_MAX);
            sign_hash_name(&b, sha);
            s->name[s->n] = buf_get(&b);
            TRY_MEM(rq, s->name[s->n].p);
            s->n++;
        }
        TRY(db_next(rq, &q, &has));
    }
    return has ? FAIL(rq, E_TOO_LARGE, "files of a recording") : OK;
}

/* Does a signed document of the patient name one of them? */
static enum err is_signed(struct req *rq, int64_t patient, const struct shas *s, bool *ret_is)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    *ret_is = false;
    TRY(DB_QUERY(rq, &q, Q_OF_PATIENT, sql_i64(patient), sql_i64(T_BUNDLE), sql_i64(T_SERVICE_REQUEST)));
    TRY(db_next(rq, &q, &has));
    while (has && !*ret_is) {
        struct arena_mark mark = arena_mark(rq->a);
        struct res_row row;
        TRY(db_read_rid(rq, db_i64(&q, 0), &row));
        for (uint32_t i = 0; i < s->n; i++) {
            *ret_is = *ret_is || str_find(row.body, s->name[i]) < row.body.n;
        }
        arena_back(rq->a, mark);
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

/* ---- looking ---- */

struct row {
    struct str id, room;
    int64_t stopped_ms, ended_ms;
};

static enum err read_page(struct req *rq, int64_t before, const struct row *after, struct row *page,
                          uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECORDINGS_OLD, sql_i64(before), sql_i64(rq->now.ms), sql_i64(after->stopped_ms),
                 sql_text(after->id), sql_i64(PAGE)));
    TRY(db_next(rq, &q, &has));
    while (has && n < PAGE) {
        page[n] = (struct row){db_text(rq->a, &q, 0), db_text(rq->a, &q, 1), db_i64(&q, 2), db_i64(&q, 3)};
        TRY_MEM(rq, page[n].room.p);
        n++;
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

/* ret->by NULL: it stays. */
static enum err is_old(struct req *rq, const struct retain_waits *waits, const struct row *row,
                       struct recording_old *ret)
{
    struct shas *s = ARENA_NEW(rq->a, struct shas);
    const struct policy *p = NULL;
    struct room room;
    bool kept = false;
    *ret = (struct recording_old){.id = row->id, .room = row->room, .ended_ms = row->ended_ms};
    TRY_MEM(rq, s);
    TRY(longest(rq, row->id, &p));
    if (p == NULL) {
        return OK;
    }
    struct retain_held held = retain_held(rq, waits, RETAIN_RECORDINGS, p);
    if (!held.set || row->ended_ms >= rq->now.ms - held.ms) {
        return OK;
    }
    TRY(room_load(rq, row->room, &room));
    TRY(names_of(rq, row->id, s));
    TRY(is_signed(rq, room.patient_rid, s, &kept));
    ret->by = kept ? NULL : p;
    ret->waits = held.waits;
    ret->until = held.until;
    return OK;
}

enum err recording_old_each(struct req *rq, bool waiting, uint32_t max, recording_old_fn fn, void *ctx)
{
    struct retain_waits *waits = ARENA_NEW(rq->a, struct retain_waits);
    struct row *page = ARENA_ARRAY(rq->a, PAGE, struct row);
    int64_t least = shortest(care_of(rq)->content);
    char after[OS_ID_LEN + 1] = "";
    struct row last = {.stopped_ms = INT64_MIN};
    uint32_t given = 0;
    uint32_t n = PAGE;
    TRY_MEM(rq, waits);
    TRY_MEM(rq, page);
    if (least == 0) {
        return OK;
    }
    TRY(retain_waits_read(rq, waits));
    while (n == PAGE && given < max) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(read_page(rq, rq->now.ms - least, &last, page, &n));
        for (uint32_t i = 0; i < n && given < max; i++) {
            struct recording_old r;
            TRY(is_old(rq, waits, &page[i], &r));
            if (r.by != NULL && (waiting || !r.waits)) {
                given++;
                TRY(fn(rq, &r, ctx));
            }
        }
        if (n > 0) {
            ASSERT(page[n - 1].id.n < sizeof(after));
            memcpy(after, page[n - 1].id.p, page[n - 1].id.n);
            last = (struct row){.id = {after, page[n - 1].id.n}, .stopped_ms = page[n - 1].stopped_ms};
        }
        arena_back(rq->a, mark);
    }
    return OK;
}

/* ---- removing ---- */

struct leaving {
    char (*ids)[OS_ID_LEN + 1];
    const struct policy **by;
    uint32_t n;
};

static enum err note(struct req *rq, const struct recording_old *r, void *ctx)
{
    struct leaving *l = ctx;
    (void)rq;
    ASSERT(r->id.n < sizeof(l->ids[0]));
    memcpy(l->ids[l->n], r->id.p, r->id.n);
    l->ids[l->n][r->id.n] = 0;
    l->by[l->n++] = r->by;
    return OK;
}

static struct str by_text(struct req *rq, const struct policy *p)
{
    struct buf b;
    buf_init(&b, rq->a, BY_MAX);
    buf_str(&b, p->id);
    buf_char(&b, ' ');
    buf_str(&b, p->version);
    buf_char(&b, ' ');
    buf_str(&b, retain_kinds[RETAIN_RECORDINGS].key);
    return buf_get(&b);
}

struct checked {
    int64_t patient;
    struct shas shas;
};

/* On the writer's thread, when a document was signed meanwhile. */
static enum err still_unsigned(struct req *rq, void *ctx)
{
    const struct checked *c = ctx;
    bool is = false;
    TRY(is_signed(rq, c->patient, &c->shas, &is));
    return is ? FAIL(rq, E_CONFLICT, "signed") : OK;
}

static enum err documents_gone(struct req *rq, struct tx *tx, struct str id, struct str by, struct str ground)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECORDING_DOCUMENTS, sql_text(id)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        TRY(consult_file_gone(rq, tx, db_text(rq->a, &q, 0), by, ground));
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

static enum err remove_one(struct req *rq, struct tx *tx, struct str id, const struct policy *p)
{
    struct checked *c = ARENA_NEW(rq->a, struct checked);
    struct db_moment now;
    struct recording r;
    struct room room;
    bool is = false;
    TRY_MEM(rq, c);
    TRY(db_now(rq, &now));
    TRY(recording_load(rq, id, &r));
    TRY(room_load(rq, r.room, &room));
    c->patient = room.patient_rid;
    TRY(names_of(rq, id, &c->shas));
    TRY(is_signed(rq, c->patient, &c->shas, &is));
    if (is) {
        return FAIL(rq, E_CONFLICT, "signed");
    }
    struct str by = by_text(rq, p);
    struct str ground = retain_ground(rq, RETAIN_RECORDINGS, p);
    TRY_MEM(rq, by.p);
    TRY_MEM(rq, ground.p);
    TRY(tx_require(tx, T_BUNDLE, now.vid, still_unsigned, c));
    TRY(documents_gone(rq, tx, id, by, ground));
    TRY(TX_SQL(tx, W_RECORDING_GONE, TX_MUST_CHANGE, sql_text(r.id), sql_i64(rq->now.ms), sql_text(by)));
    TRY(room_note(rq, &room, AUDIT_DELETE, OK, "term of storage is over: a recording left, of"));
    return tx_event(tx, EVENT_ROOM, signals_room_topic(room.id));
}

static enum err one_done(struct req *rq, const char *id, const struct policy *p)
{
    struct req one;
    req_init(&one, JOB_CAP, rq->now);
    one.app = rq->app;
    one.db = rq->db;
    one.who = rq->who;
    struct tx *tx = tx_new(&one);
    enum err e = tx == NULL ? FAIL(&one, E_TOO_LARGE, "memory cap") : OK;
    e = e == OK ? remove_one(&one, tx, str_z(id), p) : e;
    e = e == OK ? store_commit(care_of(rq)->store, &one, tx) : e;
    err_clear(&one);
    req_done(&one);
    return e;
}

enum err recording_old_remove(struct req *rq, uint32_t max, uint32_t *ret_n)
{
    struct leaving l = {.n = 0};
    enum err failed = OK;
    l.ids = arena_alloc(rq->a, (size_t)max * sizeof(*l.ids));
    l.by = ARENA_ARRAY(rq->a, max, const struct policy *);
    TRY_MEM(rq, l.ids);
    TRY_MEM(rq, l.by);
    TRY(recording_old_each(rq, false, max, note, &l));
    *ret_n = 0;
    for (uint32_t i = 0; i < l.n; i++) {
        enum err e = one_done(rq, l.ids[i], l.by[i]);
        *ret_n += e == OK;
        bool moved = e == E_STALE || e == E_CONFLICT; /* the next time counts anew */
        failed = e == OK || moved ? failed : e;
    }
    return failed == OK ? OK : FAIL(rq, failed, "a recording past its term");
}
