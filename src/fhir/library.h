/* fhir/library.h - conformance resources beyond R4 that validation may look at, by their canonical:
 * profiles, value sets, code systems, questionnaires. Filled once, then only read. */
#pragma once

#include "codec/json.h"
#include "fhir/defs.h"

struct fhir_library;

/* An empty one in a; what is added must live as long. NULL past the arena's cap. */
struct fhir_library *fhir_library_new(struct arena *a);
/* Adds a resource with a url, or the resources of a Bundle; others are passed over.
 * errors  E_TOO_LARGE  FHIR_LIBRARY_MAX, memory */
MUST_USE enum err fhir_library_add(struct req *rq, struct fhir_library *lib, struct jv resource);
enum { FHIR_LIBRARY_MAX = 2000 };
/* Adds the resources of the files content/fhir/NAME.json and content/codesystems/NAME.json, read into
 * rq->a; a folder that is not there holds none. content: the folder of the content.
 * errors  E_IO, E_SYNTAX, E_TOO_LARGE */
MUST_USE enum err fhir_library_load(struct req *rq, struct fhir_library *lib, struct str content);

/* How many there are, and the i-th. */
uint32_t fhir_library_size(const struct fhir_library *lib);
struct jv fhir_library_at(const struct fhir_library *lib, uint32_t i);
/* The resource of a type and canonical ("url" or "url|version"; the version counts when one of that
 * version is there); absent when there is none. lib may be NULL. */
struct jv fhir_library_find(struct req *rq, const struct fhir_library *lib, struct str type,
                            struct str canonical);
/* As that for StructureDefinitions, those of R4 included: these are read into rq->a. */
struct jv fhir_profile_find(struct req *rq, const struct fhir_library *lib, struct str canonical);
/* Whether a code is in a value set of R4 or of the library. system p NULL: of any. */
enum def_in fhir_set_has(struct req *rq, const struct fhir_library *lib, struct str canonical,
                         struct str system, struct str code);
