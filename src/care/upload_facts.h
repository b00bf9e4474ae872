/* care/upload_facts.h - what a received file says of itself, kept with it as JSON:
 *
 *   {"note": "msgid"}   something about it the sender should know
 *   {"dicom": {"patient": "name", "id": "", "birth": "", "sex": "", "modality": "", "date": "",
 *              "study": "uid", "series": "uid", "instance": "uid", "description": "", "body": ""}}
 *   {"refused": "msgid"}  why it was refused */
#pragma once

#include "care/filetype.h"

/* The JSON for a taken file at path, into rq->a. A medical image that cannot be read is taken all
 * the same, with a note: the consultant's viewer may know more.
 * errors  E_IO, E_TOO_LARGE */
MUST_USE enum err upload_facts(struct req *rq, const char *path, const struct file_finding *f,
                               struct str *ret_json);

/* What of a medical image does not fit the patient of the case. */
enum { DICOM_OTHER_ID = 1 << 0, DICOM_OTHER_NAME = 1 << 1, DICOM_OTHER_BIRTH = 1 << 2 };
/* Compares the facts with the Patient resource: an identifier or birth date that both have and that
 * differ, or a family name of which no part is the patient's. 0: nothing speaks against it, or the
 * file is no medical image.
 * errors  E_TOO_LARGE */
MUST_USE enum err upload_mismatch(struct req *rq, struct str facts_json, struct str patient_json,
                                  unsigned *ret_bits);
