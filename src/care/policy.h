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
    struct term ring;           /* from a call to the next on the roster; ms 0: this class calls nobody */
};

/* How long images of one kind are kept. */
struct policy_keep {
    struct str kind;     /* modality, or "any" */
    uint32_t years;      /* 0: for ever */
    struct sourced from;
};

/* How long one kind of what the program keeps beside records stays (care/retain.h). */
struct policy_retain {
    struct str kind;  /* "devices" */
    struct term keep; /* ms 0: for ever */
};

/* What a document must hold. */
struct policy_doc {
    struct str type;           /* "conclusion", "consilium", "visit" */
    const struct str *sections; /* codes, in order */
    uint32_t n_sections;
    struct sourced from;
};

/* Values that may be unset: then nothing is enforced, and pages say so. */
struct policy_flag {
    bool set, value;
    struct sourced from;
};
struct policy_number {
    bool set;
    uint32_t value;
    struct sourced from;
};
struct policy_codes {
    bool set;
    const struct str *codes;
    uint32_t n;
    struct sourced from;
};
bool policy_has_code(const struct policy_codes *c, struct str code);

enum first_visit { FIRST_VISIT_UNSET, FIRST_VISIT_DENY, FIRST_VISIT_ADVICE, FIRST_VISIT_ALLOW };

/* When a patient may be received remotely. */
struct policy_remote {
    enum first_visit first; /* without a visit in person */
    struct sourced first_from;
    struct policy_codes purposes;      /* what a remote visit may be for: codes of the list visit-purpose */
    struct policy_codes first_purposes; /* of these, without a visit in person */
    struct policy_codes not_remotely;  /* never offered, refused */
    struct policy_codes not_urgency;   /* classes of urgency it is not for: codes of the list urgency */
    struct policy_codes phones;        /* whom to ring instead */
    struct policy_number min_age;      /* years */
    struct policy_flag needs_in_person, same_doctor;
    struct policy_number other_doctor_age;   /* another doctor: youngest patient, years */
    struct policy_number other_doctor_years; /* another doctor: fewest years in the specialty */
    struct policy_flag consent_apart; /* consent is a document of its own */
    struct term in_person_within; /* a visit in person counts so long; ms 0: for ever */
};

/* How visits are booked. */
struct policy_booking {
    struct term book_ahead, offer_hold; /* ms 0: unset */
    const struct term *remind_before;   /* whom a visit concerns is reminded so long before it */
    uint32_t n_remind_before;
    struct policy_codes holidays; /* "MM-DD" */
};

/* Whether meetings may be recorded, by what they are about; unset: they may not. */
struct policy_recording {
    struct policy_flag in_case, visit, consilium;
    struct term keep;    /* what was recorded; ms 0: for ever */
    struct text4 notice; /* what everybody is told while it runs */
};

/* When the note of a remote visit is due, from its end; within.ms 0: no promise. */
struct policy_note {
    struct term within, remind_before, escalate_after;
    struct term remind_after_end; /* of the booked time of a visit that nobody has ended */
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
    const struct policy_retain *retain;
    uint32_t n_retain;
    struct term record_keep;        /* a patient's record after its last entry; ms 0: for ever, else
                                     * a year or more */
    struct term wait;               /* a term of records or recordings that was set or shortened */
    struct sourced audit_from;      /* who saw and changed what is kept for ever */
    const struct str *requester_roles, *consultant_roles; /* role codes */
    const struct str *patient_ids; /* "iin", "pinfl", "snils", "oms": kinds of identifier */
    uint32_t n_requester_roles, n_consultant_roles, n_patient_ids;
    struct policy_remote remote;
    struct policy_booking booking;
    struct policy_number own_account_from;  /* a patient younger (years) has no account of their own */
    struct policy_number represented_until; /* a legal representative sees the record to this age */
    struct policy_flag patient_sees_log;    /* who looked at the own record */
    struct policy_recording recording;
    struct policy_flag cross_border;        /* named data leave the country by consent only; unset too */
    struct policy_flag observers_ask;       /* observers and students only if the patient has not refused */
    struct policy_note note;
    struct str consent_version;
    struct text4 consent_title, consent_text;
    const struct policy_doc *docs;
    uint32_t n_docs;
    uint32_t consilium_least; /* members of a consilium; 0: the policy names no number */
    struct sourced consilium_least_from;
    struct term consilium_lasts; /* one held live, when nobody named its end; ms 0: not set */
    struct str opinion_by; /* who may enter a remote member's opinion besides the member:
                            * "attending-worker"; empty: nobody */
    struct sourced opinion_by_from;
};

/* The row of a type of document, or NULL. */
const struct policy_doc *policy_doc(const struct policy *p, struct str type);

/* The row of a kind, or NULL. */
const struct policy_retain *policy_retain(const struct policy *p, struct str kind);

const struct policy_terms *policy_terms(const struct policy *p, struct str urgency);
bool policy_may_ask(const struct policy *p, struct str role);
bool policy_may_answer(const struct policy *p, struct str role);
