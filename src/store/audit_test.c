/* store/audit_test.c - records, their order, and every way to tamper with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "store/test_int.h"

static const struct audit_who doctor = {.actor = SI("prac1"), .login = SI("a.ospanova"),
                                        .role = SI("consultant"), .org = SI("org1")};

static void record(struct t *t, enum audit_action a, const char *id)
{
    const struct audit_rec rec = {.action = a, .why = WHY_TEAM, .type = T_OBS, .id = str_z(id),
                                  .patient_type = T_PAT, .patient_id = S("p")};
    assert_int_equal(audit_add(&t->rq, &rec), OK);
}

/* Six records and four transactions. */
static void fill(struct t *t)
{
    t->rq.who = (const struct who *)(const void *)&doctor;
    strcpy(t->rq.peer, "10.0.0.7");
    assert_int_equal(t_put(t, T_PAT, "p", TX_CREATE, "x"), OK);
    for (int i = 0; i < 3; i++) {
        char id[8];
        record(t, AUDIT_CREATE, t_id(id, i));
        assert_int_equal(t_put(t, T_OBS, id, TX_CREATE, "x"), OK);
    }
    record(t, AUDIT_READ, "r0");
    record(t, AUDIT_READ, "r1");
    assert_int_equal(store_commit_audit(t->st, &t->rq), OK);
    record(t, AUDIT_SEARCH, "");
    assert_int_equal(store_commit_audit(t->st, &t->rq), OK);
}

static void expect(struct t *t, enum audit_fault fault, uint64_t seq)
{
    struct audit_report r;
    assert_int_equal(audit_verify(&t->rq, &r), OK);
    if (r.fault != fault || r.seq != seq) {
        print_error("%s at %u\n", audit_fault_text(r.fault), (unsigned)r.seq);
    }
    assert_int_equal(r.fault, fault);
    assert_int_equal(r.seq, seq);
}

