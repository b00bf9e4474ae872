/* care/room_record_test.c - what is left of a meeting: its Encounter with times, people and lines, through cut
 * lines, a server that begins anew and clocks that jump; and the text beside. */
#include "care/job.h"
#include "care/room_testing.h"

/* The Encounter of a meeting as it is kept. */
static struct jv encounter_of(struct req *keep, struct str id)
{
    struct res_row row;
    struct json_doc *doc = ARENA_NEW(keep->a, struct json_doc);
    MUST(keep, db_read(keep, T_ENCOUNTER, id, &row));
    MUST(keep, json_parse(keep, row.body, NULL, doc));
    return json_root(doc);
}

static void same_text(struct req *keep, struct jv v, const char *path, const char *text)
{
    struct str got = str_or_empty(json_str(keep->a, json_path(v, str_z(path))));
    if (!str_eq(got, str_z(text))) {
        fail_msg("%s: %.*s", path, STR_ARG(got));
    }
}

static int64_t moment(struct req *keep, struct jv v, const char *path)
{
    struct instant t = {0};
    assert_true(instant_parse(json_str(keep->a, json_path(v, str_z(path))), &t));
    return t.ms;
}

static size_t people_in(struct jv v)
{
    size_t n = 0;
    for (struct jv p = json_first(json_get(v, S("participant"))); json_has(p); p = json_next(p)) {
        n++;
    }
    return n;
}

/* The participant with this role in meetings. */
static struct jv participant(struct req *keep, struct jv v, const char *role)
{
    struct jv p = json_first(json_get(v, S("participant")));
    while (json_has(p)) {
        bool is = false;
        for (struct jv t = json_first(json_get(p, S("type"))); json_has(t); t = json_next(t)) {
            is = is || str_eq(json_str(keep->a, json_path(t, S("coding.0.code"))), str_z(role));
        }
        if (is) {
            return p;
        }
        p = json_next(p);
    }
    fail_msg("nobody is %s", role);
    return p;
}

/* When the job of a room is due; 0: none. */
static int64_t job_due(struct req *keep, struct str room)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    MUST(keep, DB_QUERY(keep, &q, Q_JOB, sql_i64(JOB_ROOM), sql_text(room)));
    MUST(keep, db_next(keep, &q, &has));
    return has ? db_i64(&q, 1) : 0;
}

static void run_job(struct req *keep, const struct room *room)
{
    struct req *rq = of_who(keep, &who_clock);
    struct tx *tx = tx_new(rq);
    struct buf arg;
    buf_init(&arg, keep->a, 24);
    buf_u64(&arg, room->meeting);
    MUST(rq, room_job(rq, tx, room->id, buf_get(&arg)));
    MUST(rq, store_commit(region.store, rq, tx));
}

/* Both pages say that they are there. */
static void heard_of(struct req *keep, struct str room)
{
    struct seat seats[8];
    struct req *rq = of_who(keep, &who_system);
    uint32_t n = signals_seats(region.care.signals, rq, room, seats, LEN(seats));
    for (uint32_t i = 0; i < n; i++) {
        MUST(rq, signals_state(region.care.signals, rq, room, seats[i].number, true, true, false));
    }
}

static void say_line(struct req *keep, struct str room, uint32_t seat, struct seat_line line)
{
    struct req *rq = of_who(keep, &who_system);
    MUST(rq, signals_line(region.care.signals, rq, room, seat, &line));
}

/* Two are in: who asked and who answers. */
static struct room a_meeting(struct req *keep, struct room_caller c[2])
{
    struct room room = a_room(keep);
    assert_int_equal(comes(keep, "asker", room.id, &c[0]), OK);
    assert_int_equal(comes(keep, "cons1", room.id, &c[1]), OK);
    return room_now(keep, room.id);
}

/* A page that looks before the end is kept still has its seat: without one it would enter a meeting that goes on. */
static enum err end_with_seats(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    struct seat me;
    TRY(act_end(rq, tx, c, seat));
    return signals_at(region.care.signals, rq, c->room.id, seat, &me);
}

/* The same of who leaves: their seat is theirs until that is kept. */
static enum err leave_with_seat(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    struct seat me;
    TRY(act_leave(rq, tx, c, seat));
    return signals_at(region.care.signals, rq, c->room.id, seat, &me);
}

/* And of who is removed: in until it is on record why they are out. */
static enum err remove_with_seat(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    struct seat who;
    TRY(room_remove(rq, tx, c, seat));
    TRY(signals_at(region.care.signals, rq, c->room.id, seat, &who));
    return who.state == SEAT_IN ? OK : FAIL(rq, E_INTERNAL, "out before the commit");
}

