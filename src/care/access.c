/* care/access.c - who may see what, and breaking the glass. */
#include "care/access.h"

#include "care/care.h"
#include "care/directory.h"
#include "care/job.h"
#include "care/notice.h"
#include "care/put.h"

enum { REASON_MIN = 10, REASON_MAX = 4000, CASES_LOOKED_AT = 200, HEADS_MAX = 20 };
#define GLASS_MS (24 * MS_HOUR)

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

/* "case person", the key of the job that ends a break-glass. */
static struct str glass_key(struct req *rq, struct str case_id, struct str person)
{
    struct buf b;

    buf_init(&b, rq->a, 160);
    buf_str(&b, case_id);
    BUF_LIT(&b, " ");
    buf_str(&b, person);
    return buf_get(&b);
}

enum err access_glass_until(struct req *rq, struct str case_id, struct str person,
                            struct instant *ret_until)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_JOB, sql_i64(JOB_GLASS), sql_text(glass_key(rq, case_id, person))));
    TRY(db_next(rq, &q, &has));
    *ret_until = (struct instant){has ? db_i64(&q, 1) : 0};
    return OK;
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

/* The reason stays on the case, for its team to read. */
static enum err put_reason(struct req *rq, struct tx *tx, const struct case_row *row,
                           struct str reason)
{
    struct put p;

    put_message(&p, rq, tx, row, S("break-glass"), 16 << 10);
    json_k(&p.o, S("payload"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("contentString"), reason);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    return put_end(&p);
}

static enum err tell_heads(struct req *rq, struct tx *tx, const struct case_row *row)
{
    const struct directory *dir = NULL;
    const struct str orgs[] = {row->asker_org, row->answer_org};

    TRY(directory_get(rq, &dir));
    for (size_t i = 0; i < LEN(orgs); i++) {
        uint32_t people[HEADS_MAX];
        uint32_t n = dir_people_of_org(dir, orgs[i], MAY_HEAD, people, HEADS_MAX);
        for (uint32_t k = 0; k < n; k++) {
            TRY(notice_tell(rq, tx, dir->people[people[k]].id, NOTICE_BREAK_GLASS, row->id));
        }
    }
    return OK;
}

enum err access_break_glass(struct req *rq, struct tx *tx, struct str case_id, struct str reason)
{
    struct case_row row;
    enum audit_why why = WHY_NONE;

    if (!who_may(rq->who, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD)) {
        return FAIL(rq, E_FORBIDDEN, "no clinician");
    }
    reason = str_trim(reason);
    if (reason.n < REASON_MIN || reason.n > REASON_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    TRY(case_row_load(rq, case_id, &row));
    TRY(access_why(rq, &row, &why));
    if (why != WHY_NOT_TEAM) {
        return FAIL(rq, E_CONFLICT, "already in the team");
    }
    TRY(put_reason(rq, tx, &row, reason));
    TRY(tx_team(tx, T_SERVICE_REQUEST, row.id,
                principal_person(care_of(rq)->store, rq->who->person)));
    TRY(job_set(tx, JOB_GLASS, glass_key(rq, row.id, rq->who->person), rq->now.ms + GLASS_MS,
                (struct str){0}));
    TRY(tell_heads(rq, tx, &row));
    TRY(tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id)));
    struct audit_rec rec = case_audit(&row, AUDIT_READ, WHY_BREAK_GLASS);
    rec.detail = S("glass broken");
    return audit_add(rq, &rec);
}

enum err access_glass_end(struct req *rq, struct tx *tx, struct str key)
{
    struct str person = key;
    struct str case_id;
    struct case_row row;

    if (!str_cut(&person, ' ', &case_id) || person.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "job key");
    }
    TRY(case_row_load(rq, case_id, &row));
    if (!str_eq(person, row.consultant) && !str_eq(person, row.asker)) { /* who came to stay stays */
        TRY(tx_team_remove(tx, T_SERVICE_REQUEST, case_id,
                           principal_person(care_of(rq)->store, person)));
    }
    struct audit_rec rec = case_audit(&row, AUDIT_CLOCK, WHY_SYSTEM);
    rec.detail = S("break-glass ended");
    return audit_add(rq, &rec);
}
