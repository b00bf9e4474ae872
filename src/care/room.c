/* care/room.c - making rooms, entering them, and what a host does. See room.h. */
#include "care/room_int.h"

#include "care/access.h"
#include "care/care.h"
#include "care/patient_account_consent.h"
#include "care/put.h"

enum { DETAIL_MAX = 160 };

/* ---- the row ---- */

static struct room room_get(struct req *rq, const struct db_rows *q)
{
    return (struct room){
        .id = db_text(rq->a, q, 0),
        .kind = (enum room_kind_id)db_i64(q, 1),
        .subject = db_text(rq->a, q, 2),
        .case_id = db_text(rq->a, q, 3),
        .patient_rid = db_i64(q, 4),
        .patient = db_text(rq->a, q, 5),
        .opens_ms = db_i64(q, 6),
        .closes_ms = db_i64(q, 7),
        .no_observers = db_i64(q, 8) != 0,
        .meeting = (uint32_t)db_i64(q, 9),
        .live = db_i64(q, 10) != 0,
        .encounter = db_text(rq->a, q, 11),
        .begun_ms = db_i64(q, 12),
        .alive_ms = db_i64(q, 13),
        .created_ms = db_i64(q, 14),
    };
}

static enum err one_room(struct req *rq, struct db_rows *q, struct room *ret_room)
{
    bool has = false;
    TRY(db_next(rq, q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "room");
    }
    struct room room = room_get(rq, q);
    if (room.kind >= ROOM_KIND_COUNT || room.id.p == NULL) {
        return FAIL(rq, E_INTERNAL, "a row of room");
    }
    *ret_room = room;
    return OK;
}

enum err room_of(struct req *rq, enum room_kind_id kind, struct str subject, struct room *ret_room)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_ROOM_OF, sql_i64(kind), sql_text(subject)));
    return one_room(rq, &q, ret_room);
}

/* What the patient said of observers for all of their record counts too. */
static enum err ask_consent(struct req *rq, struct room *room)
{
    bool refused = false;
    enum err e = patient_observers_refused(rq, room->patient, &refused);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    room->no_observers = room->no_observers || refused;
    return OK;
}

enum err room_load(struct req *rq, struct str id, struct room *ret_room)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_ROOM, sql_text(id)));
    return one_room(rq, &q, ret_room);
}

enum err room_note(struct req *rq, const struct room *room, enum audit_action action, enum err outcome,
                   const char *what)
{
    struct buf b;
    buf_init(&b, rq->a, DETAIL_MAX);
    buf_str(&b, str_z(what));
    BUF_LIT(&b, " room ");
    buf_str(&b, room->id);
    bool in_case = room->case_id.n > 0;
    struct audit_rec rec = {
        .action = action,
        .why = rq->who == NULL ? WHY_PUBLIC : WHY_TEAM,
        .outcome = outcome,
        .type = in_case ? T_SERVICE_REQUEST : T_PATIENT,
        .id = in_case ? room->case_id : room->patient,
        .patient_type = T_PATIENT,
        .patient_id = room->patient,
        .patient_rid = room->patient_rid,
        .case_type = in_case ? T_SERVICE_REQUEST : 0,
        .case_id = room->case_id,
        .detail = buf_get(&b),
    };
    return audit_add(rq, &rec);
}

enum err room_make(struct req *rq, struct tx *tx, const struct room_ask *ask, struct room *ret_room)
{
    enum err e = room_of(rq, ask->kind, ask->subject, ret_room);
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    struct room room = {
        .id = put_new_id(rq),
        .kind = ask->kind,
        .subject = ask->subject,
        .case_id = str_or_empty(ask->case_id),
        .patient_rid = ask->patient_rid,
        .patient = ask->patient,
        .opens_ms = ask->opens_ms,
        .closes_ms = ask->closes_ms,
        .encounter = S(""),
        .created_ms = rq->now.ms,
    };
    TRY_MEM(rq, room.id.p);
    TRY(TX_SQL(tx, W_ROOM_NEW, TX_MUST_BE_NEW, sql_text(room.id), sql_i64(room.kind),
               sql_text(room.subject), sql_text(room.case_id), sql_i64(room.patient_rid),
               sql_text(room.patient), sql_i64(room.opens_ms), sql_i64(room.closes_ms),
               sql_i64(rq->now.ms)));
    TRY(room_note(rq, &room, AUDIT_CREATE, OK, "made"));
    *ret_room = room;
    return OK;
}

