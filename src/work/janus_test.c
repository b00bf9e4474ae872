/* work/janus_test.c - what is asked of Janus, word by word, and what its answers and events are read as; rooms of the
 * bridge over a server that is made up. The real one: tests/live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "os/clock.h"
#include "work/janus_int.h"

static struct req rq;
static struct str answers[8]; /* of the server, in turn; the last one again and again */
static size_t n_answers, at_answer;
static char asked[16384];     /* "URL BODY\n" of each request */
static size_t asked_n;
static char told[16384];      /* "ROOM SEAT BODY\n" of each message to a page */
static size_t told_n;

static enum err fake_send(struct req *r, void *ctx, struct str url, struct str body,
                          struct str *ret_answer)
{
    (void)ctx;
    int n = snprintf(asked + asked_n, sizeof asked - asked_n, "%.*s %.*s\n", STR_ARG(url),
                     STR_ARG(body));
    assert_true(n > 0 && (size_t)n < sizeof asked - asked_n);
    asked_n += (size_t)n;
    if (n_answers == 0) {
        return FAIL(r, E_IO, "call: 7");
    }
    *ret_answer = answers[at_answer < n_answers ? at_answer : n_answers - 1];
    at_answer++;
    return OK;
}

static void fake_post(void *ctx, struct str room, uint32_t seat, struct str body)
{
    (void)ctx;
    int n = snprintf(told + told_n, sizeof told - told_n, "%.*s %u %.*s\n", STR_ARG(room), seat,
                     STR_ARG(body));
    assert_true(n > 0 && (size_t)n < sizeof told - told_n);
    told_n += (size_t)n;
}

static const struct janus_server server = {.api_url = SI("http://127.0.0.1:1/janus"),
                                           .api_secret = SI("as"),
                                           .admin_url = SI("http://127.0.0.1:2/admin"),
                                           .admin_secret = SI("ms"),
                                           .room_key = SI("rk")};
static const struct janus line = {.server = &server, .send = fake_send};
static const struct janus_room room = {.number = 7, .pin = SI("pin"), .secret = SI("sec"), .places = 6,
                                       .bit_rate = 100};

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 4 << 20, (struct instant){0});
    n_answers = at_answer = asked_n = told_n = 0;
    asked[0] = told[0] = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

static void answer(const char *text)
{
    answers[n_answers++] = str_z(text);
}

static void has(const char *where, const char *what)
{
    if (str_find(str_z(where), str_z(what)) == strlen(where)) {
        fail_msg("no %s in %s", what, where);
    }
}

static void server_files(void **state)
{
    (void)state;
    struct janus_server s;
    const char fine[] = "# one\napi_url = http://h:1/janus\napi_secret = a-B_9\nadmin_url = http://h:2/admin\n"
                        "admin_secret = x\n\nroom_key = y\n";
    MUST(&rq, janus_server_read(&rq, S("api_url=http://h/\napi_secret=a\nadmin_url=https://h/\n"
                                       "admin_secret=x\nroom_key=y"), &s));
    MUST(&rq, janus_server_read(&rq, str_z(fine), &s));
    assert_true(str_eq(s.api_secret, S("a-B_9")));
    static const char *const wrong[] = {
        "", "api_url = http://h\n",
        "api_url=ftp://h\napi_secret=a\nadmin_url=http://h\nadmin_secret=x\nroom_key=y\n",
        "api_url=http://h\napi_secret=a b\nadmin_url=http://h\nadmin_secret=x\nroom_key=y\n",
        "other = 1\n"};
    for (size_t i = 0; i < LEN(wrong); i++) {
        assert_int_equal(janus_server_read(&rq, str_z(wrong[i]), &s), E_BAD_INPUT);
        err_clear(&rq);
    }
}

