/* work/post.c - the threads. See post.h. */
#include "os/clock.h"
#include "os/outgoing.h"
#include "os/thread.h"
#include "store/db.h"
#include "work/handle.h"
#include "work/post_int.h"

enum { IDLE_MS = 1000, HURT_MS = 1000, HURT_STEPS = 4 };

struct lane {
    struct post *post;
    struct os_thread thread;
    enum notify_channel channel;
    bool runs;
};

struct post {
    struct care *care;
    struct lane lanes[CHANNEL_COUNT];
    struct os_mutex lock;
    struct os_cond wake;
    bool stop;
};

static bool pause(struct post *p, uint32_t ms)
{
    os_lock(&p->lock);
    if (!p->stop) {
        (void)os_wait_ms(&p->wake, &p->lock, ms);
    }
    bool stop = p->stop;
    os_unlock(&p->lock);
    return stop;
}

static bool pause_of(void *ctx, uint32_t ms)
{
    return pause(ctx, ms);
}

/* A gateway that does not answer is left alone a little longer each time: not each message waits for its
 * own attempt. Push services are many: one that is silent says nothing of the others. */
static void *loop(void *ctx)
{
    struct lane *l = ctx;
    struct care *care = l->post->care;
    struct db *db = handle_open(care, pause_of, l->post);
    unsigned hurt = 0;
    int64_t updates = 0;
    bool stop = db == NULL;
    while (!stop) {
        enum post_why why = POST_SENT;
        bool any = false;
        enum err e = post_step(care, db, os_now(), l->channel, post_send, &why, &any);
        if (l->channel == CHANNEL_TELEGRAM && !any) {
            post_chat(care, db, os_now(), &updates);
        }
        bool silent = why == POST_NO_ANSWER && l->channel != CHANNEL_PUSH;
        hurt = silent ? MIN(hurt + 1, (unsigned)HURT_STEPS) : 0;
        stop = pause(l->post, e != OK || !any ? IDLE_MS : silent ? (uint32_t)HURT_MS << hurt : 1);
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

enum err post_start(struct req *rq, struct care *care, struct post **ret_post)
{
    struct post *p = os_alloc(1, sizeof *p);
    p->care = care;
    os_mutex_init(&p->lock);
    os_cond_init(&p->wake);
    os_outgoing_init();
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        struct lane *l = &p->lanes[c];
        l->post = p;
        l->channel = c;
        l->runs = notify_channels[c].ready(&care->notify);
        if (l->runs && !os_thread_start(&l->thread, notify_channels[c].code, loop, l)) {
            l->runs = false;
            post_stop(p);
            return FAIL(rq, E_IO, "no thread for notices");
        }
    }
    *ret_post = p;
    return OK;
}

void post_stop(struct post *p)
{
    if (p == NULL) {
        return;
    }
    os_lock(&p->lock);
    p->stop = true;
    os_broadcast(&p->wake);
    os_unlock(&p->lock);
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        if (p->lanes[c].runs) {
            os_thread_join(&p->lanes[c].thread);
        }
    }
    os_cond_done(&p->wake);
    os_mutex_done(&p->lock);
    os_free(p);
}
