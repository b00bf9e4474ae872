/* api/view.c - $viewdefinition-run (SQL on FHIR v2): the rows of a view over what the caller may see.
 *
 *   POST /fhir/ViewDefinition/$viewdefinition-run        a definition in the request
 *   GET, POST /fhir/ViewDefinition/:id/$viewdefinition-run   one of the folder content/views/
 *
 * The resources come from a search, page by page, so that access is part of its plan. */
#include "api/fhir_int.h"
#include "care/care.h"
#include "care/content.h"
#include "codec/url.h"
#include "fhir/compartment.h"
#include "fhir/view.h"
#include "os/file.h"
#include "store/audit.h"

enum { ROWS_BYTES_MAX = 32 << 20, PAGE_MEMORY = 64 << 20, DEFINITION_MAX = 4 << 20 };

/* What was asked. */
struct asked {
    struct http_req *h;
    struct jv view;       /* the definition; absent: by id */
    struct str id;
    struct str format;
    struct str patient;   /* Patient id; empty: all */
    struct str since;
    struct jv resources;  /* Parameters with "resource" parts: run over these alone */
    uint64_t limit;       /* rows; 0: all */
};

/* Rows until the limit. */
struct rows {
    struct view_out out;
    uint64_t limit;
};

static enum err one_row(struct arena *a, const view_cell *cells, size_t n, void *ctx)
{
    struct rows *r = ctx;
    return r->limit > 0 && r->out.n >= r->limit ? OK : view_out_row(a, cells, n, &r->out);
}

/* ---- what was asked ---- */

static struct str value_of(struct req *rq, struct jv p)
{
    struct jv ref = json_get(json_get(p, S("valueReference")), S("reference"));
    if (json_has(ref)) {
        return json_str(rq->a, ref);
    }
    for (struct jv v = json_first(p); json_has(v); v = json_next(v)) {
        if (str_starts(json_key(rq, v), S("value"))) {
            return json_kind(v) == JSON_STRING ? json_str(rq->a, v) : json_raw(v);
        }
    }
    return (struct str){NULL, 0};
}

static struct str after(struct str s, struct str head)
{
    return str_starts(s, head) ? str_sub(s, head.n, s.n) : s;
}

static enum err param(struct asked *a, struct str name, struct str value)
{
    struct req *rq = &a->h->rq;
    struct instant lo;
    struct instant hi;
    if (str_eq(name, S("_format"))) {
        a->format = value;
    } else if (str_eq(name, S("viewReference"))) {
        a->id = after(value, S("ViewDefinition/"));
    } else if (str_eq(name, S("patient"))) {
        a->patient = after(value, S("Patient/"));
        return fhir_id_is_valid(a->patient) ? OK : FAIL(rq, E_BAD_INPUT, "patient");
    } else if (str_eq(name, S("_since"))) {
        a->since = value;
        return instant_span(value, 0, &lo, &hi) ? OK : FAIL(rq, E_BAD_INPUT, "_since: an instant");
    } else if (str_eq(name, S("_limit"))) {
        return str_u64(value, &a->limit) ? OK : FAIL(rq, E_BAD_INPUT, "_limit: a number");
    } else {
        return FAIL(rq, E_BAD_INPUT, "a parameter this operation does not have");
    }
    return OK;
}

static enum err body_read(struct asked *a)
{
    struct req *rq = &a->h->rq;
    struct json_doc *doc;
    TRY(api_body(a->h, &doc));
    struct jv root = json_root(doc);
    if (json_is(json_get(root, S("resourceType")), S("ViewDefinition"))) {
        a->view = root;
        return OK;
    }
    if (!json_is(json_get(root, S("resourceType")), S("Parameters"))) {
        return FAIL(rq, E_BAD_INPUT, "a Parameters resource or a ViewDefinition belongs here");
    }
    for (struct jv p = json_first(json_get(root, S("parameter"))); json_has(p); p = json_next(p)) {
        struct str name = json_str(rq->a, json_get(p, S("name")));
        if (str_eq(name, S("viewResource"))) {
            a->view = json_get(p, S("resource"));
        } else if (str_eq(name, S("resource"))) {
            a->resources = json_get(root, S("parameter"));
        } else {
            TRY(param(a, name, value_of(rq, p)));
        }
    }
    return OK;
}

static enum err asked_read(struct http_req *h, struct asked *a)
{
    struct req *rq = &h->rq;
    struct url_pairs form = {0};
    *a = (struct asked){.h = h, .id = http_param(h, S("id"))};
    if (h->query.n > 0) {
        TRY(form_parse(rq, h->query, 50, &form));
    }
    for (size_t i = 0; i < form.n; i++) {
        TRY(param(a, form.v[i].name, form.v[i].value));
    }
    return h->method == POST && http_body(h).n > 0 ? body_read(a) : OK;
}

/* _format, else what Accept names first of ours, else JSON. */
static enum err format_of(struct asked *a, enum view_format *ret_format)
{
    struct str accept = http_header(a->h, "Accept");
    struct str one;
    if (a->format.n > 0) {
        return view_format_parse(a->format, ret_format)
                   ? OK
                   : FAIL(&a->h->rq, E_BAD_INPUT, "_format: csv, ndjson or json");
    }
    *ret_format = VIEW_JSON;
    while (accept.n > 0 && str_cut(&accept, ',', &one)) {
        if (view_format_parse(str_trim(one), ret_format)) {
            return OK;
        }
    }
    return OK;
}

