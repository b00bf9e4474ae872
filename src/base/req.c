/* base/req.c - a unit of work outside HTTP. See req.h. */
#include "base/req.h"

void req_init(struct req *rq, size_t cap, struct instant now)
{
    *rq = (struct req){.a = arena_new(cap), .now = now};
}

void req_done(struct req *rq)
{
    arena_free(rq->a);
    rq->a = NULL;
}
