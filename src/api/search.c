/* api/search.c - searching over GET and POST _search. */
#include "api/audit_event.h"
#include "api/fhir_int.h"
#include "codec/url.h"
#include "store/audit.h"

/* On record: what kind was searched, by which parameters, about which patient; never the values. */
static enum err search_audit(struct http_req *h, const struct fhir_query *q)
{
    struct buf names;
    int64_t patient = 0;
    if (!fhir_type_is_clinical(q->type)) {
        return OK;
    }
    buf_init(&names, h->rq.a, 512);
    for (size_t i = 0; i < q->n; i++) {
        const struct fhir_criterion *c = &q->c[i];
        if (names.n + c->param.n < 200) {
            buf_str(&names, i > 0 ? S(" ") : S(""));
            buf_str(&names, c->p->name);
        }
        bool one = c->op == ASK_PARAM && c->p->kind == SP_REF && c->modifier == MOD_NONE && c->n == 1;
        if (one && patient == 0 && (str_eq(c->p->name, S("subject")) ||
                                    str_eq(c->p->name, S("patient")))) {
            patient = MAX(c->v[0].ref.target, 0);
        }
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

enum err api_search(struct http_req *h, enum fhir_type type, struct str query, bool strict,
                    unsigned ops, struct fhir_page *ret_page)
{
    struct url_pairs form;
    struct fhir_access acc = api_access(h);
    acc.ops = ops;
    struct fhir_query *q = ARENA_NEW(h->rq.a, struct fhir_query);
    TRY_MEM(&h->rq, q);
    TRY(form_parse(&h->rq, query, 200, &form));
    TRY(fhir_query_parse(&h->rq, type, &form, strict, q));
    TRY(fhir_search(&h->rq, q, &acc, ret_page));
    return search_audit(h, q);
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

enum err api_fhir_search(struct http_req *h)
{
    enum fhir_type type;
    struct fhir_page page;
    struct buf b;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(type == T_AUDIT_EVENT ? api_may_all(h, type, OP_SEARCH) : api_may(h, type, OP_SEARCH));
    if (h->method == POST && !str_eq(http_body_type(h), S("application/x-www-form-urlencoded"))) {
        return FAIL(&h->rq, E_MEDIA_TYPE, "only application/x-www-form-urlencoded");
    }
    struct str query = query_text(h);
    if (type == T_AUDIT_EVENT) {
        return api_audit_event_search(h, query);
    }
    TRY(api_search(h, type, query, api_prefers_strict(h), OP_SEARCH, &page));
    buf_init(&b, h->rq.a, (size_t)64 << 20);
    TRY(fhir_page_write(&h->rq, &page, api_base(h), &b));
    return api_reply(h, 200, buf_get(&b));
}
