/* care/factor.c - one-time codes of an authenticator program. See factor.h. */
#include <sodium.h>
#include <string.h>

#include "care/account_int.h"
#include "care/factor_int.h"

#include "care/notice.h"
#include "care/passkey.h"
#include "codec/totp.h"
#include "codec/url.h"
#include "os/random.h"
#include "os/thread.h"
#include "store/vault.h"

enum { ABOUT_MAX = 40, URI_MAX = 600, ISSUER_MAX = 200, CODE_TYPED_MAX = 100 };
#define ISSUER "Consilium"

/* A row of the table; state 0 waits, 1 is in use. */
struct factor_row {
    struct str sealed;
    bool on;
    int64_t step;
    struct instant made;
};

static enum err row_load(struct req *rq, int64_t account, struct factor_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_FACTOR, sql_i64(account)));
    *ret_row = (struct factor_row){
        .sealed = db_text(rq->a, &q, 0),
        .on = db_i64(&q, 1) == 1,
        .step = db_i64(&q, 2),
        .made = {db_i64(&q, 3)},
    };
    return ret_row->sealed.p != NULL ? OK : FAIL(rq, E_TOO_LARGE, "arena");
}

static enum err recovery_count(struct req *rq, int64_t account, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECOVERY, sql_i64(account)));
    TRY(db_next(rq, &q, &has));
    for (; has; n++) {
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err factor_get(struct req *rq, int64_t account, struct factor *ret_f)
{
    struct factor_row row;
    struct factor f = {0};
    enum err e = row_load(rq, account, &row);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
    } else {
        TRY(e);
        f = (struct factor){.on = row.on, .waits = !row.on, .made = row.made};
    }
    TRY(recovery_count(rq, account, &f.recovery_left));
    *ret_f = f;
    return OK;
}

bool factor_is_owed(const struct care *care, const struct who *w, bool has)
{
    bool owed = false;
    for (uint32_t i = 0; care->factor_by_role && !has && i < w->n_roles; i++) {
        owed = owed || w->roles[i].factor;
    }
    return owed;
}

/* ---- the secret ---- */

static struct str about(struct req *rq, int64_t account)
{
    struct buf b;
    buf_init(&b, rq->a, ABOUT_MAX);
    BUF_LIT(&b, "factor ");
    buf_i64(&b, account);
    return buf_get(&b);
}

static enum err key_open(struct req *rq, int64_t account, struct str sealed, uint8_t ret_key[TOTP_KEY])
{
    struct str plain;
    TRY(vault_open(rq, care_of(rq)->store, about(rq, account), sealed, &plain));
    bool ok = plain.n == TOTP_KEY;
    memcpy(ret_key, plain.p, ok ? TOTP_KEY : 0);
    sodium_memzero((void *)(uintptr_t)plain.p, plain.n);
    return ok ? OK : FAIL(rq, E_CHECKSUM, "secret of one-time codes: length");
}

static enum err note(struct req *rq, const struct account *acc, struct str what)
{
    return account_note(rq, AUDIT_FACTOR, acc->person, OK, what);
}

/* The account of the person who acts. */
static enum err own_account(struct req *rq, struct account *ret_account)
{
    if (rq->who == NULL || rq->who->account == 0) {
        return FAIL(rq, E_SIGN_IN, "nobody is signed in");
    }
    return account_by_id(rq, rq->who->account, ret_account);
}

enum err factor_begin(struct req *rq, struct tx *tx)
{
    struct account acc;
    uint8_t key[TOTP_KEY];
    struct str sealed;
    TRY(own_account(rq, &acc));
    os_random(key, sizeof key);
    enum err e = vault_seal(rq, care_of(rq)->store, about(rq, acc.id),
                            (struct str){(const char *)key, sizeof key}, &sealed);
    sodium_memzero(key, sizeof key);
    TRY(e);
    TRY(TX_SQL(tx, W_FACTOR_NEW, 0, sql_i64(acc.id), sql_blob(sealed), sql_i64(rq->now.ms)));
    return note(rq, &acc, S("secret made"));
}

/* "Consilium telemed.example": which of several an entry on a telephone belongs to. */
static struct str issuer(struct req *rq)
{
    struct url u;
    struct buf b;
    buf_init(&b, rq->a, ISSUER_MAX);
    BUF_LIT(&b, ISSUER);
    if (url_split(care_of(rq)->notify.base_url, &u) && u.host.n > 0) {
        buf_char(&b, ' ');
        buf_str(&b, u.host);
    }
    return buf_ok(&b) ? buf_get(&b) : S(ISSUER);
}

