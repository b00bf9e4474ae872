/* fhir/path_value.c - what elements are worth: System values, types, texts. See path_value.h. */
#include "fhir/path_value.h"

static bool value_of_text(struct arena *a, struct jv node, unsigned system,
                          struct path_item *ret_value)
{
    struct path_item v = {.kind = PATH_STRING, .s = json_str(a, node)};
    enum path_kind kind;
    if (v.s.p == NULL) {
        return false;
    }
    switch (system) {
    case DEF_SYS_DATE:
    case DEF_SYS_DATE_TIME:
        if (path_time_parse(v.s, false, &v.t, &kind)) {
            v.kind = (uint8_t)system; /* a dateTime of a day only stays one */
        } else {
            v.s = json_str(a, node);
        }
        break;
    case DEF_SYS_TIME:
        if (path_time_parse(v.s, true, &v.t, &kind)) {
            v.kind = PATH_TIME;
        } else {
            v.s = json_str(a, node);
        }
        break;
    default: break;
    }
    *ret_value = v;
    return true;
}

bool path_digits(const struct json_doc *doc, const struct json_node *n, int64_t *ret_v,
                 int *ret_scale, bool *ret_point)
{
    enum { SHORT = 18 }; /* bytes whose digits fit 64 bits; how the text is written is known to be right */
    const char *p = doc->src.p + n->off;
    const char *end = p + n->len;
    const char *point = NULL;
    const bool minus = p[0] == '-';
    int64_t v = 0;
    if (n->len > SHORT) {
        return false;
    }
    for (p += minus; p < end; p++) {
        unsigned digit = (unsigned char)*p - (unsigned)'0';
        if (digit <= 9) {
            v = v * 10 + digit;
        } else if (*p == '.') {
            point = p;
        } else {
            return false;
        }
    }
    *ret_v = minus ? -v : v;
    *ret_scale = point == NULL ? 0 : (int)(end - point) - 1;
    *ret_point = point != NULL;
    return true;
}

bool path_small_order(struct path_small a, struct path_small b, enum path_order *ret_order)
{
    static const int64_t tens[] = {1,      10,      100,      1000,      10000,
                                   100000, 1000000, 10000000, 100000000, 1000000000};
    if (a.scale != b.scale) {
        struct path_small *less = a.scale < b.scale ? &a : &b;
        int step = a.scale < b.scale ? b.scale - a.scale : a.scale - b.scale;
        if (step >= (int)LEN(tens) || __builtin_mul_overflow(less->v, tens[step], &less->v)) {
            return false;
        }
    }
    *ret_order = a.v < b.v ? ORDER_LESS : a.v > b.v ? ORDER_MORE : ORDER_EQUAL;
    return true;
}

static bool decimal_of(const struct json_doc *doc, uint32_t at, struct decimal *ret_d)
{
    int64_t v;
    bool point;
    if (!path_digits(doc, &doc->nodes[at], &v, &ret_d->scale, &point)) {
        return decimal_parse(json_raw((struct jv){doc, at}), ret_d);
    }
    ret_d->coef = (uint64_t)(v < 0 ? -v : v);
    ret_d->negative = v < 0;
    return true;
}

static bool short_number(struct jv node, unsigned system, struct path_item *ret_value)
{
    int64_t v;
    int scale;
    bool point;
    if (!path_digits(node.doc, json_node(node), &v, &scale, &point)) {
        return false;
    }
    ret_value->flags = 0;
    ret_value->type = 0;
    ret_value->sib = 0;
    if (!point && system != DEF_SYS_DECIMAL) {
        ret_value->kind = PATH_INTEGER;
        ret_value->i = v;
    } else {
        ret_value->kind = PATH_DECIMAL;
        ret_value->d.coef = (uint64_t)(v < 0 ? -v : v);
        ret_value->d.scale = scale;
        ret_value->d.negative = v < 0;
    }
    return true;
}

