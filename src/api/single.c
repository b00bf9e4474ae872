/* api/single.c - create, update and delete of one resource. */
#include "api/fhir_int.h"
#include "care/scan.h"
#include "store/tx.h"

enum { TRIES_MAX = 8 }; /* a lost condition is looked up again; each time somebody else went on */

/* What the answer needs once the change is durable. */
struct done {
    struct tx *tx;
    enum fhir_type type;
    struct str id;
    struct api_cond *cond;  /* NULL: none */
    http_handler_fn again;
    unsigned tries;
    struct jv root;     /* what is put */
    struct api_write w;
};

static enum err answer(struct http_req *h)
{
    struct done *d = h->page_ctx;
    uint64_t version = tx_put_version(d->tx, 0);
    unsigned status = version == 1 ? 201 : 200;
    if (status == 201) {
        http_reply_header(h, "Location", api_location(h, d->type, d->id, version));
    }
    http_reply_header(h, "Content-Location", api_location(h, d->type, d->id, version));
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

/* Somebody else wrote what the condition asks for between our look and the commit: looked up anew. */
static enum err refused(struct http_req *h)
{
    struct done *d = h->page_ctx;
    if (d->cond == NULL || !d->cond->lost || d->tries >= TRIES_MAX) {
        bool met = h->rq.err.code == E_CONFLICT && http_header(h, "If-None-Match").n > 0;
        return api_fhir_error(h, met ? E_STALE : h->rq.err.code);
    }
    err_clear(&h->rq);
    fhir_issues_clear(&h->rq);
    return http_slow(h, d->again);
}

static enum err done_new(struct http_req *h, enum fhir_type type, struct str id,
                         struct api_cond *cond, http_handler_fn again, struct done **ret)
{
    struct done *before = h->page_ctx;
    struct done *d = ARENA_NEW(h->rq.a, struct done);
    TRY_MEM(&h->rq, d);
    d->tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, d->tx);
    d->type = type;
    d->id = id;
    d->cond = cond;
    d->again = again;
    d->tries = before != NULL ? before->tries + 1 : 0;
    h->page_ctx = d;
    h->on_fail = refused;
    if (cond != NULL) {
        TRY(api_cond_hold(d->tx, cond));
    }
    *ret = d;
    return OK;
}

static enum err cond_new(struct http_req *h, enum fhir_type type, struct str query, unsigned ops,
                         struct api_cond **ret_cond)
{
    struct api_cond *c = ARENA_NEW(h->rq.a, struct api_cond);
    TRY_MEM(&h->rq, c);
    TRY(api_cond_find(h, type, arena_str(h->rq.a, query), ops, c));
    *ret_cond = c;
    return OK;
}

enum err api_fhir_create(struct http_req *h)
{
    enum fhir_type type;
    struct json_doc *doc;
    struct api_cond *cond = NULL;
    struct str id = api_new_id(&h->rq);
    struct str query;
    TRY_MEM(&h->rq, id.p);
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_CREATE));
    TRY(api_binary_body(h, type, S(""), &doc));
    query = http_header(h, "If-None-Exist");
    if (query.n > 0) {
        TRY(cond_new(h, type, query, OP_CREATE, &cond));
        if (cond->id.n > 0) {
            return answer_existing(h, type, cond->id);
        }
    }
    struct api_write w = {type, id, TX_NEW, true, NULL};
    return api_put_commit(h, json_root(doc), &w, cond, api_fhir_create);
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

/* Is it there, and may the caller know? Who may not is told so by the write. */
static enum err absent_check(struct http_req *h, enum fhir_type type, struct str id,
                             const char *field)
{
    struct fhir_access acc = api_access(h);
    struct res_row row;
    bool may = false;
    enum err e = db_head(&h->rq, (uint16_t)type, id, &row);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    if (row.deleted || row.version == 0) {
        return OK;
    }
    TRY(fhir_may_touch(&h->rq, &acc, OP_UPDATE, &row, &may));
    return may ? FAIL(&h->rq, E_STALE, "%s: the resource is there", field) : OK;
}

