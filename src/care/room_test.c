/* care/room_test.c - who comes into a room, when, and what a host does: hours, links of guests, the queue,
 * observers. */
#include "care/patient_account_consent.h"
#include "care/room_ice.h"
#include "care/room_testing.h"

/* ---- whose a room is ---- */

static void a_subject_has_one_room(void **state)
{
    static const struct {
        const char *person;
        enum err e;
    } rows[] = {
        {"asker", OK}, {"cons1", OK}, {"coord", OK}, {"outsider", E_NOT_FOUND}, {"auditor", E_NOT_FOUND},
    };
    struct req keep;
    struct room room;
    struct room again;
    (void)state;
    as(&keep, NULL);
    struct str id = a_case(&keep);
    assert_int_equal(room_of(&keep, ROOM_CASE, id, &room), E_NOT_FOUND);
    err_clear(&keep);
    /* two that look at the same moment: one makes it */
    struct req *one = as_long_as(&keep, "asker");
    struct req *two = as_long_as(&keep, "cons1");
    struct tx *tx_one = tx_new(one);
    struct tx *tx_two = tx_new(two);
    MUST(one, room_of_case(one, tx_one, id, &room));
    MUST(two, room_of_case(two, tx_two, id, &again));
    assert_int_equal(store_commit(region.store, one, tx_one), OK);
    assert_int_equal(store_commit(region.store, two, tx_two), E_CONFLICT);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req *rq = as_long_as(&keep, rows[i].person);
        assert_int_equal(room_of_case(rq, tx_new(rq), id, &again), rows[i].e);
        assert_true(rows[i].e != OK || str_eq(again.id, room.id));
    }
    assert_int_equal(room_load(&keep, S("nothing"), &again), E_NOT_FOUND);
    req_done(&keep);
}

static void a_closed_case_gets_no_room(void **state)
{
    struct req keep;
    struct room room;
    (void)state;
    as(&keep, NULL);
    struct str id = a_case(&keep);
    const struct care_move_args why = {.reason_code = S("not-needed"), .reason = S("because")};
    assert_int_equal(a_move(&keep, "asker", id, "withdraw", &why), OK);
    struct req *rq = as_long_as(&keep, "asker");
    assert_int_equal(room_of_case(rq, tx_new(rq), id, &room), E_CONFLICT);
    req_done(&keep);
}

/* ---- the hours of a visit ---- */

/* A visit by video at nine of a Monday of the asker's, so many weeks from now. */
static struct booking a_visit(struct req *keep, struct str schedule, unsigned weeks)
{
    struct booking_check c;
    struct booking b;
    const struct booking_ask ask = {
        .patient = a_patient(keep), .schedule = schedule, .remote = true, .purpose = S("advice"),
        .start_ms = midnight(a_day_later(1, weeks)) + 9 * MS_HOUR};
    assert_int_equal(try_book(keep, "asker", &ask, &c, &b), OK);
    return b;
}

static struct room room_of_this(struct req *keep, const struct booking *b)
{
    struct room room;
    struct req *rq = as_long_as(keep, "asker");
    struct tx *tx = tx_new(rq);
    MUST(rq, room_of_visit(rq, tx, b->id, &room));
    MUST(rq, store_commit(region.store, rq, tx));
    return room;
}

enum { AT_DOOR, AT_START, AT_END, AT_CLOSE };

