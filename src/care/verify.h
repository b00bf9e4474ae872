/* care/verify.h - checks a downloaded conclusion, or the opinion of a member of a consilium, with nothing but
 * its files: no server, no store.
 *
 * What is printed names no patient and holds nothing of the record. */
#pragma once

#include "codec/cms.h"
#include "codec/outside.h"

enum { VERIFY_LINES_MAX = 16, VERIFY_FILE_MAX = 16 * 1024 * 1024 };

struct verify_line {
    const char *what; /* the question, English msgid */
    bool ok;
    char why[160];    /* what is wrong; "" when ok */
};

struct verify_report {
    struct verify_line lines[VERIFY_LINES_MAX];
    uint32_t n;
    bool since;                 /* the certificate was revoked, but after the signature was made */
    bool unasked;               /* whether it was revoked was not looked at: no lists were given */
    bool stamp_unlooked;        /* it carries a time stamp, and nobody was named who may make one */
    bool stamp_late;            /* the certificate had expired before the stamp was made */
    struct instant stamped_at;  /* ms 0: there is no time stamp that holds */
    struct str stamped_by;
    bool good;                  /* every answer is yes */
    struct cms_verdict verdict; /* who signed, when, by which authority */
};

/* Which of the two files is it? A signature is CMS DER, or the Provenance that carries one. */
enum verify_kind { VERIFY_UNKNOWN, VERIFY_BUNDLE, VERIFY_SIGNATURE };
enum verify_kind verify_kind(struct req *rq, struct str bytes);

/* Holds the exact bytes of a document (a Bundle; an opinion: ClinicalImpression) to its signature (CMS DER,
 * or a Provenance in JSON).
 * trusted_ca: the authority's certificate, PEM or DER; empty: the one carried in the signature,
 * whose fingerprint the reader compares with the published one.
 *
 * errors   E_SYNTAX, E_TOO_LARGE  a file cannot be read at all; a failed check is no error */
MUST_USE enum err verify_document(struct req *rq, struct str bundle, struct str signature,
                                  struct str trusted_ca, struct verify_report *ret_report);

/* The same for a signature of another maker (outside_is_theirs()): trust has certs, crls (without any, what
 * was revoked is not asked), now, and at: the time of a stamp that holds. signature may be a file as software
 * saves it, see outside_unwrap(). */
MUST_USE enum err verify_outside(struct req *rq, struct str bundle, struct str signature,
                                 const struct outside_ask *trust, struct verify_report *ret_report);
/* Whether a signature file is of another maker. */
bool verify_is_outside(struct req *rq, struct str signature);

/* Adds the answer to a question about the files themselves. what: msgid; why: when it is not ok. */
void verify_add(struct verify_report *r, const char *what, bool ok, const char *why);
/* The report as text: one line a check, then who signed and the authority's fingerprint. */
void verify_write(struct buf *b, const struct verify_report *r);
