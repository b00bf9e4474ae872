/* store/writer.c - the writer thread: many transactions, one sync.
 *
 * Loop: wait for work; BEGIN IMMEDIATE; apply what is queued, each transaction under its own
 * savepoint, until the queue is empty or the batch is large or old enough; COMMIT (synchronous=FULL:
 * the bytes are on the disk); then tell everybody. If the disk fails in between, everything of the
 * batch is undone and everybody is told so. A second thread, the keeper, writes the signed head once
 * a minute and moves the log into the database file. */
#include "store/writer_int.h"

#include <string.h>

#include "os/clock.h"
#include "os/log.h"

enum {
    KEEP_MS = 60000,          /* between two signed heads */
    IDLE_MS = 20000,          /* without work the writer gives its pages back */
    CHECKPOINT_PAGES = 4000,  /* the keeper moves the log from here on */
    CHECKPOINT_NOW = 16000,   /* the writer does, so that the log starts anew */
    ROOM_EVERY_US = 200000,   /* between two looks at the free space */
    SCRATCH_CAP = 256 << 20,  /* one transaction's temporary rows */
    HEAD_ARENA = 64 << 10,
};

static int on_wal(void *ctx, sqlite3 *sql, const char *name, int pages)
{
    struct writer *w = ctx;
    (void)sql;
    (void)name;
    w->wal_pages = pages;
    return SQLITE_OK;
}

/* ---- where the chains stand ---- */

