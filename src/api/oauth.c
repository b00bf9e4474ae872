/* api/oauth.c - the token endpoint and what stands beside it. See oauth.h. */
#include "api/oauth.h"

#include "care/grant.h"
#include "care/refusal.h"
#include "codec/b64.h"
#include "codec/field.h"
#include "codec/url.h"
#include "fhir/scope.h"
#include "store/audit.h"
#include "store/tx.h"

enum { FAILURES_A_MINUTE = 60 };
#define JSON_TYPE "application/json; charset=utf-8"

static struct str address(struct http_req *h, const char *path)
{
    struct str base = http_public_url(h);
    struct buf b;
    buf_init(&b, h->rq.a, 1024);
    buf_str(&b, base);
    buf_str(&b, str_z(path));
    return buf_get(&b);
}

static enum err json_reply(struct http_req *h, unsigned status, const struct buf *b)
{
    http_reply_header(h, "Pragma", S("no-cache"));
    return buf_ok(b) ? http_reply(h, status, S(JSON_TYPE), buf_get(b))
                     : FAIL(&h->rq, E_TOO_LARGE, "answer");
}

/* ---- discovery ---- */

static void list_write(struct json_out *o, struct str key, const char *const *v, size_t n)
{
    json_k(o, key);
    json_arr(o);
    for (size_t i = 0; i < n; i++) {
        json_v_str(o, str_z(v[i]));
    }
    json_arr_end(o);
}
#define LIST(o, key, ...)                                        \
    list_write((o), S(key), (const char *const[]){__VA_ARGS__}, \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void algs_write(struct json_out *o)
{
    json_k(o, S("token_endpoint_auth_signing_alg_values_supported"));
    json_arr(o);
    for (unsigned a = 0; a < JWK_ALG_COUNT; a++) {
        json_v_str(o, jwk_alg_name((enum jwk_alg)a));
    }
    json_arr_end(o);
}

static void endpoints_write(struct http_req *h, struct json_out *o)
{
    static const struct {
        struct str key;
        const char *path;
    } all[] = {
        {SI("issuer"), "/fhir"},
        {SI("jwks_uri"), "/oauth/jwks"},
        {SI("authorization_endpoint"), "/oauth/authorize"},
        {SI("token_endpoint"), "/oauth/token"},
        {SI("introspection_endpoint"), "/oauth/introspect"},
        {SI("revocation_endpoint"), "/oauth/revoke"},
        {SI("management_endpoint"), "/account"},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        json_ks(o, all[i].key, address(h, all[i].path));
    }
}

enum err api_oauth_discovery(struct http_req *h)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, h->rq.a, 16384);
    json_out_init(&o, &b);
    json_obj(&o);
    endpoints_write(h, &o);
    LIST(&o, "grant_types_supported", "authorization_code", "refresh_token", "client_credentials");
    LIST(&o, "response_types_supported", "code");
    LIST(&o, "response_modes_supported", "query");
    LIST(&o, "code_challenge_methods_supported", "S256");
    LIST(&o, "token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post",
         "private_key_jwt", "none");
    algs_write(&o);
    LIST(&o, "id_token_signing_alg_values_supported", "RS256");
    LIST(&o, "subject_types_supported", "public");
    LIST(&o, "claims_supported", "iss", "sub", "aud", "exp", "iat", "nonce", "fhirUser");
    LIST(&o, "scopes_supported", "openid", "fhirUser", "launch", "launch/patient",
         "launch/encounter", "offline_access", "online_access", "patient/*.cruds",
         "user/*.cruds", "system/*.cruds");
    LIST(&o, "capabilities", "launch-ehr", "launch-standalone", "authorize-post", "client-public",
         "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
         "context-banner", "context-ehr-patient", "context-ehr-encounter",
         "context-standalone-patient", "context-standalone-encounter", "permission-offline",
         "permission-online", "permission-patient", "permission-user", "permission-v1",
         "permission-v2");
    json_obj_end(&o);
    http_reply_cache(h, S("no-cache"));
    return buf_ok(&b) ? http_reply(h, 200, S(JSON_TYPE), buf_get(&b))
                      : FAIL(&h->rq, E_TOO_LARGE, "discovery");
}

