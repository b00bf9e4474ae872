/* fhir/search_int.h - parts of running a search; private to the room. */
#pragma once

#include "fhir/match_int.h"
#include "fhir/lanes_int.h"

enum {
    SET_MAX = FHIR_SCAN_MAX, /* resources one criterion is gathered to */
    SET_SMALL = 64,          /* at first; the rest when a search looks in vain */
    SCAN_SMALL = 500,
    FHIR_KEPT_BYTES = 1 << 20, /* of bodies kept from the look at a match to the page */
    FHIR_PAGE_BYTES = 4 << 20, /* of matches; a page of large resources ends early, with a next link */
};

/* What a row is sorted by. */
struct sort_key {
    struct str text;  /* at most TUPLE_STRING_MAX bytes */
    int64_t number;
    bool missing;     /* comes last whatever the direction */
    bool descending;
};

/* Where a match stands in the order of the list that leads (lead.c). */
struct lead_at {
    struct sort_key key;
    struct hit outer; /* what a chain leads to, or what names it */
    struct hit hit;
};

/* Where a search goes on: sealed in a next link. */
struct cursor {
    struct db_moment moment; /* of the first page: the search goes on as of then */
    uint16_t type;           /* which of several types: index into each */
    bool undated;            /* at those without the date sorted by */
    struct hit after;        /* the last one given, or looked at */
    uint8_t n_keys;          /* its keys, when sorted by others than (at, rid) */
    struct sort_key keys[FHIR_SORTS_MAX];
    uint8_t lead;            /* 1 + which criterion led, its key in keys; 0: none */
    struct hit outer;        /* then: see struct lead_at */
};

/* A resource that changed since the moment, as it was then. */
struct old {
    struct cand k;
    struct ver_row row;
    bool undated;
    struct lead_at place; /* when a list leads */
};

/* A match whose body was read to look at it. */
struct kept_row {
    struct kept_row *next;
    struct res_row row;
};

struct finder {
    struct req *rq;
    const struct fhir_query *q;
    struct gate *gate;
    enum list_order order;
    bool merged;      /* one of several types in one order (several.c): never natural */
    bool natural;     /* order of (at, rid): walks can stop early */
    bool dated;       /* natural because sorted by the principal date: those without it come last */
    bool undated;     /* now at those */
    bool resume;      /* a cursor was given */
    struct cursor from; /* then: where it stands */
    int64_t *moved;   /* then: rids changed since its moment, in order */
    size_t n_moved;
    struct old *olds; /* those of them that met the search then, by (at, rid) in order */
    size_t n_olds;
    size_t next_old;
    struct hit *found; /* matches of this page, then one more when there is a next page */
    size_t n_found;
    size_t size_found; /* allocated */
    size_t want;      /* hits to find: count + 1 */
    uint64_t scan_max; /* candidates looked at in the end */
    uint64_t scanned; /* candidates looked at */
    bool cut;         /* the scan limit ended the search */
    struct hit last;  /* last candidate looked at */
    uint64_t total;   /* matches counted */
    bool counting;    /* count all of them */
    const bool *late; /* of each criterion: it reads the body, and is asked after the others; NULL: none */
    bool keeps;       /* rows read whole are kept for the page; not within a caller's arena mark */
    struct kept_row *kept; /* the last one first */
    size_t kept_bytes;
    bool trying;      /* a walk that may be given up for another plan: it does not fail */
    const struct fhir_criterion *lead; /* its list gives the order; NULL: that of (at, rid) or of keys */
    struct lead_at from_place;  /* resume: where it stands in that order */
    struct lead_at last_place;  /* cut: how far it came */
    char last_text[TUPLE_STRING_MAX];
    const struct lanes *lanes; /* the candidate under test stands in all of them; NULL: it does not */
};

/* Fills in the targets of references, gathers what chains and long lists mean as far as it is small
 * (deep: as far as SET_MAX); *ret_nothing when no resource can match. */
MUST_USE enum err fhir_query_resolve(struct req *rq, struct gate *g, const struct fhir_query *q,
                                     bool deep, bool *ret_nothing);
/* Does a candidate meet all criteria but skip, and may the caller see it? */
MUST_USE enum err finder_test(struct finder *f, struct hit *hit, const struct fhir_criterion *skip,
                              bool real_at, bool *ret_meets);
/* The same of a candidate whose parts the caller goes on with; they stay in the arena. */
MUST_USE enum err finder_look(struct finder *f, struct cand *k, const struct fhir_criterion *skip,
                              bool real_at, bool *ret_meets);
/* Finds f->found in any order asked for. */
MUST_USE enum err finder_run(struct finder *f);
/* sort.c: the hits of a set, sorted by the query's sort keys, in place; *ret_from is the first after the
 * cursor. */
MUST_USE enum err finder_sort(struct finder *f, struct hit *hits, size_t n, size_t *ret_from);
MUST_USE enum err sort_keys(struct finder *f, struct cand *k, struct sort_key *ret_keys);
/* A number whose order is that of the doubles. */
int64_t sort_number(double v);
double sort_double(int64_t number);
int sort_keys_cmp(const struct sort_key *a, const struct sort_key *b, size_t n);
/* walk.c: found in the order of the index of the first key; *ret_can is false when it has none. */
MUST_USE enum err finder_walk_sorted(struct finder *f, bool *ret_can);
/* find.c */
MUST_USE enum err finder_keep(struct finder *f, struct hit hit);
bool finder_is_full(const struct finder *f);

/* ---- lead_place.c ---- */
/* Where a match stands in the order of f->lead. */
MUST_USE enum err lead_place(struct finder *f, struct hit hit, struct lead_at *ret_p);

/* ---- moment.c ---- */
/* What changed since the cursor's moment, as it was. Criteria must be resolved.
 * errors   E_BAD_INPUT  too much changed: the link has expired */
MUST_USE enum err moment_load(struct finder *f);
/* Came or changed since the moment: the index is not to be asked about it. */
bool moment_is_newer(const struct finder *f, int64_t rid);
/* The candidate as of the moment. */
struct cand moment_cand(const struct finder *f, struct hit hit);
const struct old *moment_old(const struct finder *f, int64_t rid);

/* ---- cursor.c ---- */
struct str cursor_write(struct req *rq, const struct fhir_query *q, const struct cursor *at);
MUST_USE enum err cursor_read(struct req *rq, const struct fhir_query *q, struct cursor *ret_at);

/* search.c: the search of one type; f->rq, gate, want, resume, from, counting, merged are set. plan is a
 * copy of the query for that type; its criteria are added to. */
MUST_USE enum err finder_type(struct finder *f, struct fhir_query *plan);

/* ---- several.c ---- */
/* A page of the types of p->q->each in the order of their _sort. from: NULL on the first page.
 * errors   E_BAD_INPUT  too many to sort; a link that has expired */
MUST_USE enum err several_page(struct req *rq, struct gate *g, const struct cursor *from,
                               struct db_moment moment, struct fhir_page *p);

/* ---- include.c ---- */
/* What the matches of a page name and what names them. */
MUST_USE enum err includes_add(struct req *rq, struct gate *g, struct fhir_page *p);
/* Sorts by (at, rid) in order o, drops repeats; gives the new number. */
size_t hits_sort(struct hit *v, size_t n, enum list_order o);
