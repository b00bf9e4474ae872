/* http/load_test.c - what the administrator's page is told: spans of the day, what failed or was slow last. */
#include "http/server_testing.h"

#include "http/http_int.h"

static enum err good(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain"), S("good"));
}

static enum err bad(struct http_req *h)
{
    return FAIL(&h->rq, E_IO, "of the test");
}

static enum err unknown(struct http_req *h)
{
    return FAIL(&h->rq, E_NOT_FOUND, "of the test");
}

static enum err late(struct http_req *h)
{
    os_sleep_ms(30);
    return good(h);
}

static const struct http_route routes[] = {
    {GET, "/good", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, good},
    {GET, "/bad/:what", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, bad},
    {GET, "/unknown", WHO_ANY, 0, LIMIT_NONE, 0, KIND_PLAIN, unknown},
    {GET, "/late", WHO_ANY, 0, LIMIT_NONE, SLOW, KIND_PLAIN, late},
};

/* Asks, and waits until it is counted: the answer may be here before. */
static void asks(const char *text, const char *line)
{
    uint64_t n = http_server_span(T.server, 5).n;
    test_expect(test_talk(text), line);
    WAIT_FOR(http_server_span(T.server, 5).n == n + 1);
}
#define ask(path, status) asks("GET " path " HTTP/1.1\r\n" END, "HTTP/1.1 " #status " ")

static void a_day_in_steps(void **state)
{
    const uint64_t minute = 60 * UINT64_C(1000000);
    (void)state;
    ask("/good", 200);
    ask("/bad/thing", 503);
    ask("/unknown", 404);
    struct http_span s = http_server_span(T.server, 5);
    assert_int_equal(s.n, 3);
    assert_int_equal(s.failed, 1);
    T.server->began_us -= 10 * minute;
    assert_int_equal(http_server_span(T.server, 5).n, 0);
    assert_int_equal(http_server_span(T.server, 60).n, 3);
    T.server->began_us -= 60 * minute;
    ask("/good", 200);
    assert_int_equal(http_server_span(T.server, 60).n, 1);
    assert_int_equal(http_server_span(T.server, 24 * 60).n, 4);
    /* a day later its steps count anew */
    T.server->began_us -= 24 * 60 * minute;
    assert_int_equal(http_server_span(T.server, 24 * 60).n, 0);
    ask("/good", 200);
    assert_int_equal(http_server_span(T.server, 24 * 60).n, 1);
    assert_int_equal(http_server_span(T.server, 24 * 60).failed, 0);
}

static void troubles_are_kept(void **state)
{
    struct http_trouble t[60];
    (void)state;
    ask("/good", 200);
    assert_int_equal(http_server_troubles(T.server, t, 60), 0);
    ask("/bad/thing", 503);
    ask("/late", 200);
    assert_int_equal(http_server_troubles(T.server, t, 60), 2);
    assert_true(t[0].slow && t[0].status == 200 && t[0].err == OK && t[0].route == &routes[3]);
    assert_true(t[0].took_us >= 20000);
    assert_true(!t[1].slow && t[1].status == 503 && t[1].err == E_IO && t[1].route == &routes[1]);
    assert_true(t[1].at.ms <= t[0].at.ms && t[1].id != t[0].id);
    assert_int_equal(http_server_span(T.server, 5).slow, 1);
    /* the newest fifty, the newest first */
    for (int i = 0; i < 52; i++) {
        ask("/bad/thing", 503);
    }
    assert_int_equal(http_server_troubles(T.server, t, 60), TROUBLES);
    assert_true(t[0].status == 503 && t[TROUBLES - 1].status == 503);
    assert_int_equal(http_server_troubles(T.server, t, 3), 3);
}

static void what_took_most_comes_first(void **state)
{
    struct http_busy b[4];
    (void)state;
    assert_int_equal(http_server_busiest(T.server, b, LEN(b)), 0);
    ask("/good", 200);
    ask("/late", 200);
    ask("/bad/thing", 503);
    ask("/bad/thing", 503);
    ask("/none", 404);
    uint32_t n = http_server_busiest(T.server, b, LEN(b));
    assert_int_equal(n, 4);
    assert_true(b[0].route == &routes[3] && b[0].n == 1 && b[0].failed == 0);
    assert_true(b[0].own_us >= 20000 && b[0].most_us == b[0].own_us);
    for (uint32_t i = 1; i < n; i++) {
        assert_true(b[i].own_us <= b[i - 1].own_us);
        assert_true(b[i].route != &routes[1] || (b[i].n == 2 && b[i].failed == 2));
    }
    assert_int_equal(http_server_busiest(T.server, b, 1), 1);
    assert_true(b[0].route == &routes[3]);
}

static int start(void **state)
{
    (void)state;
    test_slow_ms = 20;
    test_start(routes, LEN(routes));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_day_in_steps, start, test_stop),
        cmocka_unit_test_setup_teardown(troubles_are_kept, start, test_stop),
        cmocka_unit_test_setup_teardown(what_took_most_comes_first, start, test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
