/* fhir/path_tree.c - all children of an element, and theirs. See path_int.h; FHIRPath N1 section 5.8. */
#include <string.h>

#include "fhir/path_int.h"

/* What a member of a type is: found in the definitions, remembered by the environment. */
static const struct path_kid *kid_of(struct path_vm *vm, uint16_t type, struct str key, uint16_t mark)
{
    static const struct path_kid none;
    struct path_kid *memo = &vm->env->memory->kids[(type * 37U + mark) % PATH_KIDS];
    if (memo->type == type && memo->mark == mark && memo->len == key.n && memo->name != NULL
        && path_same_bytes(memo->name, key.p, key.n)) {
        return memo;
    }
    struct path_kid kid = {.type = type, .mark = mark, .len = (uint16_t)key.n};
    const struct def_elem *e = def_member(vm->d, type, key, &kid.child, &kid.name);
    if (e == NULL) {
        return &none;
    }
    kid.inner = (e->flags & DEF_INNER) != 0;
    if (!(e->flags & DEF_CHOICE)) {
        kid.child = path_elem_type(vm->d, e);
    }
    *memo = kid;
    return memo;
}

/* The same of an item whose type may not be known, or in bare JSON. */
static struct path_kid any_kid(struct path_vm *vm, uint16_t type, struct str key, uint16_t mark)
{
    struct path_kid kid = {0};
    if (vm->d != NULL && type != 0) {
        return *kid_of(vm, type, key, mark);
    }
    if (vm->d != NULL && str_eq(key, S("extension"))) {
        kid.child = vm->prog->extension_type;
    }
    return kid;
}

/* Whether a key says the type of its resource: no element. */
static bool is_type_key(const struct json_doc *doc, const struct json_node *key)
{
    return key->len == 12 && memcmp(doc->src.p + key->off, "resourceType", 12) == 0;
}

/* Children of an object some of whose names are not plain. */
static enum err odd_children(struct path_vm *vm, uint16_t type, struct jv obj)
{
    const struct json_node *nodes = obj.doc->nodes;
    uint32_t end = nodes[obj.at].end;
    for (uint32_t k = obj.at + 1; k < end; k = nodes[k].end) {
        struct str key = {obj.doc->src.p + nodes[k].off, nodes[k].len};
        struct path_member m = {0};
        TRY(path_burn(vm, 1));
        if (is_type_key(obj.doc, &nodes[k])) {
            continue;
        }
        if (key.n > 0 && key.p[0] == '_') {
            key = str_sub(key, 1, key.n);
            if (path_find(obj, key, false).at != 0) {
                continue; /* comes with its value */
            }
            m.sib = k + 1;
        } else {
            m.at = k + 1;
            if (nodes[m.at].kind != JSON_OBJECT) {
                m.sib = path_find(obj, key, true).sib;
            }
        }
        struct path_kid kid = any_kid(vm, type, key, json_mark(key.p, key.n));
        TRY(path_push_member(vm, obj.doc, m, kid.child, kid.inner));
    }
    return OK;
}

/* The value of a key that has a twin, which is beside it; nothing for the twin. */
static enum err push_twin(struct path_vm *vm, uint16_t type, struct jv obj, uint32_t k)
{
    const struct json_node *key = &obj.doc->nodes[k];
    struct str name = {obj.doc->src.p + key->off, key->len};
    struct path_member m = {.at = k + 1};
    if (name.n > 0 && name.p[0] == '_') {
        return OK;
    }
    if (key[1].kind != JSON_OBJECT) {
        m.sib = path_find(obj, name, true).sib;
    }
    struct path_kid kid = any_kid(vm, type, name, key->mark);
    return path_push_member(vm, obj.doc, m, kid.child, kid.inner);
}

/* Whether a value, or one of the values of an array, is an object. */
static bool holds_object(const struct json_node *nodes, uint32_t at)
{
    if (nodes[at].kind != JSON_ARRAY) {
        return nodes[at].kind == JSON_OBJECT;
    }
    for (uint32_t v = at + 1; v < nodes[at].end; v = nodes[v].end) {
        if (nodes[v].kind == JSON_OBJECT) {
            return true;
        }
    }
    return false;
}

/* The children of an object with plain names that can have children themselves. */
static enum err push_parents(struct path_vm *vm, uint16_t type, struct jv obj)
{
    const struct json_node *nodes = obj.doc->nodes;
    const uint32_t end = nodes[obj.at].end;
    const bool typed = vm->d != NULL && type != 0;
    uint64_t seen = 0;
    for (uint32_t k = obj.at + 1; k < end; k = nodes[k].end) {
        const struct json_node *v = &nodes[k + 1];
        struct str key = {obj.doc->src.p + nodes[k].off, nodes[k].len};
        struct path_kid some;
        seen++;
        if (nodes[k].flags & JSON_TWIN) {
            TRY(push_twin(vm, type, obj, k));
            continue;
        }
        if (v->kind < JSON_ARRAY || !holds_object(nodes, k + 1)) {
            continue;
        }
        const struct path_kid *kid = &some;
        if (typed) {
            kid = kid_of(vm, type, key, nodes[k].mark);
        } else {
            some = any_kid(vm, type, key, nodes[k].mark);
        }
        if (v->kind == JSON_ARRAY || kid->inner) {
            TRY(path_push_values(vm, obj.doc, k + 1, kid->child, kid->inner));
            continue;
        }
        struct path_item *slot;
        TRY(path_slot(vm, &slot));
        slot->kind = PATH_NODE;
        slot->flags = 0;
        slot->type = kid->child;
        slot->sib = 0;
        slot->node.doc = obj.doc;
        slot->node.at = k + 1;
    }
    return path_burn(vm, seen);
}

