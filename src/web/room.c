/* web/room.c - the page of a room: the door, the waiting room, the meeting. See web/room.h. */
#include "web/room.h"

#include "base/text.h"
#include "care/access.h"
#include "care/care.h"
#include "care/patient.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { TEXTS_SHOWN = 60 };

/* What a line can carry, in words. */
static const char *const level_words[] = {
    T("line: text only"), T("line: sound"), T("line: sound and a small picture"),
    T("line: sound and picture"), T("line: good"),
};

struct str room_path(struct http_req *h, struct str id, const char *rest)
{
    return page_path(h, "/rooms/", id, rest);
}

struct str room_cookie(struct http_req *h)
{
    return str_or_empty(http_cookie(h, ROOM_COOKIE));
}

enum err room_asker(struct http_req *h, struct room_caller *ret_caller)
{
    return room_caller(&h->rq, http_param(h, S("room")), room_cookie(h), ret_caller);
}

enum err room_shut(struct http_req *h)
{
    struct val *root = NULL;
    err_clear(&h->rq);
    TRY(page_begin(h, T("This room is not shown"), &root));
    page_kind(root, "narrow");
    return page_reply_status(h, 404, root, tpl_room_shut);
}

/* ---- people ---- */

static void set_person(struct http_req *h, const struct seat *s, const struct seat *me, struct val *m)
{
    val_set_i64(m, "seat", s->number);
    val_set_str(m, "name", s->name);
    val_set_str(m, "role", tr(h->rq.lang, room_role_title((enum room_role)s->role)));
    val_set_bool(m, "observer", s->role == ROOM_OBSERVER);
    val_set_bool(m, "you", s->number == me->number);
    val_set_bool(m, "away", s->away);
    val_set_bool(m, "mic", s->mic);
    val_set_bool(m, "cam", s->cam);
    val_set_bool(m, "screen", s->screen);
    if (s->line.n > 0 && !s->away) {
        val_set_i64(m, "level", s->line.level);
        val_set_str(m, "line", tr(h->rq.lang, level_words[MIN(s->line.level, 4U)]));
    }
    val_set_instant(m, "since", (struct instant){s->state == SEAT_IN ? s->in_ms : s->came_ms});
}

static enum err set_people(struct http_req *h, const struct room *room, const struct seat *me,
                           struct val *root)
{
    struct seat *seats = ARENA_ARRAY(h->rq.a, ROOM_SEATS_SHOWN, struct seat);
    struct val *people = val_set_list(root, "people");
    struct val *queue = val_set_list(root, "queue");
    int64_t waiting = 0;
    TRY_MEM(&h->rq, seats);
    uint32_t n = signals_seats(care_of(&h->rq)->signals, &h->rq, room->id, seats, ROOM_SEATS_SHOWN);
    for (uint32_t i = 0; i < n; i++) {
        bool waits = seats[i].state == SEAT_WAITING;
        waiting += waits;
        if (waits && seats[i].number == me->number) {
            val_set_i64(root, "place", waiting);
        }
        if (!waits || me->host) {
            set_person(h, &seats[i], me, val_add_map(waits ? queue : people));
        }
    }
    val_set_i64(root, "of", waiting);
    return OK;
}

static enum err set_texts(struct http_req *h, const struct room *room, const struct seat *me,
                          struct val *root)
{
    struct room_text *texts = ARENA_ARRAY(h->rq.a, TEXTS_SHOWN, struct room_text);
    struct val *list = val_set_list(root, "texts");
    uint32_t n = 0;
    TRY_MEM(&h->rq, texts);
    if (me->state != SEAT_IN || !room->live) {
        return OK;
    }
    bool guest = str_starts(me->key, S("g:"));
    int64_t since = guest ? MAX(me->in_ms, room->begun_ms) : room->begun_ms;
    TRY(room_texts(&h->rq, room, me->key, since, texts, TEXTS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "who", texts[i].name);
        val_set_instant(m, "at", texts[i].at);
        val_set_str(m, "text", texts[i].text);
        val_set_bool(m, "own", texts[i].own);
        val_set_i64(m, "files", texts[i].n_files);
    }
    return OK;
}

enum err room_set_side(struct http_req *h, const struct room *room, const struct seat *seat,
                       struct val *root)
{
    TRY(set_people(h, room, seat, root));
    TRY(room_set_recording(h, room, seat, root));
    return set_texts(h, room, seat, root);
}

/* ---- the page ---- */

static const char *stage_of(const struct room_caller *c)
{
    if (c->has_seat && c->seat.state == SEAT_IN) {
        return "in";
    }
    if (c->right.role == ROOM_OBSERVER && c->room.no_observers) {
        return "refused";
    }
    if (c->early || c->late) {
        return c->early ? "early" : "late";
    }
    if (c->has_seat) {
        return c->seat.state == SEAT_WAITING ? "waiting" : "out";
    }
    return "lobby";
}

