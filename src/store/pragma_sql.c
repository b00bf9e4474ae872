/* store/pragma_sql.c - settings of the connections (SQLite 3.40).
 *
 * WAL with synchronous=FULL: a commit is on the disk when COMMIT returns. secure_delete zeroes
 * deleted content, pages that become free too: one that is taken again is not always written to
 * its end. Measured, the text index's merges cost no more with it. Checkpoints are made by the writer and the
 * keeper, not by whoever commits. Readers do not map the file: SQLite would unmap it after every
 * commit of the writer, which costs more than reading the few pages a request needs. */
#include "store/pragma_int.h"

const char pragmas_write[] = "PRAGMA page_size = 4096;"
                             "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA secure_delete = ON;"
                             "PRAGMA foreign_keys = OFF;"
                             "PRAGMA temp_store = MEMORY;"
                             "PRAGMA cache_size = -16384;"
                             "PRAGMA journal_size_limit = 67108864;"
                             "PRAGMA wal_autocheckpoint = 0;";

const char pragmas_read[] = "PRAGMA query_only = ON;"
                            "PRAGMA mmap_size = 0;"
                            "PRAGMA cache_size = -4096;"
                            "PRAGMA temp_store = MEMORY;"
                            "PRAGMA wal_autocheckpoint = 0;";
