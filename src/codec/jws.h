/* codec/jws.h - signed tokens in the compact form (RFC 7515), signing and checking, nothing else: no
 * encryption, no unsigned tokens, no key of the token's own choosing.
 *
 * The header is only a hint which registered key to try. Whether the key fits is decided by the key's
 * own algorithm; a header that names another one is refused (RFC 8725 3.1).
 */
#pragma once

#include "codec/jwk.h"

enum {
    JWS_MAX = 16 * 1024,    /* bytes of a token */
    JWS_HEAD_MAX = 4 * 1024, /* bytes of its header, decoded */
    JWS_SIG_MAX = 1024,
    JWS_KEY_MAX = 4 * 1024, /* bytes of a private key as PKCS #8 DER */
};

/* A token taken apart; nothing of it is proved before jws_verify. borrows the text. */
struct jws {
    enum jwk_alg alg;       /* what the header says */
    struct str kid;         /* empty: none */
    struct str typ;         /* empty: none */
    struct str jku;         /* empty: none; an address of keys, never fetched */
    struct str signed_part; /* header.payload, as sent */
    struct str sig;         /* decoded */
    struct json_doc claims; /* the payload: a JSON object */
};

/* Takes a token apart.
 * errors   E_SYNTAX     not three parts of strict base64url, or header or payload no JSON object
 *          E_BAD_INPUT  an algorithm not known here ("none" is not), "crit", "zip", "b64"
 *          E_TOO_LARGE  a limit */
MUST_USE enum err jws_read(struct req *rq, struct str text, struct jws *ret_jws);
/* Is it signed by key? The header's algorithm must be the key's.
 * errors   E_FORBIDDEN  no; E_BAD_INPUT the key is none */
MUST_USE enum err jws_verify(struct req *rq, const struct jws *j, const struct jwk *key);
/* The first of the keys that the header names (by kid; without one, all of its algorithm) and that
 * signed it. *ret_at is its index.
 * errors   E_FORBIDDEN  none */
MUST_USE enum err jws_verify_any(struct req *rq, const struct jws *j, const struct jwk *keys, size_t n,
                                 size_t *ret_at);

/* Signs a payload. key: private key, PKCS #8 DER; it must be of alg's kind. kid, typ: may be empty.
 * errors   E_BAD_INPUT  the key does not fit alg; E_TOO_LARGE */
MUST_USE enum err jws_sign(struct req *rq, enum jwk_alg alg, struct str key, struct str kid,
                           struct str typ, struct str payload, struct str *ret_text);
/* A new private key for alg as PKCS #8 DER into out. slow for RSA (2048 bits).
 * errors   E_INTERNAL */
MUST_USE enum err jws_key_make(struct req *rq, enum jwk_alg alg, uint8_t out[JWS_KEY_MAX],
                               size_t *ret_n);
/* The public half of a private key, for publishing. kid: its thumbprint.
 * errors   E_BAD_INPUT  no such key or not of alg's kind */
MUST_USE enum err jws_key_public(struct req *rq, enum jwk_alg alg, struct str key,
                                 struct jwk *ret_jwk);
