/* care/consult_test.c - the whole story of a consultation on a temporary store: who may, what is
 * written, clocks that stand still, two people at once, and what outsiders see. */
#include "care/care_fixture.h"
#include "care/glass.h"

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

static void a_case_goes_out_and_an_outcome_comes_back(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct case_row r = row_of(&keep, id);
    assert_int_equal(r.state, care_state_find(&care_consultation, S("submitted")));
    assert_true(str_eq(r.centre_org, S("centre")));
    assert_int_equal(r.accept_due_ms - r.submitted_ms, MS_HOUR);
    assert_int_equal(r.answer_due_ms - r.submitted_ms, 24 * MS_HOUR);
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro")}), OK);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), OK);
    assert_true(str_eq(row_of(&keep, id).consultant, S("cons1")));
    assert_int_equal(a_move(&keep, "cons1", id, "answer",
                            &(struct care_move_args){.document = S("bundle1")}), OK);
    assert_int_equal(a_move(&keep, "asker", id, "receive", NULL), OK);
    assert_int_equal(a_move(&keep, "asker", id, "report",
                            &(struct care_move_args){.outcome = S("improved")}), OK);
    assert_int_equal(a_move(&keep, "asker", id, "close", NULL), OK);
    r = row_of(&keep, id);
    assert_false(r.open);
    assert_true(r.closed_ms > 0 && r.reported_ms > 0);

    struct req rq;
    struct case_view v;
    as(&rq, person_who(&keep, "cons2"));
    MUST(&rq, consult_view(&rq, id, &v));
    assert_int_equal(v.n_events, 7);
    assert_string_equal(v.events[6].done, "The case was closed");
    assert_true(str_eq(v.question, S("Is thrombolysis indicated?")));
    assert_true(str_eq(v.diagnosis, S("I63.9 Cerebral infarction")));
    assert_int_equal(v.n_co, 1);
    assert_true(str_find(v.allergies, S("Penicillin")) < v.allergies.n);
    assert_true(str_eq(v.consent_how, S("written")));
    assert_int_equal(v.patient.age_years > 40, 1);
    assert_int_equal(v.why, WHY_TEAM);
    assert_non_null(rq.audit);
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    uint32_t n = 0;
    MUST(&rq, list_owner(&rq, r.rid, T_OBSERVATION, LIST_NEWEST, &l));
    while (list_next(l, &hit)) {
        n++;
    }
    list_close(&l);
    assert_int_equal(n, 3); /* pulse, temperature, blood pressure as one */
    req_done(&rq);
}

static void who_may_not_is_refused_and_on_record(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    assert_int_equal(a_move(&keep, "asker", id, "allocate",
                            &(struct care_move_args){.service = S("neuro")}), E_FORBIDDEN);
    assert_int_equal(a_move(&keep, "outsider", id, "withdraw",
                            &(struct care_move_args){.reason = S("x")}), E_NOT_FOUND);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), E_CONFLICT);
    assert_int_equal(a_move(&keep, "coord", id, "allocate", NULL), E_BAD_INPUT);
    assert_int_equal(a_move(&keep, "coord", id, "return", NULL), E_BAD_INPUT);
    struct req rq;
    struct audit_row rows[50];
    size_t n = 0;
    size_t denied = 0;
    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, row_of(&keep, id).rid, 0, LEN(rows), rows, &n));
    for (size_t i = 0; i < n; i++) {
        denied += rows[i].action == AUDIT_DENY;
    }
    assert_int_equal(denied, 2);
    req_done(&rq);
}

static void two_people_accept_and_one_is_told(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro")}), OK);
    struct req a;
    struct req b;
    static const struct care_move_args none = {.expect = 0};
    as(&a, person_who(&keep, "cons1"));
    as(&b, person_who(&keep, "cons2"));
    struct tx *ta = tx_new(&a);
    struct tx *tb = tx_new(&b);
    MUST(&a, care_move(&a, ta, &care_consultation, id, S("accept"), &none));
    MUST(&b, care_move(&b, tb, &care_consultation, id, S("accept"), &none));
    assert_int_equal(commit_end(&a, ta), OK);
    assert_int_equal(commit_end(&b, tb), E_STALE);
    assert_true(str_eq(row_of(&keep, id).consultant, S("cons1")));
    assert_int_equal(a_move(&keep, "cons2", id, "accept", NULL), E_CONFLICT);
}

