/* fhir/lead_int.h - shared by the two halves of a search in the order of a list: what leads and where a
 * resource stands in it (lead_place.c), and reading it (lead.c). Private to the room. */
#pragma once

#include "fhir/extract.h"
#include "fhir/find_int.h"

enum lead_kind { LEAD_NONE, LEAD_KEY, LEAD_CHAIN, LEAD_HAS };

/* The list a criterion of keys reads. */
struct key_list {
    uint16_t sp;
    enum tuple_kind kind;
    struct str prefix;
    uint64_t unit;
    double from;
    double to;
    int64_t date_from;
    int64_t date_to;
};

enum lead_kind lead_kind_of(const struct fhir_criterion *c);
/* May what a chain leads to, or a composite _has asks for, be read by its own keys? */
bool lead_outer_has_keys(const struct fhir_criterion *c);
/* The order of two places when c leads: below, 0 or above. */
int lead_place_cmp(const struct fhir_criterion *c, const struct lead_at *a,
                   const struct lead_at *b);
/* The list of a criterion of keys. */
struct key_list lead_keys(const struct fhir_criterion *c);
/* The least place among the keys of a candidate; *ret_has is false when none stands in the list. */
MUST_USE enum err lead_key_place(struct finder *f, const struct fhir_criterion *c, struct cand *k,
                                 struct lead_at *ret_p, bool *ret_has);
/* The first place of a candidate rid when c, a _has, leads. */
MUST_USE enum err lead_has_place(struct finder *f, const struct fhir_criterion *c, int64_t rid,
                                 struct lead_at *ret_p, bool *ret_has);
/* The first place of a candidate when c leads, whatever its kind. */
MUST_USE enum err lead_place_of(struct finder *f, const struct fhir_criterion *c, struct cand *k,
                                struct lead_at *ret_p, bool *ret_has);
