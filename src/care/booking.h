/* care/booking.h - visits of patients to specialists, in person or remote: booked, moved, cancelled, waited
 * for. SM-2: the flow care_booking.
 *
 * The record is FHIR: an Appointment on the patient (its id is the visit's id everywhere), a Slot of the same
 * id for the time it takes. The table `visit` is the list, and holds that a specialist and a patient are
 * booked once at a time: the condition is looked at by the one writer, so of many at once one wins and the
 * others are told (E_CONFLICT). A remote visit is booked only as the policy profile lets
 * (care/visit_rule.h). When a visit frees its time, the first of the waiting list it fits is offered it, in
 * the same transaction; when an offer is declined, or its time passes (the clock), the next one is. */
#pragma once

#include "care/flow.h"
#include "care/schedule.h"
#include "care/visit_rule.h"

extern const struct care_flow care_booking;

/* A remote visit may be begun so long before its time, and to the end of the day after. */
#define BOOKING_EARLY_MS MS_HOUR

enum booking_state {
    BOOKING_NEW, BOOKING_WAITING, BOOKING_OFFERED, BOOKING_BOOKED, BOOKING_ARRIVED,
    BOOKING_FULFILLED, BOOKING_NOSHOW, BOOKING_CANCELLED,
    BOOKING_STATE_COUNT
};

/* One visit. */
struct booking {
    int64_t rid;           /* of the Appointment */
    struct str id;         /* Appointment */
    enum booking_state state;
    bool remote;
    int64_t patient_rid;
    struct str patient;    /* id */
    struct str person;     /* Practitioner who receives; empty: not known yet */
    struct str service;    /* HealthcareService; may be empty */
    struct str org;        /* Organization it is at */
    struct str schedule;   /* Schedule; empty while it waits */
    struct str place;
    struct zone zone;      /* of the place: its offset when the visit begins */
    int64_t start_ms, end_ms; /* 0 while it waits */
    struct str purpose;    /* code of the list visit-purpose */
    struct str problem;    /* ICD-10 code; empty: a new problem */
    struct str by;         /* who booked: Practitioner id, "Patient/ID", "RelatedPerson/ID" */
    struct str by_org;     /* Organization of who booked; empty: the patient */
    bool taken;
    int64_t hold_ms;       /* end of an offer; 0: none */
    bool advice;           /* remote without a visit in person: advice only */
    struct str encounter;  /* the visit in person it rests on */
    struct str reason;     /* code of the list visit-cancel */
    int64_t created_ms;
    uint64_t version;      /* moves so far */
};

struct booking_ask {
    struct str patient;    /* id */
    struct str schedule;   /* id; of a wish without a slot: where it is waited for */
    int64_t start_ms;      /* 0: without a slot */
    bool remote;
    struct str purpose, problem;
    struct str urgency;    /* code of the list urgency, as whoever books says; empty: not asked */
};

enum booking_fault {
    BOOKING_OK, BOOKING_PURPOSE, BOOKING_DECEASED, BOOKING_NO_SCHEDULE, BOOKING_PAST,
    BOOKING_TOO_FAR, BOOKING_NOT_OFFERED, BOOKING_WRONG_MODE, BOOKING_TAKEN, BOOKING_PATIENT_BUSY,
    BOOKING_RULE, BOOKING_PROBLEM, BOOKING_NOT_OPEN, BOOKING_EMERGENCY, BOOKING_FAULT_COUNT
};
const char *booking_fault_text(enum booking_fault f); /* msgid */

/* What came of checking a wish. */
struct booking_check {
    enum booking_fault fault;
    struct visit_verdict verdict;  /* of a remote one */
    const struct policy *policy;
    struct schedule schedule;
    struct slot slot;
    int64_t patient_rid;
};
/* Why it cannot be, a msgid: the fault, or what the rule of remote visits says. */
const char *booking_refusal(const struct booking_check *c);
/* It is refused because it is an emergency, by video or in person. */
bool booking_is_emergency(const struct booking_check *c);
/* That rule refuses it, and in person it could be. */
bool booking_offers_in_person(const struct booking_check *c);
/* Nothing is written, no look is put on record: the caller has let the person in to the patient.
 * but: a visit that is being moved; empty: a new one
 * errors  E_NOT_FOUND no such patient; E_IO */
MUST_USE enum err booking_check(struct req *rq, const struct booking_ask *ask, struct str but,
                                struct booking_check *ret_check);

/* May a patient book there without the registry: seen by that specialist, or open to patients.
 * errors  E_IO */
