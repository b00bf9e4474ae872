/* store/test_int.h - a store in a temporary folder, for the tests of the room. Included after
 * cmocka.h. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/db.h"

enum { T_PAT = 1, T_OBS = 2, T_SR = 3 };

struct t {
    char dir[64];
    struct store *st;
    struct req rq;
};

static UNUSED void t_start(struct t *t)
{
    req_init(&t->rq, 64 << 20, os_now());
    assert_int_equal(store_open(&t->rq, str_z(t->dir), NULL, &t->st), OK);
    t->rq.db = store_db_open(t->st);
    assert_non_null(t->rq.db);
}

static UNUSED void t_stop(struct t *t)
{
    store_db_close(t->rq.db);
    store_close(t->st);
    req_done(&t->rq);
}

static UNUSED struct t t_open(void)
{
    struct t t = {.dir = "/tmp/store_test.XXXXXX"};
    assert_non_null(mkdtemp(t.dir));
    t_start(&t);
    return t;
}

static enum err t_remove(struct req *rq, const char *name, void *ctx)
{
    char path[OS_PATH_MAX];
    TRY(os_path(rq, str_z(ctx), str_z(name), path));
    if (rmdir(path) != 0 && unlink(path) != 0) {
        enum err e = os_each_entry(rq, path, t_remove, path);
        (void)e;
        rmdir(path);
    }
    return OK;
}

static UNUSED void t_wipe(struct t *t)
{
    struct req rq;
    req_init(&rq, 1 << 20, os_now());
    assert_int_equal(os_each_entry(&rq, t->dir, t_remove, t->dir), OK);
    rmdir(t->dir);
    req_done(&rq);
}

static UNUSED void t_close(struct t *t)
{
    t_stop(t);
    t_wipe(t);
}

static UNUSED const char *t_id(char out[8], int i)
{
    snprintf(out, 8, "r%d", i);
    return out;
}

static UNUSED struct tx_put t_form(uint16_t type, const char *id)
{
    return (struct tx_put){.type = type, .id = str_z(id), .expect = TX_CREATE, .at_ms = 1000,
                           .body = S("{\"resourceType\":\"Observation\",\"status\":\"final\"}")};
}

static UNUSED enum err t_put_form(struct t *t, const struct tx_put *p)
{
    struct tx *tx = tx_new(&t->rq);
    enum err e = tx_put(tx, p);
    if (e == OK) {
        e = store_commit(t->st, &t->rq, tx);
    }
    err_clear(&t->rq);
    return e;
}

static UNUSED enum err t_put(struct t *t, uint16_t type, const char *id, int64_t expect,
                             const char *note)
{
    struct tx_put p = t_form(type, id);
    struct buf b;
    buf_init(&b, t->rq.a, 1 << 16);
    BUF_LIT(&b, "{\"resourceType\":\"Observation\",\"note\":\"");
    buf_str(&b, str_z(note));
    BUF_LIT(&b, "\"}");
    p.expect = expect;
    p.body = buf_get(&b);
    return t_put_form(t, &p);
}

static UNUSED enum err t_delete(struct t *t, uint16_t type, const char *id, int64_t expect)
{
    struct tx *tx = tx_new(&t->rq);
    enum err e = tx_delete(tx, type, str_z(id), expect);
    if (e == OK) {
        e = store_commit(t->st, &t->rq, tx);
    }
    err_clear(&t->rq);
    return e;
}

static UNUSED int t_list_len(struct t *t, struct list *l)
{
    struct hit hit;
    int n = 0;
    while (list_next(l, &hit)) {
        n++;
    }
    assert_int_equal(list_err(&t->rq, l), OK);
    list_close(&l);
    return n;
}

static UNUSED struct list *t_ref_list(struct t *t, uint16_t sp, int64_t target)
{
    struct list *l = NULL;
    assert_int_equal(list_ref(&t->rq, sp, target, LIST_NEWEST, &l), OK);
    return l;
}

static UNUSED int t_tokens(struct t *t, uint16_t sp, uint64_t hash, uint32_t sys)
{
    struct list *l = NULL;
    assert_int_equal(list_token(&t->rq, sp, hash, sys, LIST_NEWEST, &l), OK);
    return t_list_len(t, l);
}

static UNUSED int t_strings(struct t *t, uint16_t sp, const char *prefix)
{
    struct list *l = NULL;
    assert_int_equal(list_string(&t->rq, sp, str_z(prefix), &l), OK);
    return t_list_len(t, l);
}
