/* care/room_talk.c - the text beside a meeting, kept as Communications. See room.h. */
#include "care/access.h"
#include "care/care.h"
#include "care/consult_int.h"
#include "care/consult_pace.h"
#include "care/room_int.h"
#include "fhir/extract.h"

enum { TEXT_CAP = 64 << 10, LOOKED_AT = 200 };

#define KIND_ROOM S("room")

void room_put_caller(struct json_out *o, const struct req *rq, const struct room_caller *c)
{
    bool signed_in = str_starts(c->key, S("p:"));
    struct str id = signed_in ? rq->who->person : c->guest.person; /* "Patient/ID", "RelatedPerson/ID" */
    enum fhir_type type = T_PRACTITIONER;
    if (str_find_char(id, '/') < id.n) {
        type = fhir_ref_split(id, &id);
    }
    if (id.n > 0) {
        put_ref_item_shown(o, type, id, c->name);
        return;
    }
    json_obj(o);
    json_ks(o, S("display"), c->name);
    json_obj_end(o);
}

static void put_head(struct put *p, struct req *rq, struct tx *tx, const struct room_caller *c)
{
    struct str kind = KIND_ROOM;
    put_begin(p, rq, tx, T_COMMUNICATION, (struct str){0}, TEXT_CAP);
    p->case_id = c->room.case_id;
    p->patient = c->room.patient;
    if (c->room.case_id.n > 0) {
        json_k(&p->o, S("basedOn"));
        json_arr(&p->o);
        put_ref_item(&p->o, T_SERVICE_REQUEST, c->room.case_id);
        json_arr_end(&p->o);
    }
    json_ks(&p->o, S("status"), S("completed"));
    put_concepts(&p->o, S("category"), S(CARE_URL "/CodeSystem/message"), &kind, 1);
    put_ref(&p->o, S("subject"), T_PATIENT, c->room.patient);
    if (c->room.encounter.n > 0) {
        put_ref(&p->o, S("encounter"), T_ENCOUNTER, c->room.encounter);
    }
    put_instant(&p->o, S("sent"), rq->now);
    json_k(&p->o, S("sender"));
    room_put_caller(&p->o, rq, c);
}

static enum err put_text(struct req *rq, struct tx *tx, const struct room_caller *c, struct str text,
                         const struct case_ref *files, uint32_t n)
{
    struct put p;
    put_head(&p, rq, tx, c);
    put_payload(&p, text, files, n);
    return put_end(&p);
}

enum err room_say(struct req *rq, struct tx *tx, const struct room_caller *c, struct str text)
{
    struct case_ref files[MESSAGE_FILES_MAX];
    struct case_row row;
    struct patient patient;
    uint32_t n = 0;
    bool in_case = c->room.kind == ROOM_CASE && str_starts(c->key, S("p:")) && !who_is_patient(rq->who);
    if (!c->has_seat || c->seat.state != SEAT_IN) {
        return FAIL(rq, E_FORBIDDEN, "not in the room");
    }
    text = str_trim(text);
    TRY(consult_pace(rq, c->room.patient_rid));
    if (in_case) {
        TRY(access_case(rq, c->room.subject, AUDIT_CREATE, &row));
        TRY(consult_pace(rq, row.rid));
        TRY(consult_patient(rq, &row, &patient));
        TRY(consult_take(rq, tx, &row, &patient, row.id, false, files, MESSAGE_FILES_MAX, &n));
        TRY(tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id)));
    }
    if ((text.n == 0 && n == 0) || text.n > ROOM_TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    TRY(put_text(rq, tx, c, text, files, n));
    TRY(room_note(rq, &c->room, AUDIT_CREATE, OK, "a text beside"));
    return tx_event(tx, EVENT_ROOM, signals_room_topic(c->room.id));
}

/* Of this room: lists of a patient hold what hangs on the patient's cases too, which are others' rooms. */
static enum err read_text(struct req *rq, const struct room *room, int64_t owner, int64_t rid,
                          struct str key, bool *ret_is, struct room_text *ret_text)
{
    struct res_row row;
    struct jv v;
    TRY(res_load(rq, rid, &row, &v));
    struct str of = ref_get(rq, json_get(v, S("encounter")), T_ENCOUNTER);
    *ret_is = row.anchor == owner && json_is(json_path(v, S("category.0.coding.0.code")), KIND_ROOM)
              && (of.n == 0 || room->encounter.n == 0 || str_eq(of, room->encounter));
    if (!*ret_is) {
        return OK;
    }
    struct room_text t = {.name = json_str(rq->a, json_path(v, S("sender.display")))};
    struct str sender = json_str(rq->a, json_path(v, S("sender.reference")));
    struct str who = str_sub(key, 2, key.n);
    t.own = str_starts(key, S("p:")) && who.n > 0 && str_ends(sender, who);
    (void)!instant_parse(json_str(rq->a, json_get(v, S("sent"))), &t.at);
    for (struct jv p = json_first(json_get(v, S("payload"))); json_has(p); p = json_next(p)) {
        if (json_has(json_get(p, S("contentString")))) {
            t.text = json_str(rq->a, json_get(p, S("contentString")));
        } else {
            t.n_files++;
        }
    }
    *ret_text = t;
    return OK;
}

enum err room_texts(struct req *rq, const struct room *room, struct str key, int64_t since_ms,
                    struct room_text *ret_texts, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    int64_t owner = room->patient_rid;
    uint32_t got = 0;
    uint32_t looked = 0;
    struct hit hit;
    if (room->case_id.n > 0) {
        TRY(db_rid(rq, T_SERVICE_REQUEST, room->case_id, &owner));
    }
    TRY(list_owner(rq, owner, T_COMMUNICATION, LIST_NEWEST, &l));
    while (got < n && looked++ < LOOKED_AT && list_next(l, &hit) && hit.at >= since_ms) {
        bool is = false;
        TRY(read_text(rq, room, owner, hit.rid, key, &is, &ret_texts[got]));
        got += is;
    }
    TRY(list_err(rq, l));
    for (uint32_t i = 0; i < got / 2; i++) {
        struct room_text t = ret_texts[i];
        ret_texts[i] = ret_texts[got - 1 - i];
        ret_texts[got - 1 - i] = t;
    }
    *ret_n = got;
    return OK;
}
