/* care/policy.c - reads policy profiles. */
#include "care/policy.h"

#include "care/content_int.h"

enum { YEARS_MAX = 200 };
#define WAIT_LEAST_MS (7 * MS_DAY)

static struct sourced read_source(struct req *rq, struct jv v)
{
    struct text4 source = {.v = {[LANG_EN] = json_str(rq->a, json_get(v, S("source")))}};
    if (source.v[LANG_EN].n == 0) {
        content_text4(rq, json_get(v, S("source")), &source);
    }
    return (struct sourced){
        .source = source,
        .evidence = json_str(rq->a, json_get(v, S("evidence"))),
        .verified_by = json_str(rq->a, json_get(v, S("verifiedBy"))),
        .verified_on = json_str(rq->a, json_get(v, S("verifiedOn"))),
        .verified = json_true(json_get(v, S("verified"))),
    };
}

static enum err read_term(struct req *rq, struct jv urgency, struct str key, struct term *ret_term)
{
    struct jv v = json_get(urgency, key);
    int64_t ms = 0;

    if (!duration_parse(json_str(rq->a, json_get(v, S("value"))), &ms) || ms <= 0) {
        return FAIL(rq, E_BAD_INPUT, "policy: urgency.%.*s is not a duration", STR_ARG(key));
    }
    ret_term->ms = ms;
    ret_term->from = read_source(rq, v);
    return OK;
}

static enum err read_strings(struct req *rq, struct jv list, const struct str **ret_list,
                             uint32_t *ret_n)
{
    struct str *all = ARENA_ARRAY(rq->a, json_len(list), struct str);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        all[n++] = json_str(rq->a, v);
    }
    *ret_list = all;
    *ret_n = n;
    return OK;
}

static enum err read_terms(struct req *rq, struct jv list, struct policy *p)
{
    struct policy_terms *all = ARENA_ARRAY(rq->a, json_len(list), struct policy_terms);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v), n++) {
        all[n].urgency = json_str(rq->a, json_get(v, S("code")));
        TRY(read_term(rq, v, S("acceptWithin"), &all[n].accept_within));
        TRY(read_term(rq, v, S("answerWithin"), &all[n].answer_within));
        TRY(read_term(rq, v, S("remindBefore"), &all[n].remind_before));
        TRY(read_term(rq, v, S("escalateAfter"), &all[n].escalate_after));
        if (json_has(json_get(v, S("ring")))) {
            TRY(read_term(rq, v, S("ring"), &all[n].ring));
        }
        if (all[n].remind_before.ms >= all[n].accept_within.ms
            || all[n].accept_within.ms > all[n].answer_within.ms) {
            return FAIL(rq, E_BAD_INPUT, "policy: urgency item %u: lengths do not fit together",
                        n + 1);
        }
    }
    p->terms = all;
    p->n_terms = n;
    return OK;
}

static enum err read_keep(struct req *rq, struct jv list, struct policy *p)
{
    struct policy_keep *all = ARENA_ARRAY(rq->a, json_len(list), struct policy_keep);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v), n++) {
        struct jv years = json_get(v, S("keepYears"));
        int64_t value = 0;
        bool set = json_i64(json_get(years, S("value")), &value);
        if (set && (value < 1 || value > 200)) {
            return FAIL(rq, E_BAD_INPUT, "policy: retention.images item %u: keepYears", n + 1);
        }
        all[n].kind = json_str(rq->a, json_get(v, S("kind")));
        all[n].years = (uint32_t)value;
        all[n].from = read_source(rq, years);
    }
    p->keep = all;
    p->n_keep = n;
    return OK;
}

static enum err read_docs(struct req *rq, struct jv list, struct policy *p)
{
    struct policy_doc *all = ARENA_ARRAY(rq->a, json_len(list), struct policy_doc);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v), n++) {
        struct jv sections = json_get(v, S("mandatorySections"));
        all[n].type = json_str(rq->a, json_get(v, S("type")));
        all[n].from = read_source(rq, sections);
        TRY(read_strings(rq, json_get(sections, S("value")), &all[n].sections, &all[n].n_sections));
    }
    p->docs = all;
    p->n_docs = n;
    return OK;
}

