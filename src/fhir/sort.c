/* fhir/sort.c - ordering a whole set by _sort keys. A total order: the keys, missing ones last whatever
 * the direction, then the row's number. Of several values the least counts upwards, the greatest
 * downwards. Dates are placed by their beginning, texts by their folded form, codes, addresses and
 * references by their text. */
#include <stdlib.h>
#include <string.h>

#include "fhir/extract.h"
#include "fhir/search_int.h"

struct item {
    struct hit hit;
    size_t n_keys;
    const struct sort_key *keys;
};

static int key_cmp(const struct sort_key *a, const struct sort_key *b)
{
    int c;
    if (a->missing || b->missing) {
        return (a->missing ? 1 : 0) - (b->missing ? 1 : 0);
    }
    c = a->number != b->number ? (a->number < b->number ? -1 : 1) : str_cmp(a->text, b->text);
    return a->descending ? -c : c;
}

int sort_keys_cmp(const struct sort_key *a, const struct sort_key *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int c = key_cmp(&a[i], &b[i]);
        if (c != 0) {
            return c;
        }
    }
    return 0;
}

static int item_cmp(const void *pa, const void *pb)
{
    const struct item *a = pa;
    const struct item *b = pb;
    int c = sort_keys_cmp(a->keys, b->keys, a->n_keys);
    return c != 0 ? c : a->hit.rid < b->hit.rid ? -1 : a->hit.rid > b->hit.rid ? 1 : 0;
}

int64_t sort_number(double v)
{
    int64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits < 0 ? INT64_MIN - bits : bits;
}

double sort_double(int64_t number)
{
    double v;
    int64_t bits = number < 0 ? INT64_MIN - number : number;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static void key_offer(struct sort_key *key, struct sort_key one)
{
    one.descending = key->descending;
    if (key->missing || key_cmp(&one, key) < 0) {
        *key = one;
    }
}

static void key_of_tuple(struct sort_key *key, const struct tuple *t)
{
    switch ((enum tuple_kind)t->kind) {
    case TUPLE_DATE: key_offer(key, (struct sort_key){.number = t->date.lo_ms}); break;
    case TUPLE_STRING: key_offer(key, (struct sort_key){.text = t->string}); break;
    case TUPLE_QUANTITY:
        if (t->quantity.unit == 0) {
            key_offer(key, (struct sort_key){.number = sort_number(t->quantity.value)});
        }
        break;
    case TUPLE_TOKEN:
    case TUPLE_REF: break;
    }
}

struct text_key {
    struct req *rq;
    struct sort_key *key;
};

static void text_offer(struct text_key *k, struct jv v)
{
    struct str text = json_kind(v) == JSON_STRING ? json_str(k->rq->a, v) : json_raw(v);
    if (text.n > 0) {
        key_offer(k->key, (struct sort_key){.text = str_sub(text, 0, TUPLE_STRING_MAX)});
    }
}

static enum err text_value(struct jv v, void *ctx)
{
    static const struct str names[] = {SI("code"), SI("value"), SI("reference")};
    struct text_key *k = ctx;
    if (json_kind(v) != JSON_OBJECT) {
        text_offer(k, v);
        return OK;
    }
    struct jv codings = json_get(v, S("coding"));
    for (struct jv c = json_first(codings); json_has(c); c = json_next(c)) {
        text_offer(k, json_get(c, S("code")));
    }
    for (size_t i = 0; i < LEN(names); i++) {
        text_offer(k, json_get(v, names[i]));
    }
    return OK;
}

static bool has_order(const struct fhir_param *p)
{
    return p->kind == SP_DATE || p->kind == SP_STRING || p->kind == SP_NUMBER ||
           p->kind == SP_QUANTITY;
}

static enum err key_load(struct finder *f, struct cand *k, const struct fhir_sort *s,
                         struct sort_key *key)
{
    *key = (struct sort_key){.descending = s->descending};
    if (s->p->kind == SP_UPDATED || s->p->kind == SP_ID) {
        TRY(cand_head(f->rq, k));
        key->number = s->p->kind == SP_UPDATED ? k->head.updated.ms : 0;
        key->text = s->p->kind == SP_ID ? k->head.id : S("");
        return OK;
    }
    key->missing = true;
    if (!has_order(s->p)) {
        struct text_key text = {f->rq, key};
        TRY(cand_doc(f->rq, k));
        return fhir_param_each(json_root(&k->doc), s->p, text_value, &text);
    }
    TRY(cand_tuples(f->rq, k));
    for (size_t i = 0; i < k->n_tuples; i++) {
        if (k->tuples[i].sp == s->p->sp) {
            key_of_tuple(key, &k->tuples[i]);
        }
    }
    return OK;
}

enum err sort_keys(struct finder *f, struct cand *k, struct sort_key *ret_keys)
{
    for (size_t s = 0; s < f->q->n_sort; s++) {
        TRY(key_load(f, k, &f->q->sort[s], &ret_keys[s]));
    }
    return OK;
}

/* Keys that outlive what the candidate brought along. */
static enum err keys_keep(struct finder *f, struct hit hit, struct sort_key *keys)
{
    struct sort_key got[FHIR_SORTS_MAX];
    uint8_t bytes[FHIR_SORTS_MAX][TUPLE_STRING_MAX];
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = moment_cand(f, hit);
    enum err e = sort_keys(f, &k, got);
    for (size_t s = 0; e == OK && s < f->q->n_sort; s++) {
        memcpy(bytes[s], got[s].text.p != NULL ? got[s].text.p : "", got[s].text.n);
    }
    arena_back(f->rq->a, m);
    TRY(e);
    for (size_t s = 0; s < f->q->n_sort; s++) {
        keys[s] = got[s];
        keys[s].text = arena_str(f->rq->a, (struct str){(const char *)bytes[s], got[s].text.n});
        TRY_MEM(f->rq, keys[s].text.p);
    }
    return OK;
}

enum err finder_sort(struct finder *f, struct hit *hits, size_t n, size_t *ret_from)
{
    size_t n_keys = f->q->n_sort;
    struct item *items = ARENA_ARRAY(f->rq->a, n + 1, struct item);
    struct sort_key *keys = ARENA_ARRAY(f->rq->a, n * n_keys + 1, struct sort_key);
    size_t from = 0;
    TRY_MEM(f->rq, items);
    TRY_MEM(f->rq, keys);
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct item){hits[i], n_keys, &keys[i * n_keys]};
        TRY(keys_keep(f, hits[i], &keys[i * n_keys]));
    }
    if (n > 1) {
        qsort(items, n, sizeof(*items), item_cmp);
    }
    const struct item last = {f->from.after, n_keys, f->from.keys};
    for (size_t i = 0; i < n; i++) {
        hits[i] = items[i].hit;
        from += f->resume && f->from.n_keys == n_keys && item_cmp(&items[i], &last) <= 0 ? 1 : 0;
    }
    *ret_from = from;
    return OK;
}
