/* fhir/validate.h - holds a resource to the definitions of R4. */
#pragma once

#include "codec/json.h"
#include "fhir/issue.h"
#include "fhir/type.h"

enum { FHIR_DEPTH_MAX = 64 };

struct fhir_library; /* fhir/library.h */
struct fhir_access;  /* fhir/search.h */
struct fhir_beside;  /* fhir/library.h */
struct fhir_rules;   /* the invariants of R4, compiled once */

enum {
    FHIR_WARNINGS = 1 << 0, /* collect warnings too */
    FHIR_STRICT = 1 << 1,   /* as the reference validator: extensions nobody has defined, displays that
                             * are not those of their codes, links to nowhere are errors */
};

/* What a resource is held to beyond R4. */
struct fhir_check {
    const struct fhir_library *lib;  /* profiles, value sets, questionnaires; NULL none */
    const struct fhir_access *acc;   /* whose sight of what is stored counts; NULL: nothing stored does */
    const struct fhir_beside *beside; /* what else the transaction writes; NULL nothing */
    const struct fhir_rules *rules;  /* NULL: invariants are compiled for this call */
    struct str profile;              /* canonical it must keep beside those it names; may be empty */
    unsigned flags;                  /* FHIR_WARNINGS ... */
};

/* Compiles the invariants of R4 into rq->a, for all validations of a process; lib may be NULL.
 * costs    some milliseconds */
MUST_USE enum err fhir_rules_new(struct req *rq, const struct fhir_library *lib,
                                 const struct fhir_rules **ret_rules);
const struct fhir_library *fhir_rules_library(const struct fhir_rules *rules);

/* Checks v against its type: elements known, of the right kind, often enough and not too often,
 * primitive formats, required codes, form and target type of references, choices, contained
 * resources, narrative, invariants, what Bundles ask of their entries, and the profiles it names as
 * far as they are known: of the content, of R4, and those stored here, as they were committed by then
 * and as far as acc sees them (with rq->db). Faults are collected as issues (rq->issues), each with its
 * place: for what is missing or unknown the element that should, or may not, hold it.
 *
 * errors   E_UNPROCESSED  at least one fault of severity error; E_TOO_LARGE
 * limits   FHIR_ISSUES_MAX issues kept; FHIR_DEPTH_MAX levels
 */
MUST_USE enum err fhir_validate(struct req *rq, struct jv v, enum fhir_type type);
MUST_USE enum err fhir_validate_for(struct req *rq, struct jv v, enum fhir_type type,
                                    const struct fhir_access *acc,
                                    const struct fhir_beside *beside);
MUST_USE enum err fhir_validate_as(struct req *rq, struct jv v, enum fhir_type type,
                                   const struct fhir_check *check);
