/* store/snapshot_test.c - a copy of the database is whole, and older than what came after; held files stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/test_int.h"

static void add_audit(struct t *t)
{
    struct audit_rec rec = {.action = AUDIT_READ, .why = WHY_SYSTEM};
    assert_int_equal(audit_add(&t->rq, &rec), OK);
    assert_int_equal(store_commit_audit(t->st, &t->rq), OK);
}

static uint64_t n_audits(struct t *t)
{
    struct audit_report r = {0};
    assert_int_equal(audit_verify(&t->rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    return r.n_audit;
}

static void a_copy_is_of_one_moment(void **state)
{
    struct t t = t_open();
    struct t copy = {.dir = "/tmp/store_test.XXXXXX"};
    char path[OS_PATH_MAX];
    uint64_t faults = 1;
    (void)state;
    add_audit(&t);
    uint64_t n = n_audits(&t);
    assert_non_null(mkdtemp(copy.dir));
    assert_int_equal(os_path(&t.rq, str_z(copy.dir), S("consilium.db"), path), OK);
    assert_int_equal(store_snapshot(&t.rq, t.st, path), OK);
    add_audit(&t);
    assert_int_equal(n_audits(&t), n + 1);
    t_start(&copy);
    assert_int_equal(store_check(&copy.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(n_audits(&copy), n);
    t_stop(&copy);
    t_wipe(&copy);
    t_close(&t);
}

static void held_files_are_not_swept(void **state)
{
    struct t t = t_open();
    struct blob_ref ref;
    struct blob_ref other;
    int held = -1;
    uint32_t n = 1;
    (void)state;
    assert_int_equal(blob_put_bytes(&t.rq, t.st, S("nobody names this"), &ref), OK);
    assert_int_equal(blob_put_bytes(&t.rq, t.st, S("nor this"), &other), OK);
    t_stop(&t); /* puts are over */
    t_start(&t);
    assert_int_equal(store_hold_files(&t.rq, t.st, true, &held), OK);
    assert_int_equal(blob_sweep(&t.rq, t.st, ref.sha[0], false, &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(blob_check(&t.rq, t.st, ref.sha), OK);
    os_close(held);
    assert_int_equal(blob_sweep(&t.rq, t.st, ref.sha[0], false, &n), OK);
    assert_true(n >= 1);
    assert_int_equal(blob_check(&t.rq, t.st, ref.sha), E_NOT_FOUND);
    t_close(&t);
}

static void the_newest_backup_is_noted(void **state)
{
    struct t t = t_open();
    const struct store_backup b = {.at = {1800000000123}, .bytes = 42};
    char path[OS_PATH_MAX];
    (void)state;
    assert_int_equal(store_backup_last(&t.rq, t.st).at.ms, 0);
    assert_int_equal(store_backup_note(&t.rq, t.st, &b), OK);
    assert_int_equal(store_backup_last(&t.rq, t.st).at.ms, b.at.ms);
    assert_int_equal(store_backup_last(&t.rq, t.st).bytes, 42);
    assert_int_equal(os_path(&t.rq, str_z(t.dir), S("backup.last"), path), OK);
    assert_int_equal(os_write_file(&t.rq, path, S("{\"at\":1}"), 0600), OK);
    assert_int_equal(store_backup_last(&t.rq, t.st).at.ms, 0);
    assert_int_equal(t.rq.err.code, OK);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_of_one_moment),
        cmocka_unit_test(held_files_are_not_swept),
        cmocka_unit_test(the_newest_backup_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
