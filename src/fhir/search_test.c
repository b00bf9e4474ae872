/* fhir/search_test.c - searches held to brute force: thousands of observations of known fields, random
 * questions, every page followed, as the system and as a person who may see a third of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fhir/prepare.h"
#include "fhir/search.h"
#include "store/store.h"
#include "store/tx.h"

enum { N_OBS = 2500, N_PATIENTS = 40, N_CASES = 9, N_CODES = 6, ROUNDS = 400 };
#define DAY0 INT64_C(1735689600000) /* 2025-01-01 */
#define MINE UINT64_C(4711)

struct obs {
    int patient, code, status, value, day, kase; /* value < 0: none */
    int64_t at;
};

static struct world {
    struct store *st;
    char dir[64];
    struct obs o[N_OBS];
    uint32_t seed;
} w;

static const char *const statuses[] = {"final", "preliminary", "amended"};
static const char *const families[] = {"Каримова", "Rahimov", "Ёлкина", "O'g'li"};

static uint32_t rnd(uint32_t n)
{
    w.seed = w.seed * 1664525u + 1013904223u;
    return (w.seed >> 8) % n;
}

static void fmt(struct buf *b, const char *f, ...) PRINTF_LIKE(2, 3);
static void fmt(struct buf *b, const char *f, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, f);
    int n = vsnprintf(text, sizeof(text), f, ap);
    va_end(ap);
    buf_bytes(b, text, (size_t)n);
}

static void day_text(char out[32], int64_t ms)
{
    struct civil c = instant_civil((struct instant){ms}, 0);
    snprintf(out, 32, "%04d-%02d-%02d", c.year, c.month, c.day);
}

static void put(struct req *rq, struct tx *tx, struct str json, const char *id, const char *kase)
{
    struct fhir_how how = {.id = str_z(id), .expect = TX_CREATE};
    if (kase != NULL) {
        how.anchor_type = T_SERVICE_REQUEST;
        how.anchor_id = arena_str(rq->a, str_z(kase));
    }
    how.id = arena_str(rq->a, how.id);
    enum err e = fhir_put_how(rq, tx, arena_str(rq->a, json), &how);
    if (e != OK && rq->issues != NULL && rq->issues->n > 0) {
        const struct fhir_issue *is = &rq->issues->items[0];
        fail_msg("%.*s: %s %.*s", STR_ARG(is->expression), is->text, STR_ARG(is->subject));
    }
    assert_int_equal(e, OK);
}

static void put_obs(struct req *rq, struct tx *tx, int i)
{
    struct obs *o = &w.o[i];
    struct buf b;
    char id[16];
    char kase[16];
    char day[32];
    *o = (struct obs){(int)rnd(N_PATIENTS), (int)rnd(N_CODES), (int)rnd(10) == 0 ? 1 : 0,
                      (int)rnd(20) - 4, (int)rnd(300), (int)rnd(N_CASES), 0};
    o->status = rnd(500) == 0 ? 2 : o->status;
    o->at = DAY0 + o->day * MS_DAY + (rnd(2) == 0 ? 0 : 3600000);
    day_text(day, o->at);
    buf_init(&b, rq->a, 4096);
    fmt(&b, "{\"resourceType\":\"Observation\",\"status\":\"%s\",\"code\":{\"coding\":[{\"system\":"
            "\"http://loinc.org\",\"code\":\"c%d\",\"display\":\"Test %d\"}]},\"subject\":{"
            "\"reference\":\"Patient/p%d\"},\"effectiveDateTime\":\"%sT%s:00:00Z\"",
        statuses[o->status], o->code, o->code, o->patient, day, o->at % MS_DAY == 0 ? "00" : "01");
    if (o->value >= 0) {
        fmt(&b, ",\"valueQuantity\":{\"value\":%d,\"unit\":\"mg\","
            "\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}", o->value);
    }
    fmt(&b, "}");
    snprintf(id, sizeof(id), "o%d", i);
    snprintf(kase, sizeof(kase), "k%d", o->kase);
    put(rq, tx, buf_get(&b), id, kase);
}

