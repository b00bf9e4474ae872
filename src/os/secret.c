/* os/secret.c - memory that holds secrets. See secret.h. */
#include "os/secret.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Their leak checker looks into the process from a helper of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { WATCHED = true };
#else
enum { WATCHED = false };
#endif

void os_no_dumps(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (!WATCHED) {
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
}

bool os_lock_secret(struct str secret)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (uintptr_t)secret.p & ~(page - 1);
    uintptr_t to = ((uintptr_t)secret.p + secret.n + page - 1) & ~(page - 1);
    union {
        uintptr_t at;
        void *p;
    } pages = {.at = from};
    if (secret.n == 0) {
        return true;
    }
    return (madvise(pages.p, to - from, MADV_DONTDUMP) == 0) & (mlock(pages.p, to - from) == 0);
}

void *os_wiping_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(n);
}

void os_wiping_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    if (p != NULL) {
        explicit_bzero(p, malloc_usable_size(p));
        free(p);
    }
}

void *os_wiping_realloc(void *p, size_t n, const char *file, int line)
{
    if (p == NULL) {
        return malloc(n);
    }
    if (n == 0) {
        os_wiping_free(p, file, line);
        return NULL;
    }
    size_t had = malloc_usable_size(p);
    if (had >= n) {
        return p;
    }
    void *q = malloc(n);
    if (q != NULL) {
        memcpy(q, p, had);
        os_wiping_free(p, file, line);
    }
    return q;
}
