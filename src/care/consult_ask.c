/* care/consult_ask.c - a request is checked and sent. */
#include "care/consult_int.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/consultation.h"
#include "care/draft.h"
#include "care/patient_account_consent.h"

enum { QUESTION_MAX = 4000, CONTACT_MAX = 100, CODES_MAX = 20, RESPONSE_MAX = 1 << 20 };

static void need(const struct fields *typed, struct str field, const char *what, bool is_draft,
                 struct problems *p)
{
    if (!is_draft && fields_get(typed, field).n == 0) {
        problem_add(p, field, what, (struct str){0}, NULL);
    }
}

static void at_most(const struct fields *typed, struct str field, size_t most, struct problems *p)
{
    if (fields_get(typed, field).n > most) {
        problem_add(p, field, T("The text is too long. Shorten it or attach it as a file."),
                    (struct str){0}, NULL);
    }
}

static void check_consent(const struct fields *typed, bool is_draft, struct problems *p)
{
    struct str how = fields_get(typed, S("consent"));
    bool unable = str_eq(how, S("unable"));

    if (how.n > 0 && !unable && !str_eq(how, S("written")) && !str_eq(how, S("oral"))) {
        problem_add(p, S("consent"), T("Choose one of the answers."), (struct str){0}, NULL);
    }
    if (unable) {
        need(typed, S("consent-note"), T("Say why consent could not be taken."), is_draft, p);
    }
    at_most(typed, S("consent-note"), 1000, p);
}

/* The service: one that answers in the profile, of another organisation. */
static void check_service(const struct req *rq, const struct directory *dir,
                          const struct fields *typed, struct problems *p)
{
    struct str id = fields_get(typed, S("service"));
    const struct dir_service *s = dir_service(dir, id);
    struct str profile = fields_get(typed, S("profile"));

    if (id.n == 0) {
        return;
    }
    if (s == NULL || !s->active) {
        problem_add(p, S("service"), T("This service is not offered any more. Choose another."),
                    (struct str){0}, NULL);
    } else if (profile.n > 0 && !dir_service_has(s, profile)) {
        problem_add(p, S("service"), T("This service does not answer in the chosen profile."),
                    (struct str){0}, NULL);
    } else if (rq->who != NULL && str_eq(dir->orgs[s->org].id, rq->who->audit.org)) {
        problem_add(p, S("service"), T("Choose a service of another organisation."),
                    (struct str){0}, NULL);
    }
}

/* What a service is to a patient; ABROAD_HOME when one of them is not known. */
static enum err service_abroad(struct req *rq, const struct fields *typed, int64_t patient_rid,
                               enum abroad *ret_abroad)
{
    const struct directory *dir = NULL;

    *ret_abroad = ABROAD_HOME;
    TRY(directory_get(rq, &dir));
    const struct dir_service *s = dir_service(dir, fields_get(typed, S("service")));
    enum abroad own = ABROAD_HOME; /* of who asks: where a patient of another country is found */
    if (s == NULL || patient_rid == 0) {
        return OK;
    }
    const uint32_t orgs[] = {s->org, s->centre};
    TRY(abroad_of(rq, patient_rid, str_or_empty(rq->who->audit.org), &own));
    for (size_t i = 0; i < LEN(orgs) && own == ABROAD_HOME; i++) {
        TRY(abroad_of(rq, patient_rid, dir->orgs[orgs[i]].id, &own));
    }
    *ret_abroad = own;
    return OK;
}

enum err consult_check_abroad(struct req *rq, const struct fields *typed, bool is_draft,
                              struct problems *ret_problems)
{
    struct str how = fields_get(typed, S("cross-border"));
    bool written = str_eq(how, S("written"));
    bool unable = str_eq(how, S("unable"));
    bool given = written || unable || str_eq(how, S("oral"));
    enum abroad is = ABROAD_HOME;
    int64_t rid = 0;

