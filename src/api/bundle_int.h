/* api/bundle_int.h - one batch or transaction under way; private to the room. */
#pragma once

#include "api/fhir_int.h"
#include "fhir/library.h"
#include "store/tx.h"

enum entry_verb { VERB_DELETE, VERB_POST, VERB_PUT, VERB_PATCH, VERB_GET, VERB_COUNT };

/* An operation that changes a resource, asked for by POST. */
enum entry_change { CHANGE_NONE, CHANGE_META_ADD, CHANGE_META_DELETE, CHANGE_MOVE };

struct entry {
    struct jv e;            /* the entry */
    struct jv resource;
    enum entry_verb verb;
    struct str full_url;
    struct str url;         /* request.url */
    enum fhir_type type;
    struct str id;          /* what it reads, changes or makes; empty: a search */
    struct str rest;        /* what follows: "_history/2"; GET alone */
    struct str query;       /* of a search or condition, without '?' */
    struct str none_exist;  /* request.ifNoneExist */
    struct str none_match;  /* request.ifNoneMatch */
    struct api_cond *cond;  /* of a conditional write; NULL: none */
    int64_t expect;
    enum entry_change change; /* then verb is VERB_PATCH: its turn, its rights, what it is held to */
    bool is_op;             /* an operation or another read: answered by its own row */
    bool is_post;           /* then: asked by POST */
    bool is_head;           /* a GET without its body */
    struct str path;        /* then: "/fhir/Patient/1/$everything" */
    bool is_create;
    bool exists;            /* a conditional create found it: nothing is written */
    bool gone;              /* a delete found nothing */
    bool skip;              /* failed before the commit (batch) */
    size_t put;             /* its number in tx */
    struct tx *tx;          /* where its change went; NULL: none */
    /* the answer */
    enum err err;
    struct str outcome;     /* OperationOutcome of a failure */
    struct str body;        /* resource or searchset of a GET */
    uint64_t version;       /* of a GET or existing resource */
    struct instant updated;
};

/* A conditional reference that was looked up. */
struct found_ref {
    struct str text;
    struct str to; /* Type/id */
};

struct bundle {
    struct entry *v;
    size_t n;
    bool is_transaction;
    struct str base; /* of this server's interface */
    struct tx *tx;
    struct fhir_beside beside; /* of a transaction: what it writes that others are held to */
    /* fullUrl -> entry, open addressing; slots is a power of two */
    uint32_t *map;
    size_t slots;
    struct found_ref *refs;
    size_t n_refs;
    size_t size_refs;
    unsigned tries; /* a lost condition makes it run anew */
};

/* Reads entry e of a bundle: verb, address, conditions. base: of this server's interface.
 * errors E_BAD_INPUT */
MUST_USE enum err entry_parse(struct http_req *h, struct str base, struct jv e,
                               struct entry *ret_entry);
/* Finds what conditional entries mean and gives new ids. */
MUST_USE enum err entry_resolve(struct http_req *h, struct entry *x);
/* The resource with references to other entries and conditional references replaced; *ret_root is
 * the same when there was nothing to replace: bundle_refs.c.
 * errors E_BAD_INPUT  a urn that no entry has; E_STALE  a conditional reference fits none, or several */
MUST_USE enum err entry_rewrite(struct http_req *h, struct bundle *b, const struct entry *x,
                                struct jv *ret_root);
/* Adds a change to tx. */
MUST_USE enum err entry_write(struct http_req *h, struct bundle *b, struct entry *x,
                              struct tx *tx);
/* Answers a GET. */
MUST_USE enum err entry_read(struct http_req *h, struct entry *x);
/* Is an entry's address (without the query) one that another row answers and that only reads (x->is_op), or
 * an operation that changes a resource (x->change)? x->path is filled in. bundle_op.c. errors E_TOO_LARGE */
MUST_USE enum err entry_find_op(struct http_req *h, struct str rest, struct entry *x);
/* Adds what an operation changes to tx. */
MUST_USE enum err entry_change(struct http_req *h, const struct bundle *b, struct entry *x,
                               struct tx *tx);
/* After the commit: what it answers. */
MUST_USE enum err entry_changed(struct http_req *h, struct entry *x);
/* Answers such an entry. */
MUST_USE enum err entry_op(struct http_req *h, struct entry *x);
/* The entry a fullUrl names, or NULL. */
struct entry *bundle_find(const struct bundle *b, struct str full_url);
/* Notes a failure of the entry as an outcome and forgets it. */
void entry_fail(struct http_req *h, struct entry *x, enum err e);
