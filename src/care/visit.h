/* care/visit.h - visits of patients to a doctor, in person and remote, as the record keeps them:
 * Encounter (class AMB or VR) of an EpisodeOfCare, hanging on the patient.
 *
 * The rule of remote visits stands on the visits in person that are recorded here. */
#pragma once

#include "base/zone.h"
#include "care/flow_task.h"
#include "care/patient.h"
#include "care/visit_rule.h"
#include "store/audit.h"

struct sign_means;
struct res_row;
struct tx;

#define CS_ENCOUNTER_CLASS "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define VISIT_IN_PERSON "AMB"
#define VISIT_REMOTE "VR"

/* One visit, for lists and rules. */
struct encounter_row {
    struct str id;
    int64_t rid;
    uint64_t version;
    struct str cls;         /* "AMB", "VR" or what an interface wrote */
    struct str status;      /* FHIR: planned, in-progress, finished, ... */
    struct str start_text;  /* FHIR dateTime as written: a visit in person has a date alone */
    struct instant start;   /* beginning of that; ms 0: none */
    struct instant end;     /* of what period.end spans; ms 0: not ended */
    struct str practitioner, practitioner_name;
    struct str org, org_name;
    struct str code;        /* ICD-10 of the problem; may be empty */
    struct str problem;     /* as typed, with the code in front */
    struct str diagnosis;   /* in words, of a visit in person */
    struct str condition;   /* Condition id */
    struct str episode;     /* EpisodeOfCare id */
    struct str appointment; /* Appointment id of a remote visit */
    struct str place;
};

/* Reads an Encounter's JSON. */
void encounter_read(struct req *rq, struct jv v, struct encounter_row *ret_row);
/* Visits that hang on the patient, newest first, at most n. Whoever calls has asked for the patient:
 * nothing is put on record. errors E_IO */
MUST_USE enum err encounter_list(struct req *rq, int64_t patient_rid, struct encounter_row *ret_rows,
                                 uint32_t n, uint32_t *ret_n);

/* A course of care: what its visits have in common. */
struct episode_row {
    struct str id;
    uint64_t version;
    struct str org;
    struct str code, title; /* of its problem */
    struct instant since;
};
/* The open ones of a patient, newest first, at most n. */
MUST_USE enum err episode_list(struct req *rq, int64_t patient_rid, struct episode_row *ret_rows,
                               uint32_t n, uint32_t *ret_n);

/* ---- A remote visit: the id of its Appointment names it everywhere ---- */

/* States of care_visit_flow. */
enum visit_state {
    VISIT_WAITING, VISIT_BEGUN, VISIT_TALK, VISIT_OWED, VISIT_NOTED, VISIT_BROKEN, VISIT_CLOSED
};

struct visit_view {
    struct str id;
    struct str booked;         /* Appointment.status */
    struct instant start, end; /* as booked */
    struct zone zone;          /* of the place; what was not booked here: of the server */
    bool remote;
    struct str patient_id;
    int64_t patient_rid;
    struct patient patient;
    struct str practitioner, practitioner_name;
    struct str service, service_name, org, org_name;
    struct str schedule;       /* it was booked from; empty: not booked here */
    struct str purpose;        /* code of the list visit-purpose */
    struct str code, problem;  /* ICD-10; as booked */
    enum visit_state state;
    unsigned actor;            /* ACTOR_CONSULTANT: the doctor who receives */
    uint64_t task_version;     /* 0: not begun */
    int64_t due_ms;            /* of the note; 0: none */
    uint8_t level;             /* LEVEL_ of care/case_row.h */
    struct str note;           /* Bundle in force; empty: none */
    uint32_t n_notes;          /* signed versions */
    const struct flow_event *events; /* oldest first */
    uint32_t n_events;
    struct encounter_row encounter;  /* of this visit; id empty: not begun */
    struct str identity;       /* how the identity was checked; empty: not yet */
    struct instant identity_at;
    struct str consent, consent_how; /* Consent id; "oral", "written" */
    struct encounter_row before; /* the last visit of the same course, else of the patient; id empty: none */
    struct encounter_row in_person; /* the visit in person it rests on; id empty: none */
    const struct policy *policy;
    struct visit_verdict verdict; /* of the rule, now */
    bool may_diagnose, may_treat; /* what the note may say */
    const struct form *form;      /* of the note: without what may not be done */
    const struct care_move *moves[8]; /* of this person */
    uint32_t n_moves;
};

