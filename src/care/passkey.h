/* care/passkey.h - passkeys (WebAuthn): adding them to an account, keeping them, signing in with one.
 *
 * A passkey verifies its person (PIN, finger, face) and cannot be used on another site: one is both
 * steps of signing in. What browsers hand over is checked by codec/webauthn.h. A challenge counts once,
 * holds for minutes and belongs to one session, or to one browser that signs in. Adding and removing ask
 * for the password, and for a code where one-time codes are set up; the person is told, and everything
 * is on record. */
#pragma once

#include "care/factor.h"
#include "codec/webauthn.h"

enum {
    PASSKEYS_MAX = 20,     /* of one account */
    PASSKEY_NAME_MAX = 60, /* characters */
    PASSKEY_HANDLE = 32,   /* bytes that name the account to the device (WebAuthn 14.6.1) */
};
#define PASSKEY_ASK_MS (5 * MS_MINUTE) /* a challenge may be answered so long */

struct passkey {
    int64_t id;
    struct str name;
    struct webauthn_key key;
    struct str handle;           /* bytes */
    struct str transports;       /* "internal hybrid": how browsers reach it */
    struct instant made, used;   /* 0: never */
    bool stopped;                /* there seems to be a copy of it: it opens nothing any more */
    int64_t account;
};

/* What a browser is asked to do; texts as the page holds them. */
struct passkey_ask {
    struct str challenge, rp_id;
    struct str handle, login; /* of the account; empty when somebody signs in */
    struct str known;         /* credential ids the account has, with blanks between */
    char attempt[SESSION_LEN + 1]; /* the cookie of who signs in */
};
/* What it handed over: base64url, as it came. */
struct passkey_said {
    struct str id, client_data, auth_data;
    struct str sig, handle;  /* of one that is used; handle may be empty */
    struct str transports;   /* of a new one: names with blanks between; unknown ones are left off */
};

/* Passkeys need an address people use (base_url): https and a name, or http://localhost.
 * ret_ask: origin and rp_id, in the arena or for ever. False: there is none. */
bool passkey_place(struct req *rq, struct webauthn_ask *ret_ask);

/* Of an account, the oldest first; ret_all: PASSKEYS_MAX. */
MUST_USE enum err passkey_list(struct req *rq, int64_t account, struct passkey *ret_all, uint32_t *ret_n);
/* One of the person who acts. errors E_NOT_FOUND */
MUST_USE enum err passkey_find(struct req *rq, int64_t id, struct passkey *ret_p);
/* 1 to PASSKEY_NAME_MAX characters of text. */
bool passkey_name_is_valid(struct str name);

/* The person who acts adds one: password, and a code of either kind when one-time codes are in use.
 * errors  E_SIGN_IN  password; E_BAD_INPUT  code; E_LOCKED; E_CONFLICT  PASSKEYS_MAX are there;
 *         E_UNSUPPORTED  no address to bind it to. slow, commits itself */
MUST_USE enum err passkey_begin(struct req *rq, struct str password, struct str code,
                                struct passkey_ask *ret_ask);
/* What the browser made for it. The session counts as begun with it from now on.
 * gives   ret_codes: with the first passkey of staff without one-time codes, to be shown once; else n is 0
 * errors  E_NOT_FOUND  nothing was asked for in this session, or too long ago
 *         E_FORBIDDEN, E_BAD_INPUT, E_SYNTAX, E_TOO_LARGE  not what was asked for: webauthn_create()
 *         E_CONFLICT   it is in use already, or PASSKEYS_MAX are there. slow, commits itself */
MUST_USE enum err passkey_add(struct req *rq, struct str name, const struct passkey_said *said,
                              struct recovery_new *ret_codes);
/* errors  E_BAD_INPUT name; the commit gives E_STALE when it is gone */
MUST_USE enum err passkey_rename(struct req *rq, struct tx *tx, int64_t id, struct str name);
/* Removes one. errors as passkey_begin; E_NOT_FOUND. slow, commits itself */
MUST_USE enum err passkey_end(struct req *rq, struct str password, struct str code, int64_t id);
/* All of an account, into tx. */
MUST_USE enum err passkeys_end(struct tx *tx, int64_t account);

/* ---- signing in with one ---- */

/* Somebody wants to sign in: a challenge for this browser. Counted by the address it comes from.
 * errors  E_LOCKED; E_UNSUPPORTED. slow, commits itself */
MUST_USE enum err passkey_ask(struct req *rq, struct passkey_ask *ret_ask);
/* What the browser handed over, with the cookie of the attempt. On success a whole session begins and is
 * durable. The challenge has ended in any case.
 * errors  E_NOT_FOUND  no such attempt, answered before, or too long ago
 *         E_SIGN_IN    unknown, removed, of a closed account, or not what was asked for (not told apart)
 *         E_CONFLICT   there seems to be a copy of it: its person is told, and it is switched off
 *         E_LOCKED     the account or the address waits; the detail holds the seconds
 * slow, commits itself */
MUST_USE enum err sign_in_passkey(struct req *rq, struct str attempt, const struct passkey_said *said,
                                  const struct sign_in_from *from, struct session *ret_session);
