/* care/erasure_term.c - records past their term. See erasure_term.h. */
#include "care/erasure_term.h"

#include <string.h>

#include "care/content.h"
#include "care/directory.h"
#include "care/erasure_int.h"
#include "fhir/type.h"
#include "os/random.h"
#include "store/audit.h"
#include "store/tx.h"

enum {
    PAGE = 200,
    RECORDS = 200,
    ORGS_MAX = 64,
    LOOK_A_ROUND = 5000,
    DAY_MAX = 16,
    BY_MAX = 100,
    JOB_CAP = 64 << 20
};

/* ---- which term ---- */

struct orgs {
    struct str v[ORGS_MAX];
    uint32_t n;
    bool many; /* more than there is room for */
};

static bool is_look(enum audit_action a)
{
    static const enum audit_action looks[] = {AUDIT_READ,  AUDIT_SEARCH, AUDIT_HISTORY, AUDIT_VERIFY,
                                              AUDIT_LOGIN, AUDIT_LOGOUT, AUDIT_DENY,    AUDIT_EXPORT,
                                              AUDIT_PRINT, AUDIT_DOWNLOAD};
    for (size_t i = 0; i < LEN(looks); i++) {
        if (a == looks[i]) {
            return true;
        }
    }
    return false;
}

static enum err orgs_add(struct req *rq, struct orgs *o, struct str org)
{
    for (uint32_t i = 0; i < o->n; i++) {
        if (str_eq(o->v[i], org)) {
            return OK;
        }
    }
    o->many = o->many || o->n == ORGS_MAX;
    if (org.n > 0 && o->n < ORGS_MAX) {
        o->v[o->n] = arena_str(rq->a, org);
        TRY_MEM(rq, o->v[o->n].p);
        o->n++;
    }
    return OK;
}

/* Organisations whose people changed something of the record. */
static enum err orgs_of(struct req *rq, int64_t patient, struct orgs *ret_orgs)
{
    struct audit_row *rows = ARENA_ARRAY(rq->a, RECORDS, struct audit_row);
    uint64_t before = 0;
    size_t n = RECORDS;
    TRY_MEM(rq, rows);
    while (n == RECORDS) {
        TRY(audit_list(rq, patient, before, RECORDS, rows, &n));
        for (size_t i = 0; i < n; i++) {
            if (rows[i].outcome == OK && !is_look(rows[i].action)) {
                TRY(orgs_add(rq, ret_orgs, rows[i].org));
            }
        }
        before = n > 0 ? rows[n - 1].seq : 0;
    }
    return OK;
}

/* The longest of their policies; NULL: for ever. */
static enum err longest(struct req *rq, int64_t patient, const struct policy **ret)
{
    const struct care *care = care_of(rq);
    struct orgs *orgs = ARENA_NEW(rq->a, struct orgs);
    const struct directory *dir = NULL;
    const struct policy *best = NULL;
    TRY_MEM(rq, orgs);
    *ret = NULL;
    TRY(directory_get(rq, &dir));
    TRY(orgs_of(rq, patient, orgs));
    if (orgs->many) {
        return OK;
    }
    for (uint32_t i = 0; i < orgs->n; i++) {
        const struct dir_org *org = dir_org(dir, orgs->v[i]);
        const struct policy *p = org == NULL ? NULL : org->policy != NULL ? org->policy : care->policy;
        p = p != NULL ? content_policy(care->content, p->id) : NULL;
        if (p == NULL || p->record_keep.ms == 0) {
            return OK;
        }
        best = best == NULL || p->record_keep.ms > best->record_keep.ms ? p : best;
    }
    best = best == NULL ? care->policy : best; /* nobody of an organisation: that of the deployment */
    *ret = best != NULL && best->record_keep.ms > 0 ? best : NULL;
    return OK;
}

/* The shortest term of any profile; 0: none has one. */
static int64_t shortest(const struct content *c)
{
    int64_t ms = 0;
    for (uint32_t i = 0; i < c->n_policies; i++) {
        int64_t one = c->policies[i].record_keep.ms;
        ms = one > 0 && (ms == 0 || one < ms) ? one : ms;
    }
    return ms;
}

/* ---- looking ---- */

/* Its last entry; *ret_kept: it may not go now, whatever its age. */
static enum err state_of(struct req *rq, int64_t rid, struct str patient, int64_t *ret_last, bool *ret_kept)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint64_t open[ERASURE_OPENS];
    TRY(erasure_int_open(rq, rid, open, ret_kept));
    TRY(DB_ONE(rq, &q, Q_RECORD_STATE, sql_i64(rid), sql_text(patient)));
    *ret_last = db_i64(&q, 0);
    *ret_kept = *ret_kept || db_i64(&q, 1) != 0;
    return OK;
}

