/* fhir/extract_tree.c - the walks of all search parameters of a type as one tree (made by triec at
 * build), gone through once with the resource: each member is looked up once, however many parameters
 * ask for it. */
#include <string.h>

#include "fhir/extract_int.h"

struct tree_node {
    uint16_t name; /* offset in the pool */
    uint16_t filter;
    uint8_t n_name;
    uint8_t n_filter;
    uint8_t n_child;
    uint8_t n_act;
    uint16_t first_child; /* ordered by length of name, name, filter */
    uint16_t first_act;
};

struct tree_act {
    uint16_t row; /* among the parameters of the type */
    bool exists;  /* one true token, whatever stands there */
};

struct tree_root {
    uint16_t first_child;
    uint8_t n_child;
};

static const struct tree_node nodes[] = {
#define N(name, n_name, filter, n_filter, first_child, n_child, first_act, n_act) \
    {name, filter, n_name, n_filter, n_child, n_act, first_child, first_act},
#include "fhir/trie_rows.def"
#undef N
};

static const struct tree_act acts[] = {
#define A(row, exists) {row, (exists) != 0},
#include "fhir/trie_rows.def"
#undef A
};

static const struct tree_root roots[T_COUNT] = {
    {0, 0}, /* T_NONE */
#define R(first_child, n_child) {first_child, n_child},
#include "fhir/trie_rows.def"
#undef R
};

static const char pool[] = {
#define POOL
#include "fhir/trie_rows.def"
#undef POOL
};

struct pass {
    struct fhir_pick pick;
    const struct fhir_param *params; /* of the type */
};

static int name_cmp(const struct tree_node *n, const char *key, uint32_t len)
{
    if (n->n_name != len) {
        return n->n_name < len ? -1 : 1;
    }
    return memcmp(pool + n->name, key, len);
}

/* The first child of that name; first + n when there is none. */
static unsigned find_child(unsigned first, unsigned n, const char *key, uint32_t len)
{
    unsigned lo = first;
    unsigned hi = first + n;
    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        if (name_cmp(&nodes[mid], key, len) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static enum err go(struct pass *p, unsigned first, unsigned n_child, struct jv obj);

static enum err act_on(struct pass *p, const struct tree_node *n, struct jv v)
{
    for (unsigned i = 0; i < n->n_act; i++) {
        const struct tree_act *a = &acts[n->first_act + i];
        p->pick.p = &p->params[a->row];
        TRY(a->exists ? fhir_pick_true(&p->pick) : fhir_pick_value(v, &p->pick));
    }
    return n->n_child > 0 ? go(p, n->first_child, n->n_child, v) : OK;
}

static bool passes(const struct tree_node *n, struct jv v, uint64_t at)
{
    struct str filter = {pool + n->filter, n->n_filter};
    uint64_t want;
    if (filter.n == 0) {
        return true;
    }
    return str_starts(filter, S("[#")) ? str_u64(str_sub(filter, 2, filter.n - 3), &want)
                                             && want == at
                                       : fhir_filter_holds(v, filter);
}

/* A value, or each of a list; lists within lists are no FHIR. */
static enum err visit(struct pass *p, const struct tree_node *n, struct jv v)
{
    if (json_kind(v) != JSON_ARRAY) {
        return json_kind(v) != JSON_NULL && passes(n, v, 0) ? act_on(p, n, v) : OK;
    }
    uint64_t at = 0;
    for (struct jv one = json_first(v); json_has(one); one = json_next(one), at++) {
        if (json_kind(one) != JSON_NULL && passes(n, one, at)) {
            TRY(act_on(p, n, one));
        }
    }
    return OK;
}

/* The recursion is as deep as the tree. */
static enum err go(struct pass *p, unsigned first, unsigned n_child, struct jv obj)
{
    if (json_kind(obj) != JSON_OBJECT) {
        return OK;
    }
    const struct json_node *tape = obj.doc->nodes;
    uint32_t end = tape[obj.at].end;
    for (uint32_t k = obj.at + 1; k < end; k = tape[k].end) {
        struct str key = {obj.doc->src.p + tape[k].off, tape[k].len};
        if (tape[k].flags & JSON_ESCAPED) {
            key = json_key(p->pick.rq, (struct jv){obj.doc, k + 1});
            TRY_MEM(p->pick.rq, key.p);
        }
        uint32_t len = (uint32_t)key.n;
        for (unsigned i = find_child(first, n_child, key.p, len);
             i < first + n_child && name_cmp(&nodes[i], key.p, len) == 0; i++) {
            TRY(visit(p, &nodes[i], (struct jv){obj.doc, k + 1}));
        }
    }
    return OK;
}

enum err fhir_extract_tree(struct req *rq, struct jv root, enum fhir_type type,
                           struct fhir_tuples *ret_tuples)
{
    size_t n;
    struct pass p = {.pick = {rq, NULL, ret_tuples}, .params = fhir_params(type, &n)};
    return go(&p, roots[type].first_child, roots[type].n_child, root);
}
