/* care/sign_key.c - the authority's files and keys sealed by passwords. See sign.h. */
#include <sodium.h>
#include <string.h>

#include "care/sign_int.h"
#include "os/file.h"

/* ---- locked memory ---- */

static bool secret_new(size_t n, struct sign_secret *ret_secret)
{
    uint8_t *p = sodium_init() < 0 ? NULL : sodium_malloc(n);
    if (p == NULL) {
        return false;
    }
    *ret_secret = (struct sign_secret){p, n};
    return true;
}

void sign_secret_done(struct sign_secret *s)
{
    sodium_free(s->p); /* wipes */
    *s = (struct sign_secret){0};
}

/* ---- the authority ---- */

struct sign_ca {
    struct sign_secret key;
    struct arena *a;
    struct str cert;
};

static const struct str ca_dir = SI("ca");
static const struct str ca_cert_file = SI("ca/ca.pem");
static const struct str ca_key_file = SI("ca/ca.key");

static enum err ca_cert_make(struct req *rq, struct str key, struct str organization,
                             struct str *ret_pem)
{
    struct str der;
    struct cert_ask ask = {
        .subject_key = key,
        .name = {.common_name = S(CERT_AUTHORITY_NAME), .organization = organization},
        .from = {rq->now.ms - MS_HOUR},
        .until = {rq->now.ms + 20 * 365 * MS_DAY},
    };
    TRY(cert_make(rq, &ask, &der));
    return cert_pem(rq, der, ret_pem);
}

enum err sign_ca_make(struct req *rq, struct str dir, struct str organization)
{
    char folder[OS_PATH_MAX];
    char cert_path[OS_PATH_MAX];
    char key_path[OS_PATH_MAX];
    struct str pem;
    CLEANUP(sign_secret_done) struct sign_secret key = {0};
    TRY(os_path(rq, dir, ca_dir, folder));
    TRY(os_path(rq, dir, ca_cert_file, cert_path));
    TRY(os_path(rq, dir, ca_key_file, key_path));
    if (os_exists(cert_path)) {
        return OK;
    }
    if (!secret_new(CERT_KEY_MAX, &key)) {
        return FAIL(rq, E_BUSY, "no memory for a key");
    }
    TRY(cert_key_make(rq, CERT_P384, key.p, &key.n));
    struct str der = {(const char *)key.p, key.n};
    TRY(ca_cert_make(rq, der, organization, &pem));
    TRY(os_mkdir(rq, folder));
    TRY(os_write_file(rq, key_path, der, 0600));
    return os_write_file(rq, cert_path, pem, 0644);
}

/* The key file's bytes into locked memory; the copy in the arena is wiped. */
static enum err ca_key_read(struct req *rq, const char *path, struct sign_secret *ret_key)
{
    struct str file;
    TRY(os_read_file(rq, path, CERT_KEY_MAX, &file));
    bool ok = secret_new(file.n, ret_key);
    if (ok) {
        memcpy(ret_key->p, file.p, file.n);
    }
    sodium_memzero((void *)(uintptr_t)file.p, file.n);
    return ok ? OK : FAIL(rq, E_BUSY, "no memory for a key");
}

enum err sign_ca_load(struct req *rq, struct str dir, struct sign_ca **ret_ca)
{
    char cert_path[OS_PATH_MAX];
    char key_path[OS_PATH_MAX];
    struct str pem;
    struct str der;
    CLEANUP(sign_secret_done) struct sign_secret key = {0};
    TRY(os_path(rq, dir, ca_cert_file, cert_path));
    TRY(os_path(rq, dir, ca_key_file, key_path));
    TRY(os_read_file(rq, cert_path, 4 * CERT_MAX, &pem));
    TRY(cert_unpem(rq, pem, &der));
    TRY(ca_key_read(rq, key_path, &key));
    if (!cert_key_fits((struct str){(const char *)key.p, key.n}, der)) {
        return FAIL(rq, E_SYNTAX, "ca/ca.key is not the key of ca/ca.pem");
    }
    struct arena *a = arena_new(4 * CERT_MAX);
    struct sign_ca *ca = ARENA_NEW(a, struct sign_ca);
    ASSERT(ca != NULL);
    *ca = (struct sign_ca){.a = a, .cert = arena_str(a, der)};
    ca->key = key;
    key = (struct sign_secret){0};
    *ret_ca = ca;
    return OK;
}

void sign_ca_free(struct sign_ca *ca)
{
    if (ca != NULL) {
        sign_secret_done(&ca->key);
        arena_free(ca->a);
    }
}

struct str sign_ca_cert(const struct sign_ca *ca)
{
    return ca->cert;
}

