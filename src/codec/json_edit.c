/* codec/json_edit.c - a JSON value one may change. See json_edit.h. */
#include "codec/json_edit.h"

#include "codec/decimal.h"

void json_edit_init(struct json_edit *e, struct req *rq)
{
    *e = (struct json_edit){.rq = rq, .fuel = JSON_EDIT_FUEL, .max_parts = JSON_EDIT_PARTS};
}

static enum err count_parts(struct json_edit *e, uint32_t n)
{
    if (n > e->max_parts - e->parts) {
        return FAIL(e->rq, E_TOO_LARGE, "more than %u values", e->max_parts);
    }
    e->parts += n;
    return OK;
}

static enum err burn(struct json_edit *e)
{
    if (e->fuel == 0) {
        return FAIL(e->rq, E_TOO_LARGE, "too much work in one patch");
    }
    e->fuel--;
    return OK;
}

static bool is_container(const struct json_part *p)
{
    return p->kind == JSON_OBJECT || p->kind == JSON_ARRAY;
}

static void link_part(struct json_part *up, struct json_part *before, struct json_part *part)
{
    struct json_part *prev = before == NULL ? up->last : before->prev;
    part->up = up;
    part->prev = prev;
    part->next = before;
    if (prev == NULL) {
        up->first = part;
    } else {
        prev->next = part;
    }
    if (before == NULL) {
        up->last = part;
    } else {
        before->prev = part;
    }
    up->n++;
}

enum err json_edit_build(struct json_edit *e, struct jv v, struct json_part **ret_root,
                         struct json_part ***ret_map)
{
    uint32_t end = json_node(v)->end;
    uint32_t n = end - v.at;
    TRY(count_parts(e, n));
    struct json_part *parts = ARENA_ARRAY(e->rq->a, n, struct json_part);
    struct json_part **map = ret_map == NULL ? NULL : ARENA_ARRAY(e->rq->a, n, struct json_part *);
    TRY_MEM(e->rq, parts);
    if (ret_map != NULL) {
        TRY_MEM(e->rq, map);
    }
    struct json_part *up = NULL;
    for (uint32_t i = v.at; i < end; i++) {
        const struct json_node *node = &v.doc->nodes[i];
        struct json_part *p = &parts[i - v.at];
        if (node->kind == JSON_KEY) {
            if (map != NULL) {
                map[i - v.at] = p + 1;
            }
            continue;
        }
        struct jv here = {v.doc, i};
        p->kind = (enum json_kind)node->kind;
        while (up != NULL && i >= v.doc->nodes[v.at + (uint32_t)(up - parts)].end) {
            up = up->up;
        }
        if (up != NULL) {
            if (up->kind == JSON_OBJECT) {
                p->key = json_key(e->rq, here);
                TRY_MEM(e->rq, p->key.p);
            }
            link_part(up, NULL, p);
        }
        if (is_container(p)) {
            up = p;
        } else {
            p->raw = json_raw(here);
        }
        if (map != NULL) {
            map[i - v.at] = p;
        }
    }
    *ret_root = parts;
    if (ret_map != NULL) {
        *ret_map = map;
    }
    return OK;
}

enum err json_edit_literal(struct json_edit *e, enum json_kind kind, struct str raw,
                           struct json_part **ret_part)
{
    TRY(count_parts(e, 1));
    struct json_part *p = ARENA_NEW(e->rq->a, struct json_part);
    TRY_MEM(e->rq, p);
    p->kind = kind;
    p->raw = raw;
    *ret_part = p;
    return OK;
}

enum err json_edit_new(struct json_edit *e, enum json_kind kind, struct json_part **ret_part)
{
    return json_edit_literal(e, kind, S(""), ret_part);
}

enum err json_edit_copy(struct json_edit *e, const struct json_part *part,
                        struct json_part **ret_part)
{
    struct json_part *root;
    TRY(json_edit_literal(e, part->kind, part->raw, &root));
    const struct json_part *from = part;
    struct json_part *to = root;
    for (;;) {
        if (from->first != NULL) {
            from = from->first;
        } else {
            while (from != part && from->next == NULL) {
                from = from->up;
                to = to->up;
            }
            if (from == part) {
                break;
            }
            from = from->next;
            to = to->up;
        }
        /* here to is the copy of from's container */
        struct json_part *p;
        TRY(json_edit_literal(e, from->kind, from->raw, &p));
        json_edit_put(to, NULL, p, from->key);
        to = p;
    }
    *ret_part = root;
    return OK;
}

enum err json_edit_get(struct json_edit *e, const struct json_part *object, struct str key,
                       struct json_part **ret_part)
{
    *ret_part = NULL;
    if (object->kind != JSON_OBJECT) {
        return OK;
    }
    for (struct json_part *p = object->first; p != NULL; p = p->next) {
        TRY(burn(e));
        if (str_eq(p->key, key)) {
            *ret_part = p;
            return OK;
        }
    }
    return OK;
}

