/* codec/webauthn.c - passkeys by libfido2. See webauthn.h. */
#include "codec/webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/sha.h>
#include <string.h>

#include "codec/json.h"

/* Authenticator data (6.1): what stands before the attested key and extensions. */
enum { AT_RP = 0, AT_FLAGS = 32, AT_COUNT = 33, HEAD = 37, AT_ID_LEN = HEAD + 16 /* AAGUID */ };
enum {
    FLAG_PRESENT = 0x01,
    FLAG_VERIFIED = 0x04,
    FLAG_MAY_SYNC = 0x08,
    FLAG_SYNCED = 0x10,
    FLAG_KEY = 0x40,
    FLAG_EXTENDED = 0x80,
};
enum { DEPTH = 4, NODES = 100 };

_Static_assert(WEBAUTHN_ES256 == COSE_ES256 && WEBAUTHN_EDDSA == COSE_EDDSA && WEBAUTHN_RS256 == COSE_RS256,
               "names of COSE");

static enum err no(struct req *rq, const char *what)
{
    return FAIL(rq, E_FORBIDDEN, "passkey: %s", what);
}

/* 5.8.1: made for this act, this challenge, this origin, and by no page inside another. */
static enum err client_check(struct req *rq, const struct webauthn_ask *ask, struct str type,
                             struct str client_data)
{
    static const struct json_limits limits = {WEBAUTHN_CLIENT_MAX, DEPTH, NODES};
    struct json_doc doc;
    TRY(json_parse(rq, client_data, &limits, &doc));
    struct jv root = json_root(&doc);
    if (json_kind(root) != JSON_OBJECT) {
        return FAIL(rq, E_SYNTAX, "passkey: client data");
    }
    if (!json_is(json_get(root, S("type")), type)) {
        return no(rq, "type");
    }
    if (ask->challenge.n == 0 || !json_is(json_get(root, S("challenge")), ask->challenge)) {
        return no(rq, "challenge");
    }
    if (ask->origin.n == 0 || !json_is(json_get(root, S("origin")), ask->origin)) {
        return no(rq, "origin");
    }
    struct jv across = json_get(root, S("crossOrigin"));
    if ((json_has(across) && json_kind(across) != JSON_FALSE) || json_has(json_get(root, S("topOrigin")))) {
        return no(rq, "another site's page");
    }
    return OK;
}

/* The fixed head: for this server, by a person who was there and was verified. */
static enum err head_check(struct req *rq, const struct webauthn_ask *ask, struct str data,
                           struct webauthn_key *ret_now)
{
    uint8_t rp[SHA256_DIGEST_LENGTH];
    const uint8_t *p = (const uint8_t *)data.p;
    if (data.n > WEBAUTHN_DATA_MAX) {
        return FAIL(rq, E_TOO_LARGE, "passkey: authenticator data");
    }
    if (data.n < HEAD) {
        return FAIL(rq, E_SYNTAX, "passkey: authenticator data");
    }
    SHA256((const uint8_t *)ask->rp_id.p, ask->rp_id.n, rp);
    if (ask->rp_id.n == 0 || memcmp(p + AT_RP, rp, sizeof rp) != 0) {
        return no(rq, "server");
    }
    uint8_t flags = p[AT_FLAGS];
    if ((flags & FLAG_PRESENT) == 0 || (flags & FLAG_VERIFIED) == 0) {
        return no(rq, "person not verified");
    }
    if ((flags & FLAG_SYNCED) != 0 && (flags & FLAG_MAY_SYNC) == 0) {
        return no(rq, "backup state");
    }
    ret_now->flags = ((flags & FLAG_MAY_SYNC) != 0 ? WEBAUTHN_MAY_SYNC : 0u)
                     | ((flags & FLAG_SYNCED) != 0 ? WEBAUTHN_SYNCED : 0u);
    ret_now->count = (uint32_t)p[AT_COUNT] << 24 | (uint32_t)p[AT_COUNT + 1] << 16
                     | (uint32_t)p[AT_COUNT + 2] << 8 | p[AT_COUNT + 3];
    return OK;
}

/* ---- a new one ---- */

static void cred_done(fido_cred_t **c)
{
    fido_cred_free(c);
}

static bool is_key(int alg, struct str key);

