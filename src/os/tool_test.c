/* os/tool_test.c - programs that work, fail, are not there, say too much, are ended; folders removed
 * whole; held files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/tool.h"

static struct req rq;
static char dir[64];

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 1 << 20, os_now());
    (void)snprintf(dir, sizeof(dir), "/tmp/consilium-tool-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    enum err e = os_remove_tree(&rq, dir);
    bool gone = !os_exists(dir);
    req_done(&rq);
    return e == OK && gone ? 0 : -1;
}

static void programs_end_in_many_ways(void **state)
{
    (void)state;
    static const struct {
        const char *const argv[4];
        enum err e;
        int code;
        struct str output;
    } rows[] = {
        {{"/bin/sh", "-c", "pwd; cat", NULL}, OK, 0, SI("/\n")}, /* no input: cat ends at once */
        {{"/bin/sh", "-c", "exit 3", NULL}, OK, 3, SI("")},
        {{"/bin/sh", "-c", "kill -TERM $$", NULL}, OK, 128 + 15, SI("")},
        {{"/no/such/program", NULL}, OK, 127, SI("")},
        {{"/bin/sh", "-c", "echo 12345678901", NULL}, E_TOO_LARGE, 0, SI("")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct os_tool t = {.argv = rows[i].argv, .dir = "/", .output_max = 10, .quiet = true};
        struct str output = {NULL, 0};
        int code = -1;
        assert_int_equal(os_tool_run(&rq, &t, &code, &output), rows[i].e);
        err_clear(&rq);
        if (rows[i].e == OK) {
            assert_int_equal(code, rows[i].code);
            assert_true(str_eq(output, rows[i].output));
        }
    }
}

/* Who asks us to end does not leave it behind, and we go on to our own end. */
static void it_is_ended_with_us(void **state)
{
    (void)state;
    static const struct {
        const char *const argv[4];
        const char *text;
    } rows[] = {
        {{"/bin/sh", "-c", "kill -TERM $PPID; exec tail -f /dev/null", NULL}, "ended by signal 15"},
        {{"/bin/sh", "-c", "kill -INT $PPID; exec tail -f /dev/null", NULL}, "ended by signal 2"},
        {{"/bin/sh", "-c", "kill -HUP $PPID; exec tail -f /dev/null", NULL}, "ended by signal 1"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct os_tool t = {.argv = rows[i].argv, .dir = NULL, .output_max = 10, .quiet = true};
        struct str output = {NULL, 0};
        int code = -1;
        assert_int_equal(os_tool_run(&rq, &t, &code, &output), E_BUSY);
        assert_string_equal(rq.err.detail, rows[i].text);
        assert_int_equal(waitpid(-1, &code, WNOHANG), -1);
        err_clear(&rq);
    }
}

static void a_folder_goes_with_all_in_it(void **state)
{
    (void)state;
    char path[OS_PATH_MAX];
    char deep[OS_PATH_MAX];
    char beside[OS_PATH_MAX];
    assert_int_equal(os_path(&rq, str_z(dir), S("folder"), path), OK);
    assert_int_equal(os_path(&rq, str_z(dir), S("folder/deep"), deep), OK);
    assert_int_equal(os_path(&rq, str_z(dir), S("beside"), beside), OK);
    assert_int_equal(os_mkdir(&rq, path), OK);
    assert_int_equal(os_mkdir(&rq, deep), OK);
    assert_int_equal(os_mkdir(&rq, beside), OK);
    char link[OS_PATH_MAX];
    assert_int_equal(os_path(&rq, str_z(deep), S("link"), link), OK);
    assert_int_equal(symlink(beside, link), 0);
    assert_int_equal(os_remove_tree(&rq, path), OK);
    assert_false(os_exists(path));
    assert_true(os_exists(beside));
    assert_int_equal(os_remove_tree(&rq, path), OK);
}

static void a_held_file_is_held_for_one(void **state)
{
    (void)state;
    char path[OS_PATH_MAX];
    int one = -1;
    int two = -1;
    assert_int_equal(os_path(&rq, str_z(dir), S("held"), path), OK);
    assert_int_equal(os_hold_wait(&rq, path, &one), OK);
    assert_int_equal(os_hold(&rq, path, &two), E_CONFLICT);
    err_clear(&rq);
    os_close(one);
    assert_int_equal(os_hold(&rq, path, &two), OK);
    os_close(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(programs_end_in_many_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_ended_with_us, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_goes_with_all_in_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_held_file_is_held_for_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
