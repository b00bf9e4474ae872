/* care/abroad_test.c - nothing that names a patient goes to another country before the patient said yes, and
 * nothing stays open there after a no. The region's national centre is moved to another country by its
 * profile; the patient's card is kept at the hospital, in the deployment's. */
#include "care/imaging_testing.h"
#include "care/abroad_fixture.h"
#include "care/access.h"
#include "care/glass.h"
#include "care/share.h"
#include "care/sight.h"

static enum err allocate_abroad(struct str id)
{
    return a_move(&keep, "coord", id, "reroute",
                  &(struct care_move_args){.service = S("nneuro"), .reason = S("They know such cases")});
}

static bool may_see(const char *person, struct str id)
{
    struct req rq;
    enum audit_why why = WHY_NONE;
    as(&rq, person_who(&keep, person));
    struct case_row row = row_of(&keep, id);
    MUST(&rq, access_why(&rq, &row, &why));
    req_done(&rq);
    return why != WHY_NOT_TEAM;
}

static uint32_t on_list(const char *person, enum worklist list, const char *owner, struct str id)
{
    struct worklist_row rows[50];
    struct req rq;
    uint32_t n = 0;
    uint32_t found = 0;
    as(&rq, person_who(&keep, person));
    MUST(&rq, consult_worklist(&rq, list, str_z(owner), NULL, rows, LEN(rows), &n));
    for (uint32_t i = 0; i < n; i++) {
        found += str_eq(rows[i].row.id, id);
    }
    req_done(&rq);
    return found;
}

static void one_country_asks_nothing(void **state)
{
    (void)state;
    bool any = true;
    struct str id = a_case(&keep);

    MUST(&keep, abroad_any(&keep, &any));
    assert_false(any);
    assert_int_equal(is("national"), ABROAD_HOME);
    assert_int_equal(is("nobody-knows-it"), ABROAD_HOME);
    assert_int_equal(allocate_abroad(id), OK);
    assert_true(may_see("ncons", id));
}

static void silence_stops(void **state)
{
    (void)state;
    two_countries();
    struct str id = a_case(&keep);
    struct str other = a_case(&keep);

    assert_true(abroad_is_shut(is("national")));
    assert_int_equal(is("centre"), ABROAD_HOME);
    assert_int_equal(is("station"), ABROAD_HOME); /* of the nearest above */
    assert_int_equal(allocate_abroad(id), E_UNPROCESSED);
    assert_false(may_see("ncons", id));
    assert_int_equal(decide(true), OK);
    assert_int_equal(is("national"), ABROAD_GIVEN);
    assert_int_equal(allocate_abroad(id), OK);
    assert_true(may_see("ncons", id));
    assert_int_equal(a_move(&keep, "ncoord", id, "allocate",
                            &(struct care_move_args){.service = S("nneuro")}), OK);
    assert_int_equal(on_list("ncons", WORK_SERVICE, "nneuro", id), 1);
    assert_int_equal(a_move(&keep, "ncons", id, "accept", NULL), OK);

    assert_int_equal(decide(false), OK);
    assert_int_equal(is("national"), ABROAD_REFUSED);
    assert_false(may_see("ncons", id));
    assert_false(may_see("ncoord", id));
    assert_int_equal(on_list("ncons", WORK_CONSULTANT, "ncons", id), 0);
    assert_int_equal(on_list("ncoord", WORK_DESK, "national", id), 0);
    assert_true(may_see("asker", id));
    assert_true(may_see("coord", id));
    assert_int_equal(a_move(&keep, "ncons", id, "ask-data", &(struct care_move_args){.reason = S("MRI")}),
                     E_NOT_FOUND);
    assert_int_equal(allocate_abroad(other), E_UNPROCESSED);

    assert_int_equal(decide(true), OK); /* the open case is theirs again */
    assert_true(may_see("ncons", id));
    assert_int_equal(allocate_abroad(other), OK);
}

static void both_sides_are_told(void **state)
{
    (void)state;
    struct req rq;
    struct str id = a_case(&keep);
    bool asker = false;
    bool there = false;
    two_countries();

    assert_int_equal(decide(true), OK);
    assert_int_equal(allocate_abroad(id), OK);
    region.now.ms += 1000;
    int64_t since = region.now.ms;
    assert_int_equal(decide(false), OK);
    as(&rq, NULL);
    MUST(&rq, notice_was_told(&rq, S("asker"), NOTICE_ABROAD, id, since, &asker));
    MUST(&rq, notice_was_told(&rq, S("ncons"), NOTICE_ABROAD, id, since, &there));
    assert_true(asker);
    assert_true(there);
    req_done(&rq);
}

