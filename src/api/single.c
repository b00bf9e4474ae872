/* api/single.c - create, update and delete of one resource. */
#include "api/fhir_int.h"
#include "store/tx.h"

/* What the answer needs once the change is durable. */
struct done {
    struct tx *tx;
    enum fhir_type type;
    struct str id;
    struct str query; /* If-None-Exist */
};

static enum err answer(struct http_req *h)
{
    struct done *d = h->page_ctx;
    uint64_t version = tx_put_version(d->tx, 0);
    unsigned status = version == 1 ? 201 : 200;
    if (status == 201) {
        http_reply_header(h, "Location", api_location(h, d->type, d->id, version));
    }
    (void)http_is_fresh(h, api_etag(&h->rq, version), tx_time(d->tx));
    switch (api_prefer(h)) {
    case RETURN_MINIMAL: return http_reply_empty(h, status);
    case RETURN_OUTCOME: return api_reply_outcome(h, status);
    case RETURN_REPRESENTATION:
    case RETURN_UNSAID: break;
    }
    struct str text = tx_put_text(d->tx, 0);
    TRY_MEM(&h->rq, text.p);
    return api_reply(h, status, text);
}

/* A conditional create found one that is there already: 200 with it, for who may read. */
static enum err answer_existing(struct http_req *h, enum fhir_type type, struct str id)
{
    struct res_row row;
    TRY(db_read(&h->rq, (uint16_t)type, id, &row));
    http_reply_header(h, "Location", api_location(h, type, id, row.version));
    (void)http_is_fresh(h, api_etag(&h->rq, row.version), row.updated);
    struct fhir_access acc = api_access(h);
    bool shown = false;
    TRY(fhir_may_touch(&h->rq, &acc, OP_READ, &row, &shown));
    shown = shown && api_prefer(h) != RETURN_MINIMAL;
    return shown ? api_reply(h, 200, row.body) : http_reply_empty(h, 200);
}

/* Somebody created it between our look and the commit. */
static enum err create_lost(struct http_req *h)
{
    struct done *d = h->page_ctx;
    struct str id = {NULL, 0};
    enum err code = h->rq.err.code;
    if (code != E_CONFLICT) {
        return api_fhir_error(h, code);
    }
    err_clear(&h->rq);
    TRY(api_conditional(h, d->type, d->query, OP_CREATE, &id));
    return id.n > 0 ? answer_existing(h, d->type, id) : api_fhir_error(h, E_CONFLICT);
}

static enum err done_new(struct http_req *h, enum fhir_type type, struct str id, struct done **ret)
{
    struct done *d = ARENA_NEW(h->rq.a, struct done);
    TRY_MEM(&h->rq, d);
    d->tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, d->tx);
    d->type = type;
    d->id = id;
    h->page_ctx = d;
    *ret = d;
    return OK;
}

enum err api_fhir_create(struct http_req *h)
{
    enum fhir_type type;
    struct json_doc *doc;
    struct done *d;
    struct str id = api_new_id(&h->rq);
    TRY_MEM(&h->rq, id.p);
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_CREATE));
    TRY(api_body(h, &doc));
    TRY(done_new(h, type, id, &d));
    d->query = http_header(h, "If-None-Exist");
    if (d->query.n > 0) {
        struct str found = {NULL, 0};
        d->query = arena_str(h->rq.a, d->query);
        TRY(api_conditional(h, type, d->query, OP_CREATE, &found));
        if (found.n > 0) {
            return answer_existing(h, type, found);
        }
        TRY(api_guard(h, d->tx, type, d->query));
        h->on_fail = create_lost;
    }
    struct api_write w = {type, id, TX_NEW, true};
    TRY(api_put(h, d->tx, json_root(doc), &w));
    return http_commit(h, d->tx, answer);
}

enum err api_expect(struct http_req *h, int64_t *ret_expect)
{
    struct str match = http_header(h, "If-Match");
    uint64_t version;
    *ret_expect = TX_ANY;
    if (match.n == 0) {
        return OK;
    }
    if (!api_etag_read(match, &version) || version == 0 || version > INT64_MAX) {
        return FAIL(&h->rq, E_BAD_INPUT, "If-Match");
    }
    *ret_expect = (int64_t)version;
    return OK;
}

enum err api_put_commit(struct http_req *h, struct jv root, const struct api_write *w)
{
    struct done *d;
    TRY(done_new(h, w->type, w->id, &d));
    TRY(api_put(h, d->tx, root, w));
    return http_commit(h, d->tx, answer);
}

enum err api_fhir_update(struct http_req *h)
{
    enum fhir_type type;
    struct json_doc *doc;
    struct str id = http_param(h, S("id"));
    int64_t expect;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_UPDATE));
    TRY(api_body(h, &doc));
    if (!json_has(json_get(json_root(doc), S("id")))) {
        return FAIL(&h->rq, E_BAD_INPUT, "id: missing");
    }
    TRY(api_expect(h, &expect));
    struct api_write w = {type, id, expect, false};
    return api_put_commit(h, json_root(doc), &w);
}

static enum err answer_deleted(struct http_req *h)
{
    return http_reply_empty(h, 204);
}

enum err api_fhir_delete(struct http_req *h)
{
    enum fhir_type type;
    struct done *d;
    struct str id = http_param(h, S("id"));
    int64_t expect;
    bool gone = false;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_DELETE));
    TRY(api_expect(h, &expect));
    TRY(done_new(h, type, id, &d));
    TRY(api_delete(h, d->tx, type, id, expect, &gone));
    return gone ? http_reply_empty(h, 204) : http_commit(h, d->tx, answer_deleted);
}
