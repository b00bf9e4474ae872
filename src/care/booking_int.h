/* care/booking_int.h - the parts of booking. */
#pragma once

#include "care/booking.h"
#include "care/put.h"
#include "store/tx.h"

#define CS_PURPOSE CARE_URL "/CodeSystem/visit-purpose"
#define EXT_VISIT_MODE CARE_URL "/StructureDefinition/visit-mode"
#define EXT_BY_ORG CARE_URL "/StructureDefinition/visit-booked-at"

/* The Appointment as the row says, and, when it has a time, its Slot. note: reason in words; may be empty */
MUST_USE enum err booking_put(struct req *rq, struct tx *tx, const struct booking *b,
                              struct str note);
/* Writes what a visit has become: resources, row (a new one when before is NULL), the time taken, who may
 * see the patient, who is told, the reminder, the record. */
MUST_USE enum err booking_write(struct req *rq, struct tx *tx, const struct booking *before,
                                struct booking *b, const struct care_move *m, struct str note);
/* Offers the time of a visit that gave it up, or did not take it while it was held, to the first who waits
 * and may have it: one offer at a time. */
MUST_USE enum err booking_offer(struct req *rq, struct tx *tx, const struct booking *freed);
/* A record about a visit. */
MUST_USE enum err booking_note(struct req *rq, const struct booking *b, enum audit_action action,
                               enum err outcome, const char *what);
/* What the check says of the new time. */
void booking_set_slot(struct booking *b, const struct booking_check *c);
/* E_OK, or the code of the check's fault. */
MUST_USE enum err booking_refuse(struct req *rq, const struct booking_check *c);
