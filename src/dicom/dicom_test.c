/* dicom/dicom_test.c - matching as PS3.4 says, and searches by every key over stored rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "dicom/aside.h"
#include "dicom/query.h"
#include "dicom/study_put.h"
#include "os/clock.h"

static void values_match(void **state)
{
    static const struct {
        enum dicom_match_kind kind;
        struct str asked, value;
        bool matches;
    } rows[] = {
        {DICOM_MATCH_UID, SI("1.2.3"), SI("1.2.3"), true},
        {DICOM_MATCH_UID, SI("1.2.4\\1.2.3"), SI("1.2.3"), true},
        {DICOM_MATCH_UID, SI("1.2.4, 1.2.3"), SI("1.2.3"), true},
        {DICOM_MATCH_UID, SI("1.2.4,1.2.33"), SI("1.2.3"), false},
        {DICOM_MATCH_TEXT, SI("A*7"), SI("A-17"), true},
        {DICOM_MATCH_TEXT, SI("A?17"), SI("A-17"), true},
        {DICOM_MATCH_TEXT, SI("a-17"), SI("A-17"), false},
        {DICOM_MATCH_TEXT, SI("*"), SI(""), true},
        {DICOM_MATCH_TEXT, SI("?"), SI(""), false},
        {DICOM_MATCH_TEXT, SI("?дин"), SI("один"), true},
        {DICOM_MATCH_TEXT, SI("a*b*c"), SI("a-b-b-c"), true},
        {DICOM_MATCH_TEXT, SI("a*b*c"), SI("a-b-b-d"), false},
        {DICOM_MATCH_NAME, SI("ivanov*"), SI("ivanov petr"), true},
        {DICOM_MATCH_NAME, SI("ivanov"), SI("ivanov petr"), false},
        {DICOM_MATCH_NAME, SI("иванов*"), SI("ivanov petr=иванов петр"), true},
        {DICOM_MATCH_DATE, SI("20240501"), SI("20240501"), true},
        {DICOM_MATCH_DATE, SI("20240501-"), SI("20240502"), true},
        {DICOM_MATCH_DATE, SI("-20240501"), SI("20240502"), false},
        {DICOM_MATCH_DATE, SI("20240401-20240430"), SI("20240430"), true},
        {DICOM_MATCH_DATE, SI("20240401-20240430"), SI(""), false},
        {DICOM_MATCH_TIME, SI("10"), SI("105959.123"), true},
        {DICOM_MATCH_TIME, SI("1000-1030"), SI("103059"), true},
        {DICOM_MATCH_TIME, SI("1000-1030"), SI("1031"), false},
        {DICOM_MATCH_TIME, SI("-10:30"), SI("0900"), true},
        {DICOM_MATCH_TIME, SI("late"), SI("0900"), false},
        {DICOM_MATCH_NUMBER, SI(" 07"), SI("7"), true},
        {DICOM_MATCH_NUMBER, SI("7"), SI(""), false},
        {DICOM_MATCH_LIST, SI("SR"), SI("CT\\SR"), true},
        {DICOM_MATCH_LIST, SI("S"), SI("CT\\SR"), false},
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        if (dicom_matches(rows[i].kind, rows[i].asked, rows[i].value) != rows[i].matches) {
            fail_msg("row %zu: %.*s", i, STR_ARG(rows[i].asked));
        }
    }
    assert_true(dicom_name_is_like(S("pet iva"), S("ivanov petr")));
    assert_false(dicom_name_is_like(S("pet ova"), S("ivanov petr")));
    assert_true(dicom_uid_is(S("1.2.840")));
    assert_false(dicom_uid_is(S("1.2.x")));
    assert_false(dicom_uid_is(S("")));
}

/* ---- a store with a few studies ---- */

struct world {
    struct req rq;
    struct store *st;
    char dir[64];
};

static struct world w;

struct sample {
    const char *uid, *patient_id, *name, *date, *accession, *modality;
    unsigned instances;
};
static const struct sample samples[] = {
    {"1.1", "P1", "Ivanov^Petr", "20240501", "A1", "CT", 3},
    {"1.2", "P1", "Ivanov^Petr", "20240601", "A2", "MR", 2},
    {"1.3", "P2", "Иванова^Анна^Петровна", "20240401", "", "US", 1},
    {"1.4", "P23", "Ivan^Ivanenko", "", "A11", "CT", 2},
};

