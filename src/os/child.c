/* os/child.c - running another program for one answer. See child.h. */
#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/child_cage.h"
#include "os/clock.h"
#include "os/file.h"

enum { NO_PROGRAM = 127, FILES_MAX = 64, CPU_GRACE_S = 1, BESIDE_WAIT_MS = 2000, BESIDE_LOOK_MS = 20,
       FILE_IN = 3, FILE_OUT = 4 };

/* A file without a name, in memory; its number is above the standard ones. */
static enum err unnamed(struct req *rq, const char *name, int *ret_fd)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    int above = fd >= 0 && fd <= STDERR_FILENO ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : fd;
    if (above != fd) {
        close(fd);
    }
    if (above < 0) {
        return FAIL(rq, E_IO, "memfd errno %d", errno);
    }
    *ret_fd = above;
    return OK;
}

/* ---- in the child: nothing but system calls, for the other threads' locks are as they were ---- */

static bool limit(__rlimit_resource_t what, uint64_t most, uint64_t grace)
{
    const struct rlimit r = {.rlim_cur = most, .rlim_max = most + grace};
    return setrlimit(what, &r) == 0;
}

/* Signals as a new program expects them: those of the server are blocked in its threads. */
static void signals_as_new(void)
{
    static const int ours[] = {SIGPIPE, SIGXCPU, SIGXFSZ, SIGTERM, SIGINT, SIGHUP};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < LEN(ours); i++) {
        (void)signal(ours[i], SIG_DFL);
    }
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The files it asked for, which are above, get their numbers; gives the first number of those that are to be
 * closed, 0 when it cannot be. */
static unsigned files_at(const struct os_child_files *f)
{
    if (f == NULL) {
        return FILE_IN;
    }
    return dup2(f->in, FILE_IN) >= 0 && dup2(f->out, FILE_OUT) >= 0 ? FILE_OUT + 1 : 0;
}

static NORETURN void become(const struct os_child *c, const struct child_cage *cage, int in, int out,
                            pid_t parent)
{
    signals_as_new();
    bool ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && chdir("/") == 0;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ok = ok && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0
         && dup2(null, STDERR_FILENO) >= 0;
    ok = ok && limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_NOFILE, FILES_MAX, 0)
         && limit(RLIMIT_FSIZE, c->output_max, 0) && limit(RLIMIT_CPU, c->cpu_s, CPU_GRACE_S)
         && limit(RLIMIT_AS, c->memory_max, 0) && child_cage_enter(cage);
    /* Whatever a library opened without O_CLOEXEC stays here. */
    unsigned above = files_at(c->files);
    ok = ok && above > 0 && syscall(SYS_close_range, above, ~0U, 0) == 0;
    if (ok) {
        (void)execve(c->argv[0], (char *const *)(uintptr_t)c->argv, (char *const *)(uintptr_t)c->env);
    }
    _exit(NO_PROGRAM);
}

/* ---- in the parent ---- */

