/* web/case_move.h - whom a case can be sent to, for the pages of moves. */
#pragma once

#include "web/case_view.h"

/* targets of case_target.html into root: services of the case's profile and their people, the best
 * first. action: "allocate" (services of this and other centres), "reroute" (other centres only),
 * "pass" (colleagues, then other services). chosen: what was sent; empty: the proposal is chosen. */
MUST_USE enum err case_set_targets(struct http_req *h, const struct case_view *v,
                                   struct str action, struct str chosen, struct val *root);
