/* store/store_test.c - versions, conditions, index rows, lists, teams, audit, crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "os/wait_testing.h"
#include "store/conn.h"
#include "store/test_int.h"

struct seen {
    struct ver_row v[8];
    size_t n;
};

static enum err seen_add(struct req *rq, const struct ver_row *head, void *ctx, bool *ret_keep,
                         bool *ret_stop)
{
    struct seen *s = ctx;
    (void)rq;
    (void)ret_stop;
    s->v[s->n++] = *head;
    *ret_keep = true;
    return OK;
}

static void create_update_delete(void **state)
{
    struct t t = t_open();
    struct res_row row;
    struct ver_row ver;
    struct seen seen = {.n = 0};
    (void)state;
    assert_int_equal(t_put(&t, T_OBS, "a", TX_CREATE, "1"), OK);
    assert_int_equal(t_put(&t, T_OBS, "a", TX_CREATE, "2"), E_CONFLICT);
    assert_int_equal(t_put(&t, T_OBS, "a", 2, "2"), E_STALE);
    assert_int_equal(t_put(&t, T_OBS, "a", 1, "2"), OK);
    assert_int_equal(t_put(&t, T_OBS, "a", TX_ANY, "3"), OK);
    assert_int_equal(t_put(&t, T_OBS, "b", 1, "x"), E_STALE);
    assert_int_equal(db_read(&t.rq, T_OBS, S("a"), &row), OK);
    assert_int_equal(row.version, 3);
    assert_true(str_starts(row.body, S("{\"resourceType\":\"Observation\",\"id\":\"a\",\"meta\":{"
                                       "\"versionId\":\"3\",\"lastUpdated\":\"20")));
    assert_true(str_ends(row.body, S("Z\"},\"note\":\"3\"}")));
    assert_int_equal(db_vread(&t.rq, T_OBS, S("a"), 1, &ver), OK);
    assert_true(str_ends(ver.body, S("\"note\":\"1\"}")));
    assert_int_equal(db_vread(&t.rq, T_OBS, S("a"), 9, &ver), E_NOT_FOUND);
    err_clear(&t.rq);
    assert_int_equal(t_delete(&t, T_OBS, "a", 2), E_STALE);
    assert_int_equal(t_delete(&t, T_OBS, "a", TX_ANY), OK);
    assert_int_equal(t_delete(&t, T_OBS, "a", TX_ANY), E_NOT_FOUND);
    assert_int_equal(db_read(&t.rq, T_OBS, S("a"), &row), E_GONE);
    err_clear(&t.rq);
    assert_int_equal(db_find(&t.rq, T_OBS, S("a"), &row), OK);
    assert_true(row.deleted);
    assert_int_equal(t_put(&t, T_OBS, "a", TX_CREATE, "5"), OK);
    assert_int_equal(db_history(&t.rq, T_OBS, S("a"), 0, seen_add, &seen), OK);
    assert_int_equal(seen.n, 5);
    assert_int_equal(seen.v[0].version, 5);
    assert_int_equal(seen.v[1].op, VER_DELETE);
    assert_int_equal(seen.v[4].op, VER_CREATE);
    int64_t third = seen.v[2].vid;
    seen.n = 0;
    assert_int_equal(db_history(&t.rq, T_OBS, S("a"), third, seen_add, &seen), OK);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.v[0].version, 2);
    seen.n = 0;
    int64_t next = 0;
    assert_int_equal(db_feed(&t.rq, third, 1, seen_add, &seen, &next), OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(next, third - 1);
    assert_int_equal(db_vid_at(&t.rq, seen.v[0].updated.ms - 100000, &next), OK);
    assert_int_equal(next, 0);
    assert_int_equal(db_vid_at(&t.rq, INT64_MAX, &next), OK);
    assert_int_equal(next, third + 2);
    t_close(&t);
}

static void meta_of_the_resource_is_kept(void **state)
{
    struct t t = t_open();
    struct res_row row;
    struct tx *tx = tx_new(&t.rq);
    struct tx_put p = t_form(T_OBS, "m");
    (void)state;
    p.body = S("{\"resourceType\":\"Observation\",\"meta\":{\"tag\":[1]},\"status\":\"final\"}");
    assert_int_equal(tx_put(tx, &p), OK);
    p = t_form(T_OBS, "empty");
    p.body = S("{\"resourceType\":\"Observation\"}");
    assert_int_equal(tx_put(tx, &p), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    assert_int_equal(db_read(&t.rq, T_OBS, S("m"), &row), OK);
    assert_true(str_ends(row.body, S("Z\",\"tag\":[1]},\"status\":\"final\"}")));
    assert_true(str_eq(row.body, tx_put_text(tx, 0)));
    assert_int_equal(db_read(&t.rq, T_OBS, S("empty"), &row), OK);
    assert_true(str_ends(row.body, S("Z\"}}")));
    t_close(&t);
}

static void bare_row_becomes_the_resource(void **state)
{
    struct t t = t_open();
    struct res_row row;
    const struct tuple ref = {.kind = TUPLE_REF, .sp = 7, .ref = {.type = T_PAT, .id = S("p1")}};
    struct tx_put p = t_form(T_OBS, "o");
    int64_t rid = 0;
    (void)state;
    p.tuples = &ref;
    p.n_tuples = 1;
    struct tx *tx = tx_new(&t.rq);
    assert_int_equal(tx_put(tx, &p), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    assert_int_equal(db_rid(&t.rq, T_PAT, S("p1"), &rid), OK);
    assert_true(rid > 0);
    assert_int_equal(db_read(&t.rq, T_PAT, S("p1"), &row), E_NOT_FOUND);
    err_clear(&t.rq);
    assert_int_equal(t_put(&t, T_PAT, "p1", TX_CREATE, "x"), OK);
    assert_int_equal(db_read(&t.rq, T_PAT, S("p1"), &row), OK);
    assert_int_equal(row.rid, rid);
    assert_int_equal(row.version, 1);
    assert_int_equal(t_list_len(&t, t_ref_list(&t, 7, rid)), 1);
    t_close(&t);
}

static struct str changed(struct t *t, uint16_t type, int64_t from, int64_t to, enum list_order o)
{
    struct list *l = NULL;
    struct hit hit;
    struct buf b;
    int64_t last = o == LIST_NEWEST ? INT64_MAX : 0;
    buf_init(&b, t->rq.a, 1000);
    assert_int_equal(list_changed(&t->rq, type, from, to, o, &l), OK);
    while (list_next(l, &hit)) {
        struct res_row row;
        assert_int_equal(db_head_rid(&t->rq, hit.rid, &row), OK);
        assert_int_equal(row.updated.ms, hit.at);
        assert_true(o == LIST_NEWEST ? hit.at <= last : hit.at >= last);
        last = hit.at;
        buf_str(&b, row.id);
    }
    assert_int_equal(list_err(&t->rq, l), OK);
    list_close(&l);
    return buf_get(&b);
}

static void changes_of_a_type_in_order(void **state)
{
    struct t t = t_open();
    struct res_row row;
    (void)state;
    for (int i = 0; i < 4; i++) {
        const char id[2] = {(char)('a' + i), 0};
        assert_int_equal(t_put(&t, T_OBS, id, TX_CREATE, "1"), OK);
        assert_int_equal(t_put(&t, T_PAT, id, TX_CREATE, "1"), OK);
        int64_t then = os_now().ms;
        WAIT_FOR(os_now().ms > then); /* the next one is later */
    }
    assert_int_equal(t_put(&t, T_OBS, "b", 1, "2"), OK);
    assert_int_equal(t_delete(&t, T_OBS, "c", 1), OK);
    assert_true(str_eq(changed(&t, T_OBS, 0, INT64_MAX, LIST_OLDEST), S("adb")));
    assert_true(str_eq(changed(&t, T_OBS, 0, INT64_MAX, LIST_NEWEST), S("bda")));
    assert_int_equal(db_head(&t.rq, T_OBS, S("d"), &row), OK);
    int64_t at = row.updated.ms;
    assert_true(str_eq(changed(&t, T_OBS, at, INT64_MAX, LIST_OLDEST), S("db")));
    assert_true(str_eq(changed(&t, T_OBS, 0, at + 1, LIST_NEWEST), S("da")));
    assert_true(str_eq(changed(&t, T_OBS, 0, at, LIST_NEWEST), S("a")));
    assert_true(str_eq(changed(&t, T_SR, 0, INT64_MAX, LIST_NEWEST), S("")));
    t_close(&t);
}

