/* care/client.c - registered applications, and how they prove who they are. See client.h. */
#include "care/client.h"

#include <sodium.h>

#include "care/account_int.h"
#include "codec/b64.h"
#include "codec/url.h"
#include "fhir/scope.h"
#include "os/random.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/tx.h"

#define ASSERTION_JWT "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define ASSERTION_LIFE_MS (5 * MS_MINUTE) /* client-confidential-asymmetric: at most five minutes */
#define CLOCK_SKEW_MS (30 * MS_SECOND)

enum { NAME_MAX_BYTES = 200, JTI_MAX = 256 };

static void read_client(struct req *rq, const struct db_rows *q, struct client *ret_client)
{
    *ret_client = (struct client){
        .id = db_text(rq->a, q, 0),
        .name = db_text(rq->a, q, 1),
        .kind = (enum client_kind)db_i64(q, 2),
        .secret = db_text(rq->a, q, 3),
        .jwks = db_text(rq->a, q, 4),
        .redirects = db_text(rq->a, q, 5),
        .scopes = db_text(rq->a, q, 6),
        .launch = (uint32_t)db_i64(q, 7),
        .org = db_text(rq->a, q, 8),
        .created = {db_i64(q, 9)},
        .revoked = {db_i64(q, 10)},
        .jwks_uri = db_text(rq->a, q, 11),
        .jwks_tried = {db_i64(q, 12)},
        .jwks_until = {db_i64(q, 13)},
        .launch_url = db_text(rq->a, q, 14),
    };
}

enum err client_find(struct req *rq, struct str id, struct client *ret_client)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct client c;
    if (id.n == 0 || id.n > CLIENT_ID_MAX) {
        return FAIL(rq, E_NOT_FOUND, "client");
    }
    TRY(DB_ONE(rq, &q, Q_CLIENT, sql_text(id)));
    read_client(rq, &q, &c);
    if (c.revoked.ms != 0) {
        return FAIL(rq, E_NOT_FOUND, "client");
    }
    *ret_client = c;
    return OK;
}

enum err client_list(struct req *rq, struct client *ret_clients, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(db_query(rq, Q_CLIENTS, NULL, 0, &q));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        read_client(rq, &q, &ret_clients[got++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

/* ---- registering ---- */

static bool id_is_good(struct str id)
{
    for (size_t i = 0; i < id.n; i++) {
        char ch = id.p[i];
        bool ok = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '.' || ch == '_'
                  || ch == '-';
        if (!ok) {
            return false;
        }
    }
    return id.n >= 2 && id.n <= CLIENT_ID_MAX;
}

static bool host_is_here(struct str host)
{
    return str_eq(host, S("localhost")) || str_eq(host, S("127.0.0.1")) || str_eq(host, S("::1"));
}

/* https anywhere, http on the person's own machine, or a scheme of a program's own (RFC 8252 7.1: with
 * a dot in it). No fragment. */
static bool redirect_is_good(struct str uri)
{
    struct url u;
    size_t colon = str_find_char(uri, ':');
    struct str scheme = str_sub(uri, 0, colon);
    if (uri.n > CLIENT_URL_MAX || str_find_char(uri, '#') < uri.n) {
        return false;
    }
    for (size_t i = 0; i < uri.n; i++) {
        if ((unsigned char)uri.p[i] <= ' ' || (unsigned char)uri.p[i] >= 0x7f || uri.p[i] == '"'
            || uri.p[i] == '\'' || uri.p[i] == ';' || uri.p[i] == ',' || uri.p[i] == '\\') {
            return false;
        }
    }
    if (str_eq(scheme, S("https")) || str_eq(scheme, S("http"))) {
        return url_split(uri, &u) && (str_eq(scheme, S("https")) || host_is_here(u.host));
    }
    if (colon == uri.n || str_find_char(scheme, '.') == scheme.n) {
        return false;
    }
    for (size_t i = 0; i < scheme.n; i++) {
        char ch = scheme.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (i > 0 && ((ch >= '0' && ch <= '9') || ch == '.' || ch == '-')))) {
            return false;
        }
    }
    return true;
}

/* https anywhere, http on this machine. */
static bool address_is_good(struct str uri)
{
    return redirect_is_good(uri) && (str_starts(uri, S("https:")) || str_starts(uri, S("http:")));
}

struct str client_origin(struct arena *a, struct str uri)
{
    struct url u;
    struct buf b;
    if (!(str_starts(uri, S("https://")) || str_starts(uri, S("http://"))) || !url_split(uri, &u)) {
        return (struct str){NULL, 0};
    }
    buf_init(&b, a, CLIENT_URL_MAX + 16);
    buf_str(&b, u.scheme);
    BUF_LIT(&b, "://");
    bool v6 = str_find_char(u.host, ':') < u.host.n;
    buf_str(&b, v6 ? S("[") : S(""));
    buf_str(&b, u.host);
    buf_str(&b, v6 ? S("]") : S(""));
    bool usual = u.port == 0 || u.port == (str_eq(u.scheme, S("https")) ? 443 : 80);
    if (!usual) {
        buf_char(&b, ':');
        buf_u64(&b, u.port);
    }
    return buf_get(&b);
}

bool client_has_redirect(const struct client *c, struct str uri)
{
    struct str rest = c->redirects;
    struct str one;
    while (uri.n > 0 && str_cut(&rest, '\n', &one)) {
        if (str_eq(one, uri)) {
            return true;
        }
    }
    return false;
}

enum err client_origin_is_known(struct req *rq, struct str origin, bool *ret_known)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    if (origin.n == 0 || origin.n > CLIENT_URL_MAX) {
        *ret_known = false;
        return OK;
    }
    TRY(DB_QUERY(rq, &q, Q_CLIENT_ORIGIN, sql_text(origin)));
    TRY(db_next(rq, &q, &has));
    *ret_known = has;
    return OK;
}

