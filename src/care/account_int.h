/* care/account_int.h - what accounts, sessions and tokens share. */
#pragma once

#include "care/account.h"
#include "care/directory.h"

/* Puts an event of an account on record. person: whose account. */
MUST_USE enum err account_note(struct req *rq, enum audit_action action, struct str person,
                               enum err outcome, struct str detail);
/* 2..64 of a-z 0-9 . _ - */
bool login_is_valid(struct str login);
/* 32 random bytes as SESSION_LEN characters of base64url and a NUL. */
void secret_new(char out[SESSION_LEN + 1]);
/* SHA-256 of a secret, in the arena; p NULL when it is full. */
struct str secret_hash(struct req *rq, struct str secret);
/* A new session's row; out: the cookie's value. */
MUST_USE enum err session_write(struct req *rq, struct tx *tx, const struct account *acc,
                                struct str role_id, const struct sign_in_from *from,
                                struct instant expires, char out[SESSION_LEN + 1]);
/* All of an account, and what has only given the password. */
MUST_USE enum err sessions_end(struct tx *tx, int64_t account);
/* The same, its tokens and what applications were let do. */
MUST_USE enum err doors_end(struct req *rq, struct tx *tx, const struct account *acc);
/* Begins a session of s->account in a role (empty: to be chosen) into tx, with the browser it comes from and
 * the record of it (detail); of an account with a second step, or one whose roles ask for it and that has a
 * passkey for it: only a half one. who: as whom it acts. The rest of s is filled. */
MUST_USE enum err session_begin(struct req *rq, struct tx *tx, const struct who *who, struct str role_id,
                                const struct sign_in_from *from, struct str detail, struct session *s);
/* The same whatever steps the account has: the last of them was taken. */
MUST_USE enum err session_begin_whole(struct req *rq, struct tx *tx, struct str role_id,
                                      const struct sign_in_from *from, struct str detail,
                                      struct session *s);
/* A session just begun in tx counts as begun with a passkey. */
MUST_USE enum err session_stepped(struct req *rq, struct tx *tx, const struct session *s);
/* As whom an account acts from now on, and in which role its session begins (empty: to be chosen).
 * errors  E_SIGN_IN  nothing is open to it */
MUST_USE enum err who_begins(struct req *rq, const struct account *acc, struct who **ret_who,
                             struct str *ret_role);

/* ---- wrong passwords and codes ---- */

/* Attempts at one login are one after the other: the lock they take turns at. */
struct os_mutex *account_turn(struct req *rq, struct str login);
/* Waits out nothing: E_LOCKED, on record, while the account is locked. */
MUST_USE enum err account_wait(struct req *rq, const struct account *acc);
/* The account of this login and password, in turn. slow, commits itself on failure.
 * errors  E_SIGN_IN, E_LOCKED as sign_in() */
MUST_USE enum err account_check(struct req *rq, struct str login, struct str password,
                                struct account *ret_account);
/* Counts a wrong password or code (what) and puts it on record, durably, and gives E_SIGN_IN. In turn. */
MUST_USE enum err account_failed(struct req *rq, const struct account *acc, struct str what);
/* The same with what tx holds besides, in one commit. tx  NULL: no memory, E_TOO_LARGE */
MUST_USE enum err account_failed_with(struct req *rq, struct tx *tx, const struct account *acc,
                                      struct str what);

/* The bits a set of scopes stands for outside the FHIR interface: only what opens all types without
 * condition opens pages' files. */
uint32_t scope_bits(const struct fhir_scopes *s);
/* Puts a token's scopes into w, compiled. */
MUST_USE enum err who_scopes(struct req *rq, struct who *w, struct str text, struct str patient);
/* The person acting in a role (the first one when role_id is not among them). */
MUST_USE enum err who_build(struct req *rq, const struct directory *dir,
                            const struct dir_person *p, struct str role_id, struct who **ret_who);
