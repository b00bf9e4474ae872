/* codec/webpush.c - encryption for web push. See webpush.h. */
#include "codec/webpush.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

#include "codec/pkey_int.h"

enum { HASH = 32, KEY = 16, NONCE = 12, TAG = 16, RECORD = 4096, LAST_RECORD = 2 };

struct keys {
    EVP_PKEY *own, *theirs;
    EVP_PKEY_CTX *derive;
    EVP_CIPHER_CTX *cipher;
};

static void keys_done(struct keys *k)
{
    EVP_CIPHER_CTX_free(k->cipher);
    EVP_PKEY_CTX_free(k->derive);
    EVP_PKEY_free(k->theirs);
    EVP_PKEY_free(k->own);
    ERR_clear_error();
}

static bool point_of(EVP_PKEY *key, uint8_t out[WEBPUSH_POINT])
{
    size_t n = 0;
    return key != NULL
           && EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out,
                                              WEBPUSH_POINT, &n) == 1
           && n == WEBPUSH_POINT && out[0] == 4;
}

enum err webpush_point(struct req *rq, struct str key, struct str *ret_point)
{
    CLEANUP(keys_done) struct keys k = {.own = pkey_read(key)};
    uint8_t *point = arena_alloc(rq->a, WEBPUSH_POINT);
    TRY_MEM(rq, point);
    if (!point_of(k.own, point)) {
        return FAIL(rq, E_BAD_INPUT, "push key");
    }
    *ret_point = (struct str){(const char *)point, WEBPUSH_POINT};
    return OK;
}

/* The point is checked to lie on the curve. */
static EVP_PKEY *their_key(struct str point)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.p,
                                          point.n),
        OSSL_PARAM_construct_end(),
    };
    if (c == NULL || EVP_PKEY_fromdata_init(c) != 1
        || EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(c);
    return key;
}

static bool shared_secret(struct keys *k, uint8_t out[HASH])
{
    size_t n = HASH;
    k->derive = EVP_PKEY_CTX_new(k->own, NULL);
    return k->derive != NULL && EVP_PKEY_derive_init(k->derive) == 1
           && EVP_PKEY_derive_set_peer_ex(k->derive, k->theirs, 1) == 1
           && EVP_PKEY_derive(k->derive, out, &n) == 1 && n == HASH;
}

static bool hmac(const void *key, size_t key_n, struct str text, uint8_t out[HASH])
{
    unsigned n = 0;
    return HMAC(EVP_sha256(), key, (int)key_n, (const unsigned char *)text.p, text.n, out, &n) != NULL
           && n == HASH;
}

/* One step of HKDF (RFC 5869): no output here is longer than one hash. */
static bool expand(struct req *rq, const uint8_t prk[HASH], struct str info, uint8_t out[HASH])
{
    struct buf b;
    buf_init(&b, rq->a, 256);
    buf_str(&b, info);
    buf_char(&b, 1);
    return buf_ok(&b) && hmac(prk, HASH, buf_get(&b), out);
}

/* RFC 8291 3.3 and 3.4. */
static bool message_keys(struct req *rq, struct keys *k, const struct webpush_to *to,
                         const uint8_t own_point[WEBPUSH_POINT], uint8_t key[HASH],
                         uint8_t nonce[HASH])
{
    uint8_t secret[HASH];
    uint8_t prk[HASH];
    uint8_t ikm[HASH];
    struct buf info;
    buf_init(&info, rq->a, 256);
    buf_bytes(&info, "WebPush: info", sizeof "WebPush: info");
    buf_str(&info, to->point);
    buf_bytes(&info, own_point, WEBPUSH_POINT);
    return buf_ok(&info) && shared_secret(k, secret)
           && hmac(to->secret.p, to->secret.n, (struct str){(const char *)secret, HASH}, prk)
           && expand(rq, prk, buf_get(&info), ikm)
           && hmac(to->salt.p, to->salt.n, (struct str){(const char *)ikm, HASH}, prk)
           && expand(rq, prk, S("Content-Encoding: aes128gcm\0"), key)
           && expand(rq, prk, S("Content-Encoding: nonce\0"), nonce);
}

static bool seal(struct keys *k, const uint8_t key[HASH], const uint8_t nonce[HASH], struct str text,
                 struct buf *out)
{
    static const uint8_t end = LAST_RECORD;
    int n = 0;
    int last = 0;
    char *room = buf_room(out, text.n + 1 + TAG);
    uint8_t *p = (uint8_t *)room;
    k->cipher = EVP_CIPHER_CTX_new();
    if (p == NULL || k->cipher == NULL
        || EVP_EncryptInit_ex(k->cipher, EVP_aes_128_gcm(), NULL, key, nonce) != 1
        || EVP_EncryptUpdate(k->cipher, p, &n, (const uint8_t *)text.p, (int)text.n) != 1
        || EVP_EncryptUpdate(k->cipher, p + n, &last, &end, 1) != 1
        || EVP_EncryptFinal_ex(k->cipher, p + n + last, &last) != 1
        || EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, p + text.n + 1) != 1) {
        return false;
    }
    out->n += text.n + 1 + TAG;
    return true;
}

enum err webpush_encrypt(struct req *rq, const struct webpush_to *to, struct str own,
                         struct str text, struct str *ret_body)
{
    CLEANUP(keys_done) struct keys k = {0};
    uint8_t point[WEBPUSH_POINT];
    uint8_t key[HASH];
    uint8_t nonce[HASH];
    static const uint8_t head[] = {0, 0, RECORD >> 8, RECORD & 0xff, WEBPUSH_POINT};
    struct buf b;

    if (text.n > WEBPUSH_TEXT_MAX) {
        return FAIL(rq, E_TOO_LARGE, "push message");
    }
    if (to->point.n != WEBPUSH_POINT || to->secret.n != WEBPUSH_SECRET
        || to->salt.n != WEBPUSH_SALT) {
        return FAIL(rq, E_BAD_INPUT, "push keys");
    }
    k.own = pkey_read(own);
    k.theirs = their_key(to->point);
    if (k.theirs == NULL || !point_of(k.own, point)) {
        return FAIL(rq, E_BAD_INPUT, "push keys");
    }
    buf_init(&b, rq->a, RECORD);
    buf_str(&b, to->salt);
    buf_bytes(&b, head, sizeof head);
    buf_bytes(&b, point, sizeof point);
    if (!message_keys(rq, &k, to, point, key, nonce) || !seal(&k, key, nonce, text, &b)) {
        return FAIL(rq, E_INTERNAL, "push message");
    }
    *ret_body = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "push message");
}
