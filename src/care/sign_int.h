/* care/sign_int.h - what the files of the signed document share. */
#pragma once

#include "care/sign_case.h"
#include "care/sign_doc.h"
#include "fhir/prepare.h"

/* On a Composition that corrects another: the reason in words. */
#define SIGN_EXT_REASON "https://consilium.example/fhir/StructureDefinition/correction-reason"

/* FHIR narrative (R4 narrative.html): an XHTML div with one paragraph a line, its label in front in
 * bold; the title alone when the section has no lines. */
struct str sign_int_xhtml(struct req *rq, const struct sign_section *s);
/* The sections every conclusion begins with: about the consultation, who asked and what. */
MUST_USE enum err sign_int_head(struct req *rq, const struct sign_doc *d,
                                const struct sign_section **ret_sections, uint32_t *ret_n);
/* The files examined, each with its hash. */
MUST_USE enum err sign_int_files(struct req *rq, const struct sign_doc *d,
                                 struct sign_section *ret_section);
/* Measurements and key images, a line each. */
MUST_USE enum err sign_int_marks(struct req *rq, const struct sign_doc *d,
                                 struct sign_section *ret_section);
/* d->marks: those ticked ("mark", once the form listed them: "marks-listed"), else those rq->who made. */
MUST_USE enum err sign_int_mark_fill(struct req *rq, const struct fields *typed,
                                     const struct case_row *row, struct sign_doc *d);
/* Who signs. */
MUST_USE enum err sign_int_signer(struct req *rq, const struct sign_doc *d,
                                  struct sign_section *ret_section);

/* A new P-256 key in locked memory; end with sign_secret_done(). */
MUST_USE enum err sign_int_secret(struct req *rq, struct sign_secret *ret_key);
/* The authority's key, PKCS #8. borrows ca. */
struct str sign_int_ca_key(const struct sign_ca *ca);

/* Key of the draft that holds the bytes shown last. */
struct str sign_int_preview_key(struct arena *a, struct str case_id);
/* A stored resource, parsed. errors E_NOT_FOUND, E_GONE */
MUST_USE enum err sign_int_load(struct req *rq, enum fhir_type type, struct str id,
                                struct jv *ret_v);
/* An answered form as sections of a document, texts in rq->lang. */
MUST_USE enum err sign_int_sections(struct req *rq, const struct form *form,
                                    const struct fields *typed,
                                    const struct sign_section **ret_sections, uint32_t *ret_n);
/* The files of a case, with their hashes. */
MUST_USE enum err sign_int_seen(struct req *rq, int64_t case_rid,
                                const struct sign_seen **ret_seen, uint32_t *ret_n);
/* The move open to this person that needs a conclusion: "answer", "correct" or NULL. */
const char *sign_int_action(const struct case_view *v);
void sign_int_sha(struct str bytes, char out[65]);
