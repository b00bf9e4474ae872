/* fhir/path_operator.c - the operators of FHIRPath. See path_int.h; N1 section 6. */
#include "fhir/path_value.h"

/* ---- logic ---- */

static enum err side(struct path_vm *vm, const struct path_frame *f, const struct path_node *node,
                     unsigned i, enum path_tri *ret_tri)
{
    uint32_t base = vm->n;
    TRY(path_run(vm, f, node->args[i]));
    return path_take_tri(vm, node, base, ret_tri);
}

static enum err give_tri(struct path_vm *vm, enum path_tri tri)
{
    return tri == TRI_EMPTY ? OK : path_give_bool(vm, vm->n, tri == TRI_TRUE);
}

static enum err logic(struct path_vm *vm, const struct path_frame *f, const struct path_node *node)
{
    enum path_tri a;
    enum path_tri b;
    TRY(side(vm, f, node, 0, &a));
    /* what the left side decides alone */
    if (node->op == OP_AND && a == TRI_FALSE) {
        return give_tri(vm, TRI_FALSE);
    }
    if ((node->op == OP_OR && a == TRI_TRUE) || (node->op == OP_IMPLIES && a == TRI_FALSE)) {
        return give_tri(vm, TRI_TRUE);
    }
    TRY(side(vm, f, node, 1, &b));
    bool known = a != TRI_EMPTY && b != TRI_EMPTY;
    switch (node->op) {
    case OP_AND:
        return give_tri(vm, b == TRI_FALSE ? TRI_FALSE : known ? TRI_TRUE : TRI_EMPTY);
    case OP_OR: return give_tri(vm, b == TRI_TRUE ? TRI_TRUE : known ? TRI_FALSE : TRI_EMPTY);
    case OP_XOR: return known ? give_tri(vm, a != b ? TRI_TRUE : TRI_FALSE) : OK;
    default: /* implies */
        return give_tri(vm, b == TRI_TRUE ? TRI_TRUE : known ? TRI_FALSE : TRI_EMPTY);
    }
}

/* ---- collections ---- */

static enum err both(struct path_vm *vm, const struct path_frame *f, const struct path_node *node,
                     uint32_t *ret_middle)
{
    TRY(path_run(vm, f, node->args[0]));
    *ret_middle = vm->n;
    return path_run(vm, f, node->args[1]);
}

/* Runs one side; where it is a walk from $this and nothing else, that is gone at once. */
static inline enum err run_side(struct path_vm *vm, const struct path_frame *f,
                                const struct path_node *node)
{
    if (node->op == OP_CHAIN && node->first_walk != 0 && f->self.kind == PATH_NODE
        && f->self.node.doc != NULL) {
        const struct path_node *step = node->args[node->first_walk];
        bool done = false;
        if (step->step_type == f->self.type
            && node->first_walk + step->n_walked == node->n_args) {
            TRY(path_walk(vm, step, &f->self, &done));
        }
        if (done) {
            return path_burn(vm, 1);
        }
    }
    return path_run(vm, f, node);
}

static enum err give_equal(struct path_vm *vm, const struct path_node *node, enum path_tri tri)
{
    return tri == TRI_EMPTY ? OK
                            : path_give_bool(vm, vm->n, (tri == TRI_TRUE) == (node->op == OP_EQ));
}

static enum err equality(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node)
{
    uint32_t base = vm->n;
    uint32_t middle;
    enum path_tri tri;
    if ((node->flags & NODE_TEXT_IS) && path_text_is(vm, &f->self, node, &tri)) {
        return give_tri(vm, tri);
    }
    TRY(run_side(vm, f, node->args[0]));
    if (node->args[1]->op == OP_LITERAL && vm->n == base + 1 && node->op <= OP_NE
        && path_quick_equal(vm, &vm->v[base], &node->args[1]->item, &tri)) {
        path_drop(vm, base);
        TRY(path_burn(vm, 1));
        return give_equal(vm, node, tri);
    }
    middle = vm->n;
    TRY(path_run(vm, f, node->args[1]));
    uint32_t n_a = middle - base;
    uint32_t n_b = vm->n - middle;
    if (node->op == OP_EQV || node->op == OP_NEQV) {
        bool alike = path_equivalent_lists(vm, base, n_a, middle, n_b);
        return path_give_bool(vm, base, alike == (node->op == OP_EQV));
    }
    tri = path_equal_lists(vm, base, n_a, middle, n_b);
    path_drop(vm, base);
    return give_equal(vm, node, tri);
}

