/* fhir/path_eval.c - evaluating a compiled expression: the stack, paths, variables. See path_int.h. */
#include <string.h>

#include "fhir/path_value.h"

/* ---- stack ---- */

enum err path_fail(struct path_vm *vm, const struct path_node *node, const char *what)
{
    return FAIL(vm->rq, E_UNPROCESSED, "FHIRPath at %u: %s", node->at, what);
}

enum err path_spent(struct path_vm *vm)
{
    return FAIL(vm->rq, E_TOO_LARGE, "FHIRPath: the expression takes too long");
}

enum err path_room(struct path_vm *vm, uint32_t n)
{
    if (vm->size - vm->n >= n) {
        return OK;
    }
    if (n > vm->items_max || vm->n > vm->items_max - n) {
        return FAIL(vm->rq, E_TOO_LARGE, "FHIRPath: too many items");
    }
    uint32_t size = MAX(vm->size, PATH_STACK_FIRST);
    while (size - vm->n < n) {
        size *= 2;
    }
    struct path_item *v = arena_alloc_raw(vm->rq->a, size * sizeof(*v));
    TRY_MEM(vm->rq, v);
    if (vm->n > 0) {
        memcpy(v, vm->v, vm->n * sizeof(*v));
    }
    vm->v = v;
    vm->size = size;
    return OK;
}

enum err path_push(struct path_vm *vm, const struct path_item *item)
{
    if (vm->n == vm->size) {
        struct path_item copy = *item; /* may be on the stack that moves */
        TRY(path_room(vm, 1));
        vm->v[vm->n++] = copy;
        return OK;
    }
    vm->v[vm->n++] = *item;
    return OK;
}

void path_settle(struct path_vm *vm, uint32_t base, uint32_t from)
{
    if (base == from) {
        return;
    }
    uint32_t n = vm->n - from;
    for (uint32_t i = 0; i < n; i++) {
        if (vm->v[from + i].kind == PATH_NODE) {
            vm->v[base + i] = path_node_item(&vm->v[from + i]);
        } else {
            vm->v[base + i] = vm->v[from + i];
        }
    }
    vm->n -= from - base;
}

enum err path_give(struct path_vm *vm, uint32_t base, const struct path_item *item)
{
    struct path_item copy = *item;
    vm->n = base;
    return path_push(vm, &copy);
}

/* The item in place of those from base, its kind set. */
static enum err give_slot(struct path_vm *vm, uint32_t base, enum path_kind kind,
                          struct path_item **ret_item)
{
    vm->n = base;
    TRY(path_slot(vm, ret_item));
    (*ret_item)->kind = (uint8_t)kind;
    (*ret_item)->flags = 0;
    (*ret_item)->type = 0;
    (*ret_item)->sib = 0;
    return OK;
}

enum err path_give_bool(struct path_vm *vm, uint32_t base, bool b)
{
    struct path_item *item;
    TRY(give_slot(vm, base, PATH_BOOLEAN, &item));
    item->b = b;
    return OK;
}

enum err path_give_int(struct path_vm *vm, uint32_t base, int64_t i)
{
    struct path_item *item;
    TRY(give_slot(vm, base, PATH_INTEGER, &item));
    item->i = i;
    return OK;
}

enum err path_give_str(struct path_vm *vm, uint32_t base, struct str s)
{
    struct path_item *item;
    TRY_MEM(vm->rq, s.p);
    TRY(give_slot(vm, base, PATH_STRING, &item));
    item->s = s;
    return OK;
}

enum err path_give_dec(struct path_vm *vm, uint32_t base, const struct decimal *d, bool inexact)
{
    struct path_item *item;
    struct decimal copy = *d;
    TRY(give_slot(vm, base, PATH_DECIMAL, &item));
    item->flags = inexact ? PATH_INEXACT : 0;
    item->d = copy;
    return OK;
}

