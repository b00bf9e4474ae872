/* api/search.c - searching over GET and POST _search. */
#include "api/audit_event.h"
#include "api/fhir_int.h"
#include "codec/url.h"
#include "store/audit.h"

/* Who is searched about, when that is one patient. */
static int64_t patient_of(const struct fhir_query *q)
{
    int64_t patient = 0;
    for (size_t i = 0; i < q->n; i++) {
        const struct fhir_criterion *c = &q->c[i];
        bool one = c->op == ASK_PARAM && c->p->kind == SP_REF && c->modifier == MOD_NONE &&
                   c->n == 1;
        if (one && patient == 0 && (str_eq(c->p->name, S("subject")) ||
                                    str_eq(c->p->name, S("patient")))) {
            patient = MAX(c->v[0].ref.target, 0);
        }
    }
    return patient;
}

/* On record: what kind was searched, by which parameters, about which patient; never the values. */
enum err api_search_audit(struct http_req *h, const struct fhir_query *q,
                           const struct fhir_compartment *in)
{
    struct buf names;
    const struct fhir_query *asked = q->n_each > 0 ? &q->each[0] : q;
    int64_t patient = patient_of(q);
    if (q->type != T_NONE && !fhir_type_is_clinical(q->type)) {
        return OK;
    }
    buf_init(&names, h->rq.a, 512);
    for (size_t i = 0; i < asked->n; i++) {
        const struct fhir_criterion *c = &asked->c[i];
        struct str name = c->op == ASK_PARAM ? c->p->name : c->param;
        name = str_sub(name, 0, 60);
        if (names.n + name.n < 200) {
            buf_str(&names, i > 0 ? S(" ") : S(""));
            buf_str(&names, name);
        }
    }
    if (in != NULL && in->type == T_PATIENT) {
        TRY(db_rid(&h->rq, T_PATIENT, in->id, &patient));
    }
    struct audit_rec rec = {
        .action = AUDIT_SEARCH,
        .why = who_may(h->rq.who, IS_SYSTEM) ? WHY_SYSTEM : WHY_TEAM,
        .type = (uint16_t)q->type,
        .patient_rid = patient,
        .detail = buf_get(&names),
    };
    return audit_add(&h->rq, &rec);
}

enum err api_search_in(struct http_req *h, const struct fhir_compartment *in, enum fhir_type type,
                       struct str query, bool strict, unsigned ops, struct fhir_page *ret_page)
{
    struct url_pairs form;
    struct fhir_access acc = api_access(h);
    acc.ops = ops;
    struct fhir_query *q = ARENA_NEW(h->rq.a, struct fhir_query);
    TRY_MEM(&h->rq, q);
    TRY(form_parse(&h->rq, query, 200, &form));
    TRY(fhir_query_parse_in(&h->rq, in, type, &form, strict, q));
    TRY(fhir_search(&h->rq, q, &acc, ret_page));
    return api_search_audit(h, q, in);
}

enum err api_search(struct http_req *h, enum fhir_type type, struct str query, bool strict,
                    unsigned ops, struct fhir_page *ret_page)
{
    return api_search_in(h, NULL, type, query, strict, ops, ret_page);
}

/* POST _search: the form's fields and the address's parameters together. */
static struct str query_text(struct http_req *h)
{
    if (h->method != POST) {
        return h->query;
    }
    struct str body = http_body(h);
    struct buf b;
    buf_init(&b, h->rq.a, h->query.n + body.n + 2);
    buf_str(&b, h->query);
    if (h->query.n > 0 && body.n > 0) {
        buf_char(&b, '&');
    }
    buf_str(&b, body);
    return buf_get(&b);
}

static enum err is_form(struct http_req *h)
{
    bool form = h->method != POST ||
                str_eq(http_body_type(h), S("application/x-www-form-urlencoded"));
    return form ? OK : FAIL(&h->rq, E_MEDIA_TYPE, "only application/x-www-form-urlencoded");
}

static enum err page_reply(struct http_req *h, const struct fhir_page *page)
{
    struct buf b;
    buf_init(&b, h->rq.a, (size_t)64 << 20);
    TRY(fhir_page_write(&h->rq, page, api_base(h), &b));
    return api_reply(h, 200, buf_get(&b));
}

enum err api_fhir_search(struct http_req *h)
{
    enum fhir_type type;
    struct fhir_page page;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(type == T_AUDIT_EVENT ? api_may_all(h, type, OP_SEARCH) : api_may(h, type, OP_SEARCH));
    TRY(is_form(h));
    struct str query = query_text(h);
    if (type == T_AUDIT_EVENT) {
        return api_audit_event_search(h, query);
    }
    TRY(api_search(h, type, query, api_prefers_strict(h), OP_SEARCH, &page));
    return page_reply(h, &page);
}

/* Types that the token does not open give nothing; which they are, a token's holder knows. */
enum err api_fhir_system_search(struct http_req *h)
{
    struct fhir_page page;
    TRY(api_enter(h));
    TRY(is_form(h));
    TRY(api_search_in(h, NULL, T_NONE, query_text(h), api_prefers_strict(h), OP_SEARCH, &page));
    return page_reply(h, &page);
}

enum err api_fhir_compartment_search(struct http_req *h)
{
    struct fhir_page page;
    struct fhir_compartment in = {.id = http_param(h, S("id"))};
    struct str inner = http_param(h, S("inner"));
    enum fhir_type type = fhir_type_find(inner);
    TRY(api_enter(h));
    TRY(api_type(h, &in.type));
    bool all = str_eq(inner, S("*"));
    if (!all && (type == T_NONE || fhir_type_hangs(type) == NOT_KEPT)) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such address");
    }
    TRY(all ? OK : api_may(h, type, OP_SEARCH));
    TRY(is_form(h));
    TRY(api_search_in(h, &in, all ? T_NONE : type, query_text(h), api_prefers_strict(h), OP_SEARCH,
                  &page));
    return page_reply(h, &page);
}
