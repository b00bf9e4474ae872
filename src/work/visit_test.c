/* work/visit_test.c - a remote visit from its booking to the signed note: begun an hour early and a day late, and
 * over midnight; random walks over the tables of booking and visit together. */
#include "care/directory_change.h"
#include "care/outside.h"
#include "care/patient.h"
#include "codec/outside_testing.h"
#include "os/file.h"
#include "work/visit_testing.h"

enum { WALKS = 72, WALKS_A_DAY = 12, STEPS = 45 };

/* Hours on one date, also at night. */
static void extra_hours(struct str schedule, int64_t from, int64_t to)
{
    struct req rq;
    const struct schedule_block block = {.start_ms = from, .end_ms = to, .minutes = 30,
                                         .modes = SLOT_BOTH, .note = S("night")};
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, schedule_block_add(&rq, tx, schedule, &block));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void early_late_and_over_midnight(void **state)
{
    struct instant then = region.now;
    (void)state;
    struct str schedule = a_schedule(&keep, "asker");
    int64_t night = monday_at(0, 2); /* half past midnight, and half an hour before */
    extra_hours(schedule, night + 30 * MS_MINUTE, night + 60 * MS_MINUTE);
    extra_hours(schedule, night - 30 * MS_MINUTE, night);
    struct booking b = booked_at(schedule, night + 30 * MS_MINUTE, 0);
    region.now.ms = b.start_ms - MS_HOUR - MS_SECOND;
    assert_int_equal(act("asker", b.id, "begin"), E_CONFLICT);
    region.now.ms = b.start_ms - 50 * MS_MINUTE; /* the day before by the calendar */
    assert_int_equal(act("asker", b.id, "begin"), OK);
    assert_int_equal(look(b.id)->b.state, BOOKING_ARRIVED);
    region.now = then;
    b = booked_at(schedule, night - 30 * MS_MINUTE, 1);
    region.now.ms = night + MS_DAY; /* two days later by the calendar */
    assert_int_equal(act("asker", b.id, "begin"), E_CONFLICT);
    assert_int_equal(look(b.id)->b.state, BOOKING_BOOKED);
    region.now.ms = night + MS_DAY - MS_MINUTE; /* the day after */
    assert_int_equal(act("asker", b.id, "begin"), OK);
    assert_int_equal(look(b.id)->b.state, BOOKING_ARRIVED);
    /* a visit in person is on its day alone */
    region.now = then;
    struct booking_check c;
    struct booking_ask ask = a_wish(&keep, schedule, monday_at(9 * 60, 2));
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &b), OK);
    region.now.ms = b.start_ms + MS_DAY;
    assert_int_equal(try_move(&keep, "asker2", b.id, "arrive", NULL, &b), E_BAD_INPUT);
    assert_int_equal(act("asker", b.id, "begin"), E_CONFLICT);
    region.now = then;
    fresh();
}

/* ---- what goes along ---- */

static void booking_and_visit_go_together(void **state)
{
    struct instant then = region.now;
    struct room room;
    (void)state;
    struct str schedule = a_schedule(&keep, "asker");
    int64_t at = monday_at(9 * 60, 3);
    struct booking b = booked_at(schedule, at, 0);
    region.now.ms = at;
    assert_int_equal(act("asker", b.id, "begin"), OK);
    MUST(&keep, room_of(&keep, ROOM_VISIT, b.id, &room));
    /* begun: neither cancelled nor ended from the list of the day */
    assert_true(no_cancel(&look(b.id)->b));
    assert_int_equal(try_move(&keep, "asker2", b.id, "cancel", &because, &b), E_CONFLICT);
    assert_int_equal(try_move(&keep, "asker", b.id, "fulfil", NULL, &b), E_CONFLICT);
    assert_int_equal(act("asker", b.id, "break-bad"), E_BAD_INPUT);
    assert_int_equal(act("asker", b.id, "break-off"), OK);
    const struct seen *s = look(b.id);
    assert_int_equal(s->b.state, BOOKING_CANCELLED);
    assert_true(!s->b.taken && str_eq(s->v.booked, S("cancelled")));
    assert_true(str_eq(s->v.encounter.status, S("cancelled")));
    assert_int_equal(told(patient_who(&keep, s->b.patient), NOTICE_VISIT_CANCELLED, b.id), 1);
    assert_int_equal(act("asker", b.id, "begin"), E_CONFLICT);
    /* marked as there, not begun: the registry may still cancel it */
    region.now = then;
    b = booked_at(schedule, at + 20 * MS_MINUTE, 1);
    region.now.ms = at;
    assert_int_equal(try_move(&keep, "asker2", b.id, "arrive", NULL, &b), OK);
    assert_int_equal(try_move(&keep, "asker", b.id, "fulfil", NULL, &b), E_CONFLICT);
    assert_false(no_cancel(&look(b.id)->b));
    assert_int_equal(try_move(&keep, "asker2", b.id, "cancel", &because, &b), OK);
    assert_true(no_cancel(&look(b.id)->b)); /* it is cancelled already */
    assert_int_equal(act("asker", b.id, "begin"), E_CONFLICT);
    region.now = then;
    fresh();
}

