/* care/verify_int.h - what checks of downloaded documents share. */
#pragma once

#include "care/verify.h"
#include "codec/json.h"

/* NULL: not JSON. */
struct json_doc *verify_json(struct req *rq, struct str bytes);
/* The CMS itself: as it is, or out of a Provenance. errors E_SYNTAX */
MUST_USE enum err verify_cms(struct req *rq, struct str file, struct str *ret_cms);
/* The resource a reference "Type/id" names inside the Bundle; absent when it is not there. */
struct jv verify_resolve(struct req *rq, struct jv bundle, struct str type, struct jv reference);
/* Whether the bytes are a whole document: lines of r. */
void verify_structure(struct req *rq, struct jv bundle, struct verify_report *r);
/* A name of a certificate, which may be cut, and the name of the document. */
bool verify_name_fits(struct str cert, struct str document);
/* One answer of the report; fmt: what is wrong, written when it is not ok. */
PRINTF_LIKE(4, 5)
void verify_line(struct verify_report *r, const char *what, bool ok, const char *fmt, ...);
/* Of a signature of another maker: a number of its certificate is one by which the document knows this
 * person; only: the document names one author. */
void verify_number_check(struct req *rq, struct jv doc, struct str person, bool only,
                         struct verify_report *r);
/* Whether it was signed within a day of the document's date. */
void verify_time_check(struct req *rq, struct jv date, struct verify_report *r);
/* The opinion of a member of a consilium (R4 ClinicalImpression): lines of r. */
void verify_opinion(struct req *rq, struct jv opinion, struct verify_report *r);
