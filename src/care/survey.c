/* care/survey.c - questionnaires for patients: the table of states and moves, asking, answering, reading
 * back. See survey.h. */
#include "care/survey.h"

#include "base/text.h"
#include "care/access.h"
#include "care/notice.h"
#include "care/patient_account_int.h"

enum { TASK_CAP = 8 << 10, RESPONSE_CAP = 512 << 10, LOOKED_AT_MAX = 300 };

/* event-basedOn of FHIR R4: QuestionnaireResponse.basedOn takes no Task. */
#define EXT_BASED_ON "http://hl7.org/fhir/StructureDefinition/event-basedOn"
#define FORM_PREFIX "patient-"

/* clang-format off */
static const struct care_state states[] = {
    /* name                   title                     Task.status  promise     turn          flags */
    [SURVEY_NEW]       = {"new",       T("Not asked yet"),   "draft",     CLOCK_NONE, TURN_DOCTOR,  STATE_BEGIN},
    [SURVEY_ASKED]     = {"asked",     T("Asked"),           "requested", CLOCK_NONE, TURN_PATIENT, 0},
    [SURVEY_ANSWERED]  = {"answered",  T("Answered"),        "completed", CLOCK_NONE, TURN_NOBODY,  STATE_FINAL},
    [SURVEY_WITHDRAWN] = {"withdrawn", T("Withdrawn"),       "cancelled", CLOCK_NONE, TURN_NOBODY,  STATE_FINAL},
};

static const struct care_move moves[] = {
    /* action     button                       timeline                               from          to                who            needs tell          sets notice */
    {"ask",      T("Ask the patient"),         T("The patient was asked"),            SURVEY_NEW,   SURVEY_ASKED,     ACTOR_DOCTOR,  0,    TELL_PATIENT, 0,   NOTICE_SURVEY},
    {"answer",   T("Send the answers"),        T("The patient answered"),             SURVEY_ASKED, SURVEY_ANSWERED,  ACTOR_PATIENT, 0,    TELL_DOCTOR,  0,   NOTICE_SURVEY_ANSWERED},
    {"withdraw", T("Withdraw"),                T("The doctor withdrew it"),           SURVEY_ASKED, SURVEY_WITHDRAWN, ACTOR_DOCTOR,  0,    0,            0,   0},
};
/* clang-format on */

const struct care_flow care_survey = {
    .name = "survey",
    .title = T("Questionnaire for a patient"),
    .states = states,
    .moves = moves,
    .n_states = LEN(states),
    .n_moves = LEN(moves),
    .own = true,
};

bool survey_is_over(const struct survey *s, struct instant now)
{
    return s->state == SURVEY_ASKED && s->until.ms != 0 && s->until.ms <= now.ms;
}

const struct form *survey_form_at(const struct content *c, uint32_t i)
{
    for (uint32_t k = 0; k < c->n_forms; k++) {
        if (str_starts(c->forms[k].id, S(FORM_PREFIX)) && i-- == 0) {
            return &c->forms[k];
        }
    }
    return NULL;
}

/* ---- reading ---- */

struct str survey_of(struct req *rq, struct jv response)
{
    for (struct jv e = json_first(json_get(response, S("extension"))); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), S(EXT_BASED_ON))) {
            return ref_get(rq, json_get(e, S("valueReference")), T_TASK);
        }
    }
    return (struct str){0};
}

static bool is_survey(struct jv task)
{
    return json_is(json_path(task, S("code.coding.0.code")), str_z(care_survey.name));
}

