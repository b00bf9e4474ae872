/* care/access.c - who may see what. Breaking the glass: glass.c. */
#include "care/access.h"

#include "care/care.h"
#include "fhir/type.h"

enum { CASES_LOOKED_AT = 200 };

static bool role_serves(const struct role_ref *r, struct str service)
{
    for (uint32_t i = 0; i < r->n_services; i++) {
        if (str_eq(r->services[i], service)) {
            return true;
        }
    }
    return false;
}

unsigned access_actor(const struct req *rq, const struct case_row *row)
{
    const struct who *w = rq->who;
    const struct role_ref *r = who_role(w);
    unsigned bits = 0;

    if (w == NULL) {
        return 0;
    }
    if (w->rights & IS_CLOCK) {
        return ACTOR_CLOCK;
    }
    if (r == NULL) {
        return 0;
    }
    if ((r->rights & MAY_ASK) && str_eq(r->org, row->asker_org)) {
        bits |= ACTOR_ASKER;
    }
    if ((r->rights & MAY_COORDINATE) && str_eq(r->org, row->centre_org)) {
        bits |= ACTOR_COORDINATOR;
    }
    if (r->rights & MAY_ANSWER) {
        bool self = row->consultant.n > 0 && str_eq(row->consultant, w->person);
        bits |= self || role_serves(r, row->service) ? ACTOR_SERVICE : 0;
        bits |= self ? ACTOR_CONSULTANT : 0;
    }
    if ((r->rights & MAY_HEAD)
        && (str_eq(r->org, row->asker_org) || str_eq(r->org, row->answer_org)
            || str_eq(r->org, row->centre_org))) {
        bits |= ACTOR_HEAD;
    }
    return bits;
}

/* Why the own record opens. */
static enum audit_why patient_why(const struct who *w)
{
    return w->related.n > 0 ? WHY_REPRESENTS : WHY_PATIENT;
}

enum err access_why(struct req *rq, const struct case_row *row, enum audit_why *ret_why)
{
    const struct who *w = rq->who;
    bool in = false;

    *ret_why = WHY_NOT_TEAM;
    if (w == NULL) {
        return OK;
    }
    if (w->rights & IS_SYSTEM) {
        *ret_why = WHY_SYSTEM;
        return OK;
    }
    TRY(db_team_has(rq, row->rid, w->principals, w->n_principals, &in));
    if (!in) {
        return OK;
    }
    if (who_is_patient(w)) {
        *ret_why = patient_why(w);
        return OK;
    }
    unsigned actor = access_actor(rq, row);
    if (str_eq(w->person, row->asker) || str_eq(w->person, row->consultant)) {
        *ret_why = WHY_OWN;
    } else if (actor & ACTOR_COORDINATOR) {
        *ret_why = WHY_COORDINATOR;
    } else if (actor & (ACTOR_ASKER | ACTOR_SERVICE)) {
        *ret_why = WHY_TEAM;
    } else {
        struct instant glass;
        TRY(access_glass_until(rq, row->id, w->person, &glass));
        *ret_why = glass.ms != 0 ? WHY_BREAK_GLASS : actor & ACTOR_HEAD ? WHY_HEAD : WHY_TEAM;
    }
    return OK;
}

enum err access_case(struct req *rq, struct str case_id, enum audit_action action,
                     struct case_row *ret_row)
{
    struct case_row row;
    enum audit_why why = WHY_NONE;
    enum err e = case_row_load(rq, case_id, &row);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "case");
    }
    TRY(e);
    TRY(access_why(rq, &row, &why));
    struct audit_rec rec = case_audit(&row, action, why);
    if (why == WHY_NOT_TEAM) {
        rec.action = AUDIT_DENY;
        rec.outcome = E_NOT_FOUND;
        rec.detail = str_z(audit_action_name(action));
    }
    TRY(audit_add(rq, &rec));
    if (why == WHY_NOT_TEAM) {
        return FAIL(rq, E_NOT_FOUND, "case");
    }
    *ret_row = row;
    return OK;
}

enum err access_cases_of_patient(struct req *rq, int64_t patient_rid, struct case_row *ret_rows,
                                 uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_FLOW_PATIENT, sql_i64(patient_rid), sql_i64(CASES_LOOKED_AT)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        enum audit_why why = WHY_NONE;
        case_row_get(rq, &q, &ret_rows[got]);
        TRY(access_why(rq, &ret_rows[got], &why));
        got += why != WHY_NOT_TEAM;
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err access_anchor(struct req *rq, struct access_anchors *a, int64_t anchor, bool *ret_may)
{
    const struct who *w = rq->who;

    *ret_may = anchor == a->patient_rid;
    for (uint32_t i = 0; !*ret_may && i < a->n; i++) {
        *ret_may = a->seen[i] == anchor;
    }
    if (*ret_may || anchor <= 0 || w == NULL) {
        return OK;
    }
    TRY(db_team_has(rq, anchor, w->principals, w->n_principals, ret_may));
    if (!*ret_may || a->n == ACCESS_ANCHORS_MAX) {
        return OK;
    }
    a->seen[a->n++] = anchor;
    struct audit_rec rec = {.action = AUDIT_READ, .why = WHY_TEAM, .case_rid = anchor,
                            .patient_rid = a->patient_rid, .detail = a->detail};
    return audit_add(rq, &rec);
}

enum err access_patient(struct req *rq, struct str patient_id, enum audit_action action,
                        struct res_row *ret_patient)
{
    struct res_row row;
    struct case_row one;
    bool in = false;
    uint32_t n = 0;
    enum err e = db_read(rq, T_PATIENT, patient_id, &row);

    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "patient");
    }
    TRY(e);
    bool system = rq->who != NULL && (rq->who->rights & IS_SYSTEM);
    if (!system && rq->who != NULL) {
        TRY(db_team_has(rq, row.rid, rq->who->principals, rq->who->n_principals, &in));
        if (!in) {
            TRY(access_cases_of_patient(rq, row.rid, &one, 1, &n));
        }
    }
    bool may = system || in || n > 0;
    struct audit_rec rec = {
        .action = may ? action : AUDIT_DENY,
        .why = system                         ? WHY_SYSTEM
               : in && who_is_patient(rq->who) ? patient_why(rq->who)
               : in                            ? WHY_REGISTRY
               : n > 0                         ? WHY_TEAM
                                               : WHY_NOT_TEAM,
        .outcome = may ? OK : E_NOT_FOUND,
        .type = T_PATIENT,
        .id = row.id,
        .patient_type = T_PATIENT,
        .patient_id = row.id,
        .patient_rid = row.rid,
    };
    TRY(audit_add(rq, &rec));
    if (!may) {
        return FAIL(rq, E_NOT_FOUND, "patient");
    }
    *ret_patient = row;
    return OK;
}
