/* work/janus_bridge.c - the threads between rooms and media servers. See janus_bridge.h. */
#include "work/janus_bridge.h"

#include <string.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "os/outgoing.h"
#include "work/janus_int.h"

enum {
    QUEUE_MAX = 8192,
    TICK_MS = 500,
    ASK_EVERY_US = 1000000,
    POLL_WAIT_MS = 40000,   /* Janus answers after 30 s at the latest */
    POLL_REST_MS = 100,
    EVENTS_BYTES = 1 << 20,
    FILE_BYTES = 8 << 10,
    TURN_CAP = 16 << 20,    /* memory of one thing done */
};

enum item_kind { ITEM_SAID, ITEM_LEFT, ITEM_OVER, ITEM_RECORD, ITEM_EVENTS, ITEM_POLL_FAILED };

/* Something to be done by the speaking thread; its texts follow it. */
struct item {
    enum item_kind kind;
    struct media_server *server;
    uint64_t session;
    uint32_t seat;
    size_t room_n, body_n;
    char text[];
};

static bool item_push(struct janus_bridge *b, const struct item *head, struct str room, struct str body)
{
    struct item *i = os_alloc(1, sizeof *i + room.n + body.n + 1);
    *i = *head;
    i->room_n = room.n;
    i->body_n = body.n;
    if (room.n > 0) {
        memcpy(i->text, room.p, room.n);
    }
    if (body.n > 0) {
        memcpy(i->text + room.n, body.p, body.n);
    }
    if (!os_queue_push(b->queue, i)) {
        os_free(i);
        return false;
    }
    return true;
}

/* ---- waiting for a server's events ---- */

static bool poll_should_stop(void *ctx)
{
    struct media_server *s = ctx;
    return atomic_load(&s->bridge->stop) || atomic_load(&s->session) == 0;
}

static void poll_once(struct req *rq, struct media_server *s, uint64_t session)
{
    const struct item head = {.kind = ITEM_EVENTS, .server = s, .session = session};
    const struct item failed = {.kind = ITEM_POLL_FAILED, .server = s, .session = session};
    struct os_got got = {0};
    const struct os_get g = {.url = janus_poll_url(rq, &s->conf, session),
                             .timeout_ms = POLL_WAIT_MS,
                             .max_bytes = EVENTS_BYTES,
                             .plain = true,
                             .should_stop = poll_should_stop,
                             .stop_ctx = s};
    bool fine = os_get(rq, &g, &got) == OK && got.status == 200;
    bool taken = item_push(s->bridge, fine ? &head : &failed, S(""), got.body);
    if (!fine || !taken) {
        os_sleep_ms(POLL_REST_MS);
    }
}

static void *poll_loop(void *ctx)
{
    struct media_server *s = ctx;
    struct req rq;
    while (!atomic_load(&s->bridge->stop)) {
        uint64_t session = atomic_load(&s->session);
        if (session == 0) {
            os_sleep_ms(POLL_REST_MS);
            continue;
        }
        req_init(&rq, TURN_CAP, os_now());
        poll_once(&rq, s, session);
        req_done(&rq);
    }
    return NULL;
}

/* ---- servers come and go; by the speaking thread, as all below ---- */

static void server_down(struct req *rq, struct media_server *s)
{
    if (!atomic_load(&s->up)) {
        return;
    }
    atomic_store(&s->up, false);
    atomic_store(&s->session, 0);
    LOG(LOG_MEDIA_LOST, log_u64((uint64_t)(s - s->bridge->servers) + 1));
    media_lost(rq, s);
}

static void server_try(struct req *rq, struct media_server *s)
{
    uint64_t session = 0;
    if (janus_ping(rq, &s->janus) != OK || janus_session(rq, &s->janus, &session) != OK) {
        err_clear(rq);
        return;
    }
    atomic_store(&s->session, session);
    atomic_store(&s->up, true);
    LOG(LOG_MEDIA_FOUND, log_u64((uint64_t)(s - s->bridge->servers) + 1));
    media_found(rq, s->bridge);
}

