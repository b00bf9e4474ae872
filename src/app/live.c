/* app/live.c - joins the mailboxes of rooms (care/signal.h) to the bridge to media servers. */
#include "app/app.h"
#include "care/room.h"
#include "os/clock.h"
#include "os/thread.h"
#include "work/janus_bridge.h"

enum { POST_BYTES = 512 << 10 };

struct app_live {
    struct app *app;
    struct janus_bridge *bridge;
    struct signals_bridge hooks;
};

/* A message of the bridge to a page; one who is not in any more is passed over. */
static void post(void *ctx, struct str room, uint32_t seat, struct str body)
{
    struct app_live *live = ctx;
    struct req rq;
    req_init(&rq, POST_BYTES, os_now());
    if (signals_post(live->app->web.care.signals, &rq, room, SIGNAL_MEDIA, seat, S("media"), body) != OK) {
        err_clear(&rq);
    }
    req_done(&rq);
}

static void take(struct str room, uint32_t seat, struct str kind, struct str body, void *ctx)
{
    const struct app_live *live = ctx;
    (void)kind;
    if (!janus_bridge_take(live->bridge, room, seat, body)) {
        post(ctx, room, seat, S("{\"do\":\"error\"}"));
    }
}

static void left(struct str room, uint32_t seat, void *ctx)
{
    janus_bridge_left(((const struct app_live *)ctx)->bridge, room, seat);
}

static void ended(struct str room, void *ctx)
{
    janus_bridge_over(((const struct app_live *)ctx)->bridge, room);
}

static bool up(void *ctx)
{
    return janus_bridge_up(((const struct app_live *)ctx)->bridge) > 0;
}

static bool record(struct str room, struct str recording, void *ctx)
{
    return janus_bridge_record(((const struct app_live *)ctx)->bridge, room, recording);
}

static void lost(void *ctx, struct str room)
{
    signals_record_lost(((const struct app_live *)ctx)->app->web.care.signals, room);
}

enum err app_live_start(struct req *rq, struct app *app)
{
    if (str_trim(app->config->media_servers).n == 0) {
        return OK;
    }
    struct app_live *live = os_alloc(1, sizeof *live);
    const struct janus_bridge_opts o = {.servers = app->config->media_servers,
                                        .recordings = app->config->recordings,
                                        .mesh_most = ROOM_MESH_MAX,
                                        .post = post,
                                        .lost = lost,
                                        .ctx = live};
    live->app = app;
    live->hooks = (struct signals_bridge){take, left, ended, up, record, live};
    enum err e = janus_bridge_start(rq, &o, &live->bridge);
    if (e != OK) {
        os_free(live);
        return e;
    }
    app->live = live;
    signals_bridge_set(app->web.care.signals, &live->hooks);
    return OK;
}

void app_live_stop(struct app *app)
{
    struct app_live *live = TAKE(app->live);
    if (live != NULL) {
        signals_bridge_set(app->web.care.signals, NULL);
        janus_bridge_stop(live->bridge);
        os_free(live);
    }
}
