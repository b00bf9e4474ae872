/* fhir/resolve.c - before a search runs: ids become row numbers, chains, _has and long lists become
 * sets where they are small. What is not small is answered candidate by candidate (match.c). */
#include <stdlib.h>

#include "base/text.h"
#include "fhir/canonical.h"
#include "fhir/extract.h"
#include "fhir/query_int.h"
#include "fhir/search_int.h"

enum {
    CLOSURE_MAX = 2000,  /* resources above or below one in a hierarchy */
    UNTYPED_MAX = 40000, /* look-ups of ids given without a type */
};

struct grow {
    struct fhir_value *v;
    size_t n;
    size_t size;
};

static enum err grow_add(struct req *rq, struct grow *g, const struct fhir_value *v)
{
    if (g->n == g->size) {
        size_t size = MAX(g->size * 2, (size_t)16);
        struct fhir_value *p = ARENA_ARRAY(rq->a, size, struct fhir_value);
        TRY_MEM(rq, p);
        for (size_t i = 0; i < g->n; i++) {
            p[i] = g->v[i];
        }
        g->v = p;
        g->size = size;
    }
    g->v[g->n++] = *v;
    return OK;
}

static enum err target_add(struct req *rq, const struct fhir_value *v, enum fhir_type type,
                           struct grow *out)
{
    struct fhir_value one = *v;
    one.ref.type = type;
    TRY(db_rid(rq, (uint16_t)type, v->ref.id, &one.ref.target));
    return one.ref.target != 0 ? grow_add(rq, out, &one) : OK;
}

/* An id without a type is looked for in every type the parameter may name. */
static enum err ref_add(struct req *rq, const struct fhir_param *p, const struct fhir_value *v,
                        struct grow *out)
{
    if (v->ref.target != 0) {
        return grow_add(rq, out, v);
    }
    if (v->ref.type != T_NONE) {
        return target_add(rq, v, v->ref.type, out);
    }
    for (unsigned t = 1; t < T_COUNT; t++) {
        if (fhir_param_names(p, (enum fhir_type)t)) {
            TRY(target_add(rq, v, (enum fhir_type)t, out));
        }
    }
    return OK;
}

static int cmp_target(const void *a, const void *b)
{
    int64_t x = ((const struct fhir_value *)a)->ref.target;
    int64_t y = ((const struct fhir_value *)b)->ref.target;
    return x < y ? -1 : x > y;
}

static int cmp_token(const void *a, const void *b)
{
    const struct fhir_value *x = a;
    const struct fhir_value *y = b;
    return x->token.hash != y->token.hash ? (x->token.hash < y->token.hash ? -1 : 1)
           : x->token.sys != y->token.sys ? (x->token.sys < y->token.sys ? -1 : 1)
                                          : 0;
}

/* Equal values once: a list of them is read once. */
static void values_sort(struct fhir_criterion *c, int (*cmp)(const void *, const void *))
{
    size_t kept = 0;
    if (c->n > 1) {
        qsort(c->v, c->n, sizeof(*c->v), cmp);
    }
    for (size_t i = 0; i < c->n; i++) {
        if (kept == 0 || cmp(&c->v[kept - 1], &c->v[i]) != 0 || c->v[i].ref.version.n > 0) {
            c->v[kept++] = c->v[i];
        }
    }
    c->n = kept;
    c->sorted = true;
}

/* The parameter by which resources of a type hang in a tree of their own kind. */
static const struct fhir_param *tree_param(enum fhir_type type)
{
    static const char *const names[] = {"partof", "part-of"};
    for (size_t i = 0; i < LEN(names); i++) {
        const struct fhir_param *p = fhir_param_find(type, str_z(names[i]));
        if (p != NULL && p->kind == SP_REF && fhir_param_names(p, type)) {
            return p;
        }
    }
    return NULL;
}

