/* codec/jwk.c - keys as JSON. See jwk.h. */
#include "codec/jwk.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "codec/b64.h"
#include "codec/jws_int.h"

enum kind { KIND_RSA, KIND_P256, KIND_P384, KIND_ED25519, KIND_COUNT };

static const struct {
    struct str name;
    enum kind kind;
} algs[JWK_ALG_COUNT] = {
    [JWK_RS256] = {SI("RS256"), KIND_RSA},     [JWK_RS384] = {SI("RS384"), KIND_RSA},
    [JWK_PS256] = {SI("PS256"), KIND_RSA},     [JWK_ES256] = {SI("ES256"), KIND_P256},
    [JWK_ES384] = {SI("ES384"), KIND_P384},    [JWK_EDDSA] = {SI("EdDSA"), KIND_ED25519},
};

static const struct {
    struct str kty;
    struct str crv;
    enum jwk_alg alg; /* when the key names none */
    size_t len;       /* of a coordinate */
    const char *group;
} kinds[KIND_COUNT] = {
    [KIND_RSA] = {SI("RSA"), SI(""), JWK_RS384, 0, NULL},
    [KIND_P256] = {SI("EC"), SI("P-256"), JWK_ES256, 32, "P-256"},
    [KIND_P384] = {SI("EC"), SI("P-384"), JWK_ES384, 48, "P-384"},
    [KIND_ED25519] = {SI("OKP"), SI("Ed25519"), JWK_EDDSA, 32, NULL},
};

struct str jwk_alg_name(enum jwk_alg alg)
{
    return algs[alg].name;
}

static bool kind_find(struct jv key, enum kind *ret_kind)
{
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        if (json_is(json_get(key, S("kty")), kinds[k].kty)
            && (kinds[k].crv.n == 0 || json_is(json_get(key, S("crv")), kinds[k].crv))) {
            *ret_kind = (enum kind)k;
            return true;
        }
    }
    return false;
}

/* False: an algorithm that is not for this kind of key. */
static bool alg_of(struct jv key, enum kind kind, enum jwk_alg rsa, enum jwk_alg *ret_alg)
{
    struct jv named = json_get(key, S("alg"));
    *ret_alg = kind == KIND_RSA ? rsa : kinds[kind].alg;
    if (!json_has(named)) {
        return true;
    }
    for (unsigned a = 0; a < JWK_ALG_COUNT; a++) {
        if (json_is(named, algs[a].name)) {
            *ret_alg = (enum jwk_alg)a;
            return algs[a].kind == kind;
        }
    }
    return false;
}

static struct str bytes_of(struct req *rq, struct jv key, struct str name)
{
    struct str text = json_str(rq->a, json_get(key, name));
    return text.n == 0 ? (struct str){NULL, 0} : b64_decoded(rq->a, text, B64_URL);
}

static bool rsa_is_good(const struct jwk *k)
{
    bool plain = k->n.n >= JWK_RSA_MIN && k->n.n <= JWK_RSA_MAX && k->n.p[0] != 0;
    /* 65537 or above, odd, at most 32 bits: what is in use, and nothing that takes long. */
    return plain && k->e.n >= 3 && k->e.n <= 4 && k->e.p[0] != 0 && (k->e.p[k->e.n - 1] & 1) == 1;
}

