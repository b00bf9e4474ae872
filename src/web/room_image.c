/* web/room_image.c - an image of the record that all in a room look at: each page asks for it here, by
 * the right of the person it belongs to; who has none gets words. Nothing of the image goes from page to
 * page. See web/room_stage.ts. */
#include "base/text.h"
#include "care/care.h"
#include "care/consultation.h"
#include "web/images_int.h"
#include "web/pages.h"
#include "web/room.h"
#include "web/tpl.h"

bool room_may_show(struct http_req *h, const struct room *room)
{
    return h->rq.who != NULL && !who_is_patient(h->rq.who) && room->case_id.n > 0;
}

/* The studies of the case, or the one the address names. *ret_may false: not for them. */
static enum err look(struct http_req *h, const struct room *room, struct val *root, bool *ret_may)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct str study = str_or_empty(http_query(h, S("study")));
    struct buf b;
    TRY_MEM(&h->rq, v);
    *ret_may = false;
    enum err e = room_may_show(h, room) ? consult_view(&h->rq, room->case_id, v) : E_NOT_FOUND;
    if (e == OK && study.n == 0) {
        e = images_set_case(h, v, IMAGES_SHOWN, root);
    } else if (e == OK) {
        buf_init(&b, h->rq.a, ROOM_PATH_MAX);
        buf_str(&b, room_path(h, room->id, "/image"));
        page_query(&b, "study", study);
        e = images_set_study(h, v, study, buf_get(&b), root);
    }
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    *ret_may = true;
    return OK;
}

enum err web_room_image(struct http_req *h)
{
    struct seat seat;
    struct room room;
    struct val *root = NULL;
    bool may = false;
    TRY(room_seat(&h->rq, http_param(h, S("room")), room_cookie(h), &seat));
    if (seat.state != SEAT_IN) {
        return FAIL(&h->rq, E_FORBIDDEN, "not in the room");
    }
    TRY(room_load(&h->rq, http_param(h, S("room")), &room));
    TRY(page_begin(h, T("Images"), &root));
    val_set_str(val_set_map(root, "room"), "href", room_path(h, room.id, ""));
    TRY(look(h, &room, root, &may));
    val_set_bool(root, "may", may);
    return page_reply(h, root, tpl_room_image);
}
