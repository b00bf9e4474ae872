/* care/passkey_test.c - passkeys: added, used once per challenge, copies told and stopped, removed, counted like
 * wrong passwords, owed by roles. */
#include "care/passkey_fixture.h"

#include "care/dismiss.h"
#include "care/refusal.h"
#include "care/sessions.h"

/* ---- cases ---- */

static void places(void **state)
{
    static const struct {
        struct str base, origin, rp_id; /* origin empty: none */
    } rows[] = {
        {SI("https://telemed.example"), SI("https://telemed.example"), SI("telemed.example")},
        {SI("HTTPS://Telemed.Example:443/a/"), SI("https://telemed.example"), SI("telemed.example")},
        {SI("https://telemed.example:8443"), SI("https://telemed.example:8443"), SI("telemed.example")},
        {SI("http://localhost:8080"), SI("http://localhost:8080"), SI("localhost")},
        {SI("http://telemed.example"), SI(""), SI("")},
        {SI("https://10.0.0.1"), SI(""), SI("")},
        {SI("https://[::1]"), SI(""), SI("")},
        {SI(""), SI(""), SI("")},
    };
    struct str before = region.care.notify.base_url;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct webauthn_ask ask = {0};
        region.care.notify.base_url = rows[i].base;
        assert_int_equal(passkey_place(&keep, &ask), rows[i].origin.n > 0);
        assert_true(str_eq(str_or_empty(ask.origin), rows[i].origin));
        assert_true(str_eq(str_or_empty(ask.rp_id), rows[i].rp_id));
    }
    region.care.notify.base_url = before;
}

static void added_with_the_password(void **state)
{
    struct session s;
    struct session other;
    struct passkey_ask ask;
    struct passkey all[PASSKEYS_MAX];
    (void)state;
    assert_int_equal(enter(S("asker"), &s), OK);
    assert_int_equal(enter(S("asker"), &other), OK);
    const struct who *w = who_of(&s);
    assert_int_equal(begin(w, S("another password"), &ask), E_SIGN_IN);
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    struct passkey_said said = made(&device, &ask, ORIGIN);
    assert_int_equal(add(who_of(&other), &said), E_NOT_FOUND); /* asked for in another session */
    assert_int_equal(add(w, &said), OK);
    assert_int_equal(add(w, &said), E_NOT_FOUND); /* a challenge counts once */
    assert_int_equal(told("asker", NOTICE_PASSKEY), 1);
    assert_int_equal(list(w, all), 1);
    assert_true(str_eq(all[0].name, S("Telephone")));
    assert_true(str_eq(all[0].transports, S("hybrid internal")));
    assert_int_equal(all[0].handle.n, PASSKEY_HANDLE);
    /* The device is told which it has; the account keeps one handle. */
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    assert_true(str_eq(ask.known, text(device.id)));
    assert_true(str_eq(ask.handle, text(all[0].handle)));
    said = made(&device, &ask, ORIGIN);
    assert_int_equal(add(w, &said), E_CONFLICT); /* the same once more */
    /* Too late. */
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    said = made(&device, &ask, ORIGIN);
    region.now.ms += PASSKEY_ASK_MS;
    assert_int_equal(add(w, &said), E_NOT_FOUND);
    assert_int_equal(list(w, all), 1);
}

/* Requests at once, each of which saw room for one more. */
static void there_is_room_for_so_many(void **state)
{
    struct req rq;
    struct account acc;
    struct passkey all[PASSKEYS_MAX];
    char id[] = "of many, a";
    (void)state;
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("feldsher"), &acc));
    const struct who w = {.account = acc.id};
    for (uint32_t i = 0; i <= PASSKEYS_MAX; i++, id[sizeof id - 2]++) {
        struct tx *tx = tx_new(&rq);
        MUST(&rq, TX_SQL(tx, W_PASSKEY_NEW, TX_MUST_BE_NEW, sql_i64(acc.id), sql_blob(str_z(id)), sql_i64(-7),
                         sql_blob(S("key")), sql_i64(0), sql_i64(0), sql_text(S("One of many")),
                         sql_text(S("")), sql_blob(S("handle")), sql_i64(rq.now.ms), sql_i64(PASSKEYS_MAX)));
        assert_int_equal(store_commit(region.care.store, &rq, tx), i < PASSKEYS_MAX ? OK : E_CONFLICT);
        err_clear(&rq);
    }
    assert_int_equal(list(&w, all), PASSKEYS_MAX);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, passkeys_end(tx, acc.id));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void made_elsewhere_is_refused(void **state)
{
    struct test_passkey p;
    struct session s;
    struct passkey_ask ask;
    struct passkey all[PASSKEYS_MAX];
    (void)state;
    test_passkey_init(&p, S("elsewhere"));
    assert_int_equal(enter(S("asker"), &s), OK);
    const struct who *w = who_of(&s);
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    struct passkey_said said = made(&p, &ask, S("https://telemed.evil.example"));
    assert_int_equal(add(w, &said), E_FORBIDDEN);
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    p.flags = TEST_PRESENT;
    said = made(&p, &ask, ORIGIN);
    assert_int_equal(add(w, &said), E_FORBIDDEN);
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    said = made(&p, &ask, ORIGIN);
    said.auth_data = S("not base64url!");
    assert_int_equal(add(w, &said), E_SYNTAX);
    assert_int_equal(list(w, all), 1);
    test_passkey_done(&p);
}

