/* fhir/validate.h - holds a resource to the definitions of R4. */
#pragma once

#include "codec/json.h"
#include "fhir/issue.h"
#include "fhir/type.h"

enum { FHIR_DEPTH_MAX = 64 };

/* Checks v against its type: elements known, of the right kind, often enough and not too often,
 * primitive formats, required codes, form and target type of references, choices, contained
 * resources, narrative, and what Bundles ask of their entries. Faults are collected as issues
 * (rq->issues), each with its place: for what is missing or unknown the element that should, or
 * may not, hold it.
 *
 * errors   E_UNPROCESSED  at least one fault of severity error; E_TOO_LARGE
 * limits   FHIR_ISSUES_MAX issues kept; FHIR_DEPTH_MAX levels
 */
MUST_USE enum err fhir_validate(struct req *rq, struct jv v, enum fhir_type type);
