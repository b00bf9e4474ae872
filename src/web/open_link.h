/* web/open_link.h - links that whoever holds them may open: an invitation, a shared study, a meeting.
 * Failures are counted by the address they come from; a link that never was and one that is over are
 * not told apart. */
#pragma once

#include "web/page.h"

/* kind: a literal, as "join": failures of each are counted apart.
 * errors  E_LOCKED  too many failures from there */
MUST_USE enum err open_link_check(struct http_req *h, const char *kind);
/* A wrong code, into tx. */
MUST_USE enum err open_link_count(struct http_req *h, struct tx *tx, const char *kind);
/* There is no such link, or not any more: counted, and gone answers. */
MUST_USE enum err open_link_lost(struct http_req *h, const char *kind, http_handler_fn gone);
/* The page of a link that is not valid; status 404. */
MUST_USE enum err open_link_gone(struct http_req *h);
/* fields.code: the code told beside the link. gives the field */
struct val *open_link_code(struct http_req *h, struct val *root);
