/* fhir/view_run.c - running a compiled ViewDefinition over one resource after the other.
 *
 * What is left to do for a row is a chain of work: selects still to be visited, each with the element
 * it stands on. Visiting one fills its columns for each of its elements and goes on with the chain;
 * at its end the row is complete. So siblings multiply and nothing but one row is held. The chain is
 * at most VIEW_NODES_MAX long. */
#include "fhir/view_int.h"

enum { RUN_MEMORY = 64 << 20 };

struct view_run {
    struct req rq; /* with its own arena, emptied between resources */
    struct req *outer;
    const struct view *v;
    struct path_env env;
    struct path_var *vars;
    struct path_item row_index;
    struct path_item nothing; /* the element of a row over nothing */
    struct json_doc nothing_doc;
    struct json_node nothing_node;
    view_cell *cells;
    uint64_t rows; /* of this resource */
    view_row_fn fn;
    void *ctx;
};

struct work {
    const struct view_node *node;
    bool unions; /* the branches of node, not node itself */
    struct path_item focus;
    int64_t index; /* %rowIndex there */
    const struct work *next;
};

/* What a mark must bring back: the arena, and the stack that may have grown in it. */
struct keep {
    struct arena_mark mark;
    struct path_item *stack;
    uint32_t stack_size;
};

static struct keep keep_here(struct view_run *r)
{
    return (struct keep){arena_mark(r->rq.a), r->env.stack, r->env.stack_size};
}

static void keep_back(struct view_run *r, struct keep k)
{
    arena_back(r->rq.a, k.mark);
    r->env.stack = k.stack;
    r->env.stack_size = k.stack_size;
}

static enum err evaluate(struct view_run *r, const struct path_prog *prog,
                         const struct path_item *focus, int64_t index, struct path_list *ret_list)
{
    r->env.context = *focus;
    r->row_index = (struct path_item){.kind = PATH_INTEGER, .i = index};
    return path_eval(&r->rq, prog, &r->env, ret_list);
}

/* A list that outlives the next evaluation; nothing itself and elements without value are left out. */
static enum err copy_list(struct view_run *r, struct path_list list, bool values,
                          struct path_list *ret_list)
{
    struct path_item *v = ARENA_ARRAY(r->rq.a, list.n, struct path_item);
    size_t n = 0;
    TRY_MEM(&r->rq, v);
    for (size_t i = 0; i < list.n; i++) {
        const struct path_item *item = &list.v[i];
        bool none = item->kind == PATH_NODE
                    && (item->node.doc == &r->nothing_doc || (values && (item->flags & PATH_NO_VALUE)));
        if (!none) {
            v[n++] = *item;
        }
    }
    *ret_list = (struct path_list){v, n};
    return OK;
}

/* ---- columns ---- */

static bool fits(struct view_run *r, enum view_shape shape, const struct path_item *item)
{
    struct path_item value;
    if (shape == VIEW_ANY) {
        return true;
    }
    if (!path_item_value(r->rq.a, r->v->d, item, &value) || value.kind == PATH_TYPE) {
        return false;
    }
    switch (shape) {
    case VIEW_ANY:
    case VIEW_TEXT: return true;
    case VIEW_BOOLEAN: return value.kind == PATH_BOOLEAN;
    case VIEW_INTEGER: return value.kind == PATH_INTEGER;
    case VIEW_DECIMAL: return value.kind == PATH_DECIMAL || value.kind == PATH_INTEGER;
    case VIEW_TIME:
        return value.kind == PATH_DATE || value.kind == PATH_DATE_TIME || value.kind == PATH_TIME
               || value.kind == PATH_STRING;
    }
    return false;
}

static enum err fill(struct view_run *r, const struct view_node *node,
                     const struct path_item *focus, int64_t index)
{
    for (uint32_t i = 0; i < node->n_columns; i++) {
        const struct view_column *col = &r->v->columns[node->first_column + i];
        view_cell *cell = &r->cells[node->first_column + i];
        struct path_list list;
        TRY(evaluate(r, node->columns[i], focus, index, &list));
        TRY(copy_list(r, list, true, cell));
        if (cell->n > 1 && !col->collection) {
            return FAIL(&r->rq, E_UNPROCESSED, "column %.*s: several values; it is no collection",
                        STR_ARG(col->name));
        }
        for (size_t k = 0; k < cell->n; k++) {
            if (!fits(r, col->shape, &cell->v[k])) {
                return FAIL(&r->rq, E_UNPROCESSED, "column %.*s: a value is no %.*s",
                            STR_ARG(col->name), STR_ARG(col->type));
            }
        }
    }
    return OK;
}

