/* faults/clock.c - the time of day, moved by the seconds that stand in the file CLOCK_MOVED names: loaded
 * before the C library by tests/lib/clock.mjs. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *ret_t)
{
    static int (*real)(clockid_t, struct timespec *);
    char text[32] = "";
    static _Atomic int file = -2; /* -2: not opened yet; -1: there is none */
    union {
        void *p;
        int (*fn)(clockid_t, struct timespec *);
    } found;
    if (real == NULL) {
        found.p = dlsym(RTLD_NEXT, "clock_gettime");
        real = found.fn;
    }
    int rc = real(id, ret_t);
    if (file == -2) { /* at the first look, before the program shuts itself in */
        const char *path = getenv("CLOCK_MOVED");
        file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    }
    if (rc == 0 && id == CLOCK_REALTIME && file >= 0 && pread(file, text, sizeof(text) - 1, 0) > 0) {
        ret_t->tv_sec += strtol(text, NULL, 10);
    }
    return rc;
}
