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
static enum err url_parse(struct http_req *h, struct entry *x)
{
    struct str url = x->url;
    struct str base = api_base(h);
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
    (void)str_cut(&rest, '/', &head);
    x->type = fhir_type_find(head);
    if (x->type == T_NONE || fhir_type_hangs(x->type) == NOT_KEPT) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.url: type not kept here");
    }
    if (rest.n > 0 && !fhir_id_is_valid(rest)) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.url: not supported in a bundle");
    }
    x->id = rest;
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
    case VERB_GET: ok = !has_resource; break;
    case VERB_COUNT: ok = false; break;
    }
    return ok ? OK : FAIL(&h->rq, E_BAD_INPUT, "entry.request: address and resource do not fit");
}

enum err entry_parse(struct http_req *h, struct jv e, struct entry *ret_entry)
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
    if (x.verb == VERB_COUNT) {
        return FAIL(&h->rq, E_BAD_INPUT, "entry.request.method");
    }
    x.full_url = text_of(h, e, S("fullUrl"));
    x.url = text_of(h, request, S("url"));
    x.none_exist = text_of(h, request, S("ifNoneExist"));
    x.expect = TX_ANY;
    if (match.n > 0) {
        if (!api_etag_read(match, &version) || version == 0 || version > INT64_MAX) {
            return FAIL(&h->rq, E_BAD_INPUT, "entry.request.ifMatch");
        }
        x.expect = (int64_t)version;
    }
    TRY(url_parse(h, &x));
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

enum err entry_resolve(struct http_req *h, struct entry *x)
{
    struct str found = {NULL, 0};
    bool conditional =
        x->verb == VERB_PUT || x->verb == VERB_PATCH || x->verb == VERB_DELETE;
    TRY(api_may(h, x->type, ops_of(x)));
    if (x->verb == VERB_PATCH) {
        TRY(api_may(h, x->type, OP_READ));
    }
    if (x->verb == VERB_POST && x->none_exist.n > 0) {
        TRY(api_conditional(h, x->type, x->none_exist, OP_CREATE, &found));
        if (found.n > 0) {
            x->id = found;
            return existing_load(h, x);
        }
    } else if (conditional && x->query.n > 0) {
        TRY(api_conditional(h, x->type, x->query, ops_of(x), &found));
        x->id = found;
        if (x->verb == VERB_DELETE) {
            x->gone = found.n == 0;
            return OK;
        }
        if (x->verb == VERB_PATCH && found.n == 0) {
            return FAIL(&h->rq, E_NOT_FOUND, "the condition fits no resource");
        }
    }
    if ((x->verb == VERB_POST || x->verb == VERB_PUT) && x->id.n == 0) {
        x->id = api_new_id(&h->rq);
        TRY_MEM(&h->rq, x->id.p);
        x->is_create = true;
        x->expect = TX_NEW;
    }
    return OK;
}

/* ---- references ---- */

struct rewrite {
    struct http_req *h;
    const struct bundle *b;
    const struct json_doc *doc;
    struct buf out;
    size_t copied; /* bytes of the source already in out */
    bool changed;
};

static void replace(struct rewrite *w, const struct json_node *node, enum fhir_type type,
                    struct str id)
{
    buf_bytes(&w->out, w->doc->src.p + w->copied, node->off - w->copied);
    buf_str(&w->out, fhir_type_name(type));
    buf_char(&w->out, '/');
    buf_str(&w->out, id);
    w->copied = node->off + node->len;
    w->changed = true;
}

static enum err conditional_ref(struct rewrite *w, const struct json_node *node, struct str ref)
{
    size_t q = str_find_char(ref, '?');
    enum fhir_type type = fhir_type_find(str_sub(ref, 0, q));
    struct str id = {NULL, 0};
    if (type == T_NONE) {
        return OK;
    }
    TRY(api_conditional(w->h, type, str_sub(ref, q + 1, ref.n), OP_SEARCH, &id));
    if (id.n == 0) {
        return FAIL(&w->h->rq, E_STALE, "a conditional reference finds nothing");
    }
    replace(w, node, type, id);
    return OK;
}

