/* care/icd_import.h - a classification's file becomes the list of diagnoses of the data folder.
 *
 * Read: CSV with a head line (code, title or en/ru/kk/uz, words), FHIR R4 CodeSystem in JSON (concept,
 * nested, with designation), ClaML 2.0 and 3.0 in XML (Class kind="category", Rubric kind="preferred";
 * CEN/TS 14463). Codes of ICD-10 only: a letter, two digits, a point and more. */
#pragma once

#include "base/req.h"

enum { ICD_IMPORT_MAX = 256 << 20 };

/* Reads text and writes the rows of icd10.csv (code,en,ru,kk,uz,words; CRLF) into ret_csv.
 * lang: language of titles that name none.
 * ret_n: rows written.
 * errors  E_SYNTAX  not readable, with the place; E_BAD_INPUT  no code in it; E_TOO_LARGE */
MUST_USE enum err icd_import(struct req *rq, struct str text, enum lang lang, struct str *ret_csv,
                             uint32_t *ret_n);
