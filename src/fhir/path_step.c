/* fhir/path_step.c - from an element to its children: by name, or all of them. See path_int.h.
 *
 * A primitive and what JSON keeps beside it under _name (id, extensions) are one element. Choice
 * elements are found by their stem; in bare JSON a member is a child of that name, nothing more. */
#include <string.h>

#include "fhir/path_int.h"

struct path_node path_step_node(struct str name)
{
    return (struct path_node){
        .op = OP_MEMBER, .name = name, .mark = json_mark(name.p, name.n)};
}

/* _name; keys with escapes are not looked at: no element has one. */
static inline bool is_beside(const struct json_doc *doc, const struct json_node *k, struct str name)
{
    const char *p = doc->src.p + k->off;
    return k->len == name.n + 1 && p[0] == '_' && memcmp(p + 1, name.p, name.n) == 0;
}

struct path_member path_find(struct jv obj, struct str name, bool both)
{
    struct path_member m = {0};
    const struct json_node *nodes = obj.doc->nodes;
    uint16_t mark = json_mark(name.p, name.n);
    if (!(nodes[obj.at].flags & JSON_ODD)) {
        m.at = path_find_plain(obj.doc, obj.at, name, mark);
        if (!both || m.at == 0 || !(nodes[m.at - 1].flags & JSON_TWIN)) {
            return m;
        }
    }
    uint32_t end = nodes[obj.at].end;
    for (uint32_t k = obj.at + 1; k < end; k = nodes[k].end) {
        bool escaped = (nodes[k].flags & JSON_ESCAPED) != 0;
        if (m.at == 0
            && (escaped ? json_key_is((struct jv){obj.doc, k + 1}, name)
                        : nodes[k].mark == mark && path_key_is(obj.doc, &nodes[k], name))) {
            m.at = k + 1;
            if (!both) {
                break;
            }
        } else if (is_beside(obj.doc, &nodes[k], name)) {
            m.sib = k + 1;
        }
    }
    return m;
}

struct jv path_object(const struct path_item *item)
{
    struct jv none = {NULL, 0};
    if (json_kind(item->node) == JSON_OBJECT) {
        return item->node;
    }
    struct jv sib = {item->node.doc, item->sib};
    return item->sib != 0 && json_kind(sib) == JSON_OBJECT ? sib : none;
}

uint16_t path_resource_type(const struct defs *d, struct jv node)
{
    struct jv type = json_get(node, S("resourceType"));
    if (json_kind(type) != JSON_STRING) {
        return 0;
    }
    struct str raw = json_raw(type);
    return def_find(d, str_sub(raw, 1, raw.n - 2));
}

uint16_t path_inner_type(struct path_vm *vm, struct jv node)
{
    struct path_memory *memory = vm->env->memory;
    const struct json_doc *doc = node.doc;
    if (json_kind(node) != JSON_OBJECT) {
        return 0;
    }
    uint32_t at = path_find(node, S("resourceType"), false).at;
    if (at == 0 || doc->nodes[at].kind != JSON_STRING) {
        return 0;
    }
    struct str name = {doc->src.p + doc->nodes[at].off, doc->nodes[at].len};
    struct path_type_memo *m = &memory->types[json_mark(name.p, name.n) % PATH_TYPES];
    if (m->name.n != name.n || m->type == 0 || memcmp(m->name.p, name.p, name.n) != 0) {
        m->type = def_find(vm->d, name);
        m->name = def_type_name(vm->d, m->type);
    }
    return m->type;
}

/* One value; at or sib may be 0. type DEF_INNER's mark is resolved by the caller's inner flag. */
static enum err push_one(struct path_vm *vm, const struct json_doc *doc, struct path_member m,
                         uint16_t type, bool inner)
{
    struct path_item *item;
    TRY(path_slot(vm, &item));
    item->kind = PATH_NODE;
    item->flags = 0;
    item->type = type;
    item->sib = m.sib;
    item->node.doc = doc;
    item->node.at = m.at;
    if (m.at == 0 || doc->nodes[m.at].kind == JSON_NULL) {
        item->flags = PATH_NO_VALUE;
        item->node.at = m.sib != 0 ? m.sib : m.at;
    }
    if (inner) {
        uint16_t own = path_inner_type(vm, item->node);
        item->type = own != 0 ? own : type;
    }
    return OK;
}

static bool is_null(const struct json_doc *doc, uint32_t at)
{
    return at == 0 || doc->nodes[at].kind == JSON_NULL;
}