enum err factor_show(struct req *rq, struct str *ret_text, struct str *ret_uri)
{
    struct account acc;
    struct factor_row row;
    uint8_t key[TOTP_KEY];
    struct buf text;
    struct buf uri;
    TRY(own_account(rq, &acc));
    TRY(row_load(rq, acc.id, &row));
    if (row.on) {
        return FAIL(rq, E_NOT_FOUND, "no secret waits");
    }
    TRY(key_open(rq, acc.id, row.sealed, key));
    buf_init(&text, rq->a, 2 * TOTP_KEY);
    buf_init(&uri, rq->a, URI_MAX);
    totp_base32(&text, key, sizeof key);
    totp_uri(&uri, issuer(rq), acc.login, key);
    sodium_memzero(key, sizeof key);
    TRY_MEM(rq, buf_get(&text).p);
    TRY_MEM(rq, buf_get(&uri).p);
    *ret_text = buf_get(&text);
    *ret_uri = buf_get(&uri);
    return OK;
}

/* ---- codes ---- */

/* The step within the window whose code this is and that is later than after; 0: none. */
static enum err step_of(struct req *rq, const uint8_t key[TOTP_KEY], uint32_t code, int64_t after,
                        int64_t *ret_step)
{
    int64_t now = totp_step(rq->now);
    int64_t found = 0;
    for (int64_t step = now - FACTOR_WINDOW; step <= now + FACTOR_WINDOW; step++) {
        uint32_t right = 0;
        TRY(totp_code(rq, key, step, &right));
        if (right == code && step > after) {
            found = step;
        }
    }
    *ret_step = found;
    return OK;
}

static enum err code_step(struct req *rq, int64_t account, const struct factor_row *row, struct str typed,
                          int64_t *ret_step)
{
    uint8_t key[TOTP_KEY];
    uint32_t code = 0;
    *ret_step = 0;
    if (!totp_typed(typed, &code)) {
        return OK;
    }
    TRY(key_open(rq, account, row->sealed, key));
    enum err e = step_of(rq, key, code, row->step, ret_step);
    sodium_memzero(key, sizeof key);
    return e;
}

enum err factor_take(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                     enum factor_kind *ret_kind)
{
    struct factor_row row;
    int64_t step = 0;
    bool right = false;
    *ret_kind = FACTOR_WRONG;
    if ((!acc->factor && !acc->passkey) || code.n > CODE_TYPED_MAX) {
        return OK;
    }
    if (acc->factor) { /* else a passkey is the second step, and codes on paper stand for it alone */
        enum err e = row_load(rq, acc->id, &row);
        if (e == E_NOT_FOUND) { /* taken away meanwhile */
            err_clear(rq);
            return OK;
        }
        TRY(e);
        TRY(code_step(rq, acc->id, &row, code, &step));
    }
    if (step > 0) {
        *ret_kind = FACTOR_CODE;
        return TX_SQL(tx, W_FACTOR_STEP, TX_MUST_CHANGE, sql_i64(acc->id), sql_i64(step));
    }
    TRY(recovery_take(rq, tx, acc->id, code, &right));
    if (!right) {
        return OK;
    }
    *ret_kind = FACTOR_RECOVERY;
    TRY(notice_tell(rq, tx, acc->person, NOTICE_RECOVERY_USED, S("")));
    return note(rq, acc, S("recovery code used"));
}

/* ---- changing it: with the password, then a code ---- */

/* Commits what a right code prepared; a code that somebody else took meanwhile is a wrong one. */
static enum err commit_code(struct req *rq, struct tx *tx, const struct account *acc, bool right,
                            struct audit_rec *before)
{
    enum err e = right ? store_commit(care_of(rq)->store, rq, tx) : E_STALE;
    if (e != E_STALE) {
        return e;
    }
    err_clear(rq);
    rq->audit = before;
    e = account_failed(rq, acc, S("one-time code"));
    if (e != E_SIGN_IN) {
        return e;
    }
    err_clear(rq);
    return FAIL(rq, E_BAD_INPUT, "code");
}

static enum err act_in_turn(struct req *rq, struct str code, const struct factor_act *act)
{
    struct audit_rec *before = rq->audit;
    struct tx *tx = tx_new(rq);
    struct account acc;
    bool right = false;
    TRY_MEM(rq, tx);
    TRY(own_account(rq, &acc));
    TRY(account_wait(rq, &acc));
    TRY(act->prepare(rq, tx, &acc, code, &right, act->ctx));
    return commit_code(rq, tx, &acc, right, before);
}

enum err factor_do(struct req *rq, struct str password, struct str code, const struct factor_act *act)
{
    struct account acc;
    TRY(password_check(rq, password));
    TRY(own_account(rq, &acc));
    struct os_mutex *turn = account_turn(rq, acc.login);
    os_lock(turn);
    enum err e = act_in_turn(rq, code, act);
    os_unlock(turn);
    return e;
}

