/* web/room_do.c - what people do at a room's door and in it: enter, leave; a host admits, removes, mutes,
 * ends. See web/room.h. */
#include "base/text.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/room.h"

/* The seat is taken in memory; somebody else wrote the record of it at the same moment: all is well. */
static enum err after(struct http_req *h)
{
    if (h->rq.err.code != E_STALE && h->rq.err.code != E_CONFLICT) {
        return page_render_error(h, h->rq.err.code);
    }
    err_clear(&h->rq);
    return http_redirect(h, room_path(h, http_param(h, S("room")), ""));
}

enum err room_run(struct http_req *h, const struct room_doing *d)
{
    struct room_caller *c = ARENA_NEW(h->rq.a, struct room_caller);
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, c);
    TRY_MEM(&h->rq, tx);
    enum err e = room_asker(h, c);
    if (e == E_NOT_FOUND) {
        return room_shut(h);
    }
    TRY(e);
    e = d->fn(h, tx, c);
    if (e != OK && d->refused != NULL) {
        return d->refused(h, c, e);
    }
    TRY(e);
    h->on_fail = d->late;
    return page_commit(h, tx, room_path(h, c->room.id, d->rest));
}

static enum err enter(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    enum err e = room_enter(&h->rq, tx, c);
    if (e == E_CONFLICT) { /* the page says why */
        err_clear(&h->rq);
        return OK;
    }
    return e;
}

enum err web_room_enter(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = enter, .late = after, .rest = ""});
}

static enum err leave(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return room_leave(&h->rq, tx, c);
}

enum err web_room_leave(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = leave, .late = after, .rest = "?done=room-left"});
}

static enum err end(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return room_end(&h->rq, tx, c);
}

enum err web_room_end(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = end, .late = after, .rest = "?done=room-ended"});
}

static uint32_t seat_in(struct http_req *h)
{
    uint64_t n = 0;
    return str_u64(http_param(h, S("seat")), &n) && n < UINT32_MAX ? (uint32_t)n : 0;
}

/* Somebody who left meanwhile is no failure. */
static enum err gone_is_fine(struct http_req *h, enum err e)
{
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(&h->rq);
    return OK;
}

static enum err admit(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return gone_is_fine(h, room_admit(&h->rq, tx, c, seat_in(h)));
}

enum err web_room_admit(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = admit, .late = after, .rest = ""});
}

static enum err remove_seat(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return gone_is_fine(h, room_remove(&h->rq, tx, c, seat_in(h)));
}

enum err web_room_remove(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = remove_seat, .late = after, .rest = ""});
}

static enum err mute(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    (void)tx;
    return gone_is_fine(h, room_mute(&h->rq, c, seat_in(h)));
}

enum err web_room_mute(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = mute, .late = after, .rest = ""});
}

static enum err observers(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return room_observers(&h->rq, tx, c, str_eq(page_sent(h, "observers"), S("no")));
}

enum err web_room_observers(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = observers, .late = after, .rest = ""});
}
