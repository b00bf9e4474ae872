/* fhir/path_func_sum.c - aggregates: one value of many. See path_int.h; FHIRPath N1 section 7. */
#include "fhir/path_value.h"

static enum err do_aggregate(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    uint32_t end = vm->n;
    if (node->n_args == 2) {
        TRY(path_run(vm, f, node->args[1]));
    }
    for (uint32_t i = base; i < end; i++) {
        struct path_frame inner = path_frame_of(f, &vm->v[i], i - base);
        uint32_t top = vm->n;
        inner.totalled = true;
        inner.total_at = end;
        inner.total_n = top - end;
        TRY(path_run(vm, &inner, node->args[0]));
        path_settle(vm, end, top);
    }
    path_settle(vm, base, end);
    return OK;
}

/* Puts the values of the input in its place. *ret_all false: one of them has none. */
static enum err values(struct path_vm *vm, const struct path_node *node, uint32_t base,
                       bool *ret_all)
{
    *ret_all = vm->n > base;
    for (uint32_t i = base; i < vm->n; i++) {
        struct path_item item = vm->v[i];
        struct path_item value;
        bool has;
        TRY(path_operand(vm, node, &item, &value, &has));
        if (!has) {
            *ret_all = false;
            return OK;
        }
        vm->v[i] = value;
    }
    return OK;
}

static enum err do_sum(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    struct path_node add = *node;
    bool all;
    (void)f;
    add.op = OP_ADD;
    TRY(values(vm, node, base, &all));
    uint32_t end = vm->n;
    if (!all) {
        path_drop(vm, base);
        return OK;
    }
    struct path_item sum = vm->v[base];
    for (uint32_t i = base + 1; i < end; i++) {
        struct path_item next = vm->v[i];
        TRY(path_compute(vm, &add, &sum, &next));
        if (vm->n == end) {
            path_drop(vm, base);
            return OK;
        }
        sum = vm->v[end];
        path_drop(vm, end);
    }
    return path_give(vm, base, &sum);
}

static enum err do_avg(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    struct path_node div = *node;
    struct path_item n = {.kind = PATH_INTEGER, .i = vm->n - base};
    div.op = OP_DIV;
    TRY(do_sum(vm, f, node, base));
    if (vm->n == base) {
        return OK;
    }
    struct path_item sum = vm->v[base];
    path_drop(vm, base);
    return path_compute(vm, &div, &sum, &n);
}

static enum err extreme(struct path_vm *vm, const struct path_node *node, uint32_t base,
                        enum path_order want)
{
    bool all;
    TRY(values(vm, node, base, &all));
    if (!all) {
        path_drop(vm, base);
        return OK;
    }
    uint32_t best = base;
    for (uint32_t i = base + 1; i < vm->n; i++) {
        enum path_order o = path_compare(vm, &vm->v[i], &vm->v[best]);
        if (o == ORDER_NEVER) {
            return PATH_FAIL(vm, node, "these items cannot be compared");
        }
        if (o == ORDER_UNKNOWN) {
            path_drop(vm, base);
            return OK;
        }
        best = o == want ? i : best;
    }
    return path_give(vm, base, &vm->v[best]);
}

static enum err do_min(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    (void)f;
    return extreme(vm, node, base, ORDER_LESS);
}

static enum err do_max(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    (void)f;
    return extreme(vm, node, base, ORDER_MORE);
}

/* clang-format off */
const struct path_func path_funcs_sum[] = {
    {SI("aggregate"),   1, 2, FUNC_LAMBDA,                   RES_ANY,     do_aggregate  },
    {SI("sum"),         0, 0, 0,                             RES_ANY,     do_sum        },
    {SI("avg"),         0, 0, 0,                             RES_ANY,     do_avg        },
    {SI("min"),         0, 0, 0,                             RES_ANY,     do_min        },
    {SI("max"),         0, 0, 0,                             RES_ANY,     do_max        },
};
/* clang-format on */
const size_t n_path_funcs_sum = LEN(path_funcs_sum);
