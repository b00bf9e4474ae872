/* care/duty_test.c - the roster: planned, taken, handed over, substituted, left; what rings follows
 * it. */
#include "care/care_fixture.h"

#include "care/dismiss.h"
#include "care/duty.h"
#include "care/put.h"

static struct req keep;

static int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

static const struct who *acting(const char *id)
{
    return person_who(&keep, id);
}

/* Who is on duty for neurology at a time from now, as one text: "cons1 cons2". */
static struct str on_duty(int64_t after_ms)
{
    const struct directory *d = NULL;
    uint32_t people[8];
    struct req rq;
    struct buf b;

    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    uint32_t n = dir_on_duty(d, dir_service_at(d, S("neuro")),
        (struct instant){region.now.ms + after_ms}, people,
                             LEN(people));
    buf_init(&b, keep.a, 200);
    for (uint32_t i = 0; i < n; i++) {
        buf_str(&b, i > 0 ? S(" ") : S(""));
        buf_str(&b, d->people[people[i]].id);
    }
    req_done(&rq);
    return buf_get(&b);
}

static void is_on_duty(int64_t after_ms, const char *who)
{
    struct str have = on_duty(after_ms);
    if (!str_eq(have, str_z(who))) {
        print_message("on duty: %.*s, not %s\n", STR_ARG(have), who);
    }
    assert_true(str_eq(have, str_z(who)));
}

/* The Slot of a person's turn that holds at a time from now. */
static struct str slot_at(const char *person, int64_t after_ms)
{
    const struct directory *d = NULL;
    struct str slot = S("");
    struct req rq;

    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    for (uint32_t i = 0; i < d->n_duties; i++) {
        const struct dir_duty *u = &d->duties[i];
        int64_t t = region.now.ms + after_ms;
        if (str_eq(d->people[u->person].id, str_z(person)) && u->from_ms <= t && u->to_ms > t) {
            slot = arena_str(keep.a, u->slot);
        }
    }
    req_done(&rq);
    return slot;
}

static bool told(const char *person, enum notice_kind kind)
{
    struct req rq;
    bool was = false;
    as(&rq, NULL);
    MUST(&rq, notice_was_told(&rq, str_z(person), kind, S("neuro"), region.now.ms - MS_HOUR, &was));
    req_done(&rq);
    return was;
}

static enum err plan(const char *who, const char *person, int64_t from_ms, int64_t to_ms, uint32_t days)
{
    struct req rq;
    struct duty_span turns[DUTY_DAYS_MAX];
    for (uint32_t i = 0; i < days && i < LEN(turns); i++) {
        turns[i] = (struct duty_span){region.now.ms + from_ms + i * MS_DAY, region.now.ms + to_ms + i * MS_DAY};
    }
    as(&rq, acting(who));
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx, duty_plan(&rq, tx, S("neuro"), str_z(person), turns, days));
}

static enum err offer(const char *who, struct str slot, const char *to)
{
    struct req rq;
    as(&rq, acting(who));
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx, duty_offer(&rq, tx, slot, str_z(to), S("two wait")));
}

static enum err answer(const char *who, struct str slot, enum duty_answer a)
{
    struct req rq;
    as(&rq, acting(who));
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx, duty_answer(&rq, tx, slot, a));
}

