/* os/secret.h - keeps secrets of the process where nobody finds them later: not on the swap, not in a
 * core file, not in the hands of another process of the same user. */
#pragma once

#include "base/str.h"

/* For the life of the process: no core file is written, and only the system's administrator may look into its
 * memory (Linux: RLIMIT_CORE 0, PR_SET_DUMPABLE 0). The sanitizers' builds stay open to their own checks. */
void os_no_dumps(void);
/* The pages under secret stay in memory and out of core files (mlock, MADV_DONTDUMP), as long as the process
 * lives. gives false where the system locks no more (RLIMIT_MEMLOCK): the secret is used all the same. */
bool os_lock_secret(struct str secret);
/* malloc(), realloc() and free() that wipe what they give back, as OpenSSL takes them
 * (CRYPTO_set_mem_functions()): its decoders leave the bytes of private keys in what they free. file, line:
 * not used. */
void *os_wiping_malloc(size_t n, const char *file, int line);
void *os_wiping_realloc(void *p, size_t n, const char *file, int line);
void os_wiping_free(void *p, const char *file, int line);
