/* care/erasure_int.h - what ordering an erasure, applying it again and erasing by term share. */
#pragma once

#include "care/erasure.h"
#include "store/audit.h"
#include "store/tx.h"

/* A resource by its id. */
struct erasure_name {
    uint16_t type;
    struct str id;
};

/* Adds to tx: all of the order's patient, and more, is hidden and waits to be erased; what stands beside the
 * resources goes. The order's row is the caller's, before it. borrows  o and more, until done() */
MUST_USE enum err erasure_hide(struct tx *tx, const struct erasure *o, const struct erasure_name *more,
                               uint32_t n_more);

/* What keeps a record, by kind; *ret_any: one of them is not 0. */
MUST_USE enum err erasure_int_open(struct req *rq, int64_t patient_rid, uint64_t ret_open[ERASURE_OPENS],
                                   bool *ret_any);
/* Adds to tx, behind the row of the order: that it fails when the record is held or something began, what
 * stands beside the resources, and the person's own resource, erased with why and words
 * (erasure_int_words()). */
MUST_USE enum err erasure_int_apply(struct req *rq, struct tx *tx, int64_t order, int64_t patient_rid,
                                    struct str patient, enum audit_why why, struct str words);
/* "order 7", or of one by policy "order 7, term of storage is over": in the record of each erased
 * resource. */
struct str erasure_int_words(struct req *rq, int64_t order, bool by_policy);
