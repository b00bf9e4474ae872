/* care/recovery_test.c - recovery codes of whom has a passkey and no program: made with the first one, asked for
 * besides the password alone, counted, once each, anew, ended with the last passkey. */
#include "care/passkey_fixture.h"

#include "os/thread.h"

static struct str papers[RECOVERY_CODES];
static struct session in; /* of auditor, whose role asks for a second step; begun with the passkey */

static struct account account(const char *login)
{
    struct account acc;
    MUST(&keep, account_by_login(&keep, str_z(login), &acc));
    return acc;
}

static struct factor left(const char *login)
{
    struct factor f;
    MUST(&keep, factor_get(&keep, account(login).id, &f));
    return f;
}

static enum err enter_code(const struct session *half, struct str code, struct session *s)
{
    struct req rq;
    struct sign_in_from from = {{0}, {0}};
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in_code(&rq, str_z(half->token), code, &from, s);
    req_done(&rq);
    return e;
}

static uint32_t ways(const struct session *half)
{
    uint32_t w = 0;
    MUST(&keep, half_check(&keep, str_z(half->token), &w));
    return w;
}

/* New codes, as by the own page; kept in papers when they were made. */
static enum err anew(const struct session *s, struct str password, struct str code)
{
    struct req rq;
    struct str made[RECOVERY_CODES];
    as(&rq, who_of(s));
    enum err e = factor_codes(&rq, password, code, made);
    for (uint32_t i = 0; e == OK && i < RECOVERY_CODES; i++) {
        papers[i] = arena_str(keep.a, made[i]);
    }
    req_done(&rq);
    return e;
}

static void come_with_the_first_passkey(void **state)
{
    struct session s;
    struct passkey_ask ask;
    struct recovery_new codes;
    struct test_passkey second;
    (void)state;
    region.care.factor_by_role = true;
    assert_int_equal(enter(S("auditor"), &s), OK);
    assert_true(who_of(&s)->owes_factor);
    assert_int_equal(begin(who_of(&s), PASSWORD, &ask), OK);
    struct passkey_said said = made(&device, &ask, ORIGIN);
    assert_int_equal(add_with(who_of(&s), &said, &codes), OK);
    assert_int_equal(codes.n, RECOVERY_CODES);
    for (uint32_t i = 0; i < codes.n; i++) {
        assert_int_equal(codes.code[i].n, RECOVERY_LEN);
        papers[i] = codes.code[i];
    }
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES);
    /* They are on nobody's disk as they are. */
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    MUST(&keep, DB_QUERY(&keep, &q, Q_RECOVERY, sql_i64(account("auditor").id)));
    MUST(&keep, db_next(&keep, &q, &has));
    for (; has;) {
        for (uint32_t i = 0; i < RECOVERY_CODES; i++) {
            assert_false(str_eq(db_peek(&q, 0), papers[i]));
        }
        MUST(&keep, db_next(&keep, &q, &has));
    }
    /* A second passkey makes none: the first ones hold. */
    test_passkey_init(&second, S("another of auditor"));
    assert_int_equal(begin(who_of(&s), PASSWORD, &ask), OK);
    said = made(&second, &ask, ORIGIN);
    assert_int_equal(add_with(who_of(&s), &said, &codes), OK);
    assert_int_equal(codes.n, 0);
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES);
    test_passkey_done(&second);
}

static void stand_for_the_passkey_after_the_password_alone(void **state)
{
    struct session half;
    struct session s;
    (void)state;
    assert_int_equal(enter(S("auditor"), &half), OK);
    assert_true(half.half);
    assert_null(who_of(&half));
    assert_int_equal(ways(&half), HALF_PASSKEY | HALF_PAPER);
    /* Alone it is nothing: neither in place of the password nor without a half session. */
    struct req rq;
    struct sign_in_from from = {{0}, {0}};
    as(&rq, NULL);
    rq.who = NULL;
    assert_int_equal(sign_in(&rq, S("auditor"), papers[0], &from, &s), E_SIGN_IN);
    err_clear(&rq);
    assert_int_equal(sign_in_code(&rq, S(""), papers[0], &from, &s), E_NOT_FOUND);
    req_done(&rq);
    assert_int_equal(enter_code(&half, S("aaaaa-bbbbb"), &s), E_SIGN_IN);
    assert_int_equal(enter_code(&half, S("123456"), &s), E_SIGN_IN);
    assert_int_equal(enter_code(&half, papers[0], &s), OK);
    assert_non_null(who_of(&s));
    assert_false(who_of(&s)->owes_factor); /* it stood for the passkey */
    assert_true(who_of(&s)->stepped);
    assert_int_equal(told("auditor", NOTICE_RECOVERY_USED), 1);
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES - 1);
    /* Once. */
    assert_int_equal(enter(S("auditor"), &half), OK);
    assert_int_equal(enter_code(&half, papers[0], &s), E_SIGN_IN);
    /* Of this account alone. */
    assert_int_equal(enter_with(&device, &in), OK);
}

