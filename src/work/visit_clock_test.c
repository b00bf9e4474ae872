/* work/visit_clock_test.c - the clock as an actor of remote visits: reminders once each, also by a program that
 * was off; the note that is owed, and the visit that nobody ends, are asked for. */
#include "work/visit_testing.h"

static void reminders_come_once_each(void **state)
{
    struct instant then = region.now;
    (void)state;
    struct str schedule = a_schedule(&keep, "asker");
    struct booking b = booked_at(schedule, monday_at(9 * 60, 1), 0);
    const struct who *patient = patient_who(&keep, b.patient);
    const struct policy *p = region.care.policy;
    assert_int_equal(p->booking.n_remind_before, 2);
    assert_int_equal(job_due(JOB_VISIT, b.id), b.start_ms - MS_DAY);
    assert_int_equal(run_jobs(), 0);
    for (int i = 0; i < 2; i++) {
        region.now.ms = b.start_ms - p->booking.remind_before[i].ms + MS_SECOND;
        assert_true(run_jobs() >= 1);
        (void)run_jobs();
        assert_int_equal(told(patient, NOTICE_VISIT_SOON, b.id), i + 1);
        assert_int_equal(doctor_told(NOTICE_VISIT_SOON, b.id), i + 1);
    }
    assert_int_equal(job_due(JOB_VISIT, b.id), 0);
    /* the program was off: one reminder for all that were missed, none when the visit has begun */
    region.now = then;
    struct booking late = booked_at(schedule, monday_at(9 * 60 + 20, 1), 1);
    struct booking over = booked_at(schedule, monday_at(9 * 60 + 40, 1), 2);
    struct booking moved = booked_at(schedule, monday_at(10 * 60, 1), 3);
    struct booking_args to = {.start_ms = monday_at(10 * 60, 2)};
    assert_int_equal(try_move(&keep, "asker2", moved.id, "move", &to, &moved), OK);
    region.now.ms = late.start_ms - MS_HOUR;
    (void)run_jobs();
    region.now.ms += MS_DAY;
    (void)run_jobs();
    (void)run_jobs();
    assert_int_equal(doctor_told(NOTICE_VISIT_SOON, late.id), 1);
    assert_int_equal(doctor_told(NOTICE_VISIT_SOON, over.id), 1);
    assert_int_equal(doctor_told(NOTICE_VISIT_SOON, moved.id), 0);
    assert_int_equal(job_due(JOB_VISIT, moved.id), moved.start_ms - MS_DAY);
    /* a clock that went back does not remind again */
    region.now.ms = late.start_ms - 3 * MS_HOUR;
    (void)run_jobs();
    assert_int_equal(doctor_told(NOTICE_VISIT_SOON, late.id), 1);
    /* who cancelled is not reminded */
    assert_int_equal(try_move(&keep, "asker2", moved.id, "cancel", &because, &moved), OK);
    assert_int_equal(job_due(JOB_VISIT, moved.id), 0);
    region.now = then;
    fresh();
}

/* begun, talked, ended at its time */
static struct booking held(struct str schedule, int64_t at, unsigned patient)
{
    struct booking b = booked_at(schedule, at, patient);
    region.now.ms = at;
    assert_int_equal(act("asker", b.id, "begin"), OK);
    assert_int_equal(act("asker", b.id, "admit"), OK);
    region.now.ms = at + 15 * MS_MINUTE;
    assert_int_equal(act("asker", b.id, "end"), OK);
    return b;
}

static void a_note_that_is_owed_is_asked_for(void **state)
{
    struct instant then = region.now;
    const struct policy_note *n = &region.care.policy->note;
    (void)state;
    struct str schedule = a_schedule(&keep, "asker");
    struct booking b = held(schedule, monday_at(11 * 60, 1), 0);
    int64_t due = region.now.ms + n->within.ms;
    assert_int_equal(look(b.id)->v.due_ms, due);
    static const struct {
        enum notice_kind kind;
        unsigned level, told;
    } steps[] = {{NOTICE_VISIT_DUE, LEVEL_REMINDED, 1},
                 {NOTICE_VISIT_LATE, LEVEL_OVERDUE, 1},
                 {NOTICE_VISIT_LATE, LEVEL_ESCALATED, 2}};
    const int64_t at[] = {due - n->remind_before.ms, due, due + n->escalate_after.ms};
    for (size_t i = 0; i < LEN(steps); i++) {
        region.now.ms = at[i] - MS_SECOND;
        (void)run_jobs();
        assert_int_equal(look(b.id)->v.level, i == 0 ? LEVEL_NONE : steps[i - 1].level);
        region.now.ms = at[i] + MS_SECOND;
        (void)run_jobs();
        (void)run_jobs();
        const struct seen *s = look(b.id);
        assert_int_equal(s->v.level, steps[i].level);
        assert_int_equal(s->v.state, VISIT_OWED); /* the clock moves nothing */
        assert_int_equal(doctor_told(steps[i].kind, b.id), steps[i].told);
    }
    assert_int_equal(job_due(JOB_VISIT_NOTE, b.id), 0);
    assert_int_equal(act("asker", b.id, "sign"), OK); /* late, and taken */
    assert_int_equal(look(b.id)->v.level, LEVEL_NONE);
    /* off over all of it: overdue and escalated once, no reminder of what has passed */
    region.now = then;
    b = held(schedule, monday_at(11 * 60 + 20, 1), 1);
    region.now.ms += 9 * MS_DAY;
    for (int i = 0; i < 4; i++) {
        (void)run_jobs();
    }
    assert_int_equal(doctor_told(NOTICE_VISIT_DUE, b.id), 0);
    assert_int_equal(doctor_told(NOTICE_VISIT_LATE, b.id), 2);
    /* signed in time: nobody is told */
    region.now = then;
    b = held(schedule, monday_at(11 * 60 + 40, 1), 2);
    assert_int_equal(act("asker", b.id, "sign"), OK);
    assert_int_equal(job_due(JOB_VISIT_NOTE, b.id), 0);
    region.now.ms += 9 * MS_DAY;
    (void)run_jobs();
    assert_int_equal(doctor_told(NOTICE_VISIT_DUE, b.id) + doctor_told(NOTICE_VISIT_LATE, b.id), 0);
    region.now = then;
    fresh();
}