static enum err tree_step(struct req *rq, const struct fhir_param *p, int64_t rid, bool below,
                          struct grow *out)
{
    struct fhir_value v = {.ref = {.type = p->type}};
    if (!below) {
        const struct tuple *t;
        size_t n;
        TRY(db_tuples(rq, rid, &t, &n));
        for (size_t i = 0; i < n; i++) {
            if (t[i].sp == p->sp && t[i].kind == TUPLE_REF && t[i].ref.rid > 0) {
                v.ref.target = t[i].ref.rid;
                TRY(grow_add(rq, out, &v));
            }
        }
        return OK;
    }
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    TRY(list_ref(rq, p->sp, rid, LIST_NEWEST, &l));
    while (e == OK && out->n < CLOSURE_MAX && list_next(l, &hit)) {
        v.ref.target = hit.rid;
        e = grow_add(rq, out, &v);
    }
    e = e == OK ? list_err(rq, l) : e;
    list_close(&l);
    return e;
}

/* :below and :above of a reference: the whole branch (search.html#recursive). A loop ends because
 * each is taken once. */
static enum err tree_grow(struct req *rq, const struct fhir_criterion *c, struct grow *out)
{
    for (size_t i = 0; i < out->n && out->n < CLOSURE_MAX; i++) {
        const struct fhir_param *p = tree_param(out->v[i].ref.type);
        size_t from = out->n;
        if (p == NULL || out->v[i].ref.target <= 0) {
            continue;
        }
        TRY(tree_step(rq, p, out->v[i].ref.target, c->modifier == MOD_BELOW, out));
        size_t kept = from;
        for (size_t k = from; k < out->n; k++) {
            bool twice = false;
            for (size_t j = 0; j < kept && !twice; j++) {
                twice = out->v[j].ref.target == out->v[k].ref.target;
            }
            if (!twice) {
                out->v[kept++] = out->v[k];
            }
        }
        out->n = kept;
    }
    return OK;
}

static enum err refs_resolve(struct req *rq, struct fhir_criterion *c)
{
    struct grow out = {0};
    size_t untyped = 0;
    size_t types = 0;
    if (c->sorted) {
        return OK;
    }
    for (size_t i = 0; i < c->n; i++) {
        untyped += c->v[i].ref.target == 0 && c->v[i].ref.type == T_NONE ? 1 : 0;
    }
    for (unsigned t = 1; t < T_COUNT && untyped > 0; t++) {
        types += fhir_param_names(c->p, (enum fhir_type)t) ? 1 : 0;
    }
    if (untyped * types > UNTYPED_MAX) {
        return query_refuse(rq, T("So many references need their type: Patient/1."), c->param);
    }
    for (size_t i = 0; i < c->n; i++) {
        TRY(ref_add(rq, c->p, &c->v[i], &out));
    }
    if (c->modifier == MOD_BELOW || c->modifier == MOD_ABOVE) {
        TRY(tree_grow(rq, c, &out));
    }
    c->v = out.v;
    c->n = out.n;
    values_sort(c, cmp_target);
    return OK;
}

/* References inside composites. One that names nothing meets nothing: its target stays 0. */
static enum err parts_resolve(struct req *rq, struct fhir_criterion *c)
{
    const struct fhir_param *parts[FHIR_PARTS_MAX];
    size_t n = fhir_param_parts(c->p, parts);
    for (size_t i = 0; i < c->n; i++) {
        for (size_t k = 0; k < n; k++) {
            struct grow out = {0};
            if (parts[k]->kind == SP_REF) {
                TRY(ref_add(rq, parts[k], &c->v[i].parts[k], &out));
                if (out.n > 0) {
                    c->v[i].parts[k] = out.v[0];
                }
            }
        }
    }
    return OK;
}

enum { PAIRS_MAX = 64 };