static void put_sample(const struct sample *s, unsigned at)
{
    struct tx *tx = tx_new(&w.rq);
    struct dicom_put p;
    struct str name = str_z(s->name);
    struct dicom_study study = {
        .uid = str_z(s->uid), .source = S("ae:X"), .patient_id = str_z(s->patient_id), .name = name,
        .fold = dicom_name_fold(&w.rq, name), .date = str_z(s->date), .time = S("101500"),
        .accession = str_z(s->accession), .study_id = S("S"), .referring = S("Doctor^Referring"),
        .birth = S("19800101"),
    };
    char series_uid[32];

    (void)snprintf(series_uid, sizeof series_uid, "%s.1", s->uid);
    MUST(&w.rq, dicom_put_begin(&w.rq, &study, &p));
    for (unsigned i = 0; i < s->instances; i++) {
        char uid[40];
        (void)snprintf(uid, sizeof uid, "%s.%u", series_uid, i + 1);
        struct dicom_series series = {.uid = str_z(series_uid), .modality = str_z(s->modality),
                                      .number = at, .procedure_id = S("RP7")};
        struct dicom_instance inst = {.uid = arena_str(w.rq.a, str_z(uid)), .sop_class = S("1.2.840.1"),
                                      .syntax = S("1.2"), .number = i + 1, .rows = 512,
                                      .blob.size = 10};
        series.uid = arena_str(w.rq.a, series.uid);
        inst.blob.sha[0] = (uint8_t)at;
        inst.blob.sha[1] = (uint8_t)i;
        MUST(&w.rq, dicom_put_add(&w.rq, &p, &series, &inst));
    }
    MUST(&w.rq, dicom_put_end(&w.rq, tx, &p));
    char case_id[8] = {'c', (char)('0' + at), 0};
    MUST(&w.rq, dicom_place_add(tx, study.uid, at == 2 ? S("") : str_z(case_id),
                                str_z(case_id)));
    MUST(&w.rq, store_commit(w.st, &w.rq, tx));
}