/* The definition of that id in the content folder. */
static enum err definition_load(struct asked *a)
{
    struct req *rq = &a->h->rq;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    char path[OS_PATH_MAX];
    struct str text;
    struct buf name;
    TRY_MEM(rq, doc);
    if (json_has(a->view)) {
        return OK;
    }
    if (!fhir_id_is_valid(a->id)) {
        return FAIL(rq, E_BAD_INPUT, "viewResource, or viewReference");
    }
    buf_init(&name, rq->a, 128);
    BUF_LIT(&name, "views/");
    buf_str(&name, a->id);
    BUF_LIT(&name, ".json");
    TRY(os_path(rq, care_of(rq)->content->dir, buf_get(&name), path));
    enum err e = os_read_file(rq, path, DEFINITION_MAX, &text);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, e, "no such ViewDefinition");
    }
    TRY(e);
    TRY(json_parse(rq, text, NULL, doc));
    a->view = json_root(doc);
    return OK;
}

/* ---- running ---- */

static enum err query_of(struct asked *a, enum fhir_type type, struct fhir_query *ret_q)
{
    struct req *rq = &a->h->rq;
    struct fhir_compartment in = {.type = T_PATIENT, .id = a->patient};
    struct url_pairs form;
    struct buf b;
    buf_init(&b, rq->a, 256);
    BUF_LIT(&b, "_count=200");
    if (a->since.n > 0) {
        struct buf ge;
        buf_init(&ge, rq->a, 128);
        BUF_LIT(&ge, "ge");
        buf_str(&ge, a->since);
        form_add(&b, S("_lastUpdated"), buf_get(&ge));
    }
    TRY(form_parse(rq, buf_get(&b), 10, &form));
    return fhir_query_parse_in(rq, a->patient.n > 0 ? &in : NULL, type, &form, true, ret_q);
}

/* One page of the search, in memory of its own; *q goes on after it. */
static enum err one_page(struct asked *a, struct fhir_query *q, struct view_run *run,
                         struct rows *rows, bool *ret_more)
{
    struct req *rq = &a->h->rq;
    struct fhir_access acc = api_access(a->h);
    struct fhir_page page;
    struct req one = *rq;
    one.a = arena_new(PAGE_MEMORY);
    one.issues = NULL;
    enum err e = fhir_search(&one, q, &acc, &page);
    for (size_t i = 0; e == OK && i < page.n; i++) {
        struct json_doc doc;
        e = json_parse(&one, page.v[i].row.body, NULL, &doc);
        if (e == OK) {
            e = view_run_one(run, json_root(&doc), one_row, rows);
        }
    }
    if (e != OK && rq->err.code == OK) {
        (void)FAIL(rq, e, "%s", one.err.detail);
    }
    if (e == OK) {
        *ret_more = page.next.n > 0 && (rows->limit == 0 || rows->out.n < rows->limit);
        q->cursor = arena_str(rq->a, page.next);
    }
    arena_free(one.a);
    return e;
}

static enum err over_given(struct asked *a, struct view_run *run, struct rows *rows)
{
    for (struct jv p = json_first(a->resources); json_has(p); p = json_next(p)) {
        if (json_is(json_get(p, S("name")), S("resource"))) {
            TRY(view_run_one(run, json_get(p, S("resource")), one_row, rows));
        }
    }
    return OK;
}

static enum err over_kept(struct asked *a, enum fhir_type type, struct view_run *run,
                          struct rows *rows)
{
    struct fhir_query *q = ARENA_NEW(a->h->rq.a, struct fhir_query);
    bool more = true;
    TRY_MEM(&a->h->rq, q);
    TRY(api_may(a->h, type, OP_SEARCH));
    TRY(query_of(a, type, q));
    TRY(api_search_audit(a->h, q, NULL));
    while (more) {
        TRY(one_page(a, q, run, rows, &more));
    }
    return OK;
}

enum err api_fhir_view(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct asked *a = ARENA_NEW(rq->a, struct asked);
    struct view *view = NULL;
    struct view_run *run = NULL;
    enum view_format format;
    struct buf b;
    TRY_MEM(rq, a);
    if (rq->who == NULL) {
        return FAIL(rq, E_SIGN_IN, "no bearer token");
    }
    TRY(asked_read(h, a));
    TRY(format_of(a, &format));
    TRY(definition_load(a));
    TRY(view_compile(rq, fhir_defs(), a->view, &view));
    enum fhir_type type = fhir_type_find(view_type(view));
    if (type == T_NONE || fhir_type_hangs(type) == NOT_KEPT) {
        return FAIL(rq, E_UNPROCESSED, "ViewDefinition resource: a type not kept here");
    }
    TRY(view_run_new(rq, view, &run));
    buf_init(&b, rq->a, ROWS_BYTES_MAX);
    struct rows rows = {.out = {.view = view, .format = format, .b = &b}, .limit = a->limit};
    view_out_begin(&rows.out);
    enum err e = json_has(a->resources) ? over_given(a, run, &rows)
                                        : over_kept(a, type, run, &rows);
    view_out_end(&rows.out);
    view_run_end(run);
    TRY(e);
    return buf_ok(&b) ? http_reply(h, 200, view_format_media(format), buf_get(&b))
                      : FAIL(rq, E_TOO_LARGE, "more rows than an answer holds: _limit, or the command");
}
