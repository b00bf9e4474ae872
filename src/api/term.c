/* api/term.c - what the operations of terminology share: their questions, their answers. See term_int.h. */
#include "api/term_int.h"

#include "base/text.h"
#include "fhir/validate.h"

static struct str member(struct http_req *h, struct jv obj, struct str name)
{
    return json_str(h->rq.a, json_get(obj, name));
}

static struct str with_version(struct http_req *h, struct str url, struct str version)
{
    struct buf b;
    if (url.n == 0 || version.n == 0 || str_find_char(url, '|') < url.n) {
        return url;
    }
    buf_init(&b, h->rq.a, url.n + version.n + 8);
    buf_str(&b, url);
    buf_char(&b, '|');
    buf_str(&b, version);
    return buf_get(&b);
}

static void code_take(struct http_req *h, struct term_ask *a)
{
    const struct api_param *p = api_param(&a->ps, S("coding"));
    a->code = api_param_text(&a->ps, S("code"));
    a->display = api_param_text(&a->ps, S("display"));
    a->system = with_version(h, api_param_text(&a->ps, S("system")),
                             api_param_text(&a->ps, S("systemVersion")));
    if (a->system.n > 0 && api_param(&a->ps, S("version")) != NULL) {
        a->system = with_version(h, a->system, api_param_text(&a->ps, S("version")));
    }
    if (p != NULL && json_has(p->value)) {
        struct str system = member(h, p->value, S("system"));
        a->system = with_version(h, system.p != NULL ? system : S(""),
                                 member(h, p->value, S("version")));
        a->code = member(h, p->value, S("code"));
        a->display = member(h, p->value, S("display"));
    }
}

static enum err stored_take(struct http_req *h, enum fhir_type type, struct term_ask *a)
{
    struct res_row row;
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, doc);
    TRY(api_find(h, type, http_param(h, S("id")), AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "deleted");
    }
    TRY(json_parse(&h->rq, row.body, NULL, doc));
    a->resource = json_root(doc);
    a->url = member(h, a->resource, S("url"));
    return OK;
}

/* system-version, force-system-version, check-system-version. */
static enum err versions_take(struct http_req *h, const struct term_ask *a)
{
    struct term_versions *v = ARENA_NEW(h->rq.a, struct term_versions);
    TRY_MEM(&h->rq, v);
    const struct {
        struct str name;
        struct str *list;
    } kinds[] = {{S("system-version"), v->usual},
                 {S("force-system-version"), v->forced},
                 {S("check-system-version"), v->checked}};
    for (size_t k = 0; k < LEN(kinds); k++) {
        size_t n = 0;
        for (size_t i = 0; i < a->ps.n; i++) {
            if (!str_eq(a->ps.v[i].name, kinds[k].name)) {
                continue;
            }
            if (n == LEN(v->usual)) {
                return FAIL(&h->rq, E_TOO_LARGE, "too many versions of code systems");
            }
            kinds[k].list[n++] = a->ps.v[i].text;
        }
    }
    terms_versions_set(&h->rq, a->lib, v);
    return OK;
}

enum err term_ask_read(struct http_req *h, enum fhir_type type, struct str sent,
                       struct term_ask *ret_ask)
{
    struct term_ask *a = ret_ask;
    const struct fhir_library *own = fhir_rules_library(db_rules(h->rq.db));
    *a = (struct term_ask){.lang = S("")};
    TRY(api_enter(h));
    TRY(api_may(h, type, OP_READ | OP_SEARCH));
    TRY(api_params_read(h, &a->ps));
    a->acc = api_access(h);
    a->lib = fhir_library_over(&h->rq, own, &a->acc, NULL);
    TRY_MEM(&h->rq, a->lib);
    a->lang = api_param_text(&a->ps, S("displayLanguage"));
    a->lang = a->lang.n > 0 ? a->lang : lang_code(h->rq.lang);
    a->url = api_param_text(&a->ps, S("url"));
    code_take(h, a);
    const struct api_param *p = api_param(&a->ps, sent);
    a->resource = p != NULL ? p->value : (struct jv){NULL, 0};
    TRY(versions_take(h, a));
    return http_param(h, S("id")).n > 0 ? stored_take(h, type, a) : OK;
}

bool term_ask_flag(const struct term_ask *a, struct str name)
{
    return str_eq(api_param_text(&a->ps, name), S("true"));
}

enum err term_need(struct http_req *h, struct str value, const char *name)
{
    return value.n > 0 ? OK : FAIL(&h->rq, E_BAD_INPUT, "parameter %s is missing", name);
}

enum err term_refuse(struct http_req *h, enum err code, const char *kind, const char *text,
                     struct str about)
{
    fhir_issue_add(&h->rq, ISSUE_ERROR, kind, text, about, S(""));
    return FAIL(&h->rq, code, "terminology");
}

enum err term_ask_set(struct http_req *h, const struct term_ask *a, const struct term_set **ret_set)
{
    if (json_has(a->resource)) {
        return terms_set_of(&h->rq, a->lib, a->resource, ret_set);
    }
    TRY(term_need(h, a->url, "url"));
    struct str version = api_param_text(&a->ps, S("valueSetVersion"));
    TRY(terms_set(&h->rq, a->lib, with_version(h, a->url, version), ret_set));
    if (*ret_set == NULL) {
        return term_refuse(h, E_NOT_FOUND, "not-found", T("This value set is not kept here."), a->url);
    }
    return OK;
}

enum err term_ask_system(struct http_req *h, const struct term_ask *a, struct str url,
                         const struct term_system **ret_system)
{
    *ret_system = NULL;
    if (json_has(a->resource)) {
        return terms_system_of(&h->rq, a->resource, ret_system);
    }
    TRY(terms_system(&h->rq, a->lib, url, ret_system));
    if (*ret_system == NULL) {
        return term_refuse(h, E_NOT_FOUND, "not-found", T("This code system is not kept here."), url);
    }
    return OK;
}

/* ---- answers ---- */

void term_out_begin(struct http_req *h, struct term_out *out)
{
    buf_init(&out->b, h->rq.a, 4 << 20);
    json_out_init(&out->o, &out->b);
    json_obj(&out->o);
    json_ks(&out->o, S("resourceType"), S("Parameters"));
    json_k(&out->o, S("parameter"));
    json_arr(&out->o);
}

void term_out_text(struct term_out *out, struct str name, struct str kind, struct str value)
{
    if (value.n > 0) {
        json_obj(&out->o);
        json_ks(&out->o, S("name"), name);
        json_ks(&out->o, kind, value);
        json_obj_end(&out->o);
    }
}

void term_out_bool(struct term_out *out, struct str name, bool value)
{
    json_obj(&out->o);
    json_ks(&out->o, S("name"), name);
    json_kb(&out->o, S("valueBoolean"), value);
    json_obj_end(&out->o);
}

void term_out_parts(struct term_out *out, struct str name)
{
    json_obj(&out->o);
    json_ks(&out->o, S("name"), name);
    json_k(&out->o, S("part"));
    json_arr(&out->o);
}

void term_out_parts_end(struct term_out *out)
{
    json_arr_end(&out->o);
    json_obj_end(&out->o);
}

enum err term_out_end(struct http_req *h, struct term_out *out)
{
    json_arr_end(&out->o);
    json_obj_end(&out->o);
    return buf_ok(&out->b) ? api_reply(h, 200, buf_get(&out->b))
                           : FAIL(&h->rq, E_TOO_LARGE, "Parameters");
}
