/* care/notice.h - notices: "there is something for you", without any content of a case.
 *
 * A row names the person, the kind and the case; texts are the kind's, so a notice may be shown on a
 * locked screen. */
#pragma once

#include "base/req.h"

enum notice_kind {
#define X(name, code, text) name,
#include "care/notice.def"
#undef X
    NOTICE_COUNT
};

const char *notice_code(unsigned kind); /* "new-case" */
const char *notice_text(unsigned kind); /* msgid; "" for NOTICE_NONE */
