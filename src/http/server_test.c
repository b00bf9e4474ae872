/* http/server_test.c - requests over a socket: routes, gates, bodies, bad HTTP. */
#include "http/server_testing.h"

#include <stdlib.h>

static enum err say_hello(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain"), S("hello"));
}

static enum err say_name(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 1000);
    buf_str(&b, http_param(h, S("name")));
    buf_char(&b, '|');
    buf_str(&b, http_query(h, S("q")));
    buf_char(&b, '|');
    buf_str(&b, http_cookie(h, S("sid")));
    return http_reply(h, 200, S("text/plain"), buf_get(&b));
}

static enum err say_sealed(struct http_req *h)
{
    h->is_https = true; /* as a proxy that is believed says */
    http_reply_cookie(h, S("sid"), S("s2"), -1);
    return http_reply(h, 200, S("text/plain"), str_or_empty(http_cookie(h, S("sid"))));
}

static enum err say_form(struct http_req *h)
{
    struct buf b;
    struct http_file f;
    struct str name;
    struct str value;
    TRY(http_form_check(h));
    buf_init(&b, h->rq.a, 100000);
    buf_str(&b, http_form(h, S("a")));
    buf_char(&b, '|');
    for (uint32_t i = 0, seen = 0; http_form_each(h, i, &name, &value); i++) {
        if (str_eq(name, S("a")) && seen++ == 1) {
            buf_str(&b, value);
        }
    }
    if (http_file(h, 0, &f)) {
        buf_char(&b, '|');
        buf_str(&b, f.filename);
        buf_char(&b, '|');
        buf_str(&b, f.bytes);
    }
    return http_reply(h, 200, S("text/plain"), buf_get(&b));
}

static enum err say_size(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 100);
    buf_u64(&b, http_body(h).n);
    return http_reply(h, 200, S("text/plain"), buf_get(&b));
}

static enum err say_page(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 100000);
    for (int i = 0; i < 500; i++) {
        BUF_LIT(&b, "<p>the same again</p>\n");
    }
    return http_reply(h, 200, S("text/html; charset=utf-8"), buf_get(&b));
}

static enum err go_home(struct http_req *h)
{
    return http_redirect(h, http_query(h, S("to")));
}

static enum err say_file(struct http_req *h)
{
    char path[] = "/tmp/consilium-http-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    if (fd < 0 || write(fd, "0123456789", 10) != 10) {
        return FAIL(&h->rq, E_IO, "test file");
    }
    struct http_disk_file f = {.fd = fd,
                               .size_bytes = 10,
                               .type = S("application/pdf"),
                               .filename = S("a\"b.pdf"),
                               .etag = S("\"e1\""),
                               .inline_ok = true};
    return http_reply_file(h, &f);
}

/* A file by its digits; '!' cannot be opened. */
static enum err open_digits(struct http_req *h, const void *file, int *ret_fd)
{
    char path[] = "/tmp/consilium-http-XXXXXX";
    const char *digits = file;
    if (*digits == '!') {
        return FAIL(&h->rq, E_NOT_FOUND, "test file");
    }
    *ret_fd = mkstemp(path);
    unlink(path);
    bool ok = *ret_fd >= 0 && write(*ret_fd, digits, strlen(digits)) == (ssize_t)strlen(digits);
    return ok ? OK : FAIL(&h->rq, E_IO, "test file");
}

static enum err say_pieces(struct http_req *h)
{
    static const char a[] = "0123456789";
    static const char b[] = "abcdef";
    static const char none[] = "!";
    static const struct http_piece v[] = {
        {.bytes = SI("<")}, {.file = a, .from = 2, .n = 3}, {.file = a, .n = 1},
        {.file = b, .from = 5, .n = 1}, {.bytes = SI("")}, {.bytes = SI(">")},
        {.file = none, .n = 1},
    };
    bool lost = http_query(h, S("lost")).p != NULL;
    return http_reply_pieces(h, &(struct http_pieces){
        .status = 200, .type = S("application/octet-stream"), .v = v,
        .n = LEN(v) - (lost ? 0 : 1), .open = open_digits});
}

