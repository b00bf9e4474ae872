/* fhir/walk.c - a search sorted by something that is indexed in its order: the index is walked, so that
 * a page of a large set costs what a page of a small one does. Rows with the same first key are gathered
 * and sorted by the rest. Those without a first key come last. */
#include "base/text.h"
#include "fhir/extract.h"
#include "fhir/search_int.h"

enum { RUN_MAX = 5000 };

struct run { /* rows with one first key */
    struct hit *v;
    size_t n;
    struct sort_key key;
    char text[TUPLE_STRING_MAX];
};

static enum err too_many(struct finder *f)
{
    fhir_issue_add(f->rq, ISSUE_ERROR, "too-costly",
                   T("Too many to sort by this. Please narrow the search."), S("_sort"), S(""));
    return FAIL(f->rq, E_BAD_INPUT, "too many to sort");
}

static enum err run_end(struct finder *f, struct run *r)
{
    size_t from = 0;
    TRY(finder_sort(f, r->v, r->n, &from));
    f->total += r->n;
    for (size_t i = from; i < r->n && f->n_found < f->want; i++) {
        TRY(finder_keep(f, r->v[i]));
    }
    r->n = 0;
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
        TRY(run_add(f, r, f->olds[f->next_old].k.hit));
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

/* One row of the index: a match in its place, or nothing. */
static enum err step(struct finder *f, struct run *r, struct hit hit)
{
    struct sort_key keys[FHIR_SORTS_MAX];
    bool meets = false;
    struct cand k;
    struct hit real = hit;
    TRY(finder_test(f, &real, NULL, false, &meets));
    if (!meets) {
        return OK;
    }
    struct arena_mark m = arena_mark(f->rq->a);
    k = (struct cand){.hit = real};
    enum err e = sort_keys(f, &k, keys);
    int c = r->n > 0 && e == OK ? sort_keys_cmp(keys, &r->key, 1) : 1;
    if (e == OK) {
        struct run next = *r;
        run_begin(&next, keys);
        arena_back(f->rq->a, m);
        if (c < 0 || keys[0].missing) {
            return OK; /* a later value of a row that stood further up */
        }
        if (f->next_old < f->n_olds) {
            struct sort_key key = next.key;
            key.text = (struct str){next.text, next.key.text.n};
            TRY(olds_before(f, r, &key));
        }
        if (r->n > 0 && c > 0) {
            TRY(run_end(f, r));
        }
        next.v = r->v;
        next.n = r->n;
        *r = next;
        r->key.text = (struct str){r->text, next.key.text.n};
        return run_add(f, r, real);
    }
    return e;
}

/* Long spans that began before the window, in the order asked for. */
static enum err walk_longs(struct finder *f, struct run *r, const struct date_window *w)
{
    for (size_t i = 0; i < w->n_longs && f->n_found < f->want; i++) {
        TRY(step(f, r, w->longs[f->q->sort[0].descending ? w->n_longs - 1 - i : i]));
    }
    return OK;
}

static enum err walk_list(struct finder *f, struct run *r, const struct date_window *w,
                          bool *ret_more)
{
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    TRY(list_open(f, w, &l));
    while (e == OK && f->n_found < f->want && f->scanned < f->scan_max &&
           (*ret_more = list_next(l, &hit))) {
        e = step(f, r, hit);
        f->last = hit;
    }
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
