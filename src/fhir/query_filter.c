/* fhir/query_filter.c - _filter (R4 search_filter.html): and, or, not, brackets, and
 * "path op value" with chained paths.
 *
 *   filter = term { ("and" | "or") term }      and binds no tighter than or: as written, left to right
 *   term   = "not" "(" filter ")" | "(" filter ")" | path op value
 *   path   = name { "." name } ; a name may carry ":Type" or "[" filter "]" before the next step
 */
#include "base/text.h"
#include "fhir/canonical.h"
#include "fhir/query_int.h"

struct reader {
    struct req *rq;
    struct str rest;
    unsigned depth;
    struct query_budget budget;
};

#define PARAM S("_filter")

static enum err wrong(struct reader *r)
{
    return query_refuse(r->rq, T("The filter is not written as R4 says: param op value, joined by "
                                 "and, or, not and brackets."), PARAM);
}

static void blanks(struct reader *r)
{
    while (r->rest.n > 0 && r->rest.p[0] == ' ') {
        r->rest = str_sub(r->rest, 1, r->rest.n);
    }
}

static bool take(struct reader *r, struct str what)
{
    blanks(r);
    if (!str_starts(r->rest, what)) {
        return false;
    }
    r->rest = str_sub(r->rest, what.n, r->rest.n);
    return true;
}

/* A word, with a blank or bracket after it. */
static bool take_word(struct reader *r, struct str what)
{
    blanks(r);
    char after = r->rest.n > what.n ? r->rest.p[what.n] : ' ';
    return str_starts(r->rest, what) && (after == ' ' || after == '(' || after == ')')
               ? take(r, what)
               : false;
}

static struct str word(struct reader *r, const char *ends)
{
    size_t n = 0;
    struct str stop = str_z(ends);
    blanks(r);
    while (n < r->rest.n && str_find_char(stop, r->rest.p[n]) == stop.n) {
        n++;
    }
    struct str w = str_sub(r->rest, 0, n);
    r->rest = str_sub(r->rest, n, r->rest.n);
    return w;
}

/* A value: text in quotes (with \" in it), or all up to a blank or the closing bracket. */
static enum err value_read(struct reader *r, struct str *ret_text)
{
    struct buf b;
    if (!take(r, S("\""))) {
        *ret_text = word(r, " )]");
        return ret_text->n > 0 ? OK : wrong(r);
    }
    buf_init(&b, r->rq->a, 2 * r->rest.n + 2);
    size_t i = 0;
    for (; i < r->rest.n && r->rest.p[i] != '"'; i++) {
        char c = r->rest.p[i];
        if (c == '\\' && i + 1 < r->rest.n) {
            c = r->rest.p[++i];
        }
        if (c == ',' || c == '$' || c == '\\') {
            buf_char(&b, '\\'); /* no list here */
        }
        buf_char(&b, c);
    }
    if (i == r->rest.n) {
        return wrong(r);
    }
    r->rest = str_sub(r->rest, i + 1, r->rest.n);
    *ret_text = buf_get(&b);
    return OK;
}

static const struct {
    struct str op;
    const char *modifier; /* to the parameter's name */
    const char *prefix;   /* to the value of a date, number or quantity */
    const char *string;   /* modifier of a text; NULL: no such question of a text */
    bool negates;
} ops[] = {
    {SI("eq"), "", "eq", "equals", false},  {SI("ne"), "", "eq", "equals", true},
    {SI("co"), NULL, NULL, "contains", false}, {SI("sw"), NULL, NULL, "", false},
    {SI("ew"), NULL, NULL, "ends", false},  {SI("gt"), NULL, "gt", NULL, false},
    {SI("lt"), NULL, "lt", NULL, false},    {SI("ge"), NULL, "ge", NULL, false},
    {SI("le"), NULL, "le", NULL, false},    {SI("ap"), NULL, "ap", NULL, false},
    {SI("sa"), NULL, "sa", NULL, false},    {SI("eb"), NULL, "eb", NULL, false},
    {SI("po"), NULL, "po", NULL, false},    {SI("pr"), "missing", NULL, "missing", true},
    {SI("ss"), "above", NULL, NULL, false}, {SI("sb"), "below", NULL, NULL, false},
    {SI("in"), "in", NULL, NULL, false},    {SI("ni"), "not-in", NULL, NULL, false},
    {SI("re"), "", NULL, NULL, false},
};

static bool has_prefix(enum fhir_param_kind kind)
{
    return kind == SP_DATE || kind == SP_UPDATED || kind == SP_NUMBER || kind == SP_QUANTITY;
}

static enum err not_for_this(struct reader *r)
{
    return query_refuse(r->rq, T("This operator does not fit the search parameter."), PARAM);
}