static int world_make(void **state)
{
    struct req rq;
    char text[400];
    char id[16];
    (void)state;
    w.seed = 42;
    snprintf(w.dir, sizeof(w.dir), "/tmp/fhir-search-%d", (int)getpid());
    req_init(&rq, (size_t)256 << 20, (struct instant){DAY0 + 400 * MS_DAY});
    assert_int_equal(store_open(&rq, str_z(w.dir), NULL, &w.st), OK);
    rq.db = store_db_open(w.st);
    struct tx *tx = tx_new(&rq);
    for (int i = 0; i < N_PATIENTS; i++) {
        snprintf(text, sizeof(text), "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"%s\"}],"
                 "\"birthDate\":\"%d-05-0%d\"}", families[i % 4], 1950 + i, i % 9 + 1);
        snprintf(id, sizeof(id), "p%d", i);
        put(&rq, tx, str_z(text), id, NULL);
        if (i % 3 == 0) {
            assert_int_equal(tx_team(tx, T_PATIENT, arena_str(rq.a, str_z(id)), MINE), OK);
        }
    }
    for (int i = 0; i < N_CASES; i++) {
        snprintf(id, sizeof(id), "k%d", i);
        put(&rq, tx, S("{\"resourceType\":\"ServiceRequest\",\"status\":\"active\",\"intent\":"
                       "\"order\",\"subject\":{\"reference\":\"Patient/p1\"}}"), id, NULL);
        if (i % 3 == 0) {
            assert_int_equal(tx_team(tx, T_SERVICE_REQUEST, arena_str(rq.a, str_z(id)), MINE), OK);
        }
    }
    for (int i = 0; i < N_OBS; i++) {
        put_obs(&rq, tx, i);
    }
    assert_int_equal(store_commit(w.st, &rq, tx), OK);
    store_db_close(rq.db);
    req_done(&rq);
    return 0;
}

static int world_end(void **state)
{
    char cmd[100];
    (void)state;
    store_close(w.st);
    static const char *const files[] = {"consilium.db", "consilium.db-wal", "consilium.db-shm",
                                        "server.key", "audit.head"};
    for (size_t i = 0; i < LEN(files); i++) {
        snprintf(cmd, sizeof(cmd), "%s/%s", w.dir, files[i]);
        (void)unlink(cmd);
    }
    snprintf(cmd, sizeof(cmd), "%s/blobs", w.dir);
    (void)rmdir(cmd);
    (void)rmdir(w.dir);
    return 0;
}

/* A question and the fields that answer it. */
struct ask {
    int patient, code, status, not_status, family; /* -1: not asked */
    int from, to, day;        /* days; -1: not asked */
    int least, most, missing; /* of value; -1: not asked */
    bool oldest;
};

static bool meets(const struct ask *a, const struct obs *o)
{
    return (a->patient < 0 || o->patient == a->patient) && (a->code < 0 || o->code == a->code) &&
           (a->status < 0 || o->status == a->status) &&
           (a->not_status < 0 || o->status != a->not_status) &&
           (a->family < 0 || o->patient % 4 == a->family) &&
           (a->from < 0 || o->at >= DAY0 + a->from * MS_DAY) &&
           (a->to < 0 || o->at < DAY0 + a->to * MS_DAY) && (a->day < 0 || o->day == a->day) &&
           (a->least < 0 || (o->value >= 0 && o->value > a->least)) &&
           (a->most < 0 || (o->value >= 0 && o->value < a->most)) &&
           (a->missing < 0 || (a->missing == 1) == (o->value < 0));
}

static int maybe(uint32_t one_in, uint32_t n)
{
    return rnd(one_in) == 0 ? (int)rnd(n) : -1;
}

static struct ask ask_make(void)
{
    return (struct ask){
        .patient = maybe(3, N_PATIENTS), .code = maybe(2, N_CODES), .status = maybe(4, 3),
        .not_status = maybe(6, 3), .family = maybe(8, 4), .from = maybe(5, 300),
        .to = maybe(5, 300), .day = maybe(12, 300), .least = maybe(6, 15), .most = maybe(6, 15),
        .missing = maybe(9, 2), .oldest = rnd(3) == 0,
    };
}

static struct str ask_text(struct req *rq, const struct ask *a, unsigned count)
{
    static const char *const cyrillic[] = {"карим", "rahimov", "Елкина", "O%E2%80%98g"};
    struct buf b;
    char day[32];
    buf_init(&b, rq->a, 4096);
    fmt(&b, "_count=%u&_sort=%sdate", count, a->oldest ? "" : "-");
    if (a->patient >= 0) {
        fmt(&b, rnd(2) == 0 ? "&patient=p%d" : "&subject=Patient/p%d", a->patient);
    }
    if (a->code >= 0) {
        fmt(&b, rnd(2) == 0 ? "&code=c%d" : "&code=http://loinc.org|c%d", a->code);
    }
    if (a->status >= 0) {
        fmt(&b, "&status=%s%s", statuses[a->status], rnd(2) == 0 ? ",unknown" : "");
    }
    if (a->not_status >= 0) {
        fmt(&b, "&status:not=%s", statuses[a->not_status]);
    }
    if (a->family >= 0) {
        fmt(&b, "&patient.family=%s", cyrillic[a->family]);
    }
    if (a->from >= 0) {
        day_text(day, DAY0 + a->from * MS_DAY);
        fmt(&b, "&date=ge%s", day);
    }
    if (a->to >= 0) {
        day_text(day, DAY0 + a->to * MS_DAY);
        fmt(&b, "&date=lt%s", day);
    }
    if (a->day >= 0) {
        day_text(day, DAY0 + a->day * MS_DAY);
        fmt(&b, "&date=%s", day);
    }
    if (a->least >= 0) {
        fmt(&b, "&value-quantity=gt%d", a->least);
    }
    if (a->most >= 0) {
        fmt(&b, "&value-quantity=lt%d||mg", a->most);
    }
    if (a->missing >= 0) {
        fmt(&b, "&value-quantity:missing=%s", a->missing == 1 ? "true" : "false");
    }
    return buf_get(&b);
}

