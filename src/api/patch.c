/* api/patch.c - PATCH: JSON Patch and FHIRPath Patch (http.html#patch).
 *
 * Whoever patches must be allowed to see what they change, since tests and paths of a patch tell what
 * is there: the look is on record as such, the change as an update. The result is held to what any
 * update is held to. The change is based on the version that was read; when another came in between,
 * nothing is changed and the caller is told (412). */
#include "fhir/patch.h"
#include "api/fhir_int.h"
#include "codec/b64.h"
#include "codec/json_patch.h"
#include "store/tx.h"

static enum err json_text(struct http_req *h, struct str text, struct json_doc **ret_doc)
{
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, doc);
    TRY(json_parse(&h->rq, text, NULL, doc));
    *ret_doc = doc;
    return OK;
}

/* The patch in the body of the request. */
static enum err body_patch(struct http_req *h, struct api_patch *ret_patch)
{
    struct json_doc *doc;
    struct str type = http_body_type(h);
    bool is_json = str_eq(type, S("application/json-patch+json"));
    bool is_path =
        str_eq(type, S("application/fhir+json")) || str_eq(type, S("application/json"));
    if (!is_json && !is_path) {
        return FAIL(&h->rq, E_MEDIA_TYPE,
                    "application/json-patch+json, or Parameters as application/fhir+json");
    }
    TRY(json_text(h, http_body(h), &doc));
    *ret_patch = (struct api_patch){json_root(doc), is_json};
    return OK;
}

enum err api_patch_of(struct http_req *h, struct jv resource, struct api_patch *ret_patch)
{
    struct json_doc *doc;
    if (!json_is(json_get(resource, S("resourceType")), S("Binary"))) {
        *ret_patch = (struct api_patch){resource, false};
        return OK;
    }
    struct str data = json_str(h->rq.a, json_get(resource, S("data")));
    if (!json_is(json_get(resource, S("contentType")), S("application/json-patch+json")) ||
        data.p == NULL) {
        return FAIL(&h->rq, E_BAD_INPUT, "a Binary that patches is application/json-patch+json");
    }
    struct str text = b64_decoded(h->rq.a, data, B64_BLANKS);
    if (text.p == NULL) {
        return FAIL(&h->rq, E_BAD_INPUT, "Binary.data: not base64");
    }
    TRY(json_text(h, text, &doc));
    *ret_patch = (struct api_patch){json_root(doc), true};
    return OK;
}

enum err api_basis(struct http_req *h, struct api_write *w, struct res_row *ret_row)
{
    struct res_row row;
    TRY(api_find(h, w->type, w->id, AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "version %llu deleted it", (unsigned long long)row.version);
    }
    if (w->expect != TX_ANY && (uint64_t)w->expect != row.version) {
        return FAIL(&h->rq, E_STALE, "If-Match: version %llu is the present one",
                    (unsigned long long)row.version);
    }
    w->id = row.id;
    w->expect = (int64_t)row.version;
    *ret_row = row;
    return OK;
}

enum err api_patched(struct http_req *h, const struct api_patch *patch, struct api_write *w,
                     struct jv *ret_root)
{
    struct res_row row;
    struct json_doc *doc;
    struct str text;
    TRY(api_basis(h, w, &row));
    TRY(json_text(h, row.body, &doc));
    TRY(patch->is_json ? json_patch(&h->rq, json_root(doc), patch->ops, &text)
                       : fhir_patch(&h->rq, json_root(doc), patch->ops, &text));
    TRY(json_text(h, text, &doc));
    if (!json_is(json_get(json_root(doc), S("id")), row.id)) {
        return FAIL(&h->rq, E_UNPROCESSED, "id: a patch cannot change it");
    }
    *ret_root = json_root(doc);
    return OK;
}

static enum err change(struct http_req *h, enum fhir_type type, struct str id, struct api_cond *cond)
{
    struct api_write w = {.type = type, .id = id};
    struct api_patch patch;
    struct jv root;
    TRY(api_expect(h, &w.expect));
    TRY(body_patch(h, &patch));
    TRY(api_patched(h, &patch, &w, &root));
    return api_put_commit(h, root, &w, cond, api_fhir_patch_if);
}

static enum err enter(struct http_req *h, enum fhir_type *ret_type)
{
    TRY(api_enter(h));
    TRY(api_type(h, ret_type));
    TRY(api_may(h, *ret_type, OP_UPDATE));
    return api_may(h, *ret_type, OP_READ);
}

enum err api_fhir_patch(struct http_req *h)
{
    enum fhir_type type;
    TRY(enter(h, &type));
    return change(h, type, http_param(h, S("id")), NULL);
}

/* PATCH Type?criteria: the one resource that fits. */
enum err api_fhir_patch_if(struct http_req *h)
{
    enum fhir_type type;
    struct api_cond *cond = ARENA_NEW(h->rq.a, struct api_cond);
    TRY_MEM(&h->rq, cond);
    TRY(enter(h, &type));
    TRY(api_cond_find(h, type, h->query, OP_UPDATE, cond));
    if (cond->id.n == 0) {
        return FAIL(&h->rq, E_NOT_FOUND, "the condition fits no resource");
    }
    return change(h, type, cond->id, cond);
}
