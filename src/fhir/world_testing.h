/* fhir/world_testing.h - a data folder of its own for a group of tests, and writing into it. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fhir/prepare.h"
#include "store/store.h"
#include "store/tx.h"

#define NOW INT64_C(1767225600000)

static struct world {
    struct store *st;
    char dir[64];
} w;

static inline struct req rq_make(void)
{
    struct req rq;
    req_init(&rq, (size_t)64 << 20, (struct instant){NOW});
    rq.db = w.st != NULL ? store_db_open(w.st) : NULL;
    assert_true(w.st == NULL || rq.db != NULL);
    return rq;
}

static inline void rq_end(struct req *rq)
{
    store_db_close(rq->db);
    req_done(rq);
}

static inline void put_one(struct req *rq, const char *json, int64_t expect)
{
    struct tx *tx = tx_new(rq);
    if (fhir_put(rq, tx, arena_str(rq->a, str_z(json)), expect) != OK) {
        fail_msg("%s: %s", rq->err.detail, json);
    }
    assert_int_equal(store_commit(w.st, rq, tx), OK);
}

/* An empty folder, opened. */
static inline void world_open(const char *name)
{
    struct req rq;
    snprintf(w.dir, sizeof(w.dir), "/tmp/fhir-%s-%d", name, (int)getpid());
    req_init(&rq, (size_t)64 << 20, (struct instant){NOW});
    assert_int_equal(store_open(&rq, str_z(w.dir), NULL, &w.st), OK);
    req_done(&rq);
}

/* Closes the folder and removes it. */
static inline int world_end(void **state)
{
    char cmd[100];
    (void)state;
    store_close(w.st);
    w.st = NULL;
    snprintf(cmd, sizeof(cmd), "rm -rf %s", w.dir);
    return system(cmd);
}
