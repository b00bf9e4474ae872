/* fhir/patch.h - FHIRPath Patch (R4 fhirpatch.html): changes told as a Parameters resource. */
#pragma once

#include "codec/json.h"

enum {
    FHIR_PATCH_OPS = 200,        /* operations of one patch */
    FHIR_PATCH_FUEL = 1000000,   /* of each path, see fhir/path.h */
    FHIR_PATCH_WORK = 256 << 20, /* bytes read again between operations, in all */
};

/* Applies the operations of a Parameters resource, in order, to a resource; all or nothing. Numbers
 * keep their text, members their order. What comes out is JSON, not yet a valid resource: the caller
 * validates it.
 *
 *   add      name is set, or appended where the element repeats; refused when a single one is there.
 *            A choice takes the type of the value: value with valueQuantity sets valueQuantity.
 *            To a primitive an id and extensions may be added.
 *   insert   before the element at index, or at the end where index is their number
 *   delete   exactly one element; none is no error. What it leaves empty goes with it.
 *   replace  exactly one element; a choice may change its type
 *   move     an element of a list from source to destination, counted after it was taken out
 *
 * Extensions of primitives (the members with _) go where their values go.
 * errors E_BAD_INPUT    params is no patch; detail "operation N: what"
 *        E_UNPROCESSED  an operation cannot be carried out on this resource
 *        E_SYNTAX       a path is no FHIRPath
 *        E_TOO_LARGE    a limit */
MUST_USE enum err fhir_patch(struct req *rq, struct jv resource, struct jv params,
                             struct str *ret_json);