static void requests(void **state)
{
    (void)state;
    uint64_t id = 0;
    answer("{\"janus\":\"success\",\"response\":{\"videoroom\":\"created\",\"room\":7}}");
    MUST(&rq, janus_room_create(&rq, &line, &room));
    has(asked, "http://127.0.0.1:2/admin {\"janus\":\"message_plugin\",");
    has(asked, "\"admin_secret\":\"ms\"");
    has(asked, "\"admin_key\":\"rk\",\"pin\":\"pin\"");
    has(asked, "\"is_private\":true,\"require_pvtid\":true,\"publishers\":6,\"bitrate\":100");
    has(asked, "\"record\":false");
    MUST(&rq, janus_room_destroy(&rq, &line, &room));
    has(asked, "\"request\":\"destroy\",\"room\":7,\"secret\":\"sec\"");
    n_answers = at_answer = 0;
    answer("{\"janus\":\"success\",\"data\":{\"id\":4576529562658168}}");
    MUST(&rq, janus_session(&rq, &line, &id));
    assert_int_equal(id, UINT64_C(4576529562658168));
    MUST(&rq, janus_attach(&rq, &line, id, &id));
    has(asked, "/janus/4576529562658168 {\"janus\":\"attach\"");
    struct janus_at at = {11, 12};
    uint64_t feeds[] = {21, 22};
    MUST(&rq, janus_subscribe(&rq, &line, at, &room, 5, false, feeds, 2));
    has(asked, "/janus/11/12 {\"janus\":\"message\"");
    has(asked, "\"ptype\":\"subscriber\",\"room\":7,\"pin\":\"pin\",\"private_id\":5,"
               "\"streams\":[{\"feed\":21},{\"feed\":22}]");
    MUST(&rq, janus_publish(&rq, &line, at, S("v=0\r\n")));
    has(asked, "\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}");
    MUST(&rq, janus_trickle(&rq, &line, at, (struct jv){0}));
    has(asked, "\"candidate\":{\"completed\":true}");
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum err e;
    } rows[] = {
        {"{\"janus\":\"error\",\"error\":{\"code\":403,\"reason\":\"x\"}}", E_FORBIDDEN},
        {"{\"janus\":\"error\",\"error\":{\"code\":458,\"reason\":\"x\"}}", E_NOT_FOUND},
        {"{\"janus\":\"success\",\"response\":{\"error_code\":427,\"error\":\"x\"}}", E_CONFLICT},
        {"{\"janus\":\"success\",\"response\":{\"error_code\":433,\"error\":\"x\"}}", E_FORBIDDEN},
        {"{\"janus\":\"success\",\"response\":{\"error_code\":432,\"error\":\"x\"}}", E_FULL},
        {"{\"janus\":\"error\",\"error\":{\"code\":999999999999}}", E_IO},
        {"<html>", E_IO},
        {"", E_IO},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        n_answers = at_answer = 0;
        answer(rows[i].answer);
        assert_int_equal(janus_room_create(&rq, &line, &room), rows[i].e);
        err_clear(&rq);
    }
    uint64_t id = 0;
    n_answers = at_answer = 0;
    answer("{\"janus\":\"success\",\"data\":{\"id\":-4}}");
    assert_int_equal(janus_session(&rq, &line, &id), E_IO);
    err_clear(&rq);
    n_answers = 0;
    assert_int_equal(janus_ping(&rq, &line), E_IO);
}

#define EVENT(data, more)                                                                           \
    "{\"janus\":\"event\",\"session_id\":1,\"sender\":3,\"plugindata\":{\"plugin\":\"p\",\"data\":" \
    data "}" more "}"

