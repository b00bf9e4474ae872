/* care/provider_sign_in.c - a browser is sent to the provider, and comes back as somebody. See provider.h. */
#include "care/provider_int.h"

#include <openssl/crypto.h>

#include "care/account_int.h"
#include "care/factor.h"
#include "care/grant.h"
#include "care/notice.h"
#include "care/refusal.h"
#include "codec/b64.h"
#include "codec/url.h"
#include "os/log.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/tx.h"

#define STATE_KEPT_MS MS_HOUR /* that a state was used: longer than its cookie holds */
#define USED_BY "provider"    /* in whose name, beside applications */
enum { ADDRESS_MAX = 6000, NEXT_MAX = 1000, CODE_MAX = 2000, HASH_CHARS = 43 };
/* In the span of care/grant.h, from one address, as of passkeys: anybody can make up a cookie with its
 * state, and each that comes back with one has the provider called. */
enum { RATE_KEY_MAX = 80, FAILURES_MAX = 20, TRIES = 5 };

/* ---- one random value for all ---- */

/* SHA-256 of "what:secret" as base64url: what for is told apart. */
static struct str derived(struct req *rq, const char *what, struct str secret)
{
    struct sha s;
    uint8_t sha[32];
    struct buf b;
    sha_init(&s);
    sha_add(&s, what, str_z(what).n);
    sha_add(&s, ":", 1);
    sha_add(&s, secret.p, secret.n);
    sha_done(&s, sha);
    buf_init(&b, rq->a, HASH_CHARS + 1);
    b64_write(&b, sha, sizeof sha, B64_URL);
    return buf_get(&b);
}

static struct str challenge(struct req *rq, struct str verifier) /* RFC 7636 4.2, S256 */
{
    uint8_t sha[32];
    struct buf b;
    sha_of(verifier, sha);
    buf_init(&b, rq->a, HASH_CHARS + 1);
    b64_write(&b, sha, sizeof sha, B64_URL);
    return buf_get(&b);
}

/* "SECRET.TIME.NEXT"; a path too long for it is left out: a part of it would lead somewhere else. */
static enum err cookie_make(struct req *rq, struct str next, struct str *ret_cookie)
{
    char secret[SESSION_LEN + 1];
    struct buf b;
    secret_new(secret);
    buf_init(&b, rq->a, PROVIDER_COOKIE_MAX);
    buf_str(&b, str_z(secret));
    buf_char(&b, '.');
    buf_i64(&b, rq->now.ms / 1000);
    buf_char(&b, '.');
    b64_write(&b, next.p, next.n <= NEXT_MAX ? next.n : 0, B64_URL);
    TRY_MEM(rq, buf_get(&b).p);
    *ret_cookie = buf_get(&b);
    return OK;
}

/* The path of a cookie that still holds. */
static bool cookie_read(struct req *rq, struct str cookie, struct str *ret_next)
{
    struct str rest = cookie;
    struct str secret;
    struct str time;
    uint64_t begun = 0;
    int64_t now = rq->now.ms / 1000;
    if (cookie.n > PROVIDER_COOKIE_MAX || !str_cut(&rest, '.', &secret) || secret.n != SESSION_LEN
        || !str_cut(&rest, '.', &time) || !str_u64(time, &begun) || begun > INT32_MAX * INT64_C(100)) {
        return false;
    }
    struct str next = rest.n > 0 ? b64_decoded(rq->a, rest, B64_URL) : S("");
    bool holds = (int64_t)begun <= now && now - (int64_t)begun <= PROVIDER_COOKIE_S && next.p != NULL;
    *ret_next = holds ? next : *ret_next;
    return holds;
}

/* ---- there ---- */

static void add_scope(struct buf *b, struct req *rq, struct str scope)
{
    struct buf all;
    struct str rest = scope;
    struct str one;
    buf_init(&all, rq->a, 400);
    BUF_LIT(&all, "openid");
    while (str_cut(&rest, ' ', &one)) {
        if (one.n > 0 && !str_eq(one, S("openid"))) {
            buf_char(&all, ' ');
            buf_str(&all, one);
        }
    }
    form_add(b, S("scope"), buf_get(&all));
}

