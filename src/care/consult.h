/* care/consult.h - the consultation: a request with its form, vitals, diagnosis, consent and files goes
 * out; messages, data and a signed conclusion come back; the asker reports the outcome.
 *
 * Pages collect form fields and call one function here; what is wrong comes back as problems with the
 * field named, and nothing is written. */
#pragma once

#include "care/access.h"
#include "care/draft.h"
#include "care/flow_task.h"
#include "care/patient.h"
#include "care/policy.h"

/* Names of the request's own fields, beside the items of the profile's form:
 *   patient      Patient id
 *   profile      code of content profiles
 *   urgency      emergency, urgent, planned
 *   mode         deferred (default) or real-time
 *   question     what is asked; required
 *   service      HealthcareService id
 *   contact      call-back telephone; required
 *   diagnosis    "I63.9 Cerebral infarction" or words; required
 *   co-diagnosis the same, may repeat
 *   consent      written, oral, unable
 *   consent-note why consent could not be taken; required with unable
 */

/* Looks at everything the request needs: own fields and the profile's form. is_draft: only what is
 * there is checked. errors E_TOO_LARGE; faults go to ret_problems */
MUST_USE enum err consult_check(struct req *rq, const struct fields *typed, bool is_draft,
                                struct problems *ret_problems);

/* What the request owes where it leaves the patient's country: field "cross-border" ("written",
 * "oral", "unable", "no"). For a patient that is rq->who's to see. */
MUST_USE enum err consult_check_abroad(struct req *rq, const struct fields *typed, bool is_draft,
                                       struct problems *ret_problems);

/* Sends a request: into tx go ServiceRequest, Task, QuestionnaireResponse, Condition, Consent,
 * Observations, a DocumentReference per complete upload of the draft, the end of the draft, and what
 * the move "submit" brings. draft_id becomes the case's id.
 * *ret_already: it was sent before (double click): tx holds nothing more, show the case.
 * errors  E_BAD_INPUT  see ret_problems; E_FORBIDDEN  may not ask; E_NOT_FOUND patient
 *         E_CONFLICT   from the commit: sent at the same moment by another click; show the case
 *         E_CONFLICT   uploads are still running (detail "upload") */
MUST_USE enum err consult_submit(struct req *rq, struct tx *tx, struct str draft_id,
                                 const struct fields *typed, struct problems *ret_problems,
                                 bool *ret_already);

/* ---- Files ---- */

/* What is known of a DICOM file: texts as in the file, dates as YYYY-MM-DD. */
struct dicom_facts {
    struct str patient_name, patient_id, birth_date, sex;
    struct str modality, study_date, description;
    struct str study_uid, series_uid, sop_uid;
};
struct case_file {
    struct str id;    /* DocumentReference */
    struct str title; /* file name or the sender's words */
    struct str type;  /* media type by content */
    uint64_t size;
    uint8_t sha[32];  /* name of the blob */
    struct instant at;
    struct str author, author_name; /* Practitioner; on adding empty: who acts */
    struct str kind, encounter; /* on adding: code of document-kind; Encounter it comes from, or empty */
    bool is_dicom;
    struct dicom_facts dicom;
    struct instant gone; /* its bytes left by term then; ms 0: they are there */
    struct str gone_by;  /* which: "kz 2026-11-22 recording.retention" */
    bool mismatch;    /* the DICOM file names another patient than the case's */
    struct str study; /* a study of images: its UID; id is its ImagingStudy, size all its bytes, sha none */
    uint32_t n_images; /* of that study */
    const char *aside; /* msgid: an image put aside, why; id is the aside's. NULL: it is none */
};
/* Adds one stored blob to a case (its bytes are durable already). patient: for the DICOM comparison. */
MUST_USE enum err consult_file_add(struct req *rq, struct tx *tx, const struct case_row *row,
                                   const struct patient *patient, const struct case_file *file,
                                   struct str *ret_id);
/* All complete uploads that wait under a case or draft id become files of the case.
 * errors  E_CONFLICT  one is still running (detail "upload") */
MUST_USE enum err consult_files_take(struct req *rq, struct tx *tx, const struct case_row *row,
                                     const struct patient *patient, uint32_t *ret_n);
/* What somebody of the patients' side sent (uploads under the Patient's id) becomes files of a case, or,
 * row->id empty, of the patient: DocumentReferences that hang on the Patient.
 * errors  E_CONFLICT  one is still running (detail "upload") */
MUST_USE enum err consult_files_own(struct req *rq, struct tx *tx, const struct case_row *row,
                                    const struct patient *patient, uint32_t *ret_n);
/* The files of a case: what was put aside, then files, then its studies of images, each the newest first:
 * at most n after the first `from`. ret_total: how many it has. */
MUST_USE enum err consult_files(struct req *rq, int64_t case_rid, uint32_t from,
                                struct case_file *ret_files, uint32_t n, uint32_t *ret_n,
                                uint32_t *ret_total);
/* One file with the right to it checked and the download on record. ret_row->id is empty when it hangs
 * on the patient.
 * errors  E_NOT_FOUND; E_GONE  its bytes left by term */
MUST_USE enum err consult_file_get(struct req *rq, struct str id, enum audit_action action,
                                   struct case_row *ret_row, struct case_file *ret_file);
