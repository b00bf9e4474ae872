/* tests/conformance/searches.h - what the parts of the search suite share. */
#pragma once

#include "codec/json.h"
#include "fhir/type.h"

enum { DOCS_MAX = 60000, SLOTS = 1 << 18 };
#define NOW_MS INT64_C(1767225600000) /* 2026-01-01 */

struct doc {
    enum fhir_type type;
    struct str id;
    struct json_doc *doc;
};

struct world {
    struct req rq;
    struct store *st;
    struct db *db;
    struct doc *docs;
    size_t n;
    size_t refused;
    size_t stored;
    uint64_t copy;        /* number of the copy being loaded, 0: the records themselves */
    uint32_t *slots;      /* doc + 1, by type and id */
    struct str *named;    /* uuids of bundles, by type and uuid */
    uint16_t *named_type;
    uint32_t seed;        /* of random questions */
    uint32_t *order;      /* docs in the order of the last answer */
};
extern struct world w;

struct doc *world_find(enum fhir_type type, struct str id);
/* The resources of a canonical address, one after the other: after NULL the first. NULL at the end. */
struct doc *world_edition(struct str canonical, const struct doc *after);
/* Stores a resource and keeps it. False when it is refused. */
bool world_load(struct str json);
/* Resources of our own (searches_made.c). */
void made_load(void);
/* Follows all pages; got[doc] tells. False, with a line, when that failed. */
bool world_ask(struct req *rq, enum fhir_type type, struct str query, struct str name, bool *got,
               size_t *ret_n);
bool world_same(const bool *want, const bool *got, struct str name);
/* The definitions' view of a doc; references lead to docs, or to an empty resource of their type. */
struct path_env;
struct path_env world_env(struct doc *d);

void shapes_run(void);
/* Milliseconds of first pages of 20. */
void shapes_times(void);
void params_run(void);
void soak_run(unsigned seconds, uint32_t seed);