static enum err scopes_check(struct req *rq, const struct client *ask)
{
    struct fhir_scopes s;
    uint32_t unknown = 0;
    bool alone = (ask->launch & (CLIENT_SERVICE | CLIENT_SYSTEM)) != 0;
    bool people = (ask->launch & (CLIENT_EHR | CLIENT_STANDALONE)) != 0;
    TRY(scope_parse(rq, ask->scopes, &s, &unknown));
    if (unknown > 0 || s.n + s.marks == 0) {
        return FAIL(rq, E_BAD_INPUT, "scopes: a word that is no scope here");
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!scope_query_is_good(rq, &s.v[i])) {
            return FAIL(rq, E_BAD_INPUT, "scopes: a query may hold search parameters of the type itself: no "
                                         "chains, no _has, no modifier but :not");
        }
    }
    if (scope_has_level(&s, LEVEL_SYSTEM) && !alone) {
        return FAIL(rq, E_BAD_INPUT, "scopes: system/ is for services");
    }
    if ((scope_has_level(&s, LEVEL_USER) || scope_has_level(&s, LEVEL_PATIENT)) && !people) {
        return FAIL(rq, E_BAD_INPUT, "scopes: user/ and patient/ are for applications of people");
    }
    return OK;
}

static enum err redirects_check(struct req *rq, struct tx *tx, const struct client *ask)
{
    struct str rest = ask->redirects;
    struct str one;
    uint32_t n = 0;
    while (str_cut(&rest, '\n', &one)) {
        if (one.n == 0) {
            continue;
        }
        if (!redirect_is_good(one) || ++n > CLIENT_REDIRECTS_MAX) {
            return FAIL(rq, E_BAD_INPUT, "redirect: https, http://localhost or a program's scheme; %d",
                        CLIENT_REDIRECTS_MAX);
        }
        struct str origin = client_origin(rq->a, one);
        if (origin.p != NULL) {
            TRY(TX_SQL(tx, W_CLIENT_ORIGIN, 0, sql_text(origin), sql_text(ask->id)));
        }
    }
    bool people = (ask->launch & (CLIENT_EHR | CLIENT_STANDALONE)) != 0;
    return people == (n > 0) ? OK
                             : FAIL(rq, E_BAD_INPUT, "redirect: for what people open, only that");
}

static enum err kind_check(struct req *rq, const struct client *ask)
{
    bool alone = (ask->launch & (CLIENT_SERVICE | CLIENT_SYSTEM)) != 0;
    struct jwk keys[JWK_KEYS_MAX];
    size_t n = 0;
    if (ask->kind == CLIENT_KEYS && ask->jwks_uri.n > 0) {
        if (!address_is_good(ask->jwks_uri)) {
            return FAIL(rq, E_BAD_INPUT, "--jwks: https://..., http on this machine, or a file");
        }
    } else if (ask->kind == CLIENT_KEYS) {
        TRY(jwk_set_parse(rq, ask->jwks, keys, &n));
    } else if (alone) {
        return FAIL(rq, E_BAD_INPUT, "a service signs with a key: --jwks");
    } else if ((ask->launch & CLIENT_INTROSPECT) != 0 && ask->kind == CLIENT_PUBLIC) {
        return FAIL(rq, E_BAD_INPUT, "a public application cannot ask about tokens");
    }
    if ((ask->launch & CLIENT_SERVICE) != 0 && ask->org.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "--org: whom the service acts for");
    }
    if (ask->org.n > 0) {
        const struct directory *dir = NULL;
        TRY(directory_get(rq, &dir));
        if (dir_org(dir, ask->org) == NULL) {
            return FAIL(rq, E_BAD_INPUT, "--org: no such organisation");
        }
    }
    return OK;
}

