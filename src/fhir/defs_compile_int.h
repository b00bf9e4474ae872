/* fhir/defs_compile_int.h - the model the compiler works on; private to fhir/defs_*.c. */
#pragma once

#include "codec/json.h"
#include "fhir/defs_compile.h"
#include "fhir/defs_int.h"

/* One ElementDefinition of a snapshot, as edited by the overlay. */
struct dc_elem {
    struct str path;
    struct jv v;           /* the ElementDefinition; absent for one the overlay made */
    struct jv targets;     /* target types from the overlay instead of v's */
    struct str type;       /* type from the overlay instead of v's; p NULL: v's */
    struct str min;        /* of an element the overlay made, else p NULL */
    struct str max;
    bool gone;             /* removed by the overlay */
};

/* One StructureDefinition. */
struct dc_type {
    struct str name;
    struct str url;
    struct jv sd;
    struct dc_elem *elems;
    uint32_t n;
    bool is_profile; /* constrains a type instead of making one: SimpleQuantity */
    bool gone;
    uint16_t id; /* def_id, once numbered */
};

/* One SearchParameter. */
struct dc_param {
    struct str id;
    struct jv v;
    struct jv targets; /* from the overlay instead of v's */
    bool gone;
};

/* An invariant whose expression the overlay repairs. */
struct dc_fix {
    struct str key;
    struct str now;
    struct str want;
    bool used;
};

/* Rows of one part while they are made. */
struct dc_rows {
    void *p;
    uint32_t n;
    uint32_t cap;
    uint32_t size; /* bytes of a row */
};

struct dc {
    struct req *rq;
    struct json_doc docs[DEF_FILE_COUNT];
    struct dc_type *types;
    uint32_t n_types;
    struct dc_param *params;
    uint32_t n_params;
    struct dc_fix fixes[16];
    unsigned n_fixes;
    struct str numbers; /* params.txt */
    struct dc_rows rows[PART_COUNT];
    uint32_t *seen; /* hash of texts in the pool */
};

enum { DC_TYPES_MAX = 512, DC_SEEN = 1 << 18, DC_LIST_MAX = 128 };

/* A failure with a text of the definitions in it: they hold nothing of any patient. */
#define DC_FAIL(dc, what, name) \
    FAIL((dc)->rq, E_BAD_INPUT, "%s: %.*s", what, STR_ARG(name))

/* The n rows appended, zeroed; NULL when the table is full. */
void *dc_add(struct dc *dc, enum def_part part, uint32_t n);
/* Offset of a text in the pool, put there once. */
MUST_USE enum err dc_text(struct dc *dc, struct str s, uint32_t *ret_off);
/* The text at an offset of the pool. */
struct str dc_pool(const struct dc *dc, uint32_t off);
/* Text of a member; empty when absent. */
struct str dc_str(struct dc *dc, struct jv obj, struct str key);
/* What stands after the last '/', without "|version". */
struct str dc_tail(struct str url);

/* A list of numbers while it is made: each once. */
struct dc_list {
    uint16_t v[DC_LIST_MAX];
    uint16_t n;
};
MUST_USE enum err dc_list_add(struct dc *dc, struct dc_list *l, uint16_t v);

/* Reads the StructureDefinitions of a file into the model. */
MUST_USE enum err dc_types_read(struct dc *dc, enum def_file file);
struct dc_type *dc_type_find(struct dc *dc, struct str name);
struct dc_elem *dc_elem_find(struct dc *dc, struct str path);
/* Applies the overlay to the model: every precondition holds, or it fails. */
MUST_USE enum err dc_overlay(struct dc *dc);
/* Whether a path is that of a child of parent; whether element i of t has children: then it makes
 * a type. */
bool dc_is_child(struct str path, struct str parent);
bool dc_has_children(const struct dc_type *t, uint32_t i);
/* Rows of types, elements, names and invariants. */
MUST_USE enum err dc_types_write(struct dc *dc);
/* The number of a type by name, 0 when there is none; the row of a number. */
uint16_t dc_type_id(struct dc *dc, struct str name);
struct def_type *dc_type_row(struct dc *dc, uint16_t id);
/* Adds the invariants of an ElementDefinition that have an expression. */
MUST_USE enum err dc_constraints(struct dc *dc, struct jv elem, struct dc_list *l);
/* The rows of the children of element at of t, whose type has the number owner. */
MUST_USE enum err dc_children_write(struct dc *dc, const struct dc_type *t, uint32_t at,
                                    uint16_t owner);
/* What is said of an element, or of a type by its first element. The row's max, by its text. */
MUST_USE enum err dc_about(struct dc *dc, const struct dc_elem *e, struct def_about *row);
uint16_t dc_max(struct str text);
/* Reads the SearchParameters into the model; writes rows of parameters and compartments. */
MUST_USE enum err dc_params_read(struct dc *dc);
MUST_USE enum err dc_params_write(struct dc *dc);
/* Rows of code systems, concepts and value sets. */
MUST_USE enum err dc_sets_write(struct dc *dc);
/* The row of a value set by its canonical, made (and unknown) when it is not there. */
MUST_USE enum err dc_set(struct dc *dc, struct str canonical, uint16_t *ret_set);
/* Rows of profiles and extensions. */
MUST_USE enum err dc_profiles_write(struct dc *dc);
/* n numbers into the list part. */
MUST_USE enum err dc_list_write(struct dc *dc, const uint16_t *v, size_t n, uint32_t *ret_first);
/* The number of an invariant, given a row once. */
MUST_USE enum err dc_invariant(struct dc *dc, struct jv constraint, uint16_t *ret_inv);
