/* care/erasure.h - a person's record erased by order: proposed by an
 * administrator of the centre, confirmed by a second person with the
 * right to audit, never against a hold and never while something is open.
 *
 * The two see numbers alone: how many resources of which type would go, nothing
 * of what they say. From the confirmation on nothing of the record is shown
 * (one commit); the bytes go in pieces after it, resumed after a restart: see
 * erasure_step(). Each erased resource has an audit record of its own
 * (store/erase.h).
 */
#pragma once

#include "store/db.h"

struct tx;

enum erasure_state {
    ERASURE_PROPOSED,
    ERASURE_RUNS,   /* nothing is shown any more; bodies are being replaced */
    ERASURE_SCRUBS, /* all are; the file's free pages and the log are being
                     cleaned */
    ERASURE_DONE,
    ERASURE_REFUSED, /* by the second person, or withdrawn by the first */
    ERASURE_STATES
};

/* In the place of a ground: no order of two, the term of a policy is over
 * (care/erasure_term.h). Its number is the term, its date the day; nobody stands
 * in by and second. */
#define ERASURE_BY_POLICY "policy"

/* Grounds an order names; the words say what happened, not which paragraph
 * allows it. */
struct erasure_reason {
    const char *code, *text; /* text: msgid */
};
/* The i-th; NULL past the end. */
const struct erasure_reason *erasure_reason_at(unsigned i);
const struct erasure_reason *erasure_reason_find(struct str code);

/* What keeps a record from being erased, each with how many. */
enum erasure_open {
    ERASURE_CASES,
    ERASURE_VISITS,
    ERASURE_CONSILIA,
    ERASURE_MEETINGS,
    ERASURE_RECORDINGS,
    ERASURE_EXPORTS, /* of anybody: its files may hold the record */
    ERASURE_COURSES, /* of care: pregnancies and others */
    ERASURE_OPENS
};

enum { ERASURE_TYPES = 150, ERASURE_NUMBER_MAX = 60, ERASURE_WHY_MIN = 10, ERASURE_WHY_MAX = 500 };

struct erasure {
    int64_t id; /* number of the order, 1.. */
    int64_t patient_rid;
    struct str patient; /* Patient id */
    enum erasure_state state;
    struct str reason;                  /* code */
    struct str number, date;            /* of the document that orders it */
    struct str by, second;              /* Practitioner; second: '' nobody yet */
    struct instant at, second_at, done; /* ms 0: not yet */
    uint64_t resources;                 /* that were to go when it was confirmed */
    uint64_t left;                      /* of them still to be erased */
    struct str org;                     /* Organization that by acted for; empty: not written down */
};

/* What an order would take, in numbers. */
struct erasure_look {
    int64_t patient_rid;
    struct str patient;
    struct {
        uint16_t type;
        uint64_t resources, versions;
    } types[ERASURE_TYPES];
    uint32_t n;
    uint64_t resources, versions;
    uint64_t open[ERASURE_OPENS];
    bool is_open; /* one of them is not 0 */
    bool held;
    struct str hold_reason, hold_by;
    struct instant hold_at;
};

struct erasure_hold {
    struct str patient, reason, by;
    struct instant at;
};

/* Who may propose: an administrator acting for an organisation with nothing
 * above it. Who may confirm: the right to audit. Both may hold. */
MUST_USE enum err erasure_may_propose(struct req *rq, bool *ret_may);
/* May the person who acts be the second of this order: not who proposed it, and
 * the right to audit is of the organisation it was proposed for or of one above
 * it? Roles reach downward here as they do for openings that are reviewed
 * (care/glass.h): an auditor of a hospital judges nothing of its centre. */
MUST_USE enum err erasure_may_confirm(struct req *rq, const struct erasure *o, bool *ret_may);
/* By a personal number as typed; the search is put on record.
 * errors  E_FORBIDDEN; E_BAD_INPUT "id-kind", "id: shape", "id: check digit";
 * E_NOT_FOUND */
MUST_USE enum err erasure_find(struct req *rq, struct str kind, struct str typed,
                               struct erasure_look *ret_look);
/* The same of an order. */
MUST_USE enum err erasure_look_at(struct req *rq, const struct erasure *o,
                                  struct erasure_look *ret_look);
/* errors  E_FORBIDDEN  neither right; E_NOT_FOUND */
MUST_USE enum err erasure_get(struct req *rq, int64_t id, struct erasure *ret_o);
MUST_USE enum err erasure_list(struct req *rq, int64_t before, struct erasure *ret_all, uint32_t n,
                               uint32_t *ret_n);
MUST_USE enum err erasure_holds(struct req *rq, struct erasure_hold *ret_all, uint32_t n,
                                uint32_t *ret_n);

/* The first of the two. reason is a code, number and date those of the
 * document. gives   *ret_id errors  E_FORBIDDEN; E_BAD_INPUT "reason",
 * "number", "date"; E_CONFLICT "held", "open" or "proposed" */
MUST_USE enum err erasure_propose(struct req *rq, struct tx *tx, const struct erasure_look *look,
                                  struct str reason, struct str number, struct str date,
                                  int64_t *ret_id);
/* The second, who types the personal number again. Hides the whole record and
 * removes all rows beside it. The right is looked at again by the writer, with
 * the roles as they are then. errors  E_FORBIDDEN "same person", "place" or no right;
 * E_BAD_INPUT "id"  another number; E_CONFLICT "held", "open", "state"; E_STALE
 * from the commit */
MUST_USE enum err erasure_confirm(struct req *rq, struct tx *tx, const struct erasure *o,
                                  struct str kind, struct str typed);
/* By either of those who may. errors  E_FORBIDDEN; E_CONFLICT "state" */
MUST_USE enum err erasure_refuse(struct req *rq, struct tx *tx, const struct erasure *o);
/* A hold, and its end. errors  E_FORBIDDEN; E_BAD_INPUT "why"; E_CONFLICT held
 * already, or not held */
MUST_USE enum err erasure_hold(struct req *rq, struct tx *tx, struct str patient, int64_t rid,
                               struct str why);
MUST_USE enum err erasure_lift(struct req *rq, struct tx *tx, struct str patient, int64_t rid,
                               struct str why);

/* One bounded piece of the oldest order that runs (rq->who IS_CLOCK). *step: 0
 * at first, kept between calls. *ret_more: call again. errors  E_BUSY, E_IO,
 * E_FULL  later again: nothing is lost */
MUST_USE enum err erasure_step(struct req *rq, unsigned *step, bool *ret_more);
