/* api/term_ops.c - $expand, $validate-code, $lookup (R4 terminology-service.html) over what is kept here. */
#include "api/term_int.h"

#include "base/text.h"
#include "codec/utf8.h"
#include "fhir/library.h"

enum { CODES_MAX = 1000 }; /* of one page of an expansion */

struct asked {
    struct api_params ps;
    struct str lang;
    struct str url;
    struct jv set;      /* sent along, or of the address; absent: by url */
    struct str system;
    struct str code;
    struct str display;
};

static struct str member(struct http_req *h, struct jv obj, struct str name)
{
    return json_str(h->rq.a, json_get(obj, name));
}

/* A Coding, or the first of a CodeableConcept. */
static void coding_take(struct http_req *h, struct asked *a)
{
    const struct api_param *p = api_param(&a->ps, S("coding"));
    struct jv coding = p != NULL ? p->value : (struct jv){NULL, 0};
    p = api_param(&a->ps, S("codeableConcept"));
    if (p != NULL) {
        coding = json_first(json_get(p->value, S("coding")));
    }
    if (json_has(coding)) {
        a->system = member(h, coding, S("system"));
        a->code = member(h, coding, S("code"));
        a->display = member(h, coding, S("display"));
    }
}

/* type: of the resource in the address, when one stands there. */
static enum err ask_read(struct http_req *h, enum fhir_type type, struct asked *ret_ask)
{
    struct asked a = {.lang = S("")};
    struct str id = http_param(h, S("id"));
    const struct api_param *set;
    TRY(api_enter(h));
    TRY(api_may(h, type, OP_READ | OP_SEARCH));
    TRY(api_params_read(h, &a.ps));
    a.lang = api_param_text(&a.ps, S("displayLanguage"));
    a.lang = a.lang.n > 0 ? a.lang : lang_code(h->rq.lang);
    a.url = api_param_text(&a.ps, S("url"));
    a.system = api_param_text(&a.ps, S("system"));
    a.code = api_param_text(&a.ps, S("code"));
    a.display = api_param_text(&a.ps, S("display"));
    coding_take(h, &a);
    set = api_param(&a.ps, type == T_VALUE_SET ? S("valueSet") : S("codeSystem"));
    a.set = set != NULL ? set->value : (struct jv){NULL, 0};
    if (id.n > 0) {
        struct res_row row;
        struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
        TRY_MEM(&h->rq, doc);
        TRY(api_find(h, type, id, AUDIT_READ, &row));
        if (row.deleted) {
            return FAIL(&h->rq, E_GONE, "deleted");
        }
        TRY(json_parse(&h->rq, row.body, NULL, doc));
        a.set = json_root(doc);
        a.url = member(h, a.set, S("url"));
    }
    *ret_ask = a;
    return OK;
}

static enum err need(struct http_req *h, struct str value, const char *name)
{
    return value.n > 0 ? OK : FAIL(&h->rq, E_BAD_INPUT, "parameter %s is missing", name);
}

static void designations_write(struct http_req *h, struct json_out *o, const struct term *t)
{
    struct jv list = json_get(t->concept, S("designation"));
    bool any = t->titles != NULL || json_has(json_first(list));
    if (!any) {
        return;
    }
    json_k(o, S("designation"));
    json_arr(o);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        json_v_raw(o, json_raw(v));
    }
    for (unsigned i = 0; t->titles != NULL && i < LANG_COUNT; i++) {
        if (t->titles->v[i].n > 0) {
            json_obj(o);
            json_ks(o, S("language"), lang_code((enum lang)i));
            json_ks(o, S("value"), t->titles->v[i]);
            json_obj_end(o);
        }
    }
    json_arr_end(o);
    (void)h;
}

/* ---- $expand ---- */

/* Every word of the filter within the text or code. */
static bool fits(struct http_req *h, const struct term *t, struct str lang, struct str folded)
{
    struct buf b;
    struct str word;
    if (folded.n == 0) {
        return true;
    }
    buf_init(&b, h->rq.a, 8192);
    utf8_fold(&b, term_display(h, t, lang));
    buf_char(&b, ' ');
    utf8_fold(&b, t->code);
    buf_char(&b, ' ');
    utf8_fold(&b, t->display);
    struct str text = buf_get(&b);
    while (str_cut(&folded, ' ', &word)) {
        if (word.n > 0 && str_find(text, word) == text.n) {
            return false;
        }
    }
    return true;
}

static enum err number(struct http_req *h, const struct asked *a, struct str name, uint64_t *v)
{
    struct str text = api_param_text(&a->ps, name);
    return text.n == 0 || str_u64(text, v) ? OK : FAIL(&h->rq, E_BAD_INPUT, "count, offset: a number");
}

