/* fhir/validate.h - holds a resource to the element table. */
#pragma once

#include "fhir/element.h"
#include "fhir/issue.h"

enum { FHIR_DEPTH_MAX = 64 };

/* Checks v against its type: elements known, of the right kind, often enough and not too often,
 * primitive formats, required codes, form and target type of references, choices, contained
 * resources and resources in bundles of types in type.def.
 * Faults are collected as issues (rq->issues), each with its element path.
 *
 * errors   E_UNPROCESSED  at least one fault of severity error; E_TOO_LARGE
 * limits   FHIR_ISSUES_MAX issues kept; FHIR_DEPTH_MAX levels
 */
MUST_USE enum err fhir_validate(struct req *rq, struct jv v, enum fhir_type type);
