/* care/consult_view.c - everything a case page shows, loaded at once; and the worklists. */
#include "care/consult_int.h"

enum { QUESTION_SHOWN = 300 };

struct str consult_icd(struct str typed)
{
    size_t n = str_find_char(typed, ' ');
    bool shape = n >= 3 && n <= 7 && typed.p[0] >= 'A' && typed.p[0] <= 'Z' && typed.p[1] >= '0'
                 && typed.p[1] <= '9' && typed.p[2] >= '0' && typed.p[2] <= '9';
    return shape ? str_sub(typed, 0, n) : (struct str){0};
}

struct str case_number(struct arena *a, struct str case_id)
{
    struct buf b;

    buf_init(&b, a, 16);
    for (size_t i = 0; i < case_id.n && i < 8; i++) {
        char c = case_id.p[i];
        buf_char(&b, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return buf_get(&b);
}

/* A resource of the case, parsed; absent when there is none. */
static enum err load(struct req *rq, enum fhir_type type, struct str id, struct jv *ret_v,
                     struct str *ret_body)
{
    struct res_row row;

    TRY(res_find(rq, type, id, &row, ret_v));
    if (ret_body != NULL && json_has(*ret_v)) {
        *ret_body = row.body;
    }
    return OK;
}

static struct str ext(struct req *rq, struct jv v, struct str url, struct str type)
{
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), url)) {
            return json_str(rq->a, json_get(e, type));
        }
    }
    return (struct str){0};
}

static enum err load_consent(struct req *rq, struct jv request, struct case_view *v)
{
    struct jv infos = json_get(request, S("supportingInfo"));
    struct str id = {0};
    struct jv consent;

    for (struct jv i = json_first(infos); json_has(i); i = json_next(i)) {
        struct str c = ref_get(rq, i, T_CONSENT);
        id = c.n > 0 ? c : id;
    }
    if (id.n == 0) {
        return OK;
    }
    TRY(load(rq, T_CONSENT, id, &consent, NULL));
    v->consent_how = ext(rq, consent, S(CARE_URL "/StructureDefinition/consent-how"),
                         S("valueCode"));
    v->consent_note = ext(rq, consent, S(CARE_URL "/StructureDefinition/consent-note"),
                          S("valueString"));
    v->consent_version = ext(rq, consent, S(CARE_URL "/StructureDefinition/consent-version"),
                             S("valueString"));
    return OK;
}

static enum err load_diagnoses(struct req *rq, struct jv request, struct case_view *v)
{
    struct jv refs = json_get(request, S("reasonReference"));
    bool first = true;

    v->diagnosis = json_str(rq->a, json_path(request, S("reasonCode.0.text")));
    for (struct jv r = json_first(refs); json_has(r); r = json_next(r), first = false) {
        struct jv c;
        if (first || v->n_co == LEN(v->co_diagnoses)) {
            continue;
        }
        TRY(load(rq, T_CONDITION, ref_get(rq, r, T_CONDITION), &c, NULL));
        v->co_diagnoses[v->n_co++] = json_str(rq->a, json_path(c, S("code.text")));
    }
    return OK;
}

static enum err load_form(struct req *rq, struct case_view *v)
{
    struct jv response;
    struct buf b;

    TRY(load(rq, T_QUESTIONNAIRE_RESPONSE, v->row.id, &response, NULL));
    if (!json_has(response) || v->profile == NULL) {
        return OK;
    }
    const struct form *f = v->profile->request;
    TRY(form_read_items(rq, f, response, &v->request));
    int32_t at = form_item_find(f, S("allergies.known"));
    struct str known = fields_get(&v->request, S("allergies.known"));
    struct str text = fields_get(&v->request, S("allergies.text"));
    if (at < 0 || known.n == 0) {
        return OK;
    }
    const struct form_option *opt = form_option_find(&f->items[at], known);
    buf_init(&b, rq->a, 21000);
    buf_str(&b, opt != NULL ? text4_get(&opt->title, rq->lang) : known);
    if (text.n > 0 && str_eq(known, S("allergy-yes"))) {
        BUF_LIT(&b, ": ");
        buf_str(&b, text);
    }
    v->allergies = buf_get(&b);
    return OK;
}

