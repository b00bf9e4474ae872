/* os/thread.h - threads, locks and a bounded queue. */
#pragma once

#include <pthread.h>

#include "base/attr.h"

struct os_mutex {
    pthread_mutex_t m;
};
struct os_cond {
    pthread_cond_t c;
};
struct os_thread {
    pthread_t t;
};

#define OS_MUTEX_INIT {PTHREAD_MUTEX_INITIALIZER}

void os_mutex_init(struct os_mutex *m);
void os_mutex_done(struct os_mutex *m);
void os_lock(struct os_mutex *m);
void os_unlock(struct os_mutex *m);
/* Waits on the monotonic clock. */
void os_cond_init(struct os_cond *c);
void os_cond_done(struct os_cond *c);
void os_wait(struct os_cond *c, struct os_mutex *m);
/* False when ms passed without a signal. May wake early: test the condition again. */
bool os_wait_ms(struct os_cond *c, struct os_mutex *m, uint32_t ms);
void os_signal(struct os_cond *c);
void os_broadcast(struct os_cond *c);

typedef void *(*os_thread_fn)(void *ctx);
/* Starts a thread with all signals blocked; name (up to 15 characters, a literal) is what tools
 * show. False when the system has no room for one. End it with os_thread_join(). */
MUST_USE bool os_thread_start(struct os_thread *t, const char *name, os_thread_fn fn, void *ctx);
void os_thread_join(struct os_thread *t);

/* A bounded queue of pointers between threads, first in, first out. */
struct os_queue;
/* gives a queue for at most cap items; end it with os_queue_free() once no thread uses it. Ends the
 * process when the system has no memory. */
struct os_queue *os_queue_new(size_t cap);
void os_queue_free(struct os_queue *q);
/* False when the queue is full or closed: the item was not taken. Never waits. */
MUST_USE bool os_queue_push(struct os_queue *q, void *item);
/* Waits for an item; NULL when the queue is closed and empty. */
void *os_queue_pop(struct os_queue *q);
/* The same, at most about ms: NULL then too. */
void *os_queue_pop_ms(struct os_queue *q, uint32_t ms);
/* No more items are taken; waiting threads wake. */
void os_queue_close(struct os_queue *q);
size_t os_queue_len(struct os_queue *q);

/* Zeroed memory that outlives requests: rings, pools, contexts of threads. Ends the process when
 * the system has none. Free with os_free(); NULL is allowed. */
void *os_alloc(size_t n, size_t size);
void os_free(void *p);
/* Memory that requests have ended with goes back to the system. For a quiet moment. */
void os_give_back(void);
