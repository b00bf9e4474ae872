/* os/child_cage.c - no network, no other process, no files but the system's own. See child_cage.h. */
#include "os/child_cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- files: Landlock ---- */

enum { LOOK = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR };

/* All that the first version of Landlock knows: each right up to making symbolic links. */
static const uint64_t ALL = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

static void allow_file(int ruleset, int fd, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static void allow(int ruleset, const char *path, uint64_t access)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd >= 0) {
        allow_file(ruleset, fd, access);
        close(fd);
    }
}

void child_cage_make(const char *program, const struct os_child_files *own, struct child_cage *ret_cage)
{
    static const char *const folders[] = {"/usr", "/bin", "/lib", "/lib64"};
    static const char *const files[] = {"/etc/ld.so.cache", "/etc/localtime", "/dev/null"};
    const struct landlock_ruleset_attr attr = {.handled_access_fs = ALL};
    int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    for (size_t i = 0; fd >= 0 && i < LEN(folders); i++) {
        allow(fd, folders[i], LOOK);
    }
    for (size_t i = 0; fd >= 0 && i < LEN(files); i++) {
        allow(fd, files[i], LANDLOCK_ACCESS_FS_READ_FILE);
    }
    if (fd >= 0) {
        allow(fd, program, LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE);
    }
    if (fd >= 0 && own != NULL) {
        allow_file(fd, own->in, LANDLOCK_ACCESS_FS_READ_FILE);
        allow_file(fd, own->out, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    }
    ret_cage->ruleset = fd;
}

void child_cage_done(struct child_cage *cage)
{
    if (cage->ruleset >= 0) {
        close(cage->ruleset);
        cage->ruleset = -1;
    }
}

/* ---- system calls: seccomp ---- */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH
#define NO(nr)                                       \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1)

/* Refused with EPERM: connections, processes, signals to others, and what Landlock does not hold. */
static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* the numbers of x32 */
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    NO(SYS_fork), NO(SYS_vfork), NO(SYS_chmod), NO(SYS_chown), NO(SYS_lchown), NO(SYS_utime), NO(SYS_utimes),
    NO(SYS_futimesat),
#endif
    NO(SYS_socket), NO(SYS_socketpair), NO(SYS_connect), NO(SYS_bind), NO(SYS_listen), NO(SYS_accept4),
    NO(SYS_kill), NO(SYS_tkill), NO(SYS_tgkill), NO(SYS_rt_sigqueueinfo),
    NO(SYS_rt_tgsigqueueinfo), NO(SYS_pidfd_open), NO(SYS_pidfd_send_signal), NO(SYS_pidfd_getfd),
    NO(SYS_ptrace), NO(SYS_process_vm_readv), NO(SYS_process_vm_writev), NO(SYS_prlimit64),
    NO(SYS_setpriority), NO(SYS_sched_setscheduler), NO(SYS_sched_setaffinity),
    NO(SYS_truncate), NO(SYS_fchmodat), NO(SYS_fchownat), NO(SYS_utimensat), NO(SYS_setxattr),
    NO(SYS_lsetxattr), NO(SYS_removexattr), NO(SYS_lremovexattr), NO(SYS_io_uring_setup), NO(SYS_bpf),
    NO(SYS_userfaultfd), NO(SYS_perf_event_open), NO(SYS_keyctl), NO(SYS_add_key), NO(SYS_request_key),
    NO(SYS_unshare), NO(SYS_setns), NO(SYS_mount), NO(SYS_shmget), NO(SYS_msgget), NO(SYS_semget),
    NO(SYS_mq_open),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Beside it: no process and no thread. */
static const struct sock_filter alone[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    NO(SYS_clone), NO(SYS_clone3),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* Or no process, but threads: what clone3 makes cannot be seen from here, so it is said not to be there, and
 * the C library takes clone. */
static const struct sock_filter threads_only[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static bool take(const struct sock_filter *rows, size_t n)
{
    const struct sock_fprog prog = {.len = (unsigned short)n,
                                    .filter = (struct sock_filter *)(uintptr_t)rows};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0;
}
#endif

bool child_cage_enter(const struct child_cage *cage)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return false;
    }
    if (cage->ruleset >= 0 && syscall(SYS_landlock_restrict_self, cage->ruleset, 0) != 0) {
        return false;
    }
#ifdef ARCH
    bool can = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
    bool fine = !can || (cage->threads ? take(threads_only, LEN(threads_only)) : take(alone, LEN(alone)));
    if (!fine || (can && !take(filter, LEN(filter)))) {
        return false;
    }
#endif
    return true;
}
