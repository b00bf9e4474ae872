/* api/term_ops.c - $validate-code, $lookup, $subsumes (R4 terminology-service.html) over what is kept
 * here. */
#include "api/term_int.h"

#include "base/text.h"
#include "codec/utf8.h"

static struct str member(struct http_req *h, struct jv obj, struct str name)
{
    return json_str(h->rq.a, json_get(obj, name));
}

static struct str without_version(struct str url)
{
    struct str plain = str_sub(url, 0, str_find_char(url, '|'));
    return url.p != NULL ? plain : url;
}

/* ---- $validate-code ---- */

/* What is said of one code. */
struct verdict {
    enum def_in in;
    const struct term *term; /* NULL: not known */
    const char *why;         /* msgid; NULL: nothing is wrong */
    struct str about;
};

static enum err verdict_write(struct http_req *h, const struct term_ask *a, const struct verdict *v)
{
    struct term_out out;
    struct str display = v->term != NULL ? term_display(&h->rq, v->term, a->lang) : S("");
    term_out_begin(h, &out);
    term_out_bool(&out, S("result"), v->in == DEF_IN && v->why == NULL);
    if (v->why != NULL) {
        struct buf b;
        buf_init(&b, h->rq.a, 4096);
        buf_str(&b, tr(h->rq.lang, v->why));
        if (v->about.n > 0) {
            BUF_LIT(&b, " (");
            buf_str(&b, utf8_cut(v->about, 400));
            buf_char(&b, ')');
        }
        term_out_text(&out, S("message"), S("valueString"), buf_get(&b));
    }
    term_out_text(&out, S("display"), S("valueString"), display);
    return term_out_end(h, &out);
}

/* The display that was given, and whether the code may stand in data. */
static void verdict_narrow(struct http_req *h, const struct term_ask *a, struct str display,
                           struct verdict *v)
{
    bool no_abstract = str_eq(api_param_text(&a->ps, S("abstract")), S("false"));
    if (v->in == DEF_OUT) {
        v->why = T("The code is not in this set.");
    } else if (v->in == DEF_UNSURE) {
        v->why = T("Whether the code is valid cannot be told here: its code system is not carried.");
    } else if (v->term != NULL && no_abstract && term_is_abstract(&h->rq, v->term)) {
        v->why = T("The code is only for grouping others.");
    } else if (v->term != NULL && display.n > 0 && !term_is_called(&h->rq, v->term, display)) {
        v->why = T("The display is not that of the code.");
    }
}

static enum err set_judge(struct http_req *h, const struct term_ask *a, const struct term_set *set,
                          struct str system, struct str code, struct str display, struct verdict *v)
{
    *v = (struct verdict){.in = DEF_OUT};
    if (code.n > 0) {
        TRY(term_set_has(&h->rq, set, without_version(system), code, &v->in, &v->term));
    }
    verdict_narrow(h, a, display, v);
    return OK;
}

/* The first coding of a concept that is valid, else what is wrong with the first. */
static enum err concept_judge(struct http_req *h, const struct term_ask *a, const struct term_set *set,
                              struct jv concept, struct verdict *ret_v)
{
    struct jv list = json_get(concept, S("coding"));
    bool first = true;
    *ret_v = (struct verdict){.in = DEF_OUT, .why = T("The code is not in this set.")};
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        struct verdict v;
        struct str system = member(h, c, S("system"));
        TRY(set_judge(h, a, set, system.p != NULL ? system : S(""), member(h, c, S("code")),
                      member(h, c, S("display")), &v));
        if (first || (v.in == DEF_IN && (ret_v->in != DEF_IN || v.why == NULL))) {
            *ret_v = v;
        }
        first = false;
        if (v.in == DEF_IN && v.why == NULL) {
            return OK;
        }
    }
    return OK;
}

enum err api_fhir_set_validate(struct http_req *h)
{
    struct term_ask a;
    const struct term_set *set = NULL;
    struct verdict v;
    TRY(term_ask_read(h, T_VALUE_SET, S("valueSet"), &a));
    const struct api_param *concept = api_param(&a.ps, S("codeableConcept"));
    if (concept == NULL || !json_has(concept->value)) {
        TRY(term_need(h, a.code, "code"));
        concept = NULL;
    }
    TRY(term_ask_set(h, &a, &set));
    if (concept != NULL) {
        TRY(concept_judge(h, &a, set, concept->value, &v));
    } else {
        TRY(set_judge(h, &a, set, a.system, a.code, a.display, &v));
    }
    return verdict_write(h, &a, &v);
}

static void system_judge(struct http_req *h, const struct term_ask *a, const struct term_system *s,
                         struct str system, struct str code, struct str display, struct verdict *v)
{
    *v = (struct verdict){.in = DEF_OUT};
    if (system.p != NULL && !str_eq(without_version(system), s->url)) {
        v->why = T("The code is of another code system.");
        return;
    }
    v->term = code.n > 0 ? term_find(s, code) : NULL;
    v->in = v->term != NULL ? DEF_IN : s->complete ? DEF_OUT : DEF_UNSURE;
    verdict_narrow(h, a, display, v);
}

