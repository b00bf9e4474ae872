/* store/schema_provider_sql.c - who people are at an outside identity provider. See schema_sql.c for the
 * privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v24_provider[] =
    "CREATE TABLE provider_tie("
    " issuer TEXT NOT NULL,"          /* tech: address of the provider */
    " sub TEXT NOT NULL,"             /* staff: its number of the person */
    " account INTEGER NOT NULL,"      /* staff */
    " made_ms INTEGER NOT NULL,"      /* tech */
    " PRIMARY KEY(issuer, sub)) STRICT, WITHOUT ROWID;"
    "CREATE UNIQUE INDEX provider_tie_account ON provider_tie(account, issuer);";
/* clang-format on */
