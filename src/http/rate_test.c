/* http/rate_test.c - how often somebody may ask: the rate itself, and what the listener makes of it. */
#include "http/server_testing.h"

#include "http/http_int.h"

#define SECOND UINT64_C(1000000)

static void a_minute_at_once_then_evenly(void **state)
{
    struct rates *r = rates_new();
    uint64_t now = 5 * SECOND;
    bool first = false;
    (void)state;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first), 0);
    }
    assert_int_equal(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first), 2);
    assert_true(first);
    assert_int_equal(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first), 2);
    assert_false(first);
    assert_int_equal(rate_refused(r, RATE_PERSON), 2);
    /* others, and the same number of another kind or place */
    assert_int_equal(rate_take(r, RATE_PERSON, 2, 0, 60, now, &first), 0);
    assert_int_equal(rate_take(r, RATE_PROGRAM, 1, 0, 60, now, &first), 0);
    assert_int_equal(rate_take(r, RATE_PERSON, 1, 9, 60, now, &first), 0);
    assert_int_equal(rate_refused(r, RATE_PROGRAM), 0);
    /* one a second */
    now += SECOND;
    assert_int_equal(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first), 0);
    assert_true(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first) > 0);
    now += 59 * SECOND;
    assert_int_equal(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first), 0);
    for (int i = 0; i < 58; i++) {
        assert_int_equal(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first), 0);
    }
    assert_true(rate_take(r, RATE_PERSON, 1, 0, 60, now, &first) > 0);
    assert_true(first);
    /* no limit */
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rate_take(r, RATE_PERSON, 3, 0, 0, now, &first), 0);
    }
    rates_free(r);
    rates_free(NULL);
}

/* Who asked most is still known after more keys than there is room for. */
static void a_flood_of_addresses_frees_nobody(void **state)
{
    struct rates *r = rates_new();
    uint64_t now = SECOND;
    bool first = false;
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rate_take(r, RATE_ADDRESS, 1, 0, 100, now, &first), 0);
    }
    for (uint64_t i = 0; i < 200000; i++) {
        (void)rate_take(r, RATE_ADDRESS, 1000 + i, 0, 100, now, &first);
    }
    assert_true(rate_take(r, RATE_ADDRESS, 1, 0, 100, now, &first) > 0);
    rates_free(r);
}

static void addresses_are_networks(void **state)
{
    struct rates *r = rates_new();
    (void)state;
    assert_true(rate_address(r, "2001:db8::1") == rate_address(r, "2001:db8::2:3"));
    assert_true(rate_address(r, "2001:db8::1") != rate_address(r, "2001:db8:0:1::1"));
    assert_true(rate_address(r, "192.0.2.1") != rate_address(r, "192.0.2.2"));
    assert_true(rate_address(r, "192.0.2.1") == rate_address(r, "192.0.2.1"));
    rates_free(r);
}

static enum err good(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain"), S("good"));
}

static const struct http_route routes[] = {
    {GET, "/page", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, good},
    {GET, "/other", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, good},
    {GET, "/picture", WHO_ANY, 0, LIMIT_NONE, OFTEN, KIND_PLAIN, good},
};

#define ASK(path, more) test_talk("GET " path " HTTP/1.1\r\n" more END)
#define SESSION "X-Who: session 1\r\n"
#define TOKEN "X-Who: token 1\r\n"
#define AWAY "X-Forwarded-For: 192.0.2.7\r\n"

static void the_listener_holds_back(void **state)
{
    (void)state;
    /* ten a minute, five of them at one row */
    for (int i = 0; i < 5; i++) {
        test_expect(ASK("/page", SESSION), "HTTP/1.1 200 ");
    }
    test_expect(ASK("/page", SESSION), "HTTP/1.1 429 ");
    test_expect(test_answer, "Retry-After: 1");
    test_expect(ASK("/other", SESSION), "HTTP/1.1 200 ");
    test_expect(ASK("/picture", SESSION), "HTTP/1.1 200 ");
    /* a refusal by the row counts for the person too: ten have come */
    test_expect(ASK("/picture", SESSION), "HTTP/1.1 200 ");
    test_expect(ASK("/picture", SESSION), "HTTP/1.1 200 ");
    test_expect(ASK("/picture", SESSION), "HTTP/1.1 429 ");
    test_expect(ASK("/none", SESSION), "HTTP/1.1 429 ");
    assert_int_equal(http_server_held_back(T.server, RATE_ROUTE), 1);
    assert_int_equal(http_server_held_back(T.server, RATE_PERSON), 2);
}

static void programs_are_not_counted_by_row(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        test_expect(ASK("/page", TOKEN), "HTTP/1.1 200 ");
    }
    test_expect(ASK("/page", TOKEN), "HTTP/1.1 429 ");
    assert_int_equal(http_server_held_back(T.server, RATE_PROGRAM), 1);
}

static void this_machine_is_not_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        test_expect(ASK("/page", ""), "HTTP/1.1 200 ");
    }
    /* through a proxy nobody trusts: its own address */
    for (int i = 0; i < 5; i++) {
        test_expect(ASK("/page", AWAY), "HTTP/1.1 200 ");
    }
    test_expect(ASK("/page", AWAY), "HTTP/1.1 429 ");
    assert_int_equal(http_server_held_back(T.server, RATE_ADDRESS), 0);
    assert_int_equal(http_server_held_back(T.server, RATE_ROUTE), 1);
}

static int start(void **state)
{
    (void)state;
    test_rate = 10;
    test_start(routes, LEN(routes));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_at_once_then_evenly),
        cmocka_unit_test(a_flood_of_addresses_frees_nobody),
        cmocka_unit_test(addresses_are_networks),
        cmocka_unit_test_setup_teardown(the_listener_holds_back, start, test_stop),
        cmocka_unit_test_setup_teardown(programs_are_not_counted_by_row, start, test_stop),
        cmocka_unit_test_setup_teardown(this_machine_is_not_counted, start, test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
