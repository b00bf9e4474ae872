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
bool api_prefers_lenient(const struct http_req *h);
bool api_prefers_async(const struct http_req *h);
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

/* The same inside a compartment (in may be NULL), of several types when type is T_NONE. */
MUST_USE enum err api_search_in(struct http_req *h, const struct fhir_compartment *in,
                                enum fhir_type type, struct str query, bool strict, unsigned ops,
                                struct fhir_page *ret_page);
/* Puts a search on record: its parameters' names, never the values. */
MUST_USE enum err api_search_audit(struct http_req *h, const struct fhir_query *q,
                                   const struct fhir_compartment *in);

/* A page of versions as a Bundle. The look is on record. errors E_NOT_FOUND, E_BAD_INPUT */
struct api_history {
    enum fhir_type type; /* T_NONE: of everything */
    struct str id;       /* empty: of all of the type */
    struct str query;    /* _count, _since, _at, _cursor */
};
MUST_USE enum err api_history(struct http_req *h, const struct api_history *ask,
                              struct str *ret_json);

/* The body of a write; for a Binary any bytes, made a resource with their media type and the security
 * context the request names (X-Security-Context). id: of an update. */
MUST_USE enum err api_binary_body(struct http_req *h, enum fhir_type type, struct str id,
                                  struct json_doc **ret_doc);
/* What a Binary with a security context hangs on: that of the context. */
MUST_USE enum err api_binary_anchor(struct http_req *h, struct jv root, struct fhir_how *how);
/* GET Binary/:id: raw bytes, or the resource. */
MUST_USE enum err api_binary_read(struct http_req *h);

struct api_cond;

/* ---- writing: api/write.c ---- */

/* One change on its way into a transaction. */
struct api_write {
    enum fhir_type type;
    struct str id;
    int64_t expect;       /* as struct fhir_how */
    bool is_create;       /* the id was made by us */
    const struct fhir_beside *beside; /* what else the transaction writes; NULL nothing */
};
/* Checks that the caller may make this change, prepares it, adds it and its audit record to tx. */
MUST_USE enum err api_put(struct http_req *h, struct tx *tx, struct jv root,
                          const struct api_write *w);
/* The version If-Match names; TX_ANY without the field: then the last writer wins, as FHIR has it.
 * errors E_BAD_INPUT */
MUST_USE enum err api_expect(struct http_req *h, int64_t *ret_expect);
/* If-None-Match or ifNoneMatch (field) of an update: with * it is written only where none is; empty: not
 * asked. errors E_STALE  it is there (412); E_BAD_INPUT */
MUST_USE enum err api_expect_none(struct http_req *h, struct str text, const char *field,
                                  struct api_write *w);
/* One change in a transaction of its own, and the answer once it is durable: api/single.c. cond (may be
 * NULL) is held; when it was lost, again runs from its beginning. */
MUST_USE enum err api_put_commit(struct http_req *h, struct jv root, const struct api_write *w,
                                 struct api_cond *cond, http_handler_fn again);
/* What a conditional update writes: the one found, or a new one (w->id, w->expect, w->is_create). */
MUST_USE enum err api_write_if(struct http_req *h, struct jv root, struct api_cond *cond,
                               struct api_write *w);
MUST_USE enum err api_delete(struct http_req *h, struct tx *tx, enum fhir_type type,
                             struct str id, int64_t expect, bool *ret_gone);
/* ---- parameters of operations: api/params.c ---- */

struct api_param {
    struct str name;
    struct str text; /* of its value; JSON when that is no text */
    struct jv value; /* absent when it stood in the address */
};
struct api_params {
    struct api_param *v;
    size_t n;
};
/* Those of the address, then those of the body of a POST.
 * errors E_BAD_INPUT, E_MEDIA_TYPE, E_SYNTAX, E_TOO_LARGE */
