/* care/sight_test.c - the page of who can see says the same as the access plan, for everybody. */
#include "care/care_fixture.h"
#include "care/access.h"
#include "care/glass.h"
#include "care/sight.h"

static struct req keep;

static bool holds(const struct sight *s, const struct sight_group *g, const char *person)
{
    for (uint32_t i = 0; i < g->n_people; i++) {
        if (str_eq(s->dir->people[g->people[i]].id, str_z(person))) {
            return true;
        }
    }
    return false;
}

/* Is the person named anywhere for the case (empty: for the patient's own record)? */
static bool is_named(const struct sight *s, const char *person, struct str case_id)
{
    for (uint32_t i = 0; i < s->n_groups; i++) {
        const struct sight_group *g = &s->groups[i];
        bool of_case = case_id.n == 0 && g->whole;
        for (uint32_t k = 0; k < g->n_reasons; k++) {
            of_case = of_case || (case_id.n > 0 && str_eq(g->reasons[k].case_id, case_id));
        }
        if (of_case && holds(s, g, person)) {
            return true;
        }
    }
    return false;
}

static bool may_see_case(const char *person, struct str id)
{
    struct req rq;
    enum audit_why why = WHY_NONE;
    as(&rq, person_who(&keep, person));
    struct case_row row = row_of(&keep, id);
    MUST(&rq, access_why(&rq, &row, &why));
    req_done(&rq);
    return why != WHY_NOT_TEAM;
}

static bool may_see_patient(const char *person)
{
    struct req rq;
    struct res_row row;
    bool in = false;
    as(&rq, person_who(&keep, person));
    MUST(&rq, db_read(&rq, T_PATIENT, a_patient(&keep), &row));
    MUST(&rq, db_team_has(&rq, row.rid, rq.who->principals, rq.who->n_principals, &in));
    req_done(&rq);
    return in;
}

static const char *const everybody[] = {"asker", "asker2", "feldsher", "coord", "ncoord", "cons1",
                                        "cons2", "ncons", "head", "outsider", "auditor"};

static void same_as_the_plan(struct str id)
{
    struct req rq;
    struct sight s;
    as(&rq, NULL);
    MUST(&rq, sight_of_patient(&rq, a_patient(&keep), &s));
    for (size_t i = 0; i < LEN(everybody); i++) {
        if (is_named(&s, everybody[i], id) != may_see_case(everybody[i], id)) {
            fail_msg("%s: the case", everybody[i]);
        }
        if (is_named(&s, everybody[i], S("")) != may_see_patient(everybody[i])) {
            fail_msg("%s: the record", everybody[i]);
        }
    }
    req_done(&rq);
}

static void glass_open(struct str id, const char *person)
{
    struct req rq;
    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, glass_break(&rq, tx, id, S("The patient was brought to us unconscious")));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void it_says_what_the_plan_does(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    same_as_the_plan(id);
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro")}), OK);
    same_as_the_plan(id);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), OK);
    same_as_the_plan(id);
    glass_open(id, "outsider");
    same_as_the_plan(id);
}

static const struct sight_reason *reason_of(const struct sight *s, enum sight_kind kind,
                                            const char *id, struct str case_id)
{
    for (uint32_t i = 0; i < s->n_groups; i++) {
        const struct sight_group *g = &s->groups[i];
        for (uint32_t k = 0; g->kind == kind && str_eq(g->id, str_z(id)) && k < g->n_reasons; k++) {
            if (str_eq(g->reasons[k].case_id, case_id)) {
                return &g->reasons[k];
            }
        }
    }
    return NULL;
}

