/* web/style_page.h - the page that shows every part: /style, in the demo only. */
#pragma once

#include "http/http.h"
#include "web/val.h"

/* Handler of GET /style. errors E_NOT_FOUND when this is not a demo. */
MUST_USE enum err web_style(struct http_req *h);
/* Made-up values for all parts, under root's key "samples". */
void style_samples(struct val *root, struct instant now);
