/* care/visit_person.c - a doctor records a visit in person. See visit.h. */
#include "care/visit_int.h"

#include "base/text.h"

enum { PLACE_MAX = 300, PROBLEM_MAX = 500, WORDS_MAX = 8000, COURSES_MAX = 50, RESOURCE_CAP = 64 << 10 };

/* ---- pieces ---- */

void visit_put(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type, struct str id,
               struct str patient)
{
    put_begin(p, rq, tx, type, id, RESOURCE_CAP);
    p->patient = patient;
}

enum err visit_put_end(struct put *p, enum audit_action action)
{
    struct audit_rec rec = {.action = action,
                            .why = WHY_OWN,
                            .type = (uint16_t)p->type,
                            .id = p->id,
                            .patient_type = T_PATIENT,
                            .patient_id = p->patient};
    TRY(put_end(p));
    return audit_add(p->rq, &rec);
}

void visit_refs(struct json_out *o, struct str key, enum fhir_type type, struct str id)
{
    json_k(o, key);
    json_arr(o);
    put_ref_item(o, type, id);
    json_arr_end(o);
}

void visit_doctor(struct json_out *o, const struct req *rq, struct str key)
{
    put_ref_shown(o, key, T_PRACTITIONER, rq->who->person, rq->who->name);
}

void visit_participant(struct json_out *o, const struct req *rq)
{
    static const struct str performer = SI("PPRF");
    json_k(o, S("participant"));
    json_arr(o);
    json_obj(o);
    put_concepts(o, S("type"), S("http://terminology.hl7.org/CodeSystem/v3-ParticipationType"),
                 &performer, 1);
    visit_doctor(o, rq, S("individual"));
    json_obj_end(o);
    json_arr_end(o);
}

void visit_class(struct json_out *o, struct str code)
{
    json_k(o, S("class"));
    put_one_coding(o, S(CS_ENCOUNTER_CLASS), code, (struct str){0});
}

void visit_problem(struct json_out *o, struct str key, struct str typed)
{
    struct str code = consult_icd(typed);
    struct str words = code.n > 0 ? str_trim(str_sub(typed, code.n, typed.n)) : (struct str){0};
    json_k(o, key);
    json_arr(o);
    json_obj(o);
    if (code.n > 0) {
        put_coding(o, S(CS_ICD10), code, words);
    }
    json_ks(o, S("text"), typed);
    json_obj_end(o);
    json_arr_end(o);
}

/* ---- what was typed ---- */

struct entry {
    struct req *rq;
    struct tx *tx;
    struct str patient;
    struct str date, place, problem, diagnosis, plan;
    struct str encounter, condition, episode;
    const struct episode_row *course; /* one that goes on; NULL: a new one */
};

static void want(const struct fields *typed, struct problems *p, struct str field, size_t most,
                 const char *missing, struct str *ret_value)
{
    struct str v = fields_get(typed, field);
    if (v.n == 0) {
        problem_add(p, field, missing, (struct str){0}, NULL);
    } else if (v.n > most) {
        problem_add(p, field, T("The text is too long."), (struct str){0}, NULL);
    }
    *ret_value = v;
}

static void check_date(struct entry *e, const struct fields *typed, struct str birth,
                       struct problems *p)
{
    struct civil now = zone_civil(&care_of(e->rq)->zone, e->rq->now);
    struct civil day;
    struct civil born;
    e->date = fields_get(typed, S("date"));
    if (e->date.n == 0) {
        problem_add(p, S("date"), T("Enter the date of the visit."), (struct str){0}, NULL);
        return;
    }
    if (!date_parse(e->date, &day) || e->date.n != 10) {
        problem_add(p, S("date"), T("There is no such date."), (struct str){0}, NULL);
        return;
    }
    int64_t at = civil_days(day.year, day.month, day.day);
    if (at > civil_days(now.year, now.month, now.day)) {
        problem_add(p, S("date"), T("The visit is in the future: record it when it has taken place."),
                    (struct str){0}, NULL);
    } else if (birth.n == 10 && date_parse(birth, &born)
               && at < civil_days(born.year, born.month, born.day)) {
        problem_add(p, S("date"), T("The visit is before the patient was born. Check the year."),
                    (struct str){0}, NULL);
    }
}

