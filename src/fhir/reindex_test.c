/* fhir/reindex_test.c - an index that is lacking, of another generation, or half made answers again
 * after a rebuild, and nothing but the index has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "codec/url.h"
#include "fhir/index_check.h"
#include "fhir/prepare.h"
#include "fhir/reindex.h"
#include "fhir/search.h"
#include "store/audit.h"
#include "store/store.h"

#define NOW INT64_C(1767225600000)
enum { N = 700 }; /* more than two commits */

static struct world {
    struct store *st;
    struct req rq;
    char dir[64];
    int left; /* commits until go_on says no */
} w;

static void put(int i, int64_t expect)
{
    char json[600];
    struct tx *tx = tx_new(&w.rq);
    snprintf(json, sizeof(json),
             "{\"resourceType\":\"Observation\",\"id\":\"o%d\",\"status\":\"final\",\"code\":{\"text\":"
             "\"weight of ward%d\"},\"subject\":{\"reference\":\"Patient/p%d\"},\"effectiveDateTime\":"
             "\"2025-03-%02d\",\"valueQuantity\":{\"value\":%d,\"unit\":\"kg\",\"system\":"
             "\"http://unitsofmeasure.org\",\"code\":\"kg\"}}",
             i, i % 7, i % 50, i % 28 + 1, i);
    assert_int_equal(fhir_put(&w.rq, tx, arena_str(w.rq.a, str_z(json)), expect), OK);
    assert_int_equal(store_commit(w.st, &w.rq, tx), OK);
}

static void world_open(void)
{
    req_init(&w.rq, (size_t)256 << 20, (struct instant){NOW});
    assert_int_equal(store_open(&w.rq, str_z(w.dir), NULL, &w.st), OK);
    w.rq.db = store_db_open(w.st);
}

static void world_close(void)
{
    store_db_close(w.rq.db);
    store_close(w.st);
    req_done(&w.rq);
}

static int world_make(void **state)
{
    (void)state;
    snprintf(w.dir, sizeof(w.dir), "/tmp/fhir-reindex-%d", (int)getpid());
    world_open();
    for (int i = 0; i < N; i++) {
        put(i, TX_CREATE);
    }
    put(1, TX_ANY); /* a second version */
    struct tx *tx = tx_new(&w.rq);
    assert_int_equal(tx_delete(tx, T_OBSERVATION, S("o0"), TX_ANY), OK);
    assert_int_equal(store_commit(w.st, &w.rq, tx), OK);
    world_close();
    return 0;
}

static int world_end(void **state)
{
    char cmd[100];
    (void)state;
    snprintf(cmd, sizeof(cmd), "rm -rf %s", w.dir);
    return system(cmd);
}