enum err json_edit_at(struct json_edit *e, const struct json_part *array, uint64_t i,
                      struct json_part **ret_part)
{
    *ret_part = NULL;
    if (array->kind != JSON_ARRAY || i >= array->n) {
        return OK;
    }
    struct json_part *p = array->first;
    for (; i > 0; i--) {
        TRY(burn(e));
        p = p->next;
    }
    *ret_part = p;
    return OK;
}

void json_edit_put(struct json_part *container, struct json_part *before, struct json_part *part,
                   struct str key)
{
    part->key = container->kind == JSON_OBJECT ? key : (struct str){NULL, 0};
    link_part(container, before, part);
}

void json_edit_take(struct json_part *part)
{
    struct json_part *up = part->up;
    if (up == NULL) {
        return;
    }
    if (part->prev == NULL) {
        up->first = part->next;
    } else {
        part->prev->next = part->next;
    }
    if (part->next == NULL) {
        up->last = part->prev;
    } else {
        part->next->prev = part->prev;
    }
    up->n--;
    part->up = NULL;
    part->prev = NULL;
    part->next = NULL;
}

void json_edit_replace(struct json_part *old, struct json_part *fresh)
{
    struct json_part *up = old->up;
    struct json_part *before = old->next;
    struct str key = old->key;
    json_edit_take(old);
    json_edit_put(up, before, fresh, key);
}

static bool same_number(struct str a, struct str b)
{
    struct decimal x;
    struct decimal y;
    if (str_eq(a, b)) {
        return true;
    }
    return decimal_parse(a, &x) && decimal_parse(b, &y) && decimal_cmp(&x, &y) == 0;
}

/* The decoded text of a string part; p NULL past the cap. */
static struct str decoded(struct json_edit *e, struct str raw)
{
    if (str_find_char(raw, '\\') == raw.n) {
        return str_sub(raw, 1, raw.n - 2);
    }
    struct json_doc doc;
    return json_parse(e->rq, raw, NULL, &doc) == OK ? json_str(e->rq->a, json_root(&doc))
                                                    : (struct str){NULL, 0};
}

/* Two parts, leaving aside what containers hold. */
static enum err same_here(struct json_edit *e, const struct json_part *a, const struct json_part *b,
                          bool *ret_same)
{
    *ret_same = false;
    TRY(burn(e));
    if (a->kind != b->kind || a->n != b->n) {
        return OK;
    }
    if (a->kind == JSON_NUMBER) {
        *ret_same = same_number(a->raw, b->raw);
    } else if (a->kind == JSON_STRING && !str_eq(a->raw, b->raw)) {
        struct str x = decoded(e, a->raw);
        struct str y = decoded(e, b->raw);
        TRY_MEM(e->rq, x.p);
        TRY_MEM(e->rq, y.p);
        *ret_same = str_eq(x, y);
    } else {
        *ret_same = true;
    }
    return OK;
}

enum err json_edit_same(struct json_edit *e, const struct json_part *a, const struct json_part *b,
                        bool *ret_same)
{
    const struct json_part *x = a;
    const struct json_part *y = b; /* what stands in b where x stands in a */
    for (;;) {
        const struct json_part *up = y;
        const struct json_part *along = y->first;
        TRY(same_here(e, x, y, ret_same));
        if (!*ret_same) {
            return OK;
        }
        if (x->first != NULL) {
            x = x->first;
        } else {
            while (x != a && x->next == NULL) {
                x = x->up;
                y = y->up;
            }
            if (x == a) {
                return OK;
            }
            x = x->next;
            up = y->up;
            along = y->next;
        }
        if (up->kind == JSON_OBJECT) {
            struct json_part *found;
            TRY(json_edit_get(e, up, x->key, &found));
            along = found;
        }
        if (along == NULL) {
            *ret_same = false;
            return OK;
        }
        y = along;
    }
}

void json_edit_write(struct buf *b, const struct json_part *root)
{
    const struct json_part *p = root;
    for (;;) {
        if (p != root && p->prev != NULL) {
            buf_char(b, ',');
        }
        if (p != root && p->key.p != NULL) {
            json_quote(b, p->key);
            buf_char(b, ':');
        }
        if (!is_container(p)) {
            buf_str(b, p->raw);
        } else {
            buf_char(b, p->kind == JSON_OBJECT ? '{' : '[');
        }
        if (p->first != NULL) {
            p = p->first;
            continue;
        }
        if (is_container(p)) {
            buf_char(b, p->kind == JSON_OBJECT ? '}' : ']');
        }
        while (p != root && p->next == NULL) {
            p = p->up;
            buf_char(b, p->kind == JSON_OBJECT ? '}' : ']');
        }
        if (p == root || buf_ok(b) == false) {
            return;
        }
        p = p->next;
    }
}
