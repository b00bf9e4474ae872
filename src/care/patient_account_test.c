/* care/patient_account_test.c - invitations, what an account opens, ages by the policy, standing consents. */
#include "care/care_fixture.h"

#define DEVICE S("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq") /* all sign in from one browser */

#include "care/access.h"
#include "care/account.h"
#include "care/patient_account.h"
#include "care/patient_account_consent.h"

/* A patient of so many years, registered by the asker; the id in keep. */
static struct str patient_of(struct req *keep, const char *family, int years)
{
    struct req rq;
    struct problems p = {.n = 0};
    struct str got = {0};
    struct civil c = zone_civil(&region.care.zone, region.now);
    struct buf birth;
    buf_init(&birth, keep->a, 16);
    buf_u64_pad(&birth, (uint64_t)(c.year - years), 4);
    BUF_LIT(&birth, "-01-01");
    const struct field typed[] = {{SI("family"), str_z(family)}, {SI("given"), SI("Test")},
                                  {SI("birth-date"), buf_get(&birth)}, {SI("sex"), SI("female")}};
    as(&rq, person_who(keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &got));
    got = arena_str(keep->a, got);
    assert_int_equal(commit_end(&rq, tx), OK);
    return got;
}

static enum err invite(struct req *keep, const char *who, const struct invite_ask *ask,
                       struct invite_made *made)
{
    struct req rq;
    as(&rq, person_who(keep, who));
    struct tx *tx = tx_new(&rq);
    enum err e = invite_make(&rq, tx, ask, made);
    enum err c = commit_end(&rq, tx);
    return e != OK ? e : c;
}

/* As whom an account acts; lives in keep. */
static const struct who *signed_in(struct req *keep, const char *login, const char *password)
{
    struct req rq;
    struct session s;
    const struct who *w = NULL;
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, sign_in(&rq, str_z(login), str_z(password), &(struct sign_in_from){.device = DEVICE}, &s));
    MUST(keep, who_by_session(keep, arena_str(keep->a, str_z(s.token)), &w));
    req_done(&rq);
    return w;
}

static void an_account_opens_one_record(void **state)
{
    struct req keep;
    struct req rq;
    struct invite_made made;
    struct session s;
    struct res_row row;
    (void)state;
    as(&keep, NULL);
    struct str own = patient_of(&keep, "First", 40);
    struct str other = patient_of(&keep, "Second", 40);
    const struct invite_ask ask = {.patient = own};
    assert_int_equal(invite(&keep, "outsider", &ask, &made), E_NOT_FOUND);
    assert_int_equal(invite(&keep, "asker", &ask, &made), OK);

    as(&rq, NULL);
    rq.who = NULL;
    assert_int_equal(invite_accept(&rq, &(struct invite_accepted){.token = str_z(made.token), .code = S("none"),
                                                 .login = S("first"), .password = S("long-password"),
                                                 .from = {.device = DEVICE}}, &s),
                     E_FORBIDDEN);
    req_done(&rq);
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, invite_accept(&rq, &(struct invite_accepted){.token = str_z(made.token), .code = str_z(made.code),
                                                 .login = S("first"), .password = S("long-password"),
                                                 .from = {.device = DEVICE}}, &s));
    req_done(&rq);
    as(&rq, NULL);
    rq.who = NULL;
    assert_int_equal(invite_accept(&rq, &(struct invite_accepted){.token = str_z(made.token), .code = str_z(made.code),
                                                 .login = S("again"), .password = S("long-password"),
                                                 .from = {.device = DEVICE}}, &s), E_NOT_FOUND);
    req_done(&rq);

    const struct who *w = signed_in(&keep, "first", "long-password");
    assert_true(who_is_patient(w) && who_may_my(w, MY_CONSENT));
    assert_true(str_eq(w->patient, own));
    assert_int_equal(w->rights, IS_PATIENT);
    as(&rq, w);
    assert_int_equal(access_patient(&rq, own, AUDIT_READ, &row), OK);
    assert_int_equal(access_patient(&rq, other, AUDIT_READ, &row), E_NOT_FOUND);
    req_done(&rq);
    req_done(&keep);
}

static void wrong_codes_end_an_invitation(void **state)
{
    struct req keep;
    struct invite_made made;
    struct session s;
    (void)state;
    as(&keep, NULL);
    const struct invite_ask ask = {.patient = patient_of(&keep, "Third", 40)};
    assert_int_equal(invite(&keep, "asker", &ask, &made), OK);
    for (int i = 0; i <= INVITE_WRONG_MAX; i++) {
        struct req rq;
        as(&rq, NULL);
        rq.who = NULL;
        bool last = i == INVITE_WRONG_MAX;
        enum err e = invite_accept(&rq, &(struct invite_accepted){.token = str_z(made.token),
                                   .code = last ? str_z(made.code) : S("none"), .login = S("third"),
                                   .password = S("long-password"),
                                                 .from = {.device = DEVICE}}, &s);
        assert_int_equal(e, last ? E_NOT_FOUND : E_FORBIDDEN);
        req_done(&rq);
    }
    req_done(&keep);
}

