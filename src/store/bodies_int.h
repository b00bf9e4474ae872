/* store/bodies_int.h - bodies a read handle gave out lately, as it gave them out; private to the room.
 *
 * A version never changes, so what is kept under its vid never goes stale. Whether the caller may see
 * it is asked before, as ever. */
#pragma once

#include "base/str.h"

struct bodies;

/* gives a memory of at most that many bytes (and 192 KiB to find them by): it is taken from the system
 * at the pace it fills. End with bodies_free(). */
struct bodies *bodies_new(size_t bytes);
void bodies_free(struct bodies *b);
/* Forgets all of them; the bytes are overwritten. */
void bodies_wipe(struct bodies *b);
/* The body of a version, borrowed until the next call with b; false: not kept. */
bool bodies_get(struct bodies *b, int64_t vid, struct str *ret_body);
/* Copies body, and forgets those not asked for longest; one longer than a 16th of it all is not kept. */
void bodies_put(struct bodies *b, int64_t vid, struct str body);
