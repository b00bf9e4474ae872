/* fhir/terms_filter.c - filters of value sets (R4 valueset.html#compose.include.filter): which codes of
 * a code system meet one. See terms.h.
 *
 * Properties: those of the concepts, and "concept" or "code" (the code itself), "display", "parent", "child",
 * "definition". Of "inactive", "notSelectable" and "abstract" a concept without the property has false. */
#include "fhir/path.h"
#include "fhir/terms.h"

enum { PATTERN_LIMIT = 20 * 1000, VALUES_MAX = 64, LISTED_MAX = 1000 };

struct filter {
    struct req *rq;
    const struct term_system *s;
    const struct term_filter *f;
    struct path_pattern *pattern;
    struct str list[LISTED_MAX]; /* values of in and not-in */
    unsigned n_list;
    struct str v[VALUES_MAX];    /* of the concept at work */
    unsigned n;
};

static bool is_code(struct str property)
{
    return str_eq(property, S("concept")) || str_eq(property, S("code"));
}

static bool is_flag(struct str property)
{
    return str_eq(property, S("inactive")) || str_eq(property, S("notSelectable")) ||
           str_eq(property, S("abstract"));
}

static void value_add(struct filter *x, struct str s)
{
    if (s.n > 0 && x->n < LEN(x->v)) {
        x->v[x->n++] = s;
    }
}

/* A value of a property as text: the code of a Coding, the literal of all else. */
static struct str value_of(struct filter *x, struct jv p)
{
    static const struct str names[] = {
        SI("valueCode"), SI("valueString"), SI("valueBoolean"), SI("valueInteger"),
        SI("valueDecimal"), SI("valueDateTime"),
    };
    struct jv coding = json_get(p, S("valueCoding"));
    for (size_t i = 0; i < LEN(names); i++) {
        struct jv v = json_get(p, names[i]);
        if (json_has(v)) {
            return json_kind(v) == JSON_STRING ? json_str(x->rq->a, v) : json_raw(v);
        }
    }
    return json_str(x->rq->a, json_get(coding, S("code")));
}

static void values_take(struct filter *x, uint32_t i)
{
    const struct term *t = &x->s->v_terms[i];
    struct str property = x->f->property;
    x->n = 0;
    if (is_code(property)) {
        value_add(x, t->code);
        return;
    }
    if (str_eq(property, S("display"))) {
        value_add(x, t->display);
        return;
    }
    struct jv concept = term_concept(x->rq, t);
    struct jv list = json_get(concept, S("property"));
    if (str_eq(property, S("definition"))) {
        value_add(x, json_str(x->rq->a, json_get(concept, S("definition"))));
    }
    if (str_eq(property, S("parent")) && t->up != TERM_NONE) {
        value_add(x, x->s->v_terms[t->up].code);
    }
    for (uint32_t k = 0; str_eq(property, S("child")) && k < x->s->n; k++) {
        value_add(x, x->s->v_terms[k].up == i ? x->s->v_terms[k].code : S(""));
    }
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        if (json_is(json_get(p, S("code")), property)) {
            value_add(x, value_of(x, p));
        }
    }
    if (x->n == 0 && is_flag(property)) {
        value_add(x, S("false"));
    }
}

static bool listed(const struct filter *x, struct str v)
{
    for (unsigned i = 0; i < x->n_list; i++) {
        if (str_eq(x->list[i], v)) {
            return true;
        }
    }
    return false;
}

enum op { OP_EQUAL, OP_IN, OP_NOT_IN, OP_REGEX, OP_EXISTS, OP_IS_A, OP_BELOW, OP_NOT_A, OP_ABOVE, OP_NONE };

static const struct {
    const char *name;
    enum op op;
} ops[] = {
    {"=", OP_EQUAL},      {"in", OP_IN},           {"not-in", OP_NOT_IN},
    {"regex", OP_REGEX},  {"exists", OP_EXISTS},   {"is-a", OP_IS_A},
    {"descendent-of", OP_BELOW}, {"is-not-a", OP_NOT_A}, {"generalizes", OP_ABOVE},
};