static void events(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        enum janus_room_word word;
        uint64_t feed;
        size_t people, streams;
    } rows[] = {
        {EVENT("{\"videoroom\":\"joined\",\"room\":77,\"id\":729,\"private_id\":14,\"publishers\":"
               "[{\"id\":5,\"streams\":[]},{\"id\":6}]}", ""), JANUS_JOINED, 729, 2, 0},
        {EVENT("{\"videoroom\":\"event\",\"publishers\":[{\"id\":8}]}", ""), JANUS_PEOPLE, 0, 1, 0},
        {EVENT("{\"videoroom\":\"event\",\"leaving\":8}", ""), JANUS_LEFT, 8, 0, 0},
        {EVENT("{\"videoroom\":\"event\",\"unpublished\":9}", ""), JANUS_LEFT, 9, 0, 0},
        {EVENT("{\"videoroom\":\"event\",\"unpublished\":\"ok\"}", ""), JANUS_WORD_OTHER, 0, 0, 0},
        {EVENT("{\"videoroom\":\"event\",\"started\":\"ok\"}", ""), JANUS_STARTED, 0, 0, 0},
        {EVENT("{\"videoroom\":\"event\",\"error_code\":428,\"error\":\"x\"}", ""), JANUS_REFUSED, 0, 0, 0},
        {EVENT("{\"videoroom\":\"event\",\"configured\":\"ok\"}",
               ",\"jsep\":{\"type\":\"answer\",\"sdp\":\"v=0\"}"), JANUS_ANSWERED, 0, 0, 0},
        {EVENT("{\"videoroom\":\"attached\",\"streams\":[{\"type\":\"audio\",\"active\":true,\"mid\":\"0\","
               "\"feed_id\":5},{\"type\":\"video\",\"active\":false,\"mid\":\"1\"}]}",
               ",\"jsep\":{\"type\":\"offer\",\"sdp\":\"v=0\"}"), JANUS_OFFERED, 0, 0, 2},
        {EVENT("{\"videoroom\":\"updated\"}", ""), JANUS_STARTED, 0, 0, 0},
        {EVENT("{\"videoroom\":\"destroyed\",\"room\":7}", ""), JANUS_GONE, 0, 0, 0},
        {EVENT("[]", ""), JANUS_WORD_OTHER, 0, 0, 0},
        {EVENT("\"x\"", ""), JANUS_WORD_OTHER, 0, 0, 0},
    };
    struct janus_said *said = ARENA_NEW(rq.a, struct janus_said);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct janus_events es;
        MUST(&rq, janus_events_read(&rq, str_z(rows[i].data), &es));
        assert_int_equal(es.n, 1);
        assert_int_equal(es.v[0].what, JANUS_DATA);
        assert_int_equal(es.v[0].handle, 3);
        janus_said_read(&rq, &es.v[0], said);
        assert_int_equal(said->word, rows[i].word);
        assert_int_equal(said->feed, rows[i].feed);
        assert_int_equal(said->n_people, rows[i].people);
        assert_int_equal(said->n_streams, rows[i].streams);
    }
    struct janus_events es;
    MUST(&rq, janus_events_read(&rq, S("[{\"janus\":\"keepalive\"},{\"janus\":\"timeout\"},"
                                       "{\"janus\":\"hangup\",\"sender\":4}]"), &es));
    assert_int_equal(es.n, 3);
    assert_int_equal(es.v[0].what, JANUS_OTHER);
    assert_int_equal(es.v[1].what, JANUS_ENDED);
    assert_int_equal(es.v[2].what, JANUS_HANGUP);
    assert_int_equal(janus_events_read(&rq, S("{\"janus\":\"error\",\"error\":{\"code\":458}}"), &es),
                     E_NOT_FOUND);
}

/* ---- rooms ---- */

static struct janus_bridge made_up(void)
{
    struct janus_bridge b = {.mesh_most = 2, .post = fake_post, .n_servers = 1};
    b.servers[0] = (struct media_server){.conf = server, .janus = line};
    b.servers[0].janus.server = &server;
    return b;
}

static void said(struct janus_bridge *b, uint32_t seat, const char *body)
{
    MUST(&rq, media_said(&rq, b, S("r"), seat, str_z(body)));
}

