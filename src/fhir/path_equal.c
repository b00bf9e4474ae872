/* fhir/path_equal.c - equality, equivalence and order of items and collections. See path_value.h;
 * FHIRPath N1 sections 6.1 and 6.2. */
#include <string.h>

#include "codec/utf8.h"
#include "fhir/path_value.h"

/* ---- JSON values, by content ---- */

enum { LOOSE = 1 /* equivalence: arrays in any order, texts without case */ };

static bool text_alike(struct str a, struct str b);

static bool same_text(struct arena *a, struct jv x, struct jv y, unsigned how)
{
    struct str sx = json_str(a, x);
    struct str sy = json_str(a, y);
    return how & LOOSE ? text_alike(sx, sy) : str_eq(sx, sy);
}

static bool same_number(struct jv x, struct jv y, unsigned how)
{
    struct decimal dx;
    struct decimal dy;
    if (!decimal_parse(json_raw(x), &dx) || !decimal_parse(json_raw(y), &dy)) {
        return str_eq(json_raw(x), json_raw(y));
    }
    return how & LOOSE ? decimal_equivalent(&dx, &dy) : decimal_cmp(&dx, &dy) == 0;
}

static bool same_json(struct path_vm *vm, struct jv x, struct jv y, unsigned how);

static bool same_object(struct path_vm *vm, struct jv x, struct jv y, unsigned how)
{
    if (json_len(x) != json_len(y)) {
        return false;
    }
    for (struct jv v = json_first(x); v.doc != NULL; v = json_next(v)) {
        struct str key = json_key(vm->rq, v);
        if (!same_json(vm, v, json_get(y, key), how)) {
            return false;
        }
    }
    return true;
}

static bool same_array(struct path_vm *vm, struct jv x, struct jv y, unsigned how)
{
    if (json_len(x) != json_len(y)) {
        return false;
    }
    struct jv w = json_first(y);
    for (struct jv v = json_first(x); v.doc != NULL; v = json_next(v)) {
        bool found = same_json(vm, v, w, how);
        if (!found && (how & LOOSE)) {
            for (w = json_first(y); w.doc != NULL && !found; w = json_next(w)) {
                found = same_json(vm, v, w, how);
            }
        }
        if (!found) {
            return false;
        }
        w = json_next(w);
    }
    return true;
}

/* Recursion is bounded by JSON_MAX_DEPTH. */
static bool same_json(struct path_vm *vm, struct jv x, struct jv y, unsigned how)
{
    enum json_kind kind = json_kind(x);
    if (kind != json_kind(y) || vm->fuel == 0) {
        return false;
    }
    if ((kind == JSON_OBJECT || kind == JSON_ARRAY)
        && json_node(x)->end - x.at != json_node(y)->end - y.at) {
        return false; /* of different numbers of parts */
    }
    vm->fuel--;
    switch (kind) {
    case JSON_NUMBER: return same_number(x, y, how);
    case JSON_STRING: return same_text(vm->rq->a, x, y, how);
    case JSON_ARRAY: return same_array(vm, x, y, how);
    case JSON_OBJECT: return same_object(vm, x, y, how);
    case JSON_NONE:
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_KEY: break;
    }
    return true;
}

/* What stands beside two primitives, or the primitives that have nothing else. */
static bool same_beside(struct path_vm *vm, const struct path_item *a, const struct path_item *b)
{
    const struct jv none = {NULL, 0};
    struct jv x = a->flags & PATH_NO_VALUE ? a->node
                  : a->sib != 0            ? (struct jv){a->node.doc, a->sib}
                                           : none;
    struct jv y = b->flags & PATH_NO_VALUE ? b->node
                  : b->sib != 0            ? (struct jv){b->node.doc, b->sib}
                                           : none;
    return same_json(vm, x, y, 0);
}

static bool is_complex(const struct path_item *item)
{
    return item->kind == PATH_NODE
           && (json_kind(item->node) == JSON_OBJECT || json_kind(item->node) == JSON_ARRAY)
           && !(item->flags & PATH_NO_VALUE);
}

/* ---- System values ---- */

static bool is_number(const struct path_item *v)
{
    return v->kind == PATH_INTEGER || v->kind == PATH_DECIMAL;
}