enum err path_give_quantity(struct path_vm *vm, uint32_t base, const struct path_quantity *q)
{
    struct path_quantity *copy = ARENA_NEW(vm->rq->a, struct path_quantity);
    TRY_MEM(vm->rq, copy);
    *copy = *q;
    struct path_item item = {.kind = PATH_QUANTITY, .q = copy};
    return path_give(vm, base, &item);
}

/* ---- single values ---- */

enum err path_take_tri(struct path_vm *vm, const struct path_node *node, uint32_t base,
                       enum path_tri *ret_tri)
{
    uint32_t n = vm->n - base;
    struct path_item value;
    if (n > 1) {
        return PATH_FAIL(vm, node, "a single boolean belongs here, there are several items");
    }
    if (n == 0) {
        *ret_tri = TRI_EMPTY;
        return OK;
    }
    const struct path_item *item = &vm->v[base];
    if (item->kind == PATH_BOOLEAN) {
        *ret_tri = item->b ? TRI_TRUE : TRI_FALSE;
    } else if (path_value(vm, item, &value)) {
        *ret_tri = value.kind == PATH_BOOLEAN && !value.b ? TRI_FALSE : TRI_TRUE;
    } else {
        *ret_tri = item->kind == PATH_NODE && (item->flags & PATH_NO_VALUE) ? TRI_EMPTY : TRI_TRUE;
    }
    vm->n = base;
    return OK;
}

enum err path_input(struct path_vm *vm, const struct path_node *node, uint32_t base,
                    struct path_item *ret_value, bool *ret_has)
{
    uint32_t n = vm->n - base;
    if (n > 1) {
        return PATH_FAIL(vm, node, "a single item belongs here, there are several");
    }
    *ret_has = false;
    if (n == 1) {
        const struct path_item *item = &vm->v[base];
        if (path_value(vm, item, ret_value)) {
            *ret_has = true;
        } else if (!(item->flags & PATH_NO_VALUE)) {
            *ret_value = *item;
            *ret_has = true;
        }
    }
    return OK;
}

enum err path_arg(struct path_vm *vm, const struct path_frame *f, const struct path_node *node,
                  unsigned i, struct path_item *ret_value, bool *ret_has)
{
    uint32_t base = vm->n;
    if (node->args[i]->op == OP_LITERAL) {
        *ret_value = node->args[i]->item;
        *ret_has = true;
        return path_burn(vm, 1);
    }
    TRY(path_run(vm, f, node->args[i]));
    TRY(path_input(vm, node, base, ret_value, ret_has));
    vm->n = base;
    return OK;
}

enum err path_arg_str(struct path_vm *vm, const struct path_frame *f, const struct path_node *node,
                      unsigned i, struct str *ret_s, bool *ret_has)
{
    struct path_item value;
    TRY(path_arg(vm, f, node, i, &value, ret_has));
    if (*ret_has) {
        if (value.kind != PATH_STRING) {
            return PATH_FAIL(vm, node, "a text belongs here");
        }
        *ret_s = value.s;
    }
    return OK;
}

enum err path_arg_int(struct path_vm *vm, const struct path_frame *f, const struct path_node *node,
                      unsigned i, int64_t *ret_i, bool *ret_has)
{
    struct path_item value;
    TRY(path_arg(vm, f, node, i, &value, ret_has));
    if (*ret_has) {
        if (value.kind != PATH_INTEGER) {
            return PATH_FAIL(vm, node, "a whole number belongs here");
        }
        *ret_i = value.i;
    }
    return OK;
}

struct path_frame path_frame_of(const struct path_frame *f, const struct path_item *self,
                                int64_t index)
{
    struct path_frame inner = *f;
    inner.self = *self;
    inner.index = index;
    inner.indexed = true;
    return inner;
}

/* ---- variables ---- */

static enum err push_list(struct path_vm *vm, struct path_list list)
{
    TRY(path_room(vm, (uint32_t)MIN(list.n, UINT32_MAX)));
    for (size_t i = 0; i < list.n; i++) {
        vm->v[vm->n++] = list.v[i];
    }
    return OK;
}

