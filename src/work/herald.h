/* work/herald.h - subscriptions in the background: one thread follows the change feed and writes down
 * which versions are events of whom; a few others send notifications.
 *
 * What was looked at, what is an event and what was delivered are rows, moved on in one transaction each
 * after the fact: killed at any point the program looks or sends again. Every event arrives at least once,
 * under one number. A receiver that fails is tried again for ever, at most an hour apart. */
#pragma once

#include "care/sub.h"

struct herald;

/* base: address of the FHIR interface in notifications, "https://host/fhir"; copied.
 * gives    a running herald; end with herald_stop(). care must outlive it, as for runner_start().
 * errors   E_IO  no thread */
MUST_USE enum err herald_start(struct req *rq, struct care *care, struct str base,
                               struct herald **ret_herald);
/* Ends the threads after the attempts under way. NULL is allowed. */
void herald_stop(struct herald *h);

/* ---- for the threads, and tests ---- */

/* Looks at the next versions of the feed for all subscriptions; *ret_seen: how many versions (0: none
 * were left); *ret_events: how many events came of them. db: a read handle of the calling thread. */
MUST_USE enum err herald_scan(struct care *care, struct db *db, struct instant now,
                              uint32_t *ret_seen, uint32_t *ret_events);
/* Delivers: gives the status of the answer. Replaced in tests. */
typedef enum err (*herald_post_fn)(struct req *rq, const struct care *care,
                                   const struct sub_want *want, struct str body,
                                   unsigned *ret_status);
MUST_USE enum err herald_post(struct req *rq, const struct care *care, const struct sub_want *want,
                              struct str body, unsigned *ret_status);
/* Sends what a subscription has to send now, one notification at most; OK when it has nothing, and when
 * the attempt failed: that is written down. *ret_sent: a notification was taken. */
MUST_USE enum err herald_send(struct care *care, struct db *db, struct instant now, struct str base,
                              struct str id, herald_post_fn post, bool *ret_sent);
/* Forgets events delivered long ago. */
MUST_USE enum err herald_sweep(struct care *care, struct db *db, struct instant now);