static bool value_of_number(struct jv node, unsigned system, struct path_item *ret_value)
{
    if (short_number(node, system, ret_value)) {
        return true;
    }
    struct path_item v = {.kind = PATH_INTEGER};
    if (system != DEF_SYS_DECIMAL && json_i64(node, &v.i)) {
        *ret_value = v;
        return true;
    }
    v.kind = PATH_DECIMAL;
    if (!decimal_parse(json_raw(node), &v.d)) {
        return false;
    }
    *ret_value = v;
    return true;
}

bool path_item_value(struct arena *a, const struct defs *d, const struct path_item *item,
                     struct path_item *ret_value)
{
    if (item->kind != PATH_NODE) {
        *ret_value = *item;
        return true;
    }
    if (item->flags & PATH_NO_VALUE) {
        return false;
    }
    unsigned system = item->type == 0 || d == NULL ? 0 : def_type_row(d, item->type)->system;
    switch (json_kind(item->node)) {
    case JSON_STRING: return value_of_text(a, item->node, system, ret_value);
    case JSON_NUMBER: return value_of_number(item->node, system, ret_value);
    case JSON_TRUE:
    case JSON_FALSE:
        *ret_value = (struct path_item){.kind = PATH_BOOLEAN, .b = json_true(item->node)};
        return true;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
    case JSON_KEY: break;
    }
    return false;
}

bool path_value(struct path_vm *vm, const struct path_item *item, struct path_item *ret_value)
{
    if (item->kind == PATH_NODE && item->flags == 0) {
        const struct json_node *node = &item->node.doc->nodes[item->node.at];
        unsigned system = item->type == 0 ? DEF_SYS_STRING : vm->types[item->type].system;
        if (node->kind == JSON_STRING && !(node->flags & JSON_ESCAPED)
            && (system == DEF_SYS_STRING || item->type == DEF_SYS_STRING)) {
            ret_value->kind = PATH_STRING;
            ret_value->flags = 0;
            ret_value->type = 0;
            ret_value->sib = 0;
            ret_value->s = (struct str){item->node.doc->src.p + node->off, node->len};
            return true;
        }
        if (node->kind == JSON_STRING && (system == DEF_SYS_DATE || system == DEF_SYS_DATE_TIME)
            && path_day_parse((struct str){item->node.doc->src.p + node->off, node->len},
                              &ret_value->t)) {
            ret_value->kind = (uint8_t)system;
            ret_value->flags = 0;
            ret_value->type = 0;
            ret_value->sib = 0;
            return true;
        }
    }
    return path_item_value(vm->rq->a, vm->d, item, ret_value);
}

/* ---- FHIR quantities ---- */

static bool is_quantity(struct path_vm *vm, const struct path_item *item)
{
    return item->kind == PATH_NODE && item->type != 0
           && vm->types[item->type].kind == DEF_COMPLEX
           && def_is_a(vm->d, item->type, vm->prog->quantity_type);
}

/* The members a quantity is read of. */
enum part { VALUE, UNIT, SYSTEM, CODE, COMPARATOR, PARTS };

/* PARTS: it is none of them. */
static enum part part_of(const char *name, uint32_t n)
{
    switch (n) {
    case 4:
        return path_same_bytes(name, "unit", 4)   ? UNIT
               : path_same_bytes(name, "code", 4) ? CODE
                                                  : PARTS;
    case 5: return path_same_bytes(name, "value", 5) ? VALUE : PARTS;
    case 6: return path_same_bytes(name, "system", 6) ? SYSTEM : PARTS;
    case 10: return path_same_bytes(name, "comparator", 10) ? COMPARATOR : PARTS;
    default: return PARTS;
    }
}

/* The text of a part of a quantity; none is empty. */
static struct str part_text(struct path_vm *vm, const struct json_doc *doc, uint32_t at)
{
    const struct json_node *node = &doc->nodes[at];
    if (at == 0 || node->kind != JSON_STRING) {
        return S("");
    }
    return node->flags & JSON_ESCAPED ? json_str(vm->rq->a, (struct jv){doc, at})
                                      : (struct str){doc->src.p + node->off, node->len};
}

