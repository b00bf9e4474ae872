/* care/visit_load.c - everything the page of a remote visit stands on, loaded at once. See visit.h. */
#include "care/visit_int.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/booking.h"
#include "care/case_row.h"
#include "care/icd.h"

enum { ENCOUNTERS_MAX = 200, FORM_ID_MAX = 80 };

const struct visit_identity visit_identities[] = {
    {SI("known"), T("The doctor knows the patient from a visit in person")},
    {SI("number"), T("Name, birth date and number were told and fit")},
    {SI("document"), T("An identity document was shown to the camera")},
    {SI("worker"), T("A health worker beside the patient confirmed it")},
    {SI("account"), T("The patient signed in with an own account")},
};
const size_t n_visit_identities = LEN(visit_identities);

const char *visit_identity_title(struct str code)
{
    for (size_t i = 0; i < n_visit_identities; i++) {
        if (str_eq(visit_identities[i].code, code)) {
            return visit_identities[i].title;
        }
    }
    return "";
}

static struct jv ext(struct jv v, struct str url)
{
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), url)) {
            return e;
        }
    }
    return (struct jv){0};
}

/* ---- what was booked ---- */

static struct str actor_of(struct req *rq, struct jv appointment, enum fhir_type type,
                           struct str *ret_display)
{
    struct jv all = json_get(appointment, S("participant"));
    for (struct jv p = json_first(all); json_has(p); p = json_next(p)) {
        struct jv actor = json_get(p, S("actor"));
        struct str id = ref_get(rq, actor, type);
        if (id.n > 0) {
            *ret_display = json_str(rq->a, json_get(actor, S("display")));
            return id;
        }
    }
    return (struct str){0};
}

static enum err read_booked(struct req *rq, struct jv a, struct visit_view *v)
{
    struct jv reason = json_path(a, S("reasonCode.0"));
    struct str none;
    v->booked = json_str(rq->a, json_get(a, S("status")));
    v->patient_id = actor_of(rq, a, T_PATIENT, &none);
    v->practitioner = actor_of(rq, a, T_PRACTITIONER, &v->practitioner_name);
    v->service = actor_of(rq, a, T_HEALTHCARE_SERVICE, &v->service_name);
    v->purpose = json_str(rq->a, json_path(a, S("appointmentType.coding.0.code")));
    v->code = json_str(rq->a, json_path(reason, S("coding.0.code")));
    v->problem = json_str(rq->a, json_get(reason, S("text")));
    v->problem = v->problem.n > 0 ? v->problem : icd_titled(rq, care_of(rq)->icd, v->code);
    v->remote = json_is(json_get(ext(a, S(CARE_URL "/StructureDefinition/visit-mode")),
                                 S("valueCode")), S("remote"));
    (void)!instant_parse(json_str(rq->a, json_get(a, S("start"))), &v->start);
    (void)!instant_parse(json_str(rq->a, json_get(a, S("end"))), &v->end);
    return v->patient_id.n > 0 && v->practitioner.n > 0
               ? OK
               : FAIL(rq, E_NOT_FOUND, "visit: nobody takes part");
}

/* Where it was booked, and by which clock; what came over an interface does not say. */
static enum err read_place(struct req *rq, struct visit_view *v)
{
    struct booking b;
    enum err e = booking_load(rq, v->id, &b);
    v->zone = care_of(rq)->zone;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    v->org = b.org;
    v->schedule = b.schedule;
    v->zone = b.zone;
    return OK;
}

static enum err read_names(struct req *rq, struct visit_view *v)
{
    const struct directory *dir = NULL;
    TRY(directory_get(rq, &dir));
    const struct dir_service *s = dir_service(dir, v->service);
    const struct dir_person *p = dir_person(dir, v->practitioner);
    if (v->org.n > 0) {
        ; /* booked there */
    } else if (s != NULL && s->org < dir->n_orgs) {
        v->org = dir->orgs[s->org].id;
    } else if (p != NULL && p->n_roles > 0) {
        v->org = p->roles[0].org;
    }
    v->org_name = dir_org_name(dir, v->org);
    v->practitioner_name = dir_person_name(dir, v->practitioner);
    v->service_name = v->service.n > 0 ? dir_service_name(dir, v->service) : S("");
    const struct str profile = s != NULL && s->n_profiles > 0 ? s->profiles[0] : S("general");
    struct buf b;
    buf_init(&b, rq->a, FORM_ID_MAX);
    BUF_LIT(&b, "visit-");
    buf_str(&b, profile);
    v->form = content_form(care_of(rq)->content, buf_get(&b));
    if (v->form == NULL) {
        v->form = content_form(care_of(rq)->content, S("visit-general"));
    }
    return v->form != NULL ? OK : FAIL(rq, E_INTERNAL, "there is no form visit-general");
}

/* ---- who may ---- */