static enum err membership(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node)
{
    uint32_t base = vm->n;
    unsigned one = node->op == OP_IN ? 0 : 1;
    TRY(path_run(vm, f, node->args[one]));
    uint32_t n = vm->n - base;
    if (n > 1) {
        return PATH_FAIL(vm, node, "a single item belongs here, there are several");
    }
    if (n == 0) {
        return OK;
    }
    TRY(path_run(vm, f, node->args[1 - one]));
    struct path_item item = vm->v[base];
    return path_give_bool(vm, base, path_among(vm, &item, base + 1, vm->n));
}

static enum err join(struct path_vm *vm, const struct path_frame *f, const struct path_node *node)
{
    uint32_t base = vm->n;
    uint32_t middle;
    TRY(both(vm, f, node, &middle));
    return path_distinct(vm, base, node->args[0]->op == OP_UNION ? middle : base);
}

/* ---- order ---- */

/* The item of an expression that stands somewhere already: a literal, $this, $total; NULL: it must be run. */
static const struct path_item *standing(const struct path_vm *vm, const struct path_frame *f,
                                        const struct path_node *node)
{
    switch (node->op) {
    case OP_LITERAL: return &node->item;
    case OP_THIS: return f->self.kind == PATH_NODE && f->self.node.doc == NULL ? NULL : &f->self;
    case OP_TOTAL: return f->totalled && f->total_n == 1 ? &vm->v[f->total_at] : NULL;
    default: return NULL;
    }
}

/* Runs both sides, one item each at the most; NULL: empty. What stands somewhere stays there. */
static enum err run_sides(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, const struct path_item **ret_a,
                          const struct path_item **ret_b)
{
    uint32_t base = vm->n;
    const struct path_item *a = standing(vm, f, node->args[0]);
    const struct path_item *b = standing(vm, f, node->args[1]);
    if (a == NULL || b == NULL) { /* what is on the stack may move while the other side is run */
        a = node->args[0]->op == OP_TOTAL ? NULL : a;
        b = node->args[1]->op == OP_TOTAL ? NULL : b;
    }
    TRY(a != NULL ? path_burn(vm, 1) : run_side(vm, f, node->args[0]));
    uint32_t middle = vm->n;
    TRY(b != NULL ? path_burn(vm, 1) : path_run(vm, f, node->args[1]));
    if (middle - base > 1 || vm->n - middle > 1) {
        return PATH_FAIL(vm, node, "an operator takes single items, there are several");
    }
    *ret_a = middle > base ? &vm->v[base] : a;
    *ret_b = vm->n > middle ? &vm->v[middle] : b;
    return OK;
}

/* Both sides, that are not empty, as values. *ret_has false: one of them has none. */
static enum err values_of(struct path_vm *vm, const struct path_node *node,
                          const struct path_item *a, const struct path_item *b,
                          struct path_item *ret_a, struct path_item *ret_b, bool *ret_has)
{
    bool has_a;
    bool has_b;
    TRY(path_operand(vm, node, a, ret_a, &has_a));
    TRY(path_operand(vm, node, b, ret_b, &has_b));
    *ret_has = has_a && has_b;
    return OK;
}

/* The order of two items that are not empty; ORDER_UNKNOWN, too, where one has no value. */
static enum err order_of(struct path_vm *vm, const struct path_node *node,
                         const struct path_item *a, const struct path_item *b,
                         enum path_order *ret_order)
{
    struct path_item va;
    struct path_item vb;
    bool has;
    if (path_quick_order(vm, a, b, ret_order)) {
        return OK;
    }
    TRY(values_of(vm, node, a, b, &va, &vb, &has));
    *ret_order = has ? path_compare(vm, &va, &vb) : ORDER_UNKNOWN;
    return *ret_order == ORDER_NEVER ? PATH_FAIL(vm, node, "these two cannot be compared") : OK;
}