static void index_follows_the_newest_version(void **state)
{
    struct t t = t_open();
    const struct tuple one[] = {
        {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 11, .sys = 5}},
        {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 12, .sys = 5}},
        {.kind = TUPLE_DATE, .sp = 2, .date = {1000, 2000}},
        {.kind = TUPLE_STRING, .sp = 3, .string = S("ospanova")},
        {.kind = TUPLE_QUANTITY, .sp = 4, .quantity = {9, 36.6}},
    };
    const struct tuple two[] = {
        {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 12, .sys = 5}},
        {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 13, .sys = 0}},
        {.kind = TUPLE_STRING, .sp = 3, .string = S("akhmetova")},
    };
    const struct tuple *got;
    size_t n;
    uint64_t faults;
    int64_t rid;
    struct tx_put p = t_form(T_OBS, "o");
    (void)state;
    p.tuples = one;
    p.n_tuples = LEN(one);
    assert_int_equal(t_put_form(&t, &p), OK);
    assert_int_equal(t_tokens(&t, 1, 11, 5), 1);
    assert_int_equal(t_strings(&t, 3, "osp"), 1);
    p.expect = 1;
    p.tuples = two;
    p.n_tuples = LEN(two);
    assert_int_equal(t_put_form(&t, &p), OK);
    assert_int_equal(t_tokens(&t, 1, 11, 5), 0);
    assert_int_equal(t_tokens(&t, 1, 12, 5), 1);
    assert_int_equal(t_tokens(&t, 1, 13, TOKEN_ANY_SYS), 1);
    assert_int_equal(t_strings(&t, 3, "osp"), 0);
    assert_int_equal(t_strings(&t, 3, "akhm"), 1);
    assert_int_equal(db_rid(&t.rq, T_OBS, S("o"), &rid), OK);
    assert_int_equal(db_tuples(&t.rq, rid, &got, &n), OK);
    assert_int_equal(n, LEN(two));
    p.expect = 2;
    p.at_ms += 5;
    assert_int_equal(t_put_form(&t, &p), OK);
    assert_int_equal(t_tokens(&t, 1, 12, 5), 1);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(t_delete(&t, T_OBS, "o", 3), OK);
    assert_int_equal(t_tokens(&t, 1, 12, 5), 0);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_close(&t);
}