static void tamper(struct t *t, const char *sql)
{
    char path[OS_PATH_MAX];
    sqlite3 *db;
    assert_int_equal(os_path(&t->rq, str_z(t->dir), S("consilium.db"), path), OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        print_error("%s\n", sqlite3_errmsg(db));
    }
    assert_int_equal(rc, SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void records_can_be_read_back(void **state)
{
    struct t t = t_open();
    struct audit_row rows[10];
    size_t n;
    int64_t rid;
    (void)state;
    fill(&t);
    assert_int_equal(audit_list(&t.rq, 0, 0, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 6);
    assert_int_equal(rows[0].seq, 6);
    assert_int_equal(rows[0].action, AUDIT_SEARCH);
    assert_true(str_eq(rows[1].id, S("r1")));
    assert_true(str_eq(rows[5].actor, S("prac1")) && str_eq(rows[5].peer, S("10.0.0.7")));
    assert_int_equal(db_rid(&t.rq, T_PAT, S("p"), &rid), OK);
    assert_int_equal(audit_list(&t.rq, rid, 3, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 2);
    expect(&t, AUDIT_HOLDS, 0);
    t_stop(&t);
    t_start(&t);
    expect(&t, AUDIT_HOLDS, 0);
    record(&t, AUDIT_READ, "r2");
    assert_int_equal(store_commit_audit(t.st, &t.rq), OK);
    expect(&t, AUDIT_HOLDS, 0);
    t_close(&t);
}

/* One row per way to tamper: what is done to a closed data folder, and what must be found. */
static const struct {
    const char *sql;
    enum audit_fault fault;
    uint64_t seq;
} cases[] = {
    {"UPDATE audit SET action = 1 WHERE seq = 4", AUDIT_ALTERED, 4},
    {"UPDATE audit SET detail = 'x' WHERE seq = 6", AUDIT_ALTERED, 6},
    {"UPDATE audit_src SET login = 'other'", AUDIT_ALTERED, 1},
    {"DELETE FROM audit_src", AUDIT_ALTERED, 1},
    {"UPDATE audit SET patient_prev = 0 WHERE seq = 5", AUDIT_ALTERED, 5},
    {"DELETE FROM audit WHERE seq = 3", AUDIT_REMOVED, 3},
    {"DELETE FROM audit WHERE seq = 1", AUDIT_REMOVED, 1},
    {"DELETE FROM audit WHERE seq = 6", AUDIT_CUT, 6},
    {"DELETE FROM audit WHERE seq >= 5; DELETE FROM tx WHERE seq >= 5", AUDIT_CUT, 5},
    {"DELETE FROM tx WHERE seq = (SELECT max(seq) FROM tx)", AUDIT_TX_BROKEN, 6},
    {"UPDATE audit SET seq = -1 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;"
     "UPDATE audit SET seq = 5 WHERE seq = -1",
     AUDIT_ALTERED, 4},
    {"UPDATE ver SET body = x'7b7d' WHERE vid = 2", AUDIT_TX_BROKEN, 2},
    {"UPDATE ver SET rid = 1 WHERE vid = 3", AUDIT_TX_BROKEN, 3},
    {"DELETE FROM ver WHERE vid = 4", AUDIT_TX_BROKEN, 4},
    {"INSERT INTO ver SELECT 99, rid, type, 2, vid, 9, 2, updated_ms, 0, body FROM ver"
     " WHERE vid = 1",
     AUDIT_TX_BROKEN, 7},
};

/* Forty resources of two patients in turns, and a directory entry between: three records that name
 * them all. */
static void large_transactions_have_few_records(void **state)
{
    enum { MANY = 40, DIRECTORY_AT = 21 };
    struct t t = t_open();
    struct audit_row rows[10];
    struct audit_name names[MANY];
    size_t n;
    size_t seen = 0;
    (void)state;
    struct tx *tx = tx_new(&t.rq);
    for (int i = 0; i < MANY; i++) {
        struct str id = arena_str(t.rq.a, str_z(t_id((char[8]){0}, i)));
        struct tx_put p = t_form(T_OBS, "");
        p.id = id;
        assert_int_equal(tx_put(tx, &p), OK);
        const struct audit_rec rec = {
            .action = AUDIT_CREATE, .why = WHY_TEAM, .type = T_OBS, .id = id,
            .patient_rid = i == DIRECTORY_AT ? 0 : 100 + i / 5 % 2};
        assert_int_equal(audit_add(&t.rq, &rec), OK);
    }
    const struct audit_rec look = {.action = AUDIT_READ, .type = T_OBS, .id = S("r3")};
    assert_int_equal(audit_add(&t.rq, &look), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    assert_int_equal(audit_list(&t.rq, 0, 0, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        size_t some;
        size_t more;
        assert_int_equal(audit_named(&t.rq, &rows[i], 0, MANY, names, &some), OK);
        for (size_t k = 0; k < some; k++) {
            assert_true(rows[i].action == AUDIT_READ || names[k].version == 1);
            assert_int_equal(names[k].type, T_OBS);
        }
        if (rows[i].action == AUDIT_READ) {
            assert_int_equal(some, 1);
            continue;
        }
        seen += some;
        assert_int_equal(some, rows[i].patient_rid == 0 ? 1 : rows[i].patient_rid == 100 ? 19 : 20);
        struct str first = names[0].id;
        assert_true(str_eq(first, rows[i].patient_rid == 0     ? S("r21")
                                  : rows[i].patient_rid == 100 ? S("r0")
                                                               : S("r5")));
        assert_int_equal(audit_named(&t.rq, &rows[i], some - 1, MANY, names, &more), OK);
        assert_int_equal(more, 1);
    }
    assert_int_equal(seen, MANY);
    expect(&t, AUDIT_HOLDS, 0);
    t_close(&t);
}

/* A record of a case and its patient is found from both; pages follow each other. */
static void links_of_case_and_patient(void **state)
{
    struct t t = t_open();
    struct audit_row rows[20];
    size_t n;
    int64_t rid[2] = {0};
    uint64_t before = 0;
    int found = 0;
    (void)state;
    assert_int_equal(t_put(&t, T_PAT, "p", TX_CREATE, "x"), OK);
    assert_int_equal(t_put(&t, T_SR, "c", TX_CREATE, "x"), OK);
    assert_int_equal(db_rid(&t.rq, T_PAT, S("p"), &rid[0]), OK);
    assert_int_equal(db_rid(&t.rq, T_SR, S("c"), &rid[1]), OK);
    for (int i = 0; i < 30; i++) {
        const struct audit_rec rec = {.action = AUDIT_READ,
                                      .type = T_SR,
                                      .id = S("c"),
                                      .patient_rid = i % 3 != 0 ? rid[0] : 0,
                                      .case_type = i % 2 == 0 ? T_SR : 0,
                                      .case_id = S("c")};
        assert_int_equal(audit_add(&t.rq, &rec), OK);
        if (i % 4 == 3) {
            assert_int_equal(store_commit_audit(t.st, &t.rq), OK);
        }
    }
    assert_int_equal(store_commit_audit(t.st, &t.rq), OK);
    for (;;) {
        assert_int_equal(audit_list(&t.rq, rid[0], before, 3, rows, &n), OK);
        for (size_t i = 0; i < n; i++) {
            assert_true(rows[i].patient_rid == rid[0]);
            assert_true(before == 0 || rows[i].seq < before);
            before = rows[i].seq;
            found++;
        }
        if (n < 3) {
            break;
        }
    }
    assert_int_equal(found, 20);
    assert_int_equal(audit_list(&t.rq, rid[1], 0, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 15);
    assert_int_equal(audit_list(&t.rq, rid[1], 10, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 5);
    expect(&t, AUDIT_HOLDS, 0);
    t_close(&t);
}

/* As t_start, without a writer: nothing is written over what was tampered with. */
static void look(struct t *t)
{
    const struct store_opts opts = {.read_only = true};
    req_init(&t->rq, 1 << 20, os_now());
    assert_int_equal(store_open(&t->rq, str_z(t->dir), &opts, &t->st), OK);
    t->rq.db = store_db_open(t->st);
    assert_non_null(t->rq.db);
}

static void tampering_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct t t = t_open();
        fill(&t);
        t_stop(&t);
        req_init(&t.rq, 1 << 20, os_now());
        tamper(&t, cases[i].sql);
        req_done(&t.rq);
        look(&t);
        expect(&t, cases[i].fault, cases[i].seq);
        t_close(&t);
    }
}

static void a_cut_tail_shows_after_more_work(void **state)
{
    struct t t = t_open();
    struct audit_report r;
    (void)state;
    fill(&t);
    t_stop(&t);
    req_init(&t.rq, 1 << 20, os_now());
    tamper(&t, "DELETE FROM audit WHERE seq >= 5; DELETE FROM tx WHERE seq >= 5");
    req_done(&t.rq);
    t_start(&t); /* goes on writing: the old head is kept as evidence */
    record(&t, AUDIT_READ, "r0");
    assert_int_equal(store_commit_audit(t.st, &t.rq), OK);
    t_stop(&t);
    t_start(&t);
    assert_int_equal(audit_verify(&t.rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HEAD_BAD);
    t_close(&t);
}

static struct str head_text(struct t *t)
{
    char path[OS_PATH_MAX];
    struct str text;
    assert_int_equal(os_path(&t->rq, str_z(t->dir), S("audit.head"), path), OK);
    assert_int_equal(os_read_file(&t->rq, path, 4096, &text), OK);
    return text;
}

static void the_head_is_signed(void **state)
{
    struct t t = t_open();
    char path[OS_PATH_MAX];
    (void)state;
    fill(&t);
    t_stop(&t);
    look(&t);
    const struct str text = head_text(&t);
    assert_int_equal(os_path(&t.rq, str_z(t.dir), S("audit.head"), path), OK);
    assert_true(str_find(text, S("\naudit 6 ")) < text.n);
    char *forged = arena_cstr(t.rq.a, text);
    forged[str_find(text, S("\naudit 6 ")) + 7] = '5';
    assert_int_equal(os_write_file(&t.rq, path, str_z(forged), 0600), OK);
    expect(&t, AUDIT_HEAD_BAD, 0);
    assert_int_equal(os_remove(&t.rq, path), OK);
    expect(&t, AUDIT_HEAD_BAD, 0);
    t_close(&t);
}

/* The text says when it was signed. */
static void the_head_is_signed_where_there_is_more(void **state)
{
    struct t t = t_open();
    char before[1024];
    (void)state;
    fill(&t);
    t_stop(&t);
    t_start(&t);
    const struct str text = head_text(&t);
    assert_in_range(text.n, 1, sizeof(before) - 1);
    memcpy(before, text.p, text.n);
    before[text.n] = 0;
    for (int i = 0; i < 2; i++) { /* a stop and a start without a record between */
        t_stop(&t);
        t_start(&t);
        assert_true(str_eq(head_text(&t), str_z(before)));
    }
    record(&t, AUDIT_READ, "r0");
    assert_int_equal(store_commit_audit(t.st, &t.rq), OK);
    t_stop(&t);
    t_start(&t);
    assert_true(str_find(head_text(&t), S("\naudit 7 ")) < head_text(&t).n);
    expect(&t, AUDIT_HOLDS, 0);
    t_close(&t);
}

static void a_refused_change_leaves_no_record(void **state)
{
    struct t t = t_open();
    struct audit_row rows[4];
    size_t n;
    (void)state;
    record(&t, AUDIT_UPDATE, "r0");
    assert_int_equal(t_put(&t, T_OBS, "r0", 7, "x"), E_STALE);
    assert_int_equal(audit_list(&t.rq, 0, 0, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 0);
    record(&t, AUDIT_CREATE, "r0");
    assert_int_equal(t_put(&t, T_OBS, "r0", TX_CREATE, "x"), OK);
    expect(&t, AUDIT_HOLDS, 0);
    t_close(&t);
}

/* What was looked at or refused on the way to a change that failed stays; the change does not. */
static void looks_outlive_a_refused_change(void **state)
{
    struct t t = t_open();
    struct audit_row rows[4];
    const struct audit_rec deny = {.action = AUDIT_DENY, .why = WHY_NOT_TEAM,
                                   .outcome = E_NOT_FOUND, .type = T_OBS, .id = S("r1")};
    size_t n;
    (void)state;
    record(&t, AUDIT_READ, "r0");
    record(&t, AUDIT_UPDATE, "r0");
    assert_int_equal(audit_add(&t.rq, &deny), OK);
    assert_int_equal(t_put(&t, T_OBS, "r0", 7, "x"), E_STALE);
    record(&t, AUDIT_MOVE, "r0"); /* an answer without a change */
    assert_int_equal(store_commit_audit(t.st, &t.rq), OK);
    assert_int_equal(audit_list(&t.rq, 0, 0, LEN(rows), rows, &n), OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[1].action, AUDIT_READ);
    assert_int_equal(rows[0].action, AUDIT_DENY);
    expect(&t, AUDIT_HOLDS, 0);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_can_be_read_back),
        cmocka_unit_test(large_transactions_have_few_records),
        cmocka_unit_test(links_of_case_and_patient),
        cmocka_unit_test(tampering_is_found),
        cmocka_unit_test(a_cut_tail_shows_after_more_work),
        cmocka_unit_test(the_head_is_signed),
        cmocka_unit_test(the_head_is_signed_where_there_is_more),
        cmocka_unit_test(a_refused_change_leaves_no_record),
        cmocka_unit_test(looks_outlive_a_refused_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
