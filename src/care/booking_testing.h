/* care/booking_testing.h - hours of a made-up specialist, patients, and visits booked and moved by
 * people: for tests. Include from *_test.c only. */
#pragma once

#include "care/booking.h"
#include "care/care_fixture.h"

/* When a local day begins. */
static inline int64_t midnight(int64_t day)
{
    return zone_midnight(&region.care.zone, day);
}

static inline bool is_holiday(int64_t day)
{
    struct req rq;
    bool holiday = false;
    struct schedule s = {.org = S("hospital")};

    as(&rq, NULL);
    MUST(&rq, slot_is_holiday(&rq, &s, day, &holiday));
    req_done(&rq);
    return holiday;
}

/* The next day of a week that is no holiday, at least two days from now, and so many weeks later. */
static inline int64_t a_day_later(unsigned weekday, unsigned weeks)
{
    int64_t day = zone_day(&region.care.zone, region.now.ms) + 2;

    for (;; day++) {
        if (slot_weekday(day) == weekday && !is_holiday(day) && weeks-- == 0) {
            return day;
        }
    }
}

static inline int64_t a_day(unsigned weekday)
{
    return a_day_later(weekday, 0);
}

/* A new schedule of a doctor at an organisation with Monday 9-12 (20 min, both ways) and Tuesday 14-15 in
 * person. */
static inline struct str a_schedule_at(struct req *keep, const char *doctor, const char *org)
{
    struct req rq;
    struct str id = {0};
    const struct schedule s = {.person = str_z(doctor), .org = str_z(org),
                               .place = S("Building 2, room 14"), .zone = {.first_min = 300}};
    const struct schedule_hours week[] = {
        {2, 14 * 60, 15 * 60, 30, SLOT_IN_PERSON},
        {1, 9 * 60, 12 * 60, 20, SLOT_BOTH},
    };

    as(&rq, person_who(keep, doctor));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, schedule_new(&rq, tx, &s, &id));
    id = arena_str(keep->a, id);
    assert_int_equal(commit_end(&rq, tx), OK);
    for (size_t i = 0; i < LEN(week); i++) {
        as(&rq, person_who(keep, doctor));
        tx = tx_new(&rq);
        MUST(&rq, schedule_hours_add(&rq, tx, id, i + 1, 1U << week[i].day, &week[i]));
        assert_int_equal(commit_end(&rq, tx), OK);
    }
    return id;
}

static inline struct str a_schedule(struct req *keep, const char *doctor)
{
    return a_schedule_at(keep, doctor, "hospital");
}

static struct str patients[8];
static inline struct str another_patient(struct req *keep, unsigned i)
{
    struct req rq;
    struct problems p = {.n = 0};
    struct str got = {0};
    char given[] = "Анна0";
    given[sizeof given - 2] = (char)('0' + i);
    const struct field typed[] = {
        {SI("family"), SI("Серікова")}, {SI("given"), str_z(given)},
        {SI("birth-date"), SI("1980-05-04")}, {SI("sex"), SI("female")},
    };

    (void)keep;
    if (patients[i].n == 0) {
        static char ids[8][64];
        as(&rq, person_who(keep, "asker"));
        struct tx *tx = tx_new(&rq);
        MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &got));
        memcpy(ids[i], got.p, got.n);
        assert_int_equal(commit_end(&rq, tx), OK);
        patients[i] = str_z(ids[i]);
    }
    return patients[i];
}

static inline struct booking_ask a_wish(struct req *keep, struct str schedule, int64_t start_ms)
{
    return (struct booking_ask){.patient = a_patient(keep), .schedule = schedule,
                                .start_ms = start_ms, .purpose = S("follow-up")};
}

/* The patient's own account. Lives in keep's arena. */
static inline const struct who *patient_who(struct req *keep, struct str patient)
{
    struct who *w = ARENA_NEW(keep->a, struct who);
    uint64_t *principal = ARENA_NEW(keep->a, uint64_t);
    struct buf b;

    buf_init(&b, keep->a, 80);
    BUF_LIT(&b, "Patient/");
    buf_str(&b, patient);
    *principal = principal_patient(region.store, patient);
    *w = (struct who){.person = buf_get(&b), .rights = IS_PATIENT, .limits = MY_ALL,
                      .patient = patient, .principals = principal, .n_principals = 1,
                      .role_chosen = true};
    w->audit.actor = w->person;
    w->audit.login = w->person;
    return w;
}

/* NULL: the clock; "patient ID": that patient's account; else a person of the region. */
static inline const struct who *actor_who(struct req *keep, const char *who)
{
    if (who == NULL) {
        return &who_clock;
    }
    return strncmp(who, "patient ", 8) == 0 ? patient_who(keep, str_z(who + 8))
                                            : person_who(keep, who);
}

static inline void end_of(void *rq)
{
    req_done(rq);
}

/* A request of somebody (actor_who) that ends with keep: what it gives lives as long. */
static inline struct req *as_long_as(struct req *keep, const char *who)
{
    struct req *rq = ARENA_NEW(keep->a, struct req);

    as(rq, actor_who(keep, who));
    assert_true(arena_defer(keep->a, end_of, rq));
    return rq;
}

/* Books as a person; what came of it. ret_b lives in keep. */
static inline enum err try_book(struct req *keep, const char *who, const struct booking_ask *ask,
                                struct booking_check *ret_check, struct booking *ret_b)
{
    struct req *rq = as_long_as(keep, who);
    struct tx *tx = tx_new(rq);
    enum err e = booking_make(rq, tx, ask, ret_check, ret_b);
    return e == OK ? store_commit(region.store, rq, tx) : e;
}

static inline enum err try_move(struct req *keep, const char *who, struct str id, const char *action,
                                const struct booking_args *args, struct booking *ret_b)
{
    static const struct booking_args none = {.start_ms = 0};
    struct req *rq = as_long_as(keep, who);
    struct tx *tx = tx_new(rq);
    enum err e = booking_move(rq, tx, id, str_z(action), args != NULL ? args : &none, ret_b);
    return e == OK ? store_commit(region.store, rq, tx) : e;
}

static const struct booking_args because = {.reason_code = SI("patient-asked")};
