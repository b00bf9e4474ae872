/* http/rate.h - how often somebody may ask. Each key has an even rate and what a minute of it comes to at
 * once: the generic cell rate algorithm (ITU-T I.371). The table has one size; where it is full, who asked
 * least gives way. */
#pragma once

#include "base/attr.h"
#include "base/str.h"

struct rates;

struct rates *rates_new(void);
void rates_free(struct rates *r);

/* What the counts are of. */
enum rate_kind { RATE_PERSON, RATE_PROGRAM, RATE_ADDRESS, RATE_ROUTE, RATE_KINDS };
extern const char *const rate_names[RATE_KINDS]; /* "person": for logs and figures */

/* One more of these two numbers together. per_minute: 0 for no limit.
 * gives   seconds to wait, 0: let through
 *         *ret_first: it is the first refusal of this key in a minute
 * thread  any */
uint32_t rate_take(struct rates *r, enum rate_kind kind, uint64_t who, uint64_t where, uint32_t per_minute,
                   uint64_t now_us, bool *ret_first);
/* A number for an address in text; of IPv6 for its network of 64 bits (RFC 4291 2.5.4). */
uint64_t rate_address(const struct rates *r, const char *peer);
/* How many were refused since the start. */
uint64_t rate_refused(const struct rates *r, enum rate_kind kind);
