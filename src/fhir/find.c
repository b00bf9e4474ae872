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
    RANK_NONE = 9,
    FUEL_RESERVE = FHIR_REFERRERS * 2, /* left for the candidate being looked at */
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

/* Lists that are not of one type, or know no place, may give what is none of ours. */
static enum err cand_is_ours(struct finder *f, struct cand *k, bool *ret_ours)
{
    enum err e = cand_head(f->rq, k);
    if (e == E_NOT_FOUND) {
        err_clear(f->rq);
        *ret_ours = false;
        return OK;
    }
    TRY(e);
    k->hit.at = k->head.at_ms;
    *ret_ours = !k->head.deleted && k->head.type == f->q->type;
    return OK;
}

static enum err cand_test(struct finder *f, struct cand *k, const struct fhir_criterion *skip,
                          bool real_at, bool *ret_meets)
{
    bool meets = true;
    if (!real_at) {
        TRY(cand_is_ours(f, k, &meets));
    }
    for (size_t i = 0; meets && i < f->q->n; i++) {
        if (&f->q->c[i] != skip) {
            TRY(cand_meets(f->rq, f->gate, k, &f->q->c[i], &meets));
        }
    }
    if (meets) {
        TRY(cand_may(f->rq, f->gate, f->q->type, k, &meets));
    }
    *ret_meets = meets;
    return OK;
}

enum err finder_test(struct finder *f, struct hit *hit, const struct fhir_criterion *skip,
                     bool real_at, bool *ret_meets)
{
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = {.hit = *hit};
    if (moment_is_newer(f, hit->rid)) {
        f->scanned++;
        *ret_meets = false;
        return OK;
    }
    enum err e = cand_test(f, &k, skip, real_at, ret_meets);
    hit->at = k.hit.at;
    arena_back(f->rq->a, m);
    f->scanned++;
    f->gate->fuel -= f->gate->fuel > 0 ? 1 : 0;
    return e;
}

enum err finder_keep(struct finder *f, struct hit hit)
{
    if (f->n_found == f->size_found) {
        size_t size = MIN(MAX(f->size_found * 2, (size_t)64), f->want);
        struct hit *v = ARENA_ARRAY(f->rq->a, size + 1, struct hit);
        TRY_MEM(f->rq, v);
        for (size_t i = 0; i < f->n_found; i++) {
            v[i] = f->found[i];
        }
        f->found = v;
        f->size_found = size;
    }
    f->found[f->n_found++] = hit;
    return OK;
}

bool finder_is_full(const struct finder *f)
{
    return f->n_found >= f->want && !f->counting;
}

/* Without the date the search is sorted by: comes after all others. */
static enum err is_undated(struct finder *f, struct hit hit, bool *ret_undated)
{
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = moment_cand(f, hit);
    bool has = false;
    enum err e = f->dated ? cand_tuples(f->rq, &k) : OK;
    for (size_t i = 0; f->dated && e == OK && !has && i < k.n_tuples; i++) {
        has = k.tuples[i].sp == f->q->sort[0].p->sp;
    }
    *ret_undated = f->dated && !has;
    arena_back(f->rq->a, m);
    return e;
}

/* A match, in its order. */
static enum err take(struct finder *f, struct hit hit)
{
    bool undated = false;
    f->total += f->undated ? 0 : 1;
    TRY(is_undated(f, hit, &undated));
    return undated == f->undated && f->n_found < f->want ? finder_keep(f, hit) : OK;
}

/* What changed since the first page and stood before hit (NULL: all the rest), then hit. */
static enum err take_in_order(struct finder *f, const struct hit *hit)
{
    for (; f->next_old < f->n_olds; f->next_old++) {
        struct hit old = f->olds[f->next_old].k.hit;
        if (hit != NULL && hit_cmp(old, *hit, f->order) > 0) {
            break;
        }
        TRY(take(f, old));
    }
    return hit != NULL ? take(f, *hit) : OK;
}

