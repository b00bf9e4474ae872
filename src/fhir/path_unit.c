/* fhir/path_unit.c - quantities of FHIRPath: UCUM units, calendar words, and where the two meet. See
 * path_value.h; FHIRPath N1 sections 2.1.7, 6.1, 6.2 and 6.6.
 *
 * A calendar year or month is no fixed time, a UCUM one is: they are never equal, only equivalent.
 * From the week down both are the same. Equivalence (~) is decided in the finer unit of the two:
 * eleven months are not a year. */
#include <string.h>

#include "fhir/path_value.h"

/* ---- calendar ---- */

enum path_calendar path_calendar_word(struct str word)
{
    static const struct {
        struct str word;
        enum path_calendar unit;
    } words[] = {
        {SI("year"), CAL_YEAR},     {SI("years"), CAL_YEAR},     {SI("month"), CAL_MONTH},
        {SI("months"), CAL_MONTH},  {SI("week"), CAL_WEEK},      {SI("weeks"), CAL_WEEK},
        {SI("day"), CAL_DAY},       {SI("days"), CAL_DAY},       {SI("hour"), CAL_HOUR},
        {SI("hours"), CAL_HOUR},    {SI("minute"), CAL_MINUTE},  {SI("minutes"), CAL_MINUTE},
        {SI("second"), CAL_SECOND}, {SI("seconds"), CAL_SECOND}, {SI("millisecond"), CAL_MILLI},
        {SI("milliseconds"), CAL_MILLI},
    };
    for (size_t i = 0; i < LEN(words); i++) {
        if (str_eq(words[i].word, word)) {
            return words[i].unit;
        }
    }
    return CAL_NONE;
}

static const struct str ucum_of[] = {
    [CAL_NONE] = SI(""),     [CAL_YEAR] = SI("a"), [CAL_MONTH] = SI("mo"),
    [CAL_WEEK] = SI("wk"),   [CAL_DAY] = SI("d"),  [CAL_HOUR] = SI("h"),
    [CAL_MINUTE] = SI("min"), [CAL_SECOND] = SI("s"), [CAL_MILLI] = SI("ms"),
};

static const struct str calendar_word[] = {
    [CAL_NONE] = SI(""),       [CAL_YEAR] = SI("years"),   [CAL_MONTH] = SI("months"),
    [CAL_WEEK] = SI("weeks"),  [CAL_DAY] = SI("days"),     [CAL_HOUR] = SI("hours"),
    [CAL_MINUTE] = SI("minutes"), [CAL_SECOND] = SI("seconds"), [CAL_MILLI] = SI("milliseconds"),
};

enum path_calendar path_calendar_ucum(struct str code)
{
    if (code.n == 0 || code.n > 3 || strchr("amwdhs", code.p[0]) == NULL) {
        return CAL_NONE; /* as most are */
    }
    for (unsigned i = CAL_YEAR; i <= CAL_MILLI; i++) {
        if (str_eq(ucum_of[i], code)) {
            return (enum path_calendar)i;
        }
    }
    return CAL_NONE;
}

/* Milliseconds of a calendar unit: 365 days a year, 30 days a month. */
static int64_t calendar_ms(enum path_calendar unit)
{
    static const int64_t ms[] = {
        [CAL_NONE] = 0,          [CAL_YEAR] = 365 * MS_DAY, [CAL_MONTH] = 30 * MS_DAY,
        [CAL_WEEK] = 7 * MS_DAY, [CAL_DAY] = MS_DAY,        [CAL_HOUR] = MS_HOUR,
        [CAL_MINUTE] = MS_MINUTE, [CAL_SECOND] = MS_SECOND, [CAL_MILLI] = 1,
    };
    return ms[unit];
}

/* v of unit from in unit to: a year is twelve months, else by milliseconds. */
static bool calendar_convert(struct decimal *v, enum path_calendar from, enum path_calendar to)
{
    int64_t a = calendar_ms(from);
    int64_t b = calendar_ms(to);
    if (from <= CAL_MONTH && to <= CAL_MONTH) {
        a = from == CAL_YEAR ? 12 : 1;
        b = to == CAL_YEAR ? 12 : 1;
    }
    if (a == b) {
        return true;
    }
    struct decimal da = decimal_from_i64(a);
    struct decimal db = decimal_from_i64(b);
    return decimal_mul(v, &da, v) && decimal_div(v, &db, v);
}

/* ---- UCUM ---- */

