/* os/child.h - another program, run once for one answer: bytes in, bytes out, and no way to do harm.
 *
 * For decoders that are not to be trusted with hostile bytes inside this program. The child has limits of
 * time, memory and output, no network, no other process, and of the files only the system's programs and
 * libraries, to read (the last three where the kernel can: Landlock, seccomp). It ends with the thread that
 * waits for it. */
#pragma once

#include "os/file.h"

/* Files of ours for a program that wants names instead: these alone it may open. */
struct os_child_files {
    int in;  /* OS_CHILD_IN, to read */
    int out; /* OS_CHILD_OUT, to read and write; begun anew by the program */
};
#define OS_CHILD_IN "/proc/self/fd/3"
#define OS_CHILD_OUT "/proc/self/fd/4"

struct os_child {
    const char *const *argv; /* NULL-ended; the first is the program's full path */
    const char *const *env;  /* NULL-ended: all of its environment */
    struct str input;        /* its standard input, a file */
    const struct os_child_files *files; /* NULL: none */
    size_t output_max;       /* bytes it may write; its standard output is a file */
    size_t memory_max;       /* of its address space */
    bool threads;            /* it may have threads of its own, still no other process */
    uint32_t cpu_s;          /* of processor time */
    uint32_t wait_ms;        /* in all */
};

enum os_child_end {
    OS_CHILD_DONE,   /* exit status 0 */
    OS_CHILD_FAILED, /* another one: 127 when it could not be started */
    OS_CHILD_KILLED, /* by a signal: it crashed, or a limit ended it */
    OS_CHILD_LATE,   /* wait_ms passed: killed */
};

struct os_child_got {
    enum os_child_end end;
    int code;          /* exit status, or number of the signal */
    struct str output; /* what it wrote, whatever its end: read only memory, as os_map() */
};

/* Runs it and waits for its end. It has ended when this returns.
 * errors  E_IO  the system has no process or memory for it now; E_TOO_LARGE  memory cap
 * costs   waits, at most wait_ms */
MUST_USE enum err os_child_run(struct req *rq, const struct os_child *c, struct os_child_got *ret_got);

/* A program of the administrator's that runs beside this one, with this one's rights and no limits: a media
 * server of the demonstration. It ends with this process at the latest. */
struct os_beside {
    int64_t pid; /* 0: none */
};
/* Starts argv (as of os_child); what it says goes nowhere. The thread that starts it must live as long as it.
 * End it with os_beside_stop(). errors  E_IO */
MUST_USE enum err os_beside_start(struct req *rq, const char *const *argv, struct os_beside *ret_beside);
/* Asks it to end and, when it has not within two seconds, ends it. One that was never started is allowed. */
void os_beside_stop(struct os_beside *b);

/* The folder this program itself lies in. errors  E_IO */
MUST_USE enum err os_program_folder(struct req *rq, char out[OS_PATH_MAX]);
/* Where the program is: name itself when it begins with "/", else in the system's folders of programs.
 * errors  E_NOT_FOUND  nowhere; E_TOO_LARGE  a name too long */
MUST_USE enum err os_program_find(struct req *rq, struct str name, const char **ret_path);
