/* care/factor.h - the second step of signing in: a one-time code (RFC 6238) of an authenticator program,
 * or one of ten recovery codes on paper; or a passkey (care/passkey.h), for which the same codes stand.
 *
 * A recovery code is a look-up secret (NIST SP 800-63B 5.1.2): something one has. It comes after the
 * password, or after the identity provider, and stands for the code or the passkey; nothing asks for it
 * alone. An account without a password can have neither one-time codes nor passkeys, since both ask for
 * the password when they are set up, and so has no recovery codes either: its way in is the provider or
 * an invitation.
 *
 * The secret is sealed by server.key (store/vault.h), recovery codes are kept as Argon2id. A code counts
 * once: the step of the last one is compared by the writer. Wrong codes count like wrong passwords and
 * lock the account with them. Everything here is on record. */
#pragma once

#include "care/account.h"

enum {
    RECOVERY_CODES = 10,
    RECOVERY_LEN = 11, /* "abcde-fghjk" */
    FACTOR_WINDOW = 1, /* steps either side */
};

/* Codes that were made just now, to be shown once. */
struct recovery_new {
    struct str code[RECOVERY_CODES];
    uint32_t n; /* RECOVERY_CODES, or 0: none were made */
};

struct factor {
    bool on;               /* a code is asked for at sign-in */
    bool waits;            /* a secret was made and waits for its first code */
    struct instant made;
    uint32_t recovery_left;
};
/* Of an account; all zero when there is none. */
MUST_USE enum err factor_get(struct req *rq, int64_t account, struct factor *ret_f);

/* Must this person have a second step and has none? By the roles they hold (content/roles.json,
 * secondFactor) and the setting second_factor. */
bool factor_is_owed(const struct care *care, const struct who *w, bool has);

/* Makes a new secret of the person who acts, which waits for its first code; one that waited is replaced, one
 * in use stays. */
MUST_USE enum err factor_begin(struct req *rq, struct tx *tx);
/* The secret that waits: as text to copy and as what a picture for a telephone holds.
 * errors  E_NOT_FOUND  none waits; E_CHECKSUM  it does not open with this server.key */
MUST_USE enum err factor_show(struct req *rq, struct str *ret_text, struct str *ret_uri);

/* The secret is taken into use with the person's password and its first code.
 * gives   ret_codes: recovery codes, to be shown once
 * errors  E_SIGN_IN  password; E_BAD_INPUT  code; E_LOCKED; E_NOT_FOUND  no secret waits. slow, commits
 *         itself */
MUST_USE enum err factor_confirm(struct req *rq, struct str password, struct str code,
                                 struct str ret_codes[RECOVERY_CODES]);
/* Ends the second step, with password and a code of either kind. errors as above. slow, commits itself */
MUST_USE enum err factor_off(struct req *rq, struct str password, struct str code);
/* New recovery codes in place of the old, with password and a code of the program or an old one; where
 * a passkey is the only second step: in a session that began with it no code is asked for. errors as
 * above; E_NOT_FOUND: there is nothing to prove it by. slow, commits itself */
MUST_USE enum err factor_codes(struct req *rq, struct str password, struct str code,
                               struct str ret_codes[RECOVERY_CODES]);
/* Is a code asked for besides the password, for new recovery codes in the session of w? */
bool factor_paper_asks(const struct account *acc, const struct who *w);
/* Takes it, all passkeys and recovery codes away from somebody who has lost them (administrator), and
 * ends their sessions; they are told.
 * errors  E_NOT_FOUND  there is none */
MUST_USE enum err factor_remove(struct req *rq, struct tx *tx, const struct account *acc);

/* ---- signing in with it ---- */

#define HALF_MS (5 * MS_MINUTE) /* after the password the code may be given so long */

/* The second step after sign_in() gave a half session: its value and the code typed. On success the session
 * begins and is durable, and the half one has ended.
 * errors  E_NOT_FOUND  no such half session, or its time is over: from the beginning
 *         E_SIGN_IN    wrong code; E_LOCKED. slow, commits itself */
MUST_USE enum err sign_in_code(struct req *rq, struct str half, struct str code,
                               const struct sign_in_from *from, struct session *ret_session);
/* By what a half session may become a whole one. HALF_PAPER: a recovery code and no program's; HALF_CODE:
 * either. */
enum { HALF_CODE = 1 << 0, HALF_PASSKEY = 1 << 1, HALF_PAPER = 1 << 2 };
MUST_USE enum err half_ways(struct req *rq, const struct account *acc, uint32_t *ret_ways);
/* The same of a half session's value; 0: there is none, or its time is over. */
MUST_USE enum err half_check(struct req *rq, struct str half, uint32_t *ret_ways);
