/* work/post.h - sends what care/notify.h queued: one thread a channel, so that a gateway that hangs holds up
 * nobody but itself.
 *
 * A row leaves the queue once the other side took the message. An attempt that fails is made again after a
 * pause that grows; what is refused for good, or still not taken when its time is over, is given up and
 * stands in the list of what failed. Calls to an emergency go before all others. */
#pragma once

#include "care/notify.h"

struct post;

/* gives    running threads for the channels that are set up; end with post_stop(). care must outlive it.
 * errors   E_IO  no thread */
MUST_USE enum err post_start(struct req *rq, struct care *care, struct post **ret_post);
/* Ends the threads after the attempts under way. NULL is allowed. */
void post_stop(struct post *p);

/* ---- for the threads, and tests ---- */

struct post_message {
    enum notify_channel channel;
    struct str address, keys;
    struct notify_letter letter;
    bool urgent;
    int64_t life_ms; /* nobody wants it later */
};
struct post_result {
    enum post_why why;
    unsigned status;       /* what the other side answered; 0 nothing */
    int64_t retry_after_s; /* -1: it does not say */
};
/* Hands a message over. What came of it is in *ret_result; never fails otherwise. Replaced in tests. */
typedef void (*post_send_fn)(struct req *rq, const struct post_message *m,
                             struct post_result *ret_result);
void post_send(struct req *rq, const struct post_message *m, struct post_result *ret_result);
/* Sends one message of a channel, if any is due, and writes down what came of it.
 * gives    *ret_why: POST_SENT when it was taken, or there was none; *ret_any: there was one */
MUST_USE enum err post_step(struct care *care, struct db *db, struct instant now,
                            enum notify_channel channel, post_send_fn send, enum post_why *ret_why,
                            bool *ret_any);
