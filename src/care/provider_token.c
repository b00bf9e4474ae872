/* care/provider_token.c - the code becomes an ID token, and the token is judged. See provider.h. */
#include "care/provider_int.h"

#include "codec/b64.h"
#include "codec/json.h"
#include "codec/url.h"
#include "os/outgoing.h"

#define SKEW_S 60  /* clocks may differ by so much */
#define AGE_S 600  /* a token was made for this way in, not long before */
enum { CALL_MS = 5000, ANSWER_MAX = 64 << 10, FORM_MAX = 8 << 10, SUB_MAX = 255, AUDIENCES_MAX = 32 };

/* ---- the exchange ---- */

/* RFC 6749 2.3.1: both are encoded as in a form before they are joined. */
static struct str basic(struct req *rq, const struct provider_settings *p)
{
    struct buf pair;
    struct buf b;
    buf_init(&pair, rq->a, 3000);
    buf_init(&b, rq->a, 5000);
    url_encode(&pair, p->client_id, URL_FORM);
    buf_char(&pair, ':');
    url_encode(&pair, p->client_secret, URL_FORM);
    BUF_LIT(&b, "Authorization: Basic ");
    b64_write(&b, buf_get(&pair).p, buf_get(&pair).n, B64_STD);
    return buf_ok(&pair) ? buf_get(&b) : (struct str){0};
}

/* An error of the token endpoint (RFC 6749 5.2). */
static enum err refused(struct req *rq, const struct os_got *got)
{
    static const struct json_limits lim = {ANSWER_MAX, 8, 1000};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    if (got->status >= 500 || got->status == 429) {
        return FAIL(rq, E_IO, "token: status %u", got->status);
    }
    if (json_parse(rq, got->body, &lim, doc) != OK) {
        err_clear(rq);
        return FAIL(rq, E_UNPROCESSED, "token: status %u", got->status);
    }
    if (json_is(json_get(json_root(doc), S("error")), S("invalid_grant"))) {
        return FAIL(rq, E_STALE, "token: the code is none, or was used");
    }
    return FAIL(rq, E_UNPROCESSED, "token: status %u, our registration is not taken", got->status);
}

enum err provider_exchange(struct req *rq, const struct provider_meta *meta, struct str code,
                           struct str verifier, struct str redirect, struct str *ret_token)
{
    static const struct json_limits lim = {ANSWER_MAX, 16, 4000};
    const struct provider_settings *p = &care_of(rq)->provider;
    bool in_form = p->client_secret.n == 0 || meta->post;
    struct str headers[2] = {S("Accept: application/json"), {0}};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct os_got got = {.status = 0};
    struct buf b;
    TRY_MEM(rq, doc);
    buf_init(&b, rq->a, FORM_MAX);
    form_add(&b, S("grant_type"), S("authorization_code"));
    form_add(&b, S("code"), code);
    form_add(&b, S("redirect_uri"), redirect);
    form_add(&b, S("code_verifier"), verifier);
    if (in_form) {
        form_add(&b, S("client_id"), p->client_id);
    }
    if (in_form && p->client_secret.n > 0) {
        form_add(&b, S("client_secret"), p->client_secret);
    }
    if (!in_form) {
        headers[1] = basic(rq, p);
        TRY_MEM(rq, headers[1].p);
    }
    TRY_MEM(rq, buf_get(&b).p);
    const struct os_post post = {.url = meta->token, .type = S("application/x-www-form-urlencoded"),
                                 .headers = headers, .n_headers = in_form ? 1 : 2, .body = buf_get(&b),
                                 .timeout_ms = CALL_MS, .ca_file = p->ca_file, .plain = p->plain};
    TRY(os_post_ask(rq, &post, ANSWER_MAX, &got));
    if (got.status != 200) {
        return refused(rq, &got);
    }
    if (json_parse(rq, got.body, &lim, doc) != OK) {
        err_clear(rq);
        return FAIL(rq, E_UNPROCESSED, "token: no JSON");
    }
    *ret_token = json_str(rq->a, json_get(json_root(doc), S("id_token")));
    return ret_token->n > 0 ? OK : FAIL(rq, E_UNPROCESSED, "token: no ID token");
}

/* ---- the token ---- */

