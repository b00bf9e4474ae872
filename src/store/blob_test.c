/* store/blob_test.c - blobs: one by one, many at once, damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/test_int.h"

static void blobs(void **state)
{
    struct t t = t_open();
    struct blob_ref a;
    struct blob_ref b;
    struct str got;
    uint64_t faults;
    (void)state;
    assert_int_equal(blob_put_bytes(&t.rq, t.st, S("image"), &a), OK);
    assert_int_equal(blob_put_bytes(&t.rq, t.st, S("image"), &b), OK);
    assert_memory_equal(a.sha, b.sha, 32);
    assert_int_equal(blob_check(&t.rq, t.st, a.sha), OK);
    assert_int_equal(blob_read(&t.rq, t.st, a.sha, 100, &got), OK);
    assert_true(str_eq(got, S("image")));
    struct tx *tx = tx_new(&t.rq);
    assert_int_equal(TX_SQL(tx, W_BLOB_ADD, 0, sql_blob((struct str){(char *)a.sha, 32}),
                            sql_i64(5), sql_text(S("image/png")), sql_i64(1)), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    b.sha[0] ^= 1;
    assert_int_equal(blob_check(&t.rq, t.st, b.sha), E_NOT_FOUND);
    err_clear(&t.rq);
    t_close(&t);
}

/* Which blobs were found in which state. */
struct found {
    uint32_t n, whole, missing, changed;
};
static enum err found_blob(struct req *rq, const struct blob_ref *ref, enum err e, void *ctx)
{
    struct found *f = ctx;
    (void)rq;
    f->n += ref->size > 0;
    f->whole += e == OK;
    f->missing += e == E_NOT_FOUND;
    f->changed += e == E_CHECKSUM;
    return OK;
}

/* 0 whole, 1 missing, 2 other bytes, 3 other size; a name without uses is no fault. */
static void damaged_blobs_are_found(void **state)
{
    struct t t = t_open();
    struct found f = {0};
    (void)state;
    for (int i = 0; i < 5; i++) {
        static const struct str bytes[] = {SI("zero"), SI("one"), SI("two"), SI("three"), SI("four")};
        struct blob_ref ref;
        char path[300];
        char hex[65] = "";
        struct tx *tx = tx_new(&t.rq);
        assert_int_equal(blob_put_bytes(&t.rq, t.st, bytes[i], &ref), OK);
        struct sql_val sha = sql_blob((struct str){(char *)ref.sha, 32});
        assert_int_equal(TX_SQL(tx, W_BLOB_ADD, 0, sha, sql_i64((int64_t)ref.size),
                                sql_text(S("x")), sql_i64(1)), OK);
        if (i == 4) {
            assert_int_equal(TX_SQL(tx, W_BLOB_DROP, 0, sha), OK);
        }
        assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
        for (int k = 0; k < 32; k++) {
            (void)snprintf(hex + k * 2, 3, "%02x", ref.sha[k]);
        }
        (void)snprintf(path, sizeof(path), "%s/blobs/%.2s/%s", store_dir(t.st), hex, hex + 2);
        if (i > 0) {
            assert_int_equal(remove(path), 0);
            FILE *file = i == 1 || i == 4 ? NULL : fopen(path, "w");
            assert_true(file == NULL || fputs(i == 2 ? "tvo" : "thre", file) >= 0);
            assert_true(file == NULL || fclose(file) == 0);
        }
    }
    assert_int_equal(store_check_blobs(&t.rq, found_blob, &f), OK);
    assert_int_equal(f.n, 5);
    assert_int_equal(f.whole, 2);
    assert_int_equal(f.missing, 1);
    assert_int_equal(f.changed, 2);
    t_close(&t);
}

/* Many at once, equal ones among them, one there before; what is not put is gone with the request. */
static void many_blobs_at_once(void **state)
{
    enum { N = 40 };
    struct t t = t_open();
    struct req rq;
    struct blob_part *parts[N + 1];
    struct blob_ref refs[N];
    uint64_t faults;
    (void)state;
    req_init(&rq, 4 << 20, os_now());
    rq.db = t.rq.db;
    for (int i = 0; i < N + 1; i++) {
        char text[8];
        assert_int_equal(blob_part_new(&rq, t.st, &parts[i]), OK);
        (void)snprintf(text, sizeof(text), "%d", i % (N - 1));
        assert_int_equal(blob_part_add(&rq, parts[i], S("slice ")), OK);
        assert_int_equal(blob_part_add(&rq, parts[i], str_z(text)), OK);
    }
    for (int i = 0; i < N; i++) {
        refs[i] = blob_part_ref(parts[i]);
    }
    assert_int_equal(blob_parts_put(&rq, t.st, parts, 1), OK);
    assert_int_equal(blob_parts_put(&rq, t.st, parts + 1, N - 1), OK);
    assert_memory_equal(refs[0].sha, refs[N - 1].sha, 32);
    req_done(&rq);
    for (int i = 0; i < N; i++) {
        assert_int_equal(blob_check(&t.rq, t.st, refs[i].sha), OK);
    }
    uint32_t n = 0;
    assert_int_equal(blob_sweep(&t.rq, t.st, 0, true, &n), OK);
    assert_int_equal(n, refs[0].sha[0] == 0); /* no unfinished file; at most a blob nobody names */
    assert_int_equal(blob_put_files(&t.rq, t.st,
                                    &(struct blob_file){"/nowhere", {.size = 1}, -1}, 1), E_NOT_FOUND);
    err_clear(&t.rq);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs),
        cmocka_unit_test(damaged_blobs_are_found),
        cmocka_unit_test(many_blobs_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