static void set_room(struct http_req *h, const struct room_caller *c, struct val *root)
{
    struct val *m = val_set_map(root, "room");
    const struct room_kind *kind = &room_kinds[c->room.kind];
    bool guest = c->guest.id.n > 0;
    val_set_str(m, "href", room_path(h, c->room.id, ""));
    val_set_i64(m, "tz", page_tz(h));
    val_set_str(m, "title", tr(h->rq.lang, kind->title));
    val_set_z(m, "stage", stage_of(c));
    val_set_str(m, "name", c->name);
    val_set_bool(m, "host", c->right.host);
    val_set_bool(m, "live", c->room.live);
    val_set_bool(m, "guest", guest);
    val_set_bool(m, "no_observers", c->room.no_observers);
    val_set_bool(m, "images", room_may_show(h, &c->room));
    val_set_i64(m, "seat", c->has_seat ? c->seat.number : 0);
    if (!guest) {
        const char *path = who_is_patient(h->rq.who) ? "/my/visits/" : kind->path;
        val_set_str(m, "back", page_path(h, path, c->room.subject, ""));
    }
    if (c->room.opens_ms > 0) {
        val_set_instant(m, "opens", (struct instant){c->room.opens_ms});
    }
    if (c->room.closes_ms > 0) {
        val_set_instant(m, "closes", (struct instant){c->room.closes_ms});
    }
}

/* Whose meeting it is: for those who may see the patient, not for guests. */
static enum err set_patient(struct http_req *h, const struct room_caller *c, struct val *root)
{
    struct patient p;
    if (c->guest.id.n > 0) {
        return OK;
    }
    TRY(patient_load(&h->rq, c->room.patient_rid, &p));
    val_set_str(root, "patient_name", p.name);
    return OK;
}

/* Writing beside: everybody who is in; files by those who may add to the case. */
static enum err set_writing(struct http_req *h, const struct room_caller *c, struct val *root)
{
    struct val *f = page_field(h, root, "text", T("Write to everybody here"), S(""));
    val_set_i64(f, "rows", 2);
    if (c->room.kind != ROOM_CASE || c->guest.id.n > 0) {
        return OK;
    }
    struct val *attach = val_set_map(root, "attach");
    val_set_z(attach, "name", "files");
    val_set_str(attach, "label", tr(h->rq.lang, T("Photos, results, images")));
    val_set_str(attach, "case", c->room.subject);
    return OK;
}

enum err room_show(struct http_req *h, const struct room_caller *c, unsigned status, const char *fault)
{
    struct val *root = NULL;
    TRY(page_begin(h, room_kinds[c->room.kind].title, &root));
    page_kind(root, c->has_seat && c->seat.state == SEAT_IN ? "wide" : "narrow");
    page_meeting(h, root);
    if (c->has_seat) {
        page_events(root, room_path(h, c->room.id, "/events"));
    }
    if (fault != NULL) {
        page_error(h, root, "text", fault);
    }
    set_room(h, c, root);
    TRY(set_patient(h, c, root));
    TRY(set_writing(h, c, root));
    TRY(room_set_side(h, &c->room, &c->seat, root));
    return page_reply_status(h, status, root, tpl_room);
}

enum err web_room(struct http_req *h)
{
    struct room_caller c;
    enum err e = room_asker(h, &c);
    if (e == E_NOT_FOUND) {
        return room_shut(h);
    }
    TRY(e);
    return room_show(h, &c, 200, NULL);
}

/* The part of the page that changes, alone: for lines that carry little. */
enum err web_room_side(struct http_req *h)
{
    struct seat seat;
    struct room room;
    struct val *root = NULL;
    TRY(room_seat(&h->rq, http_param(h, S("room")), room_cookie(h), &seat));
    TRY(room_load(&h->rq, http_param(h, S("room")), &room));
    TRY(page_begin(h, room_kinds[room.kind].title, &root));
    struct val *m = val_set_map(root, "room");
    val_set_str(m, "href", room_path(h, room.id, ""));
    val_set_bool(m, "host", seat.host);
    val_set_z(m, "stage", seat.state == SEAT_IN ? "in" : "waiting");
    TRY(room_set_side(h, &room, &seat, root));
    return page_reply(h, root, tpl_room_side);
}

/* From the page of a case. */
enum err web_case_room(struct http_req *h)
{
    struct room room;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(room_of_case(&h->rq, tx, http_param(h, S("case")), &room));
    return page_commit(h, tx, room_path(h, room.id, ""));
}

/* From the page of a visit by video: its doctor, its patient. */
enum err web_visit_room(struct http_req *h)
{
    struct room room;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(room_of_visit(&h->rq, tx, http_param(h, S("visit")), &room));
    return page_commit(h, tx, room_path(h, room.id, ""));
}

/* ---- text beside ---- */

enum err web_room_say(struct http_req *h)
{
    struct room_caller c;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = room_asker(h, &c);
    if (e == E_NOT_FOUND) {
        return room_shut(h);
    }
    TRY(e);
    e = room_say(&h->rq, tx, &c, page_sent(h, "text"));
    if (e == E_BAD_INPUT || e == E_CONFLICT) {
        err_clear(&h->rq);
        return room_show(h, &c, 422,
                    e == E_BAD_INPUT ? T("Write something, at most 4 000 characters, or attach a file.")
                                     : T("A file is still on its way: wait until it is stored."));
    }
    if (e == E_LOCKED) {
        err_clear(&h->rq);
        return room_show(h, &c, 429,
                         T("Too many messages in a short time. Wait a minute, then send it again."));
    }
    TRY(e);
    return page_commit(h, tx, room_path(h, c.room.id, "#talk"));
}