/* An ISO duration; unset (null) is 0 ms. */
static enum err read_length(struct req *rq, struct jv v, const char *name, struct term *ret_term)
{
    struct jv value = json_get(v, S("value"));
    struct str text = json_str(rq->a, value);
    int64_t ms = 0;

    if (text.n > 0 && (!duration_parse(text, &ms) || ms <= 0)) {
        return FAIL(rq, E_BAD_INPUT, "policy: %s is not a duration", name);
    }
    *ret_term = (struct term){ms, read_source(rq, v)};
    return OK;
}

/* The same, or whole years: "P25Y". */
static enum err read_years(struct req *rq, struct jv v, const char *name, struct term *ret_term)
{
    struct str text = json_str(rq->a, json_get(v, S("value")));
    uint64_t years = 0;

    if (text.n < 3 || text.p[0] != 'P' || text.p[text.n - 1] != 'Y') {
        return read_length(rq, v, name, ret_term);
    }
    if (!str_u64(str_sub(text, 1, text.n - 2), &years) || years < 1 || years > YEARS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "policy: %s is not 1 to %d years", name, YEARS_MAX);
    }
    *ret_term = (struct term){(int64_t)years * MS_YEAR, read_source(rq, v)};
    return OK;
}

/* What takes a patient's record is no place for a slip: days typed for years. */
static enum err read_record_terms(struct req *rq, struct jv v, struct policy *p)
{
    TRY(read_years(rq, json_get(v, S("medicalRecord")), "retention.medicalRecord", &p->record_keep));
    if (p->record_keep.ms > 0 && p->record_keep.ms < 365 * MS_DAY) {
        return FAIL(rq, E_BAD_INPUT, "policy: retention.medicalRecord is under one year");
    }
    TRY(read_length(rq, json_get(v, S("waiting")), "retention.waiting", &p->wait));
    if (p->wait.ms < WAIT_LEAST_MS) {
        return FAIL(rq, E_BAD_INPUT, "policy: retention.waiting is under a week");
    }
    return OK;
}

static enum err read_retention(struct req *rq, struct jv v, struct policy *p)
{
    struct jv list = json_get(v, S("terms"));
    struct policy_retain *all = ARENA_ARRAY(rq->a, json_len(list), struct policy_retain);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    for (struct jv row = json_first(list); json_has(row); row = json_next(row), n++) {
        all[n].kind = json_str(rq->a, json_get(row, S("kind")));
        TRY(read_length(rq, json_get(row, S("keep")), "retention.terms", &all[n].keep));
    }
    p->retain = all;
    p->n_retain = n;
    p->audit_from = read_source(rq, json_get(v, S("audit")));
    TRY(read_record_terms(rq, v, p));
    return read_keep(rq, json_get(v, S("images")), p);
}

static enum err read_consilium(struct req *rq, struct jv file, struct policy *p)
{
    struct jv least = json_get(file, S("minConsiliumMembers"));
    struct jv by = json_get(file, S("remoteMemberOpinionEnteredBy"));
    int64_t n = 0;

    if (json_i64(json_get(least, S("value")), &n) && (n < 1 || n > 20)) {
        return FAIL(rq, E_BAD_INPUT, "policy: minConsiliumMembers");
    }
    p->consilium_least = (uint32_t)n;
    p->consilium_least_from = read_source(rq, least);
    p->opinion_by = json_str(rq->a, json_get(by, S("value")));
    p->opinion_by_from = read_source(rq, by);
    return read_length(rq, json_get(file, S("consiliumLasts")), "consiliumLasts", &p->consilium_lasts);
}

static struct policy_flag read_flag(struct req *rq, struct jv v)
{
    struct jv value = json_get(v, S("value"));
    return (struct policy_flag){.set = json_kind(value) == JSON_TRUE || json_kind(value) == JSON_FALSE,
                                .value = json_true(value),
                                .from = read_source(rq, v)};
}

static enum err read_number(struct req *rq, struct jv v, const char *name,
                            struct policy_number *ret_number)
{
    int64_t n = 0;
    bool set = json_i64(json_get(v, S("value")), &n);

    if (set && (n < 0 || n > 150)) {
        return FAIL(rq, E_BAD_INPUT, "policy: %s is out of bounds", name);
    }
    *ret_number = (struct policy_number){set, (uint32_t)n, read_source(rq, v)};
    return OK;
}