static void sight_says_it(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    two_countries();
    assert_int_equal(decide(true), OK);
    assert_int_equal(allocate_abroad(id), OK);
    for (int given = 1; given >= 0; given--) {
        struct req rq;
        struct sight s;
        uint32_t abroad = 0;
        assert_int_equal(decide(given == 1), OK);
        as(&rq, NULL);
        MUST(&rq, sight_of_patient(&rq, a_patient(&keep), &s));
        for (uint32_t i = 0; i < s.n_groups; i++) {
            abroad += s.groups[i].abroad;
            assert_true(!s.groups[i].abroad || s.groups[i].kind == SIGHT_PERSON
                        || str_eq(s.groups[i].id, S("national")) || str_eq(s.groups[i].id, S("nneuro")));
        }
        assert_int_equal(abroad > 0, given);
        req_done(&rq);
    }
}

/* A case goes abroad while the patient withdraws: one of the two learns of the other. */
static void two_at_once(void **state)
{
    (void)state;
    struct req first;
    struct req second;
    struct str id = a_case(&keep);
    struct str patient = a_patient(&keep);
    two_countries();

    assert_int_equal(decide(true), OK);
    const struct care_move_args to = {.service = S("nneuro"), .reason = S("They know such cases")};
    as(&first, person_who(&keep, "coord"));
    struct tx *move = tx_new(&first);
    MUST(&first, care_move(&first, move, &care_consultation, id, S("reroute"), &to));
    assert_int_equal(decide(false), OK);
    assert_int_equal(commit_end(&first, move), E_UNPROCESSED);
    assert_false(may_see("ncons", id));

    assert_int_equal(decide(true), OK);
    as(&second, acting(patient));
    struct tx *no = tx_new(&second);
    MUST(&second, patient_consent_set(&second, no, rid_of(patient), CONSENT_ABROAD, false));
    assert_int_equal(allocate_abroad(id), OK);
    assert_int_equal(commit_end(&second, no), E_STALE);
    assert_true(may_see("ncons", id)); /* the no did not count: it is said again, on what stands now */
    assert_int_equal(decide(false), OK);
    assert_false(may_see("ncons", id));
}

/* Two first decisions of a kind. */
static void the_first_decision_is_one(void **state)
{
    (void)state;
    struct req first;
    struct str patient = a_patient(&keep);
    struct consent c;

    as(&first, acting(patient));
    struct tx *tx = tx_new(&first);
    MUST(&first, patient_consent_set(&first, tx, rid_of(patient), CONSENT_RECORDING, true));
    struct req second;
    as(&second, acting(patient));
    struct tx *other = tx_new(&second);
    MUST(&second, patient_consent_set(&second, other, rid_of(patient), CONSENT_RECORDING, false));
    assert_int_equal(commit_end(&second, other), OK);
    assert_int_equal(commit_end(&first, tx), E_STALE);
    err_clear(&keep);
    MUST(&keep, patient_consent(&keep, rid_of(patient), CONSENT_RECORDING, &c));
    assert_int_equal(c.state, CONSENT_REFUSED);
}

