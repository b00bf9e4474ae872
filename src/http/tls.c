/* http/tls.c - see tls.h. OpenSSL 3. */
#include "http/tls.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/instant.h"
#include "os/file.h"

enum {
    CERT_FILE_MAX = 256 * 1024,
    KEY_FILE_MAX = 64 * 1024,
    CHAIN_MAX = 10,
    KNOWN_MAX = 4096, /* peers that may come back without a whole handshake */
    KNOWN_S = 3600,
    SECURE_HEAP = 64 * 1024, /* bytes for private keys; the least piece */
    SECURE_LEAST = 32,
    LEVEL = 2, /* 112 bits: RSA and DH of 2048, no SHA-1 */
};

/* clang-format off */
static const struct {
    const char *name;
    struct str words;
} faults[TLS_FAULT_COUNT] = {
    [TLS_FINE] = {"fine", SI("is fine")},
    [TLS_CERT_UNREAD] = {"certificate-unread", SI("cannot be read by this user: the program needs a copy of its own, as doc/INSTALL.md says")},
    [TLS_CERT_NO_PEM] = {"certificate-no-pem", SI("holds no certificate (PEM), or a broken one: name the file fullchain.pem")},
    [TLS_CERT_WEAK] = {"certificate-weak", SI("holds a certificate browsers do not take: RSA of at least 2048 bits or P-256, signed with SHA-256")},
    [TLS_KEY_UNREAD] = {"key-unread", SI("cannot be read by this user: the program needs a copy of its own, as doc/INSTALL.md says")},
    [TLS_KEY_NO_PEM] = {"key-no-pem", SI("holds no private key (PEM) that opens without a passphrase: name the file privkey.pem")},
    [TLS_KEY_OTHER] = {"key-of-another", SI("is the key of another certificate than tls_certificate: take both from the same folder")},
    [TLS_NOT_YET] = {"certificate-not-yet", SI("is valid only from a later day: is the clock of this machine right?")},
    [TLS_ENDED] = {"certificate-ended", SI("has ended: browsers refuse it; renew it (certbot renew), then systemctl reload consilium")},
};
/* clang-format on */

const char *tls_fault_name(enum tls_fault fault)
{
    return faults[fault].name;
}

struct str tls_fault_words(enum tls_fault fault)
{
    return faults[fault].words;
}

bool tls_fault_is_of_key(enum tls_fault fault)
{
    return fault == TLS_KEY_UNREAD || fault == TLS_KEY_NO_PEM || fault == TLS_KEY_OTHER;
}

bool tls_can_serve(enum tls_fault fault)
{
    return fault == TLS_FINE || fault == TLS_NOT_YET || fault == TLS_ENDED;
}

/* ---- reading ---- */

struct pair {
    X509 *cert;
    X509 *chain[CHAIN_MAX];
    size_t n_chain;
    EVP_PKEY *key;
};

static void pair_done(struct pair *p)
{
    X509_free(p->cert);
    for (size_t i = 0; i < p->n_chain; i++) {
        X509_free(p->chain[i]);
    }
    EVP_PKEY_free(p->key);
    ERR_clear_error();
}

static void bio_done(BIO **b)
{
    BIO_free(*b);
}

static void ctx_done(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

/* Nobody is there to be asked. */
static int no_passphrase(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static enum tls_fault certificates(struct str pem, struct pair *p)
{
    CLEANUP(bio_done) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    p->cert = b != NULL ? PEM_read_bio_X509(b, NULL, no_passphrase, NULL) : NULL;
    while (p->cert != NULL && p->n_chain < CHAIN_MAX) {
        ERR_clear_error();
        X509 *x = PEM_read_bio_X509(b, NULL, no_passphrase, NULL);
        if (x == NULL) {
            return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? TLS_FINE
                                                                                : TLS_CERT_NO_PEM;
        }
        p->chain[p->n_chain++] = x;
    }
    return TLS_CERT_NO_PEM;
}

static enum err read_key(struct req *rq, const char *path, struct pair *p)
{
    struct str pem;
    TRY(os_read_file(rq, path, KEY_FILE_MAX, &pem));
    union {
        const char *in;
        char *out;
    } bytes = {.in = pem.p};
    {
        CLEANUP(bio_done) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
        p->key = b != NULL ? PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL) : NULL;
    }
    OPENSSL_cleanse(bytes.out, pem.n);
    return OK;
}

/* Both files; p is to be ended whatever comes. */
static enum tls_fault pair_read(struct req *rq, const char *certificate, const char *key, struct pair *p)
{
    struct str pem;
    enum err e = os_read_file(rq, certificate, CERT_FILE_MAX, &pem);
    if (e != OK) {
        err_clear(rq);
        return e == E_TOO_LARGE ? TLS_CERT_NO_PEM : TLS_CERT_UNREAD;
    }
    enum tls_fault fault = certificates(pem, p);
    if (fault != TLS_FINE) {
        return fault;
    }
    e = read_key(rq, key, p);
    if (e != OK) {
        err_clear(rq);
        return e == E_TOO_LARGE ? TLS_KEY_NO_PEM : TLS_KEY_UNREAD;
    }
    if (p->key == NULL) {
        return TLS_KEY_NO_PEM;
    }
    return X509_check_private_key(p->cert, p->key) == 1 ? TLS_FINE : TLS_KEY_OTHER;
}

static struct instant instant_of(const ASN1_TIME *t)
{
    struct tm tm = {0};
    if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
        return (struct instant){0};
    }
    const struct civil c = {.year = tm.tm_year + 1900, .month = tm.tm_mon + 1, .day = tm.tm_mday,
                            .hour = tm.tm_hour, .minute = tm.tm_min, .second = tm.tm_sec};
    return instant_from_civil(&c, 0);
}

