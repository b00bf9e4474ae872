/* care/room_kind.c - who may enter a room, by what it belongs to. See room.h. */
#include "base/text.h"
#include "care/abroad.h"
#include "care/access.h"
#include "care/booking.h"
#include "care/consilium.h"
#include "care/room_int.h"

enum err room_patient_enters(struct req *rq, const struct room *room, struct room_right *ret_right)
{
    const struct who *w = rq->who;
    if (!str_eq(w->patient, room->patient) || !who_may_my(w, MY_VISIT)) {
        return FAIL(rq, E_NOT_FOUND, "room");
    }
    *ret_right = (struct room_right){.role = w->related.n > 0 ? ROOM_RELATIVE : ROOM_PATIENT};
    return OK;
}

/* Of a case: those who ask, answer or coordinate meet; others of the team may look on. */
static enum err case_enter(struct req *rq, const struct room *room, struct room_right *ret_right)
{
    struct case_row row;
    TRY(access_case(rq, room->subject, AUDIT_READ, &row));
    if (who_is_patient(rq->who)) {
        return room_patient_enters(rq, room, ret_right);
    }
    bool part = (access_actor(rq, &row)
                 & (ACTOR_ASKER | ACTOR_SERVICE | ACTOR_CONSULTANT | ACTOR_COORDINATOR)) != 0;
    *ret_right = (struct room_right){.role = part ? ROOM_CLINICIAN : ROOM_OBSERVER, .host = part};
    return OK;
}

/* A visit that is cancelled, or that nobody came to, has no meeting any more; one only offered has
 * none yet. */
static bool visit_is_held(const struct booking *b)
{
    return b->state == BOOKING_BOOKED || b->state == BOOKING_ARRIVED || b->state == BOOKING_FULFILLED;
}

/* Of a visit: its doctor is the host; the patient's side waits to be let in. */
static enum err visit_enters(struct req *rq, const struct room *room, struct room_right *ret_right)
{
    struct booking b;
    TRY(booking_find(rq, room->subject, &b));
    if (who_is_patient(rq->who)) {
        return room_patient_enters(rq, room, ret_right);
    }
    if ((booking_actor(rq, &b) & ACTOR_DOCTOR) == 0) {
        return FAIL(rq, E_NOT_FOUND, "room");
    }
    bool begun = false;
    TRY(booking_begun(rq, &b, &begun));
    TRY(begun ? OK : abroad_look(rq, b.patient_rid));
    *ret_right = (struct room_right){.role = ROOM_CLINICIAN, .host = true};
    return OK;
}

static int64_t visit_opens(const struct booking *b)
{
    return b->start_ms - ROOM_EARLY_MS;
}

static int64_t visit_closes(const struct booking *b)
{
    return MAX(b->end_ms, b->start_ms) + ROOM_LATE_MS;
}

void room_visit_hours(const struct booking *b, int64_t *ret_opens_ms, int64_t *ret_closes_ms)
{
    bool has = b->remote && b->start_ms > 0 && visit_is_held(b);
    *ret_opens_ms = has ? visit_opens(b) : 0;
    *ret_closes_ms = has ? visit_closes(b) : 0;
}

enum err room_hours(struct req *rq, struct room *room)
{
    struct booking b;
    if (room->kind != ROOM_VISIT) {
        return OK;
    }
    enum err e = booking_load(rq, room->subject, &b);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    room->opens_ms = visit_is_held(&b) ? visit_opens(&b) : room->opens_ms;
    room->closes_ms = visit_is_held(&b) ? visit_closes(&b) : room->created_ms;
    return OK;
}

enum err room_of_visit(struct req *rq, struct tx *tx, struct str visit, struct room *ret_room)
{
    struct booking b;
    TRY(booking_find(rq, visit, &b));
    if (!b.remote || b.start_ms == 0 || !visit_is_held(&b)) {
        return FAIL(rq, E_CONFLICT, "not a visit by video with a time");
    }
    const struct room_ask ask = {.kind = ROOM_VISIT, .subject = b.id, .patient = b.patient,
                                 .patient_rid = b.patient_rid, .opens_ms = visit_opens(&b),
                                 .closes_ms = visit_closes(&b)};
    TRY(room_make(rq, tx, &ask, ret_room));
    bool moved = ret_room->opens_ms != ask.opens_ms || ret_room->closes_ms != ask.closes_ms;
    return moved ? room_window(rq, tx, ret_room, ask.opens_ms, ask.closes_ms) : OK;
}

/* Of a consilium: those who take part; chair and secretary let others in. */
static enum err consilium_enters(struct req *rq, const struct room *room, struct room_right *ret_right)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_item *item = NULL;
    TRY_MEM(rq, c);
    TRY(consilium_open_item(rq, room->subject, AUDIT_READ, c, &item));
    bool host = (c->actor & (ACTOR_CHAIR | ACTOR_SECRETARY)) != 0;
    bool part = host || (c->me != NULL && member_sits(c->me))
                || str_eq(item->attending, rq->who->person);
    if (!part) {
        return FAIL(rq, E_NOT_FOUND, "room");
    }
    *ret_right = (struct room_right){.role = ROOM_CLINICIAN, .host = host};
    return OK;
}

const struct room_kind room_kinds[ROOM_KIND_COUNT] = {
    /*                  code            title                       who may        page of the subject */
    [ROOM_CASE] = {SI("case"), T("Video meeting about a case"), case_enter, "/cases/"},
    [ROOM_VISIT] = {SI("visit"), T("Visit by video"), visit_enters, "/visits/"},
    [ROOM_CONSILIUM] = {SI("consilium"), T("Consilium by video"), consilium_enters, "/consilium/"},
};

static const struct {
    struct str code;
    const char *title;
} roles[ROOM_ROLE_COUNT] = {
    [ROOM_CLINICIAN] = {SI("clinician"), T("clinician")},
    [ROOM_PATIENT] = {SI("patient"), T("patient")},
    [ROOM_RELATIVE] = {SI("relative"), T("relative or representative")},
    [ROOM_INTERPRETER] = {SI("interpreter"), T("interpreter")},
    [ROOM_OBSERVER] = {SI("observer"), T("observer")},
    [ROOM_OTHER] = {SI("other"), T("guest")},
};

const char *room_role_title(enum room_role role)
{
    return roles[role].title;
}

struct str room_role_code(enum room_role role)
{
    return roles[role].code;
}

bool room_role_find(struct str code, enum room_role *ret_role)
{
    for (enum room_role r = ROOM_CLINICIAN; r < ROOM_ROLE_COUNT; r++) {
        if (str_eq(code, roles[r].code)) {
            *ret_role = r;
            return true;
        }
    }
    return false;
}
