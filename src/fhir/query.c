/* fhir/query.c - the name of a search parameter: modifiers, chains, _has. See query.h. */
#include "fhir/query.h"

#include "base/text.h"
#include "codec/utf8.h"
#include "fhir/canonical.h"
#include "fhir/extract.h"
#include "fhir/query_int.h"
#include "fhir/words.h"

enum err query_refuse(struct req *rq, const char *text, struct str param)
{
    fhir_issue_add(rq, ISSUE_ERROR, "invalid", text,
                   arena_str(rq->a, utf8_cut(param, 100)), S(""));
    return FAIL(rq, E_BAD_INPUT, "search parameter");
}

bool query_modifier(struct str name, enum fhir_modifier *ret_m)
{
    static const struct {
        struct str name;
        enum fhir_modifier modifier;
    } modifiers[] = {
        {SI("exact"), MOD_EXACT},           {SI("contains"), MOD_CONTAINS},
        {SI("missing"), MOD_MISSING},       {SI("not"), MOD_NOT},
        {SI("identifier"), MOD_IDENTIFIER}, {SI("text"), MOD_TEXT},
        {SI("above"), MOD_ABOVE},           {SI("below"), MOD_BELOW},
        {SI("in"), MOD_IN},                 {SI("not-in"), MOD_NOT_IN},
        {SI("of-type"), MOD_OF_TYPE},
    };
    for (size_t i = 0; i < LEN(modifiers); i++) {
        if (str_eq(modifiers[i].name, name)) {
            *ret_m = modifiers[i].modifier;
            return true;
        }
    }
    return false;
}

bool query_cut(struct str *rest, char sep, struct str *ret_part)
{
    if (rest->p == NULL) {
        return false;
    }
    size_t i = 0;
    while (i < rest->n && rest->p[i] != sep) {
        i += rest->p[i] == '\\' && i + 1 < rest->n ? 2 : 1;
    }
    *ret_part = str_sub(*rest, 0, i);
    *rest = i < rest->n ? (struct str){rest->p + i + 1, rest->n - i - 1} : (struct str){NULL, 0};
    return true;
}

struct str query_unescape(struct req *rq, struct str s)
{
    if (str_find_char(s, '\\') == s.n) {
        return s;
    }
    struct buf b;
    buf_init(&b, rq->a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n) {
            i++;
        }
        buf_char(&b, s.p[i]);
    }
    return buf_get(&b);
}

enum fhir_type query_target_of(const struct fhir_param *p)
{
    return p->targets != NULL ? fhir_type_find(str_z(p->targets)) : T_NONE;
}

/* The step after a reference: the inner criterion for each type it may name. */
static enum err chain_parse(struct req *rq, struct fhir_criterion *c, const struct fhir_param *p,
                            enum fhir_type only, struct str name, struct str text,
                            struct query_budget *budget)
{
    c->op = ASK_CHAIN;
    c->sub = ARENA_ARRAY(rq->a, only != T_NONE ? 1 : T_COUNT, struct fhir_criterion);
    TRY_MEM(rq, c->sub);
    if (only == T_NONE && p->targets == NULL) {
        return query_refuse(rq, T("A chained parameter needs the type: subject:Patient.name."),
                            c->param);
    }
    for (unsigned t = 1; t < T_COUNT; t++) {
        bool known = false;
        bool meant = only != T_NONE ? t == (unsigned)only
                                    : fhir_param_names(p, (enum fhir_type)t);
        if (meant) {
            TRY(query_criterion(rq, (enum fhir_type)t, name, text, budget, &c->sub[c->n_sub],
                                &known));
            c->sub[c->n_sub].param = c->param;
            c->n_sub += known ? 1 : 0;
        }
    }
    c->canonical = canonical_asks(c);
    return c->n_sub > 0 ? OK
                        : query_refuse(rq, T("There is no such search parameter."), c->param);
}

/* _has:Type:reference:rest */
static enum err has_parse(struct req *rq, enum fhir_type type, struct str name, struct str text,
                          struct query_budget *budget, struct fhir_criterion *ret_c)
{
    struct fhir_criterion c = {.op = ASK_HAS, .type = type, .param = name, .n_sub = 1};
    struct str rest = name;
    struct str word = {NULL, 0};
    struct str source = {NULL, 0};
    struct str ref = {NULL, 0};
    bool known = false;
    bool ok = str_cut(&rest, ':', &word) && str_cut(&rest, ':', &source) &&
              str_cut(&rest, ':', &ref) && rest.n > 0;
    enum fhir_type from = fhir_type_find(source);
    const struct fhir_param *p = ok ? fhir_param_find(from, ref) : NULL;
    c.p = p != NULL ? fhir_param_real(p) : NULL;
    if (c.p == NULL || c.p->kind != SP_REF || !fhir_param_names(p, type)) {
        return query_refuse(rq, T("_has is written _has:Type:reference:parameter."), name);
    }
    c.sub = ARENA_NEW(rq->a, struct fhir_criterion);
    TRY_MEM(rq, c.sub);
    TRY(query_criterion(rq, from, rest, text, budget, c.sub, &known));
    if (!known) {
        return query_refuse(rq, T("There is no such search parameter."), name);
    }
    c.sub->param = name;
    c.canonical = canonical_asks(&c);
    *ret_c = c;
    return OK;
}

