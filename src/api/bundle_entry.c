/* api/bundle_entry.c - one entry of a batch or transaction. See bundle_int.h. */
#include "api/bundle_int.h"
#include "store/audit.h"

static const struct str verbs[VERB_COUNT] = {SI("DELETE"), SI("POST"), SI("PUT"), SI("PATCH"),
                                             SI("GET")};

static struct str text_of(struct http_req *h, struct jv obj, struct str name)
{
    return json_str(h->rq.a, json_get(obj, name));
}

/* "Type", "Type/id", "Type?query", "/Type...", or the whole address on this server. */
static enum err url_parse(struct http_req *h, struct str base, struct entry *x)
{
    struct str url = x->url;
    struct str rest;
    struct str head = {NULL, 0};
    if (str_starts(url, base)) {
        url = str_sub(url, base.n, url.n);
    }
    if (url.n > 0 && url.p[0] == '/') {
        url = str_sub(url, 1, url.n);
    }
    size_t query = str_find_char(url, '?');
    x->query = query < url.n ? str_sub(url, query + 1, url.n) : (struct str){NULL, 0};
    rest = str_sub(url, 0, query);
    if (str_eq(rest, S("_history")) && x->verb == VERB_GET) {
        x->rest = rest;
        x->type = T_NONE;
        return OK;
    }
    TRY(entry_find_op(h, rest, x));
    if (x->is_op) {
        x->is_post = x->verb == VERB_POST;
        x->verb = VERB_GET; /* nothing is changed: with the reads, at the end */
        return OK;
    }
    if (x->change != CHANGE_NONE) { /* its own row has told that it is Type/id/$operation */
        x->verb = VERB_PATCH;
        rest = str_sub(rest, 0, str_find(rest, S("/$")));
    }
    (void)str_cut(&rest, '/', &head);
    x->type = fhir_type_find(head);
    if (x->type == T_NONE || fhir_type_hangs(x->type) == NOT_KEPT) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.url: type not kept here");
    }
    size_t slash = str_find_char(rest, '/');
    x->id = str_sub(rest, 0, slash);
    x->rest = str_sub(rest, slash + 1, rest.n);
    if (str_eq(x->id, S("_history"))) {
        x->rest = x->id;
        x->id = (struct str){NULL, 0};
    }
    if ((x->id.n > 0 && !fhir_id_is_valid(x->id)) || (x->rest.n > 0 && x->verb != VERB_GET)) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.url: not supported in a bundle");
    }
    return OK;
}

static enum err shape_check(struct http_req *h, const struct entry *x)
{
    bool has_resource = json_kind(x->resource) == JSON_OBJECT;
    bool ok = true;
    switch (x->verb) {
    case VERB_POST: ok = has_resource && x->id.n == 0 && x->query.n == 0; break;
    case VERB_PUT:
    case VERB_PATCH: ok = has_resource && (x->id.n > 0) != (x->query.n > 0); break;
    case VERB_DELETE: ok = (x->id.n > 0) != (x->query.n > 0); break;
    case VERB_GET: ok = !has_resource || x->is_post; break;
    case VERB_COUNT: ok = false; break;
    }
    return ok ? OK : FAIL(&h->rq, E_BAD_INPUT, "entry.request: address and resource do not fit");
}

enum err entry_parse(struct http_req *h, struct str base, struct jv e, struct entry *ret_entry)
{
    struct jv request = json_get(e, S("request"));
    struct str method = text_of(h, request, S("method"));
    struct str match = text_of(h, request, S("ifMatch"));
    struct entry x = {.e = e, .resource = json_get(e, S("resource")), .verb = VERB_COUNT};
    uint64_t version = 0;
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (str_eq(verbs[i], method)) {
            x.verb = (enum entry_verb)i;
        }
    }
    if (str_eq(method, S("HEAD"))) {
        x.verb = VERB_GET;
        x.is_head = true;
    }
    if (x.verb == VERB_COUNT) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.method");
    }
    x.full_url = text_of(h, e, S("fullUrl"));
    x.url = text_of(h, request, S("url"));
    x.none_exist = text_of(h, request, S("ifNoneExist"));
    x.none_match = text_of(h, request, S("ifNoneMatch"));
    x.expect = TX_ANY;
    if (match.n > 0) {
        if (!api_etag_read(match, &version) || version == 0 || version > INT64_MAX) {
            return FAIL(&h->rq, E_BAD_INPUT, "entry.request.ifMatch");
        }
        x.expect = (int64_t)version;
    }
    TRY(url_parse(h, base, &x));
    TRY(shape_check(h, &x));
    *ret_entry = x;
    return OK;
}

