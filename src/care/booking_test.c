/* care/booking_test.c - hours and free slots; a visit is booked once, moved, cancelled, offered to who waits; random
 * walks over the table of states and moves. */
#include "care/access.h"
#include "care/booking_testing.h"
#include "care/job.h"

enum { SHOWN = 400 };

static uint32_t free_slots(struct req *keep, struct str id, int64_t day, struct slot *slots)
{
    struct schedule *s = ARENA_NEW(keep->a, struct schedule);
    uint32_t n = 0;

    MUST(keep, schedule_load(keep, id, s));
    MUST(keep, slot_list(keep, s, midnight(day), midnight(day + 1), S(""), slots,
                         SHOWN, &n));
    return n;
}

static void slots_follow_the_week(void **state)
{
    struct req keep;
    struct slot slots[SHOWN];

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker");
    int64_t monday = a_day(1);
    assert_int_equal(free_slots(&keep, id, monday, slots), 9);
    assert_int_equal(slots[0].start_ms, midnight(monday) + 9 * MS_HOUR);
    assert_int_equal(slots[8].end_ms, midnight(monday) + 12 * MS_HOUR);
    assert_int_equal(slots[0].modes, SLOT_BOTH);
    assert_int_equal(free_slots(&keep, id, a_day(2), slots), 2);
    assert_int_equal(slots[0].modes, SLOT_IN_PERSON);
    assert_int_equal(free_slots(&keep, id, a_day(3), slots), 0);
    assert_int_equal(free_slots(&keep, id, monday - 70, slots), 0);  /* past */
    assert_int_equal(free_slots(&keep, id, monday + 70, slots), 0);  /* later than is booked */
    assert_int_equal(slot_weekday(0), 4); /* 1970-01-01 */
    assert_int_equal(zone_day(&(struct zone){0}, -1), -1);
    req_done(&keep);
}

static enum err add_block(struct req *keep, const char *who, struct str id, int64_t from, int64_t to,
                          unsigned minutes)
{
    struct req rq;

    as(&rq, person_who(keep, who));
    struct tx *tx = tx_new(&rq);
    enum err e = schedule_block_add(&rq, tx, id,
                                    &(struct schedule_block){.start_ms = from, .end_ms = to,
                                                             .minutes = minutes,
                                                             .modes = SLOT_REMOTE,
                                                             .note = S("leave")});
    return end_with(&rq, tx, e);
}

static void exceptions_are_held(void **state)
{
    struct req keep;
    struct req rq;
    struct slot slots[SHOWN];
    struct schedule_block b[4];
    uint32_t n = 0;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker2");
    int64_t monday = a_day(1);
    int64_t at = midnight(monday);
    assert_int_equal(add_block(&keep, "asker", id, at, at + MS_DAY, 0), E_FORBIDDEN);
    assert_int_equal(add_block(&keep, "asker2", id, at, at, 0), E_BAD_INPUT);
    assert_int_equal(add_block(&keep, "asker2", id, at + 9 * MS_HOUR, at + 10 * MS_HOUR, 0), OK);
    assert_int_equal(free_slots(&keep, id, monday, slots), 6);
    int64_t sunday = midnight(monday - 1);
    assert_int_equal(add_block(&keep, "asker2", id, sunday + 10 * MS_HOUR, sunday + 11 * MS_HOUR, 30), OK);
    assert_int_equal(free_slots(&keep, id, monday - 1, slots), 2);
    assert_int_equal(slots[0].modes, SLOT_REMOTE);
    MUST(&keep, schedule_blocks(&keep, id, at, at + MS_DAY, b, LEN(b), &n));
    assert_int_equal(n, 1);
    as(&rq, person_who(&keep, "asker2"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, schedule_block_remove(&rq, tx, id, b[0].id));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(free_slots(&keep, id, monday, slots), 9);
    req_done(&keep);
}

static void hours_do_not_overlap(void **state)
{
    static const struct {
        struct schedule_hours h;
        enum err e;
    } rows[] = {
        {{1, 600, 660, 20, SLOT_BOTH}, E_CONFLICT},  {{0, 600, 660, 20, SLOT_BOTH}, E_BAD_INPUT},
        {{3, 660, 600, 20, SLOT_BOTH}, E_BAD_INPUT}, {{3, 600, 660, 90, SLOT_BOTH}, E_BAD_INPUT},
        {{3, 600, 660, 1, SLOT_BOTH}, E_BAD_INPUT},  {{3, 600, 660, 20, 0}, E_BAD_INPUT},
        {{3, 600, 1500, 20, SLOT_BOTH}, E_BAD_INPUT},
    };
    struct req keep;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker");
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        as(&rq, person_who(&keep, "asker"));
        assert_int_equal(schedule_hours_add(&rq, tx_new(&rq), id, 0, 1U << rows[i].h.day, &rows[i].h), rows[i].e);
        req_done(&rq);
    }
    struct req rq;
    as(&rq, person_who(&keep, "asker"));
    assert_int_equal(schedule_hours_remove(&rq, tx_new(&rq), id, 1, 0), E_STALE);
    req_done(&rq);
    req_done(&keep);
}

