/* fhir/find.c - the plan of a search: which posting list leads, how far it is walked.
 *
 * 1. A short race: all lists are stepped in turn; one that ends soon is small and leads.
 * 2. Else, in the order of (at, rid), the most selective kind of list is walked from the right end
 *    and the rest is tested hit by hit, until the page is full.
 * 3. Should that look at too many in vain, a longer race decides again, in which what hangs on the
 *    caller's own cases takes part.
 * Work is bounded by FHIR_SCAN_MAX candidates.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fhir/search_int.h"

enum {
    RACERS_MAX = 5,
    RACE_SHORT = 48,   /* hits: a list that ends within these leads at once */
    RACE_LONG = 4000,
    WALK_IN_VAIN = 512, /* candidates looked at before a longer race */
    MINE_MAX = 2000,   /* cases of a person looked at as a list of their own */
};

struct racer {
    const struct fhir_criterion *c;
    struct source s;
    struct hit *v;
    size_t n;
    bool ended;
};

enum err gate_may(struct req *rq, struct gate *g, int64_t anchor, bool *ret_may)
{
    if (g->acc->all || anchor == ANCHOR_DIRECTORY) {
        *ret_may = true;
        return OK;
    }
    if (anchor == ANCHOR_SYSTEM) {
        *ret_may = false;
        return OK;
    }
    for (unsigned i = 0; i < g->n; i++) {
        if (g->anchor[i] == anchor) {
            *ret_may = g->may[i];
            return OK;
        }
    }
    bool may = false;
    TRY(db_team_has(rq, anchor, g->acc->principals, g->acc->n, &may));
    unsigned at = g->n < SEEN_ANCHORS ? g->n++ : g->at++ % SEEN_ANCHORS;
    g->anchor[at] = anchor;
    g->may[at] = may;
    *ret_may = may;
    return OK;
}

static enum err cand_test(struct finder *f, struct cand *k, const struct fhir_criterion *skip,
                          bool real_at, bool *ret_meets)
{
    bool meets = true;
    if (!real_at) {
        TRY(cand_head(f->rq, k));
        k->hit.at = k->head.at_ms;
    }
    for (size_t i = 0; meets && i < f->q->n; i++) {
        if (&f->q->c[i] != skip) {
            TRY(cand_meets(f->rq, k, &f->q->c[i], &meets));
        }
    }
    if (meets && !f->gate.acc->all) {
        TRY(cand_head(f->rq, k));
        TRY(gate_may(f->rq, &f->gate, k->head.anchor, &meets));
    }
    if (meets && f->gate.acc->scopes != NULL) {
        TRY(scope_cand(f->rq, f->gate.acc->scopes, access_ops(f->gate.acc), f->q->type, k, &meets));
    }
    *ret_meets = meets;
    return OK;
}

enum err finder_test(struct finder *f, struct hit *hit, const struct fhir_criterion *skip,
                     bool real_at, bool *ret_meets)
{
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = {.hit = *hit};
    enum err e = cand_test(f, &k, skip, real_at, ret_meets);
    hit->at = k.hit.at;
    arena_back(f->rq->a, m);
    f->scanned++;
    return e;
}

static enum err take(struct finder *f, struct hit hit)
{
    f->total++;
    if (f->n_found < f->want) {
        f->found[f->n_found++] = hit;
    }
    return OK;
}

static bool full(const struct finder *f)
{
    return f->n_found >= f->want && !f->counting;
}

/* ---- a set that is known whole ---- */

static int cmp_newest(const void *a, const void *b)
{
    return hit_cmp(*(const struct hit *)a, *(const struct hit *)b, LIST_NEWEST);
}

static int cmp_oldest(const void *a, const void *b)
{
    return hit_cmp(*(const struct hit *)a, *(const struct hit *)b, LIST_OLDEST);
}

static size_t sort_unique(struct hit *v, size_t n, enum list_order o)
{
    size_t kept = 0;
    qsort(v, n, sizeof(*v), o == LIST_NEWEST ? cmp_newest : cmp_oldest);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || v[kept - 1].rid != v[i].rid || v[kept - 1].at != v[i].at) {
            v[kept++] = v[i];
        }
    }
    return kept;
}