static enum err fill_names(struct req *rq, struct case_view *v)
{
    const struct content *c = care_of(rq)->content;
    const struct directory *dir = NULL;

    if (!arena_whole(rq->a)) { /* the row may lack a text */
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    TRY(directory_get(rq, &dir));
    v->flow = care_flow_find(v->row.flow);
    if (v->flow == NULL || v->row.state >= v->flow->n_states || v->row.urgency >= c->n_urgencies) {
        return FAIL(rq, E_INTERNAL, "a case of an unknown workflow or state");
    }
    v->state = &v->flow->states[v->row.state];
    v->profile = content_profile(c, v->row.profile);
    v->urgency = &c->urgencies[v->row.urgency];
    const struct dir_org *answer = dir_org(dir, v->row.answer_org);
    v->policy = answer != NULL ? answer->policy : care_of(rq)->policy;
    v->terms = policy_terms(v->policy, v->urgency->code);
    v->actor = access_actor(rq, &v->row);
    v->n_moves = care_moves_open(rq, &v->row, v->moves, LEN(v->moves));
    v->asker_name = dir_person_name(dir, v->row.asker);
    v->asker_org_name = dir_org_name(dir, v->row.asker_org);
    v->centre_name = dir_org_name(dir, v->row.centre_org);
    v->service_name = dir_service_name(dir, v->row.service);
    v->answer_org_name = dir_org_name(dir, v->row.answer_org);
    v->consultant_name = dir_person_name(dir, v->row.consultant);
    return OK;
}

enum err consult_view(struct req *rq, struct str case_id, struct case_view *ret_view)
{
    struct case_view *v = ret_view;
    struct jv request;
    struct jv task;

    *v = (struct case_view){.why = WHY_NONE};
    TRY(access_case(rq, case_id, AUDIT_READ, &v->row));
    TRY(access_why(rq, &v->row, &v->why));
    TRY(fill_names(rq, v));
    TRY(consult_patient(rq, &v->row, &v->patient));
    TRY(load(rq, T_SERVICE_REQUEST, case_id, &request, &v->service_request));
    TRY(load(rq, T_TASK, case_id, &task, &v->task));
    v->question = json_str(rq->a, json_path(request, S("note.0.text")));
    v->contact = ext(rq, request, S(CARE_URL "/StructureDefinition/call-back"), S("valueString"));
    TRY(flow_moves_of(rq, v->flow, task, &v->events, &v->n_events));
    TRY(load_consent(rq, request, v));
    TRY(load_diagnoses(rq, request, v));
    return load_form(rq, v);
}

static const struct {
    enum stmt_id q;
    uint32_t rights; /* of a role at the owner, for organisations */
    bool ended, of_org, of_service;
    bool by_end; /* of ended ones: ordered by their end, else by their beginning */
} lists[] = {
    [WORK_DESK] = {Q_FLOW_CENTRE, MAY_COORDINATE | MAY_HEAD, false, true, false},
    [WORK_SERVICE] = {Q_FLOW_SERVICE, MAY_ANSWER, false, false, true},
    [WORK_CONSULTANT] = {Q_FLOW_CONSULTANT, 0, false, false, false},
    [WORK_ASKER] = {Q_FLOW_ASKER, 0, false, false, false},
    [WORK_ASKER_ORG] = {Q_FLOW_ASKER_ORG, MAY_ASK | MAY_HEAD, false, true, false},
    [WORK_CONSULTANT_ENDED] = {Q_FLOW_CONSULTANT_ENDED, 0, true, false, false, true},
    [WORK_ASKER_ENDED] = {Q_FLOW_ASKER_ENDED, 0, true, false, false},
    [WORK_ASKER_ORG_ENDED] = {Q_FLOW_ASKER_ORG_ENDED, MAY_ASK | MAY_HEAD, true, true, false},
};

/* Whether the person may see a list of this owner. */
static bool may_list(const struct req *rq, enum worklist list, struct str owner)
{
    const struct role_ref *r = who_role(rq->who);

    if (rq->who == NULL || r == NULL) {
        return rq->who != NULL && (rq->who->rights & IS_SYSTEM);
    }
    if (lists[list].of_org) {
        return (r->rights & lists[list].rights) && str_eq(r->org, owner);
    }
    if (lists[list].of_service) {
        for (uint32_t i = 0; i < r->n_services; i++) {
            if (str_eq(r->services[i], owner)) {
                return (r->rights & MAY_ANSWER) != 0;
            }
        }
        return false;
    }
    return str_eq(rq->who->person, owner);
}

static enum err fill_row(struct req *rq, const struct directory *dir, struct worklist_row *w)
{
    struct patient p;
    struct jv request;

