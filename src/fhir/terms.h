/* fhir/terms.h - codes: what a code system holds, how its codes stand to each other, and which of them
 * a value set means (R4 valueset.html#compositions). One reading of value sets for searches, validation
 * and the operations of terminology.
 *
 * Where an address is looked for: the content; R4 where it has all codes; what is stored here; R4 where it
 * has some. What is found is kept in the library of the request (fhir_library_over()).
 */
#pragma once

#include "fhir/library.h"

#define TERM_NONE UINT32_MAX

enum { TERMS_MAX = 100000, TERM_SETS_DEEP = 8 };

struct term {
    struct str system;
    struct str code;
    struct str display;       /* may be empty */
    struct jv concept;        /* of the resource of its code system; absent: see term_concept() */
    struct jv listed;         /* of the value set that lists it with texts of its own; absent */
    const struct str *titles; /* one for each enum lang; NULL none */
    uint32_t row;             /* of R4's own concepts; 0 none */
    uint32_t up;              /* the one it stands under, in its code system; TERM_NONE */
};

struct term_index {
    uint32_t *slots; /* place + 1, by code */
    uint32_t mask;
};

struct term_system {
    struct str url;
    struct str name;
    struct str version;
    struct jv v;      /* the resource, or what is kept of R4's; absent */
    struct term *v_terms;
    uint32_t n;
    struct term_index index;
    bool complete;    /* all its codes are here */
    bool folded;      /* case does not count */
};

/* A code system; *ret_system NULL when it is not carried here.
 * errors  E_TOO_LARGE */
MUST_USE enum err terms_system(struct req *rq, const struct fhir_library *lib, struct str canonical,
                               const struct term_system **ret_system);
/* One made of a resource. */
MUST_USE enum err terms_system_of(struct req *rq, struct jv resource,
                                  const struct term_system **ret_system);
/* The version of one of R4's; empty when it has none. */
struct str terms_defined_version(struct req *rq, const struct def_system_row *row);
/* NULL when there is no such code. */
const struct term *term_find(const struct term_system *s, struct str code);
/* What the code system says of a concept: definition, designation, property; absent: nothing. */
struct jv term_concept(struct req *rq, const struct term *t);
/* Not for use in data; no longer in use. */
bool term_is_abstract(struct req *rq, const struct term *t);
bool term_is_inactive(struct req *rq, const struct term *t);
/* The text of a term in a language: of its titles and designations, else its own. */
struct str term_display(struct req *rq, const struct term *t, struct str lang);
/* Whether a text is one of those a term has, in any language; case does not count. */
bool term_is_called(struct req *rq, const struct term *t, struct str text);

/* Marks (one byte for each code of s) what is below a code, or above it, itself included: by nesting, and by
 * the properties parent, subsumedBy and child. NULL past the arena's cap. */
uint8_t *terms_branch(struct req *rq, const struct term_system *s, const struct term *from, bool below);
/* A filter of a value set; what properties count: terms_filter.c. */
struct term_filter {
    struct str property;
    struct str op;
    struct str value;
};
/* Marks the codes that meet a filter; *ret_marks NULL when it is one we do not know.
 * errors  E_TOO_LARGE  memory, a pattern that takes too long */
MUST_USE enum err terms_filter(struct req *rq, const struct term_system *s,
                               const struct term_filter *f, uint8_t **ret_marks);

struct term_set;

/* A value set by its address ("SYSTEM?fhir_vs": all of a code system); *ret_set NULL when there is none.
 * errors  E_TOO_LARGE */
MUST_USE enum err terms_set(struct req *rq, const struct fhir_library *lib, struct str canonical,
                            const struct term_set **ret_set);
/* One made of a resource. */
MUST_USE enum err terms_set_of(struct req *rq, const struct fhir_library *lib, struct jv resource,
                               const struct term_set **ret_set);
struct term_set_about {
    struct str url;
    struct str name;
    struct str title;
    struct str version;
    struct str status;
};
struct term_set_about term_set_about(const struct term_set *set);
/* Whether a code is in it. system p NULL: of any. DEF_UNSURE: some of it stands in what is not carried here.
 * ret_term may be NULL; else *ret_term is the term where it is known, or NULL. */
MUST_USE enum err term_set_has(struct req *rq, const struct term_set *set, struct str system,
                               struct str code, enum def_in *ret_in, const struct term **ret_term);

/* Both at once, for validation: DEF_UNSURE when there is no such value set; a failure is told by
 * fhir_library_err(). */
enum def_in fhir_set_has(struct req *rq, const struct fhir_library *lib, struct str canonical,
                         struct str system, struct str code);

/* Why a value set cannot be listed whole. */
enum term_gap {
    GAP_NONE,
    GAP_SYSTEM,  /* a code system that is not carried here, or in part */
    GAP_FILTER,  /* a filter we do not know */
    GAP_SET,     /* a value set that is not kept here */
    GAP_GRAMMAR, /* codes that have a grammar */
    GAP_DEEP,    /* value sets name each other too deep */
};

struct term_list {
    const struct term **v; /* each once, in the order of the value set */
    size_t n;
    size_t size;
    bool partly;           /* a carried code system has more than is here */
    enum term_gap gap;     /* the first reason why there are more than these */
    struct str about;      /* what it is about */
    struct str whole[16];  /* code systems taken whole that are not carried */
    unsigned n_whole;
    bool only_whole;       /* nothing but these is missing */
    struct str used[32];   /* code systems, as "url|version" */
    unsigned n_used;
};
/* errors  E_TOO_LARGE  more than TERMS_MAX */
MUST_USE enum err term_set_list(struct req *rq, const struct term_set *set, struct term_list *ret_list);

/* Versions of code systems that value sets mean, as "url|version" each: used where a value set says none;
 * used whatever it says; refused when another is used. */
struct term_versions {
    struct str usual[8];
    struct str forced[8];
    struct str checked[8];
};
void terms_versions_set(struct req *rq, const struct fhir_library *lib, const struct term_versions *v);