static void hours_of_several_days_are_all_or_none(void **state)
{
    const struct schedule_hours noon = {0, 12 * 60, 15 * 60, 30, SLOT_REMOTE};
    const unsigned monday_to_friday = 0x3e;
    struct schedule *s;
    struct req keep;
    struct req rq;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker"); /* Monday 9 to 12, Tuesday 14 to 15 */
    s = ARENA_NEW(keep.a, struct schedule);
    as(&rq, person_who(&keep, "asker"));
    assert_int_equal(schedule_hours_add(&rq, tx_new(&rq), id, 0, monday_to_friday, &noon), E_CONFLICT);
    assert_int_equal(schedule_hours_add(&rq, tx_new(&rq), id, 0, 0, &noon), E_BAD_INPUT);
    assert_int_equal(schedule_hours_add(&rq, tx_new(&rq), id, 0, 1, &noon), E_BAD_INPUT);
    assert_int_equal(schedule_hours_add(&rq, tx_new(&rq), id, 0, 1U << 8, &noon), E_BAD_INPUT);
    req_done(&rq);
    MUST(&keep, schedule_load(&keep, id, s));
    assert_int_equal(s->n_hours, 2);
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, schedule_hours_add(&rq, tx, id, s->version, monday_to_friday & ~(1U << 2), &noon));
    assert_int_equal(commit_end(&rq, tx), OK);
    MUST(&keep, schedule_load(&keep, id, s));
    static const struct {
        unsigned day, from;
    } want[] = {{1, 9 * 60}, {1, 12 * 60}, {2, 14 * 60}, {3, 12 * 60}, {4, 12 * 60}, {5, 12 * 60}};
    assert_int_equal(s->n_hours, LEN(want));
    for (size_t i = 0; i < LEN(want); i++) {
        assert_int_equal(s->hours[i].day, want[i].day);
        assert_int_equal(s->hours[i].from_min, want[i].from);
    }
    req_done(&keep);
}

static void a_slot_is_booked_once(void **state)
{
    struct req keep;
    struct booking_check c;
    struct booking b;
    struct booking second;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker");
    int64_t at = midnight(a_day(1)) + 9 * MS_HOUR;
    struct booking_ask ask = a_wish(&keep, id, at);
    assert_int_equal(try_book(&keep, "feldsher", &ask, &c, &b), OK);
    ask.patient = another_patient(&keep, 0);
    assert_int_equal(try_book(&keep, "feldsher", &ask, &c, &second), E_CONFLICT);
    assert_int_equal(c.fault, BOOKING_TAKEN);
    ask = a_wish(&keep, a_schedule(&keep, "asker2"), at); /* the patient is at the first one */
    assert_int_equal(try_book(&keep, "feldsher", &ask, &c, &second), E_CONFLICT);
    assert_int_equal(c.fault, BOOKING_PATIENT_BUSY);
    /* two that looked at the same moment: the writer lets one through */
    struct req one;
    struct req two;
    ask = (struct booking_ask){.patient = another_patient(&keep, 1), .schedule = id,
                               .start_ms = at + 20 * MS_MINUTE, .purpose = S("follow-up")};
    as(&one, person_who(&keep, "asker"));
    as(&two, person_who(&keep, "asker2"));
    struct tx *tx_one = tx_new(&one);
    struct tx *tx_two = tx_new(&two);
    MUST(&one, booking_make(&one, tx_one, &ask, &c, &b));
    ask.patient = another_patient(&keep, 2);
    MUST(&two, booking_make(&two, tx_two, &ask, &c, &second));
    assert_int_equal(store_commit(region.store, &one, tx_one), OK);
    assert_int_equal(store_commit(region.store, &two, tx_two), E_CONFLICT);
    req_done(&one);
    req_done(&two);
    /* hours off do not go over a visit */
    assert_int_equal(add_block(&keep, "asker", id, at, at + MS_HOUR, 0), E_CONFLICT);
    req_done(&keep);
}

