/* http/rate.c - how often somebody may ask. See rate.h. */
#include "http/rate.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "os/random.h"
#include "os/socket.h"
#include "os/thread.h"

const char *const rate_names[RATE_KINDS] = {"person", "program", "address", "route"};

enum { SETS = 4096, WAYS = 4, LOCKS = 64 };
#define MINUTE_US UINT64_C(60000000)

struct rate {
    uint64_t key;      /* 0: free */
    uint64_t until_us; /* when all that was let through would have come, one by one */
    uint64_t told_us;  /* its first refusal of this minute */
};

struct rates {
    uint8_t key[crypto_shorthash_KEYBYTES]; /* nobody outside chooses who shares a set */
    _Atomic uint64_t refused[RATE_KINDS];
    struct os_mutex locks[LOCKS];
    struct rate sets[SETS][WAYS];
};

struct rates *rates_new(void)
{
    struct rates *r = os_alloc(1, sizeof(*r));
    os_random(r->key, sizeof(r->key));
    for (size_t i = 0; i < LOCKS; i++) {
        os_mutex_init(&r->locks[i]);
    }
    return r;
}

void rates_free(struct rates *r)
{
    if (r != NULL) {
        for (size_t i = 0; i < LOCKS; i++) {
            os_mutex_done(&r->locks[i]);
        }
        os_free(r);
    }
}

static uint64_t hash(const struct rates *r, const void *p, size_t n)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t v = 0;
    (void)crypto_shorthash(out, p, n, r->key);
    memcpy(&v, out, sizeof(v));
    return v != 0 ? v : 1;
}

uint64_t rate_address(const struct rates *r, const char *peer)
{
    uint8_t raw[16];
    size_t n = os_address(peer, raw);
    return hash(r, raw, n == sizeof(raw) ? sizeof(raw) / 2 : n);
}

static struct rate *find(struct rate set[WAYS], uint64_t key)
{
    struct rate *least = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        least = set[i].until_us < least->until_us ? &set[i] : least;
    }
    *least = (struct rate){.key = key};
    return least;
}

/* gives microseconds to wait */
static uint64_t take(struct rate *x, uint32_t per_minute, uint64_t now_us, bool *ret_first)
{
    uint64_t each = MINUTE_US / per_minute;
    uint64_t until = MAX(x->until_us, now_us) + each;
    if (until - now_us <= MINUTE_US) {
        x->until_us = until;
        return 0;
    }
    *ret_first = x->told_us == 0 || now_us - x->told_us >= MINUTE_US;
    if (*ret_first) {
        x->told_us = now_us;
    }
    return until - now_us - MINUTE_US;
}

uint32_t rate_take(struct rates *r, enum rate_kind kind, uint64_t who, uint64_t where, uint32_t per_minute,
                   uint64_t now_us, bool *ret_first)
{
    const uint64_t of[] = {(uint64_t)kind, who, where};
    *ret_first = false;
    if (per_minute == 0) {
        return 0;
    }
    uint64_t key = hash(r, of, sizeof(of));
    size_t set = key % SETS;
    os_lock(&r->locks[set % LOCKS]);
    uint64_t wait_us = take(find(r->sets[set], key), per_minute, now_us, ret_first);
    os_unlock(&r->locks[set % LOCKS]);
    if (wait_us == 0) {
        return 0;
    }
    atomic_fetch_add(&r->refused[kind], 1);
    return (uint32_t)(wait_us / 1000000 + 1);
}

uint64_t rate_refused(const struct rates *r, enum rate_kind kind)
{
    return atomic_load(&r->refused[kind]);
}
