/* care/grant.c - codes and tokens of applications. See grant.h. */
#include "care/grant.h"

#include <sodium.h>

#include "care/account_int.h"
#include "care/grant_int.h"
#include "codec/b64.h"
#include "fhir/scope.h"
#include "os/random.h"
#include "store/blob.h"
#include "store/tx.h"

#define TOKEN_PREFIX "cat_" /* access */
#define REFRESH_PREFIX "crt_"

enum { REFRESH_TOKEN = 1, CODE_ROW_KEEP_DAYS = 1 };

/* prefix and 32 random bytes as text; its SHA-256 in the arena. */
static enum err new_value(struct req *rq, const char *prefix, char out[GRANT_VALUE_MAX],
                          struct str *ret_hash)
{
    uint8_t raw[32];
    struct str p = str_z(prefix);
    uint8_t *sha = arena_alloc(rq->a, 32);
    TRY_MEM(rq, sha);
    for (size_t i = 0; i < p.n; i++) {
        out[i] = p.p[i];
    }
    os_random(raw, sizeof raw);
    sodium_bin2base64(out + p.n, GRANT_VALUE_MAX - p.n, raw, sizeof raw,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(raw, sizeof raw);
    sha_of(str_z(out), sha);
    *ret_hash = (struct str){(const char *)sha, 32};
    return OK;
}

struct str grant_hash(struct req *rq, struct str value)
{
    uint8_t *sha = arena_alloc(rq->a, 32);
    if (sha == NULL) {
        return (struct str){NULL, 0};
    }
    sha_of(value, sha);
    return (struct str){(const char *)sha, 32};
}

enum err grant_note(struct req *rq, struct str client, enum err outcome, struct str what)
{
    struct buf b;
    buf_init(&b, rq->a, 300);
    buf_str(&b, str_sub(what, 0, 160));
    buf_char(&b, ' ');
    buf_str(&b, str_sub(client, 0, CLIENT_ID_MAX));
    struct audit_rec rec = {.action = AUDIT_GRANT, .why = outcome == OK ? WHY_TOKEN : WHY_NO_RIGHT,
                            .outcome = outcome, .detail = buf_get(&b)};
    return audit_add(rq, &rec);
}

/* ---- a consent ---- */

enum err grant_begin(struct req *rq, struct tx *tx, const struct grant_ask *ask,
                     char ret_code[GRANT_VALUE_MAX])
{
    const struct who *w = rq->who;
    struct fhir_scopes s;
    struct str hash;
    char code[GRANT_VALUE_MAX] = {0};
    char *id = arena_alloc(rq->a, OS_ID_LEN + 1);
    TRY_MEM(rq, id);
    os_id(id);
    TRY(scope_parse(rq, ask->scopes, &s, NULL));
    bool online = (s.marks & SCOPE_ONLINE) != 0 && (s.marks & SCOPE_OFFLINE) == 0;
    TRY(new_value(rq, "", code, &hash));
    TRY(TX_SQL(tx, W_GRANT_NEW, TX_MUST_BE_NEW, sql_text(str_z(id)), sql_text(ask->client->id),
               sql_i64(w->account), sql_text(ask->role), sql_text(ask->scopes),
               sql_text(ask->patient.p != NULL ? ask->patient : S("")),
               sql_text(ask->case_id.p != NULL ? ask->case_id : S("")),
               sql_blob(online ? w->session : (struct str){NULL, 0}), sql_i64(rq->now.ms),
               sql_text(str_or_empty(ask->encounter)), sql_text(str_or_empty(ask->intent))));
    TRY(TX_SQL(tx, W_CODE_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_text(str_z(id)),
               sql_text(ask->redirect), sql_text(ask->challenge),
               sql_text(ask->nonce.p != NULL ? ask->nonce : S("")),
               sql_i64(rq->now.ms + CODE_ROW_KEEP_DAYS * MS_DAY)));
    TRY(grant_note(rq, ask->client->id, OK, S("consent given to")));
    for (size_t i = 0; i < sizeof code; i++) {
        ret_code[i] = code[i];
    }
    return OK;
}

/* ---- tokens ---- */

static enum err access_new(struct req *rq, struct tx *tx, struct str grant, struct str scopes,
                           int64_t life_ms, struct grant_tokens *t)
{
    struct str hash;
    TRY(new_value(rq, TOKEN_PREFIX, t->access, &hash));
    t->life_ms = life_ms;
    t->scopes = scopes;
    return TX_SQL(tx, W_APP_TOKEN_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_text(grant), sql_i64(0),
                  sql_text(scopes), sql_i64(rq->now.ms), sql_i64(rq->now.ms + life_ms));
}

static enum err refresh_new(struct req *rq, struct tx *tx, struct str grant, struct str scopes,
                            struct grant_tokens *t)
{
    struct fhir_scopes s;
    struct str hash;
    TRY(scope_parse(rq, scopes, &s, NULL));
    if ((s.marks & (SCOPE_OFFLINE | SCOPE_ONLINE)) == 0) {
        return OK;
    }
    TRY(new_value(rq, REFRESH_PREFIX, t->refresh, &hash));
    return TX_SQL(tx, W_APP_TOKEN_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_text(grant),
                  sql_i64(REFRESH_TOKEN), sql_text(scopes), sql_i64(rq->now.ms),
                  sql_i64(rq->now.ms + GRANT_REFRESH_MS));
}

/* A value came twice: whoever holds it holds nothing any more. Commits. */
static enum err end_family(struct req *rq, struct str grant, struct str client, struct str what)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_GRANT_REVOKE, 0, sql_text(grant), sql_i64(rq->now.ms)));
    TRY(grant_note(rq, client, E_FORBIDDEN, what));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    return FAIL(rq, E_FORBIDDEN, "used before; everything granted with it has ended");
}

