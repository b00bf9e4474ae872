/* care/client_keys.c - public keys of applications, fetched from the address they were registered with
 * (SMART App Launch 2.2, client-confidential-asymmetric). See client.h.
 *
 * Only the registered address is ever asked, never one that a token names. What came is kept beside the
 * registration, as long as its answer allows, at most an hour; a key nobody knows makes them be asked for
 * again, but not more than once in ten seconds: forged assertions cannot make the server call others. */
#include "care/client.h"
#include "os/clock.h"
#include "os/outgoing.h"
#include "store/tx.h"

#define PAUSE_MS (10 * MS_SECOND)
#define LIFE_MS (5 * MS_MINUTE) /* when the answer names none */
#define LIFE_MAX_MS MS_HOUR
enum { FETCH_MS = 5000 };

static bool has_kid(const struct jwk *keys, size_t n, struct str kid)
{
    for (size_t i = 0; i < n; i++) {
        if (kid.n == 0 || str_eq(keys[i].kid, kid)) {
            return true;
        }
    }
    return false;
}

/* The keys that stand there now. */
static enum err fetch(struct req *rq, const struct client *c, struct os_got *ret_got, struct jwk *keys,
                      size_t *ret_n)
{
    const struct os_get ask = {.url = c->jwks_uri,
                               .timeout_ms = FETCH_MS,
                               .max_bytes = JWK_TEXT_MAX,
                               .ca_file = care_of(rq)->hooks.ca_file,
                               .plain = str_starts(c->jwks_uri, S("http:"))};
    TRY(os_get(rq, &ask, ret_got));
    if (ret_got->status != 200) {
        return FAIL(rq, E_IO, "status %u", ret_got->status);
    }
    return jwk_set_parse(rq, ret_got->body, keys, ret_n);
}

static enum err keep(struct req *rq, const struct client *c, const struct os_got *got)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    if (got == NULL) {
        TRY(TX_SQL(tx, W_CLIENT_KEYS_TRIED, 0, sql_text(c->id), sql_i64(rq->now.ms)));
    } else {
        int64_t life = got->max_age_s < 0 ? LIFE_MS : MIN(got->max_age_s * MS_SECOND, LIFE_MAX_MS);
        TRY(TX_SQL(tx, W_CLIENT_KEYS, 0, sql_text(c->id), sql_text(got->body), sql_i64(rq->now.ms),
                   sql_i64(rq->now.ms + MAX(life, PAUSE_MS))));
    }
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err client_keys(struct req *rq, struct client *c, const struct jws *j, struct jwk *ret_keys,
                     size_t *ret_n)
{
    struct os_got got = {.status = 0};
    bool fetched = c->jwks_uri.n > 0;
    bool fresh = c->jwks.n > 0 && (!fetched || rq->now.ms < c->jwks_until.ms);
    size_t n = 0;
    if (fresh && jwk_set_parse(rq, c->jwks, ret_keys, &n) != OK) {
        err_clear(rq);
        fresh = false;
    }
    bool pause = rq->now.ms < c->jwks_tried.ms + PAUSE_MS;
    if (fetched && !pause && !(fresh && has_kid(ret_keys, n, j->kid))) {
        enum err e = fetch(rq, c, &got, ret_keys, &n);
        fresh = e == OK || (fresh && jwk_set_parse(rq, c->jwks, ret_keys, &n) == OK);
        err_clear(rq);
        TRY(keep(rq, c, e == OK ? &got : NULL));
    }
    if (!fresh) {
        return FAIL(rq, E_SIGN_IN, fetched ? "assertion: keys cannot be fetched" : "assertion: keys");
    }
    *ret_n = n;
    return OK;
}
