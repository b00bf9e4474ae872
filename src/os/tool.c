/* os/tool.c - running a trusted program to its end. See tool.h. */
#include "os/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"

enum { NO_PROGRAM = 127, BY_SIGNAL = 128 };

/* In the child: nothing but system calls, for the other threads' locks are as they were. */
static NORETURN void become(const struct os_tool *t, int out, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    bool ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent
              && (t->dir == NULL || chdir(t->dir) == 0);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    ok = ok && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0
         && (!t->quiet || dup2(null, STDERR_FILENO) >= 0)
         && syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0;
    if (ok) {
        (void)execve(t->argv[0], (char *const *)(uintptr_t)t->argv, environ);
    }
    _exit(NO_PROGRAM);
}

enum err os_tool_run(struct req *rq, const struct os_tool *t, int *ret_code, struct str *ret_output)
{
    CLEANUP(os_close_p) int out = memfd_create("out", MFD_CLOEXEC);
    struct str text;
    uint64_t size = 0;
    int status = 0;
    if (out < 0) {
        return FAIL(rq, E_IO, "memfd errno %d", errno);
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become(t, out, parent);
    }
    if (pid < 0) {
        return FAIL(rq, E_IO, "fork errno %d", errno);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return FAIL(rq, E_IO, "wait errno %d", errno);
        }
    }
    TRY(os_size(rq, out, &size));
    if (size > t->output_max) {
        return FAIL(rq, E_TOO_LARGE, "output of a program");
    }
    TRY(os_map(rq, out, (size_t)size, &text));
    *ret_code = WIFSIGNALED(status) ? BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    *ret_output = text;
    return OK;
}