static bool is_date(const struct path_item *v)
{
    return v->kind == PATH_DATE || v->kind == PATH_DATE_TIME;
}

static struct decimal number_of(const struct path_item *v)
{
    return v->kind == PATH_INTEGER ? decimal_from_i64(v->i) : v->d;
}

/* A number beside a quantity is one of unit 1. */
static struct path_quantity quantity_of(const struct path_item *v)
{
    if (v->kind == PATH_QUANTITY) {
        return *v->q;
    }
    return (struct path_quantity){.value = number_of(v),
                                  .unit = S("1"),
                                  .kind = PATH_UNIT_UCUM,
                                  .inexact = (v->flags & PATH_INEXACT) != 0};
}

static bool are_quantities(const struct path_item *a, const struct path_item *b)
{
    return (a->kind == PATH_QUANTITY && (b->kind == PATH_QUANTITY || is_number(b)))
           || (b->kind == PATH_QUANTITY && is_number(a));
}

enum path_order path_compare(struct path_vm *vm, const struct path_item *a,
                             const struct path_item *b)
{
    if (a->kind == PATH_INTEGER && b->kind == PATH_INTEGER) {
        return a->i < b->i ? ORDER_LESS : a->i > b->i ? ORDER_MORE : ORDER_EQUAL;
    }
    if (are_quantities(a, b)
        || (is_number(a) && is_number(b) && ((a->flags | b->flags) & PATH_INEXACT))) {
        struct path_quantity qa = quantity_of(a);
        struct path_quantity qb = quantity_of(b);
        return path_quantity_compare(vm, &qa, &qb);
    }
    if (is_number(a) && is_number(b)) {
        struct decimal da = number_of(a);
        struct decimal db = number_of(b);
        int c = decimal_cmp(&da, &db);
        return c < 0 ? ORDER_LESS : c > 0 ? ORDER_MORE : ORDER_EQUAL;
    }
    if (a->kind == PATH_STRING && b->kind == PATH_STRING) {
        int c = str_cmp(a->s, b->s);
        return c < 0 ? ORDER_LESS : c > 0 ? ORDER_MORE : ORDER_EQUAL;
    }
    if ((is_date(a) && is_date(b)) || (a->kind == PATH_TIME && b->kind == PATH_TIME)) {
        return path_time_compare(&a->t, &b->t);
    }
    return ORDER_NEVER;
}

static enum path_tri equal_values(struct path_vm *vm, const struct path_item *a,
                                  const struct path_item *b)
{
    if (a->kind == PATH_INTEGER && b->kind == PATH_INTEGER) {
        return a->i == b->i ? TRI_TRUE : TRI_FALSE;
    }
    if (a->kind == PATH_BOOLEAN && b->kind == PATH_BOOLEAN) {
        return a->b == b->b ? TRI_TRUE : TRI_FALSE;
    }
    if (a->kind == PATH_STRING && b->kind == PATH_STRING) {
        return str_eq(a->s, b->s) ? TRI_TRUE : TRI_FALSE;
    }
    if (a->kind == PATH_TYPE && b->kind == PATH_TYPE) {
        return str_eq(a->s, b->s) && a->flags == b->flags ? TRI_TRUE : TRI_FALSE;
    }
    switch (path_compare(vm, a, b)) {
    case ORDER_EQUAL: return TRI_TRUE;
    case ORDER_UNKNOWN: return TRI_EMPTY;
    case ORDER_LESS:
    case ORDER_MORE:
    case ORDER_NEVER: break;
    }
    return TRI_FALSE;
}

/* A FHIR Quantity beside a System one is computed with; one with a comparator is its own. */
static bool to_quantity(struct path_vm *vm, const struct path_item *item,
                        struct path_item *ret_value)
{
    static const struct path_node nowhere;
    struct path_item value;
    bool has;
    if (item->kind == PATH_NODE && json_has(json_get(item->node, S("comparator")))) {
        return false;
    }
    if (path_operand(vm, &nowhere, item, &value, &has) != OK || !has
        || value.kind != PATH_QUANTITY) {
        return false;
    }
    *ret_value = value;
    return true;
}

