/* fhir/compartment.h - compartments (R4 compartmentdefinition.html): what belongs to one patient,
 * encounter, practitioner, related person or device. Private to the room. */
#pragma once

#include "fhir/query_int.h"

/* May resources of the type belong to a compartment of this kind? */
bool compartment_has(enum fhir_type compartment, enum fhir_type type);
/* Adds to q the criterion that its resources belong to the compartment. */
MUST_USE enum err compartment_criterion(struct req *rq, const struct fhir_compartment *in,
                                        struct fhir_query *q);