/* The elements of an array and of the array beside it, in step. */
static enum err push_array(struct path_vm *vm, const struct json_doc *doc, struct path_member m,
                           uint16_t type, bool inner)
{
    struct jv none = {NULL, 0};
    struct jv v = m.at == 0 ? none : json_first((struct jv){doc, m.at});
    struct jv s = m.sib == 0 ? none : json_first((struct jv){doc, m.sib});
    bool beside = s.doc != NULL;
    for (uint64_t n = 0; v.doc != NULL || s.doc != NULL; n++) {
        struct path_member one = {v.doc == NULL ? 0 : v.at, s.doc == NULL ? 0 : s.at};
        if (is_null(doc, one.sib)) {
            one.sib = one.at == 0 ? one.sib : 0;
        }
        if (beside || !is_null(doc, one.at)) {
            TRY(push_one(vm, doc, one, type, inner));
        }
        if ((n & 63) == 63) {
            TRY(path_burn(vm, 64));
        }
        v = json_next(v);
        s = json_next(s);
    }
    return OK;
}

enum err path_push_member(struct path_vm *vm, const struct json_doc *doc, struct path_member m,
                            uint16_t type, bool inner)
{
    if (m.at == 0 && m.sib == 0) {
        return OK;
    }
    enum json_kind kind = m.at == 0 ? JSON_NONE : (enum json_kind)doc->nodes[m.at].kind;
    enum json_kind beside = m.sib == 0 ? JSON_NONE : (enum json_kind)doc->nodes[m.sib].kind;
    if (kind == JSON_ARRAY || ((kind == JSON_NONE || kind == JSON_NULL) && beside == JSON_ARRAY)) {
        if (beside != JSON_ARRAY) {
            m.sib = 0;
        }
        return push_array(vm, doc, m, type, inner);
    }
    if (beside != JSON_OBJECT) {
        m.sib = 0;
    }
    return is_null(doc, m.at) && m.sib == 0 ? OK : push_one(vm, doc, m, type, inner);
}

uint16_t path_elem_type(const struct defs *d, const struct def_elem *e)
{
    struct str name = def_str(d, e->name);
    if (name.n == 2 && str_eq(name, S("id"))) {
        return DEF_SYS_STRING;
    }
    if (name.n == 3 && str_eq(def_str(d, e->path), S("Extension.url"))) {
        return DEF_SYS_STRING;
    }
    return def_elem_type(d, e, 0);
}

static bool is_primitive(const struct defs *d, uint16_t type)
{
    uint8_t kind = def_type_row(d, type)->kind;
    return kind == DEF_PRIMITIVE || kind == DEF_SYSTEM;
}

/* The value of value[x] among the members: valueQuantity, _valueString. */
static enum err push_choice(struct path_vm *vm, struct jv obj, uint16_t of, struct str stem)
{
    const struct json_node *nodes = obj.doc->nodes;
    uint32_t end = nodes[obj.at].end;
    struct path_member m = {0};
    uint16_t type = 0;
    for (uint32_t k = obj.at + 1; k < end; k = nodes[k].end) {
        struct str key = {obj.doc->src.p + nodes[k].off, nodes[k].len};
        bool beside = key.n > 0 && key.p[0] == '_';
        if (beside) {
            key = str_sub(key, 1, key.n);
        }
        uint16_t found;
        const struct def_elem *e;
        if (key.n <= stem.n || key.p[0] != stem.p[0] || memcmp(key.p, stem.p, stem.n) != 0
            || (e = def_child(vm->d, of, key, &found)) == NULL || !(e->flags & DEF_CHOICE)
            || !str_eq(def_str(vm->d, e->name), stem)) {
            continue;
        }
        type = found;
        *(beside ? &m.sib : &m.at) = k + 1;
    }
    return path_push_member(vm, obj.doc, m, type, false);
}

/* A member of an object whose type is not known, or that the type does not have. */
static enum err push_unknown(struct path_vm *vm, const struct path_node *node,
                             const struct path_item *item, struct jv obj)
{
    uint16_t type = 0;
    if (vm->d != NULL && item->type != 0) {
        uint16_t found;
        if (str_eq(node->name, S("resourceType"))) {
            return path_push_member(vm, obj.doc, path_find(obj, node->name, false), 0, false);
        }
        if (def_child(vm->d, item->type, node->name, &found) != NULL) {
            return PATH_FAIL(vm, node, "a choice element is named without its type");
        }
        return OK;
    }
    if (vm->d != NULL && str_eq(node->name, S("extension"))) {
        type = vm->prog->extension_type;
    }
    return path_push_member(vm, obj.doc, path_find(obj, node->name, true), type, false);
}

