/* work/duty_day_test.c - days of duty from noon to noon, five minutes a step, over a night in which clocks go
 * forward and one in which they go back, with the program ended and begun again on the way: each deadline, call,
 * reminder and digest comes once, at its time, by the clock on the wall. */
#include "care/notify.h"
#include "care/policy.h"
#include "care/ring.h"
#include "work/post_int.h"
#include "work/visit_testing.h"

enum { STEP_MIN = 5, RESTART_MIN = 180, CASES = 24, MAILS = 400, HOURS = 24, CALLS = 8, SHIFTS = 4 };

static const char *const owners[] = {"cons1", "cons2", "coord"};
static const struct str urgencies[] = {SI("emergency"), SI("urgent"), SI("planned")};
static struct zone_change changes[2];

static struct {
    unsigned hour; /* of the address */
    bool urgent;
    int64_t at;
} mails[MAILS];
static unsigned n_mails;

struct asked {
    struct str id;
    unsigned urgency;
    int64_t at;
};
static struct asked cases[CASES];
static unsigned n_cases;

static void take_mail(struct req *rq, const struct post_message *m, struct post_result *ret_result)
{
    uint64_t hour = HOURS;
    (void)rq;
    *ret_result = (struct post_result){.why = POST_SENT, .status = 250, .retry_after_s = -1};
    if (n_mails < MAILS && str_u64(str_sub(m->address, 1, 2), &hour)) {
        mails[n_mails].hour = (unsigned)hour;
        mails[n_mails].urgent = m->urgent;
        mails[n_mails++].at = region.now.ms;
    }
}

static void send_due(void)
{
    enum post_why why;
    bool any = true;
    while (any) {
        assert_int_equal(post_step(&region.care, region.db, region.now, CHANNEL_MAIL, take_mail, &why, &any), OK);
    }
}

/* Everything due at now, and nothing of it twice. */
static void pass(void)
{
    (void)run_jobs();
    assert_int_equal(run_jobs(), 0);
    send_due();
}

/* The program ends and begins again. */
static void restart(void)
{
    struct req rq;
    store_db_close(region.db);
    region.db = NULL;
    directory_done(&region.care);
    store_close(region.store);
    as(&rq, NULL);
    rq.db = NULL;
    MUST(&rq, store_open(&rq, str_z(region.dir), NULL, &region.store));
    req_done(&rq);
    region.care.store = region.store;
    directory_init(&region.care);
    store_on_commit(region.store, committed, &region.care);
    region.db = store_db_open(region.store);
    assert_non_null(region.db);
    keep.db = region.db;
}

/* "h07@mail.example" of one of the owners: told together at seven. */
static void add_digest(unsigned hour)
{
    struct str owner = str_z(owners[hour % LEN(owners)]);
    struct notify_address rows[NOTIFY_ADDRESSES];
    char typed[] = "h00@mail.example";
    struct str code = {0};
    struct req rq;
    uint32_t n = 0;
    bool right = false;
    typed[1] = (char)('0' + hour / 10);
    typed[2] = (char)('0' + hour % 10);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, notify_add(&rq, tx, owner, CHANNEL_MAIL, str_z(typed), &code));
    code = arena_str(keep.a, code);
    assert_int_equal(commit_end(&rq, tx), OK);
    MUST(&keep, notify_addresses(&keep, owner, rows, &n));
    int64_t id = 0;
    for (uint32_t i = 0; i < n; i++) {
        id = str_eq(rows[i].address, str_z(typed)) ? rows[i].id : id;
    }
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, notify_confirm(&rq, tx, owner, id, code, &right));
    assert_true(right);
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, notify_choose(&rq, tx, owner, id, NOTIFY_ALL, (int)hour, false));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void add_digests(void)
{
    region.care.notify = (struct notify_settings){.smtp_url = S("smtp://mail.example:587"),
                                                  .mail_from = S("notices@mail.example"),
                                                  .base_url = S("https://care.example"),
                                                  .lang = LANG_RU};
    for (unsigned hour = 0; hour < HOURS; hour++) {
        add_digest(hour);
    }
}

