/* store/sha.c - SHA-256. See blob.h.
 *
 * OpenSSL's low level calls: the context is a plain struct without pointers, which running uploads
 * save between requests, and a short record costs no allocation. */
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>
#include <string.h>

#include "base/err.h"
#include "store/blob.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct sha *)0)->state), "struct sha is too small");

static SHA256_CTX *ctx(struct sha *s)
{
    return (SHA256_CTX *)(void *)s->state;
}

void sha_init(struct sha *s)
{
    memset(s, 0, sizeof(*s));
    ASSERT(SHA256_Init(ctx(s)) == 1);
}

void sha_add(struct sha *s, const void *p, size_t n)
{
    if (n > 0) {
        ASSERT(SHA256_Update(ctx(s), p, n) == 1);
    }
}

void sha_done(struct sha *s, uint8_t ret_sha[32])
{
    ASSERT(SHA256_Final(ret_sha, ctx(s)) == 1);
}

void sha_of(struct str bytes, uint8_t ret_sha[32])
{
    struct sha s;
    sha_init(&s);
    sha_add(&s, bytes.p, bytes.n);
    sha_done(&s, ret_sha);
}