/* How many records there are. */
static uint64_t records(void)
{
    struct req rq;
    struct audit_row row;
    size_t n = 0;
    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, 0, 0, 1, &row, &n));
    uint64_t seq = n > 0 ? row.seq : 0;
    req_done(&rq);
    return seq;
}

static void a_refused_one_is_one_record(void **state)
{
    struct session s;
    struct test_passkey p;
    struct passkey_ask ask;
    (void)state;
    assert_int_equal(enter(S("asker"), &s), OK);
    const struct who *w = who_of(&s);
    uint64_t before = records();
    device.flags = TEST_PRESENT; /* not verified */
    assert_int_equal(enter_with(&device, &s), E_SIGN_IN);
    assert_int_equal(records(), before + 1);
    device.flags = TEST_PRESENT | TEST_VERIFIED;
    test_passkey_init(&p, S("of nobody here"));
    assert_int_equal(enter_with(&p, &s), E_SIGN_IN);
    assert_int_equal(records(), before + 2);
    for (uint64_t i = 0; i < 2 * REFUSALS_TOLD; i++) { /* added again and again: the first are told, the rest counted */
        assert_int_equal(begin(w, PASSWORD, &ask), OK);
        before = records();
        struct passkey_said said = made(&p, &ask, S("https://telemed.evil.example"));
        assert_int_equal(add(w, &said), E_FORBIDDEN);
        assert_true(records() - before <= 1);
        assert_true(i < REFUSALS_TOLD || records() == before);
    }
    test_passkey_done(&p);
    assert_int_equal(enter_with(&device, &s), OK);
}

static void lets_in_once_for_each_challenge(void **state)
{
    struct session s;
    struct test_passkey stranger;
    (void)state;
    struct passkey_ask ask = ask_now();
    struct passkey_ask later = ask_now();
    struct passkey_said said = used(&device, &ask, ORIGIN);
    assert_int_equal(answer(&ask, &said, &s), OK);
    assert_false(s.half);
    assert_true(str_eq(who_of(&s)->person, S("asker")));
    assert_int_equal(answer(&ask, &said, &s), E_NOT_FOUND);  /* again */
    assert_int_equal(answer(&later, &said, &s), E_SIGN_IN);  /* for another challenge */
    said = used(&device, &later, ORIGIN);
    assert_int_equal(answer(&later, &said, &s), E_NOT_FOUND); /* which has ended with that */
    ask = ask_now();
    said = used(&device, &ask, S("https://telemed.evil.example"));
    assert_int_equal(answer(&ask, &said, &s), E_SIGN_IN);
    ask = ask_now();
    said = used(&device, &ask, ORIGIN);
    said.handle = text(S("of somebody else"));
    assert_int_equal(answer(&ask, &said, &s), E_SIGN_IN);
    ask = ask_now();
    said = used(&device, &ask, ORIGIN);
    region.now.ms += PASSKEY_ASK_MS;
    assert_int_equal(answer(&ask, &said, &s), E_NOT_FOUND); /* too late */
    test_passkey_init(&stranger, S("of nobody"));
    assert_int_equal(enter_with(&stranger, &s), E_SIGN_IN);
    stranger.id = device.id; /* a key of their own under an id that is there */
    assert_int_equal(enter_with(&stranger, &s), E_SIGN_IN);
    test_passkey_done(&stranger);
    assert_int_equal(enter_with(&device, &s), OK);
}

