/* web/share.h - links to images, for the page of a case. */
#pragma once

#include "care/share.h"
#include "web/page.h"

/* root.share: the reader may make one, and there are images; root.shares: the links in force. */
MUST_USE enum err share_set_case(struct http_req *h, const struct case_row *row, struct val *root);