static enum err say_bytes(struct http_req *h)
{
    static const struct http_piece v[] = {{.bytes = SI("<")}, {.bytes = SI("")}, {.bytes = SI("bytes>")}};
    return http_reply_pieces(h, &(struct http_pieces){
        .status = 200, .type = S("application/octet-stream"), .v = v, .n = LEN(v)});
}

static enum err say_fresh(struct http_req *h)
{
    struct instant t = {.ms = 1700000000000};
    if (http_is_fresh(h, S("W/\"3\""), t)) {
        return http_reply_empty(h, 304);
    }
    return http_reply(h, 200, S("application/fhir+json"), S("{}"));
}

static enum err fail_stale(struct http_req *h)
{
    return FAIL(&h->rq, E_STALE, "version 3");
}

static enum err say_nothing(struct http_req *h)
{
    (void)h;
    return OK;
}

/* clang-format off */
static const struct http_route routes[] = {
    {GET,    "/",            WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_hello  },
    {GET,    "/sealed",      WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_sealed },
    {GET,    "/names/:name", WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_name   },
    {POST,   "/form",        WHO_ANY,       0, LIMIT_FORM,     0, KIND_PAGE,  say_form   },
    {PUT,    "/size",        WHO_ANY,       0, LIMIT_RESOURCE, 0, KIND_PLAIN, say_size   },
    {POST,   "/size",        WHO_ANY,       0, LIMIT_RESOURCE, 0, KIND_PLAIN, say_size   },
    {GET,    "/page",        WHO_ANY,       0, LIMIT_NONE,     0, KIND_PAGE,  say_page   },
    {GET,    "/go",          WHO_ANY,       0, LIMIT_NONE,     0, KIND_PAGE,  go_home    },
    {GET,    "/file",        WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_file   },
    {GET,    "/pieces",      WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_pieces },
    {GET,    "/bytes",       WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_bytes },
    {GET,    "/fresh",       WHO_ANY,       0, LIMIT_NONE,     0, KIND_FHIR,  say_fresh  },
    {GET,    "/stale",       WHO_ANY,       0, LIMIT_NONE,     0, KIND_FHIR,  fail_stale },
    {GET,    "/nothing",     WHO_ANY,       0, LIMIT_NONE,     0, KIND_PLAIN, say_nothing},
    {GET,    "/in",          WHO_SIGNED_IN, 0, LIMIT_NONE,     0, KIND_FHIR,  say_hello  },
    {GET,    "/right",       WHO_SIGNED_IN, 4, LIMIT_NONE,     0, KIND_PLAIN, say_hello  },
    {GET,    "/session",     WHO_SESSION,   0, LIMIT_NONE,     0, KIND_PLAIN, say_hello  },
    {GET,    "/token",       WHO_TOKEN,     0, LIMIT_NONE,     0, KIND_PLAIN, say_hello  },
    {GET,    "/local",       WHO_LOCAL,     4, LIMIT_NONE,     0, KIND_PLAIN, say_hello  },
    {POST,   "/act",         WHO_SIGNED_IN, 0, LIMIT_FORM,     0, KIND_PAGE,  say_hello  },
    {DELETE, "/act",         WHO_SIGNED_IN, 0, LIMIT_FORM,     0, KIND_PAGE,  say_hello  },
};
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
static const struct {
    const char *request;
    const char *parts[4]; /* all of which the answer holds */
} cases[] = {
    {"GET / HTTP/1.1\r\n" END, {"HTTP/1.1 200 OK", "\r\n\r\nhello", "X-Content-Type-Options: nosniff"}},
    {"GET / HTTP/1.0\r\n\r\n", {"200 OK", "hello"}},
    {"HEAD / HTTP/1.1\r\n" END, {"200 OK", "Content-Length: 5"}},
    {"OPTIONS /act HTTP/1.1\r\n" END, {"204", "Allow: POST, DELETE, OPTIONS"}},
    {"GET /act HTTP/1.1\r\n" END, {"405", "Allow: POST, DELETE, OPTIONS"}},
    {"BREW / HTTP/1.1\r\n" END, {"405", "Allow: GET, HEAD, OPTIONS"}},
    {"GET /none HTTP/1.1\r\n" END, {"404"}},
    {"GET /names/%D0%90?q=%C3%A9&q=2 HTTP/1.1\r\nCookie: a=b; sid=\"s1\"\r\n" END, {"200", "\xd0\x90|\xc3\xa9|s1"}},
    {"GET /names/%ff HTTP/1.1\r\n" END, {"400"}},
    {"GET /names/%zz HTTP/1.1\r\n" END, {"400"}},
    {"GET /names/a%2fb HTTP/1.1\r\n" END, {"400"}},
    {"GET /nothing HTTP/1.1\r\n" END, {"500"}},
    {"GET /stale HTTP/1.1\r\n" END, {"412"}},
    {"GET /go?to=/cases/1 HTTP/1.1\r\n" END, {"303", "Location: /cases/1", "frame-ancestors 'none'", "no-store"}},
    {"GET /go?to=//evil.example HTTP/1.1\r\n" END, {"500"}},
    {"GET /sealed HTTP/1.1\r\nCookie: sid=of-a-neighbour; __Host-sid=s1\r\n" END, {"200", "Set-Cookie: __Host-sid=s2; Path=/; HttpOnly; SameSite=Lax; Secure\r\n", "\r\n\r\ns1"}},
    {"GET /sealed HTTP/1.1\r\nCookie: sid=of-a-neighbour\r\n" END, {"200", "Content-Length: 0"}},
    {"GET /go?to=/a%0d%0aSet-Cookie:x HTTP/1.1\r\n" END, {"500"}},
    {"GET /go?to=/%09/evil.example HTTP/1.1\r\n" END, {"500"}}, /* browsers drop the tab */
    {"GET /go?to=/%5cevil.example HTTP/1.1\r\n" END, {"500"}},
    {"POST /form HTTP/1.1\r\n" FORM "Content-Length: 11\r\n" END "a=1&b=2&a=3", {"200", "1|3"}},
    {"POST /form HTTP/1.1\r\n" FORM "Transfer-Encoding: chunked\r\n" END "4\r\na=1&\r\n3\r\na=%\r\n2\r\n33\r\n0\r\n\r\n", {"200", "1|3"}},
    {"POST /form HTTP/1.1\r\n" FORM "Content-Length: 4\r\n" END "a=%f", {"400"}},
    {"POST /form HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n" END "a", {"415"}},
    {"POST /form HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 130\r\n" END
     "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B\r\nContent-Disposition: form-data; name=f; filename=\"n.txt\"\r\n\r\nfile\r\n--B--\r\n",
     {"200", "x||n.txt|file"}},
    {"GET /fresh HTTP/1.1\r\n" END, {"200", "ETag: W/\"3\"", "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"}},
    {"GET /fresh HTTP/1.1\r\nIf-None-Match: \"1\", W/\"3\"\r\n" END, {"304", "ETag"}},
    {"GET /fresh HTTP/1.1\r\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n" END, {"304"}},
    {"GET /fresh HTTP/1.1\r\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n" END, {"200"}},
    {"GET /pieces HTTP/1.1\r\n" END, {"200", "Content-Length: 7", "\r\n\r\n<2340f>"}},
    {"GET /bytes HTTP/1.1\r\n" END, {"200", "Content-Length: 7", "\r\n\r\n<bytes>"}},
    {"HEAD /bytes HTTP/1.1\r\n" END, {"200", "Content-Length: 7"}},
    {"HEAD /pieces HTTP/1.1\r\n" END, {"200", "Content-Length: 7"}},
    {"GET /pieces?lost=1 HTTP/1.1\r\n" END, {"200", "Content-Length: 8"}},
    {"GET /file HTTP/1.1\r\n" END, {"200", "\r\n\r\n0123456789", "inline", "Accept-Ranges: bytes"}},
    {"GET /file HTTP/1.1\r\nRange: bytes=2-4\r\n" END, {"206", "\r\n\r\n234", "Content-Range: bytes 2-4/10", "Content-Length: 3"}},
    {"GET /file HTTP/1.1\r\nRange: bytes=-3\r\nIf-Range: \"e1\"\r\n" END, {"206", "\r\n\r\n789"}},
    {"GET /file HTTP/1.1\r\nRange: bytes=2-4\r\nIf-Range: \"e0\"\r\n" END, {"200", "0123456789"}},
    {"GET /file HTTP/1.1\r\nRange: bytes=10-\r\n" END, {"416", "Content-Range: bytes */10"}},
    {"GET /file HTTP/1.1\r\nIf-None-Match: \"e1\"\r\n" END, {"304"}},
    {"GET /page HTTP/1.1\r\nAccept-Encoding: br, gzip\r\n" END, {"200", "Content-Encoding: gzip", "Vary: Accept-Encoding"}},
    {"GET /page HTTP/1.1\r\nAccept-Encoding: gzip;q=0\r\n" END, {"200", "<p>the same again</p>", "Vary"}},
    {"GET /in HTTP/1.1\r\n" END, {"401", "WWW-Authenticate: Bearer"}},
    {"GET /in HTTP/1.1\r\nX-Who: token\r\n" END, {"200"}},
    {"GET /right HTTP/1.1\r\nX-Who: token 3\r\n" END, {"403"}},
    {"GET /right HTTP/1.1\r\nX-Who: token 6\r\n" END, {"200"}},
    {"GET /session HTTP/1.1\r\nX-Who: token 6\r\n" END, {"401"}},
    {"GET /token HTTP/1.1\r\nX-Who: session 6\r\n" END, {"401"}},
    {"GET /local HTTP/1.1\r\n" END, {"200"}},
    {"GET /local HTTP/1.1\r\nX-Forwarded-For: 10.1.1.1\r\n" END, {"401"}},
    {"GET /local HTTP/1.1\r\nX-Who: session 1\r\n" END, {"403"}},
    {"POST /act HTTP/1.1\r\nX-Who: token\r\nContent-Length: 0\r\n" END, {"200"}},
    {"POST /act HTTP/1.1\r\nX-Who: session\r\nContent-Length: 0\r\n" END, {"403"}},
    {"POST /act HTTP/1.1\r\nX-Who: session\r\n" FORM "Content-Length: 11\r\n" END "csrf=secret", {"200"}},
    {"POST /act HTTP/1.1\r\nX-Who: session\r\n" FORM "Content-Length: 11\r\n" END "csrf=Secret", {"403"}},
    {"DELETE /act HTTP/1.1\r\nX-Who: session\r\nX-CSRF-Token: secret\r\n" END, {"200"}},
    {"DELETE /act HTTP/1.1\r\nX-Who: session\r\nX-CSRF-Token: secret\r\nSec-Fetch-Site: cross-site\r\n" END, {"403"}},
    {"DELETE /act HTTP/1.1\r\nX-Who: session\r\nX-CSRF-Token: secret\r\nOrigin: http://x\r\n" END, {"200"}},
    {"DELETE /act HTTP/1.1\r\nX-Who: session\r\nX-CSRF-Token: secret\r\nOrigin: http://y\r\n" END, {"403"}},
    {"POST /form HTTP/1.1\r\nOrigin: null\r\n" FORM "Content-Length: 3\r\n" END "a=1", {"403"}},
    {"POST /size HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n" END "abc", {"400", "close"}},
    {"POST /size HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", {"400", "close"}},
    {"POST /size HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" END, {"400", "close"}},
    {"POST /size HTTP/1.1\r\nContent-Length: -1\r\n" END, {"400"}},
    {"POST /size HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" END, {"413"}},
    {"POST /size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "zz\r\n", {"400"}},
    {"GET / HTTP/1.1\r\nContent-Length: 3\r\n" END "abc", {"413"}},
};
/* clang-format on */

static void requests_get_their_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *got = test_talk(cases[i].request);
        for (size_t k = 0; k < LEN(cases[i].parts) && cases[i].parts[k] != NULL; k++) {
            if (strstr(got, cases[i].parts[k]) == NULL) {
                fail_msg("case %zu:\n%.300s\nexpected \"%s\" in:\n%.600s", i, cases[i].request,
                         cases[i].parts[k], got);
            }
        }
    }
}

