/* care/duty.h - the roster of a service: who is on duty when, planned ahead, taken, handed over.
 *
 * A turn of duty is a Slot in the Schedule of a person for a service; who is on duty now is
 * dir_on_duty() and nothing else: emergencies, lists and pages ask it. A turn is handed over by an
 * offer to a named colleague of the service, kept on the Slot; until they accept, the giver is on
 * duty. Then the giver's turn ends and theirs begins in one transaction. A substitute takes all
 * turns of a period: named by who plans, at once; named by the person, as offers. Turns are
 * instants; days and hours are the region's (care->zone), so that midnight and a change of the clock
 * leave nothing open.
 *
 * Heads and coordinators of the organisation that provides the service, or of its centre, plan. On
 * record as writes of the Slots; the other side is told, without content. */
#pragma once

#include "care/directory_write.h"

struct tx;

enum { DUTY_DAYS_MAX = 31, DUTY_NOTE_MAX = 500, DUTY_TURNS_MAX = 400 };
#define DUTY_TURN_MS (36 * MS_HOUR) /* longest turn that is planned or taken by a page */

/* May the person who acts plan the duty of a service; may they see the roster: who plans, and who
 * answers. */
bool duty_may_plan(const struct req *rq, const struct directory *d, uint32_t service);
bool duty_may_see(const struct req *rq, const struct directory *d, uint32_t service);

/* The turn of a Slot; NULL when it is none of now or to come. */
const struct dir_duty *duty_turn(const struct directory *d, struct str slot, struct instant now);

/* A stretch of time of a roster, and who is on duty in it. */
struct duty_gap {
    int64_t from_ms, to_ms;
    uint32_t one, other; /* people who are on duty at once; DIR_NONE both: nobody is */
};
/* Stretches of from..to with nobody, or with two people, in order; at most n. */
uint32_t duty_gaps(const struct directory *d, uint32_t service, struct instant from, struct instant to,
                   struct duty_gap *ret_gaps, uint32_t n);

/* The turns from one local time to another (minutes of the day; the next day's when it is not later)
 * on n days one
 * after another,
     by the clock on the wall: in a night when clocks are moved a turn is an hour shorter or longer. */
void duty_days(const struct zone *zone, int64_t day, int from_min, int to_min,
    struct duty_span *ret_turns,
               uint32_t n);
/* Turns of a person, in order, at most DUTY_DAYS_MAX.
 * errors  E_FORBIDDEN; E_BAD_INPUT "person" who does not answer for it, "to", "days", "from" is past
 *         E_CONFLICT  the person has a turn then */
MUST_USE enum err duty_plan(struct req *rq, struct tx *tx, struct str service, struct str person,
                            const struct duty_span *turns, uint32_t n);
/* The person who acts is on duty from now.
 * errors  E_FORBIDDEN not of the service; E_BAD_INPUT "to"; E_CONFLICT on duty already */
MUST_USE enum err duty_take(struct req *rq, struct tx *tx, struct str service, struct instant to);
/* A turn to come is struck out; one that runs ends now.
 * This and what follows: E_STALE when somebody else just changed the turn; nothing is done.
 * errors  E_NOT_FOUND, E_FORBIDDEN */
MUST_USE enum err duty_strike(struct req *rq, struct tx *tx, struct str slot);

/* The own turn is offered to a colleague of the service; an earlier offer of it ends.
 * errors  E_NOT_FOUND; E_FORBIDDEN not the own one; E_BAD_INPUT "person", "note" */
MUST_USE enum err duty_offer(struct req *rq, struct tx *tx, struct str slot, struct str person,
                             struct str note);
enum duty_answer { DUTY_ACCEPT, DUTY_DECLINE, DUTY_WITHDRAW };
/* The offer of a turn is accepted or declined by whom it was made to, or withdrawn by who made it.
 * errors  E_NOT_FOUND no such offer of or to the person who acts; E_CONFLICT they have another turn then */
MUST_USE enum err duty_answer(struct req *rq, struct tx *tx, struct str slot, enum duty_answer answer);

/* What of a person's turns lies in the period becomes another's: at once when who acts may plan, else,
 * of the
 * own turns, each is offered. *ret_n: turns.
 * errors  E_FORBIDDEN; E_BAD_INPUT "substitute", "to"; E_NOT_FOUND no turn in it
 *         E_CONFLICT  "substitute" has a turn then, who acts plans */
MUST_USE enum err duty_substitute(struct req *rq, struct tx *tx, struct str service, struct str person,
                                  struct duty_span period, struct str substitute, uint32_t *ret_n);

/* Part of a role's ending or changing: who plans is told of the turns of services that neither it (kept: of
 * n that it keeps) nor another role of theirs answers for from now on. */
MUST_USE enum err duty_role_left(struct req *rq, struct tx *tx, const struct directory *d, uint32_t person,
                                 struct str role, const struct str *kept, uint32_t n);
/* Part of somebody's leaving: who plans is told of the turns that nobody has now. */
MUST_USE enum err duty_left(struct req *rq, struct tx *tx, const struct directory *d, uint32_t person);
