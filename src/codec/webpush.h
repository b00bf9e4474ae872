/* codec/webpush.h - a message for one browser, encrypted so that its push service cannot read it: RFC 8291
 * over the content coding aes128gcm of RFC 8188, one record. */
#pragma once

#include "base/req.h"

enum {
    WEBPUSH_POINT = 65,   /* a public key: uncompressed point of P-256 */
    WEBPUSH_SECRET = 16,  /* the browser's authentication secret */
    WEBPUSH_SALT = 16,
    WEBPUSH_TEXT_MAX = 3000, /* push services take 4 KiB (RFC 8030 7.2) */
};

/* The browser's keys, and the salt. */
struct webpush_to {
    struct str point;  /* WEBPUSH_POINT bytes */
    struct str secret; /* WEBPUSH_SECRET bytes */
    struct str salt;   /* WEBPUSH_SALT unpredictable bytes, others for each message */
};

/* own: an EC key of P-256 made for this message (PKCS #8 DER): jws_key_make(JWK_ES256).
 * errors   E_BAD_INPUT  keys that are none; E_TOO_LARGE  the text; E_INTERNAL */
MUST_USE enum err webpush_encrypt(struct req *rq, const struct webpush_to *to, struct str own,
                                  struct str text, struct str *ret_body);
/* The point of a private key (PKCS #8 DER). errors E_BAD_INPUT it is no key of P-256 */
MUST_USE enum err webpush_point(struct req *rq, struct str key, struct str *ret_point);
