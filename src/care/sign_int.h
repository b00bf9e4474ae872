/* care/sign_int.h - what the files of the signed document share. */
#pragma once

#include "care/sign.h"
#include "care/sign_doc.h"

/* FHIR narrative (R4 narrative.html): an XHTML div with one paragraph a line, its label in front in
 * bold; the title alone when the section has no lines. */
struct str sign_int_xhtml(struct req *rq, const struct sign_section *s);
/* The sections every conclusion begins with: about the consultation, who asked and what. */
MUST_USE enum err sign_int_head(struct req *rq, const struct sign_doc *d,
                                const struct sign_section **ret_sections, uint32_t *ret_n);
/* The files examined, each with its hash. */
MUST_USE enum err sign_int_files(struct req *rq, const struct sign_doc *d,
                                 struct sign_section *ret_section);
/* Who signs. */
MUST_USE enum err sign_int_signer(struct req *rq, const struct sign_doc *d,
                                  struct sign_section *ret_section);

/* A new P-256 key in locked memory; end with sign_secret_done(). */
MUST_USE enum err sign_int_secret(struct req *rq, struct sign_secret *ret_key);
/* The authority's key, PKCS #8. borrows ca. */
struct str sign_int_ca_key(const struct sign_ca *ca);