/* The administrators read of it in the log: there is nobody yet whom the record could name. */
static enum err logged(struct req *rq, enum err e)
{
    if (e == E_UNPROCESSED || e == E_IO) {
        LOG(LOG_PROVIDER_FAILED, log_u64(rq->id), log_err(e), log_where(&rq->err));
    }
    return e;
}

enum err provider_begin(struct req *rq, const struct provider_ask *ask, struct str *ret_cookie,
                        struct str *ret_address)
{
    const struct provider_settings *p = &care_of(rq)->provider;
    struct provider_meta meta;
    struct str cookie = {0};
    struct buf b;
    struct buf query;
    TRY(logged(rq, provider_meta(rq, &meta)));
    TRY(cookie_make(rq, ask->next, &cookie));
    buf_init(&query, rq->a, ADDRESS_MAX);
    form_add(&query, S("response_type"), S("code"));
    form_add(&query, S("client_id"), p->client_id);
    form_add(&query, S("redirect_uri"), ask->redirect);
    add_scope(&query, rq, p->scope);
    form_add(&query, S("state"), derived(rq, "state", cookie));
    form_add(&query, S("nonce"), derived(rq, "nonce", cookie));
    form_add(&query, S("code_challenge"), challenge(rq, derived(rq, "verifier", cookie)));
    form_add(&query, S("code_challenge_method"), S("S256"));
    buf_init(&b, rq->a, ADDRESS_MAX + NEXT_MAX);
    buf_str(&b, meta.authorize);
    buf_char(&b, str_find_char(meta.authorize, '?') < meta.authorize.n ? '&' : '?');
    buf_str(&b, buf_get(&query));
    if (!buf_ok(&query) || !buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "address of the provider");
    }
    *ret_cookie = cookie;
    *ret_address = buf_get(&b);
    return OK;
}

/* ---- and back ---- */

static struct str about(struct req *rq, const char *what, struct str text)
{
    struct buf b;
    buf_init(&b, rq->a, 600);
    buf_str(&b, str_z(what));
    buf_str(&b, text);
    return arena_str(rq->a, buf_get(&b));
}

/* The browser that began it, now, once: durable before anything else is done. */
static enum err state_take(struct req *rq, const struct provider_back *back, struct str *ret_next)
{
    struct str state = derived(rq, "state", back->cookie);
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY_MEM(rq, state.p);
    if (!cookie_read(rq, back->cookie, ret_next)) {
        return FAIL(rq, E_STALE, "state: begun elsewhere, or too long ago");
    }
    if (back->state.n != state.n || CRYPTO_memcmp(back->state.p, state.p, state.n) != 0) {
        return FAIL(rq, E_STALE, "state: another one");
    }
    struct str hash = secret_hash(rq, state);
    TRY_MEM(rq, hash.p);
    TRY(TX_SQL(tx, W_JTI_NEW, TX_MUST_BE_NEW, sql_text(S(USED_BY)), sql_blob(hash),
               sql_i64(rq->now.ms + STATE_KEPT_MS)));
    enum err e = store_commit(care_of(rq)->store, rq, tx);
    if (e == E_CONFLICT) {
        err_clear(rq);
        return FAIL(rq, E_STALE, "state: used before");
    }
    return e;
}

/* RFC 9207: an answer that names another provider was made to confuse us; then what it says. */
static enum err answer_check(struct req *rq, const struct provider_meta *meta,
                             const struct provider_back *back)
{
    if (back->iss.n > 0 ? !str_eq(back->iss, care_of(rq)->provider.issuer) : meta->names_itself) {
        return FAIL(rq, E_UNPROCESSED, "answer: iss");
    }
    if (back->error.n > 0) {
        bool busy = str_eq(back->error, S("server_error"))
                    || str_eq(back->error, S("temporarily_unavailable"));
        return busy ? FAIL(rq, E_IO, "answer: an error of the provider")
                    : FAIL(rq, E_FORBIDDEN, "answer: the provider did not let them in");
    }
    return back->code.n > 0 && back->code.n <= CODE_MAX ? OK : FAIL(rq, E_UNPROCESSED, "answer: code");
}