static void reasons_are_those_of_the_case(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct sight s;
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro")}), OK);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), OK);
    glass_open(id, "ncons");
    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, sight_of_patient(&rq, a_patient(&keep), &s));
    assert_int_equal(reason_of(&s, SIGHT_PERSON, "asker", id)->why, SIGHT_ASKS);
    assert_int_equal(reason_of(&s, SIGHT_PERSON, "cons1", id)->why, SIGHT_ANSWERS);
    assert_int_equal(reason_of(&s, SIGHT_ASKERS, "hospital", id)->why, SIGHT_ASKS);
    assert_int_equal(reason_of(&s, SIGHT_SERVICE, "neuro", id)->why, SIGHT_ANSWERS);
    assert_int_equal(reason_of(&s, SIGHT_COORDINATORS, "centre", id)->why, SIGHT_ROUTES);
    assert_int_equal(reason_of(&s, SIGHT_REGISTRY, "hospital", S(""))->why, SIGHT_REGISTERED);
    const struct sight_reason *glass = reason_of(&s, SIGHT_PERSON, "ncons", id);
    assert_int_equal(glass->why, SIGHT_GLASS);
    assert_int_equal(glass->until.ms, region.now.ms + 24 * MS_HOUR);
    assert_int_equal(s.groups[0].reasons[0].why, SIGHT_GLASS); /* read first */
    req_done(&rq);
}

/* Whoever broke the glass of one case learns of no other, and of nobody who sees only for another. */
static void other_cases_are_not_named(void **state)
{
    (void)state;
    struct str other = a_case(&keep);
    struct str id = a_case(&keep);
    struct req rq;
    struct sight s;
    glass_open(id, "ncoord");
    glass_open(other, "ncons");
    as(&rq, person_who(&keep, "ncoord"));
    MUST(&rq, sight_of_patient(&rq, a_patient(&keep), &s));
    for (uint32_t i = 0; i < s.n_groups; i++) {
        for (uint32_t k = 0; k < s.groups[i].n_reasons; k++) {
            assert_false(str_eq(s.groups[i].reasons[k].case_id, other));
        }
    }
    assert_null(reason_of(&s, SIGHT_PERSON, "ncons", other));
    assert_true(s.n_hidden >= 1);
    req_done(&rq);
}

static void others_are_refused_and_that_is_on_record(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct sight s = {.n_groups = 77};
    (void)id;
    as(&rq, person_who(&keep, "auditor"));
    assert_int_equal(sight_of_patient(&rq, a_patient(&keep), &s), E_NOT_FOUND);
    assert_int_equal(s.n_groups, 77);
    assert_int_equal(rq.audit->action, AUDIT_DENY);
    err_clear(&rq);
    req_done(&rq);
    as(&rq, person_who(&keep, "asker"));
    assert_int_equal(sight_for_audit(&rq, a_patient(&keep), &s), E_FORBIDDEN);
    err_clear(&rq);
    req_done(&rq);
}

static void the_auditor_reads_it_as_the_record(void **state)
{
    (void)state;
    struct req rq;
    struct sight s;
    as(&rq, person_who(&keep, "auditor"));
    MUST(&rq, sight_for_audit(&rq, a_patient(&keep), &s));
    assert_true(s.n_groups > 0);
    assert_int_equal(s.n_hidden, 0);
    assert_int_equal(s.n_auditors, 1);
    assert_int_equal(rq.audit->action, AUDIT_READ);
    assert_int_equal(rq.audit->type, T_AUDIT_EVENT);
    assert_true(rq.audit->patient_id.n > 0);
    req_done(&rq);
}

/* Ends who has left: nobody stands there who is let in nowhere. */
static void the_dismissed_are_not_named(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct sight s;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, person_dismiss(&rq, tx, S("asker2")));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, NULL);
    MUST(&rq, sight_of_patient(&rq, a_patient(&keep), &s));
    assert_false(is_named(&s, "asker2", id));
    assert_true(is_named(&s, "asker", id));
    req_done(&rq);
}

static int begin(void **state)
{
    int e = region_setup(state);
    as(&keep, NULL);
    return e;
}

static int end(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_the_plan_does),
        cmocka_unit_test(reasons_are_those_of_the_case),
        cmocka_unit_test(other_cases_are_not_named),
        cmocka_unit_test(others_are_refused_and_that_is_on_record),
        cmocka_unit_test(the_auditor_reads_it_as_the_record),
        cmocka_unit_test(the_dismissed_are_not_named),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
