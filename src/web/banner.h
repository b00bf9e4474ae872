/* web/banner.h - what the line on top of a page about a patient says beyond who it is. */
#pragma once

#include "base/err.h"
#include "web/val.h"

struct http_req;

/* Into the map of the banner (templates/patient_banner.html): the allergies on record that this person may
 * read. The look at the patient is on record already. */
MUST_USE enum err banner_allergies(struct http_req *h, int64_t patient_rid, struct val *patient);
