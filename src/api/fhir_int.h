/* api/fhir_int.h - what the FHIR handlers share; private to the room. */
#pragma once

#include "api/fhir.h"
#include "care/who.h"
#include "fhir/prepare.h"
#include "fhir/search.h"

/* "http://host/fhir" */
struct str api_base(struct http_req *h);
/* What the caller may see. */
struct fhir_access api_access(const struct http_req *h);
/* E_SIGN_IN without a caller; E_NOT_ACCEPT when the caller takes no JSON. Every handler begins with
 * it. */
MUST_USE enum err api_enter(struct http_req *h);
/* E_FORBIDDEN unless the token's scopes open some resource of the type to one of ops (OP_ bits). */
MUST_USE enum err api_may(struct http_req *h, enum fhir_type type, unsigned ops);
/* The same for what has no compartments here (AuditEvent): every one of the type must be open. */
MUST_USE enum err api_may_all(struct http_req *h, enum fhir_type type, unsigned ops);
/* The type in the address. errors E_NOT_FOUND not a type we keep */
MUST_USE enum err api_type(struct http_req *h, enum fhir_type *ret_type);
/* The JSON body, parsed. errors E_MEDIA_TYPE, E_SYNTAX, E_TOO_LARGE */
MUST_USE enum err api_body(struct http_req *h, struct json_doc **ret_doc);
MUST_USE enum err api_reply(struct http_req *h, unsigned status, struct str json);
/* Status with an OperationOutcome of what is in rq.issues. */
MUST_USE enum err api_reply_outcome(struct http_req *h, unsigned status);
/* W/"3" */
struct str api_etag(struct req *rq, uint64_t version);
/* The n of W/"n" or "n"; false otherwise. */
bool api_etag_read(struct str etag, uint64_t *ret_version);
/* Prefer: return=... */
enum api_return { RETURN_REPRESENTATION, RETURN_MINIMAL, RETURN_OUTCOME, RETURN_UNSAID };
enum api_return api_prefer(const struct http_req *h);
bool api_prefers_strict(const struct http_req *h);
/* Base, type and id, with the version when it is not 0. */
struct str api_location(struct http_req *h, enum fhir_type type, struct str id, uint64_t version);

/* Puts a look at a row on record when it is about a patient. outcome: OK, or why it was refused. */
MUST_USE enum err api_audit_row(struct http_req *h, enum audit_action action,
                                const struct res_row *row, enum err outcome);
/* Finds a row the caller may see, deleted ones too, and puts the look (or the refusal) on record.
 * errors E_NOT_FOUND none, or not theirs */
MUST_USE enum err api_find(struct http_req *h, enum fhir_type type, struct str id,
                           enum audit_action action, struct res_row *ret_row);
/* Runs a search and puts it on record. ops: what it counts as for the token's scopes. */
MUST_USE enum err api_search(struct http_req *h, enum fhir_type type, struct str query,
                             bool strict, unsigned ops, struct fhir_page *ret_page);

/* GET Binary/:id: raw bytes, or the resource. */
MUST_USE enum err api_binary_read(struct http_req *h);

/* ---- writing: api/write.c ---- */

/* One change on its way into a transaction. */
struct api_write {
    enum fhir_type type;
    struct str id;
    int64_t expect;       /* as struct fhir_how */
    bool is_create;       /* the id was made by us */
};
/* Checks that the caller may make this change, prepares it, adds it and its audit record to tx. */
MUST_USE enum err api_put(struct http_req *h, struct tx *tx, struct jv root,
                          const struct api_write *w);
/* The version If-Match names; TX_ANY without the field: then the last writer wins, as FHIR has it.
 * errors E_BAD_INPUT */
MUST_USE enum err api_expect(struct http_req *h, int64_t *ret_expect);
/* One change in a transaction of its own, and the answer once it is durable: api/single.c. */
MUST_USE enum err api_put_commit(struct http_req *h, struct jv root, const struct api_write *w);
MUST_USE enum err api_delete(struct http_req *h, struct tx *tx, enum fhir_type type,
                             struct str id, int64_t expect, bool *ret_gone);
/* The one resource a conditional query names: *ret_id empty when none. ops: what the condition is for; a
 * token that may do that may have it looked for.
 * errors E_STALE more than one (http.html#ccreate: 412) */
MUST_USE enum err api_conditional(struct http_req *h, enum fhir_type type, struct str query,
                                  unsigned ops, struct str *ret_id);
/* Guards a conditional create against a second one at the same time, when the query is one exact
 * identifier. */
MUST_USE enum err api_guard(struct http_req *h, struct tx *tx, enum fhir_type type,
                            struct str query);
/* ---- patches: api/patch.c ---- */

struct api_patch {
    struct jv ops; /* the list of JSON Patch, or a Parameters resource */
    bool is_json;
};
/* The patch that a resource in a bundle is: Parameters, or a Binary with a JSON Patch (http.html#patch).
 * errors E_BAD_INPUT */
MUST_USE enum err api_patch_of(struct http_req *h, struct jv resource, struct api_patch *ret_patch);
/* The resource w names as the patch makes it, to be put as w then says: based on the version that was
 * read. w->expect: that of the caller, or TX_ANY. The look is on record.
 * errors E_NOT_FOUND, E_GONE, E_STALE (another version than expected), and those of the patch */
MUST_USE enum err api_patched(struct http_req *h, const struct api_patch *patch,
                              struct api_write *w, struct jv *ret_root);
/* A new id; p NULL past the cap. */
struct str api_new_id(struct req *rq);
