/* api/patch.c - PATCH: JSON Patch and FHIRPath Patch (http.html#patch).
 *
 * Whoever patches must be allowed to see what they change, since tests and paths of a patch tell what
 * is there: the look is on record as such, the change as an update. The result is held to what any
 * update is held to. The change is based on the version that was read; when another came in between,
 * nothing is changed and the caller is told (412). */
#include "fhir/patch.h"
#include "api/fhir_int.h"
#include "codec/json_patch.h"
#include "store/tx.h"

/* The resource as the body of the request would have it. */
static enum err apply(struct http_req *h, struct jv resource, struct str *ret_json)
{
    struct json_doc patch;
    struct str type = http_body_type(h);
    bool is_json = str_eq(type, S("application/json-patch+json"));
    bool is_path = str_eq(type, S("application/fhir+json")) || str_eq(type, S("application/json"));
    if (!is_json && !is_path) {
        return FAIL(&h->rq, E_MEDIA_TYPE,
                    "application/json-patch+json, or Parameters as application/fhir+json");
    }
    TRY(json_parse(&h->rq, http_body(h), NULL, &patch));
    return is_json ? json_patch(&h->rq, resource, json_root(&patch), ret_json)
                   : fhir_patch(&h->rq, resource, json_root(&patch), ret_json);
}

static enum err change(struct http_req *h, enum fhir_type type, struct str id)
{
    struct res_row row;
    struct json_doc old;
    struct json_doc *fresh = ARENA_NEW(h->rq.a, struct json_doc);
    struct str text;
    int64_t expect;
    TRY_MEM(&h->rq, fresh);
    TRY(api_expect(h, &expect));
    TRY(api_find(h, type, id, AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "version %llu deleted it", (unsigned long long)row.version);
    }
    if (expect != TX_ANY && (uint64_t)expect != row.version) {
        return FAIL(&h->rq, E_STALE, "If-Match: version %llu is the present one",
                    (unsigned long long)row.version);
    }
    TRY(json_parse(&h->rq, row.body, NULL, &old));
    TRY(apply(h, json_root(&old), &text));
    TRY(json_parse(&h->rq, text, NULL, fresh));
    if (!json_is(json_get(json_root(fresh), S("id")), row.id)) {
        return FAIL(&h->rq, E_UNPROCESSED, "id: a patch cannot change it");
    }
    struct api_write w = {type, row.id, (int64_t)row.version, false};
    return api_put_commit(h, json_root(fresh), &w);
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
    return change(h, type, http_param(h, S("id")));
}

/* PATCH Type?criteria: the one resource that fits. */
enum err api_fhir_patch_if(struct http_req *h)
{
    enum fhir_type type;
    struct str id = {NULL, 0};
    TRY(enter(h, &type));
    TRY(api_conditional(h, type, h->query, OP_UPDATE, &id));
    if (id.n == 0) {
        return FAIL(&h->rq, E_NOT_FOUND, "the condition fits no resource");
    }
    return change(h, type, id);
}
