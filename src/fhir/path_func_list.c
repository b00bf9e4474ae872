/* fhir/path_func_list.c - functions of collections: existence, filtering, subsets, joining, trees. See
 * path_int.h; FHIRPath N1 sections 5.1 to 5.4 and 5.8. */
#include <string.h>

#include "fhir/path_value.h"

/* ---- existence ---- */

static enum err do_empty(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    return path_give_bool(vm, base, vm->n == base);
}

/* The answer of a criterion for item i of the input. */
static enum err criterion(struct path_vm *vm, struct path_frame *inner,
                          const struct path_node *node, uint32_t base, uint32_t i,
                          enum path_tri *ret_tri)
{
    uint32_t top = vm->n;
    if ((node->args[0]->flags & NODE_TEXT_IS)
        && path_text_is(vm, &vm->v[i], node->args[0], ret_tri)) {
        return OK;
    }
    path_frame_next(inner, &vm->v[i], i - base);
    TRY(path_run(vm, inner, node->args[0]));
    return path_take_tri(vm, node, top, ret_tri);
}

static enum err do_exists(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct path_frame inner = *f;
    uint32_t end = vm->n;
    if (node->n_args == 0) {
        return path_give_bool(vm, base, end > base);
    }
    for (uint32_t i = base; i < end; i++) {
        enum path_tri tri;
        TRY(criterion(vm, &inner, node, base, i, &tri));
        if (tri == TRI_TRUE) {
            return path_give_bool(vm, base, true);
        }
    }
    return path_give_bool(vm, base, false);
}

static enum err do_all(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    struct path_frame inner = *f;
    uint32_t end = vm->n;
    for (uint32_t i = base; i < end; i++) {
        enum path_tri tri;
        TRY(criterion(vm, &inner, node, base, i, &tri));
        if (tri != TRI_TRUE) {
            return path_give_bool(vm, base, false);
        }
    }
    return path_give_bool(vm, base, true);
}

enum { OF_TRUE = 1, OF_ANY = 2 }; /* forms of do_booleans */

/* Whether one (any) or every item of the input is true, or false. */
static enum err do_booleans(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    bool what = (path_func_form(node) & OF_TRUE) != 0;
    bool any = (path_func_form(node) & OF_ANY) != 0;
    bool found = !any;
    (void)f;
    for (uint32_t i = base; i < vm->n; i++) {
        struct path_item v;
        if (!path_value(vm, &vm->v[i], &v) || v.kind != PATH_BOOLEAN) {
            return PATH_FAIL(vm, node, "an item is no boolean");
        }
        if ((v.b == what) == any) {
            found = any;
        }
    }
    return path_give_bool(vm, base, found);
}

/* Whether every item of part is among whole. */
static enum err subset(struct path_vm *vm, uint32_t base, uint32_t part, uint32_t part_end,
                       uint32_t whole, uint32_t whole_end)
{
    for (uint32_t i = part; i < part_end; i++) {
        if (!path_among(vm, &vm->v[i], whole, whole_end)) {
            return path_give_bool(vm, base, false);
        }
    }
    return path_give_bool(vm, base, true);
}

static enum err do_subset(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    uint32_t end = vm->n;
    TRY(path_run(vm, f, node->args[0]));
    return subset(vm, base, base, end, end, vm->n);
}

static enum err do_superset(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    uint32_t end = vm->n;
    TRY(path_run(vm, f, node->args[0]));
    return subset(vm, base, end, vm->n, base, end);
}

static enum err do_count(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    return path_give_int(vm, base, vm->n - base);
}

static enum err do_distinct(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    return path_distinct(vm, base, base);
}

static enum err do_is_distinct(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, uint32_t base)
{
    uint32_t end = vm->n;
    (void)f, (void)node;
    TRY(path_distinct(vm, base, base));
    return path_give_bool(vm, base, vm->n == end);
}

static enum err do_not(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    enum path_tri tri;
    (void)f;
    TRY(path_take_tri(vm, node, base, &tri));
    return tri == TRI_EMPTY ? OK : path_give_bool(vm, base, tri == TRI_FALSE);
}

/* ---- filtering and projection ---- */

static enum err do_where(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct path_frame inner = *f;
    uint32_t end = vm->n;
    uint32_t keep = base;
    for (uint32_t i = base; i < end; i++) {
        enum path_tri tri;
        TRY(criterion(vm, &inner, node, base, i, &tri));
        if (tri == TRI_TRUE) {
            vm->v[keep++] = vm->v[i];
        }
    }
    path_drop(vm, keep);
    return OK;
}

static enum err do_select(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct path_frame inner = *f;
    uint32_t end = vm->n;
    for (uint32_t i = base; i < end; i++) {
        path_frame_next(&inner, &vm->v[i], i - base);
        TRY(path_run(vm, &inner, node->args[0]));
    }
    path_settle(vm, base, end);
    return OK;
}

