/* store/seal.c - texts handed out and taken back: sealed so that nobody reads or changes them. They
 * may hold values of records (a cursor holds the sort keys of a row). XChaCha20-Poly1305. */
#include <sodium.h>

#include "codec/b64.h"
#include "store/store_int.h"

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    SEALED_MAX = 8192,
};

static void key_of(const struct store *st, uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES])
{
    static const char what[] = "consilium sealed text";
    crypto_generichash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, (const uint8_t *)what,
                       sizeof(what) - 1, st->hash_key, sizeof(st->hash_key));
}

struct str db_seal(struct req *rq, struct str plain, struct str about)
{
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    struct buf b;
    unsigned long long n = 0;
    uint8_t *out = arena_alloc_raw(rq->a, NONCE + plain.n + TAG);
    if (out == NULL || plain.n > SEALED_MAX) {
        return (struct str){NULL, 0};
    }
    key_of(rq->db->store, key);
    randombytes_buf(out, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, &n, (const uint8_t *)plain.p, plain.n,
                                               (const uint8_t *)about.p, about.n, NULL, out, key);
    sodium_memzero(key, sizeof(key));
    buf_init(&b, rq->a, 2 * (NONCE + SEALED_MAX + TAG));
    b64_write(&b, out, NONCE + (size_t)n, B64_URL);
    return buf_get(&b);
}

bool db_unseal(struct req *rq, struct str text, struct str about, struct str *ret_plain)
{
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    unsigned long long n = 0;
    if (text.n > b64_chars(NONCE + SEALED_MAX + TAG)) {
        return false;
    }
    struct str sealed = b64_decoded(rq->a, text, B64_URL);
    if (sealed.p == NULL || sealed.n < NONCE + TAG) {
        return false;
    }
    uint8_t *out = arena_alloc_raw(rq->a, sealed.n);
    if (out == NULL) {
        return false;
    }
    key_of(rq->db->store, key);
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, &n, NULL, (const uint8_t *)sealed.p + NONCE, sealed.n - NONCE,
        (const uint8_t *)about.p, about.n, (const uint8_t *)sealed.p, key);
    sodium_memzero(key, sizeof(key));
    if (bad != 0) {
        return false;
    }
    *ret_plain = (struct str){(const char *)out, (size_t)n};
    return true;
}
