/* care/spray_test.c - one password tried on many accounts waits by address, and nobody else does. */
#include "care/account.h"
#include "care/care_fixture.h"
#include "care/spray.h"

#include <string.h>

#define PASSWORD S("correct horse battery")
#define DEVICE "0123456789012345678901234567890123456789012"

static int setup(void **state)
{
    struct req rq;
    struct str hash = {0};

    region_setup(state);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, PASSWORD, &hash));
    MUST(&rq, account_add(&rq, tx, S("asker"), S("asker"), hash, false));
    MUST(&rq, account_add(&rq, tx, S("coord"), S("coord"), hash, false));
    assert_int_equal(commit_end(&rq, tx), OK);
    return 0;
}

static int teardown(void **state)
{
    spray_free(region.care.spray);
    region.care.spray = NULL;
    return region_teardown(state);
}

static void from(struct req *rq, const char *peer)
{
    as(rq, NULL);
    rq->who = NULL;
    strncpy(rq->peer, peer, sizeof rq->peer - 1);
}

/* What the address waits, s. */
static int64_t wait_s(const char *peer)
{
    struct req rq;
    from(&rq, peer);
    int64_t ms = spray_wait(&rq);
    req_done(&rq);
    return ms / MS_SECOND;
}

/* Logins number a to b - 1 fail from there. */
static void miss(const char *peer, uint32_t a, uint32_t b)
{
    for (uint32_t i = a; i < b; i++) {
        struct req rq;
        struct buf login;
        from(&rq, peer);
        buf_init(&login, rq.a, 20);
        buf_u64(&login, i);
        spray_failed(&rq, buf_get(&login));
        req_done(&rq);
    }
}

static void right(const char *peer, struct str login)
{
    struct req rq;
    from(&rq, peer);
    spray_right(&rq, login);
    req_done(&rq);
}

static void keep_text(char *to, struct str text)
{
    memcpy(to, text.p, text.n);
    to[text.n] = '\0';
}

static void begin_anew(void)
{
    spray_free(region.care.spray);
    region.care.spray = spray_new();
}

static void an_address_waits_for_many_logins(void **state)
{
    (void)state;
    begin_anew();
    miss("192.0.2.1", 0, SPRAY_LOGINS - 1);
    miss("192.0.2.1", 0, SPRAY_LOGINS - 1); /* the same ones again */
    assert_int_equal(wait_s("192.0.2.1"), 0);
    miss("192.0.2.1", 100, 101);
    assert_int_equal(wait_s("192.0.2.1"), 60);
    assert_int_equal(wait_s("::ffff:192.0.2.1"), 60);
    assert_int_equal(wait_s("192.0.2.2"), 0);
    region.now.ms += 61 * MS_SECOND;
    assert_int_equal(wait_s("192.0.2.1"), 0);
    miss("192.0.2.1", 101, 102);
    assert_int_equal(wait_s("192.0.2.1"), 120);
    for (uint32_t i = 0; i < 8; i++) {
        miss("192.0.2.1", 200 + i, 201 + i);
    }
    assert_int_equal(wait_s("192.0.2.1"), 15 * 60);
    region.now.ms -= MS_DAY; /* a clock that goes back */
    assert_int_equal(wait_s("192.0.2.1"), 0);
    region.now.ms += MS_DAY + SPRAY_WINDOW_MS;
    miss("192.0.2.1", 300, 301);
    assert_int_equal(wait_s("192.0.2.1"), 0);
}

static void who_signs_in_after_all_is_not_counted(void **state)
{
    (void)state;
    begin_anew();
    for (uint32_t i = 0; i < 10 * SPRAY_LOGINS; i++) {
        miss("198.51.100.7", 5, 6);
        right("198.51.100.7", S("5"));
        miss("198.51.100.7", 6 + i % (SPRAY_LOGINS - 2), 7 + i % (SPRAY_LOGINS - 2));
    }
    assert_int_equal(wait_s("198.51.100.7"), 0);
    right("198.51.100.7", S("never-failed"));
    right("203.0.113.77", S("from-nowhere"));
}

static void failed(const char *peer, struct str login)
{
    struct req rq;
    from(&rq, peer);
    spray_failed(&rq, login);
    req_done(&rq);
}

static void case_and_keyboards_make_no_more_logins(void **state)
{
    static const struct str typed[] = {SI("Ivanov"), SI("IVANOV"), SI("iVANOV"), SI("ivanoV")};
    (void)state;
    begin_anew();
    miss("192.0.2.9", 0, SPRAY_LOGINS - 2);
    for (size_t i = 0; i < LEN(typed); i++) {
        failed("192.0.2.9", typed[i]);
    }
    assert_int_equal(wait_s("192.0.2.9"), 0);
    right("192.0.2.9", S("ivanov"));
    miss("192.0.2.9", 100, 101); /* in its place */
    failed("192.0.2.9", S("шмфтщм"));
    failed("192.0.2.9", S("ШМФТЩМ"));
    assert_int_equal(wait_s("192.0.2.9"), 0);
    miss("192.0.2.9", 101, 102);
    assert_int_equal(wait_s("192.0.2.9"), 60);
}