/* The results of repeat() so far: items of the stack from end on, and their keys. */
struct repeating {
    uint32_t *keys;
    uint32_t size;
    uint32_t end;
};

/* Keeps, of the items from top, those that are not among the results yet. */
static enum err keep_new(struct path_vm *vm, struct repeating *r, uint32_t top)
{
    uint32_t keep = top;
    for (uint32_t j = top; j < vm->n; j++) {
        uint32_t key = path_equal_key(vm, &vm->v[j]);
        uint32_t n = keep - r->end;
        bool found = false;
        if (n == r->size) {
            uint32_t *keys = ARENA_ARRAY(vm->rq->a, 2 * (size_t)n + 16, uint32_t);
            TRY_MEM(vm->rq, keys);
            for (uint32_t i = 0; i < n; i++) {
                keys[i] = r->keys[i];
            }
            r->keys = keys;
            r->size = 2 * n + 16;
        }
        TRY(path_burn(vm, 1 + n / 8));
        for (uint32_t i = 0; i < n && !found; i++) {
            found = r->keys[i] == key
                    && path_equal(vm, &vm->v[j], &vm->v[r->end + i]) == TRI_TRUE;
        }
        if (!found) {
            r->keys[n] = key;
            if (keep != j) {
                vm->v[keep] = vm->v[j];
            }
            keep++;
        }
    }
    path_drop(vm, keep);
    return OK;
}

/* Projects the input, then the results, until nothing new comes. */
static enum err repeated(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base, bool once)
{
    struct path_frame inner = *f;
    struct repeating r = {.end = vm->n};
    for (uint32_t i = base; i < vm->n; i++) {
        uint32_t top = vm->n;
        path_frame_next(&inner, &vm->v[i], i - base);
        TRY(path_run(vm, &inner, node->args[0]));
        if (once) {
            TRY(keep_new(vm, &r, top));
        }
    }
    path_settle(vm, base, r.end);
    return OK;
}

static enum err do_repeat(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    return repeated(vm, f, node, base, true);
}

static enum err do_repeat_all(struct path_vm *vm, const struct path_frame *f,
                              const struct path_node *node, uint32_t base)
{
    return repeated(vm, f, node, base, false);
}

static enum err do_iif(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    struct path_frame inner = *f;
    enum path_tri tri;
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "iif() takes a single item, there are several");
    }
    if (vm->n - base == 1) {
        inner.self = vm->v[base]; /* $index stays that of the place */
    }
    path_drop(vm, base);
    TRY(path_run(vm, &inner, node->args[0]));
    TRY(path_take_tri(vm, node, base, &tri));
    if (tri == TRI_TRUE) {
        return path_run(vm, &inner, node->args[1]);
    }
    return node->n_args == 3 ? path_run(vm, &inner, node->args[2]) : OK;
}

static enum err do_coalesce(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    path_drop(vm, base);
    for (unsigned i = 0; i < node->n_args && vm->n == base; i++) {
        TRY(path_run(vm, f, node->args[i]));
    }
    return OK;
}

/* ---- subsets ---- */

/* Keeps items from..to of the input (counted from its base). */
static enum err cut(struct path_vm *vm, uint32_t base, uint64_t from, uint64_t to)
{
    uint64_t n = vm->n - base;
    from = MIN(from, n);
    to = MAX(MIN(to, n), from);
    memmove(vm->v + base, vm->v + base + from, (to - from) * sizeof(*vm->v));
    path_drop(vm, base + (uint32_t)(to - from));
    return OK;
}

static enum err do_single(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    (void)f;
    return vm->n - base > 1 ? PATH_FAIL(vm, node, "there are several items") : OK;
}

static enum err do_first(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    return cut(vm, base, 0, 1);
}

static enum err do_last(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    uint32_t n = vm->n - base;
    (void)f, (void)node;
    return cut(vm, base, n == 0 ? 0 : n - 1, n);
}

static enum err do_tail(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    return cut(vm, base, 1, UINT32_MAX);
}

static enum err do_skip(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    int64_t n;
    bool has;
    TRY(path_arg_int(vm, f, node, 0, &n, &has));
    return cut(vm, base, has && n > 0 ? (uint64_t)n : 0, UINT32_MAX);
}

static enum err do_take(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    int64_t n;
    bool has;
    TRY(path_arg_int(vm, f, node, 0, &n, &has));
    return cut(vm, base, 0, has && n > 0 ? (uint64_t)n : 0);
}

/* Keeps the items of the input that are (or are not) among those of the argument. */
static enum err sift(struct path_vm *vm, const struct path_frame *f, const struct path_node *node,
                     uint32_t base, bool among)
{
    struct path_set set;
    uint32_t end = vm->n;
    uint32_t keep = base;
    TRY(path_run(vm, f, node->args[0]));
    bool many = vm->n - end >= PATH_SET_FROM;
    if (many) {
        TRY(path_set_init(vm, &set, end, vm->n - end));
        for (uint32_t i = end; i < vm->n; i++) {
            path_set_add(vm, &set, i);
        }
    }
    for (uint32_t i = base; i < end; i++) {
        const struct path_item *item = &vm->v[i];
        TRY(path_burn(vm, 1));
        bool found = many ? path_set_has(vm, &set, item) : path_among(vm, item, end, vm->n);
        if (found == among && keep++ != i) {
            vm->v[keep - 1] = vm->v[i];
        }
    }
    path_drop(vm, keep);
    return OK;
}

