/* http/pool.c - a few threads for what must not hold up an I/O thread: slow handlers and the bodies
 * of STREAM rows. Each has its own read handle. */
#include "http/http_int.h"
#include "os/clock.h"

bool pool_is_full(struct pool *p)
{
    os_lock(&p->lock);
    bool full = p->n >= POOL_QUEUE_MAX;
    os_unlock(&p->lock);
    return full;
}

struct pool *pool_of(struct call *c)
{
    const struct http_route *route = c->h.route;
    bool outside = route != NULL && (route->flags & OUTSIDE) != 0;
    return outside ? &c->w->s->outside : &c->w->s->pool;
}

/* Never refuses: at most one entry per connection, and slow handlers were counted before. */
void pool_push(struct pool *p, struct call *c)
{
    c->queued_us = os_ticks_us();
    c->next_call = NULL;
    os_lock(&p->lock);
    if (p->last != NULL) {
        p->last->next_call = c;
    } else {
        p->first = c;
    }
    p->last = c;
    p->n++;
    os_signal(&p->more);
    os_unlock(&p->lock);
}

static struct call *pool_pop(struct pool *p)
{
    os_lock(&p->lock);
    while (p->first == NULL && !p->closed) {
        os_wait(&p->more, &p->lock);
    }
    struct call *c = p->first;
    if (c != NULL) {
        p->first = c->next_call;
        p->last = p->first != NULL ? p->last : NULL;
        p->n--;
    }
    os_unlock(&p->lock);
    return c;
}

/* The caller left while its body was coming: the last of it was handed over. What the request held goes
 * now, unfinished files among it; the call goes home, where it may wait long for its next use. */
static void give_back(struct call *c)
{
    struct worker *w = c->w;
    call_empty(c);
    os_lock(&w->lock);
    c->next_call = w->returned;
    w->returned = c;
    os_unlock(&w->lock);
}

/* The read audit of an answer made here is waited for here. */
static void make_durable(struct call *c)
{
    const struct http_hooks *hooks = c->w->s->o.hooks;
    if (c->h.rq.audit == NULL || c->audited || hooks->commit == NULL) {
        return;
    }
    enum err e = hooks->commit(&c->h, NULL);
    c->audited = true;
    if (e != OK) {
        c->fail_rendered = false;
        call_render(c, e);
    }
}

static void pool_do(struct call *c, struct db *db)
{
    struct db *own = c->h.rq.db;
    c->h.rq.db = db;
    c->on_pool = true;
    c->h.rq.shared = true;
    if (c->task == TASK_RUN) {
        if (os_ticks_us() - c->queued_us > LIVE_MS_MAX * UINT64_C(1000)) {
            call_render(c, FAIL(&c->h.rq, E_BUSY, "pool"));
        } else {
            call_run(c, c->next);
        }
        c->task = TASK_RUN;
    } else {
        stream_task(c);
    }
    if (c->reply.status != 0) {
        make_durable(c);
    }
    c->on_pool = false;
    c->h.rq.shared = false;
    c->h.rq.db = own;
    if (c->task == TASK_BROKEN) {
        give_back(c);
        return;
    }
    c->phase = PHASE_WOKEN;
    call_wake(c);
}

static void *pool_main(void *ctx)
{
    struct pool_thread *own = ctx;
    for (struct call *c; (c = pool_pop(own->pool)) != NULL;) {
        pool_do(c, own->db);
    }
    return NULL;
}

enum err pool_start(struct req *rq, struct pool *p, struct http_server *s, unsigned n)
{
    const struct http_hooks *hooks = s->o.hooks;
    p->s = s;
    os_mutex_init(&p->lock);
    os_cond_init(&p->more);
    for (unsigned i = 0; i < MIN(n, (unsigned)LEN(p->threads)); i++) {
        struct pool_thread *t = &p->threads[i];
        t->pool = p;
        t->db = hooks->db_open != NULL ? hooks->db_open(s->o.app) : NULL;
        if (hooks->db_open != NULL && t->db == NULL) {
            return FAIL(rq, E_IO, "read handle");
        }
        ASSERT(os_thread_start(&t->thread, "http-pool", pool_main, t));
        p->n_threads++;
    }
    return OK;
}

void pool_stop(struct pool *p)
{
    os_lock(&p->lock);
    p->closed = true;
    os_broadcast(&p->more);
    os_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++) {
        os_thread_join(&p->threads[i].thread);
        if (p->threads[i].db != NULL) {
            p->s->o.hooks->db_close(p->threads[i].db);
        }
    }
    os_cond_done(&p->more);
    os_mutex_done(&p->lock);
}

enum err http_slow(struct http_req *h, http_handler_fn fn)
{
    struct call *c = call_of(h);
    if (c->on_pool) {
        return fn(h);
    }
    if (pool_is_full(pool_of(c))) {
        return FAIL(&h->rq, E_BUSY, "pool");
    }
    c->next = fn;
    c->task = TASK_RUN;
    return OK;
}

enum err http_commit(struct http_req *h, struct tx *tx, http_handler_fn then)
{
    struct call *c = call_of(h);
    const struct http_hooks *hooks = c->w->s->o.hooks;
    if (tx == NULL) {
        return FAIL(&h->rq, E_TOO_LARGE, "memory cap");
    }
    if (c->on_pool) {
        enum err e = hooks->commit(h, tx);
        if (e == OK) {
            c->changed = true;
            return then(h);
        }
        return h->on_fail != NULL ? h->on_fail(h) : e;
    }
    c->tx = tx;
    c->next = then;
    c->task = TASK_COMMIT;
    return OK;
}
