/* fhir/patch_int.h - what the parts of FHIRPath Patch share; private to them. */
#pragma once

#include "codec/json_edit.h"
#include "fhir/defs.h"

struct patch_run {
    struct req *rq;
    const struct defs *d;
    struct json_edit edit;
    struct json_part *root; /* the resource as it is now */
    uint32_t n;             /* the operation at hand, from 0; for messages */
};

/* A value of the patch: what stands at a member, and at the member with _. One of them may be NULL. */
struct patch_value {
    struct json_part *part;
    struct json_part *twin;
    struct str suffix; /* of value[x] as it was given: "Quantity"; empty without */
};

/* E_UNPROCESSED and E_BAD_INPUT, with the number of the operation. */
enum err patch_refuse(struct patch_run *p, const char *what);
enum err patch_malformed(struct patch_run *p, const char *what);

/* ---- places: patch_place.c ---- */

/* The type of an object part of the resource; 0 when the definitions do not know it. */
uint16_t patch_type(struct patch_run *p, const struct json_part *object);
/* The element a name leads to: a JSON name or the stem of a choice; NULL when there is none. */
const struct def_elem *patch_elem(struct patch_run *p, uint16_t type, struct str name);
/* The JSON name for a value of an element: that of the choice it takes.
 * errors E_UNPROCESSED a choice that has no such type */
MUST_USE enum err patch_json_name(struct patch_run *p, uint16_t type, const struct def_elem *e,
                                  struct str suffix, struct str *ret_name);
/* Sets or appends a member of object. */
MUST_USE enum err patch_add(struct patch_run *p, struct json_part *object, uint16_t type,
                            struct str name, const struct patch_value *v);
/* The object beside a primitive that holds its id and extensions, made when it is not there. */
MUST_USE enum err patch_beside(struct patch_run *p, struct json_part *part,
                               struct json_part **ret_object);
/* Puts a value into a list before its i-th element. */
MUST_USE enum err patch_insert(struct patch_run *p, struct json_part *list, uint64_t i,
                               const struct patch_value *v);
MUST_USE enum err patch_replace(struct patch_run *p, struct json_part *part,
                                const struct patch_value *v);
MUST_USE enum err patch_delete(struct patch_run *p, struct json_part *part);
MUST_USE enum err patch_move(struct patch_run *p, struct json_part *list, uint64_t from,
                             uint64_t to);

/* ---- values: patch_value.c ---- */

/* The value of a part of Parameters: value[x], a resource, or parts that make up an element of
 * type. type may be 0 where the value is none of parts. */
MUST_USE enum err patch_value(struct patch_run *p, struct jv part, uint16_t type,
                              struct patch_value *ret_v);