static enum seat_state state_of(struct req *keep, struct str room, uint32_t number)
{
    struct seat seat = {.state = SEAT_NONE};
    MUST(keep, signals_at(region.care.signals, keep, room, number, &seat));
    return seat.state;
}

static bool sits(struct req *keep, struct str room, uint32_t number)
{
    struct seat seat;
    enum err e = signals_at(region.care.signals, keep, room, number, &seat);
    err_clear(keep);
    assert_true(e == OK || e == E_NOT_FOUND);
    return e == OK;
}

static void seats_are_kept_until_the_end_is(void **state)
{
    struct req keep;
    struct room_caller c[2];
    (void)state;
    as(&keep, NULL);
    struct room room = a_meeting(&keep, c);
    assert_int_equal(does(&keep, "asker", room.id, remove_with_seat, c[1].seat.number), OK);
    assert_int_equal(state_of(&keep, room.id, c[1].seat.number), SEAT_OUT);
    assert_int_equal(comes(&keep, "cons1", room.id, &c[1]), OK); /* knocks */
    assert_int_equal(does(&keep, "asker", room.id, room_admit, c[1].seat.number), OK);
    assert_int_equal(does(&keep, "asker", room.id, leave_with_seat, c[0].seat.number), OK);
    assert_false(sits(&keep, room.id, c[0].seat.number));
    assert_true(sits(&keep, room.id, c[1].seat.number));
    assert_true(room_now(&keep, room.id).live);
    assert_int_equal(does(&keep, "cons1", room.id, end_with_seats, c[1].seat.number), OK);
    assert_false(room_now(&keep, room.id).live);
    assert_false(sits(&keep, room.id, c[1].seat.number));
    req_done(&keep);
}

static void a_meeting_leaves_its_encounter(void **state)
{
    struct req keep;
    struct room_caller c[2];
    const struct instant then = region.now;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    assert_int_equal(comes(&keep, "asker", room.id, &c[0]), OK);
    room = room_now(&keep, room.id);
    assert_true(room.live && room.meeting == 1 && room.encounter.n == 0); /* alone: no encounter */
    assert_int_equal(room.begun_ms, then.ms);
    region.now.ms += 3 * MS_MINUTE;
    assert_int_equal(comes(&keep, "cons1", room.id, &c[1]), OK);
    room = room_now(&keep, room.id);
    assert_true(room.encounter.n > 0);
    struct jv v = encounter_of(&keep, room.encounter);
    same_text(&keep, v, "status", "in-progress");
    same_text(&keep, v, "class.code", "VR");
    assert_true(str_eq(ref_id_of(json_str(keep.a, json_path(v, S("basedOn.0.reference"))), T_SERVICE_REQUEST),
                       room.case_id));
    assert_int_equal(people_in(v), 2);
    /* lines: two reports ten seconds apart */
    say_line(&keep, room.id, c[0].seat.number,
             (struct seat_line){.level = 3, .rtt_ms = 100, .lost_pm = 10, .kbit = 500});
    region.now.ms += 10 * MS_SECOND;
    say_line(&keep, room.id, c[0].seat.number,
             (struct seat_line){.level = 1, .rtt_ms = 300, .lost_pm = 50, .kbit = 100});
    region.now.ms += 5 * MS_MINUTE;
    heard_of(&keep, room.id);
    int64_t end = region.now.ms;
    assert_int_equal(does(&keep, "cons1", room.id, act_end, 0), OK);

    struct room after = room_now(&keep, room.id);
    assert_true(!after.live && str_eq(after.encounter, room.encounter));
    v = encounter_of(&keep, room.encounter);
    same_text(&keep, v, "status", "finished");
    assert_int_equal(moment(&keep, v, "period.start"), then.ms);
    assert_int_equal(moment(&keep, v, "period.end"), end);
    assert_int_equal(job_due(&keep, room.id), 0);
    struct room_stay stays[4];
    uint32_t n = 0;
    MUST(&keep, room_stays(&keep, &after, stays, LEN(stays), &n));
    assert_int_equal(n, 2);
    assert_true(str_eq(stays[0].key, S("p:asker")) && str_eq(stays[1].key, S("p:cons1")));
    assert_int_equal(stays[0].in_ms, then.ms);
    assert_int_equal(stays[1].in_ms, then.ms + 3 * MS_MINUTE);
    assert_true(str_find(stays[0].line, S("\"rtt-ms\":200")) < stays[0].line.n);
    assert_true(str_find(stays[0].line, S("\"lost-per-mille\":30")) < stays[0].line.n);
    assert_true(str_find(stays[0].line, S("\"seconds-sound\":10")) < stays[0].line.n);
    assert_int_equal(stays[1].line.n, 0); /* nothing was told of that line */
    struct jv p = json_first(json_get(v, S("participant")));
    same_text(&keep, p, "type.0.coding.0.code", "PPRF");
    same_text(&keep, p, "individual.reference", "Practitioner/asker");
    same_text(&keep, p, "extension.0.extension.0.url", "rtt-ms");
    assert_int_equal(moment(&keep, p, "period.end"), end);
    /* the next meeting in the same room is another one */
    assert_int_equal(comes(&keep, "asker", room.id, &c[0]), OK);
    assert_int_equal(comes(&keep, "cons1", room.id, &c[1]), OK);
    after = room_now(&keep, room.id);
    assert_int_equal(after.meeting, 2);
    assert_false(str_eq(after.encounter, room.encounter));
    region.now = then;
    req_done(&keep);
}