static bool is_ucum(struct path_vm *vm, const struct json_doc *doc, uint32_t at)
{
    struct str system = part_text(vm, doc, at);
    const char *ucum = "http://unitsofmeasure.org";
    return system.n == 25 && path_same_bytes(system.p, ucum, 16)
           && path_same_bytes(system.p + 9, ucum + 9, 16);
}

enum path_reading path_quantity_read(struct path_vm *vm, const struct path_item *item,
                                     struct path_quantity *ret_q)
{
    uint32_t at[PARTS + 1] = {0}; /* the last is for what is no part */
    const struct json_doc *doc = item->node.doc;
    const struct json_node *nodes = doc->nodes;
    uint32_t end = nodes[item->node.at].kind == JSON_OBJECT ? nodes[item->node.at].end : 0;
    for (uint32_t k = item->node.at + 1; k < end; k = nodes[k].end) {
        at[part_of(doc->src.p + nodes[k].off, nodes[k].len)] = k + 1;
    }
    if (at[COMPARATOR] != 0) {
        return PATH_READ_COMPARED;
    }
    if (nodes[at[VALUE]].kind != JSON_NUMBER || !decimal_of(doc, at[VALUE], &ret_q->value)) {
        return PATH_READ_NONE;
    }
    struct str code = part_text(vm, doc, at[CODE]);
    ret_q->inexact = false;
    if (code.n > 0 && is_ucum(vm, doc, at[SYSTEM])) {
        ret_q->unit = code;
        ret_q->kind = path_calendar_ucum(code) != CAL_NONE ? PATH_UNIT_EITHER : PATH_UNIT_UCUM;
        return PATH_READ;
    }
    struct str unit = part_text(vm, doc, at[UNIT]);
    if (code.n == 0 && unit.n == 0) {
        ret_q->unit = S("1");
        ret_q->kind = PATH_UNIT_UCUM;
    } else {
        ret_q->unit = code.n > 0 ? code : unit;
        ret_q->kind = PATH_UNIT_OTHER;
    }
    return PATH_READ;
}

/* FHIR R4 fhirpath.html#quantity: what has a comparator is no System quantity. */
static enum err quantity_of(struct path_vm *vm, const struct path_node *node,
                            const struct path_item *item, struct path_item *ret_value,
                            bool *ret_has)
{
    struct path_quantity *q = ARENA_NEW(vm->rq->a, struct path_quantity);
    TRY_MEM(vm->rq, q);
    enum path_reading how = path_quantity_read(vm, item, q);
    *ret_has = how == PATH_READ;
    if (how == PATH_READ_COMPARED) {
        return PATH_FAIL(vm, node, "a quantity with a comparator cannot be computed with");
    }
    if (how == PATH_READ) {
        *ret_value = (struct path_item){.kind = PATH_QUANTITY, .q = q};
    }
    return OK;
}

enum err path_operand(struct path_vm *vm, const struct path_node *node,
                      const struct path_item *item, struct path_item *ret_value, bool *ret_has)
{
    if (is_quantity(vm, item)) {
        return quantity_of(vm, node, item, ret_value, ret_has);
    }
    *ret_has = path_value(vm, item, ret_value);
    if (!*ret_has && !(item->flags & PATH_NO_VALUE)) {
        *ret_value = *item;
        *ret_has = true;
    }
    return OK;
}

/* ---- types ---- */

static unsigned system_of(struct path_vm *vm, const struct path_item *item)
{
    struct path_item value;
    if (item->kind != PATH_NODE) {
        return item->kind;
    }
    if (item->type != 0) {
        return vm->types[item->type].kind == DEF_SYSTEM ? item->type : 0;
    }
    return path_value(vm, item, &value) ? value.kind : 0;
}

