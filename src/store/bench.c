/* store/bench.c - what a create, an audit record and a read cost. Run: store_bench [DIR]
 *
 * Writers submit without waiting, so the writer's own time per transaction is seen; the sync is
 * counted apart. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/random.h"
#include "os/thread.h"
#include "store/audit.h"
#include "store/db.h"

enum { T_PATIENT = 1, T_OBSERVATION = 2, N = 20000, PATIENTS = 1000, WINDOW = 64 };

static const struct audit_who who = {.actor = SI("abcdefghijklmnopqrstuvwxyz"),
                                     .login = SI("a.ospanova"), .role = SI("consultant"),
                                     .org = SI("abcdefghijklmnopqrstuvwxyz")};

struct flight {
    struct req rq;
    struct bench *b;
};
struct bench {
    struct store *st;
    struct os_queue *free; /* flights that landed */
    struct flight flights[WINDOW];
    char ids[N][OS_ID_LEN + 1];
    char patients[PATIENTS][OS_ID_LEN + 1];
    char body[1300];
};

static void done(void *ctx, enum err e)
{
    struct flight *f = ctx;
    if (e != OK) {
        fprintf(stderr, "failed: %s %s\n", err_name(e), f->rq.err.detail);
        abort();
    }
    ASSERT(os_queue_push(f->b->free, f));
}

static struct flight *take(struct bench *b)
{
    struct flight *f = os_queue_pop(b->free);
    arena_reset(f->rq.a);
    f->rq.audit = NULL;
    f->rq.who = (const struct who *)(const void *)&who;
    return f;
}

static void drain(struct bench *b)
{
    struct flight *all[WINDOW];
    for (size_t i = 0; i < WINDOW; i++) {
        all[i] = os_queue_pop(b->free);
    }
    for (size_t i = 0; i < WINDOW; i++) {
        ASSERT(os_queue_push(b->free, all[i]));
    }
}

static void create(struct bench *b, struct flight *f, size_t i)
{
    struct tx *tx = tx_new(&f->rq);
    struct tuple *t = ARENA_ARRAY(f->rq.a, 8, struct tuple);
    struct str patient = str_z(b->patients[i % PATIENTS]);
    int64_t at = 1700000000000 + (int64_t)(i * 977 % 100000) * 1000;
    t[0] = (struct tuple){.kind = TUPLE_TOKEN, .sp = 1, .token = {i % 40 + 1, 7}};
    t[1] = (struct tuple){.kind = TUPLE_TOKEN, .sp = 2, .token = {5, 8}};
    t[2] = (struct tuple){.kind = TUPLE_TOKEN, .sp = 3, .token = {6, 8}};
    t[3] = (struct tuple){.kind = TUPLE_REF, .sp = 4, .ref = {.type = T_PATIENT, .id = patient}};
    t[4] = (struct tuple){.kind = TUPLE_REF, .sp = 5, .ref = {.type = T_PATIENT, .id = patient}};
    t[5] = (struct tuple){.kind = TUPLE_DATE, .sp = 6, .date = {at, at + 1000}};
    t[6] = (struct tuple){.kind = TUPLE_QUANTITY, .sp = 7, .quantity = {3, (double)(i % 200)}};
    t[7] = (struct tuple){.kind = TUPLE_TOKEN, .sp = 8, .token = {i + 1, 9}};
    const struct tx_put p = {.type = T_OBSERVATION,
                             .id = str_z(b->ids[i]),
                             .expect = TX_NEW,
                             .body = str_z(b->body),
                             .at_ms = at,
                             .anchor_type = T_PATIENT,
                             .anchor_id = patient,
                             .patient_type = T_PATIENT,
                             .patient_id = patient,
                             .tuples = t,
                             .n_tuples = 8};
    const struct audit_rec rec = {.action = AUDIT_CREATE, .why = WHY_TEAM, .type = T_OBSERVATION,
                                  .id = p.id, .patient_type = T_PATIENT, .patient_id = patient};
    ASSERT(tx_put(tx, &p) == OK && audit_add(&f->rq, &rec) == OK);
    store_submit(b->st, tx, done, f);
}

static void audit(struct bench *b, struct flight *f, size_t i)
{
    struct tx *tx = tx_new(&f->rq);
    const struct audit_rec rec = {.action = AUDIT_READ, .why = WHY_TEAM, .type = T_OBSERVATION,
                                  .id = str_z(b->ids[i]),
                                  .patient_rid = (int64_t)(i * 7919 % PATIENTS) + 1};
    ASSERT(audit_add(&f->rq, &rec) == OK);
    store_submit(b->st, tx, done, f);
}