static void what_begins_a_session_adds_no_passkey(void **state)
{
    struct session s;
    struct passkey_ask ask = ask_now();
    (void)state;
    assert_int_equal(enter(S("asker"), &s), OK);
    struct passkey_said said = made(&device, &ask, ORIGIN);
    assert_int_equal(add(who_of(&s), &said), E_NOT_FOUND);
}

static void failures_lock_like_wrong_passwords(void **state)
{
    struct session s;
    struct req rq;
    struct passkey_ask ask;
    (void)state;
    region.now.ms += 10 * MS_MINUTE;
    device.flags = TEST_PRESENT; /* not verified */
    for (unsigned i = 0; i < region.care.lock_after; i++) {
        assert_int_equal(enter_with(&device, &s), E_SIGN_IN);
    }
    device.flags = TEST_PRESENT | TEST_VERIFIED;
    assert_int_equal(enter_with(&device, &s), E_LOCKED);
    assert_int_equal(enter(S("asker"), &s), E_LOCKED);
    region.now.ms += 31 * MS_SECOND;
    assert_int_equal(enter_with(&device, &s), OK);
    /* From one address, whatever accounts are tried. */
    struct test_passkey stranger;
    test_passkey_init(&stranger, S("of nobody"));
    enum err e = OK;
    for (unsigned i = 0; i < 30 && e != E_LOCKED; i++) {
        as(&rq, NULL);
        rq.who = NULL;
        e = passkey_ask(&rq, &ask);
        ask = kept(&ask);
        req_done(&rq);
        if (e == OK) {
            struct passkey_said said = used(&stranger, &ask, ORIGIN);
            e = answer(&ask, &said, &s);
        }
        assert_true(e == E_SIGN_IN || e == E_LOCKED);
    }
    assert_int_equal(e, E_LOCKED);
    test_passkey_done(&stranger);
    region.now.ms += 2 * MS_MINUTE;
    assert_int_equal(enter_with(&device, &s), OK);
}

static void a_counter_that_goes_back_stops_it(void **state)
{
    struct session s;
    struct passkey all[PASSKEYS_MAX];
    (void)state;
    device.count = 5;
    assert_int_equal(enter_with(&device, &s), OK);
    const struct who *w = who_of(&s);
    device.count = 6;
    assert_int_equal(enter_with(&device, &s), OK);
    device.count = 6; /* what the other of the two has come to */
    assert_int_equal(enter_with(&device, &s), E_CONFLICT);
    assert_int_equal(told("asker", NOTICE_PASSKEY_COPIED), 1);
    device.count = 100; /* neither opens anything any more */
    assert_int_equal(enter_with(&device, &s), E_CONFLICT);
    assert_int_equal(told("asker", NOTICE_PASSKEY_COPIED), 1);
    assert_int_equal(list(w, all), 1);
    assert_true(all[0].stopped);
    assert_int_equal(end(w, S("another password"), all[0].id), E_SIGN_IN);
    assert_int_equal(end(w, PASSWORD, all[0].id), OK);
    assert_int_equal(end(w, PASSWORD, all[0].id), E_NOT_FOUND);
    assert_int_equal(list(w, all), 0);
    assert_int_equal(enter_with(&device, &s), E_SIGN_IN); /* removed */
}