static void a_visit_has_its_hours(void **state)
{
    static const struct {
        const char *what;
        const char *person; /* NULL: the patient */
        int from;
        int64_t off_ms;
        bool early, late;
        enum err e;
    } rows[] = {
        {"the patient, an hour early", NULL, AT_START, -MS_HOUR, true, false, E_CONFLICT},
        {"a moment early", NULL, AT_DOOR, -1, true, false, E_CONFLICT},
        {"when the door opens", NULL, AT_DOOR, 0, false, false, OK},
        {"in time", NULL, AT_START, 0, false, false, OK},
        {"an hour after its end", NULL, AT_END, MS_HOUR, false, false, OK},
        {"when the door is shut", NULL, AT_CLOSE, 0, false, true, E_CONFLICT},
        {"a day late", NULL, AT_START, MS_DAY, false, true, E_CONFLICT},
        {"a clock that is a day behind", NULL, AT_START, -MS_DAY, true, false, E_CONFLICT},
        {"the doctor, an hour early", "asker", AT_START, -MS_HOUR, false, false, OK},
        {"the doctor, in time", "asker", AT_START, 0, false, false, OK},
        {"the doctor, a day late", "asker", AT_START, MS_DAY, false, true, E_CONFLICT},
        {"another doctor", "asker2", AT_START, 0, false, false, E_NOT_FOUND},
        {"somebody else", "outsider", AT_START, 0, false, false, E_NOT_FOUND},
    };
    struct req keep;
    const struct instant then = region.now;
    (void)state;
    as(&keep, NULL);
    struct booking b = a_visit(&keep, a_schedule(&keep, "asker"), 0);
    struct room room = room_of_this(&keep, &b);
    const int64_t at[] = {[AT_DOOR] = room.opens_ms, [AT_START] = b.start_ms, [AT_END] = b.end_ms,
                          [AT_CLOSE] = room.closes_ms};
    assert_int_equal(room.opens_ms, b.start_ms - ROOM_EARLY_MS);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct room_caller c = {.early = false};
        region.now.ms = at[rows[i].from] + rows[i].off_ms;
        rooms_anew();
        struct req *rq = rows[i].person != NULL ? as_long_as(&keep, rows[i].person)
                                                : of_who(&keep, family_who(&keep, b.patient, "", MY_ALL));
        enum err e = act(rq, room.id, S(""), act_enter, 0, &c);
        if (e != rows[i].e || c.early != rows[i].early || c.late != rows[i].late) {
            fail_msg("%s: %d, early %d, late %d", rows[i].what, e, c.early, c.late);
        }
        if (e == OK && rows[i].person != NULL) {
            assert_int_equal(does(&keep, rows[i].person, room.id, act_end, 0), OK);
        } else if (e == OK) {
            assert_int_equal(c.seat.state, SEAT_WAITING);
        }
    }
    region.now = then;
    req_done(&keep);
}

/* Its room and the links to it go with a visit that is moved; one that is cancelled has no door. */
static void the_door_moves_with_the_visit(void **state)
{
    struct req keep;
    struct room_guest g;
    struct room_guest_made made;
    struct room_caller c;
    const struct instant then = region.now;
    const struct booking_args away = {.reason_code = S("patient-asked")};
    (void)state;
    as(&keep, NULL);
    struct booking b = a_visit(&keep, a_schedule(&keep, "asker"), 1);
    struct room room = room_of_this(&keep, &b);
    struct req *rq = as_long_as(&keep, "asker");
    struct tx *tx = tx_new(rq);
    const struct room_guest_ask link = {.role = ROOM_INTERPRETER, .name = S("Interpreter"),
                                        .opens_ms = room.opens_ms, .expires_ms = room.closes_ms};
    MUST(rq, room_guest_make(rq, tx, &room, &link, &made));
    MUST(rq, store_commit(region.store, rq, tx));

    int64_t old_ms = b.start_ms;
    int64_t new_ms = midnight(a_day_later(1, 2)) + 9 * MS_HOUR;
    const struct booking_args later = {.schedule = b.schedule, .start_ms = new_ms};
    assert_int_equal(try_move(&keep, "asker", b.id, "move", &later, &b), OK);
    region.now.ms = old_ms;
    const struct who *patient = family_who(&keep, b.patient, "", MY_ALL);
    assert_int_equal(act(of_who(&keep, patient), room.id, S(""), act_enter, 0, &c), E_CONFLICT);
    assert_true(c.early && c.room.opens_ms == new_ms - ROOM_EARLY_MS);
    MUST(&keep, room_guest_by_token(&keep, str_z(made.token), &g));
    assert_int_equal(g.opens_ms, c.room.opens_ms);
    assert_int_equal(g.expires_ms, c.room.closes_ms);
    region.now.ms = new_ms;
    assert_int_equal(act(of_who(&keep, patient), room.id, S(""), act_enter, 0, &c), OK);

    assert_int_equal(try_move(&keep, "asker", b.id, "cancel", &away, &b), OK);
    assert_int_equal(comes(&keep, "asker", room.id, &c), E_CONFLICT);
    assert_true(c.late);
    MUST(&keep, room_guest_by_token(&keep, str_z(made.token), &g));
    assert_false(room_guest_is_open(&g, region.now));
    region.now = then;
    req_done(&keep);
}