/* Whatever comes, the server answers or hangs up, and the next request is answered. */
static void garbage_does_no_harm(void **state)
{
    (void)state;
    static char big[200000];
    static const char *const garbage[] = {
        "\r\n\r\n",
        "\0\0\0\0",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: empty\r\n\r\n",
        "GET http://other/ HTTP/1.1\r\n" END,
        "GET /../../etc/passwd HTTP/1.1\r\n" END,
        "GET /names/%00 HTTP/1.1\r\n" END,
        "POST /size HTTP/1.1\r\nContent-Length: 10\r\n" END "short",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    for (size_t i = 0; i < LEN(garbage); i++) {
        int fd = test_connect();
        (void)test_send(fd, garbage[i], strlen(garbage[i]) + 1);
        shutdown(fd, SHUT_WR);
        (void)test_read(fd, NULL);
        close(fd);
        test_expect(test_talk("GET / HTTP/1.1\r\n" END), "hello");
    }
    memset(big, 'a', sizeof(big) - 1);
    memcpy(big, "GET /", 5);
    test_expect(test_talk(big), "HTTP/1.1 4");
    memcpy(big, "GET / HTTP/1.1\r\nX: ", 19);
    test_expect(test_talk(big), "HTTP/1.1 4");
    test_expect(test_talk("GET / HTTP/1.1\r\n" END), "hello");
}

static void one_connection_serves_many(void **state)
{
    (void)state;
    int fd = test_connect();
    for (int i = 0; i < 50; i++) {
        const char *text = i % 2 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                 : "PUT /size HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345";
        assert_true(test_send(fd, text, strlen(text)));
        test_expect(test_read(fd, i % 2 ? "\r\n\r\nhello" : "\r\n\r\n5"), "200 OK");
    }
    const char *both = "GET /names/a HTTP/1.1\r\nHost: x\r\n\r\nGET /names/b HTTP/1.1\r\n" END;
    assert_true(test_send(fd, both, strlen(both)));
    const char *got = test_read(fd, NULL);
    test_expect(got, "a||");
    test_expect(got, "b||");
    close(fd);
}

/* A body above the limit is read past, so that the caller sees why it was refused. */
static void long_bodies_are_refused_politely(void **state)
{
    (void)state;
    enum { SIZE = 20 << 20 };
    char *body = os_alloc(1, SIZE);
    memset(body, 'x', SIZE);
    static const char *const heads[] = {
        "PUT /size HTTP/1.1\r\nContent-Length: 20971520\r\n" END,
        "POST /form HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "1400000\r\n",
    };
    for (size_t i = 0; i < LEN(heads); i++) {
        int fd = test_connect();
        assert_true(test_send(fd, heads[i], strlen(heads[i])));
        assert_true(test_send(fd, body, SIZE));
        (void)test_send(fd, "\r\n0\r\n\r\n", i == 0 ? 0 : 7);
        test_expect(test_read(fd, NULL), "HTTP/1.1 413");
        close(fd);
    }
    int fd = test_connect();
    const char *waits = "PUT /size HTTP/1.1\r\nContent-Length: 20971520\r\n"
                        "Expect: 100-continue\r\n" END;
    assert_true(test_send(fd, waits, strlen(waits)));
    test_expect(test_read(fd, NULL), "HTTP/1.1 413");
    close(fd);
    fd = test_connect();
    const char *fits = "PUT /size HTTP/1.1\r\nContent-Length: 16777216\r\n"
                       "Expect: 100-continue\r\n" END;
    assert_true(test_send(fd, fits, strlen(fits)));
    test_expect(test_read(fd, "\r\n\r\n"), "100 Continue");
    assert_true(test_send(fd, body, 16777216));
    test_expect(test_read(fd, NULL), "\r\n\r\n16777216");
    close(fd);
    os_free(body);
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
        cmocka_unit_test(requests_get_their_answers),
        cmocka_unit_test(garbage_does_no_harm),
        cmocka_unit_test(one_connection_serves_many),
        cmocka_unit_test(long_bodies_are_refused_politely),
    };
    return cmocka_run_group_tests(tests, start, test_stop);
}
