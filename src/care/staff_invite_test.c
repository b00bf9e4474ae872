/* care/staff_invite_test.c - a link sets one password once; what ends it; what is kept of it. */
#include "care/care_fixture.h"

#include "care/dismiss.h"
#include "care/notify.h"
#include "care/staff_invite.h"

#define PASSWORD "a password for tests"

static struct req keep;

/* An account without password for somebody of the region. */
static void an_account(const char *person)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, staff_invite_account(&rq, tx, str_z(person), str_z(person)));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static struct staff_invite_made invited(const char *person, const char *mail)
{
    struct req rq;
    struct staff_invite_made made;
    as(&rq, person_who(&keep, "head"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, staff_invite_make(&rq, tx, str_z(person), str_z(person), str_z(mail), &made));
    assert_int_equal(commit_end(&rq, tx), OK);
    return made;
}

static enum err accepts(struct str token, const char *password, struct session *s)
{
    struct req rq;
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = staff_invite_accept(&rq, token, str_z(password), &(struct sign_in_from){{0}, {0}}, s);
    req_done(&rq);
    return e;
}

static enum err signs_in(const char *login, const char *password)
{
    struct req rq;
    struct session s;
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in(&rq, str_z(login), str_z(password), &(struct sign_in_from){{0}, {0}}, &s);
    req_done(&rq);
    return e;
}

static enum staff_invite_state state_of(struct str token)
{
    struct req rq;
    struct staff_invite i;
    struct account acc;
    as(&rq, NULL);
    MUST(&rq, staff_invite_find(&rq, token, &i, &acc));
    req_done(&rq);
    return i.state;
}

static void a_link_sets_a_password_once(void **state)
{
    struct session s;
    (void)state;
    an_account("asker");
    assert_int_equal(signs_in("asker", ""), E_SIGN_IN);
    struct staff_invite_made made = invited("asker", "");
    struct str token = str_z(made.token);
    assert_int_equal(token.n, STAFF_INVITE_TOKEN);
    assert_int_equal(accepts(S("no such link, 26 letters.."), PASSWORD, &s), E_NOT_FOUND);
    assert_int_equal(accepts(token, "short", &s), E_BAD_INPUT);
    assert_int_equal(accepts(token, "password12", &s), E_BAD_INPUT);
    assert_int_equal(state_of(token), STAFF_INVITE_WAITS); /* a refused password leaves it open */
    assert_int_equal(signs_in("asker", "password12"), E_SIGN_IN);
    assert_int_equal(accepts(token, PASSWORD, &s), OK);
    assert_false(s.half);
    assert_int_equal(state_of(token), STAFF_INVITE_USED);
    assert_int_equal(accepts(token, "another password", &s), E_NOT_FOUND);
    assert_int_equal(signs_in("asker", "another password"), E_SIGN_IN);
    assert_int_equal(signs_in("asker", PASSWORD), OK);
}

static void of_two_at_once_one_is_taken(void **state)
{
    struct req rq;
    struct session s;
    struct staff_invite i;
    struct account acc;
    (void)state;
    struct staff_invite_made made = invited("asker", "");
    as(&rq, NULL);
    MUST(&rq, staff_invite_find(&rq, str_z(made.token), &i, &acc)); /* it waits, as the other one sees it */
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ACCOUNT_PASSWORD, 0, sql_i64(acc.id), sql_text(S("x")), sql_i64(0), sql_i64(1)));
    MUST(&rq, TX_SQL(tx, W_STAFF_INVITE_USED, TX_MUST_CHANGE, sql_text(i.id), sql_i64(rq.now.ms)));
    assert_int_equal(accepts(str_z(made.token), "the first of two", &s), OK);
    assert_int_equal(commit_end(&rq, tx), E_STALE); /* nothing of it was written */
    assert_int_equal(signs_in("asker", "the first of two"), OK);
}

/* As after any new password: what the old one opened is closed. */
static void a_used_link_closes_the_other_doors(void **state)
{
    struct req rq;
    struct session s;
    struct account acc;
    char token[TOKEN_MAX];
    const struct who *w = NULL;
    uint32_t sessions = 0;
    uint32_t tokens = 0;
    (void)state;
    assert_int_equal(signs_in("asker", "the first of two"), OK);
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("asker"), &acc));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, token_add(&rq, tx, &acc, S(""), S("t"), SCOPE_ALL, (struct instant){0}, token));
    MUST(&rq, store_commit(region.care.store, &rq, tx));
    MUST(&rq, who_by_token(&rq, str_z(token), &w));
    req_done(&rq);
    struct staff_invite_made made = invited("asker", "");
    assert_int_equal(accepts(str_z(made.token), "the first of two", &s), OK);
    as(&rq, NULL);
    assert_int_equal(who_by_token(&rq, str_z(token), &w), E_SIGN_IN);
    MUST(&rq, account_doors(&rq, &acc, &sessions, &tokens));
    assert_int_equal(sessions, 1); /* the one it began */
    assert_int_equal(tokens, 0);
    req_done(&rq);
}