/* Number and account are tied to each other, or both are free.
 * errors  E_SIGN_IN */
static enum err tie_check(struct req *rq, const struct provider_person *person, int64_t account,
                          bool *ret_tied)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_PROVIDER_TIES, sql_text(care_of(rq)->provider.issuer),
                 sql_text(person->sub), sql_i64(account)));
    TRY(db_next(rq, &q, &has));
    bool tied = has;
    while (has) {
        if (db_i64(&q, 0) != account || !str_eq(db_peek(&q, 1), person->sub)) {
            return FAIL(rq, E_SIGN_IN, "tied to somebody else");
        }
        TRY(db_next(rq, &q, &has));
    }
    *ret_tied = tied;
    return OK;
}

/* The account that is meant, when nothing says that it is somebody else's.
 * errors  E_SIGN_IN */
static enum err account_of(struct req *rq, const struct provider_person *person, struct account *ret_acc,
                           bool *ret_tied)
{
    struct account acc;
    enum err e = person->login.n > 0 && person->login.n <= LOGIN_MAX
                     ? account_by_login(rq, person->login, &acc)
                     : E_NOT_FOUND;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "nobody has this login");
    }
    TRY(e);
    *ret_acc = acc;
    if (acc.of_patient || acc.state == ACCOUNT_CLOSED) {
        return FAIL(rq, E_SIGN_IN, "closed, or a patient's account");
    }
    return tie_check(rq, person, acc.id, ret_tied);
}

/* As whom the person acts, with what the token says of their roles in tx.
 * errors  E_GONE  no role is in force: what ends with it is durable */
static enum err whom(struct req *rq, struct tx *tx, const struct provider_person *person,
                     const struct account *acc, struct who **ret_who, struct str *ret_role)
{
    const struct directory *dir = NULL;
    if (care_of(rq)->provider.map == NULL) {
        TRY(who_begins(rq, acc, ret_who, ret_role));
        (*ret_who)->audit.login = acc->login;
        rq->who = *ret_who; /* the record names who signs in */
        return OK;
    }
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, acc->person);
    if (p == NULL || !p->active) {
        return FAIL(rq, E_SIGN_IN, "left, or nobody");
    }
    TRY(who_build(rq, dir, p, S(""), ret_who));
    (*ret_who)->audit.login = acc->login;
    rq->who = *ret_who;
    enum err e = provider_roles_put(rq, tx, person, ret_who, ret_role);
    if (e == E_GONE && !tx_is_empty(tx)) {
        err_clear(rq);
        TRY(store_commit(care_of(rq)->store, rq, tx));
        return FAIL(rq, E_GONE, "no role in force");
    }
    rq->who = e == OK ? *ret_who : rq->who;
    return e;
}

/* The tie at the first time. */
static enum err tie(struct req *rq, struct tx *tx, const struct provider_person *person,
                    const struct account *acc)
{
    struct str issuer = care_of(rq)->provider.issuer;
    TRY(TX_SQL(tx, W_PROVIDER_TIE, TX_MUST_BE_NEW, sql_text(issuer), sql_text(person->sub),
               sql_i64(acc->id), sql_i64(rq->now.ms)));
    TRY(account_note(rq, AUDIT_FACTOR, acc->person, OK, about(rq, "tied to a person of ", issuer)));
    return notice_tell(rq, tx, acc->person, NOTICE_PROVIDER, S(""));
}