/* An element that is a text beside a literal: most criteria are of this kind. */
static bool is_plain_text(struct path_vm *vm, const struct path_item *item)
{
    if (item->kind != PATH_NODE || item->flags != 0) {
        return false;
    }
    const struct json_node *node = &item->node.doc->nodes[item->node.at];
    return node->kind == JSON_STRING && !(node->flags & JSON_ESCAPED)
           && (item->type <= DEF_SYS_STRING || vm->types[item->type].system == DEF_SYS_STRING);
}

static bool text_is(const struct path_item *element, struct str text)
{
    return path_key_is(element->node.doc, &element->node.doc->nodes[element->node.at], text);
}

enum path_tri path_equal(struct path_vm *vm, const struct path_item *a, const struct path_item *b)
{
    if (a->kind != PATH_NODE && b->kind != PATH_NODE) {
        return equal_values(vm, a, b);
    }
    if (b->kind == PATH_STRING && b->s.n > 0 && is_plain_text(vm, a)) {
        return text_is(a, b->s) ? TRI_TRUE : TRI_FALSE;
    }
    if (is_plain_text(vm, a) && is_plain_text(vm, b) && a->sib == 0 && b->sib == 0) {
        const struct json_node *text = &b->node.doc->nodes[b->node.at];
        struct str s = {b->node.doc->src.p + text->off, text->len};
        return text_is(a, s) ? TRI_TRUE : TRI_FALSE;
    }
    struct path_item va;
    struct path_item vb;
    if (is_complex(a) || is_complex(b)) {
        if (is_complex(a) && is_complex(b)) {
            return same_json(vm, a->node, b->node, 0) ? TRI_TRUE : TRI_FALSE;
        }
        return to_quantity(vm, a, &va) && to_quantity(vm, b, &vb) ? equal_values(vm, &va, &vb)
                                                                  : TRI_FALSE;
    }
    bool has_a = path_value(vm, a, &va);
    bool has_b = path_value(vm, b, &vb);
    if (a->kind == PATH_NODE && b->kind == PATH_NODE
        && ((a->flags | b->flags) & PATH_NO_VALUE || a->sib != 0 || b->sib != 0)
        && !same_beside(vm, a, b)) {
        return TRI_FALSE;
    }
    if (!has_a || !has_b) {
        bool elements = a->kind == PATH_NODE && b->kind == PATH_NODE;
        return has_a == has_b ? TRI_TRUE : elements ? TRI_FALSE : TRI_EMPTY;
    }
    return equal_values(vm, &va, &vb);
}

/* ---- equivalence ---- */

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0 || c == 0x1680
           || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f
           || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

/* Blanks are all alike, letters compare without case. */
static bool text_alike(struct str a, struct str b)
{
    const char *pa = a.p;
    const char *pb = b.p;
    const char *end_a = pa + a.n;
    const char *end_b = pb + b.n;
    while (pa < end_a && pb < end_b) {
        uint32_t ca;
        uint32_t cb;
        pa = utf8_next(pa, end_a, &ca);
        pb = utf8_next(pb, end_b, &cb);
        bool blank_a = is_blank(ca);
        bool blank_b = is_blank(cb);
        if (blank_a != blank_b || (!blank_a && path_lower(ca) != path_lower(cb))) {
            return false;
        }
    }
    return pa == end_a && pb == end_b;
}

bool path_equivalent(struct path_vm *vm, const struct path_item *a, const struct path_item *b)
{
    struct path_item va;
    struct path_item vb;
    if (is_complex(a) || is_complex(b)) {
        if (is_complex(a) && is_complex(b)) {
            return same_json(vm, a->node, b->node, LOOSE);
        }
        return to_quantity(vm, a, &va) && to_quantity(vm, b, &vb)
               && path_quantity_equivalent(vm, va.q, vb.q);
    }
    bool has_a = path_value(vm, a, &va);
    bool has_b = path_value(vm, b, &vb);
    if (!has_a || !has_b) {
        return has_a == has_b;
    }
    if (va.kind == PATH_STRING && vb.kind == PATH_STRING) {
        return text_alike(va.s, vb.s);
    }
    if (are_quantities(&va, &vb)) {
        struct path_quantity qa = quantity_of(&va);
        struct path_quantity qb = quantity_of(&vb);
        return path_quantity_equivalent(vm, &qa, &qb);
    }
    if (is_number(&va) && is_number(&vb)) {
        struct decimal da = number_of(&va);
        struct decimal db = number_of(&vb);
        return decimal_equivalent(&da, &db);
    }
    return equal_values(vm, &va, &vb) == TRI_TRUE;
}

