/* store/train.c - dictionaries made from what is stored. See dict_int.h.
 *
 * The keeper makes them: the first of a type after its first bodies, others much later, kept only
 * when they gain. A dictionary holds pieces of records, and is as secret as they are: its row names the
 * versions, so that it goes when one of them is erased (redict.c). */
#include <string.h>
#include <zdict.h>

#include "os/clock.h"
#include "store/dict_int.h"
#include "store/read_int.h"
#include "store/store_int.h"

enum {
    SAMPLES = 512,          /* bodies looked at, the newest ones */
    SAMPLES_MIN = 32,
    SAMPLE_MAX = 8192,      /* longer bodies do not need one */
    LOOK_BACK = 65536,      /* versions */
    HELD_BACK = 4,          /* each fourth body tries the dictionary and does not train it */
    WORK_CAP = 24 << 20,
};

/* Bodies one after the other. */
struct heap {
    char *p;
    size_t n;
    size_t sizes[SAMPLES];
    unsigned char vids[SAMPLES][8]; /* versions they are of, le64 */
    unsigned count;
};

static void heap_add(struct heap *h, int64_t vid, struct str body)
{
    for (size_t i = 0; i < 8; i++) {
        h->vids[h->count][i] = (unsigned char)((uint64_t)vid >> (8 * i));
    }
    memcpy(h->p + h->n, body.p, body.n);
    h->n += body.n;
    h->sizes[h->count++] = body.n;
}

static bool heap_new(struct arena *a, struct heap *h)
{
    *h = (struct heap){.p = arena_alloc_raw(a, (size_t)SAMPLES * SAMPLE_MAX)};
    return h->p != NULL;
}

static enum err collect(struct req *rq, uint16_t type, bool all, struct heap *train, struct heap *test)
{
    sqlite3_stmt *st;
    bool has = true;
    enum err e = OK;
    TRY(read_take(rq, C_VER_OF_TYPE, &st));
    bind_i64(st, 1, type);
    bind_i64(st, 2, all ? INT64_MAX : LOOK_BACK);
    bind_i64(st, 3, SAMPLES);
    bind_i64(st, 4, SAMPLE_MAX);
    for (unsigned i = 0; (e = read_step(rq, st, &has)) == OK && has && i < SAMPLES; i++) {
        struct str body;
        e = dict_unpack(rq, rq->db, sqlite3_column_int64(st, 0), col_str(st, 1), &body);
        if (e != OK) {
            break;
        }
        if (body.n > 0 && body.n <= SAMPLE_MAX) {
            heap_add(i % HELD_BACK == HELD_BACK - 1 ? test : train, sqlite3_column_int64(st, 2), body);
        }
    }
    conn_give(rq->db->conn, C_VER_OF_TYPE, st);
    return e;
}

/* Bytes the held back bodies need at present, and with the new dictionary. */
static bool gains(struct req *rq, struct dicts *ds, uint16_t type, const struct heap *test,
                  struct str bytes)
{
    struct dicts *fresh = dicts_new();
    size_t now = 0;
    size_t then = 0;
    dicts_use(fresh, CODEC_DICT, type, bytes);
    for (size_t i = 0, at = 0; i < test->count; at += test->sizes[i++]) {
        struct str body = {test->p + at, test->sizes[i]};
        struct arena_mark mark = arena_mark(rq->a);
        int64_t codec;
        now += dict_pack(ds, rq->a, type, body, &codec).n;
        then += dict_pack(fresh, rq->a, type, body, &codec).n;
        arena_back(rq->a, mark);
    }
    dicts_free(fresh);
    return then < now - now / 16;
}

static enum err dict_save(struct req *rq, struct store *st, uint16_t type, unsigned samples,
                          const struct heap *learnt, struct str bytes)
{
    const struct str vids = {(const char *)learnt->vids, learnt->count * sizeof(learnt->vids[0])};
    struct tx_dict_op op = {
        .kind = DICT_OP_ADD, .type = type, .samples = samples, .bytes = bytes, .vids = vids};
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    tx->dict = &op;
    return store_commit(st, rq, tx);
}

static enum err train(struct req *rq, struct store *st, uint16_t type, bool all)
{
    struct heap *learn = ARENA_NEW(rq->a, struct heap);
    struct heap *test = ARENA_NEW(rq->a, struct heap);
    char *out = arena_alloc_raw(rq->a, DICT_BYTES);
    if (learn == NULL || test == NULL || out == NULL || !heap_new(rq->a, learn) ||
        !heap_new(rq->a, test)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    TRY(collect(rq, type, all, learn, test));
    if (learn->count < SAMPLES_MIN) {
        return OK;
    }
    size_t room = MIN((size_t)DICT_BYTES, learn->n / 4);
    size_t n = ZDICT_trainFromBuffer(out, room, learn->p, learn->sizes, learn->count);
    if (ZDICT_isError(n)) { /* bodies too short or all the same: they stay without */
        return OK;
    }
    struct str bytes = {out, n};
    return gains(rq, st->dicts, type, test, bytes)
               ? dict_save(rq, st, type, learn->count + test->count, learn, bytes)
               : OK;
}

enum err dict_train(struct store *st, uint16_t type, bool all)
{
    struct req rq;
    req_init(&rq, WORK_CAP, os_now());
    rq.db = store_db_open(st);
    enum err e = rq.db != NULL ? train(&rq, st, type, all) : E_IO;
    err_clear(&rq);
    store_db_close(rq.db);
    req_done(&rq);
    return e;
}
