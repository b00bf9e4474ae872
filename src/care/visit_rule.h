/* care/visit_rule.h - may this visit be remote? The rule of a jurisdiction as one table over the values of
 * its policy profile: no number and no list of the law stands in code.
 *
 * Facts come from the record (the visits in person, the patient's age, the doctor's years in the
 * specialty, a refused consent); the table is judged over facts and policy alone. A refusal says why, which
 * value of the profile it comes from, whether somebody verified that value, and that a visit in person
 * can be had instead. */
#pragma once

#include "care/policy.h"

/* Stored nowhere: codes stand in visit_reason_code(). */
enum visit_reason {
    VISIT_OK,
    VISIT_PURPOSE_UNKNOWN,   /* no purpose, or none of the list visit-purpose */
    VISIT_NOT_REMOTELY,      /* policy.patientRemote.notRemotely */
    VISIT_PURPOSE_NOT_LISTED,
    VISIT_CONSENT_REFUSED,   /* the patient refused remote visits, or withdrew the consent */
    VISIT_AGE_UNKNOWN,
    VISIT_AGE,
    VISIT_FIRST,             /* a first visit is in person */
    VISIT_NEEDS_IN_PERSON,   /* no visit in person with this problem */
    VISIT_IN_PERSON_OLD,     /* the last one was too long ago */
    VISIT_OTHER_DOCTOR,      /* it was another doctor, and the profile has no exception */
    VISIT_OTHER_CLINIC,      /* ... of another organisation */
    VISIT_OTHER_DOCTOR_AGE,  /* ... and the patient is too young for the exception */
    VISIT_OTHER_DOCTOR_YEARS, /* ... and their years in the specialty are too few, or not known */
    VISIT_ABROAD,            /* who receives is of another country, and the patient has not agreed */
    VISIT_EMERGENCY,         /* policy.patientRemote.notForUrgency: whom to ring stands beside it */
    VISIT_REASON_COUNT
};

/* Values of the profile that a verdict rests on. */
enum visit_value {
    VISIT_V_PURPOSES, VISIT_V_FIRST_PURPOSES, VISIT_V_NOT_REMOTELY, VISIT_V_FIRST, VISIT_V_MIN_AGE,
    VISIT_V_IN_PERSON, VISIT_V_WITHIN, VISIT_V_SAME_DOCTOR, VISIT_V_OTHER_AGE, VISIT_V_OTHER_YEARS,
    VISIT_V_NOT_URGENCY, VISIT_V_PHONES,
    VISIT_VALUE_COUNT
};

/* What whoever books or receives is told beside a permission. */
enum {
    VISIT_ADVICE_ONLY = 1 << 0,   /* no visit in person counts: advice, no diagnosis, no treatment */
    VISIT_AGE_UNSET = 1 << 1,     /* the profile names no lowest age */
    VISIT_BY_OTHER = 1 << 2,      /* allowed by the exception for another doctor */
    VISIT_CONSENT_APART = 1 << 3, /* the consent is a document of its own */
    VISIT_NOTE_COUNT = 4
};

struct visit_ask {
    struct str patient;      /* id */
    struct str practitioner; /* id of who receives */
    struct str org;          /* Organization the visit is at */
    struct str problem;      /* ICD-10 code; empty: a new problem */
    struct str purpose;      /* code of the list visit-purpose */
    struct str urgency;      /* code of the list urgency; empty: not asked */
    struct instant at;       /* when the visit is */
};

/* A visit in person on record. */
struct visit_seen {
    struct str id; /* Encounter; empty: none */
    int64_t at_ms;
};
struct visit_facts {
    struct str purpose, urgency;
    int64_t at_ms;
    int age_years;              /* on the day of the visit; -1 not known */
    int doctor_years;           /* in the specialty; -1 not known */
    struct visit_seen any;      /* the latest with this problem */
    struct visit_seen own;      /* by this doctor */
    struct visit_seen org;      /* at this organisation */
    bool consent_refused;
    bool abroad_shut;           /* care/abroad.h */
};

struct visit_verdict {
    bool allowed;
    enum visit_reason reason; /* VISIT_OK when allowed */
    unsigned notes;           /* VISIT_ADVICE_ONLY ... */
    unsigned values;          /* 1 << enum visit_value: what it rests on */
    struct str encounter;     /* the visit in person it rests on; empty: none */
    bool offer_in_person;     /* when refused, but in an emergency: nothing is booked then */
};

/* Judges facts by a profile. Pure. */
void visit_rule_judge(const struct policy *p, const struct visit_facts *f,
                      struct visit_verdict *ret_verdict);
/* Reads the facts. No look is put on record: who books was let in to the patient before.
 * errors  E_NOT_FOUND no such patient; E_IO */
MUST_USE enum err visit_rule_facts(struct req *rq, const struct visit_ask *ask,
                                   struct visit_facts *ret_facts);
/* Both: facts and verdict by p (visit_rule_policy()). */
MUST_USE enum err visit_rule_check(struct req *rq, const struct policy *p,
                                   const struct visit_ask *ask, struct visit_verdict *ret_verdict);
/* The profile that holds at an organisation. errors  as directory_get() */
MUST_USE enum err visit_rule_policy(struct req *rq, struct str org, const struct policy **ret_policy);

/* "in-person-old"; "ok" */
const char *visit_reason_code(enum visit_reason r);
/* msgid for people */
const char *visit_reason_text(enum visit_reason r);
/* msgid of note 1 << i */
const char *visit_note_text(unsigned i);
/* msgid of a value's name, and where it comes from. */
const char *visit_value_title(enum visit_value v);
const struct sourced *visit_value_from(const struct policy *p, enum visit_value v);
/* What every refusal ends with: msgid. */
const char *visit_offer_text(void);
