/* care/allergy.h - what is on record of a patient's allergies, for the line on top of every page about the
 * patient: resources an interface wrote, and what was answered in the forms of requests and before visits. */
#pragma once

#include "base/req.h"
#include "base/str.h"

enum allergy_known {
    ALLERGY_NOTHING, /* on record that rq->who may read */
    ALLERGY_NONE,    /* asked, and there is none */
    ALLERGY_YES
};

/* Texts, and bytes of one before its "…". */
enum { ALLERGIES_MAX = 32, ALLERGY_TEXT_MAX = 300 };
struct allergies {
    enum allergy_known known;
    struct str texts[ALLERGIES_MAX]; /* in the words they were written in, newest first, each once */
    uint32_t n;
    bool more; /* more names than fit, or more is on record than was looked at: then no ALLERGY_NONE and no
                * ALLERGY_NOTHING is to be believed */
};

/* Whoever calls has put the look at the patient on record. What hangs on cases is read by their teams alone
 * (care/access.h), each case on record. An allergy named once stays, also when a later answer denies it: that
 * is for a doctor to judge. A text that is longer ends with "…"; looked at are the newest 200 resources of
 * either kind.
 * errors  E_IO, E_TOO_LARGE */
MUST_USE enum err allergy_of_patient(struct req *rq, int64_t patient_rid, struct allergies *ret_a);
