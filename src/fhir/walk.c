/* fhir/walk.c - a search sorted by something that is indexed in its order: the index is walked, so that
 * a page of a large set costs what a page of a small one does. Rows with the same first key are gathered
 * and sorted by the rest. Those without a first key come last. */
#include <stdlib.h>

#include "base/text.h"
#include "fhir/extract.h"
#include "fhir/search_int.h"

enum { RUN_MAX = 5000 };

struct run { /* rows with one first key */
    struct hit *v;
    size_t n;
    size_t n_olds; /* of them, not from the list */
    struct sort_key key;
    char text[TUPLE_STRING_MAX];
};

static enum err too_many(struct finder *f)
{
    fhir_issue_add(f->rq, ISSUE_ERROR, "too-costly",
                   T("Too many to sort by this. Please narrow the search."), S("_sort"), S(""));
    return FAIL(f->rq, E_BAD_INPUT, "too many to sort");
}

static int cmp_rid(const void *a, const void *b)
{
    int64_t x = ((const struct hit *)a)->rid;
    int64_t y = ((const struct hit *)b)->rid;
    return x < y ? -1 : x > y;
}

/* As finder_sort() would: where there is no second key, the numbers alone are left to order by. */
static enum err run_sort(struct finder *f, struct run *r, size_t *ret_from)
{
    if (f->q->n_sort > 1) {
        return finder_sort(f, r->v, r->n, ret_from);
    }
    if (r->n > 1) {
        qsort(r->v, r->n, sizeof(*r->v), cmp_rid);
    }
    if (f->resume && f->from.n_keys == 1) {
        int c = sort_keys_cmp(&r->key, &f->from.keys[0], 1);
        for (size_t i = 0; i < r->n; i++) {
            *ret_from += c < 0 || (c == 0 && r->v[i].rid <= f->from.after.rid) ? 1 : 0;
        }
    }
    return OK;
}

static enum err run_end(struct finder *f, struct run *r)
{
    size_t from = 0;
    TRY(run_sort(f, r, &from));
    f->total += r->n;
    for (size_t i = from; i < r->n && f->n_found < f->want; i++) {
        TRY(finder_keep(f, r->v[i]));
    }
    r->n = 0;
    r->n_olds = 0;
    return OK;
}

static void run_begin(struct run *r, const struct sort_key *key)
{
    r->key = *key;
    for (size_t i = 0; i < key->text.n; i++) {
        r->text[i] = key->text.p[i];
    }
    r->key.text = (struct str){r->text, key->text.n};
}

static enum err run_add(struct finder *f, struct run *r, struct hit hit)
{
    if (r->n == RUN_MAX) {
        f->cut = f->trying;
        return f->trying ? OK : too_many(f);
    }
    for (size_t i = r->n; i-- > 0;) {
        if (r->v[i].rid == hit.rid) {
            return OK;
        }
    }
    r->v[r->n++] = hit;
    return OK;
}

/* Rows that changed since the first page stand where they stood: before this key. */
static enum err olds_before(struct finder *f, struct run *r, const struct sort_key *key)
{
    for (; f->next_old < f->n_olds; f->next_old++) {
        struct sort_key own[FHIR_SORTS_MAX];
        struct cand k = f->olds[f->next_old].k;
        TRY(sort_keys(f, &k, own));
        if (key != NULL && sort_keys_cmp(own, key, 1) > 0) {
            return OK;
        }
        if (own[0].missing) {
            return OK;
        }
        if (r->n > 0 && sort_keys_cmp(own, &r->key, 1) != 0) {
            TRY(run_end(f, r));
        }
        run_begin(r, own);
        size_t n = r->n;
        TRY(run_add(f, r, f->olds[f->next_old].k.hit));
        r->n_olds += r->n - n;
    }
    return OK;
}

/* olds by the first key, for the merge. */
static enum err olds_order(struct finder *f)
{
    for (size_t i = 1; i < f->n_olds; i++) {
        for (size_t j = i; j > 0; j--) {
            struct sort_key a[FHIR_SORTS_MAX];
            struct sort_key b[FHIR_SORTS_MAX];
            struct cand x = f->olds[j - 1].k;
            struct cand y = f->olds[j].k;
            TRY(sort_keys(f, &x, a));
            TRY(sort_keys(f, &y, b));
            if (sort_keys_cmp(a, b, 1) <= 0) {
                break;
            }
            struct old o = f->olds[j];
            f->olds[j] = f->olds[j - 1];
            f->olds[j - 1] = o;
        }
    }
    f->next_old = 0;
    return OK;
}