/* A remote visit that goes on is ended there, whatever the patient says meanwhile (care/abroad.h). */
static bool goes_on(const struct visit_view *v)
{
    return !v->remote || v->state == VISIT_BEGUN || v->state == VISIT_TALK || v->state == VISIT_OWED;
}

static enum err may_see(struct req *rq, enum audit_action action, struct visit_view *v,
                        struct str id)
{
    struct res_row patient;
    bool own = rq->who != NULL && rq->who->person.n > 0 && str_eq(rq->who->person, v->practitioner);
    if (!own) {
        return access_patient(rq, v->patient_id, action, &patient);
    }
    TRY(goes_on(v) ? OK : abroad_look(rq, v->patient_rid));
    struct audit_rec rec = {.action = action, .why = WHY_OWN, .type = T_APPOINTMENT, .id = id,
                            .patient_type = T_PATIENT, .patient_id = v->patient_id};
    v->actor = who_may(rq->who, MAY_VISIT) ? ACTOR_CONSULTANT : 0;
    return audit_add(rq, &rec);
}

/* ---- how far it is ---- */

static enum err read_task(struct req *rq, struct visit_view *v)
{
    struct res_row row;
    struct jv t;
    struct instant due = {0};
    TRY(res_find(rq, T_TASK, v->id, &row, &t));
    if (row.version == 0) {
        return OK;
    }
    struct jv codings = json_path(t, S("businessStatus.coding"));
    int state = care_state_find(&care_visit_flow, json_str(rq->a, json_path(codings, S("0.code"))));
    struct str level = json_str(rq->a, json_path(codings, S("1.code")));
    if (state < 0) {
        return FAIL(rq, E_INTERNAL, "visit: an unknown state");
    }
    v->state = (enum visit_state)state;
    v->level = str_eq(level, S("due-soon"))  ? LEVEL_REMINDED
               : str_eq(level, S("overdue")) ? LEVEL_OVERDUE
               : str_eq(level, S("escalated")) ? LEVEL_ESCALATED
                                               : LEVEL_NONE;
    v->task_version = row.version;
    if (instant_parse(json_str(rq->a, json_path(t, S("restriction.period.end"))), &due)) {
        v->due_ms = due.ms;
    }
    for (struct jv o = json_first(json_get(t, S("output"))); json_has(o); o = json_next(o)) {
        v->note = ref_get(rq, json_get(o, S("valueReference")), T_BUNDLE);
        v->n_notes++;
    }
    return flow_moves_of(rq, &care_visit_flow, t, &v->events, &v->n_events);
}

static enum err read_encounter(struct req *rq, struct visit_view *v)
{
    struct res_row row;
    struct jv e;
    TRY(res_find(rq, T_ENCOUNTER, v->id, &row, &e));
    if (row.version == 0) {
        return OK;
    }
    encounter_read(rq, e, &v->encounter);
    v->encounter.version = row.version;
    v->encounter.rid = row.rid;
    v->identity = json_str(rq->a, json_get(ext(e, S(EXT_IDENTITY)), S("valueCode")));
    (void)!instant_parse(json_str(rq->a, json_get(ext(e, S(EXT_IDENTITY_AT)), S("valueInstant"))),
                         &v->identity_at);
    v->consent = ref_get(rq, json_get(ext(e, S(EXT_CONSENT)), S("valueReference")), T_CONSENT);
    if (v->consent.n == 0) {
        return OK;
    }
    TRY(res_find(rq, T_CONSENT, v->consent, &row, &e));
    v->consent_how = json_str(
        rq->a, json_get(ext(e, S(CARE_URL "/StructureDefinition/consent-how")), S("valueCode")));
    return OK;
}

