/* codec/pkey.c - private keys as PKCS #8. See pkey_int.h. */
#include "codec/pkey_int.h"

#include <openssl/err.h>
#include <openssl/x509.h>

EVP_PKEY *pkey_read(struct str der)
{
    if (der.n == 0 || der.n > 8192) {
        return NULL;
    }
    const unsigned char *p = (const unsigned char *)der.p;
    EVP_PKEY *k = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
    ERR_clear_error();
    return k;
}

enum err pkey_write(struct req *rq, EVP_PKEY *key, uint8_t *out, size_t cap, size_t *ret_n)
{
    PKCS8_PRIV_KEY_INFO *info = key != NULL ? EVP_PKEY2PKCS8(key) : NULL;
    int n = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
    bool fits = n > 0 && (size_t)n <= cap;
    if (fits) {
        unsigned char *p = out;
        n = i2d_PKCS8_PRIV_KEY_INFO(info, &p);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    if (!fits) {
        return FAIL(rq, E_INTERNAL, "a signing key could not be made");
    }
    *ret_n = (size_t)n;
    return OK;
}