/* ret->by NULL: it stays. */
static enum err is_old(struct req *rq, const struct retain_waits *waits, int64_t rid, struct str patient,
                       struct erasure_old *ret)
{
    const struct policy *p = NULL;
    bool kept = false;
    *ret = (struct erasure_old){.rid = rid, .patient = patient};
    TRY(state_of(rq, rid, patient, &ret->last_ms, &kept));
    if (kept) {
        return OK;
    }
    TRY(longest(rq, rid, &p));
    if (p == NULL) {
        return OK;
    }
    struct retain_held held = retain_held(rq, waits, RETAIN_RECORD, p);
    if (held.set && ret->last_ms < rq->now.ms - held.ms) {
        ret->by = p;
        ret->waits = held.waits;
        ret->until = held.until;
    }
    return OK;
}

struct row {
    int64_t at, rid;
    struct str id;
    bool old; /* by the shortest term */
};

static enum err read_page(struct req *rq, int64_t before, const struct erasure_walk *w, struct row *page,
                          uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECORDS_OLD, sql_i64(T_PATIENT), sql_i64(before),
                 sql_i64(w->begun ? w->at : INT64_MIN), sql_i64(w->rid), sql_i64(PAGE)));
    TRY(db_next(rq, &q, &has));
    while (has && n < PAGE) {
        page[n] = (struct row){.at = db_i64(&q, 0), .rid = db_i64(&q, 1), .old = db_i64(&q, 3) != 0};
        if (page[n].old) {
            page[n].id = db_text(rq->a, &q, 2);
            TRY_MEM(rq, page[n].id.p);
        }
        n++;
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err erasure_old_each(struct req *rq, bool waiting, uint32_t look, uint32_t max, struct erasure_walk *w,
                          erasure_old_fn fn, void *ctx)
{
    struct retain_waits *waits = ARENA_NEW(rq->a, struct retain_waits);
    struct row *page = ARENA_ARRAY(rq->a, PAGE, struct row);
    int64_t least = shortest(care_of(rq)->content);
    uint32_t given = 0;
    TRY_MEM(rq, waits);
    TRY_MEM(rq, page);
    w->end = w->end || least == 0;
    TRY(retain_waits_read(rq, waits));
    for (uint32_t seen = 0; !w->end && seen < look && given < max; seen += PAGE) {
        struct arena_mark mark = arena_mark(rq->a);
        uint32_t n = 0;
        TRY(read_page(rq, rq->now.ms - least, w, page, &n));
        w->end = n == 0;
        for (uint32_t i = 0; i < n && given < max; i++) {
            struct arena_mark one = arena_mark(rq->a);
            struct erasure_old o = {.by = NULL};
            TRY(page[i].old ? is_old(rq, waits, page[i].rid, page[i].id, &o) : OK);
            if (o.by != NULL && (waiting || !o.waits)) {
                given++;
                TRY(fn(rq, &o, ctx));
            }
            w->at = page[i].at;
            w->rid = page[i].rid;
            w->begun = true;
            w->end = n < PAGE && i + 1 == n;
            arena_back(rq->a, one);
        }
        arena_back(rq->a, mark);
    }
    return OK;
}

/* ---- removing ---- */

struct leaving {
    struct {
        int64_t rid, last_ms;
        char patient[OS_ID_LEN * 3];
        const struct policy *by;
    } *v;
    uint32_t n;
};

static enum err take(struct req *rq, const struct erasure_old *o, void *ctx)
{
    struct leaving *l = ctx;
    if (o->patient.n >= sizeof(l->v[0].patient)) {
        return FAIL(rq, E_TOO_LARGE, "id of a patient");
    }
    memcpy(l->v[l->n].patient, o->patient.p, o->patient.n);
    l->v[l->n].patient[o->patient.n] = 0;
    l->v[l->n].rid = o->rid;
    l->v[l->n].last_ms = o->last_ms;
    l->v[l->n++].by = o->by;
    return OK;
}

struct checked {
    int64_t rid, last_ms;
    struct str patient;
};

/* On the writer's thread, every time: what stands beside the resources changes without a version. */
static enum err still_old(struct req *rq, void *ctx)
{
    const struct checked *c = ctx;
    int64_t last = 0;
    bool kept = true;
    TRY(state_of(rq, c->rid, c->patient, &last, &kept));
    return kept || last != c->last_ms ? FAIL(rq, E_CONFLICT, "an entry was made, or it is needed") : OK;
}

static struct str day_of(struct req *rq)
{
    struct buf b;
    struct civil c = zone_civil(&care_of(rq)->zone, rq->now);
    buf_init(&b, rq->a, DAY_MAX);
    date_write(&b, &c);
    return buf_get(&b);
}

/* What stands in the place of the document: "kz 2026-11-22 retention.medicalRecord". */
static struct str by_text(struct req *rq, const struct policy *p)
{
    struct buf b;
    buf_init(&b, rq->a, BY_MAX);
    buf_str(&b, p->id);
    buf_char(&b, ' ');
    buf_str(&b, p->version);
    buf_char(&b, ' ');
    buf_str(&b, retain_kinds[RETAIN_RECORD].key);
    return buf_get(&b);
}

static enum err note(struct req *rq, int64_t order, int64_t rid, struct str ground)
{
    struct buf b;
    buf_init(&b, rq->a, ground.n + 80);
    BUF_LIT(&b, "erasure by policy, order ");
    buf_i64(&b, order);
    BUF_LIT(&b, ": ");
    buf_str(&b, ground);
    struct audit_rec rec = {
        .action = AUDIT_ADMIN, .why = WHY_SYSTEM, .patient_rid = rid, .detail = buf_get(&b)};
    TRY_MEM(rq, rec.detail.p);
    return audit_add(rq, &rec);
}

static enum err remove_one(struct req *rq, struct tx *tx, const struct checked *c, const struct policy *p)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct checked *kept = ARENA_NEW(rq->a, struct checked);
    struct str by = by_text(rq, p);
    struct str day = day_of(rq);
    struct str ground = retain_ground(rq, RETAIN_RECORD, p);
    TRY_MEM(rq, kept);
    TRY_MEM(rq, by.p);
    TRY_MEM(rq, day.p);
    TRY_MEM(rq, ground.p);
    *kept = *c;
    TRY(db_one(rq, Q_ERASURE_LAST, NULL, 0, &q));
    int64_t id = db_i64(&q, 0) + 1;
    TRY(tx_require(tx, 0, 0, still_old, kept));
    TRY(TX_SQL(tx, W_ERASURE_BY_TERM, TX_MUST_BE_NEW, sql_i64(id), sql_i64(c->rid), sql_text(c->patient),
               sql_text(S(ERASURE_BY_POLICY)), sql_text(by), sql_text(day), sql_i64(rq->now.ms)));
    TRY(erasure_int_apply(rq, tx, id, c->rid, c->patient, WHY_SYSTEM, erasure_int_words(rq, id, true)));
    return note(rq, id, c->rid, ground);
}