static void a_relative_enters_when_they_may(void **state)
{
    static const struct {
        const char *related;
        uint32_t limits;
        enum err e;
        enum room_role role;
    } rows[] = {
        {"", MY_ALL, OK, ROOM_PATIENT},
        {"mother", MY_VISIT, OK, ROOM_RELATIVE},
        {"aunt", MY_SEE | MY_TALK, E_NOT_FOUND, ROOM_OTHER},
    };
    struct req keep;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct room_caller c;
        struct req *rq = of_who(&keep, family_who(&keep, room.patient, rows[i].related, rows[i].limits));
        assert_int_equal(act(rq, room.id, S(""), act_enter, 0, &c), rows[i].e);
        assert_true(rows[i].e != OK || (c.right.role == rows[i].role && c.seat.state == SEAT_WAITING));
    }
    struct room_caller c;
    struct req *rq = of_who(&keep, family_who(&keep, S("another"), "", MY_ALL));
    assert_int_equal(act(rq, room.id, S(""), act_enter, 0, &c), E_NOT_FOUND);
    req_done(&keep);
}

/* ---- guests ---- */

static enum err make_link(struct req *keep, const struct room *room, const struct room_guest_ask *ask,
                          struct room_guest_made *made)
{
    struct req *rq = as_long_as(keep, "asker");
    struct tx *tx = tx_new(rq);
    TRY(room_guest_make(rq, tx, room, ask, made));
    return store_commit(region.store, rq, tx);
}

static enum err use_link(struct req *keep, const char *token, const char *code, bool *right,
                         char cookie[44])
{
    struct room_guest g;
    struct req *rq = of_who(keep, NULL);
    struct tx *tx = tx_new(rq);
    TRY(room_guest_use(rq, tx, str_z(token), str_z(code), &g, right, cookie));
    return store_commit(region.store, rq, tx);
}

static enum err guest_comes(struct req *keep, const char *cookie, struct str room,
                            struct room_caller *c)
{
    return act(of_who(keep, NULL), room, str_z(cookie), act_enter, 0, c);
}

static void links_that_are_no_links(void **state)
{
    struct req keep;
    struct room_guest_made made;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    const int64_t now = region.now.ms;
    const struct {
        struct room_guest_ask ask;
        enum err e;
    } rows[] = {
        {{ROOM_OTHER, S("Guest"), S(""), 0, now + MS_DAY}, OK},
        {{ROOM_OTHER, S(""), S(""), 0, now + MS_DAY}, E_BAD_INPUT},
        {{ROOM_OTHER, S("Guest"), S(""), 0, now}, E_BAD_INPUT},
        {{ROOM_OTHER, S("Guest"), S(""), now + MS_DAY, now + MS_HOUR}, E_BAD_INPUT},
        {{ROOM_OTHER, S("Guest"), S(""), 0, now + 91 * MS_DAY}, E_BAD_INPUT},
        {{ROOM_ROLE_COUNT, S("Guest"), S(""), 0, now + MS_DAY}, E_BAD_INPUT},
        {{ROOM_OBSERVER, S("Student"), S(""), 0, now + MS_DAY}, OK},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(make_link(&keep, &room, &rows[i].ask, &made), rows[i].e);
    }
    room.no_observers = true;
    assert_int_equal(make_link(&keep, &room, &rows[6].ask, &made), E_CONFLICT);
    req_done(&keep);
}