enum err api_expect_none(struct http_req *h, struct str text, const char *field,
                         struct api_write *w)
{
    if (text.n == 0) {
        return OK;
    }
    if (!str_eq(text, S("*"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "%s: only * with an update", field);
    }
    if (w->expect >= 0) {
        return FAIL(&h->rq, E_BAD_INPUT, "%s: not beside ifMatch", field);
    }
    TRY(absent_check(h, w->type, w->id, field));
    w->expect = w->is_create ? w->expect : TX_CREATE;
    return OK;
}

static enum err put_now(struct http_req *h)
{
    struct done *d = h->page_ctx;
    TRY(api_put(h, d->tx, d->root, &d->w));
    return http_commit(h, d->tx, answer);
}

/* Others wait for the I/O thread: a virus scanner is asked on the pool. */
enum err api_put_commit(struct http_req *h, struct jv root, const struct api_write *w,
                        struct api_cond *cond, http_handler_fn again)
{
    struct done *d;
    TRY(done_new(h, w->type, w->id, cond, again, &d));
    d->root = root;
    d->w = *w;
    return scan_wants(&h->rq, root) ? http_slow(h, put_now) : put_now(h);
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
    TRY(api_binary_body(h, type, id, &doc));
    if (!json_has(json_get(json_root(doc), S("id")))) {
        return FAIL(&h->rq, E_BAD_INPUT, "id: missing");
    }
    TRY(api_expect(h, &expect));
    struct api_write w = {type, id, expect, false, NULL};
    TRY(api_expect_none(h, http_header(h, "If-None-Match"), "If-None-Match", &w));
    return api_put_commit(h, json_root(doc), &w, NULL, NULL);
}

enum err api_write_if(struct http_req *h, struct jv root, struct api_cond *cond,
                      struct api_write *w)
{
    struct str id = json_str(h->rq.a, json_get(root, S("id")));
    if (cond->id.n > 0) {
        w->id = cond->id;
        return id.n == 0 || str_eq(id, cond->id)
                   ? OK
                   : FAIL(&h->rq, E_BAD_INPUT, "id: the condition fits another resource");
    }
    if (w->expect != TX_ANY) {
        return FAIL(&h->rq, E_STALE, "If-Match: the condition fits no resource");
    }
    w->id = id.n > 0 ? id : api_new_id(&h->rq);
    w->expect = id.n > 0 ? TX_CREATE : TX_NEW;
    w->is_create = id.n == 0;
    cond->made = w->id;
    TRY_MEM(&h->rq, w->id.p);
    return OK;
}

/* PUT Type?criteria (http.html#cond-update). */
enum err api_fhir_update_if(struct http_req *h)
{
    enum fhir_type type;
    struct json_doc *doc;
    struct api_cond *cond;
    struct api_write w = {.type = T_NONE};
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_UPDATE));
    TRY(api_body(h, &doc));
    TRY(api_expect(h, &w.expect));
    TRY(cond_new(h, type, h->query, OP_UPDATE, &cond));
    w.type = type;
    TRY(api_write_if(h, json_root(doc), cond, &w));
    TRY(api_expect_none(h, http_header(h, "If-None-Match"), "If-None-Match", &w));
    return api_put_commit(h, json_root(doc), &w, cond, api_fhir_update_if);
}

/* 204, or an outcome when that is preferred (http.html#delete). */
static enum err answer_deleted(struct http_req *h)
{
    return api_prefer(h) == RETURN_OUTCOME ? api_reply_outcome(h, 200) : http_reply_empty(h, 204);
}

static enum err delete_commit(struct http_req *h, enum fhir_type type, const struct str *ids,
                              size_t n, struct api_cond *cond)
{
    struct done *d;
    int64_t expect;
    TRY(api_expect(h, &expect));
    if (n > 1 && expect != TX_ANY) {
        return FAIL(&h->rq, E_STALE, "If-Match: the condition fits more than one resource");
    }
    TRY(done_new(h, type, ids[0], cond, api_fhir_delete_if, &d));
    for (size_t i = 0; i < n; i++) {
        bool gone = false;
        TRY(api_delete(h, d->tx, type, ids[i], expect, &gone));
    }
    return tx_is_empty(d->tx) ? answer_deleted(h) : http_commit(h, d->tx, answer_deleted);
}

enum err api_fhir_delete(struct http_req *h)
{
    enum fhir_type type;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_DELETE));
    const struct str id = http_param(h, S("id"));
    return delete_commit(h, type, &id, 1, NULL);
}

/* DELETE Type?criteria: all that fit, or none (http.html#3.1.0.7.1). */
enum err api_fhir_delete_if(struct http_req *h)
{
    enum fhir_type type;
    struct api_cond *cond = ARENA_NEW(h->rq.a, struct api_cond);
    TRY_MEM(&h->rq, cond);
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_DELETE));
    TRY(api_cond_find_all(h, type, arena_str(h->rq.a, h->query), OP_DELETE, cond));
    return cond->n == 0 ? answer_deleted(h) : delete_commit(h, type, cond->ids, cond->n, cond);
}
