/* store/schema_retain_sql.c - how the removing of what is past its term goes. See schema_sql.c for the
 * privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v26_retain[] =
    "CREATE TABLE retain("
    " kind TEXT PRIMARY KEY,"          /* tech: of care/retain.c; '' the clock: removed_ms is when it was held to be right */
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
/* clang-format on */
