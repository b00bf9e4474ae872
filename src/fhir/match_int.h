/* fhir/match_int.h - does a stored resource meet a criterion? Private to the room. */
#pragma once

#include "fhir/search.h"

/* A resource under test; its parts are loaded when first needed. */
struct cand {
    struct hit hit;
    struct res_row head;
    bool has_head;
    const struct tuple *tuples;
    size_t n_tuples;
    bool has_tuples;
    struct json_doc doc;
    bool has_doc;
};

MUST_USE enum err cand_head(struct req *rq, struct cand *k);
MUST_USE enum err cand_tuples(struct req *rq, struct cand *k);
MUST_USE enum err cand_doc(struct req *rq, struct cand *k);
/* By the tuples of the candidate alone. */
MUST_USE enum err cand_tuples_meet(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                                   bool *ret_meets);
/* scope.c: is the candidate, of this type, within the scopes? */
MUST_USE enum err scope_cand(struct req *rq, const struct fhir_scopes *s, unsigned ops,
                             enum fhir_type type, struct cand *k, bool *ret_may);
/* References of the criterion must have their targets (fhir_query_resolve). */
MUST_USE enum err cand_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                             bool *ret_meets);
