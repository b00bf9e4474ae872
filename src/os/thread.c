/* os/thread.c - threads, locks, queue. See thread.h. */
#include "os/thread.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"

void os_mutex_init(struct os_mutex *m)
{
    ASSERT(pthread_mutex_init(&m->m, NULL) == 0);
}

void os_mutex_done(struct os_mutex *m)
{
    ASSERT(pthread_mutex_destroy(&m->m) == 0);
}

void os_lock(struct os_mutex *m)
{
    ASSERT(pthread_mutex_lock(&m->m) == 0);
}

void os_unlock(struct os_mutex *m)
{
    ASSERT(pthread_mutex_unlock(&m->m) == 0);
}

void os_cond_init(struct os_cond *c)
{
    pthread_condattr_t attr;
    ASSERT(pthread_condattr_init(&attr) == 0);
    ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&c->c, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

void os_cond_done(struct os_cond *c)
{
    ASSERT(pthread_cond_destroy(&c->c) == 0);
}

void os_wait(struct os_cond *c, struct os_mutex *m)
{
    ASSERT(pthread_cond_wait(&c->c, &m->m) == 0);
}

bool os_wait_ms(struct os_cond *c, struct os_mutex *m, uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    int e = pthread_cond_timedwait(&c->c, &m->m, &t);
    ASSERT(e == 0 || e == ETIMEDOUT);
    return e == 0;
}

void os_signal(struct os_cond *c)
{
    ASSERT(pthread_cond_signal(&c->c) == 0);
}

void os_broadcast(struct os_cond *c)
{
    ASSERT(pthread_cond_broadcast(&c->c) == 0);
}

bool os_thread_start(struct os_thread *t, const char *name, os_thread_fn fn, void *ctx)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&t->t, NULL, fn, ctx);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e != 0) {
        return false;
    }
    pthread_setname_np(t->t, name);
    return true;
}

void os_thread_join(struct os_thread *t)
{
    ASSERT(pthread_join(t->t, NULL) == 0);
}

struct os_queue {
    struct os_mutex lock;
    struct os_cond more;
    size_t cap;
    size_t first;
    size_t n;
    bool closed;
    void *items[];
};

struct os_queue *os_queue_new(size_t cap)
{
    ASSERT(cap > 0 && cap < SIZE_MAX / sizeof(void *) / 2);
    struct os_queue *q = os_alloc(1, sizeof(*q) + cap * sizeof(void *));
    os_mutex_init(&q->lock);
    os_cond_init(&q->more);
    q->cap = cap;
    return q;
}

void os_queue_free(struct os_queue *q)
{
    if (q != NULL) {
        os_cond_done(&q->more);
        os_mutex_done(&q->lock);
        os_free(q);
    }
}

bool os_queue_push(struct os_queue *q, void *item)
{
    os_lock(&q->lock);
    bool taken = !q->closed && q->n < q->cap;
    if (taken) {
        q->items[(q->first + q->n) % q->cap] = item;
        q->n++;
        os_signal(&q->more);
    }
    os_unlock(&q->lock);
    return taken;
}

/* The first item, NULL when there is none. With the lock held. */
static void *queue_first(struct os_queue *q)
{
    void *item = NULL;
    if (q->n > 0) {
        item = q->items[q->first];
        q->first = (q->first + 1) % q->cap;
        q->n--;
    }
    return item;
}

void *os_queue_pop(struct os_queue *q)
{
    os_lock(&q->lock);
    while (q->n == 0 && !q->closed) {
        os_wait(&q->more, &q->lock);
    }
    void *item = queue_first(q);
    os_unlock(&q->lock);
    return item;
}

void *os_queue_pop_ms(struct os_queue *q, uint32_t ms)
{
    os_lock(&q->lock);
    if (q->n == 0 && !q->closed) {
        (void)os_wait_ms(&q->more, &q->lock, ms);
    }
    void *item = queue_first(q);
    os_unlock(&q->lock);
    return item;
}

void os_queue_close(struct os_queue *q)
{
    os_lock(&q->lock);
    q->closed = true;
    os_broadcast(&q->more);
    os_unlock(&q->lock);
}

size_t os_queue_len(struct os_queue *q)
{
    os_lock(&q->lock);
    size_t n = q->n;
    os_unlock(&q->lock);
    return n;
}

void *os_alloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    ASSERT(p != NULL);
    return p;
}

void os_free(void *p)
{
    free(p);
}

void os_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
