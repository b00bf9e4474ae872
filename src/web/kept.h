/* web/kept.h - a form that came after the session had ended is not lost: its fields go through the
 * sign-in page and come back as a form that is sent with one click. Nothing is stored for it. */
#pragma once

#include "web/page.h"

/* Whether a refused POST carries fields worth keeping, sent by a page of ours. */
bool kept_has(struct http_req *h);
/* The fields as kept: list of {name, value}; after "kept." when they came through the sign-in form. */
void kept_set(struct http_req *h, struct val *root);
/* The page with the form that sends them to path, under the session of csrf. */
MUST_USE enum err kept_page(struct http_req *h, unsigned status, struct str path, struct str csrf);
