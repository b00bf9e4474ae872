/* care/staff_invite.c - a link becomes a password. See staff_invite.h. */
#include "care/staff_invite.h"

#include "care/account_int.h"
#include "care/notify.h"
#include "care/password.h"
#include "care/put.h"
#include "care/sign.h"
#include "os/random.h"
#include "store/db.h"

_Static_assert((int)STAFF_INVITE_TOKEN == (int)OS_ID_LEN, "a link's value is an id of os/random.h");

bool staff_invite_can_mail(const struct care *care)
{
    return notify_channels[CHANNEL_MAIL].ready(&care->notify) && care->notify.base_url.n > 0;
}

enum err staff_invite_known(struct req *rq, struct str person, struct str *ret_mail)
{
    struct notify_address rows[NOTIFY_ADDRESSES];
    uint32_t n = 0;
    struct str mail = S("");
    TRY(notify_addresses(rq, person, rows, &n));
    for (uint32_t i = 0; i < n && mail.n == 0; i++) {
        bool good = rows[i].channel == CHANNEL_MAIL && rows[i].state == ADDRESS_GOOD;
        mail = good ? rows[i].address : mail;
    }
    *ret_mail = mail;
    return OK;
}

enum err staff_invite_account(struct req *rq, struct tx *tx, struct str login, struct str person)
{
    /* No password is the one of an empty hash. Nobody is held for it: they may come by a provider. */
    return account_add(rq, tx, login, person, S(""), false);
}

/* ---- making, withdrawing ---- */

static enum err end_waiting(struct req *rq, struct tx *tx, struct str login, struct str person)
{
    TRY(TX_SQL(tx, W_POST_OF_KIND_END, 0, sql_text(person), sql_i64(NOTICE_INVITED)));
    TRY(TX_SQL(tx, W_ADDRESS_INVITED_END, 0, sql_text(person), sql_i64(CHANNEL_MAIL), sql_text(login)));
    return TX_SQL(tx, W_STAFF_INVITES_END, 0, sql_text(login), sql_i64(rq->now.ms));
}

enum err staff_invite_make(struct req *rq, struct tx *tx, struct str login, struct str person,
                           struct str mail, struct staff_invite_made *ret_made)
{
    struct staff_invite_made m = {.expires = {rq->now.ms + STAFF_INVITE_HOURS * MS_HOUR}};
    char token[OS_ID_LEN + 1];
    struct str id = put_new_id(rq);
    struct str to = S("");

    TRY_MEM(rq, id.p);
    os_id(token);
    struct str hash = secret_hash(rq, str_z(token));
    TRY_MEM(rq, hash.p);
    TRY(end_waiting(rq, tx, login, person));
    if (mail.n > 0) {
        if (!staff_invite_can_mail(care_of(rq))) {
            return FAIL(rq, E_BAD_INPUT, "mail");
        }
        TRY(notify_invited(rq, tx, person, mail, str_z(token), m.expires, &to));
    }
    TRY(TX_SQL(tx, W_STAFF_INVITE_NEW, TX_MUST_BE_NEW, sql_text(id), sql_blob(hash), sql_text(login),
               sql_text(str_or_empty(rq->who->person)), sql_text(to),
               sql_i64(rq->now.ms), sql_i64(m.expires.ms)));
    TRY(account_note(rq, AUDIT_ADMIN, person, OK,
                     to.n > 0 ? S("invited to choose a password, by e-mail")
                              : S("invited to choose a password, by a link")));
    for (size_t i = 0; i < sizeof token && to.n == 0; i++) {
        m.token[i] = token[i];
    }
    *ret_made = m;
    return OK;
}

enum err staff_invite_drop(struct req *rq, struct tx *tx, const struct account *acc)
{
    return end_waiting(rq, tx, acc->login, acc->person);
}

enum err staff_invite_end(struct req *rq, struct tx *tx, const struct account *acc)
{
    TRY(staff_invite_drop(rq, tx, acc));
    return account_note(rq, AUDIT_ADMIN, acc->person, OK, S("invitation withdrawn"));
}

/* ---- reading ---- */

