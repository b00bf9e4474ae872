/* care/glass_review.c - openings with a reason are looked through by those in charge. See glass.h. */
#include "care/glass_int.h"

#include "care/care.h"
#include "care/directory.h"
#include "care/notice.h"
#include "care/put.h"

enum { LOOKED_AT = 1000, PAGE = 100, RECORDS_MAX = 5000, RECORDS_PAGE = 250, REMARK_MIN = 10 };

bool glass_audits(const struct dir_person *p)
{
    for (uint32_t i = 0; i < p->n_roles; i++) {
        if (p->roles[i].rights & MAY_AUDIT) {
            return true;
        }
    }
    return false;
}

/* ---- rows ---- */

enum err glass_put(struct tx *tx, const struct glass *g)
{
    return TX_SQL(tx, W_GLASS_NEW, TX_MUST_BE_NEW, sql_text(g->id), sql_text(g->case_id),
                  sql_rid(T_SERVICE_REQUEST, g->case_id), sql_text(g->patient),
                  sql_i64(g->patient_rid), sql_text(g->person), sql_text(g->role), sql_text(g->org),
                  sql_text(g->message), sql_i64(g->at.ms), sql_i64(g->until.ms),
                  sql_text(str_or_empty(g->orgs[0])), sql_text(str_or_empty(g->orgs[1])),
                  sql_text(str_or_empty(g->orgs[2])), sql_text(str_or_empty(g->orgs[3])));
}

static void get(struct req *rq, const struct db_rows *q, struct glass *ret)
{
    struct arena *a = rq->a;

    *ret = (struct glass){
        .id = db_text(a, q, 0),
        .case_id = db_text(a, q, 1),
        .case_rid = db_i64(q, 2),
        .patient = db_text(a, q, 3),
        .patient_rid = db_i64(q, 4),
        .person = db_text(a, q, 5),
        .role = db_text(a, q, 6),
        .org = db_text(a, q, 7),
        .message = db_text(a, q, 8),
        .at = {db_i64(q, 9)},
        .until = {db_i64(q, 10)},
        .orgs = {db_text(a, q, 11), db_text(a, q, 12), db_text(a, q, 13), db_text(a, q, 14)},
        .ended = {db_i64(q, 15)},
        .verdict = (enum glass_verdict)db_i64(q, 16),
        .reviewer = db_text(a, q, 17),
        .review_role = db_text(a, q, 18),
        .review_org = db_text(a, q, 19),
        .remark = db_text(a, q, 20),
        .reviewed = {db_i64(q, 21)},
    };
}

bool glass_holds(const struct glass *g, struct instant now)
{
    return g->ended.ms == 0 && g->until.ms > now.ms;
}

/* ---- who may ---- */

static bool is_in_charge(const struct directory *d, const struct glass *g, struct str head_org)
{
    uint32_t above = dir_org_at(d, head_org);

    for (size_t i = 0; above != DIR_NONE && i < LEN(g->orgs); i++) {
        uint32_t org = g->orgs[i].n > 0 ? dir_org_at(d, g->orgs[i]) : DIR_NONE;
        if (dir_is_within(d, org, above)) {
            return true;
        }
    }
    return false;
}

enum err glass_may_review(struct req *rq, const struct glass *g, bool *ret_may)
{
    const struct who *w = rq->who;
    const struct role_ref *r = who_role(w);
    const struct directory *d = NULL;

    *ret_may = false;
    if (r == NULL || str_eq(w->person, g->person)) {
        return OK;
    }
    TRY(directory_get(rq, &d));
    *ret_may = (r->rights & MAY_AUDIT) != 0 || ((r->rights & MAY_HEAD) != 0 && is_in_charge(d, g, r->org));
    return OK;
}

