/* codec/outside_int.h - what the files of outside signatures share. */
#pragma once

#include "codec/cms_int.h"
#include "codec/outside.h"

static inline void outside_int_ci_done(CMS_ContentInfo **p)
{
    CMS_ContentInfo_free(*p);
}

static inline void outside_int_certs_done(STACK_OF(X509) **p)
{
    sk_X509_pop_free(*p, X509_free);
}

/* As of when the certificate of a signature is judged. */
static inline struct instant outside_int_at(const struct outside_ask *ask, const struct outside_verdict *v)
{
    return ask->at.ms != 0 ? ask->at : v->signed_at;
}

/* gives the signature when all of der is one, else NULL. */
CMS_ContentInfo *outside_int_cms(struct str der);
/* gives the trusted certificates that can be read, roots or the others. */
STACK_OF(X509) *outside_int_trusted(const struct outside_ask *ask, bool roots);
/* borrows the certificate of the only signer among all, or NULL. */
X509 *outside_int_signer(CMS_ContentInfo *ci, CMS_SignerInfo *si, STACK_OF(X509) *all);
/* gives a CRL, DER or PEM, or NULL. */
X509_CRL *outside_int_crl(struct str file);

/* Whether anything in chain but its last is revoked, as ask's lists and answers know. roots and between as
 * the chain was built from. */
enum outside_why outside_int_revoked(const struct outside_ask *ask, STACK_OF(X509) *chain, X509_STORE *roots,
                                     STACK_OF(X509) *between, struct outside_verdict *v);
