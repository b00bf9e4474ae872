/* api/read.c - read and vread. */
#include "api/fhir_int.h"
#include "api/audit_event.h"
#include "codec/url.h"

/* The resource, or the part that _summary and _elements ask for. */
static enum err whole_reply(struct http_req *h, const struct res_row *row)
{
    struct url_pairs form;
    struct str json = row->body;
    if (h->query.n > 0) {
        TRY(form_parse(&h->rq, h->query, 200, &form));
        TRY(fhir_subset(&h->rq, &form, row, &json));
    }
    return api_reply(h, 200, json);
}

enum err api_fhir_read(struct http_req *h)
{
    enum fhir_type type;
    struct res_row row;
    TRY(api_type(h, &type));
    if (type == T_BINARY) {
        return api_binary_read(h);
    }
    TRY(api_enter(h));
    if (type == T_AUDIT_EVENT) {
        TRY(api_may_all(h, type, OP_READ));
        return api_audit_event_read(h);
    }
    TRY(api_may(h, type, OP_READ));
    TRY(api_find(h, type, http_param(h, S("id")), AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "version %llu deleted it", (unsigned long long)row.version);
    }
    if (http_is_fresh(h, api_etag(&h->rq, row.version), row.updated)) {
        return http_reply_empty(h, 304);
    }
    return whole_reply(h, &row);
}

enum err api_fhir_vread(struct http_req *h)
{
    enum fhir_type type;
    struct res_row row;
    struct ver_row ver;
    uint64_t version;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_READ));
    if (!str_u64(http_param(h, S("vid")), &version)) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such version");
    }
    TRY(api_find(h, type, http_param(h, S("id")), AUDIT_READ, &row));
    TRY(db_vread(&h->rq, (uint16_t)type, row.id, version, &ver));
    if (http_is_fresh(h, api_etag(&h->rq, ver.version), ver.updated)) {
        return http_reply_empty(h, 304);
    }
    row.body = ver.body;
    return whole_reply(h, &row);
}