static enum err note(struct req *rq, struct str id, enum err outcome, struct str what)
{
    struct buf b;
    buf_init(&b, rq->a, 200);
    buf_str(&b, what);
    buf_char(&b, ' ');
    buf_str(&b, id);
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = WHY_SYSTEM, .outcome = outcome,
                            .detail = buf_get(&b)};
    return audit_add(rq, &rec);
}

enum err client_add(struct req *rq, struct tx *tx, const struct client *ask,
                    char ret_secret[CLIENT_SECRET_LEN + 1])
{
    uint8_t raw[32];
    uint8_t *sha = arena_alloc(rq->a, 32);
    struct str secret = {NULL, 0};
    char text[CLIENT_SECRET_LEN + 1] = {0};
    TRY_MEM(rq, sha);
    if (!id_is_good(ask->id)) {
        return FAIL(rq, E_BAD_INPUT, "client_id: 2 to %d of a-z 0-9 . _ -", CLIENT_ID_MAX);
    }
    if (ask->name.n == 0 || ask->name.n > NAME_MAX_BYTES) {
        return FAIL(rq, E_BAD_INPUT, "--name: 1 to %d bytes", NAME_MAX_BYTES);
    }
    if (ask->launch == 0) {
        return FAIL(rq, E_BAD_INPUT, "--launch: what it is for");
    }
    if (ask->launch_url.n > 0
        && ((ask->launch & CLIENT_EHR) == 0 || !address_is_good(ask->launch_url))) {
        return FAIL(rq, E_BAD_INPUT, "--launch-url: https, or http on this machine; for --launch ehr");
    }
    TRY(kind_check(rq, ask));
    TRY(scopes_check(rq, ask));
    if (ask->kind == CLIENT_SECRET) {
        os_random(raw, sizeof raw);
        sodium_bin2base64(text, sizeof text, raw, sizeof raw,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        sha_of(str_z(text), sha);
        secret = (struct str){(const char *)sha, 32};
    }
    TRY(TX_SQL(tx, W_CLIENT_NEW, TX_MUST_BE_NEW, sql_text(ask->id), sql_text(ask->name),
               sql_i64(ask->kind), sql_blob(secret),
               sql_text(ask->kind == CLIENT_KEYS ? str_or_empty(ask->jwks) : S("")),
               sql_text(str_or_empty(ask->redirects)), sql_text(ask->scopes), sql_i64(ask->launch),
               sql_text(str_or_empty(ask->org)), sql_i64(rq->now.ms), sql_text(str_or_empty(ask->jwks_uri)),
               sql_text(str_or_empty(ask->launch_url))));
    TRY(redirects_check(rq, tx, ask));
    TRY(note(rq, ask->id, OK, S("application registered")));
    for (size_t i = 0; i < sizeof text; i++) {
        ret_secret[i] = text[i];
    }
    return OK;
}

enum err client_revoke(struct req *rq, struct tx *tx, struct str id)
{
    struct client c;
    TRY(client_find(rq, id, &c));
    TRY(TX_SQL(tx, W_CLIENT_REVOKE, TX_MUST_CHANGE, sql_text(c.id), sql_i64(rq->now.ms)));
    TRY(TX_SQL(tx, W_GRANTS_REVOKE_CLIENT, 0, sql_text(c.id), sql_i64(rq->now.ms)));
    return note(rq, c.id, OK, S("application revoked"));
}

/* ---- proving ---- */

static bool aud_fits(struct req *rq, struct jv aud, const struct client_proof *proof)
{
    struct jv one = json_kind(aud) == JSON_ARRAY ? json_first(aud) : aud;
    for (; json_has(one); one = json_kind(aud) == JSON_ARRAY ? json_next(one) : (struct jv){NULL, 0}) {
        struct str s = json_str(rq->a, one);
        if (s.n > 0 && (str_eq(s, proof->audience) || str_eq(s, proof->issuer))) {
            return true;
        }
    }
    return false;
}

static enum err times_check(struct req *rq, struct jv claims)
{
    int64_t exp = 0;
    int64_t at = 0;
    if (!json_i64(json_get(claims, S("exp")), &exp) || exp < 0 || exp > (INT64_MAX / 1000) - 1000) {
        return FAIL(rq, E_SIGN_IN, "assertion: exp");
    }
    if (exp * 1000 + CLOCK_SKEW_MS <= rq->now.ms) {
        return FAIL(rq, E_SIGN_IN, "assertion: expired");
    }
    if (exp * 1000 > rq->now.ms + ASSERTION_LIFE_MS + CLOCK_SKEW_MS) {
        return FAIL(rq, E_SIGN_IN, "assertion: exp is more than five minutes away");
    }
    static const struct str later[] = {SI("nbf"), SI("iat")};
    for (size_t i = 0; i < LEN(later); i++) {
        struct jv v = json_get(claims, later[i]);
        if (json_has(v) && (!json_i64(v, &at) || at > (rq->now.ms + CLOCK_SKEW_MS) / 1000)) {
            return FAIL(rq, E_SIGN_IN, "assertion: not yet");
        }
    }
    return OK;
}

static enum err jti_take(struct req *rq, struct client *c, struct jv claims)
{
    struct str jti = json_str(rq->a, json_get(claims, S("jti")));
    uint8_t *sha = arena_alloc(rq->a, 32);
    TRY_MEM(rq, sha);
    if (jti.n == 0 || jti.n > JTI_MAX) {
        return FAIL(rq, E_SIGN_IN, "assertion: jti");
    }
    sha_of(jti, sha);
    c->jti = (struct str){(const char *)sha, 32};
    return OK;
}

enum err client_spend(struct req *rq, struct tx *tx, const struct client *c)
{
    if (c->jti.p == NULL) {
        return OK;
    }
    /* Kept until the assertion has ended, with the difference of clocks. */
    return TX_SQL(tx, W_JTI_NEW, TX_MUST_BE_NEW, sql_text(c->id), sql_blob(c->jti),
                  sql_i64(rq->now.ms + ASSERTION_LIFE_MS + 2 * CLOCK_SKEW_MS));
}

static enum err assertion_check(struct req *rq, const struct client_proof *proof,
                                const struct jws *j, struct client *c)
{
    struct jwk keys[JWK_KEYS_MAX];
    size_t n = 0;
    size_t at = 0;
    struct jv claims = json_root(&j->claims);
    if (c->kind != CLIENT_KEYS) {
        return FAIL(rq, E_SIGN_IN, "assertion: this client has no keys");
    }
    if (j->jku.n > 0 && !str_eq(j->jku, c->jwks_uri)) {
        return FAIL(rq, E_SIGN_IN, "assertion: jku is not the registered place of keys");
    }
    if (j->typ.n > 0 && !str_eq_nocase(j->typ, S("JWT"))) {
        return FAIL(rq, E_SIGN_IN, "assertion: typ");
    }
    TRY(client_keys(rq, c, j, keys, &n));
    if (jws_verify_any(rq, j, keys, n, &at) != OK) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "assertion: signature");
    }
    if (!json_is(json_get(claims, S("iss")), c->id) || !json_is(json_get(claims, S("sub")), c->id)) {
        return FAIL(rq, E_SIGN_IN, "assertion: iss and sub");
    }
    if (!aud_fits(rq, json_get(claims, S("aud")), proof)) {
        return FAIL(rq, E_SIGN_IN, "assertion: aud");
    }
    TRY(times_check(rq, claims));
    return jti_take(rq, c, claims);
}