static bool mine(const struct obs *o)
{
    return o->kase % 3 == 0;
}

/* Indices expected, in the order of (at, index): rids rise with the index. */
static size_t expect_make(const struct ask *a, bool all, int *out)
{
    size_t n = 0;
    for (int i = 0; i < N_OBS; i++) {
        bool chain_seen = all || a->family < 0 || w.o[i].patient % 3 == 0;
        if (meets(a, &w.o[i]) && (all || mine(&w.o[i])) && chain_seen) {
            size_t at = n++;
            while (at > 0 && (a->oldest ? w.o[out[at - 1]].at > w.o[i].at
                                        : w.o[out[at - 1]].at <= w.o[i].at)) {
                out[at] = out[at - 1];
                at--;
            }
            out[at] = i;
        }
    }
    return n;
}

static void page_check(const struct fhir_page *p, const int *want, size_t n_want, size_t *at,
                       struct str query)
{
    for (size_t i = 0; i < p->n; i++, (*at)++) {
        char id[16];
        if (*at >= n_want) {
            fail_msg("too many: %.*s", STR_ARG(query));
        }
        snprintf(id, sizeof(id), "o%d", want[*at]);
        if (!str_eq(p->v[i].row.id, str_z(id))) {
            fail_msg("place %zu: got %.*s, expected %s: %.*s", *at, STR_ARG(p->v[i].row.id), id,
                     STR_ARG(query));
        }
    }
}

static void ask_check(struct req *rq, const struct ask *a, bool all)
{
    static int want[N_OBS];
    const uint64_t principals[] = {MINE, 99};
    struct fhir_access acc = {.all = all, .principals = principals, .n = 2};
    size_t n_want = expect_make(a, all, want);
    unsigned count = rnd(4) == 0 ? 500 : 1 + rnd(40);
    struct str query = ask_text(rq, a, count);
    struct str cursor = {NULL, 0};
    size_t at = 0;
    for (int pages = 0; pages < 3000; pages++) {
        struct fhir_page p;
        struct buf b;
        struct arena_mark m = arena_mark(rq->a);
        char next[1024];
        buf_init(&b, rq->a, 8192);
        buf_str(&b, query);
        if (cursor.n > 0) {
            buf_str(&b, S("&_cursor="));
            buf_str(&b, cursor);
        } else {
            buf_str(&b, S("&_total=accurate"));
        }
        /* The link's query is what was understood, so the total stays in it. */
        if (cursor.n > 0) {
            buf_str(&b, S("&_total=accurate"));
        }
        if (fhir_search_text(rq, T_OBSERVATION, buf_get(&b), &acc, &p) != OK) {
            fail_msg("%s: %.*s", rq->err.detail, STR_ARG(query));
        }
        if (cursor.n == 0 && p.has_total && p.total != n_want) {
            fail_msg("total %d, expected %zu: %.*s", (int)p.total, n_want, STR_ARG(query));
        }
        page_check(&p, want, n_want, &at, query);
        assert_true(p.next.n < sizeof(next));
        memcpy(next, p.next.p != NULL ? p.next.p : "", p.next.n);
        cursor.n = p.next.n;
        arena_back(rq->a, m);
        cursor = arena_str(rq->a, (struct str){next, cursor.n});
        if (cursor.n == 0) {
            break;
        }
    }
    if (at != n_want) {
        fail_msg("%zu found, %zu expected: %.*s", at, n_want, STR_ARG(query));
    }
}

static void random_questions(void **state)
{
    (void)state;
    struct db *db = store_db_open(w.st);
    for (int i = 0; i < ROUNDS; i++) {
        struct req rq;
        struct ask a = ask_make();
        req_init(&rq, (size_t)64 << 20, (struct instant){DAY0});
        rq.db = db;
        ask_check(&rq, &a, true);
        ask_check(&rq, &a, false);
        db_idle(db);
        req_done(&rq);
    }
    store_db_close(db);
}

