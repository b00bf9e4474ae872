/* fhir/find_int.h - parts of the plan of a search: the walk (find.c), the race (race.c), sets known whole
 * (set.c). Private to the room. */
#pragma once

#include "fhir/search_int.h"

enum {
    RACE_SHORT = 48,   /* hits: a list that ends within these leads at once */
    RACE_MIDDLE = 256,
    RACE_LONG = 4000,
    RANK_NONE = 9,
};

/* One list among those that are stepped in turn, and what it gave. */
struct racer {
    const struct fhir_criterion *c;
    struct source s;
    struct hit *v;
    size_t n;
};

/* ---- find.c ---- */
/* Without the date the search is sorted by: comes after all others. */
MUST_USE enum err finder_undated(struct finder *f, struct hit hit, bool *ret_undated);
/* What changed since the first page and stood before hit (NULL: all the rest), then hit. */
MUST_USE enum err finder_take(struct finder *f, const struct hit *hit);
/* Was it on a page before this one? */
bool finder_passed(const struct finder *f, struct hit hit);
/* Begins with those that have the date, or (undated) those that have not. */
void finder_phase(struct finder *f, bool undated);

/* ---- lead.c ---- */
/* Could its list give the order of a search that asks for none? */
bool lead_can(const struct fhir_criterion *c);
/* The best of those that could; NULL: none. */
const struct fhir_criterion *lead_best(const struct finder *f);
/* The same, but only when a walk in the order of (at, rid) is not to be tried first. Not sure: it may look at
 * many in vain. */
const struct fhir_criterion *lead_at_once(const struct finder *f, bool *ret_sure);
/* The page, in the order of the list of c. */
MUST_USE enum err lead_run(struct finder *f, const struct fhir_criterion *c);

/* ---- race.c ---- */
/* Selective kinds first; a criterion no list can answer gets RANK_NONE. */
int criterion_rank(const struct fhir_criterion *c);
/* *ret_done when a list ended within cap and answered the search; with ret_lead (or NULL) it is named there
 * instead when it can lead in its own order. */
MUST_USE enum err finder_race(struct finder *f, size_t cap, const struct fhir_criterion **ret_lead,
                              bool *ret_done);
/* What hangs on the cases the caller is on the team of, when they are few. */
MUST_USE enum err finder_mine(struct finder *f, bool *ret_done);
/* Adds what is about an anchor or patient to v, at most cap in all. */
MUST_USE enum err finder_about(struct finder *f, int64_t anchor, struct hit *v, size_t cap,
                               size_t *n);

/* ---- set.c ---- */
/* Keeps what meets the criteria but skip; places that lists do not know (not real_at) are filled in. */
MUST_USE enum err finder_set_filter(struct finder *f, struct hit *v, size_t *n,
                                    const struct fhir_criterion *skip, bool real_at);
/* The page's share of a set of matches. */
MUST_USE enum err finder_set_page(struct finder *f, struct hit *v, size_t n);
/* A racer that ended answers the search. */
MUST_USE enum err finder_set_run(struct finder *f, struct racer *r);