/* ---- random walks ---- */

static uint64_t seed = 20261123;

static uint32_t dice(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

static bool in_table(const struct care_flow *f, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < f->n_moves; i++) {
        if (f->moves[i].from == from && f->moves[i].to == to) {
            return true;
        }
    }
    return from == to;
}

static unsigned visits_reached, bookings_reached; /* 1 << state */

/* What must hold of a visit and its booking, whatever was done. */
static void check_state(const struct seen *s)
{
    static const struct {
        enum visit_state visit;
        unsigned bookings; /* 1 << state */
        const char *encounter;
    } fits[] = {
        {VISIT_BEGUN, 1 << BOOKING_ARRIVED, "in-progress"},
        {VISIT_TALK, 1 << BOOKING_ARRIVED, "in-progress"},
        {VISIT_OWED, 1 << BOOKING_FULFILLED, "finished"},
        {VISIT_NOTED, 1 << BOOKING_FULFILLED, "finished"},
        {VISIT_CLOSED, 1 << BOOKING_FULFILLED, "finished"},
        {VISIT_BROKEN, 1 << BOOKING_CANCELLED, "cancelled"},
    };
    bool waits = s->v.state == VISIT_WAITING;

    visits_reached |= 1u << s->v.state;
    bookings_reached |= 1u << s->b.state;
    for (size_t i = 0; i < LEN(fits); i++) {
        if (fits[i].visit == s->v.state) {
            assert_true(fits[i].bookings & (1u << s->b.state));
            assert_true(str_eq(s->v.encounter.status, str_z(fits[i].encounter)));
        }
    }
    assert_true(!waits || s->b.state != BOOKING_FULFILLED);
    assert_int_equal(waits, s->v.task_version == 0);
    assert_true(str_eq(s->v.booked, str_z(booking_state(&s->b)->name)));
    assert_int_equal(s->v.note.n > 0, s->v.state == VISIT_NOTED || s->v.state == VISIT_CLOSED);
    assert_int_equal(job_due(JOB_VISIT_NOTE, s->b.id) != 0,
                     s->v.state >= VISIT_BEGUN && s->v.state <= VISIT_OWED
                         && s->v.level != LEVEL_ESCALATED);
    assert_true(s->b.state == BOOKING_BOOKED || job_due(JOB_VISIT, s->b.id) == 0);
}

static void check_step(const struct seen *a, const struct seen *b, enum err e)
{
    assert_true(in_table(visits, a->v.state, b->v.state));
    assert_true(in_table(&care_booking, a->b.state, b->b.state));
    assert_true(b->b.version - a->b.version <= 1 && b->v.task_version - a->v.task_version <= 1);
    assert_true(b->encounter - a->encounter <= 1);
    if (e != OK) {
        assert_true(a->b.version == b->b.version && a->v.task_version == b->v.task_version);
        assert_true(a->encounter == b->encounter && a->v.n_notes == b->v.n_notes);
    }
    if (visits->states[a->v.state].flags & STATE_FINAL) {
        assert_int_equal(a->v.task_version, b->v.task_version);
    }
    if (care_booking.states[a->b.state].flags & STATE_FINAL) {
        assert_int_equal(a->b.version, b->b.version);
    }
    check_state(b);
}

/* Once each: reminders by time booked, the promise of the note by step. */
static void check_notices(struct str id, uint32_t times)
{
    const struct seen *s = look(id);
    const struct who *patient = patient_who(&keep, s->b.patient);

    assert_true(doctor_told(NOTICE_VISIT_SOON, id) <= 2 * times);
    assert_true(told(patient, NOTICE_VISIT_SOON, id) <= 2 * times);
    assert_true(doctor_told(NOTICE_VISIT_DUE, id) <= 1);
    assert_true(doctor_told(NOTICE_VISIT_LATE, id) <= 2);
    assert_true(told(patient, NOTICE_VISIT_CANCELLED, id) <= 1);
    assert_true(told(patient, NOTICE_VISIT_BOOKED, id) <= times);
    assert_int_equal(told(patient, NOTICE_VISIT_NOTE, id), s->v.n_notes);
}

