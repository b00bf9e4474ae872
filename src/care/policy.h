/* care/policy.h - the policy profile of a jurisdiction: clocks, who may ask and answer, consent text,
 * each value with its source and whether somebody verified it. */
#pragma once

#include "care/content.h"

/* Where a value comes from: shown beside it as long as nobody verified it. */
struct sourced {
    struct text4 source; /* titles of acts stand in English alone */
    struct str evidence; /* primary, secondary, memory, operator */
    struct str verified_by, verified_on;
    bool verified;
};

/* One clock length of one urgency class. */
struct term {
    int64_t ms;
    struct sourced from;
};

struct policy_terms {
    struct str urgency;
    struct term accept_within;  /* from the complete packet to a consultant's acceptance */
    struct term answer_within;  /* from the complete packet to the signed conclusion */
    struct term remind_before;  /* the deadline */
    struct term escalate_after; /* the deadline, to the head */
};

/* How long images of one kind are kept. */
struct policy_keep {
    struct str kind;     /* modality, or "any" */
    uint32_t years;      /* 0: for ever */
    struct sourced from;
};

struct policy {
    struct str id; /* "kz" */
    struct str version, country;
    struct text4 title;
    struct str effective_from;
    const struct policy_terms *terms;
    uint32_t n_terms;
    const struct policy_keep *keep; /* images */
    uint32_t n_keep;
    const struct str *requester_roles, *consultant_roles; /* role codes */
    const struct str *patient_ids; /* "iin", "pinfl", "snils", "oms": kinds of identifier */
    uint32_t n_requester_roles, n_consultant_roles, n_patient_ids;
    struct str consent_version;
    struct text4 consent_title, consent_text;
};

const struct policy_terms *policy_terms(const struct policy *p, struct str urgency);
bool policy_may_ask(const struct policy *p, struct str role);
bool policy_may_answer(const struct policy *p, struct str role);
