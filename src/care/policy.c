/* care/policy.c - reads policy profiles. */
#include "care/policy.h"

#include "care/content_int.h"

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
    TRY(read_keep(rq, json_path(file, S("retention.images")), &p));
    TRY(read_strings(rq, json_path(file, S("requesterRoles.value")), &p.requester_roles,
                     &p.n_requester_roles));
    TRY(read_strings(rq, json_path(file, S("consultantRoles.value")), &p.consultant_roles,
                     &p.n_consultant_roles));
    TRY(read_strings(rq, json_path(file, S("patientIdentifiers.value")), &p.patient_ids,
                     &p.n_patient_ids));
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
