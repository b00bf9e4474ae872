/* store/stmt.h - statements of the domain tables, by name.
 *
 * Every statement is one row of a store/NAME_sql.def: Q_ rows read (db_query), W_ rows write
 * (tx_sql). Parameters are ?1, ?2 ... in the order of the values given.
 */
#pragma once

#include "base/str.h"

enum stmt_id {
#define X(id, sql) id,
#include "store/stmt.def"
#undef X
    STMT_COUNT
};

enum sql_kind {
    SQL_NULL,
    SQL_I64,
    SQL_TEXT,
    SQL_BLOB,
    SQL_RID,     /* writer only: the rid of (type, text); a bare row is made when there is none */
    SQL_TX_TIME, /* writer only: the time of the commit, ms, plus i64 */
};

struct sql_val {
    enum sql_kind kind;
    uint16_t type; /* SQL_RID */
    int64_t i64;
    struct str text; /* SQL_TEXT, SQL_BLOB, SQL_RID (the id) */
};

static inline struct sql_val sql_null(void)
{
    return (struct sql_val){.kind = SQL_NULL};
}
static inline struct sql_val sql_i64(int64_t v)
{
    return (struct sql_val){.kind = SQL_I64, .i64 = v};
}
/* 64-bit hashes and principals keep their bits. */
static inline struct sql_val sql_u64(uint64_t v)
{
    return (struct sql_val){.kind = SQL_I64, .i64 = (int64_t)v};
}
/* p NULL becomes NULL. borrows s. */
static inline struct sql_val sql_text(struct str s)
{
    return (struct sql_val){.kind = s.p != NULL ? SQL_TEXT : SQL_NULL, .text = s};
}
static inline struct sql_val sql_blob(struct str s)
{
    return (struct sql_val){.kind = s.p != NULL ? SQL_BLOB : SQL_NULL, .text = s};
}
static inline struct sql_val sql_rid(uint16_t type, struct str id)
{
    return (struct sql_val){.kind = SQL_RID, .type = type, .text = id};
}
static inline struct sql_val sql_tx_time(int64_t plus_ms)
{
    return (struct sql_val){.kind = SQL_TX_TIME, .i64 = plus_ms};
}