static void run(struct bench *b, const char *name, void (*fn)(struct bench *, struct flight *, size_t),
                size_t n)
{
    struct store_stats before = store_stats(b->st);
    uint64_t start = os_ticks_us();
    for (size_t i = 0; i < n; i++) {
        fn(b, take(b), i % N);
    }
    drain(b);
    uint64_t us = os_ticks_us() - start;
    struct store_stats after = store_stats(b->st);
    double txs = (double)(after.txs - before.txs);
    double batches = (double)(after.batches - before.batches);
    printf("%-12s %8.0f /s  apply %6.1f us  sync %6.1f us  per batch: %5.1f txs, sync %7.1f us\n",
           name, txs * 1e6 / (double)us, (double)(after.write_us - before.write_us) / txs,
           (double)(after.sync_us - before.sync_us) / txs, txs / batches,
           (double)(after.sync_us - before.sync_us) / batches);
}

static void reads(struct bench *b)
{
    struct req rq;
    struct res_row row;
    req_init(&rq, 1 << 20, os_now());
    rq.db = store_db_open(b->st);
    for (int round = 0; round < 2; round++) {
        uint64_t start = os_ticks_us();
        for (size_t i = 0; i < N; i++) {
            ASSERT(db_read(&rq, T_OBSERVATION, str_z(b->ids[i * 7919 % N]), &row) == OK);
            arena_reset(rq.a);
        }
        printf("read         %6.2f us\n", (double)(os_ticks_us() - start) / N);
    }
    ASSERT(db_begin(&rq) == OK);
    uint64_t start = os_ticks_us();
    for (size_t i = 0; i < N; i++) {
        ASSERT(db_read(&rq, T_OBSERVATION, str_z(b->ids[i * 7919 % N]), &row) == OK);
        arena_reset(rq.a);
    }
    printf("read, 1 view %6.2f us\n", (double)(os_ticks_us() - start) / N);
    db_end(&rq);
    start = os_ticks_us();
    size_t hits = 0;
    for (size_t i = 0; i < N; i++) {
        struct list *l = NULL;
        struct hit hit;
        ASSERT(list_token(&rq, 1, i % 40 + 1, 7, LIST_NEWEST, &l) == OK);
        for (int k = 0; k < 20 && list_next(l, &hit); k++) {
            hits++;
        }
        list_close(&l);
        arena_reset(rq.a);
    }
    printf("list of 20   %6.2f us (%zu hits)\n", (double)(os_ticks_us() - start) / N, hits);
    store_db_close(rq.db);
    req_done(&rq);
}

int main(int argc, char **argv)
{
    static struct bench b;
    char dir[] = "/tmp/store_bench.XXXXXX";
    struct req rq;
    req_init(&rq, 1 << 20, os_now());
    ASSERT(argc > 1 || mkdtemp(dir) != NULL);
    if (store_open(&rq, str_z(argc > 1 ? argv[1] : dir), NULL, &b.st) != OK) {
        fprintf(stderr, "%s %s\n", err_name(rq.err.code), rq.err.detail);
        return 1;
    }
    b.free = os_queue_new(WINDOW);
    for (size_t i = 0; i < WINDOW; i++) {
        b.flights[i].b = &b;
        req_init(&b.flights[i].rq, 1 << 20, os_now());
        ASSERT(os_queue_push(b.free, &b.flights[i]));
    }
    for (size_t i = 0; i < N; i++) {
        os_id(b.ids[i]);
    }
    for (size_t i = 0; i < PATIENTS; i++) {
        os_id(b.patients[i]);
    }
    memset(b.body, 'x', sizeof(b.body) - 1);
    memcpy(b.body, "{\"resourceType\":\"Observation\",\"note\":\"", 38);
    memcpy(b.body + sizeof(b.body) - 3, "\"}", 2);
    run(&b, "create", create, N);
    run(&b, "audit", audit, N * 3);
    reads(&b);
    store_close(b.st);
    for (size_t i = 0; i < WINDOW; i++) {
        req_done(&b.flights[i].rq);
    }
    os_queue_free(b.free);
    req_done(&rq);
    printf("data in %s\n", argc > 1 ? argv[1] : dir);
    return 0;
}