static enum op op_find(struct str name)
{
    for (size_t i = 0; i < LEN(ops); i++) {
        if (str_eq(name, str_z(ops[i].name))) {
            return ops[i].op;
        }
    }
    return OP_NONE;
}

static enum err meets(struct filter *x, enum op op, bool *ret_meets)
{
    bool any = false;
    bool in_list = false;
    for (unsigned i = 0; i < x->n; i++) {
        any = any || str_eq(x->v[i], x->f->value);
        in_list = in_list || listed(x, x->v[i]);
    }
    for (unsigned i = 0; op == OP_REGEX && i < x->n && !any; i++) {
        TRY(path_pattern_fits(x->rq, x->pattern, x->v[i], &any));
    }
    *ret_meets = op == OP_IN       ? in_list
                 : op == OP_NOT_IN ? !in_list
                 : op == OP_EXISTS ? (x->n > 0) == str_eq(x->f->value, S("true"))
                                   : any;
    return OK;
}

/* Whether the code system has such a property: it says so, or a concept has it. */
static bool is_known(struct filter *x)
{
    static const struct str own[] = {SI("display"), SI("definition"), SI("parent"), SI("child")};
    struct jv list = json_get(x->s->v, S("property"));
    for (size_t i = 0; i < LEN(own); i++) {
        if (str_eq(x->f->property, own[i])) {
            return true;
        }
    }
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        if (json_is(json_get(p, S("code")), x->f->property)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < x->s->n; i++) {
        struct arena_mark mark = arena_mark(x->rq->a);
        values_take(x, i);
        arena_back(x->rq->a, mark);
        if (x->n > 0) {
            return true;
        }
    }
    return false;
}

static enum err branch(struct filter *x, enum op op, uint8_t **ret_marks)
{
    const struct term *at = term_find(x->s, x->f->value);
    if (at == NULL) {
        /* a code that is not there has nothing above or below it */
        uint8_t *none = arena_alloc(x->rq->a, x->s->n + 1);
        TRY_MEM(x->rq, none);
        for (uint32_t i = 0; i < x->s->n; i++) {
            none[i] = op == OP_NOT_A ? 1 : 0;
        }
        *ret_marks = x->s->complete ? none : NULL;
        return OK;
    }
    uint8_t *marks = terms_branch(x->rq, x->s, at, op != OP_ABOVE);
    TRY_MEM(x->rq, marks);
    if (op == OP_BELOW) {
        marks[at - x->s->v_terms] = 0;
    }
    for (uint32_t i = 0; op == OP_NOT_A && i < x->s->n; i++) {
        marks[i] = marks[i] == 0 ? 1 : 0;
    }
    *ret_marks = marks;
    return OK;
}

enum err terms_filter(struct req *rq, const struct term_system *s, const struct term_filter *f,
                      uint8_t **ret_marks)
{
    struct filter *x = ARENA_NEW(rq->a, struct filter);
    enum op op = op_find(f->op);
    TRY_MEM(rq, x);
    x->rq = rq;
    x->s = s;
    x->f = f;
    *ret_marks = NULL;
    if (op == OP_NONE || f->property.n == 0) {
        return OK;
    }
    if (op >= OP_IS_A) {
        return is_code(f->property) ? branch(x, op, ret_marks) : OK;
    }
    if (!is_code(f->property) && !is_flag(f->property) && !is_known(x)) {
        return OK;
    }
    if (op == OP_REGEX) {
        TRY(path_pattern_new(rq, f->value, PATTERN_LIMIT, &x->pattern));
    }
    struct str rest = f->value;
    struct str one;
    while (op != OP_REGEX && x->n_list < LEN(x->list) && str_cut(&rest, ',', &one)) {
        x->list[x->n_list++] = str_trim(one);
    }
    if (rest.n > 0 && (op == OP_IN || op == OP_NOT_IN)) {
        return OK; /* too many values */
    }
    uint8_t *marks = arena_alloc(rq->a, s->n + 1);
    TRY_MEM(rq, marks);
    for (uint32_t i = 0; i < s->n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        bool in = false;
        values_take(x, i);
        enum err e = meets(x, op, &in);
        arena_back(rq->a, mark);
        TRY(e);
        marks[i] = in ? 1 : 0;
    }
    *ret_marks = marks;
    return OK;
}
