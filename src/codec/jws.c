/* codec/jws.c - compact signed tokens by OpenSSL 3. See jws.h. */
#include "codec/jws.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "codec/b64.h"
#include "codec/jws_int.h"

/* How each algorithm signs. */
static const struct {
    const EVP_MD *(*md)(void); /* NULL: the message itself (Ed25519) */
    int type;                  /* EVP_PKEY_ kind of the key */
    bool pss;
    size_t half;               /* ES: bytes of r and of s */
    const char *group;
} how[JWK_ALG_COUNT] = {
    [JWK_RS256] = {EVP_sha256, EVP_PKEY_RSA, false, 0, NULL},
    [JWK_RS384] = {EVP_sha384, EVP_PKEY_RSA, false, 0, NULL},
    [JWK_PS256] = {EVP_sha256, EVP_PKEY_RSA, true, 0, NULL},
    [JWK_ES256] = {EVP_sha256, EVP_PKEY_EC, false, 32, "prime256v1"},
    [JWK_ES384] = {EVP_sha384, EVP_PKEY_EC, false, 48, "secp384r1"},
    [JWK_EDDSA] = {NULL, EVP_PKEY_ED25519, false, 0, NULL},
};

static bool alg_find(struct jv named, enum jwk_alg *ret_alg)
{
    for (unsigned a = 0; a < JWK_ALG_COUNT; a++) {
        if (json_is(named, jwk_alg_name((enum jwk_alg)a))) {
            *ret_alg = (enum jwk_alg)a;
            return true;
        }
    }
    return false;
}

/* One part as a JSON object. */
static enum err part_read(struct req *rq, struct str part, size_t max, struct json_doc *ret_doc)
{
    const struct json_limits lim = {max, 16, 4000};
    struct str text = part.n == 0 ? (struct str){NULL, 0} : b64_decoded(rq->a, part, B64_URL);
    if (text.p == NULL) {
        return FAIL(rq, E_SYNTAX, "token: not base64url");
    }
    TRY(json_parse(rq, text, &lim, ret_doc));
    return json_kind(json_root(ret_doc)) == JSON_OBJECT ? OK
                                                        : FAIL(rq, E_SYNTAX, "token: no object");
}

static enum err head_read(struct req *rq, struct str part, struct jws *j)
{
    static const struct str refused[] = {SI("crit"), SI("zip"), SI("b64"), SI("enc")};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    TRY(part_read(rq, part, JWS_HEAD_MAX, doc));
    struct jv head = json_root(doc);
    for (size_t i = 0; i < LEN(refused); i++) {
        if (json_has(json_get(head, refused[i]))) {
            return FAIL(rq, E_BAD_INPUT, "token: header not understood");
        }
    }
    if (!alg_find(json_get(head, S("alg")), &j->alg)) {
        return FAIL(rq, E_BAD_INPUT, "token: algorithm");
    }
    j->kid = json_str(rq->a, json_get(head, S("kid")));
    j->typ = json_str(rq->a, json_get(head, S("typ")));
    j->jku = json_str(rq->a, json_get(head, S("jku")));
    return OK;
}

enum err jws_read(struct req *rq, struct str text, struct jws *ret_jws)
{
    struct jws j = {0};
    struct str rest = text;
    struct str head;
    struct str body;
    if (text.n > JWS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "token");
    }
    if (!str_cut(&rest, '.', &head) || rest.p == NULL || !str_cut(&rest, '.', &body)
        || rest.p == NULL || str_find_char(rest, '.') < rest.n) {
        return FAIL(rq, E_SYNTAX, "token: three parts");
    }
    TRY(head_read(rq, head, &j));
    TRY(part_read(rq, body, JWS_MAX, &j.claims));
    j.signed_part = str_sub(text, 0, head.n + 1 + body.n);
    j.sig = rest.n == 0 ? (struct str){NULL, 0} : b64_decoded(rq->a, rest, B64_URL);
    if (j.sig.p == NULL || j.sig.n == 0 || j.sig.n > JWS_SIG_MAX) {
        return FAIL(rq, E_SYNTAX, "token: signature");
    }
    *ret_jws = j;
    return OK;
}