static void refusals_say_why(void **state)
{
    struct req keep;
    struct booking_check c;
    struct booking b;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker");
    int64_t at = midnight(a_day(1)) + 11 * MS_HOUR;
    struct {
        struct booking_ask ask;
        enum booking_fault fault;
    } rows[] = {
        {a_wish(&keep, id, region.now.ms - MS_DAY), BOOKING_PAST},
        {a_wish(&keep, id, region.now.ms + 100 * MS_DAY), BOOKING_TOO_FAR},
        {a_wish(&keep, id, at + MS_MINUTE), BOOKING_NOT_OFFERED},
        {a_wish(&keep, S("nothing"), at), BOOKING_NO_SCHEDULE},
        {a_wish(&keep, id, at), BOOKING_PURPOSE},
        {a_wish(&keep, id, at), BOOKING_RULE},
        {a_wish(&keep, id, midnight(a_day(2)) + 14 * MS_HOUR), BOOKING_WRONG_MODE},
        {a_wish(&keep, id, at), BOOKING_EMERGENCY},
        {a_wish(&keep, id, at), BOOKING_EMERGENCY},
    };
    rows[4].ask.purpose = S("nonsense");
    rows[5].ask.remote = true; /* follow-up without a visit in person */
    rows[6].ask.remote = true;
    rows[6].ask.purpose = S("advice");
    rows[7].ask.urgency = S("emergency"); /* in person neither */
    rows[8].ask = rows[7].ask;
    rows[8].ask.remote = true;
    rows[8].ask.purpose = S(""); /* said before what is missing */
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(try_book(&keep, "asker", &rows[i].ask, &c, &b), E_UNPROCESSED);
        assert_int_equal(c.fault, rows[i].fault);
        assert_true(booking_fault_text(c.fault)[0] != '\0');
    }
    struct booking_ask ask = a_wish(&keep, id, at);
    assert_int_equal(try_book(&keep, "auditor", &ask, &c, &b), E_FORBIDDEN);
    ask.remote = true;
    ask.purpose = S("advice");
    assert_int_equal(try_book(&keep, "asker", &ask, &c, &b), OK);
    assert_true(b.advice && b.remote && b.encounter.n == 0);
    req_done(&keep);
}

static void what_becomes_free_is_offered(void **state)
{
    struct req keep;
    struct booking_check c;
    struct booking first;
    struct booking waits;
    struct booking b;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker2");
    int64_t at = midnight(a_day(1)) + 10 * MS_HOUR;
    struct booking_ask ask = a_wish(&keep, id, at);
    ask.patient = another_patient(&keep, 3);
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &first), OK);
    ask.patient = another_patient(&keep, 4);
    ask.start_ms = 0;
    assert_int_equal(try_book(&keep, "asker", &ask, &c, &waits), OK);
    assert_int_equal(waits.state, BOOKING_WAITING);
    assert_int_equal(try_move(&keep, "asker", first.id, "cancel", NULL, &b), E_BAD_INPUT);
    assert_int_equal(try_move(&keep, "outsider", first.id, "cancel", &because, &b), E_NOT_FOUND);
    assert_int_equal(try_move(&keep, "asker", first.id, "cancel", &because, &b), OK);
    MUST(&keep, booking_load(&keep, waits.id, &waits));
    assert_int_equal(waits.state, BOOKING_OFFERED);
    assert_int_equal(waits.start_ms, at);
    assert_true(waits.taken && waits.hold_ms == region.now.ms + 4 * MS_HOUR);
    ask.patient = another_patient(&keep, 3);
    ask.start_ms = at;
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &b), E_CONFLICT); /* it is held */
    region.now.ms += 5 * MS_HOUR;
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &b), OK); /* and now it is not */
    assert_int_equal(try_move(&keep, "asker", waits.id, "accept", NULL, &b), E_CONFLICT);
    assert_int_equal(try_move(&keep, "asker", waits.id, "decline", NULL, &waits), OK);
    assert_int_equal(waits.start_ms, 0);
    assert_int_equal(try_move(&keep, "asker", waits.id, "book",
                              &(struct booking_args){.start_ms = at + 20 * MS_MINUTE}, &b), OK);
    assert_int_equal(try_move(&keep, "asker", waits.id, "move",
                              &(struct booking_args){.start_ms = at + 40 * MS_MINUTE, .expect = 1}, &b),
                     E_STALE);
    assert_int_equal(try_move(&keep, "asker", waits.id, "move",
                              &(struct booking_args){.start_ms = at + 40 * MS_MINUTE}, &b), OK);
    region.now.ms -= 5 * MS_HOUR;
    req_done(&keep);
}

