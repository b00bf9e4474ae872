/* care/sign_case.h - the conclusion of a case: preview, signature, correction, and what was signed.
 *
 * A preview fixes the bytes of the document and keeps them among the person's drafts; the signature is
 * over exactly the bytes shown, whatever was typed meanwhile. A correction is a new version that names
 * the one it replaces. Exact bytes lie in a blob; the Bundle resource makes them searchable, the
 * Provenance holds the signature and the hash of the bytes.
 */
#pragma once

#include "care/consult.h"
#include "care/sign.h"
#include "care/sign_doc.h"
#include "care/stamping.h"

/* What was shown before signing. */
struct sign_paper {
    struct str bytes;  /* the document Bundle */
    char sha[65];      /* SHA-256 in hex: names these bytes in the form that signs them */
};

/* Builds the conclusion from the typed form, in rq->lang, and keeps the bytes as a draft. Commits on
 * its own. base_url: "https://host", for the QR code. reason: why the present conclusion is
 * corrected; required then, else not looked at. With a field "seen-listed" the document names only the
 * files whose ids come as "seen", else all of the case.
 * errors   E_BAD_INPUT  see ret_problems (field "reason" among them); E_NOT_FOUND; E_FORBIDDEN not the
 *          consultant of this case; E_CONFLICT  nothing can be signed in this state; E_TOO_LARGE */
MUST_USE enum err sign_preview(struct req *rq, struct str case_id, const struct fields *typed,
                               struct str base_url, struct str reason,
                               struct problems *ret_problems, struct sign_paper *ret_paper);
/* The bytes last shown to this person for this case, to show them again.
 * errors   E_NOT_FOUND */
MUST_USE enum err sign_preview_load(struct req *rq, struct str case_id,
                                    struct sign_paper *ret_paper);

/* Signs what was shown as sha (hex) and sends it: into tx go Bundle, Provenance,
 * QuestionnaireResponse, the blob's row, the move "answer" or "correct" and the end of the drafts.
 * The bytes are durable before it returns; the caller commits tx. slow: password hashing.
 * errors   E_STALE      another preview was made since, it is older than a day, or the case moved on
 *          E_BAD_INPUT   the file of a signature is not taken: means->fault
 *          E_SIGN_IN, E_LOCKED, E_FORBIDDEN, E_NOT_FOUND, E_CONFLICT
 *          and from the commit E_STALE: somebody moved the case meanwhile */
MUST_USE enum err sign_conclusion(struct req *rq, struct tx *tx, struct str case_id,
                                  struct str sha_hex, struct sign_means *means,
                                  struct str *ret_bundle_id);

/* One signed version, with everything needed to show, print and hand it out. */
struct signed_doc {
    struct str bundle_id;
    struct str code;            /* check code */
    struct str bytes;           /* exactly what was signed */
    struct str cms;             /* DER */
    struct str stamped;         /* the same to hand out: with the time stamp in it, when there is one */
    struct stamping stamp;
    struct cms_verdict verdict; /* against the deployment's authority */
    bool replaced;              /* a later version is in force */
    struct str replaced_by;     /* its check code */
    struct case_row row;
};
/* bundle_id empty: the version in force. The look is put on record as action.
 * errors   E_NOT_FOUND  none, or not theirs; E_CHECKSUM  the stored bytes were altered; E_IO */
MUST_USE enum err signed_get(struct req *rq, struct str case_id, struct str bundle_id,
                             enum audit_action action, struct signed_doc *ret_doc);
/* The post the signer signed in, in the caller's language; the certificate's own words where the
 * document names no role of ours. */
struct str signed_post(struct req *rq, const struct signed_doc *doc);
/* Ids of all signed versions of a case, newest first, at most n. */
MUST_USE enum err signed_versions(struct req *rq, const struct case_row *row, struct str *ret_ids,
                                  uint32_t n, uint32_t *ret_n);

/* The PDF of a signed version, and of a preview. slow.
 * errors   as pdf_conclusion */
MUST_USE enum err signed_pdf(struct req *rq, const struct signed_doc *doc, struct str *ret_pdf);
MUST_USE enum err preview_pdf(struct req *rq, const struct sign_paper *paper, struct str *ret_pdf);
/* The print of a request; the look is put on record. slow. errors as consult_view */
MUST_USE enum err request_pdf(struct req *rq, struct str case_id, struct str *ret_pdf);

/* What anybody who holds the code may know. */
struct sign_answer {
    bool valid;               /* bytes, signature and certificate hold */
    bool replaced;            /* a later version is in force */
    struct str signer;
    struct str post;             /* in the caller's language */
    struct str certificate_post; /* as the certificate says it */
    struct str organization;
    struct str issuer, certificate; /* of a signature by an own token; else empty */
    struct instant signed_at;
    struct stamping stamp;
    struct str protocol;         /* a protocol of several signatures: protocol_check() of it says them all */
};
/* For the public page of a code. Nobody needs to be signed in; the look is put on record.
 * errors   E_NOT_FOUND  no such document */
MUST_USE enum err sign_check(struct req *rq, struct str code, struct sign_answer *ret_answer);