/* Everybody who was in stands in it, as who they are; who only waited does not. */
static void people_stand_in_it(void **state)
{
    struct req keep;
    struct room_caller c[2];
    struct room_caller of[3];
    (void)state;
    as(&keep, NULL);
    struct room room = a_meeting(&keep, c);
    const char *const related[] = {"", "mother", "father"};
    for (size_t i = 0; i < LEN(related); i++) {
        const struct who *w = family_who(&keep, room.patient, related[i], MY_VISIT);
        assert_int_equal(act(of_who(&keep, w), room.id, S(""), act_enter, 0, &of[i]), OK);
        if (i < 2) {
            assert_int_equal(does(&keep, "asker", room.id, room_admit, of[i].seat.number), OK);
        }
    }
    assert_int_equal(does(&keep, "asker", room.id, act_end, 0), OK);
    struct jv v = encounter_of(&keep, room.encounter);
    assert_int_equal(people_in(v), 4);
    same_text(&keep, participant(&keep, v, "relative"), "individual.reference", "RelatedPerson/mother");
    /* the patient is the subject: R4 lets no Patient take part, the name stands there */
    same_text(&keep, participant(&keep, v, "patient"), "extension.0.valueString", "Patient of a test");
    same_text(&keep, participant(&keep, v, "clinician"), "individual.reference", "Practitioner/asker");
    req_done(&keep);
}

/* Who is away for less than the quiet time comes back into the same meeting, without waiting again. */
static void who_is_cut_off_comes_back(void **state)
{
    static const struct {
        const char *what;
        int64_t away_ms;
        bool anew;    /* the server was killed meanwhile */
        bool removed; /* by the host, before */
        bool same;    /* the meeting goes on */
        enum seat_state patient;
    } rows[] = {
        {"twenty seconds", 20 * MS_SECOND, false, false, true, SEAT_IN},
        {"29 minutes", 29 * MS_MINUTE, false, false, true, SEAT_IN},
        {"killed and started", MS_MINUTE, true, false, true, SEAT_IN},
        {"killed, 29 minutes", 29 * MS_MINUTE, true, false, true, SEAT_IN},
        {"31 minutes", 31 * MS_MINUTE, false, false, false, SEAT_WAITING},
        {"killed, 31 minutes", 31 * MS_MINUTE, true, false, false, SEAT_WAITING},
        {"removed, then killed", MS_MINUTE, true, true, true, SEAT_WAITING},
    };
    const struct instant then = region.now;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req keep;
        struct room_caller c[2];
        struct room_caller p;
        as(&keep, NULL);
        struct room room = a_meeting(&keep, c);
        const struct who *w = family_who(&keep, room.patient, "", MY_ALL);
        assert_int_equal(act(of_who(&keep, w), room.id, S(""), act_enter, 0, &p), OK);
        assert_int_equal(does(&keep, "asker", room.id, room_admit, p.seat.number), OK);
        if (rows[i].removed) {
            assert_int_equal(does(&keep, "asker", room.id, room_remove, p.seat.number), OK);
        }
        region.now.ms += rows[i].away_ms;
        if (rows[i].anew) {
            rooms_anew();
        }
        run_job(&keep, &room);
        assert_int_equal(act(of_who(&keep, w), room.id, S(""), act_enter, 0, &p), OK);
        struct room now = room_now(&keep, room.id);
        bool same = now.live && now.meeting == room.meeting;
        if (p.seat.state != rows[i].patient || same != rows[i].same) {
            fail_msg("%s: state %d, same %d", rows[i].what, p.seat.state, same);
        }
        assert_true(str_eq(now.encounter, room.encounter));
        same_text(&keep, encounter_of(&keep, room.encounter), "status", same ? "in-progress" : "finished");
        region.now = then;
        rooms_anew();
        req_done(&keep);
    }
}

