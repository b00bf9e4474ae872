/* fhir/path_check.c - what types the parts of an expression can have: steps learn their elements before
 * anything is evaluated, and in strict mode what can never be is an error. See path_int.h. */
#include "fhir/path_value.h"

enum { TYPES_MAX = 16 };

/* The types a value can have. */
struct types {
    bool any; /* not known, or more than fit */
    bool unordered;
    uint8_t n;
    uint16_t v[TYPES_MAX]; /* def_ids */
};

struct checker {
    struct req *rq;
    struct path_prog *prog;
    const struct defs *d;
    bool strict;
};

static enum err check(struct checker *c, struct path_node *node, const struct types *self,
                      struct types *ret_t);

static enum err never(struct checker *c, const struct path_node *node, const char *what)
{
    return FAIL(c->rq, E_UNPROCESSED, "FHIRPath at %u: %s", node->at, what);
}

static struct types one_type(uint16_t type)
{
    return type == 0 ? (struct types){.any = true} : (struct types){.n = 1, .v = {type}};
}

static void add_type(struct types *t, uint16_t type)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (t->v[i] == type) {
            return;
        }
    }
    if (type == 0 || t->n == TYPES_MAX) {
        t->any = true;
        return;
    }
    t->v[t->n++] = type;
}

static void add_types(struct types *t, const struct types *more)
{
    t->any = t->any || more->any;
    t->unordered = t->unordered || more->unordered;
    for (unsigned i = 0; i < more->n; i++) {
        add_type(t, more->v[i]);
    }
}

/* ---- steps ---- */

/* An abstract type says little: what stands there is one of many. */
static bool is_open(struct checker *c, uint16_t type)
{
    return def_type_row(c->d, type)->kind == DEF_ABSTRACT;
}

static void elem_types(struct checker *c, const struct def_elem *e, struct types *t)
{
    if (e->flags & (DEF_OPEN | DEF_INNER)) {
        t->any = true;
        return;
    }
    for (unsigned i = 0; i < e->n_type; i++) {
        uint16_t type = e->n_type == 1 ? path_elem_type(c->d, e) : def_elem_type(c->d, e, i);
        if (type != 0 && is_open(c, type)) {
            t->any = true;
        }
        add_type(t, type);
    }
}

/* The JSON names of a choice: the stem and each type with a capital. */
static enum err list_choices(struct checker *c, struct path_node *node, const struct def_elem *e)
{
    struct path_choice *v = ARENA_ARRAY(c->rq->a, e->n_type, struct path_choice);
    TRY_MEM(c->rq, v);
    for (unsigned i = 0; i < e->n_type; i++) {
        struct str type = def_type_name(c->d, def_elem_type(c->d, e, i));
        struct buf b;
        buf_init(&b, c->rq->a, 256);
        buf_str(&b, node->name);
        size_t at = b.n;
        buf_str(&b, type);
        TRY_MEM(c->rq, buf_get(&b).p);
        if (b.p[at] >= 'a' && b.p[at] <= 'z') {
            b.p[at] = (char)(b.p[at] - 'a' + 'A');
        }
        v[i] = (struct path_choice){path_name_of(buf_get(&b)), def_elem_type(c->d, e, i)};
        path_marks_add(&node->choice_marks, v[i].name.mark);
    }
    node->choices = v;
    node->n_choices = e->n_type;
    node->on.way = WAY_CHOICE;
    return OK;
}

static enum err check_member(struct checker *c, struct path_node *node, const struct types *in,
                             struct types *out)
{
    bool found = in->any || in->n == 0;
    out->any = in->any;
    for (unsigned i = 0; i < in->n; i++) {
        uint16_t type = in->v[i];
        const struct def_elem *e = def_stem(c->d, type, node->name);
        if (e == NULL) {
            if (is_open(c, type) || def_type_row(c->d, type)->kind == DEF_SYSTEM) {
                found = true;
                out->any = true;
            }
            continue;
        }
        found = true;
        elem_types(c, e, out);
        if (node->on.elem == NULL) {
            node->on.elem = e;
            node->step_type = type;
            node->on.child = e->flags & DEF_CHOICE ? 0 : path_elem_type(c->d, e);
            node->on.way = path_elem_way(c->d, e, node->on.child);
            if (e->flags & DEF_CHOICE) {
                TRY(list_choices(c, node, e));
            }
        }
    }
    if (!found && c->strict) {
        return never(c, node, "no such element");
    }
    out->any = out->any || !found;
    return OK;
}