/* The job of a visit, as the runner does it. */
static void run_job(struct req *keep, struct str id)
{
    struct req rq;
    (void)keep;
    as(&rq, &who_clock);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, booking_remind(&rq, tx, id));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Two wait for a time: the first lets the offer pass, the second declines it, then nobody is left. */
static void one_offer_after_the_other(void **state)
{
    struct req keep;
    struct booking_check c;
    struct booking first;
    struct booking waits[2];
    struct booking b;
    struct instant then = region.now;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker2");
    int64_t at = midnight(a_day(1) + 7) + 10 * MS_HOUR;
    struct booking_ask ask = a_wish(&keep, id, at);
    ask.patient = another_patient(&keep, 5);
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &first), OK);
    ask.start_ms = 0;
    for (unsigned i = 0; i < 2; i++) {
        ask.patient = another_patient(&keep, 6 + i);
        region.now.ms += MS_MINUTE;
        assert_int_equal(try_book(&keep, "asker", &ask, &c, &waits[i]), OK);
    }
    assert_int_equal(try_move(&keep, "asker", first.id, "cancel", &because, &b), OK);
    MUST(&keep, booking_load(&keep, waits[0].id, &waits[0]));
    MUST(&keep, booking_load(&keep, waits[1].id, &waits[1]));
    assert_int_equal(waits[0].state, BOOKING_OFFERED);
    assert_int_equal(waits[1].state, BOOKING_WAITING);
    region.now.ms = waits[0].hold_ms - 1;
    run_job(&keep, waits[0].id); /* too early: nothing */
    MUST(&keep, booking_load(&keep, waits[1].id, &waits[1]));
    assert_int_equal(waits[1].state, BOOKING_WAITING);
    region.now.ms = waits[0].hold_ms;
    run_job(&keep, waits[0].id);
    MUST(&keep, booking_load(&keep, waits[1].id, &waits[1]));
    assert_int_equal(waits[1].state, BOOKING_OFFERED);
    assert_int_equal(waits[1].start_ms, at);
    assert_int_equal(waits[1].hold_ms, region.now.ms + 4 * MS_HOUR);
    assert_int_equal(try_move(&keep, "asker", waits[0].id, "accept", NULL, &b), E_CONFLICT); /* held for the other */
    assert_int_equal(try_move(&keep, "asker", waits[1].id, "decline", NULL, &b), OK);
    assert_int_equal(try_move(&keep, "asker", waits[0].id, "accept", NULL, &b), OK); /* free again, nobody else waits */
    assert_int_equal(b.state, BOOKING_BOOKED);
    region.now = then;
    req_done(&keep);
}

