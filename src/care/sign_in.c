/* care/sign_in.c - how a session begins: the password, then the code where there is a second step. */
#include "care/account_int.h"
#include "care/factor_int.h"
#include "care/patient_account.h"
#include "care/spray.h"
#include "os/thread.h"

enum err who_begins(struct req *rq, const struct account *acc, struct who **ret_who,
                    struct str *ret_role)
{
    const struct directory *dir = NULL;

    if (acc->of_patient) {
        TRY(patient_who(rq, acc, (struct str){0}, ret_who));
        *ret_role = (*ret_who)->patient;
        return OK;
    }
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, acc->person);
    if (p == NULL || !p->active || p->n_roles == 0) {
        return FAIL(rq, E_SIGN_IN, "no role");
    }
    *ret_role = p->n_roles == 1 ? p->roles[0].id : (struct str){0};
    return who_build(rq, dir, p, p->roles[0].id, ret_who);
}

enum err session_begin_whole(struct req *rq, struct tx *tx, struct str role_id,
                             const struct sign_in_from *from, struct str detail, struct session *s)
{
    s->half = false;
    s->expires.ms = rq->now.ms + care_of(rq)->session_idle_ms;
    TRY(session_write(rq, tx, &s->account, role_id, from, s->expires, s->token));
    TRY(device_seen(rq, tx, &s->account, from, s->device));
    TRY(TX_SQL(tx, W_ACCOUNT_OK, 0, sql_i64(s->account.id)));
    return account_note(rq, AUDIT_LOGIN, s->account.person, OK, detail);
}

enum err session_stepped(struct req *rq, struct tx *tx, const struct session *s)
{
    struct str hash = secret_hash(rq, (struct str){s->token, SESSION_LEN});
    TRY_MEM(rq, hash.p);
    return TX_SQL(tx, W_SESSION_PASSKEY, TX_MUST_CHANGE, sql_blob(hash));
}

/* The password was right. Wrong ones stay counted until the code is right, too: else who knows the password
 * could try codes without end. */
static enum err half_begin(struct req *rq, struct tx *tx, struct session *s)
{
    s->half = true;
    s->expires.ms = rq->now.ms + HALF_MS;
    secret_new(s->token);
    struct str hash = secret_hash(rq, (struct str){s->token, SESSION_LEN});
    TRY_MEM(rq, hash.p);
    TRY(TX_SQL(tx, W_HALF_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_i64(s->account.id),
               sql_i64(s->expires.ms)));
    return account_note(rq, AUDIT_FACTOR, s->account.person, OK, S("code asked for"));
}

enum err session_begin(struct req *rq, struct tx *tx, const struct who *who, struct str role_id,
                       const struct sign_in_from *from, struct str detail, struct session *s)
{
    bool owed = s->account.passkey && factor_is_owed(care_of(rq), who, false);
    return s->account.factor || owed ? half_begin(rq, tx, s)
                                     : session_begin_whole(rq, tx, role_id, from, detail, s);
}

enum err sign_in_commit(struct req *rq, struct tx *tx, struct who *who)
{
    const struct who *before = rq->who;
    rq->who = who;
    enum err e = store_commit(care_of(rq)->store, rq, tx);
    rq->who = before;
    return e;
}

/* Waits out nothing: E_LOCKED, on record, while the address waits; who comes in a browser that the account
 * was used in before goes on. */
static enum err address_wait(struct req *rq, struct str login, const struct sign_in_from *from)
{
    struct account acc = {0};
    bool known = false;
    int64_t ms = spray_wait(rq);
    if (ms == 0) {
        return OK;
    }
    enum err e = account_by_login(rq, login, &acc);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        e = OK;
    }
    TRY(e);
    TRY(device_known(rq, acc.id, from, &known));
    if (known) {
        return OK;
    }
    TRY(account_note(rq, AUDIT_LOGIN, (struct str){0}, E_LOCKED, S("address waits")));
    return FAIL(rq, E_LOCKED, "wait %lld s, address", (long long)((ms + 999) / 1000));
}

enum err sign_in(struct req *rq, struct str login, struct str password,
                 const struct sign_in_from *from, struct session *ret_session)
{
    struct session s = {0};
    struct tx *tx = tx_new(rq);
    struct who *who = NULL;
    struct str role = {0};

    TRY_MEM(rq, tx);
    TRY(patient_login(rq, login, &login));
    TRY(address_wait(rq, login, from));
    enum err e = account_check(rq, login, password, &s.account);
    if (e == E_SIGN_IN) {
        spray_failed(rq, login);
    }
    TRY(e);
    spray_right(rq, login);
    enum err begins = who_begins(rq, &s.account, &who, &role);
    if (begins == E_SIGN_IN) {
        err_clear(rq);
        return account_failed(rq, &s.account, S("password"));
    }
    TRY(begins);
    who->audit.login = s.account.login;
    TRY(session_begin(rq, tx, who, role, from, S(""), &s));
    TRY(sign_in_commit(rq, tx, who));
    *ret_session = s;
    return OK;
}

