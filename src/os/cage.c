/* os/cage.c - the process shuts itself in. See cage.h. */
#include "os/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/cage_int.h"
#include "os/file.h"

/* ---- what both cages are made of ---- */

int cage_landlock(void)
{
    enum { VERSION = 1 }; /* LANDLOCK_CREATE_RULESET_VERSION */
    int v = (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, VERSION);
    return v > 0 ? v : 0;
}

int cage_rules(uint64_t held)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs = held};
    return (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
}

void cage_allow_fd(int rules, int fd, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    (void)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

void cage_allow(int rules, const char *path, uint64_t access)
{
    const uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE
                              | LANDLOCK_ACCESS_FS_WRITE_FILE;
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd >= 0) {
        bool folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
        cage_allow_fd(rules, fd, folder ? access : access & of_files);
        close(fd);
    }
}

bool cage_no_more_rights(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool cage_rules_enter(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

bool cage_has_filters(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

bool cage_filter(const struct sock_filter *rows, size_t n)
{
    const struct sock_fprog prog = {.len = (unsigned short)n,
                                    .filter = (struct sock_filter *)(uintptr_t)rows};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0;
}

/* ---- this process ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifdef CAGE_ARCH
#define NO(nr) CAGE_NO(nr)
#define END(nr) CAGE_END(nr)

static const struct sock_filter filter[] = {
    CAGE_BEGIN
#ifdef __x86_64__
    END(SYS_iopl), END(SYS_ioperm), END(SYS_modify_ldt), END(SYS_uselib),
    END(SYS__sysctl),
#endif
    /* other processes; sanitizers look for leaks by the first of these */
#ifndef SANITIZED
    END(SYS_ptrace),
#endif
    END(SYS_process_vm_readv), END(SYS_process_vm_writev), END(SYS_pidfd_getfd),
    /* file systems, and files by their numbers, past Landlock */
    END(SYS_mount), END(SYS_umount2), END(SYS_pivot_root), END(SYS_move_mount),
    END(SYS_open_tree), END(SYS_fsopen), END(SYS_fsconfig), END(SYS_fsmount),
    END(SYS_fspick), END(SYS_mount_setattr), END(SYS_open_by_handle_at),
    END(SYS_chroot), END(SYS_swapon), END(SYS_swapoff), END(SYS_quotactl),
    END(SYS_fanotify_init), END(SYS_setns),
    /* the kernel and the machine */
    END(SYS_init_module), END(SYS_finit_module), END(SYS_delete_module),
    END(SYS_kexec_load), END(SYS_bpf), END(SYS_perf_event_open),
    END(SYS_userfaultfd), END(SYS_reboot), END(SYS_acct), END(SYS_syslog),
    END(SYS_settimeofday), END(SYS_clock_settime), END(SYS_sethostname),
    END(SYS_setdomainname), END(SYS_vhangup), END(SYS_lookup_dcookie),
#ifdef SYS_kexec_file_load
    END(SYS_kexec_file_load),
#endif
    /* tried by libraries, which go on without */
    NO(SYS_keyctl), NO(SYS_add_key), NO(SYS_request_key), NO(SYS_io_uring_setup),
    NO(SYS_unshare), NO(SYS_personality), NO(SYS_kcmp), NO(SYS_mq_open),
    CAGE_ELSE_FINE,
};
#endif

/* Rights of later versions than the headers know. */
enum { VERSION_REFER = 2, VERSION_TRUNCATE = 3 };
#define TRUNCATE (UINT64_C(1) << 14)

struct os_cage_can os_cage_can(void)
{
    struct os_cage_can can = {.files = cage_landlock() >= VERSION_REFER};
#ifdef CAGE_ARCH
    can.calls = cage_has_filters();
#endif
    return can;
}

static uint64_t held(void)
{
    bool truncate = cage_landlock() >= VERSION_TRUNCATE;
    return CAGE_ALL | LANDLOCK_ACCESS_FS_REFER | (truncate ? TRUNCATE : 0);
}

static uint64_t access_of(enum os_cage_use use)
{
    switch (use) {
    case OS_CAGE_READ: return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    case OS_CAGE_RUN: return CAGE_LOOK;
    case OS_CAGE_WRITE: return held() & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
    }
    return 0;
}

/* What any program of the system needs. Files of /etc are replaced while it runs (resolv.conf): the
 * folder. */
static void allow_system(int rules)
{
    static const char *const programs[] = {"/usr", "/bin", "/lib", "/lib64"};
    static const char *const to_read[] = {"/etc", "/var/cache/fontconfig", "/run/systemd/resolve",
        "/run/resolvconf", "/run/NetworkManager", "/proc/self", "/proc/meminfo", "/proc/cpuinfo",
        "/proc/stat", "/proc/sys/vm", "/proc/sys/kernel", "/sys/devices/system/cpu", "/sys/fs/cgroup",
        "/dev/urandom", "/dev/random", "/dev/zero",
#ifdef SANITIZED
        "cmake", /* of the source tree: what sanitizers are told to pass over, read when they report */
#endif
    };
    for (size_t i = 0; i < LEN(programs); i++) {
        cage_allow(rules, programs[i], CAGE_LOOK);
    }
    for (size_t i = 0; i < LEN(to_read); i++) {
        cage_allow(rules, to_read[i], access_of(OS_CAGE_READ));
    }
    cage_allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
}

static enum err allow_all(struct req *rq, int rules, const struct os_cage_path *paths, size_t n)
{
    allow_system(rules);
    for (size_t i = 0; i < n; i++) {
        char path[OS_PATH_MAX];
        if (paths[i].path.n == 0) {
            continue;
        }
        if (paths[i].path.n >= sizeof(path)) {
            return FAIL(rq, E_TOO_LARGE, "path of the cage");
        }
        memcpy(path, paths[i].path.p, paths[i].path.n);
        path[paths[i].path.n] = 0;
        cage_allow(rules, path, access_of(paths[i].use));
    }
    return OK;
}

enum err os_cage_enter(struct req *rq, const struct os_cage_path *paths, size_t n)
{
    struct os_cage_can can = os_cage_can();
    CLEANUP(os_close_p) int rules = can.files ? cage_rules(held()) : -1;
    if (can.files && rules < 0) {
        return FAIL(rq, E_IO, "Landlock errno %d", errno);
    }
    if (can.files) {
        TRY(allow_all(rq, rules, paths, n));
    }
    if ((can.files || can.calls) && !cage_no_more_rights()) {
        return FAIL(rq, E_IO, "no_new_privs errno %d", errno);
    }
    if (can.files && !cage_rules_enter(rules)) {
        return FAIL(rq, E_IO, "Landlock errno %d", errno);
    }
#ifdef CAGE_ARCH
    if (can.calls && !cage_filter(filter, LEN(filter))) {
        return FAIL(rq, E_IO, "seccomp errno %d", errno);
    }
#endif
    return OK;
}