static void a_link_holds_once(void **state)
{
    struct req keep;
    struct room_guest_made made;
    struct room_caller c;
    char cookie[44];
    char second[44];
    bool right = true;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    struct room other = a_room(&keep);
    const struct room_guest_ask ask = {ROOM_INTERPRETER, S("Interpreter"), S(""), 0,
                                       region.now.ms + MS_DAY};
    assert_int_equal(make_link(&keep, &room, &ask, &made), OK);
    assert_int_equal(use_link(&keep, "abcdefghijklmnopqrstuvwxyz", made.code, &right, cookie), E_NOT_FOUND);
    assert_int_equal(use_link(&keep, made.token, "wrong", &right, cookie), OK);
    assert_false(right);
    assert_int_equal(use_link(&keep, made.token, made.code, &right, cookie), OK);
    assert_true(right);
    /* used twice: somebody else got hold of it */
    assert_int_equal(use_link(&keep, made.token, made.code, &right, second), E_CONFLICT);
    assert_int_equal(guest_comes(&keep, cookie, room.id, &c), OK);
    assert_int_equal(c.seat.state, SEAT_WAITING);
    assert_false(c.right.host);
    /* it opens this room alone, and nobody without it */
    assert_int_equal(guest_comes(&keep, cookie, other.id, &c), E_NOT_FOUND);
    assert_int_equal(guest_comes(&keep, "", room.id, &c), E_SIGN_IN);
    assert_int_equal(guest_comes(&keep, "a cookie of the right length, but made up ..", room.id, &c),
                     E_NOT_FOUND);
    region.now.ms += 2 * MS_DAY;
    assert_int_equal(guest_comes(&keep, cookie, room.id, &c), E_NOT_FOUND);
    region.now.ms -= 2 * MS_DAY;
    req_done(&keep);
}

/* Two browsers with the same link and code at the same moment: one is in, the other is told. */
static void two_use_a_link_at_once(void **state)
{
    struct req keep;
    struct room_guest g;
    struct room_guest_made made;
    char cookie[44];
    bool right = false;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    const struct room_guest_ask ask = {ROOM_RELATIVE, S("Son"), S(""), 0, region.now.ms + MS_DAY};
    assert_int_equal(make_link(&keep, &room, &ask, &made), OK);
    struct req *one = of_who(&keep, NULL);
    struct req *two = of_who(&keep, NULL);
    struct tx *tx_one = tx_new(one);
    struct tx *tx_two = tx_new(two);
    MUST(one, room_guest_use(one, tx_one, str_z(made.token), str_z(made.code), &g, &right, cookie));
    MUST(two, room_guest_use(two, tx_two, str_z(made.token), str_z(made.code), &g, &right, cookie));
    assert_int_equal(store_commit(region.store, one, tx_one), OK);
    assert_true(store_commit(region.store, two, tx_two) != OK);
    req_done(&keep);
}