static enum err do_intersect(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    TRY(sift(vm, f, node, base, true));
    return path_distinct(vm, base, base);
}

static enum err do_exclude(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, uint32_t base)
{
    return sift(vm, f, node, base, false);
}

static enum err do_union(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    TRY(path_run(vm, f, node->args[0]));
    return path_distinct(vm, base, base);
}

static enum err do_combine(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, uint32_t base)
{
    (void)base;
    return path_run(vm, f, node->args[0]);
}

/* ---- trees ---- */

static enum err do_children(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    uint32_t end = vm->n;
    (void)f, (void)node;
    for (uint32_t i = base; i < end; i++) {
        if (vm->v[i].kind == PATH_NODE) {
            struct path_item item = path_node_item(&vm->v[i]);
            TRY(path_children(vm, &item, false));
        }
    }
    path_settle(vm, base, end);
    return OK;
}

static enum err do_descendants(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    return path_descendants(vm, base);
}

/* clang-format off */
const struct path_func path_funcs_list[] = {
    {SI("empty"),       0, 0, 0,                             RES_BOOLEAN, do_empty      },
    {SI("exists"),      0, 1, FUNC_LAMBDA | FUNC_CRITERION,  RES_BOOLEAN, do_exists     },
    {SI("all"),         1, 1, FUNC_LAMBDA | FUNC_CRITERION,  RES_BOOLEAN, do_all        },
    {SI("allTrue"),     0, 0, FUNC_FORM(OF_TRUE),            RES_BOOLEAN, do_booleans},
    {SI("anyTrue"),     0, 0, FUNC_FORM(OF_TRUE | OF_ANY),   RES_BOOLEAN, do_booleans},
    {SI("allFalse"),    0, 0, 0,                             RES_BOOLEAN, do_booleans   },
    {SI("anyFalse"),    0, 0, FUNC_FORM(OF_ANY),             RES_BOOLEAN, do_booleans},
    {SI("subsetOf"),    1, 1, 0,                             RES_BOOLEAN, do_subset     },
    {SI("supersetOf"),  1, 1, 0,                             RES_BOOLEAN, do_superset   },
    {SI("count"),       0, 0, 0,                             RES_INTEGER, do_count      },
    {SI("distinct"),    0, 0, FUNC_UNORDERED,                RES_SAME,    do_distinct   },
    {SI("isDistinct"),  0, 0, 0,                             RES_BOOLEAN, do_is_distinct},
    {SI("not"),         0, 0, 0,                             RES_BOOLEAN, do_not        },
    {SI("where"),       1, 1, FUNC_LAMBDA | FUNC_CRITERION,  RES_SAME,    do_where      },
    {SI("select"),      1, 1, FUNC_LAMBDA,                   RES_ARG,     do_select     },
    {SI("repeat"),      1, 1, FUNC_LAMBDA,                   RES_ANY,     do_repeat     },
    {SI("repeatAll"),   1, 1, FUNC_LAMBDA,                   RES_ANY,     do_repeat_all },
    {SI("iif"),         2, 3, FUNC_LAMBDA | FUNC_CRITERION,  RES_ANY,     do_iif        },
    {SI("coalesce"),    1, 99, 0,                            RES_ANY,     do_coalesce   },
    {SI("single"),      0, 0, 0,                             RES_SAME,    do_single     },
    {SI("first"),       0, 0, FUNC_ORDERED,                  RES_SAME,    do_first      },
    {SI("last"),        0, 0, FUNC_ORDERED,                  RES_SAME,    do_last       },
    {SI("tail"),        0, 0, FUNC_ORDERED,                  RES_SAME,    do_tail       },
    {SI("skip"),        1, 1, FUNC_ORDERED,                  RES_SAME,    do_skip       },
    {SI("take"),        1, 1, FUNC_ORDERED,                  RES_SAME,    do_take       },
    {SI("intersect"),   1, 1, FUNC_UNORDERED,                RES_SAME,    do_intersect  },
    {SI("exclude"),     1, 1, 0,                             RES_SAME,    do_exclude    },
    {SI("union"),       1, 1, FUNC_UNORDERED,                RES_ANY,     do_union      },
    {SI("combine"),     1, 2, FUNC_UNORDERED,                RES_ANY,     do_combine    },
    {SI("children"),    0, 0, FUNC_UNORDERED,                RES_ANY,     do_children   },
    {SI("descendants"), 0, 0, FUNC_UNORDERED,                RES_ANY,     do_descendants},
};
/* clang-format on */
const size_t n_path_funcs_list = LEN(path_funcs_list);