static enum err value_rewrite(struct rewrite *w, const struct json_node *key,
                              const struct json_node *node, bool is_reference)
{
    struct str text = {w->doc->src.p + node->off, node->len};
    const struct entry *x;
    if ((node->flags & JSON_ESCAPED) != 0) {
        return OK;
    }
    x = bundle_find(w->b, text);
    (void)key;
    if (x != NULL && x->id.n > 0) {
        replace(w, node, x->type, x->id);
        return OK;
    }
    bool conditional = is_reference && str_find_char(text, '?') < text.n &&
                       !str_starts(text, S("http")) && text.n < 1000;
    return conditional ? conditional_ref(w, node, text) : OK;
}

/* Elements that may name another entry (http.html#trules): references, and addresses of type uri. */
static bool names_entry(const struct json_doc *doc, const struct json_node *key)
{
    static const struct str names[] = {SI("reference"), SI("url"), SI("valueUri"),
                                       SI("valueUrl")};
    struct str name = {doc->src.p + key->off, key->len};
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

enum err entry_rewrite(struct http_req *h, const struct bundle *b, const struct entry *x,
                       struct jv *ret_root)
{
    const struct json_doc *doc = x->resource.doc;
    uint32_t at = x->resource.at;
    uint32_t end = doc->nodes[at].end;
    struct rewrite w = {.h = h, .b = b, .doc = doc, .copied = doc->nodes[at].off};
    struct str raw = json_raw(x->resource);
    size_t stop = doc->nodes[at].off + raw.n;
    buf_init(&w.out, h->rq.a, raw.n * 2 + 65536);
    for (uint32_t i = at; i + 1 < end; i++) {
        const struct json_node *key = &doc->nodes[i];
        if (key->kind == JSON_KEY && doc->nodes[i + 1].kind == JSON_STRING &&
            names_entry(doc, key)) {
            TRY(value_rewrite(&w, key, &doc->nodes[i + 1], key->len == 9));
        }
    }
    *ret_root = x->resource;
    if (!w.changed) {
        return OK;
    }
    buf_bytes(&w.out, doc->src.p + w.copied, stop - w.copied);
    struct json_doc *fresh = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, fresh);
    TRY(json_parse(&h->rq, buf_get(&w.out), NULL, fresh));
    *ret_root = json_root(fresh);
    return OK;
}

enum err entry_write(struct http_req *h, const struct bundle *b, struct entry *x, struct tx *tx)
{
    struct jv root;
    struct api_write w = {x->type, x->id, x->expect, x->is_create};
    size_t before = tx_n_puts(tx);
    if (x->exists || x->gone) {
        return OK;
    }
    if (x->verb == VERB_DELETE) {
        TRY(api_delete(h, tx, x->type, x->id, x->expect, &x->gone));
    } else {
        TRY(entry_rewrite(h, b, x, &root));
        if (x->verb == VERB_PATCH) {
            struct api_patch patch;
            TRY(api_patch_of(h, root, &patch));
            TRY(api_patched(h, &patch, &w, &root));
        }
        TRY(api_put(h, tx, root, &w));
        if (x->none_exist.n > 0) {
            TRY(api_guard(h, tx, x->type, x->none_exist));
        }
    }
    if (tx_n_puts(tx) > before) {
        x->tx = tx;
        x->put = before;
    }
    return OK;
}

enum err entry_read(struct http_req *h, struct entry *x)
{
    struct res_row row;
    struct fhir_page page;
    struct buf b;
    if (x->id.n > 0) {
        TRY(api_find(h, x->type, x->id, AUDIT_READ, &row));
        if (row.deleted) {
            return FAIL(&h->rq, E_GONE, "deleted");
        }
        x->body = row.body;
        x->version = row.version;
        x->updated = row.updated;
        return OK;
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
