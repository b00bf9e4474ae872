/* care/imaging_keep.c - studies past the time they are kept. See imaging_keep.h. */
#include "care/imaging_keep.h"

#include "care/case_row.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/imaging_int.h"
#include "care/policy.h"

enum { PAGE = 100, RULE_MAX = 200, JOB_CAP = 8 << 20 };

/* The shortest time of any rule; 0: there is none. */
static uint32_t shortest(const struct content *c)
{
    uint32_t years = 0;
    for (uint32_t i = 0; i < c->n_policies; i++) {
        for (uint32_t k = 0; k < c->policies[i].n_keep; k++) {
            uint32_t y = c->policies[i].keep[k].years;
            years = y > 0 && (years == 0 || y < years) ? y : years;
        }
    }
    return years;
}

static const struct policy_keep *keep_of(const struct policy *p, struct str kind)
{
    const struct policy_keep *any = NULL;
    for (uint32_t i = 0; i < p->n_keep; i++) {
        if (str_eq(p->keep[i].kind, kind)) {
            return &p->keep[i];
        }
        any = str_eq(p->keep[i].kind, S("any")) ? &p->keep[i] : any;
    }
    return any;
}

/* The rule that ends a study last; NULL: none ever does. */
static const struct policy_keep *rule_of(const struct policy *p, struct str modalities)
{
    const struct policy_keep *last = NULL;
    struct str one;
    while (str_cut(&modalities, '\\', &one)) {
        const struct policy_keep *k = keep_of(p, one);
        if (k == NULL || k->years == 0) {
            return NULL;
        }
        last = last == NULL || k->years > last->years ? k : last;
    }
    return last;
}

/* Whether the record of its patient is held (care/erasure.h). */
static enum err is_held(struct req *rq, const struct dicom_study *s, bool *ret_held)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct res_row patient;
    if (s->patient == 0) {
        *ret_held = false;
        return OK;
    }
    TRY(db_head_rid(rq, s->patient, &patient));
    TRY(DB_QUERY(rq, &q, Q_ERASURE_HOLD, sql_text(patient.id)));
    return db_next(rq, &q, ret_held);
}

/* Whether somebody may still need it: an open case, a draft; or the record is held. */
static enum err is_needed(struct req *rq, const struct dicom_study *s, bool *ret_needed)
{
    struct dicom_place places[DICOM_PLACES_MAX];
    uint32_t n = 0;
    bool needed = false;
    TRY(is_held(rq, s, &needed));
    TRY(dicom_places(rq, s->key, places, &n));
    for (uint32_t i = 0; i < n && !needed; i++) {
        struct case_row row;
        enum err e = places[i].case_id.n == 0 ? OK : case_row_load(rq, places[i].case_id, &row);
        if (e == E_NOT_FOUND) { /* a draft: it leaves with it */
            err_clear(rq);
            needed = true;
        } else {
            TRY(e);
            needed = places[i].case_id.n > 0 && row.open;
        }
    }
    *ret_needed = needed || n == DICOM_PLACES_MAX;
    return OK;
}

/* Empty: it stays. */
static enum err expired(struct req *rq, const struct directory *dir, const struct dicom_study *s,
                        struct str *ret_rule)
{
    const struct dir_org *org = dir_org(dir, s->org);
    const struct policy *p = org != NULL ? org->policy : care_of(rq)->policy;
    const struct policy_keep *k = p == NULL ? NULL : rule_of(p, s->modalities);
    struct buf b;
    bool needed = true;
    *ret_rule = S("");
    if (k == NULL || s->changed_ms + (int64_t)k->years * MS_YEAR >= rq->now.ms) {
        return OK;
    }
    TRY(is_needed(rq, s, &needed));
    if (needed) {
        return OK;
    }
    buf_init(&b, rq->a, RULE_MAX);
    buf_str(&b, p->id);
    buf_char(&b, ' ');
    buf_str(&b, p->version);
    BUF_LIT(&b, ": images ");
    buf_str(&b, k->kind);
    BUF_LIT(&b, ", years ");
    buf_u64(&b, k->years);
    *ret_rule = buf_get(&b);
    return OK;
}

