/* care/sign_int.h - what the files of the signed document share. */
#pragma once

#include "care/sign_case.h"
#include "care/sign_doc.h"
#include "fhir/prepare.h"

struct put;

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

/* Whether rq->who may sign: a present role with one of the rights. errors E_FORBIDDEN */
MUST_USE enum err sign_int_may(struct req *rq, uint32_t rights);
/* When a document was made: Composition.date, of an opinion ClinicalImpression.date; ms 0: it does not
 * say. */
struct instant sign_int_made(struct req *rq, struct jv bundle);
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
/* What a signed document hangs on. */
struct sign_anchor {
    enum fhir_type type; /* T_SERVICE_REQUEST: a case; T_PATIENT */
    struct str id;
};
/* The document signed: its Bundle, the Provenance with the signature and the blob of its bytes into tx.
 * d: at, bundle_id, role, organization and the shown names are looked at. */
MUST_USE enum err sign_int_put(struct req *rq, struct tx *tx, const struct sign_anchor *on,
                               const struct sign_doc *d, struct str bytes, struct str cms);
/* The parts of it: JSON as a new resource; bytes as a durable blob. */
MUST_USE enum err sign_int_put_json(struct req *rq, struct tx *tx, const struct sign_anchor *on,
                                    struct str json, struct str id);
/* A Provenance with a signature, as a new resource; its signature is to be stamped (care/stamping.h). */
MUST_USE enum err sign_int_put_prov(struct req *rq, struct tx *tx, const struct sign_anchor *on,
                                    struct str prov);
MUST_USE enum err sign_int_blob(struct req *rq, struct tx *tx, struct str bytes);
/* d->at, bundle_id, role, organization and names from the bytes of a document. */
void sign_int_facts(struct req *rq, struct jv bundle, struct sign_doc *d);
/* The first resource of a type in a Bundle; absent when there is none. */
struct jv sign_int_entry(struct jv bundle, struct str type);
/* A signed document that hangs on anchor_rid, checked; current: the id of the version in force.
 * errors  E_NOT_FOUND; E_CHECKSUM */
MUST_USE enum err sign_int_doc(struct req *rq, int64_t anchor_rid, struct str bundle_id,
                               struct str current, struct signed_doc *ret_doc);
/* d's ids and check code; who signs; the answered form as a QuestionnaireResponse. */
MUST_USE enum err sign_int_ids(struct req *rq, struct sign_doc *d);
MUST_USE enum err sign_int_author(struct req *rq, struct sign_doc *d);
MUST_USE enum err sign_int_response(struct req *rq, const struct form *form,
                                    const struct fields *typed, struct str patient,
                                    struct jv *ret_v);
/* The reason of a correction, of a Composition; empty: none. */
struct str sign_int_reason(struct req *rq, struct jv composition);
/* What was shown last for a case or a visit. */
struct sign_shown {
    struct str bytes;
    struct jv bundle;
    struct str reason; /* of a correction; empty: none */
};
/* Those bytes, when they are the ones of sha_hex and still what this person in this role may sign: made less
 * than a day ago, and over the version that is in force (current: its Bundle; empty: none).
 * errors  E_STALE */
MUST_USE enum err sign_int_shown(struct req *rq, struct str id, struct str current,
                                 struct str sha_hex, struct sign_shown *ret_shown);
/* The answered form of a document, put among the members of a QuestionnaireResponse for searches and
 * corrections. */
void sign_int_response_copy(struct put *p, struct jv response);
/* The move open to this person that needs a conclusion: "answer", "correct" or NULL. */
const char *sign_int_action(const struct case_view *v);
void sign_int_sha(struct str bytes, char out[65]);