enum err api_fhir_system_validate(struct http_req *h)
{
    struct term_ask a;
    const struct term_system *s;
    struct verdict v = {.in = DEF_OUT};
    TRY(term_ask_read(h, T_CODE_SYSTEM, S("codeSystem"), &a));
    const struct api_param *concept = api_param(&a.ps, S("codeableConcept"));
    struct jv first = concept != NULL ? json_first(json_get(concept->value, S("coding")))
                                      : (struct jv){NULL, 0};
    if (!json_has(first)) {
        TRY(term_need(h, a.code, "code"));
    } else if (a.url.n == 0) {
        a.url = member(h, first, S("system"));
    }
    a.url = a.url.n > 0 ? a.url : a.system;
    TRY(json_has(a.resource) ? OK : term_need(h, a.url, "url"));
    TRY(term_ask_system(h, &a, a.url, &s));
    if (!json_has(first)) {
        system_judge(h, &a, s, a.system, a.code, a.display, &v);
        return verdict_write(h, &a, &v);
    }
    for (; json_has(first) && (v.in != DEF_IN || v.why != NULL); first = json_next(first)) {
        struct str system = member(h, first, S("system"));
        system_judge(h, &a, s, system.p != NULL ? system : S(""), member(h, first, S("code")),
                     member(h, first, S("display")), &v);
    }
    return verdict_write(h, &a, &v);
}

/* ---- $lookup ---- */

/* Whether a property is asked for: all are when none is named. */
static bool is_asked(const struct term_ask *a, struct str name)
{
    bool any = false;
    for (size_t i = 0; i < a->ps.n; i++) {
        bool is_property = str_eq(a->ps.v[i].name, S("property"));
        if (is_property && (str_eq(a->ps.v[i].text, name) || str_eq(a->ps.v[i].text, S("*")))) {
            return true;
        }
        any = any || is_property;
    }
    return !any;
}

/* A language of designations: "designation", or "lang.ru". */
static bool is_asked_language(struct http_req *h, const struct term_ask *a, struct str lang)
{
    struct buf b;
    buf_init(&b, h->rq.a, 128);
    BUF_LIT(&b, "lang.");
    buf_str(&b, lang);
    return is_asked(a, S("designation")) || is_asked(a, buf_get(&b));
}

static void designation_write(struct http_req *h, struct term_out *out, const struct term_ask *a,
                              struct str lang, struct jv use, struct str value)
{
    if (value.n == 0 || !is_asked_language(h, a, lang.p != NULL ? lang : S(""))) {
        return;
    }
    term_out_parts(out, S("designation"));
    term_out_text(out, S("language"), S("valueCode"), lang);
    if (json_has(use)) {
        json_obj(&out->o);
        json_ks(&out->o, S("name"), S("use"));
        json_kv(&out->o, S("valueCoding"), use);
        json_obj_end(&out->o);
    }
    term_out_text(out, S("value"), S("valueString"), value);
    term_out_parts_end(out);
}

static void code_property_write(struct term_out *out, const struct term_ask *a, struct str name,
                                struct str code)
{
    if (code.n > 0 && is_asked(a, name)) {
        term_out_parts(out, S("property"));
        term_out_text(out, S("code"), S("valueCode"), name);
        term_out_text(out, S("value"), S("valueCode"), code);
        term_out_parts_end(out);
    }
}

/* A property as the code system has it: {"code":...,"valueX":...}. */
static void property_write(struct http_req *h, struct term_out *out, const struct term_ask *a,
                           struct jv p)
{
    struct str code = member(h, p, S("code"));
    if (code.n == 0 || !is_asked(a, code)) {
        return;
    }
    term_out_parts(out, S("property"));
    term_out_text(out, S("code"), S("valueCode"), code);
    for (struct jv v = json_first(p); json_has(v); v = json_next(v)) {
        struct str key = json_key(&h->rq, v);
        if (str_starts(key, S("value"))) {
            json_obj(&out->o);
            json_ks(&out->o, S("name"), S("value"));
            json_kv(&out->o, key, v);
            json_obj_end(&out->o);
        }
    }
    term_out_parts_end(out);
}