/* r and s side by side (RFC 7518 3.4) as the DER that OpenSSL reads. gives bytes; NULL when not. */
static unsigned char *der_of(struct str sig, size_t half, size_t *ret_n)
{
    unsigned char *der = NULL;
    const unsigned char *p = (const unsigned char *)sig.p;
    if (sig.n != 2 * half) {
        return NULL;
    }
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r1 = BN_bin2bn(p, (int)half, NULL);
    BIGNUM *s1 = BN_bin2bn(p + half, (int)half, NULL);
    if (s == NULL || r1 == NULL || s1 == NULL || ECDSA_SIG_set0(s, r1, s1) != 1) {
        BN_free(r1);
        BN_free(s1);
        ECDSA_SIG_free(s);
        return NULL;
    }
    int n = i2d_ECDSA_SIG(s, &der);
    ECDSA_SIG_free(s);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n > 0 ? der : NULL;
}

static bool pss_set(EVP_PKEY_CTX *ctx, enum jwk_alg alg)
{
    return !how[alg].pss
           || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
               && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool check(EVP_PKEY *key, enum jwk_alg alg, struct str text, const unsigned char *sig, size_t n)
{
    EVP_PKEY_CTX *inner = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = how[alg].md != NULL ? how[alg].md() : NULL;
    bool good = ctx != NULL && EVP_DigestVerifyInit(ctx, &inner, md, NULL, key) == 1
                && pss_set(inner, alg)
                && EVP_DigestVerify(ctx, sig, n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

enum err jws_verify(struct req *rq, const struct jws *j, const struct jwk *key)
{
    bool good = false;
    if (j->alg != key->alg) {
        return FAIL(rq, E_FORBIDDEN, "token: not the key's algorithm");
    }
    CLEANUP(pkey_done) EVP_PKEY *pkey = jwk_int_pkey(key);
    if (pkey == NULL) {
        return FAIL(rq, E_BAD_INPUT, "key");
    }
    if (how[key->alg].half > 0) {
        size_t n = 0;
        unsigned char *der = der_of(j->sig, how[key->alg].half, &n);
        good = der != NULL && check(pkey, key->alg, j->signed_part, der, n);
        OPENSSL_free(der);
    } else {
        good = check(pkey, key->alg, j->signed_part, (const unsigned char *)j->sig.p, j->sig.n);
    }
    ERR_clear_error();
    return good ? OK : FAIL(rq, E_FORBIDDEN, "token: signature");
}

enum err jws_verify_any(struct req *rq, const struct jws *j, const struct jwk *keys, size_t n,
                        size_t *ret_at)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i].alg != j->alg || (j->kid.n > 0 && !str_eq(j->kid, keys[i].kid))) {
            continue;
        }
        if (jws_verify(rq, j, &keys[i]) == OK) {
            *ret_at = i;
            return OK;
        }
        err_clear(rq);
    }
    return FAIL(rq, E_FORBIDDEN, "token: signed by none of the keys");
}

/* ---- signing ---- */

/* gives the key when it is of alg's kind. */
static EVP_PKEY *private_key(enum jwk_alg alg, struct str der)
{
    EVP_PKEY *key = der.n <= JWS_KEY_MAX ? pkey_read(der) : NULL;
    char group[32] = {0};
    bool fits = key != NULL && EVP_PKEY_get_base_id(key) == how[alg].type;
    if (fits && how[alg].group != NULL) {
        fits = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1
               && str_eq(str_z(group), str_z(how[alg].group));
    }
    ERR_clear_error();
    if (!fits) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

/* r and s of a DER signature, side by side. */
static bool halves_of(const unsigned char *der, size_t n, size_t half, struct buf *out)
{
    const unsigned char *p = der;
    unsigned char raw[96];
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);
    bool ok = s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), raw, (int)half) == (int)half
              && BN_bn2binpad(ECDSA_SIG_get0_s(s), raw + half, (int)half) == (int)half;
    ECDSA_SIG_free(s);
    if (ok) {
        b64_write(out, raw, 2 * half, B64_URL);
    }
    return ok;
}

static bool sign(EVP_PKEY *key, enum jwk_alg alg, struct buf *out)
{
    unsigned char sig[JWS_SIG_MAX];
    size_t n = sizeof sig;
    EVP_PKEY_CTX *inner = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = how[alg].md != NULL ? how[alg].md() : NULL;
    bool ok = ctx != NULL && EVP_DigestSignInit(ctx, &inner, md, NULL, key) == 1
              && pss_set(inner, alg)
              && EVP_DigestSign(ctx, sig, &n, (const unsigned char *)out->p, out->n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!ok) {
        return false;
    }
    buf_char(out, '.');
    if (how[alg].half > 0) {
        return halves_of(sig, n, how[alg].half, out);
    }
    b64_write(out, sig, n, B64_URL);
    return true;
}

