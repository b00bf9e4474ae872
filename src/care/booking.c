/* care/booking.c - a visit from the wish for it to its end: SM-2. The names of the states are those of
 * Appointment.status (FHIR R4), "new" apart.
 *
 * The clock makes no move here: an offer that nobody accepted holds its slot no longer than it says (then
 * the next who waits is offered it, and whoever let it pass may still take it while it is free), and
 * a visit at which nobody appeared is told by a person. The engine for cases does not fit (a visit hangs
 * on the patient, not on a case): booking_move.c makes the moves from this table. */
#include "care/booking.h"

#include "base/text.h"
#include "care/notice.h"

/* clang-format off */
static const struct care_state states[] = {
    /* name                  title                              Task.status    promise     turn            flags */
    [BOOKING_NEW]       = {"new",       T("Not booked yet"),          "draft",       CLOCK_NONE, TURN_REGISTRAR, STATE_BEGIN},
    [BOOKING_WAITING]   = {"waitlist",  T("On the waiting list"),     "requested",   CLOCK_NONE, TURN_REGISTRAR, 0},
    [BOOKING_OFFERED]   = {"proposed",  T("A time is offered"),       "received",    CLOCK_NONE, TURN_PATIENT,   0},
    [BOOKING_BOOKED]    = {"booked",    T("Booked"),                  "accepted",    CLOCK_NONE, TURN_DOCTOR,    0},
    [BOOKING_ARRIVED]   = {"arrived",   T("The patient is here"),     "in-progress", CLOCK_NONE, TURN_DOCTOR,    0},
    [BOOKING_FULFILLED] = {"fulfilled", T("The visit took place"),    "completed",   CLOCK_NONE, TURN_NOBODY,    STATE_FINAL},
    [BOOKING_NOSHOW]    = {"noshow",    T("The patient did not come"), "failed",     CLOCK_NONE, TURN_NOBODY,    STATE_FINAL},
    [BOOKING_CANCELLED] = {"cancelled", T("Cancelled"),               "cancelled",   CLOCK_NONE, TURN_NOBODY,    STATE_FINAL},
};

#define NEW BOOKING_NEW
#define WAITING BOOKING_WAITING
#define OFFERED BOOKING_OFFERED
#define BOOKED BOOKING_BOOKED
#define ARRIVED BOOKING_ARRIVED
#define REG ACTOR_REGISTRAR
#define DOC ACTOR_DOCTOR
#define PAT ACTOR_PATIENT
#define BOTH (TELL_PATIENT | TELL_DOCTOR)