static void lists_are_ordered_and_can_seek(void **state)
{
    struct t t = t_open();
    struct list *l = NULL;
    struct hit hit;
    int64_t last = INT64_MAX;
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 60; i++) {
        char id[8];
        const struct tuple tok[] = {
            {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 77, .sys = (uint32_t)i % 3}},
            {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 77, .sys = 3}},
            {.kind = TUPLE_DATE, .sp = 2, .date = {i, i + 1}},
        };
        struct tx_put p = t_form(T_OBS, t_id(id, i));
        p.at_ms = (i * 37) % 60;
        p.tuples = tok;
        p.n_tuples = i % 2 == 0 ? 3 : 1;
        assert_int_equal(t_put_form(&t, &p), OK);
    }
    assert_int_equal(list_token(&t.rq, 1, 77, TOKEN_ANY_SYS, LIST_NEWEST, &l), OK);
    while (list_next(l, &hit)) {
        assert_true(hit.at < last);
        last = hit.at;
        n++;
    }
    assert_int_equal(list_err(&t.rq, l), OK);
    assert_int_equal(n, 60);
    list_close(&l);
    assert_int_equal(list_token(&t.rq, 1, 77, TOKEN_ANY_SYS, LIST_OLDEST, &l), OK);
    list_seek(l, (struct hit){30, 0});
    assert_true(list_next(l, &hit));
    assert_int_equal(hit.at, 30);
    list_seek(l, (struct hit){55, INT64_MAX});
    assert_true(list_next(l, &hit));
    assert_int_equal(hit.at, 56);
    list_close(&l);
    assert_int_equal(list_date(&t.rq, 2, 10, 20, LIST_NEWEST, &l), OK);
    assert_true(list_next(l, &hit));
    assert_int_equal(hit.at, 18);
    assert_int_equal(list_hi(l), 19);
    assert_int_equal(t_list_len(&t, l), 4);
    assert_int_equal(list_type(&t.rq, T_OBS, LIST_OLDEST, &l), OK);
    assert_int_equal(t_list_len(&t, l), 60);
    assert_true(db_idle(t.rq.db));
    t_close(&t);
}

