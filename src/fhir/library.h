/* fhir/library.h - conformance resources beyond R4 by their canonical: profiles, value sets, code systems,
 * questionnaires. Those of the content are read once and shared; those stored here are looked up for each
 * request, so that what was committed before it began is what it is held to. */
#pragma once

#include "codec/json.h"
#include "fhir/defs.h"
#include "fhir/type.h"

struct fhir_library;
struct fhir_access; /* fhir/search.h */

/* A code system that is neither a resource nor of R4: its codes one by one. */
struct fhir_extra {
    struct str url;
    struct str name;
    uint32_t (*size)(struct req *rq); /* 0: not there */
    /* The i-th: its code, its titles (one for each enum lang), the code it stands under or empty. */
    struct str (*code)(struct req *rq, uint32_t i, const struct str **ret_titles,
                       struct str *ret_above);
};

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
/* The one code system of that kind there may be; borrows it. */
void fhir_library_extra_set(struct fhir_library *lib, const struct fhir_extra *extra);
const struct fhir_extra *fhir_library_extra(const struct fhir_library *lib);

/* Questionnaire, ValueSet, CodeSystem, StructureDefinition: what is stored of these counts. */
bool fhir_is_library(enum fhir_type type);
/* What else the transaction under way writes: it counts as if it were stored, in the place of what it
 * replaces. */
struct fhir_beside {
    struct {
        enum fhir_type type;
        struct str id;
        struct jv v; /* absent: deleted */
    } *v;
    size_t n;
};

/* A library for one request: base, then what is stored and acc may see (NULL: nothing of it counts).
 * Each is looked up once and kept in rq->a, so that one request sees one state. base may be NULL, or such
 * a library itself (then what it keeps is shared). beside may be NULL. NULL past the arena's cap.
 * borrows acc, beside */
struct fhir_library *fhir_library_over(struct req *rq, const struct fhir_library *base,
                                       const struct fhir_access *acc,
                                       const struct fhir_beside *beside);
/* OK, or why a look at the store failed: then what was found is not to be trusted. */
enum err fhir_library_err(const struct fhir_library *lib);
/* Keeps a failure for that. */
void fhir_library_fail(const struct fhir_library *lib, enum err e);

/* How many the content has, and the i-th. */
uint32_t fhir_library_size(const struct fhir_library *lib);
struct jv fhir_library_at(const struct fhir_library *lib, uint32_t i);
/* The resource of a type and canonical ("url" or "url|version"); absent when there is none. Of the content:
 * the version counts when one of that version is there. lib may be NULL. */
struct jv fhir_library_own(const struct fhir_library *lib, struct str type, struct str canonical);
/* Of the stored ones: exactly that version; without a version those in use before drafts, these before
 * retired ones, then the highest version, then the newest. */
struct jv fhir_library_kept(struct req *rq, const struct fhir_library *lib, struct str type,
                            struct str canonical);
/* Of the content, else of the stored ones. */
struct jv fhir_library_find(struct req *rq, const struct fhir_library *lib, struct str type,
                            struct str canonical);
/* As that for StructureDefinitions, those of R4 between the two: these are read into rq->a. A stored one
 * counts when it has a snapshot. */
struct jv fhir_profile_find(struct req *rq, const struct fhir_library *lib, struct str canonical);

/* What was worked out for a request, by kind and key; NULL when it was not, or lib keeps nothing. */
const void *fhir_library_memo(const struct fhir_library *lib, const void *kind, struct str key);
void fhir_library_memo_set(struct req *rq, const struct fhir_library *lib, const void *kind,
                           struct str key, const void *value);
/* Before memory of rq->a is given back: what is kept so far; afterwards only that is. */
struct fhir_memo;
struct fhir_memo *fhir_library_mark(const struct fhir_library *lib);
void fhir_library_back(const struct fhir_library *lib, struct fhir_memo *mark);
