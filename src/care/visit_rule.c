/* care/visit_rule.c - may this visit be remote? See visit_rule.h. */
#include "care/visit_rule.h"

#include <stddef.h>

#include "base/text.h"
#include "care/abroad.h"
#include "care/care.h"
#include "care/directory.h"
#include "care/patient.h"
#include "care/put.h"
#include "store/db.h"

enum { LOOKED_AT = 300, PROBLEM_CHARS = 3 };

/* ---- the values ---- */

#define FROM(member) offsetof(struct policy_remote, member)
static const struct {
    const char *title;
    size_t from; /* of its struct sourced */
} values[VISIT_VALUE_COUNT] = {
    [VISIT_V_PURPOSES] = {T("Purposes of a remote visit"), FROM(purposes.from)},
    [VISIT_V_FIRST_PURPOSES] = {T("Purposes without a visit in person"), FROM(first_purposes.from)},
    [VISIT_V_NOT_REMOTELY] = {T("What may not be done remotely"), FROM(not_remotely.from)},
    [VISIT_V_FIRST] = {T("First visit by video"), FROM(first_from)},
    [VISIT_V_MIN_AGE] = {T("Lowest age"), FROM(min_age.from)},
    [VISIT_V_IN_PERSON] = {T("A visit in person is needed"), FROM(needs_in_person.from)},
    [VISIT_V_WITHIN] = {T("How long a visit in person counts"), FROM(in_person_within.from)},
    [VISIT_V_SAME_DOCTOR] = {T("The same doctor"), FROM(same_doctor.from)},
    [VISIT_V_OTHER_AGE] = {T("Another doctor: lowest age"), FROM(other_doctor_age.from)},
    [VISIT_V_OTHER_YEARS] = {T("Another doctor: years in the specialty"),
                             FROM(other_doctor_years.from)},
    [VISIT_V_NOT_URGENCY] = {T("Urgency a remote visit is not for"), FROM(not_urgency.from)},
    [VISIT_V_PHONES] = {T("Whom to ring in an emergency"), FROM(phones.from)},
};

const char *visit_value_title(enum visit_value v)
{
    return values[v].title;
}

const struct sourced *visit_value_from(const struct policy *p, enum visit_value v)
{
    return (const struct sourced *)(const void *)((const char *)&p->remote + values[v].from);
}

/* ---- the rule ---- */

/* Does a visit in person count on the day of the visit? */
static bool counts(const struct policy_remote *r, const struct visit_facts *f,
                   const struct visit_seen *s)
{
    int64_t within = r->in_person_within.ms;
    return s->id.n > 0 && s->at_ms <= f->at_ms && (within == 0 || f->at_ms - s->at_ms <= within);
}

/* May this purpose be had without a visit in person? */
static bool is_first_purpose(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->first == FIRST_VISIT_ALLOW ||
           (r->first != FIRST_VISIT_DENY && policy_has_code(&r->first_purposes, f->purpose));
}

static bool emergency(const struct policy_remote *r, const struct visit_facts *f)
{
    return policy_has_code(&r->not_urgency, f->urgency);
}

static bool no_purpose(const struct policy_remote *r, const struct visit_facts *f)
{
    (void)r;
    return f->purpose.n == 0;
}

static bool not_remotely(const struct policy_remote *r, const struct visit_facts *f)
{
    return policy_has_code(&r->not_remotely, f->purpose);
}

static bool not_listed(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->purposes.set && !policy_has_code(&r->purposes, f->purpose);
}

static bool refused(const struct policy_remote *r, const struct visit_facts *f)
{
    (void)r;
    return f->consent_refused;
}

static bool abroad(const struct policy_remote *r, const struct visit_facts *f)
{
    (void)r;
    return f->abroad_shut;
}

static bool age_unknown(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->min_age.set && f->age_years < 0;
}

static bool too_young(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->min_age.set && f->age_years < (int)r->min_age.value;
}

static bool first_denied(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->first == FIRST_VISIT_DENY && f->any.id.n == 0;
}

static bool never_seen(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->needs_in_person.value && f->any.id.n == 0 && !is_first_purpose(r, f);
}

static bool seen_long_ago(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->needs_in_person.value && !counts(r, f, &f->any) && !is_first_purpose(r, f);
}

/* The same doctor is asked for, and it was another. */
static bool by_other(const struct policy_remote *r, const struct visit_facts *f)
{
    return r->same_doctor.value && counts(r, f, &f->any) && !counts(r, f, &f->own) &&
           !is_first_purpose(r, f);
}

