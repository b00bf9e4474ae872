/* work/ring_test.c - who is called to an emergency, when, and what ends the call. */
#include "care/care_fixture.h"
#include "care/policy.h"
#include "care/ring.h"
#include "work/runner.h"

enum { CALLS = 40 };

static struct req keep;
static struct ring calls[CALLS];
static uint32_t n_calls;

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

static int64_t minutes(void)
{
    const struct policy_terms *t = policy_terms(region.care.policy, S("emergency"));
    assert_true(t->ring.ms > 0);
    assert_false(t->ring.from.verified);
    assert_true(str_eq(t->ring.from.evidence, S("operator")));
    return t->ring.ms;
}

/* A request of a class of urgency to the service. */
static struct str sent(struct str urgency)
{
    struct req rq;
    struct problems p = {.n = 0};
    bool already = true;
    struct fields f = a_request(&keep);
    struct field typed[32];
    struct str id = put_new_id(&keep);
    assert_true(f.n <= LEN(typed));
    for (uint32_t i = 0; i < f.n; i++) {
        typed[i] = f.v[i];
        if (str_eq(typed[i].name, S("urgency"))) {
            typed[i].value = urgency;
        }
    }
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, id, &(struct fields){typed, f.n}, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

/* Reads the calls to a case; how many still ring. */
static uint32_t ringing(struct str id)
{
    uint32_t open = 0;
    MUST(&keep, ring_of_case(&keep, id, calls, CALLS, &n_calls));
    for (uint32_t i = 0; i < n_calls; i++) {
        open += calls[i].ended.ms == 0;
    }
    return open;
}

static bool called(const char *person, uint32_t step)
{
    for (uint32_t i = 0; i < n_calls; i++) {
        if (str_eq(calls[i].person, str_z(person)) && calls[i].step == step) {
            return true;
        }
    }
    return false;
}

static void pass(int64_t ms)
{
    uint32_t ran = 0;
    region.now.ms += ms;
    assert_int_equal(runner_pass(&region.care, region.db, region.now, &ran), OK);
}

static uint32_t mine(const char *person)
{
    struct req rq;
    struct ring rows[4];
    uint32_t n = 0;
    as(&rq, person_who(&keep, person));
    MUST(&rq, ring_mine(&rq, rows, LEN(rows), &n));
    req_done(&rq);
    return n;
}

static void one_after_another_until_somebody_accepts(void **state)
{
    struct req rq;
    struct str id = {0};
    (void)state;
    as(&rq, NULL); /* cons2 comes after cons1 on the roster */
    struct tx *tx = tx_new(&rq);
    MUST(&rq, duty_add(&rq, tx, S("neuro"), S("cons2"), (struct instant){region.now.ms + 12 * MS_HOUR},
                       (struct instant){region.now.ms + 24 * MS_HOUR}));
    assert_int_equal(commit_end(&rq, tx), OK);
    id = sent(S("emergency"));
    assert_int_equal(ringing(id), 1);
    assert_true(called("cons1", 1));
    assert_int_equal(mine("cons1"), 1);
    pass(minutes() - MS_SECOND);
    assert_int_equal(ringing(id), 1);
    pass(MS_SECOND);
    assert_int_equal(ringing(id), 2);
    assert_true(called("cons2", 2));
    pass(MS_SECOND);
    assert_int_equal(ringing(id), 2); /* once */
    pass(minutes());
    assert_int_equal(ringing(id), 3);
    assert_true(called("coord", 3));
    pass(minutes());
    assert_int_equal(ringing(id), 3);
    assert_int_equal(a_move(&keep, "cons2", id, "accept", NULL), OK); /* not allocated first */
    assert_int_equal(ringing(id), 0);
    assert_int_equal(mine("cons1") + mine("cons2") + mine("coord"), 0);
    pass(minutes());
    assert_int_equal(ringing(id), 0);
}

static void acceptance_ends_it_before_the_next_is_called(void **state)
{
    struct str id = sent(S("emergency"));
    (void)state;
    assert_int_equal(ringing(id), 1);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), OK);
    assert_int_equal(ringing(id), 0);
    pass(2 * minutes());
    (void)ringing(id);
    assert_int_equal(n_calls, 1);
}

static void another_service_is_called_anew(void **state)
{
    struct str id = sent(S("emergency"));
    (void)state;
    assert_int_equal(a_move(&keep, "coord", id, "reroute",
                            &(struct care_move_args){.service = S("nneuro"), .reason = S("x")}),
                     OK);
    assert_int_equal(ringing(id), 1); /* the national service has no roster: all of it */
    assert_true(called("ncons", 2));
    pass(minutes());
    assert_true(ringing(id) >= 2);
    assert_true(called("ncoord", 3));
    assert_int_equal(a_move(&keep, "asker", id, "withdraw",
                            &(struct care_move_args){.reason = S("x")}),
                     OK);
    assert_int_equal(ringing(id), 0);
}

static void other_classes_call_nobody(void **state)
{
    struct str id = sent(S("urgent"));
    (void)state;
    assert_int_equal(ringing(id), 0);
    assert_int_equal(n_calls, 0);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), E_CONFLICT);
    pass(2 * minutes());
    (void)ringing(id);
    assert_int_equal(n_calls, 0);
}

static void the_one_named_is_called_first(void **state)
{
    struct str id = sent(S("emergency"));
    (void)state;
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro"), .person = S("cons2")}),
                     OK);
    assert_int_equal(ringing(id), 1);
    assert_true(called("cons2", 2));
    pass(minutes());
    assert_int_equal(ringing(id), 2);
    assert_true(called("cons1", 3)); /* on duty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_after_another_until_somebody_accepts),
        cmocka_unit_test(acceptance_ends_it_before_the_next_is_called),
        cmocka_unit_test(another_service_is_called_anew),
        cmocka_unit_test(other_classes_call_nobody),
        cmocka_unit_test(the_one_named_is_called_first),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
