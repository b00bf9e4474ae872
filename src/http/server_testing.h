/* http/server_testing.h - a server with made-up handlers and a made-up writer, and a plain socket
 * client: for the tests of this room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "http/hub.h"
#include "http/server.h"
#include "os/clock.h"
#include "os/thread.h"
#include "os/wait_testing.h"

/* ---- the writer: takes what is submitted, waits a little, says how it went ---- */

struct job {
    http_done_fn done;
    void *ctx;
    enum err result;
};

struct testing {
    struct http_server *server;
    struct os_queue *jobs;
    struct os_thread writer;
    _Atomic uint32_t audits;   /* submitted without a change */
    _Atomic uint32_t changes;  /* submitted with one */
    _Atomic uint32_t wait_ms;  /* of the writer */
    _Atomic int result;        /* enum err the writer gives */
    _Atomic uint64_t streamed; /* bytes a sink got */
    _Atomic uint32_t broken;   /* sinks whose caller left */
    _Atomic uint32_t held;     /* requests of sinks whose memory is not yet given back */
    _Atomic uint32_t ended;
    _Atomic uint32_t slow; /* slow work begun */
    _Atomic uint32_t outside; /* calls outside begun */
    _Atomic bool outside_holds; /* they wait */
};
static struct testing T;

static void *writer_main(void *ctx)
{
    (void)ctx;
    for (struct job *j; (j = os_queue_pop(T.jobs)) != NULL;) {
        os_sleep_ms(atomic_load(&T.wait_ms));
        j->done(j->ctx, j->result);
        os_free(j);
    }
    return NULL;
}

static void test_submit(struct http_req *h, struct tx *tx, http_done_fn done, void *ctx)
{
    struct job *j = os_alloc(1, sizeof(*j));
    (void)h;
    atomic_fetch_add(tx != NULL ? &T.changes : &T.audits, 1);
    *j = (struct job){done, ctx, (enum err)atomic_load(&T.result)};
    assert_true(os_queue_push(T.jobs, j));
}

static enum err test_commit(struct http_req *h, struct tx *tx)
{
    (void)h;
    atomic_fetch_add(tx != NULL ? &T.changes : &T.audits, 1);
    os_sleep_ms(atomic_load(&T.wait_ms));
    return (enum err)atomic_load(&T.result);
}

/* "X-Who: session 3" is a session with right 3 and the form token "secret". */
static enum err test_identify(struct http_req *h)
{
    struct str who = http_header(h, "X-Who");
    struct str kind;
    uint64_t rights = 0;
    if (who.p == NULL) {
        return OK;
    }
    (void)str_cut(&who, ' ', &kind);
    (void)(who.p != NULL && str_u64(who, &rights));
    h->caller.kind = str_eq(kind, S("session")) ? CALLER_SESSION : CALLER_TOKEN;
    h->caller.rights = (uint32_t)rights;
    h->caller.csrf = S("secret");
    h->caller.account = 1;
    return OK;
}

static const struct http_hooks test_hooks = {
    .identify = test_identify,
    .submit = test_submit,
    .commit = test_commit,
};

static const char *test_certificate; /* NULL: without TLS */
static const char *test_key;
static uint32_t test_slow_ms;
static uint32_t test_rate; /* requests a minute of each kind; 0: any number */

static void test_start(const struct http_route *routes, size_t n)
{
    struct req rq;
    struct http_opts o = {
        .tls_certificate = test_certificate,
        .tls_key = test_key,
        .listen = "127.0.0.1",
        .io_threads = 2,
        .pool_threads = 2,
        .max_connections = 200,
        .max_streams = 20,
        .stream_max_bytes = 64 << 20,
        .slow_ms = test_slow_ms,
        .rate = {test_rate, test_rate, test_rate, test_rate > 0 ? test_rate / 2 : 0},
        .routes = routes,
        .n_routes = n,
        .hooks = &test_hooks,
    };
    memset(&T, 0, sizeof(T));
    T.jobs = os_queue_new(100);
    assert_true(os_thread_start(&T.writer, "test-writer", writer_main, NULL));
    req_init(&rq, 1 << 20, os_now());
    assert_int_equal(http_server_start(&rq, &o, &T.server), OK);
    req_done(&rq);
}

/* A teardown of cmocka. */
static int test_stop(void **state)
{
    (void)state;
    if (T.server != NULL) {
        http_server_stop(T.server, 2000);
    }
    T.server = NULL;
    os_queue_close(T.jobs);
    os_thread_join(&T.writer);
    os_queue_free(T.jobs);
    return 0;
}

/* ---- the client ---- */

static int test_connect(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(http_server_port(T.server)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    union {
        const struct sockaddr_in *v4;
        const struct sockaddr *any;
    } to = {.v4 = &a};
    struct timeval limit = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, to.any, sizeof(a)), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return fd;
}

/* False when the other side hung up first. */
static bool test_send(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k <= 0) {
            return false;
        }
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static char test_answer[1 << 20];

/* Reads until the needle was seen, or the end; gives all that was read. */
static const char *test_read(int fd, const char *needle)
{
    size_t n = 0;
    test_answer[0] = 0;
    while (n + 1 < sizeof(test_answer)) {
        ssize_t k = recv(fd, test_answer + n, sizeof(test_answer) - 1 - n, 0);
        if (k <= 0) {
            break;
        }
        n += (size_t)k;
        test_answer[n] = 0;
        if (needle != NULL && strstr(test_answer, needle) != NULL) {
            break;
        }
    }
    return test_answer;
}

/* Sends text, reads to the end of the connection: the requests say "Connection: close". */
static const char *test_talk(const char *text)
{
    int fd = test_connect();
    (void)test_send(fd, text, strlen(text));
    const char *got = test_read(fd, NULL);
    close(fd);
    return got;
}

static void test_expect(const char *got, const char *part)
{
    if (strstr(got, part) == NULL) {
        fail_msg("expected \"%s\" in:\n%.600s", part, got);
    }
}

#define END "Host: x\r\nConnection: close\r\n\r\n"