/* Does it live? One that does not is given up at once: it had two seconds for an easy question. */
static void server_ask(struct req *rq, struct media_server *s)
{
    s->asked_us = os_ticks_us();
    if (!atomic_load(&s->up)) {
        server_try(rq, s);
    } else if (janus_ping(rq, &s->janus) != OK) {
        err_clear(rq);
        server_down(rq, s);
    }
}

static void servers_look(struct req *rq, struct janus_bridge *b, bool all)
{
    for (size_t i = 0; i < b->n_servers; i++) {
        if (all || os_ticks_us() - b->servers[i].asked_us >= ASK_EVERY_US) {
            server_ask(rq, &b->servers[i]);
        }
    }
}

/* ---- things done ---- */

/* The session of a poll: what an ended one said late is of no use. */
static enum err events_done(struct req *rq, const struct item *i)
{
    struct janus_events events = {0};
    if (i->session != atomic_load(&i->server->session)) {
        return OK;
    }
    enum err e = janus_events_read(rq, (struct str){i->text, i->body_n}, &events);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        server_down(rq, i->server); /* started anew: what it knew is gone */
        return OK;
    }
    TRY(e);
    for (size_t k = 0; k < events.n; k++) {
        if (events.v[k].what == JANUS_ENDED) {
            server_down(rq, i->server);
            return OK;
        }
        TRY(media_event(rq, i->server, &events.v[k]));
    }
    return OK;
}

static enum err item_do(struct req *rq, struct janus_bridge *b, const struct item *i)
{
    struct str room = {i->text, i->room_n};
    switch (i->kind) {
    case ITEM_SAID:
        return media_said(rq, b, room, i->seat, (struct str){i->text + i->room_n, i->body_n});
    case ITEM_LEFT:
        return media_left(rq, b, room, i->seat);
    case ITEM_OVER:
        return media_over(rq, b, room);
    case ITEM_RECORD:
        return media_record(rq, b, room, (struct str){i->text + i->room_n, i->body_n});
    case ITEM_EVENTS:
        return events_done(rq, i);
    case ITEM_POLL_FAILED:
        if (i->session == atomic_load(&i->server->session)) {
            server_ask(rq, i->server);
        }
        return OK;
    }
    return OK;
}

static void *speak_loop(void *ctx)
{
    struct janus_bridge *b = ctx;
    struct req rq;
    while (!atomic_load(&b->stop)) {
        struct item *i = os_queue_pop_ms(b->queue, TICK_MS);
        req_init(&rq, TURN_CAP, os_now());
        if (atomic_exchange(&b->hush, false)) {
            media_hush(&rq, b);
        }
        enum err e = i == NULL ? OK : item_do(&rq, b, i);
        if (e != OK) {
            LOG(LOG_MEDIA_FAILED, log_err(e), log_where(&rq.err));
            err_clear(&rq);
        }
        os_free(i);
        servers_look(&rq, b, e == E_IO);
        req_done(&rq);
    }
    return NULL;
}

/* ---- beginning and end ---- */

static enum err server_read(struct req *rq, struct janus_bridge *b, struct str path)
{
    const char *file = arena_cstr(rq->a, path);
    struct str text;
    TRY_MEM(rq, file);
    if (b->n_servers == SERVERS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "media_servers: too many");
    }
    struct media_server *s = &b->servers[b->n_servers];
    TRY(os_read_file(rq, file, FILE_BYTES, &text));
    s->text = os_alloc(1, text.n + 1);
    memcpy(s->text, text.p, text.n);
    s->bridge = b;
    b->n_servers++;
    TRY(janus_server_read(rq, (struct str){s->text, text.n}, &s->conf));
    s->janus = (struct janus){.server = &s->conf, .send = janus_send_http};
    return OK;
}

