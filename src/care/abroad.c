/* care/abroad.c - a patient's data and other countries. See abroad.h. */
#include "care/abroad.h"

#include <stdlib.h>

#include "base/text.h"
#include "care/access.h"
#include "care/care.h"
#include "care/consilium_int.h"
#include "care/flow_int.h"
#include "care/notice.h"
#include "care/patient.h"
#include "care/patient_account_consent.h"
#include "care/put.h"
#include "fhir/type.h"
#include "store/tx.h"

enum { TEAM_MAX = 4096, ANCHORS_MAX = 100000, TOLD_MAX = 64 };

/* ---- countries ---- */

static struct str country_of(const struct care *care, const struct dir_org *o)
{
    const struct policy *p = o != NULL && o->policy != NULL ? o->policy : care->policy;
    struct str own = p != NULL ? p->country : S("");
    return own.n > 0 || care->policy == NULL ? str_or_empty(own) : str_or_empty(care->policy->country);
}

enum err abroad_any(struct req *rq, bool *ret_any)
{
    const struct directory *d = NULL;
    struct str first = {0};
    bool any = false;

    TRY(directory_get(rq, &d));
    for (uint32_t i = 0; i < d->n_orgs && !any; i++) {
        struct str c = country_of(care_of(rq), &d->orgs[i]);
        any = d->orgs[i].active && first.p != NULL && !str_eq(c, first);
        first = d->orgs[i].active && first.p == NULL ? c : first;
    }
    *ret_any = any;
    return OK;
}

enum err abroad_policy(struct req *rq, int64_t patient_rid, const struct policy **ret_policy)
{
    const struct directory *d = NULL;
    struct patient p;

    TRY(directory_get(rq, &d));
    TRY(patient_load(rq, patient_rid, &p));
    const struct dir_org *o = dir_org(d, p.org);
    const struct policy *home = o != NULL && o->policy != NULL ? o->policy : care_of(rq)->policy;
    if (home == NULL) {
        return FAIL(rq, E_INTERNAL, "no policy");
    }
    *ret_policy = home;
    return OK;
}

static struct str home_country(const struct care *care, const struct policy *home)
{
    return home->country.n > 0 || care->policy == NULL ? home->country : care->policy->country;
}

static bool needs_consent(const struct policy *home)
{
    return !home->cross_border.set || home->cross_border.value; /* what the profile does not say is asked */
}

bool abroad_person(const struct directory *d, const struct policy *home, const struct dir_person *p)
{
    bool all = p->n_roles > 0;

    for (uint32_t i = 0; i < p->n_roles; i++) {
        const struct dir_org *o = dir_org(d, p->roles[i].org);
        all = all && o != NULL && o->policy != NULL && !str_eq(o->policy->country, home->country);
    }
    return all;
}

static enum err consent_of(struct req *rq, int64_t patient_rid, enum abroad *ret_abroad)
{
    struct consent c;

    TRY(patient_consent(rq, patient_rid, CONSENT_ABROAD, &c));
    *ret_abroad = c.state == CONSENT_GIVEN     ? ABROAD_GIVEN
                  : c.state == CONSENT_REFUSED ? ABROAD_REFUSED
                                               : ABROAD_UNASKED;
    return OK;
}

enum err abroad_of(struct req *rq, int64_t patient_rid, struct str org, enum abroad *ret_abroad)
{
    const struct directory *d = NULL;
    const struct policy *home = NULL;
    bool any = false;

    *ret_abroad = ABROAD_HOME;
    TRY(abroad_any(rq, &any));
    if (!any || org.n == 0) {
        return OK;
    }
    TRY(directory_get(rq, &d));
    TRY(abroad_policy(rq, patient_rid, &home));
    const struct care *care = care_of(rq);
    if (!needs_consent(home) || str_eq(country_of(care, dir_org(d, org)), home_country(care, home))) {
        return OK;
    }
    return consent_of(rq, patient_rid, ret_abroad);
}

/* ---- may it go ---- */

static const struct {
    const char *detail;
    const char *text;
} refusals[] = {
    [ABROAD_UNASKED] = {"cross-border: the patient was not asked",
                        T("This would go to another country, and the patient's consent to that is "
                          "not on record. Ask the patient, or who decides for the patient: "
                          "consent is given on the patient's own page of consents, or recorded "
                          "with a request for a consultation.")},
    [ABROAD_REFUSED] = {"cross-border: the patient has refused",
                        T("This would go to another country, and the patient has refused that or "
                          "withdrawn the consent. Only a new consent opens it: on the patient's "
                          "own page of consents, or in writing with a request for a consultation.")},
};

