/* api/term.c - where codes come from: CodeSystem and ValueSet resources kept here, those of the content, the
 * definitions of R4, the classification of diagnoses. See term_int.h. */
#include "api/term_int.h"

#include "base/text.h"
#include "care/care.h"
#include "care/icd.h"
#include "codec/url.h"
#include "fhir/defs.h"
#include "fhir/library.h"

enum { DEPTH_MAX = 32, SETS_DEPTH_MAX = 4 };

static enum err refuse(struct terms *t, enum err code, const char *kind, const char *text,
                       struct str about)
{
    fhir_issue_add(&t->h->rq, ISSUE_ERROR, kind, text, about, S(""));
    return FAIL(&t->h->rq, code, "terminology");
}

static enum err term_add(struct terms *t, const struct term *one)
{
    if (t->n == TERMS_MAX) {
        return refuse(t, E_TOO_LARGE, "too-costly", T("The value set holds too many codes."), S(""));
    }
    if (t->n == t->size) {
        size_t size = MAX(t->size * 2, (size_t)256);
        struct term *v = ARENA_ARRAY(t->h->rq.a, size, struct term);
        TRY_MEM(&t->h->rq, v);
        for (size_t i = 0; i < t->n; i++) {
            v[i] = t->v[i];
        }
        t->v = v;
        t->size = size;
    }
    t->v[t->n++] = *one;
    return OK;
}

static struct str text_of(struct terms *t, struct jv obj, struct str name)
{
    struct str s = json_str(t->h->rq.a, json_get(obj, name));
    return s.p != NULL ? s : S("");
}

/* The conformance resource with this address: kept here, else of the content; absent: none. */
static enum err resource_find(struct terms *t, enum fhir_type type, struct str url,
                              struct jv *ret_v)
{
    struct req *rq = &t->h->rq;
    struct fhir_access acc = api_access(t->h);
    struct fhir_page page;
    struct buf b;
    struct str plain = str_sub(url, 0, str_find_char(url, '|'));
    buf_init(&b, rq->a, plain.n * 3 + 64);
    form_add(&b, S("url"), plain);
    acc.ops = OP_READ | OP_SEARCH;
    TRY(fhir_search_text(rq, type, buf_get(&b), &acc, &page));
    if (page.n_matches > 0) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        TRY_MEM(rq, doc);
        TRY(json_parse(rq, page.v[0].row.body, NULL, doc));
        *ret_v = json_root(doc);
        return OK;
    }
    *ret_v = fhir_library_find(rq, fhir_rules_library(db_rules(rq->db)), fhir_type_name(type), url);
    return OK;
}

/* ---- code systems ---- */

/* All concepts of a tree; from p NULL, else those below (and with) one code. */
static enum err concepts_add(struct terms *t, struct jv system, struct str url, struct str from,
                             bool with)
{
    struct jv at[DEPTH_MAX];
    struct str above[DEPTH_MAX] = {S("")};
    unsigned depth = 0;
    unsigned inside = from.p == NULL ? 0 : DEPTH_MAX; /* deeper than this is in the branch */
    at[0] = json_first(json_get(system, S("concept")));
    for (;;) {
        if (!json_has(at[depth])) {
            if (depth == 0) {
                return OK;
            }
            depth--;
            inside = from.p != NULL && inside == depth ? DEPTH_MAX : inside;
            at[depth] = json_next(at[depth]);
            continue;
        }
        struct term one = {.system = url, .code = text_of(t, at[depth], S("code")),
                           .display = text_of(t, at[depth], S("display")), .concept = at[depth],
                           .parent = above[depth]};
        bool is_from = from.p != NULL && str_eq(one.code, from);
        bool in = from.p == NULL || inside < DEPTH_MAX || (is_from && with);
        if (in) {
            TRY(term_add(t, &one));
        }
        struct jv below = json_first(json_get(at[depth], S("concept")));
        if (json_has(below) && depth + 1 < DEPTH_MAX) {
            inside = is_from && inside == DEPTH_MAX ? depth : inside;
            above[depth + 1] = one.code;
            at[++depth] = below;
        } else {
            at[depth] = json_next(at[depth]);
        }
    }
}

static enum err diagnoses_add(struct terms *t, struct str from, bool with)
{
    const struct icd *icd = care_of(&t->h->rq)->icd;
    for (uint32_t i = 0; i < icd_size(icd); i++) {
        const struct icd_entry *e = icd_at(icd, i);
        const struct term one = {.system = S(CS_ICD10), .code = e->code,
                                 .display = e->title.v[LANG_EN], .titles = &e->title,
                                 .parent = str_sub(e->code, 0, str_find_char(e->code, '.') < e->code.n
                                                                   ? 3 : 0)};
        bool is_from = from.p != NULL && str_eq(e->code, from);
        if (from.p == NULL || (is_from && with) || (!is_from && str_starts(e->code, from))) {
            TRY(term_add(t, &one));
        }
    }
    t->name = S("ICD-10");
    t->partly = true; /* a starter list, or what the operator brought */
    return OK;
}

