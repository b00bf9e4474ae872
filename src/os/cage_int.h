/* os/cage_int.h - what the cage of the server (cage.c) and of its children (child_cage.c) are made of. */
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

enum { CAGE_LOOK = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR };
/* All that the first version of Landlock knows: each right up to making symbolic links. */
#define CAGE_ALL ((UINT64_C(1) << 13) - 1)

/* The version of Landlock; 0: none. */
int cage_landlock(void);
/* gives a ruleset that holds these rights; -1: this kernel has none. */
int cage_rules(uint64_t held);
/* Lets access be had to path and all below it; what is not there is left out, and of a file what only
 * folders have. */
void cage_allow(int rules, const char *path, uint64_t access);
void cage_allow_fd(int rules, int fd, uint64_t access);
/* A process with it, and what it starts, gains no rights by running a program. */
bool cage_no_more_rights(void);
bool cage_rules_enter(int rules);
/* Only system calls from here: also between fork and the child's program. */
bool cage_has_filters(void);
bool cage_filter(const struct sock_filter *rows, size_t n);

#if defined(__x86_64__)
#define CAGE_ARCH AUDIT_ARCH_X86_64
#define CAGE_NO_X32                                                  \
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* x32 */ \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#elif defined(__aarch64__)
#define CAGE_ARCH AUDIT_ARCH_AARCH64
#define CAGE_NO_X32
#endif

/* A filter begins with these: calls of another kind of machine end the process; the number of the call is
 * loaded. */
#define CAGE_BEGIN                                                                    \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CAGE_ARCH, 1, 0),                             \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),                              \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), CAGE_NO_X32
#define CAGE_NO(nr)                                  \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1)
#define CAGE_END(nr)                                 \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define CAGE_ELSE_FINE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
