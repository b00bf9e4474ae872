/* care/visit_sign.c - the note of a remote visit is signed and read back. See visit.h. */
#include "care/visit_int.h"

#include "care/patient_account.h"
#include "care/sign_int.h"
#include "care/sign_read.h"

enum { ORDERS_MAX = 30, ORDER_ID_MAX = 64, TASKS_LOOKED_AT = 500 };

struct noting {
    struct req *rq;
    struct tx *tx;
    const struct visit_view *v;
    struct sign_shown shown;
    struct visit_moving move;
};

/* ---- what goes along ---- */

static enum err response_put(struct noting *s)
{
    struct jv r = sign_int_entry(s->shown.bundle, S("QuestionnaireResponse"));
    struct put p;
    put_begin(&p, s->rq, s->tx, T_QUESTIONNAIRE_RESPONSE, json_str(s->rq->a, json_get(r, S("id"))),
              SIGN_DOC_MAX);
    p.expect = TX_CREATE;
    p.patient = s->v->patient_id;
    put_ref(&p.o, S("encounter"), T_ENCOUNTER, s->v->id);
    visit_doctor(&p.o, s->rq, S("author"));
    sign_int_response_copy(&p, r);
    return visit_put_end(&p, AUDIT_CREATE);
}

static struct str order_id(struct noting *s, uint32_t i)
{
    struct buf b;
    buf_init(&b, s->rq->a, ORDER_ID_MAX + 1);
    buf_str(&b, s->v->id);
    BUF_LIT(&b, "-");
    buf_u64(&b, i + 1);
    return buf_get(&b);
}

static struct str answer(struct noting *s, const struct fields *f, struct str name, uint32_t i)
{
    int32_t at = form_item_find(s->v->form, name);
    return at >= 0 ? fields_get(f, form_field_name(s->rq->a, &s->v->form->items[at], i))
                   : (struct str){0};
}

/* An order of the note; without words one that a correction took back. */
static enum err order_put(struct noting *s, struct str id, struct str what, struct str why,
                          struct str by)
{
    struct req *rq = s->rq;
    struct put p;
    visit_put(&p, rq, s->tx, T_SERVICE_REQUEST, id, s->v->patient_id);
    json_ks(&p.o, S("status"), what.n > 0 ? S("active") : S("revoked"));
    json_ks(&p.o, S("intent"), S("order"));
    if (what.n > 0) {
        put_concept(&p.o, S("code"), (struct str){0}, (struct str){0}, (struct str){0}, what);
    }
    put_ref(&p.o, S("subject"), T_PATIENT, s->v->patient_id);
    put_ref(&p.o, S("encounter"), T_ENCOUNTER, s->v->id);
    if (by.n > 0) {
        json_k(&p.o, S("occurrencePeriod"));
        json_obj(&p.o);
        json_ks(&p.o, S("end"), by);
        json_obj_end(&p.o);
    }
    put_instant(&p.o, S("authoredOn"), rq->now);
    visit_doctor(&p.o, rq, S("requester"));
    if (why.n > 0) {
        visit_problem(&p.o, S("reasonCode"), why);
    }
    return visit_put_end(&p, AUDIT_CREATE);
}

static enum err orders_put(struct noting *s)
{
    struct jv response = sign_int_entry(s->shown.bundle, S("QuestionnaireResponse"));
    int32_t group = form_item_find(s->v->form, S("orders"));
    struct fields f;
    TRY(form_read_items(s->rq, s->v->form, response, &f));
    uint32_t n = group >= 0 ? form_group_count(s->v->form, (uint32_t)group, &f) : 0;
    for (uint32_t i = 0; i < ORDERS_MAX; i++) {
        struct str what = i < n ? answer(s, &f, S("orders.what"), i) : (struct str){0};
        struct str id = order_id(s, i);
        struct res_row have = {0};
        enum err e = what.n == 0 ? db_head(s->rq, T_SERVICE_REQUEST, id, &have) : OK;
        if (e == E_NOT_FOUND) {
            err_clear(s->rq);
            continue;
        }
        TRY(e);
        TRY(order_put(s, id, what, answer(s, &f, S("orders.why"), i),
                      answer(s, &f, S("orders.by"), i)));
    }
    return OK;
}

static enum err all_put(struct noting *s, const struct sign_doc *d, const struct sign_result *r)
{
    struct req *rq = s->rq;
    const struct visit_view *v = s->v;
    struct sign_anchor on = {T_PATIENT, v->patient_id};
    TRY(sign_int_put(rq, s->tx, &on, d, s->shown.bytes, r->cms));
    TRY(response_put(s));
    TRY(orders_put(s));
    if (v->state == VISIT_TALK) { /* signing it ends it */
        TRY(visit_encounter_put(rq, s->tx, v, S("finished"), rq->now));
        TRY(visit_took_place(rq, s->tx, v));
    }
    TRY(draft_end(rq, s->tx, sign_int_preview_key(rq->a, v->id)));
    TRY(draft_end(rq, s->tx, draft_key(rq->a, v->id, S("visit"))));
    struct audit_rec rec = {.action = AUDIT_SIGN, .why = WHY_OWN, .type = T_BUNDLE, .id = d->bundle_id,
                            .patient_type = T_PATIENT, .patient_id = v->patient_id,
                            .detail = r->verdict.is_outside ? S("own token") : S("")};
    TRY(audit_add(rq, &rec));
    TRY(patient_side_tell(rq, s->tx, v->patient_id, MY_SEE, NOTICE_VISIT_NOTE, v->id));
    return visit_moved(&s->move);
}

