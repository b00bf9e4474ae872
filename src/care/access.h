/* care/access.h - who may see a case and a patient.
 *
 * Access follows the case: its team (who asked, the coordinators of each centre on its route, the
 * service and the consultant asked, the heads of these) reads it for good; nobody else does, except
 * by breaking the glass with a reason (care/glass.h), which is on record and reviewed. Whoever is in the
 * team of a case sees the patient of it; whoever registered a patient, and the clinicians of the
 * same organisation, see the patient. Every look is put on rq->audit. */
#pragma once

#include "care/case_row.h"
#include "care/flow.h"
#include "care/who.h"

/* Why rq->who may see the case: WHY_NOT_TEAM when they may not. Nothing is put on record. */
MUST_USE enum err access_why(struct req *rq, const struct case_row *row, enum audit_why *ret_why);
/* Loads the case and puts the look (or the refusal) on rq->audit as action.
 * errors  E_NOT_FOUND  no such case, or not theirs: not told apart */
MUST_USE enum err access_case(struct req *rq, struct str case_id, enum audit_action action,
                              struct case_row *ret_row);
/* The same for a patient: read through a team of the patient itself or of one of the patient's cases. */
MUST_USE enum err access_patient(struct req *rq, struct str patient_id, enum audit_action action,
                                 struct res_row *ret_patient);
/* Cases of a patient this person may see, newest first; others are neither given nor counted. */
MUST_USE enum err access_cases_of_patient(struct req *rq, int64_t patient_rid,
                                          struct case_row *ret_rows, uint32_t n, uint32_t *ret_n);

/* What hangs on a patient or on the cases of that patient, read one after the other on a page whose
 * look at the patient is on record: what hangs on the patient is read, what hangs on a case by its
 * team alone, and the first look at each case is put on record. */
enum { ACCESS_ANCHORS_MAX = 64 };
struct access_anchors {
    int64_t patient_rid;
    struct str detail;                   /* of the record: what for */
    int64_t seen[ACCESS_ANCHORS_MAX];    /* cases put on record */
    uint32_t n;
};
MUST_USE enum err access_anchor(struct req *rq, struct access_anchors *a, int64_t anchor, bool *ret_may);

/* When the opening of a case by a person with a reason ends; 0: there is none. (care/glass.c) */
MUST_USE enum err access_glass_until(struct req *rq, struct str case_id, struct str person,
                                     struct instant *ret_until);

/* What rq->who, in the role they act in, is to the case: ACTOR_ bits of care/flow.h. */
unsigned access_actor(const struct req *rq, const struct case_row *row);
