/* work/bulk.h - the thread that runs exports and imports (care/bulk.h): apart from the other jobs, so that
 * no deadline waits for them. One at a time, the oldest first. */
#pragma once

#include "care/care.h"

struct bulk_thread;

/* gives a running thread; NULL when the system has no room for one. care must outlive it. */
struct bulk_thread *bulk_thread_start(struct care *care);
/* Ends it after the step under way; the rest is done after the next start. NULL is allowed. */
void bulk_thread_stop(struct bulk_thread *t);
