/* fhir/prepare.h - THE way a resource is written: parse, validate, index, anchor, hand to a tx.
 *
 * The audit record of the change is the caller's (it knows why it was allowed).
 */
#pragma once

#include "fhir/extract.h"
#include "fhir/validate.h"

/* Extension by which a resource without basedOn, focus ... names its case:
 * {"url": FHIR_CASE_URL, "valueReference": {"reference": "ServiceRequest/ID"}} */
#define FHIR_CASE_URL "urn:consilium:case"

struct fhir_how {
    struct str id;        /* id it gets; empty: the one in the resource, which must be there */
    int64_t expect;       /* TX_CREATE, TX_NEW, TX_ANY or the version that must be current */
    enum fhir_type anchor_type; /* T_SERVICE_REQUEST or T_PATIENT: what it hangs on; T_NONE: found
                                 * by the anchor rule */
    struct str anchor_id;
    const struct fhir_access *acc; /* who writes over an interface: held to what they may see of what is
                                    * stored (profiles, value sets, questionnaires); NULL: a change of the
                                    * program's own, held to R4 and the content alone */
    const struct fhir_beside *beside; /* what else the transaction writes; NULL nothing */
    bool aside;           /* of a directory type, but not part of the directory: its snapshot stays */
    int64_t at_ms;        /* principal date of types that have none of their own (the present row's
                           * at_ms on update); 0: now */
};

/* Prepares a parsed resource. ret_put borrows root's text and rq->a.
 *
 * Anchor rule: directory types hang on nothing (ANCHOR_DIRECTORY); Patient and ServiceRequest on
 * themselves; others on how->anchor, else on the case they name (basedOn, focus, about, related,
 * target, request, the case extension), else on their patient; else they are the system's alone.
 *
 * errors   E_UNPROCESSED  breaks the rules of its type (rq->issues has them); E_BAD_INPUT type
 *          unknown, id missing, malformed or not the one asked for; E_TOO_LARGE
 */
MUST_USE enum err fhir_prepare(struct req *rq, struct jv root, const struct fhir_how *how,
                               struct tx_put *ret_put);
/* Parses json, prepares it and adds it to tx. Type and id are those in json. */
MUST_USE enum err fhir_put(struct req *rq, struct tx *tx, struct str json, int64_t expect);
/* As fhir_put with everything said. */
MUST_USE enum err fhir_put_how(struct req *rq, struct tx *tx, struct str json,
                               const struct fhir_how *how);
/* The place of a resource in posting lists: its principal date, otherwise when it has none. */
int64_t fhir_at(struct req *rq, struct jv root, enum fhir_type type, int64_t otherwise);
/* The type a parsed resource claims; T_NONE when it is none we keep. */
enum fhir_type fhir_type_in(struct req *rq, struct jv root);

/* What a resource hangs on by the anchor rule: T_NONE when it names nothing. */
enum fhir_type fhir_case_in(struct req *rq, struct jv root, enum fhir_type type,
                            struct str *ret_id);
enum fhir_type fhir_patient_in(struct req *rq, struct jv root, enum fhir_type type,
                               struct str *ret_id);