/* The lists of one value: the code in each system it stands in, of each composite. */
static enum err pair_add(struct req *rq, struct fhir_criterion *c, const struct fhir_param *p,
                         const struct fhir_value *v)
{
    const struct fhir_param *parts[FHIR_PARTS_MAX];
    const struct fhir_value *code = &v->parts[0];
    int64_t sys = code->token.sys != TOKEN_ANY_SYS ? (int64_t)code->token.sys : -1;
    bool has = true;
    (void)fhir_param_parts(p, parts);
    while (has && c->has_pairs) {
        if (code->token.sys == TOKEN_ANY_SYS) {
            TRY(list_next_sys(rq, parts[0]->sp, code->token.hash, &sys, &has));
            if (!has) {
                return OK;
            }
        }
        c->has_pairs = c->n_pairs < PAIRS_MAX;
        if (c->has_pairs) {
            c->pairs[c->n_pairs++] = (struct fhir_pair){
                .sp = p->sp, .v = &v->parts[1],
                .unit = fhir_pair_key(code->token.hash, (uint32_t)sys, v->parts[1].quantity.unit)};
        }
        has = code->token.sys == TOKEN_ANY_SYS;
    }
    return OK;
}

/* Composites whose rows tell who meets them. Not where the very text of a unit is asked for. */
static enum err pairs_resolve(struct req *rq, struct fhir_criterion *c)
{
    const struct fhir_param *of[2];
    size_t n = fhir_param_pairs(c->p, of);
    c->has_pairs = n > 0 && c->modifier == MOD_NONE;
    for (size_t i = 0; i < c->n && c->has_pairs; i++) {
        c->has_pairs = c->v[i].parts[0].token.hash != 0 && c->v[i].parts[1].quantity.literal.n == 0;
    }
    if (!c->has_pairs) {
        return OK;
    }
    c->pairs = ARENA_ARRAY(rq->a, PAIRS_MAX, struct fhir_pair);
    TRY_MEM(rq, c->pairs);
    for (size_t i = 0; i < c->n; i++) {
        for (size_t k = 0; k < n; k++) {
            TRY(pair_add(rq, c, of[k], &c->v[i]));
        }
    }
    return OK;
}

/* ---- sets ---- */

static int cmp_rid(const void *a, const void *b)
{
    int64_t x = ((const struct hit *)a)->rid;
    int64_t y = ((const struct hit *)b)->rid;
    return x < y ? -1 : x > y;
}

static size_t rids_sort(struct hit *v, size_t n)
{
    size_t kept = 0;
    if (n > 1) {
        qsort(v, n, sizeof(*v), cmp_rid);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || v[kept - 1].rid != v[i].rid) {
            v[kept++] = v[i];
        }
    }
    return kept;
}

static enum err list_drain(struct req *rq, struct list **l, struct hit *v, size_t cap, size_t *n)
{
    while (*n < cap && list_next(*l, &v[*n])) {
        (*n)++;
    }
    enum err e = list_err(rq, *l);
    list_close(l);
    return e;
}

/* Lists read one after another into hits, when all of them hold less than SET_MAX. */
static enum err lists_gather(struct req *rq, struct fhir_criterion *c, uint16_t sp, bool refs)
{
    size_t n_values = refs && c->op == ASK_CHAIN ? c->n_set : c->n;
    struct arena_mark m = arena_mark(rq->a);
    struct hit *v = ARENA_ARRAY(rq->a, SET_MAX, struct hit);
    size_t n = 0;
    TRY_MEM(rq, v);
    for (size_t i = 0; i < n_values && n < SET_MAX; i++) {
        struct list *l = NULL;
        struct arena_mark one = arena_mark(rq->a);
        if (c->op == ASK_CHAIN) {
            TRY(list_ref(rq, sp, c->set[i].rid, LIST_NEWEST, &l));
        } else if (refs) {
            TRY(list_ref(rq, sp, c->v[i].ref.target, LIST_NEWEST, &l));
        } else {
            TRY(list_token(rq, sp, c->v[i].token.hash, c->v[i].token.sys, LIST_NEWEST, &l));
        }
        TRY(list_drain(rq, &l, v, SET_MAX, &n));
        arena_back(rq->a, one);
    }
    if (n >= SET_MAX) {
        arena_back(rq->a, m);
        return OK;
    }
    c->hits = v;
    c->n_hits = hits_sort(v, n, LIST_NEWEST);
    c->has_hits = true;
    return OK;
}