static void the_day_decides(void **state)
{
    struct req keep;
    struct booking_check c;
    struct booking b;
    struct instant then = region.now;

    (void)state;
    as(&keep, NULL);
    struct str id = a_schedule(&keep, "asker");
    int64_t at = midnight(a_day(1)) + 11 * MS_HOUR + 20 * MS_MINUTE;
    struct booking_ask ask = a_wish(&keep, id, at);
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &b), OK);
    assert_int_equal(try_move(&keep, "asker", b.id, "arrive", NULL, &b), E_BAD_INPUT); /* a day early */
    assert_int_equal(try_move(&keep, "asker", b.id, "no-show", NULL, &b), E_BAD_INPUT);
    struct req rq; /* the reminder a day before */
    region.now.ms = at - MS_DAY + MS_MINUTE;
    as(&rq, &who_clock);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, booking_remind(&rq, tx, b.id));
    assert_int_equal(commit_end(&rq, tx), OK);
    region.now.ms = at;
    assert_int_equal(try_move(&keep, "asker", b.id, "arrive", NULL, &b), OK);
    assert_int_equal(try_move(&keep, "asker2", b.id, "fulfil", NULL, &b), E_FORBIDDEN);
    assert_int_equal(try_move(&keep, "asker", b.id, "fulfil", NULL, &b), OK);
    assert_int_equal(try_move(&keep, "asker", b.id, "cancel", &because, &b), E_CONFLICT);
    struct booking all[16];
    uint32_t n = 0;
    MUST(&keep, booking_list(&keep, BOOKING_BY_PERSON, S("asker"), at, at + 1, all, LEN(all), &n));
    assert_int_equal(n, 1);
    MUST(&keep, booking_of_patient(&keep, b.patient_rid, all, LEN(all), &n));
    assert_true(n >= 1);
    region.now = then;
    req_done(&keep);
}

/* ---- random walks ---- */

static uint32_t seed = 12345;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 12) % n;
}

static bool reaches(const struct care_state *s)
{
    return (s->flags & STATE_FINAL) == 0;
}

/* What a move that was made, or refused, must have left behind. */
static void check_move(struct req *keep, const struct booking *before, const char *action, enum err e)
{
    struct booking after;
    struct res_row res;
    const struct care_move *row = care_move_find(&care_booking, before->state, str_z(action));

    MUST(keep, booking_load(keep, before->id, &after));
    if (e != OK) {
        assert_int_equal(after.version, before->version);
        assert_int_equal(after.state, before->state);
        assert_int_equal(after.start_ms, before->start_ms);
        return;
    }
    assert_non_null(row);
    assert_true(reaches(booking_state(before)));
    assert_int_equal(after.state, row->to);
    assert_int_equal(after.version, before->version + 1);
    assert_int_equal(after.taken, after.state == BOOKING_OFFERED || after.state == BOOKING_BOOKED
                                      || after.state == BOOKING_ARRIVED
                                      || after.state == BOOKING_FULFILLED);
    assert_int_equal(after.hold_ms > 0, after.state == BOOKING_OFFERED);
    assert_int_equal(after.start_ms == 0, after.state == BOOKING_WAITING
                                              || (after.state == BOOKING_CANCELLED
                                                  && before->start_ms == 0));
    MUST(keep, db_read(keep, T_APPOINTMENT, after.id, &res));
    assert_int_equal(res.version, after.version);
    assert_true(str_find(res.body, str_z(booking_state(&after)->name)) < res.body.n);
    if (after.start_ms > 0) {
        MUST(keep, db_read(keep, T_SLOT, after.id, &res));
        assert_true(str_find(res.body, after.taken ? S("\"busy\"") : S("\"free\"")) < res.body.n);
    }
}

/* At no moment are two visits of a specialist, or of a patient, at the same time; but what was offered and
 * not taken within its hold counts no longer. */
static void check_taken(struct req *keep, int64_t from_ms, int64_t to_ms)
{
    static const char *const doctors[] = {"asker", "asker2"};
    struct booking *all = ARENA_ARRAY(keep->a, SHOWN, struct booking);

    for (size_t d = 0; d < LEN(doctors); d++) {
        uint32_t n = 0;
        MUST(keep, booking_list(keep, BOOKING_BY_PERSON, str_z(doctors[d]), from_ms, to_ms, all,
                                SHOWN, &n));
        for (uint32_t i = 1; i < n; i++) {
            for (uint32_t k = 0; k < i; k++) {
                bool both = all[i].taken && all[k].taken && all[i].hold_ms == 0
                            && all[k].hold_ms == 0;
                assert_false(both && all[i].start_ms < all[k].end_ms
                             && all[k].start_ms < all[i].end_ms);
            }
        }
    }
}

/* Random moves by random people, the patient and the clock at random times: every one that is made is a row
 * of the table, all others are refused, and what the row says is what the resources say. Some wait for what
 * another walk frees. */
