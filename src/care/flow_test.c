/* care/flow_test.c - every workflow is proved, broken tables are refused, and the documentation names
 * every action. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "care/consultation.h"
#include "care/notice.h"
#include "os/file.h"

static void every_flow_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < care_flow_count; i++) {
        char why[160] = "";
        if (!flow_check(care_flows[i], why)) {
            fail_msg("%s: %s", care_flows[i]->name, why);
        }
        assert_ptr_equal(care_flow_find(str_z(care_flows[i]->name)), care_flows[i]);
    }
}

/* A copy of the consultation with one row spoiled. */
static void expect_refused(void (*spoil)(struct care_state *, struct care_move *), const char *what)
{
    struct care_state states[32];
    struct care_move moves[64];
    struct care_flow f = care_consultation;
    char why[160] = "";

    memcpy(states, f.states, f.n_states * sizeof states[0]);
    memcpy(moves, f.moves, f.n_moves * sizeof moves[0]);
    f.states = states;
    f.moves = moves;
    spoil(states, moves);
    if (flow_check(&f, why) || strstr(why, what) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", what, why);
    }
}

static void spoil_status(struct care_state *s, struct care_move *m)
{
    (void)m;
    s[1].task_status = "waiting";
}

static void spoil_clock_moves(struct care_state *s, struct care_move *m)
{
    (void)s;
    for (int i = 0;; i++) {
        if (m[i].who == ACTOR_CLOCK) {
            m[i].to = 9;
            return;
        }
    }
}

static void spoil_double(struct care_state *s, struct care_move *m)
{
    (void)s;
    m[2] = m[1];
}

static void spoil_island(struct care_state *s, struct care_move *m)
{
    (void)s;
    for (unsigned i = 0; i < care_consultation.n_moves; i++) {
        if (strcmp(m[i].action, "return") == 0) {
            m[i].to = m[i].from;
        }
    }
}

static void spoil_final(struct care_state *s, struct care_move *m)
{
    (void)m;
    s[care_state_find(&care_consultation, S("answered"))].flags = STATE_FINAL;
}

static void spoil_clock(struct care_state *s, struct care_move *m)
{
    (void)m;
    s[care_state_find(&care_consultation, S("answered"))].clock = CLOCK_ANSWER;
}

static void broken_tables_are_refused(void **state)
{
    (void)state;
    expect_refused(spoil_status, "Task.status");
    expect_refused(spoil_clock_moves, "the clock changes a state");
    expect_refused(spoil_double, "two rows");
    expect_refused(spoil_island, "cannot be reached");
    expect_refused(spoil_final, "final");
    expect_refused(spoil_clock, "clock rows");
}

static void the_documentation_names_every_action(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 20);
    struct buf b;

    buf_init(&b, a, 1 << 19);
    flow_write_doc(&b);
    assert_true(buf_ok(&b));
    struct str doc = buf_get(&b);
    for (unsigned i = 0; i < care_consultation.n_moves; i++) {
        assert_true(str_find(doc, str_z(care_consultation.moves[i].action)) < doc.n);
    }
    arena_free(a);
}

static void the_written_documentation_is_of_these_tables(void **state)
{
    (void)state;
    struct req rq;
    struct str have = {0};
    struct buf b;

    req_init(&rq, 4 << 20, (struct instant){0});
    buf_init(&b, rq.a, 1 << 20);
    flow_write_doc(&b);
    assert_int_equal(os_read_file(&rq, "doc/generated/WORKFLOWS.md", 1 << 20, &have), OK);
    if (!str_eq(have, buf_get(&b))) {
        fail_msg("write it again: consilium flow doc > doc/generated/WORKFLOWS.md");
    }
    req_done(&rq);
}

static void notices_have_texts(void **state)
{
    (void)state;
    for (unsigned i = 1; i < NOTICE_COUNT; i++) {
        assert_true(notice_text(i)[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flow_is_sound),
        cmocka_unit_test(broken_tables_are_refused),
        cmocka_unit_test(the_documentation_names_every_action),
        cmocka_unit_test(the_written_documentation_is_of_these_tables),
        cmocka_unit_test(notices_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