static struct staff_invite row_of(struct req *rq, const struct db_rows *q)
{
    struct staff_invite i = {
        .id = db_text(rq->a, q, 0),
        .account = db_i64(q, 1),
        .by = db_text(rq->a, q, 2),
        .mail = db_text(rq->a, q, 3),
        .created = {db_i64(q, 4)},
        .expires = {db_i64(q, 5)},
    };
    i.state = db_i64(q, 6) != 0               ? STAFF_INVITE_USED
              : db_i64(q, 7) != 0             ? STAFF_INVITE_WITHDRAWN
              : i.expires.ms <= rq->now.ms    ? STAFF_INVITE_EXPIRED
                                              : STAFF_INVITE_WAITS;
    return i;
}

enum err staff_invite_last(struct req *rq, int64_t account, struct staff_invite *ret_invite)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_STAFF_INVITE_LAST, sql_i64(account)));
    *ret_invite = row_of(rq, &q);
    return OK;
}

enum err staff_invite_find(struct req *rq, struct str token, struct staff_invite *ret_invite,
                           struct account *ret_account)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct account acc;
    if (token.n != STAFF_INVITE_TOKEN) {
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    struct str hash = secret_hash(rq, token);
    TRY_MEM(rq, hash.p);
    TRY(DB_ONE(rq, &q, Q_STAFF_INVITE_TOKEN, sql_blob(hash)));
    struct staff_invite i = row_of(rq, &q);
    TRY(account_by_id(rq, i.account, &acc));
    if (i.state == STAFF_INVITE_WAITS && acc.state == ACCOUNT_CLOSED) {
        i.state = STAFF_INVITE_WITHDRAWN;
    }
    *ret_invite = i;
    *ret_account = acc;
    return OK;
}

/* ---- accepting ---- */

/* Everything of it, into tx. */
static enum err accept_write(struct req *rq, struct tx *tx, const struct staff_invite *i,
                             struct str hash)
{
    struct account acc;
    TRY(account_by_id(rq, i->account, &acc));
    TRY(TX_SQL(tx, W_STAFF_INVITE_USED, TX_MUST_CHANGE, sql_text(i->id), sql_i64(rq->now.ms)));
    TRY(TX_SQL(tx, W_ACCOUNT_PASSWORD, TX_MUST_CHANGE, sql_i64(acc.id), sql_text(hash),
               sql_i64(ACCOUNT_ACTIVE), sql_i64(rq->now.ms)));
    if (acc.bare) { /* nobody chose a language yet: the one the invitation was read in */
        TRY(account_lang(rq, tx, &acc, rq->lang));
    }
    TRY(doors_end(rq, tx, &acc));
    TRY(sign_keys_end(rq, tx, acc.person));
    if (i->mail.n > 0) {
        TRY(TX_SQL(tx, W_ADDRESS_PROVED, 0, sql_text(acc.person), sql_i64(CHANNEL_MAIL),
                   sql_text(i->mail)));
    }
    if (!acc.bare) { /* else nobody but who chooses it now was there to be told */
        TRY(notice_tell(rq, tx, acc.person, NOTICE_LINK_USED, S("")));
    }
    return account_note(rq, AUDIT_PASSWORD, acc.person, OK, S("chosen by invitation"));
}

enum err staff_invite_accept(struct req *rq, struct str token, struct str password,
                             const struct sign_in_from *from, struct session *ret_session)
{
    struct staff_invite i;
    struct session s = {0};
    struct who *who = NULL;
    struct str role = {0};
    struct str hash = {0};
    struct audit_rec *before = rq->audit;
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(staff_invite_find(rq, token, &i, &s.account));
    if (i.state != STAFF_INVITE_WAITS) {
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    enum err e = who_begins(rq, &s.account, &who, &role);
    if (e == E_SIGN_IN) {
        return FAIL(rq, E_UNPROCESSED, "no role");
    }
    TRY(e);
    TRY(password_judge(rq, s.account.login, password));
    TRY(password_hash(rq, password, &hash));
    who->audit.login = s.account.login;
    s.account.lang = s.account.bare ? rq->lang : s.account.lang;
    const struct who *had = rq->who;
    rq->who = who; /* the record names who accepted */
    e = accept_write(rq, tx, &i, hash);
    e = e == OK ? session_begin(rq, tx, who, role, from, S("by invitation"), &s) : e;
    e = e == OK ? store_commit(care_of(rq)->store, rq, tx) : e;
    rq->who = had;
    if (e == E_STALE) { /* somebody used or withdrew it just now */
        rq->audit = before;
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    TRY(e);
    *ret_session = s;
    return OK;
}
