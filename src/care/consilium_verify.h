/* care/consilium_verify.h - checks a downloaded protocol of a consilium with nothing but its files:
 * every
 * signature over exactly the same bytes, who chairs, who dissents, who has not signed.
 *
 * What is printed names the people who signed, never the patient. */
#pragma once

#include "care/verify.h"
#include "care/verify_stamp.h"

enum { CONSILIUM_SIGNERS_MAX = 24 };

/* Either the package the server gives (document and signatures in one file), or the document and each
 * signature (CMS DER or a Provenance). */
struct consilium_proof {
    struct str package;
    struct str bundle;
    struct str signatures[CONSILIUM_SIGNERS_MAX];
    uint32_t n_signatures;
    struct str trusted_ca; /* PEM or DER; empty: the authority carried along */
    struct outside_ask trust; /* of signatures of other makers: certs, crls (none: what was revoked is not
                               * asked), now; without certs such a signature does not hold */
    const struct str *tsa;    /* trusted for time stamps; none: they are not looked at */
    uint32_t n_tsa;
    bool tsa_named;           /* on purpose: see verify_stamp_find() */
};

/* One of those the document names to sign it. */
struct consilium_signer {
    struct str name, person; /* as the document says: shown name, Practitioner id */
    bool chairs, dissents, is_signed;
    struct verify_stamp stamp; /* on the signature */
    bool unasked;            /* by a token: whether it was revoked was not looked at */
    bool since;              /* it was, but after the signature was made */
    char why[160];           /* a signature of theirs that does not hold; "" */
    struct cms_verdict verdict;
};

struct consilium_report {
    struct consilium_signer voices[CONSILIUM_SIGNERS_MAX];
    uint32_t n, n_signed;
    uint32_t quorum;         /* as the document says */
    struct verify_report doc; /* the document itself, and signatures that are nobody's of it */
    bool good;               /* document whole, every signature holds, chair and quorum signed */
};

/* Whether these bytes are a package or a protocol: then the functions here check it. */
bool consilium_is_proof(struct req *rq, struct str bytes);
/* The package: a Bundle of Binaries, the document first, then each signature as CMS in DER; its
 * identifier is a hash of all of them. There is one form of it to the byte, so that a changed byte
 * anywhere in it is noticed, also where a signature carries bytes that mean nothing. Reads
 * proof->bundle and ->signatures alone. errors  E_TOO_LARGE */
MUST_USE enum err consilium_pack(struct req *rq, const struct consilium_proof *proof,
                                 struct str *ret_json);
/* The question whether the file is to the byte what was given out, msgid. */
extern const char consilium_whole_text[];
/* The document and the signatures out of a package; whole: it is, to the byte, the form of what it carries.
 * errors  E_SYNTAX */
MUST_USE enum err consilium_unpack(struct req *rq, struct str package, struct consilium_proof *ret_proof,
                                   bool *ret_whole);
/* Whether these bytes are the opinion of a member, to be checked by verify_document(). */
bool consilium_is_opinion(struct req *rq, struct str bytes);
/* errors  E_SYNTAX, E_TOO_LARGE  a file cannot be read at all; E_IO, E_BUSY  no process for GOST; a failed
 * check is no error */
MUST_USE enum err consilium_verify(struct req *rq, const struct consilium_proof *proof,
                                   struct consilium_report *ret_report);
/* The report as text: a line for each check and each signer. */
void consilium_verify_write(struct buf *b, const struct consilium_report *r);
