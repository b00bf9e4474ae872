/* fhir/defs.h - the definitions of FHIR R4 (4.0.1): types, elements, choices, bindings, invariants,
 * search parameters, compartments.
 *
 * They are compiled at build time (defs_compile.h) from a pinned package and our overlay
 * (definitions/) into one read-only block inside the program. Rows hold offsets, never pointers;
 * nothing is done at start-up. All lookups by name are one hash probe or a few.
 *
 * A type is anything with a name in a path: a resource, a data type, a primitive, an element with
 * children of its own ("Patient.contact"), a type of FHIRPath ("System.String"). It is known by its
 * number (def_id, uint16_t; 0 is none), which holds for one build of the program and is never stored.
 */
#pragma once

#include "fhir/prim.h"
#include "fhir/type.h"

struct defs;

enum def_kind {
    DEF_NO_KIND,
    DEF_SYSTEM,    /* System.Boolean ...: what FHIRPath computes with */
    DEF_PRIMITIVE, /* boolean, string, code ... */
    DEF_COMPLEX,   /* HumanName, Quantity ... */
    DEF_BACKBONE,  /* children of an element: Patient.contact, Timing.repeat */
    DEF_RESOURCE,
    DEF_ABSTRACT,  /* Element, BackboneElement, Resource, DomainResource */
};

/* The types of FHIRPath have these numbers in every build. */
enum def_system {
    DEF_SYS_NONE,
    DEF_SYS_BOOLEAN,
    DEF_SYS_STRING,
    DEF_SYS_INTEGER,
    DEF_SYS_DECIMAL,
    DEF_SYS_DATE,
    DEF_SYS_DATE_TIME,
    DEF_SYS_TIME,
    DEF_SYS_QUANTITY,
    DEF_SYS_COUNT,
};

enum { DEF_MANY = 0xffff }; /* max "*" */

/* Numbers of the two invariants that every element and every extension has. */
enum { DEF_INV_ELE_1, DEF_INV_EXT_1 };

enum {
    DEF_CHOICE = 1 << 0,      /* value[x] */
    DEF_OPEN = 1 << 1,        /* a choice of any data type */
    DEF_CONTENT_REF = 1 << 2, /* has the children of an element above it */
    DEF_MODIFIER = 1 << 3,
    DEF_SUMMARY = 1 << 4,
    DEF_ARRAY = 1 << 5,       /* written as an array in JSON: its base allows more than one */
    DEF_PRIM_VALUE = 1 << 6,  /* the value of a primitive: no member in JSON */
    DEF_INNER = 1 << 7,       /* holds a whole resource: contained, entry.resource ... */
};

enum def_strength { DEF_NO_BINDING, DEF_REQUIRED, DEF_EXTENSIBLE, DEF_PREFERRED, DEF_EXAMPLE };

struct def_type {
    uint32_t name;       /* "Patient", "Patient.contact", "HumanName", "System.String" */
    uint32_t url;        /* canonical of its StructureDefinition; of a backbone, its resource's */
    uint32_t first_elem; /* first of its rows in the element table */
    uint32_t first_inv;  /* its own invariants and those of its base: see def_type_inv */
    uint16_t n_elem;     /* children, inherited ones included, in the order of the snapshot */
    uint16_t n_inv;
    uint16_t base;       /* def_id of what it specialises: DomainResource, string for code, Quantity
                          * for Age; of a backbone Element or BackboneElement; 0 none */
    uint16_t fhir_type;  /* enum fhir_type of a resource type, else 0 */
    uint8_t kind;        /* enum def_kind */
    uint8_t prim;        /* enum fhir_prim of a primitive, else PRIM_NONE */
    uint16_t system;     /* enum def_system a primitive's value has, and of Quantity; else 0 */
};

struct def_elem {
    uint32_t name;       /* stem: "value" of value[x] */
    uint32_t path;       /* "Observation.value[x]" */
    uint32_t first_type; /* see def_elem_type */
    uint32_t first_target; /* see def_elem_target */
    uint32_t first_inv;  /* invariants the element adds to those of its type; see def_elem_inv */
    uint16_t n_type;     /* 1 unless a choice */
    uint16_t n_target;   /* types a reference (or canonical) may point to; 0: any */
    uint16_t n_inv;
    uint16_t min;
    uint16_t max;        /* DEF_MANY: no end */
    uint16_t flags;      /* DEF_CHOICE ... */
    uint16_t binding;    /* row of the value set table, 0 none */
    uint16_t owner;      /* def_id of the type it is a child of */
    uint8_t strength;    /* enum def_strength */
    uint8_t spare[3];
};

/* What people read of an element, and what no check needs: JSON texts of the definition's members, quotes
 * and all; empty where it has none. */
