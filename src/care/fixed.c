/* care/fixed.c - what never changes by writing the resource. See fixed.h. */
#include "care/fixed.h"

#include "care/case_row.h"
#include "care/consilium_int.h"
#include "care/mark.h"

/* Request, Task, CareTeam and draft protocol of a consilium change by its moves alone. */
static enum err fixed_consilium(struct req *rq, struct str id)
{
    struct consilium_item item;
    enum err e = consilium_item_load(rq, id, &item);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return FAIL(rq, E_CONFLICT, "a consilium changes on its page only");
}

/* What a member said, and the Task that says whether: only the member's own voice changes them. */
static bool is_voice(enum fhir_type type, struct jv body)
{
    struct jv list = json_get(body, S("extension"));
    if (type == T_TASK) {
        return json_is(json_path(body, S("code.coding.0.code")), S("consilium-opinion"));
    }
    for (struct jv v = json_first(type == T_CLINICAL_IMPRESSION ? list : (struct jv){0}); json_has(v);
         v = json_next(v)) {
        if (json_is(json_get(v, S("url")), S(OPINION_EXT))) {
            return true;
        }
    }
    return false;
}

enum err fixed_case(struct req *rq, enum fhir_type type, struct str id)
{
    struct case_row row;
    if (type == T_TASK || type == T_SERVICE_REQUEST || type == T_CARE_TEAM || type == T_COMPOSITION) {
        TRY(fixed_consilium(rq, id));
    }
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
    case T_TASK:
    case T_CLINICAL_IMPRESSION: return is_voice(type, body);
    case T_PROVENANCE: return json_has(json_get(body, S("signature")));
    case T_COMPOSITION:
        return json_is(status, S("final")) || json_is(status, S("amended")) ||
               str_eq(json_str(rq->a, status), S("corrected"));
    default: return false;
    }
}

bool fixed_can_be_signed(enum fhir_type type)
{
    return type == T_BUNDLE || type == T_PROVENANCE || type == T_COMPOSITION || type == T_TASK
           || type == T_CLINICAL_IMPRESSION;
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
