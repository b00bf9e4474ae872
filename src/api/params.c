/* api/params.c - parameters of an operation (R4 operations.html): in the address, or a Parameters
 * resource. */
#include "api/fhir_int.h"
#include "codec/url.h"

enum { PARAMS_MAX = 200 };

static struct str value_text(struct http_req *h, struct jv p, struct jv *ret_value)
{
    for (struct jv v = json_first(p); json_has(v); v = json_next(v)) {
        struct str name = json_key(&h->rq, v);
        if (str_starts(name, S("value")) || str_eq(name, S("resource"))) {
            *ret_value = v;
            return json_kind(v) == JSON_STRING ? json_str(h->rq.a, v) : json_raw(v);
        }
    }
    return S("");
}

static enum err resource_read(struct http_req *h, struct jv root, struct api_params *ps,
                              size_t max)
{
    if (!json_is(json_get(root, S("resourceType")), S("Parameters"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "resourceType: Parameters is expected here");
    }
    struct jv list = json_get(root, S("parameter"));
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        struct api_param *at = &ps->v[ps->n];
        if (ps->n == max) {
            return FAIL(&h->rq, E_TOO_LARGE, "Parameters.parameter: too many");
        }
        at->name = json_str(h->rq.a, json_get(p, S("name")));
        at->text = value_text(h, p, &at->value);
        ps->n++;
    }
    return OK;
}

enum err api_params_of(struct http_req *h, struct jv root, struct api_params *ret_params)
{
    struct api_params ps = {.v = ARENA_ARRAY(h->rq.a, PARAMS_MAX, struct api_param)};
    TRY_MEM(&h->rq, ps.v);
    TRY(resource_read(h, root, &ps, PARAMS_MAX));
    *ret_params = ps;
    return OK;
}

enum err api_params_read(struct http_req *h, struct api_params *ret_params)
{
    struct api_params ps = {.n = 0};
    struct url_pairs form;
    TRY(form_parse(&h->rq, h->query, PARAMS_MAX, &form));
    ps.v = ARENA_ARRAY(h->rq.a, form.n + PARAMS_MAX, struct api_param);
    TRY_MEM(&h->rq, ps.v);
    for (size_t i = 0; i < form.n; i++) {
        ps.v[ps.n++] = (struct api_param){.name = form.v[i].name, .text = form.v[i].value};
    }
    if (h->method == POST && http_body(h).n > 0) {
        struct json_doc *doc;
        TRY(api_body(h, &doc));
        TRY(resource_read(h, json_root(doc), &ps, form.n + PARAMS_MAX));
    }
    *ret_params = ps;
    return OK;
}

const struct api_param *api_param(const struct api_params *ps, struct str name)
{
    for (size_t i = 0; i < ps->n; i++) {
        if (str_eq(ps->v[i].name, name)) {
            return &ps->v[i];
        }
    }
    return NULL;
}

struct str api_param_text(const struct api_params *ps, struct str name)
{
    const struct api_param *p = api_param(ps, name);
    return p != NULL ? p->text : (struct str){NULL, 0};
}
