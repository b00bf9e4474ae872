/* care/consult_pace.h - how fast messages may come, for pages and for the interface. */
#pragma once

#include "base/req.h"

/* Whether one more message may come now: 20 a minute on one case are a conversation, more is a fault
 * of a program.
 * errors  E_LOCKED  the detail holds the seconds to wait */
MUST_USE enum err consult_pace(struct req *rq, int64_t case_rid);