static void properties_write(struct http_req *h, struct term_out *out, const struct term_ask *a,
                             const struct term_system *s, const struct term *t, struct jv concept)
{
    struct jv list = json_get(concept, S("property"));
    bool has_flag = false;
    if (t->up != TERM_NONE) {
        code_property_write(out, a, S("parent"), s->v_terms[t->up].code);
    }
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->v_terms[i].up == (uint32_t)(t - s->v_terms)) {
            code_property_write(out, a, S("child"), s->v_terms[i].code);
        }
    }
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        has_flag = has_flag || json_is(json_get(p, S("code")), S("inactive"));
        property_write(h, out, a, p);
    }
    if (!has_flag && is_asked(a, S("inactive"))) {
        term_out_parts(out, S("property"));
        term_out_text(out, S("code"), S("valueCode"), S("inactive"));
        term_out_bool(out, S("value"), term_is_inactive(&h->rq, t));
        term_out_parts_end(out);
    }
}

static void found_write(struct http_req *h, struct term_out *out, const struct term_system *s,
                        const struct term *t, const struct term_ask *a)
{
    struct jv concept = term_concept(&h->rq, t);
    struct jv list = json_get(concept, S("designation"));
    struct str display = term_display(&h->rq, t, a->lang);
    term_out_text(out, S("name"), S("valueString"), s->name.n > 0 ? s->name : s->url);
    term_out_text(out, S("version"), S("valueString"), s->version);
    term_out_text(out, S("display"), S("valueString"), display.n > 0 ? display : t->code);
    if (is_asked(a, S("definition"))) {
        term_out_text(out, S("definition"), S("valueString"), member(h, concept, S("definition")));
    }
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        designation_write(h, out, a, member(h, v, S("language")), json_get(v, S("use")),
                          member(h, v, S("value")));
    }
    for (unsigned i = 0; t->titles != NULL && i < LANG_COUNT; i++) {
        designation_write(h, out, a, lang_code((enum lang)i), (struct jv){NULL, 0}, t->titles[i]);
    }
    properties_write(h, out, a, s, t, concept);
}

static enum err code_find(struct http_req *h, const struct term_system *s, struct str code,
                          const struct term **ret_term)
{
    *ret_term = term_find(s, code);
    if (*ret_term == NULL) {
        return term_refuse(h, E_NOT_FOUND, "not-found", T("The code is not in this code system."), code);
    }
    return OK;
}

enum err api_fhir_lookup(struct http_req *h)
{
    struct term_ask a;
    const struct term_system *s;
    const struct term *t;
    struct term_out out;
    TRY(term_ask_read(h, T_CODE_SYSTEM, S(""), &a));
    TRY(term_need(h, a.system, "system"));
    TRY(term_need(h, a.code, "code"));
    TRY(term_ask_system(h, &a, a.system, &s));
    TRY(code_find(h, s, a.code, &t));
    term_out_begin(h, &out);
    found_write(h, &out, s, t, &a);
    return term_out_end(h, &out);
}

/* ---- $subsumes ---- */

/* codeA or codingA; a coding must be of the same system as the other. */
static enum err side_take(struct http_req *h, struct term_ask *a, struct str code_name,
                          struct str coding_name, struct str *ret_code)
{
    const struct api_param *p = api_param(&a->ps, coding_name);
    *ret_code = api_param_text(&a->ps, code_name);
    if (p != NULL && json_has(p->value)) {
        struct str system = member(h, p->value, S("system"));
        if (a->system.n > 0 && system.n > 0 && !str_eq(without_version(a->system), system)) {
            return FAIL(&h->rq, E_BAD_INPUT, "codings of two code systems");
        }
        a->system = a->system.n > 0 ? a->system : system;
        *ret_code = member(h, p->value, S("code"));
    }
    return OK;
}

enum err api_fhir_subsumes(struct http_req *h)
{
    struct term_ask a;
    const struct term_system *s;
    const struct term *one;
    const struct term *other;
    struct str code_a;
    struct str code_b;
    struct term_out out;
    TRY(term_ask_read(h, T_CODE_SYSTEM, S(""), &a));
    TRY(side_take(h, &a, S("codeA"), S("codingA"), &code_a));
    TRY(side_take(h, &a, S("codeB"), S("codingB"), &code_b));
    TRY(term_need(h, code_a, "codeA"));
    TRY(term_need(h, code_b, "codeB"));
    TRY(json_has(a.resource) ? OK : term_need(h, a.system, "system"));
    TRY(term_ask_system(h, &a, a.system, &s));
    TRY(code_find(h, s, code_a, &one));
    TRY(code_find(h, s, code_b, &other));
    const uint8_t *below = terms_branch(&h->rq, s, one, true);
    const uint8_t *above = terms_branch(&h->rq, s, one, false);
    TRY_MEM(&h->rq, below);
    TRY_MEM(&h->rq, above);
    struct str outcome = one == other                        ? S("equivalent")
                         : below[other - s->v_terms] != 0 ? S("subsumes")
                         : above[other - s->v_terms] != 0 ? S("subsumed-by")
                                                          : S("not-subsumed");
    term_out_begin(h, &out);
    term_out_text(&out, S("outcome"), S("valueCode"), outcome);
    return term_out_end(h, &out);
}