static bool has_exception(const struct policy_remote *r)
{
    return r->other_doctor_age.set || r->other_doctor_years.set;
}

static bool other_doctor(const struct policy_remote *r, const struct visit_facts *f)
{
    return by_other(r, f) && !has_exception(r);
}

static bool other_clinic(const struct policy_remote *r, const struct visit_facts *f)
{
    return by_other(r, f) && !counts(r, f, &f->org);
}

static bool other_too_young(const struct policy_remote *r, const struct visit_facts *f)
{
    return by_other(r, f) && r->other_doctor_age.set &&
           f->age_years < (int)r->other_doctor_age.value;
}

static bool other_too_new(const struct policy_remote *r, const struct visit_facts *f)
{
    return by_other(r, f) && r->other_doctor_years.set &&
           f->doctor_years < (int)r->other_doctor_years.value;
}

#define V(name) (1u << VISIT_V_##name)
/* The rule, in the order it is asked: the first row that applies refuses. */
/* clang-format off */
static const struct {
    enum visit_reason reason;
    const char *code;
    bool (*applies)(const struct policy_remote *r, const struct visit_facts *f);
    unsigned values; /* V(): what it looks at */
    const char *text;
} rules[] = {
    {VISIT_EMERGENCY,         "emergency",          emergency,       V(NOT_URGENCY) | V(PHONES),
     T("A remote visit is not for an emergency. Ring for an ambulance now: do not wait for a visit.")},
    {VISIT_PURPOSE_UNKNOWN,   "purpose-unknown",    no_purpose,      0,
     T("Choose what the visit is for.")},
    {VISIT_NOT_REMOTELY,      "not-remotely",       not_remotely,    V(NOT_REMOTELY),
     T("This may not be done in a remote visit: it needs an examination in person.")},
    {VISIT_PURPOSE_NOT_LISTED, "purpose-not-listed", not_listed,     V(PURPOSES),
     T("A remote visit is not allowed for this purpose.")},
    {VISIT_CONSENT_REFUSED,   "consent-refused",    refused,         0,
     T("The patient has refused remote visits or withdrawn the consent to them.")},
    {VISIT_ABROAD,            "cross-border",       abroad,          0,
     T("Who receives is of another country, and the patient has not agreed that data go there. "
       "The patient agrees on the own page of consents, or to a doctor who sends a request.")},
    {VISIT_AGE_UNKNOWN,       "age-unknown",        age_unknown,     V(MIN_AGE),
     T("The patient's birth date is not known, and remote visits have a lowest age.")},
    {VISIT_AGE,               "age",                too_young,       V(MIN_AGE),
     T("The patient is younger than remote visits are allowed for.")},
    {VISIT_FIRST,             "first-visit",        first_denied,    V(FIRST),
     T("The first visit is in person.")},
    {VISIT_NEEDS_IN_PERSON,   "needs-in-person",    never_seen,      V(IN_PERSON) | V(FIRST) | V(FIRST_PURPOSES),
     T("No visit in person with this problem is on record. Without one, a remote visit gives advice only.")},
    {VISIT_IN_PERSON_OLD,     "in-person-old",      seen_long_ago,   V(IN_PERSON) | V(WITHIN),
     T("The last visit in person with this problem was too long ago.")},
    {VISIT_OTHER_DOCTOR,      "other-doctor",       other_doctor,    V(SAME_DOCTOR),
     T("The patient was seen in person by another doctor. Only that doctor may go on remotely.")},
    {VISIT_OTHER_CLINIC,      "other-clinic",       other_clinic,    V(SAME_DOCTOR),
     T("The patient was seen in person in another institution. Another doctor may go on remotely only in the same one.")},
    {VISIT_OTHER_DOCTOR_AGE,  "other-doctor-age",   other_too_young, V(SAME_DOCTOR) | V(OTHER_AGE),
     T("The patient is too young for another doctor to go on remotely.")},
    {VISIT_OTHER_DOCTOR_YEARS, "other-doctor-years", other_too_new,  V(SAME_DOCTOR) | V(OTHER_YEARS),
     T("Another doctor may go on remotely only with enough years in the specialty, and these are not on record.")},
};
/* clang-format on */

