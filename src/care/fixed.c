/* care/fixed.c - what never changes by writing the resource. See fixed.h. */
#include "care/fixed.h"

#include "care/case_row.h"
#include "care/mark.h"

enum err fixed_case(struct req *rq, enum fhir_type type, struct str id)
{
    struct case_row row;
    if (type != T_TASK && type != T_SERVICE_REQUEST && type != T_QUESTIONNAIRE_RESPONSE) {
        return OK;
    }
    enum err e = case_row_load(rq, id, &row);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return FAIL(rq, E_CONFLICT, "a case of a workflow changes by $move only");
}

enum err fixed_mark(struct req *rq, enum fhir_type type, struct jv body)
{
    struct jv list = json_get(body, S("extension"));
    for (struct jv v = json_first(type == T_OBSERVATION ? list : (struct jv){0}); json_has(v);
         v = json_next(v)) {
        if (str_eq(str_or_empty(json_str(rq->a, json_get(v, S("url")))), S(EXT_MARK))) {
            return FAIL(rq, E_FORBIDDEN, "a mark on an image is made on the page of the images");
        }
    }
    return OK;
}

static bool is_signed(struct req *rq, enum fhir_type type, struct jv body)
{
    struct jv status = json_get(body, S("status"));
    switch (fhir_type_hangs(type) == HANGS_ON_CASE ? type : T_NONE) {
    case T_BUNDLE: return json_is(json_get(body, S("type")), S("document"));
    case T_PROVENANCE: return json_has(json_get(body, S("signature")));
    case T_COMPOSITION:
        return json_is(status, S("final")) || json_is(status, S("amended")) ||
               str_eq(json_str(rq->a, status), S("corrected"));
    default: return false;
    }
}

bool fixed_can_be_signed(enum fhir_type type)
{
    return type == T_BUNDLE || type == T_PROVENANCE || type == T_COMPOSITION;
}

enum err fixed_signed(struct req *rq, enum fhir_type type, const struct res_row *old)
{
    struct json_doc doc;
    if (old->deleted || !fixed_can_be_signed(type) || old->body.n == 0) {
        return OK;
    }
    TRY(json_parse(rq, old->body, NULL, &doc));
    return is_signed(rq, type, json_root(&doc))
               ? FAIL(rq, E_FORBIDDEN, "a signed document never changes")
               : OK;
}
