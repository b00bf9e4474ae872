/* codec/totp.h - one-time codes: HOTP (RFC 4226) and TOTP (RFC 6238) with HMAC-SHA-1, six digits and steps
 * of 30 s, which is what every authenticator program knows. */
#pragma once

#include "base/buf.h"
#include "base/instant.h"
#include "base/req.h"

enum {
    TOTP_KEY = 20, /* bytes of a secret: the length of the hash (RFC 4226 4, R6) */
    TOTP_DIGITS = 6,
    TOTP_STEP_S = 30,
};

/* The code of one step under a secret of TOTP_KEY bytes, 0..999999 (RFC 4226 5.3).
 * errors  E_INTERNAL  the crypto library refused */
MUST_USE enum err totp_code(struct req *rq, const uint8_t key[TOTP_KEY], int64_t step, uint32_t *ret_code);
/* The step of an instant: whole spans of 30 s since 1970 (RFC 6238 4.2). */
int64_t totp_step(struct instant at);
/* What a person typed: six digits, with blanks anywhere. False: not so. */
bool totp_typed(struct str text, uint32_t *ret_code);
/* Bytes as people copy them into a program: RFC 4648 6, without padding. */
void totp_base32(struct buf *b, const uint8_t *p, size_t n);
/* "otpauth://totp/ISSUER:NAME?secret=...": what the picture for a telephone holds. issuer and name are
 * percent-encoded here. */
void totp_uri(struct buf *b, struct str issuer, struct str name, const uint8_t key[TOTP_KEY]);