enum err visit_note_sign(struct req *rq, struct tx *tx, const struct visit_view *v,
                         struct str sha_hex, struct sign_means *means)
{
    struct noting *s = ARENA_NEW(rq->a, struct noting);
    struct sign_doc *d = ARENA_NEW(rq->a, struct sign_doc);
    struct sign_result r;
    TRY_MEM(rq, s);
    TRY_MEM(rq, d);
    *s = (struct noting){.rq = rq, .tx = tx, .v = v};
    TRY(sign_int_shown(rq, v->id, v->note, sha_hex, &s->shown));
    s->move = (struct visit_moving){.rq = rq, .tx = tx, .v = v, .reason = s->shown.reason,
                                    .document = json_str(rq->a, json_get(s->shown.bundle, S("id")))};
    TRY(visit_may(&s->move, v->note.n > 0 ? S("correct") : S("sign")));
    TRY(sign_by(rq, MAY_ANSWER | MAY_VISIT, means, s->shown.bytes, s->shown.bundle, &r));
    sign_int_facts(rq, s->shown.bundle, d);
    return all_put(s, d, &r);
}

/* ---- read back ---- */

enum err visit_note_current(struct req *rq, struct str visit_id, struct str *ret_bundle)
{
    struct jv task;
    struct str found = {0};
    TRY(sign_int_load(rq, T_TASK, visit_id, &task));
    for (struct jv o = json_first(json_get(task, S("output"))); json_has(o); o = json_next(o)) {
        found = ref_get(rq, json_get(o, S("valueReference")), T_BUNDLE);
    }
    *ret_bundle = found;
    return OK;
}

enum err visit_note_get(struct req *rq, int64_t patient_rid, struct str visit_id,
                        struct str bundle_id, struct signed_doc *ret_doc)
{
    struct str current = {0};
    TRY(visit_note_current(rq, visit_id, &current));
    struct str id = bundle_id.n > 0 ? bundle_id : current;
    if (id.n == 0) {
        return FAIL(rq, E_NOT_FOUND, "nothing is signed yet");
    }
    return sign_int_doc(rq, patient_rid, id, current, ret_doc);
}

enum err visit_note_own(struct req *rq, int64_t patient_rid, struct str visit_id,
                        enum audit_action action, struct signed_doc *ret_doc)
{
    enum err e = visit_note_get(rq, patient_rid, visit_id, S(""), ret_doc);
    struct audit_rec rec = {.action = e == OK ? action : AUDIT_DENY,
                            .why = e == OK ? WHY_OWN : WHY_NOT_TEAM,
                            .outcome = e,
                            .type = T_APPOINTMENT,
                            .id = visit_id,
                            .patient_rid = patient_rid};
    TRY(audit_add(rq, &rec));
    return e;
}

enum err visit_note_fields(struct req *rq, const struct visit_view *v, struct fields *ret_fields)
{
    struct signed_doc d;
    struct sign_read r;
    TRY(visit_note_get(rq, v->patient_rid, v->id, S(""), &d));
    TRY(sign_doc_read(rq, d.bytes, &r));
    return json_has(r.response) ? form_read_items(rq, v->form, r.response, ret_fields) : OK;
}

enum err visit_notes(struct req *rq, int64_t patient_rid, struct visit_note *ret_notes, uint32_t n,
                     uint32_t *ret_n)
{
    CLEANUP(own_done) struct own_walk w = {0};
    uint32_t got = 0;
    TRY(own_begin(rq, patient_rid, T_TASK, LIST_NEWEST, TASKS_LOOKED_AT, &w));
    while (got < n && own_next(rq, &w)) {
        uint32_t outputs = json_len(json_get(w.v, S("output")));
        if (!json_is(json_path(w.v, S("code.coding.0.code")), str_z(care_visit_flow.name))
            || outputs == 0) {
            continue;
        }
        struct jv last = json_at(json_get(w.v, S("output")), outputs - 1);
        ret_notes[got++] = (struct visit_note){
            .visit = w.row.id,
            .bundle = ref_get(rq, json_get(last, S("valueReference")), T_BUNDLE),
            .at = w.row.updated,
            .doctor = json_str(rq->a, json_path(w.v, S("owner.display"))),
        };
    }
    TRY(own_err(rq, &w));
    *ret_n = got;
    return OK;
}