static enum err load_last(struct writer *w, struct req *rq, unsigned id, uint64_t *ret_seq,
                          uint8_t ret_hash[32], int hash_col)
{
    sqlite3_stmt *st = conn_take(w->conn, id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    int rc = sqlite3_step(st);
    *ret_seq = 0;
    memset(ret_hash, 0, 32);
    if (rc == SQLITE_ROW) {
        struct str hash = col_str(st, hash_col);
        *ret_seq = (uint64_t)sqlite3_column_int64(st, 0);
        memcpy(ret_hash, hash.p, MIN(hash.n, (size_t)32));
    }
    if (rc == SQLITE_ROW && id == C_TX_LAST) {
        w->time_ms = MAX(w->time_ms, sqlite3_column_int64(st, 1));
    }
    return apply_end(w, rq, id, st, rc);
}

/* Reads the counters and chain ends again: at start, and when another process wrote. */
static enum err reload(struct writer *w, struct req *rq)
{
    struct marks m = {.next_rid = 0};
    TRY(apply_number(w, rq, C_RES_LAST, &m.next_rid));
    TRY(apply_number(w, rq, C_VER_LAST, &m.next_vid));
    TRY(apply_number(w, rq, C_SRC_LAST, &m.next_src));
    TRY(load_last(w, rq, C_AUDIT_LAST, &m.head.seq, m.head.hash, 1));
    TRY(load_last(w, rq, C_TX_LAST, &m.head.tx, m.head.tx_hash, 2));
    TRY(dicts_load(rq, w->store->dicts, w->conn));
    w->dicts = false;
    m.next_rid++;
    m.next_vid++;
    m.next_src++;
    w->marks = m;
    for (size_t i = 0; i < NEWEST_TYPES; i++) {
        w->type_vid[i] = m.next_vid - 1;
    }
    w->sealed = true;
    memset(w->rids, 0, RID_CACHE * sizeof(*w->rids));
    memset(w->srcs, 0, SRC_CACHE * sizeof(*w->srcs));
    memset(w->newest, 0, NEWEST_CACHE * sizeof(*w->newest));
    return OK;
}

/* ---- one batch ---- */

static enum err batch_begin(struct writer *w)
{
    int64_t version = 0;
    if (!conn_leave(w->conn)) { /* of a batch that could not be undone */
        return conn_err(NULL, w->conn);
    }
    int rc = conn_run(w->conn, C_BEGIN);
    if (rc != SQLITE_DONE) {
        return (rc & 0xff) == SQLITE_BUSY ? E_BUSY : conn_err(NULL, w->conn);
    }
    TRY(apply_number(w, NULL, C_DATA_VERSION, &version));
    if (version != w->data_version) {
        static const struct store_event changed = {.kind = EVENT_DIRECTORY};
        bool foreign = w->data_version != 0;
        TRY(reload(w, NULL));
        w->data_version = version;
        if (foreign && w->on_commit != NULL) {
            w->on_commit(&changed, 1, w->on_commit_ctx); /* a command may have changed people */
        }
    }
    w->time_ms = MAX(w->time_ms, os_now().ms);
    return OK;
}

/* A tx row without versions over audit records that no other tx row covers. */
static enum err seal(struct writer *w)
{
    struct sha s;
    const struct chain_tx row = {.seq = w->marks.head.tx + 1,
                                 .at_ms = w->time_ms,
                                 .first_vid = w->marks.next_vid};
    if (w->sealed) {
        return OK;
    }
    chain_tx_begin(&s, w->marks.head.tx_hash, &row);
    return record_tx(w, NULL, &s, &row);
}

static enum err batch_commit(struct writer *w)
{
    TRY(seal(w));
    return conn_run(w->conn, C_COMMIT) == SQLITE_DONE ? OK : conn_err(NULL, w->conn);
}

static struct tx *queue_take(struct writer *w)
{
    os_lock(&w->lock);
    struct tx *tx = w->first;
    if (tx != NULL) {
        w->first = tx->next;
        if (w->first == NULL) {
            w->last = &w->first;
        }
        tx->next = NULL;
    }
    os_unlock(&w->lock);
    if (tx != NULL) {
        atomic_fetch_sub_explicit(&w->n_queued, 1, memory_order_relaxed);
    }
    return tx;
}

/* Looks at the free space now and then; true when tx may go on. */
static bool has_room(struct writer *w, struct tx *tx)
{
    uint64_t now = os_ticks_us();
    uint64_t free_bytes;
    uint64_t floor_bytes = w->store->opts.free_floor_bytes;
    if (w->room_looked_us == 0 || now - w->room_looked_us > ROOM_EVERY_US) {
        struct req rq = {.a = NULL};
        w->room_looked_us = now;
        int before = w->room;
        if (os_free_bytes(&rq, w->store->dir, &free_bytes) == OK) {
            w->room = free_bytes < floor_bytes / 2 ? 2 : free_bytes < floor_bytes ? 1 : 0;
            if (w->room > before) {
                LOG(LOG_DISK_LOW, log_u64(free_bytes), log_u64(floor_bytes));
            }
        }
    }
    bool grows = tx->n_items > 0 || tx->sqls != NULL;
    return w->room == 0 || (w->room == 1 && !grows);
}

struct batch {
    struct tx *first, **last;
    uint64_t n;
    uint64_t start_us;
    enum err err; /* of all of it */
};

static bool batch_is_full(struct writer *w, const struct batch *b)
{
    return b->n >= w->store->opts.batch_txs ||
           os_ticks_us() - b->start_us >= w->store->opts.batch_us;
}

static void batch_apply(struct writer *w, struct batch *b)
{
    struct tx *tx;
    b->err = batch_begin(w);
    while ((tx = queue_take(w)) != NULL) {
        *b->last = tx;
        b->last = &tx->next;
        b->n++;
        if (b->err == OK && !has_room(w, tx)) {
            tx->result = FAIL(tx->rq, E_FULL, "free space is below the floor");
        } else if (b->err == OK) {
            tx->result = apply_tx(w, tx);
            if (tx->result == E_IO || tx->result == E_FULL) {
                b->err = tx->result;
            }
        }
        if (b->err != OK || batch_is_full(w, b)) {
            break;
        }
    }
}

/* Everything of the batch is undone; those that were refused alone keep their own reason. */
static void batch_undo(struct writer *w, struct batch *b, const struct marks *before)
{
    int code = sqlite3_extended_errcode(w->conn->sql);
    (void)conn_leave(w->conn);
    apply_restore(w, before);
    w->data_version = 0; /* the next batch reads everything again */
    LOG(LOG_BATCH_FAILED, log_u64(b->n), log_i64(code), log_err(b->err));
    for (struct tx *tx = b->first; tx != NULL; tx = tx->next) {
        if (tx->result == OK) {
            tx->result = FAIL(tx->rq, b->err, "the batch was undone");
        }
    }
}

static void batch_tell(struct writer *w, struct batch *b)
{
    struct tx *next;
    for (struct tx *tx = b->first; tx != NULL; tx = tx->next) {
        if (tx->result == OK && tx->erases != NULL) {
            atomic_fetch_add_explicit(&w->store->erased, 1, memory_order_release);
        }
        if (tx->result == OK && tx->n_events > 0 && w->on_commit != NULL) {
            w->on_commit(tx->events, tx->n_events, w->on_commit_ctx);
        }
    }
    for (struct tx *tx = b->first; tx != NULL; tx = next) {
        next = tx->next;
        atomic_fetch_add_explicit(tx->result == OK ? &w->n_txs : &w->n_failed, 1,
                                  memory_order_relaxed);
        if (tx->result != OK) {
            tx_give_back(tx, tx->result);
        }
        tx->done(tx->ctx, tx->result);
    }
}

static void batch_run(struct writer *w)
{
    struct batch b = {.start_us = os_ticks_us()};
    const struct marks before = w->marks;
    b.last = &b.first;
    batch_apply(w, &b);
    uint64_t applied_us = os_ticks_us();
    if (b.err == OK) {
        b.err = batch_commit(w);
    }
    if (b.err == OK && w->dicts && dicts_load(NULL, w->store->dicts, w->conn) != OK) {
        w->data_version = 0; /* before anything else is written */
    }
    w->dicts = false;
    uint64_t synced_us = os_ticks_us();
    atomic_fetch_add_explicit(&w->write_us, applied_us - b.start_us, memory_order_relaxed);
    atomic_fetch_add_explicit(&w->sync_us, synced_us - applied_us, memory_order_relaxed);
    if (b.err == OK) {
        atomic_fetch_add_explicit(&w->n_batches, 1, memory_order_relaxed);
        atomic_store_explicit(&w->n_wal_pages, (uint64_t)w->wal_pages, memory_order_relaxed);
        os_lock(&w->lock);
        w->committed = w->marks.head;
        if (w->wal_pages >= CHECKPOINT_PAGES) {
            w->checkpoint = true;
            os_signal(&w->keep);
        }
        if (w->trains) {
            w->trains = false;
            w->wants_dict = true;
            os_signal(&w->keep);
        }
        os_unlock(&w->lock);
    } else {
        batch_undo(w, &b, &before);
    }
    batch_tell(w, &b);
    if (w->wal_pages >= CHECKPOINT_NOW) {
        sqlite3_wal_checkpoint_v2(w->conn->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
}

static void *writer_main(void *ctx)
{
    struct writer *w = ctx;
    for (;;) {
        bool idle = false;
        os_lock(&w->lock);
        while (w->first == NULL && !w->stop && !idle) {
            idle = !os_wait_ms(&w->more, &w->lock, IDLE_MS) && w->first == NULL && !w->stop;
        }
        bool end = w->first == NULL && !idle;
        os_unlock(&w->lock);
        if (end) {
            return NULL;
        }
        if (idle) {
            sqlite3_db_release_memory(w->conn->sql); /* pages kept for the next batch */
        } else {
            batch_run(w);
        }
    }
}

/* ---- the keeper ---- */

static bool head_same(const struct head *a, const struct head *b)
{
    return a->seq == b->seq && a->tx == b->tx;
}

/* Signed where there are new records only. */
static void keep_head(struct writer *w, struct head *written, const struct head *now)
{
    struct req rq;
    if (head_same(now, written)) {
        return;
    }
    req_init(&rq, HEAD_ARENA, os_now());
    if (head_save(&rq, w->store->dir, &w->store->head_key, now) == OK) {
        *written = *now;
    } else {
        LOG(LOG_HEAD_FAILED, log_err(rq.err.code), log_where(&rq.err));
    }
    req_done(&rq);
}

static void keep_log_short(struct writer *w, struct conn **conn)
{
    if (*conn == NULL) {
        *conn = conn_open(w->store->path, true);
    }
    int rc = *conn == NULL ? SQLITE_CANTOPEN
                           : sqlite3_wal_checkpoint_v2((*conn)->sql, NULL,
                                                       SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
        LOG(LOG_CHECKPOINT, log_i64(rc));
    }
}

static void keep_dicts(struct writer *w)
{
    for (unsigned type = 0; type < DICT_TYPES; type++) {
        if (atomic_exchange_explicit(&w->train[type], false, memory_order_relaxed)) {
            (void)!dict_train(w->store, (uint16_t)type, false); /* the next round comes; nothing is lost */
        }
    }
}

static void *keeper_main(void *ctx)
{
    struct writer *w = ctx;
    struct head written = w->started;
    struct conn *conn = NULL;
    uint64_t kept_us = os_ticks_us();
    bool end = false;
    while (!end) {
        os_lock(&w->lock);
        bool woken = w->keeper_stop || w->checkpoint || w->wants_dict ||
                     os_wait_ms(&w->keep, &w->lock, KEEP_MS);
        bool checkpoint = w->checkpoint;
        bool dicts = w->wants_dict && !w->keeper_stop;
        struct head now = w->committed;
        end = w->keeper_stop;
        w->checkpoint = false;
        w->wants_dict = false;
        os_unlock(&w->lock);
        if (checkpoint) {
            keep_log_short(w, &conn);
        }
        if (dicts) {
            keep_dicts(w);
        }
        bool minute = !woken || os_ticks_us() - kept_us > KEEP_MS * UINT64_C(1000);
        if (minute) {
            kept_us = os_ticks_us();
            os_give_back(); /* large transactions leave much behind */
        }
        if (minute || end) {
            keep_head(w, &written, &now);
        }
    }
    conn_close(conn);
    return NULL;
}

/* ---- start, stop ---- */

struct writer *writer_start(struct req *rq, struct store *st)
{
    struct writer *w = os_alloc(1, sizeof(*w));
    w->store = st;
    w->scratch = arena_new(SCRATCH_CAP);
    w->rids = os_alloc(RID_CACHE, sizeof(*w->rids));
    w->srcs = os_alloc(SRC_CACHE, sizeof(*w->srcs));
    w->newest = os_alloc(NEWEST_CACHE, sizeof(*w->newest));
    w->last = &w->first;
    os_mutex_init(&w->lock);
    os_cond_init(&w->more);
    os_cond_init(&w->keep);
    w->conn = conn_open(st->path, true);
    if (w->conn == NULL) {
        FAIL(rq, E_IO, "the writer's connection");
        goto failed;
    }
    w->view = (struct db){.store = st, .conn = w->conn, .views = 1};
    sqlite3_wal_hook(w->conn->sql, on_wal, w);
    if (reload(w, rq) != OK) {
        goto failed;
    }
    w->committed = w->marks.head;
    w->started = w->marks.head;
    if (!(st->head_stands && head_same(&st->head, &w->started)) &&
        head_save(rq, st->dir, &st->head_key, &w->started) != OK) {
        goto failed;
    }
    if (!os_thread_start(&w->thread, "writer", writer_main, w)) {
        FAIL(rq, E_IO, "no thread");
        goto failed;
    }
    ASSERT(os_thread_start(&w->keeper, "keeper", keeper_main, w));
    return w;
failed:
    conn_close(w->conn);
    arena_free(w->scratch);
    os_free(w->rids);
    os_free(w->srcs);
    os_free(w->newest);
    os_free(w);
    return NULL;
}

void writer_stop(struct writer *w)
{
    os_lock(&w->lock);
    w->stop = true;
    os_signal(&w->more);
    os_unlock(&w->lock);
    os_thread_join(&w->thread);
    os_lock(&w->lock);
    w->keeper_stop = true;
    os_signal(&w->keep);
    os_unlock(&w->lock);
    os_thread_join(&w->keeper);
    conn_close(w->conn);
    unpack_done(&w->view.unpack); /* checks read bodies too */
    arena_free(w->scratch);
    os_cond_done(&w->keep);
    os_cond_done(&w->more);
    os_mutex_done(&w->lock);
    os_free(w->rids);
    os_free(w->srcs);
    os_free(w->newest);
    os_free(w);
}