static void a_request_sent_twice_is_one_case(void **state)
{
    (void)state;
    struct req a;
    struct req b;
    struct problems p = {.n = 0};
    bool already = false;
    struct fields f = a_request(&keep);
    struct str id = put_new_id(&keep);
    as(&a, person_who(&keep, "asker"));
    as(&b, person_who(&keep, "asker"));
    struct tx *ta = tx_new(&a);
    struct tx *tb = tx_new(&b);
    MUST(&a, consult_submit(&a, ta, id, &f, &p, &already));
    MUST(&b, consult_submit(&b, tb, id, &f, &p, &already));
    assert_int_equal(commit_end(&a, ta), OK);
    assert_int_equal(commit_end(&b, tb), E_CONFLICT);
    struct req c;
    as(&c, person_who(&keep, "asker"));
    struct tx *tc = tx_new(&c);
    MUST(&c, consult_submit(&c, tc, id, &f, &p, &already));
    assert_true(already);
    assert_true(tx_is_empty(tc));
    req_done(&c);
}

static void a_faulty_request_names_its_fields(void **state)
{
    (void)state;
    struct req rq;
    struct problems p = {.n = 0};
    bool already = false;
    const struct field typed[] = {{SI("profile"), SI("neurology")}, {SI("service"), SI("nowhere")},
                                  {SI("vitals.spo2"), SI("101")}};
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    assert_int_equal(consult_submit(&rq, tx, put_new_id(&rq), &(struct fields){typed, LEN(typed)},
                                    &p, &already), E_BAD_INPUT);
    assert_true(p.n >= 10);
    assert_true(tx_is_empty(tx));
    req_done(&rq);
}

static void clocks_stand_still_while_data_is_awaited(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    int64_t answer = row_of(&keep, id).answer_due_ms;
    region.now.ms += 10 * MS_MINUTE;
    assert_int_equal(a_move(&keep, "coord", id, "return",
                            &(struct care_move_args){.reason = S("no images")}), OK);
    struct case_row r = row_of(&keep, id);
    assert_int_equal(r.due_ms, DUE_NEVER);
    assert_true(r.paused_since_ms > 0);
    region.now.ms += 3 * MS_HOUR;
    assert_int_equal(a_move(&keep, "asker", id, "complete", NULL), OK);
    r = row_of(&keep, id);
    assert_int_equal(r.paused_total_ms, 3 * MS_HOUR);
    assert_int_equal(r.answer_due_ms, answer + 3 * MS_HOUR);
    assert_int_equal(r.due_ms - region.now.ms, 50 * MS_MINUTE);
}

/* Runs every due job of the store once, as the runner does. */
static unsigned run_due(void)
{
    unsigned ran = 0;
    struct req rq;
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct {
        int64_t id;
        struct str key, arg;
    } jobs[100];
    size_t n = 0;
    bool has = false;

    as(&rq, &who_clock);
    MUST(&rq, DB_QUERY(&rq, &q, Q_JOBS_DUE, sql_i64(region.now.ms), sql_i64(LEN(jobs))));
    MUST(&rq, db_next(&rq, &q, &has));
    while (has && n < LEN(jobs)) {
        jobs[n].id = db_i64(&q, 0);
        jobs[n].key = db_text(rq.a, &q, 2);
        jobs[n++].arg = db_text(rq.a, &q, 4);
        MUST(&rq, db_next(&rq, &q, &has));
    }
    db_rows_done(&q);
    for (size_t i = 0; i < n; i++) {
        struct req one;
        as(&one, &who_clock);
        struct tx *tx = tx_new(&one);
        MUST(&one, TX_SQL(tx, W_JOB_DONE, TX_MUST_CHANGE, sql_i64(jobs[i].id)));
        MUST(&one, care_clock_run(&one, tx, jobs[i].key, jobs[i].arg));
        assert_int_equal(commit_end(&one, tx), OK);
        ran++;
    }
    req_done(&rq);
    return ran;
}

static void each_deadline_fires_once_and_changes_no_state(void **state)
{
    (void)state;
    run_due();
    struct str id = a_case(&keep);
    struct case_row r = row_of(&keep, id);
    region.now.ms = r.accept_due_ms - 29 * MS_MINUTE;
    run_due();
    run_due();
    assert_int_equal(steps_of(id, "remind"), 1);
    region.now.ms = r.accept_due_ms + 1;
    run_due();
    run_due();
    assert_int_equal(steps_of(id, "overdue"), 1);
    region.now.ms += 2 * MS_HOUR;
    run_due();
    run_due();
    assert_int_equal(steps_of(id, "escalate"), 1);
    r = row_of(&keep, id);
    assert_int_equal(r.state, care_state_find(&care_consultation, S("submitted")));
    assert_int_equal(r.level, LEVEL_ESCALATED);
    struct req rq;
    uint32_t unread = 0;
    as(&rq, person_who(&keep, "head"));
    MUST(&rq, notice_unread(&rq, &unread));
    assert_true(unread >= 1);
    req_done(&rq);
}

