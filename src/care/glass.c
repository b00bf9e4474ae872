/* care/glass.c - a case is opened with a reason, and shut again. See glass.h. */
#include "care/glass_int.h"

#include "care/care.h"
#include "care/directory.h"
#include "care/job.h"
#include "care/notice.h"
#include "care/patient.h"
#include "care/put.h"

enum { TOLD_MAX = 40 };
#define GLASS_MS (GLASS_HOURS * MS_HOUR)

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

/* ---- opening ---- */

/* The reason stays on the case, for its team to read. */
static enum err put_reason(struct req *rq, struct tx *tx, const struct case_row *row,
                           struct str reason, struct str *ret_id)
{
    struct put p;

    put_message(&p, rq, tx, row, S("break-glass"), 16 << 10);
    json_k(&p.o, S("payload"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("contentString"), reason);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    TRY(put_end(&p));
    *ret_id = p.id;
    return OK;
}

/* People who are told, each once. */
struct told {
    const struct directory *dir;
    uint32_t people[TOLD_MAX];
    uint32_t n;
    bool auditor; /* one is among them */
};

static void told_add(struct told *t, uint32_t person)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->people[i] == person) {
            return;
        }
    }
    if (t->n < TOLD_MAX) {
        t->people[t->n++] = person;
    }
}

/* Those with a right at an organisation or, where nobody has it, at the nearest above. */
static bool told_up(struct told *t, struct str org, uint32_t right)
{
    uint32_t people[TOLD_MAX];
    uint32_t n = 0;

    for (uint32_t at = dir_org_at(t->dir, org); n == 0 && at != DIR_NONE; at = t->dir->orgs[at].parent) {
        n = dir_people_of_org(t->dir, t->dir->orgs[at].id, right, people, TOLD_MAX);
    }
    for (uint32_t i = 0; i < n; i++) {
        told_add(t, people[i]);
    }
    return n > 0;
}

static void told_all_auditors(struct told *t)
{
    for (uint32_t i = 0; i < t->dir->n_people; i++) {
        if (t->dir->people[i].active && glass_audits(&t->dir->people[i])) {
            told_add(t, i);
        }
    }
}

static enum err tell(struct req *rq, struct tx *tx, const struct glass *g)
{
    struct told t = {.n = 0};

    TRY(directory_get(rq, &t.dir));
    for (size_t i = 0; i < LEN(g->orgs); i++) {
        if (g->orgs[i].n > 0) {
            (void)told_up(&t, g->orgs[i], MAY_HEAD);
            t.auditor = told_up(&t, g->orgs[i], MAY_AUDIT) || t.auditor;
        }
    }
    if (!t.auditor) {
        told_all_auditors(&t);
    }
    for (uint32_t i = 0; i < t.n; i++) {
        struct str person = t.dir->people[t.people[i]].id;
        if (!str_eq(person, g->person)) {
            TRY(notice_tell(rq, tx, person, NOTICE_GLASS, g->id));
        }
    }
    return OK;
}

enum err glass_break(struct req *rq, struct tx *tx, struct str case_id, struct str reason)
{
    struct case_row row;
    struct patient p;
    struct glass g = {.id = put_new_id(rq), .at = rq->now, .until = {rq->now.ms + GLASS_MS}};
    enum audit_why why = WHY_NONE;

    if (!who_may(rq->who, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD)) {
        return FAIL(rq, E_FORBIDDEN, "no clinician");
    }
    reason = str_trim(reason);
    if (reason.n < GLASS_REASON_MIN || reason.n > GLASS_TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    TRY_MEM(rq, g.id.p);
    TRY(case_row_load(rq, case_id, &row));
    TRY(access_why(rq, &row, &why));
    if (why != WHY_NOT_TEAM) {
        return FAIL(rq, E_CONFLICT, "already in the team");
    }
    TRY(patient_load(rq, row.patient_rid, &p));
    g.case_id = row.id;
    g.patient = row.patient;
    g.patient_rid = row.patient_rid;
    g.person = rq->who->person;
    g.role = rq->who->audit.role;
    g.org = rq->who->audit.org;
    g.orgs[0] = row.asker_org;
    g.orgs[1] = row.answer_org;
    g.orgs[2] = row.centre_org;
    g.orgs[3] = p.org;
    TRY(put_reason(rq, tx, &row, reason, &g.message));
    TRY(tx_team(tx, T_SERVICE_REQUEST, row.id, principal_person(care_of(rq)->store, g.person)));
    TRY(job_set(tx, JOB_GLASS, glass_key(rq, row.id, g.person), g.until.ms, (struct str){0}));
    TRY(glass_put(tx, &g));
    TRY(tell(rq, tx, &g));
    TRY(tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id)));
    struct audit_rec rec = case_audit(&row, AUDIT_READ, WHY_BREAK_GLASS);
    rec.detail = S("glass broken");
    return audit_add(rq, &rec);
}

/* ---- shutting ---- */

/* Who came to stay stays. */
static enum err shut(struct req *rq, struct tx *tx, const struct case_row *row, struct str person)
{
    if (!str_eq(person, row->consultant) && !str_eq(person, row->asker)) {
        TRY(tx_team_remove(tx, T_SERVICE_REQUEST, row->id,
                           principal_person(care_of(rq)->store, person)));
    }
    return OK;
}

enum err glass_end(struct req *rq, struct tx *tx, struct str key)
{
    struct str person = key;
    struct str case_id;
    struct case_row row;

    if (!str_cut(&person, ' ', &case_id) || person.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "job key");
    }
    TRY(case_row_load(rq, case_id, &row));
    TRY(shut(rq, tx, &row, person));
    struct audit_rec rec = case_audit(&row, AUDIT_CLOCK, WHY_SYSTEM);
    rec.detail = S("break-glass ended");
    return audit_add(rq, &rec);
}

enum err glass_shut_now(struct req *rq, struct tx *tx, const struct glass *g)
{
    struct case_row row;

    TRY(case_row_load(rq, g->case_id, &row));
    TRY(shut(rq, tx, &row, g->person));
    TRY(job_drop(tx, JOB_GLASS, glass_key(rq, g->case_id, g->person)));
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, g->case_id));
}