static void who_plans_is_the_head_and_the_coordinator(void **state)
{
    (void)state;
    assert_int_equal(plan("asker", "cons2", 20 * MS_HOUR, 28 * MS_HOUR, 1), E_FORBIDDEN);
    assert_int_equal(plan("cons1", "cons2", 20 * MS_HOUR, 28 * MS_HOUR, 1), E_FORBIDDEN);
    assert_int_equal(plan("ncoord", "cons2", 20 * MS_HOUR, 28 * MS_HOUR, 1), E_FORBIDDEN);
    assert_int_equal(plan("head", "asker", 20 * MS_HOUR, 28 * MS_HOUR, 1), E_BAD_INPUT);
    assert_int_equal(plan("head", "cons2", 28 * MS_HOUR, 20 * MS_HOUR, 1), E_BAD_INPUT);
    assert_int_equal(plan("head", "cons2", -9 * MS_HOUR, -MS_HOUR, 1), E_BAD_INPUT);
    assert_int_equal(plan("head", "cons2", 20 * MS_HOUR, 28 * MS_HOUR, 99), E_BAD_INPUT);
    assert_int_equal(plan("head", "cons2", 20 * MS_HOUR, 28 * MS_HOUR, 3), OK);
    assert_true(told("cons2", NOTICE_DUTY_CHANGED));
    is_on_duty(20 * MS_HOUR - 1, "");
    is_on_duty(20 * MS_HOUR, "cons2");
    is_on_duty(28 * MS_HOUR, "");
    is_on_duty(MS_DAY * 2 + 27 * MS_HOUR, "cons2");
    is_on_duty(MS_DAY * 3 + 27 * MS_HOUR, "");
    assert_int_equal(plan("coord", "cons2", 27 * MS_HOUR, 30 * MS_HOUR, 1), E_CONFLICT);
}

static void gaps_and_overlaps_are_found(void **state)
{
    (void)state;
    const struct directory *d = NULL;
    struct duty_gap g[20];
    struct req rq;

    assert_int_equal(plan("head", "cons1", 26 * MS_HOUR, 30 * MS_HOUR, 1), OK);
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    uint32_t n = duty_gaps(d, dir_service_at(d, S("neuro")), rq.now,
        (struct instant){rq.now.ms + 40 * MS_HOUR}, g,
                           LEN(g));
    /* cons1 to 12, nobody to 20, cons2 to 28, both 26 to 28, cons1 to 30, nobody to 40 */
    assert_int_equal(n, 3);
    assert_true(g[0].one == DIR_NONE && g[0].from_ms == rq.now.ms + 12 * MS_HOUR
                && g[0].to_ms == rq.now.ms + 20 * MS_HOUR);
    assert_true(g[1].one != DIR_NONE && g[1].other != DIR_NONE && g[1].from_ms == rq.now.ms + 26 * MS_HOUR
                && g[1].to_ms == rq.now.ms + 28 * MS_HOUR);
    assert_true(g[2].one == DIR_NONE && g[2].from_ms == rq.now.ms + 30 * MS_HOUR
                && g[2].to_ms == rq.now.ms + 40 * MS_HOUR);
    n = duty_gaps(d, dir_service_at(d, S("nneuro")), rq.now, (struct instant){rq.now.ms + MS_HOUR}, g,
        LEN(g));
    assert_int_equal(n, 1);
    req_done(&rq);
}

static void the_giver_is_on_duty_until_the_other_accepts(void **state)
{
    (void)state;
    struct str slot = slot_at("cons1", 0);

    assert_int_equal(offer("cons2", slot, "cons2"), E_FORBIDDEN); /* not theirs */
    assert_int_equal(offer("cons1", slot, "asker"), E_BAD_INPUT); /* not of the service */
    assert_int_equal(offer("cons1", slot, "cons1"), E_BAD_INPUT);
    assert_int_equal(offer("cons1", slot, "cons2"), OK);
    assert_true(told("cons2", NOTICE_DUTY_OFFERED));
    is_on_duty(0, "cons1");
    assert_int_equal(answer("head", slot, DUTY_ACCEPT), E_NOT_FOUND);
    assert_int_equal(answer("cons1", slot, DUTY_ACCEPT), E_NOT_FOUND);
    assert_int_equal(answer("cons2", slot, DUTY_WITHDRAW), E_NOT_FOUND);
    assert_int_equal(answer("cons2", slot, DUTY_DECLINE), OK);
    assert_true(told("cons1", NOTICE_DUTY_ANSWERED));
    assert_int_equal(answer("cons2", slot, DUTY_ACCEPT), E_NOT_FOUND);
    assert_int_equal(offer("cons1", slot, "cons2"), OK);
    assert_int_equal(answer("cons1", slot, DUTY_WITHDRAW), OK);
    assert_int_equal(answer("cons2", slot, DUTY_ACCEPT), E_NOT_FOUND);
    assert_int_equal(offer("cons1", slot, "cons2"), OK);
    assert_int_equal(answer("cons2", slot, DUTY_ACCEPT), OK);
    is_on_duty(0, "cons2");
    is_on_duty(11 * MS_HOUR, "cons2");
    is_on_duty(12 * MS_HOUR, "");
    assert_int_equal(answer("cons2", slot, DUTY_ACCEPT), E_NOT_FOUND); /* once */
}