static enum err list_open(struct finder *f, const struct date_window *w, struct list **gives)
{
    const struct fhir_sort *s = &f->q->sort[0];
    enum list_order o = s->descending ? LIST_NEWEST : LIST_OLDEST;
    const struct sort_key *from = f->resume && f->from.n_keys > 0 ? &f->from.keys[0] : NULL;
    if (s->p->kind == SP_STRING) {
        return list_string_from(f->rq, s->p->sp, from != NULL ? from->text : S(""), o, gives);
    }
    if (s->p->kind == SP_DATE || s->p->kind == SP_UPDATED) {
        int64_t lo = from != NULL && !s->descending ? MAX(from->number, w->from) : w->from;
        int64_t last = from != NULL && s->descending ? MIN(from->number, FHIR_TIME_MAX) : w->to;
        int64_t hi = MIN(last, w->to - 1) + 1; /* the key itself is looked at again */
        if (s->p->kind == SP_UPDATED) {
            return list_changed(f->rq, (uint16_t)f->q->type, lo, hi, o, gives);
        }
        return list_date(f->rq, s->p->sp, lo, hi, o, gives);
    }
    return list_quantity_order(f->rq, s->p->sp, 0, -1e300, 1e300, o, gives);
}

/* Its key, when the row is a match. */
static enum err step_key(struct finder *f, struct hit *hit, struct run *key, bool *ret_meets)
{
    struct sort_key keys[FHIR_SORTS_MAX];
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = {.hit = *hit};
    enum err e = finder_look(f, &k, NULL, false, ret_meets);
    *hit = k.hit;
    if (e == OK && *ret_meets) {
        e = sort_keys(f, &k, keys);
        if (e == OK) {
            run_begin(key, keys);
        }
    }
    arena_back(f->rq->a, m);
    return e;
}

/* One row of the index: a match in its place, or nothing. */
static enum err step(struct finder *f, struct run *r, struct hit hit)
{
    struct run next = {.v = NULL};
    bool meets = false;
    TRY(step_key(f, &hit, &next, &meets));
    if (!meets) {
        return OK;
    }
    int c = r->n > 0 ? sort_keys_cmp(&next.key, &r->key, 1) : 1;
    if (c < 0 || next.key.missing) {
        return OK; /* a later value of a row that stood further up */
    }
    if (f->next_old < f->n_olds) {
        TRY(olds_before(f, r, &next.key));
    }
    if (r->n > 0 && sort_keys_cmp(&next.key, &r->key, 1) > 0) { /* not those that changed, just added */
        TRY(run_end(f, r));
    }
    run_begin(r, &next.key);
    return run_add(f, r, hit);
}

/* Long spans that began before the window, in the order asked for. */
static enum err walk_longs(struct finder *f, struct run *r, const struct date_window *w)
{
    for (size_t i = 0; i < w->n_longs && f->n_found < f->want; i++) {
        TRY(step(f, r, w->longs[f->q->sort[0].descending ? w->n_longs - 1 - i : i]));
    }
    return OK;
}

/* Dates of one beginning stand in the list by their end, then by number. When all end alike and nothing
 * else is sorted by, that is the order asked for. */
struct alike {
    bool asks;     /* sorted by this alone, upwards */
    bool has;      /* lo and hi are known */
    int64_t lo;
    int64_t hi;    /* of the first row with lo */
    bool is_known; /* end: */
    bool end;      /* no row with lo has another end */
};

static struct alike alike_of(const struct finder *f)
{
    const struct fhir_sort *s = &f->q->sort[0];
    return (struct alike){.asks = f->q->n_sort == 1 && s->p->kind == SP_DATE && !s->descending};
}

static void alike_row(struct alike *a, struct hit hit, int64_t hi)
{
    if (a->asks && (!a->has || hit.at != a->lo)) {
        *a = (struct alike){.asks = true, .has = true, .lo = hit.at, .hi = hi};
    }
}

/* Of the beginning the cursor stands at, those up to its number were given or passed over. */
static bool alike_passed(const struct finder *f, const struct alike *a, struct hit hit)
{
    return a->asks && f->resume && f->from.n_keys == 1 && !f->from.keys[0].missing &&
           hit.at == f->from.keys[0].number && hit.rid <= f->from.after.rid;
}

/* Are there enough, and can none that follows stand before them? */
static enum err alike_enough(struct finder *f, const struct run *r, struct alike *a, int64_t hi,
                             bool *ret_enough)
{
    struct list *l = NULL;
    struct hit hit;
    *ret_enough = false;
    if (!a->asks || r->n - r->n_olds < f->want - f->n_found || r->key.number != a->lo ||
        hi != a->hi) {
        return OK;
    }
    if (!a->is_known) {
        TRY(list_date_on(f->rq, f->q->sort[0].p->sp, a->lo + 1, a->lo, a->hi, INT64_MAX, &l));
        a->end = !list_next(l, &hit);
        a->is_known = true;
        enum err e = list_err(f->rq, l);
        list_close(&l);
        TRY(e);
    }
    *ret_enough = a->end;
    return OK;
}

