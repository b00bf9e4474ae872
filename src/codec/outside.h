/* codec/outside.h - signatures made by others' means: tokens, national software.
 *
 * Detached CMS SignedData (RFC 5652) of one signer with the signed attributes of CAdES-BES (ETSI EN
 * 319 122-1), held to the authorities an administrator trusts (RFC 5280) and to what is known of
 * revocation: CRLs (RFC 5280 5), OCSP answers (RFC 6960). Nothing is fetched here: outside_wants() says
 * what to fetch, outside_check() judges with what is given, so the same bytes always give the same
 * answer.
 */
#pragma once

#include "codec/cms_cert.h"
#include "codec/ident.h"

enum {
    OUTSIDE_MAX = 256 * 1024,      /* bytes of a signature file that is read, PEM or base64 too */
    OUTSIDE_CARRIED_MAX = 16,      /* certificates in one signature */
    OUTSIDE_CERTS_MAX = 256,       /* certificates an administrator names */
    OUTSIDE_CRLS_MAX = 256,        /* lists looked at */
    OUTSIDE_CRL_MAX = 64 << 20,    /* bytes of one list */
    OUTSIDE_WANTS_MAX = 16,        /* addresses asked for one signature */
    OUTSIDE_URL_MAX = 500
};

enum outside_why {
#define X(name, text) name,
#include "codec/outside.def"
#undef X
    OUTSIDE_WHY_COUNT
};

/* The questions, in the order they are asked: a no to the first four ends it. */
enum outside_line {
    OUTSIDE_READ,       /* is it a detached signature of one signer, with the attributes it must have? */
    OUTSIDE_DIGEST,     /* is its hash a strong one? */
    OUTSIDE_SIGNER,     /* is the signer's certificate there, its key of a kind we know? */
    OUTSIDE_BYTES,      /* is it over exactly these bytes? */
    OUTSIDE_BINDING,    /* does it name its certificate, where it names one? */
    OUTSIDE_CHAIN,      /* does the certificate come from a trusted authority, valid at the time? */
    OUTSIDE_USE,        /* is it for signing documents? */
    OUTSIDE_REVOCATION, /* is it, and each between, not revoked? */
    OUTSIDE_LINE_COUNT
};
/* The question as a statement, msgid. */
const char *outside_line_text(enum outside_line line);
/* Why not, msgid; "" for OUTSIDE_GOOD. */
const char *outside_why_text(enum outside_why why);

struct outside_ask {
    struct str cms;        /* DER or BER */
    struct str content;    /* the bytes that are to be signed */
    const struct str *certs; /* trusted, DER: those signed by themselves are the roots, others help between */
    uint32_t n_certs;
    const uint8_t *vouches; /* of each certificate: the national number it may vouch for, enum ident_kind + 1;
                             * 0: any; NULL: all any */
    const struct str *crls; /* DER or PEM; those that are none, or of others, are passed over */
    uint32_t n_crls;
    const struct str *ocsp; /* answers, DER */
    uint32_t n_ocsp;
    struct instant now;    /* lists and answers must hold then, or be younger than the signature */
    struct instant at;     /* a time stamp shows that the signature was there then: the certificate is judged
                            * as of this time; ms 0: as of the time the signer states */
    bool arrives;          /* it is being taken: they must hold now, whatever time it states of itself */
    bool skip_revocation;  /* OUTSIDE_REVOCATION stays OUTSIDE_NOT_ASKED */
};

struct outside_verdict {
    enum outside_why why[OUTSIDE_LINE_COUNT];
    bool has_time;            /* the signer states a time: signed_at */
    bool has_signer;          /* signer is filled */
    bool has_root;            /* root is filled: the chain is whole */
    struct instant signed_at; /* as the signer states */
    struct instant revoked_at; /* ms 0: nothing is known to be revoked; set with OUTSIDE_UNKNOWN and
                                * OUTSIDE_STALE too, where that is about another certificate of the chain */
    struct cert_facts signer;
    struct cert_facts root;
    struct str signer_der;
    struct str root_der;
};

/* The DER of a signature file as software saves it: DER, PEM (RFC 7468, whatever its label) or base64
 * with blanks.
 * errors   E_SYNTAX  none of these; E_TOO_LARGE */
MUST_USE enum err outside_unwrap(struct req *rq, struct str file, struct str *ret_der);

/* Judges a signature. One by GOST gives OUTSIDE_NO_GOST but in the process that loaded the engine: see
 * codec/outside_wire.h. A signature that does not hold is no error.
 * errors   E_BUSY, E_TOO_LARGE  memory */
MUST_USE enum err outside_check(struct req *rq, const struct outside_ask *ask,
                                struct outside_verdict *ret_verdict);
/* Whether a signature can be read and its certificate was not issued by an authority of this program. */
bool outside_is_theirs(struct str cms);
/* The first no; OUTSIDE_GOOD when all is well. What is not asked for by skip_revocation is no no. */
enum outside_why outside_first(const struct outside_verdict *v);

/* An address that may know whether a certificate is revoked, as the certificate says. */
struct outside_want {
    struct str url;  /* http:// or https:// */
    struct str body; /* OCSP request, DER, to be sent by POST; empty: a CRL, fetched by GET */
};
/* What could be asked about the signer's certificate and those between. Nothing is verified: the caller
 * decides which addresses may be called.
 * errors   E_BUSY */
MUST_USE enum err outside_wants(struct req *rq, const struct outside_ask *ask,
                                struct outside_want ret_wants[OUTSIDE_WANTS_MAX], uint32_t *ret_n);

/* A national number in the subject of a certificate. */
struct outside_number {
    enum ident_kind kind;
    char digits[IDENT_MAX + 1];
};
enum { OUTSIDE_NUMBERS_MAX = 8 };
/* The national numbers a certificate names, with right check digits.
 * errors   E_SYNTAX  not one X.509 certificate */
MUST_USE enum err outside_numbers(struct req *rq, struct str cert,
                                  struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX], uint32_t *ret_n);

/* The number the root of a verdict may vouch for, as outside_ask.vouches; and of numbers those alone. */
uint8_t outside_vouches(const struct outside_ask *ask, const struct outside_verdict *v);
void outside_numbers_keep(struct outside_number *all, uint32_t *n, uint8_t vouches);

/* All certificates of a file, PEM one after the other or DER; *ret_n counts on from where it stands,
 * to n at most.
 * errors   E_SYNTAX  none in it, or one that cannot be read; E_TOO_LARGE  more than n */
MUST_USE enum err outside_certs_read(struct req *rq, struct str file, struct str *ret_certs, uint32_t n,
                                     uint32_t *ret_n);
/* Until when a CRL holds (nextUpdate; ms 0: it does not say) and whose it is.
 * errors   E_SYNTAX  not one CRL */
MUST_USE enum err outside_crl_read(struct req *rq, struct str file, struct instant *ret_until,
                                   struct str *ret_issuer);