static bool is_below(const struct defs *d, const struct def_concept *c, struct str from, bool with)
{
    bool own = true;
    for (unsigned n = 0; c != NULL && n < DEPTH_MAX; n++) {
        if (str_eq(def_str(d, c->code), from)) {
            return with || !own;
        }
        own = false;
        c = def_concept_row(d, c->parent);
    }
    return false;
}

static struct term term_of(const struct defs *d, const struct def_concept *c)
{
    const struct def_concept *up = def_concept_row(d, c->parent);
    return (struct term){
        .system = def_str(d, def_code_system_row(d, c->system)->url),
        .code = def_str(d, c->code),
        .display = def_str(d, c->display),
        .parent = up != NULL ? def_str(d, up->code) : S(""),
    };
}

static enum err defined_add(struct terms *t, uint16_t system, struct str from, bool with)
{
    const struct defs *d = fhir_defs();
    const struct def_system_row *row = def_code_system_row(d, system);
    for (uint32_t i = 0; i < row->n; i++) {
        const struct def_concept *c = def_concept_row(d, row->first + i);
        if (from.p == NULL || is_below(d, c, from, with)) {
            const struct term one = term_of(d, c);
            TRY(term_add(t, &one));
        }
    }
    t->name = def_str(d, row->name);
    t->version = S("4.0.1");
    t->partly = t->partly || row->complete == 0;
    return OK;
}

static enum err system_add(struct terms *t, struct str url, struct str from, bool with)
{
    struct jv resource;
    struct str plain = str_sub(url, 0, str_find_char(url, '|'));
    TRY(resource_find(t, T_CODE_SYSTEM, url, &resource));
    if (json_has(resource)) {
        t->name = text_of(t, resource, S("name"));
        t->version = text_of(t, resource, S("version"));
        return concepts_add(t, resource, plain, from, with);
    }
    if (str_eq(plain, S(CS_ICD10)) && care_of(&t->h->rq)->icd != NULL) {
        return diagnoses_add(t, from, with);
    }
    uint16_t row = def_code_system_find(fhir_defs(), plain);
    if (row != 0) {
        return defined_add(t, row, from, with);
    }
    return refuse(t, E_NOT_FOUND, "not-found", T("This code system is not kept here."), plain);
}

enum err terms_of_system(struct terms *t, struct str system)
{
    return system_add(t, system, (struct str){NULL, 0}, true);
}

/* ---- value sets ---- */

static enum err set_add(struct terms *t, struct str url, unsigned depth);

static enum err filters_add(struct terms *t, struct str system, struct jv filters)
{
    struct jv f = json_first(filters);
    struct str op = text_of(t, f, S("op"));
    bool is_a = str_eq(op, S("is-a"));
    if (json_len(filters) != 1 || (!is_a && !str_eq(op, S("descendent-of"))) ||
        !json_is(json_get(f, S("property")), S("concept"))) {
        return refuse(t, E_UNSUPPORTED, "not-supported",
                      T("A value set with such filters cannot be listed here."), op);
    }
    return system_add(t, system, text_of(t, f, S("value")), is_a);
}

static enum err listed_add(struct terms *t, struct str system, struct jv concepts)
{
    struct terms all = {.h = t->h};
    enum err e = terms_of_system(&all, system); /* for the texts, where we have them */
    if (e == E_NOT_FOUND) {
        err_clear(&t->h->rq);
        fhir_issues_clear(&t->h->rq);
    } else {
        TRY(e);
    }
    for (struct jv v = json_first(concepts); json_has(v); v = json_next(v)) {
        struct term one = {.system = system, .code = text_of(t, v, S("code")),
                           .display = text_of(t, v, S("display")), .concept = v};
        const struct term *known = terms_find(&all, system, one.code);
        if (known != NULL) {
            one.display = one.display.n > 0 ? one.display : known->display;
            one.titles = known->titles;
            one.concept = json_has(json_get(v, S("designation"))) ? v : known->concept;
        }
        TRY(term_add(t, &one));
    }
    return OK;
}

