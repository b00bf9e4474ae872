/* care/glass_int.h - what opening with a reason and its review share. */
#pragma once

#include "care/glass.h"

struct dir_person;

/* Does the person audit anywhere? */
bool glass_audits(const struct dir_person *p);
/* Writes the row of an opening. */
MUST_USE enum err glass_put(struct tx *tx, const struct glass *g);
/* Ends an opening that holds, before its time. */
MUST_USE enum err glass_shut_now(struct req *rq, struct tx *tx, const struct glass *g);
