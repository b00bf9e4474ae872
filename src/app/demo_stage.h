/* app/demo_stage.h - what is set on the stage for a visitor: hours, visits, patients who sign in, a
 * consilium, an emergency. All of it is done by the people of the region through the functions of the
 * pages, at times around the start of the demonstration. */
#pragma once

#include "app/demo.h"

struct res_row;
struct tx;

/* Who meets whom, by login. */
#define STAGE_DOCTOR "cardiologist1"  /* receives the visits of the day */
#define STAGE_HOSPITAL "doctor1"      /* treats the patients, registers and invites them */
#define STAGE_PATIENT "patient1"
#define STAGE_EMERGENCY "regional-neurology" /* the service an emergency rings in */

/* The patients; see demo_hours.c. */
enum stage_who {
    STAGE_NOW,       /* whose remote visit begins now; patient1, relative1 */
    STAGE_NOTED,     /* who has a signed note; patient2 */
    STAGE_ABSENT, STAGE_CANCELS, STAGE_WAITS, STAGE_COMES, STAGE_NERVES, STAGE_AT_HOME,
    STAGE_PATIENTS
};

struct stage {
    struct demo *d;
    struct str patients[STAGE_PATIENTS]; /* ids */
    struct str hours;                    /* Schedule of STAGE_DOCTOR */
    uint32_t n_cases;                    /* played here */
};

/* What somebody does in a request of their own: into tx, or (tx stays empty) committed by what is
 * called. */
typedef enum err (*stage_fn)(struct req *rq, struct tx *tx, void *ctx);
/* A person of the region does it in their first post. */
MUST_USE enum err stage_act(struct demo *d, const char *login, struct instant at, stage_fn fn,
                            void *ctx);
/* A patient, or who acts for one, does it. errors  E_NOT_FOUND no such account */
MUST_USE enum err stage_act_patient(struct demo *d, const char *login, struct instant at, stage_fn fn,
                                    void *ctx);
/* A patient is found by whoever receives them, their number in hand. */
MUST_USE enum err stage_patient(struct req *rq, struct str id, struct res_row *ret_row);
/* "2026-11-22": the local day. */
struct str stage_date(struct req *rq, struct instant at);

/* Hours of specialists, patients, visits in person: before the accounts. Then the visits of today and
 * tomorrow. */
MUST_USE enum err stage_hours(struct stage *s);
MUST_USE enum err stage_visits(struct stage *s);
/* The consultation STAGE_NOW had before; a consilium, decided about one patient, held about another; an
 * emergency that nobody has accepted. */
MUST_USE enum err stage_past(struct stage *s);
MUST_USE enum err stage_consilium(struct stage *s);
MUST_USE enum err stage_emergency(struct stage *s);
/* Accounts of patients. */
MUST_USE enum err stage_accounts(struct stage *s);
/* Those of them who can sign in, in the table of demo_region_print(). */
void stage_accounts_print(struct req *rq);

/* All of it, once, when the region is filled. */
MUST_USE enum err demo_stage(struct demo *d);
/* At each later start: the remote visit begins about now again. Does nothing in a region without the
 * stage. */
MUST_USE enum err demo_stage_again(struct demo *d);
/* Who signs in to see it. */
void demo_stage_print(struct req *rq);
