/* api/read.c - read, vread, history. */
#include "api/fhir_int.h"
#include "api/audit_event.h"
#include "store/audit.h"

enum { HISTORY_MAX = 100, FEED_SCAN = 5000 };

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
    return api_reply(h, 200, row.body);
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
    return api_reply(h, 200, ver.body);
}

static void entry_write(struct http_req *h, struct buf *b, const struct ver_row *v)
{
    static const struct {
        const char *method;
        const char *status;
    } ops[] = {
        [VER_CREATE] = {"POST", "201"},
        [VER_UPDATE] = {"PUT", "200"},
        [VER_DELETE] = {"DELETE", "204"},
    };
    enum fhir_type type = (enum fhir_type)v->type;
    BUF_LIT(b, "{\"fullUrl\":\"");
    buf_str(b, api_location(h, type, v->id, 0));
    buf_char(b, '"');
    if (v->body.n > 0) {
        BUF_LIT(b, ",\"resource\":");
        buf_str(b, v->body);
    }
    BUF_LIT(b, ",\"request\":{\"method\":\"");
    buf_str(b, str_z(ops[v->op].method));
    BUF_LIT(b, "\",\"url\":\"");
    buf_str(b, fhir_type_name(type));
    if (v->op != VER_CREATE) {
        buf_char(b, '/');
        buf_str(b, v->id);
    }
    BUF_LIT(b, "\"},\"response\":{\"status\":\"");
    buf_str(b, str_z(ops[v->op].status));
    BUF_LIT(b, "\",\"etag\":\"W/\\\"");
    buf_u64(b, v->version);
    BUF_LIT(b, "\\\"\",\"lastModified\":\"");
    instant_write(b, v->updated);
    BUF_LIT(b, "\"}}");
}

/* next: where the page after this begins; 0: this is the last. */
static enum err history_reply(struct http_req *h, const struct ver_row *rows, size_t n,
                              int64_t next)
{
    struct buf b;
    buf_init(&b, h->rq.a, (size_t)64 << 20);
    BUF_LIT(&b, "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"link\":[{\"relation\":\"self\","
                "\"url\":\"");
    struct str self = http_base_url(h);
    buf_str(&b, self);
    buf_str(&b, h->path);
    BUF_LIT(&b, "\"}");
    if (next > 0) {
        BUF_LIT(&b, ",{\"relation\":\"next\",\"url\":\"");
        buf_str(&b, self);
        buf_str(&b, h->path);
        BUF_LIT(&b, "?_before=");
        buf_i64(&b, next);
        BUF_LIT(&b, "\"}");
    }
    buf_char(&b, ']');
    for (size_t i = 0; i < n; i++) {
        buf_str(&b, i == 0 ? S(",\"entry\":[") : S(","));
        entry_write(h, &b, &rows[i]);
    }
    buf_str(&b, n > 0 ? S("]}") : S("}"));
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "history");
}

static enum err paging(struct http_req *h, size_t *ret_n, int64_t *ret_before)
{
    uint64_t n = FHIR_COUNT_DEFAULT;
    uint64_t before = 0;
    struct str count = http_query(h, S("_count"));
    struct str from = http_query(h, S("_before"));
    if ((count.n > 0 && !str_u64(count, &n)) || (from.n > 0 && !str_u64(from, &before))) {
        return FAIL(&h->rq, E_BAD_INPUT, "_count or _before");
    }
    *ret_n = MAX(1, MIN((size_t)n, (size_t)HISTORY_MAX));
    *ret_before = before <= INT64_MAX ? (int64_t)before : 0;
    return OK;
}

enum err api_fhir_history(struct http_req *h)
{
    enum fhir_type type;
    struct res_row row;
    struct ver_row *rows = ARENA_ARRAY(h->rq.a, HISTORY_MAX, struct ver_row);
    size_t n;
    size_t got = 0;
    int64_t before;
    TRY_MEM(&h->rq, rows);
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_READ));
    TRY(paging(h, &n, &before));
    TRY(api_find(h, type, http_param(h, S("id")), AUDIT_HISTORY, &row));
    TRY(db_history(&h->rq, (uint16_t)type, row.id, before, n, rows, &got));
    return history_reply(h, rows, got, got == n ? rows[got - 1].vid : 0);
}

/* Versions of resources the caller may not see are passed over: neither shown nor counted. */
enum err api_fhir_type_history(struct http_req *h)
{
    enum fhir_type type;
    struct fhir_access acc = api_access(h);
    struct ver_row *rows = ARENA_ARRAY(h->rq.a, HISTORY_MAX, struct ver_row);
    size_t n;
    size_t got = 0;
    size_t kept = 0;
    int64_t before;
    int64_t next = 0;
    TRY_MEM(&h->rq, rows);
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_SEARCH));
    TRY(paging(h, &n, &before));
    TRY(db_feed(&h->rq, (uint16_t)type, before, FEED_SCAN, n, rows, &got, &next));
    for (size_t i = 0; i < got; i++) {
        bool may = false;
        struct res_row head = {.rid = rows[i].rid, .type = rows[i].type,
                               .anchor = rows[i].anchor, .patient = rows[i].patient};
        TRY(fhir_may_touch(&h->rq, &acc, OP_SEARCH, &head, &may));
        if (may) {
            rows[kept++] = rows[i];
        }
    }
    struct audit_rec rec = {.action = AUDIT_HISTORY, .type = (uint16_t)type,
                            .why = acc.all ? WHY_SYSTEM : WHY_TEAM};
    if (fhir_type_is_clinical(type)) {
        TRY(audit_add(&h->rq, &rec));
    }
    return history_reply(h, rows, kept, next);
}