enum err api_oauth_jwks(struct http_req *h)
{
    struct str key;
    struct jwk jwk;
    struct buf b;
    struct json_out o;
    TRY(oidc_key(&h->rq, &key, &jwk));
    buf_init(&b, h->rq.a, 8192);
    json_out_init(&o, &b);
    json_obj(&o);
    json_k(&o, S("keys"));
    json_arr(&o);
    jwk_write(&o, &jwk);
    json_arr_end(&o);
    json_obj_end(&o);
    http_reply_cache(h, S("public, max-age=3600"));
    return buf_ok(&b) ? http_reply(h, 200, S(JSON_TYPE), buf_get(&b))
                      : FAIL(&h->rq, E_TOO_LARGE, "keys");
}

/* ---- asking as a client ---- */

struct ask {
    struct client_proof proof;
    struct client client; /* once proved; id empty before */
    struct str rate;      /* what failures are counted under */
    bool basic;
};

static struct str field(struct http_req *h, const char *name)
{
    struct str v = http_form(h, str_z(name));
    return v.p != NULL ? v : S("");
}

static enum err error_reply(struct http_req *h, unsigned status, const char *code, struct str text)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, h->rq.a, 2048);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("error"), str_z(code));
    if (text.n > 0) {
        json_ks(&o, S("error_description"), text);
    }
    json_obj_end(&o);
    return json_reply(h, status, &b);
}

static enum err locked_reply(struct http_req *h)
{
    (void)http_reply_wait(h);
    err_clear(&h->rq);
    return error_reply(h, 429, "temporarily_unavailable", S("too many failures; wait"));
}

static enum err refusal_commit(struct http_req *h, const struct ask *a, enum err e, struct str detail,
                               bool spend)
{
    struct req *rq = &h->rq;
    struct tx *tx = tx_new(rq);
    struct audit_rec rec = {.action = AUDIT_DENY, .why = WHY_TOKEN, .outcome = e, .detail = detail};
    TRY_MEM(rq, tx);
    rq->audit = NULL;
    TRY(audit_add(rq, &rec));
    TRY(refusal_count(rq, tx));
    TRY(rate_count(rq, tx, a->rate));
    if (spend && a->client.id.n > 0) {
        TRY(client_spend(rq, tx, &a->client));
    }
    return store_commit(care_of(rq)->store, rq, tx);
}

/* A refusal goes on record and is counted; the number of a proved assertion stays used. */
static enum err refuse(struct http_req *h, struct ask *a, enum err e, unsigned status, const char *code)
{
    struct req *rq = &h->rq;
    struct str detail = arena_str(rq->a, str_z(rq->err.detail));
    err_clear(rq);
    enum err done = refusal_commit(h, a, e, detail, true);
    if (done == E_CONFLICT) { /* the assertion itself came twice */
        err_clear(rq);
        done = refusal_commit(h, a, e, detail, false);
    }
    TRY(done);
    if (status == 401 && a->basic) {
        http_reply_header(h, "WWW-Authenticate", S("Basic realm=\"token\""));
    }
    return error_reply(h, status, code, detail);
}

/* user:password of Basic, each encoded as a form is (RFC 6749 2.3.1). */
static bool basic_read(struct http_req *h, struct client_proof *proof)
{
    struct str header = http_header(h, "Authorization");
    if (header.n < 6 || !str_eq_nocase(str_sub(header, 0, 6), S("Basic "))) {
        return false;
    }
    struct str both = b64_decoded(h->rq.a, str_trim(str_sub(header, 6, header.n)), B64_STD);
    struct str user = {NULL, 0};
    struct str rest = both;
    if (both.p == NULL || !str_cut(&rest, ':', &user)
        || url_decode(&h->rq, user, URL_PLUS_IS_SPACE, &proof->id) != OK
        || url_decode(&h->rq, rest, URL_PLUS_IS_SPACE, &proof->secret) != OK) {
        err_clear(&h->rq);
        proof->id = S("");
        proof->secret = S("");
    }
    return true;
}

/* Fields that count once (RFC 6749 3.2). */
static bool is_doubled(struct http_req *h)
{
    static const struct str once[] = {
        SI("grant_type"), SI("code"),      SI("redirect_uri"), SI("client_id"),
        SI("scope"),      SI("token"),     SI("refresh_token"), SI("code_verifier"),
        SI("client_secret"), SI("client_assertion"), SI("client_assertion_type"),
    };
    unsigned seen[LEN(once)] = {0};
    struct str name;
    struct str value;
    bool twice = false;
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        for (size_t k = 0; k < LEN(once); k++) {
            twice = twice || (str_eq(name, once[k]) && ++seen[k] > 1);
        }
    }
    return twice;
}