static void rerouting_brings_another_centre_in(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    assert_int_equal(a_move(&keep, "ncoord", id, "allocate",
                            &(struct care_move_args){.service = S("nneuro")}), E_NOT_FOUND);
    assert_int_equal(a_move(&keep, "coord", id, "reroute",
                            &(struct care_move_args){.service = S("nneuro"),
                                                     .reason = S("needs the national centre")}), OK);
    assert_true(str_eq(row_of(&keep, id).centre_org, S("national")));
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("nneuro")}), E_FORBIDDEN);
    assert_int_equal(a_move(&keep, "ncoord", id, "allocate",
                            &(struct care_move_args){.service = S("nneuro"),
                                                     .person = S("ncons")}), OK);
    assert_int_equal(a_move(&keep, "ncons", id, "accept", NULL), OK);
}

static void breaking_the_glass_opens_and_tells(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct case_row row;
    as(&rq, person_who(&keep, "outsider"));
    assert_int_equal(access_case(&rq, id, AUDIT_READ, &row), E_NOT_FOUND);
    err_clear(&rq);
    struct tx *tx = tx_new(&rq);
    assert_int_equal(glass_break(&rq, tx, id, S("short")), E_BAD_INPUT);
    err_clear(&rq);
    MUST(&rq, glass_break(&rq, tx, id, S("The patient was brought to us unconscious")));
    assert_int_equal(commit_end(&rq, tx), OK);
    enum audit_why why = WHY_NONE;
    as(&rq, person_who(&keep, "outsider"));
    MUST(&rq, access_case(&rq, id, AUDIT_READ, &row));
    MUST(&rq, access_why(&rq, &row, &why));
    assert_int_equal(why, WHY_BREAK_GLASS);
    req_done(&rq);
}

static bool is_in_team(const char *person, struct str case_id)
{
    struct req rq;
    struct case_row row;
    bool in = false;
    as(&rq, person_who(&keep, "coord"));
    MUST(&rq, case_row_load(&rq, case_id, &row));
    uint64_t p = principal_person(care_of(&rq)->store, str_z(person));
    MUST(&rq, db_team_has(&rq, row.rid, &p, 1, &in));
    req_done(&rq);
    return in;
}

static void end_the_glass(struct str case_id, const char *person)
{
    struct req rq;
    struct buf b;
    as(&rq, &who_clock);
    buf_init(&b, rq.a, 100);
    buf_str(&b, case_id);
    buf_char(&b, ' ');
    buf_str(&b, str_z(person));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, glass_end(&rq, tx, buf_get(&b)));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* After a day the person is out again, but whoever became the case's consultant meanwhile. */
static void broken_glass_ends(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    as(&rq, person_who(&keep, "outsider"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, glass_break(&rq, tx, id, S("The patient was brought to us unconscious")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_true(is_in_team("outsider", id));
    end_the_glass(id, "outsider");
    assert_false(is_in_team("outsider", id));
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro"),
                                                     .person = S("cons1")}), OK);
    assert_true(is_in_team("cons1", id));
    end_the_glass(id, "cons1");
    assert_true(is_in_team("cons1", id));
}

static void lists_show_only_what_is_theirs(void **state)
{
    (void)state;
    struct worklist_row rows[100];
    uint32_t n = 0;
    struct req rq;
    (void)a_case(&keep);
    as(&rq, person_who(&keep, "coord"));
    MUST(&rq, consult_worklist(&rq, WORK_DESK, S("centre"), NULL, rows, LEN(rows), &n));
    assert_true(n > 0);
    assert_true(rows[0].patient_name.n > 0);
    assert_int_equal(consult_worklist(&rq, WORK_DESK, S("national"), NULL, rows, LEN(rows), &n),
                     E_FORBIDDEN);
    req_done(&rq);
    as(&rq, person_who(&keep, "auditor"));
    assert_int_equal(consult_worklist(&rq, WORK_DESK, S("centre"), NULL, rows, LEN(rows), &n),
                     E_FORBIDDEN);
    req_done(&rq);
}