static enum err key_read(struct req *rq, struct jv key, enum kind kind, enum jwk_alg rsa,
                         struct jwk *ret_key)
{
    struct jwk k = {.kid = json_str(rq->a, json_get(key, S("kid")))};
    if (!alg_of(key, kind, rsa, &k.alg)) {
        return FAIL(rq, E_BAD_INPUT, "keys.alg: not for this kind of key");
    }
    if (k.kid.n > JWK_KID_MAX) {
        return FAIL(rq, E_BAD_INPUT, "keys.kid: too long");
    }
    if (kind == KIND_RSA) {
        k.n = bytes_of(rq, key, S("n"));
        k.e = bytes_of(rq, key, S("e"));
        if (!rsa_is_good(&k)) {
            return FAIL(rq, E_BAD_INPUT, "keys: an RSA key of 2048 to 8192 bits");
        }
    } else {
        k.x = bytes_of(rq, key, S("x"));
        k.y = kind == KIND_ED25519 ? (struct str){NULL, 0} : bytes_of(rq, key, S("y"));
        if (k.x.n != kinds[kind].len || (kind != KIND_ED25519 && k.y.n != kinds[kind].len)) {
            return FAIL(rq, E_BAD_INPUT, "keys: a coordinate of the wrong length");
        }
    }
    CLEANUP(pkey_done) EVP_PKEY *made = jwk_int_pkey(&k);
    if (made == NULL) {
        return FAIL(rq, E_BAD_INPUT, "keys: the numbers make no key");
    }
    *ret_key = k;
    return OK;
}

