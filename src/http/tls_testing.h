/* http/tls_testing.h - what the tests of HTTPS have in common: certificates made for them,
 * handlers, a client that speaks TLS. Include from *_test.c only. */
#pragma once

#include "http/server_testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "http/front_int.h"
#include "http/tls.h"
#include "os/file.h"


enum { DAY = 86400, BIG = 6000000 };

/* ---- certificates ---- */

static char folder[] = "/tmp/consilium-tls-XXXXXX";
static char cert_path[64], key_path[64];

static void in_folder(char out[64], const char *name)
{
    int n = snprintf(out, 64, "%s/%s", folder, name);
    assert_true(n > 0 && n < 64);
}

struct made {
    EVP_PKEY *key;
    X509 *cert;
};

/* A certificate for localhost from days `from` to `until` from now, signed by itself or by that one. */
static struct made make(int from, int until, const struct made *by, long serial)
{
    struct made m = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
    X509V3_CTX ctx;
    assert_true(m.key != NULL && m.cert != NULL && X509_set_version(m.cert, 2) == 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(m.cert), serial), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(m.cert), (long)from * DAY));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(m.cert), (long)until * DAY));
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(m.cert), "CN", MBSTRING_UTF8,
                                                (const unsigned char *)(by ? "leaf" : "root"), -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(m.cert, X509_get_subject_name(by ? by->cert : m.cert)), 1);
    assert_int_equal(X509_set_pubkey(m.cert, m.key), 1);
    X509V3_set_ctx(&ctx, m.cert, m.cert, NULL, NULL, 0);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name,
                            "DNS:localhost,DNS:*.region.example,IP:127.0.0.1");
    assert_non_null(names);
    assert_int_equal(X509_add_ext(m.cert, names, -1), 1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(m.cert, by ? by->key : m.key, EVP_sha256()) > 0);
    return m;
}

static void unmake(struct made *m)
{
    X509_free(m->cert);
    EVP_PKEY_free(m->key);
}

static void write_cert(const char *path, const struct made *m, const struct made *next)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, m->cert), 1);
    assert_true(next == NULL || PEM_write_X509(f, next->cert) == 1);
    assert_int_equal(fclose(f), 0);
}

static void write_key(const char *path, const struct made *m, const char *passphrase)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    const EVP_CIPHER *how = passphrase != NULL ? EVP_aes_128_cbc() : NULL;
    int n = passphrase != NULL ? (int)strlen(passphrase) : 0;
    assert_int_equal(PEM_write_PrivateKey(f, m->key, how,
                                              (const unsigned char *)passphrase, n, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
}

static void write_pair(int from, int until, long serial)
{
    struct made m = make(from, until, NULL, serial);
    write_cert(cert_path, &m, NULL);
    write_key(key_path, &m, NULL);
    unmake(&m);
}

/* ---- handlers ---- */

static enum err say_hello(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain"), h->is_https ? S("hello") : S("in clear"));
}

static enum err say_peer(struct http_req *h)
{
    return http_reply(h, 200, S("text/plain"), str_z(h->rq.peer));
}

/* BIG bytes of a file, or of memory. */
static enum err say_big(struct http_req *h)
{
    char *p = arena_alloc_raw(h->rq.a, BIG);
    TRY_MEM(&h->rq, p);
    for (size_t i = 0; i < BIG; i++) {
        p[i] = (char)('a' + i % 23);
    }
    if (http_query(h, S("file")).p == NULL) {
        return http_reply(h, 200, S("application/octet-stream"), (struct str){p, BIG});
    }
    char path[] = "/tmp/consilium-tls-big-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    TRY(os_write_at(&h->rq, fd, 0, p, BIG));
    struct http_disk_file f = {.fd = fd, .size_bytes = BIG, .type = S("application/octet-stream"),
                               .filename = S("big"), .etag = S("\"b\"")};
    return http_reply_file(h, &f);
}

static enum err say_size(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 100);
    buf_u64(&b, http_body(h).n);
    return http_reply(h, 200, S("text/plain"), buf_get(&b));
}

/* clang-format off */
static const struct http_route routes[] = {
    {GET,  "/",     WHO_ANY, 0, LIMIT_NONE,   0, KIND_PLAIN, say_hello},
    {GET,  "/peer", WHO_ANY, 0, LIMIT_NONE,   0, KIND_PLAIN, say_peer },
    {GET,  "/big",  WHO_ANY, 0, LIMIT_BUNDLE, 0, KIND_PLAIN, say_big  },
    {POST, "/size", WHO_ANY, 0, LIMIT_BUNDLE, 0, KIND_PLAIN, say_size },
};
/* clang-format on */

/* ---- the client ---- */

struct peer {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
};

static struct peer peer_on(int fd, int version)
{
    struct peer p = {.ctx = SSL_CTX_new(TLS_client_method()), .fd = fd};
    assert_true(p.ctx != NULL && p.fd >= 0);
    SSL_CTX_set_security_level(p.ctx, 0);
    assert_true(version == 0 || (SSL_CTX_set_min_proto_version(p.ctx, version) == 1
                                 && SSL_CTX_set_max_proto_version(p.ctx, version) == 1));
    p.ssl = SSL_new(p.ctx);
    assert_true(p.ssl != NULL && SSL_set_fd(p.ssl, p.fd) == 1);
    return p;
}

static void peer_done(struct peer *p)
{
    SSL_free(p->ssl);
    SSL_CTX_free(p->ctx);
    if (p->fd >= 0) {
        close(p->fd);
    }
    ERR_clear_error();
}

static struct peer peer_new(void)
{
    struct peer p = peer_on(test_connect(), 0);
    assert_int_equal(SSL_connect(p.ssl), 1);
    return p;
}

static void peer_say(struct peer *p, const char *text)
{
    assert_int_equal(SSL_write(p->ssl, text, (int)strlen(text)), (int)strlen(text));
}

/* Reads until needle, or the end. */
static const char *peer_read(struct peer *p, const char *needle)
{
    size_t n = 0;
    test_answer[0] = 0;
    while (n + 1 < sizeof(test_answer) && (needle == NULL || strstr(test_answer, needle) == NULL)) {
        int k = SSL_read(p->ssl, test_answer + n, (int)(sizeof(test_answer) - 1 - n));
        if (k <= 0) {
            break;
        }
        n += (size_t)k;
        test_answer[n] = 0;
    }
    return test_answer;
}

static long peer_serial(struct peer *p)
{
    X509 *x = SSL_get1_peer_certificate(p->ssl);
    assert_non_null(x);
    long serial = ASN1_INTEGER_get(X509_get0_serialNumber(x));
    X509_free(x);
    return serial;
}

static void still_serves(void)
{
    struct peer p = peer_new();
    peer_say(&p, "GET / HTTP/1.1\r\n" END);
    test_expect(peer_read(&p, NULL), "\r\n\r\nhello");
    peer_done(&p);
}