static void contains_write(struct http_req *h, struct json_out *o, const struct term *t,
                           const struct asked *a)
{
    struct str display = term_display(h, t, a->lang);
    json_obj(o);
    json_ks(o, S("system"), t->system);
    json_ks(o, S("code"), t->code);
    if (display.n > 0) {
        json_ks(o, S("display"), display);
    }
    if (str_eq(api_param_text(&a->ps, S("includeDesignations")), S("true"))) {
        designations_write(h, o, t);
    }
    json_obj_end(o);
}

struct window {
    uint64_t offset;
    uint64_t count;
    struct str filter; /* folded */
};

static enum err window_read(struct http_req *h, const struct asked *a, struct window *w)
{
    struct buf b;
    *w = (struct window){.count = CODES_MAX};
    TRY(number(h, a, S("offset"), &w->offset));
    TRY(number(h, a, S("count"), &w->count));
    w->count = MIN(w->count, (uint64_t)CODES_MAX);
    buf_init(&b, h->rq.a, 8192);
    utf8_fold(&b, utf8_cut(api_param_text(&a->ps, S("filter")), 200));
    w->filter = buf_get(&b);
    return OK;
}

static void expansion_write(struct http_req *h, struct json_out *o, const struct asked *a,
                            const struct window *w, const struct terms *t)
{
    uint64_t total = 0;
    struct buf when;
    buf_init(&when, h->rq.a, 64);
    instant_write(&when, h->rq.now);
    json_k(o, S("expansion"));
    json_obj(o);
    if (t->partly) {
        json_k(o, S("extension"));
        json_v_raw(o, S("[{\"url\":\"http://hl7.org/fhir/StructureDefinition/valueset-unclosed\","
                        "\"valueBoolean\":true}]"));
    }
    json_ks(o, S("timestamp"), buf_get(&when));
    json_ki(o, S("offset"), (int64_t)w->offset);
    json_k(o, S("contains"));
    json_arr(o);
    for (size_t i = 0; i < t->n; i++) {
        struct arena_mark m = arena_mark(h->rq.a);
        bool in = fits(h, &t->v[i], a->lang, w->filter);
        arena_back(h->rq.a, m);
        if (in && total >= w->offset && total - w->offset < w->count) {
            contains_write(h, o, &t->v[i], a);
        }
        total += in ? 1 : 0;
    }
    json_arr_end(o);
    json_ki(o, S("total"), (int64_t)total);
    json_obj_end(o);
}

enum err api_fhir_expand(struct http_req *h)
{
    struct asked a;
    struct window w;
    struct terms t = {.h = h};
    struct buf b;
    struct json_out o;
    TRY(ask_read(h, T_VALUE_SET, &a));
    TRY(window_read(h, &a, &w));
    if (json_has(a.set)) {
        TRY(terms_of_resource(&t, a.set));
    } else {
        TRY(need(h, a.url, "url"));
        TRY(terms_of_set(&t, a.url));
    }
    buf_init(&b, h->rq.a, (size_t)16 << 20);
    if (buf_room(&b, 1 << 20) == NULL) {
        return FAIL(&h->rq, E_TOO_LARGE, "memory cap");
    }
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("ValueSet"));
    if (a.url.n > 0) {
        json_ks(&o, S("url"), a.url);
    }
    if (t.name.n > 0) {
        json_ks(&o, S("name"), t.name);
    }
    json_ks(&o, S("status"), S("active"));
    expansion_write(h, &o, &a, &w, &t);
    json_obj_end(&o);
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "expansion");
}

/* ---- answers as Parameters ---- */

static void out_text(struct json_out *o, struct str name, struct str kind, struct str value)
{
    json_obj(o);
    json_ks(o, S("name"), name);
    json_ks(o, kind, value);
    json_obj_end(o);
}

static void out_begin(struct http_req *h, struct buf *b, struct json_out *o)
{
    buf_init(b, h->rq.a, 1 << 20);
    json_out_init(o, b);
    json_obj(o);
    json_ks(o, S("resourceType"), S("Parameters"));
    json_k(o, S("parameter"));
    json_arr(o);
}

static enum err out_end(struct http_req *h, struct buf *b, struct json_out *o)
{
    json_arr_end(o);
    json_obj_end(o);
    return buf_ok(b) ? api_reply(h, 200, buf_get(b)) : FAIL(&h->rq, E_TOO_LARGE, "Parameters");
}

/* ---- $validate-code ---- */

static enum err verdict(struct http_req *h, const struct asked *a, const struct term *t, bool is_in)
{
    struct buf b;
    struct json_out o;
    struct str display = t != NULL ? term_display(h, t, a->lang) : S("");
    bool other = is_in && t != NULL && a->display.n > 0 && !str_eq(a->display, t->display) &&
                 !str_eq(a->display, display);
    out_begin(h, &b, &o);
    json_obj(&o);
    json_ks(&o, S("name"), S("result"));
    json_kb(&o, S("valueBoolean"), is_in && !other);
    json_obj_end(&o);
    if (!is_in || other) {
        const char *why = other ? T("The display is not that of the code.")
                                : T("The code is not in this set.");
        out_text(&o, S("message"), S("valueString"), tr(h->rq.lang, why));
    }
    if (display.n > 0) {
        out_text(&o, S("display"), S("valueString"), display);
    }
    return out_end(h, &b, &o);
}