/* The job keeps the record true while it goes on, so that a kill loses minutes at most; a quiet room ends as
 * of when somebody was last heard of. */
static void the_job_keeps_and_ends(void **state)
{
    struct req keep;
    struct room_caller c[2];
    struct room_stay stays[4];
    uint32_t n = 0;
    const struct instant then = region.now;
    (void)state;
    as(&keep, NULL);
    struct room room = a_meeting(&keep, c);
    assert_int_equal(job_due(&keep, room.id), then.ms + ROOM_JOB_MS);
    region.now.ms += ROOM_JOB_MS;
    heard_of(&keep, room.id);
    run_job(&keep, &room);
    assert_int_equal(job_due(&keep, room.id), region.now.ms + ROOM_JOB_MS);
    assert_int_equal(room_now(&keep, room.id).alive_ms, region.now.ms);
    int64_t last = region.now.ms;
    rooms_anew(); /* killed here */
    MUST(&keep, room_stays(&keep, &room, stays, LEN(stays), &n));
    assert_true(n == 2 && stays[0].out_ms == last);
    region.now.ms = last + ROOM_QUIET_MS - 1;
    run_job(&keep, &room);
    assert_true(room_now(&keep, room.id).live);
    region.now.ms = last + ROOM_QUIET_MS;
    struct room older = room;
    older.meeting--; /* of a meeting before: nothing to it */
    run_job(&keep, &older);
    assert_true(room_now(&keep, room.id).live);
    run_job(&keep, &room);
    assert_false(room_now(&keep, room.id).live);
    assert_int_equal(job_due(&keep, room.id), 0);
    struct jv v = encounter_of(&keep, room.encounter);
    same_text(&keep, v, "status", "finished");
    assert_int_equal(moment(&keep, v, "period.end"), last);
    region.now = then;
    req_done(&keep);
}

/* A clock that jumps by a day, either way, loses nobody and makes no period that ends before it began. */
static void clocks_that_jump(void **state)
{
    static const int64_t jumps[] = {-MS_DAY, MS_DAY};
    const struct instant then = region.now;
    (void)state;
    for (size_t i = 0; i < LEN(jumps); i++) {
        struct req keep;
        struct room_caller c[2];
        as(&keep, NULL);
        struct room room = a_meeting(&keep, c);
        region.now.ms += jumps[i];
        heard_of(&keep, room.id);
        run_job(&keep, &room);
        assert_true(room_now(&keep, room.id).live);
        assert_int_equal(does(&keep, "asker", room.id, act_leave, 0), OK);
        assert_int_equal(comes(&keep, "asker", room.id, &c[0]), OK);
        assert_int_equal(c[0].seat.state, SEAT_IN);
        assert_int_equal(does(&keep, "asker", room.id, act_end, 0), OK);
        struct jv v = encounter_of(&keep, room.encounter);
        same_text(&keep, v, "status", "finished");
        assert_true(moment(&keep, v, "period.end") >= moment(&keep, v, "period.start"));
        for (struct jv p = json_first(json_get(v, S("participant"))); json_has(p); p = json_next(p)) {
            assert_true(moment(&keep, p, "period.end") >= moment(&keep, p, "period.start"));
        }
        region.now = then;
        rooms_anew();
        req_done(&keep);
    }
}

/* How often a person was told of a room. */
static uint32_t told(struct req *keep, const char *person, struct str room)
{
    struct notice *list = ARENA_ARRAY(keep->a, 200, struct notice);
    uint32_t n = 0;
    uint32_t of_room = 0;
    struct req *rq = as_long_as(keep, person);
    MUST(rq, notice_list(rq, 0, list, 200, &n));
    for (uint32_t i = 0; i < n; i++) {
        of_room += list[i].kind == NOTICE_MEETING && str_eq(list[i].case_id, room);
    }
    return of_room;
}