static enum err inequality(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node)
{
    uint32_t base = vm->n;
    const struct path_item *a;
    const struct path_item *b;
    enum path_order o = ORDER_UNKNOWN;
    bool yes = false;
    TRY(run_sides(vm, f, node, &a, &b));
    if (a != NULL && b != NULL) {
        TRY(order_of(vm, node, a, b, &o));
    }
    path_drop(vm, base);
    if (o == ORDER_UNKNOWN) {
        return OK;
    }
    switch (node->op) {
    case OP_LT: yes = o == ORDER_LESS; break;
    case OP_LE: yes = o != ORDER_MORE; break;
    case OP_GT: yes = o == ORDER_MORE; break;
    default: yes = o != ORDER_LESS; break;
    }
    return path_give_bool(vm, base, yes);
}

/* ---- arithmetic ---- */

static bool is_number(const struct path_item *v)
{
    return v->kind == PATH_INTEGER || v->kind == PATH_DECIMAL;
}

static bool is_time(const struct path_item *v)
{
    return v->kind == PATH_DATE || v->kind == PATH_DATE_TIME || v->kind == PATH_TIME;
}

static struct decimal number_of(const struct path_item *v)
{
    return v->kind == PATH_INTEGER ? decimal_from_i64(v->i) : v->d;
}

/* Sums, products and whole quotients of integers; what does not fit is empty. */
static enum err integers(struct path_vm *vm, enum path_op op, int64_t a, int64_t b)
{
    int64_t r = 0;
    bool lost = false;
    switch (op) {
    case OP_ADD: lost = __builtin_add_overflow(a, b, &r); break;
    case OP_SUB: lost = __builtin_sub_overflow(a, b, &r); break;
    case OP_MUL: lost = __builtin_mul_overflow(a, b, &r); break;
    default:
        lost = b == 0 || (a == INT64_MIN && b == -1);
        if (!lost) {
            r = op == OP_MOD ? a % b : a / b;
        }
        break;
    }
    return lost ? OK : path_give_int(vm, vm->n, r);
}

/* A quotient of as many digits as are kept was cut off. */
static bool is_cut(const struct decimal *d)
{
    u128 limit = 1;
    for (int i = 0; i < DECIMAL_DIV_DIGITS - 2; i++) {
        limit *= 10;
    }
    return d->coef >= limit;
}

static enum err numbers(struct path_vm *vm, const struct path_node *node,
                        const struct path_item *a, const struct path_item *b)
{
    if (a->kind == PATH_INTEGER && b->kind == PATH_INTEGER && node->op != OP_DIV) {
        return integers(vm, (enum path_op)node->op, a->i, b->i);
    }
    struct decimal x = number_of(a);
    struct decimal y = number_of(b);
    struct decimal r;
    bool inexact = ((a->flags | b->flags) & PATH_INEXACT) != 0;
    bool done = false;
    int64_t whole;
    switch (node->op) {
    case OP_ADD: done = decimal_add(&x, &y, &r); break;
    case OP_SUB: done = decimal_sub(&x, &y, &r); break;
    case OP_MUL: done = decimal_mul(&x, &y, &r); break;
    case OP_DIV:
        done = decimal_div(&x, &y, &r);
        inexact = inexact || (done && is_cut(&r));
        break;
    case OP_INT_DIV:
        done = decimal_int_div(&x, &y, &r);
        if (done && decimal_to_i64(&r, &whole)) {
            return path_give_int(vm, vm->n, whole);
        }
        break;
    case OP_MOD: done = decimal_mod(&x, &y, &r); break;
    default: break;
    }
    return done ? path_give_dec(vm, vm->n, &r, inexact) : OK;
}

