/* fhir/type.h - the resource types this server keeps: numbers, names, where they hang. */
#pragma once

#include "base/str.h"

/* T_NONE is 0, T_PATIENT is 1 and so on in the order of type.def; the numbers are stored. */
enum fhir_type {
    T_NONE,
#define X(name, text, date, hangs) name,
#include "fhir/type.def"
#undef X
    T_COUNT
};

/* Whose access decides over a resource (contracts: anchor rule). */
enum fhir_hangs {
    HANGS_ON_ITSELF, /* Patient and ServiceRequest: they are anchors */
    HANGS_ON_CASE,   /* on its case, else on its patient */
    DIRECTORY,       /* every signed-in person may read it */
    NOT_KEPT,        /* never stored: made when asked for */
};

/* "Patient"; empty for T_NONE. */
struct str fhir_type_name(enum fhir_type type);
/* T_NONE when there is no such type. */
enum fhir_type fhir_type_find(struct str name);
/* Element names, separated by '|', in the order they are tried; empty when the type has no
 * principal date. */
struct str fhir_type_date(enum fhir_type type);
enum fhir_hangs fhir_type_hangs(enum fhir_type type);
/* True for types whose resources speak of one patient: reads and searches of them are audited. */
bool fhir_type_is_clinical(enum fhir_type type);
/* FHIR R4 id: 1 to 64 of A-Z a-z 0-9 - . */
bool fhir_id_is_valid(struct str id);
