/* care/recovery.c - recovery codes: ten random ones, each good once, kept as Argon2id with a salt of their
 * set (NIST SP 800-63B 5.1.2). See factor.h. */
#include <sodium.h>

#include "care/factor_int.h"

#include "os/random.h"

enum { HALF_LEN = 5, LETTERS = 2 * HALF_LEN, HASH = 32, SALT = crypto_pwhash_SALTBYTES };

/* Without what is mistaken for another: 31 of them, so ten are 49 bits. */
static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";

static enum err hash_of(struct req *rq, struct str code, const uint8_t salt[SALT], struct str *ret_hash)
{
    const struct care *care = care_of(rq);
    uint8_t *out = arena_alloc(rq->a, HASH);
    TRY_MEM(rq, out);
    if (sodium_init() < 0
        || crypto_pwhash(out, HASH, code.p, code.n, salt, care->password_ops, care->password_mem,
                         crypto_pwhash_ALG_ARGON2ID13)
               != 0) {
        return FAIL(rq, E_BUSY, "no memory to hash a code");
    }
    *ret_hash = (struct str){(const char *)out, HASH};
    return OK;
}

/* Ten letters drawn evenly: bytes past the last whole round are drawn again. */
static void draw(char out[LETTERS])
{
    const unsigned n = sizeof letters - 1;
    for (unsigned i = 0; i < LETTERS;) {
        uint8_t byte;
        os_random(&byte, 1);
        if (byte < 256 / n * n) {
            out[i++] = letters[byte % n];
        }
    }
}

/* "abcde-fghjk" */
static enum err shown(struct req *rq, const char code[LETTERS], struct str *ret_text)
{
    struct buf b;
    buf_init(&b, rq->a, RECOVERY_LEN + 1);
    buf_bytes(&b, code, HALF_LEN);
    buf_char(&b, '-');
    buf_bytes(&b, code + HALF_LEN, HALF_LEN);
    TRY_MEM(rq, buf_get(&b).p);
    *ret_text = buf_get(&b);
    return OK;
}

enum err recovery_make(struct req *rq, struct tx *tx, int64_t account,
                       struct str ret_codes[RECOVERY_CODES])
{
    struct str made[RECOVERY_CODES];
    uint8_t *salt = arena_alloc(rq->a, SALT);
    TRY_MEM(rq, salt);
    os_random(salt, SALT);
    TRY(TX_SQL(tx, W_RECOVERY_END, 0, sql_i64(account)));
    for (unsigned i = 0; i < RECOVERY_CODES; i++) {
        char code[LETTERS];
        struct str hash;
        draw(code);
        TRY(hash_of(rq, (struct str){code, LETTERS}, salt, &hash));
        TRY(shown(rq, code, &made[i]));
        sodium_memzero(code, sizeof code);
        TRY(TX_SQL(tx, W_RECOVERY_NEW, TX_MUST_BE_NEW, sql_i64(account), sql_blob(hash),
                   sql_blob((struct str){(const char *)salt, SALT})));
    }
    for (unsigned i = 0; i < RECOVERY_CODES; i++) {
        ret_codes[i] = made[i];
    }
    return OK;
}

enum err recovery_end_last(struct tx *tx, int64_t account)
{
    return TX_SQL(tx, W_RECOVERY_END_LAST, 0, sql_i64(account));
}

/* What was typed as ten letters: case, blanks and hyphens do not matter. */
static bool typed_code(struct str typed, char out[LETTERS])
{
    const struct str all = {letters, sizeof letters - 1};
    unsigned n = 0;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (n == LETTERS || str_find_char(all, c) == all.n) {
            return false;
        }
        out[n++] = c;
    }
    return n == LETTERS;
}

enum err recovery_take(struct req *rq, struct tx *tx, int64_t account, struct str typed, bool *ret_right)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    char code[LETTERS];
    struct str hash = {0};
    struct str found = {0};
    bool has = false;

    *ret_right = false;
    if (!typed_code(typed, code)) {
        return OK;
    }
    TRY(DB_QUERY(rq, &q, Q_RECOVERY, sql_i64(account)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        struct str kept = db_peek(&q, 0);
        struct str salt = db_peek(&q, 1);
        if (salt.n != SALT || kept.n != HASH) {
            return FAIL(rq, E_CHECKSUM, "recovery code");
        }
        if (hash.n == 0) { /* one salt for all */
            TRY(hash_of(rq, (struct str){code, LETTERS}, (const uint8_t *)salt.p, &hash));
        }
        if (sodium_memcmp(hash.p, kept.p, HASH) == 0) {
            found = hash;
        }
        TRY(db_next(rq, &q, &has));
    }
    sodium_memzero(code, sizeof code);
    if (found.n == 0) {
        return OK;
    }
    *ret_right = true;
    return TX_SQL(tx, W_RECOVERY_USED, TX_MUST_CHANGE, sql_i64(account), sql_blob(found),
                  sql_i64(rq->now.ms));
}
