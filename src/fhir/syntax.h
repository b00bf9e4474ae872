/* fhir/syntax.h - where in a resource text stops being JSON. */
#pragma once

#include "codec/json.h"

/* The element that was open where json_parse() failed, as a path: "Patient.name[0]". detail is what
 * the failure said ("line L column C: ..."). Empty when it cannot be told. */
struct str fhir_syntax_path(struct req *rq, struct str text, struct str detail);
