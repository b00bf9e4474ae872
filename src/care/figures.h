/* care/figures.h - numbers of the consultations of a centre: how many, how fast, how late.
 *
 * Medians, not means: one forgotten case must not spoil the picture of a week. No patient is named
 * or counted singly. */
#pragma once

#include "base/req.h"

/* One consultation, as far as figures need it. */
struct figure_case {
    struct str profile, asker_org;
    uint32_t urgency;   /* index into content->urgencies */
    int64_t accept_ms;  /* from sending to acceptance; -1: not accepted */
    int64_t answer_ms;  /* from sending to the signed conclusion without pauses; -1: no conclusion */
    bool accept_late, answer_late;
    bool no_outcome;    /* answered, and the outcome was not reported */
    bool refused;
};

/* A group of them. */
struct figure {
    struct str key;       /* of the group: profile, urgency's index in digits, organisation */
    uint32_t n;           /* sent */
    uint32_t accepted, answered, accept_late, answer_late, no_outcome, refused;
    int64_t accept_median_ms, answer_median_ms; /* -1: none */
};

enum figure_by { FIGURE_ALL, FIGURE_URGENCY, FIGURE_PROFILE, FIGURE_ASKER };
enum { FIGURE_CASES_MAX = 20000 };

/* Consultations sent in [from, to) to a centre: in rq->a, at most FIGURE_CASES_MAX, newest first.
 * errors  E_IO, E_TOO_LARGE */
MUST_USE enum err figures_read(struct req *rq, struct str centre_org, struct instant from,
                               struct instant to, struct figure_case **ret_cases, uint32_t *ret_n);
/* Groups them, the largest first (by urgency: the worst first); at most max groups.
 * errors  E_TOO_LARGE */
MUST_USE enum err figures_group(struct req *rq, const struct figure_case *cases, uint32_t n,
                                enum figure_by by, struct figure *ret_figures, uint32_t max,
                                uint32_t *ret_n);