static void links_end(void **state)
{
    static const struct {
        const char *what;
        int64_t opens_ms, wait_ms; /* from now */
        int wrong;                 /* codes before */
        bool ended;                /* by the host */
        enum err e;
    } rows[] = {
        {"now", 0, 0, 0, false, OK},
        {"four wrong codes", 0, 0, ROOM_GUEST_WRONG_MAX - 1, false, OK},
        {"five wrong codes", 0, 0, ROOM_GUEST_WRONG_MAX, false, E_CONFLICT},
        {"not open yet", MS_HOUR, 0, 0, false, E_CONFLICT},
        {"open now", MS_HOUR, MS_HOUR, 0, false, OK},
        {"over", 0, 3 * MS_HOUR, 0, false, E_CONFLICT},
        {"ended by the host", 0, 0, 0, true, E_CONFLICT},
    };
    struct req keep;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    const struct instant then = region.now;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct room_guest_made made;
        struct room_guest g;
        char cookie[44];
        bool right = false;
        const struct room_guest_ask ask = {
            ROOM_OTHER, S("Guest"), S(""), rows[i].opens_ms > 0 ? then.ms + rows[i].opens_ms : 0,
            then.ms + 3 * MS_HOUR};
        assert_int_equal(make_link(&keep, &room, &ask, &made), OK);
        for (int k = 0; k < rows[i].wrong; k++) {
            assert_int_equal(use_link(&keep, made.token, "none", &right, cookie), OK);
            assert_false(right);
        }
        if (rows[i].ended) {
            struct req *rq = as_long_as(&keep, "asker");
            struct tx *tx = tx_new(rq);
            MUST(rq, room_guest_by_token(rq, str_z(made.token), &g));
            MUST(rq, room_guest_end(rq, tx, &room, g.id));
            MUST(rq, store_commit(region.store, rq, tx));
        }
        region.now.ms = then.ms + rows[i].wait_ms;
        enum err e = use_link(&keep, made.token, made.code, &right, cookie);
        if (e != rows[i].e || right != (e == OK)) {
            fail_msg("%s: %d, %d", rows[i].what, e, right);
        }
        region.now = then;
    }
    req_done(&keep);
}

/* ---- the host ---- */

/* Somebody with a link of their own at the door. */
static struct room_caller a_guest(struct req *keep, const struct room *room, enum room_role role,
                                  char cookie[44])
{
    struct room_guest_made made;
    struct room_caller c;
    bool right = false;
    const struct room_guest_ask ask = {role, S("Guest"), S(""), 0, region.now.ms + MS_DAY};
    assert_int_equal(make_link(keep, room, &ask, &made), OK);
    assert_int_equal(use_link(keep, made.token, made.code, &right, cookie), OK);
    assert_int_equal(guest_comes(keep, cookie, room->id, &c), OK);
    return c;
}

static void a_host_lets_in_and_puts_out(void **state)
{
    struct req keep;
    struct room_caller host;
    struct room_caller c;
    char cookie[44];
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    struct room_caller guest = a_guest(&keep, &room, ROOM_INTERPRETER, cookie);
    /* nobody is a host who is not in, and a guest never is */
    assert_int_equal(does(&keep, "asker", room.id, room_admit, guest.seat.number), E_FORBIDDEN);
    assert_int_equal(comes(&keep, "asker", room.id, &host), OK);
    assert_int_equal(host.seat.state, SEAT_IN);
    assert_int_equal(act(of_who(&keep, NULL), room.id, str_z(cookie), room_admit, guest.seat.number, &c),
                     E_FORBIDDEN);
    assert_int_equal(does(&keep, "outsider", room.id, room_admit, guest.seat.number), E_NOT_FOUND);
    assert_int_equal(does(&keep, "asker", room.id, room_admit, 999), E_NOT_FOUND);
    assert_int_equal(does(&keep, "asker", room.id, room_admit, guest.seat.number), OK);
    assert_int_equal(does(&keep, "asker", room.id, room_admit, guest.seat.number), OK);
    MUST(&keep, signals_at(region.care.signals, &keep, room.id, guest.seat.number, &guest.seat));
    assert_int_equal(guest.seat.state, SEAT_IN);

    /* muted: their page is told by whom */
    struct signal_note notes[4];
    uint32_t n = 0;
    bool lost = false;
    assert_int_equal(act(of_who(&keep, NULL), room.id, str_z(cookie), act_mute, host.seat.number, &c),
                     E_FORBIDDEN);
    assert_int_equal(does(&keep, "asker", room.id, act_mute, guest.seat.number), OK);
    MUST(&keep, signals_read(region.care.signals, &keep, room.id, guest.seat.number, 0, notes, LEN(notes),
                             &n, &lost));
    assert_int_equal(n, 1);
    assert_true(str_eq(notes[0].kind, S("mute")) && str_eq(notes[0].body, host.name));

    /* taken out: the seat is closed, and so is the link */
    assert_int_equal(does(&keep, "asker", room.id, room_remove, guest.seat.number), OK);
    MUST(&keep, signals_at(region.care.signals, &keep, room.id, guest.seat.number, &guest.seat));
    assert_int_equal(guest.seat.state, SEAT_OUT);
    assert_int_equal(guest_comes(&keep, cookie, room.id, &c), E_NOT_FOUND);
    /* a colleague who was taken out knocks like everybody */
    assert_int_equal(comes(&keep, "cons1", room.id, &c), OK);
    assert_int_equal(c.seat.state, SEAT_IN);
    assert_int_equal(does(&keep, "asker", room.id, room_remove, c.seat.number), OK);
    assert_int_equal(comes(&keep, "cons1", room.id, &c), OK);
    assert_int_equal(c.seat.state, SEAT_WAITING);
    req_done(&keep);
}

