/* api/move.c - POST Task/:id/$move: one step of a workflow, as the buttons of the pages make it.
 *
 * Body: Parameters with action, and what the step needs: reason, reasonCode, service, person,
 * document, outcome (all valueString or valueCode), expect (valuePositiveInt: the version seen).
 */
#include "api/fhir_int.h"
#include "care/access.h"
#include "care/case_row.h"
#include "care/consult.h"
#include "care/consultation.h"
#include "care/flow.h"
#include "store/tx.h"

static enum err moved(struct http_req *h)
{
    struct res_row row;
    TRY(db_read(&h->rq, T_TASK, http_param(h, S("id")), &row));
    (void)http_is_fresh(h, api_etag(&h->rq, row.version), row.updated);
    return api_reply(h, 200, row.body);
}

static enum err args_read(struct http_req *h, struct jv root, struct str *ret_action,
                          struct care_move_args *args)
{
    struct {
        struct str name;
        struct str *to;
    } texts[] = {
        {S("action"), ret_action},          {S("reason"), &args->reason},
        {S("reasonCode"), &args->reason_code}, {S("service"), &args->service},
        {S("person"), &args->person},       {S("document"), &args->document},
        {S("outcome"), &args->outcome},
    };
    struct jv list = json_get(root, S("parameter"));
    if (!json_is(json_get(root, S("resourceType")), S("Parameters"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "resourceType: Parameters is expected here");
    }
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        struct str name = json_str(h->rq.a, json_get(p, S("name")));
        struct jv v = json_get(p, S("valueString"));
        v = json_has(v) ? v : json_get(p, S("valueCode"));
        int64_t version = 0;
        bool known = false;
        for (size_t i = 0; i < LEN(texts); i++) {
            if (str_eq(texts[i].name, name)) {
                *texts[i].to = json_str(h->rq.a, v);
                known = true;
            }
        }
        if (str_eq(name, S("expect")) &&
            json_i64(json_get(p, S("valuePositiveInt")), &version) && version > 0) {
            args->expect = (uint64_t)version;
            known = true;
        }
        if (!known) {
            return FAIL(&h->rq, E_BAD_INPUT, "Parameters.parameter.name");
        }
    }
    return ret_action->n > 0 ? OK : FAIL(&h->rq, E_BAD_INPUT, "Parameters: action is missing");
}

static bool has_action(const struct care_flow *flow, struct str action)
{
    for (unsigned i = 0; i < flow->n_moves; i++) {
        if (str_eq(str_z(flow->moves[i].action), action)) {
            return true;
        }
    }
    return false;
}

/* The Task itself must be within the token's scopes. */
static enum err scope_check(struct http_req *h, struct str id)
{
    struct res_row row;
    bool may = false;
    if (h->rq.who->scope == NULL || scope_is_free(h->rq.who->scope, T_TASK, OP_UPDATE)) {
        return OK;
    }
    TRY(db_head(&h->rq, T_TASK, id, &row));
    TRY(scope_row_may(&h->rq, h->rq.who->scope, OP_UPDATE, &row, &may));
    return may ? OK : FAIL(&h->rq, E_FORBIDDEN, "the token's scope does not allow this");
}

enum err api_move(struct http_req *h, struct tx *tx, struct str id, struct jv params)
{
    struct case_row row;
    struct str action = {NULL, 0};
    struct care_move_args args = {0};
    TRY(args_read(h, params, &action, &args));
    TRY(access_case(&h->rq, id, AUDIT_READ, &row));
    TRY(scope_check(h, row.id));
    const struct care_flow *flow = care_flow_find(row.flow);
    if (flow == NULL) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such workflow");
    }
    if (!has_action(flow, action)) {
        return FAIL(&h->rq, E_BAD_INPUT, "Parameters: no such action");
    }
    bool consults = str_eq(row.flow, str_z(care_consultation.name));
    return consults ? consult_move(&h->rq, tx, row.id, action, &args)
                    : care_move(&h->rq, tx, flow, row.id, action, &args);
}

enum err api_fhir_move(struct http_req *h)
{
    struct json_doc *doc;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(api_enter(h));
    TRY(api_may(h, T_TASK, OP_UPDATE));
    TRY(api_body(h, &doc));
    TRY(api_move(h, tx, http_param(h, S("id")), json_root(doc)));
    return http_commit(h, tx, moved);
}
