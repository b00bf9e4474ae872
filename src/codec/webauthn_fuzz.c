/* codec/webauthn_fuzz.c - nothing a browser may hand over for a passkey breaks the reader, and nothing
 * is taken for signed by a key whose secret nobody has. The first byte is the length of the signature,
 * or 0: a new passkey; then the signature; the rest is authenticator data. */
#include "codec/webauthn.h"

#include <openssl/sha.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct webauthn_ask ask = {SI("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"),
                                        SI("https://telemed.example"), SI("telemed.example")};
#define CLIENT(type)                                                                              \
    S("{\"type\":\"" type "\",\"challenge\":\"q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA\"," \
      "\"origin\":\"https://telemed.example\"}")

/* Bytes of no key that was ever made. */
static const uint8_t stranger[32] = {
    0x3b, 0x6a, 0x27, 0xbc, 0xce, 0xb6, 0xa4, 0x2d, 0x62, 0xa3, 0xa8, 0xd0, 0x2a, 0x6f, 0x0d, 0x73,
    0x65, 0x32, 0x15, 0x77, 0x1d, 0xe2, 0x43, 0xa6, 0x3a, 0xc0, 0x48, 0xa1, 0x8b, 0x59, 0xda, 0x28,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct webauthn_key key;
    struct webauthn_key now;
    const struct webauthn_key kept = {.id = SI("id"), .alg = WEBAUTHN_EDDSA,
                                      .key = {(const char *)stranger, sizeof stranger}};
    struct str all = {(const char *)data, size};
    size_t n = size > 0 ? data[0] : 0;
    req_init(&rq, 1u << 20, (struct instant){0});
    struct str sig = str_sub(all, 1, n);
    struct str auth = str_sub(all, 1 + sig.n, size);
    enum err e = n > 0 ? webauthn_get(&rq, &ask, &kept, CLIENT("webauthn.get"), auth, sig, &now)
                       : webauthn_create(&rq, &ask, CLIENT("webauthn.create"), auth, &key);
    ASSERT(n == 0 || e != OK);
    ASSERT(e != OK || (key.id.n > 0 && key.id.n <= WEBAUTHN_ID_MAX && key.key.n > 0));
    err_clear(&rq);
    (void)!webauthn_create(&rq, &ask, all, auth, &key); /* as client data */
    req_done(&rq);
    return 0;
}