static void messages_come_at_a_pace(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    enum err e = OK;
    int n = 0;
    while (e == OK && n < 100) {
        struct req rq;
        as(&rq, person_who(&keep, "asker"));
        struct tx *tx = tx_new(&rq);
        e = consult_message(&rq, tx, id, S("still waiting"), S(""));
        if (e == OK) {
            assert_int_equal(commit_end(&rq, tx), OK);
            n++;
        } else {
            req_done(&rq);
        }
    }
    assert_int_equal(e, E_LOCKED);
    assert_int_equal(n, 20);
}

static void one_person_keeps_so_many_drafts(void **state)
{
    (void)state;
    struct fields none = {0};
    enum err e = OK;
    for (int i = 0; e == OK; i++) {
        struct req rq;
        struct buf key;
        as(&rq, person_who(&keep, "asker"));
        struct tx *tx = tx_new(&rq);
        buf_init(&key, rq.a, 40);
        BUF_LIT(&key, "draft");
        buf_u64(&key, (uint64_t)i);
        e = draft_save(&rq, tx, buf_get(&key), S("request"), &none, 0);
        assert_int_equal(e, i < DRAFTS_MAX ? OK : E_LOCKED);
        if (e == OK) {
            assert_int_equal(commit_end(&rq, tx), OK);
        } else { /* those that are there are saved on */
            err_clear(&rq);
            MUST(&rq, draft_save(&rq, tx, S("draft0"), S("request"), &none, 0));
            assert_int_equal(commit_end(&rq, tx), OK);
        }
    }
}

/* Somebody else's patient is not asked about, unless found by a complete number: the own draft says so. */
static void a_request_is_about_a_patient_of_ones_own(void **state)
{
    (void)state;
    struct req rq;
    struct problems p = {.n = 0};
    bool already = false;
    struct fields f = a_request(&keep);
    struct str id = put_new_id(&keep);
    as(&rq, person_who(&keep, "feldsher"));
    struct tx *tx = tx_new(&rq);
    assert_int_equal(consult_submit(&rq, tx, id, &f, &p, &already), E_NOT_FOUND);
    assert_int_equal(p.n, 0);
    assert_non_null(rq.audit);
    assert_int_equal(rq.audit->action, AUDIT_DENY);
    req_done(&rq);
    as(&rq, person_who(&keep, "feldsher"));
    tx = tx_new(&rq);
    MUST(&rq, draft_save(&rq, tx, id, S("request"), &f, 0));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, person_who(&keep, "feldsher"));
    tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, id, &f, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Who answers is the narrower of the role's rights and the policy of the place. */
static void the_policy_says_who_answers(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct str doctors = S("doctor");
    struct policy narrow = *region.care.policy;
    const struct policy *before = region.care.policy;
    assert_int_equal(a_move(&keep, "coord", id, "allocate",
                            &(struct care_move_args){.service = S("neuro")}), OK);
    narrow.consultant_roles = &doctors;
    narrow.n_consultant_roles = 1;
    region.care.policy = &narrow;
    directory_done(&region.care);
    directory_init(&region.care);
    assert_false(who_may(person_who(&keep, "cons1"), MAY_ANSWER));
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), E_NOT_FOUND);
    region.care.policy = before;
    directory_done(&region.care);
    directory_init(&region.care);
    assert_int_equal(a_move(&keep, "cons1", id, "accept", NULL), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_goes_out_and_an_outcome_comes_back),
        cmocka_unit_test(who_may_not_is_refused_and_on_record),
        cmocka_unit_test(two_people_accept_and_one_is_told),
        cmocka_unit_test(a_request_sent_twice_is_one_case),
        cmocka_unit_test(a_faulty_request_names_its_fields),
        cmocka_unit_test(clocks_stand_still_while_data_is_awaited),
        cmocka_unit_test(each_deadline_fires_once_and_changes_no_state),
        cmocka_unit_test(rerouting_brings_another_centre_in),
        cmocka_unit_test(breaking_the_glass_opens_and_tells),
        cmocka_unit_test(broken_glass_ends),
        cmocka_unit_test(lists_show_only_what_is_theirs),
        cmocka_unit_test(messages_come_at_a_pace),
        cmocka_unit_test(a_request_is_about_a_patient_of_ones_own),
        cmocka_unit_test(the_policy_says_who_answers),
        cmocka_unit_test(one_person_keeps_so_many_drafts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
