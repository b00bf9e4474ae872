/* work/runner.h - the thread that does what is due: deadlines of cases, ends of break-glass, and the
 * removal of what expired.
 *
 * A job's work and its end are one transaction, and the end holds only when the job was not set anew
 * meanwhile: each deadline acts once, whether the program is killed, restarted or late. */
#pragma once

#include "care/care.h"

struct runner;

/* gives a running runner; end with runner_stop(). care must outlive it; it is the program's context
 * too (struct app begins with it).
 * errors  E_IO  no thread or no read handle */
MUST_USE enum err runner_start(struct req *rq, struct care *care, struct runner **ret_runner);
/* Ends the thread after the job under way. NULL is allowed. */
void runner_stop(struct runner *r);

/* One pass as the thread makes it: everything due at now is done; *ret_ran tells how many jobs ran.
 * For the thread, tests and the made-up region. db: a read handle of the calling thread. */
MUST_USE enum err runner_pass(struct care *care, struct db *db, struct instant now,
                              uint32_t *ret_ran);
/* Removes codes, half-done sign-ins and once keys that ended; puts counts of refusals on record. */
MUST_USE enum err runner_sweep(struct care *care, struct db *db, struct instant now);
/* Removes what is past its term (care/retain.h), a piece of each kind: true when there is more. */
bool runner_retain(struct care *care, struct db *db, struct instant now);
/* One piece of an order to erase a record that was confirmed: true when there is more. *step: 0 at first,
 * kept between calls. */
bool runner_erase(struct care *care, struct db *db, struct instant now, unsigned *step);
/* Removes files nothing refers to (DIR/uploads, DIR/blobs), a few folders a call so that no deadline
 * waits for it. *at: where to go on, 0 at first; RUNNER_FILES_DONE when all were looked at. */
enum { RUNNER_FILES_DONE = 256 };
MUST_USE enum err runner_sweep_files(struct care *care, struct db *db, struct instant now,
                                     unsigned *at);
