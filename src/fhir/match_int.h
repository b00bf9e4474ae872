/* fhir/match_int.h - does a stored resource meet a criterion, and may the caller see it? Private to
 * the room. */
#pragma once

#include "fhir/search.h"

enum {
    SEEN_ANCHORS = 64,
    FHIR_FUEL = 80000,    /* resources looked at by one search, its chains and _has included */
    FHIR_REFERRERS = 500, /* resources looked at that name one candidate */
};

/* Answers "may the caller see this anchor" and remembers the last answers. */
struct gate {
    const struct fhir_access *acc;
    int64_t anchor[SEEN_ANCHORS];
    bool may[SEEN_ANCHORS];
    unsigned n;
    unsigned at;
    uint32_t fuel; /* looks left */
};

/* What a search counts as for the scopes. */
static inline unsigned access_ops(const struct fhir_access *acc)
{
    return acc->ops != 0 ? acc->ops : OP_SEARCH;
}
/* One look more, at what c leads to. errors E_BAD_INPUT none are left */
MUST_USE enum err gate_look(struct req *rq, struct gate *g, const struct fhir_criterion *c);
MUST_USE enum err gate_may(struct req *rq, struct gate *g, int64_t anchor, bool *ret_may);

/* A resource under test; its parts are loaded when first needed. */
struct cand {
    struct hit hit;
    struct res_row head;
    bool has_head;
    const struct tuple *tuples;
    size_t n_tuples;
    bool has_tuples;
    struct res_row row; /* with its body, when that was read from the store */
    bool has_row;
    struct arena_mark row_end;
    struct json_doc doc;
    bool has_doc;
    bool is_old; /* an earlier version: all parts are given, the index does not know it */
    bool is_far; /* its row lies on a page of its own: the index is asked before it is read */
};

MUST_USE enum err cand_head(struct req *rq, struct cand *k);
MUST_USE enum err cand_tuples(struct req *rq, struct cand *k);
/* Not of earlier versions. */
MUST_USE enum err cand_row(struct req *rq, struct cand *k);
MUST_USE enum err cand_doc(struct req *rq, struct cand *k);
/* References of the criterion must have their targets (fhir_query_resolve). What a chain or _has
 * leads to must itself be visible to the caller. */
MUST_USE enum err cand_meets(struct req *rq, struct gate *g, struct cand *k,
                             const struct fhir_criterion *c, bool *ret_meets);
/* May the caller see the candidate, of this type: by team and by the scopes of the token? */
MUST_USE enum err cand_may(struct req *rq, struct gate *g, enum fhir_type type, struct cand *k,
                           bool *ret_may);
/* The newest resource that meets what _has asks for and names rid. */
MUST_USE enum err has_first(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                            int64_t rid, struct hit *ret_hit, bool *ret_has);
/* By the tuples of the candidate alone. */
MUST_USE enum err cand_tuples_meet(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                                   bool *ret_meets);
/* By the row of the candidate alone: _id, _lastUpdated. */
MUST_USE enum err cand_row_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                                 bool *ret_meets);
/* scope.c: is the candidate, of this type, within the scopes? */
MUST_USE enum err scope_cand(struct req *rq, const struct fhir_scopes *s, unsigned ops,
                             enum fhir_type type, struct cand *k, bool *ret_may);
/* Is a resource live, of the type, visible, and does it meet c? */
MUST_USE enum err rid_meets(struct req *rq, struct gate *g, int64_t rid, enum fhir_type type,
                            const struct fhir_criterion *c, bool *ret_meets);
/* Criteria about what a reference names, not about its text or identifier. */
static inline bool asks_refs(const struct fhir_criterion *c)
{
    return c->op == ASK_PARAM && c->p->kind == SP_REF &&
           (c->modifier == MOD_NONE || c->modifier == MOD_BELOW || c->modifier == MOD_ABOVE);
}
/* Does a value meet a tuple of the criterion's parameter? */
bool tuple_meets(const struct fhir_criterion *c, const struct fhir_value *v,
                 const struct tuple *t);
/* Questions about the text itself: :exact, :contains, :text, :below of an address, versions,
 * composites ... They read the resource. */
bool text_asks(const struct fhir_criterion *c);
MUST_USE enum err text_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                             bool *ret_meets);
/* Place of the first hit at or after rid in a set ordered by rid. */
size_t set_find(const struct hit *set, size_t n, int64_t rid);
bool set_has(const struct hit *set, size_t n, int64_t rid);

/* Remembered answers about targets of a chain. */
enum { MEMO_SLOTS = 1024 };
struct fhir_memo {
    int64_t rid[MEMO_SLOTS]; /* 0: empty */
    bool meets[MEMO_SLOTS];
};