/* A patient of 17: what the policy does not set refuses nothing; what it sets holds. */
static void ages_follow_the_policy(void **state)
{
    struct req keep;
    struct req rq;
    struct invite_made made;
    struct patient_tie ties[TIES_MAX];
    struct invite invites[TIES_MAX];
    uint32_t n = 0;
    (void)state;
    as(&keep, NULL);
    struct str young = patient_of(&keep, "Young", 17);
    struct str grown = patient_of(&keep, "Grown", 19);
    const struct invite_ask self = {.patient = young};
    struct invite_ask legal = {.patient = young, .relative = true, .name = S("Mother"),
                               .relation = S("MTH"), .legal = true, .may = MY_ALL};
    assert_int_equal(invite(&keep, "asker", &self, &made), OK);
    assert_int_equal(invite(&keep, "asker", &legal, &made), OK);

    const struct directory *dir = NULL;
    MUST(&keep, directory_get(&keep, &dir));
    struct policy *p = (struct policy *)(uintptr_t)dir_org(dir, S("hospital"))->policy;
    const struct policy before = *p;
    p->own_account_from = (struct policy_number){.set = true, .value = 18};
    p->represented_until = (struct policy_number){.set = true, .value = 18};
    assert_int_equal(invite(&keep, "asker", &self, &made), E_UNPROCESSED);
    assert_int_equal(invite(&keep, "asker", &legal, &made), OK);
    legal.patient = grown;
    assert_int_equal(invite(&keep, "asker", &legal, &made), E_UNPROCESSED);
    *p = before;

    as(&rq, NULL);
    MUST(&rq, invite_list(&rq, young, invites, &n));
    bool ends = false;
    for (uint32_t i = 0; i < n; i++) { /* the eighteenth birthday, not later */
        ends = ends || (invites[i].until.ms > rq.now.ms && invites[i].until.ms < rq.now.ms + 367 * MS_DAY);
    }
    assert_true(ends);
    MUST(&rq, patient_ties_to(&rq, young, ties, &n));
    assert_int_equal(n, 0);
    req_done(&rq);
    req_done(&keep);
}

static uint32_t unread(const struct who *w)
{
    struct req rq;
    uint32_t n = 0;
    as(&rq, w);
    MUST(&rq, notice_unread(&rq, &n));
    req_done(&rq);
    return n;
}

/* Who acts for a child hears what concerns the child, but not of what they did themselves. */
static void those_who_act_for_a_patient_are_told(void **state)
{
    struct req keep;
    struct req rq;
    struct invite_made made;
    struct session s;
    (void)state;
    as(&keep, NULL);
    struct str child = patient_of(&keep, "Child", 7);
    const struct invite_ask ask = {.patient = child, .relative = true, .name = S("Mother"),
                                   .relation = S("MTH"), .legal = true, .may = MY_VISIT};
    assert_int_equal(invite(&keep, "asker", &ask, &made), OK);
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, invite_accept(&rq, &(struct invite_accepted){.token = str_z(made.token), .code = str_z(made.code),
                                                 .login = S("mother"), .password = S("long-password"),
                                                 .from = {.device = DEVICE}}, &s));
    req_done(&rq);
    const struct who *mother = signed_in(&keep, "mother", "long-password");
    const struct {
        const struct who *by;
        uint32_t limits;
        uint32_t told; /* in all, after this */
    } steps[] = {
        {person_who(&keep, "asker"), MY_VISIT, 1},
        {person_who(&keep, "asker"), MY_TALK, 1}, /* not hers */
        {mother, MY_VISIT, 1},
    };
    for (size_t i = 0; i < LEN(steps); i++) {
        as(&rq, steps[i].by);
        struct tx *tx = tx_new(&rq);
        MUST(&rq, patient_side_tell(&rq, tx, child, steps[i].limits, NOTICE_VISIT_BOOKED, S("visit")));
        assert_int_equal(commit_end(&rq, tx), OK);
        assert_int_equal(unread(mother), steps[i].told);
    }
    req_done(&keep);
}

static enum err decide(const struct who *w, int64_t rid, bool given)
{
    struct req rq;
    as(&rq, w);
    struct tx *tx = tx_new(&rq);
    enum err e = patient_consent_set(&rq, tx, rid, CONSENT_OBSERVERS, given);
    enum err c = commit_end(&rq, tx);
    return e != OK ? e : c;
}

static void consents_are_given_and_withdrawn(void **state)
{
    struct req keep;
    struct invite_made made;
    struct session s;
    struct res_row row;
    bool refused = true;
    (void)state;
    as(&keep, NULL);
    struct str id = patient_of(&keep, "Fourth", 40);
    const struct invite_ask ask = {.patient = id};
    assert_int_equal(invite(&keep, "asker", &ask, &made), OK);
    struct req rq;
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, invite_accept(&rq, &(struct invite_accepted){.token = str_z(made.token), .code = str_z(made.code),
                                                 .login = S("fourth"), .password = S("long-password"),
                                                 .from = {.device = DEVICE}}, &s));
    req_done(&rq);
    const struct who *w = signed_in(&keep, "fourth", "long-password");
    MUST(&keep, db_head(&keep, T_PATIENT, id, &row));
    MUST(&keep, patient_observers_refused(&keep, id, &refused));
    assert_false(refused); /* not asked yet */
    assert_int_equal(decide(person_who(&keep, "asker"), row.rid, false), E_FORBIDDEN);
    assert_int_equal(decide(w, row.rid, false), OK);
    as(&rq, NULL);
    MUST(&rq, patient_observers_refused(&rq, id, &refused));
    assert_true(refused);
    req_done(&rq);
    assert_int_equal(decide(w, row.rid, true), OK);
    as(&rq, NULL);
    MUST(&rq, patient_observers_refused(&rq, id, &refused));
    assert_false(refused);
    req_done(&rq);
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_opens_one_record),
        cmocka_unit_test(wrong_codes_end_an_invitation),
        cmocka_unit_test(ages_follow_the_policy),
        cmocka_unit_test(those_who_act_for_a_patient_are_told),
        cmocka_unit_test(consents_are_given_and_withdrawn),
    };
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
