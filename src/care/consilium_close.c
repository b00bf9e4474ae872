/* care/consilium_close.c - what was decided goes back to the case: orders with tasks, a message,
 * and the team of
 * the case reads what the consilium said. */
#include "care/consilium_int.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/consult_int.h"
#include "care/sign_read.h"

enum { ORDERS_MAX = 20, ORDER_MAX = 2000, MESSAGE_MAX = 7000, TASKS_LOOKED_AT = 400 };

static const struct str order_code = SI("consilium-order");

/* "Blood group; 25.11.2026" or "...; 2026-11-25": the day it is to be done by, as the end of that day. A line
 * that ends otherwise is words only. */
static int64_t cut_due(struct req *rq, struct str *text)
{
    struct instant lo = {0};
    struct instant hi = {0};
    size_t at = text->n;
    struct buf b;

    while (at > 0 && text->p[at - 1] != ';') {
        at--;
    }
    struct str day = str_trim(str_sub(*text, at, text->n));
    if (at == 0 || day.n != sizeof "25.11.2026" - 1) {
        return 0;
    }
    if (day.p[2] == '.' && day.p[5] == '.') {
        buf_init(&b, rq->a, 16);
        buf_str(&b, str_sub(day, 6, 4));
        buf_char(&b, '-');
        buf_str(&b, str_sub(day, 3, 2));
        buf_char(&b, '-');
        buf_str(&b, str_sub(day, 0, 2));
        day = buf_get(&b);
    }
    if (!zone_span(&care_of(rq)->zone, day, &lo, &hi)) {
        return 0;
    }
    *text = str_trim(str_sub(*text, 0, at - 1));
    return hi.ms;
}

/* One order: a ServiceRequest of the case, and the Task of whoever treats the patient. */
static enum err order_put(struct req *rq, struct tx *tx, const struct consilium *c,
                          const struct consilium_item *item, const struct case_row *from,
                          struct str text)
{
    struct put p;
    int64_t due = cut_due(rq, &text);

    put_of_case(&p, rq, tx, T_SERVICE_REQUEST, from, 16 << 10);
    json_ks(&p.o, S("status"), S("active"));
    json_ks(&p.o, S("intent"), S("order"));
    put_concepts(&p.o, S("category"), S(CS_FLOW), &order_code, 1);
    put_concept(&p.o, S("code"), (struct str){0}, (struct str){0}, (struct str){0}, text);
    if (due != 0) {
        put_instant(&p.o, S("occurrenceDateTime"), (struct instant){due});
    }
    put_instant(&p.o, S("authoredOn"), rq->now);
    put_ref_shown(&p.o, S("requester"), T_PRACTITIONER, c->chair, dir_person_name(c->dir, c->chair));
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_PRACTITIONER, item->attending);
    json_arr_end(&p.o);
    json_k(&p.o, S("supportingInfo"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, item->id);
    json_arr_end(&p.o);
    TRY(put_end(&p));
    struct str request = p.id;
    put_begin(&p, rq, tx, T_TASK, (struct str){0}, 16 << 10);
    p.case_id = from->id;
    p.patient = from->patient;
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, request);
    put_ref_item(&p.o, T_SERVICE_REQUEST, item->id);
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), S("requested"));
    json_ks(&p.o, S("intent"), S("order"));
    put_concept(&p.o, S("code"), S(CS_FLOW), order_code, (struct str){0}, (struct str){0});
    json_ks(&p.o, S("description"), text);
    put_ref(&p.o, S("focus"), T_SERVICE_REQUEST, request);
    put_ref(&p.o, S("for"), T_PATIENT, from->patient);
    put_instant(&p.o, S("authoredOn"), rq->now);
    put_instant(&p.o, S("lastModified"), rq->now);
    put_ref_shown(&p.o, S("requester"), T_PRACTITIONER, c->chair, dir_person_name(c->dir, c->chair));
    put_ref_shown(&p.o, S("owner"), T_PRACTITIONER, item->attending,
                  dir_person_name(c->dir, item->attending));
    if (due != 0) {
        json_k(&p.o, S("restriction"));
        json_obj(&p.o);
        json_k(&p.o, S("period"));
        json_obj(&p.o);
        put_instant(&p.o, S("end"), (struct instant){due});
        json_obj_end(&p.o);
        json_obj_end(&p.o);
    }
    return put_end(&p);
}

/* The list of a case is newest first: the last line is written first, so that they stand as typed. */
static enum err orders_put(struct req *rq, struct tx *tx, const struct consilium *c,
                           const struct consilium_item *item, const struct case_row *from,
                           struct str rest)
{
    struct str lines[ORDERS_MAX];
    struct str one;
    uint32_t n = 0;

    while (n < ORDERS_MAX && str_cut(&rest, '\n', &one)) {
        one = str_trim(one);
        if (one.n > 0) {
            lines[n++] = str_sub(one, 0, MIN(one.n, (size_t)ORDER_MAX));
        }
    }
    while (n > 0) {
        TRY(order_put(rq, tx, c, item, from, lines[--n]));
    }
    return OK;
}

/* In the language of the protocol, not of whoever happened to be the last to act. */
static enum err message_lang(struct req *rq, const struct consilium_item *item, enum lang *ret_lang)
{
    struct sign_read doc;
    struct str bytes;
    char sha[65];