    if (how.n > 0 && !given && !str_eq(how, S("no"))) {
        problem_add(ret_problems, S("cross-border"), T("Choose one of the answers."), (struct str){0},
                    NULL);
    }
    if (!is_draft && unable && !str_eq(fields_get(typed, S("consent")), S("unable"))) {
        problem_add(ret_problems, S("cross-border"),
                    T("Others decide only for a patient who cannot: the consent to the consultation was "
                      "taken."),
                    (struct str){0}, NULL);
    }
    TRY(db_rid(rq, T_PATIENT, fields_get(typed, S("patient")), &rid));
    TRY(service_abroad(rq, typed, rid, &is));
    const char *why = is == ABROAD_REFUSED && !written
                          ? T("This service is in another country, and the patient has refused "
                              "that or withdrawn the consent. A new consent is given in writing, "
                              "or by the patient on the own page; or choose a service in this "
                              "country.")
                      : is == ABROAD_UNASKED && !given
                          ? T("This service is in another country: say how the patient agreed "
                              "that the data go there, or choose a service in this country.")
                          : NULL;
    if (!is_draft && why != NULL) {
        problem_add(ret_problems, S("cross-border"), why, (struct str){0}, NULL);
    }
    return OK;
}

enum err consult_check(struct req *rq, const struct fields *typed, bool is_draft,
                       struct problems *ret_problems)
{
    const struct content *c = care_of(rq)->content;
    const struct directory *dir = NULL;
    struct problems *p = ret_problems;
    struct str profile = fields_get(typed, S("profile"));
    struct str urgency = fields_get(typed, S("urgency"));
    struct str mode = fields_get(typed, S("mode"));
    const struct profile *prof = content_profile(c, profile);

    TRY(directory_get(rq, &dir));
    need(typed, S("patient"), T("Choose the patient."), is_draft, p);
    need(typed, S("profile"), T("Choose the profile."), is_draft, p);
    need(typed, S("urgency"), T("Choose the urgency."), is_draft, p);
    need(typed, S("question"), T("Write what you ask the consultant."), is_draft, p);
    need(typed, S("service"), T("Choose where to send the request."), is_draft, p);
    need(typed, S("contact"), T("Enter a telephone number to call you back."), is_draft, p);
    need(typed, S("diagnosis"), T("Enter the diagnosis."), is_draft, p);
    need(typed, S("consent"), T("Say how the patient gave consent."), is_draft, p);
    if ((profile.n > 0 && prof == NULL)) {
        problem_add(p, S("profile"), T("Choose one of the answers."), (struct str){0}, NULL);
    }
    if (urgency.n > 0 && content_urgency(c, urgency) == NULL) {
        problem_add(p, S("urgency"), T("Choose one of the answers."), (struct str){0}, NULL);
    }
    if (mode.n > 0 && !str_eq(mode, S("deferred")) && !str_eq(mode, S("real-time"))) {
        problem_add(p, S("mode"), T("Choose one of the answers."), (struct str){0}, NULL);
    }
    at_most(typed, S("question"), QUESTION_MAX, p);
    at_most(typed, S("contact"), CONTACT_MAX, p);
    at_most(typed, S("diagnosis"), 500, p);
    check_consent(typed, is_draft, p);
    check_service(rq, dir, typed, p);
    return prof != NULL ? form_check(rq, prof->request, typed, is_draft, p) : OK;
}

/* What a request is made of while it is written. */
struct asking {
    struct req *rq;
    struct tx *tx;
    const struct fields *typed;
    const struct profile *profile;
    const struct urgency *urgency;
    const struct policy *policy;
    struct case_row row;
    struct patient patient;
    struct str condition, consent, response;
    struct str co[CODES_MAX];
    uint32_t n_co;
};

static void begin(struct put *p, const struct asking *a, enum fhir_type type, struct str id,
                  size_t cap)
{
    put_begin(p, a->rq, a->tx, type, id, cap);
    p->case_id = a->row.id;
    p->patient = a->row.patient;
    if (id.n > 0) {
        p->expect = TX_CREATE;
    }
}