/* The next page of old studies; in rq->a. */
static enum err read_page(struct req *rq, int64_t before, const struct dicom_study *after,
                          struct dicom_study *ret_page, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_DICOM_OLD, sql_i64(before), sql_i64(after->changed_ms),
                 sql_i64(after->key), sql_i64(PAGE)));
    TRY(db_next(rq, &q, &has));
    while (has && n < PAGE) {
        dicom_study_get(rq, &q, &ret_page[n++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err imaging_old_each(struct req *rq, uint32_t max, image_old_fn fn, void *ctx)
{
    const struct directory *dir = NULL;
    uint32_t years = shortest(care_of(rq)->content);
    struct dicom_study *page = ARENA_ARRAY(rq->a, PAGE, struct dicom_study);
    struct dicom_study last = {.changed_ms = INT64_MIN};
    uint32_t given = 0;
    uint32_t n = PAGE;

    TRY_MEM(rq, page);
    if (years == 0) {
        return OK;
    }
    TRY(directory_get(rq, &dir));
    while (n == PAGE && given < max) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(read_page(rq, rq->now.ms - (int64_t)years * MS_YEAR, &last, page, &n));
        for (uint32_t i = 0; i < n && given < max; i++) {
            struct str rule;
            TRY(expired(rq, dir, &page[i], &rule));
            if (rule.n > 0) {
                given++;
                TRY(fn(rq, &page[i], rule, ctx));
            }
        }
        last = n > 0 ? (struct dicom_study){.changed_ms = page[n - 1].changed_ms, .key = page[n - 1].key}
                     : last;
        arena_back(rq->a, mark);
    }
    return OK;
}

/* ---- removing ---- */

struct leaving {
    char (*uids)[DICOM_UID_MAX + 1];
    char (*rules)[RULE_MAX + 1];
    uint32_t n;
};

static void copy(char *to, size_t size, struct str s)
{
    size_t n = MIN(s.n, size - 1);
    for (size_t i = 0; i < n; i++) {
        to[i] = s.p[i];
    }
    to[n] = 0;
}

static enum err note(struct req *rq, const struct dicom_study *s, struct str rule, void *ctx)
{
    struct leaving *l = ctx;
    (void)rq;
    copy(l->uids[l->n], sizeof(l->uids[0]), s->uid);
    copy(l->rules[l->n], sizeof(l->rules[0]), rule);
    l->n++;
    return OK;
}

/* What one transaction of the clock does about one thing: its names are copies. */
typedef enum err (*one_fn)(struct req *rq, struct tx *tx, struct str name, struct str of, void *ctx);

/* In a request of its own; what moved on meanwhile is looked at next time. */
static bool one_done(struct req *rq, one_fn fn, const char *name, const char *of, void *ctx)
{
    struct req one;
    req_init(&one, JOB_CAP, rq->now);
    one.app = rq->app;
    one.db = rq->db;
    one.who = rq->who;
    struct tx *tx = tx_new(&one);
    enum err e = tx == NULL ? FAIL(&one, E_TOO_LARGE, "memory cap") : OK;
    e = e == OK ? fn(&one, tx, str_z(name), str_z(of), ctx) : e;
    e = e == OK ? store_commit(care_of(rq)->store, &one, tx) : e;
    err_clear(&one);
    req_done(&one);
    return e == OK;
}

static enum err remove_one(struct req *rq, struct tx *tx, struct str uid, struct str rule, void *ctx)
{
    (void)ctx;
    return imaging_remove(rq, tx, uid, rule);
}

enum err imaging_old_remove(struct req *rq, uint32_t max, uint32_t *ret_n)
{
    struct leaving l = {.n = 0};
    l.uids = arena_alloc(rq->a, (size_t)max * sizeof(*l.uids));
    l.rules = arena_alloc(rq->a, (size_t)max * sizeof(*l.rules));
    TRY_MEM(rq, l.uids);
    TRY_MEM(rq, l.rules);
    TRY(imaging_old_each(rq, max, note, &l));
    *ret_n = 0;
    for (uint32_t i = 0; i < l.n; i++) {
        *ret_n += one_done(rq, remove_one, l.uids[i], l.rules[i], NULL);
    }
    return OK;
}

/* ---- drafts nobody sent ---- */

struct draft_name {
    const char *person, *key;
};

struct expiry {
    int64_t before_ms;
    bool more; /* of the one in hand */
};

/* The draft itself leaves with the last of its images. */
static enum err end_draft(struct req *rq, struct tx *tx, struct str key, struct str person, void *ctx)
{
    struct expiry *x = ctx;
    TRY(image_draft_end(rq, tx, key, S("draft expired"), &x->more));
    if (!x->more) {
        struct audit_rec rec = {.action = AUDIT_DELETE, .why = WHY_SYSTEM, .detail = S("draft expired")};
        TRY(audit_add(rq, &rec));
    }
    return TX_SQL(tx, x->more ? W_DRAFT_OLD_STAYS : W_DRAFT_OLD_END, TX_MUST_CHANGE, sql_text(person),
                  sql_text(key), sql_i64(x->before_ms));
}

enum err imaging_drafts_expire(struct req *rq, int64_t before_ms, uint32_t max, uint32_t *ret_n)
{
    struct draft_name *names = ARENA_ARRAY(rq->a, max, struct draft_name);
    uint32_t n = 0;
    TRY_MEM(rq, names);
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        bool has = false;
        TRY(DB_QUERY(rq, &q, Q_DRAFTS_OLD, sql_i64(before_ms), sql_i64(max)));
        TRY(db_next(rq, &q, &has));
        while (has && n < max) {
            names[n].person = arena_cstr(rq->a, db_peek(&q, 0));
            names[n].key = arena_cstr(rq->a, db_peek(&q, 1));
            TRY_MEM(rq, names[n].person);
            TRY_MEM(rq, names[n].key);
            n++;
            TRY(db_next(rq, &q, &has));
        }
    }
    *ret_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct expiry x = {.before_ms = before_ms};
        bool done = one_done(rq, end_draft, names[i].key, names[i].person, &x);
        while (done && x.more) {
            done = one_done(rq, end_draft, names[i].key, names[i].person, &x);
        }
        *ret_n += done;
    }
    return OK;
}