/* The resources of a type that meet a criterion, as the caller sees them. *ret_all is false when
 * there are more than cap or the look stopped. */
static enum err inner_find(struct req *rq, struct gate *g, struct fhir_criterion *c, bool deep,
                           struct finder *f, bool *ret_all)
{
    size_t cap = deep ? SET_MAX : SET_SMALL;
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    TRY_MEM(rq, q);
    *q = (struct fhir_query){.type = c->type, .c = c, .n = 1, .count = (uint32_t)cap};
    *f = (struct finder){.rq = rq, .q = q, .gate = g, .order = LIST_NEWEST, .natural = true,
                         .want = cap + 1, .scan_max = deep ? FHIR_SCAN_MAX : SCAN_SMALL};
    TRY(finder_run(f));
    *ret_all = f->n_found <= cap && !f->cut;
    return OK;
}

/* What a chain leads to, and its address. */
static enum err target_put(struct req *rq, const struct fhir_criterion *c,
                           const struct fhir_criterion *sub, struct hit hit, struct hit *set,
                           size_t *n)
{
    int64_t address = 0;
    set[(*n)++] = hit;
    if (c->canonical) {
        TRY(canonical_target(rq, hit.rid, sub->type, &address));
    }
    if (address != 0) {
        set[(*n)++] = (struct hit){0, address};
    }
    return OK;
}

static enum err chain_resolve(struct req *rq, struct gate *g, struct fhir_criterion *c, bool deep)
{
    size_t cap = deep ? SET_MAX : SET_SMALL;
    struct hit *set;
    size_t n = 0;
    size_t targets = 0;
    bool all = true;
    if (c->memo == NULL) {
        c->memo = ARENA_NEW(rq->a, struct fhir_memo);
        TRY_MEM(rq, c->memo);
    }
    set = ARENA_ARRAY(rq->a, 2 * cap + 2, struct hit);
    TRY_MEM(rq, set);
    for (size_t i = 0; all && i < c->n_sub; i++) {
        struct finder f;
        TRY(inner_find(rq, g, &c->sub[i], deep, &f, &all));
        for (size_t k = 0; all && k < f.n_found; k++) {
            all = targets < cap;
            TRY(all ? target_put(rq, c, &c->sub[i], f.found[k], set, &n) : OK);
            targets++;
        }
    }
    if (!all) {
        return OK;
    }
    c->set = set;
    c->n_set = rids_sort(set, n);
    c->has_set = true;
    return c->n_set > SOURCE_LISTS_MAX ? lists_gather(rq, c, c->p->sp, true) : OK;
}

/* The resources named by a found one; those that may be candidates get their place. */
static enum err named_add(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                          int64_t rid, struct hit *set, size_t cap, size_t *n)
{
    bool addressed = false;
    const struct tuple *t;
    size_t n_t;
    struct arena_mark m = arena_mark(rq->a);
    TRY(db_tuples(rq, rid, &t, &n_t));
    for (size_t i = 0; i < n_t && *n < cap; i++) {
        if (t[i].sp == c->p->sp && t[i].kind == TUPLE_REF && t[i].ref.rid > 0) {
            set[(*n)++] = (struct hit){0, t[i].ref.rid};
        }
        addressed = addressed || (t[i].sp == c->p->sp && t[i].kind == TUPLE_REF &&
                                  t[i].ref.rid < 0 && c->canonical);
    }
    arena_back(rq->a, m);
    return addressed ? canonical_named(rq, g, c, rid, set, cap, n) : OK;
}

