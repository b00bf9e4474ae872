/* web/val_test.c - maps, lists, comparison, running out of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/val.h"

static void maps_and_lists_hold_what_was_put(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 * 1024);
    struct val *root = val_map(a);
    val_set_z(root, "name", "x");
    val_set_z(root, "name", "y");
    struct val *list = val_set_list(root, "list");
    val_set_i64(val_add_map(list), "n", 1);
    val_set_i64(val_add_map(list), "n", 2);
    assert_true(str_eq(val_find(root, S("name"))->s, S("y")));
    assert_int_equal(val_find(root, S("list"))->n, 2);
    const struct val_item *item = val_next(val_first(val_find(root, S("list"))));
    assert_int_equal(val_find(val_item_value(item), S("n"))->i, 2);
    assert_null(val_next(item));
    assert_null(val_find(root, S("none")));
    assert_null(val_find(val_find(root, S("name")), S("x")));
    arena_free(a);
}

static void a_full_arena_marks_the_map(void **state)
{
    (void)state;
    struct arena *a = arena_new(200);
    struct val *root = val_map(a);
    val_set_i64(root, "a", 1);
    val_set_i64(root, "b", 1);
    val_set_i64(root, "c", 1);
    assert_true(root->failed);
    struct val *list = val_add_map(val_set_list(root, "list"));
    assert_null(list);
    val_set_i64(list, "n", 1);
    val_add_str(NULL, S("x"));
    arena_free(a);
}

static void values_compare_as_people_expect(void **state)
{
    (void)state;
    struct val none = {0};
    struct val one = val_of_i64(1);
    assert_true(val_eq(one, val_of_str(S("1"))));
    assert_false(val_eq(one, val_of_str(S("one"))));
    assert_false(val_eq(val_of_i64(0), val_of_str(S(""))));
    assert_false(val_eq(val_of_i64(0), none));
    assert_true(val_eq(none, val_of_str(S(""))));
    assert_false(val_eq(val_of_str(S("007")), val_of_str(S("7"))));
    assert_true(val_cmp(val_of_str(S("9")), val_of_i64(10)) < 0);
    assert_false(val_is(none));
    assert_false(val_is(val_of_str(S(""))));
    assert_true(val_is(val_of_str(S("0"))));
    assert_false(val_is(val_of_i64(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_and_lists_hold_what_was_put),
        cmocka_unit_test(a_full_arena_marks_the_map),
        cmocka_unit_test(values_compare_as_people_expect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
