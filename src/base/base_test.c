/* base/base_test.c - slices, arenas, builders, the failure record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/req.h"

static void slices_cut_and_compare(void **state)
{
    (void)state;
    struct str rest = S("a,b,,c");
    struct str part;
    size_t n = 0;
    while (str_cut(&rest, ',', &part)) {
        n++;
    }
    assert_int_equal(n, 4);
    assert_true(str_eq(part, S("c")));
    assert_true(str_eq(str_trim(S(" \tx y\r\n")), S("x y")));
    assert_true(str_eq_nocase(S("Content-Type"), S("content-type")));
    assert_int_equal(str_find(S("abcabd"), S("abd")), 3);
    assert_int_equal(str_find(S("abc"), S("x")), 3);
    assert_true(str_cmp(S("a"), S("ab")) < 0);
}

static void numbers_are_strict(void **state)
{
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(str_u64(S("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(str_u64(S("18446744073709551616"), &u));
    assert_false(str_u64(S(""), &u));
    assert_false(str_u64(S("1 "), &u));
    assert_true(str_i64(S("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_false(str_i64(S("9223372036854775808"), &i));
}

static void end_one(void *p)
{
    int *n = p;
    *n = *n * 10 + 1;
}

static void end_two(void *p)
{
    int *n = p;
    *n = *n * 10 + 2;
}

static void arena_has_a_cap_and_deferred_ends(void **state)
{
    (void)state;
    int order = 0;
    struct arena *a = arena_new(64 * 1024);
    assert_non_null(arena_alloc(a, 60000));
    assert_null(arena_alloc(a, 60000));
    assert_null(arena_array(a, SIZE_MAX / 2, 4));
    assert_false(arena_whole(a)); /* whoever asked did not look */
    arena_forgive(a);
    assert_true(arena_whole(a));
    assert_true(arena_defer(a, end_one, &order));
    assert_true(arena_defer(a, end_two, &order));
    arena_reset(a);
    assert_int_equal(order, 21);
    assert_int_equal(arena_used(a), 0);
    struct arena_mark m = arena_mark(a);
    assert_non_null(arena_alloc(a, 40000));
    arena_back(a, m);
    assert_int_equal(arena_used(a), 0);
    assert_null(arena_cstr(a, S("a\0b")));
    arena_free(a);
}

/* What is deferred inside a scratch ends with it, once; what was deferred before stays. */
static void arena_scratch_ends_its_own(void **state)
{
    (void)state;
    int order = 0;
    struct arena *a = arena_new(256 * 1024);
    assert_true(arena_defer(a, end_one, &order));
    for (int i = 0; i < 3; i++) {
        struct arena_mark m = arena_mark(a);
        assert_true(arena_defer(a, end_two, &order));
        assert_non_null(arena_alloc(a, 40000)); /* another block */
        assert_true(arena_defer(a, end_two, &order));
        arena_back(a, m);
    }
    assert_int_equal(order, 222222);
    arena_free(a);
    assert_int_equal(order, 2222221);
}

static void builder_sticks_on_failure(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 * 1024);
    struct buf b;
    buf_init(&b, a, 10);
    buf_i64(&b, INT64_MIN + 1);
    assert_false(buf_ok(&b));
    BUF_LIT(&b, "x");
    assert_int_equal(buf_get(&b).n, 0);
    buf_init(&b, a, 100);
    buf_i64(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_u64_pad(&b, 7, 3);
    buf_char(&b, ' ');
    buf_hex(&b, (const uint8_t *)"\x00\xff", 2);
    assert_true(str_eq(buf_get(&b), S("-9223372036854775808 007 00ff")));
    arena_free(a);
}

static void first_failure_wins(void **state)
{
    (void)state;
    struct req rq;
    req_init(&rq, 64 * 1024, (struct instant){0});
    assert_int_equal(FAIL(&rq, E_STALE, "version %d", 3), E_STALE);
    assert_int_equal(FAIL(&rq, E_IO, "later"), E_IO);
    assert_int_equal(rq.err.code, E_STALE);
    assert_string_equal(rq.err.detail, "version 3");
    assert_int_equal(err_http(E_STALE), 412);
    err_clear(&rq);
    assert_int_equal(rq.err.code, OK);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_cut_and_compare),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(arena_has_a_cap_and_deferred_ends),
        cmocka_unit_test(arena_scratch_ends_its_own),
        cmocka_unit_test(builder_sticks_on_failure),
        cmocka_unit_test(first_failure_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