static void owners_and_teams(void **state)
{
    struct t t = t_open();
    struct list *l = NULL;
    struct hit hit;
    bool has;
    int64_t rid;
    const uint64_t mine[] = {5, UINT64_MAX - 3};
    struct tx_put p = t_form(T_SR, "case1");
    struct tx *tx = tx_new(&t.rq);
    (void)state;
    p.anchor_type = T_SR;
    p.anchor_id = S("case1");
    p.patient_type = T_PAT;
    p.patient_id = S("p");
    p.at_ms = 500;
    assert_int_equal(tx_put(tx, &p), OK);
    assert_int_equal(tx_team(tx, T_SR, S("case1"), mine[1]), OK);
    assert_int_equal(tx_team(tx, T_SR, S("case1"), mine[1]), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    rid = tx_put_rid(tx, 0);
    assert_int_equal(db_team_has(&t.rq, rid, mine, 1, &has), OK);
    assert_false(has);
    assert_int_equal(db_team_has(&t.rq, rid, mine, 2, &has), OK);
    assert_true(has);
    assert_int_equal(list_team(&t.rq, mine[1], LIST_NEWEST, &l), OK);
    assert_true(list_next(l, &hit));
    assert_int_equal(hit.at, 500);
    assert_int_equal(hit.rid, rid);
    list_close(&l);
    p.expect = 1;
    p.at_ms = 700;
    assert_int_equal(t_put_form(&t, &p), OK);
    assert_int_equal(list_team(&t.rq, mine[1], LIST_NEWEST, &l), OK);
    assert_true(list_next(l, &hit));
    assert_int_equal(hit.at, 700);
    list_close(&l);
    assert_int_equal(list_owner(&t.rq, rid, T_SR, LIST_NEWEST, &l), OK);
    assert_int_equal(t_list_len(&t, l), 1);
    tx = tx_new(&t.rq);
    assert_int_equal(tx_team_remove(tx, T_SR, S("case1"), mine[1]), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    assert_int_equal(db_team_has(&t.rq, rid, mine, 2, &has), OK);
    assert_false(has);
    t_close(&t);
}

static void conditions_fail_alone(void **state)
{
    struct t t = t_open();
    const struct tuple tok = {.kind = TUPLE_TOKEN, .sp = 1, .token = {.hash = 42, .sys = 9}};
    struct tx_put p = t_form(T_PAT, "p1");
    struct res_row row;
    (void)state;
    p.tuples = &tok;
    p.n_tuples = 1;
    for (int i = 0; i < 2; i++) {
        struct tx *tx = tx_new(&t.rq);
        assert_int_equal(tx_require_none(tx, 1, 42, 9), OK);
        p.id = i == 0 ? S("p1") : S("p2");
        assert_int_equal(tx_put(tx, &p), OK);
        assert_int_equal(store_commit(t.st, &t.rq, tx), i == 0 ? OK : E_CONFLICT);
        err_clear(&t.rq);
    }
    struct tx *tx = tx_new(&t.rq);
    struct tx_put q = t_form(T_OBS, "o1");
    assert_int_equal(tx_put(tx, &q), OK);
    assert_int_equal(TX_SQL(tx, W_ONCE_NEW, TX_MUST_BE_NEW, sql_text(S("dr")), sql_text(S("k")),
                            sql_tx_time(0), sql_text(S("/x"))), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    tx = tx_new(&t.rq);
    q = t_form(T_OBS, "o2");
    assert_int_equal(tx_put(tx, &q), OK);
    assert_int_equal(TX_SQL(tx, W_ONCE_NEW, TX_MUST_BE_NEW, sql_text(S("dr")), sql_text(S("k")),
                            sql_tx_time(0), sql_text(S("/y"))), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_CONFLICT);
    err_clear(&t.rq);
    assert_int_equal(db_read(&t.rq, T_OBS, S("o1"), &row), OK);
    assert_int_equal(db_read(&t.rq, T_OBS, S("o2"), &row), E_NOT_FOUND);
    err_clear(&t.rq);
    tx = tx_new(&t.rq);
    assert_int_equal(tx_require_version(tx, T_OBS, S("o1"), 2), OK);
    q = t_form(T_OBS, "o3");
    assert_int_equal(tx_put(tx, &q), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_STALE);
    err_clear(&t.rq);
    tx = tx_new(&t.rq);
    q = t_form(T_OBS, "twice");
    assert_int_equal(tx_put(tx, &q), OK);
    assert_int_equal(tx_put(tx, &q), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_CONFLICT);
    err_clear(&t.rq);
    assert_int_equal(t_put(&t, T_OBS, "twice", TX_CREATE, "now"), OK);
    t_close(&t);
}

/* Forward and backward references within one large transaction, then the same with a mistake. */
static void large_transactions(void **state)
{
    struct t t = t_open();
    enum { MANY = 1000 };
    static char ids[MANY][8];
    struct res_row row;
    uint64_t faults;
    (void)state;
    for (int round = 0; round < 2; round++) {
        struct tx *tx = tx_new(&t.rq);
        for (int i = 0; i < MANY; i++) {
            struct tuple *ref = ARENA_ARRAY(t.rq.a, 2, struct tuple);
            struct tx_put p = t_form(T_OBS, t_id(ids[i], i));
            ref[0] = (struct tuple){.kind = TUPLE_REF, .sp = 7, .ref = {.type = T_OBS}};
            ref[1] = ref[0];
            ref[0].ref.id = str_z(t_id(ids[MANY - 1 - i], MANY - 1 - i));
            ref[1].ref.id = S("bare");
            p.expect = round == 0 ? TX_NEW : i == MANY - 1 ? 7 : 1;
            p.tuples = ref;
            p.n_tuples = 2;
            assert_int_equal(tx_put(tx, &p), OK);
        }
        assert_int_equal(store_commit(t.st, &t.rq, tx), round == 0 ? OK : E_STALE);
        err_clear(&t.rq);
    }
    assert_int_equal(db_read(&t.rq, T_OBS, S("r5"), &row), OK);
    assert_int_equal(row.version, 1);
    assert_int_equal(t_list_len(&t, t_ref_list(&t, 7, row.rid)), 1);
    struct tx *tx = tx_new(&t.rq);
    for (int i = 0; i < 40; i++) { /* too many to compare pair by pair: a repeat is undone */
        struct tx_put p = t_form(T_SR, ids[i < 39 ? i : 0]);
        assert_int_equal(tx_put(tx, &p), OK);
    }
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_CONFLICT);
    err_clear(&t.rq);
    assert_int_equal(db_read(&t.rq, T_SR, S("r1"), &row), E_NOT_FOUND);
    err_clear(&t.rq);
    assert_int_equal(t_put(&t, T_SR, "r1", TX_CREATE, "x"), OK);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_close(&t);
}

/* Statements over everything, by design. */
static const char *const may_scan[] = {
    "FROM tx ORDER BY seq",  "FROM res WHERE rid > ?1",     "count(*) FROM ver",
    "count(*) FROM ix_of",   "count(*) FROM ix_token",      "FROM ix_of WHERE owner = 0",
    "FROM flow_row WHERE submitted_ms", "UPDATE job SET state = 0",
    "PRAGMA",                "max(",                        "ORDER BY seq DESC LIMIT 1",
    "FROM job WHERE state = 0 ORDER BY due_ms, id LIMIT 1",
    "count(iif(state = 1",   "locked_until_ms DESC, login", "OVER () FROM token",
    "coalesce(sum(size), 0)", "FROM client ORDER BY id", "FROM pragma_page_count()",
    "coalesce(sum(n_instances), 0)", "WHERE i.sha = ?1 UNION ALL SELECT 1",
    "why FROM retain", "WITH RECURSIVE c(",
    /* once for an order to erase a record: tables of what waits and of what was lately done */
    "FROM erasure_item e CROSS JOIN res", "FROM erasure WHERE state IN (1, 2)", "FROM erasure_hold ORDER BY",
    "DELETE FROM app_launch WHERE patient", "UPDATE bulk SET expires_ms = 1",
};

static void t_plan(sqlite3 *sql, const char *text)
{
    sqlite3_stmt *st = NULL;
    char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", text);
    for (size_t i = 0; i < LEN(may_scan); i++) {
        if (strstr(text, may_scan[i]) != NULL) {
            sqlite3_free(explain);
            return;
        }
    }
    assert_int_equal(sqlite3_prepare_v2(sql, explain, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(st, 3);
        bool all = strncmp(step, "SCAN", 4) == 0 && strstr(step, "VIRTUAL TABLE INDEX") == NULL
                   && strncmp(step, "SCAN (subquery", 14) != 0 /* its own steps stand beside */
                   && strcmp(step, "SCAN CONSTANT ROW") != 0; /* one row, of no table */
        if (all || strstr(step, "FOR ORDER BY") != NULL) {
            print_error("%s\n  %s\n", text, step);
            fail();
        }
    }
    sqlite3_finalize(st);
    sqlite3_free(explain);
}

/* Every statement compiles, and what the desks and lists ask is found by an index. */
static void statements_use_indexes(void **state)
{
    struct t t = t_open();
    sqlite3 *sql = NULL;
    char path[OS_PATH_MAX];
    (void)state;
    assert_int_equal(os_path(&t.rq, str_z(t.dir), S("consilium.db"), path), OK);
    assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
    for (unsigned id = 0; id < STMT_ALL; id++) {
        sqlite3_stmt *st = NULL;
        if (sqlite3_prepare_v2(sql, conn_text(id), -1, &st, NULL) != SQLITE_OK) {
            print_error("%s\n%s\n", conn_text(id), sqlite3_errmsg(sql));
            fail();
        }
        sqlite3_finalize(st);
        t_plan(sql, conn_text(id));
    }
    sqlite3_close(sql);
    t_close(&t);
}

static void domain_rows(void **state)
{
    struct t t = t_open();
    struct tx *tx = tx_new(&t.rq);
    struct db_rows rows;
    bool has;
    (void)state;
    assert_int_equal(TX_SQL(tx, W_JOB_SET, 0, sql_i64(1), sql_text(S("case1")), sql_i64(50),
                            sql_text(S(""))), OK);
    assert_int_equal(TX_SQL(tx, W_JOB_SET, 0, sql_i64(1), sql_text(S("case2")), sql_i64(40),
                            sql_text(S("x"))), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    assert_int_equal(DB_QUERY(&t.rq, &rows, Q_JOBS_DUE, sql_i64(60), sql_i64(10)), OK);
    assert_int_equal(db_next(&t.rq, &rows, &has), OK);
    assert_true(has && db_i64(&rows, 3) == 40);
    assert_true(str_eq(db_text(t.rq.a, &rows, 2), S("case2")));
    assert_int_equal(db_next(&t.rq, &rows, &has), OK);
    assert_true(has && str_eq(db_peek(&rows, 4), S("")));
    assert_int_equal(db_next(&t.rq, &rows, &has), OK);
    assert_false(has);
    db_rows_done(&rows);
    assert_int_equal(DB_ONE(&t.rq, &rows, Q_ONCE, sql_text(S("a")), sql_text(S("b"))),
                     E_NOT_FOUND);
    err_clear(&t.rq);
    for (int i = 0; i < 2; i++) { /* a claimed job is claimed once */
        tx = tx_new(&t.rq);
        assert_int_equal(TX_SQL(tx, W_JOB_CLAIM, TX_MUST_CHANGE, sql_i64(1), sql_i64(0)), OK);
        assert_int_equal(store_commit(t.st, &t.rq, tx), i == 0 ? OK : E_STALE);
        err_clear(&t.rq);
    }
    t_close(&t);
}

static void hashes_are_keyed(void **state)
{
    struct t t = t_open();
    struct t u = t_open();
    (void)state;
    assert_int_equal(store_hash(t.st, S("x")), db_hash(t.rq.db, S("x")));
    assert_true(store_hash(t.st, S("x")) != store_hash(u.st, S("x")));
    assert_true(store_hash2(t.st, S("a"), S("bc")) != store_hash2(t.st, S("ab"), S("c")));
    assert_int_equal(store_hash_sys(t.st, S("")), 0);
    assert_true(store_hash_sys(t.st, S("http://loinc.org")) != 0);
    t_close(&u);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_update_delete),
        cmocka_unit_test(meta_of_the_resource_is_kept),
        cmocka_unit_test(bare_row_becomes_the_resource),
        cmocka_unit_test(changes_of_a_type_in_order),
        cmocka_unit_test(index_follows_the_newest_version),
        cmocka_unit_test(lists_are_ordered_and_can_seek),
        cmocka_unit_test(owners_and_teams),
        cmocka_unit_test(conditions_fail_alone),
        cmocka_unit_test(large_transactions),
        cmocka_unit_test(statements_use_indexes),
        cmocka_unit_test(domain_rows),
        cmocka_unit_test(hashes_are_keyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