static bool can_be_boolean(struct checker *c, const struct types *t)
{
    if (t->any || t->n == 0) {
        return true;
    }
    for (unsigned i = 0; i < t->n; i++) {
        if (t->v[i] == DEF_SYS_BOOLEAN || def_type_row(c->d, t->v[i])->system == DEF_SYS_BOOLEAN
            || is_open(c, t->v[i])) {
            return true;
        }
    }
    return false;
}

static uint16_t result_type(uint8_t result)
{
    static const uint16_t types[] = {
        [RES_BOOLEAN] = DEF_SYS_BOOLEAN, [RES_STRING] = DEF_SYS_STRING,
        [RES_INTEGER] = DEF_SYS_INTEGER, [RES_DECIMAL] = DEF_SYS_DECIMAL,
        [RES_DATE] = DEF_SYS_DATE,       [RES_DATE_TIME] = DEF_SYS_DATE_TIME,
        [RES_TIME] = DEF_SYS_TIME,       [RES_QUANTITY] = DEF_SYS_QUANTITY,
        [RES_ARG] = 0,
    };
    return types[result];
}

/* What is or as keeps of the types that come in. */
static enum err cast_types(struct checker *c, const struct path_node *node,
                           const struct types *in, struct types *out)
{
    uint16_t want = node->type.fhir;
    bool possible = in->any || in->n == 0;
    *out = (struct types){.unordered = in->unordered};
    if (want == 0) {
        *out = one_type(node->type.system);
        possible = true;
    } else {
        add_type(out, want);
        out->any = node->type.system != 0 || is_open(c, want);
    }
    for (unsigned i = 0; i < in->n && want != 0; i++) {
        possible = possible || def_is_a(c->d, in->v[i], want) || def_is_a(c->d, want, in->v[i])
                   || def_type_row(c->d, in->v[i])->kind == DEF_SYSTEM;
    }
    return !possible && c->strict ? never(c, node, "a cast that can never succeed") : OK;
}

static enum err check_call(struct checker *c, struct path_node *node, const struct types *self,
                           const struct types *in, struct types *out)
{
    const struct path_func *func = node->func;
    struct types first = {.any = true};
    if ((func->flags & FUNC_ORDERED) && in->unordered
        && (c->prog->flags & PATH_CHECK_ORDERED)) {
        return never(c, node, "the order of these items is not defined");
    }
    for (unsigned i = 0; i < node->n_args && !(func->flags & FUNC_TYPE); i++) {
        struct types t;
        TRY(check(c, node->args[i], func->flags & FUNC_LAMBDA ? in : self, &t));
        if (i == 0) {
            first = t;
        }
    }
    TRY(path_regex_prepare(c->rq, node));
    if (c->strict && (func->flags & FUNC_CRITERION) && node->n_args > 0
        && !can_be_boolean(c, &first)) {
        return never(c, node, "a criterion that cannot be a boolean");
    }
    if ((func->flags & FUNC_TYPE) && func->result == RES_ANY) {
        return cast_types(c, node, in, out);
    }
    if (func->result == RES_SAME) {
        *out = *in;
    } else if (func->result == RES_ARG) {
        *out = first;
    } else if (func->result == RES_ANY) {
        bool extension = str_eq(func->name, S("extension"));
        *out = one_type(extension ? c->prog->extension_type : 0);
    } else {
        *out = one_type(result_type(func->result));
    }
    out->unordered = (func->flags & FUNC_UNORDERED)
                     || (in->unordered && (func->result == RES_SAME || func->result == RES_ARG));
    if (func->flags & FUNC_SORT) {
        out->unordered = false;
    }
    return OK;
}

/* Whether the step right at a path's head names the type of what it stands on. */
static bool names_self(struct checker *c, struct path_node *step, const struct types *self)
{
    if (step->op != OP_MEMBER || !(step->flags & NODE_IMPLICIT)) {
        return false;
    }
    step->type.fhir = def_find(c->d, step->name);
    for (unsigned i = 0; i < self->n && step->type.fhir != 0; i++) {
        if (def_is_a(c->d, self->v[i], step->type.fhir)) {
            return true;
        }
    }
    return false;
}

