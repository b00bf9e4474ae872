/* web/staff.h - what the pages of people and organisations for administrators share. */
#pragma once

#include "care/directory_change.h"
#include "web/page.h"

/* "Consultant" in the reader's language; the code itself when it is unknown. */
struct str staff_role_title(const struct http_req *h, struct str code);
/* fields role, service (those of the organisation), from, until: a role at an organisation. */
void staff_role_fields(struct http_req *h, const struct directory *d, struct str org, struct val *root);
/* The role as it was sent, for person at org. False: the page has the fault. services: STAFF_SERVICES_MAX */
bool staff_role_sent(struct http_req *h, const struct directory *d, struct str org, struct val *root,
                     struct str *services, struct role_new *ret_role);
