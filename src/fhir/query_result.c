/* fhir/query_result.c - reading a whole search: criteria, and how the answer shall look (_sort,
 * _count, _include ...). See query.h. */
#include "base/text.h"
#include "codec/url.h"
#include "fhir/compartment.h"
#include "fhir/query_int.h"

struct asked {
    struct req *rq;
    struct fhir_query *q;
    const struct fhir_compartment *in;
    bool strict;
    struct buf self;
};

#define TOO_MANY T("Too many values for one search parameter.")

static enum err refuse(struct asked *a, const char *text, struct str param)
{
    return query_refuse(a->rq, text, param);
}

static enum err count_set(struct asked *a, struct str what, struct str v)
{
    uint64_t n;
    if (!str_u64(v, &n)) {
        return refuse(a, T("A count must be a whole number."), what);
    }
    a->q->count = n > FHIR_COUNT_MAX ? FHIR_COUNT_MAX : (uint32_t)n;
    a->q->count_only = a->q->count_only || n == 0;
    return OK;
}

static enum err total_set(struct asked *a, struct str what, struct str v)
{
    static const struct str names[] = {SI("none"), SI("estimate"), SI("accurate")};
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(v, names[i])) {
            a->q->total = (enum fhir_total)i;
            return OK;
        }
    }
    return refuse(a, T("_total takes none, estimate or accurate."), what);
}

static enum err summary_set(struct asked *a, struct str what, struct str v)
{
    static const struct str names[] = {SI("false"), SI("true"), SI("text"), SI("data"),
                                       SI("count")};
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(v, names[i])) {
            a->q->summary = (enum fhir_summary)i;
            a->q->count_only = a->q->count_only || a->q->summary == SUMMARY_COUNT;
            return OK;
        }
    }
    return refuse(a, T("_summary takes true, text, data, count or false."), what);
}

static enum err elements_set(struct asked *a, struct str what, struct str v)
{
    struct str rest = v;
    struct str one;
    while (str_cut(&rest, ',', &one)) {
        if (a->q->n_elements == LEN(a->q->elements)) {
            return refuse(a, TOO_MANY, what);
        }
        if (one.n > 0) {
            a->q->elements[a->q->n_elements++] = one;
        }
    }
    return OK;
}

static enum err sort_of(struct asked *a, struct fhir_query *q, struct str v)
{
    struct str rest = v;
    struct str one;
    q->n_sort = 0;
    while (str_cut(&rest, ',', &one)) {
        bool descending = one.n > 0 && one.p[0] == '-';
        struct str name = descending ? str_sub(one, 1, one.n) : one;
        const struct fhir_param *p = fhir_param_find(q->type, name);
        p = p != NULL ? fhir_param_real(p) : NULL;
        if (p == NULL || p->kind == SP_COMPOSITE || p->kind == SP_SPECIAL ||
            q->n_sort == FHIR_SORTS_MAX) {
            return refuse(a, T("The answer cannot be sorted by this."), name);
        }
        q->sort[q->n_sort++] = (struct fhir_sort){p, descending};
    }
    return OK;
}

static enum err sort_set(struct asked *a, struct str what, struct str v)
{
    (void)what;
    for (size_t i = 0; i < a->q->n_each; i++) {
        TRY(sort_of(a, &a->q->each[i], v));
    }
    a->q->n_sort = a->q->n_each > 0 ? a->q->each[0].n_sort : 0;
    for (size_t i = 0; i < a->q->n_sort; i++) {
        a->q->sort[i] = a->q->each[0].sort[i]; /* of the others the directions are the same */
    }
    return a->q->each == NULL ? sort_of(a, a->q, v) : OK;
}

/* "*", "Type:*", "Type:param" or "Type:param:Target" */
static enum err include_parse(struct asked *a, struct str what, struct str v, bool reverse)
{
    struct fhir_include *list = reverse ? a->q->revinclude : a->q->include;
    size_t *n = reverse ? &a->q->n_revinclude : &a->q->n_include;
    struct fhir_include inc = {.iterate = str_find_char(what, ':') < what.n};
    struct str rest = v;
    struct str type = {NULL, 0};
    struct str name = {NULL, 0};
    if (*n == FHIR_INCLUDES_MAX) {
        return refuse(a, TOO_MANY, what);
    }
    (void)(str_cut(&rest, ':', &type) && str_cut(&rest, ':', &name));
    inc.source = fhir_type_find(type);
    inc.target = rest.n > 0 ? fhir_type_find(rest) : T_NONE;
    bool all = str_eq(type, S("*")) && name.n == 0;
    bool bad = (rest.n > 0 && inc.target == T_NONE) || (!all && inc.source == T_NONE);
    if (!all && !str_eq(name, S("*"))) {
        const struct fhir_param *p = fhir_param_find(inc.source, name);
        if (p != NULL && p->kind == SP_ALIAS && inc.target == T_NONE) {
            inc.target = query_target_of(p);
        }
        inc.p = p != NULL ? fhir_param_real(p) : NULL;
        bad = bad || inc.p == NULL || inc.p->kind != SP_REF;
    }
    /* Without :iterate it starts from the matches, so an include is of their type. */
    bad = bad || (!reverse && !inc.iterate && !all && a->q->type != T_NONE &&
                  inc.source != a->q->type);
    if (bad) {
        return refuse(a, T("An include is written Type:parameter."), what);
    }
    list[(*n)++] = inc;
    return OK;
}

