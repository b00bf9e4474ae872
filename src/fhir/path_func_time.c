/* fhir/path_func_time.c - functions of dates and times: now, parts, and the ordering function sort(), which
 * needs the same care for what cannot be compared. See path_int.h. */
#include <string.h>

#include "fhir/path_value.h"

/* ---- now ---- */

static struct path_time now_of(struct path_vm *vm)
{
    struct instant now = vm->env->now.ms != 0 ? vm->env->now : vm->rq->now;
    struct path_memory *memory = vm->env->memory;
    if (memory->now_ms != now.ms || memory->now.year == 0) {
        memory->now = path_time_of_instant(now, 0);
        memory->now_ms = now.ms;
    }
    return memory->now;
}

static enum err do_now(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node, uint32_t base)
{
    struct path_item item = {.kind = PATH_DATE_TIME, .t = now_of(vm)};
    (void)f, (void)node;
    return path_give(vm, base, &item);
}

static enum err do_today(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct path_time now = now_of(vm);
    struct path_item *item;
    (void)f, (void)node;
    path_drop(vm, base);
    TRY(path_slot(vm, &item));
    item->kind = PATH_DATE;
    item->flags = 0;
    item->type = 0;
    item->sib = 0;
    item->t = (struct path_time){
        .year = now.year, .month = now.month, .day = now.day, .precision = PATH_DAY};
    return OK;
}

static enum err do_time_of_day(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, uint32_t base)
{
    struct path_item item = {.kind = PATH_TIME, .t = now_of(vm)};
    (void)f, (void)node;
    item.t.year = 1970;
    item.t.month = 1;
    item.t.day = 1;
    item.t.zone = false;
    return path_give(vm, base, &item);
}

/* ---- parts ---- */

/* The single date or time of the input; texts are read as one. */
static enum err input(struct path_vm *vm, const struct path_node *node, uint32_t base,
                      struct path_item *ret_v, bool *ret_has)
{
    enum path_kind kind;
    TRY(path_input(vm, node, base, ret_v, ret_has));
    path_drop(vm, base);
    if (*ret_has && ret_v->kind == PATH_STRING) {
        struct str text = ret_v->s;
        *ret_has = path_time_parse(text, false, &ret_v->t, &kind);
        ret_v->kind = (uint8_t)(*ret_has ? kind : PATH_STRING);
    }
    *ret_has = *ret_has
               && (ret_v->kind == PATH_DATE || ret_v->kind == PATH_DATE_TIME
                   || ret_v->kind == PATH_TIME);
    return OK;
}

static enum err part(struct path_vm *vm, const struct path_node *node, uint32_t base,
                     enum path_precision which)
{
    struct path_item v;
    bool has;
    TRY(input(vm, node, base, &v, &has));
    if (!has || v.t.precision < which || (v.kind == PATH_TIME && which < PATH_HOUR)) {
        return OK;
    }
    const int fields[] = {0,          v.t.year,   v.t.month, v.t.day,
                          v.t.hour,   v.t.minute, v.t.second};
    return path_give_int(vm, base, fields[which]);
}

#define PART(name, which)                                                       \
    static enum err do_##name(struct path_vm *vm, const struct path_frame *f,   \
                              const struct path_node *node, uint32_t base)      \
    {                                                                           \
        (void)f;                                                                \
        return part(vm, node, base, which);                                     \
    }
PART(year, PATH_YEAR)
PART(month, PATH_MONTH)
PART(day, PATH_DAY)
PART(hour, PATH_HOUR)
PART(minute, PATH_MINUTE)
PART(second, PATH_SECOND)

static enum err do_millisecond(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, uint32_t base)
{
    struct path_item v;
    bool has;
    (void)f;
    TRY(input(vm, node, base, &v, &has));
    return has && v.t.precision == PATH_SECOND && v.t.frac_digits > 0
               ? path_give_int(vm, base, v.t.nano / 1000000)
               : OK;
}

static enum err do_offset(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct path_item v;
    bool has;
    (void)f;
    TRY(input(vm, node, base, &v, &has));
    if (!has || !v.t.zone) {
        return OK;
    }
    struct decimal minutes = decimal_from_i64(v.t.offset_min);
    struct decimal hour = decimal_from_i64(60);
    struct decimal d;
    if (!decimal_div(&minutes, &hour, &d)) {
        return OK;
    }
    if (d.scale == 0) {
        d = (struct decimal){.coef = d.coef * 10, .scale = 1, .negative = d.negative};
    }
    return path_give_dec(vm, base, &d, false);
}

static enum err do_date(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    struct path_item v;
    bool has;
    (void)f;
    TRY(input(vm, node, base, &v, &has));
    if (!has || v.kind == PATH_TIME) {
        return OK;
    }
    struct path_item item = {.kind = PATH_DATE,
                             .t = {.year = v.t.year,
                                   .month = v.t.month,
                                   .day = v.t.day,
                                   .precision = MIN(v.t.precision, (uint8_t)PATH_DAY)}};
    return path_give(vm, base, &item);
}

static enum err do_time(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    struct path_item v;
    bool has;
    (void)f;
    TRY(input(vm, node, base, &v, &has));
    if (!has || v.kind != PATH_DATE_TIME || v.t.precision < PATH_HOUR) {
        return OK;
    }
    struct path_item item = {.kind = PATH_TIME, .t = v.t};
    item.t.year = 1970;
    item.t.month = 1;
    item.t.day = 1;
    item.t.zone = false;
    item.t.offset_min = 0;
    return path_give(vm, base, &item);
}

/* ---- sort ---- */

