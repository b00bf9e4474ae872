/* codec/jwk.h - public keys as JSON (RFC 7517, 7518 section 6, 8037) and their thumbprints (RFC 7638).
 *
 * A key has one algorithm, fixed when it is read: its own "alg", else the one of its kind. What a
 * signature's header says never chooses it: that is how keys were confused elsewhere.
 */
#pragma once

#include "codec/json.h"

enum jwk_alg {
    JWK_RS256, /* RSASSA-PKCS1-v1_5 */
    JWK_RS384,
    JWK_PS256, /* RSASSA-PSS, salt as long as the hash */
    JWK_ES256, /* P-256 */
    JWK_ES384, /* P-384 */
    JWK_EDDSA, /* Ed25519 */
    JWK_ALG_COUNT,
};

enum {
    JWK_TEXT_MAX = 64 * 1024, /* bytes of a key set */
    JWK_KEYS_MAX = 16,        /* keys of a set that are looked at */
    JWK_KID_MAX = 256,
    JWK_RSA_MIN = 256,        /* bytes of an RSA modulus: 2048 bits */
    JWK_RSA_MAX = 1024,       /* 8192 bits */
    JWK_THUMB_LEN = 43,       /* characters of a thumbprint */
};

/* A public key. */
struct jwk {
    enum jwk_alg alg;  /* the one algorithm it is for */
    struct str kid;    /* empty: none */
    struct str n, e;   /* RSA: modulus and exponent, big-endian, no zero in front */
    struct str x, y;   /* EC: coordinates of the curve's length; Ed25519: x alone */
};

/* "RS256" */
struct str jwk_alg_name(enum jwk_alg alg);
/* One key set, or one key. Keys for encryption and of kinds not known here are passed over; an RSA key
 * without "alg" is for RS384 (SMART App Launch 2.2, client-confidential-asymmetric).
 * errors   E_SYNTAX     not JSON
 *          E_BAD_INPUT  a malformed or weak key, a private or symmetric one, the same kid twice, none
 *                       that can be used
 *          E_TOO_LARGE  more than JWK_TEXT_MAX bytes or JWK_KEYS_MAX keys */
MUST_USE enum err jwk_set_parse(struct req *rq, struct str text, struct jwk ret_keys[JWK_KEYS_MAX],
                                size_t *ret_n);
/* The same with another algorithm for an RSA key without "alg": RS256, the one every OpenID provider speaks
 * (OpenID Connect Core 1.0 15.1). */
MUST_USE enum err jwk_set_parse_as(struct req *rq, struct str text, enum jwk_alg rsa,
                                   struct jwk ret_keys[JWK_KEYS_MAX], size_t *ret_n);
/* One public key as a JSON object, with its alg, kid and "use":"sig". */
void jwk_write(struct json_out *o, const struct jwk *key);
/* RFC 7638, SHA-256, base64url.
 * errors   E_TOO_LARGE */
MUST_USE enum err jwk_thumbprint(struct req *rq, const struct jwk *key, struct str *ret_thumb);