static void read_task(struct req *rq, const struct res_row *row, struct jv t, struct survey *s)
{
    struct arena *a = rq->a;
    struct str url = json_str(a, json_path(t, S("input.0.valueCanonical")));
    struct jv out = json_path(t, S("output.0.valueReference"));
    int state = care_state_find(&care_survey, json_str(a, json_path(t, S("businessStatus.coding.0.code"))));
    *s = (struct survey){
        .id = row->id,
        .version = row->version,
        .state = state < 0 ? SURVEY_WITHDRAWN : (enum survey_state)state,
        .patient = ref_get(rq, json_get(t, S("for")), T_PATIENT),
        .patient_rid = row->anchor,
        .form = content_form(care_of(rq)->content, url),
        .by = ref_get(rq, json_get(t, S("requester")), T_PRACTITIONER),
        .by_name = json_str(a, json_path(t, S("requester.display"))),
        .visit = ref_get(rq, json_get(t, S("focus")), T_APPOINTMENT),
        .response = ref_get(rq, out, T_QUESTIONNAIRE_RESPONSE),
    };
    s->title = s->form != NULL ? text4_get(&s->form->title, rq->lang) : url;
    (void)!instant_parse(json_str(a, json_get(t, S("authoredOn"))), &s->asked);
    (void)!instant_parse(json_str(a, json_path(t, S("restriction.period.end"))), &s->until);
    if (s->response.n > 0) {
        s->answered = row->updated;
    }
}

enum err survey_list(struct req *rq, int64_t patient_rid, struct survey *ret_surveys, uint32_t n,
                     uint32_t *ret_n)
{
    CLEANUP(own_done) struct own_walk w = {0};
    uint32_t got = 0;
    TRY(own_begin(rq, patient_rid, T_TASK, LIST_NEWEST, LOOKED_AT_MAX, &w));
    while (got < n && own_next(rq, &w)) {
        if (is_survey(w.v)) {
            read_task(rq, &w.row, w.v, &ret_surveys[got++]);
        }
    }
    TRY(own_err(rq, &w));
    *ret_n = got;
    return OK;
}

enum err survey_find(struct req *rq, struct str id, enum audit_action action,
                     struct survey *ret_survey)
{
    struct res_row row = {0};
    struct res_row patient;
    struct jv t;
    enum err e = db_head(rq, T_TASK, id, &row);
    if (e == E_NOT_FOUND || (e == OK && (row.deleted || row.anchor == 0))) {
        return FAIL(rq, E_NOT_FOUND, "questionnaire");
    }
    TRY(e);
    TRY(res_load(rq, row.rid, &row, &t));
    struct str owner = ref_get(rq, json_get(t, S("for")), T_PATIENT);
    if (!is_survey(t) || owner.n == 0) {
        return FAIL(rq, E_NOT_FOUND, "questionnaire");
    }
    TRY(access_patient(rq, owner, action, &patient));
    read_task(rq, &row, t, ret_survey);
    return patient.rid == row.anchor ? OK : FAIL(rq, E_NOT_FOUND, "questionnaire");
}

enum err survey_answers(struct req *rq, const struct survey *s, struct fields *ret_fields,
                        struct str *ret_author)
{
    struct res_row row;
    int64_t rid = 0;
    struct jv v;
    if (s->response.n == 0 || s->form == NULL) {
        return FAIL(rq, E_NOT_FOUND, "answers");
    }
    TRY(db_rid(rq, T_QUESTIONNAIRE_RESPONSE, s->response, &rid));
    TRY(res_load(rq, rid, &row, &v));
    *ret_author = json_str(rq->a, json_path(v, S("author.display")));
    return form_read_items(rq, s->form, v, ret_fields);
}

/* ---- moves ---- */

static unsigned actor_of(const struct req *rq, const struct survey *s)
{
    const struct who *w = rq->who;
    bool patient = who_may_my(w, MY_SEND) && str_eq(w->patient, s->patient);
    bool doctor = who_may(w, MAY_VISIT) && (s->state == SURVEY_NEW || str_eq(w->person, s->by));
    return (patient ? ACTOR_PATIENT : 0u) | (doctor ? ACTOR_DOCTOR : 0u);
}

static enum audit_why why_of(const struct who *w)
{
    return !who_is_patient(w) ? WHY_OWN : w->related.n > 0 ? WHY_REPRESENTS : WHY_PATIENT;
}

/* A record of what was done, or refused. */
static enum err note(struct req *rq, const struct survey *s, enum audit_action action, enum err outcome,
                     struct str what)
{
    struct audit_rec rec = {.action = outcome == OK ? action : AUDIT_DENY,
                            .why = outcome == OK ? why_of(rq->who) : WHY_NO_RIGHT,
                            .outcome = outcome,
                            .type = T_TASK,
                            .id = s->id,
                            .patient_type = T_PATIENT,
                            .patient_id = s->patient,
                            .patient_rid = s->patient_rid,
                            .detail = what};
    return audit_add(rq, &rec);
}

