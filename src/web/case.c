/* web/case.c - the page of a case: one for everybody in its team; and its messages. */
#include "web/pages.h"

#include "base/text.h"
#include "care/care.h"
#include "care/directory.h"
#include "care/grant.h"
#include "care/ring.h"
#include "care/room.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/case_view.h"
#include "web/consilium.h"
#include "web/images.h"
#include "web/marks.h"
#include "web/share.h"
#include "web/tpl.h"

enum { CASE_STUDIES = 6, CASE_RINGS = 16 }; /* shown on the page of the case itself */

/* ---- the page ---- */

/* The same answer for a case of others and for none at all. */
static enum err case_shut(struct http_req *h)
{
    struct val *root = NULL;
    err_clear(&h->rq);
    TRY(page_begin(h, T("This case is not shown"), &root));
    page_kind(root, "narrow");
    if (who_may(h->rq.who, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD)) {
        val_set_str(root, "glass", case_path(h, http_param(h, S("case")), "/glass"));
    }
    return page_reply_status(h, 404, root, tpl_case_shut);
}

/* Those who ask, answer or coordinate meet by video; how many are in the room now. */
static enum err set_meeting(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct room room;
    unsigned part = ACTOR_ASKER | ACTOR_SERVICE | ACTOR_CONSULTANT | ACTOR_COORDINATOR;
    if (!v->row.open || (v->actor & part) == 0) {
        return OK;
    }
    struct val *m = val_set_map(root, "meeting");
    val_set_bool(m, "may", true);
    enum err e = room_of(&h->rq, ROOM_CASE, v->row.id, &room);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    uint32_t in = 0;
    uint32_t waiting = 0;
    signals_count(care_of(&h->rq)->signals, room.id, h->rq.now.ms, &in, &waiting);
    val_set_i64(m, "there", (int64_t)in + waiting);
    return OK;
}

/* Whom an emergency has called and since when, while it waits for one of them; whether one of them reads. */
static enum err set_rings(struct http_req *h, const struct case_view *v, struct val *root,
                          bool *ret_called)
{
    const struct directory *dir = NULL;
    struct ring rings[CASE_RINGS];
    uint32_t n = 0;
    struct val *list = val_set_list(root, "called");
    *ret_called = false;
    TRY(ring_of_case(&h->rq, v->row.id, rings, LEN(rings), &n));
    TRY(directory_get(&h->rq, &dir));
    for (uint32_t i = 0; i < n; i++) {
        if (rings[i].ended.ms != 0) {
            continue;
        }
        struct val *o = val_add_map(list);
        val_set_str(o, "name", dir_person_name(dir, rings[i].person));
        val_set_instant(o, "at", rings[i].at);
        *ret_called = *ret_called || str_eq(rings[i].person, h->rq.who->person);
    }
    if (*ret_called) {
        val_set_str(page_map(root, "case"), "next",
                    tr(h->rq.lang, T("You are called to this emergency: accept it, else the next on duty "
                                     "is called.")));
    }
    return OK;
}

/* What is typed into the message form below the case. */
static enum err set_writing(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct val *attach = val_set_map(root, "attach");
    struct val *f = page_field(h, root, "text", T("Write a message"), S(""));
    val_set_i64(f, "rows", 3);
    val_set_z(attach, "name", "files");
    val_set_str(attach, "label", tr(h->rq.lang, T("Photos, results, images")));
    val_set_str(attach, "case", v->row.id);
    return file_uploads(h, v->row.id, &v->patient, case_path(h, v->row.id, ""), root);
}

static enum err show(struct http_req *h, unsigned status, const char *fault)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct val *root = NULL;
    struct client app;
    uint32_t n_apps = 0;
    bool called = false;
    struct str id = http_param(h, S("case"));
    TRY_MEM(&h->rq, v);
    enum err e = consult_view(&h->rq, id, v);
    if (e == E_NOT_FOUND) {
        return case_shut(h);
    }
    TRY(e);
    TRY(case_begin(h, v, T("Case"), &root));
    page_kind(root, "wide");
    page_title(root, case_number(h->rq.a, id));
    page_events(root, page_path(h, "/events?case=", id, ""));
    TRY(case_set_form(h, v, root));
    TRY(case_set_events(h, v, root));
    TRY(images_set_case(h, v, CASE_STUDIES, root));
    TRY(marks_set(h, &v->row, (struct str){0}, root));
    TRY(case_set_files(h, v, root));
    TRY(case_set_talk(h, v, root));
    TRY(case_set_earlier(h, v, root));
    TRY(case_set_signed(h, v, root));
    TRY(set_rings(h, v, root, &called));
    case_set_moves(h, v, called, root);
    TRY(launch_list(&h->rq, &app, 1, &n_apps));
    val_set_bool(root, "apps", n_apps > 0);
    TRY(share_set_case(h, &v->row, root));
    TRY(consilium_set_case(h, &v->row, root));
    if (fault != NULL) {
        page_error(h, root, "text", fault);
    }
    TRY(set_meeting(h, v, root));
    if (v->row.open) {
        TRY(set_writing(h, v, root));
    }
    return page_reply_status(h, status, root, tpl_case);
}

enum err web_case(struct http_req *h)
{
    return show(h, 200, NULL);
}

/* ---- messages ---- */

enum err web_case_message(struct http_req *h)
{
    struct str id = http_param(h, S("case"));
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = consult_message(&h->rq, tx, id, page_sent(h, "text"), id);
    if (e == E_BAD_INPUT || e == E_CONFLICT) {
        err_clear(&h->rq);
        return show(h, 422,
                    e == E_BAD_INPUT ? T("Write something, at most 8 000 characters, or attach a file.")
                                     : T("A file is still on its way: wait until it is stored. Or the "
                                         "case was closed meanwhile."));
    }
    if (e == E_LOCKED) {
        err_clear(&h->rq);
        return show(h, 429, T("Too many messages in a short time. Wait a minute, then send it again."));
    }
    TRY(e);
    return page_commit(h, tx, case_path(h, id, "?done=message#talk"));
}
