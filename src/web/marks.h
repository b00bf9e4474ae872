/* web/marks.h - measurements and key images as values for pages.
 *
 * marks: list of {id, tool, value, place, text, who, at, href, own, remove (address to post to; own ones
 * of an open case)}; marks_n; marks_may: true when the person may add some */
#pragma once

#include "web/case_view.h"

/* study empty: of all studies of the case. */
MUST_USE enum err marks_set(struct http_req *h, const struct case_row *row, struct str study,
                            struct val *root);
