/* care/provider.c - what an identity provider says of itself, and its keys. See provider.h. */
#include "care/provider_int.h"

#include "codec/json.h"
#include "codec/url.h"
#include "os/outgoing.h"
#include "store/db.h"
#include "store/tx.h"

#define META_KEY "provider-meta"
#define KEYS_KEY "provider-keys"
#define WELL_KNOWN "/.well-known/openid-configuration"
#define PAUSE_MS (10 * MS_SECOND)
#define LIFE_MS (10 * MS_MINUTE) /* when the answer names none */
#define LIFE_MAX_MS MS_HOUR
enum { FETCH_MS = 5000, ADDRESS_MAX = 1000 };

/* A text of the provider as it is kept: a setting "UNTIL FAILED ADDRESS\nTEXT". */
struct kept {
    struct str text;
    uint64_t until_ms, failed_ms; /* holds until then; when it last could not be had, 0 not since */
};

bool provider_is_set(const struct care *care)
{
    return care->provider.issuer.n > 0 && care->provider.client_id.n > 0;
}

struct str provider_name(const struct care *care)
{
    struct url u;
    const struct provider_settings *p = &care->provider;
    return p->name.n > 0 ? p->name : url_split(p->issuer, &u) ? u.host : p->issuer;
}

static enum err kept_load(struct req *rq, struct str key, struct str address, struct kept *ret_kept)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct kept k = {{0}, 0, 0};
    struct str rest;
    struct str head;
    struct str word[3] = {{0}};
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(key));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_kept = k;
        return OK;
    }
    TRY(e);
    rest = db_text(rq->a, &q, 0);
    bool ok = str_cut(&rest, '\n', &head);
    for (size_t i = 0; ok && i < LEN(word); i++) {
        ok = str_cut(&head, ' ', &word[i]);
    }
    if (ok && str_eq(word[2], address) && str_u64(word[0], &k.until_ms)
        && str_u64(word[1], &k.failed_ms)) {
        k.text = rest;
        *ret_kept = k;
    } else { /* of another provider */
        *ret_kept = (struct kept){{0}, 0, 0};
    }
    return OK;
}

static enum err kept_save(struct req *rq, struct str key, struct str address, const struct kept *k)
{
    struct buf b;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    buf_init(&b, rq->a, JWK_TEXT_MAX + ADDRESS_MAX + 100);
    buf_u64(&b, k->until_ms);
    buf_char(&b, ' ');
    buf_u64(&b, k->failed_ms);
    buf_char(&b, ' ');
    buf_str(&b, address);
    buf_char(&b, '\n');
    buf_str(&b, k->text);
    TRY_MEM(rq, buf_get(&b).p);
    TRY(TX_SQL(tx, W_SETTING, 0, sql_text(key), sql_blob(buf_get(&b))));
    return store_commit(care_of(rq)->store, rq, tx);
}

/* Judges what came before it is kept. */
typedef enum err (*judge_fn)(struct req *rq, struct str text);

static enum err fetch(struct req *rq, struct str address, judge_fn judge, struct kept *k)
{
    const struct provider_settings *p = &care_of(rq)->provider;
    struct os_got got = {.status = 0};
    const struct os_get ask = {.url = address, .timeout_ms = FETCH_MS, .max_bytes = JWK_TEXT_MAX,
                               .ca_file = p->ca_file, .plain = p->plain};
    TRY(os_get(rq, &ask, &got));
    if (got.status != 200) {
        return FAIL(rq, E_IO, "provider: status %u", got.status);
    }
    TRY(judge(rq, got.body));
    int64_t life = got.max_age_s < 0 ? LIFE_MS : MIN(got.max_age_s * MS_SECOND, LIFE_MAX_MS);
    k->text = got.body;
    k->until_ms = (uint64_t)(rq->now.ms + MAX(life, PAUSE_MS));
    return OK;
}

/* What stands at an address of the provider, from the store while it holds. anew: what is kept does not do.
 * errors  E_IO, E_UNPROCESSED */
static enum err text_of(struct req *rq, struct str key, struct str address, judge_fn judge, bool anew,
                        struct str *ret_text)
{
    struct kept k;
    uint64_t now = (uint64_t)rq->now.ms;
    TRY(kept_load(rq, key, address, &k));
    bool holds = k.text.n > 0 && now < k.until_ms;
    if (holds && !anew) {
        *ret_text = k.text;
        return OK;
    }
    if (now < k.failed_ms + PAUSE_MS && now >= k.failed_ms) {
        return FAIL(rq, E_IO, "provider: it did not answer well a moment ago");
    }
    enum err e = fetch(rq, address, judge, &k);
    struct err_rec why = rq->err;
    k.failed_ms = e == OK ? 0 : now;
    if (e != OK) {
        err_clear(rq);
    }
    TRY(kept_save(rq, key, address, &k));
    if (e != OK) {
        rq->err = why;
        return e;
    }
    *ret_text = k.text;
    return OK;
}

