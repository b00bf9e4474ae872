/* store/erase_int.h - erasing on the writer's side; private to the room. See tx_erase(). */
#pragma once

#include "store/writer_int.h"

/* What stands in place of an erased body: its SHA-256, le64 the audit record of its erasure. */
enum { TOMBSTONE_BYTES = 40 };
/* How the detail of such a record begins; the number of the newest version that went follows. */
#define ERASE_DETAIL "versions "

/* Before anything is written.
 * errors   E_NOT_FOUND, E_STALE */
MUST_USE enum err erase_check(struct writer *w, struct req *rq, const struct tx_erase_op *op);
MUST_USE enum err erase_write(struct writer *w, struct req *rq, const struct tx_erase_op *op, int64_t src);
/* One bounded piece of the cleaning. */
MUST_USE enum err scrub_write(struct writer *w, struct req *rq, struct tx_scrub_op *op);
