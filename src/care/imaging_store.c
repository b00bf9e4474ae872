/* care/imaging_store.c - images of many requests filed by few transactions.
 *
 * A study sent slice by slice over several connections changes the same rows with every slice: transactions
 * side by side would meet as E_STALE and be done again. So senders queue: one of them files what waits,
 * everybody's, in one transaction, while the next ones gather. One lane holds one sender's requests (a
 * transaction has one author); several senders go on beside each other, and what they change under each
 * other is looked at again. */
#include <string.h>

#include "care/attach.h"
#include "care/imaging_int.h"

enum { TRIES = 20, FILE_ARENA = 64 << 20 };

/* One request's images. */
struct image_work {
    struct image_work *next;
    struct req *rq;
    struct image_item *items;
    size_t n;
    enum err e;
    bool is_done;
};

static bool same_sender(const struct req *a, const struct req *b)
{
    const struct audit_who *x = audit_who_of(a);
    const struct audit_who *y = audit_who_of(b);

    return str_eq(x->actor, y->actor) && str_eq(x->login, y->login) && str_eq(x->role, y->role)
           && str_eq(x->org, y->org) && a->who->rights == b->who->rights
           && str_eq(str_z(a->peer), str_z(b->peer));
}

static struct image_lane *lane_of(const struct req *rq)
{
    const struct audit_who *w = audit_who_of(rq);

    return &care_of(rq)->images[(str_hash(w->login) ^ str_hash(w->actor)) % IMAGE_LANES];
}

/* ---- one transaction ---- */

static enum err commit_once(struct req *rq, struct image_item *items, size_t n)
{
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(image_file(rq, tx, items, n, NULL, NULL, false, NULL));
    return tx_is_empty(tx) ? OK : store_commit(care_of(rq)->store, rq, tx);
}

/* In a request of its own, made anew for each try. */
static enum err commit_items(const struct req *of, struct db *db, struct image_item *items, size_t n)
{
    enum err e = E_STALE;

    for (int i = 0; i < TRIES && (e == E_STALE || e == E_CONFLICT); i++) {
        struct req rq;
        req_init(&rq, FILE_ARENA, of->now);
        rq.app = of->app;
        rq.db = db;
        rq.who = of->who;
        rq.lang = of->lang;
        rq.id = of->id;
        memcpy(rq.peer, of->peer, sizeof rq.peer);
        e = commit_once(&rq, items, n);
        req_done(&rq);
    }
    return e == E_STALE ? E_BUSY : e;
}

/* ---- the lane ---- */

/* Takes from the lane what goes with first: the same sender's, as much as fits. Under the lock. */
static struct image_work *take_waiting(struct image_lane *lane, size_t *ret_n)
{
    struct image_work *batch = NULL;
    struct image_work **end = &batch;
    struct image_work **at = &lane->waiting;
    size_t n = 0;

    while (*at != NULL) {
        struct image_work *w = *at;
        if (n > 0 && (n + w->n > IMAGES_AT_ONCE || !same_sender(batch->rq, w->rq))) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->next = NULL;
        *end = w;
        end = &w->next;
        n += w->n;
    }
    *ret_n = n;
    return batch;
}

static void join(struct image_lane *lane, struct image_work *w)
{
    struct image_work **at = &lane->waiting;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = w;
}

static enum err file_all(struct req *mine, struct image_work *batch, size_t n)
{
    struct image_item *items = os_alloc(n + 1, sizeof *items);
    size_t at = 0;

    for (struct image_work *w = batch; w != NULL; w = w->next) {
        memcpy(items + at, w->items, w->n * sizeof *items);
        at += w->n;
    }
    enum err e = commit_items(batch->rq, mine->db, items, n);
    os_free(items);
    return e;
}

/* Files a batch with this thread's read handle. The others of it wait, so what is theirs may be touched. What
 * is wrong with one of them must not stop the others: then each is filed alone. */
static void file_batch(struct req *mine, struct image_work *batch, size_t n)
{
    enum err e = file_all(mine, batch, n);
    bool apart = e != OK && e != E_FULL && e != E_IO && e != E_BUSY && batch->next != NULL;

    for (struct image_work *w = batch; w != NULL; w = w->next) {
        w->e = apart ? commit_items(w->rq, mine->db, w->items, w->n) : e;
    }
}

/* Waits until w is done, doing the work of the lane when nobody else is. */
static void wait_turn(struct image_lane *lane, struct image_work *w)
{
    os_lock(&lane->lock);
    join(lane, w);
    while (!w->is_done) {
        if (lane->busy) {
            os_wait(&lane->turn, &lane->lock);
            continue;
        }
        size_t n = 0;
        struct image_work *batch = take_waiting(lane, &n);
        lane->busy = true;
        os_unlock(&lane->lock);
        file_batch(w->rq, batch, n);
        os_lock(&lane->lock);
        lane->busy = false;
        while (batch != NULL) {
            struct image_work *next = batch->next;
            batch->is_done = true; /* its owner may go on, and the work with it, once the lock is free */
            batch = next;
        }
        os_broadcast(&lane->turn);
    }
    os_unlock(&lane->lock);
}

static enum err store_some(struct req *rq, const struct image_from *from, const struct image_in *in,
                           size_t n, struct image_out *ret_out)
{
    struct image_item *items = ARENA_ARRAY(rq->a, n, struct image_item);
    struct image_work w = {.rq = rq, .items = items, .n = n};

    TRY_MEM(rq, items);
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct image_item){.in = &in[i], .from = from, .out = &ret_out[i]};
        TRY(image_read(rq, &items[i]));
    }
    wait_turn(lane_of(rq), &w);
    return w.e == OK ? OK : FAIL(rq, w.e, "images were not stored");
}

enum err imaging_store(struct req *rq, const struct image_from *from, const struct image_in *in,
                       size_t n, struct image_out *ret_out)
{
    struct image_target to;

    TRY(image_target(rq, from, true, &to));
    for (size_t at = 0; at < n; at += IMAGES_AT_ONCE) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(store_some(rq, from, in + at, MIN(n - at, (size_t)IMAGES_AT_ONCE), ret_out + at));
        arena_back(rq->a, mark);
    }
    return OK;
}
