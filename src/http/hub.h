/* http/hub.h - who listens to what: streams of server-sent events, and the topics they follow.
 *
 * An event carries no content: "topic X changed, look again". Publishing never waits and never
 * fails; a slow listener's events melt into one.
 */
#pragma once

#include "base/req.h"

struct hub;

/* One change: the kind and topic of store/tx.h's tx_event(). */
struct hub_event {
    uint32_t kind; /* enum event_kind */
    uint64_t id;
};

/* Tells all streams that follow these topics.
 * thread   any; called by the store's writer after each commit */
void hub_publish(struct hub *hub, const struct hub_event *events, size_t n);
/* Asks of each stream whether its person is still let in; ends those of others. Never waits.
 * thread   any; called when people, roles or accounts changed */
void hub_look(struct hub *hub);
/* Streams open now. */
uint32_t hub_streams(const struct hub *hub);
