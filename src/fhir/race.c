/* fhir/race.c - which list leads: all that can are stepped in turn, and one that ends soon is the whole set
 * of candidates. Or what hangs on the caller's own cases is. */
#include "base/text.h"
#include "fhir/find_int.h"

enum {
    RACERS_MAX = 5,
    MINE_MAX = 2000,   /* cases of a person looked at as a list of their own */
};

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
    case SP_COMPOSITE: return c->has_pairs ? 1 : 3;
    case SP_SPECIAL:
    case SP_UNION:
    case SP_ALIAS:
    case SP_ID: return RANK_NONE;
    case SP_UPDATED: return 5;
    }
    return RANK_NONE;
}

/* Selective kinds first; a criterion no list can answer gets RANK_NONE. */
int criterion_rank(const struct fhir_criterion *c)
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
            if (criterion_rank(c) != want || lists + own > SOURCE_LISTS_MAX * 2) {
                continue;
            }
            lists += own;
            if (c->op == ASK_PARAM && c->p->kind == SP_COMPOSITE && !c->has_pairs) {
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

enum err finder_race(struct finder *f, size_t cap, const struct fhir_criterion **ret_lead,
                     bool *ret_done)
{
    struct racer r[RACERS_MAX] = {0};
    size_t n = 0;
    size_t won = 0;
    enum err e = race_open(f, r, cap, &n);
    if (e == OK && n > 0) {
        e = race_run(f, r, n, cap, &won);
    }
    if (e == OK && won < n && ret_lead != NULL && !r[won].s.ordered && lead_can(r[won].c)) {
        *ret_lead = r[won].c;
    } else if (e == OK && won < n) {
        e = finder_set_run(f, &r[won]);
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

enum err finder_about(struct finder *f, int64_t anchor, struct hit *v, size_t cap, size_t *n)
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

enum err finder_mine(struct finder *f, bool *ret_done)
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
        TRY(finder_about(f, anchors[i].rid, v, FHIR_SCAN_MAX, &n));
    }
    if (n >= FHIR_SCAN_MAX) {
        return OK;
    }
    n = hits_sort(v, n, f->order);
    TRY(finder_set_filter(f, v, &n, NULL, true));
    *ret_done = true;
    return finder_set_page(f, v, n);
}