enum err room_window(struct req *rq, struct tx *tx, const struct room *room, int64_t opens_ms,
                     int64_t closes_ms)
{
    TRY(TX_SQL(tx, W_ROOM_WINDOW, 0, sql_text(room->id), sql_i64(opens_ms), sql_i64(closes_ms)));
    return room_note(rq, room, AUDIT_UPDATE, OK, "hours of");
}

enum err room_of_case(struct req *rq, struct tx *tx, struct str case_id, struct room *ret_room)
{
    struct case_row row;
    TRY(access_case(rq, case_id, AUDIT_READ, &row));
    unsigned part = ACTOR_ASKER | ACTOR_SERVICE | ACTOR_CONSULTANT | ACTOR_COORDINATOR;
    if ((access_actor(rq, &row) & part) == 0) {
        return FAIL(rq, E_FORBIDDEN, "only who asks, answers or coordinates meets");
    }
    enum err e = room_of(rq, ROOM_CASE, row.id, ret_room);
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    if (!row.open) {
        return FAIL(rq, E_CONFLICT, "the case is closed");
    }
    const struct room_ask ask = {.kind = ROOM_CASE, .subject = row.id, .case_id = row.id,
                                 .patient = row.patient, .patient_rid = row.patient_rid};
    return room_make(rq, tx, &ask, ret_room);
}

/* ---- at the door ---- */

_Static_assert(sizeof "p:RelatedPerson/" - 1 + 64 <= SEAT_KEY_MAX, "of the longest id");

struct str room_key(struct req *rq, char kind, struct str id)
{
    struct buf b;
    buf_init(&b, rq->a, SEAT_KEY_MAX);
    buf_char(&b, kind);
    buf_char(&b, ':');
    buf_str(&b, id);
    return buf_get(&b);
}

static enum err as_guest(struct req *rq, struct str cookie, struct room_caller *c)
{
    if (cookie.n == 0) {
        return rq->who != NULL ? FAIL(rq, E_NOT_FOUND, "room") : FAIL(rq, E_SIGN_IN, "no guest");
    }
    TRY(room_guest_by_cookie(rq, cookie, &c->guest));
    bool refused = c->guest.role == ROOM_OBSERVER && c->room.no_observers; /* is told why */
    bool right = str_eq(c->guest.room, c->room.id) && (room_guest_is_open(&c->guest, rq->now) || refused);
    if (!right) {
        TRY(room_note(rq, &c->room, AUDIT_DENY, E_NOT_FOUND, "a guest's link is not of"));
        return FAIL(rq, E_NOT_FOUND, "room");
    }
    c->right = (struct room_right){.role = c->guest.role};
    c->key = room_key(rq, 'g', c->guest.id);
    c->name = c->guest.name;
    return OK;
}

static enum err as_person(struct req *rq, struct room_caller *c)
{
    TRY(room_kinds[c->room.kind].may_enter(rq, &c->room, &c->right));
    c->key = room_key(rq, 'p', rq->who->person);
    c->name = rq->who->name;
    return OK;
}

enum err room_caller(struct req *rq, struct str room_id, struct str cookie,
                     struct room_caller *ret_caller)
{
    struct room_caller c = {.guest = {.id = S("")}};
    enum err e = E_NOT_FOUND;
    TRY(room_load(rq, room_id, &c.room));
    TRY(room_hours(rq, &c.room));
    TRY(ask_consent(rq, &c.room));
    if (rq->who != NULL) {
        e = as_person(rq, &c);
    }
    if (e == E_NOT_FOUND && (cookie.n > 0 || rq->who == NULL)) {
        err_clear(rq);
        e = as_guest(rq, cookie, &c);
    }
    TRY(e);
    TRY_MEM(rq, c.key.p);
    bool doctor = c.right.role == ROOM_CLINICIAN;
    c.early = !doctor && c.room.opens_ms > rq->now.ms;
    c.late = c.room.closes_ms > 0 && c.room.closes_ms <= rq->now.ms && !c.room.live;
    struct signals *s = care_of(rq)->signals;
    e = s != NULL ? signals_find(s, rq, c.room.id, c.key, &c.seat) : E_NOT_FOUND;
    c.has_seat = e == OK && c.seat.state != SEAT_NONE;
    err_clear(rq);
    *ret_caller = c;
    return OK;
}