static const char *const notes[VISIT_NOTE_COUNT] = {
    T("Advice only: no diagnosis is set and no treatment begun in this visit."),
    T("The profile names no lowest age for remote visits: who is under age comes with a representative."),
    T("The patient was seen in person by another doctor of this institution: the exception of the "
      "profile is used."),
    T("The consent to the remote visit is a document of its own."),
};

void visit_rule_judge(const struct policy *p, const struct visit_facts *f,
                      struct visit_verdict *ret_verdict)
{
    const struct policy_remote *r = &p->remote;
    struct visit_verdict v = {.allowed = true};

    for (size_t i = 0; i < LEN(rules); i++) {
        if (rules[i].applies(r, f)) {
            *ret_verdict = (struct visit_verdict){
                .reason = rules[i].reason, .values = rules[i].values,
                .offer_in_person = rules[i].reason != VISIT_EMERGENCY};
            return;
        }
    }
    v.values = V(PURPOSES) | V(MIN_AGE);
    if (counts(r, f, &f->own) || counts(r, f, &f->any)) {
        v.encounter = counts(r, f, &f->own) ? f->own.id : f->any.id;
        v.values |= V(IN_PERSON) | V(WITHIN) | V(SAME_DOCTOR);
    } else {
        v.notes |= VISIT_ADVICE_ONLY;
        v.values |= V(FIRST) | V(FIRST_PURPOSES);
    }
    if (by_other(r, f)) {
        v.notes |= VISIT_BY_OTHER;
        v.values |= V(OTHER_AGE) | V(OTHER_YEARS);
    }
    v.notes |= r->min_age.set ? 0 : VISIT_AGE_UNSET;
    v.notes |= r->consent_apart.value ? VISIT_CONSENT_APART : 0;
    *ret_verdict = v;
}

const char *visit_reason_code(enum visit_reason reason)
{
    for (size_t i = 0; i < LEN(rules); i++) {
        if (rules[i].reason == reason) {
            return rules[i].code;
        }
    }
    return "ok";
}

const char *visit_reason_text(enum visit_reason reason)
{
    for (size_t i = 0; i < LEN(rules); i++) {
        if (rules[i].reason == reason) {
            return rules[i].text;
        }
    }
    return T("A remote visit is allowed.");
}

const char *visit_note_text(unsigned i)
{
    return i < VISIT_NOTE_COUNT ? notes[i] : "";
}

const char *visit_offer_text(void)
{
    return T("A visit in person can be booked instead.");
}

/* ---- the facts ---- */

static void keep_latest(struct visit_seen *s, struct str id, int64_t at_ms)
{
    if (s->id.n == 0 || at_ms > s->at_ms) {
        *s = (struct visit_seen){id, at_ms};
    }
}

/* Of one problem: the same category of the classification, I10 and I10.9. */
static bool same_problem(struct req *rq, struct jv encounter, struct str problem)
{
    struct str want = str_sub(problem, 0, MIN(problem.n, (size_t)PROBLEM_CHARS));

    for (struct jv r = json_first(json_get(encounter, S("reasonCode"))); json_has(r);
         r = json_next(r)) {
        for (struct jv c = json_first(json_get(r, S("coding"))); json_has(c); c = json_next(c)) {
            if (want.n > 0 && json_is(json_get(c, S("system")), S(CS_ICD10)) &&
                str_starts(json_str(rq->a, json_get(c, S("code"))), want)) {
                return true;
            }
        }
    }
    return false;
}

static bool by_doctor(struct req *rq, struct jv encounter, struct str person)
{
    for (struct jv p = json_first(json_get(encounter, S("participant"))); json_has(p);
         p = json_next(p)) {
        if (person.n > 0 &&
            str_eq(ref_get(rq, json_get(p, S("individual")), T_PRACTITIONER), person)) {
            return true;
        }
    }
    return false;
}

static void look_at(struct req *rq, const struct visit_ask *ask, struct jv v, struct str id,
                    struct visit_facts *f)
{
    struct instant from;
    struct instant to;
    bool done = json_is(json_get(v, S("status")), S("finished")) ||
                json_is(json_get(v, S("status")), S("in-progress"));