/* A leaf on parameter p of type. */
static enum err leaf(struct reader *r, enum fhir_type type, struct str name, size_t op,
                     struct str text, struct fhir_criterion *ret_c)
{
    struct buf b;
    struct buf v;
    bool known = false;
    struct fhir_criterion c = {0};
    struct str plain = str_sub(name, 0, str_find_char(name, ':'));
    const struct fhir_param *p = fhir_param_find(type, plain);
    if (p == NULL) {
        return query_refuse(r->rq, T("There is no such search parameter."), plain);
    }
    p = fhir_param_real(p);
    bool prefixed = has_prefix(p->kind) && !str_eq(ops[op].op, S("pr"));
    bool string = p->kind == SP_STRING;
    const char *modifier = string ? ops[op].string : ops[op].modifier;
    if (prefixed ? ops[op].prefix == NULL : modifier == NULL) {
        return not_for_this(r);
    }
    buf_init(&b, r->rq->a, 256);
    buf_init(&v, r->rq->a, text.n + 8);
    buf_str(&b, name);
    if (!prefixed && modifier[0] != 0 && !str_eq(str_z(modifier), S("equals")) &&
        !str_eq(str_z(modifier), S("ends"))) {
        buf_char(&b, ':');
        buf_str(&b, str_z(modifier));
    }
    if (prefixed) {
        buf_str(&v, str_eq(ops[op].op, S("po")) ? S("ap") : str_z(ops[op].prefix));
    }
    buf_str(&v, text);
    TRY(query_criterion(r->rq, type, buf_get(&b), buf_get(&v), &r->budget, &c, &known));
    if (string && c.op == ASK_PARAM && str_eq(ops[op].op, S("ew"))) {
        c.modifier = MOD_ENDS;
    } else if (string && c.op == ASK_PARAM && modifier[0] == 'e') {
        c.modifier = MOD_EQUALS;
    }
    if (str_eq(ops[op].op, S("po")) && (p->kind == SP_DATE || p->kind == SP_UPDATED)) {
        struct fhir_value *one = c.v;
        struct instant lo;
        struct instant hi;
        if (!instant_span(text, 0, &lo, &hi)) {
            return wrong(r);
        }
        one->date.lo_ms = lo.ms; /* overlap without slack */
        one->date.hi_ms = hi.ms;
    }
    *ret_c = c;
    return OK;
}

static enum err negate(struct reader *r, struct fhir_criterion *c)
{
    struct fhir_criterion *sub = ARENA_NEW(r->rq->a, struct fhir_criterion);
    TRY_MEM(r->rq, sub);
    *sub = *c;
    *c = (struct fhir_criterion){.op = ASK_NOT, .type = sub->type, .param = PARAM, .sub = sub,
                                 .n_sub = 1};
    return OK;
}

static enum err filter_read(struct reader *r, enum fhir_type type, struct fhir_criterion *ret_c);
static enum err path_read(struct reader *r, enum fhir_type type, struct fhir_criterion *ret_c);

/* The reference before a dot: what follows is asked of each type it may name. The text is read
 * again for each; where it ends is the same for all. */
static enum err step_read(struct reader *r, enum fhir_type type, struct str name,
                          struct str inner, struct fhir_criterion *ret_c)
{
    struct str rest = name;
    struct str plain = {NULL, 0};
    (void)str_cut(&rest, ':', &plain);
    const struct fhir_param *p = fhir_param_find(type, plain);
    const struct fhir_param *real = p != NULL ? fhir_param_real(p) : NULL;
    enum fhir_type only = rest.n > 0 ? fhir_type_find(rest)
                          : p != NULL ? query_target_of(p)
                                      : T_NONE;
    struct fhir_criterion c = {.op = ASK_CHAIN, .type = type, .p = real, .param = PARAM};
    struct str from = r->rest;
    struct str to = from;
    if (real == NULL || real->kind != SP_REF || (only == T_NONE && p->targets == NULL)) {
        return query_refuse(r->rq, T("A chained parameter needs the type: subject:Patient.name."),
                            plain);
    }
    c.sub = ARENA_ARRAY(r->rq->a, T_COUNT, struct fhir_criterion);
    TRY_MEM(r->rq, c.sub);
    for (unsigned t = 1; t < T_COUNT; t++) {
        bool meant = only != T_NONE ? t == (unsigned)only : fhir_param_names(p, (enum fhir_type)t);
        struct str first = str_sub(from, 0, MIN(str_find_char(from, ' '),
                                                MIN(str_find_char(from, '.'),
                                                    str_find_char(from, '['))));
        first = str_sub(first, 0, str_find_char(first, ':'));
        if (!meant || fhir_param_find((enum fhir_type)t, first) == NULL) {
            continue;
        }
        struct fhir_criterion *sub = &c.sub[c.n_sub++];
        r->rest = from;
        TRY(path_read(r, (enum fhir_type)t, sub));
        to = r->rest;
        if (inner.n > 0) {
            struct reader in = {.rq = r->rq, .rest = inner, .depth = r->depth,
                                .budget = r->budget};
            struct fhir_criterion *both = ARENA_ARRAY(r->rq->a, 2, struct fhir_criterion);
            TRY_MEM(r->rq, both);
            both[0] = *sub;
            TRY(filter_read(&in, (enum fhir_type)t, &both[1]));
            r->budget = in.budget;
            *sub = (struct fhir_criterion){.op = ASK_AND, .type = (enum fhir_type)t,
                                           .param = PARAM, .sub = both, .n_sub = 2};
        }
    }
    if (c.n_sub == 0) {
        return query_refuse(r->rq, T("There is no such search parameter."), plain);
    }
    r->rest = to;
    c.canonical = canonical_asks(&c);
    *ret_c = c;
    return OK;
}