enum err query_words(struct req *rq, enum fhir_type type, struct str name, struct str text,
                     struct fhir_criterion *ret_c)
{
    struct fhir_criterion c = {.op = ASK_WORDS, .type = type, .param = name,
                               .narrative = str_eq(name, S("_text"))};
    struct str rest = text;
    struct str one;
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == ',' ? 1 : 0;
    }
    if (n > 16) {
        return query_refuse(rq, T("Too many values for one search parameter."), name);
    }
    c.v = ARENA_ARRAY(rq->a, n, struct fhir_value);
    TRY_MEM(rq, c.v);
    while (query_cut(&rest, ',', &one)) {
        c.v[c.n].raw = query_unescape(rq, one);
        c.v[c.n].folded = words_of_question(rq, c.v[c.n].raw);
        if (c.v[c.n++].folded.n == 0) {
            return query_refuse(rq, T("There is no word to search for."), name);
        }
    }
    *ret_c = c;
    return OK;
}

/* A parameter that is any of others: asked of each of them. */
static enum err union_parse(struct req *rq, const struct fhir_param *p, struct str name,
                            struct str text, struct query_budget *budget, struct fhir_criterion *c)
{
    struct str rest = str_z(p->paths);
    struct str after = str_sub(name, p->name.n, name.n);
    struct str one;
    bool none = str_starts(after, S(":not")) ||
                (str_starts(after, S(":missing")) && str_eq(text, S("true")));
    c->op = none ? ASK_AND : ASK_OR;
    c->p = p;
    c->sub = ARENA_ARRAY(rq->a, 16, struct fhir_criterion);
    TRY_MEM(rq, c->sub);
    while (str_cut(&rest, '|', &one)) {
        struct buf b;
        bool known = false;
        buf_init(&b, rq->a, one.n + after.n + 1);
        buf_str(&b, one);
        buf_str(&b, after);
        TRY(query_criterion(rq, p->type, buf_get(&b), text, budget, &c->sub[c->n_sub++], &known));
        ASSERT(known);
    }
    return OK;
}

/* The modifier after a name: one of the list, or the type of a reference. */
static enum err modifier_read(struct req *rq, struct fhir_criterion *c, struct str modifier,
                              enum fhir_type *only)
{
    if (modifier.n > 0 && !query_modifier(modifier, &c->modifier)) {
        *only = c->p->kind == SP_REF ? fhir_type_find(modifier) : T_NONE;
        if (*only == T_NONE) {
            return query_refuse(rq, T("This modifier is not supported."), c->param);
        }
    }
    return query_modifier_fits(c->modifier, c->p->kind)
               ? OK
               : query_refuse(rq, T("This modifier does not fit the search parameter."), c->param);
}

static enum err criterion_read(struct req *rq, enum fhir_type type, struct str name,
                               struct str text, struct query_budget *budget,
                               struct fhir_criterion *ret_c, bool *ret_known)
{
    struct fhir_criterion c = {.op = ASK_PARAM, .type = type, .param = name};
    struct str head = name;
    struct str chain = {NULL, 0};
    struct str modifier = name;
    struct str plain = {NULL, 0};
    *ret_known = true;
    if (str_starts(name, S("_has:"))) {
        return has_parse(rq, type, name, text, budget, ret_c);
    }
    if (str_eq(name, S("_text")) || str_eq(name, S("_content"))) {
        return query_words(rq, type, name, text, ret_c);
    }
    size_t dot = str_find_char(name, '.');
    if (dot < name.n) {
        head = str_sub(name, 0, dot);
        chain = str_sub(name, dot + 1, name.n);
    }
    modifier = head;
    (void)str_cut(&modifier, ':', &plain);
    const struct fhir_param *p = fhir_param_find(type, plain);
    *ret_known = p != NULL;
    if (p == NULL) {
        return OK;
    }
    c.p = fhir_param_real(p);
    if (c.p->kind == SP_UNION) {
        TRY(union_parse(rq, c.p, name, text, budget, &c));
        *ret_c = c;
        return OK;
    }
    enum fhir_type only = c.p->kind == SP_REF ? query_target_of(p) : T_NONE;
    TRY(modifier_read(rq, &c, modifier, &only));
    if (chain.n > 0) {
        if (c.p->kind != SP_REF || c.modifier != MOD_NONE) {
            return query_refuse(rq, T("Only references can be chained."), name);
        }
        TRY(chain_parse(rq, &c, p, only, chain, text, budget));
    } else {
        TRY(query_values(rq, &c, text, only));
    }
    *ret_c = c;
    return OK;
}

/* Depth is at most FHIR_STEPS_MAX; a reference to many types fans out, so the whole is counted. */
enum err query_criterion(struct req *rq, enum fhir_type type, struct str name, struct str text,
                         struct query_budget *budget, struct fhir_criterion *ret_c,
                         bool *ret_known)
{
    if (budget->depth == FHIR_STEPS_MAX || budget->nodes == FHIR_NODES_MAX) {
        return query_refuse(rq, T("The search has too many steps."), name);
    }
    budget->depth++;
    budget->nodes++;
    enum err e = criterion_read(rq, type, name, text, budget, ret_c, ret_known);
    budget->depth--;
    return e;
}