static int begin(void **state)
{
    (void)state;
    memcpy(w.dir, "/tmp/dicom-test-XXXXXX", sizeof "/tmp/dicom-test-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    req_init(&w.rq, 64 << 20, os_now());
    MUST(&w.rq, store_open(&w.rq, str_z(w.dir), NULL, &w.st));
    w.rq.db = store_db_open(w.st);
    for (unsigned i = 0; i < LEN(samples); i++) {
        put_sample(&samples[i], i);
    }
    return 0;
}

static int end(void **state)
{
    char cmd[96] = "rm -rf ";

    (void)state;
    store_db_close(w.rq.db);
    store_close(w.st);
    req_done(&w.rq);
    strcat(cmd, w.dir);
    return system(cmd);
}

/* "1.2 1.1 ": uids of what was found. */
static enum err hit(struct req *rq, const struct dicom_hit *h, void *ctx)
{
    struct buf *b = ctx;

    (void)rq;
    buf_str(b, h->instance != NULL ? h->instance->uid : h->series != NULL ? h->series->uid : h->study->uid);
    buf_char(b, ' ');
    return OK;
}

static struct str found(struct dicom_query q, bool *ret_more)
{
    struct buf *b = ARENA_NEW(w.rq.a, struct buf);
    struct dicom_found f;

    buf_init(b, w.rq.a, 4096);
    (void)!buf_room(b, 1000); /* grows before the scratch of the search */
    q.each = hit;
    q.each_ctx = b;
    q.limit = q.limit > 0 ? q.limit : 100;
    MUST(&w.rq, dicom_search(&w.rq, &q, &f));
    *ret_more = f.more;
    return buf_get(b);
}

static void searches_find(void **state)
{
    static const struct {
        enum dicom_result level;
        uint32_t tag;
        const char *value;
        bool fuzzy;
        const char *want;
    } rows[] = {
        {DICOM_STUDY, 0, "", false, "1.2 1.1 1.3 1.4 "},
        {DICOM_STUDY, 0x0020000d, "1.3\\1.1,1.3", false, "1.3 1.1 "},
        {DICOM_STUDY, 0x00100020, "P1", false, "1.2 1.1 "},
        {DICOM_STUDY, 0x00100020, "P2*", false, "1.3 1.4 "},
        {DICOM_STUDY, 0x00100020, "?2", false, "1.3 "},
        {DICOM_STUDY, 0x00080050, "A1", false, "1.1 "},
        {DICOM_STUDY, 0x00080050, "A1*", false, "1.1 1.4 "},
        {DICOM_STUDY, 0x00080020, "20240401-20240531", false, "1.1 1.3 "},
        {DICOM_STUDY, 0x00080020, "20240501-", false, "1.2 1.1 "},
        {DICOM_STUDY, 0x00080030, "10", false, "1.2 1.1 1.3 1.4 "},
        {DICOM_STUDY, 0x00080061, "CT", false, "1.1 1.4 "},
        {DICOM_STUDY, 0x00100010, "IVANOV^PETR", false, "1.2 1.1 "},
        {DICOM_STUDY, 0x00100010, "ivan*", false, "1.2 1.1 1.4 "},
        {DICOM_STUDY, 0x00100010, "ivan", false, ""},
        {DICOM_STUDY, 0x00100010, "ivan^ivanenko", false, "1.4 "}, /* a word that begins another */
        {DICOM_STUDY, 0x00100010, "ivan ivan?n*", false, "1.4 "},
        {DICOM_STUDY, 0x00100010, "ivanov p*", false, "1.2 1.1 "},
        {DICOM_STUDY, 0x00100010, "ivanov ivan", false, ""},
        {DICOM_STUDY, 0x00100010, "иван?ва*", false, "1.3 "},
        {DICOM_STUDY, 0x00100010, "pe iva", true, "1.2 1.1 "},
        {DICOM_STUDY, 0x00100010, "петр иван", true, "1.3 "},
        {DICOM_STUDY, 0x00100010, "*petr", false, "1.2 1.1 "},
        {DICOM_STUDY, 0x00100030, "19800101", false, "1.2 1.1 1.3 1.4 "},
        {DICOM_STUDY, 0x00080090, "doctor*", false, "1.2 1.1 1.3 1.4 "},
        {DICOM_STUDY, 0x00200010, "X", false, ""},
        {DICOM_SERIES, 0x00080060, "MR", false, "1.2.1 "},
        {DICOM_SERIES, 0x0020000e, "1.3.1", false, "1.3.1 "},
        {DICOM_SERIES, 0x00200011, "0", false, "1.1.1 "},
        {DICOM_SERIES, 0x00401001, "RP7", false, "1.2.1 1.1.1 1.3.1 1.4.1 "},
        {DICOM_SERIES, 0x00400244, "20240101", false, ""},
        {DICOM_INSTANCE, 0x00080018, "1.1.1.2", false, "1.1.1.2 "},
        {DICOM_INSTANCE, 0x00080018, "1.1.1.2,1.1.1.3,1.2.1.1", false, "1.2.1.1 1.1.1.2 1.1.1.3 "},
        {DICOM_INSTANCE, 0x00200013, "2", false, "1.2.1.2 1.1.1.2 1.4.1.2 "},
        {DICOM_INSTANCE, 0x00080016, "1.2.840.2", false, ""},
        {DICOM_INSTANCE, 0x0020000d, "1.1", false, "1.1.1.1 1.1.1.2 1.1.1.3 "},
    };
    bool more;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct dicom_asked asked = {rows[i].tag, str_z(rows[i].value)};
        struct str got = found((struct dicom_query){.level = rows[i].level, .asked = &asked,
                                                    .n_asked = 1, .fuzzy = rows[i].fuzzy}, &more);
        if (!str_eq(got, str_z(rows[i].want))) {
            fail_msg("%s: %.*s", rows[i].value, STR_ARG(got));
        }
        assert_false(more);
    }
    struct dicom_asked bad = {0x00080020, S("yesterday")};
    struct dicom_query q = {.asked = &bad, .n_asked = 1, .limit = 1};
    struct dicom_found f;
    assert_int_equal(dicom_search(&w.rq, &q, &f), E_BAD_INPUT);
    err_clear(&w.rq);
    assert_null(dicom_key_find(0x00104000));
    assert_int_equal(dicom_key_find(0x0020000e)->level, DICOM_SERIES);
}

static void pages_follow_each_other(void **state)
{
    bool more;

    (void)state;
    struct dicom_query q = {.level = DICOM_INSTANCE, .limit = 3};
    assert_true(str_eq(found(q, &more), S("1.2.1.1 1.2.1.2 1.1.1.1 ")));
    assert_true(more);
    q.offset = 3;
    assert_true(str_eq(found(q, &more), S("1.1.1.2 1.1.1.3 1.3.1.1 ")));
    q.offset = 6;
    assert_true(str_eq(found(q, &more), S("1.4.1.1 1.4.1.2 ")));
    assert_false(more);
    q = (struct dicom_query){.case_id = S("c1")};
    assert_true(str_eq(found(q, &more), S("1.2 ")));
    q.case_id = S("c2");
    assert_true(str_eq(found(q, &more), S("")));
}