/* What must not lie in a file of public keys. */
static bool is_secret(struct jv key)
{
    static const struct str names[] = {SI("d"),  SI("p"),  SI("q"),  SI("dp"),
                                       SI("dq"), SI("qi"), SI("oth"), SI("k")};
    for (size_t i = 0; i < LEN(names); i++) {
        if (json_has(json_get(key, names[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_for_signing(struct jv key)
{
    struct jv use = json_get(key, S("use"));
    struct jv ops = json_get(key, S("key_ops"));
    bool ok = !json_has(use) || json_is(use, S("sig"));
    bool verify = !json_has(ops);
    for (struct jv op = json_first(ops); json_has(op); op = json_next(op)) {
        verify = verify || json_is(op, S("verify"));
    }
    return ok && verify;
}

static bool has_kid(const struct jwk *keys, size_t n, struct str kid)
{
    for (size_t i = 0; kid.n > 0 && i < n; i++) {
        if (str_eq(keys[i].kid, kid)) {
            return true;
        }
    }
    return false;
}

static enum err key_take(struct req *rq, struct jv key, enum jwk_alg rsa, struct jwk *keys, size_t *n)
{
    enum kind kind;
    if (json_kind(key) != JSON_OBJECT) {
        return FAIL(rq, E_BAD_INPUT, "keys: each is an object");
    }
    if (is_secret(key)) {
        return FAIL(rq, E_BAD_INPUT, "keys: a private or symmetric key; only public ones belong here");
    }
    if (!kind_find(key, &kind) || !is_for_signing(key)) {
        return OK;
    }
    if (*n == JWK_KEYS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "keys: at most %d", JWK_KEYS_MAX);
    }
    TRY(key_read(rq, key, kind, rsa, &keys[*n]));
    if (has_kid(keys, *n, keys[*n].kid)) {
        return FAIL(rq, E_BAD_INPUT, "keys.kid: the same one twice");
    }
    (*n)++;
    return OK;
}

enum err jwk_set_parse(struct req *rq, struct str text, struct jwk ret_keys[JWK_KEYS_MAX],
                       size_t *ret_n)
{
    return jwk_set_parse_as(rq, text, kinds[KIND_RSA].alg, ret_keys, ret_n);
}

enum err jwk_set_parse_as(struct req *rq, struct str text, enum jwk_alg rsa,
                          struct jwk ret_keys[JWK_KEYS_MAX], size_t *ret_n)
{
    static const struct json_limits lim = {JWK_TEXT_MAX, 8, 4000};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct jwk *keys = ARENA_ARRAY(rq->a, JWK_KEYS_MAX, struct jwk);
    size_t n = 0;
    TRY_MEM(rq, doc);
    TRY_MEM(rq, keys);
    TRY(json_parse(rq, text, &lim, doc));
    struct jv root = json_root(doc);
    struct jv list = json_get(root, S("keys"));
    if (json_kind(list) == JSON_ARRAY) {
        for (struct jv k = json_first(list); json_has(k); k = json_next(k)) {
            TRY(key_take(rq, k, rsa, keys, &n));
        }
    } else {
        TRY(key_take(rq, root, rsa, keys, &n));
    }
    if (n == 0) {
        return FAIL(rq, E_BAD_INPUT, "keys: none that can check a signature");
    }
    for (size_t i = 0; i < n; i++) {
        ret_keys[i] = keys[i];
    }
    *ret_n = n;
    return OK;
}

/* ---- writing ---- */

static void number_write(struct json_out *o, struct str name, struct str bytes)
{
    struct buf b;
    buf_init(&b, o->b->a, b64_chars(bytes.n) + 1);
    b64_write(&b, bytes.p, bytes.n, B64_URL);
    json_ks(o, name, buf_get(&b));
}

/* The members that make the key, in the order of RFC 7638 3.2. */
static void numbers_write(struct json_out *o, const struct jwk *k)
{
    enum kind kind = algs[k->alg].kind;
    if (kind == KIND_RSA) {
        number_write(o, S("e"), k->e);
        json_ks(o, S("kty"), kinds[kind].kty);
        number_write(o, S("n"), k->n);
        return;
    }
    json_ks(o, S("crv"), kinds[kind].crv);
    json_ks(o, S("kty"), kinds[kind].kty);
    number_write(o, S("x"), k->x);
    if (kind != KIND_ED25519) {
        number_write(o, S("y"), k->y);
    }
}

void jwk_write(struct json_out *o, const struct jwk *key)
{
    json_obj(o);
    numbers_write(o, key);
    json_ks(o, S("alg"), algs[key->alg].name);
    json_ks(o, S("use"), S("sig"));
    if (key->kid.n > 0) {
        json_ks(o, S("kid"), key->kid);
    }
    json_obj_end(o);
}

enum err jwk_thumbprint(struct req *rq, const struct jwk *key, struct str *ret_thumb)
{
    struct buf b;
    struct buf t;
    struct json_out o;
    unsigned char sha[SHA256_DIGEST_LENGTH];
    buf_init(&b, rq->a, 4096);
    json_out_init(&o, &b);
    json_obj(&o);
    numbers_write(&o, key);
    json_obj_end(&o);
    buf_init(&t, rq->a, JWK_THUMB_LEN + 1);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "key");
    }
    SHA256((const unsigned char *)b.p, b.n, sha);
    b64_write(&t, sha, sizeof sha, B64_URL);
    TRY_MEM(rq, buf_get(&t).p);
    *ret_thumb = buf_get(&t);
    return OK;
}

/* ---- OpenSSL's form ---- */

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_pkey(const struct jwk *k)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn((const unsigned char *)k->n.p, (int)k->n.n, NULL);
    BIGNUM *e = BN_bin2bn((const unsigned char *)k->e.p, (int)k->e.n, NULL);
    if (bld != NULL && n != NULL && e != NULL
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        key = from_params("RSA", bld);
    }
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(bld);
    return key;
}

static EVP_PKEY *ec_pkey(const struct jwk *k, enum kind kind)
{
    unsigned char point[1 + 2 * 48];
    EVP_PKEY *key = NULL;
    size_t len = kinds[kind].len;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    for (size_t i = 0; i < len; i++) {
        point[1 + i] = (unsigned char)k->x.p[i];
        point[1 + len + i] = (unsigned char)k->y.p[i];
    }
    if (bld != NULL
        && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, kinds[kind].group, 0) == 1
        && OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * len) == 1) {
        key = from_params("EC", bld);
    }
    OSSL_PARAM_BLD_free(bld);
    return key;
}

EVP_PKEY *jwk_int_pkey(const struct jwk *key)
{
    enum kind kind = algs[key->alg].kind;
    EVP_PKEY *made = NULL;
    if (kind == KIND_RSA) {
        made = rsa_pkey(key);
    } else if (kind == KIND_ED25519) {
        made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)key->x.p,
                                           key->x.n);
    } else {
        made = ec_pkey(key, kind);
    }
    ERR_clear_error();
    return made;
}
