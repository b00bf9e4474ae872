/* store/vault.c - secrets sealed by server.key: XChaCha20-Poly1305 under a key made from its seed by
 * BLAKE2b. See vault.h. */
#include "store/vault.h"

#include <sodium.h>
#include <string.h>

#include "store/store_int.h"

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
};
_Static_assert(NONCE + TAG == VAULT_MORE, "what sealing adds");

static enum err key_of(struct req *rq, const struct store *st, uint8_t key[KEY])
{
    static const char what[] = "consilium vault 1";
    uint8_t seed[crypto_sign_SEEDBYTES];
    if (!st->head_key.present || sodium_init() < 0) {
        return FAIL(rq, E_NOT_FOUND, "server.key");
    }
    crypto_sign_ed25519_sk_to_seed(seed, st->head_key.secret);
    crypto_generichash(key, KEY, (const uint8_t *)what, sizeof(what) - 1, seed, sizeof(seed));
    sodium_memzero(seed, sizeof(seed));
    return OK;
}

enum err vault_seal(struct req *rq, const struct store *st, struct str about, struct str plain,
                    struct str *ret_sealed)
{
    uint8_t key[KEY];
    unsigned long long n = 0;
    ASSERT(plain.n > 0 && plain.n <= VAULT_MAX);
    uint8_t *out = arena_alloc(rq->a, VAULT_MORE + plain.n);
    TRY_MEM(rq, out);
    TRY(key_of(rq, st, key));
    randombytes_buf(out, NONCE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + NONCE, &n, (const uint8_t *)plain.p, plain.n, (const uint8_t *)about.p, about.n, NULL, out,
        key);
    sodium_memzero(key, sizeof(key));
    *ret_sealed = (struct str){(const char *)out, NONCE + (size_t)n};
    return OK;
}

enum err vault_open(struct req *rq, const struct store *st, struct str about, struct str sealed,
                    struct str *ret_plain)
{
    uint8_t key[KEY];
    unsigned long long n = 0;
    const uint8_t *in = (const uint8_t *)sealed.p;
    if (sealed.n <= VAULT_MORE || sealed.n > VAULT_MORE + VAULT_MAX) {
        return FAIL(rq, E_CHECKSUM, "sealed secret: %zu bytes", sealed.n);
    }
    uint8_t *out = arena_alloc(rq->a, sealed.n);
    TRY_MEM(rq, out);
    TRY(key_of(rq, st, key));
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(out, &n, NULL, in + NONCE, sealed.n - NONCE,
                                                         (const uint8_t *)about.p, about.n, in, key);
    sodium_memzero(key, sizeof(key));
    if (bad != 0) {
        return FAIL(rq, E_CHECKSUM, "a sealed secret does not open with this server.key");
    }
    *ret_plain = (struct str){(const char *)out, (size_t)n};
    return OK;
}