static enum err push_text(struct path_vm *vm, const char *head, struct str name, size_t skip)
{
    struct buf b;
    buf_init(&b, vm->rq->a, PATH_EXPR_MAX);
    buf_str(&b, str_z(head));
    buf_str(&b, str_sub(name, skip, name.n));
    TRY_MEM(vm->rq, buf_get(&b).p);
    struct path_item item = {.kind = PATH_STRING, .s = buf_get(&b)};
    return path_push(vm, &item);
}

static enum err push_item(struct path_vm *vm, const struct path_item *item)
{
    struct path_item *slot;
    if (item->kind != PATH_NODE) {
        return path_push(vm, item);
    }
    if (item->node.doc == NULL) {
        return OK;
    }
    TRY(path_slot(vm, &slot));
    *slot = path_node_item(item);
    return OK;
}

static enum err run_variable(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node)
{
    static const struct {
        struct str name;
        const char *text;
    } fixed[] = {
        {SI("ucum"), "http://unitsofmeasure.org"},
        {SI("sct"), "http://snomed.info/sct"},
        {SI("loinc"), "http://loinc.org"},
    };
    struct str name = node->name;
    (void)f;
    for (const struct path_bound *b = vm->bound; b != NULL; b = b->next) {
        if (str_eq(b->name, name)) {
            return push_list(vm, b->value);
        }
    }
    for (size_t i = 0; i < vm->env->n_vars; i++) {
        if (str_eq(vm->env->vars[i].name, name)) {
            return push_list(vm, vm->env->vars[i].value);
        }
    }
    if (str_eq(name, S("resource"))) {
        return push_item(vm, &vm->env->resource);
    }
    if (str_eq(name, S("context"))) {
        return push_item(vm, &vm->env->context);
    }
    if (str_eq(name, S("rootResource"))) {
        return push_item(vm, &vm->env->root_resource);
    }
    for (size_t i = 0; i < LEN(fixed); i++) {
        if (str_eq(name, fixed[i].name)) {
            struct path_item item = {.kind = PATH_STRING, .s = str_z(fixed[i].text)};
            return path_push(vm, &item);
        }
    }
    if (str_starts(name, S("vs-"))) {
        return push_text(vm, "http://hl7.org/fhir/ValueSet/", name, 3);
    }
    if (str_starts(name, S("ext-"))) {
        return push_text(vm, "http://hl7.org/fhir/StructureDefinition/", name, 4);
    }
    return PATH_FAIL(vm, node, "no such variable");
}

/* ---- paths ---- */

/* A name at the head of a path that is the type of $this stands for $this itself. */
static bool names_self(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *step)
{
    const struct path_item *self = &f->self;
    if (!(step->flags & NODE_IMPLICIT) || self->kind != PATH_NODE) {
        return false;
    }
    if (self->type != 0) {
        uint16_t named = step->type.fhir;
        return named != 0 && (named == self->type || def_is_a(vm->d, self->type, named));
    }
    return json_is(json_get(self->node, S("resourceType")), step->name);
}

static enum err run_index(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    int64_t i = 0;
    bool has;
    TRY(path_arg_int(vm, f, node, 0, &i, &has));
    if (has && i >= 0 && i < vm->n - base) {
        struct path_item item = vm->v[base + (uint32_t)i];
        return path_give(vm, base, &item);
    }
    path_drop(vm, base);
    return OK;
}

static enum err run_step(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *step, uint32_t base)
{
    switch (step->op) {
    case OP_MEMBER: return path_step_member(vm, step, base);
    case OP_AT: return run_index(vm, f, step, base);
    case OP_CALL:
        TRY(path_burn(vm, 1 + vm->n - base));
        return step->func->call(vm, f, step, base);
    default: return FAIL(vm->rq, E_INTERNAL, "FHIRPath step");
    }
}

/* The head of a path: $this and its first step at once, for that is how most begin. Gives the number of
 * the next step. */