/* A code is no string, a url no uri: specialised primitives are their own types. */
static bool fhir_is_a(struct path_vm *vm, uint16_t type, uint16_t base)
{
    if (type == base) {
        return true;
    }
    uint8_t kind = vm->types[base].kind;
    return kind != DEF_PRIMITIVE && kind != DEF_RESOURCE && def_is_a(vm->d, type, base);
}

bool path_is_type(struct path_vm *vm, const struct path_item *item,
                  const struct path_type_ref *type)
{
    if (type->system != 0 && system_of(vm, item) == type->system) {
        return true;
    }
    return type->fhir != 0 && item->kind == PATH_NODE && item->type != 0
           && fhir_is_a(vm, item->type, type->fhir);
}

bool path_as_type(struct path_vm *vm, const struct path_item *item,
                  const struct path_type_ref *type, struct path_item *ret_item)
{
    struct path_item value;
    if (type->system != 0 && type->fhir == 0 && item->kind == PATH_NODE
        && path_value(vm, item, &value) && value.kind == type->system) {
        *ret_item = value;
        return true;
    }
    return false;
}

struct str path_item_type(const struct defs *d, const struct path_item *item)
{
    static const struct str names[] = {
        [PATH_NODE] = SI(""),          [PATH_BOOLEAN] = SI("Boolean"),
        [PATH_STRING] = SI("String"),  [PATH_INTEGER] = SI("Integer"),
        [PATH_DECIMAL] = SI("Decimal"), [PATH_DATE] = SI("Date"),
        [PATH_DATE_TIME] = SI("DateTime"), [PATH_TIME] = SI("Time"),
        [PATH_QUANTITY] = SI("Quantity"), [PATH_TYPE] = SI("TypeInfo"),
    };
    if (item->kind != PATH_NODE) {
        return names[item->kind];
    }
    if (item->type != 0 && d != NULL) {
        struct str name = def_type_name(d, item->type);
        return str_starts(name, S("System.")) ? str_sub(name, 7, name.n) : name;
    }
    switch (json_kind(item->node)) {
    case JSON_STRING: return names[PATH_STRING];
    case JSON_NUMBER:
        return json_node(item->node)->flags & JSON_INTEGER ? names[PATH_INTEGER]
                                                           : names[PATH_DECIMAL];
    case JSON_TRUE:
    case JSON_FALSE: return names[PATH_BOOLEAN];
    case JSON_NONE:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
    case JSON_KEY: break;
    }
    return S("Any");
}

/* ---- texts ---- */

void path_item_text(struct buf *b, struct arena *a, const struct defs *d,
                    const struct path_item *item)
{
    struct path_item value;
    if (!path_item_value(a, d, item, &value)) {
        if (!(item->flags & PATH_NO_VALUE)) {
            json_minify(b, item->node);
        }
        return;
    }
    switch ((enum path_kind)value.kind) {
    case PATH_BOOLEAN: buf_str(b, value.b ? S("true") : S("false")); break;
    case PATH_STRING:
    case PATH_TYPE: buf_str(b, value.s); break;
    case PATH_INTEGER: buf_i64(b, value.i); break;
    case PATH_DECIMAL: {
        struct decimal plain = value.d;
        if (plain.scale < 0 && !decimal_pad(&value.d, 0, &plain)) {
            plain = value.d;
        }
        decimal_write(b, &plain);
        break;
    }
    case PATH_DATE:
    case PATH_DATE_TIME:
    case PATH_TIME: path_time_write(b, &value.t, (enum path_kind)value.kind); break;
    case PATH_QUANTITY: path_quantity_write(b, value.q); break;
    case PATH_NODE: break;
    }
}

struct str path_text(struct path_vm *vm, const struct path_item *value)
{
    struct buf b;
    if (value->kind == PATH_STRING) {
        return value->s;
    }
    buf_init(&b, vm->rq->a, 1024 * 1024);
    path_item_text(&b, vm->rq->a, vm->d, value);
    return buf_get(&b);
}
