/* fhir/search_int.h - parts of running a search; private to the room. */
#pragma once

#include "fhir/match_int.h"
#include "fhir/source_int.h"

enum { SEEN_ANCHORS = 64 };

/* Answers "may the caller see this anchor" and remembers the last answers. */
struct gate {
    const struct fhir_access *acc;
    int64_t anchor[SEEN_ANCHORS];
    bool may[SEEN_ANCHORS];
    unsigned n;
    unsigned at;
};

/* What a search counts as for the scopes. */
static inline unsigned access_ops(const struct fhir_access *acc)
{
    return acc->ops != 0 ? acc->ops : OP_SEARCH;
}
MUST_USE enum err gate_may(struct req *rq, struct gate *g, int64_t anchor, bool *ret_may);

struct finder {
    struct req *rq;
    const struct fhir_query *q;
    struct gate gate;
    enum list_order order;
    bool natural;     /* order of (at, rid): walks can stop early */
    bool resume;      /* a cursor was given */
    struct hit after; /* natural: the last one given; else rid and its ordinal in at */
    struct hit *found; /* matches of this page, then one more when there is a next page */
    size_t n_found;
    size_t want;      /* hits to find: count + 1 */
    uint64_t scanned; /* candidates looked at */
    bool cut;         /* the scan limit ended the search */
    struct hit last;  /* last candidate looked at */
    uint64_t total;   /* matches counted */
    bool counting;    /* count all of them */
    uint32_t ordinal; /* sorted searches: place of found[0] */
};

/* Fills in the targets of references and resolves chains; *ret_nothing when no resource can
 * match. */
MUST_USE enum err fhir_query_resolve(struct req *rq, const struct fhir_query *q,
                                     const struct fhir_access *acc, bool *ret_nothing);
/* Does a candidate meet all criteria but skip, and may the caller see it? */
MUST_USE enum err finder_test(struct finder *f, struct hit *hit, const struct fhir_criterion *skip,
                              bool real_at, bool *ret_meets);
/* Finds f->found in any order asked for. */
MUST_USE enum err finder_run(struct finder *f);
/* The hits of a set, sorted by the query's sort keys, in place. */
MUST_USE enum err finder_sort(struct finder *f, struct hit *hits, size_t n);
