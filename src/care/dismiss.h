/* care/dismiss.h - somebody leaves, and everything of theirs ends in one act.
 *
 * What ends with the commit: the person (Practitioner.active), their roles (PractitionerRole.period,
 * so that the directory, the teams and duty know them no more), each account with its sessions, access
 * tokens, what it let applications do and the signing keys, and their seats in meetings. Streams of open
 * pages are looked at again by that commit (EVENT_DIRECTORY, http/hub.c). What was done stays on record
 * under their name; visits that are booked with them stay for the registry to move: no new ones are
 * offered. */
#pragma once

#include "care/directory.h"

struct tx;

/* One role of somebody who stays ends now, as role_end(); who plans is told of the turns of duty that nobody
 * has then. errors  E_NOT_FOUND */
MUST_USE enum err role_leave(struct req *rq, struct tx *tx, struct str person, struct str role);
/* errors  E_NOT_FOUND no such person; E_CONFLICT left already; E_FORBIDDEN oneself */
MUST_USE enum err person_end(struct req *rq, struct tx *tx, struct str person);
