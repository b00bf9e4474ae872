/* http/call_fixture.h - a request made by hand, without a listener and a connection: for targets of
 * other rooms that run handlers themselves. It has no header fields. */
#pragma once

#include <string.h>

#include "http/http_int.h"

struct http_by_hand {
    struct http_server server;
    struct worker worker;
    struct call call;
};

/* rows stay for ever. */
static inline void http_by_hand_init(struct http_by_hand *b, struct arena *a,
                                     const struct http_route *rows, size_t n)
{
    b->server.router = router_new(a, rows, n);
    b->worker.s = &b->server;
}

/* A new request; its rq is still to be begun. */
static inline struct http_req *http_by_hand_next(struct http_by_hand *b)
{
    memset(&b->call, 0, sizeof(b->call));
    b->call.w = &b->worker;
    b->call.reply.fd = -1;
    return &b->call.h;
}