static enum err check(struct entry *e, const struct fields *typed, struct str birth,
                      struct problems *p)
{
    check_date(e, typed, birth, p);
    want(typed, p, S("place"), PLACE_MAX, T("Enter where the patient was seen."), &e->place);
    want(typed, p, S("problem"), PROBLEM_MAX, T("Enter the problem by its ICD-10 code."), &e->problem);
    if (e->problem.n > 0 && consult_icd(e->problem).n == 0) {
        problem_add(p, S("problem"),
                    T("Begin with an ICD-10 code: a remote visit is booked by the problem it belongs to."),
                    (struct str){0}, NULL);
    }
    want(typed, p, S("diagnosis"), WORDS_MAX, T("Enter the diagnosis."), &e->diagnosis);
    want(typed, p, S("plan"), WORDS_MAX, T("Enter the plan."), &e->plan);
    return p->n == 0 ? OK : FAIL(e->rq, E_BAD_INPUT, "visit: %.*s", STR_ARG(p->v[0].field));
}

/* The course the visit belongs to: the one chosen; else the open one of this organisation with the
 * same code. */
static enum err find_course(struct entry *e, int64_t patient_rid, struct str chosen)
{
    struct episode_row *rows = ARENA_ARRAY(e->rq->a, COURSES_MAX, struct episode_row);
    uint32_t n = 0;
    TRY_MEM(e->rq, rows);
    if (str_eq(chosen, S("new"))) {
        return OK;
    }
    TRY(episode_list(e->rq, patient_rid, rows, COURSES_MAX, &n));
    for (uint32_t i = 0; i < n && e->course == NULL; i++) {
        bool same = str_eq(rows[i].org, e->rq->who->audit.org)
                    && str_eq(rows[i].code, consult_icd(e->problem));
        if (chosen.n > 0 ? str_eq(chosen, rows[i].id) : same) {
            e->course = &rows[i];
        }
    }
    return chosen.n > 0 && e->course == NULL ? FAIL(e->rq, E_NOT_FOUND, "episode") : OK;
}

/* ---- what is written ---- */

static enum err put_condition(struct entry *e)
{
    struct str code = consult_icd(e->problem);
    struct put p;
    visit_put(&p, e->rq, e->tx, T_CONDITION, e->condition, e->patient);
    p.expect = TX_NEW;
    put_concept(&p.o, S("clinicalStatus"), S("http://terminology.hl7.org/CodeSystem/condition-clinical"),
                S("active"), (struct str){0}, (struct str){0});
    put_concept(&p.o, S("verificationStatus"),
                S("http://terminology.hl7.org/CodeSystem/condition-ver-status"), S("confirmed"),
                (struct str){0}, (struct str){0});
    static const struct str category = SI("encounter-diagnosis");
    put_concepts(&p.o, S("category"), S("http://terminology.hl7.org/CodeSystem/condition-category"),
                 &category, 1);
    put_concept(&p.o, S("code"), S(CS_ICD10), code,
                str_trim(str_sub(e->problem, code.n, e->problem.n)), e->diagnosis);
    put_ref(&p.o, S("subject"), T_PATIENT, e->patient);
    put_ref(&p.o, S("encounter"), T_ENCOUNTER, e->encounter);
    json_ks(&p.o, S("recordedDate"), e->date);
    visit_doctor(&p.o, e->rq, S("recorder"));
    return visit_put_end(&p, AUDIT_CREATE);
}