/* Roles, the tie at the first time and the session: one transaction. */
static enum err begin(struct req *rq, const struct provider_person *person,
                      const struct provider_back *back, bool tied, struct session *s)
{
    struct tx *tx = tx_new(rq);
    struct who *who = NULL;
    struct str role = {0};
    struct str issuer = care_of(rq)->provider.issuer;
    TRY_MEM(rq, tx);
    TRY(whom(rq, tx, person, &s->account, &who, &role));
    if (!tied) {
        TRY(tie(rq, tx, person, &s->account));
    }
    TRY(person->strong ? session_begin_whole(rq, tx, role, &back->from, about(rq, "by ", issuer), s)
                       : session_begin(rq, tx, who, role, &back->from, about(rq, "by ", issuer), s));
    if (s->half) { /* the record of the session comes with the second step */
        TRY(account_note(rq, AUDIT_FACTOR, s->account.person, OK, about(rq, "let in by ", issuer)));
    }
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err provider_enter(struct req *rq, const struct provider_person *person,
                        const struct provider_back *back, struct session *s)
{
    const struct who *had = rq->who;
    struct audit_rec *before = rq->audit;
    enum err e = E_STALE;
    for (int i = 0; i < TRIES && (e == E_STALE || e == E_CONFLICT); i++) {
        bool tied = false;
        err_clear(rq);
        rq->audit = before;
        e = account_of(rq, person, &s->account, &tied);
        e = e == OK ? begin(rq, person, back, tied, s) : e;
        rq->who = had;
    }
    return e;
}

static enum err come_back(struct req *rq, const struct provider_back *back, struct session *s)
{
    struct provider_meta meta;
    struct provider_person person = {.strong = false};
    struct str token = {0};
    TRY(provider_meta(rq, &meta));
    TRY(answer_check(rq, &meta, back));
    TRY(provider_exchange(rq, &meta, back->code, derived(rq, "verifier", back->cookie), back->redirect,
                          &token));
    TRY(provider_token(rq, &meta, token, derived(rq, "nonce", back->cookie), &person));
    return provider_enter(rq, &person, back, s);
}

static struct str rate_key(struct req *rq)
{
    struct buf b;
    buf_init(&b, rq->a, RATE_KEY_MAX);
    BUF_LIT(&b, "provider ");
    buf_str(&b, str_z(rq->peer));
    return buf_get(&b);
}

/* Whatever came of it is on record; of a failure, why. One of the provider's own is nobody's here. */
static enum err record(struct req *rq, const struct session *s, enum err e)
{
    struct err_rec why = rq->err;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    (void)logged(rq, e);
    rq->audit = NULL; /* of what was not done */
    err_clear(rq);
    TRY(account_note(rq, AUDIT_LOGIN, s->account.id != 0 ? s->account.person : (struct str){0}, E_SIGN_IN,
                     about(rq, "provider, ", arena_str(rq->a, str_z(why.detail)))));
    TRY(refusal_count(rq, tx));
    if (e != E_IO) {
        TRY(rate_count(rq, tx, rate_key(rq)));
    }
    TRY(store_commit(care_of(rq)->store, rq, tx));
    rq->err = why;
    return e;
}

enum err provider_sign_in(struct req *rq, const struct provider_back *back, struct session *ret_session,
                          struct str *ret_next)
{
    struct session s = {.half = false};
    *ret_next = S("");
    TRY(rate_check(rq, rate_key(rq), FAILURES_MAX));
    enum err e = state_take(rq, back, ret_next);
    if (e == OK) {
        e = come_back(rq, back, &s);
    }
    if (e != OK) {
        return record(rq, &s, e == E_CONFLICT ? E_STALE : e);
    }
    *ret_session = s;
    return OK;
}

enum err provider_untie(struct req *rq, struct tx *tx, const struct account *acc)
{
    TRY(TX_SQL(tx, W_PROVIDER_TIES_END, TX_MUST_CHANGE, sql_i64(acc->id)));
    TRY(sessions_end(tx, acc->id));
    TRY(notice_tell(rq, tx, acc->person, NOTICE_PROVIDER, S("")));
    return account_note(rq, AUDIT_FACTOR, acc->person, OK, S("untied from the identity provider"));
}
