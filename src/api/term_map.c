/* api/term_map.c - ConceptMap/$translate (R4 conceptmap-operation-translate.html) by the concept maps
 * kept here and those of the content. */
#include "api/term_int.h"

#include "base/text.h"
#include "codec/url.h"

enum { MAPS_MAX = 50, MATCHES_MAX = 500, CODINGS_MAX = 20 };

struct translation {
    struct http_req *h;
    const struct term_ask *a;
    struct term_out out;
    struct str system;  /* of the code at work; p NULL: of any */
    struct str code;
    struct str target;  /* code system wanted; empty: any */
    bool reverse;
    bool result;
    unsigned n;
};

static struct str text_of(struct translation *x, struct jv obj, struct str name)
{
    struct str s = json_str(x->h->rq.a, json_get(obj, name));
    return s.p != NULL ? s : S("");
}

static void match_write(struct translation *x, struct jv map, struct str equivalence, struct str system,
                        struct str code, struct str display)
{
    struct json_out *o = &x->out.o;
    bool none = str_eq(equivalence, S("unmatched")) || str_eq(equivalence, S("disjoint"));
    if (x->n++ >= MATCHES_MAX) {
        return;
    }
    x->result = x->result || !none;
    term_out_parts(&x->out, S("match"));
    term_out_text(&x->out, S("equivalence"), S("valueCode"), equivalence);
    if (code.n > 0) {
        json_obj(o);
        json_ks(o, S("name"), S("concept"));
        json_k(o, S("valueCoding"));
        json_obj(o);
        if (system.n > 0) {
            json_ks(o, S("system"), system);
        }
        json_ks(o, S("code"), code);
        if (display.n > 0) {
            json_ks(o, S("display"), display);
        }
        json_obj_end(o);
        json_obj_end(o);
    }
    term_out_text(&x->out, S("source"), S("valueUri"), text_of(x, map, S("url")));
    term_out_parts_end(&x->out);
}

/* The equivalence the other way round. */
static struct str turned(struct str equivalence)
{
    static const struct {
        struct str is;
        struct str turned;
    } pairs[] = {
        {SI("wider"), SI("narrower")},     {SI("narrower"), SI("wider")},
        {SI("subsumes"), SI("specializes")}, {SI("specializes"), SI("subsumes")},
    };
    for (size_t i = 0; i < LEN(pairs); i++) {
        if (str_eq(equivalence, pairs[i].is)) {
            return pairs[i].turned;
        }
    }
    return equivalence;
}

static void element_take(struct translation *x, struct jv map, struct jv group, struct jv element)
{
    struct jv list = json_get(element, S("target"));
    struct str other = text_of(x, group, x->reverse ? S("source") : S("target"));
    for (struct jv t = json_first(list); json_has(t); t = json_next(t)) {
        struct str equivalence = text_of(x, t, S("equivalence"));
        if (!x->reverse) {
            match_write(x, map, equivalence, other, text_of(x, t, S("code")),
                        text_of(x, t, S("display")));
        } else if (str_eq(text_of(x, t, S("code")), x->code)) {
            match_write(x, map, turned(equivalence), other, text_of(x, element, S("code")),
                        text_of(x, element, S("display")));
        }
    }
}

/* group.unmapped: the code itself, or one for all. */
static void unmapped_take(struct translation *x, struct jv map, struct jv group)
{
    struct jv u = json_get(group, S("unmapped"));
    struct str other = text_of(x, group, S("target"));
    struct jv mode = json_get(u, S("mode"));
    if (json_is(mode, S("provided"))) {
        match_write(x, map, S("equal"), other, x->code, S(""));
    } else if (json_is(mode, S("fixed"))) {
        match_write(x, map, S("inexact"), other, text_of(x, u, S("code")), text_of(x, u, S("display")));
    }
}