/* Reads who asks and lets them prove it. *ret_answered: the answer was given already. */
static enum err ask_begin(struct http_req *h, struct ask *a, bool *ret_answered)
{
    struct req *rq = &h->rq;
    struct buf rate;
    buf_init(&rate, rq->a, 80);
    BUF_LIT(&rate, "token ");
    buf_str(&rate, str_z(rq->peer));
    *a = (struct ask){.rate = buf_get(&rate)};
    rq->who = NULL; /* whoever is signed in here has nothing to do with it */
    *ret_answered = true;
    if (rate_check(rq, a->rate, FAILURES_A_MINUTE) != OK) {
        return rq->err.code == E_LOCKED ? locked_reply(h) : rq->err.code;
    }
    if (http_form_check(h) != OK || is_doubled(h)) {
        err_clear(rq);
        return error_reply(h, 400, "invalid_request", S("a form with each field once"));
    }
    a->proof = (struct client_proof){
        .id = field(h, "client_id"),
        .secret = field(h, "client_secret"),
        .assertion = field(h, "client_assertion"),
        .assertion_type = field(h, "client_assertion_type"),
        .audience = address(h, "/oauth/token"),
        .issuer = address(h, "/fhir"),
    };
    struct str named = a->proof.id;
    bool twice = a->proof.secret.n + a->proof.assertion.n > 0;
    a->basic = basic_read(h, &a->proof);
    if (a->basic && (twice || (named.n > 0 && !str_eq(named, a->proof.id)))) {
        return error_reply(h, 400, "invalid_request", S("one way to prove who you are"));
    }
    if (a->proof.id.n + a->proof.assertion.n == 0 && field(h, "refresh_token").n > 0) {
        TRY(grant_client_of(rq, field(h, "refresh_token"), &a->proof.id));
    }
    enum err e = client_prove(rq, &a->proof, &a->client);
    if (e == E_SIGN_IN) {
        a->client.id = (struct str){NULL, 0};
        return refuse(h, a, e, 401, "invalid_client");
    }
    TRY(e);
    *ret_answered = false;
    return OK;
}

/* ---- tokens ---- */