/* ---- what it says of itself ---- */

static bool address_is_good(const struct provider_settings *p, struct str address)
{
    struct url u;
    return address.n > 0 && address.n <= ADDRESS_MAX && str_find_char(address, '#') == address.n
           && url_split(address, &u)
           && (str_eq(u.scheme, S("https")) || (p->plain && str_eq(u.scheme, S("http"))));
}

static bool lists(struct jv list, struct str word)
{
    bool has = false;
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        has = has || json_is(v, word);
    }
    return has;
}

enum err provider_meta_read(struct req *rq, struct str text, struct provider_meta *ret_meta)
{
    static const struct json_limits lim = {JWK_TEXT_MAX, 16, 4000};
    const struct provider_settings *p = &care_of(rq)->provider;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    if (json_parse(rq, text, &lim, doc) != OK) {
        err_clear(rq);
        return FAIL(rq, E_UNPROCESSED, "discovery: no JSON");
    }
    struct jv root = json_root(doc);
    struct jv auth = json_get(root, S("token_endpoint_auth_methods_supported"));
    struct provider_meta m = {
        .authorize = json_str(rq->a, json_get(root, S("authorization_endpoint"))),
        .token = json_str(rq->a, json_get(root, S("token_endpoint"))),
        .keys = json_str(rq->a, json_get(root, S("jwks_uri"))),
        .names_itself = json_true(json_get(root, S("authorization_response_iss_parameter_supported"))),
        .post = json_has(auth) && !lists(auth, S("client_secret_basic"))
                && lists(auth, S("client_secret_post")),
    };
    if (!json_is(json_get(root, S("issuer")), p->issuer)) { /* Discovery 1.0 4.3: exactly */
        return FAIL(rq, E_UNPROCESSED, "discovery: it calls itself by another name");
    }
    if (!address_is_good(p, m.authorize) || !address_is_good(p, m.token)
        || !address_is_good(p, m.keys)) {
        return FAIL(rq, E_UNPROCESSED, "discovery: an address is none, or without TLS");
    }
    *ret_meta = m;
    return OK;
}

static enum err judge_meta(struct req *rq, struct str text)
{
    struct provider_meta m;
    return provider_meta_read(rq, text, &m);
}

enum err provider_meta(struct req *rq, struct provider_meta *ret_meta)
{
    struct buf b;
    struct str text = {0};
    struct str issuer = care_of(rq)->provider.issuer;
    while (str_ends(issuer, S("/"))) { /* Discovery 1.0 4.1 */
        issuer.n--;
    }
    buf_init(&b, rq->a, ADDRESS_MAX);
    buf_str(&b, issuer);
    BUF_LIT(&b, WELL_KNOWN);
    TRY_MEM(rq, buf_get(&b).p);
    TRY(text_of(rq, S(META_KEY), buf_get(&b), judge_meta, false, &text));
    return provider_meta_read(rq, text, ret_meta);
}

/* ---- its keys ---- */

static enum err keys_read(struct req *rq, struct str text, struct jwk *keys, size_t *ret_n)
{
    if (jwk_set_parse_as(rq, text, JWK_RS256, keys, ret_n) != OK) {
        err_clear(rq);
        return FAIL(rq, E_UNPROCESSED, "keys: malformed, weak, secret, or none");
    }
    return OK;
}

static enum err judge_keys(struct req *rq, struct str text)
{
    struct jwk *keys = ARENA_ARRAY(rq->a, JWK_KEYS_MAX, struct jwk);
    size_t n = 0;
    TRY_MEM(rq, keys);
    return keys_read(rq, text, keys, &n);
}

enum err provider_keys(struct req *rq, const struct provider_meta *meta, const struct jws *j,
                       struct jwk ret_keys[JWK_KEYS_MAX], size_t *ret_n)
{
    struct str text = {0};
    bool known = false;
    TRY(text_of(rq, S(KEYS_KEY), meta->keys, judge_keys, false, &text));
    TRY(keys_read(rq, text, ret_keys, ret_n));
    for (size_t i = 0; i < *ret_n; i++) {
        known = known || j->kid.n == 0 || str_eq(ret_keys[i].kid, j->kid);
    }
    if (known) {
        return OK;
    }
    TRY(text_of(rq, S(KEYS_KEY), meta->keys, judge_keys, true, &text)); /* it may have changed them */
    return keys_read(rq, text, ret_keys, ret_n);
}
