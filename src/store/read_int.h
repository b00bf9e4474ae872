/* store/read_int.h - small steps shared by the reading files. */
#pragma once

#include "store/conn.h"

/* gives a statement of rq->db: conn_give() it. */
MUST_USE enum err read_take(struct req *rq, unsigned id, sqlite3_stmt **ret_st);
/* *ret_has is false at the end. */
MUST_USE enum err read_step(struct req *rq, sqlite3_stmt *st, bool *ret_has);