enum err path_children(struct path_vm *vm, const struct path_item *item, bool parents)
{
    struct jv obj = path_object(item);
    uint16_t type = item->type;
    if (obj.doc == NULL) {
        return OK;
    }
    const struct json_node *nodes = obj.doc->nodes;
    if (nodes[obj.at].flags & JSON_ODD) {
        return odd_children(vm, type, obj);
    }
    const char *src = obj.doc->src.p;
    uint32_t end = nodes[obj.at].end;
    bool typed = vm->d != NULL && type != 0;
    if (parents) {
        return push_parents(vm, type, obj);
    }
    for (uint32_t k = obj.at + 1; k < end; k = nodes[k].end) {
        struct str key = {src + nodes[k].off, nodes[k].len};
        TRY(path_burn(vm, 1));
        if (is_type_key(obj.doc, &nodes[k])) {
            continue;
        }
        if (nodes[k].flags & JSON_TWIN) {
            TRY(push_twin(vm, type, obj, k));
            continue;
        }
        if (typed) {
            const struct path_kid *kid = kid_of(vm, type, key, nodes[k].mark);
            if (nodes[k + 1].kind >= JSON_ARRAY || nodes[k + 1].kind <= JSON_NULL || kid->inner) {
                TRY(path_push_values(vm, obj.doc, k + 1, kid->child, kid->inner));
            } else { /* as most are */
                struct path_item *slot;
                TRY(path_slot(vm, &slot));
                *slot = (struct path_item){.kind = PATH_NODE, .type = kid->child};
                slot->node.doc = obj.doc;
                slot->node.at = k + 1;
            }
        } else {
            struct path_kid kid = any_kid(vm, type, key, nodes[k].mark);
            TRY(path_push_values(vm, obj.doc, k + 1, kid.child, kid.inner));
        }
    }
    return OK;
}

/* Whether the key at k says what stands beside the value right before it. */
static bool follows_twin(const struct json_doc *doc, uint32_t k)
{
    const struct json_node *key = &doc->nodes[k];
    struct str name = {doc->src.p + key->off + 1, key->len - 1};
    return k >= 3 && key[-2].kind == JSON_KEY && (key[-2].flags & JSON_TWIN) != 0
           && key[-1].kind >= JSON_FALSE && key[-1].kind <= JSON_STRING && key[1].kind == JSON_OBJECT
           && path_key_is(doc, &key[-2], name);
}

/* Everything below a node counts but names, arrays, nulls and types of resources. Of twins, _name is part
 * of name. False: what stands there is not that simple. */
static bool count_below(const struct json_doc *doc, uint32_t at, uint32_t *n)
{
    const struct json_node *nodes = doc->nodes;
    const uint16_t mark = json_mark("resourceType", 12);
    if (nodes[at].kind == JSON_ARRAY || (nodes[at].flags & JSON_ODD) != 0) {
        return false;
    }
    for (uint32_t i = at + 1; i < nodes[at].end; i++) {
        const struct json_node *node = &nodes[i];
        switch ((enum json_kind)node->kind) {
        case JSON_KEY:
            if (node->flags & JSON_TWIN && node->len > 0 && doc->src.p[node->off] == '_') {
                if (!follows_twin(doc, i)) {
                    return false;
                }
                --*n;
            } else if (node->mark == mark && is_type_key(doc, node)) {
                *n -= node[1].kind == JSON_STRING;
            }
            break;
        case JSON_ARRAY:
            if (node[-1].kind != JSON_KEY) {
                return false;
            }
            break;
        case JSON_OBJECT:
            if (node->flags & JSON_ODD) {
                return false;
            }
            ++*n;
            break;
        case JSON_NULL:
        case JSON_NONE: break;
        case JSON_FALSE:
        case JSON_TRUE:
        case JSON_NUMBER:
        case JSON_STRING: ++*n; break;
        }
    }
    return true;
}

bool path_tree_count(struct path_vm *vm, uint32_t base, uint32_t *ret_n)
{
    uint32_t n = 0;
    uint64_t seen = 0;
    for (uint32_t i = base; i < vm->n; i++) {
        const struct path_item *item = &vm->v[i];
        if (item->kind != PATH_NODE || item->flags != 0 || item->sib != 0
            || !count_below(item->node.doc, item->node.at, &n)) {
            return false;
        }
        seen += item->node.doc->nodes[item->node.at].end - item->node.at;
    }
    if (vm->fuel < seen || n > vm->items_max) {
        return false; /* the long way says what is wrong */
    }
    vm->fuel -= seen;
    *ret_n = n;
    return true;
}

/* Pushes the members of all items from base, and theirs. */
static enum err push_below(struct path_vm *vm, uint32_t base, bool parents)
{
    for (uint32_t i = base; i < vm->n; i++) {
        const struct path_item *at = &vm->v[i];
        TRY(path_burn(vm, 1));
        if (at->kind == PATH_NODE && (at->sib != 0 || json_kind(at->node) == JSON_OBJECT)) {
            struct path_item item = path_node_item(at);
            TRY(path_children(vm, &item, parents));
        }
    }
    return OK;
}

enum err path_descendants(struct path_vm *vm, uint32_t base)
{
    uint32_t end = vm->n;
    TRY(push_below(vm, base, false));
    path_settle(vm, base, end);
    return OK;
}

enum err path_descendants_named(struct path_vm *vm, const struct path_node *member, uint32_t base)
{
    uint32_t end = vm->n;
    TRY(push_below(vm, base, true));
    TRY(path_step_member(vm, member, end));
    path_settle(vm, base, end);
    return OK;
}
