/* care/patient_account_consent.h - what a patient agrees to or refuses for good, and may change any day.
 *
 * One Consent of each kind hangs on the Patient, a new version with each decision; those taken with a
 * request (consult_ask.c) hang on its case and stay as they were given. */
#pragma once

#include "care/patient.h"

struct tx;

enum consent_kind {
    CONSENT_OBSERVERS, /* observers and students may be present at visits and consilia */
    CONSENT_SHARING,   /* records and images may go to others than those who treat the patient */
    CONSENT_RECORDING, /* meetings may be recorded, when everybody there agrees each time */
    CONSENT_ABROAD,    /* what names them may go to another country, only when given (care/abroad.h) */
    CONSENT_KINDS
};
enum consent_state { CONSENT_UNASKED, CONSENT_GIVEN, CONSENT_REFUSED };

struct consent {
    enum consent_state state;
    struct str id;        /* Consent; empty: none yet */
    uint64_t version;
    struct instant at;
    bool represented;     /* decided by who acts for the patient */
    struct str how;       /* recorded by a clinician: "written", "oral", "unable"; empty: own account */
};
const char *consent_kind_code(enum consent_kind kind); /* "observers" */
/* errors  E_IO */
MUST_USE enum err patient_consent(struct req *rq, int64_t patient_rid, enum consent_kind kind,
                                  struct consent *ret_consent);
enum { CONSENTS_MAX = 20 };
/* All decisions of a kind, the newest first; at most CONSENTS_MAX. */
MUST_USE enum err patient_consent_history(struct req *rq, int64_t patient_rid, enum consent_kind kind,
                                          struct consent *ret_all, uint32_t *ret_n);
/* The patient, or a legal representative, decides; into tx. What goes to another country opens or ends
 * with it.
 * errors  E_FORBIDDEN  nobody with MY_CONSENT; the commit gives E_STALE when another decision came first */
MUST_USE enum err patient_consent_set(struct req *rq, struct tx *tx, int64_t patient_rid,
                                      enum consent_kind kind, bool given);

/* A clinician writes down that the patient agreed; into tx. how: "written", "oral"; "unable": doctors
 * decided for a patient who cannot. The caller saw to it that the patient is theirs.
 * errors  the commit gives E_STALE when another decision came first */
MUST_USE enum err patient_consent_taken(struct req *rq, struct tx *tx, struct str patient,
                                        int64_t patient_rid, enum consent_kind kind, struct str how);

/* For rooms: has the patient refused observers and students? Known by Patient id; no look is recorded.
 * errors  E_NOT_FOUND  no such patient */
MUST_USE enum err patient_observers_refused(struct req *rq, struct str patient, bool *ret_refused);
/* For links to images and other sharing: does a withdrawal stop it? */
MUST_USE enum err patient_sharing_stopped(struct req *rq, int64_t patient_rid, bool *ret_stopped);
