/* codec/cms_int.h - what the readers of signatures and cms_cert.c share: OpenSSL objects with an end. */
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
/* Whether the certificate says that this program's own authority issued it. */
bool cms_int_is_ours(const X509 *signer);
/* The signature file as this program writes it, to the byte, with the signed attributes and the
 * signature of si and these two certificates; empty: it has none, having more than we ever write.
 * errors   E_BUSY  no memory */
MUST_USE enum err cms_int_form(struct req *rq, CMS_SignerInfo *si, X509 *signer, X509 *ca,
                               struct str *ret_der);
/* SHA-256, SHA-384 or SHA-512. */
bool cms_int_digest_is_strong(CMS_SignerInfo *si);
/* The stated time of signing, from the signed attributes. */
bool cms_int_signing_time(CMS_SignerInfo *si, struct instant *ret_at);
/* signingCertificateV2 (RFC 5035), where present, names cert. */
bool cms_int_bound(CMS_SignerInfo *si, X509 *cert);
/* Whether the signature holds over content; the certificate itself is not looked at. */
bool cms_int_signed(CMS_ContentInfo *ci, STACK_OF(X509) *certs, struct str content);
