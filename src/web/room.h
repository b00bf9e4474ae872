/* web/room.h - rooms on pages: what their handlers share.
 *
 * room: id, href, title, back (address of its subject), stage ("lobby", "waiting", "in", "early", "late",
 *   "refused", "out"), host, live, seat, opens, closes (instants), no_observers, guest,
 *   tz (minutes east of UTC of the page), files (may send files), images (may show images of the record)
 * people: list of {seat, name, role, host, you, away, mic, cam, screen, level, line (words), admit, remove}
 * queue: the same of who waits, with place; place, of: the own
 * texts: list of {who, at, text, own, files}
 * rec: whether it is recorded, {state ("none", "asking", "on", "over"), in, agreed, open (list of
 *   {name}), by, notice, why, kept, keeping, may, bar (why it may not be), source} */
#pragma once

#include "care/room.h"
#include "web/page.h"

struct tx;

enum { ROOM_PATH_MAX = 200, ROOM_COOKIE_S = 86400 };

/* Name of the cookie a guest's browser keeps. */
#define ROOM_COOKIE S("guest")

/* "/rooms/ID" + rest */
struct str room_path(struct http_req *h, struct str id, const char *rest);
/* The guest's cookie; empty: none. */
struct str room_cookie(struct http_req *h);
/* Who asks, by the room in the path. */
MUST_USE enum err room_asker(struct http_req *h, struct room_caller *ret_caller);
/* What people do to a room. */
struct room_doing {
    enum err (*fn)(struct http_req *h, struct tx *tx, struct room_caller *c); /* does it, into tx */
    /* answers when fn failed, or gives e back; NULL: the error page */
    enum err (*refused)(struct http_req *h, const struct room_caller *c, enum err e);
    http_handler_fn late; /* answers when the commit fails; NULL: the error page */
    const char *rest;     /* they are led to room_path() with it */
};
/* Runs it for who asks, and commits; who has no way into the room gets room_shut(). */
MUST_USE enum err room_run(struct http_req *h, const struct room_doing *d);
/* people, queue, texts of a room for one seat. */
MUST_USE enum err room_set_side(struct http_req *h, const struct room *room, const struct seat *seat,
                                struct val *root);
/* Whether whoever asks may show images of the record: staff, in a room of a case. */
bool room_may_show(struct http_req *h, const struct room *room);
/* rec of a room for one seat. */
MUST_USE enum err room_set_recording(struct http_req *h, const struct room *room,
                                     const struct seat *seat, struct val *root);
/* recordings of a room's meetings, for the page of its subject (recordings.html). */
MUST_USE enum err room_set_recordings(struct http_req *h, const struct room *room, struct val *root);
/* The page of a room; fault: a msgid, or NULL. */
MUST_USE enum err room_show(struct http_req *h, const struct room_caller *c, unsigned status,
                            const char *fault);
/* The page a room link of others gives: 404, in clear words. */
MUST_USE enum err room_shut(struct http_req *h);