static enum err confirm(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                        bool *ret_right, void *codes)
{
    struct factor_row row;
    int64_t step = 0;
    TRY(row_load(rq, acc->id, &row));
    if (row.on) {
        return FAIL(rq, E_NOT_FOUND, "no secret waits");
    }
    TRY(code_step(rq, acc->id, &row, code, &step));
    *ret_right = step > 0;
    if (step == 0) {
        return OK;
    }
    TRY(TX_SQL(tx, W_FACTOR_ON, TX_MUST_CHANGE, sql_i64(acc->id), sql_i64(step), sql_blob(row.sealed)));
    TRY(TX_SQL(tx, W_ACCOUNT_FACTOR, TX_MUST_CHANGE, sql_i64(acc->id), sql_i64(1)));
    TRY(TX_SQL(tx, W_ACCOUNT_OK, 0, sql_i64(acc->id)));
    TRY(recovery_make(rq, tx, acc->id, codes));
    TRY(notice_tell(rq, tx, acc->person, NOTICE_FACTOR, S("")));
    return note(rq, acc, S("set up"));
}

enum err factor_confirm(struct req *rq, struct str password, struct str code,
                        struct str ret_codes[RECOVERY_CODES])
{
    return factor_do(rq, password, code, &(struct factor_act){confirm, ret_codes});
}

/* No trace of it is left, but the recovery codes of whom keeps a passkey. */
static enum err end(struct tx *tx, int64_t account)
{
    TRY(TX_SQL(tx, W_FACTOR_END, TX_MUST_CHANGE, sql_i64(account)));
    TRY(TX_SQL(tx, W_ACCOUNT_FACTOR, TX_MUST_CHANGE, sql_i64(account), sql_i64(0)));
    return recovery_end_last(tx, account);
}

static enum err off(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                    bool *ret_right, void *codes)
{
    enum factor_kind kind = FACTOR_WRONG;
    (void)codes;
    if (!acc->factor) {
        return FAIL(rq, E_NOT_FOUND, "no one-time codes are in use");
    }
    TRY(factor_take(rq, tx, acc, code, &kind));
    *ret_right = kind != FACTOR_WRONG;
    if (!*ret_right) {
        return OK;
    }
    TRY(end(tx, acc->id));
    TRY(notice_tell(rq, tx, acc->person, NOTICE_FACTOR, S("")));
    return note(rq, acc, S("switched off"));
}

enum err factor_off(struct req *rq, struct str password, struct str code)
{
    return factor_do(rq, password, code, &(struct factor_act){off, NULL});
}

static enum err codes_anew(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                           bool *ret_right, void *codes)
{
    enum factor_kind kind = FACTOR_WRONG;
    struct factor f;
    if (!factor_paper_asks(acc, rq->who)) {
        *ret_right = true; /* the passkey that this session began with is the code */
    } else {
        TRY(factor_get(rq, acc->id, &f));
        if (!acc->factor && f.recovery_left == 0) {
            return FAIL(rq, E_NOT_FOUND, "nothing a recovery code could be asked by");
        }
        TRY(factor_take(rq, tx, acc, code, &kind));
        *ret_right = kind != FACTOR_WRONG;
    }
    if (!*ret_right) {
        return OK;
    }
    TRY(recovery_make(rq, tx, acc->id, codes));
    TRY(TX_SQL(tx, W_ACCOUNT_OK, 0, sql_i64(acc->id)));
    return note(rq, acc, S("recovery codes made"));
}

bool factor_paper_asks(const struct account *acc, const struct who *w)
{
    return acc->factor || !acc->passkey || !w->stepped;
}

enum err factor_codes(struct req *rq, struct str password, struct str code,
                      struct str ret_codes[RECOVERY_CODES])
{
    return factor_do(rq, password, code, &(struct factor_act){codes_anew, ret_codes});
}

enum err factor_remove(struct req *rq, struct tx *tx, const struct account *acc)
{
    struct factor f;
    TRY(factor_get(rq, acc->id, &f));
    if (!f.on && !acc->passkey) {
        return FAIL(rq, E_NOT_FOUND, "no second step is set up");
    }
    if (f.on) {
        TRY(end(tx, acc->id));
        TRY(notice_tell(rq, tx, acc->person, NOTICE_FACTOR, S("")));
        TRY(note(rq, acc, S("taken away by administrator")));
    }
    if (acc->passkey) {
        TRY(passkeys_end(tx, acc->id));
        TRY(notice_tell(rq, tx, acc->person, NOTICE_PASSKEY, S("")));
        TRY(note(rq, acc, S("passkeys taken away by administrator")));
    }
    return sessions_end(tx, acc->id);
}