struct def_about {
    uint32_t brief;      /* short */
    uint32_t definition;
    uint32_t comment;
    uint32_t type;       /* empty also where the overlay changed it: the element's row says it */
    uint32_t binding;
    uint32_t more;       /* the other members as they stand in an object; without mapping and constraint */
    uint32_t base_path;  /* plain text: where the element was first defined */
    uint16_t base_min;
    uint16_t base_max;   /* DEF_MANY: no end */
};

struct def_invariant {
    uint32_t key;     /* "dom-2" */
    uint32_t human;   /* English, for people */
    uint32_t expr;    /* FHIRPath */
    uint8_t severity; /* 0 error, 1 warning */
    uint8_t spare[3];
};

enum def_param_kind {
    DEF_SP_NUMBER,
    DEF_SP_DATE,
    DEF_SP_STRING,
    DEF_SP_TOKEN,
    DEF_SP_REFERENCE,
    DEF_SP_COMPOSITE,
    DEF_SP_QUANTITY,
    DEF_SP_URI,
    DEF_SP_SPECIAL,
};

struct def_param {
    uint32_t name;         /* "birthdate" */
    uint32_t url;
    uint32_t expr;         /* FHIRPath, the parts for this type only; empty for _text, _content, _query */
    uint32_t first_target; /* see def_param_target */
    uint32_t first_comp;   /* see def_param_comp */
    uint16_t fhir_type;    /* T_NONE: every type has it */
    uint16_t sp;           /* number in index rows, see def_param_sp */
    uint16_t n_target;     /* types a reference may name; 0: any */
    uint16_t n_comp;       /* parts of a composite */
    uint16_t row;          /* its own number in the table */
    uint8_t kind;          /* enum def_param_kind */
    uint8_t spare;
};

/* One part of a composite parameter: expr is evaluated on each item of the composite's own. */
struct def_comp {
    uint32_t expr;
    uint16_t param; /* row of the parameter it is like: kind and targets; 0xffff none */
    uint16_t spare;
};

/* How the codes of a value set are known. */
enum def_set_kind {
    DEF_SET_LISTED,   /* all of them are listed */
    DEF_SET_PARTLY,   /* some stand in systems we do not have: the listed ones are in it */
    DEF_SET_MIME,     /* BCP 13: type/subtype */
    DEF_SET_LANGUAGE, /* BCP 47 */
    DEF_SET_UCUM,     /* codec/ucum.h */
};

enum def_in { DEF_OUT, DEF_IN, DEF_UNSURE };

struct def_set {
    uint32_t url;       /* without version */
    uint32_t name;
    uint32_t first;     /* of its n codes in the list of codes */
    uint32_t n;
    uint32_t first_slot; /* of its hash */
    uint32_t n_slot;     /* a power of two; 0: no codes */
    uint32_t first_open; /* of a set known partly: rows of the systems its other codes are of */
    uint16_t n_open;     /* DEF_MANY: of any system */
    uint8_t kind;        /* enum def_set_kind */
    uint8_t spare;
};

struct def_concept {
    uint32_t code;
    uint32_t display; /* English; may be empty */
    uint32_t more;    /* JSON of its definition, designation, property; empty when it has none */
    uint16_t system;  /* row of its code system */
    uint16_t parent;  /* row of the concept above it; 0 none */
};

struct def_system_row {
    uint32_t url;
    uint32_t name;
    uint32_t more;   /* JSON of its version, title, filter, property; may be empty */
    uint32_t first;  /* concept row; those of a system are in one run */
    uint32_t n;
    uint8_t complete; /* 1: all its codes are here */
    uint8_t folded;   /* 1: case does not count */
    uint8_t spare[2];
};

/* The definitions of the program. */
const struct defs *fhir_defs(void);
/* Text of an offset; empty for 0. Lives as long as d; a NUL follows it. */
struct str def_str(const struct defs *d, uint32_t off);

/* Types. 0 or NULL when there is none. */
uint16_t def_find(const struct defs *d, struct str type_name);
uint16_t def_of_fhir_type(const struct defs *d, enum fhir_type type);
const struct def_type *def_type_row(const struct defs *d, uint16_t id);
struct str def_type_name(const struct defs *d, uint16_t id);
/* Numbers are 1 .. def_type_count() - 1. */
uint16_t def_type_count(const struct defs *d);
/* Whether type is base or specialises it, along base; a type is itself. */
bool def_is_a(const struct defs *d, uint16_t type, uint16_t base);

/* Elements. */
/* The element a member of a JSON object is, and the type its value has: "valueQuantity" gives
 * value[x] and Quantity. "_birthDate" and "resourceType" are the caller's business. NULL when the
 * type has no such member; of a primitive, id and extension are found. */
const struct def_elem *def_child(const struct defs *d, uint16_t type, struct str json_name,
                                 uint16_t *ret_type);