const char *abroad_text(enum abroad a)
{
    return abroad_is_shut(a) ? refusals[a].text : NULL;
}

const char *abroad_words(enum err e, const char *detail)
{
    for (size_t i = ABROAD_UNASKED; e == E_UNPROCESSED && i < LEN(refusals); i++) {
        if (str_eq(str_z(detail), str_z(refusals[i].detail))) {
            return refusals[i].text;
        }
    }
    return NULL;
}

static enum err refuse(struct req *rq, enum abroad a)
{
    return FAIL(rq, E_UNPROCESSED, "%s", refusals[a].detail);
}

/* Of the writer's second look. */
struct again {
    int64_t patient_rid;
    size_t n; /* abroad_shut: those found */
    const struct policy *home;
    const struct directory *dir;
};

static enum err still_given(struct req *rq, void *ctx)
{
    const struct again *g = ctx;
    struct consent c;

    TRY(patient_consent(rq, g->patient_rid, CONSENT_ABROAD, &c));
    return c.state == CONSENT_GIVEN     ? OK
           : c.state == CONSENT_REFUSED ? refuse(rq, ABROAD_REFUSED)
                                        : refuse(rq, ABROAD_UNASKED);
}

static enum err deny(struct req *rq, int64_t patient_rid, enum abroad a)
{
    struct audit_rec rec = {.action = AUDIT_DENY, .why = WHY_NO_RIGHT, .outcome = E_UNPROCESSED,
                            .patient_rid = patient_rid, .detail = str_z(refusals[a].detail)};
    TRY(audit_add(rq, &rec));
    return refuse(rq, a);
}

/* a was looked up after now. */
static enum err allow(struct req *rq, struct tx *tx, int64_t patient_rid, const struct db_moment *now,
                      enum abroad a)
{
    struct again *g = ARENA_NEW(rq->a, struct again);

    TRY_MEM(rq, g);
    if (abroad_is_shut(a)) {
        return deny(rq, patient_rid, a);
    }
    g->patient_rid = patient_rid;
    return tx_require(tx, T_CONSENT, now->vid, still_given, g);
}

enum err abroad_allow(struct req *rq, struct tx *tx, int64_t patient_rid, struct str org, bool coming)
{
    struct db_moment now;
    enum abroad a = ABROAD_HOME;

    TRY(db_now(rq, &now));
    TRY(abroad_of(rq, patient_rid, org, &a));
    return a == ABROAD_HOME || coming ? OK : allow(rq, tx, patient_rid, &now, a);
}

enum err abroad_visit(struct req *rq, struct tx *tx, int64_t patient_rid, struct str org, bool remote,
                      bool *ret_joins)
{
    enum abroad a = ABROAD_HOME;

    TRY(remote ? OK : abroad_of(rq, patient_rid, org, &a));
    *ret_joins = !abroad_is_shut(a);
    return *ret_joins ? abroad_allow(rq, tx, patient_rid, org, false) : OK;
}

enum err abroad_allow_stranger(struct req *rq, struct tx *tx, int64_t patient_rid)
{
    struct db_moment now;
    const struct policy *home = NULL;
    enum abroad a = ABROAD_HOME;

    TRY(db_now(rq, &now));
    TRY(abroad_policy(rq, patient_rid, &home));
    if (!needs_consent(home)) {
        return OK;
    }
    TRY(consent_of(rq, patient_rid, &a));
    return allow(rq, tx, patient_rid, &now, a);
}

enum err abroad_look(struct req *rq, int64_t patient_rid)
{
    enum abroad a = ABROAD_HOME;

    TRY(abroad_of(rq, patient_rid, rq->who->audit.org, &a));
    return abroad_is_shut(a) ? deny(rq, patient_rid, a) : OK;
}

/* ---- who is abroad ---- */

/* Principals of everybody and everything abroad, sorted. */
struct strangers {
    uint64_t *all;
    size_t n;
    uint64_t *team; /* where a team is read to */
};

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool is_stranger(const struct strangers *s, uint64_t principal)
{
    return s->n > 0 && bsearch(&principal, s->all, s->n, sizeof *s->all, by_value) != NULL;
}

