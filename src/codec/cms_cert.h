/* codec/cms_cert.h - keys and X.509 certificates (RFC 5280) as plain bytes.
 *
 * A key is PKCS #8 DER, a certificate is X.509 DER; who holds the bytes decides where they live.
 * Secret bytes are only ever written into memory the caller gives, never into an arena. OpenSSL
 * does the arithmetic; nothing of it shows here.
 */
#pragma once

#include "base/req.h"

enum {
    CERT_KEY_MAX = 256,       /* bytes of a P-256 or P-384 private key as PKCS #8 DER */
    CERT_MAX = 16 * 1024,     /* bytes of a certificate we read */
    CERT_NAME_CHARS = 64,     /* characters of one name part: RFC 5280 appendix A, ub-common-name */
    CERT_FINGERPRINT_HEX = 64 /* SHA-256 in hex */
};

/* The name this program gives its own authority: what it issued is held to the one form the program
 * writes, see cms_verify(). */
#define CERT_AUTHORITY_NAME "Consilium signing authority"

enum cert_curve { CERT_P256, CERT_P384 };

/* The parts of a distinguished name we write and read. Empty parts are left out. */
struct cert_name {
    struct str common_name;   /* the person's or authority's name */
    struct str title;         /* post of the person */
    struct str organization;  /* where the person works */
    struct str serial_number; /* the person's id in the deployment */
    struct str country;       /* two letters */
};

struct cert_facts {
    struct cert_name subject;
    struct cert_name issuer;
    struct str serial_hex;                         /* the certificate's number, lower case hex */
    struct instant from;                           /* first moment of validity */
    struct instant until;                          /* last moment of validity */
    bool is_ca;                                    /* may issue certificates */
    bool may_sign;                                 /* keyUsage allows signing documents */
    char fingerprint[CERT_FINGERPRINT_HEX + 1];    /* SHA-256 of the DER bytes */
};

struct cert_ask {
    struct str subject_key;  /* private key of the subject: its public half is certified */
    struct cert_name name;   /* parts above CERT_NAME_CHARS characters are cut there */
    struct instant from;
    struct instant until;
    struct str ca_key;       /* empty together with ca_cert: self-signed authority */
    struct str ca_cert;
};

/* A new private key as PKCS #8 DER into out.
 * errors   E_INTERNAL  no randomness */
MUST_USE enum err cert_key_make(struct req *rq, enum cert_curve curve, uint8_t out[CERT_KEY_MAX],
                                size_t *ret_n);

/* A certificate for ask: with ca_key and ca_cert a person's certificate for signing documents
 * (keyUsage digitalSignature, nonRepudiation, not an authority); without both a self-signed
 * authority (keyCertSign, cRLSign, path length 0). Signed with SHA-256 (P-256) or SHA-384 (P-384).
 * errors   E_BAD_INPUT  a key or certificate cannot be read, or no name, or until is not after from */
MUST_USE enum err cert_make(struct req *rq, const struct cert_ask *ask, struct str *ret_der);

/* What a certificate says. Text parts are UTF-8 without control characters.
 * errors   E_SYNTAX  not one X.509 certificate */
MUST_USE enum err cert_read(struct req *rq, struct str der, struct cert_facts *ret_facts);

/* PEM of a certificate (RFC 7468). */
MUST_USE enum err cert_pem(struct req *rq, struct str der, struct str *ret_pem);
/* The first certificate of a PEM text, or the DER given as it is.
 * errors   E_SYNTAX  neither */
MUST_USE enum err cert_unpem(struct req *rq, struct str pem_or_der, struct str *ret_der);

/* Does key belong to cert? For checks at start. */
bool cert_key_fits(struct str key, struct str cert);