struct str sign_int_ca_key(const struct sign_ca *ca)
{
    return (struct str){(const char *)ca->key.p, ca->key.n};
}

enum err sign_int_secret(struct req *rq, struct sign_secret *ret_key)
{
    CLEANUP(sign_secret_done) struct sign_secret key = {0};
    if (!secret_new(CERT_KEY_MAX, &key)) {
        return FAIL(rq, E_BUSY, "no memory for a key");
    }
    TRY(cert_key_make(rq, CERT_P256, key.p, &key.n));
    *ret_key = key;
    key = (struct sign_secret){0};
    return OK;
}

/* ---- sealing ---- */

enum {
    SALT = crypto_pwhash_SALTBYTES,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    HEAD = 4 + 8 + 8 + SALT + NONCE, /* magic, passes, memory, salt, nonce */
    PERSON_MAX = 64
};
static const uint8_t magic[4] = {'C', 'K', 'B', '1'};

struct box {
    uint8_t head[HEAD];
    uint8_t ad[HEAD + PERSON_MAX]; /* head, then the person: both are under the seal */
    size_t n_ad;
};

static void put_u64(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static enum err box_name(struct req *rq, struct box *b, struct str person)
{
    if (person.n == 0 || person.n > PERSON_MAX) {
        return FAIL(rq, E_BAD_INPUT, "key: person");
    }
    memcpy(b->ad, b->head, HEAD);
    memcpy(b->ad + HEAD, person.p, person.n);
    b->n_ad = HEAD + person.n;
    return OK;
}

/* The sealing key out of the password: in locked memory. */
static enum err box_key(struct req *rq, const struct box *b, struct str password,
                        struct sign_secret *ret_key)
{
    CLEANUP(sign_secret_done) struct sign_secret k = {0};
    uint64_t ops = get_u64(b->head + 4);
    uint64_t mem = get_u64(b->head + 12);
    if (ops > 64 || mem > (uint64_t)1 << 30) {
        return FAIL(rq, E_SYNTAX, "key: limits");
    }
    if (!secret_new(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, &k) ||
        crypto_pwhash(k.p, k.n, password.p ? password.p : "", password.n, b->head + 20, ops,
                      (size_t)mem, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return FAIL(rq, E_BUSY, "no memory to open or seal a key");
    }
    *ret_key = k;
    k = (struct sign_secret){0};
    return OK;
}

enum err sign_seal(struct req *rq, const struct sign_secret *key, struct str password,
                   struct str person, struct str *ret_sealed)
{
    const struct care *care = care_of(rq);
    struct box b;
    CLEANUP(sign_secret_done) struct sign_secret k = {0};
    memcpy(b.head, magic, sizeof(magic));
    put_u64(b.head + 4, care->password_ops);
    put_u64(b.head + 12, care->password_mem);
    randombytes_buf(b.head + 20, SALT + NONCE);
    TRY(box_name(rq, &b, person));
    TRY(box_key(rq, &b, password, &k));
    uint8_t *out = arena_alloc(rq->a, HEAD + key->n + TAG);
    TRY_MEM(rq, out);
    unsigned long long n = 0;
    memcpy(out, b.head, HEAD);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + HEAD, &n, key->p, key->n, b.ad, b.n_ad,
                                                     NULL, b.head + 20 + SALT, k.p);
    *ret_sealed = (struct str){(const char *)out, HEAD + (size_t)n};
    return OK;
}

enum err sign_unseal(struct req *rq, struct str sealed, struct str password, struct str person,
                     struct sign_secret *ret_key)
{
    struct box b;
    CLEANUP(sign_secret_done) struct sign_secret k = {0};
    CLEANUP(sign_secret_done) struct sign_secret key = {0};
    if (sealed.n <= HEAD + TAG || sealed.n > SIGN_SEALED_MAX ||
        memcmp(sealed.p, magic, sizeof(magic)) != 0) {
        return FAIL(rq, E_SYNTAX, "key: not sealed by this program");
    }
    memcpy(b.head, sealed.p, HEAD);
    TRY(box_name(rq, &b, person));
    TRY(box_key(rq, &b, password, &k));
    if (!secret_new(sealed.n - HEAD - TAG, &key)) {
        return FAIL(rq, E_BUSY, "no memory for a key");
    }
    unsigned long long n = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            key.p, &n, NULL, (const unsigned char *)sealed.p + HEAD, sealed.n - HEAD, b.ad, b.n_ad,
            b.head + 20 + SALT, k.p) != 0) {
        return FAIL(rq, E_SIGN_IN, "key: another password");
    }
    key.n = (size_t)n;
    *ret_key = key;
    key = (struct sign_secret){0};
    return OK;
}