enum err room_seat(struct req *rq, struct str room_id, struct str cookie, struct seat *ret_seat)
{
    struct signals *s = care_of(rq)->signals;
    enum err e = E_NOT_FOUND;
    if (rq->who != NULL) {
        e = signals_find(s, rq, room_id, room_key(rq, 'p', rq->who->person), ret_seat);
    }
    if (e != E_NOT_FOUND || (rq->who == NULL && cookie.n == 0)) {
        return e == OK || e != E_NOT_FOUND ? e : FAIL(rq, E_SIGN_IN, "no guest");
    }
    if (cookie.n == 0) {
        return e;
    }
    struct room_guest g;
    err_clear(rq);
    TRY(room_guest_by_cookie(rq, cookie, &g));
    if (!str_eq(g.room, room_id) || !room_guest_is_open(&g, rq->now)) {
        return FAIL(rq, E_NOT_FOUND, "room");
    }
    return signals_find(s, rq, room_id, room_key(rq, 'g', g.id), ret_seat);
}

/* Was let in before, in the meeting that goes on, and was not removed. */
static enum err was_in(struct req *rq, const struct room_caller *c, bool *ret_was)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    *ret_was = false;
    if (!c->room.live) {
        return OK;
    }
    TRY(DB_QUERY(rq, &q, Q_STAY, sql_text(c->room.id), sql_i64(c->room.meeting), sql_text(c->key)));
    TRY(db_next(rq, &q, &has));
    *ret_was = has && db_i64(&q, 5) == 0;
    return OK;
}

enum err room_enter(struct req *rq, struct tx *tx, struct room_caller *c)
{
    bool was = false;
    if (c->early || c->late) {
        return FAIL(rq, E_CONFLICT, "outside the hours");
    }
    if (c->right.role == ROOM_OBSERVER && c->room.no_observers) {
        return FAIL(rq, E_CONFLICT, "the patient refused observers");
    }
    TRY(was_in(rq, c, &was));
    const struct seat_ask ask = {
        .key = c->key,
        .name = c->name,
        .role = c->right.role,
        .host = c->right.host,
        .in = was || (c->right.host && !(c->has_seat && c->seat.state == SEAT_OUT)),
    };
    bool sat = c->has_seat && c->seat.state == SEAT_IN;
    bool comes = !c->has_seat && c->right.role != ROOM_OBSERVER;
    TRY(signals_enter(care_of(rq)->signals, rq, c->room.id, &ask, &c->seat));
    c->has_seat = true;
    if (!sat) {
        TRY(room_note(rq, &c->room, AUDIT_MOVE, OK, c->seat.state == SEAT_IN ? "entered" : "waits for"));
    }
    TRY(room_settle(rq, tx, &c->room));
    return comes ? room_tell_others(rq, tx, &c->room) : OK;
}

/* ---- the host ---- */

enum err room_hosts(struct req *rq, const struct room_caller *c)
{
    return c->right.host && c->has_seat && c->seat.state == SEAT_IN ? OK
                                                                    : FAIL(rq, E_FORBIDDEN, "no host");
}

enum err room_admit(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t number)
{
    struct signals *s = care_of(rq)->signals;
    struct seat seat;
    TRY(room_hosts(rq, c));
    TRY(signals_at(s, rq, c->room.id, number, &seat));
    if (seat.role == ROOM_OBSERVER && c->room.no_observers) {
        return FAIL(rq, E_CONFLICT, "the patient refused observers");
    }
    if (seat.state != SEAT_WAITING) {
        return seat.state == SEAT_IN ? OK : FAIL(rq, E_NOT_FOUND, "seat");
    }
    TRY(signals_admit(s, rq, c->room.id, number));
    TRY(room_note(rq, &c->room, AUDIT_GRANT, OK, "let somebody into"));
    return room_settle(rq, tx, &c->room);
}