static enum err path_read(struct reader *r, enum fhir_type type, struct fhir_criterion *ret_c)
{
    struct str name = word(r, " .[()\"");
    struct str inner = {NULL, 0};
    struct str text;
    size_t op = 0;
    if (name.n == 0 || ++r->depth > FHIR_STEPS_MAX || ++r->budget.nodes > FHIR_NODES_MAX) {
        return wrong(r);
    }
    if (take(r, S("["))) {
        size_t end = str_find_char(r->rest, ']');
        inner = str_sub(r->rest, 0, end);
        r->rest = str_sub(r->rest, MIN(end + 1, r->rest.n), r->rest.n);
    }
    if (r->rest.n > 0 && r->rest.p[0] == '.') {
        r->rest = str_sub(r->rest, 1, r->rest.n);
        enum err e = step_read(r, type, name, inner, ret_c);
        r->depth--;
        return e;
    }
    struct str what = word(r, " ()");
    while (op < LEN(ops) && !str_eq(ops[op].op, what)) {
        op++;
    }
    if (op == LEN(ops) || inner.n > 0) {
        return wrong(r);
    }
    TRY(value_read(r, &text));
    TRY(leaf(r, type, name, op, text, ret_c));
    r->depth--;
    return ops[op].negates ? negate(r, ret_c) : OK;
}

static enum err term_read(struct reader *r, enum fhir_type type, struct fhir_criterion *ret_c)
{
    bool not_ = take_word(r, S("not"));
    if (not_ || (r->rest.n > 0 && (blanks(r), r->rest.p[0] == '('))) {
        if (!take(r, S("("))) {
            return wrong(r);
        }
        TRY(filter_read(r, type, ret_c));
        if (!take(r, S(")"))) {
            return wrong(r);
        }
        return not_ ? negate(r, ret_c) : OK;
    }
    return path_read(r, type, ret_c);
}

/* Depth of brackets is at most FHIR_STEPS_MAX. */
static enum err filter_read(struct reader *r, enum fhir_type type, struct fhir_criterion *ret_c)
{
    struct fhir_criterion left = {0};
    if (++r->depth > FHIR_STEPS_MAX) {
        return wrong(r);
    }
    TRY(term_read(r, type, &left));
    for (;;) {
        bool both = take_word(r, S("and"));
        if (!both && !take_word(r, S("or"))) {
            break;
        }
        enum fhir_ask op = both ? ASK_AND : ASK_OR;
        struct fhir_criterion right = {0};
        TRY(term_read(r, type, &right));
        if (left.op == op && left.p == NULL && left.n_sub < FHIR_CRITERIA_MAX) {
            left.sub[left.n_sub++] = right; /* a run of the same word is flat */
            continue;
        }
        struct fhir_criterion *sub = ARENA_ARRAY(r->rq->a, FHIR_CRITERIA_MAX,
                                                 struct fhir_criterion);
        TRY_MEM(r->rq, sub);
        sub[0] = left;
        sub[1] = right;
        left = (struct fhir_criterion){.op = op, .type = type, .param = PARAM, .sub = sub,
                                       .n_sub = 2};
        if (++r->budget.nodes > FHIR_CRITERIA_MAX) {
            return query_refuse(r->rq, T("Too many search parameters."), PARAM);
        }
    }
    r->depth--;
    *ret_c = left;
    return OK;
}

enum err query_filter(struct req *rq, enum fhir_type type, struct str text,
                      struct fhir_criterion *ret_c)
{
    struct reader r = {.rq = rq, .rest = text};
    TRY(filter_read(&r, type, ret_c));
    blanks(&r);
    ret_c->param = PARAM;
    return r.rest.n == 0 ? OK : wrong(&r);
}