static enum err moved(struct path_vm *vm, const struct path_node *node, const struct path_item *t,
                      const struct path_quantity *q)
{
    struct path_item sum = *t;
    if (!path_time_add(&sum, q, node->op == OP_SUB ? -1 : 1)) {
        return PATH_FAIL(vm, node, "this time cannot be moved by that quantity");
    }
    return path_push(vm, &sum);
}

static enum err quantities(struct path_vm *vm, const struct path_node *node,
                           const struct path_item *a, const struct path_item *b)
{
    struct path_quantity one = {.unit = S("1"), .kind = PATH_UNIT_UCUM};
    struct path_quantity r;
    const struct path_quantity *qa = a->kind == PATH_QUANTITY ? a->q : &one;
    const struct path_quantity *qb = b->kind == PATH_QUANTITY ? b->q : &one;
    if (a->kind != PATH_QUANTITY || b->kind != PATH_QUANTITY) {
        one.value = number_of(a->kind != PATH_QUANTITY ? a : b);
        one.inexact = ((a->kind != PATH_QUANTITY ? a : b)->flags & PATH_INEXACT) != 0;
    }
    if (node->op == OP_INT_DIV || node->op == OP_MOD) {
        return PATH_FAIL(vm, node, "quantities have no whole quotient");
    }
    return path_quantity_op(vm, (enum path_op)node->op, qa, qb, &r)
               ? path_give_quantity(vm, vm->n, &r)
               : OK;
}

static enum err glue(struct path_vm *vm, struct str a, struct str b)
{
    enum { GLUED_MAX = 1024 * 1024 };
    bool fits = a.n < GLUED_MAX && b.n < GLUED_MAX - a.n;
    char *text = fits ? arena_alloc_raw(vm->rq->a, a.n + b.n + 1) : NULL;
    TRY_MEM(vm->rq, text);
    (void)path_put(path_put(text, a), b);
    return path_give_str(vm, vm->n, (struct str){text, a.n + b.n});
}

enum err path_compute(struct path_vm *vm, const struct path_node *node, const struct path_item *a,
                      const struct path_item *b)
{
    if (is_number(a) && is_number(b)) {
        return numbers(vm, node, a, b);
    }
    if (node->op == OP_ADD && a->kind == PATH_STRING && b->kind == PATH_STRING) {
        return glue(vm, a->s, b->s);
    }
    bool sum = node->op == OP_ADD || node->op == OP_SUB;
    if (sum && is_time(a) && b->kind == PATH_QUANTITY) {
        return moved(vm, node, a, b->q);
    }
    if (node->op == OP_ADD && a->kind == PATH_QUANTITY && is_time(b)) {
        return moved(vm, node, b, a->q);
    }
    if ((a->kind == PATH_QUANTITY && (b->kind == PATH_QUANTITY || is_number(b)))
        || (b->kind == PATH_QUANTITY && is_number(a))) {
        return quantities(vm, node, a, b);
    }
    return PATH_FAIL(vm, node, "this operator does not go with such items");
}

static enum err arithmetic(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node)
{
    uint32_t base = vm->n;
    const struct path_item *left;
    const struct path_item *right;
    struct path_item a;
    struct path_item b;
    bool has = false;
    TRY(run_sides(vm, f, node, &left, &right));
    if (left == NULL || right == NULL) {
        path_drop(vm, base);
        return OK;
    }
    if (left->kind == PATH_INTEGER && right->kind == PATH_INTEGER && node->op != OP_DIV) {
        int64_t x = left->i;
        int64_t y = right->i;
        path_drop(vm, base);
        return integers(vm, (enum path_op)node->op, x, y);
    }
    TRY(values_of(vm, node, left, right, &a, &b, &has));
    path_drop(vm, base);
    return has ? path_compute(vm, node, &a, &b) : OK;
}