static enum err note(struct req *rq, const struct glass *g, enum audit_action action, struct str detail)
{
    struct audit_rec rec = {.action = action,
                            .why = who_may(rq->who, MAY_AUDIT)  ? WHY_DIRECTORY
                                   : who_may(rq->who, MAY_HEAD) ? WHY_HEAD
                                                                : WHY_OWN,
                            .type = T_AUDIT_EVENT,
                            .detail = detail};

    if (g != NULL) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = g->case_id;
        rec.case_rid = g->case_rid;
        rec.patient_type = T_PATIENT;
        rec.patient_id = g->patient;
        rec.patient_rid = g->patient_rid;
    }
    return audit_add(rq, &rec);
}

/* ---- reading ---- */

static bool is_of(enum glass_list list, const struct glass *g)
{
    switch (list) {
    case GLASS_LIST_WAITS: return g->verdict == GLASS_WAITS;
    case GLASS_LIST_REVIEWED: return g->verdict != GLASS_WAITS;
    case GLASS_LIST_NOT: return g->verdict == GLASS_NOT_JUSTIFIED;
    case GLASS_LIST_ALL:
    case GLASS_LISTS: break;
    }
    return true;
}

/* Walks those of a list that rq->who may review, or (own) has opened. */
static enum err walk(struct req *rq, enum glass_list list, bool own, int64_t before_ms,
                     struct glass *ret_all, uint32_t n, uint32_t *ret_n)
{
    enum stmt_id id = list == GLASS_LIST_WAITS ? Q_GLASSES_WAITING : Q_GLASSES;
    int64_t before = before_ms > 0 ? before_ms : INT64_MAX;
    uint32_t got = 0;
    uint32_t seen = 0;
    uint32_t page = PAGE;

    while (page == PAGE && seen < LOOKED_AT && got < n) {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        bool has = false;
        page = 0;
        TRY(DB_QUERY(rq, &q, id, sql_i64(before), sql_i64(PAGE)));
        TRY(db_next(rq, &q, &has));
        while (has && got < n) {
            bool may = false;
            get(rq, &q, &ret_all[got]);
            before = ret_all[got].at.ms;
            TRY(glass_may_review(rq, &ret_all[got], &may));
            may = may || (own && rq->who != NULL && str_eq(ret_all[got].person, rq->who->person));
            got += may && is_of(list, &ret_all[got]);
            page++;
            seen++;
            TRY(db_next(rq, &q, &has));
        }
    }
    *ret_n = got;
    return OK;
}

enum err glass_list(struct req *rq, enum glass_list list, int64_t before_ms, struct glass *ret_all,
                    uint32_t n, uint32_t *ret_n)
{
    if (!who_may(rq->who, MAY_HEAD | MAY_AUDIT)) {
        return FAIL(rq, E_FORBIDDEN, "reviews no openings");
    }
    TRY(note(rq, NULL, AUDIT_SEARCH, S("break-glass")));
    return walk(rq, list, true, before_ms, ret_all, n, ret_n);
}

enum err glass_waiting(struct req *rq, uint32_t *ret_n, struct instant *ret_oldest)
{
    struct glass *all = NULL;
    uint32_t n = 0;

    if (!who_may(rq->who, MAY_HEAD | MAY_AUDIT) || who_role(rq->who) == NULL) {
        *ret_n = 0;
        *ret_oldest = (struct instant){0};
        return OK;
    }
    struct arena_mark mark = arena_mark(rq->a);
    all = ARENA_ARRAY(rq->a, PAGE, struct glass);
    TRY_MEM(rq, all);
    TRY(walk(rq, GLASS_LIST_WAITS, false, 0, all, PAGE, &n));
    struct instant oldest = {n > 0 ? all[n - 1].at.ms : 0};
    arena_back(rq->a, mark);
    *ret_n = n;
    *ret_oldest = oldest;
    return OK;
}

