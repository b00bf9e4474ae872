/* care/passkey_int.h - what keeping passkeys and signing in with them share. */
#pragma once

#include "care/passkey.h"

#include "store/db.h"

/* The passkey of a row of PASSKEY_COLS. errors E_TOO_LARGE */
MUST_USE enum err passkey_read(struct req *rq, const struct db_rows *q, struct passkey *ret_p);

/* A challenge that waits. */
struct passkey_wait {
    struct str hash;      /* key: of the session, or of the attempt's cookie */
    int64_t account;      /* 0: somebody signs in */
    struct str challenge; /* bytes */
    struct str handle;    /* bytes; empty */
};
/* A new challenge under hash, into tx. gives ret_text: base64url */
MUST_USE enum err passkey_wait_new(struct req *rq, struct tx *tx, const struct passkey_wait *w,
                                   struct str *ret_text);
/* Takes the challenge that waits under hash for account: durable, so that it never counts again.
 * errors  E_NOT_FOUND  none, taken before, or its time is over */
MUST_USE enum err passkey_wait_take(struct req *rq, struct str hash, int64_t account,
                                    struct passkey_wait *ret_w);
/* Bytes as base64url in the arena; p NULL when it is full. */
struct str passkey_text(struct req *rq, struct str bytes);
/* The bytes of a field; p NULL: not base64url, or longer than most. */
struct str passkey_bytes(struct req *rq, struct str text, size_t most);