static enum err put_episode(struct entry *e)
{
    struct put p;
    if (e->course != NULL) {
        e->episode = e->course->id;
        return OK;
    }
    visit_put(&p, e->rq, e->tx, T_EPISODE_OF_CARE, (struct str){0}, e->patient);
    e->episode = p.id;
    json_ks(&p.o, S("status"), S("active"));
    json_k(&p.o, S("diagnosis"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_ref_shown(&p.o, S("condition"), T_CONDITION, e->condition, e->problem);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    put_ref(&p.o, S("patient"), T_PATIENT, e->patient);
    put_ref(&p.o, S("managingOrganization"), T_ORGANIZATION, e->rq->who->audit.org);
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    json_ks(&p.o, S("start"), e->date);
    json_obj_end(&p.o);
    visit_doctor(&p.o, e->rq, S("careManager"));
    return visit_put_end(&p, AUDIT_CREATE);
}

static enum err put_encounter(struct entry *e)
{
    struct put p;
    visit_put(&p, e->rq, e->tx, T_ENCOUNTER, e->encounter, e->patient);
    p.expect = TX_NEW;
    json_ks(&p.o, S("status"), S("finished"));
    visit_class(&p.o, S(VISIT_IN_PERSON));
    put_ref(&p.o, S("subject"), T_PATIENT, e->patient);
    visit_refs(&p.o, S("episodeOfCare"), T_EPISODE_OF_CARE, e->episode);
    visit_participant(&p.o, e->rq);
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    json_ks(&p.o, S("start"), e->date);
    json_ks(&p.o, S("end"), e->date);
    json_obj_end(&p.o);
    visit_problem(&p.o, S("reasonCode"), e->problem);
    json_k(&p.o, S("diagnosis"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_ref_shown(&p.o, S("condition"), T_CONDITION, e->condition, e->diagnosis);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_k(&p.o, S("location"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_k(&p.o, S("location"));
    json_obj(&p.o);
    json_ks(&p.o, S("display"), e->place);
    json_obj_end(&p.o);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    put_ref_shown(&p.o, S("serviceProvider"), T_ORGANIZATION, e->rq->who->audit.org,
                  who_role(e->rq->who)->org_name);
    return visit_put_end(&p, AUDIT_CREATE);
}

static enum err put_plan(struct entry *e)
{
    struct put p;
    visit_put(&p, e->rq, e->tx, T_CARE_PLAN, (struct str){0}, e->patient);
    json_ks(&p.o, S("status"), S("active"));
    json_ks(&p.o, S("intent"), S("plan"));
    json_ks(&p.o, S("description"), e->plan);
    put_ref(&p.o, S("subject"), T_PATIENT, e->patient);
    put_ref(&p.o, S("encounter"), T_ENCOUNTER, e->encounter);
    json_ks(&p.o, S("created"), e->date);
    visit_doctor(&p.o, e->rq, S("author"));
    visit_refs(&p.o, S("addresses"), T_CONDITION, e->condition);
    return visit_put_end(&p, AUDIT_CREATE);
}

/* The doctor, and whoever works at the organisation that receives the patient. */
static enum err join_team(struct entry *e)
{
    const struct store *st = care_of(e->rq)->store;
    const struct who *w = e->rq->who;
    TRY(tx_team(e->tx, T_PATIENT, e->patient, principal_person(st, w->person)));
    return tx_team(e->tx, T_PATIENT, e->patient, principal_registry(st, w->audit.org));
}

enum err visit_record(struct req *rq, struct tx *tx, const struct res_row *patient,
                      const struct fields *typed, struct problems *ret_problems, struct str *ret_id)
{
    struct entry e = {.rq = rq, .tx = tx, .patient = patient->id};
    struct patient who;
    if (!who_may(rq->who, MAY_VISIT) || who_role(rq->who) == NULL) {
        return FAIL(rq, E_FORBIDDEN, "record a visit");
    }
    TRY(patient_load(rq, patient->rid, &who));
    TRY(check(&e, typed, who.birth_date, ret_problems));
    TRY(find_course(&e, patient->rid, fields_get(typed, S("episode"))));
    e.encounter = put_new_id(rq);
    e.condition = put_new_id(rq);
    TRY(put_condition(&e));
    TRY(put_episode(&e));
    TRY(put_encounter(&e));
    TRY(put_plan(&e));
    TRY(join_team(&e));
    *ret_id = e.encounter;
    return OK;
}
