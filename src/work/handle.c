/* work/handle.c - see handle.h. */
#include "work/handle.h"

#include <stdatomic.h>

#include "os/log.h"

struct db *handle_open(struct care *care, handle_pause_fn pause, void *ctx)
{
    uint32_t ms = HANDLE_FIRST_MS;
    uint64_t tries = 1;
    struct db *db = store_db_open(care->store);
    if (db != NULL) {
        return db;
    }
    atomic_fetch_add(&care->no_handle, 1);
    for (bool stop = false; db == NULL && !stop; tries++) {
        LOG(LOG_NO_HANDLE, log_u64(tries), log_ms(ms));
        stop = pause(ctx, ms);
        ms = MIN(2 * ms, (uint32_t)HANDLE_MOST_MS);
        db = stop ? NULL : store_db_open(care->store);
    }
    atomic_fetch_sub(&care->no_handle, 1);
    if (db != NULL) {
        LOG(LOG_HANDLE, log_u64(tries));
    }
    return db;
}
