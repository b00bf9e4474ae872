/* store/commit.c - handing transactions to the writer. See tx.h. */
#include "store/writer_int.h"

/* rq->audit holds the newest first; the chain wants the order of events. */
static struct audit_rec *oldest_first(struct audit_rec *newest)
{
    struct audit_rec *list = NULL;
    while (newest != NULL) {
        struct audit_rec *next = newest->next;
        newest->next = list;
        list = newest;
        newest = next;
    }
    return list;
}

/* What a refused transaction leaves on its request: the looks and refusals on the way to it, for the
 * answer's own commit. Where the store cannot write now, nothing is left to fail once more. */
void tx_give_back(struct tx *tx, enum err result)
{
    if (result == E_FULL || result == E_IO || result == E_BUSY) {
        return;
    }
    tx->rq->audit = oldest_first(tx->audit); /* newest first again */
    tx->audit = NULL;
    audit_take_back(tx->rq, NULL);
}

/* On the thread that prepared it: the writer has the least time of all. */
static void pack(struct store *st, struct tx *tx)
{
    for (size_t i = 0; i < tx->n_items; i++) {
        struct tx_item *item = tx->items[i];
        if (!item->is_delete) {
            item->stored =
                dict_pack(st->dicts, tx->rq->a, item->put.type, item->put.body, &item->codec);
        }
    }
}

void store_submit(struct store *st, struct tx *tx, tx_done_fn done, void *ctx)
{
    struct writer *w = st->writer;
    ASSERT(w != NULL && tx->done == NULL);
    if (!arena_whole(tx->rq->a)) {
        done(ctx, FAIL(tx->rq, E_TOO_LARGE, "memory cap"));
        return;
    }
    pack(st, tx);
    arena_forgive(tx->rq->a); /* what did not fit is stored as it is */
    tx->audit = oldest_first(tx->rq->audit);
    tx->rq->audit = NULL;
    tx->done = done;
    tx->ctx = ctx;
    atomic_fetch_add_explicit(&w->n_queued, 1, memory_order_relaxed);
    os_lock(&w->lock);
    bool stopped = w->stop;
    if (!stopped) {
        bool was_empty = w->first == NULL;
        *w->last = tx;
        w->last = &tx->next;
        if (was_empty) {
            os_signal(&w->more);
        }
    }
    os_unlock(&w->lock);
    if (stopped) {
        atomic_fetch_sub_explicit(&w->n_queued, 1, memory_order_relaxed);
        done(ctx, FAIL(tx->rq, E_BUSY, "the server is stopping"));
    }
}

struct waiter {
    struct os_mutex lock;
    struct os_cond cond;
    bool done;
    enum err err;
};

static void wake(void *ctx, enum err e)
{
    struct waiter *wt = ctx;
    os_lock(&wt->lock);
    wt->done = true;
    wt->err = e;
    os_signal(&wt->cond);
    os_unlock(&wt->lock);
}

enum err store_commit(struct store *st, struct req *rq, struct tx *tx)
{
    struct waiter wt = {.done = false};
    ASSERT(rq == tx->rq);
    if (tx_is_empty(tx)) {
        return OK;
    }
    os_mutex_init(&wt.lock);
    os_cond_init(&wt.cond);
    store_submit(st, tx, wake, &wt);
    os_lock(&wt.lock);
    while (!wt.done) {
        os_wait(&wt.cond, &wt.lock);
    }
    os_unlock(&wt.lock);
    os_cond_done(&wt.cond);
    os_mutex_done(&wt.lock);
    return wt.err;
}

enum err store_commit_audit(struct store *st, struct req *rq)
{
    audit_take_back(rq, NULL); /* no change goes along */
    if (rq->audit == NULL) {
        return OK;
    }
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    return store_commit(st, rq, tx);
}

void store_on_commit(struct store *st, store_events_fn fn, void *ctx)
{
    struct writer *w = st->writer;
    ASSERT(w != NULL);
    os_lock(&w->lock);
    w->on_commit = fn;
    w->on_commit_ctx = ctx;
    os_unlock(&w->lock);
}

struct store_stats store_stats(struct store *st)
{
    struct writer *w = st->writer;
    if (w == NULL) {
        return (struct store_stats){.txs = 0};
    }
    return (struct store_stats){
        .txs = atomic_load_explicit(&w->n_txs, memory_order_relaxed),
        .batches = atomic_load_explicit(&w->n_batches, memory_order_relaxed),
        .failed_txs = atomic_load_explicit(&w->n_failed, memory_order_relaxed),
        .audits = atomic_load_explicit(&w->n_audits, memory_order_relaxed),
        .write_us = atomic_load_explicit(&w->write_us, memory_order_relaxed),
        .sync_us = atomic_load_explicit(&w->sync_us, memory_order_relaxed),
        .queued = atomic_load_explicit(&w->n_queued, memory_order_relaxed),
        .wal_pages = atomic_load_explicit(&w->n_wal_pages, memory_order_relaxed),
    };
}