/* Begun, and left so; talk: the patient was let in. */
static struct booking left(struct str schedule, int64_t at, unsigned patient, bool talk)
{
    struct booking b = booked_at(schedule, at, patient);
    region.now.ms = at + 5 * MS_MINUTE;
    assert_int_equal(act("asker", b.id, "begin"), OK);
    if (talk) {
        assert_int_equal(act("asker", b.id, "admit"), OK);
    }
    return b;
}

/* The clock comes to at; the visit stands as it stood, said once more. */
static void clock_comes(struct str id, int64_t at, enum visit_state state, unsigned level)
{
    region.now.ms = at - MS_SECOND;
    (void)run_jobs();
    assert_int_equal(look(id)->v.level, level - 1);
    region.now.ms = at + MS_SECOND;
    (void)run_jobs();
    (void)run_jobs();
    assert_int_equal(look(id)->v.level, level);
    assert_int_equal(look(id)->v.state, state);
}

static void a_visit_that_nobody_ends_is_asked_for(void **state)
{
    static const struct {
        enum visit_state state;
        uint32_t left, late; /* told in the end: reminder, overdue and escalated */
    } rows[] = {{VISIT_BEGUN, 3, 0}, {VISIT_TALK, 1, 2}};
    struct instant then = region.now;
    const struct policy_note *n = &region.care.policy->note;
    (void)state;
    struct str schedule = a_schedule(&keep, "asker");
    assert_true(n->remind_after_end.ms > 0 && !n->remind_after_end.from.verified);
    for (uint32_t i = 0; i < LEN(rows); i++) {
        region.now = then;
        struct booking b = left(schedule, monday_at(9 * 60 + (int)i * 20, 4), i, rows[i].state == VISIT_TALK);
        int64_t due = b.end_ms + n->within.ms;
        assert_int_equal(look(b.id)->v.due_ms, due);
        clock_comes(b.id, b.end_ms + n->remind_after_end.ms, rows[i].state, LEVEL_REMINDED);
        assert_int_equal(doctor_told(NOTICE_VISIT_LEFT, b.id), 1);
        clock_comes(b.id, due, rows[i].state, LEVEL_OVERDUE);
        clock_comes(b.id, due + n->escalate_after.ms, rows[i].state, LEVEL_ESCALATED);
        assert_int_equal(doctor_told(NOTICE_VISIT_LEFT, b.id), rows[i].left);
        assert_int_equal(doctor_told(NOTICE_VISIT_LATE, b.id), rows[i].late);
        assert_int_equal(job_due(JOB_VISIT_NOTE, b.id), 0);
        assert_int_equal(act("asker", b.id, "break-off"), OK); /* late, and taken */
        assert_int_equal(look(b.id)->v.level, LEVEL_NONE);
    }
    /* ended late: no more time than there was, and what was said is not said again */
    region.now = then;
    struct booking b = left(schedule, monday_at(10 * 60, 4), 2, true);
    int64_t due = b.end_ms + n->within.ms;
    region.now.ms = due + MS_MINUTE;
    (void)run_jobs();
    assert_int_equal(act("asker", b.id, "end"), OK);
    (void)run_jobs();
    assert_int_equal(look(b.id)->v.due_ms, due);
    assert_int_equal(look(b.id)->v.level, LEVEL_OVERDUE);
    assert_int_equal(doctor_told(NOTICE_VISIT_LATE, b.id), 1);
    /* ended in time: nobody is reminded to end it */
    region.now = then;
    b = held(schedule, monday_at(10 * 60 + 20, 4), 3);
    region.now.ms = b.end_ms + n->remind_after_end.ms + MS_MINUTE;
    (void)run_jobs();
    assert_int_equal(doctor_told(NOTICE_VISIT_LEFT, b.id), 0);
    region.now = then;
    fresh();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reminders_come_once_each),
        cmocka_unit_test(a_note_that_is_owed_is_asked_for),
        cmocka_unit_test(a_visit_that_nobody_ends_is_asked_for),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