static void what_ends_a_link(void **state)
{
    struct req rq;
    struct session s;
    struct account acc;
    struct str hash = {0};
    (void)state;
    struct staff_invite_made first = invited("asker", "");
    struct staff_invite_made second = invited("asker", "");
    assert_int_equal(state_of(str_z(first.token)), STAFF_INVITE_WITHDRAWN); /* a newer one took its place */
    assert_int_equal(accepts(str_z(first.token), PASSWORD, &s), E_NOT_FOUND);

    MUST(&keep, account_by_login(&keep, S("asker"), &acc));
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, staff_invite_end(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(accepts(str_z(second.token), PASSWORD, &s), E_NOT_FOUND);
    assert_int_equal(signs_in("asker", "the first of two"), OK); /* the password it had holds */

    struct staff_invite_made third = invited("asker", "");
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, S("by an administrator"), &hash));
    MUST(&rq, account_password_set(&rq, tx, &acc, hash, true));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(state_of(str_z(third.token)), STAFF_INVITE_WITHDRAWN);

    struct staff_invite_made fourth = invited("asker", "");
    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, password_change(&rq, S("by an administrator"), S("their own once more")));
    req_done(&rq);
    assert_int_equal(state_of(str_z(fourth.token)), STAFF_INVITE_WITHDRAWN); /* who has it undoes nothing */
    assert_int_equal(accepts(str_z(fourth.token), PASSWORD, &s), E_NOT_FOUND);
    assert_int_equal(signs_in("asker", "their own once more"), OK);

    struct staff_invite_made late = invited("asker", "");
    region.now.ms += STAFF_INVITE_HOURS * MS_HOUR;
    assert_int_equal(state_of(str_z(late.token)), STAFF_INVITE_EXPIRED);
    assert_int_equal(accepts(str_z(late.token), PASSWORD, &s), E_NOT_FOUND);

    struct staff_invite_made last = invited("asker", "");
    as(&rq, person_who(&keep, "head"));
    tx = tx_new(&rq);
    MUST(&rq, account_close(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(state_of(str_z(last.token)), STAFF_INVITE_WITHDRAWN);
}

static void a_letter_carries_the_link_alone(void **state)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct req rq;
    struct notify_letter l;
    struct session s;
    struct str mail = {0};
    (void)state;
    an_account("cons1");
    struct staff_invite_made made = invited("cons1", "cons1@mail.example");
    assert_int_equal(made.token[0], 0);
    as(&rq, NULL);
    MUST(&rq, DB_ONE(&rq, &q, Q_POST_DUE, sql_i64(CHANNEL_MAIL), sql_i64(rq.now.ms)));
    assert_int_equal(db_i64(&q, 3), NOTICE_INVITED);
    struct str queued = db_text(rq.a, &q, 4);
    db_rows_done(&q);
    MUST(&rq, notify_letter(&rq, LANG_EN, NOTICE_INVITED, 1, queued, &l));
    struct str token = str_sub(l.link, l.link.n - STAFF_INVITE_TOKEN, l.link.n);
    assert_true(str_starts(l.link, S("https://care.example/invite/staff/")));
    assert_true(str_find(queued, token) == queued.n); /* sealed while it waits */
    assert_true(str_find(l.text, token) == l.text.n);
    MUST(&rq, staff_invite_known(&rq, S("cons1"), &mail));
    assert_int_equal(mail.n, 0); /* not proved yet */
    char copy[STAFF_INVITE_TOKEN + 1] = {0};
    memcpy(copy, token.p, STAFF_INVITE_TOKEN);
    req_done(&rq);
    assert_int_equal(accepts(str_z(copy), PASSWORD, &s), OK);
    as(&rq, NULL);
    MUST(&rq, staff_invite_known(&rq, S("cons1"), &mail));
    assert_true(str_eq(mail, S("cons1@mail.example")));
    MUST(&rq, notify_letter(&rq, LANG_EN, NOTICE_INVITED, 1, S("rubbish"), &l));
    assert_true(str_eq(l.link, S("https://care.example/sign-in"))); /* nobody waits behind a lost key */
    struct tx *tx = tx_new(&rq);
    assert_int_equal(staff_invite_make(&rq, tx, S("cons1"), S("cons1"), S("no address"), &made), E_BAD_INPUT);
    req_done(&rq);
}

static void a_withdrawn_letter_is_not_sent(void **state)
{
    struct req rq;
    struct account acc;
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = true;
    (void)state;
    (void)invited("cons1", "other@mail.example");
    as(&rq, person_who(&keep, "head"));
    MUST(&rq, account_by_login(&rq, S("cons1"), &acc));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, staff_invite_end(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, NULL);
    MUST(&rq, DB_QUERY(&rq, &q, Q_POST_DUE, sql_i64(CHANNEL_MAIL), sql_i64(INT64_MAX)));
    MUST(&rq, db_next(&rq, &q, &has));
    while (has) {
        assert_int_not_equal(db_i64(&q, 3), NOTICE_INVITED);
        MUST(&rq, db_next(&rq, &q, &has));
    }
    db_rows_done(&q);
    req_done(&rq);
}

static int setup(void **state)
{
    region_setup(state);
    region.care.notify = (struct notify_settings){
        .smtp_url = S("smtp://mail.example:587"), .mail_from = S("notices@mail.example"),
        .base_url = S("https://care.example"), .lang = LANG_RU,
    };
    as(&keep, NULL);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_sets_a_password_once),
        cmocka_unit_test(of_two_at_once_one_is_taken),
        cmocka_unit_test(a_used_link_closes_the_other_doors),
        cmocka_unit_test(a_letter_carries_the_link_alone),
        cmocka_unit_test(a_withdrawn_letter_is_not_sent),
        cmocka_unit_test(what_ends_a_link),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