static enum err include_set(struct asked *a, struct str what, struct str v)
{
    return include_parse(a, what, v, false);
}

static enum err revinclude_set(struct asked *a, struct str what, struct str v)
{
    return include_parse(a, what, v, true);
}

static enum err cursor_set(struct asked *a, struct str what, struct str v)
{
    (void)what;
    a->q->cursor = v;
    return OK;
}

static enum err contained_set(struct asked *a, struct str what, struct str v)
{
    return str_eq(v, S("false"))
               ? OK
               : refuse(a, T("Contained resources are not searched: _contained takes false."),
                        what);
}

static enum err nothing(struct asked *a, struct str what, struct str v)
{
    (void)a;
    (void)what;
    (void)v;
    return OK;
}

static const struct {
    struct str name;
    enum err (*set)(struct asked *a, struct str what, struct str v);
    bool in_self;  /* stands in the self link */
    bool iterates; /* takes :iterate */
} controls[] = {
    {SI("_count"), count_set, true, false},
    {SI("_sort"), sort_set, true, false},
    {SI("_total"), total_set, true, false},
    {SI("_summary"), summary_set, true, false},
    {SI("_elements"), elements_set, true, false},
    {SI("_include"), include_set, true, true},
    {SI("_revinclude"), revinclude_set, true, true},
    {SI("_contained"), contained_set, true, false},
    {SI("_type"), nothing, true, false},
    {SI("_cursor"), cursor_set, false, false},
    {SI("_format"), nothing, false, false},
    {SI("_pretty"), nothing, false, false},
};

static size_t leaves(const struct fhir_criterion *c)
{
    size_t n = 1;
    for (size_t i = 0; i < c->n_sub; i++) {
        n += leaves(&c->sub[i]); /* as deep as FHIR_STEPS_MAX */
    }
    return n;
}

/* Reads one criterion for one type. */
static enum err criterion_of(struct asked *a, struct fhir_query *q, const struct form_pair *pair,
                             bool *ret_known)
{
    struct fhir_criterion c = {0};
    struct query_budget budget = {0};
    size_t n = 0;
    *ret_known = true;
    if (str_eq(pair->name, S("_filter"))) {
        TRY(query_filter(a->rq, q->type, pair->value, &c));
    } else if (str_eq(pair->name, S("_list"))) {
        TRY(query_criterion(a->rq, q->type, S("_has:List:item:_id"), pair->value,
                            &budget, &c, ret_known));
        c.param = pair->name;
    } else {
        TRY(query_criterion(a->rq, q->type, pair->name, pair->value, &budget, &c,
                            ret_known));
    }
    if (!*ret_known) {
        return OK;
    }
    for (size_t i = 0; i < q->n; i++) {
        n += leaves(&q->c[i]);
    }
    if (q->n == FHIR_CRITERIA_MAX || n + leaves(&c) > FHIR_NODES_MAX) {
        return refuse(a, T("Too many search parameters."), pair->name);
    }
    q->c[q->n++] = c;
    return OK;
}

static enum err criterion_add(struct asked *a, const struct form_pair *pair)
{
    bool known = true;
    struct fhir_query *q = a->q;
    if (q->each == NULL) {
        TRY(criterion_of(a, q, pair, &known));
    }
    for (size_t i = 0; known && i < q->n_each; i++) {
        TRY(criterion_of(a, &q->each[i], pair, &known));
    }
    if (!known && a->strict) {
        return refuse(a, T("There is no such search parameter."), pair->name);
    }
    if (!known) {
        /* What some types had read already is taken back. */
        for (size_t i = 0; i < q->n_each; i++) {
            while (q->each[i].n > 0 && str_eq(q->each[i].c[q->each[i].n - 1].param, pair->name)) {
                q->each[i].n--;
            }
        }
        fhir_issue_add(a->rq, ISSUE_WARNING, "not-supported",
                       T("There is no such search parameter; it was passed over."),
                       str_sub(pair->name, 0, 100), S(""));
        return OK;
    }
    form_add(&a->self, pair->name, pair->value);
    return OK;
}

