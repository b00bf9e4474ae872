/* api/meta.c - $meta, $meta-add, $meta-delete of a resource (R4 resource-operations.html): profiles, tags and
 * security labels. Adding and deleting is an update, and held to what any update is held to. */
#include "api/fhir_int.h"
#include "store/tx.h"

struct change {
    struct http_req *h;
    struct jv old;   /* meta as it is */
    struct jv given;
    bool add;
};

static bool is_same(struct http_req *h, struct jv a, struct jv b)
{
    struct arena *at = h->rq.a;
    if (json_kind(a) == JSON_STRING) {
        return str_eq(json_str(at, a), json_str(at, b));
    }
    return str_eq(json_str(at, json_get(a, S("system"))), json_str(at, json_get(b, S("system")))) &&
           str_eq(json_str(at, json_get(a, S("code"))), json_str(at, json_get(b, S("code"))));
}

static bool is_among(struct http_req *h, struct jv v, struct jv list)
{
    for (struct jv x = json_first(list); json_has(x); x = json_next(x)) {
        if (is_same(h, v, x)) {
            return true;
        }
    }
    return false;
}

static void item_write(struct json_out *o, struct str name, struct jv v, bool *open)
{
    if (!*open) {
        json_k(o, name);
        json_arr(o);
        *open = true;
    }
    json_v_raw(o, json_raw(v));
}

static void list_write(const struct change *c, struct json_out *o, struct str name)
{
    struct jv old = json_get(c->old, name);
    struct jv given = json_get(c->given, name);
    bool open = false;
    for (struct jv v = json_first(old); json_has(v); v = json_next(v)) {
        if (c->add || !is_among(c->h, v, given)) {
            item_write(o, name, v, &open);
        }
    }
    for (struct jv v = json_first(given); c->add && json_has(v); v = json_next(v)) {
        if (!is_among(c->h, v, old)) {
            item_write(o, name, v, &open);
        }
    }
    if (open) {
        json_arr_end(o);
    }
}

static void meta_write(const struct change *c, struct json_out *o)
{
    static const struct str lists[] = {SI("profile"), SI("security"), SI("tag")};
    json_obj(o);
    for (struct jv v = json_first(c->old); json_has(v); v = json_next(v)) {
        struct str name = json_key(&c->h->rq, v);
        bool own = str_eq(name, S("versionId")) || str_eq(name, S("lastUpdated"));
        for (size_t i = 0; i < LEN(lists); i++) {
            own = own || str_eq(name, lists[i]);
        }
        if (!own) {
            json_kv(o, name, v);
        }
    }
    for (size_t i = 0; i < LEN(lists); i++) {
        list_write(c, o, lists[i]);
    }
    json_obj_end(o);
}

/* The resource with its meta changed. */
static enum err changed(const struct change *c, struct jv root, struct json_doc *ret_doc)
{
    struct req *rq = &c->h->rq;
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, json_raw(root).n * 2 + json_raw(c->given).n * 2 + 4096);
    json_out_init(&o, &b);
    json_obj(&o);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        struct str name = json_key(rq, v);
        if (str_eq(name, S("meta"))) {
            json_k(&o, name);
            meta_write(c, &o);
        } else {
            json_kv(&o, name, v);
        }
    }
    json_obj_end(&o);
    return buf_ok(&b) ? json_parse(rq, buf_get(&b), NULL, ret_doc)
                      : FAIL(rq, E_TOO_LARGE, "the resource with its meta");
}

enum err api_meta_params(struct http_req *h, struct str body, struct str *ret_json)
{
    struct json_doc doc;
    struct buf b;
    struct json_out o;
    TRY(json_parse(&h->rq, body, NULL, &doc));
    struct jv meta = json_get(json_root(&doc), S("meta"));
    buf_init(&b, h->rq.a, json_raw(meta).n + 1024);
    json_out_init(&o, &b);
    json_v_raw(&o, S("{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"return\",\"valueMeta\":"));
    buf_str(&b, json_raw(meta));
    BUF_LIT(&b, "}]}");
    *ret_json = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(&h->rq, E_TOO_LARGE, "meta");
}

static enum err meta_reply(struct http_req *h, struct str body)
{
    struct str json;
    TRY(api_meta_params(h, body, &json));
    return api_reply(h, 200, json);
}

enum err api_fhir_meta(struct http_req *h)
{
    enum fhir_type type;
    struct res_row row;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_READ));
    TRY(api_find(h, type, http_param(h, S("id")), AUDIT_READ, &row));
    return row.deleted ? FAIL(&h->rq, E_GONE, "deleted") : meta_reply(h, row.body);
}

static enum err answer(struct http_req *h)
{
    struct tx *tx = h->page_ctx;
    struct str text = tx_put_text(tx, 0);
    TRY_MEM(&h->rq, text.p);
    return meta_reply(h, text);
}

enum err api_meta_changed(struct http_req *h, const struct api_params *ps, bool add,
                          struct api_write *w, struct jv *ret_root)
{
    struct res_row row;
    struct json_doc doc;
    struct json_doc *fresh = ARENA_NEW(h->rq.a, struct json_doc);
    const struct api_param *meta = api_param(ps, S("meta"));
    TRY_MEM(&h->rq, fresh);
    if (meta == NULL || json_kind(meta->value) != JSON_OBJECT) {
        return FAIL(&h->rq, E_BAD_INPUT, "Parameters: meta is missing");
    }
    TRY(api_basis(h, w, &row));
    TRY(json_parse(&h->rq, row.body, NULL, &doc));
    const struct change c = {h, json_get(json_root(&doc), S("meta")), meta->value, add};
    TRY(changed(&c, json_root(&doc), fresh));
    *ret_root = json_root(fresh);
    return OK;
}

static enum err change(struct http_req *h, bool add)
{
    struct api_params ps;
    struct jv root;
    struct api_write w = {.id = http_param(h, S("id")), .expect = TX_ANY};
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(api_enter(h));
    TRY(api_type(h, &w.type));
    TRY(api_may(h, w.type, OP_UPDATE));
    TRY(api_may(h, w.type, OP_READ));
    TRY(api_params_read(h, &ps));
    TRY(api_meta_changed(h, &ps, add, &w, &root));
    TRY(api_put(h, tx, root, &w));
    h->page_ctx = tx;
    return http_commit(h, tx, answer);
}

enum err api_fhir_meta_add(struct http_req *h)
{
    return change(h, true);
}

enum err api_fhir_meta_delete(struct http_req *h)
{
    return change(h, false);
}