static enum err strangers_find(struct req *rq, const struct directory *d, const struct policy *home,
                               struct strangers *ret)
{
    const struct care *care = care_of(rq);
    const struct store *st = care->store;
    struct str country = home_country(care, home);
    struct strangers s = {.n = 0};

    s.all = ARENA_ARRAY(rq->a, 4 * (size_t)d->n_orgs + d->n_services + d->n_people + 1, uint64_t);
    s.team = ARENA_ARRAY(rq->a, TEAM_MAX, uint64_t);
    TRY_MEM(rq, s.all);
    TRY_MEM(rq, s.team);
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        struct str id = d->orgs[i].id;
        if (str_eq(country_of(care, &d->orgs[i]), country)) {
            continue;
        }
        s.all[s.n++] = principal_askers(st, id);
        s.all[s.n++] = principal_registry(st, id);
        s.all[s.n++] = principal_coordinators(st, id);
        s.all[s.n++] = principal_heads(st, id);
    }
    for (uint32_t i = 0; i < d->n_services; i++) {
        if (!str_eq(country_of(care, &d->orgs[d->services[i].org]), country)) {
            s.all[s.n++] = principal_service(st, d->services[i].id);
        }
    }
    for (uint32_t i = 0; i < d->n_people; i++) {
        if (abroad_person(d, home, &d->people[i])) {
            s.all[s.n++] = principal_person(st, d->people[i].id);
        }
    }
    qsort(s.all, s.n, sizeof *s.all, by_value);
    *ret = s;
    return OK;
}

/* Somebody who opened the case with a reason: shut by its own rule. */
static enum err is_glass(struct req *rq, const struct directory *d, struct str case_id, uint64_t principal,
                         bool *ret_is)
{
    struct instant until = {0};

    for (uint32_t i = 0; i < d->n_people && until.ms == 0; i++) {
        if (principal_person(care_of(rq)->store, d->people[i].id) == principal) {
            TRY(access_glass_until(rq, case_id, d->people[i].id, &until));
            break;
        }
    }
    *ret_is = until.ms != 0;
    return OK;
}

/* One anchor: its strangers leave by tx, or (tx NULL) are counted. */
static enum err anchor_clear(struct req *rq, struct tx *tx, const struct again *g, const struct strangers *s,
                             enum fhir_type type, struct str id, int64_t rid, size_t *n)
{
    uint64_t *team = s->team;
    size_t got = 0;

    TRY(db_team(rq, rid, team, TEAM_MAX, &got));
    if (got == TEAM_MAX) {
        return FAIL(rq, E_TOO_LARGE, "team");
    }
    for (size_t i = 0; i < got; i++) {
        bool glass = false;
        if (!is_stranger(s, team[i])) {
            continue;
        }
        if (type == T_SERVICE_REQUEST) {
            TRY(is_glass(rq, g->dir, id, team[i], &glass));
        }
        if (!glass) {
            *n += 1;
            TRY(tx != NULL ? tx_team_remove(tx, type, id, team[i]) : OK);
        }
    }
    return OK;
}

/* The patient, and what of theirs has a team of its own. */
static enum err teams_clear(struct req *rq, struct tx *tx, const struct again *g, size_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct strangers s;
    struct res_row head;
    struct hit hit;
    size_t n = 0;
    uint32_t looked = 0;

    TRY(strangers_find(rq, g->dir, g->home, &s));
    TRY(db_head_rid(rq, g->patient_rid, &head));
    TRY(anchor_clear(rq, tx, g, &s, T_PATIENT, head.id, g->patient_rid, &n));
    TRY(list_owner(rq, g->patient_rid, T_SERVICE_REQUEST, LIST_NEWEST, &l));
    while (looked++ < ANCHORS_MAX && list_next(l, &hit)) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(db_head_rid(rq, hit.rid, &head));
        if (!head.deleted && head.anchor == hit.rid) {
            size_t before = n;
            TRY(anchor_clear(rq, tx, g, &s, T_SERVICE_REQUEST, head.id, hit.rid, &n));
            if (n > before && tx != NULL) {
                continue; /* the transaction borrows the id */
            }
        }
        arena_back(rq->a, mark);
    }
    TRY(list_err(rq, l));
    *ret_n = n;
    return OK;
}

