/* care/record_about.h - whom or what a record of the directory, of an account or of duty is about. */
#pragma once

#include "base/req.h"

/* Ids; what a record is not about is empty. */
struct record_about {
    struct str person;  /* Practitioner */
    struct str role;    /* code of content/roles.json, of a PractitionerRole */
    struct str org;     /* Organization */
    struct str service; /* HealthcareService */
};

/* Of one resource as it stands now: Practitioner, PractitionerRole, Organization, HealthcareService, Schedule
 * and Slot; of any other type, and of one that is gone, nothing. Slices are in rq->a or id's.
 * errors   E_IO, E_TOO_LARGE */
MUST_USE enum err record_about(struct req *rq, uint16_t type, struct str id, struct record_about *ret_about);
