/* store/scrub.c - what erased rows leave in the file: dictionaries made of them (redict.c), words in
 * old segments of the text index, content of free pages, the log. See store_scrub().
 *
 * A removed row's bytes are overwritten in its page, and so is a page that becomes free (pragma
 * secure_delete), since schema 28. All free pages are taken once by rows of zeros, for those of
 * before; then these go. */
#include "store/erase.h"
#include "store/erase_int.h"

enum {
    MERGE_PAGES = 256, /* of the text index, about, in one piece */
    FILL_PAGES = 256,  /* of the file */
    PAGE_USED = 4092,  /* of a page of 4096, in a long row */
    IN_LEAF = 1000,    /* of such a row, beside whole pages: so the last of them is written to its end */
    CUT_WAIT_MS = 100,
};

static enum err words_merge(struct writer *w, struct req *rq, struct tx_scrub_op *op)
{
    int before = sqlite3_total_changes(w->conn->sql);
    const int64_t v[] = {op->step == SCRUB_BEGIN ? -MERGE_PAGES : MERGE_PAGES};
    TRY(apply_ints(w, rq, C_WORD_MERGE, v, 1));
    int work = sqlite3_total_changes(w->conn->sql) - before;
    op->step = op->step == SCRUB_BEGIN || work >= 2 ? SCRUB_WORDS : SCRUB_FILL;
    return OK;
}

static enum err free_fill(struct writer *w, struct req *rq, struct tx_scrub_op *op)
{
    int64_t n = 0;
    TRY(apply_number(w, rq, C_FREE_PAGES, &n));
    if (n == 0) {
        op->step = SCRUB_DROP;
        return OK;
    }
    const int64_t v[] = {MIN(n, (int64_t)FILL_PAGES) * PAGE_USED + IN_LEAF};
    return apply_ints(w, rq, C_SCRUB_ADD, v, 1);
}

static enum err filled_drop(struct writer *w, struct req *rq, struct tx_scrub_op *op)
{
    int64_t n = 0;
    TRY(apply_ints(w, rq, C_SCRUB_DROP, NULL, 0));
    TRY(apply_number(w, rq, C_SCRUB_LAST, &n));
    op->step = n > 0 ? SCRUB_DROP : SCRUB_DONE;
    return OK;
}

enum err scrub_write(struct writer *w, struct req *rq, struct tx_scrub_op *op)
{
    switch (op->step) {
    case SCRUB_TRAIN:
    case SCRUB_DICTS: break; /* of redict.c */
    case SCRUB_BEGIN:
    case SCRUB_WORDS: return words_merge(w, rq, op);
    case SCRUB_FILL: return free_fill(w, rq, op);
    case SCRUB_DROP: return filled_drop(w, rq, op);
    case SCRUB_DONE: break;
    }
    return OK;
}

/* The log into the file, and the log to nothing. */
static enum err log_cut(struct store *st, struct req *rq)
{
    struct conn *c = conn_open(st->path, true);
    if (c == NULL) {
        return FAIL(rq, E_IO, "a connection");
    }
    sqlite3_busy_timeout(c->sql, CUT_WAIT_MS);
    int rc = sqlite3_wal_checkpoint_v2(c->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    conn_close(c);
    if ((rc & 0xff) == SQLITE_BUSY) {
        return FAIL(rq, E_BUSY, "the log is being read");
    }
    return rc == SQLITE_OK ? OK : FAIL(rq, E_IO, "sqlite %d", rc);
}

/* What no longer holds is made anew with the next call. */
static enum err dicts_step(struct store *st, struct req *rq, unsigned *step)
{
    bool more = true;
    enum err e = *step == SCRUB_TRAIN ? redict_train(st, rq) : redict_step(st, rq, &more);
    if (e == E_STALE) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *step = *step == SCRUB_TRAIN ? SCRUB_DICTS : more ? SCRUB_DICTS : SCRUB_BEGIN;
    return OK;
}

enum err store_scrub(struct store *st, struct req *rq, unsigned *step, bool *ret_more)
{
    struct tx_scrub_op op = {.step = (enum scrub_step)*step};
    *ret_more = *step != SCRUB_DONE;
    if (op.step == SCRUB_TRAIN || op.step == SCRUB_DICTS) {
        return dicts_step(st, rq, step);
    }
    if (op.step == SCRUB_DONE) {
        return log_cut(st, rq);
    }
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    tx->scrub = &op;
    TRY(store_commit(st, rq, tx));
    *step = op.step;
    return OK;
}
