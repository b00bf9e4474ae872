/* care/passkey_sign_in.c - signing in with a passkey, which is both steps at once. See passkey.h. */
#include "care/account_int.h"
#include "care/factor_int.h"
#include "care/grant.h"
#include "care/notice.h"
#include "care/passkey_int.h"
#include "care/refusal.h"
#include "os/thread.h"

/* In the span of care/grant.h, from one address: a hospital may have one for all its computers. */
enum { RATE_KEY_MAX = 80, ASKS_MAX = 200, FAILURES_MAX = 20 };

static struct str rate_key(struct req *rq, struct str kind)
{
    struct buf b;
    buf_init(&b, rq->a, RATE_KEY_MAX);
    buf_str(&b, kind);
    buf_str(&b, str_z(rq->peer));
    return buf_get(&b);
}

enum err passkey_ask(struct req *rq, struct passkey_ask *ret_ask)
{
    struct webauthn_ask place;
    struct passkey_ask ask = {0};
    struct passkey_wait w = {0};
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    if (!passkey_place(rq, &place)) {
        return FAIL(rq, E_UNSUPPORTED, "passkeys need base_url");
    }
    TRY(rate_check(rq, rate_key(rq, S("passkey-ask ")), ASKS_MAX));
    TRY(rate_check(rq, rate_key(rq, S("passkey ")), FAILURES_MAX));
    secret_new(ask.attempt);
    w.hash = secret_hash(rq, (struct str){ask.attempt, SESSION_LEN});
    TRY_MEM(rq, w.hash.p);
    TRY(passkey_wait_new(rq, tx, &w, &ask.challenge));
    TRY(rate_count(rq, tx, rate_key(rq, S("passkey-ask "))));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    ask.rp_id = place.rp_id;
    *ret_ask = ask;
    return OK;
}

/* One more failure from this address. */
static enum err count_address(struct req *rq, struct tx *tx)
{
    return rate_count(rq, tx, rate_key(rq, S("passkey ")));
}

/* A passkey nobody has (any more). */
static enum err unknown(struct req *rq)
{
    struct tx *tx = tx_new(rq);
    err_clear(rq);
    TRY_MEM(rq, tx);
    TRY(count_address(rq, tx));
    TRY(account_note(rq, AUDIT_LOGIN, (struct str){0}, E_SIGN_IN, S("unknown passkey")));
    TRY(refusal_count(rq, tx));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    return FAIL(rq, E_SIGN_IN, "passkey");
}

/* One of this account that opens nothing: counted as a wrong password is, and by address. In turn. */
static enum err wrong(struct req *rq, const struct account *acc, struct str what)
{
    struct tx *tx = tx_new(rq);
    err_clear(rq);
    TRY_MEM(rq, tx);
    TRY(count_address(rq, tx));
    return account_failed_with(rq, tx, acc, what);
}

static enum err is_copied(struct req *rq)
{
    err_clear(rq);
    return FAIL(rq, E_CONFLICT, "passkey: its counter went back");
}

/* Its counter went back: which of the two is its person's nobody knows, so neither opens anything now. */
static enum err stop(struct req *rq, const struct account *acc, int64_t id)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_PASSKEY_STOP, TX_MUST_CHANGE, sql_i64(id)));
    TRY(count_address(rq, tx));
    TRY(notice_tell(rq, tx, acc->person, NOTICE_PASSKEY_COPIED, S("")));
    TRY(account_note(rq, AUDIT_LOGIN, acc->person, E_SIGN_IN, S("passkey stopped: its counter went back")));
    TRY(refusal_count(rq, tx));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    return is_copied(rq);
}

static enum err find(struct req *rq, const struct passkey_said *said, struct passkey *ret_p)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct str id = passkey_bytes(rq, said->id, WEBAUTHN_ID_MAX);
    if (id.p == NULL || id.n == 0) {
        return FAIL(rq, E_NOT_FOUND, "passkey");
    }
    TRY(DB_ONE(rq, &q, Q_PASSKEY, sql_blob(id)));
    return passkey_read(rq, &q, ret_p);
}