/* Parses a unit, or finds it among those met last. */
static bool unit_get(struct path_vm *vm, struct str text, struct ucum_unit *ret_unit)
{
    struct path_memory *memory = vm->env->memory;
    for (size_t i = 0; memory != NULL && i < LEN(memory->v); i++) {
        if (memory->v[i].n == text.n && text.n > 0
            && memcmp(memory->v[i].text, text.p, text.n) == 0) {
            *ret_unit = memory->v[i].unit;
            return true;
        }
    }
    if (!ucum_parse(text, ret_unit)) {
        return false;
    }
    if (memory != NULL && text.n <= sizeof(memory->v[0].text)) {
        unsigned i = memory->next++ % LEN(memory->v);
        memcpy(memory->v[i].text, text.p, text.n);
        memory->v[i].n = (uint8_t)text.n;
        memory->v[i].unit = *ret_unit;
    }
    return true;
}

/* v of unit from in unit to. A text that is no unit of UCUM equals itself. */
static bool ucum_same(struct path_vm *vm, struct decimal *v, struct str from, struct str to)
{
    struct ucum_unit a;
    struct ucum_unit b;
    if (str_eq(from, to)) {
        return true;
    }
    return unit_get(vm, from, &a) && unit_get(vm, to, &b) && ucum_convert(v, &a, &b, v);
}

static bool is_one(struct str unit)
{
    return str_eq(unit, S("1"));
}

/* ---- two quantities in one unit ---- */

struct pair {
    struct decimal a;
    struct decimal b;
    struct str unit; /* of both */
    uint8_t kind;    /* enum path_unit_kind */
    bool inexact;
};

static enum path_calendar calendar_of(const struct path_quantity *q)
{
    return q->kind == PATH_UNIT_CALENDAR ? path_calendar_word(q->unit)
                                         : path_calendar_ucum(q->unit);
}

static bool meet_calendar(const struct path_quantity *a, const struct path_quantity *b,
                          struct pair *p)
{
    enum path_calendar ua = calendar_of(a);
    enum path_calendar ub = calendar_of(b);
    p->kind = PATH_UNIT_CALENDAR;
    if (ua == CAL_NONE || ub == CAL_NONE) {
        return false;
    }
    const struct path_quantity *finer = ua >= ub ? a : b;
    p->unit = finer->kind == PATH_UNIT_CALENDAR ? finer->unit : calendar_word[MAX(ua, ub)];
    return ua > ub ? calendar_convert(&p->b, ub, ua) : calendar_convert(&p->a, ua, ub);
}

/* Whether a step of unit a is at least one of unit b. */
static bool is_coarser(const struct ucum_unit *a, const struct ucum_unit *b)
{
    struct decimal size_a;
    struct decimal size_b;
    if (a->special == 0 && b->special == 0) {
        return decimal_mul(&a->num, &b->den, &size_a) && decimal_mul(&b->num, &a->den, &size_b)
               && decimal_cmp(&size_a, &size_b) >= 0;
    }
    struct decimal one = decimal_from_i64(1);
    struct decimal zero = {0};
    struct decimal step;
    if (!ucum_convert(&one, a, b, &step) || !ucum_convert(&zero, a, b, &zero)
        || !decimal_sub(&step, &zero, &step)) {
        return true;
    }
    step = decimal_abs(&step);
    return decimal_cmp(&step, &one) >= 0;
}

static bool meet_ucum(struct path_vm *vm, struct str a, struct str b, struct pair *p)
{
    struct ucum_unit ua;
    struct ucum_unit ub;
    p->unit = a;
    p->kind = PATH_UNIT_UCUM;
    if (str_eq(a, b)) {
        return true;
    }
    if (!unit_get(vm, a, &ua) || !unit_get(vm, b, &ub) || !ucum_comparable(&ua, &ub)) {
        return false;
    }
    if (is_coarser(&ub, &ua)) {
        return ucum_convert(&p->b, &ub, &ua, &p->b);
    }
    p->unit = b;
    return ucum_convert(&p->a, &ua, &ub, &p->a);
}