static enum err prove_by_keys(struct req *rq, const struct client_proof *proof,
                              struct client *ret_client)
{
    struct jws j;
    if (!str_eq(proof->assertion_type, S(ASSERTION_JWT)) || proof->secret.n > 0) {
        return FAIL(rq, E_SIGN_IN, "client_assertion_type");
    }
    if (jws_read(rq, proof->assertion, &j) != OK) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "assertion: no signed token");
    }
    struct str iss = json_str(rq->a, json_get(json_root(&j.claims), S("iss")));
    if ((proof->id.n > 0 && !str_eq(proof->id, iss)) || client_find(rq, iss, ret_client) != OK) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "no such client");
    }
    return assertion_check(rq, proof, &j, ret_client);
}

enum err client_prove(struct req *rq, const struct client_proof *proof,
                      struct client *ret_client)
{
    uint8_t sha[32];
    struct client c = {0};
    if (proof->assertion.n > 0 || proof->assertion_type.n > 0) {
        TRY(prove_by_keys(rq, proof, &c));
        *ret_client = c;
        return OK;
    }
    enum err e = client_find(rq, proof->id, &c);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "no such client");
    }
    TRY(e);
    sha_of(proof->secret, sha);
    bool proved = c.kind == CLIENT_PUBLIC
                      ? proof->secret.n == 0
                      : c.kind == CLIENT_SECRET && c.secret.n == sizeof sha
                            && sodium_memcmp(sha, c.secret.p, sizeof sha) == 0;
    if (!proved) {
        return FAIL(rq, E_SIGN_IN, "client secret");
    }
    *ret_client = c;
    return OK;
}
