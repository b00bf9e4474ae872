/* care/oidc.c - who signed in, as a signed statement for applications (OpenID Connect Core 1.0 2; SMART
 * App Launch 2.2, scopes for requesting identity data). */
#include "care/grant_int.h"
#include "codec/json.h"
#include "fhir/scope.h"
#include "store/tx.h"

#define KEY_SETTING "oidc-key"

static enum err key_load(struct req *rq, struct str *ret_key)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(S(KEY_SETTING)));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_key = (struct str){NULL, 0};
        return OK;
    }
    TRY(e);
    *ret_key = db_text(rq->a, &q, 0);
    return OK;
}

static enum err key_make(struct req *rq)
{
    uint8_t *der = arena_alloc(rq->a, JWS_KEY_MAX);
    struct tx *tx = tx_new(rq);
    size_t n = 0;
    TRY_MEM(rq, der);
    TRY_MEM(rq, tx);
    TRY(jws_key_make(rq, JWK_RS256, der, &n));
    TRY(TX_SQL(tx, W_SETTING_NEW, TX_MUST_BE_NEW, sql_text(S(KEY_SETTING)),
               sql_blob((struct str){(const char *)der, n})));
    enum err e = store_commit(care_of(rq)->store, rq, tx);
    if (e == E_CONFLICT) { /* somebody else made it at the same moment */
        err_clear(rq);
        e = OK;
    }
    return e;
}

enum err oidc_key(struct req *rq, struct str *ret_key, struct jwk *ret_jwk)
{
    struct str key;
    TRY(key_load(rq, &key));
    if (key.n == 0) {
        TRY(key_make(rq));
        TRY(key_load(rq, &key));
    }
    TRY(jws_key_public(rq, JWK_RS256, key, ret_jwk));
    *ret_key = key;
    return OK;
}

enum err oidc_token(struct req *rq, struct str issuer, const struct client *c,
                    const struct grant_tokens *t, struct str *ret_token)
{
    struct str key;
    struct jwk jwk;
    struct buf b;
    struct buf user;
    struct json_out o;
    struct fhir_scopes s;
    TRY(oidc_key(rq, &key, &jwk));
    TRY(scope_parse(rq, t->scopes, &s, NULL));
    buf_init(&user, rq->a, 600);
    buf_str(&user, issuer);
    BUF_LIT(&user, "/Practitioner/");
    buf_str(&user, t->who->person);
    buf_init(&b, rq->a, 4096);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("iss"), issuer);
    json_ks(&o, S("sub"), t->who->person);
    json_ks(&o, S("aud"), c->id);
    json_ki(&o, S("exp"), (rq->now.ms + t->life_ms) / 1000);
    json_ki(&o, S("iat"), rq->now.ms / 1000);
    if (t->nonce.n > 0) {
        json_ks(&o, S("nonce"), t->nonce);
    }
    if ((s.marks & (SCOPE_FHIR_USER | SCOPE_PROFILE)) != 0) {
        json_ks(&o, (s.marks & SCOPE_FHIR_USER) != 0 ? S("fhirUser") : S("profile"), buf_get(&user));
    }
    json_obj_end(&o);
    if (!buf_ok(&b) || !buf_ok(&user)) {
        return FAIL(rq, E_TOO_LARGE, "id_token");
    }
    return jws_sign(rq, JWK_RS256, key, jwk.kid, S("JWT"), buf_get(&b), ret_token);
}