static enum err read_codes(struct req *rq, struct jv v, struct policy_codes *ret_codes)
{
    struct jv list = json_get(v, S("value"));

    ret_codes->set = json_kind(list) == JSON_ARRAY;
    ret_codes->from = read_source(rq, v);
    return read_strings(rq, list, &ret_codes->codes, &ret_codes->n);
}

static enum err read_remote(struct req *rq, struct jv file, struct policy_remote *r)
{
    static const struct {
        struct str value;
        enum first_visit first;
    } firsts[] = {{SI("deny"), FIRST_VISIT_DENY},
                  {SI("allow-advice-only"), FIRST_VISIT_ADVICE},
                  {SI("allow"), FIRST_VISIT_ALLOW}};
    struct jv first = json_get(file, S("firstVisitRemote"));
    struct jv v = json_get(file, S("patientRemote"));

    for (size_t i = 0; i < LEN(firsts); i++) {
        if (json_is(json_get(first, S("value")), firsts[i].value)) {
            r->first = firsts[i].first;
        }
    }
    r->first_from = read_source(rq, first);
    r->consent_apart = read_flag(rq, json_path(file, S("consent.separateDocument")));
    r->needs_in_person = read_flag(rq, json_get(v, S("needsInPersonEncounter")));
    r->same_doctor = read_flag(rq, json_get(v, S("sameDoctorRequired")));
    TRY(read_codes(rq, json_get(v, S("allowedPurposes")), &r->purposes));
    TRY(read_codes(rq, json_get(v, S("firstContactPurposes")), &r->first_purposes));
    TRY(read_codes(rq, json_get(v, S("notRemotely")), &r->not_remotely));
    TRY(read_codes(rq, json_get(v, S("notForUrgency")), &r->not_urgency));
    TRY(read_codes(rq, json_get(v, S("emergencyPhones")), &r->phones));
    TRY(read_number(rq, json_get(v, S("minAge")), "minAge", &r->min_age));
    TRY(read_number(rq, json_get(v, S("otherDoctorMinPatientAge")), "otherDoctorMinPatientAge",
                    &r->other_doctor_age));
    TRY(read_number(rq, json_get(v, S("otherDoctorMinYears")), "otherDoctorMinYears",
                    &r->other_doctor_years));
    return read_length(rq, json_get(v, S("inPersonWithin")), "inPersonWithin",
                       &r->in_person_within);
}

static enum err read_booking(struct req *rq, struct jv v, struct policy_booking *b)
{
    struct jv remind = json_get(v, S("remindBefore"));
    const struct str *texts = NULL;
    uint32_t n = 0;

    TRY(read_length(rq, json_get(v, S("bookAhead")), "bookAhead", &b->book_ahead));
    TRY(read_length(rq, json_get(v, S("offerHold")), "offerHold", &b->offer_hold));
    TRY(read_codes(rq, json_get(v, S("holidays")), &b->holidays));
    TRY(read_strings(rq, json_get(remind, S("value")), &texts, &n));
    struct term *all = ARENA_ARRAY(rq->a, n, struct term);
    TRY_MEM(rq, all);
    for (uint32_t i = 0; i < n; i++) {
        if (!duration_parse(texts[i], &all[i].ms) || all[i].ms <= 0) {
            return FAIL(rq, E_BAD_INPUT, "policy: remindBefore item %u", i + 1);
        }
        all[i].from = read_source(rq, remind);
    }
    b->remind_before = all;
    b->n_remind_before = n;
    return OK;
}

static enum err read_note(struct req *rq, struct jv v, struct policy_note *n)
{
    TRY(read_length(rq, json_get(v, S("within")), "visitNote.within", &n->within));
    TRY(read_length(rq, json_get(v, S("remindBefore")), "visitNote.remindBefore", &n->remind_before));
    TRY(read_length(rq, json_get(v, S("remindAfterEnd")), "visitNote.remindAfterEnd",
                    &n->remind_after_end));
    return read_length(rq, json_get(v, S("escalateAfter")), "visitNote.escalateAfter",
                       &n->escalate_after);
}