/* All of it. The look is put on record as action.
 * errors  E_NOT_FOUND  no such visit, or not theirs: not told apart */
MUST_USE enum err visit_load(struct req *rq, struct str id, enum audit_action action,
                             struct visit_view *ret_view);

/* Its row of the table. */
const struct care_state *visit_state_of(const struct visit_view *v);

enum { VISIT_REASON_MAX = 4000 }; /* bytes */

/* Moves of the doctor. begin: from an hour before the visit to the end of the day after, of a visit that is
 * booked. reason: why it was broken off.
 * errors  E_CONFLICT  not in this state, or not at this time (detail "early", "late", "booked")
 *         E_FORBIDDEN  another person's visit; E_BAD_INPUT a reason is missing; E_STALE from the commit
 *         E_UNPROCESSED begin: it is remote, from another country without consent (care/abroad.h) */
MUST_USE enum err visit_begin(struct req *rq, struct tx *tx, const struct visit_view *v);
/* identity: code of visit_identities[]; consent: "oral" or "written".
 * errors  E_BAD_INPUT see ret_problems */
MUST_USE enum err visit_admit(struct req *rq, struct tx *tx, const struct visit_view *v,
                              struct str identity, struct str consent,
                              struct problems *ret_problems);
/* action: "end", "break-off", "close". */
MUST_USE enum err visit_go(struct req *rq, struct tx *tx, const struct visit_view *v,
                           struct str action, struct str reason);
/* Whether it can be begun now: OK, or why not as visit_begin. */
const char *visit_closed_text(const struct req *rq, const struct visit_view *v); /* msgid; NULL: it can */
/* Nothing came of it: the patient did not come, or it was cancelled before it began. */
bool visit_missed(const struct visit_view *v);
/* How it stands, for a heading: as booked until it is begun, then the state of the visit. A msgid. */
const char *visit_standing(const struct visit_view *v);
/* The job of a note that is owed. rq->who is who_clock. */
MUST_USE enum err visit_clock_run(struct req *rq, struct tx *tx, struct str id, struct str arg);

/* How the identity of a patient may be checked; text4 would be the law's: these are words of the page. */
struct visit_identity {
    struct str code;
    const char *title; /* msgid */
};
extern const struct visit_identity visit_identities[];
extern const size_t n_visit_identities;
/* What the patient agrees to: msgid. */
const char *visit_consent_text(void);
const char *visit_identity_title(struct str code); /* msgid; "" when unknown */

/* ---- What changed since last time ---- */

enum visit_change_kind {
    CHANGE_FORM, CHANGE_MEASURED, CHANGE_REPORT, CHANGE_FILE, CHANGE_IMAGES, CHANGE_MESSAGE,
    CHANGE_MEDICINE, CHANGE_ALLERGY, CHANGE_KIND_COUNT
};
const char *visit_change_title(enum visit_change_kind kind); /* msgid */

struct visit_change {
    enum visit_change_kind kind;
    struct str id;         /* of the resource */
    struct instant at;     /* when it was so */
    struct instant came;   /* to the record, when it was so before the last visit; ms 0: after it */
    bool changed;          /* it stood there before, in other words */
    struct str title, text;
    struct str code;       /* of what was measured */
    struct str before;     /* the value before the last visit */
    struct instant before_at;
    struct str flag;       /* interpretation: "H", "L", ... */
    struct str who;
    bool gone;             /* a file whose bytes left by term */
    struct str survey;     /* the asking a questionnaire answers: care/survey.h; empty: none */
    struct str case_id, study; /* where its images or files are opened; empty: not in a case */
};
enum { VISIT_CHANGES_MAX = 200 };
/* What came to the record of the patient since v->before, that rq->who may see, by kind, newest first;
 * without a visit before: of the last year. All from one view of the store. Cases looked into are put on
 * record. *ret_more: there was more than n.
 * errors  E_IO */
