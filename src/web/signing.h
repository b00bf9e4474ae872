/* web/signing.h - pages that sign a paper - of a case, of a visit, of a consilium - and hand out the signed
 * files. */
#pragma once

#include "care/sign_case.h"
#include "web/page.h"

/* fields.password of a page that signs. */
void signing_password(struct http_req *h, struct val *root);
/* What the form can say about a failed signature (msgid); NULL: an error page says it. */
const char *signing_fault(enum err e);
/* What a preview says when the text was changed since somebody looked (msgid); NULL: it was not. */
const char *signing_changed(struct http_req *h);
/* What is wrong with a form that signs. */
struct signing_fault {
    const char *field; /* "password" or "signature" */
    const char *text;  /* msgid; NULL: nothing */
};
/* The paper as it will be signed, to the letter: doc, sign {sha}, fields.password. */
MUST_USE enum err signing_set(struct http_req *h, const struct sign_paper *paper,
                              const struct signing_fault *fault, struct val *root);
/* Beside the password, when signatures of people's own tokens are taken: token {bytes, action},
 * fields.signature and fields.signature_text. base: "/cases/ID/conclusion", what the addresses begin
 * with. After signing_set(). */
void signing_token(struct http_req *h, struct str base, struct val *root);
/* The signature that was sent with the form: a file, else the text pasted; p NULL: neither. */
struct str signing_file_sent(struct http_req *h);
/* The bytes to be signed elsewhere, exactly. name: as of signing_send() */
MUST_USE enum err signing_bytes(struct http_req *h, const char *name, struct str id);
/* h->on_fail of a signature: another preview, another move, or somebody else's signature came between; again:
 * where the paper is read once more. */
MUST_USE enum err signing_late(struct http_req *h, struct str again);

enum signing_file { SIGNING_JSON, SIGNING_CMS, SIGNING_PDF };
/* Sends a signed file: "NAME-ABCD1234.pdf" names the case or the visit (id) by its short number, never the
 * patient. name: a literal */
MUST_USE enum err signing_send(struct http_req *h, const char *name, struct str id,
                               const struct signed_doc *d, enum signing_file file);
