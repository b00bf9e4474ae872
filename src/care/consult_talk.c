/* care/consult_talk.c - messages on a case, and the moves that carry data or words. */
#include "care/consult_int.h"

#include "care/consult_pace.h"
#include "care/consultation.h"
#include "care/patient_account_int.h"

enum { TEXT_MAX = 8000, TAKE_MAX = 200, MESSAGES_A_MINUTE = 20 };

enum err consult_patient(struct req *rq, const struct case_row *row, struct patient *ret_patient)
{
    return patient_load(rq, row->patient_rid, ret_patient);
}

void put_payload(struct put *p, struct str text, const struct case_ref *files, uint32_t n)
{
    json_k(&p->o, S("payload"));
    json_arr(&p->o);
    if (text.n > 0) {
        json_obj(&p->o);
        json_ks(&p->o, S("contentString"), text);
        json_obj_end(&p->o);
    }
    for (uint32_t i = 0; i < n; i++) {
        json_obj(&p->o);
        put_ref(&p->o, S("contentReference"), files[i].type, files[i].id);
        json_obj_end(&p->o);
    }
    json_arr_end(&p->o);
}

enum err consult_say(struct req *rq, struct tx *tx, const struct case_row *row, struct str kind,
                     struct str text, const struct case_ref *files, uint32_t n_files)
{
    struct put p;

    put_message(&p, rq, tx, row, kind, 64 << 10);
    put_payload(&p, text, files, n_files);
    return put_end(&p);
}

/* The people on the other side: the consultant or the service for an asker, else the asker. */
static enum err tell_other_side(struct req *rq, struct tx *tx, const struct case_row *row)
{
    const struct directory *dir = NULL;
    uint32_t people[16];
    uint32_t n = 0;

    TRY(directory_get(rq, &dir));
    if (!str_eq(rq->who->person, row->asker)) {
        TRY(notice_tell(rq, tx, row->asker, NOTICE_MESSAGE, row->id));
    }
    if (!(access_actor(rq, row) & ACTOR_ASKER)) {
        return OK;
    }
    if (row->consultant.n > 0) {
        return notice_tell(rq, tx, row->consultant, NOTICE_MESSAGE, row->id);
    }
    n = dir_people_of_org(dir, row->centre_org, MAY_COORDINATE, people, LEN(people));
    for (uint32_t i = 0; i < n; i++) {
        TRY(notice_tell(rq, tx, dir->people[people[i]].id, NOTICE_MESSAGE, row->id));
    }
    return OK;
}

enum err consult_pace(struct req *rq, int64_t case_rid)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit = {0};
    uint32_t n = 0;

    TRY(list_owner(rq, case_rid, T_COMMUNICATION, LIST_NEWEST, &l));
    while (n < MESSAGES_A_MINUTE && list_next(l, &hit)) {
        n++;
    }
    TRY(list_err(rq, l));
    int64_t wait_ms = hit.at + MS_MINUTE - rq->now.ms;
    if (n == MESSAGES_A_MINUTE && wait_ms > 0) {
        return FAIL(rq, E_LOCKED, "wait %lld s", (long long)(MIN(wait_ms, MS_MINUTE) / 1000 + 1));
    }
    return OK;
}

enum err consult_message(struct req *rq, struct tx *tx, struct str case_id, struct str text,
                         struct str upload_key)
{
    struct case_ref files[MESSAGE_FILES_MAX];
    struct case_row row;
    struct patient patient;
    uint32_t n = 0;

    TRY(access_case(rq, case_id, AUDIT_CREATE, &row));
    if (!row.open) {
        return FAIL(rq, E_CONFLICT, "the case is closed");
    }
    TRY(consult_pace(rq, row.rid));
    if (upload_key.n > 0) {
        TRY(consult_patient(rq, &row, &patient));
        TRY(consult_take(rq, tx, &row, &patient, upload_key, false, files,
                         MESSAGE_FILES_MAX, &n));
    }
    text = str_trim(text);
    if ((text.n == 0 && n == 0) || text.n > TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    TRY(consult_say(rq, tx, &row, S("message"), text, files, n));
    TRY(tell_other_side(rq, tx, &row));
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id));
}

enum err consult_message_patient(struct req *rq, struct tx *tx, struct str case_id, struct str text)
{
    struct case_row row;
    bool from = who_is_patient(rq->who);

