/* fhir/source_int.h - where candidates come from: the posting lists of one criterion, merged.
 * Private to the room. */
#pragma once

#include "fhir/search.h"

enum { SOURCE_LISTS_MAX = 16 };

struct source {
    const struct hit *hits; /* a gathered set in order, instead of lists; NULL: lists */
    size_t n_hits;
    size_t next_hit;
    struct list *lists[SOURCE_LISTS_MAX];
    struct hit head[SOURCE_LISTS_MAX]; /* next hit of each list */
    bool live[SOURCE_LISTS_MAX];       /* head is valid */
    size_t n;
    enum list_order order;
    bool ordered;  /* hits come in the order of (at, rid), each once */
    bool real_at;  /* hit.at is the resource's; else its row must be asked */
    bool exact;    /* every hit meets the criterion; else it must be tested */
};

/* Could posting lists give every resource that meets c? */
bool source_can(const struct fhir_criterion *c);
/* The i-th part of a composite as a criterion of its own, when lists can give what meets it. */
bool source_part(const struct fhir_criterion *c, size_t i, struct fhir_criterion *ret_part);
/* How many resources meet c (NULL: are of the type), when one list tells; else *ret_known is false. */
MUST_USE enum err source_count(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                               uint64_t *ret_n, bool *ret_known);
/* The numbers a list of a quantity asked for goes from and to; what stands at the ends must be tested. */
void source_numbers(const struct fhir_value *v, double *ret_from, double *ret_to);
/* Beginnings of what may meet a date asked for, by a list of short spans: no longer than longest. */
void source_dates(const struct fhir_value *v, int64_t longest, int64_t *ret_from, int64_t *ret_to);
/* Lists it would open at once. */
size_t source_lists(const struct fhir_criterion *c);
/* As source_can, and in order: a walk can stop early. */
bool source_is_ordered(const struct fhir_criterion *c);
/* Opens the lists of c (NULL: all of the type), in order o. End with source_close(). */
MUST_USE enum err source_open(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                              enum list_order o, struct source *ret_s);
/* False at the end; source_err() tells whether it was a failure. */
bool source_next(struct source *s, struct hit *ret_hit);
/* The first hit at or after x; goes forward only, takes nothing. Ordered sources only. */
bool source_reach(struct source *s, struct hit x, struct hit *ret_hit);
/* The lists are in their places: reads the first of each. */
void source_begin(struct source *s);
MUST_USE enum err source_err(struct req *rq, const struct source *s);
void source_close(struct source *s);
/* < 0 when a comes before b in order o. */
int hit_cmp(struct hit a, struct hit b, enum list_order o);