static bool is_passed(const struct finder *f, struct hit hit)
{
    return f->resume && f->from.undated == f->undated &&
           hit_cmp(hit, f->from.after, f->order) <= 0;
}

/* Begins with those that have the date, or (undated) those that have not. */
static void phase_begin(struct finder *f, bool undated)
{
    f->undated = undated;
    f->next_old = 0;
    while (f->next_old < f->n_olds && is_passed(f, f->olds[f->next_old].k.hit)) {
        f->next_old++;
    }
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

size_t hits_sort(struct hit *v, size_t n, enum list_order o)
{
    size_t kept = 0;
    if (n < 2) {
        return n;
    }
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

/* What changed since the first page belongs to the set as it was. */
static enum err set_olds(struct finder *f, struct hit **v, size_t *n)
{
    struct hit *all = ARENA_ARRAY(f->rq->a, *n + f->n_olds + 1, struct hit);
    TRY_MEM(f->rq, all);
    for (size_t i = 0; i < *n; i++) {
        all[i] = (*v)[i];
    }
    for (size_t i = 0; i < f->n_olds; i++) {
        all[(*n)++] = f->olds[i].k.hit;
    }
    *n = hits_sort(all, *n, f->order);
    *v = all;
    return OK;
}

/* Those without the date behind the others; *ret_from is the first after the cursor. */
static enum err set_natural(struct finder *f, struct hit *v, size_t n, size_t *ret_from)
{
    struct hit *late = ARENA_ARRAY(f->rq->a, f->dated ? n + 1 : 1, struct hit);
    size_t n_late = 0;
    size_t kept = 0;
    size_t from = 0;
    TRY_MEM(f->rq, late);
    for (size_t i = 0; i < n; i++) {
        bool undated = false;
        struct hit hit = v[i];
        TRY(is_undated(f, hit, &undated));
        bool passed = f->resume && (f->from.undated != undated
                                        ? f->from.undated
                                        : hit_cmp(hit, f->from.after, f->order) <= 0);
        from += passed ? 1 : 0;
        if (undated) {
            late[n_late++] = hit;
        } else {
            v[kept++] = hit;
        }
    }
    for (size_t i = 0; i < n_late; i++) {
        v[kept++] = late[i];
    }
    *ret_from = from;
    return OK;
}

static enum err set_page(struct finder *f, struct hit *v, size_t n)
{
    size_t from = 0;
    if (f->n_olds > 0) {
        TRY(set_olds(f, &v, &n));
    }
    TRY(f->natural ? set_natural(f, v, n, &from) : finder_sort(f, v, n, &from));
    f->total = n;
    for (size_t i = from; i < n && f->n_found < f->want; i++) {
        TRY(finder_keep(f, v[i]));
    }
    return OK;
}

/* In order already: only as much as the page needs is tested. */
static enum err set_walk(struct finder *f, struct racer *r)
{
    phase_begin(f, false);
    for (size_t i = 0; i < r->n && !finder_is_full(f); i++) {
        bool meets = false;
        if (is_passed(f, r->v[i])) {
            continue;
        }
        TRY(finder_test(f, &r->v[i], r->c, true, &meets));
        if (meets) {
            TRY(take_in_order(f, &r->v[i]));
        }
    }
    return finder_is_full(f) ? OK : take_in_order(f, NULL);
}

static enum err set_run(struct finder *f, struct racer *r)
{
    size_t n = r->n;
    if (r->s.ordered && r->s.exact && f->natural && !f->counting && !f->dated) {
        return set_walk(f, r);
    }
    n = hits_sort(r->v, n, f->order);
    TRY(set_filter(f, r->v, &n, r->s.exact ? r->c : NULL, r->s.real_at));
    n = hits_sort(r->v, n, f->order);
    return set_page(f, r->v, n);
}

/* ---- the race ---- */

static void race_close(struct racer *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        source_close(&r[i].s);
    }
}

static int param_rank(const struct fhir_criterion *c)
{
    switch (c->p->kind) {
    case SP_REF: return 0;
    case SP_URI:
    case SP_CONTACT: return 1;
    case SP_STRING: return 2;
    case SP_TOKEN: return str_eq(c->p->name, S("identifier")) ? 0 : 3;
    case SP_DATE: return 4;
    case SP_NUMBER:
    case SP_QUANTITY: return 5;
    case SP_COMPOSITE: return 3;
    case SP_SPECIAL:
    case SP_UNION:
    case SP_ALIAS:
    case SP_ID: return RANK_NONE;
    case SP_UPDATED: return 5;
    }
    return RANK_NONE;
}

/* Selective kinds first; a criterion no list can answer gets RANK_NONE. */
static int rank(const struct fhir_criterion *c)
{
    if (!source_can(c)) {
        return RANK_NONE;
    }
    switch (c->op) {
    case ASK_PARAM: return param_rank(c);
    case ASK_CHAIN:
    case ASK_HAS: return 1;
    case ASK_WORDS: return 2;
    case ASK_AND:
    case ASK_OR: return 4;
    case ASK_NOT: return RANK_NONE;
    }
    return RANK_NONE;
}

static enum err racer_add(struct finder *f, struct racer *r, size_t cap,
                          const struct fhir_criterion *lists, size_t *n)
{
    struct racer *one = &r[*n];
    one->v = ARENA_ARRAY(f->rq->a, cap, struct hit);
    TRY_MEM(f->rq, one->v);
    TRY(source_open(f->rq, f->q->type, lists, f->order, &one->s));
    ++*n;
    return OK;
}

/* Each part of a composite runs for itself; the element decides in the end. */
static enum err parts_add(struct finder *f, struct racer *r, size_t cap,
                          const struct fhir_criterion *c, size_t *n)
{
    for (size_t i = 0; i < FHIR_PARTS_MAX && *n < RACERS_MAX; i++) {
        struct fhir_criterion part;
        if (source_part(c, i, &part)) {
            r[*n].c = c;
            TRY(racer_add(f, r, cap, &part, n));
            r[*n - 1].s.exact = false;
        }
    }
    return OK;
}

static enum err race_open(struct finder *f, struct racer *r, size_t cap, size_t *ret_n)
{
    size_t lists = 0;
    for (int want = 0; want < RANK_NONE; want++) {
        for (size_t i = 0; i < f->q->n && *ret_n < RACERS_MAX; i++) {
            const struct fhir_criterion *c = &f->q->c[i];
            size_t own = source_lists(c);
            if (rank(c) != want || lists + own > SOURCE_LISTS_MAX * 2) {
                continue;
            }
            lists += own;
            if (c->op == ASK_PARAM && c->p->kind == SP_COMPOSITE) {
                TRY(parts_add(f, r, cap, c, ret_n));
                continue;
            }
            r[*ret_n].c = c;
            TRY(racer_add(f, r, cap, c, ret_n));
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
    const struct fhir_access *acc = f->gate->acc;
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
    n_anchors = hits_sort(anchors, n_anchors, LIST_OLDEST);
    for (size_t i = 0; i < n_anchors; i++) {
        TRY(mine_add(f, anchors[i].rid, v, FHIR_SCAN_MAX, &n));
    }
    if (n >= FHIR_SCAN_MAX) {
        return OK;
    }
    n = hits_sort(v, n, f->order);
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
    while (f->scanned < limit && (f->gate->fuel > FUEL_RESERVE || f->scanned < 8)) {
        bool meets = false;
        if (!source_next(s, &hit)) {
            *ret_done = true;
            TRY(source_err(f->rq, s));
            return take_in_order(f, NULL);
        }
        TRY(finder_test(f, &hit, lead, true, &meets));
        f->last = hit;
        if (meets) {
            TRY(take_in_order(f, &hit));
        }
        if (finder_is_full(f)) {
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
    size_t next_old = f->next_old;
    bool nothing = false;
    TRY(fhir_query_resolve(f->rq, f->gate, f->q, true, &nothing));
    if (nothing) {
        *ret_done = true;
        return OK;
    }
    f->n_found = 0;
    f->total = 0;
    TRY(race(f, RACE_LONG, ret_done));
    if (!*ret_done) {
        TRY(mine(f, ret_done));
    }
    if (!*ret_done) {
        f->n_found = n_found;
        f->total = total;
        f->next_old = next_old;
    }
    return OK;
}

static enum err walk_source(struct finder *f, struct source *s, const struct fhir_criterion *lead,
                            bool *ret_whole)
{
    bool done = false;
    uint64_t vain = MIN(f->scanned + WALK_IN_VAIN, f->scan_max);
    if (f->resume && f->from.undated == f->undated) {
        source_seek(s, f->from.after);
    }
    const struct fhir_criterion *skip = s->exact ? lead : NULL;
    TRY(walk_on(f, s, skip, vain, &done));
    if (!done && f->scan_max >= FHIR_SCAN_MAX && !f->undated) {
        TRY(longer(f, &done));
        *ret_whole = done; /* sets have the undated ones, too */
    }
    if (!done) {
        TRY(walk_on(f, s, skip, f->scan_max, &done));
        f->cut = !done;
    }
    return OK;
}

static enum err walk_phase(struct finder *f, bool undated, bool *ret_whole)
{
    struct source s = {.n = 0};
    const struct fhir_criterion *lead = leader(f);
    phase_begin(f, undated);
    TRY(source_open(f->rq, f->q->type, lead, f->order, &s));
    enum err e = walk_source(f, &s, lead, ret_whole);
    source_close(&s);
    return e;
}

static enum err walk(struct finder *f)
{
    bool whole = false;
    if (!(f->resume && f->from.undated)) {
        TRY(walk_phase(f, false, &whole));
    }
    bool more = f->dated && !whole && !f->cut && !finder_is_full(f);
    return more ? walk_phase(f, true, &whole) : OK;
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
    const struct fhir_criterion *skip = s.exact ? lead : NULL;
    enum err e = source_err(f->rq, &s);
    source_close(&s);
    TRY(e);
    if (more) {
        fhir_issue_add(f->rq, ISSUE_ERROR, "too-costly",
                       T("Too many to sort by this. Please narrow the search."), S("_sort"), S(""));
        return FAIL(f->rq, E_BAD_INPUT, "too many to sort");
    }
    TRY(set_filter(f, v, &n, skip, true));
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
    n = hits_sort(v, n, f->order);
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
    n = hits_sort(v, n, f->order);
    TRY(set_filter(f, v, &n, NULL, true));
    *ret_done = true;
    return set_page(f, v, n);
}

enum err finder_run(struct finder *f)
{
    bool done = false;
    int64_t patient = 0;
    const struct fhir_access *acc = f->gate->acc;
    if (!scope_allows(acc->scopes, f->q->type, access_ops(acc))) {
        return OK; /* of this type, or of the one chained over, the token opens none */
    }
    for (size_t i = 0; i < f->q->n; i++) {
        if (f->q->c[i].op == ASK_PARAM && f->q->c[i].p->kind == SP_ID) {
            return by_ids(f, &f->q->c[i]);
        }
    }
    if (scope_is_one_patient(acc->scopes, f->q->type, access_ops(acc), &patient)) {
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
    if (f->natural) {
        return walk(f);
    }
    bool nothing = false;
    TRY(fhir_query_resolve(f->rq, f->gate, f->q, true, &nothing));
    if (nothing) {
        return OK;
    }
    TRY(finder_walk_sorted(f, &done));
    return done ? OK : gather(f);
}
