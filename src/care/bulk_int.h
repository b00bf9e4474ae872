/* care/bulk_int.h - what the files of exports and imports share; private to bulk*.c. */
#pragma once

#include "care/bulk.h"
#include "care/care.h"
#include "care/retain.h"
#include "care/who.h"
#include "codec/json.h"
#include "store/db.h"

/* When the files of what ends now leave. */
static inline int64_t bulk_until(const struct req *rq, struct instant now)
{
    return retain_until(care_of(rq), RETAIN_EXPORTS, now.ms);
}

/* The caller as the row keeps it: its record's name, what it may see. */
MUST_USE enum err bulk_who_read(struct req *rq, struct str json, struct who *ret_who);
/* A new row: kind, at, upto and ask of it count. */
MUST_USE enum err bulk_row_new(struct req *rq, struct tx *tx, const struct bulk_row *row,
                               struct str *ret_id);
MUST_USE enum err bulk_row_of(struct req *rq, struct str id, struct bulk_row *ret_row);
/* Adds the row under its id, whoever runs what. */
MUST_USE enum err bulk_row_add(struct req *rq, struct tx *tx, const struct bulk_row *row);
void bulk_row_read(struct req *rq, const struct db_rows *q, struct bulk_row *ret_row);
enum { BULK_PROGRESS_MAX = 256 << 10 };

/* A file lines are added to. */
struct bulk_out {
    struct str name; /* NULL p: not in use */
    struct str type;
    int fd;
    uint64_t n;      /* lines */
    uint64_t bytes;  /* with those in p */
    char *p;
    size_t used;
};
/* Opens where-NAME.ndjson and cuts it to bytes: what was counted. */
MUST_USE enum err bulk_out_open(struct req *rq, struct str where, struct str name, struct str type,
                                uint64_t n, uint64_t bytes, struct bulk_out *ret_out);
/* Forgets what came after n lines and bytes. */
MUST_USE enum err bulk_out_cut(struct req *rq, struct bulk_out *out, uint64_t n, uint64_t bytes);
/* One line, the LF added. */
MUST_USE enum err bulk_out_add(struct req *rq, struct bulk_out *out, struct str line);
/* What was added is on the disk. */
MUST_USE enum err bulk_out_sync(struct req *rq, struct bulk_out *out);
void bulk_out_close(struct bulk_out *out);
/* {"name":..,"type":..,"count":..,"bytes":..} */
void bulk_out_write(struct json_out *o, const struct bulk_out *out);
