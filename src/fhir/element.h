/* fhir/element.h - the element table: what a resource or data type may hold (FHIR R4 4.0.1).
 *
 * A shape is a type with child elements: a primitive, a data type, a backbone element or a
 * resource. Rows stand in element_*.c, in the order of the specification.
 */
#pragma once

#include "fhir/prim.h"
#include "fhir/type.h"

enum fhir_base {
    BASE_PRIMITIVE,
    BASE_ELEMENT,  /* id, extension */
    BASE_BACKBONE, /* + modifierExtension */
    BASE_RESOURCE, /* resourceType, id, meta, implicitRules, language */
    BASE_DOMAIN,   /* + text, contained, extension, modifierExtension */
    BASE_ANY_RESOURCE, /* a resource of any type */
};

enum {
    REQ = 1 << 0,  /* at least one */
    MANY = 1 << 1, /* an array */
    OPEN = 1 << 2, /* name + any data type: valueString, valueCoding ... */
};

struct fhir_element {
    const char *name;
    uint8_t len;    /* bytes of name */
    uint8_t flags;  /* REQ MANY OPEN */
    uint8_t choice; /* elements of one choice share a number; 0: none */
    const struct fhir_shape *shape;
    const char *rule; /* codes or reference targets allowed, separated by '|'; NULL: any */
};

struct fhir_shape {
    const char *name; /* "Patient", "Patient.contact", "HumanName", "code" */
    enum fhir_prim prim;
    enum fhir_base base;
    uint16_t n;
    const struct fhir_element *elements;
};

/* The shape of a resource type; NULL when the type has none here. */
const struct fhir_shape *fhir_shape_of(enum fhir_type type);
/* The element of shape named name, the inherited ones included (id, extension, meta ...); NULL
 * when there is none. hint: where the search begins, updated to the row after the one found, so
 * that elements in the order of the specification are found at once. An OPEN element gives its own
 * row and the shape of the type named in *ret_shape. */
const struct fhir_element *fhir_element_find(const struct fhir_shape *shape, struct str name,
                                             unsigned *hint, const struct fhir_shape **ret_shape);
/* True when word is one of those in rule. */
bool fhir_rule_has(const char *rule, struct str word);
