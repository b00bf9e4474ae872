/* fhir/issue.h - the list of what is wrong with an input: one OperationOutcome holds many.
 *
 * The list hangs on the request (rq->issues), so that whoever answers finds it.
 */
#pragma once

#include "codec/json.h"

enum fhir_severity { ISSUE_ERROR, ISSUE_WARNING, ISSUE_INFORMATION };

enum { FHIR_ISSUES_MAX = 50 }; /* later ones are counted, not kept */

struct fhir_issue {
    enum fhir_severity severity;
    const char *code;      /* R4 ValueSet issue-type: "structure", "required", "value" ... */
    const char *text;      /* English msgid: what is wrong */
    struct str subject;    /* element name, code or parameter it is about; may be empty */
    struct str expression; /* element path, "Patient.name[0].given"; may be empty */
};

struct fhir_issues {
    struct fhir_issue items[FHIR_ISSUES_MAX];
    uint32_t n;        /* kept */
    uint32_t n_errors; /* errors found in all */
    uint32_t n_more;   /* found and not kept */
};

/* The request's list, made on first use. NULL past the arena's cap. */
struct fhir_issues *fhir_issues(struct req *rq);
/* Adds one. borrows all texts: they live in rq->a or for ever. Past the caps it only counts. */
void fhir_issue_add(struct req *rq, enum fhir_severity severity, const char *code,
                    const char *text, struct str subject, struct str expression);
uint32_t fhir_issue_errors(const struct req *rq);
/* Forgets the list, for the next entry of a batch. */
void fhir_issues_clear(struct req *rq);

/* Writes an OperationOutcome: the collected issues, or, when there are none and code is not OK,
 * one issue made of code and rq->err.detail. Texts are in the language of rq. */
void fhir_outcome_write(struct req *rq, enum err code, struct json_out *o);
