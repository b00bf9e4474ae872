/* fhir/path_func_math.c - functions of numbers and quantities. See path_int.h; FHIRPath N1 section 5.7 and
 * the ballot after it (boundaries, precision). */
#include "fhir/path_value.h"

/* The single number or quantity of the input. *ret_has false: empty. */
static enum err input(struct path_vm *vm, const struct path_node *node, uint32_t base,
                      struct path_item *ret_v, bool *ret_has)
{
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "a single number belongs here, there are several");
    }
    *ret_has = false;
    if (vm->n > base) {
        TRY(path_operand(vm, node, &vm->v[base], ret_v, ret_has));
    }
    path_drop(vm, base);
    if (*ret_has && ret_v->kind != PATH_INTEGER && ret_v->kind != PATH_DECIMAL
        && ret_v->kind != PATH_QUANTITY) {
        return PATH_FAIL(vm, node, "this function takes a number");
    }
    return OK;
}

static enum err input_number(struct path_vm *vm, const struct path_node *node, uint32_t base,
                             struct decimal *ret_d, bool *ret_has)
{
    struct path_item v;
    TRY(input(vm, node, base, &v, ret_has));
    if (*ret_has && v.kind == PATH_QUANTITY) {
        return PATH_FAIL(vm, node, "this function takes a number without unit");
    }
    if (*ret_has) {
        *ret_d = v.kind == PATH_INTEGER ? decimal_from_i64(v.i) : v.d;
    }
    return OK;
}

static enum err argument(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, struct decimal *ret_d, bool *ret_has)
{
    struct path_item v;
    TRY(path_arg(vm, f, node, 0, &v, ret_has));
    if (*ret_has && v.kind != PATH_INTEGER && v.kind != PATH_DECIMAL) {
        return PATH_FAIL(vm, node, "a number belongs here");
    }
    if (*ret_has) {
        *ret_d = v.kind == PATH_INTEGER ? decimal_from_i64(v.i) : v.d;
    }
    return OK;
}

/* A decimal that is whole becomes an integer, a quantity stays one. */
static enum err give_like(struct path_vm *vm, uint32_t base, const struct path_item *v,
                          const struct decimal *d, bool whole)
{
    int64_t i;
    if (v->kind == PATH_QUANTITY) {
        struct path_quantity q = *v->q;
        q.value = *d;
        return path_give_quantity(vm, base, &q);
    }
    if ((whole || v->kind == PATH_INTEGER) && decimal_to_i64(d, &i)) {
        return path_give_int(vm, base, i);
    }
    return path_give_dec(vm, base, d, v->flags & PATH_INEXACT);
}

static struct decimal number_of(const struct path_item *v)
{
    return v->kind == PATH_INTEGER    ? decimal_from_i64(v->i)
           : v->kind == PATH_QUANTITY ? v->q->value
                                      : v->d;
}

enum { DO_ABS, DO_CEILING, DO_FLOOR, DO_TRUNCATE }; /* forms of do_whole */

static enum err do_whole(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    static struct decimal (*const fns[])(const struct decimal *d) = {
        [DO_ABS] = decimal_abs,
        [DO_CEILING] = decimal_ceiling,
        [DO_FLOOR] = decimal_floor,
        [DO_TRUNCATE] = decimal_truncate,
    };
    unsigned what = path_func_form(node);
    struct path_item v;
    bool has;
    (void)f;
    TRY(input(vm, node, base, &v, &has));
    if (!has) {
        return OK;
    }
    struct decimal d = number_of(&v);
    d = fns[what](&d);
    return give_like(vm, base, &v, &d, what != DO_ABS);
}

static enum err do_round(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct path_item v;
    int64_t places = 0;
    bool has;
    bool has_places = false;
    TRY(input(vm, node, base, &v, &has));
    if (node->n_args == 1) {
        TRY(path_arg_int(vm, f, node, 0, &places, &has_places));
    }
    if (!has) {
        return OK;
    }
    if (has_places && places < 0) {
        return PATH_FAIL(vm, node, "the number of places is negative");
    }
    struct decimal d = number_of(&v);
    d = decimal_round_to(&d, has_places ? (int)MIN(places, DECIMAL_MAX_PLACES) : 0);
    if (v.kind == PATH_DECIMAL) {
        v.flags = 0;
    }
    return give_like(vm, base, &v, &d, false);
}

typedef bool (*curve_fn)(const struct decimal *d, struct decimal *ret_d);

static enum err curve(struct path_vm *vm, const struct path_node *node, uint32_t base, curve_fn fn)
{
    struct decimal d;
    bool has;
    TRY(input_number(vm, node, base, &d, &has));
    return has && fn(&d, &d) ? path_give_dec(vm, base, &d, false) : OK;
}

static enum err do_exp(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    (void)f;
    return curve(vm, node, base, decimal_exp);
}

static enum err do_ln(struct path_vm *vm, const struct path_frame *f,
                      const struct path_node *node, uint32_t base)
{
    (void)f;
    return curve(vm, node, base, decimal_ln);
}

static enum err do_sqrt(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    (void)f;
    return curve(vm, node, base, decimal_sqrt);
}

static enum err do_log(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    struct decimal d;
    struct decimal of;
    bool has;
    bool has_of;
    TRY(input_number(vm, node, base, &d, &has));
    TRY(argument(vm, f, node, &of, &has_of));
    return has && has_of && decimal_log(&d, &of, &d) ? path_give_dec(vm, base, &d, false) : OK;
}

