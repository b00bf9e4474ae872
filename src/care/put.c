/* care/put.c - writing FHIR resources. */
#include "care/put.h"

#include "care/care.h"
#include "care/case_row.h"
#include "care/who.h"
#include "fhir/extract.h"
#include "fhir/prepare.h"
#include "os/random.h"
#include "store/tx.h"

struct str put_new_id(struct req *rq)
{
    char *id = arena_alloc(rq->a, OS_ID_LEN + 1);

    if (id == NULL) {
        return (struct str){0};
    }
    os_id(id);
    return (struct str){id, OS_ID_LEN};
}

void put_begin(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type, struct str id,
               size_t cap)
{
    *p = (struct put){.rq = rq, .tx = tx, .type = type, .id = id, .expect = TX_ANY};
    if (id.n == 0) {
        p->id = put_new_id(rq);
        p->expect = TX_NEW;
    }
    buf_init(&p->b, rq->a, cap);
    json_out_init(&p->o, &p->b);
    json_obj(&p->o);
    json_ks(&p->o, S("resourceType"), fhir_type_name(type));
}

enum err put_end(struct put *p)
{
    json_obj_end(&p->o);
    if (!buf_ok(&p->b) || p->id.p == NULL) {
        return FAIL(p->rq, E_TOO_LARGE, "%.*s", STR_ARG(fhir_type_name(p->type)));
    }
    struct fhir_how how = {.id = p->id, .expect = p->expect, .aside = p->aside};
    if (p->case_id.n > 0) {
        how.anchor_type = T_SERVICE_REQUEST;
        how.anchor_id = p->case_id;
    } else if (p->patient.n > 0) {
        how.anchor_type = T_PATIENT;
        how.anchor_id = p->patient;
    }
    return fhir_put_how(p->rq, p->tx, buf_get(&p->b), &how);
}

static void ref_object(struct json_out *o, enum fhir_type type, struct str id, struct str display)
{
    char text[160];
    struct str name = fhir_type_name(type);
    size_t n = 0;

    ASSERT(name.n + id.n + 1 < sizeof text);
    for (size_t i = 0; i < name.n; i++) {
        text[n++] = name.p[i];
    }
    text[n++] = '/';
    for (size_t i = 0; i < id.n; i++) {
        text[n++] = id.p[i];
    }
    json_obj(o);
    json_ks(o, S("reference"), (struct str){text, n});
    if (display.n > 0) {
        json_ks(o, S("display"), display);
    }
    json_obj_end(o);
}

void put_ref_shown(struct json_out *o, struct str key, enum fhir_type type, struct str id,
                   struct str display)
{
    json_k(o, key);
    ref_object(o, type, id, display);
}

void put_ref(struct json_out *o, struct str key, enum fhir_type type, struct str id)
{
    put_ref_shown(o, key, type, id, (struct str){0});
}

void put_ref_item(struct json_out *o, enum fhir_type type, struct str id)
{
    ref_object(o, type, id, (struct str){0});
}

void put_ref_item_shown(struct json_out *o, enum fhir_type type, struct str id, struct str display)
{
    ref_object(o, type, id, display);
}

/* "Patient/ID" and "RelatedPerson/ID" name their type. */
static void actor_object(struct json_out *o, const struct who *w, struct str display)
{
    struct str id = w->person;
    enum fhir_type type = T_PRACTITIONER;
    if (who_is_patient(w)) {
        type = fhir_ref_split(w->person, &id);
    }
    ref_object(o, type, id, display);
}

void put_actor(struct json_out *o, struct str key, const struct who *w)
{
    json_k(o, key);
    actor_object(o, w, w->name);
}

void put_actor_item(struct json_out *o, const struct who *w)
{
    actor_object(o, w, (struct str){0});
}

void put_one_coding(struct json_out *o, struct str system, struct str code, struct str display)
{
    json_obj(o);
    json_ks(o, S("system"), system);
    json_ks(o, S("code"), code);
    if (display.n > 0) {
        json_ks(o, S("display"), display);
    }
    json_obj_end(o);
}

void put_coding(struct json_out *o, struct str system, struct str code, struct str display)
{
    json_k(o, S("coding"));
    json_arr(o);
    put_one_coding(o, system, code, display);
    json_arr_end(o);
}

void put_concepts(struct json_out *o, struct str key, struct str system, const struct str *codes,
                  uint32_t n)
{
    json_k(o, key);
    json_arr(o);
    for (uint32_t i = 0; i < n; i++) {
        json_obj(o);
        put_coding(o, system, codes[i], (struct str){0});
        json_obj_end(o);
    }
    json_arr_end(o);
}