static const struct care_move moves[] = {
    /* action    button                            timeline                              from     to                 who              needs        tell          sets notice */
    {"book",     T("Book the visit"),              T("The visit was booked"),            NEW,     BOOKED,            REG | DOC | PAT, NEED_SLOT,   BOTH,         0, NOTICE_VISIT_BOOKED},
    {"wait",     T("Put on the waiting list"),     T("Put on the waiting list"),         NEW,     WAITING,           REG | DOC | PAT, 0,           TELL_PATIENT, 0, NOTICE_VISIT_WAITING},

    {"book",     T("Book the visit"),              T("The visit was booked"),            WAITING, BOOKED,            REG | DOC,       NEED_SLOT,   BOTH,         0, NOTICE_VISIT_BOOKED},
    {"offer",    T("Offer a time"),                T("A time was offered"),              WAITING, OFFERED,           REG | DOC,       NEED_SLOT,   TELL_PATIENT, 0, NOTICE_VISIT_OFFERED},
    {"accept",   T("Accept this time"),            T("The time was accepted"),           OFFERED, BOOKED,            REG | DOC | PAT, NEED_SLOT,   BOTH,         0, NOTICE_VISIT_BOOKED},
    {"decline",  T("Go on waiting"),               T("The time was declined"),           OFFERED, WAITING,           REG | DOC | PAT, 0,           0,            0, 0},

    {"move",     T("Change the time"),             T("The time was changed"),            BOOKED,  BOOKED,            REG | DOC | PAT, NEED_SLOT,   BOTH,         0, NOTICE_VISIT_MOVED},
    {"arrive",   T("The patient is here"),         T("The patient arrived"),             BOOKED,  ARRIVED,           REG | DOC | PAT, 0,           TELL_DOCTOR,  0, NOTICE_VISIT_ARRIVED},
    {"fulfil",   T("The visit took place"),        T("The visit took place"),            ARRIVED, BOOKING_FULFILLED, DOC,             0,           0,            0, 0},
    {"no-show",  T("The patient did not come"),    T("The patient did not come"),        BOOKED,  BOOKING_NOSHOW,    REG | DOC,       0,           0,            0, 0},

    {"cancel",   T("Cancel"),                      T("Cancelled"),                       WAITING, BOOKING_CANCELLED, REG | DOC | PAT, NEED_REASON, TELL_PATIENT, 0, NOTICE_VISIT_CANCELLED},
    {"cancel",   T("Cancel"),                      T("Cancelled"),                       OFFERED, BOOKING_CANCELLED, REG | DOC | PAT, NEED_REASON, TELL_PATIENT, 0, NOTICE_VISIT_CANCELLED},
    {"cancel",   T("Cancel the visit"),            T("The visit was cancelled"),         BOOKED,  BOOKING_CANCELLED, REG | DOC | PAT, NEED_REASON, BOTH,         0, NOTICE_VISIT_CANCELLED},
    {"cancel",   T("Cancel the visit"),            T("The visit was cancelled"),         ARRIVED, BOOKING_CANCELLED, REG | DOC,       NEED_REASON, BOTH,         0, NOTICE_VISIT_CANCELLED},
};
/* clang-format on */

const struct care_flow care_booking = {
    .name = "booking",
    .title = T("Visit"),
    .states = states,
    .moves = moves,
    .n_states = LEN(states),
    .n_moves = LEN(moves),
    .own = true,
};

static const struct {
    enum booking_fault fault;
    const char *text;
} faults[] = {
    {BOOKING_OK, T("This time can be booked.")},
    {BOOKING_PURPOSE, T("Choose what the visit is for.")},
    {BOOKING_DECEASED, T("The patient is on record as deceased.")},
    {BOOKING_NO_SCHEDULE, T("These times cannot be booked any more. Choose others.")},
    {BOOKING_PAST, T("This time has passed. Look at the clock of your device: the server's clock decides.")},
    {BOOKING_TOO_FAR, T("Visits are not booked so far ahead yet.")},
    {BOOKING_NOT_OFFERED, T("The specialist does not receive at this time. Choose another.")},
    {BOOKING_WRONG_MODE, T("At this time the specialist receives in the other way: choose another "
                           "time, or change between video and in person.")},
    {BOOKING_TAKEN, T("Somebody else has just taken this time. Choose another.")},
    {BOOKING_PATIENT_BUSY, T("The patient has another visit at this time.")},
    {BOOKING_RULE, T("This visit may not be remote.")},
    {BOOKING_PROBLEM, T("Choose the problem from the list.")},
    {BOOKING_NOT_OPEN, T("Only the registry books a first visit here: call it, or choose "
                         "a doctor who has seen you.")},
    {BOOKING_EMERGENCY, T("No visit is booked for an emergency. Ring for an ambulance now: do not wait for "
                          "a visit.")},
};

const char *booking_fault_text(enum booking_fault f)
{
    for (size_t i = 0; i < LEN(faults); i++) {
        if (faults[i].fault == f) {
            return faults[i].text;
        }
    }
    return "";
}

const char *booking_refusal(const struct booking_check *c)
{
    return c->fault == BOOKING_RULE ? visit_reason_text(c->verdict.reason) : booking_fault_text(c->fault);
}

bool booking_is_emergency(const struct booking_check *c)
{
    return c->fault == BOOKING_EMERGENCY
           || (c->fault == BOOKING_RULE && c->verdict.reason == VISIT_EMERGENCY);
}

bool booking_offers_in_person(const struct booking_check *c)
{
    return c->fault == BOOKING_RULE && c->verdict.offer_in_person;
}