static bool is_for(X509 *x, struct str host)
{
    char z[256];
    if (host.n == 0 || host.n >= sizeof(z)) {
        return host.n == 0;
    }
    memcpy(z, host.p, host.n);
    z[host.n] = 0;
    return X509_check_host(x, z, host.n, 0, NULL) == 1 || X509_check_ip_asc(x, z, 0) == 1;
}

/* ---- what is spoken ---- */

/* RFC 7301: who offers protocols and HTTP/1.1 is not among them is told so. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *in, unsigned in_n, void *ctx)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_n, ours, sizeof(ours) - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *ctx_new(void)
{
    static const char ciphers12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
    static const char ciphers13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                    "TLS_CHACHA20_POLY1305_SHA256";
    static const unsigned char name[] = "consilium";
    CLEANUP(ctx_done) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1
        || SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1
        || SSL_CTX_set_cipher_list(ctx, ciphers12) != 1 || SSL_CTX_set_ciphersuites(ctx, ciphers13) != 1
        || SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") != 1
        || SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1) != 1) {
        return NULL;
    }
    SSL_CTX_set_security_level(ctx, LEVEL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(ctx, KNOWN_MAX);
    SSL_CTX_set_timeout(ctx, KNOWN_S);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    /* A record that holds none of the peer's bytes gives the turn back. */
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                              | SSL_MODE_RELEASE_BUFFERS);
    return TAKE(ctx);
}

/* gives NULL when OpenSSL, at this level, does not serve with them. */
static SSL_CTX *ctx_with(const struct pair *p)
{
    CLEANUP(ctx_done) SSL_CTX *ctx = ctx_new();
    bool fine = ctx != NULL && SSL_CTX_use_certificate(ctx, p->cert) == 1
                && SSL_CTX_use_PrivateKey(ctx, p->key) == 1;
    for (size_t i = 0; fine && i < p->n_chain; i++) {
        fine = SSL_CTX_add1_chain_cert(ctx, p->chain[i]) == 1;
    }
    return fine ? TAKE(ctx) : NULL;
}

static enum tls_fault judge(struct req *rq, const struct pair *p, struct str host, struct tls_facts *facts)
{
    struct instant from = instant_of(X509_get0_notBefore(p->cert));
    facts->until = instant_of(X509_get0_notAfter(p->cert));
    facts->other_host = !is_for(p->cert, host);
    facts->is_alone = p->n_chain == 0 && X509_self_signed(p->cert, 0) != 1;
    return from.ms > rq->now.ms ? TLS_NOT_YET : facts->until.ms <= rq->now.ms ? TLS_ENDED : TLS_FINE;
}

/* gives *ret_ctx, NULL when they cannot be served with. */
static struct tls_facts load(struct req *rq, const char *certificate, const char *key, struct str host,
                             SSL_CTX **ret_ctx)
{
    CLEANUP(pair_done) struct pair p = {0};
    struct tls_facts facts = {0};
    SSL_CTX *ctx = NULL;
    facts.fault = pair_read(rq, certificate, key, &p);
    if (facts.fault == TLS_FINE) {
        ctx = ctx_with(&p);
        facts.fault = ctx == NULL ? TLS_CERT_WEAK : judge(rq, &p, host, &facts);
    }
    *ret_ctx = ctx;
    return facts;
}

enum err tls_look(struct req *rq, const char *certificate, const char *key, struct str host,
                  struct tls_facts *ret_facts)
{
    CLEANUP(ctx_done) SSL_CTX *ctx = NULL;
    struct arena_mark before = arena_mark(rq->a);
    *ret_facts = load(rq, certificate, key, host, &ctx);
    arena_back(rq->a, before);
    return OK;
}

enum err tls_open(struct req *rq, const char *certificate, const char *key, struct tls_facts *ret_facts,
                  struct ssl_ctx_st **ret_ctx)
{
    SSL_CTX *ctx = NULL;
    if (CRYPTO_secure_malloc_initialized() == 0) { /* private keys lie there: locked, in no core file */
        (void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST);
    }
    struct arena_mark before = arena_mark(rq->a);
    struct tls_facts facts = load(rq, certificate, key, S(""), &ctx);
    arena_back(rq->a, before);
    if (ctx == NULL) {
        return FAIL(rq, E_BAD_INPUT, "%s", tls_fault_name(facts.fault));
    }
    *ret_facts = facts;
    *ret_ctx = ctx;
    return OK;
}

void tls_close(struct ssl_ctx_st *ctx)
{
    SSL_CTX_free(ctx);
}
