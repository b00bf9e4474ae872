/* store/footprint_test.c - tuples to bytes and back; damaged bytes are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "store/footprint.h"

static const struct tuple sample[] = {
    {.kind = TUPLE_QUANTITY, .sp = 9, .quantity = {0, -1.5}},
    {.kind = TUPLE_STRING, .sp = 3, .string = SI("")},
    {.kind = TUPLE_STRING, .sp = 3, .string = SI("\xd0\xb0\xd1\x85\xd0\xbc")},
    {.kind = TUPLE_DATE, .sp = 65535, .date = {INT64_MIN, INT64_MAX}},
    {.kind = TUPLE_DATE, .sp = 2, .date = {-5, 7}},
    {.kind = TUPLE_REF, .sp = 1, .ref = {.rid = -4611686018427387904}},
    {.kind = TUPLE_REF, .sp = 1, .ref = {.rid = 12}},
    {.kind = TUPLE_TOKEN, .sp = 300, .token = {UINT64_MAX, UINT32_MAX - 1}},
    {.kind = TUPLE_TOKEN, .sp = 300, .token = {1, 0}},
    {.kind = TUPLE_TOKEN, .sp = 300, .token = {1, 0}},
};

static void comes_back_sorted_without_repeats(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct tuple t[LEN(sample)];
    struct tuple *got;
    size_t n_got;
    (void)state;
    memcpy(t, sample, sizeof(t));
    size_t n = tuples_sort(t, LEN(t));
    assert_int_equal(n, LEN(sample) - 1);
    struct str bytes = footprint_write(a, t, n);
    assert_true(footprint_read(a, bytes, &got, &n_got));
    assert_int_equal(n_got, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(tuple_cmp(&t[i], &got[i]), 0);
        assert_true(i == 0 || tuple_cmp(&got[i - 1], &got[i]) < 0);
    }
    struct str again = footprint_write(a, got, n_got);
    assert_true(str_eq(bytes, again));
    arena_free(a);
}

static void damage_is_refused(void **state)
{
    struct arena *a = arena_new(1 << 20);
    struct tuple t[LEN(sample)];
    struct tuple *got;
    size_t n;
    (void)state;
    memcpy(t, sample, sizeof(t));
    struct str bytes = footprint_write(a, t, tuples_sort(t, LEN(t)));
    for (size_t cut = 1; cut < bytes.n; cut++) {
        assert_false(footprint_read(a, (struct str){bytes.p, cut}, &got, &n));
    }
    assert_true(footprint_read(a, (struct str){NULL, 0}, &got, &n));
    assert_int_equal(n, 0);
    assert_false(footprint_read(a, S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), &got, &n));
    assert_false(footprint_read(a, S("\x01\x09\x01"), &got, &n));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_sorted_without_repeats),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