static void came(struct janus_bridge *b, const char *text)
{
    struct janus_events es;
    MUST(&rq, janus_events_read(&rq, str_z(text), &es));
    for (size_t i = 0; i < es.n; i++) {
        MUST(&rq, media_event(&rq, &b->servers[0], &es.v[i]));
    }
}

static void without_server(void **state)
{
    (void)state;
    struct janus_bridge b = made_up();
    said(&b, 1, "{\"do\":\"join\"}");
    said(&b, 2, "{\"do\":\"join\"}");
    assert_string_equal(told, "r 1 {\"do\":\"mesh\"}\nr 2 {\"do\":\"mesh\"}\n");
    said(&b, 3, "{\"do\":\"join\"}");
    has(told, "r 3 {\"do\":\"none\"}\n");
    said(&b, 3, "{\"do\":\"publish\",\"sdp\":\"v=0\"}"); /* late: passed over */
    assert_int_equal(asked_n, 0);
    assert_int_equal(media_said(&rq, &b, S("r"), 1, S("{")), E_SYNTAX);
    err_clear(&rq);
    b.servers[0].up = true;
    told_n = 0;
    media_found(&rq, &b);
    assert_string_equal(told, "r 1 {\"do\":\"moved\"}\nr 2 {\"do\":\"moved\"}\nr 3 {\"do\":\"moved\"}\n");
    MUST(&rq, media_over(&rq, &b, S("r")));
    assert_int_equal(b.n_rooms, 0);
}

static void with_server(void **state)
{
    (void)state;
    struct janus_bridge b = made_up();
    b.servers[0].bridge = &b;
    b.servers[0].up = true;
    b.servers[0].session = 1;
    answer("{\"janus\":\"success\",\"response\":{\"videoroom\":\"created\"}}");
    answer("{\"janus\":\"success\",\"data\":{\"id\":3}}");
    said(&b, 1, "{\"do\":\"join\"}");
    has(asked, "/janus/1/3 {\"janus\":\"message\"");
    came(&b, EVENT("{\"videoroom\":\"joined\",\"id\":100,\"private_id\":14,\"publishers\":[]}", ""));
    assert_string_equal(told, "r 1 {\"do\":\"welcome\"}\n");
    said(&b, 1, "{\"do\":\"publish\",\"sdp\":\"v=0\"}");
    came(&b, EVENT("{\"videoroom\":\"event\",\"configured\":\"ok\"}",
                   ",\"jsep\":{\"type\":\"answer\",\"sdp\":\"v=1\"}"));
    has(told, "r 1 {\"do\":\"answer\",\"sdp\":\"v=1\"}\n");
    /* somebody else publishes: asked for on a handle of its own */
    answers[n_answers - 1] = S("{\"janus\":\"success\",\"data\":{\"id\":4}}");
    came(&b, EVENT("{\"videoroom\":\"event\",\"publishers\":[{\"id\":200}]}", ""));
    has(asked, "/janus/1/4 {\"janus\":\"message\"");
    has(asked, "\"private_id\":14,\"streams\":[{\"feed\":200}]");
    /* the connection breaks on the server's side */
    told_n = 0;
    came(&b, "{\"janus\":\"hangup\",\"sender\":3}");
    assert_string_equal(told, "r 1 {\"do\":\"reset\",\"pc\":\"up\"}\n");
    told_n = 0;
    media_lost(&rq, &b.servers[0]);
    has(told, "r 1 {\"do\":\"moved\"}\n"); /* it is still marked as up here */
    MUST(&rq, media_left(&rq, &b, S("r"), 1));
    assert_int_equal(b.n_rooms, 0);
    MUST(&rq, media_left(&rq, &b, S("r"), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(server_files, setup, teardown),
        cmocka_unit_test_setup_teardown(requests, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(events, setup, teardown),
        cmocka_unit_test_setup_teardown(without_server, setup, teardown),
        cmocka_unit_test_setup_teardown(with_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
