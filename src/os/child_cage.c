/* os/child_cage.c - no network, no other process, no files but the system's own. See child_cage.h. */
#include "os/child_cage.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "os/cage_int.h"

void child_cage_make(const char *program, const struct os_child_files *own, struct child_cage *ret_cage)
{
    static const char *const folders[] = {"/usr", "/bin", "/lib", "/lib64"};
    static const char *const files[] = {"/etc/ld.so.cache", "/etc/localtime", "/dev/null"};
    int fd = cage_rules(CAGE_ALL);
    for (size_t i = 0; fd >= 0 && i < LEN(folders); i++) {
        cage_allow(fd, folders[i], CAGE_LOOK);
    }
    for (size_t i = 0; fd >= 0 && i < LEN(files); i++) {
        cage_allow(fd, files[i], LANDLOCK_ACCESS_FS_READ_FILE);
    }
    if (fd >= 0) {
        cage_allow(fd, program, LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE);
    }
    if (fd >= 0 && own != NULL) {
        cage_allow_fd(fd, own->in, LANDLOCK_ACCESS_FS_READ_FILE);
        cage_allow_fd(fd, own->out, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
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

#ifdef CAGE_ARCH
#define NO(nr) CAGE_NO(nr)

/* Refused with EPERM: connections, processes, signals to others, and what Landlock does not hold. */
static const struct sock_filter filter[] = {
    CAGE_BEGIN
#ifdef __x86_64__
    NO(SYS_fork), NO(SYS_vfork), NO(SYS_chmod), NO(SYS_chown), NO(SYS_lchown), NO(SYS_utime),
    NO(SYS_utimes), NO(SYS_futimesat),
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
    CAGE_ELSE_FINE,
};

/* Beside it: no process and no thread. */
static const struct sock_filter alone[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    NO(SYS_clone), NO(SYS_clone3),
    CAGE_ELSE_FINE,
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
    CAGE_ELSE_FINE,
};
#endif

bool child_cage_enter(const struct child_cage *cage)
{
    if (!cage_no_more_rights() || (cage->ruleset >= 0 && !cage_rules_enter(cage->ruleset))) {
        return false;
    }
#ifdef CAGE_ARCH
    bool can = cage_has_filters();
    bool fine = !can
                || (cage->threads ? cage_filter(threads_only, LEN(threads_only))
                                  : cage_filter(alone, LEN(alone)));
    if (!fine || (can && !cage_filter(filter, LEN(filter)))) {
        return false;
    }
#endif
    return true;
}