MUST_USE enum err api_params_read(struct http_req *h, struct api_params *ret_params);
/* Those of a Parameters resource. errors E_BAD_INPUT, E_TOO_LARGE */
MUST_USE enum err api_params_of(struct http_req *h, struct jv root, struct api_params *ret_params);
/* The first of that name; NULL. */
const struct api_param *api_param(const struct api_params *ps, struct str name);
struct str api_param_text(const struct api_params *ps, struct str name);

/* ---- conditions of writes: api/cond.c ---- */

enum { API_DELETES_MAX = 500 }; /* resources that one conditional delete may delete */

struct api_cond {
    enum fhir_type type;
    struct str query;
    struct str self;   /* what was understood of it */
    struct str id;     /* the (first) resource it fits; empty: none */
    struct str *ids;   /* all of them */
    size_t n;
    size_t max;        /* it may fit */
    struct str made;   /* the one that is written because of it */
    struct fhir_access access;
    int64_t seen;      /* the newest version when it was looked up */
    bool of_its_type;  /* asks nothing of other resources */
    bool lost;         /* by the time of the commit it fitted another: to be done anew */
};
/* Looks up what query fits. ops: what the condition is for; a token that may do that may have it looked for.
 * borrows  query
 * errors   E_STALE  more than one (412); E_BAD_INPUT  no criteria, unknown ones, too costly */
MUST_USE enum err api_cond_find(struct http_req *h, enum fhir_type type, struct str query,
                                unsigned ops, struct api_cond *ret_cond);
/* The same for a delete, which may mean several: errors E_STALE  more than API_DELETES_MAX */
MUST_USE enum err api_cond_find_all(struct http_req *h, enum fhir_type type, struct str query,
                                    unsigned ops, struct api_cond *ret_cond);
/* The commit of tx is refused (E_CONFLICT, c->lost) unless c still fits c->ids. borrows c until done. */
MUST_USE enum err api_cond_hold(struct tx *tx, struct api_cond *c);
/* In a transaction: after it, c may fit c->made and nothing else. errors E_BAD_INPUT at the commit. */
MUST_USE enum err api_cond_hold_alone(struct tx *tx, struct api_cond *c);

/* ---- patches: api/patch.c ---- */

struct api_patch {
    struct jv ops; /* the list of JSON Patch, or a Parameters resource */
    bool is_json;
};
/* The patch that a resource in a bundle is: Parameters, or a Binary with a JSON Patch (http.html#patch).
 * errors E_BAD_INPUT */
MUST_USE enum err api_patch_of(struct http_req *h, struct jv resource, struct api_patch *ret_patch);
/* The present row of what w names, for a change based on it: w->id and w->expect become its own. w->expect:
 * that of the caller, or TX_ANY. The look is on record.
 * errors E_NOT_FOUND, E_GONE, E_STALE (another version than expected) */
MUST_USE enum err api_basis(struct http_req *h, struct api_write *w, struct res_row *ret_row);
/* The resource w names as the patch makes it, to be put as w then says: based on the version that was
 * read. errors those of api_basis() and of the patch */
MUST_USE enum err api_patched(struct http_req *h, const struct api_patch *patch,
                              struct api_write *w, struct jv *ret_root);

/* ---- operations that change: api/meta.c, api/move.c ---- */

/* The resource w names with the meta of the parameters added or taken away, to be put as w then says.
 * errors those of api_basis(); E_BAD_INPUT  no meta */
MUST_USE enum err api_meta_changed(struct http_req *h, const struct api_params *ps, bool add,
                                   struct api_write *w, struct jv *ret_root);
/* Parameters with the meta of a resource. */
MUST_USE enum err api_meta_params(struct http_req *h, struct str body, struct str *ret_json);
/* One step of the workflow of a Task, added to tx. The caller has asked api_may().
 * errors E_NOT_FOUND, E_FORBIDDEN, E_BAD_INPUT, those of the step */
MUST_USE enum err api_move(struct http_req *h, struct tx *tx, struct str id, struct jv params);

/* A new id; p NULL past the cap. */
struct str api_new_id(struct req *rq);