/* Brings both to the finer unit. loose: a calendar year meets a UCUM one (equivalence). */
static bool meet(struct path_vm *vm, const struct path_quantity *a, const struct path_quantity *b, bool loose,
                 struct pair *p)
{
    *p = (struct pair){.a = a->value, .b = b->value, .inexact = a->inexact || b->inexact};
    if (a->kind == PATH_UNIT_OTHER || b->kind == PATH_UNIT_OTHER) {
        p->unit = a->unit;
        p->kind = PATH_UNIT_OTHER;
        return a->kind == b->kind && str_eq(a->unit, b->unit);
    }
    bool cal_a = a->kind == PATH_UNIT_CALENDAR;
    bool cal_b = b->kind == PATH_UNIT_CALENDAR;
    if ((cal_a && (cal_b || b->kind == PATH_UNIT_EITHER))
        || (cal_b && a->kind == PATH_UNIT_EITHER)) {
        return meet_calendar(a, b, p);
    }
    if (cal_a != cal_b) {
        enum path_calendar ua = calendar_of(a);
        enum path_calendar ub = calendar_of(b);
        if (loose && ua != CAL_NONE && ub != CAL_NONE) {
            return meet_calendar(a, b, p);
        }
        if ((cal_a ? ua : ub) <= CAL_MONTH || (cal_a ? ub : ua) == CAL_YEAR
            || (cal_a ? ub : ua) == CAL_MONTH) {
            return false;
        }
        return meet_ucum(vm, cal_a ? ucum_of[ua] : a->unit, cal_b ? ucum_of[ub] : b->unit, p);
    }
    return meet_ucum(vm, a->unit, b->unit, p);
}

/* A rounded number is known to 15 digits: it equals what has the same 15. */
static int compare_inexact(const struct decimal *a, const struct decimal *b)
{
    struct decimal diff;
    struct decimal limit = decimal_abs(a);
    if (!decimal_sub(a, b, &diff)) {
        return decimal_cmp(a, b);
    }
    diff = decimal_abs(&diff);
    limit.scale += 15;
    limit.coef *= 5;
    return decimal_cmp(&diff, &limit) <= 0 ? 0 : decimal_cmp(a, b);
}

bool path_quantity_equivalent(struct path_vm *vm, const struct path_quantity *a,
                              const struct path_quantity *b)
{
    struct pair p;
    return meet(vm, a, b, true, &p) && decimal_equivalent(&p.a, &p.b);
}

/* The exact factor by which numbers of unit from become numbers of unit to. */
static bool exact_factor(const struct ucum_unit *from, const struct ucum_unit *to,
                         struct decimal *ret_factor)
{
    struct decimal n;
    struct decimal d;
    struct decimal back;
    return decimal_mul(&from->num, &to->den, &n) && decimal_mul(&from->den, &to->num, &d)
           && decimal_div(&n, &d, ret_factor) && decimal_mul(ret_factor, &d, &back)
           && decimal_cmp(&back, &n) == 0 && ret_factor->coef >> 64 == 0;
}

static void pair_find(struct path_vm *vm, struct str a, struct str b)
{
    struct path_memory *memory = vm->env->memory;
    struct ucum_unit ua;
    struct ucum_unit ub;
    memcpy(memory->pair.a, a.p, a.n);
    memcpy(memory->pair.b, b.p, b.n);
    memory->pair.n_a = (uint8_t)a.n;
    memory->pair.n_b = (uint8_t)b.n;
    memory->pair.way = 0;
    if (!unit_get(vm, a, &ua) || !unit_get(vm, b, &ub) || ua.special != 0 || ub.special != 0
        || !ucum_comparable(&ua, &ub)) {
        return;
    }
    if (exact_factor(&ub, &ua, &memory->pair.factor)) {
        memory->pair.way = 1;
    } else if (exact_factor(&ua, &ub, &memory->pair.factor)) {
        memory->pair.way = -1;
    }
}

static inline bool same_bytes(const char *known, uint8_t n, struct str s)
{
    return n == s.n && path_same_bytes(known, s.p, s.n);
}

/* A number of at most 18 digits or so. */
static bool small_of(const struct decimal *d, struct path_small *ret_n)
{
    int64_t v = (int64_t)(uint64_t)d->coef;
    *ret_n = (struct path_small){.v = d->negative ? -v : v, .scale = d->scale};
    return d->coef >> 60 == 0;
}