static enum err begin(struct req *rq, struct janus_bridge *b, struct str servers)
{
    struct str one;
    while (str_cut(&servers, ',', &one)) {
        one = str_trim(one);
        if (one.n > 0) {
            TRY(server_read(rq, b, one));
        }
    }
    for (size_t i = 0; i < b->n_servers; i++) {
        struct media_server *s = &b->servers[i];
        s->polled = os_thread_start(&s->poller, "media-poll", poll_loop, s);
        if (!s->polled) {
            return FAIL(rq, E_BUSY, "no thread");
        }
    }
    b->speaking = os_thread_start(&b->speaker, "media", speak_loop, b);
    return b->speaking ? OK : FAIL(rq, E_BUSY, "no thread");
}

enum err janus_bridge_start(struct req *rq, const struct janus_bridge_opts *o,
                            struct janus_bridge **ret_bridge)
{
    struct janus_bridge *b = os_alloc(1, sizeof *b);
    b->queue = os_queue_new(QUEUE_MAX);
    b->mesh_most = o->mesh_most;
    b->post = o->post;
    b->lost = o->lost;
    b->ctx = o->ctx;
    if (o->recordings.n > 0) {
        b->recordings = os_alloc(1, o->recordings.n + 1);
        memcpy(b->recordings, o->recordings.p, o->recordings.n);
    }
    enum err e = begin(rq, b, o->servers);
    if (e != OK) {
        janus_bridge_stop(b);
        return e;
    }
    *ret_bridge = b;
    return OK;
}

/* The sessions end with everything in them; the rooms are destroyed. */
static void servers_leave(struct janus_bridge *b)
{
    struct req rq;
    req_init(&rq, TURN_CAP, os_now());
    while (b->n_rooms > 0) {
        struct media_room *room = b->rooms[b->n_rooms - 1];
        if (media_over(&rq, b, (struct str){room->name, room->name_n}) != OK) {
            err_clear(&rq);
        }
    }
    for (size_t i = 0; i < b->n_servers; i++) {
        struct media_server *s = &b->servers[i];
        if (atomic_load(&s->up) && janus_session_end(&rq, &s->janus, atomic_load(&s->session)) != OK) {
            err_clear(&rq);
        }
        atomic_store(&s->up, false);
        os_free(s->text);
    }
    req_done(&rq);
}

void janus_bridge_stop(struct janus_bridge *b)
{
    if (b == NULL) {
        return;
    }
    atomic_store(&b->stop, true);
    os_queue_close(b->queue);
    if (b->speaking) {
        os_thread_join(&b->speaker);
    }
    for (size_t i = 0; i < b->n_servers; i++) {
        if (b->servers[i].polled) {
            os_thread_join(&b->servers[i].poller);
        }
    }
    servers_leave(b);
    for (struct item *i = os_queue_pop(b->queue); i != NULL; i = os_queue_pop(b->queue)) {
        os_free(i);
    }
    os_queue_free(b->queue);
    os_free(b->recordings);
    os_free(b);
}

unsigned janus_bridge_up(const struct janus_bridge *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < b->n_servers; i++) {
        n += atomic_load(&b->servers[i].up);
    }
    return n;
}

bool janus_bridge_take(struct janus_bridge *b, struct str room, uint32_t seat, struct str body)
{
    return item_push(b, &(struct item){.kind = ITEM_SAID, .seat = seat}, room, body);
}

void janus_bridge_left(struct janus_bridge *b, struct str room, uint32_t seat)
{
    (void)item_push(b, &(struct item){.kind = ITEM_LEFT, .seat = seat}, room, S(""));
}

void janus_bridge_over(struct janus_bridge *b, struct str room)
{
    (void)item_push(b, &(struct item){.kind = ITEM_OVER}, room, S(""));
}

bool janus_bridge_record(struct janus_bridge *b, struct str room, struct str recording)
{
    bool taken = item_push(b, &(struct item){.kind = ITEM_RECORD}, room, recording);
    if (!taken && recording.n == 0) {
        atomic_store(&b->hush, true);
    }
    return taken;
}
