/* care/patient_int.h - what finding and registering patients share. */
#pragma once

#include "care/patient.h"
#include "store/db.h"

/* The digits of a typed identifier. errors E_BAD_INPUT "id: shape", "id: check digit" */
MUST_USE enum err patient_number(struct req *rq, const struct id_kind *kind, struct str typed,
                                 struct str *ret_digits);
/* The newest live patient with an identifier. errors E_NOT_FOUND */
MUST_USE enum err patient_by_number(struct req *rq, const struct id_kind *kind, struct str digits,
                                    struct res_row *ret_row);