MUST_USE enum err booking_open_to(struct req *rq, const struct schedule *s, int64_t patient_rid,
                                  bool *ret_open);

/* Books a slot, or (start_ms 0) puts on the waiting list. The caller has let rq->who in to the patient
 * (access_patient(), visit_patient(), or the patient's own record): that is on record. Who receives and
 * the registry there see what hangs on the patient from then on.
 * ret_check tells why not.
 * errors  E_FORBIDDEN   neither MAY_BOOK nor the patient
 *         E_UNPROCESSED ret_check->fault; E_CONFLICT the same, when it is BOOKING_TAKEN or _PATIENT_BUSY
 * and from the commit: E_CONFLICT somebody else was faster */
MUST_USE enum err booking_make(struct req *rq, struct tx *tx, const struct booking_ask *ask,
                               struct booking_check *ret_check, struct booking *ret_booking);

struct booking_args {
    struct str schedule;    /* of the new time; empty: the visit's own */
    int64_t start_ms;       /* the new time; 0: the one offered */
    struct str reason_code; /* row of the list visit-cancel */
    struct str reason;      /* in words, at most 500 bytes */
    uint64_t expect;        /* version that was seen; 0: whatever it is */
    bool of_visit;          /* the remote visit itself moves it along (care/visit.h) */
    struct booking_check *ret_check; /* may be NULL */
};
/* Makes a move of care_booking: book, offer, accept, decline, move, arrive, fulfil, no-show, cancel.
 * errors  E_NOT_FOUND  no such visit, or not theirs; E_FORBIDDEN; E_STALE
 *         E_CONFLICT   not from this state; BOOKING_TAKEN, _PATIENT_BUSY; a remote visit takes
 *                      place, and is broken off, on its own page: without of_visit no fulfil, and no
 *                      cancel once it is begun
 *         E_BAD_INPUT  "reason"; "start": too early to say that nobody came, or not the day to arrive
 *         E_UNPROCESSED args->ret_check->fault */
MUST_USE enum err booking_move(struct req *rq, struct tx *tx, struct str id, struct str action,
                               const struct booking_args *args, struct booking *ret_booking);
/* The job of a visit: reminds whom it concerns, and sets the next; of an offer nobody took in time, the next
 * of the waiting list is offered the time. key: visit id */
MUST_USE enum err booking_remind(struct req *rq, struct tx *tx, struct str key);

/* Has a remote visit begun, and not ended? */
MUST_USE enum err booking_begun(struct req *rq, const struct booking *b, bool *ret_begun);
/* Why a visit cannot be cancelled any more, whoever asks: it has begun by video (its doctor breaks it
 * off on its own page), or has ended; NULL: it can. A msgid.
 * errors  E_IO */
MUST_USE enum err booking_no_cancel(struct req *rq, const struct booking *b, const char **ret_why);

/* What rq->who is to a visit: ACTOR_PATIENT, _DOCTOR, _REGISTRAR. */
unsigned booking_actor(const struct req *rq, const struct booking *b);
/* The buttons of rq->who; at most n. */
uint32_t booking_moves(const struct req *rq, const struct booking *b,
                       const struct care_move **ret_moves, uint32_t n);
const struct care_state *booking_state(const struct booking *b);

/* A visit of theirs; the look (or the refusal) is put on record.
 * errors  E_NOT_FOUND */
MUST_USE enum err booking_find(struct req *rq, struct str id, struct booking *ret_booking);
/* The row alone, without looking who asks. errors  E_NOT_FOUND */
MUST_USE enum err booking_load(struct req *rq, struct str id, struct booking *ret_booking);

/* Lists. Whoever calls has asked for the right; nothing is put on record but by whoever shows names.
 * Visits of a specialist, of an organisation, booked by an organisation elsewhere, that begin in
 * [from_ms, to_ms), in the order of time. */
enum booking_by { BOOKING_BY_PERSON, BOOKING_BY_ORG, BOOKING_BY_BOOKER };
MUST_USE enum err booking_list(struct req *rq, enum booking_by by, struct str owner, int64_t from_ms,
                               int64_t to_ms, struct booking *ret_bookings, uint32_t n,
                               uint32_t *ret_n);
/* Of a patient, the latest first; those who wait stand last. */
MUST_USE enum err booking_of_patient(struct req *rq, int64_t patient_rid,
                                     struct booking *ret_bookings, uint32_t n, uint32_t *ret_n);
/* The waiting list of an organisation, who waits longest first. */
MUST_USE enum err booking_waiting(struct req *rq, struct str org, struct booking *ret_bookings,
                                  uint32_t n, uint32_t *ret_n);
