/* http/live_test.c - what waits: commits, audit, slow work, streams, events, the end. */
#include "http/server_testing.h"

#include "http/http_int.h"

static char nothing[1];
/* The handlers only pass it on. */
static struct tx *some_tx(void)
{
    union {
        char *p;
        struct tx *tx;
    } u = {.p = nothing};
    return u.tx;
}
static struct audit_rec *some_audit(void)
{
    union {
        char *p;
        struct audit_rec *rec;
    } u = {.p = nothing};
    return u.rec;
}

static enum err say_done(struct http_req *h)
{
    return http_reply(h, 201, S("text/plain"), S("done"));
}

static enum err say_failed(struct http_req *h)
{
    return http_reply(h, 409, S("text/plain"), str_z(err_name(h->rq.err.code)));
}

static enum err do_commit(struct http_req *h)
{
    return http_commit(h, some_tx(), say_done);
}

static enum err do_commit_own(struct http_req *h)
{
    h->on_fail = say_failed;
    return http_commit(h, some_tx(), say_done);
}

static enum err commit_twice(struct http_req *h)
{
    return http_commit(h, some_tx(), do_commit);
}

static enum err do_slow(struct http_req *h)
{
    atomic_fetch_add(&T.slow, 1);
    os_sleep_ms(20);
    return http_commit(h, some_tx(), say_done);
}

/* A server of others that answers when the test lets it. */
static enum err do_outside(struct http_req *h)
{
    atomic_fetch_add(&T.outside, 1);
    while (atomic_load(&T.outside_holds)) {
        os_sleep_ms(1);
    }
    return say_done(h);
}

static enum err go_slow(struct http_req *h)
{
    return http_slow(h, do_slow);
}

static enum err look(struct http_req *h)
{
    h->rq.audit = some_audit();
    return http_reply(h, 200, S("text/plain"), S("seen"));
}

static enum err look_and_fail(struct http_req *h)
{
    h->rq.audit = some_audit();
    return FAIL(&h->rq, E_NOT_FOUND, "not theirs");
}

static enum err got_chunk(struct http_req *h, struct str bytes)
{
    atomic_fetch_add(&T.streamed, bytes.n);
    if (bytes.n >= 3 && bytes.p[0] == 'b' && bytes.p[1] == 'a' && bytes.p[2] == 'd') {
        return FAIL(&h->rq, E_CHECKSUM, "bytes");
    }
    return OK;
}

static enum err got_all(struct http_req *h)
{
    struct buf b;
    atomic_fetch_add(&T.ended, 1);
    buf_init(&b, h->rq.a, 100);
    buf_u64(&b, atomic_load(&T.streamed));
    buf_str(&b, http_form(h, S("a")));
    return http_reply(h, 200, S("text/plain"), buf_get(&b));
}

static void got_broken(struct http_req *h)
{
    (void)h;
    atomic_fetch_add(&T.broken, 1);
}

static void let_go(void *held)
{
    atomic_fetch_sub((_Atomic uint32_t *)held, 1);
}

static enum err take_stream(struct http_req *h)
{
    static const struct http_sink sink = {got_chunk, got_all, got_broken};
    atomic_fetch_add(&T.held, 1);
    assert_true(arena_defer(h->rq.a, let_go, &T.held));
    if (http_header(h, "X-Refuse").p != NULL) {
        return FAIL(&h->rq, E_CONFLICT, "offset");
    }
    return http_stream(h, &sink);
}

static enum err form_file(struct http_req *h, const struct http_file *f)
{
    (void)f;
    return http_form(h, S("a")).n > 0 ? OK : FAIL(&h->rq, E_BAD_INPUT, "a");
}

static enum err form_file_end(struct http_req *h)
{
    (void)h;
    return OK;
}

static enum err take_form(struct http_req *h)
{
    static const struct http_form_sink sink = {form_file, got_chunk, form_file_end, got_all,
                                               got_broken};
    return http_stream_form(h, &sink);
}

static enum err listen_to(struct http_req *h)
{
    const struct http_topic topics[] = {{1, 7, S("case")}, {2, 8, S("desk")}};
    return http_reply_events(h, topics, LEN(topics));
}

static enum err listen_in_vain(struct http_req *h)
{
    enum err e = listen_to(h);
    return e != OK ? e : FAIL(&h->rq, E_NOT_FOUND, "nothing to hear");
}