/* 3.1.3.7 3 to 5: it is for this program, and for no other that could have passed it on. */
static bool audience_is_us(struct jv claims, struct str us)
{
    struct jv aud = json_get(claims, S("aud"));
    struct jv azp = json_get(claims, S("azp"));
    bool one = json_is(aud, us);
    if (json_kind(aud) == JSON_ARRAY) {
        for (struct jv v = json_first(aud); json_has(v) && json_len(aud) <= AUDIENCES_MAX;
             v = json_next(v)) {
            one = one || json_is(v, us);
        }
        one = one && (json_len(aud) == 1 || json_has(azp));
    }
    return one && (!json_has(azp) || json_is(azp, us));
}

static bool time_is_good(struct req *rq, struct jv claims)
{
    int64_t now = rq->now.ms / 1000;
    int64_t exp = 0;
    int64_t iat = 0;
    int64_t nbf = 0;
    struct jv from = json_get(claims, S("nbf"));
    return json_i64(json_get(claims, S("exp")), &exp) && json_i64(json_get(claims, S("iat")), &iat)
           && exp > now - SKEW_S && iat <= now + SKEW_S && iat > now - AGE_S - SKEW_S
           && (!json_has(from) || (json_i64(from, &nbf) && nbf <= now + SKEW_S));
}

/* Does the token name a step that the settings count as the second one? */
static bool is_strong(const struct provider_settings *p, struct jv claims)
{
    struct str rest = p->strong;
    struct str one;
    struct jv amr = json_get(claims, S("amr"));
    while (str_cut(&rest, ',', &one)) {
        one = str_trim(one);
        if (one.n > 0 && json_is(json_get(claims, S("acr")), one)) {
            return true;
        }
        for (struct jv v = json_first(amr); one.n > 0 && json_kind(amr) == JSON_ARRAY && json_has(v);
             v = json_next(v)) {
            if (json_is(v, one)) {
                return true;
            }
        }
    }
    return false;
}

enum err provider_claims(struct req *rq, const struct jws *j, struct str nonce,
                         struct provider_person *ret_person)
{
    const struct provider_settings *p = &care_of(rq)->provider;
    struct jv claims = json_root(&j->claims);
    struct provider_person person = {
        .sub = json_str(rq->a, json_get(claims, S("sub"))),
        .login = json_str(rq->a, json_get(claims, p->claim)),
        .strong = is_strong(p, claims),
    };
    if (!json_is(json_get(claims, S("iss")), p->issuer)) {
        return FAIL(rq, E_UNPROCESSED, "token: iss");
    }
    if (!audience_is_us(claims, p->client_id)) {
        return FAIL(rq, E_UNPROCESSED, "token: aud or azp");
    }
    if (!time_is_good(rq, claims)) {
        return FAIL(rq, E_UNPROCESSED, "token: exp, iat or nbf");
    }
    if (nonce.n == 0 || !json_is(json_get(claims, S("nonce")), nonce)) {
        return FAIL(rq, E_UNPROCESSED, "token: nonce");
    }
    if (person.sub.n == 0 || person.sub.n > SUB_MAX) {
        return FAIL(rq, E_UNPROCESSED, "token: sub");
    }
    TRY(provider_roles_read(rq, claims, &person));
    *ret_person = person;
    return OK;
}

enum err provider_token(struct req *rq, const struct provider_meta *meta, struct str token,
                        struct str nonce, struct provider_person *ret_person)
{
    struct jws j;
    struct jwk *keys = ARENA_ARRAY(rq->a, JWK_KEYS_MAX, struct jwk);
    size_t n = 0;
    size_t at = 0;
    TRY_MEM(rq, keys);
    if (jws_read(rq, token, &j) != OK) { /* "none" and HMAC are no algorithms here */
        err_clear(rq);
        return FAIL(rq, E_UNPROCESSED, "token: malformed, unsigned, or an algorithm not taken");
    }
    TRY(provider_keys(rq, meta, &j, keys, &n));
    if (jws_verify_any(rq, &j, keys, n, &at) != OK) {
        err_clear(rq);
        return FAIL(rq, E_UNPROCESSED, "token: signed by no key of the provider");
    }
    return provider_claims(rq, &j, nonce, ret_person);
}