static enum err act_no_observers(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t refused)
{
    return room_observers(rq, tx, c, refused != 0);
}

static void observers_go_when_they_are_refused(void **state)
{
    struct req keep;
    struct room_caller host;
    struct room_caller c;
    struct seat seat;
    char cookie[44];
    char late[44];
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    assert_int_equal(comes(&keep, "asker", room.id, &host), OK);
    struct room_caller student = a_guest(&keep, &room, ROOM_OBSERVER, cookie);
    struct room_caller waits = a_guest(&keep, &room, ROOM_OBSERVER, late);
    assert_int_equal(does(&keep, "asker", room.id, room_admit, student.seat.number), OK);
    assert_int_equal(act(of_who(&keep, NULL), room.id, str_z(cookie), act_no_observers, 0, &c),
                     E_FORBIDDEN);
    assert_int_equal(does(&keep, "asker", room.id, act_no_observers, 1), OK);
    MUST(&keep, signals_at(region.care.signals, &keep, room.id, student.seat.number, &seat));
    assert_int_equal(seat.state, SEAT_OUT);
    MUST(&keep, signals_at(region.care.signals, &keep, room.id, waits.seat.number, &seat));
    assert_int_equal(seat.state, SEAT_OUT);
    assert_true(room_now(&keep, room.id).no_observers);
    assert_int_equal(guest_comes(&keep, late, room.id, &c), E_CONFLICT); /* the page says why */
    assert_int_equal(does(&keep, "asker", room.id, act_no_observers, 0), OK);
    assert_int_equal(guest_comes(&keep, late, room.id, &c), E_NOT_FOUND); /* the link stays ended */
    struct room_caller again = a_guest(&keep, &room, ROOM_OBSERVER, late);
    assert_int_equal(does(&keep, "asker", room.id, room_admit, again.seat.number), OK);
    req_done(&keep);
}

/* What the patient said for all of their record, on their own pages, holds in every room. */
static void a_standing_refusal_holds(void **state)
{
    static const struct {
        bool given;
        enum err e;
    } rows[] = {{false, E_CONFLICT}, {true, OK}};
    struct req keep;
    struct room_caller c;
    char cookie[44];
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    struct room_caller waits = a_guest(&keep, &room, ROOM_OBSERVER, cookie);
    assert_int_equal(comes(&keep, "asker", room.id, &c), OK);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req *rq = of_who(&keep, family_who(&keep, room.patient, "", MY_ALL));
        struct tx *tx = tx_new(rq);
        MUST(rq, patient_consent_set(rq, tx, room.patient_rid, CONSENT_OBSERVERS, rows[i].given));
        MUST(rq, store_commit(region.store, rq, tx));
        assert_int_equal(guest_comes(&keep, cookie, room.id, &c), rows[i].e);
        assert_int_equal(does(&keep, "asker", room.id, room_admit, waits.seat.number), rows[i].e);
    }
    req_done(&keep);
}