static enum err find_move(struct req *rq, const struct survey *s, struct str action,
                          const struct care_move **ret_move)
{
    const struct care_move *m = care_move_find(&care_survey, s->state, action);
    if (m == NULL) {
        return FAIL(rq, E_CONFLICT, "questionnaire: %s", states[s->state].name);
    }
    if (!(actor_of(rq, s) & m->who)) {
        TRY(note(rq, s, AUDIT_MOVE, E_FORBIDDEN, str_z(m->action)));
        return FAIL(rq, E_FORBIDDEN, "questionnaire: %s", m->action);
    }
    *ret_move = m;
    return OK;
}

static void write_io(struct json_out *o, const struct survey *s)
{
    json_k(o, S("input"));
    json_arr(o);
    json_obj(o);
    put_concept(o, S("type"), S(CS_TASK_IO), S("questionnaire"), (struct str){0}, (struct str){0});
    json_ks(o, S("valueCanonical"), s->form->url);
    json_obj_end(o);
    json_arr_end(o);
    if (s->response.n == 0) {
        return;
    }
    json_k(o, S("output"));
    json_arr(o);
    json_obj(o);
    put_concept(o, S("type"), S(CS_TASK_IO), S("answers"), (struct str){0}, (struct str){0});
    put_ref(o, S("valueReference"), T_QUESTIONNAIRE_RESPONSE, s->response);
    json_obj_end(o);
    json_arr_end(o);
}

/* The Task after a move; s says what it becomes. */
static enum err put_task(struct req *rq, struct tx *tx, const struct survey *s)
{
    const struct care_state *state = &states[s->state];
    struct put p;
    struct json_out *o = &p.o;
    put_begin(&p, rq, tx, T_TASK, s->id, TASK_CAP);
    p.patient = s->patient;
    p.expect = s->version > 0 ? (int64_t)s->version : TX_CREATE;
    json_ks(o, S("status"), str_z(state->task_status));
    put_concept(o, S("businessStatus"), S(CS_BUSINESS), str_z(state->name), str_z(state->title),
                (struct str){0});
    json_ks(o, S("intent"), S("order"));
    put_concept(o, S("code"), S(CS_FLOW), str_z(care_survey.name), str_z(care_survey.title),
                (struct str){0});
    if (s->visit.n > 0) {
        put_ref(o, S("focus"), T_APPOINTMENT, s->visit);
    }
    put_ref(o, S("for"), T_PATIENT, s->patient);
    put_instant(o, S("authoredOn"), s->asked);
    put_instant(o, S("lastModified"), rq->now);
    put_ref_shown(o, S("requester"), T_PRACTITIONER, s->by, s->by_name);
    put_ref(o, S("owner"), T_PATIENT, s->patient);
    if (s->until.ms != 0) {
        json_k(o, S("restriction"));
        json_obj(o);
        json_k(o, S("period"));
        json_obj(o);
        put_instant(o, S("end"), s->until);
        json_obj_end(o);
        json_obj_end(o);
    }
    write_io(o, s);
    return put_end(&p);
}

static enum err moved(struct req *rq, struct tx *tx, struct survey *s, const struct care_move *m)
{
    s->state = (enum survey_state)m->to;
    TRY(put_task(rq, tx, s));
    TRY(note(rq, s, s->version == 0 ? AUDIT_CREATE : AUDIT_MOVE, OK, str_z(m->action)));
    if (m->tell & TELL_PATIENT) {
        TRY(patient_tell(rq, tx, s->patient, MY_SEND, (enum notice_kind)m->notice, s->id));
    }
    return m->tell & TELL_DOCTOR ? notice_tell(rq, tx, s->by, (enum notice_kind)m->notice, s->id) : OK;
}