static enum err none_came(struct req *rq, void *ctx)
{
    const struct again *g = ctx;
    size_t n = 0;

    TRY(teams_clear(rq, NULL, g, &n));
    return n == g->n ? OK : FAIL(rq, E_STALE, "cross-border: a team changed meanwhile");
}

/* ---- cases that are open abroad ---- */

typedef enum err (*case_fn)(struct req *rq, struct tx *tx, const struct directory *d,
                            const struct case_row *row);

static bool is_abroad(const struct req *rq, const struct directory *d, const struct policy *home,
                      struct str org)
{
    const struct care *care = care_of(rq);
    return org.n > 0 && !str_eq(country_of(care, dir_org(d, org)), home_country(care, home));
}

static enum err each_open(struct req *rq, struct tx *tx, const struct directory *d,
                          const struct policy *home, int64_t patient_rid, case_fn fn)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_FLOW_PATIENT, sql_i64(patient_rid), sql_i64(ANCHORS_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        struct case_row row;
        case_row_get(rq, &q, &row);
        if (row.open && (is_abroad(rq, d, home, row.answer_org) || is_abroad(rq, d, home, row.asker_org)
                         || is_abroad(rq, d, home, row.centre_org))) {
            TRY(fn(rq, tx, d, &row));
        }
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

static enum err tell(struct req *rq, struct tx *tx, const struct directory *d, const struct case_row *row)
{
    uint32_t people[TOLD_MAX];
    uint32_t n = row->consultant.n > 0 ? 0 : dir_people_of_service(d, row->service, people, TOLD_MAX);

    TRY(notice_tell(rq, tx, row->asker, NOTICE_ABROAD, row->id));
    if (row->consultant.n > 0) {
        TRY(notice_tell(rq, tx, row->consultant, NOTICE_ABROAD, row->id));
    }
    for (uint32_t i = 0; i < n; i++) {
        TRY(notice_tell(rq, tx, d->people[people[i]].id, NOTICE_ABROAD, row->id));
    }
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row->id));
}

static enum err rejoin(struct req *rq, struct tx *tx, const struct directory *d, const struct case_row *row)
{
    (void)d;
    return flow_team(rq, tx, row);
}

enum err abroad_shut(struct req *rq, struct tx *tx, int64_t patient_rid)
{
    struct again *g = ARENA_NEW(rq->a, struct again);
    struct db_moment now;
    bool any = false;

    TRY_MEM(rq, g);
    TRY(abroad_any(rq, &any));
    TRY(TX_SQL(tx, W_SHARES_END_ABROAD, 0, sql_i64(patient_rid), sql_i64(rq->now.ms)));
    if (!any) {
        return OK;
    }
    TRY(db_now(rq, &now));
    g->patient_rid = patient_rid;
    TRY(directory_get(rq, &g->dir));
    TRY(abroad_policy(rq, patient_rid, &g->home));
    TRY(teams_clear(rq, tx, g, &g->n));
    TRY(tx_require(tx, 0, now.vid, none_came, g));
    return each_open(rq, tx, g->dir, g->home, patient_rid, tell);
}

/* Members of the patient's consilia are in their teams again. */
static enum err consilia_open(struct req *rq, struct tx *tx, int64_t patient_rid)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct res_row head;
    struct hit hit;
    uint32_t looked = 0;

    TRY(list_owner(rq, patient_rid, T_SERVICE_REQUEST, LIST_NEWEST, &l));
    while (looked++ < ANCHORS_MAX && list_next(l, &hit)) {
        TRY(db_head_rid(rq, hit.rid, &head));
        if (!head.deleted && head.anchor == hit.rid) {
            TRY(consilium_rejoin(rq, tx, head.id));
        }
    }
    return list_err(rq, l);
}

enum err abroad_open(struct req *rq, struct tx *tx, int64_t patient_rid)
{
    const struct directory *d = NULL;
    const struct policy *home = NULL;
    bool any = false;

    TRY(abroad_any(rq, &any));
    if (!any) {
        return OK;
    }
    TRY(directory_get(rq, &d));
    TRY(abroad_policy(rq, patient_rid, &home));
    TRY(each_open(rq, tx, d, home, patient_rid, rejoin));
    return consilia_open(rq, tx, patient_rid);
}
