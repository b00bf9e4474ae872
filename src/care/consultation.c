/* care/consultation.c - a clinician asks, a consultant of another organisation answers with a signed
 * conclusion, the asker acts on it and reports the outcome.
 *
 * States follow HL7 Clinical Order Workflows: the clocks start at the complete packet, stand still
 * while data is awaited, and a breach never changes the state. Task.status "on-hold" is the paused
 * clock; a conclusion is signed before "completed". */
#include "care/consultation.h"

#include "base/text.h"
#include "care/notice.h"

enum {
    DRAFT,
    SUBMITTED,
    RETURNED,
    ALLOCATED,
    ACCEPTED,
    DATA_ASKED,
    ANSWERED,
    RECEIVED,
    REPORTED,
    REFUSED,
    CLOSED,
    WITHDRAWN
};

/* clang-format off */
static const struct care_state states[] = {
    /* name         title                              Task.status    promise       turn              flags */
    [DRAFT]      = {"draft",       T("Draft"),                        "draft",       CLOCK_NONE,   TURN_ASKER,       STATE_BEGIN},
    [SUBMITTED]  = {"submitted",   T("Waiting for allocation"),       "requested",   CLOCK_ACCEPT, TURN_COORDINATOR, 0},
    [RETURNED]   = {"returned",    T("Returned for more data"),       "on-hold",     CLOCK_NONE,   TURN_ASKER,       STATE_PAUSED},
    [ALLOCATED]  = {"allocated",   T("Waiting for a consultant"),     "received",    CLOCK_ACCEPT, TURN_SERVICE,     0},
    [ACCEPTED]   = {"accepted",    T("The consultant is working"),    "in-progress", CLOCK_ANSWER, TURN_CONSULTANT,  0},
    [DATA_ASKED] = {"data-asked",  T("The consultant asks for data"), "on-hold",     CLOCK_NONE,   TURN_ASKER,       STATE_PAUSED},
    [ANSWERED]   = {"answered",    T("Answered"),                     "completed",   CLOCK_NONE,   TURN_ASKER,       0},
    [RECEIVED]   = {"received",    T("Conclusion received"),          "completed",   CLOCK_NONE,   TURN_ASKER,       0},
    [REPORTED]   = {"reported",    T("Outcome reported"),             "completed",   CLOCK_NONE,   TURN_CONSULTANT,  0},
    [REFUSED]    = {"refused",     T("Refused"),                      "rejected",    CLOCK_NONE,   TURN_ASKER,       0},
    [CLOSED]     = {"closed",      T("Closed"),                       "completed",   CLOCK_NONE,   TURN_NOBODY,      STATE_FINAL},
    [WITHDRAWN]  = {"withdrawn",   T("Withdrawn"),                    "cancelled",   CLOCK_NONE,   TURN_NOBODY,      STATE_FINAL},
};

#define ASKER ACTOR_ASKER
#define COORD ACTOR_COORDINATOR
#define SERVICE ACTOR_SERVICE
#define CONSULTANT ACTOR_CONSULTANT
#define CLOCK ACTOR_CLOCK