/* ---- the second step ---- */

static enum err no_half(struct req *rq)
{
    err_clear(rq);
    return FAIL(rq, E_NOT_FOUND, "no half session");
}

/* The half session of a cookie's value and its account. errors E_NOT_FOUND */
static enum err half_find(struct req *rq, struct str half, struct str *ret_hash,
                          struct account *ret_account)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    if (half.n != SESSION_LEN) {
        return no_half(rq);
    }
    struct str hash = secret_hash(rq, half);
    TRY_MEM(rq, hash.p);
    enum err e = DB_ONE(rq, &q, Q_HALF, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        return no_half(rq);
    }
    TRY(e);
    if (db_i64(&q, 1) <= rq->now.ms) {
        return no_half(rq);
    }
    *ret_hash = hash;
    return account_by_id(rq, db_i64(&q, 0), ret_account);
}

enum err half_ways(struct req *rq, const struct account *acc, uint32_t *ret_ways)
{
    struct factor f;
    TRY(factor_get(rq, acc->id, &f));
    bool paper = !acc->factor && acc->passkey && f.recovery_left > 0;
    *ret_ways = (acc->factor ? (uint32_t)HALF_CODE : 0) | (acc->passkey ? (uint32_t)HALF_PASSKEY : 0)
                | (paper ? (uint32_t)HALF_PAPER : 0);
    return OK;
}

enum err half_check(struct req *rq, struct str half, uint32_t *ret_ways)
{
    struct account acc;
    struct str hash;

    enum err e = half_find(rq, half, &hash, &acc);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_ways = 0;
        return OK;
    }
    TRY(e);
    return half_ways(rq, &acc, ret_ways);
}

static enum err wrong_code(struct req *rq, const struct account *acc)
{
    return account_failed(rq, acc, acc->factor ? S("one-time code") : S("recovery code"));
}

/* A code that was taken by somebody else between looking and writing is a wrong one. The record of the
 * sign-in that did not happen goes with it. */
static enum err taken_before(struct req *rq, const struct account *acc, struct audit_rec *before)
{
    err_clear(rq);
    rq->audit = before;
    return wrong_code(rq, acc);
}

static enum err code_in_turn(struct req *rq, struct str half, struct str code,
                             const struct sign_in_from *from, struct session *s)
{
    struct audit_rec *before = rq->audit;
    struct tx *tx = tx_new(rq);
    struct who *who = NULL;
    struct str role = {0};
    struct str hash = {0};
    enum factor_kind kind = FACTOR_WRONG;

    TRY_MEM(rq, tx);
    TRY(half_find(rq, half, &hash, &s->account));
    TRY(account_wait(rq, &s->account));
    enum err begins = s->account.state == ACCOUNT_CLOSED ? E_SIGN_IN
                                                         : who_begins(rq, &s->account, &who, &role);
    if (begins == E_SIGN_IN) { /* dismissed since the password */
        return no_half(rq);
    }
    TRY(begins);
    TRY(factor_take(rq, tx, &s->account, code, &kind));
    if (kind == FACTOR_WRONG) {
        return wrong_code(rq, &s->account);
    }
    who->audit.login = s->account.login;
    TRY(TX_SQL(tx, W_HALF_END, TX_MUST_CHANGE, sql_blob(hash)));
    TRY(session_begin_whole(rq, tx, role, from,
                            kind == FACTOR_CODE ? S("with one-time code") : S("with recovery code"), s));
    if (!s->account.factor) { /* the code stood for the passkey */
        TRY(session_stepped(rq, tx, s));
    }
    enum err e = sign_in_commit(rq, tx, who);
    return e == E_STALE ? taken_before(rq, &s->account, before) : e;
}

enum err sign_in_code(struct req *rq, struct str half, struct str code, const struct sign_in_from *from,
                      struct session *ret_session)
{
    struct session s = {0};
    struct str hash;

    TRY(half_find(rq, half, &hash, &s.account));
    struct os_mutex *turn = account_turn(rq, s.account.login);
    os_lock(turn);
    enum err e = code_in_turn(rq, half, code, from, &s);
    os_unlock(turn);
    TRY(e);
    *ret_session = s;
    return OK;
}