/* What stands in the database file, while nobody has it open. */
static void spoil(const char *sql)
{
    char path[100];
    sqlite3 *db;
    snprintf(path, sizeof(path), "%s/consilium.db", w.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static size_t found(const char *query)
{
    struct fhir_access acc = {.all = true};
    struct fhir_page p = {0};
    struct url_pairs form;
    struct fhir_query *q = ARENA_NEW(w.rq.a, struct fhir_query);
    assert_int_equal(form_parse(&w.rq, str_z(query), 200, &form), OK);
    assert_int_equal(fhir_query_parse_in(&w.rq, NULL, T_OBSERVATION, &form, true, q), OK);
    assert_int_equal(fhir_search(&w.rq, q, &acc, &p), OK);
    return p.n_matches;
}

static void whole(void)
{
    struct buf out;
    uint64_t looked;
    uint64_t faults;
    bool current = false;
    struct audit_report report;
    buf_init(&out, w.rq.a, 1 << 20);
    assert_int_equal(fhir_index_check(&w.rq, &out, &looked, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(looked, N - 1);
    assert_int_equal(store_check(&w.rq, &out, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(audit_verify(&w.rq, &report), OK);
    assert_int_equal(report.fault, AUDIT_HOLDS);
    assert_int_equal(fhir_index_is_current(&w.rq, &current), OK);
    assert_true(current);
    assert_int_equal(found("patient=Patient/p3&_count=500"), N / 50);
    assert_int_equal(found("value-quantity=ge690|http://unitsofmeasure.org|kg&_count=500"), N - 690);
    assert_int_equal(found("_content=ward3&_count=500"), N / 7);
    assert_int_equal(found("date=2025-03-05&_count=500"), N / 28);
    assert_int_equal(found("code:text=weight&patient=Patient/p3&_count=500"), N / 50);
}

static bool some(void *ctx)
{
    (void)ctx;
    return w.left-- > 0;
}

static void rebuild(bool all)
{
    struct reindex r = {.store = w.st, .all = all};
    assert_int_equal(fhir_reindex(&w.rq, &r), OK);
    assert_true(r.done);
    assert_int_equal(r.left_out, 0);
}

static void test_fresh(void **state)
{
    struct reindex r = {.store = NULL};
    (void)state;
    world_open();
    r.store = w.st;
    assert_int_equal(fhir_reindex(&w.rq, &r), OK);
    assert_int_equal(r.n, N - 1);
    whole();
    assert_int_equal(fhir_reindex(&w.rq, &r), OK); /* nothing left to do */
    assert_int_equal(r.n, 0);
    world_close();
}

/* A folder that says so while it is empty needs no rebuild; one with resources cannot say so. */
static void test_begun(void **state)
{
    char dir[sizeof(w.dir)];
    char cmd[100];
    struct reindex r = {.store = NULL};
    bool current = true;
    (void)state;
    spoil("DELETE FROM setting WHERE key = 'index-generation'");
    world_open();
    assert_int_equal(fhir_index_begin(&w.rq, w.st), OK);
    assert_int_equal(fhir_index_is_current(&w.rq, &current), OK);
    assert_false(current);
    rebuild(false);
    world_close();
    memcpy(dir, w.dir, sizeof(dir));
    snprintf(w.dir, sizeof(w.dir), "/tmp/fhir-reindex-new-%d", (int)getpid());
    world_open();
    assert_int_equal(fhir_index_begin(&w.rq, w.st), OK);
    put(1, TX_CREATE);
    assert_int_equal(fhir_index_begin(&w.rq, w.st), OK);
    r.store = w.st;
    assert_int_equal(fhir_reindex(&w.rq, &r), OK);
    assert_true(r.done);
    assert_int_equal(r.n, 0);
    world_close();
    snprintf(cmd, sizeof(cmd), "rm -rf %s", w.dir);
    assert_int_equal(system(cmd), 0);
    memcpy(w.dir, dir, sizeof(dir));
}

static void test_rows_gone(void **state)
{
    (void)state;
    spoil("DELETE FROM ix_token; DELETE FROM ix_date WHERE rid % 3 = 0; DELETE FROM ix_of;"
          "DELETE FROM ix_quantity; INSERT INTO word(word) VALUES('delete-all')");
    world_open();
    rebuild(true);
    whole();
    world_close();
}

static void test_other_generation(void **state)
{
    (void)state;
    spoil("UPDATE setting SET value = x'31' WHERE key = 'index-generation';"
          "UPDATE res SET footprint = x'' WHERE rid % 2 = 0; UPDATE res SET at_ms = 5 WHERE rid = 9;"
          "UPDATE ix_of SET at = 5 WHERE rid = 9; DELETE FROM ix_string; DELETE FROM ix_ref WHERE rid = 9;"
          "DELETE FROM ix_token WHERE rid = 9; DELETE FROM ix_quantity WHERE rid = 9");
    world_open();
    rebuild(false);
    whole();
    world_close();
}

static void test_interrupted(void **state)
{
    (void)state;
    spoil("UPDATE setting SET value = x'31' WHERE key = 'index-generation'; DELETE FROM ix_date");
    for (int commits = 0; commits < 2; commits++) {
        world_open();
        struct reindex r = {.store = w.st, .step = 256, .go_on = some};
        w.left = 1;
        assert_int_equal(fhir_reindex(&w.rq, &r), OK);
        assert_false(r.done);
        assert_int_not_equal(r.n, 0);
        world_close();
    }
    world_open();
    put(5, TX_ANY); /* somebody writes between */
    struct reindex r = {.store = w.st, .step = 256};
    assert_int_equal(fhir_reindex(&w.rq, &r), OK);
    assert_true(r.done && r.n > 0 && r.n < N / 2);
    whole();
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_begun),
        cmocka_unit_test(test_rows_gone),
        cmocka_unit_test(test_other_generation),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