    TRY(access_case(rq, case_id, AUDIT_CREATE, &row));
    if (from && !who_may_my(rq->who, MY_TALK)) {
        return FAIL(rq, E_FORBIDDEN, "messages");
    }
    if (!row.open) {
        return FAIL(rq, E_CONFLICT, "the case is closed");
    }
    TRY(consult_pace(rq, row.rid));
    text = str_trim(text);
    if (text.n == 0 || text.n > TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    TRY(consult_say(rq, tx, &row, from ? S("patient") : S("to-patient"), text, NULL, 0));
    if (from) {
        TRY(notice_tell(rq, tx, row.asker, NOTICE_MESSAGE, row.id));
        if (row.consultant.n > 0) {
            TRY(notice_tell(rq, tx, row.consultant, NOTICE_MESSAGE, row.id));
        }
    } else {
        TRY(patient_tell(rq, tx, row.patient, MY_TALK, NOTICE_MY_MESSAGE, row.id));
    }
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id));
}

void consult_message_read(struct req *rq, const struct directory *dir, struct str id, struct jv v,
                          struct case_message *ret_message)
{
    struct case_message *m = ret_message;
    *m = (struct case_message){
        .id = id,
        .sender = ref_get(rq, json_get(v, S("sender")), T_PRACTITIONER),
        .sender_name = json_str(rq->a, json_path(v, S("sender.display"))),
        .kind = json_str(rq->a, json_path(v, S("category.0.coding.0.code"))),
    };
    if (m->sender.n == 0) { /* of the patients' side: "Patient/ID" */
        m->sender = json_str(rq->a, json_path(v, S("sender.reference")));
    }
    const struct dir_person *sender = dir_person(dir, m->sender);
    m->sender_name = sender != NULL ? sender->name : m->sender_name; /* not what it calls itself */
    (void)!instant_parse(json_str(rq->a, json_get(v, S("sent"))), &m->at);
    for (struct jv p = json_first(json_get(v, S("payload"))); json_has(p); p = json_next(p)) {
        struct jv ref = json_get(p, S("contentReference"));
        struct str file = ref_get(rq, ref, T_DOCUMENT_REFERENCE);
        file = file.n > 0 ? file : ref_get(rq, ref, T_IMAGING_STUDY);
        if (json_has(json_get(p, S("contentString")))) {
            m->text = json_str(rq->a, json_get(p, S("contentString")));
        } else if (file.n > 0 && m->n_files < LEN(m->files)) {
            m->files[m->n_files++] = file;
        }
    }
}

enum err consult_messages(struct req *rq, int64_t case_rid, struct case_message *ret_messages,
                          uint32_t n, uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct directory *dir = NULL;
    uint32_t got = 0;
    struct hit hit;

    TRY(directory_get(rq, &dir));
    TRY(list_owner(rq, case_rid, T_COMMUNICATION, LIST_OLDEST, &l));
    while (got < n && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        consult_message_read(rq, dir, row.id, v, &ret_messages[got++]);
    }
    TRY(list_err(rq, l));
    *ret_n = got;
    return OK;
}

enum err consult_move(struct req *rq, struct tx *tx, struct str case_id, struct str action,
                      const struct care_move_args *args)
{
    struct case_ref *files = ARENA_ARRAY(rq->a, TAKE_MAX, struct case_ref);
    struct case_row row;
    struct patient patient;
    uint32_t n = 0;

    TRY_MEM(rq, files);
    if (str_eq(action, S("submit")) || str_eq(action, S("answer"))
        || str_eq(action, S("correct"))) {
        return FAIL(rq, E_BAD_INPUT, "action");
    }
    TRY(care_move(rq, tx, &care_consultation, case_id, action, args));
    bool gives = str_eq(action, S("give-data")) || str_eq(action, S("complete"));
    bool asks = str_eq(action, S("ask-data")) || str_eq(action, S("return"));
    if (!gives && !asks) {
        return OK;
    }
    TRY(case_row_load(rq, case_id, &row));
    if (gives) {
        TRY(consult_patient(rq, &row, &patient));
        TRY(consult_take(rq, tx, &row, &patient, row.id, false, files, TAKE_MAX, &n));
    }
    if (args->reason.n == 0 && n == 0) {
        return OK;
    }
    return consult_say(rq, tx, &row, asks ? S("data-asked") : S("message"), args->reason, files, n);
}
