/* base/fault.h - fault points: places where a machine may fail. A build with -DFAULTS=ON asks
 * tests/torture at each whether to fail there; any other has no such call. */
#pragma once

#include <stdbool.h>

enum fault_kind {
    FAULT_MEMORY,   /* memory of an arena */
    FAULT_DISK,     /* a call of os/file.h */
    FAULT_DATABASE, /* a statement begun or taken a step further */
    FAULT_PAGES,    /* what SQLite reads, writes and syncs */
    FAULT_HEAP,     /* memory of SQLite's own */
    FAULT_KINDS
};

#ifdef FAULTS
/* Counts one more call of its kind; true: it fails. */
bool fault_here(enum fault_kind kind);
#else
static inline bool fault_here(enum fault_kind kind)
{
    (void)kind;
    return false;
}
#endif
