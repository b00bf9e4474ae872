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

/* One step, and an ofType() after it. Gives how many steps it stands for; 0: it is no hop. */
static unsigned hop_of(const struct defs *d, struct path_node *const *steps, unsigned n,
                       struct path_hop *hop, bool *ret_more)
{
    const struct path_node *step = steps[0];
    bool cast = n > 1 && is_of_type(steps[1]);
    uint16_t want = cast ? steps[1]->type.fhir : 0;
    const struct path_choice *choice;
    *hop = (struct path_hop){.name = step->name, .mark = step->mark, .type = step->on.child};
    *ret_more = true;
    switch ((enum path_way)step->on.way) {
    case WAY_COMPLEX:
    case WAY_PRIMITIVE: return 1;
    case WAY_INNER:
        hop->inner = true;
        if (cast && def_type_row(d, want)->kind == DEF_RESOURCE) {
            hop->type = want;
            hop->only = def_type_name(d, want);
            return 2;
        }
        *ret_more = false;
        return 1;
    case WAY_CHOICE:
        choice = cast ? only_choice(d, step, want) : NULL;
        if (choice != NULL) {
            hop->name = choice->name;
            hop->mark = choice->mark;
            hop->type = want;
            return 2;
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

/* ---- walking ---- */

/* Whether a value is a resource of the type wanted. */
static bool is_resource(const struct json_doc *doc, uint32_t v, struct str only)
{
    uint32_t at;
    if (doc->nodes[v].kind != JSON_OBJECT) {
        return false;
    }
    at = path_find_plain(doc, v, S("resourceType"), json_mark("resourceType", 12));
    return at != 0 && doc->nodes[at].kind == JSON_STRING && path_key_is(doc, &doc->nodes[at], only);
}

/* The values not yet visited of one hop. */
struct visit {
    uint32_t v;
    uint32_t end;
    uint32_t sib; /* of a single primitive: the value of _name */
    uint16_t type;
};

/* The value of _name, where it stands right after that of the name, as it mostly does; 0: elsewhere, or
 * they are no primitive and object. */
static uint32_t twin_of(const struct json_doc *doc, uint32_t obj, uint32_t v)
{
    const struct json_node *nodes = doc->nodes;
    const struct json_node *name = &nodes[v - 1];
    const struct json_node *twin = &nodes[v + 1];
    if (nodes[v].kind < JSON_FALSE || nodes[v].kind > JSON_STRING || v + 1 >= nodes[obj].end
        || twin->len != name->len + 1 || (twin->flags & JSON_TWIN) == 0
        || doc->src.p[twin->off] != '_'
        || twin[1].kind != JSON_OBJECT
        || memcmp(doc->src.p + twin->off + 1, doc->src.p + name->off, name->len) != 0) {
        return 0;
    }
    return v + 2;
}

/* The values of a hop in an object. False: something is unusual. */
static bool enter(const struct path_hop *hop, const struct json_doc *doc, uint32_t obj, bool last,
                  struct visit *at)
{
    const struct json_node *nodes = doc->nodes;
    uint32_t v;
    *at = (struct visit){.type = hop->type};
    if (nodes[obj].flags & JSON_ODD) {
        return false;
    }
    v = hop->choice == NULL ? path_find_plain(doc, obj, hop->name, hop->mark)
                            : path_find_choice(hop->choice, doc, obj, &at->type);
    if (v == 0) {
        return true;
    }
    at->end = nodes[v].end;
    at->v = nodes[v].kind == JSON_ARRAY ? v + 1 : v;
    if (nodes[v - 1].flags & JSON_TWIN) {
        at->sib = last ? twin_of(doc, obj, v) : 0;
        return at->sib != 0;
    }
    return true;
}

/* Puts an end of the walk on the stack, unless it is null. */
static inline enum err arrive(struct path_vm *vm, const struct json_doc *doc, uint32_t v,
                              uint32_t sib, uint16_t type)
{
    struct path_item *item;
    if (doc->nodes[v].kind == JSON_NULL) {
        return OK;
    }
    TRY(path_slot(vm, &item));
    item->kind = PATH_NODE;
    item->flags = 0;
    item->type = type;
    item->sib = sib;
    item->node.doc = doc;
    item->node.at = v;
    return OK;
}

enum err path_walk(struct path_vm *vm, const struct path_node *step, const struct path_item *from,
                   bool *ret_done)
{
    struct visit at[PATH_HOPS];
    const struct json_doc *doc = from->node.doc;
    const struct json_node *nodes = doc->nodes;
    const unsigned last = step->n_hops - 1U;
    const uint32_t base = vm->n;
    uint64_t seen = 1;
    unsigned level = 0;
    *ret_done = nodes[from->node.at].kind == JSON_OBJECT && from->type == step->step_type
                && enter(&step->hops[0], doc, from->node.at, last == 0, &at[0]);
    while (*ret_done) {
        const struct path_hop *hop = &step->hops[level];
        uint32_t v = at[level].v;
        if (level == last && !hop->inner) {
            for (; v < at[level].end; v = nodes[v].end, seen++) {
                TRY(arrive(vm, doc, v, at[level].sib, at[level].type));
            }
        }
        if (v == at[level].end) {
            if (level-- == 0) {
                break;
            }
            continue;
        }
        at[level].v = nodes[v].end;
        seen++;
        if (nodes[v].kind == JSON_NULL || (hop->only.n > 0 && !is_resource(doc, v, hop->only))) {
            continue;
        }
        if (level == last) {
            uint16_t own = hop->only.n > 0 ? hop->type : path_inner_type(vm, (struct jv){doc, v});
            TRY(arrive(vm, doc, v, 0, own != 0 ? own : hop->type));
        } else if (nodes[v].kind == JSON_OBJECT) {
            level++;
            *ret_done = enter(&step->hops[level], doc, v, level == last, &at[level]);
        }
    }
    if (!*ret_done) {
        path_drop(vm, base);
    }
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

/* ---- criteria ---- */

void path_text_prepare(const struct defs *d, struct path_node *node)
{
    if (node->op != OP_EQ || node->args[1]->op != OP_LITERAL
        || node->args[1]->item.kind != PATH_STRING || node->args[1]->item.s.n == 0
        || node->args[0]->op != OP_CHAIN || node->args[0]->n_args != 2
        || node->args[0]->args[0]->op != OP_THIS) {
        return;
    }
    const struct path_node *step = node->args[0]->args[1];
    if (step->n_hops == 1 && step->n_walked == 1 && step->hops[0].choice == NULL
        && !step->hops[0].inner && !(step->flags & NODE_IMPLICIT)
        && (step->hops[0].type == DEF_SYS_STRING
            || def_type_row(d, step->hops[0].type)->system == DEF_SYS_STRING)) {
        node->flags |= NODE_TEXT_IS;
    }
}

bool path_text_is(struct path_vm *vm, const struct path_item *self, const struct path_node *node,
                  enum path_tri *ret_tri)
{
    enum { STEPS = 4 }; /* of fuel, as the long way takes */
    const struct path_node *step = node->args[0]->args[1];
    const struct json_doc *doc = self->node.doc;
    if (self->kind != PATH_NODE || doc == NULL || self->type != step->step_type
        || doc->nodes[self->node.at].kind != JSON_OBJECT
        || (doc->nodes[self->node.at].flags & JSON_ODD) != 0 || vm->fuel < STEPS) {
        return false;
    }
    uint32_t at = path_find_plain(doc, self->node.at, step->name, step->mark);
    const struct json_node *v = &doc->nodes[at];
    if (at != 0
        && (v->kind != JSON_STRING || (v->flags & JSON_ESCAPED) || (v[-1].flags & JSON_TWIN))) {
        return false;
    }
    vm->fuel -= STEPS;
    *ret_tri = at == 0                                                      ? TRI_EMPTY
               : path_key_is(doc, v, node->args[1]->item.s) ? TRI_TRUE
                                                            : TRI_FALSE;
    return true;
}
