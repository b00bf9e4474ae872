/* fhir/reindex.h - the index made anew from the resources.
 *
 * What the index holds follows from the parameter table, the principal dates of the types and the code
 * that extracts: the generation. The data folder keeps the generation it was indexed under (setting
 * index-generation); a rebuild keeps how far it has come (index-rebuild) in the commits it makes, so
 * that one which is killed goes on where it was. Versions, records and both chains are untouched.
 */
#pragma once

#include "fhir/extract.h"

struct reindex {
    struct store *store;
    /* Called after each commit; false: stop, to be gone on with at another time. NULL: never. */
    size_t step;            /* resources of a commit; 0: as many as is good */
    bool (*go_on)(void *ctx);
    void *ctx;
    bool all;               /* also when the generation is the present one */
    /* set by fhir_reindex */
    bool done;              /* it is whole; false only when go_on said so */
    uint64_t n;             /* resources whose rows were made */
    uint64_t left_out;      /* resources no rows can be made of; they keep what they had */
};

/* Makes the index of every live resource anew when it is of another generation. In the order of their row
 * numbers, some hundreds to a commit, in memory of its own of fixed size. Beside a running server answers
 * stay right meanwhile, except that _text and _content find less until the end after a change of
 * generation.
 *
 * thread   any that may wait; rq->db of r->store
 * errors   E_IO, E_FULL */
MUST_USE enum err fhir_reindex(struct req *rq, struct reindex *r);
/* Says of a folder that holds no resource yet that its index is of this generation, so that what is written
 * before the first server starts is not indexed twice. Of any other it says nothing. */
MUST_USE enum err fhir_index_begin(struct req *rq, struct store *store);
/* Is the index of this program's generation? */
MUST_USE enum err fhir_index_is_current(struct req *rq, bool *ret_current);
/* The part of the generation that is raised by hand. */
unsigned fhir_index_code(void);
