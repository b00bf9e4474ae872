/* store/schema_retain_sql.c - how the removing of what is past its term goes. See schema_sql.c for the
 * privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v26_retain[] =
    "CREATE TABLE retain("
    " kind TEXT PRIMARY KEY,"          /* tech: of care/retain.c; '' the clock: removed_ms is when it was held to be right; 'record/next' where the walk over patients goes on */
    " removed_ms INTEGER NOT NULL,"    /* tech: when something was removed last, 0 never */
    " removed_n INTEGER NOT NULL,"     /* tech: how many on that day */
    " failed_ms INTEGER NOT NULL,"     /* tech: since when it fails, 0 it does not */
    " why TEXT NOT NULL"               /* tech: name of enum err */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX notice_read ON notice(at_ms) WHERE read_ms > 0;"
    "CREATE INDEX dicom_share_end ON dicom_share(expires_ms);"
    "CREATE INDEX room_guest_end ON room_guest(expires_ms);"
    "CREATE INDEX staff_invite_end ON staff_invite(expires_ms);"
    "CREATE INDEX patient_invite_end ON patient_invite(expires_ms);";

const char schema_v30_terms[] =
    /* Terms of policy profiles that take what stands in a record: what was seen, and since when. */
    "CREATE TABLE retain_term("
    " kind TEXT NOT NULL,"             /* tech: of care/retain.c */
    " policy TEXT NOT NULL,"           /* tech: profile */
    " ms INTEGER NOT NULL,"            /* tech: the term */
    " since_ms INTEGER NOT NULL,"      /* tech: when it was set, or made shorter */
    " PRIMARY KEY(kind, policy)) STRICT, WITHOUT ROWID;"
    /* Recordings whose bytes left by term. */
    "ALTER TABLE recording ADD COLUMN gone_ms INTEGER NOT NULL DEFAULT 0;" /* tech: when, 0 they are there */
    "ALTER TABLE recording ADD COLUMN gone_by TEXT NOT NULL DEFAULT '';"   /* tech: by which term */
    "CREATE INDEX recording_old ON recording(stopped_ms, id) WHERE state = 3 AND files > 0 AND gone_ms = 0;";
/* clang-format on */
