/* work/janus_bridge.h - brings rooms of many people to Janus: what their pages say to the mailbox "media"
 * becomes requests, what Janus tells becomes messages to them.
 *
 * One thread speaks to all servers and owns what is known of rooms; one thread a server waits for its events.
 * A room stays on the server it began on, the one with the fewest people then. A server that does not answer
 * is given up within seconds: its rooms are told to come to another, to go browser to browser, or that there
 * is nothing left. The messages, JSON objects with the member "do", stand in the README of this room. */
#pragma once

#include "base/req.h"

struct janus_bridge;

/* A message to a page, from the bridge's thread; borrowed for the call. */
typedef void (*janus_post_fn)(void *ctx, struct str room, uint32_t seat, struct str body);

/* What was recorded in a room is not any more; from the bridge's thread. */
typedef void (*janus_lost_fn)(void *ctx, struct str room);

enum { JANUS_FEED_BITS = 20 }; /* of a person's number at a server; above them their seat's */

struct janus_bridge_opts {
    struct str servers;  /* files of media servers (janus_server_read()), with commas between */
    struct str recordings; /* folder that servers record into; empty: nothing is recorded */
    unsigned mesh_most;  /* people who can do without a server */
    janus_post_fn post;
    janus_lost_fn lost;
    void *ctx;
};
/* gives a running bridge; texts of o are copied.
 * errors  E_BAD_INPUT  a file of a server; E_NOT_FOUND, E_IO  it cannot be read; E_BUSY  no thread */
MUST_USE enum err janus_bridge_start(struct req *rq, const struct janus_bridge_opts *o,
                                     struct janus_bridge **ret_bridge);
/* Ends its rooms on the servers and its threads. NULL is allowed. */
void janus_bridge_stop(struct janus_bridge *b);

/* All below: from any thread; they never wait. */

/* How many servers answer now. */
unsigned janus_bridge_up(const struct janus_bridge *b);
/* A page's message. False: too much is under way, it was not taken. */
MUST_USE bool janus_bridge_take(struct janus_bridge *b, struct str room, uint32_t seat, struct str body);
/* A person left the room. */
void janus_bridge_left(struct janus_bridge *b, struct str room, uint32_t seat);
/* All of the room is over. */
void janus_bridge_over(struct janus_bridge *b, struct str room);
/* What is sent in the room is recorded into the folder of this name from now on; empty: no more. False: too
 * much is under way, it was not taken; an end that is not taken ends the recordings of all rooms instead. */
bool janus_bridge_record(struct janus_bridge *b, struct str room, struct str recording);
