/* care/upload_facts.h - what a received file says of itself, kept with it as JSON:
 *
 *   {"note": "msgid"}   something about it the sender should know
 *   {"dicom": {"patientName": "", "patientId": "", "birthDate": "", "sex": "", "modality": "",
 *              "studyDate": "", "description": "", "studyUid": "", "seriesUid": "", "sopUid": ""}}
 *   {"unscanned": "yes"}  the virus scanner could not look at it, and it was let through
 *   {"refused": "msgid", "virus": "name"}  why it was refused; what was found in it */
#pragma once

#include "care/consult.h"
#include "care/filetype.h"

/* The JSON for a taken file at path, into rq->a. A medical image that cannot be read is taken all
 * the same, with a note: the consultant's viewer may know more.
 * errors  E_IO, E_TOO_LARGE */
MUST_USE enum err upload_facts(struct req *rq, const char *path, const struct file_finding *f,
                               bool unscanned, struct str *ret_json);

/* Whether a medical image is of somebody else than the patient: it carries a national number the
 * patient does not have; or, without one, another birth date; or a name of which no word is theirs. */
bool dicom_is_other_patient(struct req *rq, const struct dicom_facts *d, const struct patient *p);
