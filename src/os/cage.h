/* os/cage.h - this process shuts itself in: of the files only those named, of the system calls none that a
 * server never needs. What it starts later is shut in with it; a child of os/child.h still further.
 *
 * Landlock (kernel 5.19 and later: its second version, which knows of files moved between folders) and
 * seccomp. */
#pragma once

#include "base/req.h"

enum os_cage_use {
    OS_CAGE_READ,  /* files and folders below, to read */
    OS_CAGE_RUN,   /* and to run */
    OS_CAGE_WRITE, /* to read, write, make, move, remove */
};
struct os_cage_path {
    struct str path;
    enum os_cage_use use;
};

/* What this kernel can hold. */
struct os_cage_can {
    bool files; /* Landlock */
    bool calls; /* seccomp */
};
struct os_cage_can os_cage_can(void);

/* Enters it, for good: the calling thread, and all it starts from then on. Call it while there is one
 * thread. Beside the paths what any program of the system needs can be reached: programs, libraries, fonts,
 * certificates, time zones, /etc. A path that is not there is left out; one below another is fine.
 *
 * Calls by which a process takes hold of others, of the machine or of the kernel (ptrace, mount, modules,
 * bpf ...) end the process; those that libraries only try are refused (EPERM).
 *
 * What the kernel cannot hold is left out: os_cage_can().
 * errors  E_IO  what it can do failed; E_TOO_LARGE  a path too long */
MUST_USE enum err os_cage_enter(struct req *rq, const struct os_cage_path *paths, size_t n);