/* Who is awaited is told, once a meeting; who is there is not. */
static void others_are_told_once(void **state)
{
    static const struct {
        const char *who;    /* comes, or (leaves) goes */
        bool leaves;
        int64_t later_ms;   /* after the step before */
        uint32_t asker, on_duty, another; /* told so far */
    } rows[] = {
        {"asker", false, 0, 0, 1, 0},                   /* the one on duty answers */
        {"asker", true, MS_MINUTE, 0, 1, 0},
        {"asker", false, MS_MINUTE, 0, 1, 0},           /* the same meeting */
        {"cons1", false, MS_MINUTE, 0, 1, 0},           /* who asked is there */
        {"asker", true, 4 * MS_HOUR, 0, 1, 0},
        {"asker", false, MS_MINUTE, 0, 1, 0},           /* late in the same meeting */
        {"cons1", true, MS_MINUTE, 0, 1, 0},
        {"asker", true, MS_MINUTE, 0, 1, 0},
        {NULL, false, ROOM_QUIET_MS, 0, 1, 0},          /* the job ends it */
        {"cons1", false, MS_MINUTE, 1, 1, 0},           /* a new meeting */
    };
    struct req keep;
    const struct instant then = region.now;
    (void)state;
    as(&keep, NULL);
    struct room room = a_room(&keep);
    for (size_t i = 0; i < LEN(rows); i++) {
        region.now.ms += rows[i].later_ms;
        if (rows[i].who == NULL) {
            struct room now = room_now(&keep, room.id);
            run_job(&keep, &now);
        } else {
            act_fn fn = rows[i].leaves ? act_leave : act_enter;
            assert_int_equal(does(&keep, rows[i].who, room.id, fn, 0), OK);
        }
        if (told(&keep, "asker", room.id) != rows[i].asker || told(&keep, "cons1", room.id) != rows[i].on_duty
            || told(&keep, "cons2", room.id) != rows[i].another) {
            fail_msg("step %zu: %u %u %u", i, told(&keep, "asker", room.id), told(&keep, "cons1", room.id),
                     told(&keep, "cons2", room.id));
        }
    }
    region.now = then;
    req_done(&keep);
}

static enum err says(struct req *rq, struct str room, const char *text)
{
    struct room_caller c;
    struct tx *tx = tx_new(rq);
    TRY(room_caller(rq, room, S(""), &c));
    TRY(room_say(rq, tx, &c, str_z(text)));
    return store_commit(region.store, rq, tx);
}

static void text_beside_stays_in_the_record(void **state)
{
    static char too_long[ROOM_TEXT_MAX + 2];
    struct req keep;
    struct room_caller c[2];
    struct room_caller p;
    struct room_text texts[8];
    uint32_t n = 0;
    (void)state;
    as(&keep, NULL);
    struct room room = a_meeting(&keep, c);
    const struct who *w = family_who(&keep, room.patient, "", MY_ALL);
    assert_int_equal(act(of_who(&keep, w), room.id, S(""), act_enter, 0, &p), OK);
    memset(too_long, 'x', sizeof too_long - 1);
    assert_int_equal(says(as_long_as(&keep, "asker"), room.id, " "), E_BAD_INPUT);
    assert_int_equal(says(as_long_as(&keep, "asker"), room.id, too_long), E_BAD_INPUT);
    assert_int_equal(says(of_who(&keep, w), room.id, "let me in"), E_FORBIDDEN); /* waits */
    assert_int_equal(says(as_long_as(&keep, "coord"), room.id, "not there"), E_FORBIDDEN);
    assert_int_equal(says(as_long_as(&keep, "asker"), room.id, "one"), OK);
    region.now.ms += MS_SECOND;
    assert_int_equal(does(&keep, "asker", room.id, room_admit, p.seat.number), OK);
    assert_int_equal(says(of_who(&keep, w), room.id, "two"), OK);
    MUST(&keep, room_texts(&keep, &room, S("p:asker"), room.begun_ms, texts, LEN(texts), &n));
    assert_int_equal(n, 2);
    assert_true(str_eq(texts[0].text, S("one")) && texts[0].own);
    assert_true(str_eq(texts[1].text, S("two")) && !texts[1].own);
    assert_true(str_eq(texts[1].name, w->name));
    region.now.ms -= MS_SECOND;
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seats_are_kept_until_the_end_is),
        cmocka_unit_test(a_meeting_leaves_its_encounter),
        cmocka_unit_test(people_stand_in_it),
        cmocka_unit_test(who_is_cut_off_comes_back),
        cmocka_unit_test(the_job_keeps_and_ends),
        cmocka_unit_test(clocks_that_jump),
        cmocka_unit_test(others_are_told_once),
        cmocka_unit_test(text_beside_stays_in_the_record),
    };
    return cmocka_run_group_tests(tests, rooms_setup, rooms_teardown);
}
