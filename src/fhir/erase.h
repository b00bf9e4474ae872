/* fhir/erase.h - THE way a resource is erased by order: store/erase.h with the
 * words it was found by. */
#pragma once

#include "store/erase.h"

/* Adds the erasure of a resource to tx: all its versions, index rows and words.
 * Its audit record, action AUDIT_ERASE with why and note in its detail
 * ("versions N, NOTE"), is written by the same commit. Domain rows and uses of
 * blobs are the caller's. All its bodies stand in rq->a until the commit, so
 * commit in pieces.
 *
 * borrows  note, until done()
 * gives    *ret_what: what goes, with its bodies
 * errors   E_NOT_FOUND  no such resource; E_TOO_LARGE; of the commit: E_STALE
 * written to meanwhile */
MUST_USE enum err fhir_erase(struct req *rq, struct tx *tx, int64_t rid, enum audit_why why,
                             struct str note, const struct erase_what **ret_what);
