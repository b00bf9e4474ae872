/* fhir/query_result.c - reading a whole search: criteria, and how the answer shall look (_sort,
 * _count, _include ...). See query.h. */
#include "base/text.h"
#include "codec/url.h"
#include "fhir/query_int.h"

struct asked {
    struct req *rq;
    struct fhir_query *q;
    bool strict;
    struct buf self;
};

static enum err refuse(struct asked *a, const char *text, struct str param)
{
    fhir_issue_add(a->rq, ISSUE_ERROR, "invalid", text, str_sub(param, 0, 100), S(""));
    return FAIL(a->rq, E_BAD_INPUT, "search parameter");
}

static enum err count_set(struct asked *a, struct str v)
{
    uint64_t n;
    if (!str_u64(v, &n)) {
        return refuse(a, T("A count must be a whole number."), S("_count"));
    }
    a->q->count = n > FHIR_COUNT_MAX ? FHIR_COUNT_MAX : (uint32_t)n;
    a->q->count_only = a->q->count_only || n == 0;
    return OK;
}

static enum err total_set(struct asked *a, struct str v)
{
    if (str_eq(v, S("accurate"))) {
        a->q->total = TOTAL_ACCURATE;
        return OK;
    }
    return str_eq(v, S("none")) || str_eq(v, S("estimate"))
               ? OK
               : refuse(a, T("_total takes none, estimate or accurate."), S("_total"));
}

static enum err summary_set(struct asked *a, struct str v)
{
    if (str_eq(v, S("count"))) {
        a->q->count_only = true;
        return OK;
    }
    return str_eq(v, S("false")) ? OK
                                 : refuse(a, T("_summary takes count or false."), S("_summary"));
}

static enum err elements_set(struct asked *a, struct str v)
{
    struct str rest = v;
    struct str one;
    while (str_cut(&rest, ',', &one)) {
        if (a->q->n_elements == LEN(a->q->elements)) {
            return refuse(a, T("Too many values for one search parameter."), S("_elements"));
        }
        if (one.n > 0) {
            a->q->elements[a->q->n_elements++] = one;
        }
    }
    return OK;
}

static enum err sort_set(struct asked *a, struct str v)
{
    struct str rest = v;
    struct str one;
    while (str_cut(&rest, ',', &one)) {
        bool descending = one.n > 0 && one.p[0] == '-';
        struct str name = descending ? str_sub(one, 1, one.n) : one;
        const struct fhir_param *p = fhir_param_find(a->q->type, name);
        bool can = p != NULL && (p->kind == SP_DATE || p->kind == SP_STRING ||
                                 p->kind == SP_UPDATED || p->kind == SP_ID);
        if (!can || a->q->n_sort == FHIR_SORTS_MAX) {
            return refuse(a, T("The answer cannot be sorted by this."), name);
        }
        a->q->sort[a->q->n_sort++] = (struct fhir_sort){p, descending};
    }
    return OK;
}

/* Type:param or Type:param:Target */
static enum err include_parse(struct asked *a, struct str v, bool reverse)
{
    struct fhir_include *list = reverse ? a->q->revinclude : a->q->include;
    size_t *n = reverse ? &a->q->n_revinclude : &a->q->n_include;
    struct str what = reverse ? S("_revinclude") : S("_include");
    struct str rest = v;
    struct str type = {NULL, 0};
    struct str name = {NULL, 0};
    (void)(str_cut(&rest, ':', &type) && str_cut(&rest, ':', &name));
    const struct fhir_param *p = fhir_param_find(fhir_type_find(type), name);
    enum fhir_type target = T_NONE;
    if (p != NULL && p->kind == SP_ALIAS) {
        target = p->targets != NULL ? fhir_type_find(str_z(p->targets)) : T_NONE;
        p = fhir_param_real(p);
    }
    if (rest.n > 0) {
        target = fhir_type_find(rest);
    }
    bool bad = p == NULL || p->kind != SP_REF || (rest.n > 0 && target == T_NONE) ||
               (!reverse && p->type != a->q->type);
    if (bad || *n == FHIR_INCLUDES_MAX) {
        return refuse(a, T("An include is written Type:parameter."), what);
    }
    list[(*n)++] = (struct fhir_include){p, target};
    return OK;
}

static enum err include_set(struct asked *a, struct str v)
{
    return include_parse(a, v, false);
}

static enum err revinclude_set(struct asked *a, struct str v)
{
    return include_parse(a, v, true);
}

static enum err cursor_set(struct asked *a, struct str v)
{
    a->q->cursor = v;
    return OK;
}

static enum err nothing(struct asked *a, struct str v)
{
    (void)a;
    (void)v;
    return OK;
}

static const struct {
    struct str name;
    enum err (*set)(struct asked *a, struct str v);
    bool in_self; /* stands in the self link */
} controls[] = {
    {SI("_count"), count_set, true},       {SI("_sort"), sort_set, true},
    {SI("_total"), total_set, true},       {SI("_summary"), summary_set, true},
    {SI("_elements"), elements_set, true}, {SI("_include"), include_set, true},
    {SI("_revinclude"), revinclude_set, true}, {SI("_cursor"), cursor_set, false},
    {SI("_format"), nothing, false},       {SI("_pretty"), nothing, false},
};

static enum err criterion_add(struct asked *a, const struct form_pair *pair)
{
    bool known = false;
    struct fhir_query *q = a->q;
    struct fhir_criterion c = {0};
    TRY(fhir_criterion_parse(a->rq, q->type, pair->name, pair->value, &c, &known));
    if (!known && a->strict) {
        return refuse(a, T("There is no such search parameter."), pair->name);
    }
    if (!known) {
        fhir_issue_add(a->rq, ISSUE_WARNING, "not-supported",
                       T("There is no such search parameter; it was passed over."),
                       str_sub(pair->name, 0, 100), S(""));
        return OK;
    }
    if (q->n == FHIR_CRITERIA_MAX) {
        return refuse(a, T("Too many search parameters."), pair->name);
    }
    q->c[q->n++] = c;
    form_add(&a->self, pair->name, pair->value);
    return OK;
}

static enum err pair_read(struct asked *a, const struct form_pair *pair)
{
    struct str plain = str_sub(pair->name, 0, str_find_char(pair->name, ':'));
    for (size_t i = 0; i < LEN(controls); i++) {
        if (!str_eq(controls[i].name, plain)) {
            continue;
        }
        if (plain.n < pair->name.n) {
            return refuse(a, T("This modifier is not supported."), pair->name);
        }
        TRY(controls[i].set(a, pair->value));
        if (controls[i].in_self) {
            form_add(&a->self, pair->name, pair->value);
        }
        return OK;
    }
    return criterion_add(a, pair);
}

enum err fhir_query_parse(struct req *rq, enum fhir_type type, const struct url_pairs *form,
                          bool strict, struct fhir_query *ret_query)
{
    struct fhir_query *q = ret_query;
    *q = (struct fhir_query){.type = type, .count = FHIR_COUNT_DEFAULT};
    struct asked a = {.rq = rq, .q = q, .strict = strict};
    q->c = ARENA_ARRAY(rq->a, MIN(form->n + 1, (size_t)FHIR_CRITERIA_MAX), struct fhir_criterion);
    TRY_MEM(rq, q->c);
    buf_init(&a.self, rq->a, 64 * 1024);
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
