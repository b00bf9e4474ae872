/* care/survey_test.c - questionnaires for patients: who may do what in which state, the end of the time, random
 * walks over the table of states and moves. */
#include "care/access.h"
#include "care/care_fixture.h"
#include "care/patient_account.h"
#include "care/survey.h"

#define FORM_ASKED "patient-since-visit"

/* The patient themselves, or who acts for them. */
static const struct who *side_of(struct req *keep, struct str patient, uint32_t limits)
{
    struct who *w = ARENA_NEW(keep->a, struct who);
    struct buf b;
    buf_init(&b, keep->a, 80);
    BUF_LIT(&b, "Patient/");
    buf_str(&b, patient);
    *w = (struct who){.person = buf_get(&b), .patient = patient, .rights = IS_PATIENT, .limits = limits,
                      .name = S("Patient"), .audit = {.role = S("patient"), .actor = buf_get(&b)}};
    return w;
}

static struct str ask(struct req *keep, const char *who, struct str patient, const char *until, enum err expected)
{
    struct req rq;
    struct res_row row;
    struct str id = {0};
    as(&rq, person_who(keep, who));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, db_read(&rq, T_PATIENT, patient, &row));
    enum err e = survey_ask(&rq, tx, &row, S(FORM_ASKED), str_z(until), S(""), &id);
    id = arena_str(keep->a, id);
    if (e != OK) {
        assert_int_equal(e, expected);
        req_done(&rq);
        return (struct str){0};
    }
    assert_int_equal(commit_end(&rq, tx), expected);
    return id;
}

static struct survey seen(struct req *keep, struct str patient, struct str id)
{
    struct survey *all = ARENA_ARRAY(keep->a, SURVEYS_MAX, struct survey);
    int64_t rid = 0;
    uint32_t n = 0;
    MUST(keep, db_rid(keep, T_PATIENT, patient, &rid));
    MUST(keep, survey_list(keep, rid, all, SURVEYS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(all[i].id, id)) {
            return all[i];
        }
    }
    fail_msg("the asking is not in the list");
    return (struct survey){0};
}

/* One move by one person on what was seen; what came of it. */
static enum err act(const struct who *w, const struct survey *s, const char *action, const char *went)
{
    const struct field typed[] = {{SI("state.went"), str_z(went)}, {SI("state.complaints"), SI("Голова")}};
    struct problems faults = {.n = 0};
    struct req rq;
    as(&rq, w);
    struct tx *tx = tx_new(&rq);
    enum err e = str_eq(str_z(action), S("answer"))
                     ? survey_answer(&rq, tx, s, &(struct fields){typed, LEN(typed)}, &faults)
                     : survey_withdraw(&rq, tx, s);
    if (e == OK) {
        return commit_end(&rq, tx);
    }
    req_done(&rq);
    return e;
}

static void answered_once_by_who_may(void **state)
{
    struct req keep;
    struct fields got;
    struct str author;
    (void)state;
    as(&keep, NULL);
    struct str p = a_patient(&keep);
    assert_int_equal(ask(&keep, "feldsher", p, "", E_FORBIDDEN).n, 0);
    struct str id = ask(&keep, "asker", p, "", OK);
    assert_int_equal(ask(&keep, "asker", p, "", E_CONFLICT).n, 0);
    struct survey s = seen(&keep, p, id);
    assert_int_equal(s.state, SURVEY_ASKED);
    assert_true(str_eq(s.form->id, S(FORM_ASKED)));
    assert_int_equal(act(person_who(&keep, "asker"), &s, "answer", "went-same"), E_FORBIDDEN);
    assert_int_equal(act(side_of(&keep, p, MY_SEE | MY_TALK), &s, "answer", "went-same"), E_FORBIDDEN);
    assert_int_equal(act(side_of(&keep, S("another"), MY_ALL), &s, "answer", "went-same"), E_FORBIDDEN);
    assert_int_equal(act(side_of(&keep, p, MY_ALL), &s, "answer", ""), E_BAD_INPUT);
    assert_int_equal(act(side_of(&keep, p, MY_ALL), &s, "answer", "went-same"), OK);
    assert_int_equal(act(side_of(&keep, p, MY_ALL), &s, "answer", "went-worse"), E_STALE);
    assert_int_equal(act(person_who(&keep, "asker"), &s, "withdraw", ""), E_STALE);
    s = seen(&keep, p, id);
    assert_int_equal(s.state, SURVEY_ANSWERED);
    MUST(&keep, survey_answers(&keep, &s, &got, &author));
    assert_true(str_eq(fields_get(&got, S("state.complaints")), S("Голова")));
    assert_true(str_eq(author, S("Patient")));
    req_done(&keep);
}