/* From eight to eight by the clock on the wall: cons1 by day, cons2 by night. */
static void add_roster(int64_t day)
{
    const struct zone *z = &region.care.zone;
    for (int i = 0; i < SHIFTS; i++) {
        struct req rq;
        as(&rq, NULL);
        struct tx *tx = tx_new(&rq);
        int64_t from = zone_minute(z, day + i / 2, i % 2 == 0 ? 8 * 60 : 20 * 60);
        int64_t to = i % 2 == 0 ? zone_minute(z, day + i / 2, 20 * 60) : zone_minute(z, day + i / 2 + 1, 8 * 60);
        MUST(&rq, duty_add(&rq, tx, S("neuro"), i % 2 == 0 ? S("cons1") : S("cons2"), (struct instant){from},
                           (struct instant){to}));
        assert_int_equal(commit_end(&rq, tx), OK);
    }
}

static void ask_one(unsigned urgency)
{
    struct req rq;
    struct problems p = {.n = 0};
    bool already = true;
    struct fields f = a_request(&keep);
    struct field typed[32];
    assert_true(f.n <= LEN(typed) && n_cases < CASES);
    for (uint32_t i = 0; i < f.n; i++) {
        typed[i] = f.v[i];
        typed[i].value = str_eq(typed[i].name, S("urgency")) ? urgencies[urgency] : typed[i].value;
    }
    cases[n_cases] = (struct asked){put_new_id(&keep), urgency, region.now.ms};
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, cases[n_cases].id, &(struct fields){typed, f.n}, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    n_cases++;
}

static void tell_all(void)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    for (size_t i = 0; i < LEN(owners); i++) {
        MUST(&rq, notify_send(&rq, tx, str_z(owners[i]), NOTICE_MESSAGE, S("subject")));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* ---- what must have come ---- */

/* At the first step of the clock at or after due. */
static bool on_time(int64_t at, int64_t due)
{
    return at >= due && at < due + STEP_MIN * MS_MINUTE;
}

static void a_step_came_once(const struct case_view *v, const char *action, int64_t due, int64_t end)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < v->n_events; i++) {
        if (str_eq(v->events[i].action, str_z(action))) {
            n++;
            assert_true(on_time(v->events[i].at.ms, due));
        }
    }
    assert_int_equal(n, due <= end);
}

/* Nobody accepted it: the promise of acceptance ran out, or will. */
static void check_case(const struct asked *c, int64_t end)
{
    const struct policy_terms *t = policy_terms(region.care.policy, urgencies[c->urgency]);
    int64_t due = c->at + t->accept_within.ms;
    int64_t remind = due - t->remind_before.ms;
    struct case_view v;
    struct req rq;
    as(&rq, NULL);
    MUST(&rq, consult_view(&rq, c->id, &v));
    a_step_came_once(&v, "remind", remind > c->at ? remind : INT64_MAX, end);
    a_step_came_once(&v, "overdue", due, end);
    a_step_came_once(&v, "escalate", due + t->escalate_after.ms, end);
    req_done(&rq);
}

static void check_calls(const struct asked *c, int64_t end)
{
    const struct policy_terms *t = policy_terms(region.care.policy, urgencies[c->urgency]);
    struct civil wall = zone_civil(&region.care.zone, (struct instant){c->at});
    bool by_day = wall.hour >= 8 && wall.hour < 20;
    const char *order[] = {by_day ? "cons1" : "cons2", by_day ? "cons2" : "cons1", "coord"};
    struct ring calls[CALLS];
    uint32_t n = 0;
    MUST(&keep, ring_of_case(&keep, c->id, calls, CALLS, &n));
    assert_true(t->ring.ms > 0 && c->at + 2 * t->ring.ms <= end);
    assert_int_equal(n, LEN(order));
    for (uint32_t i = 0; i < n; i++) {
        assert_true(str_eq(calls[i].person, str_z(order[i])));
        assert_true(on_time(calls[i].at.ms, c->at + i * t->ring.ms));
    }
}

