/* care/retain_wait.c - terms that were set or shortened wait. See retain_wait.h. */
#include "care/retain_wait.h"

#include "care/content.h"
#include "codec/utf8.h"
#include "store/db.h"
#include "store/tx.h"

enum { GROUND_MAX = 1200, SOURCE_MAX = 400 };

/* Kinds whose terms wait. */
static const enum retain_id kinds[] = {RETAIN_RECORD, RETAIN_RECORDINGS};

enum err retain_waits_read(struct req *rq, struct retain_waits *ret_waits)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    ret_waits->n = 0;
    TRY(db_query(rq, Q_RETAIN_TERMS, NULL, 0, &q));
    TRY(db_next(rq, &q, &has));
    while (has) {
        if (ret_waits->n == RETAIN_WAITS_MAX) {
            return FAIL(rq, E_TOO_LARGE, "terms of policies");
        }
        uint32_t i = ret_waits->n++;
        ret_waits->v[i].kind = db_text(rq->a, &q, 0);
        ret_waits->v[i].policy = db_text(rq->a, &q, 1);
        ret_waits->v[i].ms = db_i64(&q, 2);
        ret_waits->v[i].since_ms = db_i64(&q, 3);
        TRY_MEM(rq, ret_waits->v[i].policy.p);
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

static uint32_t find(const struct retain_waits *w, enum retain_id id, struct str policy)
{
    uint32_t i = 0;
    while (i < w->n && !(str_eq(w->v[i].kind, retain_kinds[id].code) && str_eq(w->v[i].policy, policy))) {
        i++;
    }
    return i;
}

struct retain_held retain_held(const struct req *rq, const struct retain_waits *w, enum retain_id id,
                               const struct policy *p)
{
    const struct care *care = care_of(rq);
    struct retain_term t = retain_term(care, id, p);
    uint32_t i = find(w, id, p->id);
    bool seen = i < w->n && w->v[i].ms <= t.ms;
    int64_t since = seen ? w->v[i].since_ms : rq->now.ms;
    int64_t until = since + (care->policy != NULL ? care->policy->wait.ms : INT64_MAX / 2);
    return (struct retain_held){
        .set = t.set, .waits = !seen || rq->now.ms < until, .until = {until}, .ms = t.ms};
}

static void put_days(struct buf *b, int64_t ms)
{
    bool whole = ms % MS_DAY == 0;
    buf_i64(b, whole ? ms / MS_DAY : ms / MS_HOUR);
    buf_str(b, whole ? S(" days") : S(" hours"));
}

static enum err note(struct req *rq, enum retain_id id, const struct policy *p, struct retain_term t)
{
    struct buf b;
    buf_init(&b, rq->a, 300);
    BUF_LIT(&b, "retention: the term of ");
    buf_str(&b, retain_kinds[id].code);
    BUF_LIT(&b, " in ");
    buf_str(&b, p->id);
    buf_char(&b, ' ');
    buf_str(&b, p->version);
    if (t.set) {
        BUF_LIT(&b, " is ");
        put_days(&b, t.ms);
    } else {
        BUF_LIT(&b, " was taken back");
    }
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = WHY_SYSTEM, .detail = buf_get(&b)};
    TRY_MEM(rq, rec.detail.p);
    return audit_add(rq, &rec);
}

/* A term of one profile beside what was seen of it. */
static enum err note_one(struct req *rq, struct tx *tx, const struct retain_waits *w, enum retain_id id,
                         const struct policy *p)
{
    struct retain_term t = retain_term(care_of(rq), id, p);
    uint32_t i = find(w, id, p->id);
    bool was = i < w->n;
    if (was == t.set && (!was || w->v[i].ms == t.ms)) {
        return OK;
    }
    bool longer = was && t.set && t.ms > w->v[i].ms;
    TRY(note(rq, id, p, t));
    const struct sql_val v[] = {sql_text(retain_kinds[id].code), sql_text(p->id), sql_i64(t.ms),
                                sql_i64(longer ? w->v[i].since_ms : rq->now.ms)};
    return tx_sql(tx, t.set ? W_RETAIN_TERM : W_RETAIN_TERM_END, TX_MUST_CHANGE, v, t.set ? 4 : 2);
}

enum err retain_waits_note(struct req *rq)
{
    const struct content *c = care_of(rq)->content;
    struct retain_waits *w = ARENA_NEW(rq->a, struct retain_waits);
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, w);
    TRY_MEM(rq, tx);
    TRY(retain_waits_read(rq, w));
    for (size_t k = 0; k < LEN(kinds); k++) {
        for (uint32_t i = 0; i < c->n_policies; i++) {
            TRY(note_one(rq, tx, w, kinds[k], &c->policies[i]));
        }
    }
    return tx_is_empty(tx) ? OK : store_commit(care_of(rq)->store, rq, tx);
}

struct str retain_ground(struct req *rq, enum retain_id id, const struct policy *p)
{
    struct retain_term t = retain_term(care_of(rq), id, p);
    struct str source = t.from != NULL ? t.from->source.v[LANG_EN] : S("");
    struct buf b;
    buf_init(&b, rq->a, GROUND_MAX);
    BUF_LIT(&b, "term of storage is over: ");
    buf_str(&b, p->id);
    buf_char(&b, ' ');
    buf_str(&b, p->version);
    buf_char(&b, ' ');
    buf_str(&b, retain_kinds[id].key);
    BUF_LIT(&b, ", ");
    put_days(&b, t.ms);
    if (t.from != NULL && t.from->verified) {
        BUF_LIT(&b, ", verified by ");
        buf_str(&b, utf8_cut(t.from->verified_by, 100));
    } else {
        BUF_LIT(&b, ", not verified");
    }
    BUF_LIT(&b, "; source: ");
    buf_str(&b, utf8_cut(source, SOURCE_MAX));
    return buf_get(&b);
}