static void wrong_ones_lock_the_account(void **state)
{
    struct session half;
    struct session s;
    (void)state;
    region.now.ms += 2 * MS_HOUR;
    assert_int_equal(enter(S("auditor"), &half), OK);
    for (unsigned i = 0; i < region.care.lock_after; i++) {
        assert_int_equal(enter_code(&half, S("aaaaa-aaaaa"), &s), E_SIGN_IN);
    }
    assert_int_equal(enter_code(&half, papers[1], &s), E_LOCKED);
    assert_int_equal(enter(S("auditor"), &s), E_LOCKED);
    region.now.ms += 31 * MS_SECOND;
    assert_int_equal(enter_code(&half, papers[1], &s), OK);
}

struct attempt {
    struct os_thread thread;
    struct session half;
    struct db *db;
    enum err e;
};

static void *attempt_code(void *ctx)
{
    struct attempt *a = ctx;
    struct req rq;
    struct session s;
    struct sign_in_from from = {{0}, {0}};
    req_init(&rq, 32 << 20, region.now);
    rq.app = (struct app *)&region.care;
    rq.db = a->db;
    a->e = sign_in_code(&rq, str_z(a->half.token), papers[2], &from, &s);
    req_done(&rq);
    return NULL;
}

static void one_code_lets_one_in_of_many_at_once(void **state)
{
    struct attempt all[3];
    unsigned in_now = 0;
    (void)state;
    for (size_t i = 0; i < LEN(all); i++) {
        assert_int_equal(enter(S("auditor"), &all[i].half), OK);
        all[i].db = store_db_open(region.store);
        assert_non_null(all[i].db);
    }
    for (size_t i = 0; i < LEN(all); i++) {
        assert_true(os_thread_start(&all[i].thread, "code", attempt_code, &all[i]));
    }
    for (size_t i = 0; i < LEN(all); i++) {
        os_thread_join(&all[i].thread);
        store_db_close(all[i].db);
    }
    for (size_t i = 0; i < LEN(all); i++) {
        assert_true(all[i].e == OK || all[i].e == E_SIGN_IN);
        in_now += all[i].e == OK;
    }
    assert_int_equal(in_now, 1);
}

static void are_made_anew_by_who_showed_the_passkey(void **state)
{
    struct session half;
    struct session s;
    struct str old = papers[3];
    (void)state;
    device.count++;
    assert_int_equal(enter_with(&device, &in), OK);
    assert_false(factor_paper_asks(&(struct account){.passkey = true}, who_of(&in)));
    assert_int_equal(anew(&in, S("another password"), S("")), E_SIGN_IN);
    assert_int_equal(anew(&in, PASSWORD, S("")), OK);
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES);
    assert_int_equal(enter(S("auditor"), &half), OK);
    assert_int_equal(enter_code(&half, old, &s), E_SIGN_IN);
    assert_int_equal(enter_code(&half, papers[3], &s), OK);
    /* In a session of the password alone, of whom no role asks for more: only with one of the old. */
    region.care.factor_by_role = false;
    assert_int_equal(enter(S("auditor"), &s), OK);
    assert_false(s.half);
    region.care.factor_by_role = true;
    assert_true(who_of(&s)->owes_factor);
    assert_int_equal(anew(&s, PASSWORD, S("")), E_BAD_INPUT);
    assert_int_equal(anew(&s, PASSWORD, papers[4]), OK);
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES);
}

/* Nothing proves it: who came by the password and has no codes makes none. */
static void are_not_made_by_the_password_alone(void **state)
{
    struct session s;
    struct req rq;
    (void)state;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_RECOVERY_END, 0, sql_i64(account("auditor").id)));
    assert_int_equal(commit_end(&rq, tx), OK);
    region.care.factor_by_role = false;
    assert_int_equal(enter(S("auditor"), &s), OK);
    assert_int_equal(anew(&s, PASSWORD, S("")), E_NOT_FOUND);
    region.care.factor_by_role = true;
    assert_int_equal(enter(S("auditor"), &s), OK);
    assert_int_equal(ways(&s), HALF_PASSKEY); /* none is offered that is not there */
    device.count++;
    assert_int_equal(enter_with(&device, &in), OK);
    assert_int_equal(anew(&in, PASSWORD, S("")), OK);
}