static enum err existing_load(struct http_req *h, struct entry *x)
{
    struct res_row row;
    TRY(db_read(&h->rq, (uint16_t)x->type, x->id, &row));
    x->exists = true;
    x->version = row.version;
    x->updated = row.updated;
    struct fhir_access acc = api_access(h);
    bool may = false;
    TRY(fhir_may_touch(&h->rq, &acc, OP_READ, &row, &may));
    if (may) {
        x->body = row.body;
    }
    return OK;
}

/* What each entry needs of the token's scopes (SMART App Launch: a bundle is held to what is in it). */
static unsigned ops_of(const struct entry *x)
{
    switch (x->verb) {
    case VERB_POST: return OP_CREATE;
    case VERB_PUT: return OP_UPDATE;
    case VERB_PATCH: return OP_UPDATE;
    case VERB_DELETE: return OP_DELETE;
    case VERB_GET: return x->id.n > 0 ? OP_READ : OP_SEARCH;
    case VERB_COUNT: break;
    }
    return OP_ALL;
}

static enum err cond_find(struct http_req *h, struct entry *x, struct str query)
{
    x->cond = ARENA_NEW(h->rq.a, struct api_cond);
    TRY_MEM(&h->rq, x->cond);
    return x->verb == VERB_DELETE ? api_cond_find_all(h, x->type, query, OP_DELETE, x->cond)
                                  : api_cond_find(h, x->type, query, ops_of(x), x->cond);
}

enum err entry_resolve(struct http_req *h, struct entry *x)
{
    struct api_write w = {.type = x->type, .expect = x->expect};
    if (x->is_op) {
        return OK; /* its own row asks */
    }
    if (x->type != T_NONE) {
        TRY(api_may(h, x->type, ops_of(x)));
    }
    if (x->verb == VERB_PATCH) {
        TRY(api_may(h, x->type, OP_READ));
    }
    if (x->verb == VERB_POST && x->none_exist.n > 0) {
        TRY(cond_find(h, x, x->none_exist));
        if (x->cond->id.n > 0) {
            x->id = x->cond->id;
            return existing_load(h, x);
        }
    } else if (x->verb != VERB_GET && x->query.n > 0) {
        TRY(cond_find(h, x, x->query));
        x->id = x->cond->id;
        if (x->verb == VERB_DELETE) {
            x->gone = x->id.n == 0;
            return OK;
        }
        if (x->verb == VERB_PATCH) {
            return x->id.n > 0 ? OK
                               : FAIL(&h->rq, E_NOT_FOUND, "the condition fits no resource");
        }
        TRY(api_write_if(h, x->resource, x->cond, &w));
        TRY(api_expect_none(h, x->none_match, "entry.request.ifNoneMatch", &w));
        x->id = w.id;
        x->expect = w.expect;
        x->is_create = w.is_create;
    }
    if (x->verb == VERB_PUT && x->cond == NULL) {
        w.id = x->id;
        TRY(api_expect_none(h, x->none_match, "entry.request.ifNoneMatch", &w));
        x->expect = w.expect;
    }
    if (x->verb == VERB_POST && x->id.n == 0) {
        x->id = api_new_id(&h->rq);
        TRY_MEM(&h->rq, x->id.p);
        x->is_create = true;
        x->expect = TX_NEW;
    }
    if (x->cond != NULL) {
        x->cond->made = x->id;
    }
    return OK;
}