uint8_t path_elem_way(const struct defs *d, const struct def_elem *e, uint16_t type)
{
    if ((e->flags & (DEF_CHOICE | DEF_PRIM_VALUE)) || type == 0) {
        return WAY_ASK;
    }
    if (e->flags & DEF_INNER) {
        return WAY_INNER;
    }
    return is_primitive(d, type) ? WAY_PRIMITIVE : WAY_COMPLEX;
}

static void find_way(struct path_vm *vm, struct str name, uint16_t type, struct path_way_on *on)
{
    const struct def_elem *e = def_stem(vm->d, type, name);
    uint16_t found;
    *on = (struct path_way_on){.elem = e};
    if (e != NULL && !(e->flags & DEF_CHOICE)) {
        on->child = path_elem_type(vm->d, e);
        on->way = path_elem_way(vm->d, e, on->child);
    }
    on->nothing = e == NULL && !str_eq(name, S("resourceType"))
                  && def_child(vm->d, type, name, &found) == NULL;
}

/* The way from a type that was not known before. */
static const struct path_way_on *way_on(struct path_vm *vm, const struct path_node *node,
                                        uint16_t type, struct path_way_on *spare)
{
    struct str name = node->name;
    struct path_memory *memory = vm->env->memory;
    if (memory == NULL || name.n == 0 || name.n > PATH_NAME_MAX) {
        find_way(vm, name, type, spare);
        return spare;
    }
    unsigned at = type * 31U + node->mark;
    struct path_step_memo *m = &memory->steps[at % PATH_STEPS];
    if (m->type != type || m->n != name.n || !path_same_bytes(m->name, name.p, name.n)) {
        find_way(vm, name, type, &m->on);
        m->type = type;
        m->n = (uint8_t)name.n;
        memcpy(m->name, name.p, name.n);
    }
    return &m->on;
}

/* on NULL: the type is not known. */
static enum err push_named(struct path_vm *vm, const struct path_node *node,
                           const struct path_item *item, const struct path_way_on *on)
{
    struct jv obj = path_object(item);
    const struct def_elem *e = on == NULL ? NULL : on->elem;
    if (obj.doc == NULL || (e != NULL && (e->flags & DEF_PRIM_VALUE))) {
        return OK;
    }
    if (e == NULL) {
        return push_unknown(vm, node, item, obj);
    }
    if (e->flags & DEF_CHOICE) {
        return push_choice(vm, obj, item->type, node->name);
    }
    struct path_member m = path_find(obj, node->name, is_primitive(vm->d, on->child));
    return path_push_member(vm, obj.doc, m, on->child, (e->flags & DEF_INNER) != 0);
}

/* Members of items that are no elements. */
static enum err push_system(struct path_vm *vm, const struct path_node *node,
                            const struct path_item *item)
{
    struct path_item value;
    if (item->kind == PATH_QUANTITY && str_eq(node->name, S("value"))) {
        value = (struct path_item){.kind = PATH_DECIMAL, .d = item->q->value};
    } else if (item->kind == PATH_QUANTITY
               && (str_eq(node->name, S("unit")) || str_eq(node->name, S("code")))) {
        value = (struct path_item){.kind = PATH_STRING, .s = item->q->unit};
    } else if (item->kind == PATH_TYPE && str_eq(node->name, S("name"))) {
        value = (struct path_item){.kind = PATH_STRING, .s = item->s};
    } else if (item->kind == PATH_TYPE && str_eq(node->name, S("namespace"))) {
        bool system = item->flags & PATH_OF_SYSTEM;
        value = (struct path_item){.kind = PATH_STRING, .s = system ? S("System") : S("FHIR")};
    } else {
        return OK;
    }
    return path_push(vm, &value);
}

enum err path_push_values(struct path_vm *vm, const struct json_doc *doc, uint32_t at, uint16_t type,
                          bool inner)
{
    const struct json_node *nodes = doc->nodes;
    bool array = nodes[at].kind == JSON_ARRAY;
    uint32_t end = nodes[at].end;
    for (uint32_t v = array ? at + 1 : at; v < end; v = nodes[v].end) {
        struct path_item *item;
        if (nodes[v].kind == JSON_NULL) {
            continue;
        }
        TRY(path_slot(vm, &item));
        item->kind = PATH_NODE;
        item->flags = 0;
        item->type = type;
        item->sib = 0;
        item->node.doc = doc;
        item->node.at = v;
        if (inner) {
            uint16_t own = path_inner_type(vm, item->node);
            item->type = own != 0 ? own : type;
        }
    }
    return OK;
}