static void a_network_of_ipv6_is_one(void **state)
{
    (void)state;
    begin_anew();
    miss("2001:db8:1:2::1", 0, SPRAY_LOGINS - 1);
    miss("2001:DB8:1:2:ffff::9", 100, 101);
    assert_int_equal(wait_s("2001:db8:1:2:0:0:0:55"), 60);
    assert_int_equal(wait_s("2001:db8:1:3::1"), 0);
}

static void many_addresses_wait_sooner(void **state)
{
    static const char *const net[] = {"192.0.2.", "198.51.100."};
    char peer[46];
    (void)state;
    begin_anew();
    for (uint32_t i = 0; i <= SPRAY_ALL; i++) {
        struct buf b;
        struct req rq;
        as(&rq, NULL);
        buf_init(&b, rq.a, 40);
        buf_str(&b, str_z(net[i / 200]));
        buf_u64(&b, i % 200 + 1);
        keep_text(peer, buf_get(&b));
        req_done(&rq);
        miss(peer, i, i + 1);
    }
    miss("203.0.113.9", 0, SPRAY_FEW - 1);
    assert_int_equal(wait_s("203.0.113.9"), 0);
    miss("203.0.113.9", 90, 91);
    assert_int_equal(wait_s("203.0.113.9"), 60);
}

static void more_addresses_than_places(void **state)
{
    (void)state;
    begin_anew();
    for (uint32_t i = 0; i < 256 * 8; i++) {
        struct req rq;
        struct buf b;
        char peer[46];
        as(&rq, NULL);
        buf_init(&b, rq.a, 40);
        BUF_LIT(&b, "10.9.");
        buf_u64(&b, i / 256);
        buf_char(&b, '.');
        buf_u64(&b, i % 256);
        keep_text(peer, buf_get(&b));
        req_done(&rq);
        miss(peer, 0, 2);
    }
    miss("203.0.113.9", 0, 1);
    assert_int_equal(wait_s("203.0.113.9"), 0);
}

static void the_machine_itself_and_nobody_are_not_counted(void **state)
{
    (void)state;
    begin_anew();
    miss("127.0.0.1", 0, 100);
    miss("::1", 0, 100);
    miss("", 0, 100);
    miss("not an address", 0, 100);
    assert_int_equal(wait_s("127.0.0.1"), 0);
    assert_int_equal(wait_s("::1"), 0);
    assert_int_equal(wait_s(""), 0);
    assert_int_equal(wait_s("not an address"), 0);
}

static enum err sign_in_as(const char *peer, struct str login, struct str password, struct str device)
{
    struct req rq;
    struct session s;
    from(&rq, peer);
    enum err e = sign_in(&rq, login, password, &(struct sign_in_from){.device = device}, &s);
    if (e == E_LOCKED) {
        assert_true(str_find(str_z(rq.err.detail), S("wait 60 s, address")) == 0);
    }
    req_done(&rq);
    return e;
}

static void a_browser_known_to_the_account_goes_on(void **state)
{
    (void)state;
    begin_anew();
    assert_int_equal(sign_in_as("192.0.2.50", S("asker"), PASSWORD, S(DEVICE)), OK);
    miss("192.0.2.50", 0, SPRAY_LOGINS - 1);
    assert_int_equal(sign_in_as("192.0.2.50", S("no.such.one"), PASSWORD, S("")), E_SIGN_IN);
    assert_int_equal(sign_in_as("192.0.2.50", S("no.such.two"), PASSWORD, S(DEVICE)), E_LOCKED);
    assert_int_equal(sign_in_as("192.0.2.50", S("coord"), PASSWORD, S(DEVICE)), E_LOCKED);
    assert_int_equal(sign_in_as("192.0.2.50", S("asker"), PASSWORD, S("")), E_LOCKED);
    assert_int_equal(sign_in_as("192.0.2.50", S("asker"), PASSWORD, S(DEVICE)), OK);
    assert_int_equal(sign_in_as("192.0.2.51", S("coord"), PASSWORD, S("")), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_waits_for_many_logins),
        cmocka_unit_test(who_signs_in_after_all_is_not_counted),
        cmocka_unit_test(case_and_keyboards_make_no_more_logins),
        cmocka_unit_test(a_network_of_ipv6_is_one),
        cmocka_unit_test(many_addresses_wait_sooner),
        cmocka_unit_test(more_addresses_than_places),
        cmocka_unit_test(the_machine_itself_and_nobody_are_not_counted),
        cmocka_unit_test(a_browser_known_to_the_account_goes_on),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