/* What it was opened about (SMART App Launch 2.2, launch context): the case is its request and its course. */
static void context_write(struct http_req *h, struct json_out *o, const struct grant_tokens *t)
{
    static const struct str types[] = {SI("ServiceRequest"), SI("Task")};
    if (t->patient.n > 0) {
        json_ks(o, S("patient"), t->patient);
        json_kb(o, S("need_patient_banner"), true);
    }
    if (t->encounter.n > 0) {
        json_ks(o, S("encounter"), t->encounter);
    }
    if (t->intent.n > 0) {
        json_ks(o, S("intent"), t->intent);
    }
    if (t->case_id.n == 0) {
        return;
    }
    json_k(o, S("fhirContext"));
    json_arr(o);
    for (size_t i = 0; i < LEN(types); i++) {
        struct buf ref;
        buf_init(&ref, h->rq.a, 100);
        buf_str(&ref, types[i]);
        buf_char(&ref, '/');
        buf_str(&ref, t->case_id);
        json_obj(o);
        json_ks(o, S("reference"), buf_get(&ref));
        json_ks(o, S("type"), types[i]);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static enum err tokens_reply(struct http_req *h, const struct ask *a, const struct grant_tokens *t)
{
    struct fhir_scopes s;
    struct buf b;
    struct json_out o;
    struct str id_token = {NULL, 0};
    TRY(scope_parse(&h->rq, t->scopes, &s, NULL));
    if ((s.marks & SCOPE_OPENID) != 0 && t->who->person.n > 0) {
        TRY(oidc_token(&h->rq, address(h, "/fhir"), &a->client, t, &id_token));
    }
    buf_init(&b, h->rq.a, 32768);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("access_token"), str_z(t->access));
    json_ks(&o, S("token_type"), S("Bearer"));
    json_ki(&o, S("expires_in"), t->life_ms / 1000);
    json_ks(&o, S("scope"), t->scopes);
    if (t->refresh[0] != 0) {
        json_ks(&o, S("refresh_token"), str_z(t->refresh));
    }
    if (id_token.n > 0) {
        json_ks(&o, S("id_token"), id_token);
    }
    context_write(h, &o, t);
    json_obj_end(&o);
    return json_reply(h, 200, &b);
}

static enum err grant_answer(struct http_req *h, struct ask *a, enum err e,
                             const struct grant_tokens *t, const char *forbidden)
{
    if (e == E_FORBIDDEN) {
        return refuse(h, a, e, 400, forbidden);
    }
    if (e == E_BAD_INPUT || e == E_TOO_LARGE) {
        return refuse(h, a, e, 400, "invalid_scope");
    }
    if (e == E_SIGN_IN) {
        return refuse(h, a, e, 401, "invalid_client");
    }
    return e == OK ? tokens_reply(h, a, t) : e;
}

static enum err by_code(struct http_req *h, struct ask *a)
{
    struct grant_tokens t;
    enum err e = grant_redeem(&h->rq, &a->client, field(h, "code"), field(h, "redirect_uri"),
                              field(h, "code_verifier"), &t);
    return grant_answer(h, a, e, &t, "invalid_grant");
}

static enum err by_refresh(struct http_req *h, struct ask *a)
{
    struct grant_tokens t;
    enum err e = grant_refresh(&h->rq, &a->client, field(h, "refresh_token"),
                               field(h, "scope"), &t);
    return grant_answer(h, a, e, &t, "invalid_grant");
}

static enum err by_service(struct http_req *h, struct ask *a)
{
    struct grant_tokens t;
    enum err e = grant_service(&h->rq, &a->client, field(h, "scope"), &t);
    return grant_answer(h, a, e, &t, "unauthorized_client");
}

enum err api_oauth_token(struct http_req *h)
{
    static const struct {
        struct str type;
        enum err (*run)(struct http_req *h, struct ask *a);
    } types[] = {
        {SI("authorization_code"), by_code},
        {SI("refresh_token"), by_refresh},
        {SI("client_credentials"), by_service},
    };
    struct ask a;
    bool answered;
    TRY(ask_begin(h, &a, &answered));
    if (answered) {
        return OK;
    }
    struct str type = field(h, "grant_type");
    for (size_t i = 0; i < LEN(types); i++) {
        if (str_eq(types[i].type, type)) {
            return types[i].run(h, &a);
        }
    }
    (void)FAIL(&h->rq, E_BAD_INPUT, "grant_type");
    return refuse(h, &a, E_BAD_INPUT, 400, type.n > 0 ? "unsupported_grant_type" : "invalid_request");
}

/* ---- introspection, revocation ---- */

static void facts_write(struct http_req *h, struct json_out *o, const struct grant_facts *f)
{
    struct str fhir = address(h, "/fhir");
    json_ks(o, S("scope"), f->scopes);
    json_ks(o, S("client_id"), f->client);
    json_ks(o, S("token_type"), f->refresh ? S("refresh_token") : S("Bearer"));
    json_ki(o, S("iat"), f->created.ms / 1000);
    json_ki(o, S("exp"), f->expires.ms / 1000);
    json_ks(o, S("iss"), fhir);
    json_ks(o, S("aud"), fhir);
    if (f->person.n > 0) {
        struct buf user;
        buf_init(&user, h->rq.a, 1024);
        buf_str(&user, fhir);
        BUF_LIT(&user, "/Practitioner/");
        buf_str(&user, f->person);
        json_ks(o, S("sub"), f->person);
        json_ks(o, S("username"), f->login);
        json_ks(o, S("fhirUser"), buf_get(&user));
    } else {
        json_ks(o, S("sub"), f->client);
    }
    if (f->patient.n > 0) {
        json_ks(o, S("patient"), f->patient);
    }
    if (f->encounter.n > 0) {
        json_ks(o, S("encounter"), f->encounter);
    }
}

enum err api_oauth_introspect(struct http_req *h)
{
    struct ask a;
    struct grant_facts f = {.active = false};
    struct buf b;
    struct json_out o;
    bool answered;
    TRY(ask_begin(h, &a, &answered));
    if (answered) {
        return OK;
    }
    if (a.client.kind == CLIENT_PUBLIC || field(h, "token").n == 0) {
        (void)FAIL(&h->rq, E_BAD_INPUT, "introspection");
        bool is_public = a.client.kind == CLIENT_PUBLIC;
        return refuse(h, &a, E_BAD_INPUT, is_public ? 401 : 400,
                      is_public ? "invalid_client" : "invalid_request");
    }
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(client_spend(&h->rq, tx, &a.client));
    enum err e = store_commit(care_of(&h->rq)->store, &h->rq, tx);
    if (e == E_CONFLICT) {
        return refuse(h, &a, E_SIGN_IN, 401, "invalid_client");
    }
    TRY(e);
    TRY(grant_facts(&h->rq, field(h, "token"), &f));
    bool may = str_eq(f.client, a.client.id) || (a.client.launch & CLIENT_INTROSPECT) != 0;
    buf_init(&b, h->rq.a, 16384);
    json_out_init(&o, &b);
    json_obj(&o);
    json_kb(&o, S("active"), f.active && may);
    if (f.active && may) {
        facts_write(h, &o, &f);
    }
    json_obj_end(&o);
    return json_reply(h, 200, &b);
}

enum err api_oauth_revoke(struct http_req *h)
{
    struct ask a;
    bool answered;
    TRY(ask_begin(h, &a, &answered));
    if (answered) {
        return OK;
    }
    if (field(h, "token").n == 0) {
        (void)FAIL(&h->rq, E_BAD_INPUT, "token");
        return refuse(h, &a, E_BAD_INPUT, 400, "invalid_request");
    }
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(client_spend(&h->rq, tx, &a.client));
    TRY(grant_revoke(&h->rq, tx, &a.client, field(h, "token")));
    enum err e = store_commit(care_of(&h->rq)->store, &h->rq, tx);
    if (e == E_CONFLICT) {
        return refuse(h, &a, E_SIGN_IN, 401, "invalid_client");
    }
    TRY(e);
    return http_reply(h, 200, S(JSON_TYPE), S("{}"));
}

/* ---- a page of ours opens an application ---- */

static enum err launched(struct http_req *h)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, h->rq.a, 2048);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("launch"), str_z(h->page_ctx));
    json_ks(&o, S("iss"), address(h, "/fhir"));
    json_obj_end(&o);
    return json_reply(h, 200, &b);
}

