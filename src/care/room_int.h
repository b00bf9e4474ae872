/* care/room_int.h - what the parts of rooms share. */
#pragma once

#include "care/room.h"
#include "store/tx.h"

struct json_out;

enum { ROOM_STAYS_MAX = 200, ROOM_SEATS_MAX = 64 };
#define ROOM_JOB_MS (5 * MS_MINUTE)

/* A record about a room; the caller adds outcome. what: a literal. */
MUST_USE enum err room_note(struct req *rq, const struct room *room, enum audit_action action,
                            enum err outcome, const char *what);
/* When people may enter now: the hours of a visit's room are those of its booking, and end with it. */
MUST_USE enum err room_hours(struct req *rq, struct room *room);
/* Writes what memory knows and the record does not: that the meeting began, who is in, its Encounter. */
MUST_USE enum err room_settle(struct req *rq, struct tx *tx, struct room *room);
/* Ends the meeting in the record as of end_ms, and in memory. */
MUST_USE enum err room_finish(struct req *rq, struct tx *tx, struct room *room, int64_t end_ms);
/* Somebody came: those it concerns who are not there are told, once a meeting. */
MUST_USE enum err room_tell_others(struct req *rq, struct tx *tx, const struct room *room);
/* The stay of a seat that leaves. */
MUST_USE enum err room_stay_end(struct req *rq, struct tx *tx, const struct room *room,
                                const struct seat *seat, bool removed);
/* A host who is in. errors  E_FORBIDDEN */
MUST_USE enum err room_hosts(struct req *rq, const struct room_caller *c);
/* {"reference":..,"display":..} of who is at the door, as an element of an array or a value. */
void room_put_caller(struct json_out *o, const struct req *rq, const struct room_caller *c);
/* The guest of a browser's cookie. errors  E_NOT_FOUND */
MUST_USE enum err room_guest_by_cookie(struct req *rq, struct str cookie, struct room_guest *ret_guest);
/* "p:PERSON" or "g:GUEST" in rq->a. */
struct str room_key(struct req *rq, char kind, struct str id);