static enum err take(const char *who, int64_t for_ms)
{
    struct req rq;
    as(&rq, acting(who));
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx, duty_take(&rq, tx, S("neuro"), (struct instant){region.now.ms + for_ms}));
}

static void a_consultant_takes_duty(void **state)
{
    (void)state;
    assert_int_equal(take("asker", MS_HOUR), E_FORBIDDEN);
    assert_int_equal(take("cons1", -MS_HOUR), E_BAD_INPUT);
    assert_int_equal(take("cons1", 99 * MS_HOUR), E_BAD_INPUT);
    assert_int_equal(take("cons2", MS_HOUR), E_CONFLICT); /* on duty already */
    region.now.ms++; /* after the other, for the order */
    assert_int_equal(take("cons1", MS_HOUR), OK);
    is_on_duty(0, "cons2 cons1");
    is_on_duty(MS_HOUR, "cons2");
}

static enum err substitute(const char *who, const char *person, int64_t from_ms, int64_t to_ms,
    const char *by)
{
    struct req rq;
    uint32_t n = 0;
    as(&rq, acting(who));
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx,
                    duty_substitute(&rq, tx, S("neuro"), str_z(person),
                                    (struct duty_span){region.now.ms + from_ms, region.now.ms + to_ms},
                                        str_z(by),
                                    &n));
}

static void a_substitute_has_the_period_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(substitute("asker", "cons2", 0, MS_DAY, "cons1"), E_FORBIDDEN);
    assert_int_equal(substitute("cons1", "cons2", 0, MS_DAY, "cons1"), E_FORBIDDEN);
    assert_int_equal(substitute("head", "cons2", 0, MS_DAY, "asker"), E_BAD_INPUT);
    assert_int_equal(substitute("head", "cons2", 2 * MS_HOUR, MS_HOUR, "cons1"), E_BAD_INPUT);
    assert_int_equal(substitute("head", "cons2", 300 * MS_HOUR, 301 * MS_HOUR, "cons1"), E_NOT_FOUND);
    /* cons2 has 20..28 on three days: the middle of the second is cons1's */
    assert_int_equal(substitute("head", "cons2", 46 * MS_HOUR, 50 * MS_HOUR, "cons1"), OK);
    is_on_duty(45 * MS_HOUR, "cons2");
    is_on_duty(46 * MS_HOUR, "cons1");
    is_on_duty(50 * MS_HOUR - 1, "cons1");
    is_on_duty(50 * MS_HOUR, "cons2");
    is_on_duty(52 * MS_HOUR, "");
    /* the person's own wish is an offer */
    assert_int_equal(substitute("cons2", "cons2", 68 * MS_HOUR, 76 * MS_HOUR, "cons1"), OK);
    is_on_duty(69 * MS_HOUR, "cons2");
    assert_int_equal(answer("cons1", slot_at("cons2", 69 * MS_HOUR), DUTY_ACCEPT), OK);
    is_on_duty(69 * MS_HOUR, "cons1");
}