static const struct {
    enum fhir_type type;
    const char *query;
    int n;           /* matches on the first page; -1: refused */
    int n_all;       /* with includes */
    const char *first; /* id; NULL: any */
} rows[] = {
    {T_PATIENT, "family=karim&_count=50", 0, 0, NULL},
    {T_PATIENT, "family=КАРИМ&_count=50", 10, 10, NULL},
    {T_PATIENT, "family:exact=Каримова&_count=50", 10, 10, NULL},
    {T_PATIENT, "family:exact=каримова", 0, 0, NULL},
    {T_PATIENT, "family:contains=лкин&_count=50", 10, 10, NULL},
    {T_PATIENT, "name=rahi,ёлк&_count=50", 20, 20, NULL},
    {T_PATIENT, "_id=p3,p4,nobody", 2, 2, NULL},
    {T_PATIENT, "birthdate=1953", 1, 1, "p3"},
    {T_PATIENT, "birthdate=ge1980&birthdate=le1981-05-05", 2, 2, NULL},
    {T_PATIENT, "_sort=birthdate&_count=3", 3, 3, "p0"},
    {T_PATIENT, "_sort=-_lastUpdated,-birthdate&_count=3", 3, 3, "p39"},
    {T_PATIENT, "_sort=_lastUpdated,birthdate&_count=3", 3, 3, "p0"},
    {T_PATIENT, "_sort=-birthdate&_count=3", 3, 3, "p39"},
    {T_PATIENT, "_sort=family,-birthdate&_count=3", 3, 3, "p39"},
    {T_PATIENT, "_lastUpdated=gt2020-01-01&_count=100", 40, 40, NULL},
    {T_PATIENT, "_lastUpdated=lt2020-01-01&_count=100", 0, 0, NULL},
    {T_PATIENT, "_id=p1&_revinclude=ServiceRequest:patient", 1, 10, "p1"},
    {T_SERVICE_REQUEST, "_id=k1&_include=ServiceRequest:patient", 1, 2, "k1"},
    {T_SERVICE_REQUEST, "_id=k1&_include=ServiceRequest:subject:Location", 1, 1, "k1"},
    {T_OBSERVATION, "code:text=test 3&_count=1", 1, 1, NULL},
    {T_OBSERVATION, "subject:Patient=p1&subject:Patient=p2", 0, 0, NULL},
    {T_OBSERVATION, "patient=nobody", 0, 0, NULL},
    {T_OBSERVATION, "_count=0", 0, 0, NULL},
    {T_OBSERVATION, "date=yesterday", -1, 0, NULL},
    {T_OBSERVATION, "status:exact=final", -1, 0, NULL},
    {T_OBSERVATION, "nothing=1", -1, 0, NULL},
    {T_OBSERVATION, "_cursor=00112233", -1, 0, NULL},
    {T_OBSERVATION, "patient.general-practitioner:Practitioner.name=x", 0, 0, NULL},
    {T_OBSERVATION, "value-quantity=many", -1, 0, NULL},
    {T_OBSERVATION, "_sort=code-value-quantity", -1, 0, NULL},
};

static void single_questions(void **state)
{
    (void)state;
    struct db *db = store_db_open(w.st);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct fhir_page p = {0};
        struct fhir_access acc = {.all = true};
        struct buf out;
        struct json_doc doc;
        req_init(&rq, (size_t)64 << 20, (struct instant){DAY0});
        rq.db = db;
        enum err e = fhir_search_text(&rq, rows[i].type, str_z(rows[i].query), &acc, &p);
        if ((e != OK) != (rows[i].n < 0)) {
            fail_msg("row %zu: %s %s", i, rows[i].query, rq.err.detail);
        }
        if (e == OK) {
            if ((int)p.n_matches != rows[i].n || (int)p.n != rows[i].n_all) {
                fail_msg("row %zu: %s gave %zu, %zu", i, rows[i].query, p.n_matches, p.n);
            }
            if (rows[i].first != NULL && !str_eq(p.v[0].row.id, str_z(rows[i].first))) {
                fail_msg("row %zu: first %.*s", i, STR_ARG(p.v[0].row.id));
            }
            buf_init(&out, rq.a, 8 << 20);
            assert_int_equal(fhir_page_write(&rq, &p, S("http://h/fhir"), &out), OK);
            assert_int_equal(json_parse(&rq, buf_get(&out), NULL, &doc), OK);
            assert_int_equal(fhir_validate(&rq, json_root(&doc), T_BUNDLE), OK);
        } else {
            assert_true(rq.issues != NULL && rq.issues->n_errors > 0);
        }
        req_done(&rq);
    }
    store_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_questions),
        cmocka_unit_test(random_questions),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