/* clang-format off */
static const struct http_route routes[] = {
    {POST,  "/commit",  WHO_ANY,       0, LIMIT_FORM,   0,      KIND_PLAIN,  do_commit    },
    {POST,  "/own",     WHO_ANY,       0, LIMIT_FORM,   0,      KIND_PLAIN,  do_commit_own},
    {POST,  "/twice",   WHO_ANY,       0, LIMIT_FORM,   0,      KIND_PLAIN,  commit_twice },
    {POST,  "/slow",    WHO_ANY,       0, LIMIT_FORM,   SLOW,   KIND_PLAIN,  do_slow      },
    {GET,   "/slower",  WHO_ANY,       0, LIMIT_NONE,   0,      KIND_PLAIN,  go_slow      },
    {GET,   "/outside", WHO_ANY,       0, LIMIT_NONE,   OUTSIDE, KIND_PLAIN, do_outside   },
    {GET,   "/look",    WHO_ANY,       0, LIMIT_NONE,   0,      KIND_PLAIN,  look         },
    {GET,   "/hidden",  WHO_ANY,       0, LIMIT_NONE,   0,      KIND_PLAIN,  look_and_fail},
    {PATCH, "/stream",  WHO_ANY,       0, LIMIT_STREAM, STREAM, KIND_TUS,    take_stream  },
    {POST,  "/upload",  WHO_ANY,       0, LIMIT_STREAM, STREAM, KIND_PAGE,   take_form    },
    {GET,   "/events",  WHO_ANY,       0, LIMIT_NONE,   0,      KIND_EVENTS, listen_to    },
    {GET,   "/mute",    WHO_ANY,       0, LIMIT_NONE,   0,      KIND_EVENTS, listen_in_vain},
};
/* clang-format on */

static void answers_wait_for_the_writer(void **state)
{
    (void)state;
    atomic_store(&T.wait_ms, 30);
    atomic_store(&T.changes, 0);
    test_expect(test_talk("POST /commit HTTP/1.1\r\n" END), "HTTP/1.1 201");
    test_expect(test_talk("POST /twice HTTP/1.1\r\n" END), "done");
    test_expect(test_talk("POST /slow HTTP/1.1\r\n" END), "done");
    test_expect(test_talk("GET /slower HTTP/1.1\r\n" END), "done");
    assert_int_equal(atomic_load(&T.changes), 5);
    atomic_store(&T.result, E_STALE);
    test_expect(test_talk("POST /commit HTTP/1.1\r\n" END), "HTTP/1.1 412");
    test_expect(test_talk("POST /own HTTP/1.1\r\n" END), "E_STALE");
    test_expect(test_talk("POST /slow HTTP/1.1\r\n" END), "HTTP/1.1 412");
    atomic_store(&T.result, OK);
}

/* As many as there are threads for it wait for another server, and more queue: slow work goes on. */
static void others_do_not_wait_behind_a_call_outside(void **state)
{
    static const char text[] = "GET /outside HTTP/1.1\r\nHost: x\r\n\r\n";
    int fds[OUTSIDE_THREADS + 2];
    (void)state;
    atomic_store(&T.wait_ms, 0);
    atomic_store(&T.outside_holds, true);
    for (size_t i = 0; i < LEN(fds); i++) {
        fds[i] = test_connect();
        assert_true(test_send(fds[i], text, sizeof text - 1));
    }
    WAIT_FOR(atomic_load(&T.outside) == OUTSIDE_THREADS);
    test_expect(test_talk("POST /slow HTTP/1.1\r\n" END), "done");
    test_expect(test_talk("GET /slower HTTP/1.1\r\n" END), "done");
    assert_int_equal(atomic_load(&T.outside), OUTSIDE_THREADS);
    atomic_store(&T.outside_holds, false);
    WAIT_FOR(atomic_load(&T.outside) == LEN(fds));
    for (size_t i = 0; i < LEN(fds); i++) {
        close(fds[i]);
    }
}

static void looks_are_on_record_first(void **state)
{
    (void)state;
    atomic_store(&T.audits, 0);
    test_expect(test_talk("GET /look HTTP/1.1\r\n" END), "seen");
    test_expect(test_talk("GET /hidden HTTP/1.1\r\n" END), "HTTP/1.1 404");
    assert_int_equal(atomic_load(&T.audits), 2);
    atomic_store(&T.result, E_FULL);
    const char *got = test_talk("GET /look HTTP/1.1\r\n" END);
    test_expect(got, "HTTP/1.1 507");
    assert_null(strstr(got, "seen"));
    atomic_store(&T.result, OK);
}

/* The caller leaves while the writer works: nothing breaks, the next one is served. */
static void callers_may_leave(void **state)
{
    (void)state;
    atomic_store(&T.wait_ms, 30);
    for (int i = 0; i < 10; i++) {
        int fd = test_connect();
        _Atomic uint32_t *begun = i % 2 ? &T.changes : &T.slow;
        uint32_t before = atomic_load(begun);
        uint32_t changes = atomic_load(&T.changes);
        const char *text = i % 2 ? "POST /commit HTTP/1.1\r\nHost: x\r\n\r\n"
                                 : "GET /slower HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_true(test_send(fd, text, strlen(text)));
        WAIT_FOR(atomic_load(begun) > before);
        close(fd);
        WAIT_FOR(i % 2 || atomic_load(&T.changes) > changes);
    }
    test_expect(test_talk("POST /commit HTTP/1.1\r\n" END), "done");
}

