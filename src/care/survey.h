/* care/survey.h - a doctor asks a patient to fill in a questionnaire; the patient, or who acts for them,
 * answers on their own pages; the doctor reads the answers first thing in the visit.
 *
 * The asking is a Task on the patient (code "survey" of the workflows; input: the Questionnaire; focus: the
 * Appointment it is for), the answer a QuestionnaireResponse on the patient, based on that Task. Which forms
 * may be asked for: every Questionnaire of the content whose id begins with "patient-". */
#pragma once

#include "care/flow.h"
#include "care/form.h"
#include "store/audit.h"

struct res_row;
struct tx;

extern const struct care_flow care_survey;

enum survey_state { SURVEY_NEW, SURVEY_ASKED, SURVEY_ANSWERED, SURVEY_WITHDRAWN };

enum { SURVEYS_MAX = 50 };

struct survey {
    struct str id;          /* Task */
    uint64_t version;
    enum survey_state state;
    struct str patient;     /* id */
    int64_t patient_rid;
    const struct form *form;  /* NULL: the content does not have it any more */
    struct str title;       /* of the form, in the reader's language */
    struct str by, by_name; /* Practitioner who asked */
    struct str visit;       /* Appointment it is for; may be empty */
    struct instant asked;
    struct instant until;   /* first moment after the last day; ms 0: no end */
    struct instant answered; /* ms 0: not yet */
    struct str response;    /* QuestionnaireResponse; empty: none */
};
/* Asked, and its time is over: nothing can be answered any more. */
bool survey_is_over(const struct survey *s, struct instant now);

/* The i-th form that may be asked for; NULL past the end. */
const struct form *survey_form_at(const struct content *c, uint32_t i);

/* Asks the patient of row (whom the caller has looked up and put on record) to fill in form until the end
 * of the day until (YYYY-MM-DD; empty: no end). visit: Appointment, may be empty. Everybody who may answer is
 * told without content.
 * errors  E_FORBIDDEN; E_BAD_INPUT "form", "until"; E_CONFLICT the same form is asked for already */
MUST_USE enum err survey_ask(struct req *rq, struct tx *tx, const struct res_row *patient,
                             struct str form, struct str until, struct str visit,
                             struct str *ret_id);
/* The doctor who asked takes it back. errors  E_FORBIDDEN, E_CONFLICT; E_STALE from the commit */
MUST_USE enum err survey_withdraw(struct req *rq, struct tx *tx, const struct survey *s);
/* Faults go to ret_problems and nothing is written.
 * errors  E_FORBIDDEN not among what was allowed (MY_SEND)
 *         E_CONFLICT  answered, withdrawn or over; E_STALE the same from the commit
 *         E_BAD_INPUT see ret_problems */
MUST_USE enum err survey_answer(struct req *rq, struct tx *tx, const struct survey *s,
                                const struct fields *typed, struct problems *ret_problems);

/* One of a patient rq->who sees; the look (or the refusal) is put on record.
 * errors  E_NOT_FOUND  none, or not theirs: not told apart */
MUST_USE enum err survey_find(struct req *rq, struct str id, enum audit_action action,
                              struct survey *ret_survey);
/* Of a patient, newest first, at most n. Whoever calls has asked for the patient: nothing is put on
 * record. */
MUST_USE enum err survey_list(struct req *rq, int64_t patient_rid, struct survey *ret_surveys,
                              uint32_t n, uint32_t *ret_n);
/* What was answered, as fields of the form. errors  E_NOT_FOUND  no answer yet */
MUST_USE enum err survey_answers(struct req *rq, const struct survey *s, struct fields *ret_fields,
                                 struct str *ret_author);
/* The Task a QuestionnaireResponse answers; p NULL: none. */
struct str survey_of(struct req *rq, struct jv response);
