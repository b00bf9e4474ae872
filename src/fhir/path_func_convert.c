/* fhir/path_func_convert.c - conversions: toInteger() and its kin, and whether they would succeed. See
 * path_int.h; FHIRPath N1 section 5.5. */
#include "fhir/path_value.h"

typedef bool (*convert_fn)(struct path_vm *vm, const struct path_item *v,
                           struct path_item *ret_v);

/* The single value of the input, FHIR quantities as System ones. */
static enum err input(struct path_vm *vm, const struct path_node *node, uint32_t base,
                      struct path_item *ret_v, bool *ret_has)
{
    *ret_has = false;
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "a single item belongs here, there are several");
    }
    if (vm->n > base) {
        TRY(path_operand(vm, node, &vm->v[base], ret_v, ret_has));
    }
    path_drop(vm, base);
    return OK;
}

static enum err convert(struct path_vm *vm, const struct path_node *node, uint32_t base,
                        convert_fn fn)
{
    struct path_item v;
    struct path_item r;
    bool has;
    TRY(input(vm, node, base, &v, &has));
    return has && fn(vm, &v, &r) ? path_give(vm, base, &r) : OK;
}

static enum err converts(struct path_vm *vm, const struct path_node *node, uint32_t base,
                         convert_fn fn)
{
    struct path_item v;
    struct path_item r;
    bool has;
    TRY(input(vm, node, base, &v, &has));
    return has ? path_give_bool(vm, base, fn(vm, &v, &r)) : OK;
}

/* ---- one function a type ---- */

static bool to_boolean(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    static const struct {
        struct str text;
        bool b;
    } words[] = {
        {SI("true"), true},   {SI("t"), true},  {SI("yes"), true},  {SI("y"), true},
        {SI("1"), true},      {SI("1.0"), true}, {SI("false"), false}, {SI("f"), false},
        {SI("no"), false},    {SI("n"), false}, {SI("0"), false},   {SI("0.0"), false},
    };
    (void)vm;
    *ret_v = (struct path_item){.kind = PATH_BOOLEAN};
    if (v->kind == PATH_BOOLEAN) {
        ret_v->b = v->b;
        return true;
    }
    if (v->kind == PATH_INTEGER) {
        ret_v->b = v->i == 1;
        return v->i == 0 || v->i == 1;
    }
    if (v->kind == PATH_DECIMAL) {
        struct decimal one = decimal_from_i64(1);
        ret_v->b = decimal_cmp(&v->d, &one) == 0;
        return ret_v->b || v->d.coef == 0;
    }
    if (v->kind == PATH_STRING) {
        for (size_t i = 0; i < LEN(words); i++) {
            if (str_eq_nocase(words[i].text, v->s)) {
                ret_v->b = words[i].b;
                return true;
            }
        }
    }
    return false;
}

static struct str without_plus(struct str s)
{
    return s.n > 1 && s.p[0] == '+' ? str_sub(s, 1, s.n) : s;
}

static bool to_integer(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    (void)vm;
    *ret_v = (struct path_item){.kind = PATH_INTEGER};
    if (v->kind == PATH_BOOLEAN) {
        ret_v->i = v->b;
        return true;
    }
    if (v->kind == PATH_INTEGER) {
        ret_v->i = v->i;
        return true;
    }
    return v->kind == PATH_STRING && str_i64(without_plus(v->s), &ret_v->i)
           && ret_v->i <= INT32_MAX && ret_v->i >= INT32_MIN;
}

static bool to_decimal(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    (void)vm;
    *ret_v = (struct path_item){.kind = PATH_DECIMAL};
    if (v->kind == PATH_BOOLEAN) {
        ret_v->d = (struct decimal){.coef = v->b ? 10 : 0, .scale = 1};
        return true;
    }
    if (v->kind == PATH_INTEGER) {
        ret_v->d = decimal_from_i64(v->i);
        return true;
    }
    if (v->kind == PATH_DECIMAL) {
        *ret_v = *v;
        return true;
    }
    return v->kind == PATH_STRING && decimal_parse(without_plus(v->s), &ret_v->d);
}

static bool to_string(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    if (v->kind == PATH_NODE || v->kind == PATH_TYPE) {
        return false;
    }
    *ret_v = (struct path_item){.kind = PATH_STRING, .s = path_text(vm, v)};
    return true;
}

static bool to_date(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    enum path_kind kind;
    (void)vm;
    *ret_v = *v;
    if (v->kind == PATH_STRING && !path_time_parse(v->s, false, &ret_v->t, &kind)) {
        return false;
    }
    if (v->kind != PATH_STRING && v->kind != PATH_DATE && v->kind != PATH_DATE_TIME) {
        return false;
    }
    struct path_time *t = &ret_v->t;
    ret_v->kind = PATH_DATE;
    *t = (struct path_time){.year = t->year,
                            .month = t->month,
                            .day = t->day,
                            .precision = MIN(t->precision, (uint8_t)PATH_DAY)};
    return true;
}

static bool to_date_time(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    enum path_kind kind;
    (void)vm;
    *ret_v = *v;
    if (v->kind == PATH_STRING && !path_time_parse(v->s, false, &ret_v->t, &kind)) {
        return false;
    }
    ret_v->kind = PATH_DATE_TIME;
    return v->kind == PATH_STRING || v->kind == PATH_DATE || v->kind == PATH_DATE_TIME;
}

