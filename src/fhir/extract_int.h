/* fhir/extract_int.h - what the two ways to a resource's tuples share: one parameter by its walks, and all
 * of a type in one pass. Private to the room. */
#pragma once

#include "fhir/extract.h"

struct fhir_pick {
    struct req *rq;
    const struct fhir_param *p;
    struct fhir_tuples *t;
};

/* The tuples of one value (a fhir_value_fn with a struct fhir_pick). */
MUST_USE enum err fhir_pick_value(struct jv v, void *pick);
/* One token without system. */
MUST_USE enum err fhir_pick_true(struct fhir_pick *k);
/* Whether an element meets a walk's filter: [name=value], [>Type]. Not of [#n]. */
bool fhir_filter_holds(struct jv v, struct str filter);
/* Adds the tuples of all walks of the type. */
MUST_USE enum err fhir_extract_tree(struct req *rq, struct jv root, enum fhir_type type,
                                    struct fhir_tuples *ret_tuples);