/* S256: BASE64URL(SHA256(verifier)) (RFC 7636 4.6); 43 to 128 characters of the unreserved set. */
static bool verifier_fits(struct req *rq, struct str verifier, struct str challenge)
{
    uint8_t sha[32];
    struct buf b;
    if (verifier.n < 43 || verifier.n > 128) {
        return false;
    }
    sha_of(verifier, sha);
    buf_init(&b, rq->a, 64);
    b64_write(&b, sha, sizeof sha, B64_URL);
    return b.n == challenge.n && challenge.n == GRANT_PKCE_LEN
           && sodium_memcmp(b.p, challenge.p, b.n) == 0;
}

struct code_row {
    struct str grant, redirect, challenge, nonce, client;
    struct instant expires;
    bool used;
};

static enum err code_find(struct req *rq, struct str hash, struct code_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(rq, &q, Q_CODE, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_FORBIDDEN, "no such code");
    }
    TRY(e);
    *ret_row = (struct code_row){
        .grant = db_text(rq->a, &q, 0),
        .redirect = db_text(rq->a, &q, 1),
        .challenge = db_text(rq->a, &q, 2),
        .nonce = db_text(rq->a, &q, 3),
        .expires = {db_i64(&q, 4) - CODE_ROW_KEEP_DAYS * MS_DAY + GRANT_CODE_MS},
        .used = db_i64(&q, 5) != 0,
        .client = db_text(rq->a, &q, 6),
    };
    return OK;
}

static enum err code_check(struct req *rq, const struct client *c, const struct code_row *k,
                           struct str redirect, struct str verifier)
{
    if (!str_eq(k->client, c->id)) {
        return FAIL(rq, E_FORBIDDEN, "code of another client");
    }
    if (k->used) {
        return end_family(rq, k->grant, c->id, S("code came twice:"));
    }
    if (k->expires.ms <= rq->now.ms) {
        return FAIL(rq, E_FORBIDDEN, "code expired");
    }
    if (!str_eq(k->redirect, redirect)) {
        return FAIL(rq, E_FORBIDDEN, "redirect_uri is not the one the code went to");
    }
    if (!verifier_fits(rq, verifier, k->challenge)) {
        return FAIL(rq, E_FORBIDDEN, "code_verifier");
    }
    return OK;
}

/* Commits; a code or refresh token that another request spent meanwhile came twice. */
static enum err spend(struct req *rq, struct tx *tx, struct str grant, struct str client)
{
    enum err e = store_commit(care_of(rq)->store, rq, tx);
    if (e == E_STALE) {
        err_clear(rq);
        audit_take_back(rq, NULL);
        return end_family(rq, grant, client, S("code or refresh token came twice:"));
    }
    if (e == E_CONFLICT) {
        err_clear(rq);
        audit_take_back(rq, NULL);
        return FAIL(rq, E_SIGN_IN, "assertion: jti came twice");
    }
    return e;
}