/* One-time codes set up and switched off again leave the codes of a passkey; the last passkey takes them along. */
static void end_with_the_last_passkey(void **state)
{
    struct passkey all[PASSKEYS_MAX];
    struct req rq;
    (void)state;
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES);
    as(&rq, who_of(&in));
    assert_int_equal(factor_off(&rq, PASSWORD, papers[5]), E_NOT_FOUND); /* there are none to switch off */
    req_done(&rq);
    uint32_t n = list(who_of(&in), all);
    assert_int_equal(n, 2);
    assert_int_equal(end(who_of(&in), PASSWORD, all[1].id), OK);
    assert_int_equal(left("auditor").recovery_left, RECOVERY_CODES);
    assert_int_equal(end(who_of(&in), PASSWORD, all[0].id), OK);
    assert_int_equal(left("auditor").recovery_left, 0);
}

static void stay_with_the_other_second_step(void **state)
{
    struct session s;
    struct req rq;
    struct passkey_ask ask;
    struct recovery_new codes;
    struct passkey all[PASSKEYS_MAX];
    struct account acc;
    (void)state;
    region.care.factor_by_role = false;
    assert_int_equal(enter(S("asker"), &s), OK);
    assert_int_equal(begin(who_of(&s), PASSWORD, &ask), OK);
    struct passkey_said said = made(&device, &ask, ORIGIN);
    assert_int_equal(add_with(who_of(&s), &said, &codes), OK);
    acc = account("asker");
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_FACTOR_NEW, 0, sql_i64(acc.id), sql_blob(S("sealed")), sql_i64(rq.now.ms)));
    MUST(&rq, TX_SQL(tx, W_FACTOR_ON, TX_MUST_CHANGE, sql_i64(acc.id), sql_i64(1), sql_blob(S("sealed"))));
    MUST(&rq, TX_SQL(tx, W_ACCOUNT_FACTOR, TX_MUST_CHANGE, sql_i64(acc.id), sql_i64(1)));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, who_of(&s));
    MUST(&rq, factor_off(&rq, PASSWORD, codes.code[0]));
    req_done(&rq);
    assert_int_equal(left("asker").recovery_left, RECOVERY_CODES - 1);
    /* The administrator's way takes everything. */
    as(&rq, NULL);
    tx = tx_new(&rq);
    acc = account("asker");
    MUST(&rq, factor_remove(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(left("asker").recovery_left, 0);
    assert_int_equal(enter(S("asker"), &s), OK);
    assert_int_equal(list(who_of(&s), all), 0);
}

/* Who has no password gets neither passkey nor codes, and no code opens the account. */
static void an_account_without_a_password_has_none(void **state)
{
    struct req rq;
    struct session s;
    struct sign_in_from from = {{0}, {0}};
    struct passkey_ask ask;
    (void)state;
    assert_int_equal(enter(S("feldsher"), &s), OK);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ACCOUNT_PASSWORD, TX_MUST_CHANGE, sql_i64(account("feldsher").id), sql_text(S("")),
                     sql_i64(ACCOUNT_ACTIVE), sql_i64(rq.now.ms)));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_true(account("feldsher").bare);
    assert_int_equal(begin(who_of(&s), S(""), &ask), E_SIGN_IN);
    as(&rq, NULL);
    rq.who = NULL;
    assert_int_equal(sign_in(&rq, S("feldsher"), S(""), &from, &s), E_SIGN_IN);
    err_clear(&rq);
    assert_int_equal(sign_in(&rq, S("feldsher"), papers[5], &from, &s), E_SIGN_IN);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_with_the_first_passkey),
        cmocka_unit_test(stand_for_the_passkey_after_the_password_alone),
        cmocka_unit_test(wrong_ones_lock_the_account),
        cmocka_unit_test(one_code_lets_one_in_of_many_at_once),
        cmocka_unit_test(are_made_anew_by_who_showed_the_passkey),
        cmocka_unit_test(are_not_made_by_the_password_alone),
        cmocka_unit_test(end_with_the_last_passkey),
        cmocka_unit_test(stay_with_the_other_second_step),
        cmocka_unit_test(an_account_without_a_password_has_none),
    };
    return cmocka_run_group_tests(tests, passkey_setup, passkey_teardown);
}