static void walk(struct str schedule, int64_t at, unsigned patient)
{
    static const char *const acts[] = {"begin", "begin", "admit", "admit", "admit-bad", "end",
                                       "sign", "sign", "sign", "sign-bad", "break-bad", "close"};
    static const char *const moves[] = {"move", "arrive", "fulfil", "no-show", "cancel", "book"};
    struct instant then = region.now;
    struct booking b = booked_at(schedule, at, patient);
    char own[80] = "patient ";
    const char *const people[] = {"asker", "asker", "asker", "asker", "asker", "asker2", "feldsher",
                                  "outsider", "auditor", own};
    const struct seen *a = look(b.id);
    uint32_t times = 1;

    memcpy(own + strlen(own), b.patient.p, b.patient.n);
    region.now.ms = at - (int64_t)dice(50) * MS_HOUR;
    for (int step = 0; step < STEPS; step++) {
        const char *who = people[dice(LEN(people))];
        struct booking after;
        struct booking_args args = because;
        enum err e = OK;
        uint32_t what = dice(10);
        args.start_ms = at + dice(4) * 30 * MS_MINUTE;
        if (what == 0) {
            region.now.ms += (int64_t)dice(600) * MS_MINUTE;
            (void)run_jobs();
        } else if (what == 1 && region.now.ms < at) {
            region.now.ms = at;
            (void)run_jobs();
        } else if (what < 4) {
            const char *m = moves[dice(LEN(moves))];
            e = try_move(&keep, who, b.id, m, &args, &after);
            times += e == OK && strcmp(m, "move") == 0;
        } else {
            e = act(who, b.id, dice(20) == 0 ? "break-off" : acts[dice(LEN(acts))]);
        }
        const struct seen *now = look(b.id);
        check_step(a, now, e);
        a = now;
    }
    check_notices(b.id, times);
    region.now = then;
    fresh();
}

/* A time of a specialist is one visit's. */
static void check_times(void)
{
    struct booking all[WALKS * 2];
    uint32_t n = 0;

    MUST(&keep, booking_list(&keep, BOOKING_BY_PERSON, S("asker"), region.now.ms - MS_DAY,
                             region.now.ms + 60 * MS_DAY, all, LEN(all), &n));
    assert_true(n < LEN(all));
    for (uint32_t i = 1; i < n; i++) {
        for (uint32_t k = 0; k < i; k++) {
            assert_false(all[i].taken && all[k].taken && all[i].start_ms < all[k].end_ms
                         && all[k].start_ms < all[i].end_ms);
        }
    }
}

static void random_walks_stay_in_the_tables(void **state)
{
    (void)state;
    char schedule[64] = "";
    struct str id = a_schedule(&keep, "asker");
    memcpy(schedule, id.p, id.n);
    int64_t first = monday_at(0, 4) + MS_DAY;
    for (unsigned day = 0; day < WALKS / WALKS_A_DAY; day++) {
        extra_hours(id, first + day * MS_DAY, first + (day + 1) * MS_DAY);
    }
    for (unsigned i = 0; i < WALKS; i++) {
        walk(str_z(schedule), first + i / WALKS_A_DAY * MS_DAY + i % WALKS_A_DAY * 2 * MS_HOUR, i % 8);
    }
    check_times();
    assert_int_equal(visits_reached, (1u << (VISIT_CLOSED + 1)) - 1);
    for (unsigned b = BOOKING_BOOKED; b <= BOOKING_CANCELLED; b++) {
        assert_true(bookings_reached & (1u << b));
    }
}

/* ---- a note by an own token ---- */

#define IIN "900000000009"

static struct str trusted[2];

/* A token by an authority below a root; both are trusted, and of neither there is a list. */
static struct ot_pair token_world(struct ot_pair *ret_ca)
{
    struct ot_cert root = {.name = "Test root", .ca = true, .from = {region.now.ms - 30 * MS_DAY},
                           .until = {region.now.ms + 300 * MS_DAY}};
    struct ot_cert ca = {.name = "Test authority", .ca = true, .from = root.from, .until = root.until};
    struct ot_cert doctor = {.name = "Doctor", .from = root.from, .until = root.until,
                             .attrs = {{"2.5.4.5", "IIN" IIN}}};
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, person_number_set(&rq, tx, actor_who(&keep, "asker")->person, id_kind_find(S("iin")), S(IIN)));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct ot_pair top = ot_make(&root, NULL);
    *ret_ca = ot_make(&ca, &top);
    trusted[0] = ot_der(keep.a, top.x);
    trusted[1] = ot_der(keep.a, ret_ca->x);
    region.care.outside = (struct outside_policy){.certs = trusted, .n_certs = 2};
    ot_free(&top);
    return ot_make(&doctor, ret_ca);
}