static const struct care_move moves[] = {
    /* action       button                    timeline                             from        to          who            needs                        tell                                sets                        notice */
    {"submit",      T("Send the request"),    T("The request was sent"),           DRAFT,      SUBMITTED,  ASKER,         NEED_SERVICE,                TELL_COORDINATOR,                   SET_SERVICE,                NOTICE_NEW_CASE},

    {"return",      T("Return for data"),     T("Returned for more data"),         SUBMITTED,  RETURNED,   COORD,         NEED_REASON,                 TELL_ASKER,                         0,                          NOTICE_DATA_ASKED},
    {"complete",    T("Send the data"),       T("Data were added"),                RETURNED,   SUBMITTED,  ASKER,         0,                           TELL_COORDINATOR,                   0,                          NOTICE_DATA_GIVEN},

    {"allocate",    T("Allocate"),            T("Allocated"),                      SUBMITTED,  ALLOCATED,  COORD,         NEED_TARGET,                 TELL_SERVICE | TELL_ASKER,          SET_SERVICE,                NOTICE_ALLOCATED},
    {"allocate",    T("Allocate to another"), T("Allocated"),                      ALLOCATED,  ALLOCATED,  COORD,         NEED_TARGET,                 TELL_SERVICE,                       SET_SERVICE | CLEAR_OWNER,  NOTICE_ALLOCATED},
    {"allocate",    T("Allocate to another"), T("Allocated"),                      ACCEPTED,   ALLOCATED,  COORD,         NEED_TARGET | NEED_REASON,   TELL_SERVICE | TELL_CONSULTANT,     SET_SERVICE | CLEAR_OWNER | RESTART_CLOCK, NOTICE_ALLOCATED},
    {"reroute",     T("Send to another centre"), T("Sent to another centre"),      SUBMITTED,  SUBMITTED,  COORD,         NEED_SERVICE | NEED_REASON,  TELL_COORDINATOR | TELL_ASKER,      SET_SERVICE | RESTART_CLOCK, NOTICE_REROUTED},
    {"reroute",     T("Send to another centre"), T("Sent to another centre"),      ALLOCATED,  SUBMITTED,  COORD,         NEED_SERVICE | NEED_REASON,  TELL_COORDINATOR | TELL_ASKER,      SET_SERVICE | CLEAR_OWNER | RESTART_CLOCK, NOTICE_REROUTED},
    {"reroute",     T("Send to another centre"), T("Sent to another centre"),      REFUSED,    SUBMITTED,  COORD,         NEED_SERVICE | NEED_REASON,  TELL_COORDINATOR | TELL_ASKER,      SET_SERVICE | CLEAR_OWNER | RESTART_CLOCK, NOTICE_REROUTED},

    {"accept",      T("Accept"),              T("Accepted"),                       ALLOCATED,  ACCEPTED,   SERVICE,       0,                           TELL_ASKER,                         SET_OWNER,                  NOTICE_ACCEPTED},
    {"accept",      T("Accept"),              T("Accepted"),                       SUBMITTED,  ACCEPTED,   SERVICE,       NEED_RING,                   TELL_ASKER | TELL_COORDINATOR,      SET_OWNER,                  NOTICE_ACCEPTED},
    {"pass",        T("Pass on"),             T("Passed on to a colleague"),       ALLOCATED,  ALLOCATED,  SERVICE,       NEED_TARGET | NEED_REASON,   TELL_SERVICE | TELL_COORDINATOR,    SET_SERVICE | CLEAR_OWNER,  NOTICE_ALLOCATED},
    {"pass",        T("Pass on"),             T("Passed on to a colleague"),       ACCEPTED,   ALLOCATED,  CONSULTANT,    NEED_TARGET | NEED_REASON,   TELL_SERVICE | TELL_COORDINATOR,    SET_SERVICE | CLEAR_OWNER | RESTART_CLOCK, NOTICE_ALLOCATED},
    {"ask-data",    T("Ask for data"),        T("The consultant asked for data"),  ALLOCATED,  DATA_ASKED, SERVICE,       NEED_TEXT,                   TELL_ASKER,                         SET_OWNER,                  NOTICE_DATA_ASKED},
    {"ask-data",    T("Ask for data"),        T("The consultant asked for data"),  ACCEPTED,   DATA_ASKED, CONSULTANT,    NEED_TEXT,                   TELL_ASKER,                         0,                          NOTICE_DATA_ASKED},
    {"give-data",   T("Send the data"),       T("Data were added"),                DATA_ASKED, ACCEPTED,   ASKER,         0,                           TELL_CONSULTANT,                    0,                          NOTICE_DATA_GIVEN},
    {"go-on",       T("Go on without the data"), T("The consultant goes on without the data"), DATA_ASKED, ACCEPTED, CONSULTANT, 0,                       TELL_ASKER,                         0,                          NOTICE_ACCEPTED},

    {"refuse",      T("Refuse"),              T("Refused"),                        SUBMITTED,  REFUSED,    COORD,         NEED_REASON,                 TELL_ASKER,                         0,                          NOTICE_REFUSED},
    {"refuse",      T("Refuse"),              T("Refused"),                        ALLOCATED,  REFUSED,    SERVICE,       NEED_REASON,                 TELL_ASKER | TELL_COORDINATOR,      0,                          NOTICE_REFUSED},
    {"refuse",      T("Refuse"),              T("Refused"),                        ACCEPTED,   REFUSED,    CONSULTANT,    NEED_REASON,                 TELL_ASKER | TELL_COORDINATOR,      0,                          NOTICE_REFUSED},

    {"answer",      T("Sign and send"),       T("The conclusion was signed"),      ACCEPTED,   ANSWERED,   CONSULTANT,    NEED_CONCLUSION,             TELL_ASKER | TELL_COORDINATOR,      SET_CONCLUSION,             NOTICE_ANSWERED},
    {"correct",     T("Correct the conclusion"), T("A corrected conclusion was signed"), ANSWERED, ANSWERED, CONSULTANT,  NEED_CONCLUSION | NEED_REASON, TELL_ASKER,                       SET_CONCLUSION,             NOTICE_CORRECTED},
    {"correct",     T("Correct the conclusion"), T("A corrected conclusion was signed"), RECEIVED, ANSWERED, CONSULTANT,  NEED_CONCLUSION | NEED_REASON, TELL_ASKER,                       SET_CONCLUSION,             NOTICE_CORRECTED},
    {"correct",     T("Correct the conclusion"), T("A corrected conclusion was signed"), REPORTED, ANSWERED, CONSULTANT,  NEED_CONCLUSION | NEED_REASON, TELL_ASKER,                       SET_CONCLUSION,             NOTICE_CORRECTED},
    {"receive",     T("Confirm receipt"),     T("Receipt was confirmed"),          ANSWERED,   RECEIVED,   ASKER,         0,                           TELL_CONSULTANT,                    0,                          NOTICE_RECEIVED},
    {"report",      T("Report the outcome"),  T("The outcome was reported"),       RECEIVED,   REPORTED,   ASKER,         NEED_OUTCOME,                TELL_CONSULTANT,                    SET_OUTCOME,                NOTICE_REPORTED},
    {"report",      T("Report another outcome"), T("The outcome was reported"),    REPORTED,   REPORTED,   ASKER,         NEED_OUTCOME,                TELL_CONSULTANT,                    SET_OUTCOME,                NOTICE_REPORTED},
    {"close",       T("Close the case"),      T("The case was closed"),            REPORTED,   CLOSED,     ASKER | CONSULTANT | COORD, 0,              0,                                  0,                          0},
    {"close",       T("Close the case"),      T("The case was closed"),            REFUSED,    CLOSED,     ASKER,         0,                           0,                                  0,                          0},

    {"withdraw",    T("Withdraw the request"), T("The request was withdrawn"),     SUBMITTED,  WITHDRAWN,  ASKER,         NEED_REASON,                 TELL_COORDINATOR,                   0,                          NOTICE_WITHDRAWN},
    {"withdraw",    T("Withdraw the request"), T("The request was withdrawn"),     RETURNED,   WITHDRAWN,  ASKER,         NEED_REASON,                 TELL_COORDINATOR,                   0,                          NOTICE_WITHDRAWN},
    {"withdraw",    T("Withdraw the request"), T("The request was withdrawn"),     ALLOCATED,  WITHDRAWN,  ASKER,         NEED_REASON,                 TELL_COORDINATOR | TELL_SERVICE,    0,                          NOTICE_WITHDRAWN},
    {"withdraw",    T("Withdraw the request"), T("The request was withdrawn"),     ACCEPTED,   WITHDRAWN,  ASKER,         NEED_REASON,                 TELL_COORDINATOR | TELL_CONSULTANT, 0,                          NOTICE_WITHDRAWN},
    {"withdraw",    T("Withdraw the request"), T("The request was withdrawn"),     DATA_ASKED, WITHDRAWN,  ASKER,         NEED_REASON,                 TELL_COORDINATOR | TELL_CONSULTANT, 0,                          NOTICE_WITHDRAWN},

    {"remind",      "", T("Reminder: the time to accept is running out"),          SUBMITTED,  SUBMITTED,  CLOCK,         0,                           TELL_COORDINATOR,                   RAISE_REMINDED,             NOTICE_DUE_SOON},
    {"overdue",     "", T("The time to accept has passed"),                        SUBMITTED,  SUBMITTED,  CLOCK,         0,                           TELL_COORDINATOR,                   RAISE_OVERDUE,              NOTICE_OVERDUE},
    {"escalate",    "", T("Still waiting: the head was told"),                     SUBMITTED,  SUBMITTED,  CLOCK,         0,                           TELL_HEAD | TELL_COORDINATOR,       RAISE_ESCALATED,            NOTICE_ESCALATED},
    {"remind",      "", T("Reminder: the time to accept is running out"),          ALLOCATED,  ALLOCATED,  CLOCK,         0,                           TELL_SERVICE,                       RAISE_REMINDED,             NOTICE_DUE_SOON},
    {"overdue",     "", T("The time to accept has passed"),                        ALLOCATED,  ALLOCATED,  CLOCK,         0,                           TELL_COORDINATOR | TELL_SERVICE,    RAISE_OVERDUE,              NOTICE_OVERDUE},
    {"escalate",    "", T("Still waiting: the head was told"),                     ALLOCATED,  ALLOCATED,  CLOCK,         0,                           TELL_HEAD | TELL_COORDINATOR,       RAISE_ESCALATED,            NOTICE_ESCALATED},
    {"remind",      "", T("Reminder: the time to answer is running out"),          ACCEPTED,   ACCEPTED,   CLOCK,         0,                           TELL_CONSULTANT,                    RAISE_REMINDED,             NOTICE_DUE_SOON},
    {"overdue",     "", T("The time to answer has passed"),                        ACCEPTED,   ACCEPTED,   CLOCK,         0,                           TELL_COORDINATOR | TELL_CONSULTANT, RAISE_OVERDUE,              NOTICE_OVERDUE},
    {"escalate",    "", T("Still not answered: the head was told"),                ACCEPTED,   ACCEPTED,   CLOCK,         0,                           TELL_HEAD | TELL_COORDINATOR,       RAISE_ESCALATED,            NOTICE_ESCALATED},
};
/* clang-format on */

const struct care_flow care_consultation = {
    .name = "consultation",
    .title = T("Consultation"),
    .states = states,
    .moves = moves,
    .n_states = LEN(states),
    .n_moves = LEN(moves),
};