/* ---- collections ---- */

enum path_tri path_equal_lists(struct path_vm *vm, uint32_t a, uint32_t n_a, uint32_t b,
                               uint32_t n_b)
{
    enum path_tri all = TRI_TRUE;
    if (n_a == 0 || n_b == 0) {
        return TRI_EMPTY;
    }
    if (n_a != n_b) {
        return TRI_FALSE;
    }
    for (uint32_t i = 0; i < n_a; i++) {
        enum path_tri one = path_equal(vm, &vm->v[a + i], &vm->v[b + i]);
        if (one == TRI_FALSE) {
            return TRI_FALSE;
        }
        if (one == TRI_EMPTY) {
            all = TRI_EMPTY;
        }
    }
    return all;
}

bool path_equivalent_lists(struct path_vm *vm, uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b)
{
    if (n_a != n_b) {
        return false;
    }
    for (uint32_t i = 0; i < n_a; i++) {
        bool found = false;
        for (uint32_t j = 0; j < n_b && !found && vm->fuel > 0; j++) {
            /* the same place first: collections mostly are in the same order */
            vm->fuel--;
            found = path_equivalent(vm, &vm->v[a + i], &vm->v[b + (i + j) % n_b]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Whether an element cannot equal a plain text of n bytes: it is a text of another length. */
static inline bool is_other_length(const struct path_item *item, uint32_t n)
{
    if (item->kind != PATH_NODE || item->flags != 0) {
        return false;
    }
    const struct json_node *node = &item->node.doc->nodes[item->node.at];
    return node->kind == JSON_STRING && node->len != n && !(node->flags & JSON_ESCAPED);
}

bool path_among(struct path_vm *vm, const struct path_item *item, uint32_t from, uint32_t to)
{
    bool text = is_plain_text(vm, item);
    uint32_t n = text ? item->node.doc->nodes[item->node.at].len : 0;
    for (uint32_t i = from; i < to && vm->fuel > 0; i++) {
        vm->fuel--;
        if (text && is_other_length(&vm->v[i], n)) {
            continue;
        }
        if (path_equal(vm, item, &vm->v[i]) == TRI_TRUE) {
            return true;
        }
    }
    return false;
}

/* The first and the last bytes of a text; all of a short one. */
static inline void text_ends(struct str s, uint64_t ends[2])
{
    uint32_t half[2];
    if (s.n >= 8) {
        memcpy(&ends[0], s.p, 8);
        memcpy(&ends[1], s.p + s.n - 8, 8);
    } else if (s.n >= 4) {
        memcpy(&half[0], s.p, 4);
        memcpy(&half[1], s.p + s.n - 4, 4);
        ends[0] = half[0];
        ends[1] = half[1];
    } else {
        ends[0] = 0;
        ends[1] = 0;
        for (size_t i = 0; i < s.n; i++) {
            ends[0] = ends[0] << 8 | (unsigned char)s.p[i];
        }
    }
}

static inline uint64_t mixed(uint64_t h)
{
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

/* Of a text: all of a short one; of a long one its ends and its middle. */
static inline uint32_t text_key(struct str s)
{
    uint64_t ends[2];
    uint64_t middle = 0;
    text_ends(s, ends);
    if (s.n > 16) {
        memcpy(&middle, s.p + (s.n - 8) / 2, 8);
    }
    return (uint32_t)mixed(mixed(ends[0] ^ s.n ^ middle) ^ ends[1]);
}

/* Of an object: kinds and texts of its members, in any order; the same of an array. */
static uint32_t object_key(struct path_vm *vm, struct jv obj)
{
    const struct json_node *nodes = obj.doc->nodes;
    const uint32_t end = nodes[obj.at].end;
    const uint32_t named = nodes[obj.at].kind == JSON_OBJECT;
    uint32_t key = end - obj.at;
    for (uint32_t i = obj.at + 1; i < end; i = nodes[i].end) {
        const struct json_node *v = &nodes[i + named];
        uint32_t part = v->kind + 1U;
        if (v->kind == JSON_STRING && !(v->flags & JSON_ESCAPED)) {
            part = text_key((struct str){obj.doc->src.p + v->off, v->len});
        } else if (v->kind == JSON_STRING) {
            part = text_key(json_str(vm->rq->a, (struct jv){obj.doc, i + named}));
        }
        key += part * 0x9e3779b1U;
    }
    return key | 0x80000000U;
}

uint32_t path_equal_key(struct path_vm *vm, const struct path_item *item)
{
    struct path_item v;
    if (is_complex(item)) {
        bool quantity = path_type_is_a(vm, item->type, vm->prog->quantity_type);
        return quantity ? 1 : object_key(vm, item->node);
    }
    if (!path_value(vm, item, &v)) {
        return 2;
    }
    switch ((enum path_kind)v.kind) {
    case PATH_STRING: return text_key(v.s);
    case PATH_INTEGER:
    case PATH_DECIMAL:
    case PATH_QUANTITY: return 1; /* numbers equal quantities, and across units */
    case PATH_BOOLEAN: return v.b ? 3 : 4;
    case PATH_DATE:
    case PATH_DATE_TIME: return 5;
    case PATH_TIME: return 6;
    case PATH_TYPE: return 7;
    case PATH_NODE: break;
    }
    return 8;
}

enum err path_set_init(struct path_vm *vm, struct path_set *set, uint32_t first, uint32_t n)
{
    uint32_t size = 16;
    while (size < n) {
        size *= 2;
    }
    *set = (struct path_set){.first = first, .mask = size - 1, .size = n};
    set->heads = ARENA_ARRAY(vm->rq->a, size, uint32_t);
    set->next = ARENA_ARRAY(vm->rq->a, n, uint32_t);
    set->keys = ARENA_ARRAY(vm->rq->a, n, uint32_t);
    TRY_MEM(vm->rq, set->heads);
    TRY_MEM(vm->rq, set->next);
    TRY_MEM(vm->rq, set->keys);
    return path_burn(vm, n);
}

static bool set_has(struct path_vm *vm, const struct path_set *set, const struct path_item *item,
                    uint32_t key)
{
    for (uint32_t at = set->heads[key & set->mask]; at != 0 && vm->fuel > 0;
         at = set->next[at - 1 - set->first]) {
        vm->fuel--;
        if (set->keys[at - 1 - set->first] == key
            && path_equal(vm, item, &vm->v[at - 1]) == TRI_TRUE) {
            return true;
        }
    }
    return false;
}

static void set_add(struct path_set *set, uint32_t place, uint32_t key)
{
    uint32_t i = place - set->first;
    ASSERT(i < set->size);
    set->keys[i] = key;
    set->next[i] = set->heads[key & set->mask];
    set->heads[key & set->mask] = place + 1;
}

bool path_set_has(struct path_vm *vm, const struct path_set *set, const struct path_item *item)
{
    return set_has(vm, set, item, path_equal_key(vm, item));
}

void path_set_add(struct path_vm *vm, struct path_set *set, uint32_t place)
{
    set_add(set, place, path_equal_key(vm, &vm->v[place]));
}

enum err path_distinct(struct path_vm *vm, uint32_t base, uint32_t sure)
{
    struct path_set set;
    uint32_t keep = base;
    bool many = vm->n - base >= PATH_SET_FROM;
    if (many) {
        TRY(path_set_init(vm, &set, base, vm->n - base));
    }
    if (!many) { /* the first of them are so already */
        keep = MAX(sure, MIN(base + 1, vm->n));
    }
    for (uint32_t i = keep; i < vm->n; i++) {
        TRY(path_burn(vm, 1));
        const struct path_item *item = &vm->v[i];
        uint32_t key = many ? path_equal_key(vm, item) : 0;
        if (many ? set_has(vm, &set, item, key) : path_among(vm, item, base, keep)) {
            continue;
        }
        if (keep != i) {
            vm->v[keep] = vm->v[i];
        }
        if (many) {
            set_add(&set, keep, key);
        }
        keep++;
    }
    vm->n = keep;
    return OK;
}