/* ---- the chain ---- */

static enum err go_on(struct view_run *r, const struct work *w);

/* One element of a select: its columns, then its selects, then its branches, then the rest. */
static enum err on_element(struct view_run *r, const struct work *w, const struct path_item *focus,
                           int64_t index)
{
    const struct view_node *node = w->node;
    const struct work *chain = w->next;
    struct keep k = keep_here(r);
    TRY(fill(r, node, focus, index));
    struct work *parts = ARENA_ARRAY(r->rq.a, node->n_selects + 1, struct work);
    TRY_MEM(&r->rq, parts);
    if (node->n_unions > 0) {
        parts[node->n_selects] = (struct work){node, true, *focus, index, chain};
        chain = &parts[node->n_selects];
    }
    for (uint32_t i = node->n_selects; i-- > 0;) {
        parts[i] = (struct work){node->selects[i], false, *focus, index, chain};
        chain = &parts[i];
    }
    TRY(go_on(r, chain));
    keep_back(r, k);
    return OK;
}

/* A list that grows. */
struct items {
    struct path_item *v;
    size_t n;
    size_t size;
};

static enum err items_add(struct view_run *r, struct items *l, const struct path_item *item)
{
    if (l->n == l->size) {
        size_t size = l->size == 0 ? 32 : l->size * 2;
        struct path_item *v = ARENA_ARRAY(r->rq.a, size, struct path_item);
        TRY_MEM(&r->rq, v);
        for (size_t i = 0; i < l->n; i++) {
            v[i] = l->v[i];
        }
        l->v = v;
        l->size = size;
    }
    l->v[l->n++] = *item;
    return OK;
}

/* Pushes what the paths find at an element, so that the first found is on top. */
static enum err open_below(struct view_run *r, const struct work *w, const struct path_item *at,
                           size_t n_found, struct items *open)
{
    for (uint32_t p = w->node->n_paths; p-- > 0;) {
        struct path_list list;
        TRY(evaluate(r, w->node->paths[p], at, w->index, &list));
        if (n_found + open->n + list.n > VIEW_REPEAT_MAX) {
            return FAIL(&r->rq, E_TOO_LARGE, "repeat finds too many elements");
        }
        TRY(copy_list(r, list, false, &list));
        for (size_t i = list.n; i-- > 0;) {
            TRY(items_add(r, open, &list.v[i]));
        }
    }
    return OK;
}

/* The elements a repeat finds: each before those below it, in the order of the paths. */
static enum err repeated(struct view_run *r, const struct work *w, struct path_list *ret_list)
{
    struct items found = {0};
    struct items open = {0}; /* a stack of elements not yet looked below */
    TRY(open_below(r, w, &w->focus, 0, &open));
    while (open.n > 0) {
        struct path_item at = open.v[--open.n];
        TRY(items_add(r, &found, &at));
        TRY(open_below(r, w, &at, found.n, &open));
    }
    *ret_list = (struct path_list){found.v, found.n};
    return OK;
}

static enum err on_select(struct view_run *r, const struct work *w)
{
    const struct view_node *node = w->node;
    struct path_list list = {NULL, 0};
    if (node->iter == ITER_ONCE) {
        return on_element(r, w, &w->focus, w->index);
    }
    struct keep k = keep_here(r);
    if (node->iter == ITER_REPEAT) {
        TRY(repeated(r, w, &list));
    } else {
        TRY(evaluate(r, node->paths[0], &w->focus, w->index, &list));
    }
    TRY(copy_list(r, list, false, &list));
    for (size_t i = 0; i < list.n; i++) {
        TRY(on_element(r, w, &list.v[i], (int64_t)i));
    }
    if (list.n == 0 && node->iter == ITER_EACH_OR_NULL) {
        TRY(on_element(r, w, &r->nothing, 0));
    }
    keep_back(r, k);
    return OK;
}

