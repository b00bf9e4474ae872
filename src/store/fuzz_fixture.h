/* store/fuzz_fixture.h - data folders for fuzz targets: in memory where the system has such a place,
 * gone when the target ends. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

struct fuzz_store {
    char dir[48];
    struct store *st;
};

static inline int fuzz_store_remove_one(const char *path, const struct stat *st, int kind,
                                        struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

/* Makes a folder and opens it. opts: as store_open. */
static inline void fuzz_store_open(const struct store_opts *opts, struct fuzz_store *ret_f)
{
    struct req rq;
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(ret_f->dir, sizeof(ret_f->dir), "%s/consilium-fuzz.XXXXXX", where);
    ASSERT(mkdtemp(ret_f->dir) != NULL);
    req_init(&rq, 64u << 20, (struct instant){1});
    ASSERT(store_open(&rq, str_z(ret_f->dir), opts, &ret_f->st) == OK);
    req_done(&rq);
}

/* Its handles must be closed before. */
static inline void fuzz_store_close(struct fuzz_store *f)
{
    if (f->st != NULL) {
        store_close(f->st);
        (void)nftw(f->dir, fuzz_store_remove_one, 16, FTW_DEPTH | FTW_PHYS);
        f->st = NULL;
    }
}
