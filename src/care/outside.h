/* care/outside.h - a document is signed by a person's own means: a token, national software.
 *
 * The exact bytes are taken away, signed there, and the signature comes back: it is taken when all that
 * codec/outside.h asks holds, the authority is one the administrator trusts, the certificate is not revoked,
 * the time of signing lies between the making of the document and now, and a national number of the
 * certificate stands on record for who signs. Addresses that know of revocation are asked only when
 * the setting signature_hosts names their host: pool threads and commands only.
 */
#pragma once

#include "care/care.h"
#include "care/sign.h"
#include "codec/json.h"
#include "codec/outside.h"

/* Whether signatures of others' means are taken: the administrator trusts an authority. */
bool outside_offered(const struct care *care);

/* The same as sign_document_as(), with the file of means. bundle: content, parsed.
 * errors   E_BAD_INPUT  the signature is not taken: means->fault says why (on record);
 *          E_FORBIDDEN  may not sign; E_UNSUPPORTED  no authority is trusted */
MUST_USE enum err outside_sign(struct req *rq, uint32_t rights, struct sign_means *means,
                               struct str content, struct jv bundle, struct sign_result *ret_result);

/* outside_check(), for signatures by GOST in a process of its own (`consilium check-gost`), caged, with
 * limits of time and memory.
 * errors   as outside_check(); E_IO  no process now */
MUST_USE enum err outside_judge(struct req *rq, const struct outside_ask *ask,
                                struct outside_verdict *ret_verdict);
/* That process: the question on standard input, the answer as bytes. Without the engine the answer says so.
 * errors   E_SYNTAX, E_TOO_LARGE */
MUST_USE enum err outside_judge_gost(struct req *rq, struct str question, struct str *ret_answer);

/* Checks a stored signature over content, of our own authority or of others; what is revoked was asked when
 * it came and is not asked again.
 * errors   as cms_verify() */
MUST_USE enum err outside_verify(struct req *rq, struct str cms, struct str content,
                                 struct cms_verdict *ret_verdict);

/* The same with what is trusted given by the caller, for files without a server: ask->cms, content, certs,
 * crls, now. *ret_outside: what was found, question by question. */
MUST_USE enum err outside_verify_files(struct req *rq, const struct outside_ask *ask,
                                       struct outside_verdict *ret_outside, struct cms_verdict *ret_verdict);

/* The national numbers of a Practitioner, OUTSIDE_NUMBERS_MAX at most. */
MUST_USE enum err outside_numbers_of(struct req *rq, struct jv practitioner,
                                     struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX], uint32_t *ret_n);
/* An extension of a signed document that is no Bundle (a member's opinion, R4 ClinicalImpression): a national
 * number of who signs, as valueIdentifier. */
#define OUTSIDE_EXT_NUMBER "https://consilium.example/fhir/StructureDefinition/signer-number"
/* Those extensions, of the national numbers of a Practitioner. */
void outside_numbers_write(struct req *rq, struct json_out *o, struct jv practitioner);
/* The national numbers by which a document knows who signs: of that Practitioner among the entries of a
 * Bundle, or of its extensions. */
MUST_USE enum err outside_numbers_shown(struct req *rq, struct jv doc, struct str person,
                                        struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX],
                                        uint32_t *ret_n);
/* Whether a certificate's numbers are the person's: one at least is, and none of a kind is another. */
bool outside_is_same(const struct outside_number *cert, uint32_t n_cert,
                     const struct outside_number *person, uint32_t n_person);

/* The id of the only Practitioner of a document whom the certificate of a verdict names by number, one its
 * root may vouch for; empty: none, or several. */
struct str outside_person_in(struct req *rq, struct jv bundle, const struct cms_verdict *v);

/* The certificates of a file, or of the files of a folder, for care->outside, in rq->a. Those in its folders
 * kz, uz and ru may vouch for IIN, PINFL and SNILS alone; other folders are passed over.
 * ret_vouches as outside_ask.vouches; or NULL.
 * errors   E_BAD_INPUT  nothing can be read there: the detail says what */
MUST_USE enum err outside_certs_load(struct req *rq, struct str path, const struct str **ret_certs,
                                     const uint8_t **ret_vouches, uint32_t *ret_n);
/* The files of a folder of lists, as memory until the request ends; those that cannot be read are left out.
 * names may be NULL. errors  E_IO, E_TOO_LARGE; no folder is no fault */
MUST_USE enum err outside_lists_load(struct req *rq, struct str dir, struct str *ret_crls,
                                     struct str *ret_names, uint32_t *ret_n);