/* Two quantities in units of UCUM whose factor is known exactly, with numbers that are not long. */
static bool compare_pair(struct path_vm *vm, const struct path_quantity *a,
                         const struct path_quantity *b, enum path_order *ret_order)
{
    struct path_memory *memory = vm->env->memory;
    bool ucum = a->kind == PATH_UNIT_UCUM && b->kind == PATH_UNIT_UCUM;
    struct path_small na;
    struct path_small nb;
    struct path_small factor;
    if (!ucum || a->inexact || b->inexact || a->unit.n == 0 || b->unit.n == 0
        || a->unit.n > sizeof(memory->pair.a) || b->unit.n > sizeof(memory->pair.b)
        || !small_of(&a->value, &na) || !small_of(&b->value, &nb)) {
        return false;
    }
    if (same_bytes(a->unit.p, (uint8_t)a->unit.n, b->unit)) {
        return path_small_order(na, nb, ret_order);
    }
    if (!same_bytes(memory->pair.a, memory->pair.n_a, a->unit)
        || !same_bytes(memory->pair.b, memory->pair.n_b, b->unit)) {
        pair_find(vm, a->unit, b->unit);
    }
    if (memory->pair.way == 0 || !small_of(&memory->pair.factor, &factor)) {
        return false;
    }
    struct path_small *turned = memory->pair.way > 0 ? &nb : &na;
    turned->scale += factor.scale;
    return !__builtin_mul_overflow(turned->v, factor.v, &turned->v)
           && path_small_order(na, nb, ret_order);
}

enum path_order path_quantity_compare(struct path_vm *vm, const struct path_quantity *a,
                                      const struct path_quantity *b)
{
    struct pair p;
    enum path_order o;
    if (compare_pair(vm, a, b, &o)) {
        return o;
    }
    if (!meet(vm, a, b, false, &p)) {
        return ORDER_UNKNOWN;
    }
    int c = p.inexact ? compare_inexact(&p.a, &p.b) : decimal_cmp(&p.a, &p.b);
    return c < 0 ? ORDER_LESS : c > 0 ? ORDER_MORE : ORDER_EQUAL;
}

bool path_quantity_comparable(struct path_vm *vm, const struct path_quantity *a,
                              const struct path_quantity *b)
{
    struct pair p;
    return meet(vm, a, b, false, &p);
}

/* ---- sums and products ---- */

/* A number that only scales: of unit 1, or one that comes to it. */
static bool plain_number(struct path_vm *vm, const struct path_quantity *q, struct decimal *ret_d)
{
    *ret_d = q->value;
    return q->kind == PATH_UNIT_UCUM && (is_one(q->unit) || ucum_same(vm, ret_d, q->unit, S("1")));
}

/* Quotients of as many digits as are kept were cut off. */
static bool is_cut(const struct decimal *d)
{
    u128 limit = 1;
    for (int i = 0; i < DECIMAL_DIV_DIGITS - 2; i++) {
        limit *= 10;
    }
    return d->coef >= limit;
}

static bool product(struct path_vm *vm, enum path_op op, const struct path_quantity *a,
                    const struct path_quantity *b, struct path_quantity *q)
{
    struct decimal factor;
    bool div = op == OP_DIV;
    q->inexact = a->inexact || b->inexact;
    if (a->kind != PATH_UNIT_UCUM || b->kind != PATH_UNIT_UCUM) {
        /* a calendar time is scaled by plain numbers only; one that may be either stays so */
        if (plain_number(vm, b, &factor)) {
            q->unit = a->unit;
            q->kind = a->kind;
            bool done = div ? decimal_div(&a->value, &factor, &q->value)
                            : decimal_mul(&a->value, &factor, &q->value);
            q->inexact = q->inexact || (div && is_cut(&q->value));
            return done;
        }
        if (!div && plain_number(vm, a, &factor)) {
            q->unit = b->unit;
            q->kind = b->kind;
            return decimal_mul(&factor, &b->value, &q->value);
        }
        if (a->kind == PATH_UNIT_CALENDAR || b->kind == PATH_UNIT_CALENDAR
            || a->kind == PATH_UNIT_OTHER || b->kind == PATH_UNIT_OTHER) {
            return false;
        }
    }
    struct buf unit;
    buf_init(&unit, vm->rq->a, 1024);
    bool done = div ? ucum_divide(&a->value, a->unit, &b->value, b->unit, &q->value, &unit)
                    : ucum_multiply(&a->value, a->unit, &b->value, b->unit, &q->value, &unit);
    q->kind = PATH_UNIT_UCUM;
    q->unit = buf_get(&unit);
    q->inexact = q->inexact || (div && is_cut(&q->value));
    return done && q->unit.n > 0;
}

