/* web/my_talk.c - a patient writes within an open case, and sends own results and photos. */
#include "web/my.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "care/put.h"
#include "care/upload.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { CASES_SHOWN = 50, FILES_SHOWN = 50 };

static bool is_theirs(const struct case_message *m)
{
    return str_eq(m->kind, S("patient")) || str_eq(m->kind, S("to-patient"));
}

/* ---- messages ---- */

enum err web_my_messages(struct http_req *h)
{
    struct case_row *rows = ARENA_ARRAY(h->rq.a, CASES_SHOWN, struct case_row);
    const struct directory *dir = NULL;
    struct my m;
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(my_begin(h, T("Messages"), &m));
    TRY(directory_get(&h->rq, &dir));
    TRY(access_cases_of_patient(&h->rq, m.rid, rows, CASES_SHOWN, &n));
    struct val *list = val_set_list(m.root, "cases");
    for (uint32_t i = 0; i < n; i++) {
        const struct dir_service *s = dir_service(dir, rows[i].service);
        struct val *x = val_add_map(list);
        val_set_str(x, "href", page_path(h, "/my/messages/", rows[i].id, ""));
        val_set_str(x, "service", s != NULL ? s->name : S(""));
        val_set_str(x, "who", dir_person_name(dir, rows[i].asker));
        val_set_str(x, "org", dir_org_name(dir, rows[i].asker_org));
        val_set_instant(x, "at", (struct instant){rows[i].submitted_ms});
        val_set_bool(x, "open", rows[i].open);
    }
    TRY(my_set_episodes(h, &m, list));
    return page_reply(h, m.root, tpl_my_messages);
}

void my_set_talk(struct http_req *h, struct val *root, const struct case_message *all, uint32_t n,
                 const char *fault)
{
    struct val *talk = val_set_list(root, "talk");
    for (uint32_t i = 0; i < n; i++) {
        if (!is_theirs(&all[i])) {
            continue;
        }
        struct val *x = val_add_map(talk);
        val_set_str(x, "text", all[i].text);
        val_set_str(x, "who", all[i].sender_name);
        val_set_instant(x, "at", all[i].at);
        val_set_bool(x, "own", str_eq(all[i].sender, h->rq.who->person));
        val_set_list(x, "files");
    }
    if (fault != NULL) {
        page_error(h, root, "text", fault);
    }
    page_field(h, root, "text", T("Your message"), S(""));
}

const char *my_talk_fault(enum err e, const char *closed, unsigned *ret_status)
{
    *ret_status = e == E_LOCKED ? 429 : 422;
    return e == E_BAD_INPUT  ? T("Write something, at most 8 000 characters.")
           : e == E_CONFLICT ? closed
           : e == E_LOCKED ? T("Too many messages in a short time. Wait a minute, then send it again.")
                           : NULL;
}

static enum err show_talk(struct http_req *h, unsigned status, const char *fault)
{
    struct case_message *all = ARENA_ARRAY(h->rq.a, MY_TALK_SHOWN, struct case_message);
    struct case_row row;
    struct my m;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(my_begin(h, T("Messages"), &m));
    TRY(access_case(&h->rq, http_param(h, S("case")), AUDIT_READ, &row));
    TRY(consult_messages(&h->rq, row.rid, all, MY_TALK_SHOWN, &n));
    my_set_talk(h, m.root, all, n, fault);
    val_set_bool(m.root, "open", row.open && who_may_my(h->rq.who, MY_TALK));
    val_set_str(m.root, "post", page_path(h, "/my/messages/", row.id, ""));
    return page_reply_status(h, status, m.root, tpl_my_talk);
}

enum err web_my_talk(struct http_req *h)
{
    return show_talk(h, 200, NULL);
}

