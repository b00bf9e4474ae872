/* fhir/prim.h - the primitive types' formats (FHIR R4 datatypes.html#primitive). */
#pragma once

#include "codec/json.h"

enum fhir_prim {
    PRIM_NONE, /* the shape has child elements */
    PRIM_BOOLEAN,
    PRIM_INTEGER,
    PRIM_UNSIGNED_INT,
    PRIM_POSITIVE_INT,
    PRIM_DECIMAL,
    PRIM_STRING,
    PRIM_MARKDOWN,
    PRIM_CODE,
    PRIM_ID,
    PRIM_URI,
    PRIM_OID,
    PRIM_UUID,
    PRIM_BASE64,
    PRIM_INSTANT,
    PRIM_DATE,
    PRIM_DATE_TIME,
    PRIM_TIME,
    PRIM_XHTML,
    PRIM_ANY, /* open choice: any data type, the name tells which */
    PRIM_URL,
    PRIM_CANONICAL,
};

enum { FHIR_STRING_MAX = 1024 * 1024 }; /* bytes of a string (datatypes.html#string) */

enum fhir_prim_fault {
    PRIM_OK,
    PRIM_WRONG_KIND, /* a string where a number belongs, and the like */
    PRIM_WRONG_FORM, /* the text breaks the type's format */
    PRIM_EMPTY,      /* an empty string */
    PRIM_TOO_LONG,
};

/* Holds a JSON value to a primitive type. Texts are decoded into a when they hold escapes. */
enum fhir_prim_fault fhir_prim_check(struct arena *a, enum fhir_prim prim, struct jv v);
/* The same for text, without JSON around it: search values and form fields. */
bool fhir_prim_text_ok(enum fhir_prim prim, struct str text);
