/* fhir/validate_profile_int.h - holding nodes to profiles; private to validate_profile*.c.
 *
 * Recursion follows the tree of a profile and the profiles it names, never the depth of an input
 * alone: PROFILE_DEEP bounds it. */
#pragma once

#include "fhir/library.h"
#include "fhir/profile.h"
#include "fhir/terms.h"
#include "fhir/validate_int.h"

enum { PROFILE_DEEP = 60, NODES_MAX = 4000, PROFILES_MAX = 32 };

/* A value as it stands in a resource. */
struct node {
    struct jv v;        /* absent: a primitive with extensions only */
    struct jv sib;      /* the extensions beside a primitive */
    struct jv resource; /* the resource it stands in; of a whole resource the one around it */
    struct str stem;    /* its element's name, in paths */
    uint16_t type;      /* def_id */
    int32_t index;      /* in its array, -1 none */
    bool choice;        /* reached by a choice: its type shows in paths */
};

/* Where a node stands: the path is written when a fault is found. */
struct place {
    const struct place *up;
    struct str name; /* of the outermost: the whole path so far */
    uint16_t of_type; /* def_id, of a choice; else 0 */
    int32_t index;
};

struct held {
    struct walk *w;
    struct req *rq;
    const struct defs *d;
    const struct fhir_library *lib;
    struct jv root;     /* the outermost resource: references are looked up there */
    struct jv container; /* carries what "#id" may name */
    unsigned mute;      /* above 0: faults are counted only */
    unsigned faults;
    unsigned deep;
};

struct nodes {
    struct node *v;
    uint32_t n;
};

/* What a look that tells nothing may give back: its memory, and what points into it. */
struct held_mark {
    struct arena_mark mark;
    struct path_item *stack;
    uint32_t stack_size;
    struct walk_ids *ids;
    struct fhir_memo *memo;
};
struct held_mark held_mark_take(const struct walk *w);
void held_mark_back(struct walk *w, struct held_mark m);

void held_fault(struct held *h, const struct place *at, const char *code, const char *text,
                struct str subject);
/* Holds a node to a profile and its bases; unknown profiles are passed over. */
void held_profile(struct held *h, const struct node *node, struct str canonical,
                  const struct place *at);
/* Holds a node to one element of a profile, with all below. */
void held_elem(struct held *h, const struct profile *p, uint32_t at, const struct node *node,
               const struct place *place);
/* Whether it would be held without a fault. */
bool held_fits(struct held *h, const struct profile *p, uint32_t at, const struct node *node);
bool held_fits_profile(struct held *h, const struct node *node, struct str canonical);
struct place place_of(const struct place *up, const struct node *item);
/* The children of a node by name ("valueQuantity" too), in order. */
MUST_USE bool nodes_of(struct held *h, const struct node *node, struct str name, struct nodes *ret);
/* What a reference points to within the input; absent when it cannot be had. */
struct node node_resolve(struct held *h, const struct node *reference);
struct str type_name(const struct held *h, uint16_t type);

/* The invariants of a profile's element. */
void walk_constraints(struct walk *w, struct jv elem, const struct node *node,
                      const struct place *at, struct held *h);
/* The values of a node: types, fixed, pattern, ends, lengths, codes. */
void held_value(struct held *h, const struct profile_elem *e, const struct node *node,
                const struct place *at);
/* Holds the children of one name to its element at and to its slices. */
void held_slices(struct held *h, const struct profile *p, uint32_t parent, struct str name,
                 const struct node *node, const struct nodes *items, const struct place *at);
/* Whether a node is in a slice of a profile's element parent; *ret_known false: that cannot be told. */
bool held_in_slice(struct held *h, const struct profile *p, uint32_t parent, uint32_t slice,
                   const struct node *node, bool *ret_known);
/* Deep comparison: numbers by value; loose: b may hold more than a. */
bool json_alike(struct req *rq, struct jv a, struct jv b, bool loose);
/* Order of two values of one kind, dates by where they begin: -1, 0, 1; 2 when they do not compare. */
int json_order(struct req *rq, struct jv a, struct jv b);
/* Of two Quantities, in the second's unit. */
int json_quantity_order(struct req *rq, struct jv a, struct jv b);
/* Characters of a text. */
size_t letters_of(struct str s);