static void nobody_is_a_substitute_twice(void **state)
{
    (void)state;
    assert_int_equal(plan("head", "cons1", 100 * MS_HOUR, 104 * MS_HOUR, 1), OK);
    assert_int_equal(plan("head", "cons2", 102 * MS_HOUR, 108 * MS_HOUR, 1), OK);
    assert_int_equal(substitute("head", "cons2", 98 * MS_HOUR, 110 * MS_HOUR, "cons1"), E_CONFLICT);
    is_on_duty(106 * MS_HOUR, "cons2");
    assert_int_equal(substitute("head", "cons2", 104 * MS_HOUR, 110 * MS_HOUR, "cons1"), OK);
    is_on_duty(103 * MS_HOUR, "cons1 cons2");
    is_on_duty(106 * MS_HOUR, "cons1");
}

/* The Slot is written, and the directory not told: as for who read it just before. */
static void write_unseen(struct str slot, const char *status)
{
    struct req rq;
    struct res_row row;
    struct jv root;
    struct put p;

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, res_find(&rq, T_SLOT, slot, &row, &root));
    put_begin(&p, &rq, tx, T_SLOT, slot, row.body.n + 4096);
    p.expect = (int64_t)row.version;
    p.aside = true;
    json_kv(&p.o, S("schedule"), json_get(root, S("schedule")));
    json_ks(&p.o, S("status"), str_z(status));
    json_kv(&p.o, S("start"), json_get(root, S("start")));
    json_kv(&p.o, S("end"), json_get(root, S("end")));
    MUST(&rq, put_end(&p));
    assert_int_equal(end_with(&rq, tx, OK), OK);
}

static void what_was_just_changed_is_not_accepted(void **state)
{
    (void)state;
    assert_int_equal(plan("head", "cons2", 120 * MS_HOUR, 124 * MS_HOUR, 1), OK);
    struct str slot = slot_at("cons2", 121 * MS_HOUR);
    assert_int_equal(offer("cons2", slot, "cons1"), OK);
    is_on_duty(121 * MS_HOUR, "cons2");
    write_unseen(slot, "free"); /* withdrawn */
    assert_int_equal(answer("cons1", slot, DUTY_ACCEPT), E_STALE);
    write_unseen(slot, "entered-in-error"); /* struck out */
    assert_int_equal(offer("cons2", slot, "cons1"), E_STALE);
    assert_int_equal(plan("head", "cons2", 130 * MS_HOUR, 131 * MS_HOUR, 1), OK); /* all is read anew */
    is_on_duty(121 * MS_HOUR, "");
}

static void who_leaves_leaves_the_roster(void **state)
{
    (void)state;
    struct req rq;

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    assert_int_equal(end_with(&rq, tx, person_end(&rq, tx, S("cons1"))), OK);
    is_on_duty(69 * MS_HOUR, "");
    assert_true(told("head", NOTICE_DUTY_GAP));
    assert_true(told("coord", NOTICE_DUTY_GAP));
    assert_false(told("ncoord", NOTICE_DUTY_GAP));
}

static void a_turn_is_struck_out_or_ended(void **state)
{
    (void)state;
    struct req rq;
    as(&rq, acting("cons2"));
    struct tx *tx = tx_new(&rq);
    assert_int_equal(end_with(&rq, tx, duty_strike(&rq, tx, slot_at("cons2", 0))), E_FORBIDDEN);
    as(&rq, acting("head"));
    tx = tx_new(&rq);
    assert_int_equal(end_with(&rq, tx, duty_strike(&rq, tx, slot_at("cons2", 0))), OK);
    is_on_duty(0, "");
    as(&rq, acting("head"));
    tx = tx_new(&rq);
    assert_int_equal(end_with(&rq, tx, duty_strike(&rq, tx, slot_at("cons2", 21 * MS_HOUR))), OK);
    is_on_duty(21 * MS_HOUR, "");
}