/* The end of a day of the deployment's clock, not in the past. */
static enum err read_until(struct req *rq, struct str day, struct instant *ret_until)
{
    struct instant lo;
    struct instant hi;
    if (day.n == 0) {
        *ret_until = (struct instant){0};
        return OK;
    }
    if (day.n != 10 || !zone_span(&care_of(rq)->zone, day, &lo, &hi) || hi.ms <= rq->now.ms) {
        return FAIL(rq, E_BAD_INPUT, "until");
    }
    *ret_until = hi;
    return OK;
}

enum err survey_ask(struct req *rq, struct tx *tx, const struct res_row *patient, struct str form,
                    struct str until, struct str visit, struct str *ret_id)
{
    struct survey *all = ARENA_ARRAY(rq->a, SURVEYS_MAX, struct survey);
    const struct care_move *m = NULL;
    struct survey s = {.id = put_new_id(rq), .patient = patient->id, .patient_rid = patient->rid,
                       .form = content_form(care_of(rq)->content, form), .visit = visit,
                       .by = rq->who->person, .by_name = rq->who->name, .asked = rq->now};
    uint32_t n = 0;
    TRY_MEM(rq, all);
    TRY_MEM(rq, s.id.p);
    TRY(find_move(rq, &s, S("ask"), &m));
    if (s.form == NULL || !str_starts(s.form->id, S(FORM_PREFIX))) {
        return FAIL(rq, E_BAD_INPUT, "form");
    }
    TRY(read_until(rq, until, &s.until));
    TRY(survey_list(rq, patient->rid, all, SURVEYS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].state == SURVEY_ASKED && all[i].form == s.form && !survey_is_over(&all[i], rq->now)) {
            return FAIL(rq, E_CONFLICT, "the same form waits already");
        }
    }
    TRY(moved(rq, tx, &s, m));
    *ret_id = s.id;
    return OK;
}

enum err survey_withdraw(struct req *rq, struct tx *tx, const struct survey *s)
{
    const struct care_move *m = NULL;
    struct survey after = *s;
    TRY(find_move(rq, s, S("withdraw"), &m));
    if (s->form == NULL) {
        return FAIL(rq, E_CONFLICT, "the form is not in the content any more");
    }
    return moved(rq, tx, &after, m);
}

static enum err put_response(struct req *rq, struct tx *tx, const struct survey *s,
                             const struct fields *typed)
{
    struct put p;
    struct json_out *o = &p.o;
    put_begin(&p, rq, tx, T_QUESTIONNAIRE_RESPONSE, s->response, RESPONSE_CAP);
    p.patient = s->patient;
    json_k(o, S("extension"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("url"), S(EXT_BASED_ON));
    put_ref(o, S("valueReference"), T_TASK, s->id);
    json_obj_end(o);
    json_arr_end(o);
    json_ks(o, S("questionnaire"), s->form->url);
    json_ks(o, S("status"), S("completed"));
    put_ref(o, S("subject"), T_PATIENT, s->patient);
    put_instant(o, S("authored"), rq->now);
    put_actor(o, S("author"), rq->who);
    put_actor(o, S("source"), rq->who);
    form_write_items(o, rq, s->form, typed);
    TRY(put_end(&p));
    struct audit_rec rec = {.action = AUDIT_CREATE,
                            .why = why_of(rq->who),
                            .type = T_QUESTIONNAIRE_RESPONSE,
                            .id = s->response,
                            .patient_type = T_PATIENT,
                            .patient_id = s->patient};
    return audit_add(rq, &rec);
}

enum err survey_answer(struct req *rq, struct tx *tx, const struct survey *s,
                       const struct fields *typed, struct problems *ret_problems)
{
    const struct care_move *m = NULL;
    struct survey after = *s;
    TRY(find_move(rq, s, S("answer"), &m));
    if (s->form == NULL || survey_is_over(s, rq->now)) {
        return FAIL(rq, E_CONFLICT, "questionnaire: over");
    }
    TRY(form_check(rq, s->form, typed, false, ret_problems));
    if (ret_problems->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "answers");
    }
    after.response = put_new_id(rq);
    TRY_MEM(rq, after.response.p);
    TRY(put_response(rq, tx, &after, typed));
    return moved(rq, tx, &after, m);
}
