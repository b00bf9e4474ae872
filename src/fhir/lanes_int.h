/* fhir/lanes_int.h - several lists in the order of (at, rid) gone through at once: each jumps to where the
 * others stand, so that what none but one list holds is passed over unseen. Private to the room. */
#pragma once

#include "fhir/source_int.h"

enum { LANES_MAX = 6, LANE_LISTS_MAX = 4, LONGS_MAX = 1000 };

/* When resources may begin that meet all criteria on one date parameter. Beginnings in [from, to), and the
 * long ones that began before. */
struct date_window {
    const struct fhir_param *p;
    int64_t from;
    int64_t to;
    struct hit *longs; /* at: their beginning, before from; in order */
    size_t n_longs;
};

/* *ret_known is false when no criterion bounds the parameter, or too many are long. */
MUST_USE enum err date_window_of(struct req *rq, const struct fhir_criterion *c, size_t n,
                                 const struct fhir_param *p, struct date_window *ret_w,
                                 bool *ret_known);

struct lane {
    const struct fhir_criterion *c; /* NULL: all of the type, or a reference given by hand */
    struct source s;
};

struct lanes {
    struct lane v[LANES_MAX];
    size_t n;
    size_t n_asked; /* of them, lists of criteria or references, not of the type alone */
    struct date_window window;
    bool has_window;
    enum list_order order;
    struct hit at;  /* nothing before it is left to give */
    uint64_t jumps;
};

/* One more list: what names a resource in a reference parameter; sp 0: none. */
struct lane_ref {
    uint16_t sp;
    int64_t target;
    const struct fhir_criterion *skip; /* opens no list, since this one answers it */
};

/* Opens the lists of those criteria that have some in order, and of the type when there are none. End with
 * lanes_close(). */
MUST_USE enum err lanes_open(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                             size_t n, struct lane_ref ref, enum list_order o, struct lanes *ret_l);
/* Goes on after a hit. */
void lanes_after(struct lanes *l, struct hit after);
/* The next that stands in all lists. False at the end, or when there were max_jumps in vain: then
 * *ret_end is false. */
bool lanes_next(struct lanes *l, uint64_t max_jumps, struct hit *ret_hit, bool *ret_end);
/* The hit just before where the lanes stand. */
struct hit lanes_before(const struct lanes *l);
/* Do the lists alone tell that a hit meets c? */
bool lanes_tell(const struct lanes *l, const struct fhir_criterion *c);
MUST_USE enum err lanes_err(struct req *rq, const struct lanes *l);
void lanes_close(struct lanes *l);
