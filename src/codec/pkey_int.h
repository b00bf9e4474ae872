/* codec/pkey_int.h - what signatures of both kinds (CMS, JWS) do with OpenSSL's private keys. */
#pragma once

#include <openssl/evp.h>

#include "base/req.h"

static inline void pkey_done(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}

/* gives a private key from PKCS #8 bytes, at most 8 KiB of them, or NULL. */
EVP_PKEY *pkey_read(struct str der);
/* The PKCS #8 bytes of a key just made; NULL says it could not be.
 * errors   E_INTERNAL  no key, or it needs more than cap bytes */
MUST_USE enum err pkey_write(struct req *rq, EVP_PKEY *key, uint8_t *out, size_t cap,
                             size_t *ret_n);