static void a_walk(struct req *keep, unsigned walk, struct instant then)
{
    char own[80] = "patient ";
    const char *const people[] = {"asker", "asker2", "feldsher", "outsider", "auditor", own, NULL};
    struct booking_check c;
    struct booking b;
    struct str id = a_schedule(keep, walk % 3 ? "asker" : "asker2");
    int64_t at = midnight(a_day_later(1, walk % 5 + 1)) + 9 * MS_HOUR;
    struct booking_ask ask = a_wish(keep, id, walk % 2 ? at + walk % 9 * 20 * MS_MINUTE : 0);

    ask.patient = another_patient(keep, walk % 8);
    memcpy(own + strlen(own), ask.patient.p, ask.patient.n);
    if (try_book(keep, walk % 5 ? "asker2" : own, &ask, &c, &b) != OK) {
        return; /* a walk before this one has the time */
    }
    for (int step = 0; step < 50; step++) {
        struct booking before;
        struct booking after;
        const struct care_move *m = &care_booking.moves[dice(care_booking.n_moves)];
        const char *who = people[dice(LEN(people))];
        struct booking_args args = because;
        args.schedule = dice(3) ? id : (struct str){0};
        args.start_ms = dice(5) ? at + dice(9) * 20 * MS_MINUTE : 0;
        args.expect = dice(6) == 0 ? dice(4) : 0;
        region.now.ms = dice(4) == 0 ? at + dice(300) * MS_MINUTE : then.ms + dice(300) * MS_MINUTE;
        MUST(keep, booking_load(keep, b.id, &before));
        enum err e = try_move(keep, who, b.id, m->action, &args, &after);
        assert_true(e != OK || (who != NULL && strcmp(who, "outsider") != 0
                                && strcmp(who, "auditor") != 0));
        check_move(keep, &before, m->action, e);
    }
}

static void random_walks(void **state)
{
    struct instant then = region.now;

    (void)state;
    for (unsigned walk = 0; walk < 48; walk++) {
        struct req keep;
        as(&keep, NULL);
        a_walk(&keep, walk, then);
        region.now = then;
        check_taken(&keep, then.ms, then.ms + 90 * MS_DAY);
        req_done(&keep);
    }
}

static void whoever_receives_sees_the_patient(void **state)
{
    struct req keep;
    struct req rq;
    struct booking_check c;
    struct booking b;
    struct booking seen;
    struct res_row row;
    struct problems p = {.n = 0};
    struct str got = {0};
    const struct field typed[] = {
        {SI("family"), SI("Жұмабаева")}, {SI("given"), SI("Сәуле")},
        {SI("birth-date"), SI("2009-12-31")}, {SI("sex"), SI("female")},
    };

    (void)state;
    as(&keep, NULL);
    as(&rq, person_who(&keep, "feldsher"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &got));
    struct str patient = arena_str(keep.a, got);
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, person_who(&keep, "asker"));
    assert_int_equal(access_patient(&rq, patient, AUDIT_READ, &row), E_NOT_FOUND);
    req_done(&rq);
    struct booking_ask ask = a_wish(&keep, a_schedule(&keep, "asker"),
                                    midnight(a_day_later(1, 2)) + 9 * MS_HOUR);
    ask.patient = patient;
    ask.remote = true;
    ask.purpose = S("advice");
    assert_int_equal(try_book(&keep, "feldsher", &ask, &c, &b), OK);
    assert_true(c.verdict.notes & VISIT_AGE_UNSET); /* 16 or 17: the profile names no age, and it is said */
    as(&rq, person_who(&keep, "asker"));
    assert_int_equal(access_patient(&rq, patient, AUDIT_READ, &row), OK);
    assert_int_equal(booking_find(&rq, b.id, &seen), OK);
    assert_int_equal(booking_actor(&rq, &seen), ACTOR_DOCTOR | ACTOR_REGISTRAR);
    req_done(&rq);
    as(&rq, person_who(&keep, "outsider"));
    assert_int_equal(booking_find(&rq, b.id, &seen), E_NOT_FOUND);
    req_done(&rq);
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_follow_the_week),
        cmocka_unit_test(exceptions_are_held),
        cmocka_unit_test(hours_do_not_overlap),
        cmocka_unit_test(hours_of_several_days_are_all_or_none),
        cmocka_unit_test(a_slot_is_booked_once),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(what_becomes_free_is_offered),
        cmocka_unit_test(one_offer_after_the_other),
        cmocka_unit_test(the_day_decides),
        cmocka_unit_test(whoever_receives_sees_the_patient),
        cmocka_unit_test(random_walks),
    };
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