/* The same, with the name itself, which lives as long as d. */
const struct def_elem *def_member(const struct defs *d, uint16_t type, struct str json_name,
                                  uint16_t *ret_type, const char **ret_name);
/* The element by its name in paths, the stem of a choice. NULL when there is none. */
const struct def_elem *def_stem(const struct defs *d, uint16_t type, struct str stem);
/* The i-th child, i < n_elem of the type's row. */
const struct def_elem *def_elem_at(const struct defs *d, const struct def_type *type, unsigned i);
/* The row of the whole element table, and back. */
const struct def_elem *def_elem_row(const struct defs *d, uint32_t row);
uint32_t def_elem_number(const struct defs *d, const struct def_elem *e);
uint32_t def_elem_count(const struct defs *d);
/* What is said of an element, of a type as a whole (backbones: of its element); rows without texts where
 * nothing is. */
const struct def_about *def_elem_about(const struct defs *d, const struct def_elem *e);
const struct def_about *def_type_about(const struct defs *d, uint16_t id);
/* The i-th type of an element, i < n_type; the i-th target type, i < n_target. */
uint16_t def_elem_type(const struct defs *d, const struct def_elem *e, unsigned i);
uint16_t def_elem_target(const struct defs *d, const struct def_elem *e, unsigned i);

/* Invariants: numbers 0 .. def_inv_count() - 1, each distinct (key, expression) once. */
const struct def_invariant *def_inv_row(const struct defs *d, uint16_t inv);
uint16_t def_inv_count(const struct defs *d);
/* The number of the i-th invariant of a type (bases' included) or of an element. */
uint16_t def_type_inv(const struct defs *d, const struct def_type *t, unsigned i);
uint16_t def_elem_inv(const struct defs *d, const struct def_elem *e, unsigned i);

/* Search parameters. */
/* One by name, those every type has included; NULL when there is none. */
const struct def_param *def_param_find(const struct defs *d, enum fhir_type type, struct str name);
/* The parameters of a type, without those every type has (T_NONE gives these); in one run. */
const struct def_param *def_params(const struct defs *d, enum fhir_type type, size_t *ret_n);
const struct def_param *def_param_row(const struct defs *d, uint16_t row);
/* The number in index rows: of a parameter that every type has, its own for each type; 0 when it is
 * answered without an index. */
uint16_t def_param_sp(const struct def_param *p, enum fhir_type type);
/* The i-th target type (enum fhir_type), i < n_target. */
enum fhir_type def_param_target(const struct defs *d, const struct def_param *p, unsigned i);
const struct def_comp *def_param_comp(const struct defs *d, const struct def_param *p, unsigned i);

/* Compartments: Patient, Encounter, Practitioner, RelatedPerson, Device. */
bool def_is_compartment(const struct defs *d, enum fhir_type compartment);
/* The i-th parameter by which type belongs to the compartment; NULL after the last. *ret_itself is
 * true, with NULL, when the resource itself is the compartment's. */
const struct def_param *def_compartment_param(const struct defs *d, enum fhir_type compartment,
                                              enum fhir_type type, unsigned i, bool *ret_itself);

/* Value sets and code systems. Urls may carry "|version", which is not looked at. */
/* Row of a value set, 0 when it is not there. */
uint16_t def_set_find(const struct defs *d, struct str url);
const struct def_set *def_set_row(const struct defs *d, uint16_t set);
/* The i-th code of a value set, i < n. */
const struct def_concept *def_set_concept(const struct defs *d, const struct def_set *s, unsigned i);
/* Whether a code is in a value set. system p NULL: of any system, as for elements of type code.
 * DEF_UNSURE when the set is not fully known. */
enum def_in def_set_has(const struct defs *d, uint16_t set, struct str system, struct str code);
/* Whether a code has the form of a kind of codes with a grammar. */
bool def_grammar_has(enum def_set_kind kind, struct str code);
/* The kind of the codes of a system that has a grammar; DEF_SET_LISTED of all others. */
enum def_set_kind def_grammar_of(struct str system);
/* The url of the i-th system the codes that are not known of a set stand in; n 0 after the last. */
struct str def_set_open(const struct defs *d, const struct def_set *s, unsigned i);
uint16_t def_code_system_count(const struct defs *d); /* rows are 1 .. this - 1 */
uint16_t def_code_system_find(const struct defs *d, struct str url);
const struct def_system_row *def_code_system_row(const struct defs *d, uint16_t system);
/* A concept by system and code; NULL when it is not there. */
const struct def_concept *def_concept_find(const struct defs *d, struct str system, struct str code);
const struct def_concept *def_concept_row(const struct defs *d, uint32_t row);
uint32_t def_concept_number(const struct defs *d, const struct def_concept *c);

/* Profiles and extensions of R4: the StructureDefinition as JSON, cut to its differential and what
 * validation reads of it; empty when there is none. */
struct str def_profile_json(const struct defs *d, struct str url);