static enum err walk_rows(struct finder *f, struct run *r, struct list *l, bool *ret_more)
{
    struct alike a = alike_of(f);
    struct hit hit;
    while (f->n_found < f->want && f->scanned < f->scan_max && (*ret_more = list_next(l, &hit))) {
        bool enough = false;
        alike_row(&a, hit, list_hi(l));
        if (alike_passed(f, &a, hit)) {
            f->scanned++;
            continue;
        }
        TRY(step(f, r, hit));
        TRY(alike_enough(f, r, &a, list_hi(l), &enough));
        if (enough) {
            TRY(run_end(f, r));
        }
        f->last = hit;
    }
    return OK;
}

static enum err walk_list(struct finder *f, struct run *r, const struct date_window *w,
                          bool *ret_more)
{
    struct list *l = NULL;
    TRY(list_open(f, w, &l));
    enum err e = walk_rows(f, r, l, ret_more);
    e = e == OK ? list_err(f->rq, l) : e;
    list_close(&l);
    return e;
}

static enum err walk_keys(struct finder *f, struct run *r, bool *ret_end)
{
    const struct fhir_sort *s = &f->q->sort[0];
    struct date_window w;
    bool known = false;
    bool more = true;
    TRY(date_window_of(f->rq, f->q->c, f->q->n, s->p, &w, &known));
    if (!known || s->p->kind != SP_DATE) {
        w = (struct date_window){.from = FHIR_TIME_MIN, .to = FHIR_TIME_MAX};
    }
    TRY(s->descending ? OK : walk_longs(f, r, &w));
    TRY(walk_list(f, r, &w, &more));
    if (s->descending && !more) {
        TRY(walk_longs(f, r, &w));
    }
    if (f->n_found >= f->want) {
        return OK;
    }
    if (more) { /* what is gathered so far is in order, but the last run may not be whole */
        f->cut = true;
        return f->n_found > 0 || f->trying ? OK : too_many(f);
    }
    TRY(olds_before(f, r, NULL));
    *ret_end = true;
    return run_end(f, r);
}

/* The rows without a first key. */
static enum err walk_missing(struct finder *f)
{
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    size_t n = 0;
    size_t from = 0;
    bool more = true;
    uint64_t limit = f->scanned + FHIR_SCAN_MAX;
    struct hit *v = ARENA_ARRAY(f->rq->a, RUN_MAX + f->n_olds, struct hit);
    TRY_MEM(f->rq, v);
    TRY(list_type(f->rq, (uint16_t)f->q->type, LIST_OLDEST, &l));
    while (e == OK && n < RUN_MAX && f->scanned < limit && (more = list_next(l, &hit))) {
        struct sort_key keys[FHIR_SORTS_MAX];
        struct arena_mark m = arena_mark(f->rq->a);
        struct cand k = {.hit = hit};
        bool meets = false;
        e = sort_keys(f, &k, keys);
        bool missing = keys[0].missing;
        arena_back(f->rq->a, m);
        f->scanned++;
        if (e == OK && missing) {
            e = finder_test(f, &hit, NULL, true, &meets);
        }
        if (meets) {
            v[n++] = hit;
        }
    }
    e = e == OK ? list_err(f->rq, l) : e;
    list_close(&l);
    TRY(e);
    if (more) {
        return too_many(f);
    }
    for (; f->next_old < f->n_olds; f->next_old++) {
        v[n++] = f->olds[f->next_old].k.hit;
    }
    TRY(finder_sort(f, v, n, &from));
    f->total += n;
    for (size_t i = from; i < n && f->n_found < f->want; i++) {
        TRY(finder_keep(f, v[i]));
    }
    return OK;
}

/* Resources without a key may be among the matches: nothing asked speaks of the key. */
static bool may_miss(const struct finder *f)
{
    const struct fhir_param *p = f->q->sort[0].p;
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        if (c->op == ASK_PARAM && c->p == p && c->modifier == MOD_NONE) {
            return false;
        }
    }
    return p->kind != SP_UPDATED;
}

enum err finder_walk_sorted(struct finder *f, bool *ret_can)
{
    const struct fhir_param *p = f->q->sort[0].p;
    struct run r = {.v = NULL};
    bool end = false;
    *ret_can = (p->kind == SP_DATE || p->kind == SP_UPDATED || p->kind == SP_STRING ||
                p->kind == SP_NUMBER || p->kind == SP_QUANTITY) && !f->counting;
    if (!*ret_can) {
        return OK;
    }
    r.v = ARENA_ARRAY(f->rq->a, RUN_MAX, struct hit);
    TRY_MEM(f->rq, r.v);
    TRY(olds_order(f));
    if (!(f->resume && f->from.n_keys > 0 && f->from.keys[0].missing)) {
        TRY(walk_keys(f, &r, &end));
    }
    if (f->n_found >= f->want || f->cut || !may_miss(f)) {
        return OK;
    }
    f->cut = f->trying;
    return f->trying ? OK : walk_missing(f);
}
