/* os/child_test.c - children that answer, fail, hang, flood, burn and reach for what is not theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/child.h"
#include "os/clock.h"

static struct req rq;
static struct os_child_got got;

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 16 << 20, os_now());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    /* None is left, dead or alive. */
    int none = waitpid(-1, NULL, WNOHANG);
    req_done(&rq);
    return none == -1 ? 0 : -1;
}

static void run(const char *program, const char *a, const char *b, struct str input, uint32_t wait_ms)
{
    const char *const env[] = {"LC_ALL=C", NULL};
    const char *path = NULL;
    assert_int_equal(os_program_find(&rq, str_z(program), &path), OK);
    const char *const argv[] = {path, a, b, NULL};
    const struct os_child c = {.argv = argv,
                               .env = env,
                               .input = input,
                               .output_max = 100000,
                               .memory_max = 64 << 20,
                               .cpu_s = 1,
                               .wait_ms = wait_ms};
    assert_int_equal(os_child_run(&rq, &c, &got), OK);
}

enum { LONG_MS = 20000 };

static void answers(void **state)
{
    (void)state;
    run("cat", NULL, NULL, S("some bytes\n"), LONG_MS);
    assert_int_equal(got.end, OS_CHILD_DONE);
    assert_true(str_eq(got.output, S("some bytes\n")));
    run("cat", NULL, NULL, S(""), LONG_MS);
    assert_int_equal(got.end, OS_CHILD_DONE);
    assert_int_equal(got.output.n, 0);
    run("env", NULL, NULL, S(""), LONG_MS);
    assert_true(str_eq(got.output, S("LC_ALL=C\n")));
}

/* A program that wants names reads one file and writes the other, and no third. */
static void own_files(void **state)
{
    (void)state;
    char in[] = "/tmp/child-in-XXXXXX";
    char out[] = "/tmp/child-out-XXXXXX";
    const struct os_child_files files = {mkstemp(in), mkstemp(out)};
    const char *const env[] = {"LC_ALL=C", NULL};
    const char *path = NULL;
    char back[8] = "";
    assert_int_equal(write(files.in, "sound", 5), 5);
    assert_int_equal(os_program_find(&rq, S("cp"), &path), OK);
    const char *argv[] = {path, OS_CHILD_IN, OS_CHILD_OUT, NULL};
    struct os_child c = {.argv = argv, .env = env, .files = &files, .output_max = 100000,
                         .memory_max = 64 << 20, .cpu_s = 1, .wait_ms = LONG_MS};
    assert_int_equal(os_child_run(&rq, &c, &got), OK);
    assert_int_equal(got.end, OS_CHILD_DONE);
    assert_int_equal(pread(files.out, back, sizeof back, 0), 5);
    assert_string_equal(back, "sound");
    argv[2] = in; /* what it may read by its number it may not write */
    int third = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    assert_int_equal(os_child_run(&rq, &c, &got), OK);
    assert_true(third < 0 || got.end == OS_CHILD_FAILED);
    /* threads of its own are no other process */
    assert_int_equal(os_program_find(&rq, S("sh"), &path), OK);
    const char *const fork_argv[] = {path, "-c", "/bin/true & wait $!", NULL};
    c.argv = fork_argv;
    c.threads = true;
    assert_int_equal(os_child_run(&rq, &c, &got), OK);
    assert_int_equal(got.end, OS_CHILD_FAILED);
    close(files.in);
    close(files.out);
    unlink(in);
    unlink(out);
}

