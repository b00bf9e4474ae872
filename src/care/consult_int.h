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
/* Extensions of a DocumentReference: the name of its bytes; when and by which term they left. */
#define EXT_SHA S(CARE_URL "/StructureDefinition/sha256")
#define EXT_GONE S(CARE_URL "/StructureDefinition/bytes-removed")
/* The digest of a document's first version: the program wrote that one; whoever may write may name any
 * digest. *ret_has false: it has none, or was erased by order. errors  E_NOT_FOUND */
MUST_USE enum err consult_file_sha(struct req *rq, struct str id, uint8_t ret_sha[32], bool *ret_has);
/* Reads EXT_GONE. */
void consult_gone_read(struct req *rq, struct jv extension, struct case_file *f);
/* A file or a study of images that goes with a message. */
struct case_ref {
    enum fhir_type type; /* T_DOCUMENT_REFERENCE, T_IMAGING_STUDY */
    struct str id;
};
struct put;
/* "payload" of a Communication: the words, when there are any, then the files. */
void put_payload(struct put *p, struct str text, const struct case_ref *files, uint32_t n);
/* Reads a Communication. */
void consult_message_read(struct req *rq, const struct directory *dir, struct str id, struct jv v,
                          struct case_message *ret_message);
/* A Communication on the case. kind: "message", "data-asked". */
MUST_USE enum err consult_say(struct req *rq, struct tx *tx, const struct case_row *row,
                              struct str kind, struct str text, const struct case_ref *files,
                              uint32_t n_files);
/* The uploads that wait under a key become files, at most cap, and medical images studies; what they became.
 * submit: a draft is sent, its studies go along. */
MUST_USE enum err consult_take(struct req *rq, struct tx *tx, const struct case_row *row,
                               const struct patient *patient, struct str key, bool submit,
                               struct case_ref *ret_refs, uint32_t cap, uint32_t *ret_n);
/* Studies of the case that rq->who's uploads were filed into since they last told of them, after the n there
 * are; those uploads end. A draft that is sent has its studies among the refs already. */
MUST_USE enum err consult_filed_take(struct req *rq, struct tx *tx, struct str key,
                                     struct case_ref *ret_refs, uint32_t cap, uint32_t *n);
/* What was put aside, and studies, as files: after the n there are, past the first skip, up to cap. */
MUST_USE enum err consult_asides(struct req *rq, struct str case_id, uint32_t skip,
                                 struct case_file *ret_files, uint32_t cap, uint32_t *n,
                                 uint32_t *ret_total);
MUST_USE enum err consult_studies(struct req *rq, struct str case_id, uint32_t skip,
                                  struct case_file *ret_files, uint32_t cap, uint32_t *n,
                                  uint32_t *ret_total);
/* SHA-256 of the SHA-256 of a study's instances, by series and number: what the conclusion names it by. */
MUST_USE enum err consult_study_hash(struct req *rq, struct str study_uid, uint8_t ret_sha[32]);
/* The patient of a case, without putting a look on record. */
MUST_USE enum err consult_patient(struct req *rq, const struct case_row *row,
                                  struct patient *ret_patient);
