/* fhir/nest.h - going through values that hold more of their kind: concepts of a code system, codes of an
 * expansion, items of an answered form. Each comes before those within it.
 *
 * No recursion, and no limit but that of the document: a level is a list in an object, so NEST_DEEP levels
 * are all that can be parsed. */
#pragma once

#include "codec/json.h"

enum { NEST_DEEP = JSON_MAX_DEPTH / 2 };

struct nest {
    struct jv at[NEST_DEEP];
    unsigned depth; /* of the value at hand; 0 in the outermost list */
};

/* for (nest_begin(&n, list); json_has(nest_at(&n)); nest_next(&n, json_get(nest_at(&n), name))) */
static inline void nest_begin(struct nest *n, struct jv list)
{
    n->depth = 0;
    n->at[0] = json_first(list);
}

/* The value at hand; absent at the end. */
static inline struct jv nest_at(const struct nest *n)
{
    return n->at[n->depth];
}

/* Goes on to the first of within, a list in the value at hand; where that is absent or empty, to what comes
 * after the value at hand or after those around it. */
static inline void nest_next(struct nest *n, struct jv within)
{
    struct jv v = json_first(within);
    if (json_has(v)) {
        ASSERT(n->depth + 1 < NEST_DEEP);
        n->at[++n->depth] = v;
        return;
    }
    v = json_next(n->at[n->depth]);
    while (!json_has(v) && n->depth > 0) {
        v = json_next(n->at[--n->depth]);
    }
    n->at[n->depth] = v;
}
