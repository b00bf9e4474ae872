/* care/flow.h - the flow engine: a workflow is one const table of states and moves, and one function
 * performs every move of every workflow.
 *
 * A move checks who may and what it needs, then in one transaction writes the Task, the worklist row,
 * the audit record, the notices and the next deadlines. The clock is an actor like any other, so a
 * deadline is a move, audited like a move; it never changes the state, only Task.businessStatus. */
#pragma once

#include "base/req.h"

struct case_row;
struct json_out;
struct tx;

/* What a person is to a case: computed from the case's row and the role they act in. */
enum {
    ACTOR_ASKER = 1 << 0,       /* may ask, in the organisation that asked */
    ACTOR_COORDINATOR = 1 << 1, /* coordinates the centre the case is at */
    ACTOR_SERVICE = 1 << 2,     /* answers for the service the case is allocated to, or named alone */
    ACTOR_CONSULTANT = 1 << 3,  /* accepted this case */
    ACTOR_HEAD = 1 << 4,        /* head of the asking or answering organisation or of the centre */
    ACTOR_CLOCK = 1 << 5,       /* the program itself, at a deadline */
    ACTOR_CHAIR = 1 << 6,       /* of a consilium: leads it */
    ACTOR_SECRETARY = 1 << 7,   /* of a consilium: called it, or keeps its protocol */
    ACTOR_MEMBER = 1 << 8,      /* of a consilium: was asked to take part and did not leave */
    ACTOR_PATIENT = 1 << 9,     /* of a visit: the patient, or who acts for them */
    ACTOR_DOCTOR = 1 << 10,     /* of a visit: who receives */
    ACTOR_REGISTRAR = 1 << 11,  /* of a visit: may book where it is, or where it was booked */
    ACTOR_COUNT = 12
};

/* What a move must be given, or the case must have. */
enum {
    NEED_REASON = 1 << 0,     /* a reason in words, or a reason code */
    NEED_SERVICE = 1 << 1,    /* a service from the directory */
    NEED_TARGET = 1 << 2,     /* a service or a person */
    NEED_TEXT = 1 << 3,       /* a text: what data is asked for */
    NEED_CONCLUSION = 1 << 4, /* the id of the signed document Bundle */
    NEED_OUTCOME = 1 << 5,    /* an outcome code */
    NEED_QUORUM = 1 << 6,     /* as many members as the quorum asks for */
    NEED_OPINIONS = 1 << 7,   /* each member's opinion or abstention */
    NEED_SIGNATURES = 1 << 8, /* each member's signature or refusal */
    NEED_SLOT = 1 << 9,       /* of a visit: a free slot of a specialist */
    NEED_RING = 1 << 10,      /* a class of urgency that calls the consultant: care/ring.h */
    NEED_COUNT = 11
};

/* Whom a move tells. Each person told gets one notice without content. */
enum {
    TELL_ASKER = 1 << 0,
    TELL_COORDINATOR = 1 << 1,
    TELL_SERVICE = 1 << 2,
    TELL_CONSULTANT = 1 << 3,
    TELL_HEAD = 1 << 4,
    TELL_CHAIR = 1 << 5,
    TELL_SECRETARY = 1 << 6,
    TELL_MEMBER = 1 << 7,
    TELL_PATIENT = 1 << 8,
    TELL_DOCTOR = 1 << 9,
    TELL_COUNT = 10
};

/* What a move sets besides the state. */
enum {
    SET_SERVICE = 1 << 0,   /* the service, its centre and the named person from the arguments */
    SET_OWNER = 1 << 1,     /* the consultant becomes the one who acts */
    CLEAR_OWNER = 1 << 2,   /* nobody has accepted any more */
    SET_CONCLUSION = 1 << 3, /* Task.output names the signed document */
    SET_OUTCOME = 1 << 4,   /* the outcome code and text are kept */
    RESTART_CLOCK = 1 << 5, /* accept-by counts from now: somebody new has to accept */
    RAISE_REMINDED = 1 << 6, /* clock rows: the level of businessStatus */
    RAISE_OVERDUE = 1 << 7,
    RAISE_ESCALATED = 1 << 8,
    SET_COUNT = 9
};

/* Which promise runs in a state. Its lengths come from the policy profile, by urgency. */
enum care_clock { CLOCK_NONE, CLOCK_ACCEPT, CLOCK_ANSWER, CLOCK_COUNT };

enum {
    STATE_FINAL = 1 << 0,  /* nothing more is expected */
    STATE_PAUSED = 1 << 1, /* both clocks stand still: the asker has to give data */
    STATE_BEGIN = 1 << 2,  /* the first state, before the case exists */
};