static enum err one_done(struct req *rq, const struct checked *c, const struct policy *p)
{
    struct req one;
    req_init(&one, JOB_CAP, rq->now);
    one.app = rq->app;
    one.db = rq->db;
    one.who = rq->who;
    struct tx *tx = tx_new(&one);
    enum err e = tx == NULL ? FAIL(&one, E_TOO_LARGE, "memory cap") : OK;
    e = e == OK ? remove_one(&one, tx, c, p) : e;
    e = e == OK ? store_commit(care_of(rq)->store, &one, tx) : e;
    err_clear(&one);
    req_done(&one);
    return e;
}

/* Where the next round goes on among the patients. */
static enum err walk_read(struct req *rq, struct erasure_walk *ret)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    *ret = (struct erasure_walk){0};
    TRY(db_query(rq, Q_RETAIN_WALK, NULL, 0, &q));
    TRY(db_next(rq, &q, &has));
    if (has) {
        *ret = (struct erasure_walk){.at = db_i64(&q, 0), .rid = db_i64(&q, 1), .begun = db_i64(&q, 1) != 0};
    }
    return OK;
}

static enum err walk_write(struct req *rq, const struct erasure_walk *w)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_RETAIN_WALK, 0, sql_i64(w->end ? 0 : w->at), sql_i64(w->end ? 0 : w->rid)));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err erasure_old_remove(struct req *rq, uint32_t max, uint32_t *ret_n, bool *ret_more)
{
    struct leaving l = {.n = 0};
    struct erasure_walk from;
    enum err failed = OK;
    *ret_n = 0;
    *ret_more = false;
    l.v = arena_alloc(rq->a, ((size_t)max + 1) * sizeof(*l.v));
    TRY_MEM(rq, l.v);
    if (shortest(care_of(rq)->content) == 0) {
        return OK;
    }
    TRY(walk_read(rq, &from));
    struct erasure_walk w = from;
    TRY(erasure_old_each(rq, false, LOOK_A_ROUND, max, &w, take, &l));
    for (uint32_t i = 0; i < l.n; i++) {
        const struct checked c = {l.v[i].rid, l.v[i].last_ms, str_z(l.v[i].patient)};
        enum err e = one_done(rq, &c, l.v[i].by);
        bool moved = e == E_STALE || e == E_CONFLICT || e == E_NOT_FOUND; /* the next time counts anew */
        *ret_n += e == OK;
        failed = e == OK || moved ? failed : e;
    }
    *ret_more = failed == OK && l.n == max && max > 0;
    TRY(walk_write(rq, failed == OK ? &w : &from)); /* what failed is tried again */
    return failed == OK ? OK : FAIL(rq, failed, "a record past its term");
}