static bool to_time(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    enum path_kind kind;
    (void)vm;
    *ret_v = *v;
    if (v->kind == PATH_STRING) {
        ret_v->kind = PATH_TIME;
        return path_time_parse(v->s, true, &ret_v->t, &kind);
    }
    return v->kind == PATH_TIME;
}

static bool to_quantity(struct path_vm *vm, const struct path_item *v, struct path_item *ret_v)
{
    struct path_quantity *q = ARENA_NEW(vm->rq->a, struct path_quantity);
    if (q == NULL) {
        return false;
    }
    *ret_v = (struct path_item){.kind = PATH_QUANTITY, .q = q};
    if (v->kind == PATH_QUANTITY) {
        *q = *v->q;
        return q->kind != PATH_UNIT_OTHER;
    }
    q->unit = S("1");
    q->kind = PATH_UNIT_UCUM;
    if (v->kind == PATH_STRING) {
        return path_quantity_parse(v->s, q);
    }
    struct path_item number;
    if (!to_decimal(vm, v, &number)) {
        return false;
    }
    q->value = number.d;
    q->inexact = (number.flags & PATH_INEXACT) != 0;
    return true;
}

/* ---- as functions ---- */

static enum err do_to_quantity(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, uint32_t base)
{
    struct path_item v;
    struct path_item r;
    struct path_quantity q;
    struct str unit;
    bool has;
    bool has_unit = false;
    TRY(input(vm, node, base, &v, &has));
    if (node->n_args == 1) {
        TRY(path_arg_str(vm, f, node, 0, &unit, &has_unit));
    }
    has = has && to_quantity(vm, &v, &r);
    bool tell = node->func->result == RES_BOOLEAN;
    if (has && has_unit) {
        has = path_quantity_convert(vm, r.q, unit, &q);
    } else if (has) {
        q = *r.q;
    }
    if (tell) {
        return path_give_bool(vm, base, has);
    }
    return has ? path_give_quantity(vm, base, &q) : OK;
}

static enum err do_converts_quantity(struct path_vm *vm, const struct path_frame *f,
                                     const struct path_node *node, uint32_t base)
{
    return vm->n == base ? OK : do_to_quantity(vm, f, node, base);
}

#define CONVERSION(name, fn)                                                          \
    static enum err do_to_##name(struct path_vm *vm, const struct path_frame *f,      \
                                 const struct path_node *node, uint32_t base)         \
    {                                                                                 \
        (void)f;                                                                      \
        return convert(vm, node, base, fn);                                           \
    }                                                                                 \
    static enum err do_converts_##name(struct path_vm *vm, const struct path_frame *f,\
                                       const struct path_node *node, uint32_t base)   \
    {                                                                                 \
        (void)f;                                                                      \
        return converts(vm, node, base, fn);                                          \
    }
CONVERSION(boolean, to_boolean)
CONVERSION(integer, to_integer)
CONVERSION(decimal, to_decimal)
CONVERSION(string, to_string)
CONVERSION(date, to_date)
CONVERSION(date_time, to_date_time)
CONVERSION(time, to_time)

/* clang-format off */
const struct path_func path_funcs_convert[] = {
    {SI("toBoolean"),          0, 0, 0, RES_BOOLEAN,   do_to_boolean        },
    {SI("toInteger"),          0, 0, 0, RES_INTEGER,   do_to_integer        },
    {SI("toLong"),             0, 0, 0, RES_INTEGER,   do_to_integer        },
    {SI("toDecimal"),          0, 0, 0, RES_DECIMAL,   do_to_decimal        },
    {SI("toString"),           0, 0, 0, RES_STRING,    do_to_string         },
    {SI("toDate"),             0, 0, 0, RES_DATE,      do_to_date           },
    {SI("toDateTime"),         0, 0, 0, RES_DATE_TIME, do_to_date_time      },
    {SI("toTime"),             0, 0, 0, RES_TIME,      do_to_time           },
    {SI("toQuantity"),         0, 1, 0, RES_QUANTITY,  do_to_quantity       },
    {SI("convertsToBoolean"),  0, 0, 0, RES_BOOLEAN,   do_converts_boolean  },
    {SI("convertsToInteger"),  0, 0, 0, RES_BOOLEAN,   do_converts_integer  },
    {SI("convertsToLong"),     0, 0, 0, RES_BOOLEAN,   do_converts_integer  },
    {SI("convertsToDecimal"),  0, 0, 0, RES_BOOLEAN,   do_converts_decimal  },
    {SI("convertsToString"),   0, 0, 0, RES_BOOLEAN,   do_converts_string   },
    {SI("convertsToDate"),     0, 0, 0, RES_BOOLEAN,   do_converts_date     },
    {SI("convertsToDateTime"), 0, 0, 0, RES_BOOLEAN,   do_converts_date_time},
    {SI("convertsToTime"),     0, 0, 0, RES_BOOLEAN,   do_converts_time     },
    {SI("convertsToQuantity"), 0, 1, 0, RES_BOOLEAN,   do_converts_quantity },
};
/* clang-format on */
const size_t n_path_funcs_convert = LEN(path_funcs_convert);