/* A role ends, and the person stays: who plans is told, once the service has lost them. */
static void whose_role_has_ended_is_not_on_duty(void **state)
{
    (void)state;
    const struct directory *d = NULL;
    struct req rq;
    struct str role = S("");

    assert_int_equal(plan("head", "cons2", 140 * MS_HOUR, 144 * MS_HOUR, 1), OK);
    is_on_duty(141 * MS_HOUR, "cons2");
    region.now.ms += 2 * MS_HOUR; /* what was told before is told */
    assert_false(told("head", NOTICE_DUTY_GAP));
    as(&rq, NULL);
    MUST(&rq, directory_get(&rq, &d));
    const struct dir_person *p = dir_person(d, S("cons2"));
    role = arena_str(keep.a, p->roles[0].id);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, duty_role_left(&rq, tx, d, dir_person_at(d, S("cons2")), role, &(struct str)SI("neuro"), 1));
    assert_int_equal(end_with(&rq, tx, OK), OK);
    assert_false(told("head", NOTICE_DUTY_GAP)); /* it still answers for the service */
    as(&rq, NULL);
    tx = tx_new(&rq);
    assert_int_equal(end_with(&rq, tx, role_leave(&rq, tx, S("cons2"), role)), OK);
    region.now.ms -= 2 * MS_HOUR;
    is_on_duty(141 * MS_HOUR, "");
    region.now.ms += 2 * MS_HOUR;
    assert_true(told("head", NOTICE_DUTY_GAP));
    assert_true(told("coord", NOTICE_DUTY_GAP));
    assert_false(told("asker", NOTICE_DUTY_GAP));
    region.now.ms -= 2 * MS_HOUR;
}

/* Clocks go forward at 02:00 of the second night: that night's turn is an hour shorter, and nothing is left open. */
static void nights_follow_the_clock_on_the_wall(void **state)
{
    (void)state;
    enum { DAYS = 3, DAY = 20000 };
    const struct zone_change change = {(DAY + 2) * MS_DAY + 2 * MS_HOUR - MS_HOUR, 120};
    const struct zone zone = {60, 1, &change};
    struct duty_span days[DAYS];
    struct duty_span nights[DAYS];

    duty_days(&zone, DAY, 8 * 60, 20 * 60, days, DAYS);
    duty_days(&zone, DAY, 20 * 60, 8 * 60, nights, DAYS);
    assert_int_equal(days[0].from_ms, DAY * MS_DAY + 7 * MS_HOUR);
    for (int i = 0; i < DAYS; i++) {
        assert_int_equal(days[i].to_ms, nights[i].from_ms);
        assert_int_equal(days[i].to_ms - days[i].from_ms, 12 * MS_HOUR);
        assert_int_equal(nights[i].to_ms - nights[i].from_ms, (i == 1 ? 11 : 12) * MS_HOUR);
        assert_true(i == 0 || nights[i - 1].to_ms == days[i].from_ms);
    }
    duty_days(&zone, DAY, 12 * 60, 0, days, 1); /* to midnight */
    assert_int_equal(days[0].to_ms, (DAY + 1) * MS_DAY - MS_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_plans_is_the_head_and_the_coordinator),
        cmocka_unit_test(gaps_and_overlaps_are_found),
        cmocka_unit_test(the_giver_is_on_duty_until_the_other_accepts),
        cmocka_unit_test(a_consultant_takes_duty),
        cmocka_unit_test(a_substitute_has_the_period_and_no_more),
        cmocka_unit_test(nobody_is_a_substitute_twice),
        cmocka_unit_test(what_was_just_changed_is_not_accepted),
        cmocka_unit_test(who_leaves_leaves_the_roster),
        cmocka_unit_test(a_turn_is_struck_out_or_ended),
        cmocka_unit_test(whose_role_has_ended_is_not_on_duty),
        cmocka_unit_test(nights_follow_the_clock_on_the_wall),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