/* Keeps what meets the criteria; date lists get their real place here. */
static enum err set_filter(struct finder *f, struct hit *v, size_t *n,
                           const struct fhir_criterion *skip, bool real_at)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        bool meets = false;
        struct hit hit = v[i];
        TRY(finder_test(f, &hit, skip, real_at, &meets));
        if (meets) {
            v[kept++] = hit;
        }
    }
    *n = kept;
    return OK;
}

static enum err set_page(struct finder *f, struct hit *v, size_t n)
{
    size_t from = 0;
    if (!f->natural) {
        TRY(finder_sort(f, v, n));
    }
    if (f->resume && f->natural) {
        while (from < n && hit_cmp(v[from], f->after, f->order) <= 0) {
            from++;
        }
    } else if (f->resume) {
        /* After the one given last; should it be gone, from its place. */
        from = MIN((size_t)f->after.at, n);
        for (size_t i = 0; i < n; i++) {
            if (v[i].rid == f->after.rid) {
                from = i + 1;
                break;
            }
        }
    }
    f->ordinal = (uint32_t)from;
    f->total = n;
    for (size_t i = from; i < n && f->n_found < f->want; i++) {
        f->found[f->n_found++] = v[i];
    }
    return OK;
}

static enum err set_run(struct finder *f, struct racer *r)
{
    size_t n = r->n;
    if (r->s.ordered && r->s.exact) {
        /* In order already: only as much as the page needs is tested. */
        for (size_t i = 0; i < n && f->natural && !f->counting; i++) {
            bool meets = false;
            if (f->resume && hit_cmp(r->v[i], f->after, f->order) <= 0) {
                continue;
            }
            TRY(finder_test(f, &r->v[i], r->c, true, &meets));
            if (meets) {
                TRY(take(f, r->v[i]));
            }
            if (full(f)) {
                return OK;
            }
        }
        if (f->natural && !f->counting) {
            return OK;
        }
    } else {
        n = sort_unique(r->v, n, f->order);
    }
    TRY(set_filter(f, r->v, &n, r->s.exact ? r->c : NULL, r->s.real_at));
    n = sort_unique(r->v, n, f->order);
    return set_page(f, r->v, n);
}

/* ---- the race ---- */

static void race_close(struct racer *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        source_close(&r[i].s);
    }
}

/* Selective kinds first; a criterion no list can answer gets none. */
static int rank(const struct fhir_criterion *c)
{
    if (!source_can(c)) {
        return 9;
    }
    switch (c->p->kind) {
    case SP_REF: return 0;
    case SP_URI:
    case SP_CONTACT: return 1;
    case SP_STRING: return 2;
    case SP_TOKEN: return str_eq(c->p->name, S("identifier")) ? 0 : 3;
    case SP_DATE: return 4;
    case SP_QUANTITY: return 5;
    case SP_ALIAS:
    case SP_ID:
    case SP_UPDATED: return 9;
    }
    return 9;
}

static enum err race_open(struct finder *f, struct racer *r, size_t cap, size_t *ret_n)
{
    size_t n = 0;
    for (int want = 0; want < 9; want++) {
        for (size_t i = 0; i < f->q->n && n < RACERS_MAX; i++) {
            const struct fhir_criterion *c = &f->q->c[i];
            size_t lists = c->n;
            for (size_t k = 0; k < n; k++) {
                lists += r[k].c->n;
            }
            if (rank(c) != want || lists > 16) {
                continue;
            }
            r[n].c = c;
            r[n].v = ARENA_ARRAY(f->rq->a, cap, struct hit);
            TRY_MEM(f->rq, r[n].v);
            TRY(source_open(f->rq, f->q->type, c, f->order, &r[n].s));
            *ret_n = ++n;
        }
    }
    return OK;
}

/* Steps all in turn until one ends; *ret_won is its index, or n when none ended within cap. */
static enum err race_run(struct finder *f, struct racer *r, size_t n, size_t cap, size_t *ret_won)
{
    enum { STRIDE = 8 };
    for (size_t done = 0; done < cap; done += STRIDE) {
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < STRIDE && r[i].n < cap; k++) {
                if (!source_next(&r[i].s, &r[i].v[r[i].n])) {
                    TRY(source_err(f->rq, &r[i].s));
                    *ret_won = i;
                    return OK;
                }
                r[i].n++;
            }
        }
    }
    *ret_won = n;
    return OK;
}

