/* care/staff_invite.h - invitations of staff: a link by which somebody chooses their own password, instead
 * of one that an administrator made and knows.
 *
 * The link is made for an account, works once and STAFF_INVITE_HOURS long; of its value only the SHA-256 is
 * kept. A newer one takes the place of one that waits; closing the account, dismissing its person and a
 * password that is changed or set by an administrator withdraw it. Sent by e-mail it is nowhere shown, and
 * who opens it has proved the address; its value waits in the queue sealed (store/vault.h) and is forgotten
 * once sent.
 * Until then the account has no password, or keeps the one it has. */
#pragma once

#include "care/account.h"

enum { STAFF_INVITE_HOURS = 72, STAFF_INVITE_TOKEN = 26 /* characters of the link's value */ };

enum staff_invite_state {
    STAFF_INVITE_WAITS,
    STAFF_INVITE_USED,
    STAFF_INVITE_WITHDRAWN, /* or another took its place */
    STAFF_INVITE_EXPIRED,
};

struct staff_invite {
    struct str id;
    int64_t account;
    struct str by;   /* Practitioner; empty: a command */
    struct str mail; /* where it was sent; empty: shown to who made it */
    struct instant created, expires;
    enum staff_invite_state state;
};

struct staff_invite_made {
    char token[STAFF_INVITE_TOKEN + 1]; /* "" when it was sent by e-mail */
    struct instant expires;
};

/* Can a link be sent by e-mail: is there a mail server, and an address that people use? */
bool staff_invite_can_mail(const struct care *care);
/* The address a person has proved, else an empty one. */
MUST_USE enum err staff_invite_known(struct req *rq, struct str person, struct str *ret_mail);
/* An account that nobody can sign in to until its person has chosen a password.
 * errors  as account_add() */
MUST_USE enum err staff_invite_account(struct req *rq, struct tx *tx, struct str login, struct str person);
/* A link for the account of a login, which may have been added in tx. mail: where it is sent; empty: it is
 * given. On record.
 * errors  E_BAD_INPUT  mail is no address, or staff_invite_can_mail() is false
 *         E_LOCKED     the person has too many addresses */
MUST_USE enum err staff_invite_make(struct req *rq, struct tx *tx, struct str login, struct str person,
                                    struct str mail, struct staff_invite_made *ret_made);
/* The newest of an account. errors E_NOT_FOUND there was none */
MUST_USE enum err staff_invite_last(struct req *rq, int64_t account, struct staff_invite *ret_invite);
/* Withdraws what waits. On record. */
MUST_USE enum err staff_invite_end(struct req *rq, struct tx *tx, const struct account *acc);
/* The same as part of another act that is on record. */
MUST_USE enum err staff_invite_drop(struct req *rq, struct tx *tx, const struct account *acc);

/* ---- whoever holds the link ---- */

/* The invitation of a link, whatever its state, and its account. One whose account is closed is withdrawn.
 * errors  E_NOT_FOUND */
MUST_USE enum err staff_invite_find(struct req *rq, struct str token, struct staff_invite *ret_invite,
                                    struct account *ret_account);
/* Takes the password and signs in, or half in where the account has a second step: one transaction with the
 * end of the link. Other sessions, tokens, what applications were let do, and signing keys of the account
 * end. slow, commits itself.
 * errors  E_NOT_FOUND    no such link, or it is over: look again
 *         E_BAD_INPUT    as password_judge()
 *         E_UNPROCESSED  no role of theirs holds now: the link stays as it is */
MUST_USE enum err staff_invite_accept(struct req *rq, struct str token, struct str password,
                                      const struct sign_in_from *from, struct session *ret_session);
