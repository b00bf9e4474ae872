/* api/validate.c - $validate (R4 resource-operation-validate.html): nothing is kept. */
#include "api/fhir_int.h"
#include "fhir/library.h"
#include "store/audit.h"
#include "base/text.h"

/* What is asked: the resource itself, or Parameters. */
struct asked {
    struct jv resource; /* absent: none was sent */
    struct str profile;
    struct str mode;
};

static struct str text_of(struct http_req *h, struct jv p)
{
    for (struct jv v = json_first(p); json_has(v); v = json_next(v)) {
        if (str_starts(json_key(&h->rq, v), S("value"))) {
            return json_str(h->rq.a, v);
        }
    }
    return S("");
}

static void take(struct http_req *h, struct jv root, struct asked *ask)
{
    ask->profile = http_query(h, S("profile"));
    ask->mode = http_query(h, S("mode"));
    if (!json_is(json_get(root, S("resourceType")), S("Parameters"))) {
        ask->resource = root;
        return;
    }
    struct jv list = json_get(root, S("parameter"));
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        struct jv name = json_get(p, S("name"));
        if (json_is(name, S("resource"))) {
            ask->resource = json_get(p, S("resource"));
        } else if (json_is(name, S("profile"))) {
            ask->profile = text_of(h, p);
        } else if (json_is(name, S("mode"))) {
            ask->mode = text_of(h, p);
        }
    }
}

static enum err answer(struct http_req *h, struct jv resource, enum fhir_type type,
                       struct str profile)
{
    struct req *rq = &h->rq;
    struct fhir_access acc = api_access(h);
    struct fhir_check check = {.rules = db_rules(rq->db), .profile = profile,
                               .flags = FHIR_WARNINGS, .acc = &acc};
    check.lib = fhir_library_over(rq, fhir_rules_library(check.rules), &acc, NULL);
    TRY_MEM(rq, check.lib);
    if (profile.n > 0 && !json_has(fhir_profile_find(rq, check.lib, profile))) {
        fhir_issue_add(rq, ISSUE_ERROR, "not-found", T("This profile is not known here."), S(""),
                       S(""));
    }
    enum err e = fhir_validate_as(rq, resource, type, &check);
    if (e != E_UNPROCESSED) {
        TRY(e);
    }
    err_clear(rq);
    return api_reply_outcome(h, 200);
}

static enum err enter(struct http_req *h, enum fhir_type *ret_type)
{
    TRY(api_enter(h));
    TRY(api_type(h, ret_type));
    return api_may(h, *ret_type, OP_ALL);
}

enum err api_fhir_validate(struct http_req *h)
{
    enum fhir_type type;
    struct json_doc *doc;
    struct asked ask = {.resource = {NULL, 0}};
    TRY(enter(h, &type));
    TRY(api_body(h, &doc));
    take(h, json_root(doc), &ask);
    if (fhir_type_in(&h->rq, ask.resource) != type) {
        return FAIL(&h->rq, E_BAD_INPUT, "resourceType: not the one in the address");
    }
    return answer(h, ask.resource, type, ask.profile);
}

/* Holds what is stored to a profile; only those who may read it may ask. */
static enum err answer_stored(struct http_req *h, enum fhir_type type, struct str profile)
{
    struct res_row row;
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, doc);
    TRY(api_may(h, type, OP_READ));
    TRY(api_find(h, type, http_param(h, S("id")), AUDIT_READ, &row));
    if (row.deleted) {
        return FAIL(&h->rq, E_GONE, "version %llu deleted it", (unsigned long long)row.version);
    }
    TRY(json_parse(&h->rq, row.body, NULL, doc));
    return answer(h, json_root(doc), type, profile);
}

enum err api_fhir_validate_stored(struct http_req *h)
{
    enum fhir_type type;
    struct asked ask = {.resource = {NULL, 0}};
    TRY(enter(h, &type));
    take(h, ask.resource, &ask);
    return answer_stored(h, type, ask.profile);
}

enum err api_fhir_validate_one(struct http_req *h)
{
    enum fhir_type type;
    struct json_doc *doc;
    struct asked ask = {.resource = {NULL, 0}};
    TRY(enter(h, &type));
    TRY(api_body(h, &doc));
    take(h, json_root(doc), &ask);
    if (!json_has(ask.resource)) {
        return answer_stored(h, type, ask.profile);
    }
    struct jv id = json_get(ask.resource, S("id"));
    if (fhir_type_in(&h->rq, ask.resource) != type || !json_is(id, http_param(h, S("id")))) {
        return FAIL(&h->rq, E_BAD_INPUT, "resourceType or id: not those in the address");
    }
    return answer(h, ask.resource, type, ask.profile);
}
