/* fhir/path_walk.c - paths of plain members gone in one walk. See path_int.h.
 *
 * Where the types along a.b.c are known when the expression is compiled, its steps become hops: names to
 * look for, one below the other. The walk goes depth first over the tape and puts only the ends on the
 * stack. What is unusual (names with escapes, values beside) is left to the steps themselves. */
#include "fhir/path_int.h"

/* ---- compiling ---- */

static bool is_of_type(const struct path_node *step)
{
    return step->op == OP_CALL && str_eq(step->func->name, S("ofType")) && step->type.fhir != 0
           && !step->type.never;
}

/* The only choice ofType() can mean, when it is of that very type. */
static const struct path_choice *only_choice(const struct defs *d, const struct path_node *step,
                                             uint16_t type)
{
    const struct path_choice *found = NULL;
    for (unsigned i = 0; i < step->n_choices; i++) {
        if (step->choices[i].type == type) {
            found = &step->choices[i];
        } else if (def_is_a(d, step->choices[i].type, type)) {
            return NULL;
        }
    }
    return found;
}

/* Whether a type has no member of that name that could be gone to. */
static bool has_none(const struct defs *d, uint16_t type, struct str name)
{
    uint16_t found;
    const struct def_elem *e = def_stem(d, type, name);
    return e != NULL ? (e->flags & DEF_PRIM_VALUE) != 0
                     : !str_eq(name, S("resourceType")) && def_child(d, type, name, &found) == NULL;
}

/* The only choice from which the step after it leads on; NULL: there are several, or it is no member. */
static const struct path_choice *choice_before(const struct defs *d, const struct path_node *step,
                                               const struct path_node *after)
{
    const struct path_choice *found = NULL;
    if (after->op != OP_MEMBER || after->on.elem == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < step->n_choices; i++) {
        if (step->choices[i].type == after->step_type && found == NULL) {
            found = &step->choices[i];
        } else if (!has_none(d, step->choices[i].type, after->name)) {
            return NULL;
        }
    }
    return found;
}

/* One step, and an ofType() after it. Gives how many steps it stands for; 0: it is no hop. */
static unsigned hop_of(const struct defs *d, struct path_node *const *steps, unsigned n,
                       struct path_hop *hop, bool *ret_more)
{
    const struct path_node *step = steps[0];
    bool cast = n > 1 && is_of_type(steps[1]);
    uint16_t want = cast ? steps[1]->type.fhir : 0;
    const struct path_choice *choice;
    *hop = (struct path_hop){.name = path_name_of(step->name), .type = step->on.child};
    *ret_more = true;
    switch ((enum path_way)step->on.way) {
    case WAY_COMPLEX:
    case WAY_PRIMITIVE: return 1;
    case WAY_INNER:
        hop->inner = true;
        if (cast && def_type_row(d, want)->kind == DEF_RESOURCE) {
            hop->type = want;
            hop->only = path_name_of(def_type_name(d, want));
            return 2;
        }
        *ret_more = false;
        return 1;
    case WAY_CHOICE:
        choice = cast ? only_choice(d, step, want) : NULL;
        if (choice != NULL) {
            hop->name = choice->name;
            hop->type = want;
            return 2;
        }
        choice = n > 1 ? choice_before(d, step, steps[1]) : NULL;
        if (choice != NULL) {
            hop->name = choice->name;
            hop->type = choice->type;
            return 1;
        }
        hop->choice = step;
        *ret_more = false;
        return 1;
    case WAY_ASK: break;
    }
    return 0;
}

enum err path_walk_prepare(struct req *rq, const struct defs *d, struct path_node *const *steps,
                           unsigned n)
{
    struct path_hop hops[PATH_HOPS];
    struct path_node *first = steps[0];
    uint16_t type = first->step_type;
    unsigned at = 0;
    unsigned k = 0;
    bool more = true;
    while (more && at < n && k < PATH_HOPS && steps[at]->op == OP_MEMBER
           && steps[at]->on.elem != NULL && steps[at]->step_type == type) {
        unsigned taken = hop_of(d, steps + at, n - at, &hops[k], &more);
        if (taken == 0) {
            break;
        }
        type = hops[k++].type;
        at += taken;
    }
    if (k == 0) {
        return OK;
    }
    struct path_hop *copy = ARENA_ARRAY(rq->a, k, struct path_hop);
    TRY_MEM(rq, copy);
    memcpy(copy, hops, k * sizeof(*copy));
    first->hops = copy;
    first->n_hops = (uint8_t)k;
    first->n_walked = (uint8_t)at;
    return OK;
}