static enum err put_response(struct asking *a)
{
    struct put p;

    begin(&p, a, T_QUESTIONNAIRE_RESPONSE, a->row.id, RESPONSE_MAX);
    json_ks(&p.o, S("questionnaire"), a->profile->request->url);
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, a->row.id);
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), S("completed"));
    put_ref(&p.o, S("subject"), T_PATIENT, a->row.patient);
    put_instant(&p.o, S("authored"), a->rq->now);
    put_ref(&p.o, S("author"), T_PRACTITIONER, a->rq->who->person);
    form_write_items(&p.o, a->rq, a->profile->request, a->typed);
    return put_end(&p);
}

/* A diagnosis as typed: an ICD-10 code with words, or words alone. */
static void write_diagnosis(struct json_out *o, struct str key, struct str typed)
{
    struct str code = consult_icd(typed);

    put_concept(o, key, S(CS_ICD10), code,
                code.n > 0 ? str_trim(str_sub(typed, code.n, typed.n)) : (struct str){0}, typed);
}

static enum err put_condition(struct asking *a, struct str typed, bool main, struct str *ret_id)
{
    struct put p;

    begin(&p, a, T_CONDITION, (struct str){0}, 16 << 10);
    json_k(&p.o, S("extension"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("url"), S(CARE_URL "/StructureDefinition/diagnosis-rank"));
    json_ks(&p.o, S("valueCode"), main ? S("main") : S("co"));
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    put_concept(&p.o, S("clinicalStatus"),
                S("http://terminology.hl7.org/CodeSystem/condition-clinical"), S("active"),
                (struct str){0}, (struct str){0});
    write_diagnosis(&p.o, S("code"), typed);
    put_ref(&p.o, S("subject"), T_PATIENT, a->row.patient);
    put_instant(&p.o, S("recordedDate"), a->rq->now);
    put_ref(&p.o, S("recorder"), T_PRACTITIONER, a->rq->who->person);
    TRY(put_end(&p));
    *ret_id = p.id;
    return OK;
}

static void ext_str(struct json_out *o, struct str url, struct str type, struct str v)
{
    if (v.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), url);
        json_ks(o, type, v);
        json_obj_end(o);
    }
}

/* The text shown to the patient is named by version and hash, so that it can be proved later. */
static enum err put_consent(struct asking *a)
{
    struct str how = fields_get(a->typed, S("consent"));
    struct str text = text4_get(&a->policy->consent_text, a->rq->lang);
    uint8_t sha[32];
    struct buf hex;
    struct put p;

    sha_of(text, sha);
    buf_init(&hex, a->rq->a, 80);
    buf_hex(&hex, sha, sizeof sha);
    begin(&p, a, T_CONSENT, (struct str){0}, 32 << 10);
    json_k(&p.o, S("extension"));
    json_arr(&p.o);
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/consent-how"), S("valueCode"), how);
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/consent-note"), S("valueString"),
            fields_get(a->typed, S("consent-note")));
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/consent-version"), S("valueString"),
            a->policy->consent_version);
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/consent-sha256"), S("valueString"),
            buf_get(&hex));
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), str_eq(how, S("unable")) ? S("inactive") : S("active"));
    put_concept(&p.o, S("scope"), S("http://terminology.hl7.org/CodeSystem/consentscope"),
                S("patient-privacy"), (struct str){0}, (struct str){0});
    json_k(&p.o, S("category"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("text"), text4_get(&a->policy->consent_title, a->rq->lang));
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    put_ref(&p.o, S("patient"), T_PATIENT, a->row.patient);
    put_instant(&p.o, S("dateTime"), a->rq->now);
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_PATIENT, a->row.patient);
    json_arr_end(&p.o);
    put_concept(&p.o, S("policyRule"), (struct str){0}, (struct str){0}, (struct str){0},
                a->policy->id);
    TRY(put_end(&p));
    a->consent = p.id;
    return OK;
}

