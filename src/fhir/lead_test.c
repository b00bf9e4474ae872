/* fhir/lead_test.c - searches read in the order of the list that leads: every match of the first moment comes
 * once, whatever is written between the pages. */
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
#include "fhir/prepare.h"
#include "fhir/search.h"
#include "store/store.h"
#include "store/tx.h"

enum { N = 400, SEEN = N + 100 };

static struct world {
    struct store *st;
    char dir[64];
    struct db *db;
} w;

static struct req rq_make(void)
{
    struct req rq;
    req_init(&rq, (size_t)256 << 20, (struct instant){INT64_C(1767225600000)});
    rq.db = w.db;
    return rq;
}

static void put_text(struct req *rq, const char *json)
{
    struct tx *tx = tx_new(rq);
    struct str text = arena_str(rq->a, str_z(json));
    if (fhir_put(rq, tx, text, TX_ANY) != OK || store_commit(w.st, rq, tx) != OK) {
        fail_msg("%s: %s", json, rq->err.detail);
    }
}

/* Patients p0..: most with two names, half of them in one family; every tenth is somebody else. */
static void patient(struct req *rq, int i, int turn)
{
    char json[400];
    snprintf(json, sizeof(json), "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"name\":[{\"family\":\"%s%02d\"}"
             ",{\"family\":\"Lead%03d\"}],\"gender\":\"%s\",\"birthDate\":\"19%02d-01-01\"}",
             i, i % 10 == 3 ? "Other" : "Lead", (i * 7 + turn * 31) % 2 * 40, (i + turn * 97) % 400,
             i % 2 == 0 ? "female" : "male", (i + turn) % 90 + 10);
    put_text(rq, json);
}

/* Observations o0..: of one code, many with equal numbers, those of a person not side by side. */
static void observation(struct req *rq, int i, int turn)
{
    char json[400];
    snprintf(json, sizeof(json), "{\"resourceType\":\"Observation\",\"id\":\"o%d\",\"status\":\"final\",\"code\":{"
             "\"coding\":[{\"system\":\"urn:x\",\"code\":\"w\"}]},\"subject\":{\"reference\":\"Patient/p%d\"},"
             "\"effectiveDateTime\":\"20%02d-02-03\",\"valueQuantity\":{\"value\":%d}}",
             i, i * 3 % N, (i + turn) % 20 + 1, 11 + (i + turn * 5) % 9);
    put_text(rq, json);
}

static int world_make(void **state)
{
    struct req rq;
    (void)state;
    snprintf(w.dir, sizeof(w.dir), "/tmp/lead-test-XXXXXX");
    if (mkdtemp(w.dir) == NULL) {
        return -1;
    }
    req_init(&rq, (size_t)256 << 20, (struct instant){INT64_C(1767225600000)});
    if (store_open(&rq, str_z(w.dir), NULL, &w.st) != OK) {
        return -1;
    }
    w.db = store_db_open(w.st);
    rq.db = w.db;
    for (int i = 0; i < N; i++) {
        patient(&rq, i, 0);
    }
    for (int i = 0; i < N; i++) {
        observation(&rq, i, 0);
    }
    req_done(&rq);
    return 0;
}

static int world_end(void **state)
{
    char cmd[96];
    (void)state;
    store_db_close(w.db);
    store_close(w.st);
    snprintf(cmd, sizeof(cmd), "rm -rf %s", w.dir);
    return system(cmd);
}

/* The ids of a search, page by page; between them others write. */
static void walk(enum fhir_type type, const char *query, bool writes, unsigned *seen)
{
    struct str cursor = {NULL, 0};
    char kept[2048];
    const struct fhir_access all = {.all = true};
    for (int page = 0; page < 60 && (page == 0 || cursor.n > 0); page++) {
        struct req rq = rq_make();
        struct fhir_page p;
        struct buf b;
        buf_init(&b, rq.a, 8192);
        buf_str(&b, str_z(query));
        if (cursor.n > 0) {
            form_add(&b, S("_cursor"), cursor);
        }
        if (fhir_search_text(&rq, type, buf_get(&b), &all, &p) != OK) {
            fail_msg("%s: %s", query, rq.err.detail);
        }
        for (size_t i = 0; i < p.n; i++) {
            uint64_t n = SEEN;
            assert_true(str_u64(str_sub(p.v[i].row.id, 1, p.v[i].row.id.n), &n) && n < SEEN);
            seen[n]++;
        }
        assert_true(p.next.n < sizeof(kept));
        memcpy(kept, p.next.p != NULL ? p.next.p : "", p.next.n);
        cursor = (struct str){kept, p.next.n};
        for (int k = 0; k < 12 && writes; k++) {
            int i = (page * 53 + k * 37) % N;
            if (type == T_PATIENT) {
                patient(&rq, i, page + 1);
                patient(&rq, N + page % 50, page);
            } else {
                observation(&rq, i, page + 1);
                observation(&rq, N + page % 50, page);
            }
        }
        req_done(&rq);
    }
    assert_int_equal(cursor.n, 0);
}

static void pages(void **state)
{
    static const struct {
        enum fhir_type type;
        const char *query;
    } rows[] = {
        {T_PATIENT, "family=lead&_count=41"},
        {T_PATIENT, "family=lead&gender=female&_count=17"},
        {T_PATIENT, "birthdate=lt1960&_count=29"},
        {T_OBSERVATION, "code=w&value-quantity=gt11&_count=41"},
        {T_OBSERVATION, "code-value-quantity=urn:x|w$ge13&_count=41"},
        {T_OBSERVATION, "value-quantity=lt18&_count=41"},
        {T_OBSERVATION, "subject:Patient.family=lead&_count=41"},
        {T_OBSERVATION, "subject:Patient.family=other&code=w&_count=7"},
        {T_OBSERVATION, "subject:Patient.gender=female&value-quantity=gt11&_count=41"},
        {T_PATIENT, "_has:Observation:patient:code=w&_count=41"},
        {T_PATIENT, "_has:Observation:patient:code=w&gender=male&_count=19"},
        {T_PATIENT, "_has:Observation:patient:code-value-quantity=urn:x|w$ge13&_count=41"},
        {T_PATIENT, "_has:Observation:patient:code-value-quantity=urn:x|w$lt18&gender=male&_count=19"},
        {T_OBSERVATION, "date=ge2005&date=lt2015&_count=41"},
        {T_OBSERVATION, "date=ge2005&date=lt2015&_sort=date&_count=41"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        unsigned still[SEEN] = {0};
        unsigned seen[SEEN] = {0};
        char whole[300];
        snprintf(whole, sizeof(whole), "%s", rows[i].query);
        *strstr(whole, "&_count=") = 0;
        strcat(whole, "&_count=1000&_sort=_id"); /* one page, another plan */
        walk(rows[i].type, whole, false, still);
        walk(rows[i].type, rows[i].query, true, seen);
        for (int k = 0; k < SEEN; k++) {
            if (seen[k] != still[k]) {
                fail_msg("%s: %d came %u times, not %u", rows[i].query, k, seen[k], still[k]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pages)};
    return cmocka_run_group_tests(tests, world_make, world_end);
}
