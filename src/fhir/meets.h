/* fhir/meets.h - does one version of a resource, current or not, meet a search? For whoever follows the
 * change feed: the index knows current versions only. */
#pragma once

#include "fhir/search.h"

struct fhir_version;

/* Makes a version of the feed ready: parsed, with its tuples. Not for VER_DELETE.
 * gives    *ret_v in rq->a; borrows row
 * errors   E_TOO_LARGE, E_IO */
MUST_USE enum err fhir_version_load(struct req *rq, const struct ver_row *row,
                                    struct fhir_version **ret_v);
struct jv fhir_version_root(const struct fhir_version *v);
/* Reads a search that asks for nothing but the resource itself: "status=final&category=laboratory".
 * Neither chains nor _has, no words, no value sets, no paging.
 * errors   E_BAD_INPUT  anything else, an unknown parameter */
MUST_USE enum err fhir_plain_query(struct req *rq, enum fhir_type type, struct str query,
                                   struct fhir_query **ret_q);
MUST_USE enum err fhir_version_meets(struct req *rq, struct fhir_version *v,
                                     const struct fhir_query *q, bool *ret_meets);

/* Criteria of any kind about resources of a type, chains and _has included: what those lead to must be
 * visible by acc (borrowed), and is taken as it is when it is looked at. */
struct fhir_filter;
/* errors   E_BAD_INPUT  not a search, or parameters that are no criteria */
MUST_USE enum err fhir_filter_new(struct req *rq, enum fhir_type type, struct str query,
                                  const struct fhir_access *acc, struct fhir_filter **ret_filter);
/* What cannot be decided within the fuel of one search is not met. */
MUST_USE enum err fhir_filter_meets(struct req *rq, struct fhir_filter *f, struct fhir_version *v,
                                    bool *ret_meets);