/* The day it ends counts to its last moment. */
static void over_after_the_last_day(void **state)
{
    struct instant then = region.now;
    struct req keep;
    (void)state;
    as(&keep, NULL);
    struct str p = a_patient(&keep);
    assert_int_equal(ask(&keep, "asker", p, "2020-01-01", E_BAD_INPUT).n, 0);
    assert_int_equal(ask(&keep, "asker", p, "2040-02-31", E_BAD_INPUT).n, 0);
    struct str id = ask(&keep, "asker", p, "2040-02-01", OK);
    struct survey s = seen(&keep, p, id);
    region.now.ms = s.until.ms;
    assert_true(survey_is_over(&s, region.now));
    assert_int_equal(act(side_of(&keep, p, MY_ALL), &s, "answer", "went-same"), E_CONFLICT);
    region.now.ms = s.until.ms - 1;
    assert_false(survey_is_over(&s, region.now));
    assert_int_equal(act(side_of(&keep, p, MY_ALL), &s, "answer", "went-same"), OK);
    region.now = then;
    req_done(&keep);
}

/* How many Tasks a walk gives; all of them are the patient's own. */
static uint32_t walked(struct req *rq, int64_t patient_rid, enum list_order order, uint32_t most)
{
    CLEANUP(own_done) struct own_walk w = {0};
    uint32_t n = 0;
    MUST(rq, own_begin(rq, patient_rid, T_TASK, order, most, &w));
    while (own_next(rq, &w)) {
        assert_int_equal(w.row.anchor, patient_rid);
        assert_true(str_eq(json_str(rq->a, json_get(w.v, S("id"))), w.row.id));
        n++;
    }
    MUST(rq, own_err(rq, &w));
    return n;
}

/* Not what hangs on a case of theirs. */
static void a_walk_gives_what_is_their_own(void **state)
{
    struct req keep;
    struct case_row row;
    (void)state;
    as(&keep, NULL);
    MUST(&keep, case_row_load(&keep, a_case(&keep), &row));
    uint32_t before = walked(&keep, row.patient_rid, LIST_NEWEST, OWN_ALL);
    region.now.ms += MS_MINUTE;
    struct str id = ask(&keep, "asker", row.patient, "", OK);
    assert_int_equal(walked(&keep, row.patient_rid, LIST_NEWEST, 1), 1);
    region.now.ms += MS_MINUTE;
    (void)a_case(&keep);
    assert_int_equal(walked(&keep, row.patient_rid, LIST_NEWEST, OWN_ALL), before + 1);
    assert_int_equal(walked(&keep, row.patient_rid, LIST_OLDEST, OWN_ALL), before + 1);
    assert_int_equal(walked(&keep, row.patient_rid, LIST_NEWEST, 1), 0); /* the case's counts as looked at */
    struct survey s = seen(&keep, row.patient, id);
    assert_int_equal(act(person_who(&keep, "asker"), &s, "withdraw", ""), OK);
    req_done(&keep);
}

static void random_walks(void **state)
{
    static const char *const actions[] = {"answer", "withdraw"};
    uint32_t seed = 4711;
    (void)state;
    for (int walk = 0; walk < 10; walk++) {
        struct req keep;
        as(&keep, NULL);
        struct str p = a_patient(&keep);
        struct str id = ask(&keep, "asker", p, "", OK);
        for (int step = 0; step < 8; step++) {
            seed = seed * 1103515245 + 12345;
            const struct who *people[] = {person_who(&keep, "asker"), person_who(&keep, "asker2"),
                                          person_who(&keep, "outsider"), side_of(&keep, p, MY_SEND),
                                          side_of(&keep, p, MY_SEE)};
            const char *action = actions[(seed >> 16) % LEN(actions)];
            unsigned who = (seed >> 20) % (unsigned)LEN(people);
            struct survey before = seen(&keep, p, id);
            enum err e = act(people[who], &before, action, "went-better");
            struct survey after = seen(&keep, p, id);
            const struct care_move *m = care_move_find(&care_survey, before.state, str_z(action));
            bool may = m != NULL && ((m->who & ACTOR_PATIENT) ? who == 3 : who == 0);
            assert_int_equal(e == OK, may);
            assert_int_equal(after.version, before.version + (may ? 1 : 0));
            assert_int_equal(after.state, may ? m->to : before.state);
        }
        struct survey last = seen(&keep, p, id);
        if (last.state == SURVEY_ASKED) {
            assert_int_equal(act(person_who(&keep, "asker"), &last, "withdraw", ""), OK);
        }
        req_done(&keep);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answered_once_by_who_may),
        cmocka_unit_test(over_after_the_last_day),
        cmocka_unit_test(a_walk_gives_what_is_their_own),
        cmocka_unit_test(random_walks),
    };
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