/* The walks of a path, one after the other. */
static enum err prepare_walks(struct checker *c, struct path_node *node)
{
    for (unsigned i = 1; i < node->n_args;) {
        struct path_node *step = node->args[i];
        bool self = i == 1 && step->type.fhir != 0; /* the type it stands on */
        if (step->op == OP_MEMBER && !self) {
            TRY(path_walk_prepare(c->rq, c->d, node->args + i, node->n_args - i));
        }
        i += MAX(step->n_walked, 1U);
    }
    path_walk_first(c->d, node);
    return OK;
}

static enum err check_chain(struct checker *c, struct path_node *node, const struct types *self,
                            struct types *out)
{
    struct types in;
    TRY(check(c, node->args[0], self, &in));
    for (unsigned i = 1; i < node->n_args; i++) {
        struct path_node *step = node->args[i];
        struct types next = {.unordered = in.unordered};
        struct types index;
        switch (step->op) {
        case OP_MEMBER:
            if (i == 1 && names_self(c, step, self)) {
                next = in;
            } else if (i == 1 && step->type.fhir != 0 && in.any) {
                next = one_type(step->type.fhir); /* known when it is evaluated */
            } else {
                TRY(check_member(c, step, &in, &next));
            }
            break;
        case OP_AT:
            TRY(check(c, step->args[0], self, &index));
            if (in.unordered && (c->prog->flags & PATH_CHECK_ORDERED)) {
                return never(c, step, "the order of these items is not defined");
            }
            next = in;
            break;
        default: TRY(check_call(c, step, self, &in, &next)); break;
        }
        in = next;
    }
    *out = in;
    return prepare_walks(c, node);
}

/* ---- operators ---- */

static enum err check_operator(struct checker *c, struct path_node *node,
                               const struct types *self, struct types *out)
{
    struct types sides[2] = {{.any = true}, {.any = true}};
    for (unsigned i = 0; i < node->n_args; i++) {
        TRY(check(c, node->args[i], self, &sides[i]));
    }
    path_text_prepare(c->d, node);
    *out = (struct types){.any = true};
    if (node->op == OP_AS) {
        return cast_types(c, node, &sides[0], out);
    }
    if (node->op == OP_UNION) {
        *out = sides[0];
        add_types(out, &sides[1]);
        out->any = out->any || sides[0].n == 0 || sides[1].n == 0;
        out->unordered = true;
    } else if (node->op == OP_IS || (node->op >= OP_EQ && node->op <= OP_IMPLIES)) {
        *out = one_type(DEF_SYS_BOOLEAN);
    } else if (node->op == OP_CONCAT) {
        *out = one_type(DEF_SYS_STRING);
    }
    path_fold(c->rq, c->prog, node);
    return OK;
}

static enum err check(struct checker *c, struct path_node *node, const struct types *self,
                      struct types *ret_t)
{
    struct types t = {.any = true};
    switch ((enum path_op)node->op) {
    case OP_EMPTY: t.any = false; break;
    case OP_LITERAL: t = one_type(node->item.kind); break;
    case OP_THIS: t = *self; break;
    case OP_INDEX_VAR: t = one_type(DEF_SYS_INTEGER); break;
    case OP_TOTAL: break;
    case OP_VARIABLE:
        if (str_eq(node->name, S("context"))) {
            t = one_type(c->prog->root_type);
        }
        break;
    case OP_CHAIN: TRY(check_chain(c, node, self, &t)); break;
    case OP_MEMBER:
    case OP_CALL:
    case OP_AT: break;
    default: TRY(check_operator(c, node, self, &t)); break;
    }
    *ret_t = t;
    return OK;
}

enum err path_check(struct req *rq, struct path_prog *prog)
{
    struct checker c = {
        .rq = rq, .prog = prog, .d = prog->d, .strict = (prog->flags & PATH_STRICT) != 0};
    struct types self = one_type(prog->root_type);
    struct types out;
    if (prog->root_type != 0 && is_open(&c, prog->root_type)) {
        self.any = true;
    }
    TRY(check(&c, prog->root, &self, &out));
    path_walk_whole(prog);
    return OK;
}