static enum err go_on(struct view_run *r, const struct work *w)
{
    if (w == NULL) {
        if (r->rows++ == VIEW_ROWS_MAX) {
            return FAIL(&r->rq, E_TOO_LARGE, "a resource gives too many rows");
        }
        struct keep k = keep_here(r);
        enum err e = r->fn(r->rq.a, r->cells, r->v->n_columns, r->ctx);
        keep_back(r, k);
        return e == OK ? OK : FAIL(&r->rq, e, "rows");
    }
    if (!w->unions) {
        return on_select(r, w);
    }
    for (uint32_t i = 0; i < w->node->n_unions; i++) {
        struct work branch = {w->node->unions[i], false, w->focus, w->index, w->next};
        TRY(go_on(r, &branch));
    }
    return OK;
}

/* ---- one resource ---- */

/* A criterion gives one boolean or nothing, which is no. */
static enum err is_wanted(struct view_run *r, const struct path_item *root, bool *ret_wanted)
{
    for (uint32_t i = 0; i < r->v->n_where; i++) {
        struct path_list list;
        struct path_item value;
        TRY(evaluate(r, r->v->where[i], root, 0, &list));
        if (list.n == 0) {
            *ret_wanted = false;
            return OK;
        }
        if (list.n > 1 || !path_item_value(r->rq.a, r->v->d, &list.v[0], &value)
            || value.kind != PATH_BOOLEAN) {
            return FAIL(&r->rq, E_UNPROCESSED, "where[%u]: gives no boolean", i);
        }
        if (!value.b) {
            *ret_wanted = false;
            return OK;
        }
    }
    *ret_wanted = true;
    return OK;
}

static enum err run_one(struct view_run *r, struct jv resource)
{
    struct path_item root = path_item_of(r->v->d, resource, r->v->type);
    struct work first = {.node = r->v->top, .focus = root};
    bool wanted = false;
    r->env = path_env_of(root);
    r->env.vars = r->vars;
    r->env.n_vars = r->v->n_vars;
    TRY(path_env_ready(&r->rq, &r->env));
    TRY(is_wanted(r, &root, &wanted));
    return wanted ? on_element(r, &first, &root, 0) : OK;
}

enum err view_run_one(struct view_run *r, struct jv resource, view_row_fn fn, void *ctx)
{
    if (!json_is(json_get(resource, S("resourceType")), r->v->type_name)) {
        return OK;
    }
    r->rows = 0;
    r->fn = fn;
    r->ctx = ctx;
    enum err e = run_one(r, resource);
    if (e != OK) {
        (void)FAIL(r->outer, e, "%s", r->rq.err.detail);
        err_clear(&r->rq);
    }
    arena_reset(r->rq.a);
    return e;
}

enum err view_run_new(struct req *rq, const struct view *v, struct view_run **ret_run)
{
    struct view_run *r = ARENA_NEW(rq->a, struct view_run);
    TRY_MEM(rq, r);
    r->vars = ARENA_ARRAY(rq->a, v->n_vars, struct path_var);
    r->cells = ARENA_ARRAY(rq->a, v->n_columns, view_cell);
    TRY_MEM(rq, r->vars);
    TRY_MEM(rq, r->cells);
    for (uint32_t i = 0; i < v->n_vars; i++) {
        r->vars[i] = v->vars[i];
    }
    r->vars[v->n_vars - 1].value = (struct path_list){&r->row_index, 1};
    r->nothing_node = (struct json_node){.kind = JSON_OBJECT, .flags = JSON_LAST, .len = 2, .end = 1};
    r->nothing_doc = (struct json_doc){S("{}"), &r->nothing_node, 1, true};
    r->nothing = path_item_of(v->d, json_root(&r->nothing_doc), 0);
    r->v = v;
    r->outer = rq;
    r->rq = *rq;
    err_clear(&r->rq);
    r->rq.a = arena_new(RUN_MEMORY);
    r->rq.audit = NULL;
    r->rq.issues = NULL;
    *ret_run = r;
    return OK;
}

void view_run_end(struct view_run *run)
{
    if (run != NULL) {
        arena_free(run->rq.a);
    }
}