/* The choice a key names; NULL none. */
static const struct path_choice *choice_of(const struct path_node *step, const struct json_doc *doc,
                                           const struct json_node *key)
{
    for (unsigned i = 0; i < step->n_choices; i++) {
        if (step->choices[i].name.mark == key->mark
            && path_name_is(doc, key, &step->choices[i].name)) {
            return &step->choices[i];
        }
    }
    return NULL;
}

const struct json_node *path_find_choice(const struct path_node *step, const struct json_doc *doc,
                                         const struct json_node *obj, uint16_t *ret_type)
{
    const struct json_node *nodes = doc->nodes;
    const struct json_node *end = nodes + obj->end;
    const struct path_marks marks = step->choice_marks;
    for (const struct json_node *k = obj + 1; k < end; k = nodes + k->end) {
        const struct path_choice *c;
        if (path_marks_has(&marks, k->mark) && (c = choice_of(step, doc, k)) != NULL) {
            *ret_type = c->type;
            return k + 1;
        }
    }
    return NULL;
}

/* A step whose element is known, from an object: the common case of all. *ret_done false: something is
 * unusual (escapes in names, values beside), the long way must be gone. */
static enum err push_known(struct path_vm *vm, const struct path_node *step,
                           const struct path_way_on *on, struct jv obj, bool *ret_done)
{
    const struct json_node *nodes = obj.doc->nodes;
    struct path_way_on choice = {.way = WAY_COMPLEX};
    uint32_t at;
    *ret_done = false;
    if (nodes[obj.at].flags & JSON_ODD) {
        return OK;
    }
    if (on->way == WAY_CHOICE) {
        const struct json_node *v
            = path_find_choice(step, obj.doc, &nodes[obj.at], &choice.child);
        at = v == NULL ? 0 : (uint32_t)(v - nodes);
        on = &choice;
        if (at != 0 && (nodes[at].kind == JSON_NULL || nodes[at].kind == JSON_ARRAY)) {
            return OK;
        }
    } else {
        at = path_find_plain(obj.doc, obj.at, step->name, step->mark);
    }
    if (at != 0 && (nodes[at - 1].flags & JSON_TWIN)) {
        return OK;
    }
    *ret_done = true;
    return at == 0 ? OK : path_push_values(vm, obj.doc, at, on->child, on->way == WAY_INNER);
}

enum err path_step_from(struct path_vm *vm, const struct path_node *node,
                        const struct path_item *item)
{
    struct path_way_on spare;
    const struct path_way_on *on = &node->on;
    bool done = false;
    if (item->type != node->step_type || on->elem == NULL) {
        if (item->type == 0) {
            return push_named(vm, node, item, NULL);
        }
        on = way_on(vm, node, item->type, &spare);
        if (on->nothing) {
            return OK;
        }
    }
    if (on->way != WAY_ASK && json_kind(item->node) == JSON_OBJECT) {
        TRY(push_known(vm, node, on, item->node, &done));
    }
    return done ? OK : push_named(vm, node, item, on);
}

enum err path_step_member(struct path_vm *vm, const struct path_node *node, uint32_t base)
{
    uint32_t end = vm->n;
    TRY(path_burn(vm, 1 + end - base));
    if (end - base == 1 && vm->v[base].kind == PATH_NODE) {
        struct path_item item = path_node_item(&vm->v[base]);
        path_drop(vm, base); /* the results take its place */
        return path_step_from(vm, node, &item);
    }
    for (uint32_t i = base; i < end; i++) {
        if (vm->v[i].kind == PATH_NODE) {
            const struct path_item *at = &vm->v[i];
            if (at->sib == 0 && at->node.doc != NULL
                && at->node.doc->nodes[at->node.at].kind != JSON_OBJECT) {
                continue; /* has no children */
            }
            struct path_item item = path_node_item(at);
            TRY(path_step_from(vm, node, &item));
        } else {
            struct path_item item = vm->v[i];
            TRY(push_system(vm, node, &item));
        }
    }
    path_settle(vm, base, end);
    return OK;
}

struct path_item path_item_of(const struct defs *d, struct jv node, uint16_t type)
{
    if (type == 0 && d != NULL) {
        type = path_resource_type(d, node);
    }
    return (struct path_item){.kind = PATH_NODE, .type = type, .node = node};
}