/* The bytes of a file leave by term (rq->who IS_CLOCK): its document stays and says when and by which
 * (by, as in struct case_file); one use of the bytes ends, with a record of it (ground). One that was
 * erased is left as it is. errors  E_NOT_FOUND */
MUST_USE enum err consult_file_gone(struct req *rq, struct tx *tx, struct str id, struct str by,
                                    struct str ground);
/* What an upload's meta holds about DICOM: {"dicom":{"patientName":...}}; false when it is none. */
bool dicom_facts_read(struct req *rq, struct str meta, struct dicom_facts *ret_facts);

/* ---- Messages ---- */

enum { MESSAGE_FILES_MAX = 20 }; /* what is beyond goes along with the next one */
struct case_message {
    struct str id;
    struct instant at;
    struct str sender, sender_name;
    struct str text;
    struct str kind;  /* "message", "data-asked", "break-glass"; "patient" from the patient's side,
                       * "to-patient" for it: the only ones the patient sees */
    struct str files[MESSAGE_FILES_MAX]; /* DocumentReference and ImagingStudy ids */
    uint32_t n_files;
};
/* Writes a message with the uploads that wait under upload_key (empty: none); tells the other side.
 * errors  E_BAD_INPUT empty or above 8 000 bytes; E_NOT_FOUND; E_CONFLICT the case is closed
 *         E_LOCKED    see care/consult_pace.h */
MUST_USE enum err consult_message(struct req *rq, struct tx *tx, struct str case_id,
                                  struct str text, struct str upload_key);
/* A message of the patients' side, or (to_patient) an answer to it: read by the patient and those who act
 * for them. At most 20 a minute on a case.
 * errors  as consult_message; E_FORBIDDEN  of the patients' side without MY_TALK */
MUST_USE enum err consult_message_patient(struct req *rq, struct tx *tx, struct str case_id,
                                          struct str text);
MUST_USE enum err consult_messages(struct req *rq, int64_t case_rid,
                                   struct case_message *ret_messages, uint32_t n, uint32_t *ret_n);

/* ---- Moves ---- */

/* Any move of the consultation but submit, answer and correct. give-data and complete take the uploads
 * that wait under the case id and the text as a message; ask-data and return keep their text as one.
 * errors  as care_move */
MUST_USE enum err consult_move(struct req *rq, struct tx *tx, struct str case_id, struct str action,
                               const struct care_move_args *args);

/* ---- The case page ---- */

struct case_view {
    struct case_row row;
    const struct care_flow *flow;
    const struct care_state *state;
    const struct profile *profile;
    const struct urgency *urgency;
    const struct policy *policy;
    const struct policy_terms *terms;
    enum audit_why why;      /* as what the person reads it */
    unsigned actor;          /* ACTOR_ bits in the role acted in */
    struct patient patient;
    struct str question, contact;
    struct str diagnosis;    /* "I63.9 title" */
    struct str co_diagnoses[8];
    uint32_t n_co;
    struct str consent_how, consent_note, consent_version;
    struct fields request;   /* answers of the request form, for form_lines() */
    const struct flow_event *events; /* timeline, oldest first */
    uint32_t n_events;
    const struct care_move *moves[16]; /* buttons of this person */
    uint32_t n_moves;
    struct str asker_name, asker_org_name, centre_name, service_name, answer_org_name,
        consultant_name;
    struct str allergies;    /* shown text of the form's allergies, empty when none were asked */
    struct str service_request, task; /* JSON as stored, for the signed document */
};
/* Loads all of it with one look put on record.
 * errors  E_NOT_FOUND */
MUST_USE enum err consult_view(struct req *rq, struct str case_id, struct case_view *ret_view);

/* Short number for telephone: the first 8 characters of the id in upper case. */
struct str case_number(struct arena *a, struct str case_id);

/* ---- Worklists ---- */

enum worklist {
    WORK_DESK,           /* coordinator: all open cases of the centre, worst clock first */
    WORK_SERVICE,        /* consultant: open cases of one service */
    WORK_CONSULTANT,     /* consultant: own open cases */
    WORK_ASKER,          /* asker: own open cases */
    WORK_ASKER_ORG,      /* asker: open cases of the organisation */
    WORK_CONSULTANT_ENDED, WORK_ASKER_ENDED, WORK_ASKER_ORG_ENDED
};
/* A row for a table: with the patient's name, which is read by the person who may see the list.
 * The look is put on record once, with the number of rows. */
struct worklist_row {
    struct case_row row;
    struct str patient_name, patient_birth, patient_sex;
    int age_years;
    struct str question;  /* first 300 bytes */
    struct str service_name, asker_org_name, consultant_name;
    const struct care_state *state;
};
/* owner: organisation, service or person id; the person must hold a role there.
 * older_ms: of ended ones, before which; 0: from the newest; gives where the older ones begin, 0: there
 * are none. NULL for open ones.
 * errors  E_FORBIDDEN */
MUST_USE enum err consult_worklist(struct req *rq, enum worklist list, struct str owner,
                                   int64_t *older_ms, struct worklist_row *ret_rows, uint32_t n,
                                   uint32_t *ret_n);