enum err policy_load(struct req *rq, struct jv file, struct policy *ret_policy)
{
    struct policy p = {
        .id = json_str(rq->a, json_get(file, S("policyId"))),
        .version = json_str(rq->a, json_get(file, S("version"))),
        .country = json_str(rq->a, json_get(file, S("country"))),
        .effective_from = json_str(rq->a, json_get(file, S("effectiveFrom"))),
        .consent_version = json_str(rq->a, json_path(file, S("consent.version"))),
    };

    content_text4(rq, json_get(file, S("title")), &p.title);
    content_text4(rq, json_path(file, S("consent.title")), &p.consent_title);
    content_text4(rq, json_path(file, S("consent.text")), &p.consent_text);
    TRY(read_terms(rq, json_get(file, S("urgency")), &p));
    TRY(read_retention(rq, json_get(file, S("retention")), &p));
    TRY(read_number(rq, json_path(file, S("patientAccount.ownFromAge")), "patientAccount.ownFromAge",
                    &p.own_account_from));
    TRY(read_number(rq, json_path(file, S("patientAccount.representedUntilAge")),
                    "patientAccount.representedUntilAge", &p.represented_until));
    p.patient_sees_log = read_flag(rq, json_get(file, S("patientSeesAccessLog")));
    p.recording = (struct policy_recording){
        .in_case = read_flag(rq, json_path(file, S("recording.case"))),
        .visit = read_flag(rq, json_path(file, S("recording.visit"))),
        .consilium = read_flag(rq, json_path(file, S("recording.consilium"))),
    };
    TRY(read_years(rq, json_path(file, S("recording.retention")), "recording.retention",
                   &p.recording.keep));
    content_text4(rq, json_path(file, S("recording.notice")), &p.recording.notice);
    p.cross_border = read_flag(rq, json_get(file, S("crossBorderNeedsConsent")));
    p.observers_ask = read_flag(rq, json_get(file, S("observersNeedConsent")));
    TRY(read_strings(rq, json_path(file, S("requesterRoles.value")), &p.requester_roles,
                     &p.n_requester_roles));
    TRY(read_strings(rq, json_path(file, S("consultantRoles.value")), &p.consultant_roles,
                     &p.n_consultant_roles));
    TRY(read_strings(rq, json_path(file, S("patientIdentifiers.value")), &p.patient_ids,
                     &p.n_patient_ids));
    TRY(read_docs(rq, json_get(file, S("documents")), &p));
    TRY(read_consilium(rq, file, &p));
    TRY(read_remote(rq, file, &p.remote));
    TRY(read_booking(rq, json_get(file, S("booking")), &p.booking));
    TRY(read_note(rq, json_get(file, S("visitNote")), &p.note));
    if (p.id.n == 0 || p.consent_version.n == 0 || p.consent_text.v[LANG_EN].n == 0) {
        return FAIL(rq, E_BAD_INPUT, "policy: policyId or consent is missing");
    }
    *ret_policy = p;
    return OK;
}

const struct policy_terms *policy_terms(const struct policy *p, struct str urgency)
{
    for (uint32_t i = 0; i < p->n_terms; i++) {
        if (str_eq(p->terms[i].urgency, urgency)) {
            return &p->terms[i];
        }
    }
    return NULL;
}

const struct policy_retain *policy_retain(const struct policy *p, struct str kind)
{
    for (uint32_t i = 0; i < p->n_retain; i++) {
        if (str_eq(p->retain[i].kind, kind)) {
            return &p->retain[i];
        }
    }
    return NULL;
}

const struct policy_doc *policy_doc(const struct policy *p, struct str type)
{
    for (uint32_t i = 0; i < p->n_docs; i++) {
        if (str_eq(p->docs[i].type, type)) {
            return &p->docs[i];
        }
    }
    return NULL;
}

static bool has(const struct str *list, uint32_t n, struct str want)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(list[i], want)) {
            return true;
        }
    }
    return false;
}

bool policy_may_ask(const struct policy *p, struct str role)
{
    return has(p->requester_roles, p->n_requester_roles, role);
}

bool policy_may_answer(const struct policy *p, struct str role)
{
    return has(p->consultant_roles, p->n_consultant_roles, role);
}

bool policy_has_code(const struct policy_codes *c, struct str code)
{
    return has(c->codes, c->n, code);
}
