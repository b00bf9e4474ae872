/* web/conclusion.h - shared by the pages of a conclusion. */
#pragma once

#include "web/case_view.h"

/* The move that a signed conclusion makes for this person ("answer", "correct"); NULL: none is open
 * to them. */
const struct care_move *conclusion_move(const struct case_view *v);