MUST_USE enum err visit_changes(struct req *rq, const struct visit_view *v,
                                struct visit_change *ret_changes, uint32_t n, uint32_t *ret_n,
                                bool *ret_more);

/* ---- The note ---- */

struct sign_paper;
struct signed_doc;

/* The note from what was typed (fields of v->form, and "language", "reason" of a correction), in the
 * patient's language: its bytes are kept to be signed. Commits on its own.
 * errors  E_BAD_INPUT see ret_problems: also what may not be done remotely, and a section the policy
 *         demands; E_FORBIDDEN; E_CONFLICT nothing can be signed in this state */
MUST_USE enum err visit_note_preview(struct req *rq, const struct visit_view *v,
                                     const struct fields *typed, struct str base_url,
                                     struct problems *ret_problems, struct sign_paper *ret_paper);
/* The language the note is given to the patient in, unless the doctor chooses another: Patient.communication
 * (the preferred one first), else that of the patient's account, else it stays as it is. */
MUST_USE enum err visit_note_lang(struct req *rq, const struct visit_view *v, enum lang *ret_lang);
/* Signs what was shown as sha_hex: into tx go the document, the signature, the answered form, the orders,
 * the end of the visit and of the drafts. slow: password hashing.
 * errors  as sign_conclusion() */
MUST_USE enum err visit_note_sign(struct req *rq, struct tx *tx, const struct visit_view *v,
                                  struct str sha_hex, struct sign_means *means);
/* A signed version; bundle_id empty: the one in force. Whoever calls has loaded the visit or asked for
 * the patient. errors  E_NOT_FOUND; E_CHECKSUM */
MUST_USE enum err visit_note_get(struct req *rq, int64_t patient_rid, struct str visit_id,
                                 struct str bundle_id, struct signed_doc *ret_doc);
/* The version in force, for the patient whose record is open; the look (or the refusal) is put on record as
 * action. errors as above */
MUST_USE enum err visit_note_own(struct req *rq, int64_t patient_rid, struct str visit_id,
                                 enum audit_action action, struct signed_doc *ret_doc);
/* What was signed, as fields to begin a correction from. */
MUST_USE enum err visit_note_fields(struct req *rq, const struct visit_view *v,
                                    struct fields *ret_fields);

/* Signed notes of a patient in force, newest first, at most n: for the patient's own pages. Nothing is put on
 * record. */
struct visit_note {
    struct str visit, bundle;
    struct instant at;
    struct str doctor;
};
MUST_USE enum err visit_notes(struct req *rq, int64_t patient_rid, struct visit_note *ret_notes,
                              uint32_t n, uint32_t *ret_n);

/* Whoever receives a patient has found them: by a complete number (id_kind, number; may be empty), or
 * among those they may see. The look is on record.
 * errors  E_NOT_FOUND; E_BAD_INPUT the number */
MUST_USE enum err visit_patient(struct req *rq, struct str patient_id, struct str id_kind,
                                struct str number, struct res_row *ret_row);

/* Records a visit in person by the doctor who acts, from the fields
 *   date       YYYY-MM-DD, not in the future
 *   place      where the patient was seen
 *   problem    "I10 Essential hypertension": begins with an ICD-10 code
 *   diagnosis  in words
 *   plan       what follows
 *   episode    EpisodeOfCare id; empty: the open one of this organisation with the same code, else a new one
 * Writes Encounter, Condition, CarePlan and EpisodeOfCare; the doctor and the clinicians of their
 * organisation see what hangs on the patient from then on. Faults go to ret_problems and nothing is
 * written.
 * errors  E_BAD_INPUT see ret_problems; E_FORBIDDEN; E_NOT_FOUND the episode */
MUST_USE enum err visit_record(struct req *rq, struct tx *tx, const struct res_row *patient,
                               const struct fields *typed, struct problems *ret_problems,
                               struct str *ret_id);
