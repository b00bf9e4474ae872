/* work/bulk.c - the thread over exports and imports. See bulk.h. */
#include "work/bulk.h"

#include <stdatomic.h>

#include "care/bulk.h"
#include "os/clock.h"
#include "os/thread.h"
#include "store/db.h"
#include "work/handle.h"

enum { POLL_MS = 250, RETRY_MS = 5000, EXPIRE_EVERY_MS = 60000 };

struct bulk_thread {
    struct care *care;
    struct os_thread thread;
    struct os_mutex lock;
    struct os_cond wake;
    atomic_bool stop;
};

static bool should_stop(void *ctx)
{
    struct bulk_thread *t = ctx;
    return atomic_load(&t->stop);
}

static bool pause(void *ctx, uint32_t ms)
{
    struct bulk_thread *t = ctx;
    os_lock(&t->lock);
    if (!should_stop(t)) {
        (void)os_wait_ms(&t->wake, &t->lock, ms);
    }
    os_unlock(&t->lock);
    return should_stop(t);
}

static void *loop(void *ctx)
{
    struct bulk_thread *t = ctx;
    struct db *db = handle_open(t->care, pause, t);
    int64_t expired_ms = 0;
    while (db != NULL && !should_stop(t)) {
        struct instant now = os_now();
        bool ran = false;
        enum err e = bulk_run(t->care, db, should_stop, t, &ran);
        if (now.ms - expired_ms > EXPIRE_EVERY_MS) {
            (void)!bulk_expire(t->care, db, now); /* found again in a minute */
            expired_ms = now.ms;
        }
        if (e != OK || !ran) {
            (void)pause(t, e != OK ? RETRY_MS : POLL_MS);
        }
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

struct bulk_thread *bulk_thread_start(struct care *care)
{
    struct bulk_thread *t = os_alloc(1, sizeof *t);
    t->care = care;
    os_mutex_init(&t->lock);
    os_cond_init(&t->wake);
    if (!os_thread_start(&t->thread, "bulk", loop, t)) {
        os_cond_done(&t->wake);
        os_mutex_done(&t->lock);
        os_free(t);
        return NULL;
    }
    return t;
}

void bulk_thread_stop(struct bulk_thread *t)
{
    if (t == NULL) {
        return;
    }
    os_lock(&t->lock);
    atomic_store(&t->stop, true);
    os_broadcast(&t->wake);
    os_unlock(&t->lock);
    os_thread_join(&t->thread);
    os_cond_done(&t->wake);
    os_mutex_done(&t->lock);
    os_free(t);
}
