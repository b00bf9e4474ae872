/* store/head.c - DIR/server.key and the signed DIR/audit.head. See chain_int.h. */
#include <sodium.h>
#include <string.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"
#include "store/chain_int.h"

enum { HEAD_MAX = 4096 };

enum err head_key_load(struct req *rq, const char *dir, bool make, struct head_key *ret_key)
{
    char path[OS_PATH_MAX];
    struct str text;
    uint8_t seed[crypto_sign_SEEDBYTES];
    TRY(os_path(rq, str_z(dir), S("server.key"), path));
    if (!os_exists(path)) {
        if (!make) {
            return FAIL(rq, E_NOT_FOUND, "server.key");
        }
        struct buf b;
        buf_init(&b, rq->a, 128);
        os_random(seed, sizeof(seed));
        buf_hex(&b, seed, sizeof(seed));
        buf_char(&b, '\n');
        TRY(os_write_file(rq, path, buf_get(&b), 0600));
    }
    TRY(os_read_file(rq, path, HEAD_MAX, &text));
    bool read = str_unhex(str_trim(text), seed, sizeof(seed));
    sodium_memzero((void *)(uintptr_t)text.p, text.n);
    if (!read) {
        return FAIL(rq, E_CHECKSUM, "server.key is not 32 bytes in hex");
    }
    crypto_sign_seed_keypair(ret_key->public, ret_key->secret, seed);
    sodium_memzero(seed, sizeof(seed));
    ret_key->present = true;
    return OK;
}

static void put_point(struct buf *b, const char *name, uint64_t seq, const uint8_t hash[32])
{
    buf_str(b, str_z(name));
    buf_char(b, ' ');
    buf_u64(b, seq);
    buf_char(b, ' ');
    buf_hex(b, hash, 32);
    buf_char(b, '\n');
}

enum err head_save(struct req *rq, const char *dir, const struct head_key *key,
                   const struct head *head)
{
    char path[OS_PATH_MAX];
    uint8_t sign[crypto_sign_BYTES];
    struct buf b;
    buf_init(&b, rq->a, HEAD_MAX);
    BUF_LIT(&b, "consilium-audit-head 1\nat ");
    instant_write(&b, os_now());
    buf_char(&b, '\n');
    put_point(&b, "audit", head->seq, head->hash);
    put_point(&b, "tx", head->tx, head->tx_hash);
    BUF_LIT(&b, "key ");
    buf_hex(&b, key->public, sizeof(key->public));
    buf_char(&b, '\n');
    TRY_MEM(rq, buf_get(&b).p);
    crypto_sign_detached(sign, NULL, (const uint8_t *)b.p, b.n, key->secret);
    BUF_LIT(&b, "sign ");
    buf_hex(&b, sign, sizeof(sign));
    buf_char(&b, '\n');
    TRY_MEM(rq, buf_get(&b).p);
    TRY(os_path(rq, str_z(dir), S("audit.head"), path));
    return os_write_file(rq, path, buf_get(&b), 0600);
}

static bool get_point(struct str line, struct str name, uint64_t *ret_seq, uint8_t ret_hash[32])
{
    struct str word;
    struct str seq;
    return str_cut(&line, ' ', &word) && str_eq(word, name) && str_cut(&line, ' ', &seq) &&
           str_u64(seq, ret_seq) && str_unhex(line, ret_hash, 32);
}

enum err head_load(struct req *rq, const char *dir, const struct head_key *key,
                   struct head *ret_head)
{
    char path[OS_PATH_MAX];
    uint8_t sign[crypto_sign_BYTES];
    struct str text;
    struct str line[6];
    struct head h;
    TRY(os_path(rq, str_z(dir), S("audit.head"), path));
    TRY(os_read_file(rq, path, HEAD_MAX, &text));
    struct str rest = text;
    for (size_t i = 0; i < LEN(line); i++) {
        if (!str_cut(&rest, '\n', &line[i])) {
            return FAIL(rq, E_CHECKSUM, "audit.head: %zu lines", i);
        }
    }
    size_t signed_n = (size_t)(line[5].p - text.p);
    if (!str_eq(line[0], S("consilium-audit-head 1")) || !str_starts(line[5], S("sign ")) ||
        !get_point(line[2], S("audit"), &h.seq, h.hash) ||
        !get_point(line[3], S("tx"), &h.tx, h.tx_hash) ||
        !str_unhex(str_sub(line[5], 5, line[5].n), sign, sizeof(sign)) ||
        crypto_sign_verify_detached(sign, (const uint8_t *)text.p, signed_n, key->public) != 0) {
        return FAIL(rq, E_CHECKSUM, "audit.head: signature");
    }
    *ret_head = h;
    return OK;
}