    if (!done || !json_is(json_path(v, S("class.code")), S("AMB")) ||
        !same_problem(rq, v, ask->problem) ||
        !zone_span(&care_of(rq)->zone, json_str(rq->a, json_path(v, S("period.start"))), &from,
                      &to) ||
        from.ms > f->at_ms) {
        return;
    }
    keep_latest(&f->any, id, from.ms);
    if (by_doctor(rq, v, ask->practitioner)) {
        keep_latest(&f->own, id, from.ms);
    }
    if (ask->org.n > 0 &&
        str_eq(ref_get(rq, json_get(v, S("serviceProvider")), T_ORGANIZATION), ask->org)) {
        keep_latest(&f->org, id, from.ms);
    }
}

static enum err read_encounters(struct req *rq, const struct visit_ask *ask, int64_t patient,
                                struct visit_facts *f)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    uint32_t n = 0;

    TRY(list_owner(rq, patient, T_ENCOUNTER, LIST_NEWEST, &l));
    while (n++ < LOOKED_AT && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        look_at(rq, ask, v, row.id, f);
    }
    return list_err(rq, l);
}

/* The newest word on remote visits: a Consent of the category "remote-visit". */
static enum err read_consent(struct req *rq, int64_t patient, struct visit_facts *f)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    uint32_t n = 0;

    TRY(list_owner(rq, patient, T_CONSENT, LIST_NEWEST, &l));
    while (n++ < LOOKED_AT && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        if (json_is(json_path(v, S("category.0.coding.0.code")), S("remote-visit"))) {
            f->consent_refused = json_is(json_path(v, S("provision.type")), S("deny")) ||
                                 json_is(json_get(v, S("status")), S("rejected")) ||
                                 json_is(json_get(v, S("status")), S("inactive"));
            break;
        }
    }
    return list_err(rq, l);
}

/* Years since the earliest qualification on record. */
static enum err read_doctor(struct req *rq, struct str person, struct visit_facts *f)
{
    struct res_row row;
    struct jv v;
    struct civil at = zone_civil(&care_of(rq)->zone, (struct instant){f->at_ms});
    enum err e = db_head(rq, T_PRACTITIONER, person, &row);

    f->doctor_years = -1;
    if (e == E_NOT_FOUND || (e == OK && row.deleted)) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(res_load(rq, row.rid, &row, &v));
    for (struct jv q = json_first(json_get(v, S("qualification"))); json_has(q); q = json_next(q)) {
        struct civil from;
        if (date_parse(json_str(rq->a, json_path(q, S("period.start"))), &from)) {
            f->doctor_years = MAX(f->doctor_years, years_between(&from, &at));
        }
    }
    return OK;
}

enum err visit_rule_facts(struct req *rq, const struct visit_ask *ask, struct visit_facts *ret_facts)
{
    struct visit_facts f = {.purpose = ask->purpose, .urgency = ask->urgency, .at_ms = ask->at.ms,
                            .age_years = -1};
    struct civil at = zone_civil(&care_of(rq)->zone, ask->at);
    struct civil birth;
    struct patient who;
    int64_t rid = 0;

    TRY(db_rid(rq, T_PATIENT, ask->patient, &rid));
    if (rid == 0) {
        return FAIL(rq, E_NOT_FOUND, "patient");
    }
    TRY(patient_load(rq, rid, &who));
    if (date_parse(who.birth_date, &birth)) {
        f.age_years = years_between(&birth, &at);
    }
    TRY(read_encounters(rq, ask, rid, &f));
    TRY(read_consent(rq, rid, &f));
    enum abroad is = ABROAD_HOME;
    TRY(abroad_of(rq, rid, str_or_empty(ask->org), &is));
    f.abroad_shut = abroad_is_shut(is);
    TRY(read_doctor(rq, ask->practitioner, &f));
    *ret_facts = f;
    return OK;
}

enum err visit_rule_check(struct req *rq, const struct policy *p, const struct visit_ask *ask,
                          struct visit_verdict *ret_verdict)
{
    const struct code_list *list = content_list(care_of(rq)->content, S("visit-purpose"));
    struct visit_facts f;

    TRY(visit_rule_facts(rq, ask, &f));
    if (list == NULL || content_item(list, f.purpose) == NULL) {
        f.purpose = (struct str){0};
    }
    visit_rule_judge(p, &f, ret_verdict);
    return OK;
}

enum err visit_rule_policy(struct req *rq, struct str org, const struct policy **ret_policy)
{
    const struct directory *dir = NULL;

    TRY(directory_get(rq, &dir));
    const struct dir_org *o = dir_org(dir, org);
    *ret_policy = o != NULL && o->policy != NULL ? o->policy : care_of(rq)->policy;
    return OK;
}
