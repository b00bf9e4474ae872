/* os/cage_test.c - a process that shut itself in reaches what it named and nothing else; a call it never makes ends it.
 * Each in a process of its own, for there is no way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/cage.h"
#include "os/child.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

static char inside[64], outside[64], shown[64];

static void file_in(const char *dir, const char *name, char out[96])
{
    int n = snprintf(out, 96, "%s/%s", dir, name);
    assert_true(n > 0 && n < 96);
}

/* Enters: inside to write, shown to read. */
static bool enter(void)
{
    struct req rq;
    const struct os_cage_path paths[] = {
        {str_z(inside), OS_CAGE_WRITE}, {str_z(shown), OS_CAGE_READ}, {S("/nowhere"), OS_CAGE_WRITE},
        {S(""), OS_CAGE_RUN}};
    req_init(&rq, 1 << 20, os_now());
    return os_cage_enter(&rq, paths, LEN(paths)) == OK;
}

/* How fn ends in the cage: its exit status, or 128 and the number of a signal. */
static int in_cage(int (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(enter() ? fn() : 100);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* The number of the first line that is not so; 0: all are. */
#define SO(what)             \
    do {                     \
        if (!(what)) {       \
            return __LINE__ % 97 + 1; \
        }                    \
    } while (0)

static int reaches_what_is_named(void)
{
    char a[96], b[96], sub[96];
    file_in(inside, "a", a);
    file_in(inside, "sub", sub);
    file_in(sub, "b", b);
    SO(opens(a, O_RDWR | O_CREAT));
    SO(mkdir(sub, 0700) == 0 && rename(a, b) == 0 && link(b, a) == 0 && unlink(b) == 0 && rmdir(sub) == 0);
    SO(truncate(a, 10) == 0 && unlink(a) == 0);
    SO(opens(inside, O_RDWR | O_TMPFILE));
    file_in(shown, "x", a);
    SO(opens(a, O_RDONLY) && !opens(a, O_RDWR) && unlink(a) != 0);
    return 0;
}

static int not_what_is_not(void)
{
    char x[96], in[96];
    file_in(outside, "x", x);
    file_in(inside, "y", in);
    SO(!opens(x, O_RDONLY) && errno == EACCES);
    SO(!opens(x, O_RDWR | O_CREAT) && !opens(outside, O_RDONLY | O_DIRECTORY));
    SO(rename(x, in) != 0 && link(x, in) != 0 && unlink(x) != 0 && truncate(x, 0) != 0);
    SO(symlink(x, in) == 0 && !opens(in, O_RDONLY) && unlink(in) == 0);
    SO(!opens("/root", O_RDONLY) && !opens("/proc/1/environ", O_RDONLY) && !opens("/var/lib/dpkg/status", O_RDONLY));
    SO(!opens("/etc/consilium-test-new", O_RDWR | O_CREAT) && !opens("/usr/consilium-test-new", O_RDWR | O_CREAT));
    return 0;
}

static int what_programs_need(void)
{
    SO(opens("/etc/resolv.conf", O_RDONLY) || errno == ENOENT);
    SO(opens("/etc/passwd", O_RDONLY) && opens("/dev/urandom", O_RDONLY) && opens("/dev/null", O_RDWR));
    SO(opens("/proc/self/status", O_RDONLY) && opens("/usr/share", O_RDONLY));
    SO(memfd_create("m", MFD_CLOEXEC) >= 0);
    return 0;
}

static void *in_a_thread(void *ctx)
{
    char x[96];
    file_in(outside, "x", x);
    *(bool *)ctx = opens(x, O_RDONLY);
    return NULL;
}

static int threads_too(void)
{
    struct os_thread t;
    bool reached = true;
    SO(os_thread_start(&t, "test", in_a_thread, &reached));
    os_thread_join(&t);
    SO(!reached);
    return 0;
}

/* A program started from within runs, and is as shut in. */
static int children_too(void)
{
    struct req rq;
    struct os_child_got got;
    const char *path = NULL;
    const char *const env[] = {"LC_ALL=C", NULL};
    req_init(&rq, 4 << 20, os_now());
    SO(os_program_find(&rq, S("cat"), &path) == OK);
    const char *const argv[] = {path, NULL};
    const struct os_child c = {.argv = argv, .env = env, .input = S("bytes"), .output_max = 1000,
                               .memory_max = 64 << 20, .cpu_s = 5, .wait_ms = 20000};
    SO(os_child_run(&rq, &c, &got) == OK && got.end == OS_CHILD_DONE && str_eq(got.output, S("bytes")));
    return 0;
}

static int mounts(void)
{
    return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL) == 0 ? 1 : 2;
}
static int loads_a_module(void)
{
    return syscall(SYS_init_module, NULL, 0, "") == 0 ? 1 : 2;
}
static int asks_bpf(void)
{
    return syscall(SYS_bpf, 0, NULL, 0) == 0 ? 1 : 2;
}
static int reads_another(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) == 0 ? 1 : 2;
}
static int opens_by_number(void)
{
    return syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0) == 0 ? 1 : 2;
}
static int sets_the_clock(void)
{
    return syscall(SYS_clock_settime, CLOCK_REALTIME, NULL) == 0 ? 1 : 2;
}
static int is_refused(void)
{
    SO(syscall(SYS_keyctl, 0, 0) == -1 && errno == EPERM);
    SO(syscall(SYS_io_uring_setup, 1, NULL) == -1 && errno == EPERM);
    SO(syscall(SYS_unshare, 0) == -1 && errno == EPERM);
    return 0;
}

static void files(void **state)
{
    (void)state;
    if (!os_cage_can().files) {
        skip();
    }
    assert_int_equal(in_cage(reaches_what_is_named), 0);
    assert_int_equal(in_cage(not_what_is_not), 0);
    assert_int_equal(in_cage(threads_too), 0);
}

static void programs(void **state)
{
    (void)state;
    assert_int_equal(in_cage(what_programs_need), 0);
    assert_int_equal(in_cage(children_too), 0);
}

static void calls(void **state)
{
    static int (*const ends[])(void) = {mounts,        loads_a_module,  asks_bpf,
                                        reads_another, opens_by_number, sets_the_clock};
    (void)state;
    if (!os_cage_can().calls) {
        skip();
    }
    for (size_t i = 0; i < LEN(ends); i++) {
        assert_int_equal(in_cage(ends[i]), 128 + SIGSYS);
    }
    assert_int_equal(in_cage(is_refused), 0);
}

static void folder(char out[64], const char *pattern)
{
    char x[96];
    int n = snprintf(out, 64, "%s", pattern);
    assert_true(n > 0 && n < 64 && mkdtemp(out) != NULL);
    file_in(out, "x", x);
    int fd = open(x, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, "x", 1) == 1);
    close(fd);
}

static int start(void **state)
{
    (void)state;
    folder(inside, "/tmp/consilium-inside-XXXXXX");
    folder(outside, "/tmp/consilium-outside-XXXXXX");
    folder(shown, "/tmp/consilium-shown-XXXXXX");
    return 0;
}

static int stop(void **state)
{
    struct req rq;
    (void)state;
    req_init(&rq, 1 << 20, os_now());
    assert_int_equal(os_remove_tree(&rq, inside), OK);
    assert_int_equal(os_remove_tree(&rq, outside), OK);
    assert_int_equal(os_remove_tree(&rq, shown), OK);
    req_done(&rq);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files), cmocka_unit_test(programs), cmocka_unit_test(calls)};
    return cmocka_run_group_tests(tests, start, stop);
}