/* The one in the address, or all that a condition fits. */
static enum err delete_write(struct http_req *h, struct entry *x, struct tx *tx)
{
    size_t n = x->cond != NULL ? x->cond->n : 1;
    bool gone = false;
    if (n > 1 && x->expect != TX_ANY) {
        return FAIL(&h->rq, E_STALE, "entry.request.ifMatch: the condition fits more than one resource");
    }
    for (size_t i = 0; i < n; i++) {
        TRY(api_delete(h, tx, x->type, x->cond != NULL ? x->cond->ids[i] : x->id, x->expect, &gone));
    }
    return OK;
}

enum err entry_write(struct http_req *h, struct bundle *b, struct entry *x, struct tx *tx)
{
    struct jv root;
    struct api_write w = {x->type, x->id, x->expect, x->is_create, &b->beside};
    size_t before = tx_n_puts(tx);
    if (x->cond != NULL) {
        TRY(api_cond_hold(tx, x->cond));
    }
    if (x->exists || x->gone) {
        return OK;
    }
    if (x->verb == VERB_DELETE) {
        TRY(delete_write(h, x, tx));
    } else if (x->change != CHANGE_NONE) {
        TRY(entry_change(h, b, x, tx));
    } else {
        TRY(entry_rewrite(h, b, x, &root));
        if (x->verb == VERB_PATCH) {
            struct api_patch patch;
            TRY(api_patch_of(h, root, &patch));
            TRY(api_patched(h, &patch, &w, &root));
        }
        TRY(api_put(h, tx, root, &w));
    }
    if (tx_n_puts(tx) > before) {
        x->tx = tx;
        x->put = before;
    }
    return OK;
}

static enum err version_read(struct http_req *h, struct entry *x)
{
    struct str vid = str_sub(x->rest, S("_history/").n, x->rest.n);
    struct res_row row;
    struct ver_row ver;
    uint64_t version;
    if (!str_starts(x->rest, S("_history/")) || !str_u64(vid, &version)) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.url: not supported in a bundle");
    }
    TRY(api_find(h, x->type, x->id, AUDIT_READ, &row));
    TRY(db_vread(&h->rq, (uint16_t)x->type, x->id, version, &ver));
    x->body = ver.body;
    x->version = ver.version;
    x->updated = ver.updated;
    return OK;
}

static enum err present_read(struct http_req *h, struct entry *x)
{
    struct res_row row;
    uint64_t known;
    TRY(api_find(h, x->type, x->id, AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "deleted");
    }
    x->exists = x->none_match.n > 0 && api_etag_read(x->none_match, &known) && known == row.version;
    x->body = x->exists ? (struct str){NULL, 0} : row.body;
    x->version = row.version;
    x->updated = row.updated;
    return OK;
}

enum err entry_read(struct http_req *h, struct entry *x)
{
    struct fhir_page page;
    struct buf b;
    if (x->is_op) {
        return entry_op(h, x);
    }
    if (str_eq(x->rest, S("_history"))) {
        const struct api_history ask = {.type = x->type, .id = x->id, .query = x->query};
        return api_history(h, &ask, &x->body);
    }
    if (x->rest.n > 0) {
        return version_read(h, x);
    }
    if (x->id.n > 0) {
        return present_read(h, x);
    }
    TRY(api_search(h, x->type, x->query, api_prefers_strict(h), OP_SEARCH, &page));
    buf_init(&b, h->rq.a, (size_t)32 << 20);
    TRY(fhir_page_write(&h->rq, &page, api_base(h), &b));
    x->body = buf_get(&b);
    return OK;
}

void entry_fail(struct http_req *h, struct entry *x, enum err e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, h->rq.a, 64 * 1024);
    json_out_init(&o, &b);
    fhir_outcome_write(&h->rq, e, &o);
    x->err = e;
    x->outcome = buf_get(&b);
    x->skip = true;
    err_clear(&h->rq);
    fhir_issues_clear(&h->rq);
}