static enum err run_head(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, unsigned *ret_next)
{
    const struct path_node *head = node->args[0];
    bool element = head->op == OP_THIS && f->self.kind == PATH_NODE && f->self.node.doc != NULL;
    unsigned next = node->first_walk;
    if (next != 0 && element && f->self.type == node->args[next]->step_type) {
        bool done;
        TRY(path_walk(vm, node->args[next], &f->self, &done));
        if (done) {
            *ret_next = next + node->args[next]->n_walked;
            return OK;
        }
    }
    next = names_self(vm, f, node->args[1]) ? 2 : 1;
    if (element && next < node->n_args && node->args[next]->op == OP_MEMBER) {
        TRY(path_burn(vm, 1));
        TRY(path_step_from(vm, node->args[next], &f->self));
        next++;
    } else if (head->op != OP_THIS || next == node->n_args || node->args[next]->op != OP_CALL
               || !(node->args[next]->func->flags & FUNC_FREE)) {
        TRY(path_run(vm, f, head));
    }
    *ret_next = next;
    return OK;
}

/* A step with those after it that are gone at once. Gives how many they are. */
static enum err run_steps(struct path_vm *vm, const struct path_frame *f,
                          struct path_node *const *steps, uint32_t base, unsigned *ret_n)
{
    const struct path_node *step = steps[0];
    uint32_t n;
    bool done = false;
    *ret_n = 1;
    if (step->n_hops > 0) {
        TRY(path_walk_all(vm, step, base, &done));
        *ret_n = done ? step->n_walked : 1U;
    } else if ((step->flags & NODE_COUNTED) && path_tree_count(vm, base, &n)) {
        *ret_n = 2;
        return path_give_int(vm, base, n);
    } else if (step->flags & NODE_PARENTS) {
        *ret_n = 2;
        return path_descendants_named(vm, steps[1], base);
    }
    return done ? OK : run_step(vm, f, step, base);
}

static enum err run_chain(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node)
{
    const struct path_bound *bound = vm->bound;
    uint32_t base = vm->n;
    unsigned next = 0;
    TRY(run_head(vm, f, node, &next));
    while (next < node->n_args) {
        unsigned n;
        TRY(run_steps(vm, f, node->args + next, base, &n));
        next += n;
    }
    vm->bound = bound; /* variables defined in the path end with it */
    return OK;
}

/* ---- single nodes ---- */

static enum err run_empty(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node)
{
    (void)vm, (void)f, (void)node;
    return OK;
}

static enum err run_literal(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node)
{
    (void)f;
    return path_push(vm, &node->item);
}

static enum err run_this(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node)
{
    (void)node;
    return push_item(vm, &f->self);
}

static enum err run_index_var(struct path_vm *vm, const struct path_frame *f,
                              const struct path_node *node)
{
    return f->indexed ? path_give_int(vm, vm->n, f->index)
                      : PATH_FAIL(vm, node, "$index has no meaning here");
}

static enum err run_total(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node)
{
    if (!f->totalled) {
        return PATH_FAIL(vm, node, "$total has no meaning here");
    }
    TRY(path_room(vm, f->total_n));
    for (uint32_t i = 0; i < f->total_n; i++) {
        vm->v[vm->n++] = vm->v[f->total_at + i];
    }
    return OK;
}

enum err path_run(struct path_vm *vm, const struct path_frame *f, const struct path_node *node)
{
    static const path_run_fn runs[] = {
        [OP_EMPTY] = run_empty,         [OP_LITERAL] = run_literal,
        [OP_THIS] = run_this,           [OP_INDEX_VAR] = run_index_var,
        [OP_TOTAL] = run_total,         [OP_VARIABLE] = run_variable,
        [OP_CHAIN] = run_chain,
    };
    if (vm->fuel == 0) {
        return path_spent(vm);
    }
    vm->fuel--;
    return node->op <= OP_CHAIN ? runs[node->op](vm, f, node) : path_operate(vm, f, node);
}
