/* work/runner_test.c - random walks over every workflow with the clock as an actor: never a state
 * outside the table, an audit record for every move, every deadline at most once, and the runner's
 * thread does it by itself. */
#include "care/care_fixture.h"
#include "care/job.h"
#include "os/wait_testing.h"
#include "work/runner.h"

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

static uint64_t seed = 20261122;

static uint32_t dice(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

static const char *const people[] = {"asker", "asker2", "feldsher", "coord", "ncoord", "cons1",
                                     "cons2", "ncons",  "head",     "outsider", "auditor"};

/* Arguments that are right for most moves, and sometimes nothing at all. */
static struct care_move_args some_args(const struct case_row *r)
{
    struct care_move_args a = {.reason = S("because"), .document = S("bundle1"),
                               .outcome = S("improved")};
    bool national = dice(4) == 0;

    if (dice(10) == 0) {
        return (struct care_move_args){.expect = r->version};
    }
    a.service = national ? S("nneuro") : S("neuro");
    if (dice(3) == 0) {
        a.person = national ? S("ncons") : S("cons2");
    }
    return a;
}

/* Records of moves and clock steps of a case. */
static uint32_t count_audit(int64_t rid)
{
    struct req rq;
    static struct audit_row rows[400];
    size_t n = 0;
    uint32_t moves = 0;

    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, rid, 0, LEN(rows), rows, &n));
    for (size_t i = 0; i < n; i++) {
        bool step = rows[i].action == AUDIT_MOVE || rows[i].action == AUDIT_CLOCK;
        moves += step && rows[i].outcome == OK && rows[i].type == T_TASK;
    }
    req_done(&rq);
    return moves;
}

/* What the descriptor says must hold between two rows of a case. */
static void check_step(const struct care_flow *f, const struct case_row *a,
                       const struct case_row *b)
{
    const struct care_state *s = &f->states[b->state];
    bool known = a->version == b->version;

    for (unsigned i = 0; i < f->n_moves && !known; i++) {
        known = f->moves[i].from == a->state && f->moves[i].to == b->state;
    }
    assert_true(known);
    assert_int_equal(b->open, !(s->flags & STATE_FINAL));
    assert_int_equal(b->clock, s->clock);
    assert_int_equal(b->paused_since_ms != 0, (s->flags & STATE_PAUSED) != 0);
    assert_int_equal(b->due_ms == DUE_NEVER, s->clock == CLOCK_NONE);
    if (a->version != b->version && s->clock != CLOCK_NONE) {
        assert_true(b->answer_due_ms >= a->answer_due_ms); /* pauses only put it off */
    }
}

static void walk(const struct care_flow *f)
{
    struct str id = a_case_in(&keep, f, "asker");
    struct case_row r = row_of(&keep, id);
    uint32_t made = 1;

    for (int step = 0; step < 60 && r.open; step++) {
        const struct care_move *m = &f->moves[dice(f->n_moves)];
        struct care_move_args args = some_args(&r);
        uint32_t ran = 0;
        if (dice(6) == 0) {
            region.now.ms += (int64_t)dice(200) * MS_MINUTE;
            assert_int_equal(runner_pass(&region.care, region.db, region.now, &ran), OK);
        } else if (m->who != ACTOR_CLOCK) {
            (void)a_move(&keep, people[dice(LEN(people))], id, m->action, &args);
        }
        struct case_row now = row_of(&keep, id);
        check_step(f, &r, &now);
        made += (uint32_t)(now.version - r.version);
        r = now;
    }
    assert_int_equal(count_audit(r.rid), made);
    assert_int_equal(r.version, made);
}

static void random_walks_stay_in_the_table(void **state)
{
    (void)state;
    for (size_t f = 0; f < care_flow_count; f++) {
        for (int i = 0; i < 40 && !care_flows[f]->own; i++) { /* those walk in their module's test */
            walk(care_flows[f]);
        }
    }
}

static void a_late_program_still_acts_once(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    uint32_t ran = 0;

    region.now.ms += 3 * MS_DAY; /* it was switched off over all three deadlines */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(runner_pass(&region.care, region.db, region.now, &ran), OK);
    }
    assert_int_equal(steps_of(id, "overdue"), 1);
    assert_int_equal(steps_of(id, "escalate"), 1);
    assert_int_equal(steps_of(id, "remind"), 0); /* too late to remind of what has passed */
}

static void a_job_set_anew_is_not_lost(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct db_rows q = {0};

    as(&rq, &who_clock);
    MUST(&rq, DB_ONE(&rq, &q, Q_JOB, sql_i64(JOB_CLOCK), sql_text(id)));
    int64_t job = db_i64(&q, 0);
    int64_t due = db_i64(&q, 1);
    struct str arg = db_text(rq.a, &q, 2);
    db_rows_done(&q);
    region.now.ms += MS_MINUTE;
    assert_int_equal(a_move(&keep, "coord", id, "reroute",
                            &(struct care_move_args){.service = S("nneuro"),
                                                     .reason = S("elsewhere")}), OK);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_JOB_END_AS, TX_MUST_CHANGE, sql_i64(job), sql_i64(due), sql_text(arg)));
    enum err e = store_commit(region.store, &rq, tx);
    err_clear(&rq);
    MUST(&rq, DB_ONE(&rq, &q, Q_JOB, sql_i64(JOB_CLOCK), sql_text(id)));
    assert_int_equal(e, E_STALE);
    assert_true(db_i64(&q, 1) > due);
    db_rows_done(&q);
    req_done(&rq);
}

static bool is_gone(struct req *rq, struct str id)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    return DB_ONE(rq, &q, Q_JOB, sql_i64(JOB_CLOCK), sql_text(id)) == E_NOT_FOUND;
}

static void the_thread_does_what_is_due(void **state)
{
    (void)state;
    struct runner *r = NULL;
    struct req rq;
    struct str id = a_case(&keep);

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, job_set(tx, JOB_CLOCK, id, os_now().ms - 1, S("does not fit")));
    MUST(&rq, store_commit(region.store, &rq, tx));
    MUST(&rq, runner_start(&rq, &region.care, &r));
    WAIT_FOR(is_gone(&rq, id));
    err_clear(&rq);
    runner_stop(r);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_walks_stay_in_the_table),
        cmocka_unit_test(a_late_program_still_acts_once),
        cmocka_unit_test(a_job_set_anew_is_not_lost),
        cmocka_unit_test(the_thread_does_what_is_due),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