/* The record names whom the tokens act as. */
static enum err spend_as(struct req *rq, struct tx *tx, const struct who *who, struct str grant,
                         struct str client, struct str what)
{
    const struct who *before = rq->who;
    rq->who = who;
    enum err e = grant_note(rq, client, OK, what);
    e = e == OK ? spend(rq, tx, grant, client) : e;
    rq->who = before;
    return e;
}

static enum err still_good(struct req *rq, const struct grant_row *g, const struct who **ret_who)
{
    enum err e = grant_row_who(rq, g, ret_who);
    if (e == E_SIGN_IN) {
        err_clear(rq);
        return FAIL(rq, E_FORBIDDEN, "expired, or what it stands for has ended");
    }
    return e;
}

static void context_of(struct grant_tokens *t, const struct grant_row *g)
{
    t->patient = g->patient;
    t->case_id = g->case_id;
    t->encounter = g->encounter;
    t->intent = g->intent;
}

enum err grant_redeem(struct req *rq, const struct client *c, struct str code,
                      struct str redirect, struct str verifier, struct grant_tokens *ret_tokens)
{
    struct grant_tokens t = {.who = NULL};
    struct tx *tx = tx_new(rq);
    struct code_row k = {.used = true};
    struct grant_row g = {.revoked = true};
    struct str hash = grant_hash(rq, code);
    TRY_MEM(rq, hash.p);
    TRY_MEM(rq, tx);
    TRY(code_find(rq, hash, &k));
    TRY(code_check(rq, c, &k, redirect, verifier));
    TRY(grant_row_by_id(rq, k.grant, &g));
    TRY(still_good(rq, &g, &t.who));
    TRY(client_spend(rq, tx, c));
    TRY(TX_SQL(tx, W_CODE_USED, TX_MUST_CHANGE, sql_blob(hash), sql_i64(rq->now.ms)));
    TRY(access_new(rq, tx, k.grant, g.granted, GRANT_ACCESS_MS, &t));
    TRY(refresh_new(rq, tx, k.grant, g.granted, &t));
    context_of(&t, &g);
    t.nonce = k.nonce;
    TRY(spend_as(rq, tx, t.who, k.grant, c->id, S("tokens given to")));
    *ret_tokens = t;
    return OK;
}

/* Fewer scopes for the new access token; the refresh token keeps them all. */
static enum err narrow(struct req *rq, struct str granted, struct str asked, struct str *ret_scopes)
{
    struct fhir_scopes have;
    struct fhir_scopes want;
    uint32_t unknown = 0;
    *ret_scopes = granted;
    if (asked.n == 0) {
        return OK;
    }
    TRY(scope_parse(rq, granted, &have, NULL));
    TRY(scope_parse(rq, asked, &want, &unknown));
    TRY(scope_meet(rq, &want, &have, ret_scopes));
    bool more = unknown > 0 || !scope_covers(&have, &want) || ret_scopes->n == 0;
    return more ? FAIL(rq, E_BAD_INPUT, "scope: more than was granted") : OK;
}

enum err grant_refresh(struct req *rq, const struct client *c, struct str refresh,
                       struct str scopes, struct grant_tokens *ret_tokens)
{
    struct grant_tokens t = {.who = NULL};
    struct tx *tx = tx_new(rq);
    struct grant_row g = {.revoked = true};
    struct str hash = grant_hash(rq, refresh);
    struct str given;
    TRY_MEM(rq, hash.p);
    TRY_MEM(rq, tx);
    enum err e = grant_row_by_token(rq, refresh, &g);
    if (e == E_SIGN_IN) {
        err_clear(rq);
        return FAIL(rq, E_FORBIDDEN, "no such refresh token");
    }
    TRY(e);
    if (g.kind != REFRESH_TOKEN || !str_eq(g.client, c->id)) {
        return FAIL(rq, E_FORBIDDEN, "no refresh token of this client");
    }
    if (g.used) {
        return end_family(rq, g.id, c->id, S("refresh token came twice:"));
    }
    TRY(still_good(rq, &g, &t.who));
    TRY(narrow(rq, g.scopes, scopes, &given));
    TRY(client_spend(rq, tx, c));
    TRY(TX_SQL(tx, W_APP_TOKEN_USED, TX_MUST_CHANGE, sql_blob(hash), sql_i64(rq->now.ms)));
    TRY(access_new(rq, tx, g.id, given, GRANT_ACCESS_MS, &t));
    TRY(refresh_new(rq, tx, g.id, g.scopes, &t));
    context_of(&t, &g);
    TRY(spend_as(rq, tx, t.who, g.id, c->id, S("tokens renewed for")));
    *ret_tokens = t;
    return OK;
}