/* The last visit of the same course, and the visit in person that this one rests on. */
static enum err read_before(struct req *rq, struct visit_view *v)
{
    struct encounter_row *rows = ARENA_ARRAY(rq->a, ENCOUNTERS_MAX, struct encounter_row);
    uint32_t n = 0;
    struct str course = v->encounter.episode;
    bool same = false;
    TRY_MEM(rq, rows);
    TRY(encounter_list(rq, v->patient_rid, rows, ENCOUNTERS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (v->verdict.encounter.n > 0 && str_eq(rows[i].id, v->verdict.encounter)) {
            v->in_person = rows[i];
            course = course.n > 0 ? course : rows[i].episode;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        bool earlier = !str_eq(rows[i].id, v->id) && rows[i].start.ms < v->start.ms
                       && str_eq(rows[i].status, S("finished"));
        bool of_course = course.n > 0 && str_eq(rows[i].episode, course);
        if (earlier && (v->before.id.n == 0 || (of_course && !same))) {
            v->before = rows[i];
            same = of_course;
        }
    }
    if (v->encounter.id.n == 0) {
        v->encounter.episode = course;
    }
    return OK;
}

/* ---- what the rule says ---- */

static enum err read_rule(struct req *rq, struct visit_view *v)
{
    struct visit_ask ask = {.patient = v->patient_id,
                            .practitioner = v->practitioner,
                            .org = v->org,
                            .problem = v->code,
                            .purpose = v->purpose,
                            .at = v->start};
    TRY(visit_rule_policy(rq, v->org, &v->policy));
    TRY(visit_rule_check(rq, v->policy, &ask, &v->verdict));
    const struct policy_codes *never = &v->policy->remote.not_remotely;
    bool whole = v->verdict.allowed && !(v->verdict.notes & VISIT_ADVICE_ONLY);
    v->may_diagnose = whole && (!policy_has_code(never, S("set-diagnosis"))
                                || str_eq(v->purpose, S("refine-diagnosis")));
    v->may_treat = whole && !policy_has_code(never, S("start-treatment"));
    return visit_form(rq, v->form, v->may_diagnose, v->may_treat, &v->form);
}

static void read_moves(struct visit_view *v)
{
    for (uint8_t i = 0; i < care_visit_flow.n_moves; i++) {
        const struct care_move *m = &care_visit_flow.moves[i];
        if (m->from == v->state && (m->who & v->actor) != 0 && v->n_moves < LEN(v->moves)) {
            v->moves[v->n_moves++] = m;
        }
    }
}

enum err visit_load(struct req *rq, struct str id, enum audit_action action,
                    struct visit_view *ret_view)
{
    struct visit_view *v = ret_view;
    struct res_row row;
    struct jv a;
    *v = (struct visit_view){.id = id};
    TRY(res_find(rq, T_APPOINTMENT, id, &row, &a));
    if (row.version == 0) {
        return FAIL(rq, E_NOT_FOUND, "visit");
    }
    TRY(read_booked(rq, a, v));
    TRY(db_rid(rq, T_PATIENT, v->patient_id, &v->patient_rid));
    if (row.anchor != v->patient_rid) {
        return FAIL(rq, E_NOT_FOUND, "visit");
    }
    TRY(read_task(rq, v));
    TRY(may_see(rq, action, v, id));
    TRY(patient_load(rq, v->patient_rid, &v->patient));
    TRY(read_place(rq, v));
    TRY(read_names(rq, v));
    TRY(read_encounter(rq, v));
    TRY(read_rule(rq, v));
    TRY(read_before(rq, v));
    read_moves(v);
    return OK;
}

const struct care_state *visit_state_of(const struct visit_view *v)
{
    return &care_visit_flow.states[v->state];
}

bool visit_missed(const struct visit_view *v)
{
    return v->state == VISIT_WAITING
           && (str_eq(v->booked, S("noshow")) || str_eq(v->booked, S("cancelled")));
}

const char *visit_standing(const struct visit_view *v)
{
    int s = care_state_find(&care_booking, v->booked);
    bool held = str_eq(v->booked, S("booked")) || str_eq(v->booked, S("arrived"));
    bool begins = v->remote && held; /* "not begun" says more of one by video */
    return v->state == VISIT_WAITING && s > BOOKING_NEW && !begins ? care_booking.states[s].title
                                                                   : visit_state_of(v)->title;
}

/* Why it is not begun: as it stands in the book. */
static const struct {
    struct str booked;
    const char *remote, *in_person;
} not_begun[] = {
    {SI("noshow"), T("It is on record that the patient did not enter. Book another visit if one is needed."),
     T("It is on record that the patient did not come. Book another visit if one is needed.")},
    {SI("cancelled"), T("This visit was cancelled."), T("This visit was cancelled.")},
    {SI("fulfilled"), T("This visit took place."),
     T("This visit took place: record it if it is not recorded yet.")},
    {SI("waitlist"), T("The patient is on the waiting list: no time is booked yet."),
     T("The patient is on the waiting list: no time is booked yet.")},
    {SI("proposed"), T("A time is offered to the patient, and not taken yet."),
     T("A time is offered to the patient, and not taken yet.")},
};

const char *visit_closed_text(const struct req *rq, const struct visit_view *v)
{
    int64_t late = zone_day(&v->zone, rq->now.ms) - zone_day(&v->zone, v->start.ms);
    bool booked = str_eq(v->booked, S("booked")) || str_eq(v->booked, S("arrived"))
                  || str_eq(v->booked, S("checked-in"));
    for (size_t i = 0; i < LEN(not_begun); i++) {
        if (str_eq(v->booked, not_begun[i].booked)) {
            return v->remote ? not_begun[i].remote : not_begun[i].in_person;
        }
    }
    if (!v->remote) {
        return T("This visit is in person: record it when it has taken place.");
    }
    if (!booked) {
        return T("This visit is not booked any more, or not yet.");
    }
    if (rq->now.ms < v->start.ms - BOOKING_EARLY_MS) {
        return T("It is too early: a visit can be begun one hour before its time.");
    }
    return late > 1 ? T("It is too late: the visit was days ago. Book another one.") : NULL;
}
