/* codec/csv.h - comma separated values (RFC 4180) as a stream: bytes in, records out. */
#pragma once

#include "base/req.h"

struct csv_options {
    char separator;         /* ',' or ';' or a tab; 0: the first of them found in the first record,
                             * outside quotes, else ',' */
    uint32_t max_fields;    /* of a record */
    size_t max_record;      /* bytes of a record's fields together */
};

/* One record; the fields are borrowed until the function returns. line counts from 1: where the
 * record begins. A failure ends the reading and is what csv_feed() returns. */
typedef enum err (*csv_record_fn)(void *ctx, uint64_t line, const struct str *fields, size_t n);

struct csv;

/* A reader in rq->a. Lines end with LF or CRLF; a quoted field may hold both, and "" for a quote. A
 * byte order mark in front and empty lines are passed over. Text must be UTF-8.
 * errors E_TOO_LARGE  the arena's cap */
MUST_USE enum err csv_new(struct req *rq, const struct csv_options *o, csv_record_fn fn, void *ctx,
                          struct csv **ret_csv);
/* The next bytes.
 * errors E_SYNTAX     "line L: what": text after a closing quote, a quote inside a bare field, not
 *                     UTF-8, a NUL
 *        E_TOO_LARGE  max_fields, max_record, or the arena's cap
 *        whatever fn returned; after a failure the reader must not be fed again */
MUST_USE enum err csv_feed(struct csv *c, struct str bytes);
/* The text has ended: gives the last record when no line end came after it.
 * errors E_SYNTAX an open quote; otherwise as csv_feed */
MUST_USE enum err csv_finish(struct csv *c);

/* One field of a record being written, with a separator before it unless it is the first; quoted
 * when it must be. The caller ends the record with CRLF. */
void csv_field(struct buf *b, char separator, bool first, struct str s);
