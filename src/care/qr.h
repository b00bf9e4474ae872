/* care/qr.h - a text as a QR code (ISO/IEC 18004) drawn by a page. */
#pragma once

#include "base/req.h"

enum { QR_QUIET = 4 /* blank modules on each side */, QR_TEXT_MAX = 600 };

/* gives   *ret_path: the dark modules as data of an SVG path, one unit a module, the blank border left out;
 *         *ret_side: modules on a side without it
 * errors  E_BAD_INPUT  longer than QR_TEXT_MAX bytes or than a code holds */
MUST_USE enum err qr_path(struct req *rq, struct str text, uint32_t *ret_side, struct str *ret_path);