static enum err do_power(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct path_item v;
    struct decimal exponent;
    bool has;
    bool has_exponent;
    TRY(input(vm, node, base, &v, &has));
    TRY(argument(vm, f, node, &exponent, &has_exponent));
    if (!has || !has_exponent) {
        return OK;
    }
    if (v.kind == PATH_QUANTITY) {
        return PATH_FAIL(vm, node, "this function takes a number without unit");
    }
    struct decimal d = number_of(&v);
    if (!decimal_power(&d, &exponent, &d)) {
        return OK;
    }
    bool whole = v.kind == PATH_INTEGER && decimal_is_integer(&d);
    return give_like(vm, base, &v, &d, whole);
}

/* ---- boundaries ---- */

static enum err boundary(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base, bool high)
{
    struct path_item v = {0};
    struct path_item r;
    int64_t places = 0;
    bool has = false;
    bool has_places = false;
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "a single item belongs here, there are several");
    }
    if (vm->n > base) {
        TRY(path_operand(vm, node, &vm->v[base], &v, &has));
    }
    path_drop(vm, base);
    if (node->n_args == 1) {
        TRY(path_arg_int(vm, f, node, 0, &places, &has_places));
    }
    if (!has || places > 100 || places < 0) {
        return OK;
    }
    if (v.kind == PATH_DATE || v.kind == PATH_DATE_TIME || v.kind == PATH_TIME) {
        int digits = v.kind == PATH_DATE ? 8 : v.kind == PATH_TIME ? 9 : 17;
        return path_time_boundary(&v, has_places ? (int)places : digits, high, &r)
                   ? path_give(vm, base, &r)
                   : OK;
    }
    if (v.kind != PATH_INTEGER && v.kind != PATH_DECIMAL && v.kind != PATH_QUANTITY) {
        return PATH_FAIL(vm, node, "this item has no boundaries");
    }
    struct decimal d = number_of(&v);
    int n = has_places ? (int)places : DECIMAL_PLACES;
    if (!(high ? decimal_high_boundary(&d, n, &d) : decimal_low_boundary(&d, n, &d))) {
        return OK;
    }
    v.kind = v.kind == PATH_INTEGER ? PATH_DECIMAL : v.kind;
    return give_like(vm, base, &v, &d, false);
}

static enum err do_low(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    return boundary(vm, f, node, base, false);
}

static enum err do_high(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    return boundary(vm, f, node, base, true);
}

static enum err do_precision(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    struct path_item v;
    bool has;
    (void)f;
    TRY(path_input(vm, node, base, &v, &has));
    path_drop(vm, base);
    if (!has) {
        return OK;
    }
    if (v.kind == PATH_DATE || v.kind == PATH_DATE_TIME || v.kind == PATH_TIME) {
        return path_give_int(vm, base, path_time_digits(&v));
    }
    if (v.kind != PATH_INTEGER && v.kind != PATH_DECIMAL) {
        return PATH_FAIL(vm, node, "this item has no precision");
    }
    struct decimal d = number_of(&v);
    return path_give_int(vm, base, MAX(d.scale, 0));
}

static enum err do_comparable(struct path_vm *vm, const struct path_frame *f,
                              const struct path_node *node, uint32_t base)
{
    struct path_item sides[2];
    bool has[2] = {false, false};
    for (unsigned i = 0; i < 2; i++) {
        if (i == 1) {
            path_drop(vm, base);
            TRY(path_run(vm, f, node->args[0]));
        }
        if (vm->n - base > 1) {
            return PATH_FAIL(vm, node, "a single quantity belongs here, there are several");
        }
        if (vm->n == base) {
            if (i == 0) {
                TRY(path_run(vm, f, node->args[0]));
            }
            path_drop(vm, base);
            return OK;
        }
        TRY(path_operand(vm, node, &vm->v[base], &sides[i], &has[i]));
    }
    path_drop(vm, base);
    struct path_quantity q[2];
    for (unsigned i = 0; i < 2; i++) {
        const struct path_item *v = &sides[i];
        if (!has[i]
            || (v->kind != PATH_QUANTITY && v->kind != PATH_INTEGER && v->kind != PATH_DECIMAL)) {
            return path_give_bool(vm, base, false);
        }
        q[i] = v->kind == PATH_QUANTITY
                   ? *v->q
                   : (struct path_quantity){
                         .value = number_of(v), .unit = S("1"), .kind = PATH_UNIT_UCUM};
    }
    return path_give_bool(vm, base, path_quantity_comparable(vm, &q[0], &q[1]));
}

/* clang-format off */
const struct path_func path_funcs_math[] = {
    {SI("abs"),          0, 0, FUNC_FORM(DO_ABS), RES_SAME,    do_whole},
    {SI("ceiling"),      0, 0, FUNC_FORM(DO_CEILING), RES_ANY,     do_whole},
    {SI("floor"),        0, 0, FUNC_FORM(DO_FLOOR), RES_ANY,     do_whole},
    {SI("truncate"),     0, 0, FUNC_FORM(DO_TRUNCATE), RES_ANY,     do_whole},
    {SI("round"),        0, 1, 0, RES_ANY,     do_round     },
    {SI("exp"),          0, 0, 0, RES_DECIMAL, do_exp       },
    {SI("ln"),           0, 0, 0, RES_DECIMAL, do_ln        },
    {SI("sqrt"),         0, 0, 0, RES_DECIMAL, do_sqrt      },
    {SI("log"),          1, 1, 0, RES_DECIMAL, do_log       },
    {SI("power"),        1, 1, 0, RES_ANY,     do_power     },
    {SI("lowBoundary"),  0, 1, 0, RES_ANY,     do_low       },
    {SI("highBoundary"), 0, 1, 0, RES_ANY,     do_high      },
    {SI("precision"),    0, 0, 0, RES_INTEGER, do_precision },
    {SI("comparable"),   1, 1, 0, RES_BOOLEAN, do_comparable},
};
/* clang-format on */
const size_t n_path_funcs_math = LEN(path_funcs_math);