/* *ret_done when a list ended within cap and answered the search. */
static enum err race(struct finder *f, size_t cap, bool *ret_done)
{
    struct racer r[RACERS_MAX] = {0};
    size_t n = 0;
    size_t won = 0;
    enum err e = race_open(f, r, cap, &n);
    if (e == OK && n > 0) {
        e = race_run(f, r, n, cap, &won);
    }
    if (e == OK && won < n) {
        e = set_run(f, &r[won]);
        *ret_done = true;
    }
    race_close(r, n);
    return e;
}

/* ---- what hangs on the caller's own cases ---- */

static enum err mine_of(struct finder *f, uint64_t principal, struct hit *anchors, size_t *n)
{
    struct list *l = NULL;
    struct hit hit;
    TRY(list_team(f->rq, principal, LIST_NEWEST, &l));
    while (*n < MINE_MAX && list_next(l, &hit)) {
        anchors[(*n)++] = (struct hit){0, hit.rid};
    }
    enum err e = list_err(f->rq, l);
    list_close(&l);
    return e;
}

static enum err mine_add(struct finder *f, int64_t anchor, struct hit *v, size_t cap, size_t *n)
{
    struct list *l = NULL;
    TRY(list_owner(f->rq, anchor, (uint16_t)f->q->type, f->order, &l));
    while (*n < cap && list_next(l, &v[*n])) {
        (*n)++;
    }
    enum err e = list_err(f->rq, l);
    list_close(&l);
    return e;
}

static enum err mine(struct finder *f, bool *ret_done)
{
    const struct fhir_access *acc = f->gate.acc;
    if (acc->all || fhir_type_hangs(f->q->type) == DIRECTORY) {
        return OK;
    }
    struct hit *anchors = ARENA_ARRAY(f->rq->a, MINE_MAX, struct hit);
    struct hit *v = ARENA_ARRAY(f->rq->a, FHIR_SCAN_MAX, struct hit);
    size_t n_anchors = 0;
    size_t n = 0;
    TRY_MEM(f->rq, anchors);
    TRY_MEM(f->rq, v);
    for (size_t i = 0; i < acc->n; i++) {
        TRY(mine_of(f, acc->principals[i], anchors, &n_anchors));
    }
    if (n_anchors >= MINE_MAX) {
        return OK;
    }
    n_anchors = sort_unique(anchors, n_anchors, LIST_OLDEST);
    for (size_t i = 0; i < n_anchors; i++) {
        TRY(mine_add(f, anchors[i].rid, v, FHIR_SCAN_MAX, &n));
    }
    if (n >= FHIR_SCAN_MAX) {
        return OK;
    }
    n = sort_unique(v, n, f->order);
    TRY(set_filter(f, v, &n, NULL, true));
    *ret_done = true;
    return set_page(f, v, n);
}

/* ---- the walk ---- */

static const struct fhir_criterion *leader(const struct finder *f)
{
    const struct fhir_criterion *best = NULL;
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        if (source_is_ordered(c) && (best == NULL || rank(c) < rank(best))) {
            best = c;
        }
    }
    return best;
}

/* Walks until the page is full, the list ends (*ret_done) or limit candidates were looked at. */
static enum err walk_on(struct finder *f, struct source *s, const struct fhir_criterion *lead,
                        uint64_t limit, bool *ret_done)
{
    struct hit hit;
    while (f->scanned < limit) {
        bool meets = false;
        if (!source_next(s, &hit)) {
            *ret_done = true;
            return source_err(f->rq, s);
        }
        TRY(finder_test(f, &hit, lead, true, &meets));
        f->last = hit;
        if (meets) {
            TRY(take(f, hit));
        }
        if (full(f)) {
            *ret_done = true;
            return OK;
        }
    }
    return OK;
}

static enum err longer(struct finder *f, bool *ret_done)
{
    size_t n_found = f->n_found;
    uint64_t total = f->total;
    f->n_found = 0;
    f->total = 0;
    TRY(race(f, RACE_LONG, ret_done));
    if (!*ret_done) {
        TRY(mine(f, ret_done));
    }
    if (!*ret_done) {
        f->n_found = n_found;
        f->total = total;
    }
    return OK;
}