static void group_take(struct translation *x, struct jv map, struct jv group)
{
    struct str from = text_of(x, group, x->reverse ? S("target") : S("source"));
    struct str to = text_of(x, group, x->reverse ? S("source") : S("target"));
    struct str asked = str_sub(x->system, 0, str_find_char(x->system, '|'));
    unsigned before = x->n;
    bool listed = false;
    if ((x->system.p != NULL && !str_eq(asked, from)) || (x->target.n > 0 && !str_eq(x->target, to))) {
        return;
    }
    struct jv list = json_get(group, S("element"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        if (x->reverse || json_is(json_get(e, S("code")), x->code)) {
            element_take(x, map, group, e);
            listed = true;
        }
    }
    if (!x->reverse && !listed && x->n == before) {
        unmapped_take(x, map, group);
    }
}

static void map_take(struct translation *x, struct jv map)
{
    struct jv list = json_get(map, S("group"));
    for (struct jv g = json_first(list); json_has(g); g = json_next(g)) {
        group_take(x, map, g);
    }
}

/* The maps that fit: the one named, else those whose source and target are as asked for. */
static enum err maps_each(struct translation *x)
{
    struct req *rq = &x->h->rq;
    const struct str type = SI("ConceptMap");
    struct fhir_access acc = x->a->acc;
    struct fhir_page page;
    struct buf b;
    static const struct {
        struct str asked;
        struct str search;
    } names[] = {{SI("source"), SI("source-uri")}, {SI("target"), SI("target-uri")}};
    if (json_has(x->a->resource)) {
        map_take(x, x->a->resource);
        return OK;
    }
    if (x->a->url.n > 0) {
        struct jv map = fhir_library_find(rq, x->a->lib, type, x->a->url);
        TRY(fhir_library_err(x->a->lib));
        if (!json_has(map)) {
            return term_refuse(x->h, E_NOT_FOUND, "not-found", T("This concept map is not kept here."),
                               x->a->url);
        }
        map_take(x, map);
        return OK;
    }
    buf_init(&b, rq->a, 16384);
    BUF_LIT(&b, "_count=50&status:not=retired");
    for (size_t i = 0; i < LEN(names); i++) {
        struct str value = api_param_text(&x->a->ps, names[i].asked);
        if (value.n > 0) {
            buf_char(&b, '&');
            form_add(&b, names[i].search, value);
        }
    }
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "source, target");
    }
    acc.ops = OP_READ | OP_SEARCH;
    TRY(fhir_search_text(rq, T_CONCEPT_MAP, buf_get(&b), &acc, &page));
    for (size_t i = 0; i < page.n_matches && i < MAPS_MAX; i++) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        TRY_MEM(rq, doc);
        TRY(json_parse(rq, page.v[i].row.body, NULL, doc));
        map_take(x, json_root(doc));
    }
    return OK;
}

static enum err translate_one(struct translation *x, struct str system, struct str code)
{
    x->system = system;
    x->code = code;
    return code.n > 0 ? maps_each(x) : OK;
}

enum err api_fhir_translate(struct http_req *h)
{
    struct term_ask a;
    struct translation x = {.h = h, .a = &a};
    TRY(term_ask_read(h, T_CONCEPT_MAP, S("conceptMap"), &a));
    const struct api_param *concept = api_param(&a.ps, S("codeableConcept"));
    x.target = api_param_text(&a.ps, S("targetsystem"));
    x.reverse = term_ask_flag(&a, S("reverse"));
    term_out_begin(h, &x.out);
    /* the verdict is written last: matches are found as they are written */
    if (concept != NULL && json_has(concept->value)) {
        struct jv list = json_get(concept->value, S("coding"));
        unsigned n = 0;
        for (struct jv c = json_first(list); json_has(c) && n++ < CODINGS_MAX; c = json_next(c)) {
            TRY(translate_one(&x, json_str(h->rq.a, json_get(c, S("system"))),
                              json_str(h->rq.a, json_get(c, S("code")))));
        }
    } else {
        TRY(term_need(h, a.code, "code"));
        TRY(translate_one(&x, a.system, a.code));
    }
    term_out_bool(&x.out, S("result"), x.result);
    if (!x.result) {
        term_out_text(&x.out, S("message"), S("valueString"),
                      tr(h->rq.lang, T("The code has no translation here.")));
    }
    return term_out_end(h, &x.out);
}
