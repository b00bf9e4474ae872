/* care/account.h - signing in: accounts, sessions and personal access tokens.
 *
 * A password is kept as Argon2id; a session or token as the SHA-256 of its random value, so that the
 * data folder opens no door. Hashing is slow on purpose: call the functions marked "slow" on the pool
 * or from commands, never on an I/O thread. */
#pragma once

#include "care/care.h"
#include "care/device.h"
#include "care/who.h"

struct tx;

enum account_state { ACCOUNT_ACTIVE, ACCOUNT_MUST_CHANGE, ACCOUNT_CLOSED };

struct account {
    int64_t id;
    struct str login, person; /* person: Practitioner id; "Patient/ID", "RelatedPerson/ID" */
    bool of_patient;          /* of the patients' side: care/patient_account.h */
    bool bare;                /* no password was given yet: none is right */
    bool factor;              /* signs in with a second step: care/factor.h */
    bool passkey;             /* has passkeys: care/passkey.h */
    enum account_state state;
    uint32_t failures;
    struct instant locked_until; /* 0: not locked */
    enum lang lang;
};

enum { PASSWORD_LEAST = 12 /* unless the settings say otherwise: care->password_least */ };
enum { PASSWORD_MAX = 256, LOGIN_MAX = 64, SESSION_LEN = 43, TOKEN_MAX = 80 };

/* errors  E_NOT_FOUND */
MUST_USE enum err account_by_login(struct req *rq, struct str login, struct account *ret_account);
MUST_USE enum err account_by_id(struct req *rq, int64_t id, struct account *ret_account);
MUST_USE enum err account_by_person(struct req *rq, struct str person, struct account *ret_account);
/* All of a person, the oldest first; at most n. */
MUST_USE enum err accounts_of_person(struct req *rq, struct str person, struct account *ret_accounts,
                                     uint32_t n, uint32_t *ret_n);
/* In order of login, at most n; *ret_n tells how many. after: the last login of the page before. */
MUST_USE enum err account_list(struct req *rq, struct str after, uint32_t n,
                               struct account *ret_accounts, uint32_t *ret_n);

/* Argon2id of a password, in libsodium's text form. slow.
 * errors  E_BAD_INPUT  shorter than care->password_least characters or longer than PASSWORD_MAX bytes */
MUST_USE enum err password_hash(struct req *rq, struct str password, struct str *ret_hash);
/* Adds an account into tx. hash from password_hash().
 * errors  E_BAD_INPUT login: 2..64 of a-z 0-9 . _ -; the commit gives E_CONFLICT when it exists */
MUST_USE enum err account_add(struct req *rq, struct tx *tx, struct str login, struct str person,
                              struct str hash, bool must_change);
/* Sets a password without the old one (administrator), tells the person, and ends all sessions, tokens,
 * grants of applications and signing keys: a password set by somebody else opens no sealed key; the
 * next signature makes new ones. */
MUST_USE enum err account_password_set(struct req *rq, struct tx *tx, const struct account *acc,
                                       struct str hash, bool must_change);
/* Closes an account, ends its sessions, tokens and signing keys, and has the streams of open pages looked at
 * again; or opens it again. */
MUST_USE enum err account_close(struct req *rq, struct tx *tx, const struct account *acc);
MUST_USE enum err account_open(struct req *rq, struct tx *tx, const struct account *acc);
/* How many sessions and access tokens of an account are in force. */
MUST_USE enum err account_doors(struct req *rq, const struct account *acc, uint32_t *ret_sessions,
                                uint32_t *ret_tokens);
/* A password for the first sign-in: letters and digits that are not mistaken for each other. */
MUST_USE enum err password_make(struct req *rq, struct str *ret_password);
MUST_USE enum err account_lang(struct req *rq, struct tx *tx, const struct account *acc,
                               enum lang lang);

/* A new session. */
struct session {
    char token[SESSION_LEN + 1]; /* the cookie's value; of a half session the other cookie's */
    char device[DEVICE_LEN + 1]; /* what the browser keeps to be known again; "" of a half session */
    bool half;                   /* the code is owed: sign_in_code() of care/factor.h */
    struct account account;
    struct instant expires;
};

/* Checks login and password; on success a session begins and is durable, or a half one where a second step
 * is set up. Unknown logins cost the same
 * time. Each wrong password is counted; after care->lock_after of them the account waits, longer each
 * time (30 s, 1 min, 2 min ... 1 h). Success and failure are on record. slow, commits itself.
 * errors  E_SIGN_IN  login or password is wrong, or the account is closed (not told apart)
 *         E_LOCKED   wait; the detail holds the seconds */
MUST_USE enum err sign_in(struct req *rq, struct str login, struct str password,
                          const struct sign_in_from *from, struct session *ret_session);
/* The password of the person who acts, for signing: right or wrong, counted as in sign_in. slow,
 * commits itself on failure. errors E_SIGN_IN, E_LOCKED */
MUST_USE enum err password_check(struct req *rq, struct str password);
/* The own password changes: old one checked; sessions, tokens and grants of applications end.
 * slow, commits itself.
 * errors  E_SIGN_IN old one wrong, E_LOCKED, E_BAD_INPUT new one the same as the old or refused by
 *         password_judge() of care/password.h */
MUST_USE enum err password_change(struct req *rq, struct str old_password, struct str new_password);

/* Who a session cookie or a bearer token belongs to. Quick: one look-up by key and the directory
 * snapshot.
 * errors  E_SIGN_IN  unknown, ended, account closed, or no role left */
MUST_USE enum err who_by_session(struct req *rq, struct str cookie, const struct who **ret_who);
MUST_USE enum err who_by_token(struct req *rq, struct str bearer, const struct who **ret_who);

/* Ends the session of rq->who into tx. */
MUST_USE enum err sign_out(struct req *rq, struct tx *tx);
/* The session acts in another of the person's roles (PractitionerRole id).
 * errors  E_FORBIDDEN not theirs */
MUST_USE enum err session_role(struct req *rq, struct tx *tx, struct str role_id);

/* A personal access token for an account, acting in one role. The value is shown once.
 * scope: SCOPE_ bits; expires.ms 0: never */
MUST_USE enum err token_add(struct req *rq, struct tx *tx, const struct account *acc,
                            struct str role_id, struct str name, uint32_t scopes,
                            struct instant expires, char ret_token[TOKEN_MAX]);
struct token {
    int64_t id;
    struct str name, role;
    uint32_t scopes;
    struct instant created, expires, revoked; /* 0: never */
    int64_t used_day; /* days since 1970, 0 never */
};
MUST_USE enum err token_list(struct req *rq, const struct account *acc, struct token *ret_tokens,
                             uint32_t n, uint32_t *ret_n);
/* errors  the commit gives E_STALE when it is not theirs or revoked already */
MUST_USE enum err token_revoke(struct req *rq, struct tx *tx, const struct account *acc, int64_t id);
