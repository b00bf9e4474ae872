/* store/schema_stamp_sql.c - time stamps over signatures, asked for and come. See schema_sql.c for the
 * privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v25_stamp[] =
    "CREATE TABLE stamp("
    " prov TEXT PRIMARY KEY,"         /* tech: Provenance that holds the signature */
    " state INTEGER NOT NULL,"        /* tech: 0 waits, 1 stamped, 2 given up */
    " asked_ms INTEGER NOT NULL,"     /* tech: it was signed then */
    " due_ms INTEGER NOT NULL,"       /* tech: next attempt */
    " attempts INTEGER NOT NULL,"     /* tech: that failed */
    " why INTEGER NOT NULL,"          /* tech: enum stamp_why of the last */
    " token BLOB NOT NULL"            /* tech: TimeStampToken; empty: none yet */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX stamp_due ON stamp(state, due_ms);";
/* clang-format on */
