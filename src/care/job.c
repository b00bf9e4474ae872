/* care/job.c - jobs into a transaction. */
#include "care/job.h"

enum err job_set(struct tx *tx, enum job_kind kind, struct str key, int64_t due_ms, struct str arg)
{
    return TX_SQL(tx, W_JOB_SET, 0, sql_i64(kind), sql_text(key), sql_i64(due_ms),
                  sql_text(arg.p != NULL ? arg : S("")));
}

enum err job_drop(struct tx *tx, enum job_kind kind, struct str key)
{
    return TX_SQL(tx, W_JOB_DROP, 0, sql_i64(kind), sql_text(key));
}