/* The consent to another country, taken with the request: the patient's own from then on. */
static enum err put_abroad(struct asking *a, bool *ret_given)
{
    enum abroad is = ABROAD_HOME;

    TRY(service_abroad(a->rq, a->typed, a->patient.rid, &is));
    *ret_given = abroad_is_shut(is); /* it was checked that the answer says yes */
    return *ret_given ? patient_consent_taken(a->rq, a->tx, a->patient.id, a->patient.rid, CONSENT_ABROAD,
                                              fields_get(a->typed, S("cross-border")))
                      : OK;
}

static enum err put_request(struct asking *a)
{
    struct req *rq = a->rq;
    struct str diagnosis = fields_get(a->typed, S("diagnosis"));
    struct str flow = str_z(care_consultation.name);
    struct put p;

    begin(&p, a, T_SERVICE_REQUEST, a->row.id, 64 << 10);
    p.case_id = (struct str){0}; /* it is the case itself */
    p.patient = (struct str){0};
    json_k(&p.o, S("extension"));
    json_arr(&p.o);
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/call-back"), S("valueString"),
            fields_get(a->typed, S("contact")));
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/mode"), S("valueCode"), a->row.mode);
    ext_str(&p.o, S(CARE_URL "/StructureDefinition/asking-organization"), S("valueId"),
            a->row.asker_org);
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), S("active"));
    json_ks(&p.o, S("intent"), S("order"));
    put_concepts(&p.o, S("category"), S(CS_FLOW), &flow, 1);
    json_ks(&p.o, S("priority"), a->urgency->fhir_priority);
    put_concept(&p.o, S("code"), S(CS_PROFILE), a->profile->code,
                text4_get(&a->profile->title, LANG_EN), (struct str){0});
    put_ref(&p.o, S("subject"), T_PATIENT, a->row.patient);
    put_instant(&p.o, S("authoredOn"), rq->now);
    put_ref_shown(&p.o, S("requester"), T_PRACTITIONER, rq->who->person, rq->who->name);
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_HEALTHCARE_SERVICE, a->row.service);
    json_arr_end(&p.o);
    json_k(&p.o, S("reasonCode"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("text"), diagnosis);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_k(&p.o, S("reasonReference"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_CONDITION, a->condition);
    for (uint32_t i = 0; i < a->n_co; i++) {
        put_ref_item(&p.o, T_CONDITION, a->co[i]);
    }
    json_arr_end(&p.o);
    json_k(&p.o, S("supportingInfo"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_QUESTIONNAIRE_RESPONSE, a->row.id);
    put_ref_item(&p.o, T_CONSENT, a->consent);
    json_arr_end(&p.o);
    json_k(&p.o, S("note"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("text"), fields_get(a->typed, S("question")));
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    return put_end(&p);
}

/* Task.input: the request form. */
static void write_input(struct json_out *o, void *ctx)
{
    const struct asking *a = ctx;

    json_k(o, S("input"));
    json_arr(o);
    json_obj(o);
    put_concept(o, S("type"), S(CS_TASK_IO), S("request-form"), (struct str){0}, (struct str){0});
    put_ref(o, S("valueReference"), T_QUESTIONNAIRE_RESPONSE, a->row.id);
    json_obj_end(o);
    json_arr_end(o);
}

static enum err put_conditions(struct asking *a)
{
    TRY(put_condition(a, fields_get(a->typed, S("diagnosis")), true, &a->condition));
    for (a->n_co = 0; a->n_co < CODES_MAX; a->n_co++) {
        struct str co = fields_at(a->typed, S("co-diagnosis"), a->n_co);
        if (co.p == NULL) {
            break;
        }
        TRY(put_condition(a, co, false, &a->co[a->n_co]));
    }
    return OK;
}

/* The row as the move will complete it: who asks whom, about whom. */
static enum err fill_row(struct asking *a, struct str draft_id)
{
    struct req *rq = a->rq;
    const struct content *c = care_of(rq)->content;
    const struct directory *dir = NULL;
    struct str mode = fields_get(a->typed, S("mode"));

    TRY(directory_get(rq, &dir));
    a->profile = content_profile(c, fields_get(a->typed, S("profile")));
    a->urgency = content_urgency(c, fields_get(a->typed, S("urgency")));
    a->row = (struct case_row){
        .id = draft_id,
        .urgency = (uint32_t)(a->urgency - c->urgencies),
        .profile = a->profile->code,
        .mode = mode.n > 0 ? mode : S("deferred"),
        .patient = a->patient.id,
        .patient_rid = a->patient.rid,
        .asker_org = rq->who->audit.org,
        .asker = rq->who->person,
        .service = fields_get(a->typed, S("service")),
    };
    const struct dir_service *s = dir_service(dir, a->row.service);
    a->policy = dir->orgs[s->org].policy;
    if (!policy_may_ask(a->policy, rq->who->audit.role)) {
        return FAIL(rq, E_FORBIDDEN, "the rules of the answering side let this role not ask");
    }
    return OK;
}

/* The patient: one the person may see, or one found by a complete number elsewhere. Of the latter the
 * own draft tells, which names only who was found so. */
static enum err load_patient(struct asking *a, struct str draft_id)
{
    struct str id = fields_get(a->typed, S("patient"));
    struct draft draft;
    struct res_row row;
    struct json_doc doc;
    enum err e = draft_load(a->rq, draft_id, &draft);

    if (e == OK && str_eq(fields_get(&draft.fields, S("patient")), id)) {
        e = db_read(a->rq, T_PATIENT, id, &row);
    } else if (e == OK || e == E_NOT_FOUND) {
        err_clear(a->rq);
        e = access_patient(a->rq, id, AUDIT_READ, &row);
    }
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(a->rq);
        return FAIL(a->rq, E_NOT_FOUND, "patient");
    }
    TRY(e);
    TRY(json_parse(a->rq, row.body, NULL, &doc));
    patient_read(a->rq, json_root(&doc), &a->patient);
    a->patient.rid = row.rid;
    return OK;
}

enum err consult_submit(struct req *rq, struct tx *tx, struct str draft_id,
                        const struct fields *typed, struct problems *ret_problems,
                        bool *ret_already)
{
    struct asking a = {.rq = rq, .tx = tx, .typed = typed};
    struct case_row before;
    uint32_t n_files = 0;
    bool abroad = false;

    if (!who_may(rq->who, MAY_ASK)) {
        return FAIL(rq, E_FORBIDDEN, "ask");
    }
    if (!fhir_id_is_valid(draft_id)) {
        return FAIL(rq, E_BAD_INPUT, "draft");
    }
    enum err e = case_row_load(rq, draft_id, &before);
    if (e == OK) {
        *ret_already = true;
        return str_eq(before.asker, rq->who->person) ? OK : FAIL(rq, E_NOT_FOUND, "draft");
    }
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(consult_check(rq, typed, false, ret_problems));
    if (ret_problems->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "request: %.*s", STR_ARG(ret_problems->v[0].field));
    }
    TRY(load_patient(&a, draft_id));
    TRY(consult_check_abroad(rq, typed, false, ret_problems));
    if (ret_problems->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "request: %.*s", STR_ARG(ret_problems->v[0].field));
    }
    TRY(fill_row(&a, draft_id));
    TRY(put_conditions(&a));
    TRY(put_consent(&a));
    TRY(put_abroad(&a, &abroad));
    TRY(put_request(&a));
    TRY(put_response(&a));
    TRY(consult_observations(rq, tx, a.profile->request, typed, &a.row));
    struct care_move_args args = {.service = a.row.service, .abroad = abroad,
                                  .write_task = write_input, .ctx = &a};
    TRY(care_begin(rq, tx, &care_consultation, S("submit"), &a.row, &args));
    TRY(consult_files_take(rq, tx, &a.row, &a.patient, &n_files));
    TRY(draft_end(rq, tx, draft_id));
    *ret_already = false;
    return OK;
}