static enum err only_c1(struct req *rq, int64_t imaging, void *ctx, bool *ret_may)
{
    struct res_row row;
    enum err e = db_head_rid(rq, imaging, &row);

    (void)ctx;
    err_clear(rq); /* the test put none: bare rows */
    assert_int_equal(e, E_NOT_FOUND);
    struct dicom_study s;
    struct dicom_place p;
    MUST(rq, dicom_study_find(rq, S("1.2"), &s));
    MUST(rq, dicom_place_find(rq, s.key, S("c1"), &p));
    *ret_may = p.imaging == imaging;
    return OK;
}

static void others_studies_are_not_there(void **state)
{
    bool more;

    (void)state;
    struct dicom_query q = {.may = only_c1};
    assert_true(str_eq(found(q, &more), S("1.2 ")));
    q.level = DICOM_INSTANCE;
    assert_true(str_eq(found(q, &more), S("1.2.1.1 1.2.1.2 ")));
}

static void counts_are_held_to(void **state)
{
    struct dicom_study s;
    struct dicom_put a;
    struct dicom_put b;
    struct dicom_series series = {.uid = S("1.1.1")};
    struct dicom_instance one = {.uid = S("1.1.1.9"), .blob.size = 5};
    struct dicom_instance two = {.uid = S("1.1.1.10"), .blob.size = 5};
    struct dicom_totals t;
    struct dicom_place places[DICOM_PLACES_MAX];
    uint32_t n = 0;

    (void)state;
    MUST(&w.rq, dicom_study_find(&w.rq, S("1.1"), &s));
    MUST(&w.rq, dicom_put_begin(&w.rq, &s, &a));
    MUST(&w.rq, dicom_put_begin(&w.rq, &s, &b));
    MUST(&w.rq, dicom_put_add(&w.rq, &a, &series, &one));
    MUST(&w.rq, dicom_put_add(&w.rq, &b, &series, &two));
    struct tx *tx = tx_new(&w.rq);
    MUST(&w.rq, dicom_put_end(&w.rq, tx, &a));
    MUST(&w.rq, store_commit(w.st, &w.rq, tx));
    tx = tx_new(&w.rq);
    MUST(&w.rq, dicom_put_end(&w.rq, tx, &b));
    assert_int_equal(store_commit(w.st, &w.rq, tx), E_STALE);
    err_clear(&w.rq);
    MUST(&w.rq, dicom_study_find(&w.rq, S("1.1"), &s));
    assert_int_equal(s.n_instances, 4);
    assert_int_equal(s.bytes, 35);
    MUST(&w.rq, dicom_totals(&w.rq, &t));
    assert_int_equal(t.studies, 4);
    assert_int_equal(t.instances, 9);
    MUST(&w.rq, dicom_places(&w.rq, s.key, places, &n));
    tx = tx_new(&w.rq);
    MUST(&w.rq, dicom_study_end(tx, &s, places, 0)); /* it is shown somewhere by now */
    assert_int_equal(store_commit(w.st, &w.rq, tx), n > 0 ? E_STALE : OK);
    err_clear(&w.rq);
    tx = tx_new(&w.rq);
    MUST(&w.rq, dicom_study_end(tx, &s, places, n));
    MUST(&w.rq, store_commit(w.st, &w.rq, tx));
    assert_int_equal(dicom_instance_find(&w.rq, S("1.1.1.9"), &one, NULL, NULL), E_NOT_FOUND);
    err_clear(&w.rq);
    CLEANUP(db_rows_done) struct db_rows q = {.stmt = NULL};
    uint8_t sha[32] = {0};
    MUST(&w.rq, DB_ONE(&w.rq, &q, Q_BLOB, sql_blob((struct str){(const char *)sha, 32})));
    assert_int_equal(db_i64(&q, 2), 0); /* both uses of the empty name are gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_match),
        cmocka_unit_test(searches_find),
        cmocka_unit_test(pages_follow_each_other),
        cmocka_unit_test(others_studies_are_not_there),
        cmocka_unit_test(counts_are_held_to),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
