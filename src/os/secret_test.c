/* os/secret_test.c - memory that holds secrets is locked and left out of core files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/secret.h"
#include "os/thread.h"

/* The sanitizers lock nothing and look into the process themselves. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { WATCHED = true };
#else
enum { WATCHED = false };
#endif

/* The flags the system has for the memory at p: proc(5), VmFlags of smaps. */
static void flags_at(const void *p, char ret_flags[256])
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    uintptr_t from = 0;
    uintptr_t to = 0;
    bool here = false;
    ret_flags[0] = 0;
    assert_non_null(f);
    while (ret_flags[0] == 0 && fgets(line, sizeof(line), f) != NULL) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2) {
            here = (uintptr_t)p >= from && (uintptr_t)p < to;
        } else if (here && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(ret_flags, 256, "%.255s", line);
        }
    }
    (void)fclose(f);
}

static void a_secret_stays_in_memory(void **state)
{
    char flags[256];
    char *p = os_alloc(3, 4096);
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    bool locked = os_lock_secret((struct str){p + 5000, 100});
    flags_at(p + 5000, flags);
    assert_non_null(strstr(flags, " dd"));
    if (!WATCHED && limit.rlim_cur >= 64 * 1024) {
        assert_true(locked);
        assert_non_null(strstr(flags, " lo"));
    }
    assert_true(os_lock_secret((struct str){0}));
    os_free(p);
}

static void no_core_is_written(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {1, 1};
        os_no_dumps();
        bool shut = WATCHED || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        _exit(shut && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void what_is_given_back_is_wiped(void **state)
{
    (void)state;
    char *p = os_wiping_malloc(40, "", 0);
    assert_non_null(p);
    memset(p, 'k', 40);
    p = os_wiping_realloc(p, 100000, "", 0);
    assert_non_null(p);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(p[i], 'k');
    }
    assert_ptr_equal(os_wiping_realloc(p, 30, "", 0), p);
    assert_null(os_wiping_realloc(p, 0, "", 0));
    p = os_wiping_realloc(NULL, 10, "", 0);
    assert_non_null(p);
    os_wiping_free(p, "", 0);
    os_wiping_free(NULL, "", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_stays_in_memory),
        cmocka_unit_test(no_core_is_written),
        cmocka_unit_test(what_is_given_back_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