/* COSE keys of each kind in CTAP2 canonical form (6.5.1.1), of which there is one: what stands around
 * their numbers. Anything else never reaches the reader of CBOR, which makes room for as many members
 * as it is told. */
static const struct key_form {
    int alg;
    struct str before; /* the first number */
    size_t first;      /* bytes of it */
    struct str between;
    size_t second;
} key_forms[] = {
    {WEBAUTHN_ES256, SI("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), 32, SI("\x22\x58\x20"), 32},
    {WEBAUTHN_EDDSA, SI("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"), 32, SI(""), 0},
    {WEBAUTHN_RS256, SI("\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00"), 256, SI("\x21\x43"), 3},
};

/* Bytes of the key cose begins with; 0: not of this form. */
static size_t key_bytes(const struct key_form *f, struct str cose)
{
    struct str between = str_sub(cose, f->before.n + f->first, f->between.n);
    size_t n = f->before.n + f->first + f->between.n + f->second;
    return cose.n >= n && str_starts(cose, f->before) && str_eq(between, f->between) ? n : 0;
}

/* Authenticator data up to the end of its key, and the key's kind: extensions, which nobody asked for,
 * are left off, so that this is all the library reads. */
static enum err key_part(struct req *rq, struct str data, struct str *ret_part, int *ret_alg)
{
    struct str id_n = str_sub(data, AT_ID_LEN, 2);
    if (id_n.n != 2 || ((uint8_t)data.p[AT_FLAGS] & FLAG_KEY) == 0) {
        return FAIL(rq, E_BAD_INPUT, "passkey: no key");
    }
    size_t n_id = (size_t)(uint8_t)id_n.p[0] << 8 | (uint8_t)id_n.p[1];
    struct str cose = str_sub(data, AT_ID_LEN + 2 + n_id, data.n);
    if (n_id == 0 || n_id > WEBAUTHN_ID_MAX) {
        return FAIL(rq, E_BAD_INPUT, "passkey: id");
    }
    for (size_t i = 0; i < LEN(key_forms); i++) {
        size_t n = key_bytes(&key_forms[i], cose);
        if (n > 0) {
            char *part = arena_alloc(rq->a, data.n);
            TRY_MEM(rq, part);
            memcpy(part, data.p, data.n);
            part[AT_FLAGS] = (char)((uint8_t)part[AT_FLAGS] & (uint8_t)~FLAG_EXTENDED);
            *ret_part = (struct str){part, AT_ID_LEN + 2 + n_id + n};
            *ret_alg = key_forms[i].alg;
            return OK;
        }
    }
    return FAIL(rq, E_BAD_INPUT, "passkey: no key of a kind that was asked for");
}

static enum err read_key(struct req *rq, struct str data, struct webauthn_key *ret_key)
{
    CLEANUP(cred_done) fido_cred_t *c = fido_cred_new();
    struct str part = {0};
    TRY_MEM(rq, c);
    TRY(key_part(rq, data, &part, &ret_key->alg));
    if (fido_cred_set_type(c, ret_key->alg) != FIDO_OK
        || fido_cred_set_authdata_raw(c, (const uint8_t *)part.p, part.n) != FIDO_OK) {
        return FAIL(rq, E_BAD_INPUT, "passkey: authenticator data");
    }
    struct str id = {(const char *)fido_cred_id_ptr(c), fido_cred_id_len(c)};
    struct str key = {(const char *)fido_cred_pubkey_ptr(c), fido_cred_pubkey_len(c)};
    if (id.n == 0 || !is_key(ret_key->alg, key)) {
        return FAIL(rq, E_BAD_INPUT, "passkey: key");
    }
    ret_key->id = arena_str(rq->a, id);
    ret_key->key = arena_str(rq->a, key);
    TRY_MEM(rq, ret_key->id.p);
    TRY_MEM(rq, ret_key->key.p);
    return OK;
}

enum err webauthn_create(struct req *rq, const struct webauthn_ask *ask, struct str client_data,
                         struct str auth_data, struct webauthn_key *ret_key)
{
    struct webauthn_key k = {0};
    TRY(client_check(rq, ask, S("webauthn.create"), client_data));
    TRY(head_check(rq, ask, auth_data, &k));
    fido_init(0);
    TRY(read_key(rq, auth_data, &k));
    *ret_key = k;
    return OK;
}

/* ---- one that is used ---- */

/* A public key of any of the kinds; one is not NULL. */
struct public {
    es256_pk_t *es256;
    eddsa_pk_t *eddsa;
    rs256_pk_t *rs256;
};

static void public_done(struct public *k)
{
    es256_pk_free(&k->es256);
    eddsa_pk_free(&k->eddsa);
    rs256_pk_free(&k->rs256);
}

/* The key as libfido2 takes it; NULL: it is none. */
static const void *public_read(struct public *k, int alg, struct str key)
{
    switch (alg) {
    case WEBAUTHN_ES256:
        k->es256 = es256_pk_new();
        return k->es256 != NULL && es256_pk_from_ptr(k->es256, key.p, key.n) == FIDO_OK ? k->es256 : NULL;
    case WEBAUTHN_EDDSA:
        k->eddsa = eddsa_pk_new();
        return k->eddsa != NULL && eddsa_pk_from_ptr(k->eddsa, key.p, key.n) == FIDO_OK ? k->eddsa : NULL;
    case WEBAUTHN_RS256:
        k->rs256 = rs256_pk_new();
        return k->rs256 != NULL && rs256_pk_from_ptr(k->rs256, key.p, key.n) == FIDO_OK ? k->rs256 : NULL;
    default: return NULL;
    }
}

static bool is_key(int alg, struct str key)
{
    CLEANUP(public_done) struct public k = {0};
    return public_read(&k, alg, key) != NULL;
}

static void assert_done(fido_assert_t **a)
{
    fido_assert_free(a);
}

static bool verify(fido_assert_t *a, const char *rp_id, int alg, const void *pk, struct str client_data,
                   struct str auth_data, struct str sig)
{
    return fido_assert_set_rp(a, rp_id) == FIDO_OK && fido_assert_set_count(a, 1) == FIDO_OK
           && fido_assert_set_up(a, FIDO_OPT_TRUE) == FIDO_OK
           && fido_assert_set_uv(a, FIDO_OPT_TRUE) == FIDO_OK
           && fido_assert_set_clientdata(a, (const uint8_t *)client_data.p, client_data.n) == FIDO_OK
           && fido_assert_set_authdata_raw(a, 0, (const uint8_t *)auth_data.p, auth_data.n) == FIDO_OK
           && fido_assert_set_sig(a, 0, (const uint8_t *)sig.p, sig.n) == FIDO_OK
           && fido_assert_verify(a, 0, alg, pk) == FIDO_OK;
}

enum err webauthn_get(struct req *rq, const struct webauthn_ask *ask, const struct webauthn_key *key,
                      struct str client_data, struct str auth_data, struct str sig,
                      struct webauthn_key *ret_now)
{
    CLEANUP(public_done) struct public pk = {0};
    CLEANUP(assert_done) fido_assert_t *a = NULL;
    struct webauthn_key now = *key;
    if (sig.n == 0 || sig.n > WEBAUTHN_SIG_MAX) {
        return FAIL(rq, sig.n == 0 ? E_SYNTAX : E_TOO_LARGE, "passkey: signature");
    }
    TRY(client_check(rq, ask, S("webauthn.get"), client_data));
    TRY(head_check(rq, ask, auth_data, &now));
    if (auth_data.n != HEAD || ((uint8_t)auth_data.p[AT_FLAGS] & (FLAG_KEY | FLAG_EXTENDED)) != 0) {
        return FAIL(rq, E_BAD_INPUT, "passkey: more than was asked for");
    }
    if (((now.flags ^ key->flags) & WEBAUTHN_MAY_SYNC) != 0) {
        return no(rq, "backup eligibility"); /* 7.2, step 18 of Level 3: it never changes */
    }
    const char *rp_id = arena_cstr(rq->a, ask->rp_id);
    TRY_MEM(rq, rp_id);
    fido_init(0);
    const void *k = public_read(&pk, key->alg, key->key);
    if (k == NULL) {
        return FAIL(rq, E_CHECKSUM, "passkey: kept key");
    }
    a = fido_assert_new();
    TRY_MEM(rq, a);
    if (!verify(a, rp_id, key->alg, k, client_data, auth_data, sig)) {
        return no(rq, "signature");
    }
    *ret_now = now;
    return OK;
}