static enum err find(struct req *rq, struct str id, struct glass *ret_glass, bool *ret_may)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct glass g;
    enum err e = DB_ONE(rq, &q, Q_GLASS, sql_text(id));

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "opening");
    }
    TRY(e);
    get(rq, &q, &g);
    TRY(glass_may_review(rq, &g, ret_may));
    bool own = rq->who != NULL && str_eq(g.person, rq->who->person);
    if (!*ret_may && !own) {
        struct audit_rec rec = {.action = AUDIT_DENY, .why = WHY_NO_RIGHT, .outcome = E_NOT_FOUND,
                                .type = T_AUDIT_EVENT, .detail = S("break-glass")};
        TRY(audit_add(rq, &rec));
        return FAIL(rq, E_NOT_FOUND, "opening");
    }
    *ret_glass = g;
    return OK;
}

enum err glass_get(struct req *rq, struct str id, struct glass *ret_glass)
{
    struct glass g;
    bool may = false;

    TRY(find(rq, id, &g, &may));
    TRY(note(rq, &g, AUDIT_READ, S("break-glass")));
    *ret_glass = g;
    return OK;
}

enum err glass_reason(struct req *rq, const struct glass *g, struct str *ret_reason)
{
    struct res_row row;
    struct jv v;

    TRY(res_find(rq, T_COMMUNICATION, g->message, &row, &v));
    *ret_reason = json_str(rq->a, json_path(v, S("payload.0.contentString")));
    return OK;
}

enum err glass_looks(struct req *rq, const struct glass *g, struct audit_row *ret_rows, size_t n,
                     size_t *ret_n)
{
    struct audit_row *rows = ARENA_ARRAY(rq->a, RECORDS_PAGE, struct audit_row);
    int64_t to = g->ended.ms > 0 ? g->ended.ms : g->until.ms;
    uint64_t before = 0;
    size_t got = RECORDS_PAGE;
    size_t found = 0;
    bool over = false;

    TRY_MEM(rq, rows);
    for (size_t seen = 0; got == RECORDS_PAGE && !over && found < n && seen < RECORDS_MAX; seen += got) {
        TRY(audit_list(rq, g->patient_rid, before, RECORDS_PAGE, rows, &got));
        for (size_t i = 0; i < got && found < n; i++) {
            before = rows[i].seq;
            over = rows[i].at.ms < g->at.ms;
            if (!over && rows[i].at.ms <= to && str_eq(rows[i].actor, g->person)) {
                ret_rows[found++] = rows[i];
            }
        }
    }
    *ret_n = found;
    return OK;
}

/* ---- the verdict ---- */

enum err glass_review(struct req *rq, struct tx *tx, struct str id, bool justified, struct str remark)
{
    struct glass g;
    bool may = false;
    const struct who *w = rq->who;

    TRY(find(rq, id, &g, &may));
    if (!may) {
        TRY(note(rq, &g, AUDIT_DENY, S("own opening")));
        return FAIL(rq, E_FORBIDDEN, "own opening");
    }
    remark = str_trim(remark);
    if (remark.n > GLASS_TEXT_MAX || (!justified && remark.n < REMARK_MIN)) {
        return FAIL(rq, E_BAD_INPUT, "remark");
    }
    bool ends = !justified && glass_holds(&g, rq->now);
    enum glass_verdict verdict = justified ? GLASS_JUSTIFIED : GLASS_NOT_JUSTIFIED;
    TRY(TX_SQL(tx, W_GLASS_REVIEW, TX_MUST_CHANGE, sql_text(g.id), sql_i64(verdict), sql_text(w->person),
               sql_text(w->audit.role), sql_text(w->audit.org), sql_text(str_or_empty(remark)),
               sql_i64(rq->now.ms), sql_i64(ends ? rq->now.ms : 0)));
    if (ends) {
        TRY(glass_shut_now(rq, tx, &g));
    }
    TRY(notice_tell(rq, tx, g.person, NOTICE_GLASS_REVIEWED, g.id));
    return note(rq, &g, AUDIT_REVIEW, justified ? S("justified") : S("not justified"));
}
