/* store/audit_int.h - reading one audit row; private to the room. */
#pragma once

#include "store/audit.h"
#include "store/conn.h"

/* The present row of C_AUDIT_ALL, C_AUDIT_ONE or C_AUDIT_WALK; all slices are borrowed from it. */
void audit_peek(sqlite3_stmt *st, struct audit_row *ret_row, struct str *ret_outcome,
                struct str *ret_hash);
