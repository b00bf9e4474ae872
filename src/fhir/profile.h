/* fhir/profile.h - a profile as a tree of what it asks of elements; private to the validator.
 *
 * Made from the snapshot, or from the differential alone: what the base asks is checked with the
 * base, so that both say the same. */
#pragma once

#include "codec/json.h"
#include "fhir/defs.h"

enum { PROFILE_ELEMENTS_MAX = 4000 };

struct profile_elem {
    struct str id;    /* "Observation.value[x]:valueQuantity.code" */
    struct str name;  /* of the element: "value" */
    struct str slice; /* "valueQuantity"; n 0: no slice */
    struct jv v;      /* its ElementDefinition; absent when only its children have one */
    uint32_t first;   /* first child, 0 none */
    uint32_t next;    /* next child of the same parent, 0 none */
};

struct profile {
    struct str url;
    struct str base;   /* canonical of what it constrains */
    struct str type;   /* "Observation" */
    struct jv sd;
    struct profile_elem *e; /* e[0] is the root */
    uint32_t n;
    uint32_t size; /* rows allocated */
};

/* Reads a StructureDefinition; what it gives lives in rq->a and borrows sd.
 * errors  E_TOO_LARGE, E_UNPROCESSED without elements */
MUST_USE enum err profile_read(struct req *rq, struct jv sd, struct profile *ret_profile);
/* The child of an element by name, without a slice, or the slice of that name; 0 when there is none. */
uint32_t profile_child(const struct profile *p, uint32_t at, struct str name, struct str slice);
/* fixed[x] and pattern[x] of an element; absent when it has none. */
struct jv profile_value(struct req *rq, struct jv elem, struct str begin);
