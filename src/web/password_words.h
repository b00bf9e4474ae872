/* web/password_words.h - what pages say of a new password. */
#pragma once

#include "web/page.h"

/* "At least 12 characters." as the hint of its field; many: with advice. */
void password_hint(struct http_req *h, struct val *field, bool many);
/* "The new password needs at least 12 characters." */
struct str password_short(struct http_req *h);
/* What password_judge() refused, in words. */
struct str password_fault(struct http_req *h);