/* One for each hour of the day, when the wall shows it; the hour that is not there comes with the next. */
static void check_digests(bool forward)
{
    unsigned n[HOURS] = {0};
    for (unsigned i = 0; i < n_mails; i++) {
        struct civil wall = zone_civil(&region.care.zone, (struct instant){mails[i].at});
        unsigned hour = mails[i].hour;
        if (!mails[i].urgent) {
            n[hour]++;
            assert_int_equal(wall.minute, 0);
            assert_int_equal(wall.hour, hour + (forward && hour == 3));
        }
    }
    for (unsigned hour = 0; hour < HOURS; hour++) {
        assert_int_equal(n[hour], 1);
    }
}

/* Each call reaches each address of who is called, at once. */
static void check_call_mails(unsigned n_calls)
{
    unsigned n = 0;
    for (unsigned i = 0; i < n_mails; i++) {
        n += mails[i].urgent;
    }
    assert_int_equal(n, n_calls * (HOURS / LEN(owners)));
}

/* ---- the days ---- */

static void duty(unsigned week, int64_t monday, struct str schedule, bool forward)
{
    const struct zone *z = &region.care.zone;
    int64_t start = zone_minute(z, monday - 1, 12 * 60);
    int64_t end = zone_minute(z, monday, 12 * 60);
    struct booking visit = booked_at(schedule, zone_minute(z, monday, 9 * 60 + 20), week);
    const struct policy_booking *p = &region.care.policy->booking;
    unsigned emergencies = 0;
    assert_int_equal(end - start, (forward ? 23 : 25) * MS_HOUR);
    add_roster(monday - 1);
    region.now.ms = start;
    while (run_jobs() > 0) { /* what waited while the program was off */
    }
    send_due();
    n_mails = n_cases = 0;
    for (int64_t at = start + STEP_MIN * MS_MINUTE; at <= end; at += STEP_MIN * MS_MINUTE) {
        int64_t minutes = (at - start) / MS_MINUTE;
        region.now.ms = at;
        bool changing = at == changes[week].from_ms;
        if (changing || minutes % RESTART_MIN == 0) {
            restart();
        }
        pass();
        if (minutes % 60 == 30) {
            tell_all();
        }
        if (minutes % 60 == 30 && at < end - 2 * MS_HOUR) {
            emergencies += n_cases % LEN(urgencies) == 0;
            ask_one(n_cases % LEN(urgencies));
        }
    }
    for (unsigned i = 0; i < n_cases; i++) {
        check_case(&cases[i], end);
        if (cases[i].urgency == 0) {
            check_calls(&cases[i], end);
        }
    }
    check_digests(forward);
    check_call_mails(emergencies * LEN(owners));
    assert_int_equal(p->n_remind_before, 2);
    assert_int_equal(doctor_told(NOTICE_VISIT_SOON, visit.id), 2);
    assert_int_equal(told(patient_who(&keep, visit.patient), NOTICE_VISIT_SOON, visit.id), 2);
}

static void everything_comes_once_over_two_changes_of_the_clock(void **state)
{
    int64_t first = a_day_later(1, 0);
    int64_t second = a_day_later(1, 1);
    int64_t wall = 3 * MS_HOUR - 300 * MS_MINUTE; /* 03:00 at +05:00 */
    (void)state;
    changes[0] = (struct zone_change){first * MS_DAY + wall, 360};
    changes[1] = (struct zone_change){second * MS_DAY + wall - MS_HOUR, 300};
    region.care.zone = (struct zone){.first_min = 300, .n = LEN(changes), .changes = changes};
    struct str schedule = a_schedule(&keep, "asker");
    add_digests();
    send_due(); /* the codes */
    duty(0, first, schedule, true);
    duty(1, second, schedule, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_once_over_two_changes_of_the_clock),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
