/* http/tls_test.c - HTTPS over a socket: what is spoken, what is carried, who is hostile, a new certificate. */
#include "http/tls_testing.h"

/* ---- tests ---- */

static void answers_by_https(void **state)
{
    (void)state;
    struct peer p = peer_new();
    peer_say(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const char *got = peer_read(&p, "hello");
    test_expect(got, "HTTP/1.1 200 OK");
    test_expect(got, "Strict-Transport-Security: max-age=31536000\r\n");
    peer_say(&p, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"); /* on the same connection */
    got = peer_read(&p, "\r\n\r\n");
    test_expect(got, "HTTP/1.1 404");
    test_expect(got, "Strict-Transport-Security: max-age=31536000\r\n");
    peer_say(&p, "GET /peer HTTP/1.1\r\n" END);
    test_expect(peer_read(&p, NULL), "\r\n\r\n127.0.0.1");
    /* The end is said: nobody can cut an answer short. */
    assert_int_equal(SSL_get_error(p.ssl, 0), SSL_ERROR_ZERO_RETURN);
    peer_done(&p);
}

static void speaks_what_it_should(void **state)
{
    (void)state;
    static const struct {
        int version;
        const char *ciphers; /* of TLS 1.2; NULL: any */
        bool fine;
    } cases[] = {
        {TLS1_3_VERSION, NULL, true},
        {TLS1_2_VERSION, NULL, true},
        {TLS1_1_VERSION, NULL, false},
        {TLS1_VERSION, NULL, false},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", false},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", false},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM", false},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct peer p = peer_on(test_connect(), cases[i].version);
        assert_true(cases[i].ciphers == NULL || SSL_set_cipher_list(p.ssl, cases[i].ciphers) == 1);
        if ((SSL_connect(p.ssl) == 1) != cases[i].fine) {
            fail_msg("case %zu", i);
        }
        peer_done(&p);
    }
    static const struct {
        const char *offered;
        unsigned n;
        bool fine;
    } protocols[] = {{"\x02h2\x08http/1.1", 12, true}, {"\x08http/1.1", 9, true}, {"\x02h2", 3, false}};
    for (size_t i = 0; i < LEN(protocols); i++) {
        struct peer p = peer_on(test_connect(), 0);
        const unsigned char *chosen = NULL;
        unsigned n = 0;
        assert_int_equal(SSL_set_alpn_protos(p.ssl, (const unsigned char *)protocols[i].offered, protocols[i].n), 0);
        assert_int_equal(SSL_connect(p.ssl) == 1, protocols[i].fine);
        SSL_get0_alpn_selected(p.ssl, &chosen, &n);
        assert_true(!protocols[i].fine || (n == 8 && memcmp(chosen, "http/1.1", 8) == 0));
        peer_done(&p);
    }
}

static void carries_much(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /big HTTP/1.1\r\n" END, "GET /big?file=1 HTTP/1.1\r\n" END};
    static char piece[10000];
    for (size_t i = 0; i < LEN(requests); i++) {
        struct peer p = peer_new();
        peer_say(&p, requests[i]);
        size_t got = 0;
        int k = 0;
        bool in_head = true;
        size_t matched = 0; /* of the blank line */
        while ((k = SSL_read(p.ssl, piece, sizeof(piece))) > 0) {
            for (int j = 0; j < k; j++) {
                if (in_head) {
                    matched = piece[j] == "\r\n\r\n"[matched] ? matched + 1 : piece[j] == '\r';
                    in_head = matched < 4;
                } else if (piece[j] != (char)('a' + got++ % 23)) {
                    fail_msg("byte %zu", got);
                }
            }
        }
        assert_int_equal(got, BIG);
        peer_done(&p);
    }
    char *body = os_alloc(1, BIG);
    struct peer p = peer_new();
    peer_say(&p, "POST /size HTTP/1.1\r\nContent-Length: 6000000\r\n" END);
    for (size_t at = 0; at < BIG;) {
        int n = SSL_write(p.ssl, body + at, (int)MIN(BIG - at, 30000));
        assert_true(n > 0);
        at += (size_t)n;
    }
    test_expect(peer_read(&p, NULL), "\r\n\r\n6000000");
    peer_done(&p);
    os_free(body);
}

/* Handshake, request and the end, byte by byte. */
static void drips(void **state)
{
    (void)state;
    struct peer p = peer_on(test_connect(), 0);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    assert_true(in != NULL && out != NULL);
    SSL_set_bio(p.ssl, in, out);
    SSL_set_connect_state(p.ssl);
    bool asked = false;
    bool seen = false;
    for (int turn = 0; !seen && turn < 1000; turn++) {
        char b[4096];
        (void)SSL_do_handshake(p.ssl);
        if (SSL_is_init_finished(p.ssl) && !asked) {
            peer_say(&p, "GET / HTTP/1.1\r\n" END);
            asked = true;
        }
        for (int n = BIO_read(out, b, sizeof(b)); n > 0; n = BIO_read(out, b, sizeof(b))) {
            for (int i = 0; i < n; i++) {
                assert_int_equal(send(p.fd, b + i, 1, MSG_NOSIGNAL), 1);
            }
        }
        ssize_t n = recv(p.fd, b, sizeof(b), 0);
        assert_true(n > 0);
        assert_int_equal(BIO_write(in, b, (int)n), n);
        seen = asked && strstr(peer_read(&p, "hello"), "hello") != NULL;
    }
    assert_true(seen);
    peer_done(&p);
}

/* Bytes to the port as they are; gives what it answers before it hangs up. */
static const char *say_raw(const char *text, size_t n)
{
    int fd = test_connect();
    (void)test_send(fd, text, n);
    const char *got = test_read(fd, NULL);
    close(fd);
    return got;
}

static void what_is_no_tls_is_told_so(void **state)
{
    (void)state;
    const char *got = say_raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    test_expect(got, "HTTP/1.1 400 Bad Request\r\n");
    test_expect(got, "Connection: close\r\n\r\nЭтот адрес");
    test_expect(got, "\nThis address speaks HTTPS alone: write https:// in front of its name");
    static const char *const rubbish[] = {
        "\x01\x02\x03\x04\x05\x06\x07\x08", "\x80\x2e\x01\x03\x01 an old hello", "get /",
        "\x16\x03\x01\xff\xff rubbish in a record that is too long",
        "\x16\x03\x01\x01\x05\x09\x02\x01\x01 no hello",
        "\x16\x03\x01\x01\x05\x01\xff\xff\xff a hello of 16 MB",
    };
    for (size_t i = 0; i < LEN(rubbish); i++) {
        int fd = test_connect();
        (void)test_send(fd, rubbish[i], strlen(rubbish[i]));
        (void)shutdown(fd, SHUT_WR); /* or it waits for more of the record, as long as a handshake may */
        got = test_read(fd, NULL);
        assert_null(strstr(got, "HTTP/"));
        close(fd);
    }
    still_serves();
}

static void no_renegotiation(void **state)
{
    (void)state;
    struct peer p = peer_on(test_connect(), TLS1_2_VERSION);
    assert_int_equal(SSL_connect(p.ssl), 1);
    peer_say(&p, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    test_expect(peer_read(&p, "hello"), "hello");
    assert_int_equal(SSL_renegotiate(p.ssl), 1);
    assert_int_not_equal(SSL_do_handshake(p.ssl), 1);
    peer_done(&p);
    still_serves();
}

/* An end without close_notify, in each place. */
static void leaves_without_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct peer p = peer_on(test_connect(), 0);
        if (i > 0) {
            assert_int_equal(SSL_connect(p.ssl), 1);
        }
        if (i == 2) {
            peer_say(&p, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
        } else if (i == 3) {
            peer_say(&p, "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 6000000\r\n\r\nabc");
        }
        close(p.fd);
        p.fd = -1;
        peer_done(&p);
    }
    still_serves();
}

/* The peer says that it sends no more and waits: the answer comes. */
static void half_an_end(void **state)
{
    (void)state;
    struct peer p = peer_new();
    peer_say(&p, "GET /big HTTP/1.1\r\n" END);
    assert_int_equal(SSL_shutdown(p.ssl), 0);
    size_t got = 0;
    static char piece[10000];
    for (int k = 0; (k = SSL_read(p.ssl, piece, sizeof(piece))) > 0;) {
        got += (size_t)k;
    }
    assert_true(got > BIG);
    peer_done(&p);
}

/* Half-open handshakes and peers that read nothing do not keep others out; what is too many waits. */
static void others_are_served(void **state)
{
    (void)state;
    enum { IDLE = 60, DEAF = 6 };
    int idle[IDLE];
    struct peer deaf[DEAF];
    for (int i = 0; i < IDLE; i++) {
        idle[i] = test_connect();
        assert_true(i % 2 == 0 || test_send(idle[i], "\x16\x03\x01\x01", 4));
    }
    for (int i = 0; i < DEAF; i++) {
        deaf[i] = peer_new();
        peer_say(&deaf[i], i % 2 ? "GET /big HTTP/1.1\r\n" END : "GET /big?file=1 HTTP/1.1\r\n" END);
    }
    for (int i = 0; i < 20; i++) {
        still_serves();
    }
    for (int i = 0; i < IDLE; i++) {
        close(idle[i]);
    }
    for (int i = 0; i < DEAF; i++) {
        peer_done(&deaf[i]);
    }
}

static void the_limit_holds(void **state)
{
    (void)state;
    enum { MOST = 202 }; /* of test_start(), both threads */
    int fds[MOST + 20];
    for (size_t i = 0; i < LEN(fds); i++) {
        fds[i] = test_connect();
    }
    struct timeval soon = {.tv_usec = 200000};
    struct peer late = peer_on(test_connect(), 0);
    (void)setsockopt(late.fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
    assert_int_not_equal(SSL_connect(late.ssl), 1); /* it waits to be taken */
    for (size_t i = 0; i < LEN(fds); i++) {
        close(fds[i]);
    }
    peer_done(&late);
    still_serves();
}

static void slow_ones_end(void **state)
{
    (void)state;
    static const struct {
        enum stage stage;
        bool ended;
        uint64_t lives_s;
    } cases[] = {
        {STAGE_KNOCK, false, SHAKE_S},
        {STAGE_SHAKE, false, SHAKE_S},
        {STAGE_OPEN, false, 1000000},
        {STAGE_OPEN, true, STUCK_S},
        {STAGE_LINGER, false, LINGER_S},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct link k = {.stage = cases[i].stage, .down_ended = cases[i].ended, .since_s = 100};
        link_watch(&k, 99); /* a clock of another thread */
        link_watch(&k, 100 + cases[i].lives_s);
        assert_int_equal(k.stage, cases[i].stage);
        link_watch(&k, 101 + cases[i].lives_s);
        assert_true(k.stage == STAGE_OVER || !(cases[i].ended || cases[i].stage != STAGE_OPEN));
    }
}

/* Who takes nothing of its answer cannot stay by saying something now and then. */
static void talking_is_not_taking(void **state)
{
    (void)state;
    static struct front_io io;
    const int small = 1;
    int ours[2];
    int peer[2];
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    struct link k = {.stage = STAGE_OPEN, .since_s = 100, .ssl = SSL_new(ctx),
                     .up = os_alloc(1, sizeof(struct part)), .down = os_alloc(1, sizeof(struct part))};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ours), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, peer), 0);
    assert_int_equal(setsockopt(ours[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    k.up->n = k.down->n = PART_BYTES;
    k.ours.fd = ours[0];
    k.peer.fd = peer[0];
    SSL_set_accept_state(k.ssl); /* nobody shakes hands: what is for the peer waits */
    assert_int_equal(SSL_set_fd(k.ssl, peer[0]), 1);
    link_go_on(&io, &k, 100 + STUCK_S);
    assert_int_equal(k.stage, STAGE_OPEN);
    assert_non_null(k.up);
    assert_true(k.up->at > 0); /* bytes of the peer moved */
    assert_int_equal(k.down->at, 0);
    link_watch(&k, 101 + STUCK_S);
    assert_int_equal(k.stage, STAGE_OVER);
    SSL_free(k.ssl);
    SSL_CTX_free(ctx);
    os_free(k.up);
    os_free(k.down);
    for (size_t i = 0; i < 2; i++) {
        close(ours[i]);
        close(peer[i]);
    }
}

static enum err renew(const char **ret_why)
{
    static char why[64];
    struct req rq;
    req_init(&rq, 1 << 20, os_now());
    enum err e = http_server_renew(&rq, T.server);
    (void)snprintf(why, sizeof(why), "%.60s", rq.err.detail);
    err_clear(&rq);
    req_done(&rq);
    *ret_why = why;
    return e;
}

static long serial_now(void)
{
    struct peer p = peer_new();
    long serial = peer_serial(&p);
    peer_done(&p);
    return serial;
}

static void a_new_certificate(void **state)
{
    (void)state;
    const char *why;
    struct peer before = peer_new();
    assert_int_equal(peer_serial(&before), 1);
    write_pair(-1, 90, 2);
    assert_int_equal(serial_now(), 1);
    assert_int_equal(renew(&why), OK);
    assert_int_equal(serial_now(), 2);
    peer_say(&before, "GET / HTTP/1.1\r\n" END); /* open connections live on */
    test_expect(peer_read(&before, NULL), "hello");
    peer_done(&before);
    /* What cannot be served with changes nothing. */
    write_pair(-90, -1, 3);
    assert_int_equal(renew(&why), E_BAD_INPUT);
    assert_string_equal(why, "certificate-ended");
    write_pair(1, 400, 4);
    assert_int_equal(renew(&why), E_BAD_INPUT);
    assert_string_equal(why, "certificate-not-yet");
    struct made other = make(-1, 90, NULL, 5);
    write_cert(cert_path, &other, NULL);
    assert_int_equal(renew(&why), E_BAD_INPUT);
    assert_string_equal(why, "key-of-another");
    unmake(&other);
    assert_int_equal(unlink(key_path), 0);
    assert_int_equal(renew(&why), E_BAD_INPUT);
    assert_string_equal(why, "key-unread");
    assert_int_equal(serial_now(), 2);
    write_pair(-1, 30, 6);
    assert_int_equal(renew(&why), OK);
    assert_int_equal(serial_now(), 6);
}

static struct tls_facts facts_of(const char *cert, const char *key, const char *host)
{
    struct req rq;
    struct tls_facts f;
    req_init(&rq, 1 << 20, os_now());
    assert_int_equal(tls_look(&rq, cert, key, str_z(host), &f), OK);
    assert_int_equal(rq.err.code, OK);
    req_done(&rq);
    return f;
}

static void each_fault_is_seen(void **state)
{
    (void)state;
    char c[64], k[64], text[64];
    in_folder(c, "c.pem");
    in_folder(k, "k.pem");
    in_folder(text, "text");
    struct made root = make(-10, 100, NULL, 1);
    struct made leaf = make(-1, 50, &root, 2);
    FILE *f = fopen(text, "we");
    assert_true(f != NULL && fputs("no PEM\n", f) > 0 && fclose(f) == 0);
    write_cert(c, &leaf, &root);
    write_key(k, &leaf, NULL);
    struct tls_facts facts = facts_of(c, k, "localhost");
    assert_int_equal(facts.fault, TLS_FINE);
    assert_false(facts.other_host || facts.is_alone);
    assert_in_range(facts.until.ms / 1000, (uint64_t)os_now().ms / 1000 + 50 * DAY - 60,
                    (uint64_t)os_now().ms / 1000 + 50 * DAY + 60);
    assert_true(facts_of(c, k, "else.example").other_host);
    assert_false(facts_of(c, k, "a.region.example").other_host);
    assert_true(facts_of(c, k, "a.b.region.example").other_host);
    assert_false(facts_of(c, k, "127.0.0.1").other_host);
    write_cert(c, &leaf, NULL);
    assert_true(facts_of(c, k, "").is_alone);
    assert_int_equal(facts_of(folder, k, "").fault, TLS_CERT_UNREAD);
    assert_int_equal(facts_of("/nowhere", k, "").fault, TLS_CERT_UNREAD);
    assert_int_equal(facts_of(text, k, "").fault, TLS_CERT_NO_PEM);
    assert_int_equal(facts_of(k, k, "").fault, TLS_CERT_NO_PEM);
    assert_int_equal(facts_of(c, "/nowhere", "").fault, TLS_KEY_UNREAD);
    assert_int_equal(facts_of(c, text, "").fault, TLS_KEY_NO_PEM);
    assert_int_equal(facts_of(c, c, "").fault, TLS_KEY_NO_PEM);
    write_key(k, &leaf, "secret"); /* and nobody is asked on the terminal */
    assert_int_equal(facts_of(c, k, "").fault, TLS_KEY_NO_PEM);
    write_key(k, &root, NULL);
    assert_int_equal(facts_of(c, k, "").fault, TLS_KEY_OTHER);
    for (enum tls_fault i = TLS_FINE; i < TLS_FAULT_COUNT; i++) {
        assert_true(tls_fault_name(i)[0] != 0 && tls_fault_words(i).n > 0);
        assert_int_equal(tls_can_serve(i), i == TLS_FINE || i == TLS_NOT_YET || i == TLS_ENDED);
    }
    unmake(&leaf);
    unmake(&root);
    /* A key that is too short for today. */
    struct made weak = {.key = EVP_RSA_gen(1024), .cert = X509_new()};
    assert_true(weak.key != NULL && X509_gmtime_adj(X509_getm_notBefore(weak.cert), -DAY) != NULL
                && X509_gmtime_adj(X509_getm_notAfter(weak.cert), DAY) != NULL
                && X509_set_pubkey(weak.cert, weak.key) == 1 && X509_sign(weak.cert, weak.key, EVP_sha256()) > 0);
    write_cert(c, &weak, NULL);
    write_key(k, &weak, NULL);
    assert_int_equal(facts_of(c, k, "").fault, TLS_CERT_WEAK);
    unmake(&weak);
}

/* Connections of all kinds are open when it ends: it does, and soon. */
static void the_end_is_orderly(void **state)
{
    struct peer idle = peer_new();
    struct peer deaf = peer_new();
    peer_say(&deaf, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    int half = test_connect();
    uint64_t begun = os_ticks_us();
    test_stop(state);
    assert_true(os_ticks_us() - begun < UINT64_C(9000000));
    assert_string_equal(peer_read(&idle, NULL), "");
    assert_int_equal(SSL_get_error(idle.ssl, 0), SSL_ERROR_ZERO_RETURN);
    peer_done(&idle);
    peer_done(&deaf);
    close(half);
    test_start(routes, LEN(routes));
    still_serves();
}

static int start(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    in_folder(cert_path, "cert.pem");
    in_folder(key_path, "key.pem");
    write_pair(-1, 60, 1);
    test_certificate = cert_path;
    test_key = key_path;
    test_start(routes, LEN(routes));
    return 0;
}

static int stop(void **state)
{
    struct req rq;
    int r = test_stop(state);
    req_init(&rq, 1 << 20, os_now());
    assert_int_equal(os_remove_tree(&rq, folder), OK);
    req_done(&rq);
    return r;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_by_https),      cmocka_unit_test(speaks_what_it_should),
        cmocka_unit_test(carries_much),          cmocka_unit_test(drips),
        cmocka_unit_test(what_is_no_tls_is_told_so), cmocka_unit_test(no_renegotiation),
        cmocka_unit_test(leaves_without_a_word), cmocka_unit_test(half_an_end),
        cmocka_unit_test(others_are_served),     cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(slow_ones_end),
        cmocka_unit_test(talking_is_not_taking),         cmocka_unit_test(a_new_certificate),
        cmocka_unit_test(each_fault_is_seen),    cmocka_unit_test(the_end_is_orderly),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