enum err jws_sign(struct req *rq, enum jwk_alg alg, struct str key, struct str kid, struct str typ,
                  struct str payload, struct str *ret_text)
{
    struct buf head;
    struct buf out;
    struct json_out o;
    CLEANUP(pkey_done) EVP_PKEY *pkey = private_key(alg, key);
    if (pkey == NULL) {
        return FAIL(rq, E_BAD_INPUT, "signing key");
    }
    buf_init(&head, rq->a, JWS_HEAD_MAX);
    json_out_init(&o, &head);
    json_obj(&o);
    json_ks(&o, S("alg"), jwk_alg_name(alg));
    if (typ.n > 0) {
        json_ks(&o, S("typ"), typ);
    }
    if (kid.n > 0) {
        json_ks(&o, S("kid"), kid);
    }
    json_obj_end(&o);
    buf_init(&out, rq->a, JWS_MAX);
    b64_write(&out, head.p, buf_get(&head).n, B64_URL);
    buf_char(&out, '.');
    b64_write(&out, payload.p, payload.n, B64_URL);
    if (!buf_ok(&head) || !buf_ok(&out)) {
        return FAIL(rq, E_TOO_LARGE, "token");
    }
    if (!sign(pkey, alg, &out)) {
        return FAIL(rq, E_BAD_INPUT, "signing key");
    }
    if (!buf_ok(&out)) {
        return FAIL(rq, E_TOO_LARGE, "token");
    }
    *ret_text = buf_get(&out);
    return OK;
}

enum err jws_key_make(struct req *rq, enum jwk_alg alg, uint8_t out[JWS_KEY_MAX], size_t *ret_n)
{
    CLEANUP(pkey_done) EVP_PKEY *key = NULL;
    if (how[alg].type == EVP_PKEY_RSA) {
        key = EVP_RSA_gen(2048);
    } else if (how[alg].type == EVP_PKEY_EC) {
        key = EVP_EC_gen(how[alg].group);
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    return pkey_write(rq, key, out, JWS_KEY_MAX, ret_n);
}

static struct str number_of(struct req *rq, EVP_PKEY *key, const char *name, size_t len)
{
    BIGNUM *bn = NULL;
    struct str s = {NULL, 0};
    if (EVP_PKEY_get_bn_param(key, name, &bn) == 1) {
        size_t n = len > 0 ? len : (size_t)BN_num_bytes(bn);
        unsigned char *p = arena_alloc(rq->a, n);
        if (p != NULL && BN_bn2binpad(bn, p, (int)n) == (int)n) {
            s = (struct str){(const char *)p, n};
        }
    }
    BN_free(bn);
    ERR_clear_error();
    return s;
}

enum err jws_key_public(struct req *rq, enum jwk_alg alg, struct str key, struct jwk *ret_jwk)
{
    struct jwk k = {.alg = alg};
    CLEANUP(pkey_done) EVP_PKEY *pkey = private_key(alg, key);
    bool ok = pkey != NULL;
    if (ok && how[alg].type == EVP_PKEY_RSA) {
        k.n = number_of(rq, pkey, OSSL_PKEY_PARAM_RSA_N, 0);
        k.e = number_of(rq, pkey, OSSL_PKEY_PARAM_RSA_E, 0);
        ok = k.n.p != NULL && k.e.p != NULL;
    } else if (ok && how[alg].type == EVP_PKEY_EC) {
        k.x = number_of(rq, pkey, OSSL_PKEY_PARAM_EC_PUB_X, how[alg].half);
        k.y = number_of(rq, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, how[alg].half);
        ok = k.x.p != NULL && k.y.p != NULL;
    } else if (ok) {
        size_t n = 32;
        unsigned char *p = arena_alloc(rq->a, n);
        ok = p != NULL && EVP_PKEY_get_raw_public_key(pkey, p, &n) == 1;
        k.x = (struct str){(const char *)p, n};
    }
    if (!ok) {
        return FAIL(rq, E_BAD_INPUT, "signing key");
    }
    TRY(jwk_thumbprint(rq, &k, &k.kid));
    *ret_jwk = k;
    return OK;
}
