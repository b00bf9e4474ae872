/* fhir/erase_test.c - a resource erased by order answers nothing: read, search, words, history; the rest
 * stays as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/url.h"
#include "fhir/erase.h"
#include "fhir/index_check.h"
#include "fhir/prepare.h"
#include "fhir/search.h"

#define NOW INT64_C(1767225600000)

static struct world {
    struct store *st;
    struct req rq;
    char dir[64];
} w;

static void put(const char *id, const char *name, int64_t expect)
{
    char json[600];
    struct tx *tx = tx_new(&w.rq);
    snprintf(json, sizeof(json),
             "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"text\":{\"status\":\"generated\",\"div\":"
             "\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">%s came</div>\"},\"name\":[{\"family\":\"%s\"}],"
             "\"birthDate\":\"1970-03-05\"}",
             id, name, name);
    assert_int_equal(fhir_put(&w.rq, tx, arena_str(w.rq.a, str_z(json)), expect), OK);
    assert_int_equal(store_commit(w.st, &w.rq, tx), OK);
}

static int world_make(void **state)
{
    (void)state;
    snprintf(w.dir, sizeof(w.dir), "/tmp/fhir-erase-%d", (int)getpid());
    req_init(&w.rq, (size_t)256 << 20, (struct instant){NOW});
    assert_int_equal(store_open(&w.rq, str_z(w.dir), NULL, &w.st), OK);
    w.rq.db = store_db_open(w.st);
    return 0;
}

static int world_end(void **state)
{
    char cmd[100];
    (void)state;
    store_db_close(w.rq.db);
    store_close(w.st);
    req_done(&w.rq);
    snprintf(cmd, sizeof(cmd), "rm -rf %s", w.dir);
    return system(cmd);
}

static size_t found(const char *query)
{
    struct fhir_access acc = {.all = true};
    struct fhir_page p = {0};
    struct url_pairs form;
    struct fhir_query *q = ARENA_NEW(w.rq.a, struct fhir_query);
    assert_int_equal(form_parse(&w.rq, str_z(query), 200, &form), OK);
    assert_int_equal(fhir_query_parse_in(&w.rq, NULL, T_PATIENT, &form, true, q), OK);
    assert_int_equal(fhir_search(&w.rq, q, &acc, &p), OK);
    return p.n_matches;
}

static void erase(const char *id)
{
    int64_t rid = 0;
    const struct erase_what *what = NULL;
    struct tx *tx = tx_new(&w.rq);
    assert_int_equal(db_rid(&w.rq, T_PATIENT, str_z(id), &rid), OK);
    assert_int_equal(fhir_erase(&w.rq, tx, rid, WHY_ADMIN, S("order 1"), &what), OK);
    assert_true(what->n > 0);
    assert_int_equal(store_commit(w.st, &w.rq, tx), OK);
}

static void an_erased_one_answers_nothing(void **state)
{
    struct buf out;
    uint64_t looked;
    uint64_t faults;
    struct audit_report r;
    struct res_row row;
    (void)state;
    put("a", "Sadykova", TX_CREATE);
    put("a", "Sadykova-Berg", TX_ANY);
    put("b", "Sadykova", TX_CREATE);
    assert_int_equal(found("_content=sadykova"), 2);
    erase("a");
    assert_int_equal(db_read(&w.rq, T_PATIENT, S("a"), &row), E_GONE);
    err_clear(&w.rq);
    assert_int_equal(found("name=sadykova"), 1);
    assert_int_equal(found("_content=sadykova"), 1);
    assert_int_equal(found("_text=sadykova"), 1);
    assert_int_equal(found("_content=berg"), 0);
    assert_int_equal(found("birthdate=1970-03-05"), 1);
    assert_int_equal(found("_id=a"), 0);
    assert_int_equal(found("_lastUpdated=gt2000-01-01"), 1);
    buf_init(&out, w.rq.a, 1 << 20);
    assert_int_equal(fhir_index_check(&w.rq, &out, &looked, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(looked, 1);
    assert_int_equal(store_check(&w.rq, &out, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(audit_verify(&w.rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_int_equal(r.n_erased, 2);
    unsigned step = 0;
    bool more = true;
    while (more) {
        assert_int_equal(store_scrub(w.st, &w.rq, &step, &more), OK);
    }
    assert_int_equal(found("_content=sadykova"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_erased_one_answers_nothing, world_make, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