/* A guest who was removed has no link any more. */
static enum err end_link(struct req *rq, struct tx *tx, const struct room *room, struct str key)
{
    if (!str_starts(key, S("g:"))) {
        return OK;
    }
    return TX_SQL(tx, W_GUEST_END, 0, sql_text(str_sub(key, 2, key.n)), sql_text(room->id),
                  sql_i64(rq->now.ms));
}

static enum err put_out(struct req *rq, struct tx *tx, const struct room *room, const struct seat *seat)
{
    TRY(room_stay_end(rq, tx, room, seat, true));
    TRY(end_link(rq, tx, room, seat->key));
    return tx_event_part(tx, EVENT_ROOM_OUT, signals_room_topic(room->id), seat->number);
}

enum err room_remove(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t number)
{
    struct seat seat;
    TRY(room_hosts(rq, c));
    TRY(signals_at(care_of(rq)->signals, rq, c->room.id, number, &seat));
    TRY(put_out(rq, tx, &c->room, &seat));
    return room_note(rq, &c->room, AUDIT_MOVE, OK, "removed somebody from");
}

enum err room_out_of_all(struct req *rq, struct tx *tx, struct str person)
{
    enum { PLACES_MAX = 32 };
    struct signals *s = care_of(rq)->signals;
    struct signal_place places[PLACES_MAX];
    struct buf key;
    uint32_t n = 0;
    if (s == NULL) { /* a command: the server does it by room_job() */
        return OK;
    }
    buf_init(&key, rq->a, SEAT_KEY_MAX + 1);
    BUF_LIT(&key, "p:");
    buf_str(&key, person);
    TRY(signals_places(s, rq, buf_get(&key), places, PLACES_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct room room;
        struct seat seat;
        TRY(room_load(rq, places[i].room, &room));
        enum err e = signals_at(s, rq, room.id, places[i].seat, &seat);
        if (e == E_NOT_FOUND) { /* left meanwhile */
            err_clear(rq);
            continue;
        }
        TRY(e);
        TRY(put_out(rq, tx, &room, &seat));
        TRY(room_note(rq, &room, AUDIT_MOVE, OK, "removed who left the service from"));
    }
    return OK;
}

enum err room_mute(struct req *rq, struct room_caller *c, uint32_t number)
{
    TRY(room_hosts(rq, c));
    return signals_post(care_of(rq)->signals, rq, c->room.id, 0, number, S("mute"), c->name);
}

enum err room_observers(struct req *rq, struct tx *tx, struct room_caller *c, bool refused)
{
    struct seat *seats = ARENA_ARRAY(rq->a, ROOM_SEATS_MAX, struct seat);
    TRY_MEM(rq, seats);
    TRY(room_hosts(rq, c));
    TRY(TX_SQL(tx, W_ROOM_OBSERVERS, 0, sql_text(c->room.id), sql_i64(refused)));
    TRY(room_note(rq, &c->room, AUDIT_UPDATE, OK,
                  refused ? "the patient refuses observers in" : "the patient allows observers in"));
    c->room.no_observers = refused;
    uint32_t n = refused ? signals_seats(care_of(rq)->signals, rq, c->room.id, seats, ROOM_SEATS_MAX) : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (seats[i].role == ROOM_OBSERVER) {
            TRY(put_out(rq, tx, &c->room, &seats[i]));
        }
    }
    return OK;
}

enum err room_end(struct req *rq, struct tx *tx, struct room_caller *c)
{
    TRY(room_hosts(rq, c));
    TRY(room_note(rq, &c->room, AUDIT_MOVE, OK, "ended the meeting in"));
    return room_finish(rq, tx, &c->room, rq->now.ms);
}

enum err room_leave(struct req *rq, struct tx *tx, struct room_caller *c)
{
    if (!c->has_seat) {
        return OK;
    }
    if (c->seat.state == SEAT_IN) {
        TRY(room_stay_end(rq, tx, &c->room, &c->seat, false));
        TRY(room_note(rq, &c->room, AUDIT_MOVE, OK, "left"));
    }
    c->has_seat = false;
    return tx_event_part(tx, EVENT_ROOM_LEAVE, signals_room_topic(c->room.id), c->seat.number);
}
