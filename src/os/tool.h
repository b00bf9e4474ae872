/* os/tool.h - a program of the system's that does a long piece of work for us: it is waited for, may reach
 * files and the network as we do, and tells its troubles where we tell ours (standard error). For programs
 * that are trusted; what decodes hostile bytes runs caged, see os/child.h. */
#pragma once

#include "base/req.h"

struct os_tool {
    const char *const *argv; /* NULL-ended; the first is the program's full path */
    const char *dir;         /* where it works; NULL: where we do */
    size_t output_max;       /* bytes of its standard output that are taken */
    bool quiet;              /* what it says on standard error goes nowhere */
};

/* Runs it with our environment and no input, and waits for its end. It ends with this process at the latest.
 * For commands: a server has another thread for its signals.
 *
 * gives    *ret_code its exit status, 127 when it could not be started, 128 and more: the number of a signal
 *          above that; *ret_output as os_map()
 * errors   E_IO  no process or memory; E_TOO_LARGE  more output than that; E_BUSY  SIGTERM, SIGINT or SIGHUP
 *          came meanwhile: it is taken, the program is ended, and the caller has yet to end
 * costs    waits, without an end of its own */
MUST_USE enum err os_tool_run(struct req *rq, const struct os_tool *t, int *ret_code,
                              struct str *ret_output);