static void bodies_stream_in_windows(void **state)
{
    (void)state;
    enum { SIZE = 3000000 };
    char *body = os_alloc(1, SIZE);
    const char *head = "PATCH /stream HTTP/1.1\r\nContent-Length: 3000000\r\n" END;
    atomic_store(&T.streamed, 0);
    int fd = test_connect();
    assert_true(test_send(fd, head, strlen(head)) && test_send(fd, body, SIZE));
    test_expect(test_read(fd, NULL), "\r\n\r\n3000000");
    close(fd);
    /* cut in the middle: what came is handed over */
    atomic_store(&T.streamed, 0);
    fd = test_connect();
    assert_true(test_send(fd, head, strlen(head)) && test_send(fd, body, 1000000));
    WAIT_FOR(atomic_load(&T.streamed) > 0);
    close(fd);
    WAIT_FOR(atomic_load(&T.broken) == 1);
    assert_int_equal(atomic_load(&T.streamed), 1000000);
    WAIT_FOR(atomic_load(&T.held) == 0); /* at once, not when the next request comes */
    /* refused at its beginning, and in the middle */
    const char *refused = "PATCH /stream HTTP/1.1\r\nX-Refuse: 1\r\nContent-Length: 3000000\r\n" END;
    fd = test_connect();
    assert_true(test_send(fd, refused, strlen(refused)) && test_send(fd, body, SIZE));
    test_expect(test_read(fd, NULL), "HTTP/1.1 409");
    close(fd);
    memcpy(body, "bad", 3);
    fd = test_connect();
    assert_true(test_send(fd, head, strlen(head)) && test_send(fd, body, SIZE));
    test_expect(test_read(fd, NULL), "HTTP/1.1 460");
    close(fd);
    /* chunked, and empty */
    atomic_store(&T.streamed, 0);
    test_expect(test_talk("PATCH /stream HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
                          "5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"),
                "\r\n\r\n8");
    test_expect(test_talk("PATCH /stream HTTP/1.1\r\nContent-Length: 0\r\n" END), "\r\n\r\n8");
    os_free(body);
}

#define PARTS                                                                        \
    "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nsecret\r\n"         \
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n"                 \
    "--B\r\nContent-Disposition: form-data; name=f; filename=n\r\n\r\nfile\r\n--B--\r\n"
#define LATE                                                                         \
    "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n"                 \
    "--B\r\nContent-Disposition: form-data; name=f; filename=n\r\n\r\nfile\r\n"      \
    "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nsecret\r\n--B--\r\n"

static void forms_stream_their_files(void **state)
{
    (void)state;
    static const char *const who[] = {"", "X-Who: session\r\n"};
    static const char *const bodies[] = {PARTS, LATE};
    for (size_t i = 0; i < 4; i++) {
        char text[2000];
        struct req rq;
        struct buf b;
        req_init(&rq, 65536, (struct instant){0});
        buf_init(&b, rq.a, sizeof(text));
        buf_str(&b, S("POST /upload HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\n"));
        buf_str(&b, str_z(who[i % 2]));
        BUF_LIT(&b, "Content-Length: ");
        buf_u64(&b, strlen(bodies[i / 2]));
        BUF_LIT(&b, "\r\n" END);
        buf_str(&b, str_z(bodies[i / 2]));
        buf_char(&b, 0);
        atomic_store(&T.streamed, 0);
        const char *got = test_talk(buf_get(&b).p);
        test_expect(got, i == 3 ? "HTTP/1.1 403" : "\r\n\r\n4x");
        assert_int_equal(atomic_load(&T.streamed), i == 3 ? 0 : 4);
        req_done(&rq);
    }
}

/* A stream without end is no slow request: the watch leaves it alone. */
static void streams_outlive_the_watch(void **state)
{
    (void)state;
    const char *text = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    const struct hub_event mine = {1, 7};
    int fd = test_connect();
    assert_true(test_send(fd, text, strlen(text)));
    test_expect(test_read(fd, "retry: 3000"), "text/event-stream");
    for (unsigned i = 0; i < T.server->o.io_threads; i++) {
        conn_watch(&T.server->workers[i], os_ticks_us() / 1000000 + 3600);
    }
    hub_publish(http_server_hub(T.server), &mine, 1);
    test_expect(test_read(fd, "\n\n"), "event: case");
    close(fd);
}

/* A closed stream is noticed when there is something to say. */
static bool no_streams(void)
{
    static const struct hub_event some = {1, 7};
    hub_publish(http_server_hub(T.server), &some, 1);
    return hub_streams(http_server_hub(T.server)) == 0;
}

