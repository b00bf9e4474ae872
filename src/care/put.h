/* care/put.h - writing FHIR resources, and reading what was written: the few shapes the care room
 * needs again and again. */
#pragma once

#include "base/req.h"
#include "codec/json.h"
#include "fhir/type.h"
#include "store/audit.h"
#include "store/db.h"

struct case_row;
struct who;
struct tx;
struct tx_put;

/* A resource being written. Begin with put_begin, write members through p->o, end with put_end. */
struct put {
    struct req *rq;
    struct tx *tx;
    struct buf b;
    struct json_out o;
    enum fhir_type type;
    struct str id;
    int64_t expect;       /* TX_NEW, TX_ANY, TX_CREATE or the version read */
    struct str case_id;   /* it hangs on this case; empty: on the patient, or directory data */
    bool aside;           /* a directory type, but nothing the directory shows */
    struct str patient;   /* it is about this patient; empty: about nobody */
};

/* A new random FHIR id; p NULL past the arena's cap. */
struct str put_new_id(struct req *rq);
/* Opens the object and writes resourceType. id empty: a new one. cap: most bytes of the resource. */
void put_begin(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type, struct str id,
               size_t cap);
/* Closes the object, validates it and adds it to the transaction.
 * errors  as fhir_put */
MUST_USE enum err put_end(struct put *p);

/* "key":{"reference":"Type/id"} and, with a display, its text. */
void put_ref(struct json_out *o, struct str key, enum fhir_type type, struct str id);
void put_ref_shown(struct json_out *o, struct str key, enum fhir_type type, struct str id,
                   struct str display);
/* {"reference":"Type/id"} as an element of an array. */
void put_ref_item(struct json_out *o, enum fhir_type type, struct str id);
void put_ref_item_shown(struct json_out *o, enum fhir_type type, struct str id, struct str display);
/* Who acts, as a Reference: a Practitioner, or somebody of the patients' side. */
void put_actor(struct json_out *o, struct str key, const struct who *w);
void put_actor_item(struct json_out *o, const struct who *w);
/* {"system":..,"code":..,"display":..}; display may be empty. */
void put_one_coding(struct json_out *o, struct str system, struct str code, struct str display);
/* "coding":[{"system":..,"code":..,"display":..}]; display may be empty. */
void put_coding(struct json_out *o, struct str system, struct str code, struct str display);
/* "key":[{"coding":[{"system":..,"code":..}]}], one concept for each code. */
void put_concepts(struct json_out *o, struct str key, struct str system, const struct str *codes,
                  uint32_t n);
/* "key":{"coding":[{"system":..,"code":..,"display":..}],"text":..}; display and text may be empty. */
void put_concept(struct json_out *o, struct str key, struct str system, struct str code,
                 struct str display, struct str text);
/* "key":"2026-11-22T03:24:05.123Z" */
void put_instant(struct json_out *o, struct str key, struct instant t);

/* Begins a resource on a case, as put_begin: basedOn its request, subject its patient. */
void put_of_case(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type,
                 const struct case_row *row, size_t cap);
/* A Communication on a case up to its payload: whose case, what kind ("message", "data-asked",
 * "break-glass"), from the person who acts, now. The caller adds payload and ends with put_end. */
void put_message(struct put *p, struct req *rq, struct tx *tx, const struct case_row *row,
                 struct str kind, size_t cap);

/* A record of a write: of whom it is and which case it belongs to, as prepared. The caller adds outcome
 * and detail. */
struct audit_rec put_audit(const struct tx_put *put, enum audit_action action, enum audit_why why);

/* A resource by its row number, parsed; both live in rq->a.
 * errors  as db_read_rid */
MUST_USE enum err res_load(struct req *rq, int64_t rid, struct res_row *ret_row,
                           struct jv *ret_root);
/* The same by its id; both empty when there is none. */
MUST_USE enum err res_find(struct req *rq, enum fhir_type type, struct str id,
                           struct res_row *ret_row, struct jv *ret_root);

/* A walk over the resources of one type that are somebody's own: that hang on the owner itself, not on a case
 * of theirs, which is its team's. */
struct own_walk {
    struct list *list;
    int64_t owner;
    uint32_t left;      /* how many it may still look at, others' and deleted ones too */
    enum err failed;    /* what ended it */
    struct res_row row; /* the resource it stands on, */
    struct jv v;        /* parsed: in rq->a */
};
enum { OWN_ALL = INT32_MAX }; /* as many as there are */
/* Begins at the newest or the oldest; looks at most at `most`. *w begins as {0}; end it with own_done()
 * (CLEANUP).
 * errors  as list_owner */
MUST_USE enum err own_begin(struct req *rq, int64_t owner, enum fhir_type type, enum list_order order,
                            uint32_t most, struct own_walk *w);
/* Goes to the next. False at the end, or on a failure: ask own_err(). */
bool own_next(struct req *rq, struct own_walk *w);
MUST_USE enum err own_err(struct req *rq, const struct own_walk *w);
void own_done(struct own_walk *w);

/* "Type/id" of a reference's text: the id when it names that type, else p NULL. */
struct str ref_id_of(struct str reference, enum fhir_type type);
/* The same of a Reference element. */
struct str ref_get(struct req *rq, struct jv reference, enum fhir_type type);
