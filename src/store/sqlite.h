/* store/sqlite.h - SQLite, its calls for statements as fault points (base/fault.h). */
#pragma once

#include <sqlite3.h>

#include "base/fault.h"

#ifdef FAULTS
#define sqlite3_step(st) (fault_here(FAULT_DATABASE) ? SQLITE_IOERR : sqlite3_step(st))
#define sqlite3_prepare_v3(db, text, n, flags, st, tail)                                                     \
    (fault_here(FAULT_DATABASE) ? SQLITE_IOERR : sqlite3_prepare_v3(db, text, n, flags, st, tail))
#endif