    TRY(consult_patient(rq, &w->row, &p));
    TRY(load(rq, T_SERVICE_REQUEST, w->row.id, &request, NULL));
    w->patient_name = p.name;
    w->patient_birth = p.birth_date;
    w->patient_sex = p.sex;
    w->age_years = p.age_years;
    w->question = json_str(rq->a, json_path(request, S("note.0.text")));
    size_t n = MIN(w->question.n, (size_t)QUESTION_SHOWN);
    while (n < w->question.n && n > 0 && ((unsigned char)w->question.p[n] & 0xc0) == 0x80) {
        n--; /* not inside a character */
    }
    w->question.n = n;
    w->service_name = dir_service_name(dir, w->row.service);
    w->asker_org_name = dir_org_name(dir, w->row.asker_org);
    w->consultant_name = dir_person_name(dir, w->row.consultant);
    const struct care_flow *flow = care_flow_find(w->row.flow);
    w->state = flow != NULL && w->row.state < flow->n_states ? &flow->states[w->row.state] : NULL;
    return w->state != NULL ? OK : FAIL(rq, E_INTERNAL, "a case of an unknown workflow or state");
}

enum err consult_worklist(struct req *rq, enum worklist list, struct str owner, int64_t *older_ms,
                          struct worklist_row *ret_rows, uint32_t n, uint32_t *ret_n)
{
    const struct directory *dir = NULL;
    struct case_row *rows = ARENA_ARRAY(rq->a, n, struct case_row);
    struct buf b;

    TRY_MEM(rq, rows);
    if (!may_list(rq, list, owner)) {
        return FAIL(rq, E_FORBIDDEN, "list");
    }
    TRY(directory_get(rq, &dir));
    int64_t before = !lists[list].ended ? 0 : *older_ms != 0 ? *older_ms : INT64_MAX;
    TRY(case_rows(rq, lists[list].q, owner, n, before, rows, ret_n));
    uint32_t got = *ret_n;
    if (lists[list].ended) {
        const struct case_row *last = &rows[n - 1];
        *older_ms = got < n ? 0 : lists[list].by_end ? last->closed_ms : last->created_ms;
    }
    *ret_n = 0;
    for (uint32_t i = 0; i < got; i++) { /* what is shut to this side stands in no list of it */
        enum audit_why why = WHY_NONE;
        TRY(access_why(rq, &rows[i], &why));
        if (why != WHY_NOT_TEAM) {
            ret_rows[*ret_n].row = rows[i];
            TRY(fill_row(rq, dir, &ret_rows[*ret_n]));
            *ret_n += 1;
        }
    }
    buf_init(&b, rq->a, 32);
    buf_u64(&b, *ret_n);
    struct audit_rec rec = {.action = AUDIT_SEARCH, .why = WHY_TEAM, .type = T_TASK,
                            .detail = buf_get(&b)};
    return audit_add(rq, &rec);
}
