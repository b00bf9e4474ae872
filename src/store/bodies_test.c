/* store/bodies_test.c - bodies kept by a read handle: the same as from the disk, versions apart, the
 * oldest out first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/bodies_int.h"
#include "store/store_int.h"
#include "store/test_int.h"

enum { RING = 64 << 10, LONGEST = RING / 16 };

/* As many bytes as asked, told by the number. */
static struct str filled(char *p, size_t n, int64_t vid)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (char)((uint64_t)vid * 31 + i);
    }
    return (struct str){p, n};
}

static void test_kept(void **state)
{
    (void)state;
    char p[LONGEST + 1];
    struct str got = {NULL, 0};
    struct bodies *b = bodies_new(RING);
    assert_false(bodies_get(b, 1, &got));
    bodies_put(b, 1, S("one"));
    bodies_put(b, 2, S("two"));
    assert_true(bodies_get(b, 1, &got) && str_eq(got, S("one")));
    assert_true(bodies_get(b, 2, &got) && str_eq(got, S("two")));
    assert_false(bodies_get(b, 3, &got));
    bodies_put(b, 4, filled(p, LONGEST, 4));
    bodies_put(b, 5, filled(p, LONGEST + 1, 5));
    assert_true(bodies_get(b, 4, &got) && str_eq(got, filled(p, LONGEST, 4)));
    assert_false(bodies_get(b, 5, &got));
    bodies_free(b);
}

/* Whatever is written over, what comes back is what was put; what is asked for stays. */
static void test_oldest_out(void **state)
{
    (void)state;
    char p[LONGEST];
    struct str got = {NULL, 0};
    struct bodies *b = bodies_new(RING);
    size_t kept = 0;
    enum { MANY = 5000 };
    bodies_put(b, MANY, S("asked for all the time"));
    for (int64_t vid = 1; vid < MANY; vid++) {
        bodies_put(b, vid, filled(p, 1 + (size_t)(vid * 7919 % LONGEST), vid));
        assert_true(bodies_get(b, MANY, &got) && str_eq(got, S("asked for all the time")));
    }
    for (int64_t vid = 1; vid < MANY; vid++) {
        if (bodies_get(b, vid, &got)) {
            kept++;
            assert_true(str_eq(got, filled(p, 1 + (size_t)(vid * 7919 % LONGEST), vid)));
        }
    }
    assert_in_range(kept, 10, 60); /* of half the longest each */
    assert_false(bodies_get(b, 1, &got));
    assert_true(bodies_get(b, MANY - 1, &got));
    bodies_free(b);
}

static void put_ok(struct t *t, const char *id, const char *note)
{
    assert_int_equal(t_put(t, T_PAT, id, TX_ANY, note), OK);
}

static enum err read_both(struct t *t, struct req *plain, const char *id, struct str *ret_body)
{
    struct res_row kept;
    struct res_row disk;
    for (int again = 0; again < 2; again++) { /* read, then kept */
        enum err e = db_read(&t->rq, T_PAT, str_z(id), &kept);
        assert_int_equal(db_read(plain, T_PAT, str_z(id), &disk), e);
        TRY(e);
        assert_true(str_eq(kept.body, disk.body) && str_eq(kept.id, disk.id));
        assert_true(kept.version == disk.version && kept.updated.ms == disk.updated.ms);
        assert_int_equal(db_read_rid(&t->rq, disk.rid, &kept), OK);
        assert_true(str_eq(kept.body, disk.body));
    }
    *ret_body = kept.body;
    return OK;
}

static void test_versions_apart(void **state)
{
    (void)state;
    struct t t = t_open();
    struct req plain;
    struct str first;
    struct str second;
    struct res_row row;
    struct ver_row old;
    req_init(&plain, 1 << 20, os_now());
    plain.db = store_db_open(t.st);
    store_db_keep(t.rq.db, RING);
    put_ok(&t, "p", "first");
    put_ok(&t, "q", "another");
    assert_int_equal(read_both(&t, &plain, "p", &first), OK);
    assert_int_equal(read_both(&t, &plain, "q", &second), OK);
    assert_false(str_eq(first, second));
    put_ok(&t, "p", "second");
    assert_int_equal(read_both(&t, &plain, "p", &second), OK);
    assert_false(str_eq(first, second));
    assert_int_equal(db_vread(&t.rq, T_PAT, S("p"), 1, &old), OK);
    assert_true(str_eq(old.body, first));
    assert_int_equal(t_delete(&t, T_PAT, "p", TX_ANY), OK);
    assert_int_equal(read_both(&t, &plain, "p", &second), E_GONE);
    assert_int_equal(db_find(&t.rq, T_PAT, S("p"), &row), OK);
    assert_true(row.deleted && row.body.n == 0);
    assert_int_equal(read_both(&t, &plain, "q", &second), OK);
    store_db_close(plain.db);
    req_done(&plain);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_oldest_out),
        cmocka_unit_test(test_versions_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