static bool is_special(struct path_vm *vm, const struct path_quantity *q)
{
    struct ucum_unit unit;
    return q->kind == PATH_UNIT_UCUM && unit_get(vm, q->unit, &unit) && unit.special != 0;
}

bool path_quantity_op(struct path_vm *vm, enum path_op op, const struct path_quantity *a,
                      const struct path_quantity *b, struct path_quantity *ret_q)
{
    struct path_quantity q = {0};
    struct pair p;
    if (op == OP_MUL || op == OP_DIV) {
        if (!product(vm, op, a, b, &q)) {
            return false;
        }
    } else {
        if (is_special(vm, a) || is_special(vm, b) || !meet(vm, a, b, false, &p)) {
            return false;
        }
        q = (struct path_quantity){.unit = p.unit, .kind = p.kind, .inexact = p.inexact};
        if (!(op == OP_SUB ? decimal_sub(&p.a, &p.b, &q.value)
                           : decimal_add(&p.a, &p.b, &q.value))) {
            return false;
        }
    }
    *ret_q = q;
    return true;
}

bool path_quantity_convert(struct path_vm *vm, const struct path_quantity *q, struct str unit,
                           struct path_quantity *ret_q)
{
    struct path_quantity r = {.value = q->value, .unit = unit, .inexact = q->inexact};
    enum path_calendar to = path_calendar_word(unit);
    enum path_calendar from = calendar_of(q);
    bool calendar = q->kind == PATH_UNIT_CALENDAR || q->kind == PATH_UNIT_EITHER;
    if (q->kind == PATH_UNIT_OTHER) {
        return false;
    }
    if (to != CAL_NONE) {
        r.kind = PATH_UNIT_CALENDAR;
        if (!calendar && (from <= CAL_MONTH || to <= CAL_MONTH)) {
            return false;
        }
        if (from == CAL_NONE || !calendar_convert(&r.value, from, to)) {
            return false;
        }
    } else {
        struct str have = q->unit;
        r.kind = PATH_UNIT_UCUM;
        if (q->kind == PATH_UNIT_CALENDAR) {
            enum path_calendar target = path_calendar_ucum(unit);
            if (from <= CAL_MONTH || target == CAL_YEAR || target == CAL_MONTH) {
                return false;
            }
            have = ucum_of[from];
        }
        if (!ucum_same(vm, &r.value, have, unit)) {
            return false;
        }
    }
    *ret_q = r;
    return true;
}

/* ---- text ---- */

bool path_quantity_parse(struct str text, struct path_quantity *ret_q)
{
    struct path_quantity q = {.unit = S("1"), .kind = PATH_UNIT_UCUM};
    size_t n = 0;
    if (n < text.n && (text.p[n] == '+' || text.p[n] == '-')) {
        n++;
    }
    while (n < text.n && ((unsigned)(text.p[n] - '0') < 10 || text.p[n] == '.')) {
        n++;
    }
    struct str number = str_sub(text, text.n > 0 && text.p[0] == '+' ? 1 : 0, n);
    if (text.n > 0 && text.p[0] == '+') {
        number.n = n - 1;
    }
    struct str unit = str_sub(text, n, text.n);
    if (!decimal_parse(number, &q.value)) {
        return false;
    }
    size_t blank = 0;
    while (blank < unit.n && (unit.p[blank] == ' ' || unit.p[blank] == '\t')) {
        blank++;
    }
    unit = str_sub(unit, blank, unit.n);
    if (unit.n >= 3 && unit.p[0] == '\'' && unit.p[unit.n - 1] == '\'') {
        q.unit = str_sub(unit, 1, unit.n - 2);
    } else if (unit.n > 0) {
        if (blank == 0 || path_calendar_word(unit) == CAL_NONE) {
            return false;
        }
        q.unit = unit;
        q.kind = PATH_UNIT_CALENDAR;
    } else if (blank > 0) {
        return false;
    }
    *ret_q = q;
    return true;
}

void path_quantity_write(struct buf *b, const struct path_quantity *q)
{
    struct decimal d = q->value;
    if (d.scale < 0 && !decimal_pad(&q->value, 0, &d)) {
        d = q->value;
    }
    decimal_write(b, &d);
    buf_char(b, ' ');
    if (q->kind == PATH_UNIT_CALENDAR) {
        buf_str(b, q->unit);
    } else {
        buf_char(b, '\'');
        buf_str(b, q->unit);
        buf_char(b, '\'');
    }
}
