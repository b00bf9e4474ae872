/* codec/webauthn_testing.h - a passkey made of software, for tests: what a browser and its
 * authenticator would hand over, right or wrong in one place. Keys are P-256 (RFC 9053 7.1.1). */
#pragma once

#include "codec/b64.h"
#include "codec/webauthn.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

enum { TEST_PRESENT = 0x01, TEST_VERIFIED = 0x04, TEST_MAY_SYNC = 0x08, TEST_SYNCED = 0x10,
       TEST_KEY = 0x40, TEST_EXTENDED = 0x80 };

struct test_passkey {
    EVP_PKEY *pair;
    struct str id;
    uint32_t count; /* written into the next answer as it stands */
    uint8_t flags;
};

static inline void test_passkey_init(struct test_passkey *p, struct str id)
{
    *p = (struct test_passkey){EVP_EC_gen("P-256"), id, 0, TEST_PRESENT | TEST_VERIFIED};
    ASSERT(p->pair != NULL);
}

static inline void test_passkey_done(struct test_passkey *p)
{
    EVP_PKEY_free(p->pair);
}

/* {"type":...,"challenge":...,"origin":...} */
static inline struct str test_client(struct req *rq, const char *type, const struct webauthn_ask *ask)
{
    struct buf b;
    buf_init(&b, rq->a, 1000);
    BUF_LIT(&b, "{\"type\":\"");
    buf_str(&b, str_z(type));
    BUF_LIT(&b, "\",\"challenge\":\"");
    buf_str(&b, ask->challenge);
    BUF_LIT(&b, "\",\"origin\":\"");
    buf_str(&b, ask->origin);
    BUF_LIT(&b, "\",\"crossOrigin\":false}");
    return buf_get(&b);
}

static inline void test_head(const struct test_passkey *p, struct str rp_id, uint8_t more, struct buf *b)
{
    uint8_t rp[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)rp_id.p, rp_id.n, rp);
    buf_bytes(b, rp, sizeof rp);
    buf_char(b, (char)(p->flags | more));
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_char(b, (char)(p->count >> shift & 0xff));
    }
}

/* Authenticator data of a new passkey. */
static inline struct str test_made(struct req *rq, const struct test_passkey *p, struct str rp_id)
{
    /* EC2, ES256, P-256, x of 32 bytes */
    static const char before_x[] = "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
    static const char before_y[] = "\x22\x58\x20";
    uint8_t point[65];
    size_t n = 0;
    struct buf b;
    ASSERT(EVP_PKEY_get_octet_string_param(p->pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) == 1
           && n == sizeof point);
    buf_init(&b, rq->a, 2000);
    test_head(p, rp_id, TEST_KEY, &b);
    for (int i = 0; i < 16; i++) { /* AAGUID of nobody */
        buf_char(&b, '\0');
    }
    buf_char(&b, (char)(p->id.n >> 8));
    buf_char(&b, (char)(p->id.n & 0xff));
    buf_str(&b, p->id);
    buf_bytes(&b, before_x, sizeof before_x - 1);
    buf_bytes(&b, point + 1, 32);
    buf_bytes(&b, before_y, sizeof before_y - 1);
    buf_bytes(&b, point + 33, 32);
    return buf_get(&b);
}

/* Authenticator data of one that is used. */
static inline struct str test_used(struct req *rq, const struct test_passkey *p, struct str rp_id)
{
    struct buf b;
    buf_init(&b, rq->a, 200);
    test_head(p, rp_id, 0, &b);
    return buf_get(&b);
}

/* Over authenticator data and the hash of client data (WebAuthn 7.2). */
static inline struct str test_signed(struct req *rq, const struct test_passkey *p, struct str client,
                                     struct str data)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint8_t *sig = arena_alloc(rq->a, WEBAUTHN_SIG_MAX);
    size_t n = WEBAUTHN_SIG_MAX;
    struct buf b;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    SHA256((const uint8_t *)client.p, client.n, hash);
    buf_init(&b, rq->a, data.n + sizeof hash + 1);
    buf_str(&b, data);
    buf_bytes(&b, hash, sizeof hash);
    ASSERT(sig != NULL && md != NULL && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, p->pair) == 1
           && EVP_DigestSign(md, sig, &n, (const uint8_t *)buf_get(&b).p, buf_get(&b).n) == 1);
    EVP_MD_CTX_free(md);
    return (struct str){(const char *)sig, n};
}
