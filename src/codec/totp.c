/* codec/totp.c - one-time codes. See totp.h. */
#include "codec/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "codec/url.h"

enum { SHA1 = 20, MODULUS = 1000000 };

enum err totp_code(struct req *rq, const uint8_t key[TOTP_KEY], int64_t step, uint32_t *ret_code)
{
    uint8_t message[8];
    uint8_t mac[SHA1] = {0};
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)((uint64_t)step >> (8 * (7 - i)));
    }
    if (HMAC(EVP_sha1(), key, TOTP_KEY, message, sizeof message, mac, &n) == NULL || n != SHA1) {
        return FAIL(rq, E_INTERNAL, "HMAC-SHA-1");
    }
    const uint8_t *at = mac + (mac[SHA1 - 1] & 0x0f); /* RFC 4226 5.3: dynamic truncation */
    uint32_t bits = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    *ret_code = bits % MODULUS;
    return OK;
}

int64_t totp_step(struct instant at)
{
    return at.ms / (TOTP_STEP_S * MS_SECOND);
}

bool totp_typed(struct str text, uint32_t *ret_code)
{
    uint32_t code = 0;
    unsigned n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ') {
            continue;
        }
        if (c < '0' || c > '9' || n == TOTP_DIGITS) {
            return false;
        }
        code = code * 10 + (uint32_t)(c - '0');
        n++;
    }
    if (n != TOTP_DIGITS) {
        return false;
    }
    *ret_code = code;
    return true;
}

void totp_base32(struct buf *b, const uint8_t *p, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | p[i];
        held += 8;
        while (held >= 5) {
            held -= 5;
            buf_char(b, letters[bits >> held & 31]);
        }
        bits &= (1U << held) - 1;
    }
    if (held > 0) {
        buf_char(b, letters[bits << (5 - held) & 31]);
    }
}

void totp_uri(struct buf *b, struct str issuer, struct str name, const uint8_t key[TOTP_KEY])
{
    BUF_LIT(b, "otpauth://totp/");
    url_encode(b, issuer, URL_COMPONENT);
    BUF_LIT(b, ":");
    url_encode(b, name, URL_COMPONENT);
    BUF_LIT(b, "?secret=");
    totp_base32(b, key, TOTP_KEY);
    BUF_LIT(b, "&issuer=");
    url_encode(b, issuer, URL_COMPONENT);
}