static void others_cannot_touch_it(void **state)
{
    struct session s;
    struct session other;
    struct passkey all[PASSKEYS_MAX];
    struct req rq;
    (void)state;
    assert_int_equal(enter(S("asker"), &s), OK);
    assert_int_equal(add_new(who_of(&s), &device), OK);
    assert_int_equal(list(who_of(&s), all), 1);
    assert_int_equal(enter(S("feldsher"), &other), OK);
    assert_int_equal(end(who_of(&other), PASSWORD, all[0].id), E_NOT_FOUND);
    as(&rq, who_of(&other));
    assert_int_equal(passkey_rename(&rq, tx_new(&rq), all[0].id, S("Mine")), E_NOT_FOUND);
    req_done(&rq);
    as(&rq, who_of(&s));
    struct tx *tx = tx_new(&rq);
    assert_int_equal(passkey_rename(&rq, tx, all[0].id, S("")), E_BAD_INPUT);
    err_clear(&rq);
    MUST(&rq, passkey_rename(&rq, tx, all[0].id, S("Key ring")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(list(who_of(&s), all), 1);
    assert_true(str_eq(all[0].name, S("Key ring")));
}

/* Where one-time codes are in use, the password alone adds and removes none. */
static void codes_are_asked_for_too(void **state)
{
    struct session s;
    struct passkey_ask ask;
    struct passkey all[PASSKEYS_MAX];
    struct req rq;
    (void)state;
    assert_int_equal(enter(S("asker"), &s), OK);
    const struct who *w = who_of(&s);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ACCOUNT_FACTOR, TX_MUST_CHANGE, sql_i64(w->account), sql_i64(1)));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(begin(w, PASSWORD, &ask), E_BAD_INPUT);
    assert_int_equal(list(w, all), 1);
    assert_int_equal(end(w, PASSWORD, all[0].id), E_BAD_INPUT);
    assert_int_equal(list(w, all), 1);
    /* The passkey itself is both steps. */
    device.count++;
    assert_int_equal(enter_with(&device, &s), OK);
    assert_false(s.half);
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ACCOUNT_FACTOR, TX_MUST_CHANGE, sql_i64(w->account), sql_i64(0)));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* A role that asks for a second step: a passkey is one; then the password alone begins nothing. */
static void roles_that_ask_for_more(void **state)
{
    struct session s;
    struct session in;
    struct test_passkey p;
    struct passkey all[PASSKEYS_MAX];
    struct req rq;
    uint32_t ways = 0;
    (void)state;
    test_passkey_init(&p, S("of auditor"));
    assert_int_equal(enter(S("auditor"), &s), OK);
    region.care.factor_by_role = true;
    assert_true(who_of(&s)->owes_factor);
    assert_int_equal(add_new(who_of(&s), &p), OK);
    assert_false(who_of(&s)->owes_factor);
    assert_int_equal(enter_with(&p, &in), OK);
    assert_false(who_of(&in)->owes_factor);
    assert_int_equal(enter(S("auditor"), &s), OK);
    assert_true(s.half);
    assert_null(who_of(&s));
    as(&rq, NULL);
    MUST(&rq, half_check(&rq, str_z(s.token), &ways));
    assert_int_equal(ways, HALF_PASSKEY | HALF_PAPER); /* codes on paper came with it */
    struct session none;
    struct sign_in_from from = {{0}, {0}};
    assert_int_equal(sign_in_code(&rq, str_z(s.token), S("123456"), &from, &none), E_SIGN_IN);
    req_done(&rq);
    assert_int_equal(list(who_of(&in), all), 1);
    assert_int_equal(end(who_of(&in), PASSWORD, all[0].id), OK);
    assert_true(who_of(&in)->owes_factor);
    region.care.factor_by_role = false;
    test_passkey_done(&p);
}

static void taken_away_by_administrators(void **state)
{
    struct session s;
    struct account acc;
    struct req rq;
    (void)state;
    device.count++;
    assert_int_equal(enter_with(&device, &s), OK);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, account_by_login(&rq, S("asker"), &acc));
    assert_true(acc.passkey);
    MUST(&rq, factor_remove(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_null(who_of(&s));
    assert_int_equal(enter_with(&device, &s), E_SIGN_IN);
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("asker"), &acc));
    assert_false(acc.passkey);
    assert_int_equal(factor_remove(&rq, tx_new(&rq), &acc), E_NOT_FOUND);
    req_done(&rq);
}

static void gone_with_its_person(void **state)
{
    struct session s;
    struct passkey all[PASSKEYS_MAX];
    struct req rq;
    (void)state;
    assert_int_equal(enter(S("feldsher"), &s), OK);
    const struct who *w = who_of(&s);
    assert_int_equal(add_new(w, &device), OK);
    struct passkey_ask ask = ask_now();
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, person_end(&rq, tx, S("feldsher")));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct passkey_said said = used(&device, &ask, ORIGIN);
    assert_int_equal(answer(&ask, &said, &s), E_SIGN_IN);
    assert_int_equal(list(w, all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(added_with_the_password),
        cmocka_unit_test(there_is_room_for_so_many),
        cmocka_unit_test(made_elsewhere_is_refused),
        cmocka_unit_test(a_refused_one_is_one_record),
        cmocka_unit_test(lets_in_once_for_each_challenge),
        cmocka_unit_test(what_begins_a_session_adds_no_passkey),
        cmocka_unit_test(failures_lock_like_wrong_passwords),
        cmocka_unit_test(a_counter_that_goes_back_stops_it),
        cmocka_unit_test(others_cannot_touch_it),
        cmocka_unit_test(codes_are_asked_for_too),
        cmocka_unit_test(roles_that_ask_for_more),
        cmocka_unit_test(taken_away_by_administrators),
        cmocka_unit_test(gone_with_its_person),
    };
    return cmocka_run_group_tests(tests, passkey_setup, passkey_teardown);
}
