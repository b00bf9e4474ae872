/* fhir/set.c - a search whose candidates are known whole: filtered, put in order, cut to the page. */
#include <stdlib.h>

#include "fhir/find_int.h"

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
enum err finder_set_filter(struct finder *f, struct hit *v, size_t *n,
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
        TRY(finder_undated(f, hit, &undated));
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

enum err finder_set_page(struct finder *f, struct hit *v, size_t n)
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
    finder_phase(f, false);
    for (size_t i = 0; i < r->n && !finder_is_full(f); i++) {
        bool meets = false;
        if (finder_passed(f, r->v[i])) {
            continue;
        }
        TRY(finder_test(f, &r->v[i], r->c, true, &meets));
        if (meets) {
            TRY(finder_take(f, &r->v[i]));
        }
    }
    return finder_is_full(f) ? OK : finder_take(f, NULL);
}

enum err finder_set_run(struct finder *f, struct racer *r)
{
    size_t n = r->n;
    if (r->s.ordered && r->s.exact && f->natural && !f->counting && !f->dated) {
        return set_walk(f, r);
    }
    n = hits_sort(r->v, n, f->order);
    TRY(finder_set_filter(f, r->v, &n, r->s.exact ? r->c : NULL, r->s.real_at));
    n = hits_sort(r->v, n, f->order);
    return finder_set_page(f, r->v, n);
}