static void events_reach_who_listens(void **state)
{
    (void)state;
    struct hub *hub = http_server_hub(T.server);
    const char *text = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    const char *again = "GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 5\r\n\r\n";
    const struct hub_event mine = {1, 7};
    const struct hub_event other[] = {{1, 8}, {3, 7}};
    const struct hub_event both[] = {{1, 7}, {2, 8}, {1, 7}};
    int fd = test_connect();
    assert_true(test_send(fd, text, strlen(text)));
    test_expect(test_read(fd, "retry: 3000"), "text/event-stream");
    hub_publish(hub, other, LEN(other));
    hub_publish(hub, &mine, 1);
    const char *got = test_read(fd, "\n\n");
    test_expect(got, "event: case\ndata: ");
    assert_null(strstr(got, "desk"));
    hub_publish(hub, both, LEN(both));
    test_expect(test_read(fd, "event: desk"), "event: case");
    assert_int_equal(hub_streams(hub), 1);
    int fd2 = test_connect();
    assert_true(test_send(fd2, again, strlen(again)));
    test_expect(test_read(fd2, "event: again"), "id: ");
    close(fd2);
    close(fd);
    WAIT_FOR(no_streams());
}

/* A listener that is refused after all is not kept by the hub, whose memory ends with the request. */
static void who_is_refused_does_not_listen(void **state)
{
    (void)state;
    test_expect(test_talk("GET /mute HTTP/1.1\r\n" END), "HTTP/1.1 404");
    assert_int_equal(hub_streams(http_server_hub(T.server)), 0);
}

/* Requests begun and not ended. */
static uint32_t active(void)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < T.server->o.io_threads; i++) {
        n += atomic_load(&T.server->workers[i].active);
    }
    return n;
}

/* Stopping: commits under way are answered, streams are greeted and end. */
enum { STREAMS = 15, LONG_MS = 60000 };
static void the_end_is_orderly(void **state)
{
    (void)state;
    WAIT_FOR(no_streams());
    WAIT_FOR(active() == 0);
    atomic_store(&T.changes, 0);
    atomic_store(&T.wait_ms, 200);
    int waits = test_connect();
    int listens[STREAMS];
    int idle = test_connect();
    const char *commit = "POST /commit HTTP/1.1\r\nHost: x\r\n\r\n";
    const char *events = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_true(test_send(waits, commit, strlen(commit)));
    for (int i = 0; i < STREAMS; i++) {
        listens[i] = test_connect();
        assert_true(test_send(listens[i], events, strlen(events)));
    }
    WAIT_FOR(hub_streams(http_server_hub(T.server)) == STREAMS);
    WAIT_FOR(active() == STREAMS + 1);
    WAIT_FOR(atomic_load(&T.changes) > 0);
    static const struct hub_event news = {1, 7};
    hub_publish(http_server_hub(T.server), &news, 1);
    http_server_stop(T.server, LONG_MS);
    T.server = NULL;
    const char *got = test_read(waits, NULL);
    test_expect(got, "HTTP/1.1 201");
    test_expect(got, "Connection: close");
    for (int i = 0; i < STREAMS; i++) {
        got = test_read(listens[i], NULL);
        test_expect(got, "retry: 3000");
        test_expect(got, "\r\n0\r\n\r\n"); /* the last chunk: it ended, it was not cut off */
        close(listens[i]);
    }
    test_read(idle, NULL);
    close(waits);
    close(idle);
}

/* What does not come to its end in the time given is cut off. */
static void the_end_waits_no_longer_than_told(void **state)
{
    const char *part = "PATCH /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc";
    test_stop(state);
    test_start(routes, LEN(routes));
    int half = test_connect();
    assert_true(test_send(half, part, strlen(part)));
    WAIT_FOR(active() == 1);
    http_server_stop(T.server, 100);
    T.server = NULL;
    test_read(half, NULL);
    close(half);
}

static int start(void **state)
{
    (void)state;
    test_start(routes, LEN(routes));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_wait_for_the_writer),
        cmocka_unit_test(others_do_not_wait_behind_a_call_outside),
        cmocka_unit_test(looks_are_on_record_first),
        cmocka_unit_test(callers_may_leave),
        cmocka_unit_test(bodies_stream_in_windows),
        cmocka_unit_test(forms_stream_their_files),
        cmocka_unit_test(events_reach_who_listens),
        cmocka_unit_test(who_is_refused_does_not_listen),
        cmocka_unit_test(streams_outlive_the_watch),
        cmocka_unit_test(the_end_is_orderly),
        cmocka_unit_test(the_end_waits_no_longer_than_told),
    };
    return cmocka_run_group_tests(tests, start, test_stop);
}