struct sorting {
    const struct path_node *node;
    struct path_vm *vm;
    const struct path_item *keys; /* n_keys of each item; an absent one has kind PATH_NODE */
    unsigned n_keys;
    bool never; /* two keys were of kinds that cannot be compared */
};

/* Whether item a belongs after item b. Absent keys come first. */
static bool is_after(struct sorting *s, uint32_t a, uint32_t b)
{
    for (unsigned k = 0; k < s->n_keys; k++) {
        const struct path_item *x = &s->keys[(size_t)a * s->n_keys + k];
        const struct path_item *y = &s->keys[(size_t)b * s->n_keys + k];
        bool desc = s->node->n_args > k && (s->node->args[k]->flags & NODE_DESC);
        enum path_order o;
        if (x->kind == PATH_NODE || y->kind == PATH_NODE) {
            if (x->kind == y->kind) {
                continue;
            }
            return y->kind == PATH_NODE; /* absent keys come first, rising or falling */
        }
        o = path_compare(s->vm, x, y);
        if (o == ORDER_NEVER) {
            s->never = true;
        }
        if (o == ORDER_LESS || o == ORDER_MORE) {
            return (o == ORDER_MORE) != desc;
        }
    }
    return false;
}

/* Bottom-up merge sort of positions: stable, no recursion. */
static void merge_sort(struct sorting *s, uint32_t *order, uint32_t *spare, uint32_t n)
{
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t from = 0; from < n; from += 2 * width) {
            uint32_t middle = MIN(from + width, n);
            uint32_t end = MIN(from + 2 * width, n);
            uint32_t i = from;
            uint32_t j = middle;
            for (uint32_t k = from; k < end; k++) {
                bool right = i == middle || (j < end && is_after(s, order[i], order[j]));
                spare[k] = right ? order[j++] : order[i++];
            }
        }
        memcpy(order, spare, n * sizeof(*order));
    }
}

static enum err sort_keys(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base, struct path_item *keys,
                          unsigned n_keys)
{
    uint32_t n = vm->n - base;
    for (uint32_t i = 0; i < n; i++) {
        struct path_frame inner = path_frame_of(f, &vm->v[base + i], i);
        for (unsigned k = 0; k < n_keys; k++) {
            struct path_item *key = &keys[(size_t)i * n_keys + k];
            uint32_t top = vm->n;
            bool has = false;
            TRY(node->n_args == 0 ? path_push(vm, &inner.self)
                                  : path_run(vm, &inner, node->args[k]));
            if (vm->n - top > 1) {
                return PATH_FAIL(vm, node, "a key of sort() is a single item");
            }
            if (vm->n > top) {
                TRY(path_operand(vm, node, &vm->v[top], key, &has));
            }
            path_drop(vm, top);
            if (!has) {
                *key = (struct path_item){.kind = PATH_NODE};
            } else if (key->kind == PATH_NODE) {
                return PATH_FAIL(vm, node, "such items have no order");
            }
        }
    }
    return OK;
}

static enum err do_sort(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    uint32_t n = vm->n - base;
    unsigned n_keys = MAX(node->n_args, 1U);
    struct path_item *keys = ARENA_ARRAY(vm->rq->a, (size_t)n * n_keys, struct path_item);
    struct path_item *sorted = ARENA_ARRAY(vm->rq->a, n, struct path_item);
    uint32_t *order = ARENA_ARRAY(vm->rq->a, 2 * (size_t)n, uint32_t);
    TRY_MEM(vm->rq, keys);
    TRY_MEM(vm->rq, sorted);
    TRY_MEM(vm->rq, order);
    TRY(path_burn(vm, (uint64_t)n * 20 * n_keys));
    TRY(sort_keys(vm, f, node, base, keys, n_keys));
    struct sorting s = {.node = node, .vm = vm, .keys = keys, .n_keys = n_keys};
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    merge_sort(&s, order, order + n, n);
    if (s.never) {
        return PATH_FAIL(vm, node, "keys of different kinds have no order");
    }
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = vm->v[base + order[i]];
    }
    if (n > 0) {
        memcpy(vm->v + base, sorted, n * sizeof(*sorted));
    }
    return OK;
}

/* clang-format off */
const struct path_func path_funcs_time[] = {
    {SI("now"),              0, 0,  FUNC_FREE,               RES_DATE_TIME, do_now        },
    {SI("today"),            0, 0,  FUNC_FREE,               RES_DATE,      do_today      },
    {SI("timeOfDay"),        0, 0,  FUNC_FREE,               RES_TIME,      do_time_of_day},
    {SI("yearOf"),           0, 0,  0,                       RES_INTEGER,   do_year       },
    {SI("monthOf"),          0, 0,  0,                       RES_INTEGER,   do_month      },
    {SI("dayOf"),            0, 0,  0,                       RES_INTEGER,   do_day        },
    {SI("hourOf"),           0, 0,  0,                       RES_INTEGER,   do_hour       },
    {SI("minuteOf"),         0, 0,  0,                       RES_INTEGER,   do_minute     },
    {SI("secondOf"),         0, 0,  0,                       RES_INTEGER,   do_second     },
    {SI("millisecondOf"),    0, 0,  0,                       RES_INTEGER,   do_millisecond},
    {SI("timezoneOffsetOf"), 0, 0,  0,                       RES_DECIMAL,   do_offset     },
    {SI("dateOf"),           0, 0,  0,                       RES_DATE,      do_date       },
    {SI("timeOf"),           0, 0,  0,                       RES_TIME,      do_time       },
    {SI("sort"),             0, 99, FUNC_LAMBDA | FUNC_SORT, RES_SAME,      do_sort       },
};
/* clang-format on */
const size_t n_path_funcs_time = LEN(path_funcs_time);
