/* web/case_item.h - a case as lists and banners show it: values for templates.
 *
 * item: id, href, urgency (code), state (code), state_title, profile (translated), clock (clock.html),
 * due_ms (for sorting), patient {name, birth, sex}, question (its first words),
 * asker, asker_org, service, answer_org, consultant (names), holder (who has it now, in words), sent
 * (instant), version. */
#pragma once

#include "care/consult.h"
#include "care/flow.h"
#include "care/directory.h"
#include "web/page.h"

/* What somebody has to do while a case is in a state, as one short sentence; the asker's come first, in
 * the order they matter. */
struct case_task {
    const char *state;
    unsigned actor;   /* ACTOR_ bits */
    const char *text; /* msgid */
};
extern const struct case_task case_tasks[];
extern const size_t n_case_tasks;
/* The msgid for one of these actors (bits) in a state; NULL: nothing to do. */
const char *case_task(struct str state, unsigned actor);

/* Fills item from a row of a worklist. */
void case_item(struct http_req *h, const struct directory *dir, const struct worklist_row *r,
               struct val *item);
/* The running promise: kind, state, due, left, told (clock.html). */
void case_clock(struct http_req *h, const struct case_row *row, struct val *clock);
/* Name of the row's state ("allocated") and its title (msgid). */
struct str case_state_name(const struct case_row *row);
const char *case_state_title(const struct case_row *row);
/* "emergency"; empty when the row's class is unknown. */
struct str case_urgency(const struct http_req *h, const struct case_row *row);
/* Title of a profile in the reader's language; the code when unknown. */
struct str case_profile(const struct http_req *h, struct str code);