static enum err walk_source(struct finder *f, struct source *s, const struct fhir_criterion *lead)
{
    bool done = false;
    if (f->resume) {
        source_seek(s, f->after);
    }
    TRY(walk_on(f, s, lead, f->scanned + WALK_IN_VAIN, &done));
    if (done) {
        return OK;
    }
    TRY(longer(f, &done));
    if (done) {
        return OK;
    }
    TRY(walk_on(f, s, lead, f->scanned + FHIR_SCAN_MAX, &done));
    f->cut = !done;
    return OK;
}

static enum err walk(struct finder *f)
{
    struct source s = {0};
    const struct fhir_criterion *lead = leader(f);
    TRY(source_open(f->rq, f->q->type, lead, f->order, &s));
    enum err e = walk_source(f, &s, lead);
    source_close(&s);
    return e;
}

/* Sorted by something else: the whole set is needed. */
static enum err gather(struct finder *f)
{
    struct source s = {0};
    const struct fhir_criterion *lead = leader(f);
    struct hit *v = ARENA_ARRAY(f->rq->a, FHIR_SCAN_MAX, struct hit);
    size_t n = 0;
    bool more = true;
    TRY_MEM(f->rq, v);
    TRY(source_open(f->rq, f->q->type, lead, f->order, &s));
    while (n < FHIR_SCAN_MAX && (more = source_next(&s, &v[n]))) {
        n++;
    }
    enum err e = source_err(f->rq, &s);
    source_close(&s);
    TRY(e);
    if (more) {
        fhir_issue_add(f->rq, ISSUE_ERROR, "too-costly",
                       T("Too many to sort by this. Please narrow the search."), S("_sort"), S(""));
        return FAIL(f->rq, E_BAD_INPUT, "too many to sort");
    }
    TRY(set_filter(f, v, &n, lead, true));
    return set_page(f, v, n);
}

static enum err by_ids(struct finder *f, const struct fhir_criterion *c)
{
    struct hit *v = ARENA_ARRAY(f->rq->a, c->n + 1, struct hit);
    size_t n = 0;
    TRY_MEM(f->rq, v);
    for (size_t i = 0; i < c->n; i++) {
        struct res_row row;
        enum err e = db_head(f->rq, (uint16_t)f->q->type, c->v[i].ref.id, &row);
        if (e == E_NOT_FOUND) {
            err_clear(f->rq);
            continue;
        }
        TRY(e);
        if (!row.deleted && row.version > 0) {
            v[n++] = (struct hit){row.at_ms, row.rid};
        }
    }
    n = sort_unique(v, n, f->order);
    TRY(set_filter(f, v, &n, c, true));
    return set_page(f, v, n);
}

/* A token that speaks of one patient: what is about that patient leads, whatever else is asked. */
static enum err one_patient(struct finder *f, int64_t rid, bool *ret_done)
{
    struct hit *v = ARENA_ARRAY(f->rq->a, FHIR_SCAN_MAX, struct hit);
    size_t n = 0;
    TRY_MEM(f->rq, v);
    if (rid != 0) {
        TRY(mine_add(f, rid, v, FHIR_SCAN_MAX, &n));
    }
    if (n >= FHIR_SCAN_MAX) {
        return OK;
    }
    n = sort_unique(v, n, f->order);
    TRY(set_filter(f, v, &n, NULL, true));
    *ret_done = true;
    return set_page(f, v, n);
}

enum err finder_run(struct finder *f)
{
    bool done = false;
    int64_t patient = 0;
    f->found = ARENA_ARRAY(f->rq->a, f->want + 1, struct hit);
    TRY_MEM(f->rq, f->found);
    if (!scope_allows(f->gate.acc->scopes, f->q->type, access_ops(f->gate.acc))) {
        return OK; /* of this type, or of the one chained over, the token opens none */
    }
    for (size_t i = 0; i < f->q->n; i++) {
        if (f->q->c[i].p->kind == SP_ID) {
            return by_ids(f, &f->q->c[i]);
        }
    }
    if (scope_is_one_patient(f->gate.acc->scopes, f->q->type, access_ops(f->gate.acc), &patient)) {
        TRY(one_patient(f, patient, &done));
        if (done) {
            return OK;
        }
    }
    TRY(race(f, RACE_SHORT, &done));
    if (!done && !f->natural) {
        TRY(race(f, RACE_LONG, &done));
        if (!done) {
            TRY(mine(f, &done));
        }
    }
    if (done) {
        return OK;
    }
    return f->natural ? walk(f) : gather(f);
}