/* a & b & c at once: & takes empty for the empty text. */
static enum err concat(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node)
{
    enum { PARTS_MAX = 16, GLUED_MAX = 1024 * 1024 };
    const struct path_node *spine[PARTS_MAX]; /* the last of them first */
    struct str parts[PARTS_MAX + 1];
    size_t n = 0;
    size_t all = 0;
    for (spine[n++] = node; n < PARTS_MAX && spine[n - 1]->args[0]->op == OP_CONCAT; n++) {
        spine[n] = spine[n - 1]->args[0];
    }
    TRY(path_burn(vm, n - 1));
    for (size_t i = 0; i <= n; i++) {
        const struct path_node *at = spine[i == 0 ? n - 1 : n - i];
        struct path_item value;
        bool has;
        TRY(path_arg(vm, f, at, i == 0 ? 0 : 1, &value, &has));
        if (has && value.kind != PATH_STRING) {
            return PATH_FAIL(vm, at, "& joins texts");
        }
        parts[i] = has ? value.s : S("");
        all += parts[i].n;
        TRY_MEM(vm->rq, all > GLUED_MAX ? NULL : parts[i].p);
    }
    char *text = arena_alloc_raw(vm->rq->a, all + 1);
    TRY_MEM(vm->rq, text);
    char *to = text;
    for (size_t i = 0; i <= n; i++) {
        to = path_put(to, parts[i]);
    }
    return path_give_str(vm, vm->n, (struct str){text, all});
}

static enum err negate(struct path_vm *vm, const struct path_frame *f,
                       const struct path_node *node)
{
    uint32_t base = vm->n;
    struct path_item v;
    bool has;
    TRY(path_run(vm, f, node->args[0]));
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "a sign takes a single number");
    }
    if (vm->n == base) {
        return OK;
    }
    TRY(path_operand(vm, node, &vm->v[base], &v, &has));
    path_drop(vm, base);
    if (!has) {
        return OK;
    }
    if (!is_number(&v) && v.kind != PATH_QUANTITY) {
        return PATH_FAIL(vm, node, "a sign takes a number");
    }
    if (node->op == OP_PLUS) {
        return path_push(vm, &v);
    }
    if (v.kind == PATH_INTEGER) {
        return integers(vm, OP_SUB, 0, v.i);
    }
    if (v.kind == PATH_QUANTITY) {
        struct path_quantity q = *v.q;
        q.value = decimal_neg(&q.value);
        return path_give_quantity(vm, base, &q);
    }
    struct decimal d = decimal_neg(&v.d);
    return path_give_dec(vm, base, &d, v.flags & PATH_INEXACT);
}

/* ---- types ---- */

static enum err type_test(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node)
{
    uint32_t base = vm->n;
    TRY(path_run(vm, f, node->args[0]));
    return node->op == OP_IS ? path_do_is(vm, node, base) : path_do_as(vm, node, base);
}

enum err path_operate(struct path_vm *vm, const struct path_frame *f, const struct path_node *node)
{
    static const path_run_fn runs[] = {
        [OP_IS] = type_test,      [OP_AS] = type_test,      [OP_NEGATE] = negate,
        [OP_PLUS] = negate,       [OP_ADD] = arithmetic,    [OP_SUB] = arithmetic,
        [OP_CONCAT] = concat,     [OP_MUL] = arithmetic,    [OP_DIV] = arithmetic,
        [OP_INT_DIV] = arithmetic, [OP_MOD] = arithmetic,   [OP_UNION] = join,
        [OP_EQ] = equality,       [OP_NE] = equality,       [OP_EQV] = equality,
        [OP_NEQV] = equality,     [OP_LT] = inequality,     [OP_LE] = inequality,
        [OP_GT] = inequality,     [OP_GE] = inequality,     [OP_IN] = membership,
        [OP_CONTAINS] = membership, [OP_AND] = logic,       [OP_OR] = logic,
        [OP_XOR] = logic,         [OP_IMPLIES] = logic,
    };
    if (node->op >= LEN(runs) || runs[node->op] == NULL) {
        return FAIL(vm->rq, E_INTERNAL, "FHIRPath operator");
    }
    return runs[node->op](vm, f, node);
}