/* Whose turn it is in a state: for worklists and the sentence on the page. */
enum care_turn { TURN_NOBODY, TURN_ASKER, TURN_COORDINATOR, TURN_SERVICE, TURN_CONSULTANT,
                 TURN_CHAIR, TURN_SECRETARY, TURN_MEMBER,
                 TURN_PATIENT, TURN_DOCTOR, TURN_REGISTRAR };

struct care_state {
    const char *name;        /* business status code, "waiting-answer" form is the page's matter */
    const char *title;       /* msgid shown to people */
    const char *task_status; /* FHIR R4 TaskStatus */
    enum care_clock clock;   /* the promise that runs */
    enum care_turn turn;     /* who has to act */
    unsigned flags;          /* STATE_ */
};

struct care_move {
    const char *action; /* in URLs, forms, audit and Task operations */
    const char *title;  /* msgid of the button; "" for the clock's */
    const char *done;   /* msgid of the timeline line */
    uint8_t from, to;   /* states */
    uint16_t who;       /* ACTOR_ bits: any of them may */
    uint16_t need;      /* NEED_ bits: all of them */
    uint16_t tell;      /* TELL_ bits */
    uint16_t set;       /* SET_ bits */
    uint8_t notice;     /* enum notice_kind sent to those told */
};

struct care_flow {
    const char *name;  /* in flow rows and Task.code */
    const char *title; /* msgid */
    const struct care_state *states;
    const struct care_move *moves;
    uint8_t n_states, n_moves;
    bool own; /* its module makes the moves from these rows: care_move is for cases of the worklists */
};

/* Every workflow: rows of flows.def. */
extern const struct care_flow *const care_flows[];
extern const size_t care_flow_count;
const struct care_flow *care_flow_find(struct str name); /* NULL when unknown */

/* Index of the state named so, or -1. */
int care_state_find(const struct care_flow *flow, struct str name);
/* The row for an action in a state, or NULL. */
const struct care_move *care_move_find(const struct care_flow *flow, unsigned from,
                                       struct str action);

/* Proves a descriptor: exactly one begin; every state reachable; from every state a final one can be
 * reached; final states have no moves by people but may be left by none; each state with a clock
 * has the three clock rows (remind, overdue, escalate) which keep the state; the clock makes no
 * other move; no two rows for one action and state; legal Task.status; titles present; a paused
 * state has no clock; every move that tells has a notice kind. Says what is wrong in ret_why.
 * Thread: any; the descriptor is not changed. */
MUST_USE bool flow_check(const struct care_flow *flow, char ret_why[static 160]);

/* doc/generated/WORKFLOWS.md: every flow as a table and a mermaid diagram. */
void flow_write_doc(struct buf *b);

struct care_move_args {
    struct str reason_code; /* row of a list in content/outcome.json, or empty */
    struct str reason;      /* in words; at most 4000 bytes */
    struct str service;     /* HealthcareService id */
    struct str person;      /* Practitioner id */
    struct str document;    /* Bundle id */
    struct str outcome;     /* code */
    bool abroad;            /* the patient's consent to another country comes with the move, in its tx */
    uint64_t expect;        /* version of the case the person saw; 0 = whatever it is now */
    /* Further members of Task, such as input; NULL: none. ctx is its argument. */
    void (*write_task)(struct json_out *o, void *ctx);
    void *ctx;
};

/* Performs one move into tx; nothing is written before tx is committed.
 *
 * errors  E_NOT_FOUND  no such case, or not theirs to see
 *         E_FORBIDDEN  this person may not make this move
 *         E_CONFLICT   the case is not in a state from which the move starts; the detail names the
 *                      state and the action
 *         E_STALE      expect is not the present version
 *         E_BAD_INPUT  something needed is missing: the detail names the field
 *         E_UNPROCESSED it would go to another country without consent (care/abroad.h)
 * and from the commit: E_STALE when somebody else moved the case meanwhile. */
MUST_USE enum err care_move(struct req *rq, struct tx *tx, const struct care_flow *flow,
                            struct str case_id, struct str action,
                            const struct care_move_args *args);

/* The first move of a new case, from the begin state: row says who asks, for which patient, in which
 * profile and urgency (rid, clocks and versions are filled in). Writes the Task and all that
 * care_move writes; the caller puts the ServiceRequest into the same tx. */
MUST_USE enum err care_begin(struct req *rq, struct tx *tx, const struct care_flow *flow,
                             struct str action, const struct case_row *row,
                             const struct care_move_args *args);

/* The buttons of this person on this case, in the role they act in; at most n. */
uint32_t care_moves_open(struct req *rq, const struct case_row *row,
                         const struct care_move **ret_moves, uint32_t n);

/* The clock's job for a case: reminds, marks overdue or escalates when arg still fits the case;
 * else does nothing. rq->who is who_clock. */
MUST_USE enum err care_clock_run(struct req *rq, struct tx *tx, struct str case_id, struct str arg);
