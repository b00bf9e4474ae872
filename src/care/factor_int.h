/* care/factor_int.h - what the files of the second step share. */
#pragma once

#include "care/factor.h"

#include "store/db.h"

enum factor_kind { FACTOR_WRONG, FACTOR_CODE, FACTOR_RECOVERY };

/* Looks whether code is right for this account, and takes it into tx so that it never is again; a second
 * taker's commit gives E_STALE. A recovery code tells its person. slow when it looks like a recovery code. */
MUST_USE enum err factor_take(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                              enum factor_kind *ret_kind);
/* What is done once password and code are right: prepared into tx; *ret_right false: the code was wrong. */
struct factor_act {
    enum err (*prepare)(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                        bool *ret_right, void *ctx);
    void *ctx;
};
/* Does it for the person who acts and commits: with the password, then the code; wrong ones are counted. slow
 * errors  E_SIGN_IN  password; E_BAD_INPUT  code; E_LOCKED; what prepare gives */
MUST_USE enum err factor_do(struct req *rq, struct str password, struct str code,
                            const struct factor_act *act);
/* Commits a sign-in with the record naming the person who signs in. */
MUST_USE enum err sign_in_commit(struct req *rq, struct tx *tx, struct who *who);
/* The recovery codes end with the last thing they stand for: nothing happens while a passkey or a program
 * is left. Into tx, after what ends it. */
MUST_USE enum err recovery_end_last(struct tx *tx, int64_t account);
/* New recovery codes in place of all old ones, into tx. slow */
MUST_USE enum err recovery_make(struct req *rq, struct tx *tx, int64_t account,
                                struct str ret_codes[RECOVERY_CODES]);
/* Takes a recovery code into tx; false: it is none. slow */
MUST_USE enum err recovery_take(struct req *rq, struct tx *tx, int64_t account, struct str typed,
                                bool *ret_right);
