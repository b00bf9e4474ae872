/* codec/cms_int.h - what cms.c and cms_cert.c share: OpenSSL objects with an end. */
#pragma once

#include <openssl/cms.h>
#include <openssl/x509.h>

#include "codec/cms_cert.h"
#include "codec/pkey_int.h"

static inline void cms_int_x509_done(X509 **p)
{
    X509_free(*p);
}

static inline void cms_int_bio_done(BIO **p)
{
    BIO_free_all(*p);
}

/* gives a certificate from exactly these DER bytes, or NULL. */
X509 *cms_int_cert(struct str der);
/* Fills facts from a parsed certificate. */
MUST_USE enum err cms_int_facts(struct req *rq, X509 *x, struct cert_facts *ret_facts);
/* The instant of an ASN.1 time; false when it is none. */
bool cms_int_time(const ASN1_TIME *t, struct instant *ret_t);
/* The DER of a certificate in the arena. */
MUST_USE enum err cms_int_der(struct req *rq, X509 *x, struct str *ret_der);
