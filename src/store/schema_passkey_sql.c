/* store/schema_passkey_sql.c - passkeys (WebAuthn). See schema_sql.c for the privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v23_passkey[] =
    "ALTER TABLE session ADD COLUMN passkey INTEGER NOT NULL DEFAULT 0;" /* tech: 1 a passkey was shown in it */
    /* Passkeys of accounts. */
    "CREATE TABLE passkey("
    " id INTEGER PRIMARY KEY,"       /* tech */
    " account INTEGER NOT NULL,"      /* staff */
    " cred BLOB NOT NULL UNIQUE,"     /* staff: the credential id */
    " alg INTEGER NOT NULL,"          /* tech: of COSE */
    " key BLOB NOT NULL,"             /* staff: the public key, in the form of libfido2 */
    " count INTEGER NOT NULL,"        /* tech: signature counter, 0: it has none */
    " flags INTEGER NOT NULL,"        /* tech: may be, is kept elsewhere too: codec/webauthn.h */
    " state INTEGER NOT NULL,"        /* tech: 0 in use, 1 stopped: there is a copy of it */
    " name TEXT NOT NULL,"            /* staff: given by its person */
    " transports TEXT NOT NULL,"      /* tech: how browsers reach it, "internal hybrid" */
    " handle BLOB NOT NULL,"          /* staff: random, names the account to the device; the same in all of one */
    " made_ms INTEGER NOT NULL,"      /* tech */
    " used_ms INTEGER NOT NULL"       /* tech: 0 never */
    ") STRICT;"
    "CREATE INDEX passkey_account ON passkey(account);"
    /* What a browser was asked for, until it answers. */
    "CREATE TABLE passkey_ask("
    " hash BLOB PRIMARY KEY,"         /* secret: of the session it is for, or SHA-256 of the cookie's value */
    " account INTEGER NOT NULL,"      /* staff: who adds one; 0 somebody signs in */
    " challenge BLOB NOT NULL,"       /* tech */
    " handle BLOB NOT NULL,"          /* staff: of the passkey to be made */
    " expires_ms INTEGER NOT NULL"    /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX passkey_ask_account ON passkey_ask(account);"
    "CREATE INDEX passkey_ask_expires ON passkey_ask(expires_ms);";
/* clang-format on */
