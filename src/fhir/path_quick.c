/* fhir/path_quick.c - comparisons answered right from the tape: an element beside a System value, most of
 * all a literal, without the steps of the long way. See path_value.h. Whatever is unusual is left to it. */
#include "fhir/path_value.h"

/* ---- texts ---- */

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

/* ---- numbers, dates and quantities ---- */

static bool small_of(const struct path_item *value, struct path_small *ret_n)
{
    if (value->kind == PATH_INTEGER) {
        *ret_n = (struct path_small){.v = value->i};
        return true;
    }
    if (value->kind != PATH_DECIMAL || value->flags != 0 || value->d.coef >> 62 != 0) {
        return false;
    }
    int64_t v = (int64_t)value->d.coef;
    *ret_n = (struct path_small){.v = value->d.negative ? -v : v, .scale = value->d.scale};
    return true;
}

static bool quick_quantity(struct path_vm *vm, const struct path_item *item,
                           const struct path_quantity *value, enum path_order *ret_order)
{
    struct path_quantity q;
    if (item->type == 0
        || (item->type != vm->prog->quantity_type
            && (vm->types[item->type].kind != DEF_COMPLEX
                || !def_is_a(vm->d, item->type, vm->prog->quantity_type)))
        || path_quantity_read(vm, item, &q) != PATH_READ) {
        return false;
    }
    *ret_order = path_quantity_compare(vm, &q, value);
    return true;
}

bool path_quick_order(struct path_vm *vm, const struct path_item *item,
                      const struct path_item *value, enum path_order *ret_order)
{
    struct path_small a;
    struct path_small b;
    if (item->kind != PATH_NODE || item->flags != 0) {
        return false;
    }
    const struct json_doc *doc = item->node.doc;
    const struct json_node *node = &doc->nodes[item->node.at];
    if (node->kind == JSON_NUMBER) {
        bool point;
        return small_of(value, &b) && path_digits(doc, node, &a.v, &a.scale, &point)
               && path_small_order(a, b, ret_order);
    }
    if (node->kind == JSON_OBJECT && value->kind == PATH_QUANTITY) {
        return quick_quantity(vm, item, value->q, ret_order);
    }
    if (node->kind == JSON_STRING && value->kind == PATH_DATE && item->type != 0
        && (vm->types[item->type].system == DEF_SYS_DATE
            || vm->types[item->type].system == DEF_SYS_DATE_TIME)) {
        struct path_time t;
        if (path_day_parse((struct str){doc->src.p + node->off, node->len}, &t)) {
            *ret_order = path_time_compare(&t, &value->t);
            return true;
        }
    }
    return false;
}

bool path_quick_equal(struct path_vm *vm, const struct path_item *item,
                      const struct path_item *value, enum path_tri *ret_tri)
{
    enum path_order o;
    if (value->kind == PATH_BOOLEAN && item->kind == PATH_NODE && item->flags == 0) {
        uint8_t kind = item->node.doc->nodes[item->node.at].kind;
        *ret_tri = (kind == JSON_TRUE) == value->b ? TRI_TRUE : TRI_FALSE;
        return kind == JSON_TRUE || kind == JSON_FALSE;
    }
    if (!path_quick_order(vm, item, value, &o)) {
        return false;
    }
    *ret_tri = o == ORDER_EQUAL ? TRI_TRUE : o == ORDER_UNKNOWN ? TRI_EMPTY : TRI_FALSE;
    return true;
}