/* Waits on what tells of the child's end, then takes its end. A child that is late is killed. */
static void wait_for(pid_t pid, int watch, uint32_t wait_ms, struct os_child_got *ret_got)
{
    uint64_t end = os_ticks_us() + (uint64_t)wait_ms * 1000;
    struct pollfd p = {.fd = watch, .events = POLLIN};
    int status = 0;
    int ready = 0;
    for (uint64_t now = os_ticks_us(); ready <= 0 && now < end; now = os_ticks_us()) {
        ready = poll(&p, 1, (int)((end - now) / 1000) + 1);
        if (ready < 0 && errno != EINTR) {
            break;
        }
    }
    if (ready <= 0) {
        (void)kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    bool by_signal = WIFSIGNALED(status);
    ret_got->code = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    ret_got->end = ready <= 0       ? OS_CHILD_LATE
                   : by_signal      ? OS_CHILD_KILLED
                   : ret_got->code != 0 ? OS_CHILD_FAILED
                                    : OS_CHILD_DONE;
}

static enum err start(struct req *rq, const struct os_child *c, int in, int out, pid_t *ret_pid)
{
    struct child_cage cage;
    pid_t parent = getpid();
    child_cage_make(c->argv[0], c->files, &cage);
    cage.threads = c->threads;
    pid_t pid = fork();
    if (pid == 0) {
        become(c, &cage, in, out, parent);
    }
    int e = errno;
    child_cage_done(&cage);
    if (pid < 0) {
        return FAIL(rq, E_IO, "fork errno %d", e);
    }
    *ret_pid = pid;
    return OK;
}

static enum err run(struct req *rq, const struct os_child *c, struct os_child_got *ret_got)
{
    CLEANUP(os_close_p) int in = -1;
    CLEANUP(os_close_p) int out = -1;
    CLEANUP(os_close_p) int watch = -1;
    struct os_child_got got = {.end = OS_CHILD_FAILED};
    uint64_t size = 0;
    pid_t pid = -1;

    TRY(unnamed(rq, "in", &in));
    TRY(unnamed(rq, "out", &out));
    TRY(os_write_at(rq, in, 0, c->input.p, c->input.n));
    TRY(start(rq, c, in, out, &pid));
    watch = (int)syscall(SYS_pidfd_open, pid, 0);
    bool watched = watch >= 0;
    wait_for(pid, watch, watched ? c->wait_ms : 0, &got);
    if (!watched) {
        return FAIL(rq, E_IO, "pidfd");
    }
    TRY(os_size(rq, out, &size));
    if (size > c->output_max) {
        return FAIL(rq, E_TOO_LARGE, "output of a program");
    }
    TRY(os_map(rq, out, (size_t)size, &got.output));
    *ret_got = got;
    return OK;
}

/* Another number of the same file, above those of a child's files. */
static enum err number_above(struct req *rq, int fd, int *ret_fd)
{
    int above = fcntl(fd, F_DUPFD_CLOEXEC, FILE_OUT + 1);
    if (above < 0) {
        return FAIL(rq, E_IO, "dup errno %d", errno);
    }
    *ret_fd = above;
    return OK;
}

enum err os_child_run(struct req *rq, const struct os_child *c, struct os_child_got *ret_got)
{
    CLEANUP(os_close_p) int own_in = -1;
    CLEANUP(os_close_p) int own_out = -1;
    if (c->files == NULL) {
        return run(rq, c, ret_got);
    }
    TRY(number_above(rq, c->files->in, &own_in));
    TRY(number_above(rq, c->files->out, &own_out));
    const struct os_child_files files = {own_in, own_out};
    struct os_child with = *c;
    with.files = &files;
    return run(rq, &with, ret_got);
}
/* ---- beside us ---- */

static NORETURN void become_beside(const char *const *argv, pid_t parent)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};
    signals_as_new();
    bool ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && chdir("/") == 0;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    ok = ok && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0
         && dup2(null, STDERR_FILENO) >= 0
         && syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0;
    if (ok) {
        (void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
    }
    _exit(NO_PROGRAM);
}

enum err os_beside_start(struct req *rq, const char *const *argv, struct os_beside *ret_beside)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become_beside(argv, parent);
    }
    if (pid < 0) {
        return FAIL(rq, E_IO, "fork errno %d", errno);
    }
    ret_beside->pid = pid;
    return OK;
}

void os_beside_stop(struct os_beside *b)
{
    pid_t pid = (pid_t)b->pid;
    if (pid <= 0) {
        return;
    }
    b->pid = 0;
    (void)kill(pid, SIGTERM);
    for (int waited = 0; waited < BESIDE_WAIT_MS; waited += BESIDE_LOOK_MS) {
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            return;
        }
        os_sleep_ms(BESIDE_LOOK_MS);
    }
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

enum err os_program_folder(struct req *rq, char out[OS_PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, OS_PATH_MAX - 1);
    if (n <= 0) {
        return FAIL(rq, E_IO, "program path errno %d", errno);
    }
    while (n > 1 && out[n - 1] != '/') {
        n--;
    }
    out[n] = 0;
    return OK;
}

enum err os_program_find(struct req *rq, struct str name, const char **ret_path)
{
    static const struct str folders[] = {SI("/usr/local/bin"), SI("/usr/bin"), SI("/bin")};
    char *path = arena_alloc_raw(rq->a, OS_PATH_MAX);
    TRY_MEM(rq, path);
    bool full = str_starts(name, S("/"));
    for (size_t i = 0; i < LEN(folders) && name.n > 0; i++) {
        TRY(os_path(rq, full ? S("") : folders[i], full ? str_sub(name, 1, name.n - 1) : name, path));
        if (access(path, X_OK) == 0) {
            *ret_path = path;
            return OK;
        }
    }
    return FAIL(rq, E_NOT_FOUND, "program %.*s", STR_ARG(name));
}