/* ---- what is written beside ---- */

static enum err act_say(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)seat;
    return room_say(rq, tx, c, S("Between us"));
}

/* Clinicians write about a case while a visit of the same patient goes on: the patient's side and guests
 * of the visit do not read it. */
static void texts_stay_in_their_room(void **state)
{
    struct req keep;
    struct room_text texts[4];
    uint32_t n = 0;
    const struct instant then = region.now;
    (void)state;
    as(&keep, NULL);
    struct booking b = a_visit(&keep, a_schedule(&keep, "asker"), 2);
    struct room rooms[] = {a_room(&keep), room_of_this(&keep, &b)};
    region.now.ms = b.start_ms;
    rooms_anew();
    for (size_t i = 0; i < LEN(rooms); i++) {
        assert_int_equal(does(&keep, "asker", rooms[i].id, act_enter, 0), OK);
        assert_int_equal(does(&keep, "asker", rooms[i].id, act_say, 0), OK);
    }
    struct req *rq = as_long_as(&keep, "asker");
    for (size_t i = 0; i < LEN(rooms); i++) {
        MUST(rq, room_load(rq, rooms[i].id, &rooms[i]));
        MUST(rq, room_texts(rq, &rooms[i], S("p:asker"), then.ms, texts, LEN(texts), &n));
        assert_int_equal(n, 1);
    }
    region.now = then;
    req_done(&keep);
}

/* Every address of the relay that is set is given, TLS on 443 among them, with credentials that end. */
static void pages_are_given_the_relay(void **state)
{
    static const char *const parts[] = {
        "\"stun:relay.example:3478\"", "\"turn:relay.example:3478?transport=udp\"",
        "\"turns:relay.example:443?transport=tcp\"", "\"username\":\"", "\"credential\":\"",
    };
    struct req keep;
    struct json_out o;
    struct buf b;
    (void)state;
    as(&keep, NULL);
    region.care.ice = (struct ice_policy){
        .stun_urls = S("stun:relay.example:3478"),
        .turn_urls = S("turn:relay.example:3478?transport=udp, turns:relay.example:443?transport=tcp"),
        .turn_secret = S("secret of a test")};
    buf_init(&b, keep.a, 4096);
    json_out_init(&o, &b);
    room_ice_write(&keep, &o, S("1"));
    struct str text = buf_get(&b);
    for (size_t i = 0; i < LEN(parts); i++) {
        assert_true(str_find(text, str_z(parts[i])) < text.n);
    }
    assert_true(str_find(text, region.care.ice.turn_secret) == text.n);
    region.care.ice = (struct ice_policy){.relay = false};
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subject_has_one_room),
        cmocka_unit_test(a_closed_case_gets_no_room),
        cmocka_unit_test(a_visit_has_its_hours),
        cmocka_unit_test(the_door_moves_with_the_visit),
        cmocka_unit_test(a_relative_enters_when_they_may),
        cmocka_unit_test(links_that_are_no_links),
        cmocka_unit_test(a_link_holds_once),
        cmocka_unit_test(two_use_a_link_at_once),
        cmocka_unit_test(links_end),
        cmocka_unit_test(a_host_lets_in_and_puts_out),
        cmocka_unit_test(observers_go_when_they_are_refused),
        cmocka_unit_test(a_standing_refusal_holds),
        cmocka_unit_test(pages_are_given_the_relay),
        cmocka_unit_test(texts_stay_in_their_room),
    };
    return cmocka_run_group_tests(tests, rooms_setup, rooms_teardown);
}
