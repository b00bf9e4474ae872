/* care/erasure_int.h - what ordering an erasure and applying it again share. */
#pragma once

#include "care/erasure.h"
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