static enum err pair_read(struct asked *a, const struct form_pair *pair)
{
    size_t colon = str_find_char(pair->name, ':');
    struct str plain = str_sub(pair->name, 0, colon);
    struct str modifier = str_sub(pair->name, MIN(colon + 1, pair->name.n), pair->name.n);
    for (size_t i = 0; i < LEN(controls); i++) {
        if (!str_eq(controls[i].name, plain)) {
            continue;
        }
        bool fits = plain.n == pair->name.n ||
                    (controls[i].iterates &&
                     (str_eq(modifier, S("iterate")) || str_eq(modifier, S("recurse"))));
        if (!fits) {
            return refuse(a, T("This modifier is not supported."), pair->name);
        }
        TRY(controls[i].set(a, pair->name, pair->value));
        if (controls[i].in_self) {
            form_add(&a->self, pair->name, pair->value);
        }
        return OK;
    }
    return criterion_add(a, pair);
}

static enum err criteria_make(struct asked *a, struct fhir_query *q, size_t n)
{
    q->c = ARENA_ARRAY(a->rq->a, MIN(n, (size_t)FHIR_CRITERIA_MAX) + 2, struct fhir_criterion);
    TRY_MEM(a->rq, q->c);
    return a->in != NULL && q->type != T_NONE ? compartment_criterion(a->rq, a->in, q) : OK;
}

/* The types of a search over several: those of _type, else all that are kept (and, in a
 * compartment, may stand in it). */
static enum err types_set(struct asked *a, const struct url_pairs *form)
{
    struct fhir_query *q = a->q;
    struct str rest = form_find(form, S("_type"));
    struct str one;
    q->each = ARENA_ARRAY(a->rq->a, T_COUNT, struct fhir_query);
    TRY_MEM(a->rq, q->each);
    for (unsigned t = 1; rest.n == 0 && t < T_COUNT; t++) {
        if (fhir_type_hangs((enum fhir_type)t) != NOT_KEPT &&
            (a->in == NULL || compartment_has(a->in->type, (enum fhir_type)t))) {
            q->each[q->n_each++].type = (enum fhir_type)t;
        }
    }
    while (rest.n > 0 && str_cut(&rest, ',', &one)) {
        enum fhir_type type = fhir_type_find(one);
        bool twice = false;
        for (size_t i = 0; i < q->n_each; i++) {
            twice = twice || q->each[i].type == type;
        }
        if (type == T_NONE || fhir_type_hangs(type) == NOT_KEPT ||
            (a->in != NULL && !compartment_has(a->in->type, type))) {
            return refuse(a, T("There is no such type to search."), S("_type"));
        }
        if (!twice) {
            q->each[q->n_each++].type = type;
        }
    }
    for (size_t i = 0; i < q->n_each; i++) {
        TRY(criteria_make(a, &q->each[i], form->n));
    }
    return OK;
}

static enum err path_set(struct asked *a)
{
    struct buf b;
    buf_init(&b, a->rq->a, 256);
    if (a->in != NULL) {
        buf_str(&b, fhir_type_name(a->in->type));
        buf_char(&b, '/');
        buf_str(&b, a->in->id);
        buf_char(&b, '/');
    }
    buf_str(&b, a->q->type != T_NONE ? fhir_type_name(a->q->type)
                : a->in != NULL      ? S("*")
                                     : S(""));
    a->q->path = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(a->rq, E_TOO_LARGE, "memory cap");
}

enum err fhir_query_parse_in(struct req *rq, const struct fhir_compartment *in,
                             enum fhir_type type, const struct url_pairs *form, bool strict,
                             struct fhir_query *ret_query)
{
    struct fhir_query *q = ret_query;
    struct asked a = {.rq = rq, .q = q, .in = in, .strict = strict};
    *q = (struct fhir_query){.type = type, .count = FHIR_COUNT_DEFAULT};
    buf_init(&a.self, rq->a, FHIR_QUERY_BYTES * 3);
    TRY(path_set(&a));
    TRY(type == T_NONE ? types_set(&a, form) : criteria_make(&a, q, form->n));
    size_t bytes = 0;
    for (size_t i = 0; i < form->n; i++) {
        bytes += form->v[i].name.n + form->v[i].value.n + 2;
    }
    if (bytes > FHIR_QUERY_BYTES * 4) {
        return FAIL(rq, E_TOO_LARGE, "search too long");
    }
    for (size_t i = 0; i < form->n; i++) {
        if (form->v[i].value.n > 0) { /* an empty value asks nothing (search.html 3.1.1.2) */
            TRY(pair_read(&a, &form->v[i]));
        }
    }
    if (!buf_ok(&a.self)) {
        return FAIL(rq, E_TOO_LARGE, "search too long");
    }
    q->self = buf_get(&a.self);
    return OK;
}

enum err fhir_query_parse(struct req *rq, enum fhir_type type, const struct url_pairs *form,
                          bool strict, struct fhir_query *ret_query)
{
    return fhir_query_parse_in(rq, NULL, type, form, strict, ret_query);
}