static enum err has_resolve(struct req *rq, struct gate *g, struct fhir_criterion *c, bool deep)
{
    struct finder f;
    bool all = false;
    size_t cap = deep ? SET_MAX : SET_SMALL;
    TRY(inner_find(rq, g, c->sub, deep, &f, &all));
    struct hit *set = ARENA_ARRAY(rq->a, cap, struct hit);
    struct hit *hits = ARENA_ARRAY(rq->a, cap, struct hit);
    size_t n = 0;
    TRY_MEM(rq, set);
    TRY_MEM(rq, hits);
    for (size_t i = 0; all && i < f.n_found; i++) {
        TRY(named_add(rq, g, c, f.found[i].rid, set, cap, &n));
        if (n == cap) {
            n = rids_sort(set, n);
            all = n < cap;
        }
    }
    if (!all) {
        return OK;
    }
    c->set = set;
    c->n_set = rids_sort(set, n);
    c->has_set = true;
    for (size_t i = 0; i < c->n_set; i++) {
        struct res_row row;
        struct arena_mark m = arena_mark(rq->a);
        enum err e = db_head_rid(rq, set[i].rid, &row);
        arena_back(rq->a, m);
        if (e == E_NOT_FOUND) {
            err_clear(rq);
            continue;
        }
        TRY(e);
        if (row.type == c->type && !row.deleted) {
            hits[c->n_hits++] = (struct hit){row.at_ms, row.rid};
        }
    }
    c->hits = hits;
    c->n_hits = hits_sort(hits, c->n_hits, LIST_NEWEST);
    c->has_hits = true;
    return OK;
}

static enum err composite_resolve(struct req *rq, struct fhir_criterion *c)
{
    TRY(parts_resolve(rq, c));
    return pairs_resolve(rq, c);
}

static enum err param_resolve(struct req *rq, struct fhir_criterion *c, bool deep)
{
    bool token = c->modifier == MOD_IDENTIFIER ||
                 ((c->p->kind == SP_TOKEN || c->p->kind == SP_CONTACT || c->p->kind == SP_URI) &&
                  c->modifier != MOD_MISSING && !text_asks(c));
    bool any_code = false;
    if (c->p->kind == SP_COMPOSITE) {
        return c->has_pairs ? OK : deep ? parts_resolve(rq, c) : composite_resolve(rq, c);
    }
    if (asks_refs(c)) {
        TRY(refs_resolve(rq, c));
    }
    for (size_t i = 0; token && i < c->n; i++) {
        any_code = any_code || c->v[i].token.hash == 0;
    }
    if (token && !any_code && !c->sorted && c->n > 8) {
        values_sort(c, cmp_token);
    }
    bool gathers = deep && c->n > SOURCE_LISTS_MAX && !c->has_hits && !any_code &&
                   (token || asks_refs(c)) && !text_asks(c) &&
                   c->modifier != MOD_NOT && c->modifier != MOD_NOT_IN;
    return gathers ? lists_gather(rq, c, c->p->sp, asks_refs(c)) : OK;
}

static enum err resolve(struct req *rq, struct gate *g, struct fhir_criterion *c, bool deep)
{
    for (size_t i = 0; i < c->n_sub; i++) {
        TRY(resolve(rq, g, &c->sub[i], deep)); /* as deep as FHIR_STEPS_MAX */
    }
    switch (c->op) {
    case ASK_PARAM: return param_resolve(rq, c, deep);
    case ASK_CHAIN: return c->has_set ? OK : chain_resolve(rq, g, c, deep);
    case ASK_HAS: return c->has_set ? OK : has_resolve(rq, g, c, deep);
    case ASK_AND:
    case ASK_OR:
    case ASK_NOT:
    case ASK_WORDS: return OK;
    }
    return OK;
}

static bool is_nothing(const struct fhir_criterion *c)
{
    return (asks_refs(c) && c->n == 0) || (c->has_set && c->n_set == 0) ||
           (c->has_pairs && c->n_pairs == 0);
}

enum err fhir_query_resolve(struct req *rq, struct gate *g, const struct fhir_query *q, bool deep,
                            bool *ret_nothing)
{
    for (size_t i = 0; i < q->n; i++) {
        TRY(resolve(rq, g, &q->c[i], deep));
        if (is_nothing(&q->c[i])) {
            *ret_nothing = true;
            return OK;
        }
    }
    return OK;
}
