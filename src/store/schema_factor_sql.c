/* store/schema_factor_sql.c - the second step of signing in, and the devices people sign in from. See
 * schema_sql.c for the privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v21_factor[] =
    "ALTER TABLE account ADD COLUMN factor INTEGER NOT NULL DEFAULT 0;" /* tech: 1 a one-time code is asked for */
    "ALTER TABLE session ADD COLUMN agent INTEGER NOT NULL DEFAULT 0;"  /* staff: browser and system, care/device.h */
    "ALTER TABLE session ADD COLUMN place INTEGER NOT NULL DEFAULT 0;"  /* staff: enum device_place */
    /* The secret that one-time codes are made of (RFC 6238). */
    "CREATE TABLE factor("
    " account INTEGER PRIMARY KEY,"   /* staff */
    " sealed BLOB NOT NULL,"          /* secret: sealed by server.key, store/vault.h */
    " state INTEGER NOT NULL,"        /* tech: 0 waits for its first code, 1 in use */
    " step INTEGER NOT NULL,"         /* tech: of the last code that was taken; none of it or before is again */
    " made_ms INTEGER NOT NULL"       /* tech */
    ") STRICT;"
    /* Codes on paper for who has lost the device. */
    "CREATE TABLE recovery("
    " account INTEGER NOT NULL,"      /* staff */
    " hash BLOB NOT NULL,"            /* secret: Argon2id of the code */
    " salt BLOB NOT NULL,"            /* secret: of it, the same for all of an account */
    " used_ms INTEGER NOT NULL,"      /* tech: 0 not yet */
    " PRIMARY KEY(account, hash)) STRICT, WITHOUT ROWID;"
    /* Who gave the right password and now owes the code: no session yet. */
    "CREATE TABLE half("
    " hash BLOB PRIMARY KEY,"         /* secret: SHA-256 of the cookie's value */
    " account INTEGER NOT NULL,"      /* staff */
    " expires_ms INTEGER NOT NULL"    /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX half_account ON half(account);"
    "CREATE INDEX half_expires ON half(expires_ms);"
    /* Browsers that an account has signed in from. */
    "CREATE TABLE device("
    " account INTEGER NOT NULL,"      /* staff */
    " hash BLOB NOT NULL,"            /* secret: SHA-256 of the cookie's value */
    " first_ms INTEGER NOT NULL,"     /* tech */
    " seen_ms INTEGER NOT NULL,"      /* tech: the last sign-in */
    " PRIMARY KEY(account, hash)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX device_seen ON device(seen_ms);"
    /* Addresses added before hear of it too: the bit of NOTICES_ACCOUNT. */
    "UPDATE post_address SET wants = wants | 256;";
/* clang-format on */
