/* store/hash.c - keyed hashes of index keys. SipHash-2-4 (libsodium crypto_shorthash). */
#include <sodium.h>
#include <string.h>

#include "store/store_int.h"

static uint64_t sip(const struct store *st, const void *p, size_t n)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t v;
    crypto_shorthash(out, p, n, st->hash_key);
    memcpy(&v, out, sizeof(v));
    return v != 0 ? v : 1;
}

uint64_t store_hash(const struct store *st, struct str s)
{
    return sip(st, s.p != NULL ? s.p : "", s.n);
}

uint64_t store_hash2(const struct store *st, struct str a, struct str b)
{
    uint64_t pair[3] = {store_hash(st, a), store_hash(st, b), a.n};
    return sip(st, pair, sizeof(pair));
}

uint32_t store_hash_sys(const struct store *st, struct str system)
{
    if (system.n == 0) {
        return 0;
    }
    uint64_t h = store_hash(st, system);
    uint32_t v = (uint32_t)(h ^ (h >> 32));
    return v == 0 || v == TOKEN_ANY_SYS ? 1 : v;
}

uint64_t db_hash(const struct db *db, struct str s)
{
    return store_hash(db->store, s);
}

uint32_t db_hash_sys(const struct db *db, struct str system)
{
    return store_hash_sys(db->store, system);
}

void key128(const struct store *st, const void *p, size_t n, struct key128 *ret_k)
{
    uint8_t out[crypto_shorthash_siphashx24_BYTES];
    crypto_shorthash_siphashx24(out, p, n, st->hash_key);
    memcpy(ret_k, out, sizeof(*ret_k));
}
