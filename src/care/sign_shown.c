/* care/sign_shown.c - what was shown is what is signed: the bytes of the preview, held to their hash, to who
 * signs and to what was signed since. See sign_int.h. */
#include "care/put.h"
#include "care/sign_int.h"

/* A preview older than this is shown again before it is signed. */
#define PREVIEW_MS MS_DAY

struct str sign_int_reason(struct req *rq, struct jv composition)
{
    struct jv ext = json_get(composition, S("extension"));
    for (struct jv e = json_first(ext); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), S(SIGN_EXT_REASON))) {
            return json_str(rq->a, json_get(e, S("valueString")));
        }
    }
    return (struct str){0};
}

struct instant sign_int_made(struct req *rq, struct jv bundle)
{
    struct instant at = {0};
    struct jv paper = sign_int_entry(bundle, S("Composition"));
    (void)!instant_parse(json_str(rq->a, json_get(json_has(paper) ? paper : bundle, S("date"))), &at);
    return at;
}

static enum err shown_load(struct req *rq, struct str id, struct str sha_hex,
                           struct sign_shown *s)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct sign_paper paper;
    TRY_MEM(rq, doc);
    enum err e = sign_preview_load(rq, id, &paper);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_STALE, "there is no preview");
    }
    TRY(e);
    if (!str_eq(str_z(paper.sha), sha_hex)) {
        return FAIL(rq, E_STALE, "another preview was made since");
    }
    TRY(json_parse(rq, paper.bytes, NULL, doc));
    s->bytes = paper.bytes;
    s->bundle = json_root(doc);
    s->reason = sign_int_reason(rq, sign_int_entry(s->bundle, S("Composition")));
    return OK;
}

enum err sign_int_shown(struct req *rq, struct str id, struct str current, struct str sha_hex,
                        struct sign_shown *ret_shown)
{
    struct sign_shown s = {0};
    const struct role_ref *role = who_role(rq->who);
    struct str now = {0};
    struct instant at;
    TRY(shown_load(rq, id, sha_hex, &s));
    struct jv signer = sign_int_entry(s.bundle, S("PractitionerRole"));
    struct jv paper = sign_int_entry(s.bundle, S("Composition"));
    struct str before = json_str(rq->a, json_path(paper, S("relatesTo.0.targetIdentifier.value")));
    if (role == NULL || !json_is(json_get(signer, S("id")), role->id)
        || !json_is(json_path(paper, S("identifier.value")), id)) {
        return FAIL(rq, E_STALE, "the preview was made in another role");
    }
    if (!instant_parse(json_str(rq->a, json_get(paper, S("date"))), &at)
        || at.ms > rq->now.ms + MS_MINUTE || at.ms < rq->now.ms - PREVIEW_MS) {
        return FAIL(rq, E_STALE, "the preview is too old");
    }
    if (current.n > 0) {
        struct jv bundle;
        TRY(sign_int_load(rq, T_BUNDLE, current, &bundle));
        now = json_str(rq->a, json_path(bundle, S("identifier.value")));
    }
    if (!str_eq(before, now)) {
        return FAIL(rq, E_STALE, "another version was signed since");
    }
    *ret_shown = s;
    return OK;
}

void sign_int_response_copy(struct put *p, struct jv response)
{
    static const char *const parts[] = {"questionnaire", "status", "subject", "authored", "item"};
    for (size_t i = 0; i < LEN(parts); i++) {
        struct jv v = json_get(response, str_z(parts[i]));
        if (json_has(v)) {
            json_kv(&p->o, str_z(parts[i]), v);
        }
    }
}