    TRY(protocol_bytes(rq, item, &bytes, sha));
    TRY(sign_doc_read(rq, bytes, &doc));
    if (!lang_parse(doc.language, ret_lang)) {
        *ret_lang = rq->lang;
    }
    return OK;
}

static enum err message_put(struct req *rq, struct tx *tx, const struct consilium_item *item,
                            const struct case_row *from, const struct protocol *p)
{
    struct str decision = protocol_decision(p);
    enum lang lang = rq->lang;
    struct buf b;

    TRY(message_lang(rq, item, &lang));
    buf_init(&b, rq->a, CONSILIUM_TEXT_MAX + 1024);
    buf_str(&b, tr(lang, T("The consilium has decided; all members signed or said why not.")));
    if (decision.n <= MESSAGE_MAX) {
        BUF_LIT(&b, "\n\n");
        buf_str(&b, decision);
    }
    TRY(consult_say(rq, tx, from, S("message"), buf_get(&b), NULL, 0));
    if (from->consultant.n > 0) {
        TRY(notice_tell(rq, tx, from->consultant, NOTICE_MESSAGE, from->id));
    }
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, from->id));
}

enum err consilium_close(struct req *rq, struct tx *tx, const struct consilium *c,
                         struct consilium_item *item, const struct care_move *move)
{
    struct consilium_moving m = {.rq = rq, .tx = tx, .c = c, .item = item, .move = move,
                                 .document = item->bundle};
    struct case_row from;
    struct case_row team;
    struct protocol p;

    TRY(case_row_load(rq, item->case_id, &from));
    TRY(protocol_load(rq, c, item, &p));
    TRY(consilium_perform(&m));
    TRY(consilium_put_team(rq, tx, c, item));
    team = from;
    team.id = item->id;
    TRY(flow_team(rq, tx, &team));
    TRY(tx_team_remove(tx, T_SERVICE_REQUEST, item->id, /* the talk of doctors stays among doctors */
                       principal_patient(care_of(rq)->store, item->patient)));
    TRY(orders_put(rq, tx, c, item, &from, p.orders));
    return message_put(rq, tx, item, &from, &p);
}

/* ---- the orders of a case ---- */

enum err consilium_orders(struct req *rq, int64_t case_rid, struct consilium_order *ret_orders,
                          uint32_t n, uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    uint32_t got = 0;

    TRY(list_owner(rq, case_rid, T_TASK, LIST_NEWEST, &l));
    for (uint32_t looked = 0; got < n && looked < TASKS_LOOKED_AT && list_next(l, &hit); looked++) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        struct instant due = {0};
        if (json_is(json_path(v, S("code.coding.0.code")), order_code)) {
            if (!instant_parse(json_str(rq->a, json_path(v, S("restriction.period.end"))), &due)) {
                due.ms = 0;
            }
            ret_orders[got++] = (struct consilium_order){
                .task = row.id,
                .text = json_str(rq->a, json_get(v, S("description"))),
                .item = ref_get(rq, json_path(v, S("basedOn.1")), T_SERVICE_REQUEST),
                .owner_name = json_str(rq->a, json_path(v, S("owner.display"))),
                .due_ms = due.ms,
                .done = json_is(json_get(v, S("status")), S("completed")),
            };
        }
    }
    TRY(list_err(rq, l));
    *ret_n = got;
    return OK;
}

/* A resource of the case again with another status. */
static enum err put_status(struct req *rq, struct tx *tx, enum fhir_type type, struct str id,
                           const struct case_row *from)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct res_row row;
    struct put p;

    TRY_MEM(rq, doc);
    TRY(db_read(rq, type, id, &row));
    TRY(json_parse(rq, row.body, NULL, doc));
    put_begin(&p, rq, tx, type, id, 64 << 10);
    p.case_id = from->id;
    p.patient = from->patient;
    p.expect = (int64_t)row.version;
    struct jv root = json_root(doc);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        if (json_key_is(v, S("status"))) {
            json_ks(&p.o, S("status"), S("completed"));
        } else if (json_key_is(v, S("lastModified"))) {
            put_instant(&p.o, S("lastModified"), rq->now);
        } else if (!json_key_is(v, S("resourceType")) && !json_key_is(v, S("id"))
                   && !json_key_is(v, S("meta"))) {
            json_kv(&p.o, json_key(rq, v), v);
        }
    }
    return put_end(&p);
}

enum err consilium_order_done(struct req *rq, struct tx *tx, struct str case_id, struct str task)
{
    struct case_row from;
    struct res_row row;
    struct jv v;

    TRY(access_case(rq, case_id, AUDIT_UPDATE, &from));
    if (!(access_actor(rq, &from) & ACTOR_ASKER)) {
        return FAIL(rq, E_FORBIDDEN, "order");
    }
    TRY(db_head(rq, T_TASK, task, &row));
    if (row.deleted || row.anchor != from.rid) {
        return FAIL(rq, E_NOT_FOUND, "order");
    }
    TRY(res_load(rq, row.rid, &row, &v));
    if (!json_is(json_path(v, S("code.coding.0.code")), order_code)) {
        return FAIL(rq, E_NOT_FOUND, "order");
    }
    if (!json_is(json_get(v, S("status")), S("requested"))) {
        return FAIL(rq, E_CONFLICT, "done already");
    }
    TRY(put_status(rq, tx, T_TASK, task, &from));
    return put_status(rq, tx, T_SERVICE_REQUEST, ref_get(rq, json_get(v, S("focus")), T_SERVICE_REQUEST),
                      &from);
}
