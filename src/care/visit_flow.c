/* care/visit_flow.c - a remote visit from the doctor's side: begun, who it is and the consent checked,
 * talk, a signed note within the policy's time. A visit that nobody ends has the same promise, reckoned
 * from its booked end: the doctor is reminded to end it.
 *
 * The Appointment has its own states (booking); this is the Task of the doctor who receives, with the id
 * of the Appointment. Its moves are made by visit_move(). */
#include "care/visit_int.h"

#include "base/text.h"

/* clang-format off */
static const struct care_state states[] = {
    /* name           title                              Task.status    promise       turn             flags */
    [VISIT_WAITING] = {"waiting",    T("Not begun"),                  "requested",   CLOCK_NONE,   TURN_CONSULTANT, STATE_BEGIN},
    [VISIT_BEGUN]   = {"begun",      T("Identity and consent"),       "received",    CLOCK_ANSWER, TURN_CONSULTANT, 0},
    [VISIT_TALK]    = {"talk",       T("The visit is going on"),      "in-progress", CLOCK_ANSWER, TURN_CONSULTANT, 0},
    [VISIT_OWED]    = {"note-owed",  T("The note is to be signed"),   "in-progress", CLOCK_ANSWER, TURN_CONSULTANT, 0},
    [VISIT_NOTED]   = {"noted",      T("The note is signed"),         "completed",   CLOCK_NONE,   TURN_CONSULTANT, 0},
    [VISIT_BROKEN]  = {"broken-off", T("Broken off"),                 "failed",      CLOCK_NONE,   TURN_NOBODY,     STATE_FINAL},
    [VISIT_CLOSED]  = {"closed",     T("Closed"),                     "completed",   CLOCK_NONE,   TURN_NOBODY,     STATE_FINAL},
};

#define DOCTOR ACTOR_CONSULTANT
#define CLOCK ACTOR_CLOCK

static const struct care_move moves[] = {
    /* action      button                     timeline                               from           to             who     needs                          tell                           sets             notice */
    {"begin",     T("Begin the visit"),       T("The visit was begun"),              VISIT_WAITING, VISIT_BEGUN,   DOCTOR, 0,                             0,                             SET_OWNER,       0},
    {"admit",     T("Confirm and go on"),     T("Identity and consent were confirmed"), VISIT_BEGUN, VISIT_TALK,   DOCTOR, 0,                             0,                             0,               0},
    {"break-off", T("Break off the visit"),   T("The visit was broken off"),         VISIT_BEGUN,   VISIT_BROKEN,  DOCTOR, NEED_REASON,                   0,                             0,               0},
    {"break-off", T("Break off the visit"),   T("The visit was broken off"),         VISIT_TALK,    VISIT_BROKEN,  DOCTOR, NEED_REASON,                   0,                             0,               0},
    {"end",       T("End the visit"),         T("The visit was ended"),              VISIT_TALK,    VISIT_OWED,    DOCTOR, 0,                             0,                             0,               0},
    {"sign",      T("Sign the note"),         T("The note was signed"),              VISIT_TALK,    VISIT_NOTED,   DOCTOR, NEED_CONCLUSION,               0,                             SET_CONCLUSION,  0},
    {"sign",      T("Sign the note"),         T("The note was signed"),              VISIT_OWED,    VISIT_NOTED,   DOCTOR, NEED_CONCLUSION,               0,                             SET_CONCLUSION,  0},
    {"correct",   T("Correct the note"),      T("A corrected note was signed"),      VISIT_NOTED,   VISIT_NOTED,   DOCTOR, NEED_CONCLUSION | NEED_REASON, 0,                             SET_CONCLUSION,  0},
    {"close",     T("Close the visit"),       T("The visit was closed"),             VISIT_NOTED,   VISIT_CLOSED,  DOCTOR, 0,                             0,                             0,               0},

    {"remind",    "", T("Reminder: the booked time is over, the visit goes on"),     VISIT_BEGUN,   VISIT_BEGUN,   CLOCK,  0,                             TELL_CONSULTANT,               RAISE_REMINDED,  NOTICE_VISIT_LEFT},
    {"overdue",   "", T("The visit was never ended"),                                VISIT_BEGUN,   VISIT_BEGUN,   CLOCK,  0,                             TELL_CONSULTANT,               RAISE_OVERDUE,   NOTICE_VISIT_LEFT},
    {"escalate",  "", T("Still not ended: the head was told"),                       VISIT_BEGUN,   VISIT_BEGUN,   CLOCK,  0,                             TELL_CONSULTANT | TELL_HEAD,   RAISE_ESCALATED, NOTICE_VISIT_LEFT},
    {"remind",    "", T("Reminder: the booked time is over, the visit goes on"),     VISIT_TALK,    VISIT_TALK,    CLOCK,  0,                             TELL_CONSULTANT,               RAISE_REMINDED,  NOTICE_VISIT_LEFT},
    {"overdue",   "", T("The time to sign the note has passed"),                     VISIT_TALK,    VISIT_TALK,    CLOCK,  0,                             TELL_CONSULTANT,               RAISE_OVERDUE,   NOTICE_VISIT_LATE},
    {"escalate",  "", T("Still no note: the head was told"),                         VISIT_TALK,    VISIT_TALK,    CLOCK,  0,                             TELL_CONSULTANT | TELL_HEAD,   RAISE_ESCALATED, NOTICE_VISIT_LATE},
    {"remind",    "", T("Reminder: the time to sign the note is running out"),       VISIT_OWED,    VISIT_OWED,    CLOCK,  0,                             TELL_CONSULTANT,               RAISE_REMINDED,  NOTICE_VISIT_DUE},
    {"overdue",   "", T("The time to sign the note has passed"),                     VISIT_OWED,    VISIT_OWED,    CLOCK,  0,                             TELL_CONSULTANT,               RAISE_OVERDUE,   NOTICE_VISIT_LATE},
    {"escalate",  "", T("Still no note: the head was told"),                         VISIT_OWED,    VISIT_OWED,    CLOCK,  0,                             TELL_CONSULTANT | TELL_HEAD,   RAISE_ESCALATED, NOTICE_VISIT_LATE},
};
/* clang-format on */

const struct care_flow care_visit_flow = {
    .name = "visit",
    .title = T("Remote visit"),
    .states = states,
    .moves = moves,
    .n_states = LEN(states),
    .n_moves = LEN(moves),
    .own = true,
};