/* The authority's list names the token, revoked after it signed; of the authority itself nothing is known. */
static void revoke(const struct ot_pair *ca, const struct ot_pair *token)
{
    struct ot_list l = {.from = {region.now.ms - MS_HOUR}, .until = {region.now.ms + MS_DAY}, .revoked = token->x,
                        .at = {region.now.ms + MS_MINUTE}, .reason = -1};
    char path[OS_PATH_MAX];
    struct str dir;
    struct req rq;
    struct buf b;
    as(&rq, NULL);
    buf_init(&b, keep.a, OS_PATH_MAX);
    buf_str(&b, str_z(region.dir));
    BUF_LIT(&b, "/lists");
    dir = buf_get(&b);
    const char *folder = arena_cstr(rq.a, dir);
    assert_non_null(folder);
    MUST(&rq, os_mkdir(&rq, folder));
    MUST(&rq, os_path(&rq, dir, S("ca.crl"), path));
    MUST(&rq, os_write_file(&rq, path, ot_crl(rq.a, ca, &l), 0600));
    req_done(&rq);
    region.care.outside.lists = dir;
}

/* Shows the note and signs it with the token over content (p NULL: what was shown). */
static enum err sign_with(struct str id, const struct ot_pair *token, struct str content, const char **ret_fault)
{
    struct problems p = {.n = 0};
    struct sign_paper paper;
    struct visit_view v;
    struct req rq;
    as(&rq, actor_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, visit_load(&rq, id, AUDIT_READ, &v));
    MUST(&rq, visit_note_preview(&rq, &v, &note, S(BASE), &p, &paper));
    struct ot_sign s = {.who = token, .at = region.now};
    struct sign_means m = {.file = ot_cms(rq.a, &s, content.p != NULL ? content : paper.bytes)};
    enum err e = visit_note_sign(&rq, tx, &v, str_z(paper.sha), &m);
    *ret_fault = m.fault;
    return end_with(&rq, tx, e);
}

static void a_note_is_signed_with_an_own_token(void **state)
{
    struct instant then = region.now;
    struct ot_pair ca;
    struct signed_doc d;
    const char *fault = NULL;
    (void)state;
    struct str schedule = a_schedule(&keep, "asker");
    int64_t at = monday_at(10 * 60, 3);
    struct booking b = booked_at(schedule, at, 3);
    struct ot_pair token = token_world(&ca);
    region.now.ms = at;
    assert_int_equal(act("asker", b.id, "begin"), OK);
    assert_int_equal(act("asker", b.id, "admit"), OK);
    assert_int_equal(sign_with(b.id, &token, S("another document"), &fault), E_BAD_INPUT);
    assert_string_equal(fault, outside_why_text(OUTSIDE_OTHER_BYTES));
    region.care.outside.refuse_unknown = true; /* there is no list */
    assert_int_equal(sign_with(b.id, &token, (struct str){0}, &fault), E_BAD_INPUT);
    assert_string_equal(fault, outside_why_text(OUTSIDE_UNKNOWN));
    assert_int_equal(look(b.id)->v.state, VISIT_TALK);
    region.care.outside.refuse_unknown = false;
    revoke(&ca, &token); /* what is not known of another certificate makes it no less revoked */
    assert_int_equal(sign_with(b.id, &token, (struct str){0}, &fault), E_BAD_INPUT);
    assert_string_equal(fault, outside_why_text(OUTSIDE_REVOKED_SINCE));
    region.care.outside.lists = S("");
    assert_int_equal(sign_with(b.id, &token, (struct str){0}, &fault), OK);
    const struct visit_view *v = &look(b.id)->v;
    assert_int_equal(v->state, VISIT_NOTED);
    MUST(&keep, visit_note_get(&keep, v->patient_rid, v->id, S(""), &d));
    assert_true(d.verdict.is_outside && cms_is_good(&d.verdict) && d.verdict.ca_is_trusted);
    assert_true(str_eq(d.verdict.signer.issuer.common_name, S("Test authority")));
    region.care.outside = (struct outside_policy){.n_certs = 0};
    ot_free(&token);
    ot_free(&ca);
    region.now = then;
    fresh();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(early_late_and_over_midnight),
        cmocka_unit_test(booking_and_visit_go_together),
        cmocka_unit_test(a_note_is_signed_with_an_own_token),
        cmocka_unit_test(random_walks_stay_in_the_tables),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
