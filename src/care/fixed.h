/* care/fixed.h - what never changes by writing the resource: signed documents, cases of a workflow. For every
 * way resources are written from outside. */
#pragma once

#include "codec/json.h"
#include "fhir/type.h"
#include "store/db.h"

/* The resources that share the id of a case with a row in the worklists change only with it.
 * errors  E_CONFLICT */
MUST_USE enum err fixed_case(struct req *rq, enum fhir_type type, struct str id);
/* True of types a document with a signature consists of. */
bool fixed_can_be_signed(enum fhir_type type);
/* A mark on an image says what the server reckoned: people do not write it as a resource.
 * errors  E_FORBIDDEN  this Observation is one (care/mark.h) */
MUST_USE enum err fixed_mark(struct req *rq, enum fhir_type type, struct jv body);
/* errors  E_FORBIDDEN  old is or carries a signed document (design 9) */
MUST_USE enum err fixed_signed(struct req *rq, enum fhir_type type, const struct res_row *old);
