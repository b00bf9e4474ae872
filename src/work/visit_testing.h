/* work/visit_testing.h - remote visits booked, held and looked at by people, and jobs run by the clock: for
 * tests. Include from *_test.c only. */
#pragma once

#include "care/booking_testing.h"
#include "care/case_row.h"
#include "care/job.h"
#include "care/room.h"
#include "care/sign_case.h"
#include "care/sign_fixture.h"
#include "care/visit.h"
#include "work/runner.h"

static struct req keep;
static const struct care_flow *visits;

static inline int setup(void **state)
{
    static const char *const people[] = {"asker"};
    if (sign_setup(state, people, LEN(people)) != 0) {
        return -1;
    }
    visits = care_flow_find(S("visit"));
    as(&keep, NULL);
    return 0;
}

static inline int teardown(void **state)
{
    req_done(&keep);
    return sign_teardown(state);
}

/* What was kept so far is let go; keep is empty again. */
static inline void fresh(void)
{
    req_done(&keep);
    as(&keep, NULL);
}

/* ---- what people do ---- */

static inline struct booking booked_at(struct str schedule, int64_t at, unsigned patient)
{
    struct booking_check c;
    struct booking b;
    struct booking_ask ask = a_wish(&keep, schedule, at);

    ask.patient = another_patient(&keep, patient);
    ask.remote = true;
    ask.purpose = S("advice");
    assert_int_equal(try_book(&keep, "asker2", &ask, &c, &b), OK);
    return b;
}

static const struct field note_fields[] = {
    {SI("complaints.now"), SI("Headache")},         {SI("act.done"), SI("Looked at readings")},
    {SI("act.advice"), SI("Go on")},                {SI("need-in-person.need"), SI("see-not")},
    {SI("orders.what[0]"), SI("Creatinine")},       {SI("reason"), SI("Wrong advice")},
};
static const struct fields note = {note_fields, LEN(note_fields)};

static inline enum err sign(struct req *rq, struct tx *tx, const struct visit_view *v, const char *password)
{
    struct problems p = {.n = 0};
    struct sign_paper paper;

    TRY(visit_note_preview(rq, v, &note, S(BASE), &p, &paper));
    return visit_note_sign(rq, tx, v, str_z(paper.sha),
                           &(struct sign_means){.password = str_z(password)});
}

/* One action of somebody on the page of the visit. */
static inline enum err act(const char *who, struct str id, const char *action)
{
    struct req rq;
    struct visit_view *v;
    struct problems p = {.n = 0};
    enum err e;

    as(&rq, actor_who(&keep, who));
    v = ARENA_NEW(rq.a, struct visit_view);
    struct tx *tx = tx_new(&rq);
    e = visit_load(&rq, id, AUDIT_READ, v);
    if (e == OK) {
        e = strcmp(action, "begin") == 0       ? visit_begin(&rq, tx, v)
            : strcmp(action, "admit") == 0     ? visit_admit(&rq, tx, v, S("known"), S("oral"), &p)
            : strcmp(action, "admit-bad") == 0 ? visit_admit(&rq, tx, v, S("guessed"), S(""), &p)
            : strcmp(action, "sign") == 0      ? sign(&rq, tx, v, PASSWORD)
            : strcmp(action, "sign-bad") == 0  ? sign(&rq, tx, v, "wrong password")
            : strcmp(action, "break-bad") == 0 ? visit_go(&rq, tx, v, S("break-off"), S(""))
                                               : visit_go(&rq, tx, v, str_z(action), S("because"));
    }
    return end_with(&rq, tx, e);
}

static inline uint32_t run_jobs(void)
{
    uint32_t ran = 0;
    assert_int_equal(runner_pass(&region.care, region.db, region.now, &ran), OK);
    return ran;
}

/* ---- what is there ---- */

struct seen {
    struct booking b;
    struct visit_view v;
    uint64_t encounter; /* version */
};

/* Is there a reason why it cannot be cancelled? */
static inline bool no_cancel(const struct booking *b)
{
    const char *why = NULL;
    MUST(&keep, booking_no_cancel(&keep, b, &why));
    return why != NULL;
}

static inline const struct seen *look(struct str id)
{
    struct seen *s = ARENA_NEW(keep.a, struct seen);

    MUST(&keep, booking_load(&keep, id, &s->b));
    MUST(&keep, visit_load(&keep, id, AUDIT_READ, &s->v));
    s->encounter = s->v.encounter.version;
    return s;
}

/* How many notices of a kind about a visit somebody has. */
static inline uint32_t told(const struct who *who, enum notice_kind kind, struct str id)
{
    struct notice *all;
    struct req rq;
    uint32_t n = 0;
    uint32_t found = 0;
    uint64_t before = 0;

    as(&rq, who);
    all = ARENA_ARRAY(rq.a, 200, struct notice);
    do {
        MUST(&rq, notice_list(&rq, before, all, 200, &n));
        for (uint32_t i = 0; i < n; i++) {
            found += all[i].kind == kind && str_eq(all[i].case_id, id);
        }
        before = n > 0 ? all[n - 1].seq : 0;
    } while (n == 200);
    req_done(&rq);
    return found;
}

static inline uint32_t doctor_told(enum notice_kind kind, struct str id)
{
    return told(person_who(&keep, "asker"), kind, id);
}

static inline int64_t job_due(enum job_kind kind, struct str id)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(&keep, &q, Q_JOB, sql_i64(kind), sql_text(id));

    if (e == E_NOT_FOUND) {
        err_clear(&keep);
        return 0;
    }
    MUST(&keep, e);
    return db_i64(&q, 1);
}

static inline int64_t monday_at(int minutes, unsigned weeks)
{
    return midnight(a_day_later(1, weeks)) + minutes * MS_MINUTE;
}