enum err web_my_talk_send(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct str id = http_param(h, S("case"));
    unsigned status = 422;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = consult_message_patient(&h->rq, tx, id, page_sent(h, "text"));
    const char *fault = my_talk_fault(e, T("This case is closed: nothing more can be written."), &status);
    if (fault != NULL) {
        err_clear(&h->rq);
        return show_talk(h, status, fault);
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/my/messages/", id, "?done=my-message"));
}

/* A clinician of the case answers the patient. */
enum err web_case_message_patient(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct str id = http_param(h, S("case"));
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(consult_message_patient(&h->rq, tx, id, page_sent(h, "text")));
    return page_commit(h, tx, page_path(h, "/cases/", id, "?done=message-patient#talk"));
}

/* ---- own results and photos ---- */

/* Where what is sent goes: the newest open case, else the record itself. */
static enum err open_case(struct http_req *h, const struct my *m, struct case_row *ret_row)
{
    struct case_row *rows = ARENA_ARRAY(h->rq.a, CASES_SHOWN, struct case_row);
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(access_cases_of_patient(&h->rq, m->rid, rows, CASES_SHOWN, &n));
    *ret_row = (struct case_row){.patient = m->id, .patient_rid = m->rid};
    for (uint32_t i = 0; i < n; i++) {
        if (rows[i].open) {
            *ret_row = rows[i];
            return OK;
        }
    }
    return OK;
}

/* sent: {name, at}: what the patient's side sent before. */
static enum err set_sent(struct http_req *h, const struct my *m)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct val *list = val_set_list(m->root, "sent");
    uint32_t n = 0;
    struct hit hit;
    TRY(list_owner(&h->rq, m->rid, T_DOCUMENT_REFERENCE, LIST_NEWEST, &l));
    while (n < FILES_SHOWN && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        struct instant at;
        TRY(res_load(&h->rq, hit.rid, &row, &v));
        struct jv author = json_path(v, S("author.0"));
        if (ref_get(&h->rq, author, T_PATIENT).n == 0 && ref_get(&h->rq, author, T_RELATED_PERSON).n == 0) {
            continue;
        }
        struct val *x = val_add_map(list);
        val_set_str(x, "name", json_str(h->rq.a, json_get(v, S("description"))));
        val_set_str(x, "href", page_path(h, "/files/", row.id, ""));
        if (instant_parse(json_str(h->rq.a, json_get(v, S("date"))), &at)) {
            val_set_instant(x, "at", at);
        }
        n++;
    }
    return list_err(&h->rq, l);
}

static enum err show_send(struct http_req *h, const char *fault)
{
    struct case_row row;
    struct my m;
    TRY(my_begin(h, T("Send a result or a photo"), &m));
    TRY(open_case(h, &m, &row));
    if (http_query(h, S("none")).p != NULL) {
        page_error(h, m.root, "file", T("Choose a file first."));
    }
    if (http_query(h, S("empty")).p != NULL) {
        page_error(h, m.root, "file", T("A file was empty and was not stored. Check it on your computer."));
    }
    if (fault != NULL) {
        page_error(h, m.root, "file", fault);
    }
    struct val *f = page_field(h, m.root, "file", T("Photo or file"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("A photo of the paper, a PDF, a picture. No passports or other "
                                            "identity documents.")));
    val_set_str(f, "case", m.id);
    TRY(file_finish_waiting(h, m.id, m.root));
    TRY(file_uploads(h, m.id, &m.patient, S("/my/send"), m.root));
    TRY(set_sent(h, &m));
    val_set_bool(m.root, "into_case", row.id.n > 0);
    page_upload(m.root);
    return page_reply_status(h, fault != NULL ? 422 : 200, m.root, tpl_my_send);
}

enum err web_my_send(struct http_req *h)
{
    TRY(my_may(h, MY_SEND));
    return show_send(h, NULL);
}

enum err web_my_send_add(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct res_row res;
    struct case_row row;
    struct my m = {.rid = 0};
    uint32_t n = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(my_may(h, MY_SEND));
    TRY(access_patient(&h->rq, h->rq.who->patient, AUDIT_READ, &res));
    TRY(patient_load(&h->rq, res.rid, &m.patient));
    m.id = res.id;
    m.rid = res.rid;
    TRY(open_case(h, &m, &row));
    e = consult_files_own(&h->rq, tx, &row, &m.patient, &n);
    if (e == E_CONFLICT) {
        err_clear(&h->rq);
        return show_send(h, T("A file is still on its way: wait until it is stored, or remove it."));
    }
    TRY(e);
    if (n == 0) {
        return show_send(h, T("Choose a file first."));
    }
    if (row.id.n > 0) {
        TRY(tx_event(tx, EVENT_CASE, store_hash(care_of(&h->rq)->store, row.id)));
    }
    return page_commit(h, tx, S("/my/send?done=my-sent"));
}
