/* web/passkey.h - what pages with passkeys share. See templates/passkey_*.html and web/passkey.ts. */
#pragma once

#include "care/passkey.h"
#include "web/page.h"

/* root.ask: {challenge, rp, handle, login, known}: what web/passkey.ts hands to the browser. */
void passkey_set_ask(struct val *root, const struct passkey_ask *ask);
/* What the browser handed over, from the fields of the form; slices of it. */
struct passkey_said passkey_form(struct http_req *h);
/* root.passkeys: list of {id, name, made, ever, used, stopped, synced}; root.passkey_place: one can be
 * added here. */
MUST_USE enum err passkey_set_list(struct http_req *h, int64_t account, struct val *root);
/* The one time recovery codes are shown: no address leads to them again. passkey: they stand for passkeys
 * alone. */
MUST_USE enum err recovery_show(struct http_req *h, const struct str codes[RECOVERY_CODES], bool passkey);
