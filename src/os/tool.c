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

static const int waking[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};

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

/* Until the program has ended. Who asks this process to end ends the program first, and takes it: one
 * left to itself looks alive to those after us until somebody takes it. *ret_asked: the signal, or 0. */
static enum err wait_for(struct req *rq, pid_t pid, const sigset_t *wake, int *ret_status, int *ret_asked)
{
    pid_t got = 0;
    *ret_asked = 0;
    while ((got = waitpid(pid, ret_status, WNOHANG)) == 0) {
        int by = sigwaitinfo(wake, NULL);
        if (by > 0 && by != SIGCHLD) {
            *ret_asked = by;
            (void)kill(pid, SIGKILL);
        }
    }
    return got == pid ? OK : FAIL(rq, E_IO, "wait errno %d", errno);
}

static enum err run(struct req *rq, const struct os_tool *t, int out, int *ret_status)
{
    sigset_t wake;
    sigset_t before;
    int asked = 0;
    sigemptyset(&wake);
    for (size_t i = 0; i < LEN(waking); i++) {
        sigaddset(&wake, waking[i]);
    }
    pid_t parent = getpid();
    (void)pthread_sigmask(SIG_BLOCK, &wake, &before);
    pid_t pid = fork();
    if (pid == 0) {
        become(t, out, parent);
    }
    enum err e = pid < 0 ? FAIL(rq, E_IO, "fork errno %d", errno)
                         : wait_for(rq, pid, &wake, ret_status, &asked);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    TRY(e);
    return asked == 0 ? OK : FAIL(rq, E_BUSY, "ended by signal %d", asked);
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
    TRY(run(rq, t, out, &status));
    TRY(os_size(rq, out, &size));
    if (size > t->output_max) {
        return FAIL(rq, E_TOO_LARGE, "output of a program");
    }
    TRY(os_map(rq, out, (size_t)size, &text));
    *ret_code = WIFSIGNALED(status) ? BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    *ret_output = text;
    return OK;
}
