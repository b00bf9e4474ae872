/* fhir/query_int.h - one parameter of a search; private to the room. */
#pragma once

#include "fhir/query.h"

/* Reads name=text for a type. *ret_known is false when the type has no such parameter: then ret_c
 * is untouched and nothing failed. */
MUST_USE enum err fhir_criterion_parse(struct req *rq, enum fhir_type type, struct str name,
                                       struct str text, struct fhir_criterion *ret_c,
                                       bool *ret_known);
