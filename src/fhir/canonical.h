/* fhir/canonical.h - canonical addresses (references.html#canonical): what they name, for includes, chains
 * and _has.
 *
 * "url|version" names the resources of that url in that version; "url" those of that url, whatever their
 * version. Only elements that are such an address count (canonical, uri), never a Reference. */
#pragma once

#include "fhir/match_int.h"

struct str canonical_url(struct str address);
/* Empty when the address has none. */
struct str canonical_version(struct str address);
/* The url parameter of a type whose resources have canonical addresses; NULL. */
const struct fhir_param *canonical_param(enum fhir_type type);
/* May what a chain or _has asks for be named by an address? */
bool canonical_asks(const struct fhir_criterion *c);
/* A text member of a resource; empty when it has none. */
MUST_USE enum err canonical_member(struct req *rq, struct str body, struct str name,
                                   struct str *ret_text);
/* Has the resource this version? An empty one fits any. */
MUST_USE enum err canonical_is_version(struct req *rq, struct str body, struct str version,
                                       bool *ret_is);

/* Does a parameter of a resource name the url in a version? */
MUST_USE enum err canonical_names(struct req *rq, struct jv root, const struct fhir_param *p,
                                  struct str url, struct str version, bool *ret_names);

/* Of a resource found for a chain: the number under which addresses without version stand in reference
 * lists; 0 when it has no url. */
MUST_USE enum err canonical_target(struct req *rq, int64_t rid, enum fhir_type type,
                                   int64_t *ret_target);
/* Chain: does an address in the candidate lead to what is asked for? */
MUST_USE enum err canonical_chain_meets(struct req *rq, struct gate *g, struct cand *k,
                                        const struct fhir_criterion *c, bool *ret_meets);
/* _has: is the candidate rid named by address by one that meets what is asked for? */
MUST_USE enum err canonical_has(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                                int64_t rid, struct hit *ret_hit, bool *ret_has);
/* _has: the resources of c->type a found one names by address; *n grows to cap at most. */
MUST_USE enum err canonical_named(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                                  int64_t rid, struct hit *set, size_t cap, size_t *n);