static enum err include_add(struct terms *t, struct jv inc, unsigned depth)
{
    struct str system = text_of(t, inc, S("system"));
    struct jv sets = json_get(inc, S("valueSet"));
    if (system.n > 0 && json_has(sets)) {
        return refuse(t, E_UNSUPPORTED, "not-supported",
                      T("A value set with such filters cannot be listed here."), S("valueSet"));
    }
    for (struct jv v = json_first(sets); json_has(v); v = json_next(v)) {
        TRY(set_add(t, json_str(t->h->rq.a, v), depth + 1));
    }
    if (system.n == 0) {
        return OK;
    }
    if (json_has(json_get(inc, S("concept")))) {
        return listed_add(t, system, json_get(inc, S("concept")));
    }
    if (json_has(json_get(inc, S("filter")))) {
        return filters_add(t, system, json_get(inc, S("filter")));
    }
    return terms_of_system(t, system);
}

static void take_out(struct terms *t, const struct terms *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (terms_find(out, t->v[i].system, t->v[i].code) == NULL) {
            t->v[kept++] = t->v[i];
        }
    }
    t->n = kept;
}

static enum err resource_add(struct terms *t, struct jv set, unsigned depth)
{
    struct jv compose = json_get(set, S("compose"));
    struct jv list = json_get(compose, S("include"));
    struct terms out = {.h = t->h};
    size_t before = t->n;
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        TRY(include_add(t, v, depth));
    }
    list = json_get(compose, S("exclude"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        TRY(include_add(&out, v, depth));
    }
    take_out(t, &out);
    list = json_path(set, S("expansion.contains"));
    for (struct jv v = json_first(list); !json_has(compose) && json_has(v); v = json_next(v)) {
        const struct term one = {.system = text_of(t, v, S("system")),
                                 .code = text_of(t, v, S("code")),
                                 .display = text_of(t, v, S("display")), .concept = v};
        TRY(term_add(t, &one));
    }
    if (before == 0) {
        t->name = text_of(t, set, S("name"));
        t->version = text_of(t, set, S("version"));
    }
    return OK;
}

static enum err defined_set_add(struct terms *t, uint16_t set)
{
    const struct defs *d = fhir_defs();
    const struct def_set *s = def_set_row(d, set);
    if (s->kind != DEF_SET_LISTED && s->kind != DEF_SET_PARTLY) {
        return refuse(t, E_UNSUPPORTED, "too-costly",
                      T("The codes of this value set have a grammar: they cannot be listed."), S(""));
    }
    for (unsigned i = 0; i < s->n; i++) {
        const struct term one = term_of(d, def_set_concept(d, s, i));
        TRY(term_add(t, &one));
    }
    t->name = def_str(d, s->name);
    t->version = S("4.0.1");
    t->partly = t->partly || s->kind == DEF_SET_PARTLY;
    return OK;
}

static enum err set_add(struct terms *t, struct str url, unsigned depth)
{
    const struct str all = SI("?fhir_vs");
    struct jv resource;
    if (depth > SETS_DEPTH_MAX) {
        return refuse(t, E_UNSUPPORTED, "too-costly", T("Value sets name each other too deeply."), url);
    }
    if (str_ends(url, all)) {
        return terms_of_system(t, str_sub(url, 0, url.n - all.n));
    }
    TRY(resource_find(t, T_VALUE_SET, url, &resource));
    if (json_has(resource)) {
        return resource_add(t, resource, depth);
    }
    uint16_t set = def_set_find(fhir_defs(), url);
    return set != 0 ? defined_set_add(t, set)
                    : refuse(t, E_NOT_FOUND, "not-found", T("This value set is not kept here."), url);
}

enum err terms_of_set(struct terms *t, struct str url)
{
    return set_add(t, url, 0);
}

enum err terms_of_resource(struct terms *t, struct jv set)
{
    return resource_add(t, set, 0);
}

/* ---- looking ---- */

const struct term *terms_find(const struct terms *t, struct str system, struct str code)
{
    for (size_t i = 0; i < t->n; i++) {
        if (str_eq(t->v[i].code, code) && (system.p == NULL || str_eq(t->v[i].system, system))) {
            return &t->v[i];
        }
    }
    return NULL;
}

struct str term_display(struct http_req *h, const struct term *t, struct str lang)
{
    enum lang known;
    struct jv list = json_get(t->concept, S("designation"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str in = json_str(h->rq.a, json_get(v, S("language")));
        if (in.n > 0 && str_eq(str_sub(in, 0, str_find_char(in, '-')),
                               str_sub(lang, 0, str_find_char(lang, '-')))) {
            return json_str(h->rq.a, json_get(v, S("value")));
        }
    }
    return t->titles != NULL && lang_parse(lang, &known) ? text4_get(t->titles, known) : t->display;
}
