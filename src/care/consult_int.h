/* care/consult_int.h - what the parts of the consultation share. */
#pragma once

#include "care/care.h"
#include "care/consult.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/notice.h"
#include "care/put.h"
#include "store/blob.h"

/* The code an ICD-10 diagnosis as typed begins with ("I63.9 Cerebral infarction"); empty: words only. */
struct str consult_icd(struct str typed);
/* An Observation per measured value of a form; systolic and diastolic become one. */
MUST_USE enum err consult_observations(struct req *rq, struct tx *tx, const struct form *f,
                                       const struct fields *typed, const struct case_row *row);
/* A Communication on the case. kind: "message", "data-asked"; files: DocumentReference ids. */
MUST_USE enum err consult_say(struct req *rq, struct tx *tx, const struct case_row *row,
                              struct str kind, struct str text, const struct str *files,
                              uint32_t n_files);
/* The uploads that wait under a key become files; their ids. */
MUST_USE enum err consult_take(struct req *rq, struct tx *tx, const struct case_row *row,
                               const struct patient *patient, struct str key, struct str *ret_ids,
                               uint32_t cap, uint32_t *ret_n);
/* The patient of a case, without putting a look on record. */
MUST_USE enum err consult_patient(struct req *rq, const struct case_row *row,
                                  struct patient *ret_patient);
