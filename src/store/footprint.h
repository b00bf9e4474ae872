/* store/footprint.h - a resource's index tuples as bytes; private to the room.
 *
 * Sorted, without repeats, so that equal tuples give equal bytes and two footprints can be merged. */
#pragma once

#include "store/tx.h"

/* Order by kind, sp, then the fields; references by rid. */
int tuple_cmp(const struct tuple *a, const struct tuple *b);
/* Sorts and drops repeats; gives the new number. */
size_t tuples_sort(struct tuple *t, size_t n);
/* The bytes, in a; p NULL past its cap. Tuples must be sorted. */
struct str footprint_write(struct arena *a, const struct tuple *t, size_t n);
/* Back again, in a; strings are borrowed from bytes. False when the bytes are damaged or past the
 * cap. */
MUST_USE bool footprint_read(struct arena *a, struct str bytes, struct tuple **ret_t,
                             size_t *ret_n);
