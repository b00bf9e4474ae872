/* codec/cms.h - detached signatures: CMS SignedData (RFC 5652), CAdES-BES (ETSI EN 319 122-1).
 *
 * What is signed is a string of bytes that stays outside. The signature carries the signer's
 * certificate, the authority's, the time of signing and a hash of the certificate used (RFC 5035),
 * all but the certificates under the signature.
 */
#pragma once

#include "codec/cms_cert.h"

enum { CMS_MAX = 64 * 1024 }; /* bytes of a signature we read */

struct cms_ask {
    struct str key;     /* the signer's private key, PKCS #8 DER */
    struct str cert;    /* the signer's certificate */
    struct str ca;      /* the authority's certificate, carried along; may be empty */
    struct str content; /* the bytes signed */
    struct instant at;  /* time of signing */
};

/* gives the DER of the signature over ask->content: ECDSA (or RSA) with SHA-256.
 * errors   E_BAD_INPUT  the key or a certificate cannot be read or they do not belong together */
MUST_USE enum err cms_sign(struct req *rq, const struct cms_ask *ask, struct str *ret_der);

/* What a check found, question by question. */
struct cms_verdict {
    bool signature_ok;       /* the bytes are exactly those signed, by the certificate's key */
    bool binding_ok;         /* the signed certificate hash, where present, names this certificate */
    bool chain_ok;           /* the certificate comes from the authority and was valid at signed_at,
                              * and may sign documents */
    bool form_ok;            /* by this program's own authority: the file is, to the byte, as the program
                              * writes it; of other makers: nothing is asked, true */
    bool is_outside;         /* made by others' means and held to authorities an administrator trusts, see
                              * codec/outside.h: ca is the root then */
    uint8_t vouches;         /* outside: the national number its root may vouch for, as outside_ask.vouches */
    bool has_time;           /* the signer states a time */
    bool has_signer;         /* the signer's certificate is known: signer is filled */
    bool has_ca;             /* ca is filled: the authority trusted, or else the one carried */
    bool ca_is_trusted;      /* the authority was given by the caller, not only carried along */
    const char *chain_why;   /* why chain_ok is false: OpenSSL's words, English; "" when true */
    struct instant signed_at; /* as the signer states */
    struct cert_facts signer;
    struct cert_facts ca;
    struct str signer_der;
    struct str ca_der;
};

/* Checks a signature over content. trusted_ca is the authority's certificate (DER); when empty the
 * self-signed authority carried in the signature is taken and ca_is_trusted stays false: then the
 * caller must compare its fingerprint with the published one.
 * Signatures of exactly one signer with SHA-256, SHA-384 or SHA-512 are read. What other makers write
 * is read in any encoding; what our own authority issued only in ours (form_ok).
 * errors   E_SYNTAX     not such a signature
 *          E_TOO_LARGE  more than CMS_MAX bytes */
MUST_USE enum err cms_verify(struct req *rq, struct str der, struct str content,
                             struct str trusted_ca, struct cms_verdict *ret_verdict);

/* All four questions answered yes. */
bool cms_is_good(const struct cms_verdict *v);