enum err api_oauth_launch(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    char *value = arena_alloc(h->rq.a, GRANT_VALUE_MAX);
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, value);
    const struct launch_ask ask = {.client = field(h, "client_id"),
                                   .case_id = field(h, "case"),
                                   .patient = field(h, "patient"),
                                   .intent = field(h, "intent")};
    TRY(launch_begin(&h->rq, tx, &ask, value));
    h->page_ctx = value;
    return http_commit(h, tx, launched);
}

/* ---- pages of applications ---- */

static bool is_open_to_all(struct str path)
{
    return str_starts(path, S("/fhir/.well-known/")) || str_eq(path, S("/fhir/metadata"))
           || str_eq(path, S("/oauth/jwks"));
}

static bool is_for_apps(struct str path)
{
    return str_eq(path, S("/fhir")) || str_starts(path, S("/fhir/"))
           || str_eq(path, S("/oauth/token")) || str_eq(path, S("/oauth/introspect"))
           || str_eq(path, S("/oauth/revoke"));
}

enum err api_oauth_cors(struct http_req *h)
{
    struct str origin = http_header(h, "Origin");
    bool all = is_open_to_all(h->path);
    bool known = false;
    if (origin.p == NULL || !(all || is_for_apps(h->path))) {
        return OK;
    }
    struct err_rec rec = h->rq.err;
    if (!all && h->rq.db != NULL) {
        TRY(client_origin_is_known(&h->rq, origin, &known));
    }
    h->rq.err = rec;
    http_reply_header(h, "Vary", S("Origin"));
    if (!all && !known) {
        return OK;
    }
    http_reply_header(h, "Access-Control-Allow-Origin", all ? S("*") : origin);
    http_reply_header(h, "Access-Control-Expose-Headers",
                      S("ETag, Location, Content-Location, Last-Modified, Retry-After, WWW-Authenticate"));
    if (h->method == OPTIONS) {
        http_reply_header(h, "Access-Control-Allow-Methods", S("GET, HEAD, POST, PUT, PATCH, DELETE"));
        http_reply_header(h, "Access-Control-Allow-Headers",
                          S("Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, "
                            "If-None-Exist, If-Modified-Since, Cache-Control, X-Requested-With"));
        http_reply_header(h, "Access-Control-Max-Age", S("600"));
    }
    return OK;
}