void put_concept(struct json_out *o, struct str key, struct str system, struct str code,
                 struct str display, struct str text)
{
    json_k(o, key);
    json_obj(o);
    if (code.n > 0) {
        put_coding(o, system, code, display);
    }
    if (text.n > 0) {
        json_ks(o, S("text"), text);
    }
    json_obj_end(o);
}

void put_instant(struct json_out *o, struct str key, struct instant t)
{
    struct buf b;

    buf_init(&b, o->b->a, 64);
    instant_write(&b, t);
    json_ks(o, key, buf_get(&b));
}

struct audit_rec put_audit(const struct tx_put *put, enum audit_action action, enum audit_why why)
{
    struct audit_rec rec = {.action = action,
                            .why = why,
                            .type = put->type,
                            .id = put->id,
                            .patient_type = put->patient_type,
                            .patient_id = put->patient_id};
    if (put->anchor_type == T_SERVICE_REQUEST) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = put->anchor_id;
    }
    return rec;
}

enum err res_load(struct req *rq, int64_t rid, struct res_row *ret_row, struct jv *ret_root)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct res_row row;

    TRY_MEM(rq, doc);
    TRY(db_read_rid(rq, rid, &row));
    TRY(json_parse(rq, row.body, NULL, doc));
    *ret_row = row;
    *ret_root = json_root(doc);
    return OK;
}

enum err own_begin(struct req *rq, int64_t owner, enum fhir_type type, enum list_order order,
                   uint32_t most, struct own_walk *w)
{
    w->owner = owner;
    w->left = most;
    return list_owner(rq, owner, (uint16_t)type, order, &w->list);
}

bool own_next(struct req *rq, struct own_walk *w)
{
    struct hit hit;
    while (w->failed == OK && w->left > 0 && list_next(w->list, &hit)) {
        w->left--;
        w->failed = db_head_rid(rq, hit.rid, &w->row);
        if (w->failed == OK && !w->row.deleted && w->row.anchor == w->owner) {
            w->failed = res_load(rq, hit.rid, &w->row, &w->v);
            return w->failed == OK;
        }
    }
    return false;
}

enum err own_err(struct req *rq, const struct own_walk *w)
{
    return w->failed != OK ? w->failed : list_err(rq, w->list);
}

void own_done(struct own_walk *w)
{
    list_close(&w->list);
}

enum err res_find(struct req *rq, enum fhir_type type, struct str id, struct res_row *ret_row,
                  struct jv *ret_root)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct res_row row = {0};
    TRY_MEM(rq, doc);
    enum err e = db_read(rq, (uint16_t)type, id, &row);
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        *ret_row = (struct res_row){0};
        *ret_root = (struct jv){0};
        return OK;
    }
    TRY(e);
    TRY(json_parse(rq, row.body, NULL, doc));
    *ret_row = row;
    *ret_root = json_root(doc);
    return OK;
}

struct str ref_id_of(struct str reference, enum fhir_type type)
{
    struct str name = fhir_type_name(type);

    if (reference.n > name.n + 1 && str_starts(reference, name) && reference.p[name.n] == '/') {
        return str_sub(reference, name.n + 1, reference.n);
    }
    return (struct str){0};
}

struct str ref_get(struct req *rq, struct jv reference, enum fhir_type type)
{
    return ref_id_of(json_str(rq->a, json_get(reference, S("reference"))), type);
}

void put_of_case(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type,
                 const struct case_row *row, size_t cap)
{
    put_begin(p, rq, tx, type, (struct str){0}, cap);
    p->case_id = row->id;
    p->patient = row->patient;
    json_k(&p->o, S("basedOn"));
    json_arr(&p->o);
    put_ref_item(&p->o, T_SERVICE_REQUEST, row->id);
    json_arr_end(&p->o);
    put_ref(&p->o, S("subject"), T_PATIENT, row->patient);
}

void put_message(struct put *p, struct req *rq, struct tx *tx, const struct case_row *row,
                 struct str kind, size_t cap)
{
    put_of_case(p, rq, tx, T_COMMUNICATION, row, cap);
    json_ks(&p->o, S("status"), S("completed"));
    put_concepts(&p->o, S("category"), S(CARE_URL "/CodeSystem/message"), &kind, 1);
    put_instant(&p->o, S("sent"), rq->now);
    put_actor(&p->o, S("sender"), rq->who);
}