static void fails(void **state)
{
    (void)state;
    run("sh", "-c", "echo half; exit 3", S(""), LONG_MS);
    assert_int_equal(got.end, OS_CHILD_FAILED);
    assert_int_equal(got.code, 3);
    assert_true(str_eq(got.output, S("half\n")));
    const char *path;
    assert_int_equal(os_program_find(&rq, S("no-such-program"), &path), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(os_program_find(&rq, S("/no/such/program"), &path), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(os_program_find(&rq, S(""), &path), E_NOT_FOUND);
    err_clear(&rq);
}

static void hangs(void **state)
{
    (void)state;
    uint64_t from = os_ticks_us();
    run("sleep", "600", NULL, S(""), 200);
    assert_int_equal(got.end, OS_CHILD_LATE);
    assert_int_equal(got.code, SIGKILL);
    assert_in_range(os_ticks_us() - from, 200 * 1000, 60 * 1000 * 1000);
}

static void floods(void **state)
{
    (void)state;
    run("yes", NULL, NULL, S(""), LONG_MS);
    assert_int_equal(got.end, OS_CHILD_KILLED);
    assert_int_equal(got.code, SIGXFSZ);
    assert_int_equal(got.output.n, 100000);
}

static void burns(void **state)
{
    (void)state;
    run("sh", "-c", "while :; do :; done", S(""), 60000);
    assert_int_equal(got.end, OS_CHILD_KILLED);
    assert_int_equal(got.code, SIGXCPU);
    run("sh", "-c", "x=0123456789; while :; do x=$x$x; done", S(""), LONG_MS);
    assert_int_not_equal(got.end, OS_CHILD_DONE);
    assert_int_not_equal(got.end, OS_CHILD_LATE);
}

static void sees_no_files(void **state)
{
    (void)state;
    char path[] = "/tmp/child_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    bool held = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
    run("cat", path, NULL, S(""), LONG_MS);
    assert_int_equal(got.end, held ? OS_CHILD_FAILED : OS_CHILD_DONE);
    run("rm", path, NULL, S(""), LONG_MS);
    assert_int_equal(got.end, held ? OS_CHILD_FAILED : OS_CHILD_DONE);
    assert_int_equal(access(path, F_OK), held ? 0 : -1);
    (void)unlink(path);
    /* What is open here is not open there. */
    fd = fcntl(STDOUT_FILENO, F_DUPFD, 50);
    run("sh", "-c", "for f in /proc/self/fd/*; do :; done; echo no >&50", S(""), LONG_MS);
    close(fd);
    assert_int_equal(got.end, OS_CHILD_FAILED);
}

static void reaches_nobody(void **state)
{
    (void)state;
#if defined(__x86_64__) || defined(__aarch64__)
    run("perl", "-e", "use Socket; socket(S, AF_INET, SOCK_STREAM, 0) or exit 3", S(""), LONG_MS);
    assert_int_equal(got.end, OS_CHILD_FAILED);
    assert_int_equal(got.code, 3);
    run("perl", "-e", "defined(fork) or exit 4", S(""), LONG_MS);
    assert_int_equal(got.code, 4);
    run("perl", "-e", "kill(0, getppid()) or exit 5", S(""), LONG_MS);
    assert_int_equal(got.code, 5);
#endif
}

static void runs_beside(void **state)
{
    (void)state;
    static const char *const scripts[] = {"sleep 60", "trap '' TERM; while :; do sleep 1; done"};
    for (size_t i = 0; i < LEN(scripts); i++) {
        const char *const argv[] = {"/bin/sh", "-c", scripts[i], NULL};
        struct os_beside b = {0};
        assert_int_equal(os_beside_start(&rq, argv, &b), OK);
        assert_int_equal(kill((pid_t)b.pid, 0), 0);
        os_sleep_ms(100); /* the second has its trap by now, or ends at once: both are fine */
        os_beside_stop(&b);
        assert_int_equal(b.pid, 0);
        os_beside_stop(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, setup, teardown),
        cmocka_unit_test_setup_teardown(own_files, setup, teardown),
        cmocka_unit_test_setup_teardown(fails, setup, teardown),
        cmocka_unit_test_setup_teardown(hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(floods, setup, teardown),
        cmocka_unit_test_setup_teardown(burns, setup, teardown),
        cmocka_unit_test_setup_teardown(sees_no_files, setup, teardown),
        cmocka_unit_test_setup_teardown(reaches_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(runs_beside, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
