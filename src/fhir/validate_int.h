/* fhir/validate_int.h - what the parts of the validator share; private to the room. */
#pragma once

#include "base/text.h"
#include "fhir/defs.h"
#include "fhir/library.h"
#include "fhir/path.h"
#include "fhir/validate.h"

/* An open object or array. One bit for each child row of the type, from the first. */
enum { SEEN_WORDS = 2, RULE_FUEL = 1000 * 1000, PROFILE_STEPS = 500 * 1000 };

struct frame {
    uint16_t type;               /* def_id of the object, or of the array's items */
    uint16_t resource;           /* frame of the resource this stands in */
    const struct def_elem *elem; /* how we came here; NULL at the root */
    const struct def_type *row;  /* of type */
    struct jv v;                 /* the object or array */
    struct jv next;              /* member or element to look at */
    struct jv sibling;           /* of an array of primitives: _name beside it; of _name: name */
    struct str name;             /* of the element; of the resource type at the root */
    uint64_t seen[SEEN_WORDS];   /* child rows that hold a value or extensions */
    uint64_t valued[SEEN_WORDS]; /* child rows that hold a value */
    uint16_t value_type;         /* of a sibling: the primitive beside it */
    int32_t index;               /* in its array; -1: in none */
    bool is_array;
    bool is_sibling;             /* opened by a _name member: extensions of a primitive */
};

struct walk {
    struct req *rq;
    const struct defs *d;
    const struct fhir_check *check;
    const struct path_prog **progs; /* compiled for this walk when there are no rules */
    struct path_env env;
    struct walk_ids *ids;  /* of the carrier last asked about */
    uint32_t steps;        /* taken for profiles so far */
    bool spent;            /* memory or steps ran out: the verdict is not to be had */
    struct jv root;
    uint16_t element;      /* def_id of Element */
    uint16_t reference;    /* of Reference ... */
    uint16_t narrative;
    uint16_t bundle;
    uint16_t coding;
    uint16_t concept;
    uint16_t quantity;
    uint16_t extension;
    uint16_t attachment;
    uint16_t response;
    uint32_t n;
    struct frame f[FHIR_DEPTH_MAX + 1];
};

/* A walk that stands nowhere yet. */
MUST_USE enum err walk_new(struct req *rq, struct jv root, const struct fhir_check *check,
                           struct walk **ret_walk);
/* A fault at the element the walk stands in, or at its child leaf (n 0: none). */
void walk_fault(struct walk *w, const char *code, const char *text, struct str subject,
                struct str leaf);
/* The path of the innermost open element, of its child leaf. */
struct str walk_path(const struct walk *w, struct str leaf);
/* What may be shown of an input's own words: plain names, "?" for anything else. */
struct str walk_shown(struct str name);
/* The innermost open object that is an element, not an array. */
static inline struct frame *walk_top(struct walk *w)
{
    return &w->f[w->n - 1];
}

/* A primitive that is a code, held to its element's value set. */
void walk_code(struct walk *w, const struct def_elem *e, struct jv v, struct str name);
/* A Coding, CodeableConcept or Quantity that ends, held to its element's value set. */
void walk_concept(struct walk *w, const struct frame *f);
/* A Reference that ends: its form, the types it may name, what is in this resource or Bundle. */
void walk_reference(struct walk *w, const struct frame *f);
/* A Narrative that ends: the markup R4 allows. */
void walk_narrative(struct walk *w, const struct frame *f);
/* A Bundle that ends: full addresses, what entries need by the Bundle's type. */
void walk_bundle(struct walk *w, const struct frame *f);
/* The rules of a frame's type and element; of a primitive element. */
void walk_invariants(struct walk *w, const struct frame *f);
void walk_prim_invariants(struct walk *w, const struct def_elem *e, uint16_t type, struct jv v,
                          struct str name);
struct str walk_rule(struct walk *w, struct str key, struct str human);
/* The resource that carries the contained ones a frame may name. */
const struct frame *walk_container(const struct walk *w, const struct frame *f);
/* Contained resources of a carrier by id, and whether it refers to one. */
struct jv walk_contained_find(struct walk *w, struct jv carrier, struct str id);
bool walk_is_referred(struct walk *w, struct jv carrier, struct str id);
/* What a reference means within the input: contained, or an entry of the outermost Bundle. */
struct jv walk_find(struct walk *w, struct str ref);
/* Holds a node to a profile; path is where it stands. conforms: only whether. */
void walk_profile(struct walk *w, struct jv v, uint16_t type, struct jv resource,
                  struct str canonical, struct str path);
bool walk_conforms(struct walk *w, struct jv v, uint16_t type, struct str canonical);
/* The answer to what a rule asks: see path_ask_fn. ctx: the walk */
int walk_ask(struct req *rq, const struct path_question *q, void *ctx);
/* A resource that ends: the profiles it names; an extension that ends: its definition. */
void walk_profiles(struct walk *w, const struct frame *f);
void walk_extension(struct walk *w, const struct frame *f);
/* A QuestionnaireResponse that ends: its Questionnaire, when that is at hand. */
void walk_form(struct walk *w, const struct frame *f);
/* Whether a string matches a regular expression; true when that cannot be told. */
bool walk_matches(struct walk *w, struct jv text, struct str regex);
/* An Attachment that ends: its size is that of its data. */
void walk_attachment(struct walk *w, const struct frame *f);
/* What FHIR_STRICT asks in addition. */
void walk_strict(struct walk *w, const struct frame *f);
/* A resource that ends: its contained resources are named and referred to. */
void walk_contained(struct walk *w, const struct frame *f);
