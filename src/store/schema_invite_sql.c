/* store/schema_invite_sql.c - invitations of staff to choose their password. See schema_sql.c for the
 * privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v22_invite[] =
    "CREATE TABLE staff_invite("
    " id TEXT PRIMARY KEY,"           /* tech */
    " token BLOB NOT NULL UNIQUE,"    /* secret: SHA-256 of the link's value */
    " account INTEGER NOT NULL,"      /* staff: whose password it sets */
    " by TEXT NOT NULL,"              /* staff: Practitioner who invited */
    " mail TEXT NOT NULL,"            /* staff: address it was sent to, '' shown to who made it */
    " created_ms INTEGER NOT NULL,"   /* tech */
    " expires_ms INTEGER NOT NULL,"   /* tech */
    " used_ms INTEGER NOT NULL,"      /* tech: 0 not yet */
    " revoked_ms INTEGER NOT NULL"    /* tech: withdrawn, or another took its place; 0 not */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX staff_invite_account ON staff_invite(account, created_ms);";
/* clang-format on */
