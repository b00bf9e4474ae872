/* store/signed.c - texts that leave the data folder and come back: signed by its server.key (Ed25519), as
 * audit.head is. See store_sign(). */
#include <sodium.h>

#include "store/store_int.h"

enum { TAIL_MAX = 256 };
#define KEY_LINE "\nkey "
#define SIGN_LINE "\nsign "

enum err store_sign(struct req *rq, const struct store *st, struct str text, struct str *ret_signed)
{
    uint8_t sign[crypto_sign_BYTES];
    struct buf b;
    if (!st->head_key.present) {
        return FAIL(rq, E_NOT_FOUND, "server.key");
    }
    buf_init(&b, rq->a, text.n + TAIL_MAX);
    buf_str(&b, text);
    BUF_LIT(&b, KEY_LINE);
    buf_hex(&b, st->head_key.public, sizeof(st->head_key.public));
    TRY_MEM(rq, buf_get(&b).p);
    crypto_sign_detached(sign, NULL, (const uint8_t *)b.p, b.n, st->head_key.secret);
    BUF_LIT(&b, SIGN_LINE);
    buf_hex(&b, sign, sizeof(sign));
    buf_char(&b, '\n');
    *ret_signed = buf_get(&b);
    TRY_MEM(rq, ret_signed->p);
    return OK;
}

/* The line at the end that begins so: its rest, and what stands before it. */
static bool line_take(struct str *text, struct str begin, struct str *ret_rest)
{
    size_t n = text->n;
    while (n > 0 && !str_starts(str_sub(*text, n - 1, text->n), begin)) {
        n--;
    }
    if (n == 0) {
        return false;
    }
    *ret_rest = str_sub(*text, n - 1 + begin.n, text->n - n + 1 - begin.n);
    text->n = n - 1;
    return true;
}

enum err store_signed(struct req *rq, const struct store *st, struct str text, struct str *ret_text)
{
    uint8_t sign[crypto_sign_BYTES];
    uint8_t key[crypto_sign_PUBLICKEYBYTES];
    struct str rest;
    struct str body = text;
    if (!str_ends(body, S("\n"))) {
        return FAIL(rq, E_CHECKSUM, "it was cut: the signature at its end is missing");
    }
    body.n--;
    if (!line_take(&body, S(SIGN_LINE), &rest) || !str_unhex(rest, sign, sizeof(sign))) {
        return FAIL(rq, E_CHECKSUM, "its last line is no signature");
    }
    const struct str whole = body;
    if (!line_take(&body, S(KEY_LINE), &rest) || !str_unhex(rest, key, sizeof(key))) {
        return FAIL(rq, E_CHECKSUM, "its last line but one names no key");
    }
    if (crypto_sign_verify_detached(sign, (const uint8_t *)whole.p, whole.n, key) != 0) {
        return FAIL(rq, E_CHECKSUM, "it was changed: its signature does not hold");
    }
    if (sodium_memcmp(key, st->head_key.public, sizeof(key)) != 0) {
        return FAIL(rq, E_FORBIDDEN, "it is signed by another server");
    }
    *ret_text = body;
    return OK;
}
