/* web/page_int.h - the inner side of web/page.h. */
#pragma once

#include "web/page.h"

/* The frame's values without those that need the store: what an error page can still show. */
struct val *page_frame(struct http_req *h, const char *title);