void path_walk_first(const struct defs *d, struct path_node *chain)
{
    const struct path_node *step = chain->args[1];
    unsigned at = 1;
    if (chain->args[0]->op != OP_THIS) {
        return;
    }
    if (step->type.fhir != 0 && (step->flags & NODE_IMPLICIT)) { /* the name of the type of $this */
        at = 2;
        if (chain->n_args == at || !def_is_a(d, chain->args[at]->step_type, step->type.fhir)) {
            return;
        }
    }
    if (chain->args[at]->n_hops > 0) {
        chain->first_walk = (uint8_t)at;
    }
}

void path_walk_whole(struct path_prog *prog)
{
    const struct path_node *root = prog->root;
    if (root->op == OP_CHAIN && root->first_walk != 0
        && root->first_walk + root->args[root->first_walk]->n_walked == root->n_args) {
        prog->walk = root->args[root->first_walk];
    }
}

/* ---- walking ---- */

/* Whether an object is a resource of the type wanted. */
static bool is_resource(const struct json_doc *doc, const struct json_node *obj,
                        const struct path_name *only)
{
    const struct str key = S("resourceType");
    const struct json_node *first = obj + 1; /* where it mostly stands */
    const struct json_node *v = NULL;
    if (obj->end > 1U + (uint32_t)(obj - doc->nodes) && path_key_is(doc, first, key)) {
        v = first + 1;
    } else {
        struct path_name name = path_name_of(key);
        v = path_find_name(doc, obj, &name);
    }
    return v != NULL && v->kind == JSON_STRING && path_name_is(doc, v, only);
}

/* The value of _name, where it stands right after that of the name, as it mostly does; 0: elsewhere, or
 * they are no primitive and object. */
static uint32_t twin_of(const struct json_doc *doc, const struct json_node *obj,
                        const struct json_node *v)
{
    const struct json_node *name = v - 1;
    const struct json_node *twin = v + 1;
    if (v->kind < JSON_FALSE || v->kind > JSON_STRING || twin >= doc->nodes + obj->end
        || twin->len != name->len + 1 || (twin->flags & JSON_TWIN) == 0
        || doc->src.p[twin->off] != '_' || twin[1].kind != JSON_OBJECT
        || memcmp(doc->src.p + twin->off + 1, doc->src.p + name->off, name->len) != 0) {
        return 0;
    }
    return (uint32_t)(twin + 1 - doc->nodes);
}

/* Puts an end of the walk on the stack, unless it is null. */
static inline enum err put(struct path_vm *vm, const struct json_doc *doc,
                           const struct json_node *v, uint32_t sib, uint16_t type)
{
    struct path_item *item;
    if (v->kind == JSON_NULL) {
        return OK;
    }
    TRY(path_slot(vm, &item));
    item->kind = PATH_NODE;
    item->flags = 0;
    item->type = type;
    item->sib = sib;
    item->node.doc = doc;
    item->node.at = (uint32_t)(v - doc->nodes);
    return OK;
}

/* Whether a hop leads to a value from which the next can be gone. */
static inline bool leads_to(const struct path_hop *hop, const struct json_doc *doc,
                            const struct json_node *v)
{
    return v->kind == JSON_OBJECT && (hop->only.s.n == 0 || is_resource(doc, v, &hop->only));
}

/* The resources of a last hop. */
static enum err land_resources(struct path_vm *vm, const struct path_hop *hop,
                               const struct json_doc *doc, const struct json_node *v,
                               const struct json_node *end)
{
    for (; v < end; v = doc->nodes + v->end) {
        struct jv node = {doc, (uint32_t)(v - doc->nodes)};
        uint16_t type = hop->type;
        if (hop->only.s.n > 0) {
            if (!leads_to(hop, doc, v)) {
                continue;
            }
        } else if (v->kind == JSON_OBJECT) {
            uint16_t own = path_inner_type(vm, node);
            type = own != 0 ? own : type;
        }
        TRY(put(vm, doc, v, 0, type));
    }
    return OK;
}