/* Sets whose codes have a grammar are asked, not listed. */
static bool is_by_grammar(const struct asked *a, bool *ret_in)
{
    uint16_t set = json_has(a->set) ? 0 : def_set_find(fhir_defs(), a->url);
    const struct def_set *s = set != 0 ? def_set_row(fhir_defs(), set) : NULL;
    if (s == NULL || s->kind == DEF_SET_LISTED || s->kind == DEF_SET_PARTLY) {
        return false;
    }
    *ret_in = def_set_has(fhir_defs(), set, a->system, a->code) == DEF_IN;
    return true;
}

enum err api_fhir_set_validate(struct http_req *h)
{
    struct asked a;
    struct terms t = {.h = h};
    bool in = false;
    TRY(ask_read(h, T_VALUE_SET, &a));
    TRY(need(h, a.code, "code"));
    if (json_has(a.set)) {
        TRY(terms_of_resource(&t, a.set));
    } else {
        TRY(need(h, a.url, "url"));
        if (is_by_grammar(&a, &in)) {
            return verdict(h, &a, NULL, in);
        }
        TRY(terms_of_set(&t, a.url));
    }
    const struct term *found = terms_find(&t, a.system, a.code);
    return verdict(h, &a, found, found != NULL);
}

enum err api_fhir_system_validate(struct http_req *h)
{
    struct asked a;
    struct terms t = {.h = h};
    TRY(ask_read(h, T_CODE_SYSTEM, &a));
    TRY(need(h, a.code, "code"));
    a.url = a.url.n > 0 ? a.url : a.system;
    TRY(need(h, a.url, "url"));
    TRY(terms_of_system(&t, a.url));
    const struct term *found = terms_find(&t, (struct str){NULL, 0}, a.code);
    return verdict(h, &a, found, found != NULL);
}

/* ---- $lookup ---- */

static void part_write(struct json_out *o, struct str name, struct str kind, struct str value)
{
    if (value.n > 0) {
        out_text(o, name, kind, value);
    }
}

static void designation_out(struct json_out *o, struct str lang, struct str value)
{
    json_obj(o);
    json_ks(o, S("name"), S("designation"));
    json_k(o, S("part"));
    json_arr(o);
    part_write(o, S("language"), S("valueCode"), lang);
    part_write(o, S("value"), S("valueString"), value);
    json_arr_end(o);
    json_obj_end(o);
}

static void found_write(struct http_req *h, struct json_out *o, const struct terms *t,
                        const struct term *found, const struct asked *a)
{
    struct jv list = json_get(found->concept, S("designation"));
    struct str display = term_display(h, found, a->lang);
    out_text(o, S("name"), S("valueString"), t->name.n > 0 ? t->name : found->system);
    part_write(o, S("version"), S("valueString"), t->version);
    out_text(o, S("display"), S("valueString"), display.n > 0 ? display : found->code);
    part_write(o, S("definition"), S("valueString"), member(h, found->concept, S("definition")));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        designation_out(o, member(h, v, S("language")), member(h, v, S("value")));
    }
    for (unsigned i = 0; found->titles != NULL && i < LANG_COUNT; i++) {
        if (found->titles->v[i].n > 0) {
            designation_out(o, lang_code((enum lang)i), found->titles->v[i]);
        }
    }
    if (found->parent.n > 0) {
        json_obj(o);
        json_ks(o, S("name"), S("property"));
        json_k(o, S("part"));
        json_arr(o);
        part_write(o, S("code"), S("valueCode"), S("parent"));
        part_write(o, S("value"), S("valueCode"), found->parent);
        json_arr_end(o);
        json_obj_end(o);
    }
}

enum err api_fhir_lookup(struct http_req *h)
{
    struct asked a;
    struct terms t = {.h = h};
    struct buf b;
    struct json_out o;
    TRY(ask_read(h, T_CODE_SYSTEM, &a));
    TRY(need(h, a.system, "system"));
    TRY(need(h, a.code, "code"));
    TRY(terms_of_system(&t, a.system));
    const struct term *found = terms_find(&t, (struct str){NULL, 0}, a.code);
    if (found == NULL) {
        fhir_issue_add(&h->rq, ISSUE_ERROR, "not-found", T("The code is not in this code system."),
                       a.code, S(""));
        return FAIL(&h->rq, E_NOT_FOUND, "no such code");
    }
    out_begin(h, &b, &o);
    found_write(h, &o, &t, found, &a);
    return out_end(h, &b, &o);
}