enum err grant_service(struct req *rq, const struct client *c, struct str scopes,
                       struct grant_tokens *ret_tokens)
{
    struct grant_tokens t = {.who = NULL};
    struct tx *tx = tx_new(rq);
    struct fhir_scopes want;
    struct fhir_scopes have;
    struct str given;
    char *id = arena_alloc(rq->a, OS_ID_LEN + 1);
    TRY_MEM(rq, id);
    TRY_MEM(rq, tx);
    os_id(id);
    if ((c->launch & (CLIENT_SERVICE | CLIENT_SYSTEM)) == 0) {
        return FAIL(rq, E_FORBIDDEN, "this client is no service");
    }
    TRY(scope_parse(rq, scopes, &want, NULL));
    TRY(scope_parse(rq, c->scopes, &have, NULL));
    for (size_t i = 0; i < want.n; i++) {
        if (!scope_query_is_good(rq, &want.v[i])) {
            return FAIL(rq, E_BAD_INPUT, "scope: a query may hold search parameters of the type itself");
        }
    }
    want.marks = 0;
    TRY(scope_meet(rq, &want, &have, &given));
    if (given.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "scope: none that may be granted");
    }
    TRY(client_spend(rq, tx, c));
    TRY(TX_SQL(tx, W_GRANT_NEW, TX_MUST_BE_NEW, sql_text(str_z(id)), sql_text(c->id), sql_i64(0),
               sql_text(S("")), sql_text(given), sql_text(S("")), sql_text(S("")), sql_null(),
               sql_i64(rq->now.ms), sql_text(S("")), sql_text(S(""))));
    TRY(access_new(rq, tx, str_z(id), given, GRANT_SERVICE_MS, &t));
    TRY(grant_client_who(rq, c, &t.who));
    TRY(spend_as(rq, tx, t.who, str_z(id), c->id, S("token given to service")));
    *ret_tokens = t;
    return OK;
}

bool grant_is_token(struct str bearer)
{
    return bearer.n == sizeof TOKEN_PREFIX - 1 + SESSION_LEN && str_starts(bearer, S(TOKEN_PREFIX));
}

enum err grant_revoke(struct req *rq, struct tx *tx, const struct client *c, struct str token)
{
    struct grant_row g = {.revoked = true};
    enum err e = grant_row_by_token(rq, token, &g);
    if (e == E_SIGN_IN || (e == OK && !str_eq(g.client, c->id))) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(TX_SQL(tx, W_GRANT_REVOKE, 0, sql_text(g.id), sql_i64(rq->now.ms)));
    return grant_note(rq, c->id, OK, S("grant revoked by"));
}

enum err grant_list(struct req *rq, int64_t account, struct grant *ret_grants, uint32_t n,
                    uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_GRANTS_OF, sql_i64(account), sql_i64(rq->now.ms)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_grants[got++] = (struct grant){
            .id = db_text(rq->a, &q, 0),
            .client_name = db_text(rq->a, &q, 1),
            .role = db_text(rq->a, &q, 2),
            .scopes = db_text(rq->a, &q, 3),
            .created = {db_i64(&q, 4)},
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err grant_end(struct req *rq, struct tx *tx, struct str id)
{
    TRY(TX_SQL(tx, W_GRANT_REVOKE_OWN, TX_MUST_CHANGE, sql_text(id), sql_i64(rq->who->account),
               sql_i64(rq->now.ms)));
    return account_note(rq, AUDIT_GRANT, rq->who->person, OK, S("grant ended"));
}
