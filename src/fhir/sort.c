/* fhir/sort.c - ordering a whole set by _sort keys: dates, texts, ids, _lastUpdated. */
#include <stdlib.h>

#include "fhir/search_int.h"

struct key {
    struct str text;
    int64_t number;
    bool missing; /* comes last whatever the direction */
    bool descending;
};

struct item {
    struct hit hit;
    size_t n_keys;
    struct key keys[FHIR_SORTS_MAX];
};

static int key_cmp(const struct key *a, const struct key *b)
{
    int c;
    if (a->missing || b->missing) {
        return (a->missing ? 1 : 0) - (b->missing ? 1 : 0);
    }
    c = a->number != b->number ? (a->number < b->number ? -1 : 1) : str_cmp(a->text, b->text);
    return a->descending ? -c : c;
}

static int item_cmp(const void *pa, const void *pb)
{
    const struct item *a = pa;
    const struct item *b = pb;
    for (size_t i = 0; i < a->n_keys; i++) {
        int c = key_cmp(&a->keys[i], &b->keys[i]);
        if (c != 0) {
            return c;
        }
    }
    return a->hit.rid < b->hit.rid ? -1 : a->hit.rid > b->hit.rid ? 1 : 0;
}

/* The least value ascending, the greatest descending. */
static void key_take(struct key *key, const struct tuple *t)
{
    struct key one = {.descending = key->descending};
    if (t->kind == TUPLE_DATE) {
        one.number = key->descending ? t->date.hi_ms : t->date.lo_ms;
    } else if (t->kind == TUPLE_STRING) {
        one.text = t->string;
    } else {
        return;
    }
    if (key->missing || key_cmp(&one, key) < 0) {
        *key = one;
    }
}

static enum err key_load(struct finder *f, struct cand *k, const struct fhir_sort *s,
                         struct key *key)
{
    *key = (struct key){.descending = s->descending};
    if (s->p->kind == SP_UPDATED || s->p->kind == SP_ID) {
        TRY(cand_head(f->rq, k));
        key->number = s->p->kind == SP_UPDATED ? k->head.updated.ms : 0;
        key->text = s->p->kind == SP_ID ? k->head.id : S("");
        return OK;
    }
    TRY(cand_tuples(f->rq, k));
    key->missing = true;
    for (size_t i = 0; i < k->n_tuples; i++) {
        if (k->tuples[i].sp == s->p->sp) {
            key_take(key, &k->tuples[i]);
        }
    }
    return OK;
}

enum err finder_sort(struct finder *f, struct hit *hits, size_t n)
{
    const struct fhir_query *q = f->q;
    struct item *items = ARENA_ARRAY(f->rq->a, n + 1, struct item);
    TRY_MEM(f->rq, items);
    for (size_t i = 0; i < n; i++) {
        struct cand k = {.hit = hits[i]};
        items[i].hit = hits[i];
        items[i].n_keys = q->n_sort;
        for (size_t s = 0; s < q->n_sort; s++) {
            TRY(key_load(f, &k, &q->sort[s], &items[i].keys[s]));
        }
    }
    qsort(items, n, sizeof(*items), item_cmp);
    for (size_t i = 0; i < n; i++) {
        hits[i] = items[i].hit;
    }
    return OK;
}
