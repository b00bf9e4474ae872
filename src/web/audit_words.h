/* web/audit_words.h - one record of who looked and changed what, in the reader's words. */
#pragma once

#include "care/directory.h"
#include "http/http.h"
#include "store/audit.h"
#include "web/val.h"

/* Sets at, who, role, org, what, why and refused of r in m: names from the directory, never what a
 * record of a patient holds. borrows r's slices */
void audit_words(struct http_req *h, const struct directory *dir, const struct audit_row *r,
                 struct val *m);