/* Is what came right for this passkey? *ret_now: count and flags. False without an error: no. */
static enum err verify(struct req *rq, const struct passkey *p, const struct passkey_wait *w,
                       const struct passkey_said *said, struct webauthn_key *ret_now, bool *ret_right)
{
    struct webauthn_ask ask;
    struct str client = passkey_bytes(rq, said->client_data, WEBAUTHN_CLIENT_MAX);
    struct str data = passkey_bytes(rq, said->auth_data, WEBAUTHN_DATA_MAX);
    struct str sig = passkey_bytes(rq, said->sig, WEBAUTHN_SIG_MAX);
    struct str handle = passkey_bytes(rq, said->handle, PASSKEY_HANDLE);
    *ret_right = false;
    if (client.p == NULL || data.p == NULL || sig.p == NULL || handle.p == NULL
        || (handle.n > 0 && !str_eq(handle, p->handle)) || !passkey_place(rq, &ask)) {
        return OK;
    }
    ask.challenge = passkey_text(rq, w->challenge);
    enum err e = webauthn_get(rq, &ask, &p->key, client, data, sig, ret_now);
    *ret_right = e == OK;
    if (e == E_FORBIDDEN || e == E_BAD_INPUT || e == E_SYNTAX || e == E_TOO_LARGE) {
        err_clear(rq);
        return OK;
    }
    return e;
}

static enum err write(struct req *rq, struct tx *tx, const struct passkey *p, const struct webauthn_key *now,
                      const struct sign_in_from *from, struct str role, struct session *s)
{
    TRY(TX_SQL(tx, W_PASSKEY_USED, TX_MUST_CHANGE, sql_i64(p->id), sql_i64(p->key.count),
               sql_i64(now->count), sql_i64(now->flags), sql_i64(rq->now.ms)));
    TRY(session_begin_whole(rq, tx, role, from, S("with passkey"), s));
    return session_stepped(rq, tx, s);
}

/* As whom the account acts. errors  E_SIGN_IN  it is closed, or nothing is open to it */
static enum err begins(struct req *rq, const struct account *acc, struct who **ret_who, struct str *ret_role)
{
    return acc->state == ACCOUNT_CLOSED ? FAIL(rq, E_SIGN_IN, "closed")
                                        : who_begins(rq, acc, ret_who, ret_role);
}

static enum err enter_in_turn(struct req *rq, const struct passkey_wait *w, const struct passkey_said *said,
                              const struct sign_in_from *from, struct session *s)
{
    struct tx *tx = tx_new(rq);
    struct audit_rec *before = rq->audit;
    struct passkey p;
    struct webauthn_key now;
    struct who *who = NULL;
    struct str role = {0};
    bool right = false;
    TRY_MEM(rq, tx);
    enum err e = find(rq, said, &p); /* again: what it says now */
    if (e == E_NOT_FOUND) {
        return unknown(rq);
    }
    TRY(e);
    TRY(account_by_id(rq, p.account, &s->account));
    TRY(account_wait(rq, &s->account));
    TRY(verify(rq, &p, w, said, &now, &right));
    if (!right) {
        return wrong(rq, &s->account, S("passkey"));
    }
    e = begins(rq, &s->account, &who, &role);
    if (e == E_SIGN_IN) {
        return wrong(rq, &s->account, S("passkey"));
    }
    TRY(e);
    if (p.stopped) {
        e = wrong(rq, &s->account, S("passkey that is stopped"));
        return e == E_SIGN_IN ? is_copied(rq) : e;
    }
    if (webauthn_is_copied(p.key.count, now.count)) {
        return stop(rq, &s->account, p.id);
    }
    who->audit.login = s->account.login;
    TRY(write(rq, tx, &p, &now, from, role, s));
    e = sign_in_commit(rq, tx, who);
    if (e == E_STALE) { /* removed meanwhile */
        rq->audit = before;
        return unknown(rq);
    }
    return e;
}

enum err sign_in_passkey(struct req *rq, struct str attempt, const struct passkey_said *said,
                         const struct sign_in_from *from, struct session *ret_session)
{
    struct session s = {0};
    struct passkey_wait w;
    struct passkey p;
    struct account acc;
    TRY(rate_check(rq, rate_key(rq, S("passkey ")), FAILURES_MAX));
    if (attempt.n != SESSION_LEN) {
        return FAIL(rq, E_NOT_FOUND, "no attempt");
    }
    struct str hash = secret_hash(rq, attempt);
    TRY_MEM(rq, hash.p);
    TRY(passkey_wait_take(rq, hash, 0, &w));
    enum err e = find(rq, said, &p);
    if (e == E_NOT_FOUND) {
        return unknown(rq);
    }
    TRY(e);
    TRY(account_by_id(rq, p.account, &acc));
    struct os_mutex *turn = account_turn(rq, acc.login);
    os_lock(turn);
    e = enter_in_turn(rq, &w, said, from, &s);
    os_unlock(turn);
    TRY(e);
    *ret_session = s;
    return OK;
}