/* Lands on what the last hop found. *ret_usual false: something is not. */
static inline enum err land(struct path_vm *vm, const struct path_hop *hop,
                            const struct json_doc *doc, const struct json_node *obj,
                            const struct json_node *v, uint16_t type, bool *ret_usual)
{
    uint32_t sib = 0;
    if (v[-1].flags & JSON_TWIN) {
        sib = twin_of(doc, obj, v);
        *ret_usual = sib != 0;
        if (sib == 0) {
            return OK;
        }
    }
    const struct json_node *end = doc->nodes + v->end;
    if (hop->inner) {
        return land_resources(vm, hop, doc, v + (v->kind == JSON_ARRAY), end);
    }
    if (v->kind != JSON_ARRAY) {
        return put(vm, doc, v, sib, type);
    }
    for (v++; v < end; v = doc->nodes + v->end) {
        TRY(put(vm, doc, v, 0, type));
    }
    return OK;
}

/* The rest of an array that is left for later, and the hop to be gone from its objects. */
struct left {
    const struct json_node *v;
    const struct json_node *end;
    const struct path_hop *hop;
};

/* The next object to go on from; NULL: all were visited. */
static inline const struct json_node *next_object(const struct json_doc *doc, struct left *left,
                                                  unsigned *depth, uint64_t *seen)
{
    while (*depth > 0) {
        struct left *at = &left[*depth - 1];
        const struct json_node *v = at->v;
        while (v != at->end) {
            const struct json_node *next = doc->nodes + v->end;
            ++*seen;
            if (leads_to(at->hop - 1, doc, v)) {
                at->v = next;
                return v;
            }
            v = next;
        }
        --*depth;
    }
    return NULL;
}

enum err path_walk(struct path_vm *vm, const struct path_node *step, const struct path_item *from,
                   bool *ret_done)
{
    struct left left[PATH_HOPS];
    const struct json_doc *doc = from->node.doc;
    const struct path_hop *hop = step->hops;
    const struct path_hop *last = hop + step->n_hops - 1;
    const uint32_t base = vm->n;
    const struct json_node *obj = &doc->nodes[from->node.at];
    unsigned depth = 0;
    uint64_t seen = 1;
    bool usual = obj->kind == JSON_OBJECT && from->type == step->step_type;
    while (usual) {
        uint16_t type = hop->type;
        if (obj->flags & JSON_ODD) {
            usual = false;
            break;
        }
        const struct json_node *v = hop->choice == NULL
                                        ? path_find_name(doc, obj, &hop->name)
                                        : path_find_choice(hop->choice, doc, obj, &type);
        if (v != NULL && hop == last) {
            TRY(land(vm, hop, doc, obj, v, type, &usual));
        } else if (v != NULL && (v[-1].flags & JSON_TWIN)) {
            usual = false;
        } else if (v != NULL && v->kind == JSON_ARRAY) {
            left[depth++] = (struct left){v + 1, doc->nodes + v->end, hop + 1};
        } else if (v != NULL && leads_to(hop, doc, v)) {
            obj = v;
            hop++;
            seen++;
            continue;
        }
        obj = next_object(doc, left, &depth, &seen);
        if (obj == NULL) {
            break;
        }
        hop = left[depth - 1].hop;
    }
    seen += vm->n - base;
    if (!usual) {
        path_drop(vm, base);
    }
    *ret_done = usual;
    return path_burn(vm, seen);
}

enum err path_walk_all(struct path_vm *vm, const struct path_node *step, uint32_t base,
                       bool *ret_done)
{
    uint32_t end = vm->n;
    *ret_done = true;
    if (end - base == 1 && vm->v[base].kind == PATH_NODE && vm->v[base].node.doc != NULL) {
        struct path_item item = path_node_item(&vm->v[base]);
        path_drop(vm, base); /* the ends take its place */
        TRY(path_walk(vm, step, &item, ret_done));
        return *ret_done ? OK : path_push(vm, &item);
    }
    for (uint32_t i = base; i < end && *ret_done; i++) {
        if (vm->v[i].kind != PATH_NODE || vm->v[i].node.doc == NULL) {
            *ret_done = false;
            break;
        }
        struct path_item item = path_node_item(&vm->v[i]);
        TRY(path_walk(vm, step, &item, ret_done));
    }
    if (*ret_done) {
        path_settle(vm, base, end);
    } else {
        path_drop(vm, end);
    }
    return OK;
}
