/* http/front.h - TLS in front of the I/O threads; private to the room.
 *
 * libmicrohttpd sees a socket of this machine for each connection; here a thread beside each I/O thread
 * takes the peer's connection, shakes hands and carries bytes both ways (front_link.c). So whatever holds
 * without TLS holds with it: limits, times, parts of files, streams without an end. */
#pragma once

#include "http/tls.h"
#include "http/http_int.h"

struct front;

/* gives a front for the daemons of s->workers, which have no listening socket of their own. takes ctx.
 * Starts nothing yet. */
struct front *front_new(struct http_server *s, struct ssl_ctx_st *ctx);
/* Begins to take connections for the worker, whose daemon runs. errors  E_IO */
MUST_USE enum err front_start(struct req *rq, struct front *f, unsigned worker);
/* Connections from now on are made with ctx, which is taken; those that are open keep theirs. thread: any */
void front_renew(struct front *f, struct ssl_ctx_st *ctx);
/* Takes no connection any more: when it returns the daemons get no further one. */
void front_quiesce(struct front *f);
/* After the daemons ended: what they said last is still sent, for a moment. NULL is allowed. */
void front_free(struct front *f);
