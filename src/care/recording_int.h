/* care/recording_int.h - what the parts of recordings share. */
#pragma once

#include "care/put.h"
#include "care/recording.h"
#include "care/room_int.h"

enum { RECORDING_PEOPLE = 64 };

/* Writes what somebody says as a Consent: *consent is its id, empty: a new one, set. */
MUST_USE enum err recording_consent_put(struct req *rq, struct tx *tx, const struct room_caller *c,
                                        const struct recording *r, struct str *consent, bool yes);