static void glass_follows_its_own_rule(void **state)
{
    (void)state;
    struct req rq;
    struct str id = a_case(&keep);
    two_countries();
    assert_int_equal(decide(false), OK);
    as(&rq, person_who(&keep, "ncons"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, glass_break(&rq, tx, id, S("The patient was brought to us unconscious")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_true(may_see("ncons", id));
    assert_int_equal(decide(true), OK);
    assert_int_equal(decide(false), OK);
    assert_true(may_see("ncons", id)); /* it ends by itself, and is reviewed */
}

/* The profile of an organisation comes to name another country, and back. */
static void a_profile_changes(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    two_countries();
    assert_int_equal(decide(false), OK);
    assert_int_equal(profile_of("national", "kz"), OK);
    assert_int_equal(is("national"), ABROAD_HOME);
    assert_int_equal(profile_of("national", "uz"), OK);
    assert_int_equal(is("national"), ABROAD_REFUSED);
    assert_int_equal(allocate_abroad(id), E_UNPROCESSED);
    assert_int_equal(profile_of("national", ""), OK); /* none of its own: the deployment's */
    assert_int_equal(is("national"), ABROAD_HOME);
    assert_int_equal(allocate_abroad(id), OK);
    assert_int_equal(profile_of("national", "uz"), OK);
}

/* The request form: what it owes when the service is abroad, and what it records. */
static void it_is_taken_with_a_request(void **state)
{
    (void)state;
    static const struct {
        const char *how;
        bool refused;
        uint32_t faults;
    } rows[] = {{"", false, 1}, {"no", false, 1}, {"maybe", false, 2}, {"oral", false, 0},
                {"written", false, 0}, {"oral", true, 1}, {"written", true, 0}};
    struct str patient = a_patient(&keep);
    two_countries();
    assert_int_equal(is("national"), ABROAD_UNASKED);
    struct str id = a_case(&keep);
    assert_int_equal(allocate_abroad(id), E_UNPROCESSED);
    assert_false(may_see("ncons", id));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct problems p = {.n = 0};
        const struct field typed[] = {{S("patient"), patient}, {S("service"), S("nneuro")},
                                      {S("cross-border"), str_z(rows[i].how)}};
        if (rows[i].refused) {
            assert_int_equal(decide(false), OK);
        }
        as(&rq, person_who(&keep, "asker"));
        MUST(&rq, consult_check_abroad(&rq, &(struct fields){typed, LEN(typed)}, false, &p));
        if (p.n != rows[i].faults) {
            fail_msg("%s: %u", rows[i].how, p.n);
        }
        req_done(&rq);
    }
}

static void a_doctor_records_it(void **state)
{
    (void)state;
    struct req rq;
    struct consent all[CONSENTS_MAX];
    uint32_t n = 0;
    struct str patient = a_patient(&keep);
    two_countries();
    assert_int_equal(decide(false), OK);
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_consent_taken(&rq, tx, patient, rid_of(patient), CONSENT_ABROAD, S("written")));
    assert_int_equal(commit_end(&rq, tx), OK);
    err_clear(&keep);
    MUST(&keep, patient_consent_history(&keep, rid_of(patient), CONSENT_ABROAD, all, &n));
    assert_true(n >= 2);
    assert_int_equal(all[0].state, CONSENT_GIVEN);
    assert_true(str_eq(all[0].how, S("written")));
    assert_int_equal(all[1].state, CONSENT_REFUSED);
    assert_int_equal(all[1].how.n, 0);
}

static enum err share(struct str id, bool abroad, enum share_how how, struct share_made *made)
{
    struct req rq;
    const struct share_ask ask = {.study = S("1.2.5.700"), .receiver = S("Clinic"), .how = how, .abroad = abroad,
                                  .reason = S("second reading"), .opens = 5, .days = 2, .consent = true,
                                  .seen = true};
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    enum err e = share_make(&rq, tx, id, &ask, made);
    return end_with(&rq, tx, e);
}

static enum err open_link(const struct share_made *made)
{
    struct req rq;
    struct share s;
    struct dicom_study study;
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = share_find(&rq, str_z(made->token), &s, &study);
    req_done(&rq);
    return e;
}

static void links_abroad_end(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    const struct image_from from = {.source = S("upload:asker"), .key = id};
    struct made m = hers("1.2.5.700", "1.2.5.700.1");
    struct share_made named;
    struct share_made clean;
    struct share_made home;
    two_countries();

    assert_int_equal(send_as(person_who(&keep, "asker"), &from, &m).fate, IMAGE_STORED);
    assert_int_equal(decide(false), OK);
    assert_int_equal(share(id, true, SHARE_AS_IS, &named), E_UNPROCESSED);
    assert_int_equal(decide(true), OK);
    assert_int_equal(share(id, true, SHARE_AS_IS, &named), OK);
    assert_int_equal(share(id, true, SHARE_CLEAN, &clean), OK);
    assert_int_equal(share(id, false, SHARE_AS_IS, &home), OK);
    assert_int_equal(open_link(&named), OK);
    assert_int_equal(decide(false), OK);
    assert_int_equal(open_link(&named), E_NOT_FOUND);
    assert_int_equal(open_link(&clean), OK);
    assert_int_equal(open_link(&home), OK);
    assert_int_equal(share(id, true, SHARE_CLEAN, &clean), OK);
    assert_int_equal(decide(true), OK);
    assert_int_equal(open_link(&named), E_NOT_FOUND); /* it ended for good */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_country_asks_nothing), /* before there are two */
        cmocka_unit_test(it_is_taken_with_a_request),
        cmocka_unit_test(the_first_decision_is_one),
        cmocka_unit_test(silence_stops),
        cmocka_unit_test(both_sides_are_told),
        cmocka_unit_test(sight_says_it),
        cmocka_unit_test(two_at_once),
        cmocka_unit_test(glass_follows_its_own_rule),
        cmocka_unit_test(a_doctor_records_it),
        cmocka_unit_test(links_abroad_end),
        cmocka_unit_test(a_profile_changes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
