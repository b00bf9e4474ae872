/* store/erase.h - erasing resources by order, so that the record of what was
 * written stays provable.
 *
 * An erased resource keeps its row (deleted 2) and a row per version: who,
 * when, and the SHA-256 of the body, which the hash chain is over. Its bodies,
 * index rows, words and teams are gone, and an audit record names it. Nothing
 * can be written under its id again (E_GONE). Rows of the domain tables and
 * uses of blobs are the caller's to remove in the same transaction.
 */
#pragma once

#include "store/audit.h"
#include "store/tx.h"

/* A version that still has its body. */
struct erase_ver {
    int64_t vid;
    struct str body;      /* as stored: without id and meta; empty for a deletion */
    struct str narrative; /* as its tx_put had them: the caller sets these two, or
                           leaves them empty */
    struct str words;
};
struct erase_what {
    int64_t rid;
    uint64_t version; /* the newest: written to meanwhile is E_STALE */
    uint16_t type;
    struct str id;
    struct erase_ver *vers; /* newest first */
    size_t n;
    enum audit_why why; /* by what right: the caller sets it, and */
    struct str note;    /* by which order: goes into the record's detail; never what
                      a record holds */
};
/* All versions of a resource with their bodies, hidden ones too.
 * errors   E_NOT_FOUND  no such resource; E_TOO_LARGE */
MUST_USE enum err erase_load(struct req *rq, int64_t rid, struct erase_what *ret_what);
/* Erases it, with its audit record. One that is erased already is left as it
 * is. borrows  *what, until done() errors   of the commit: E_NOT_FOUND, E_STALE
 */
MUST_USE enum err tx_erase(struct tx *tx, const struct erase_what *what);

/* One piece of removing from the database file what erased (and deleted) rows
 * left behind: dictionaries of compression made of them (the bodies that need
 * one are compressed anew, 256 at a time), words in the segments of the text
 * index, then the content of free pages, about a megabyte at a time, each a
 * transaction of its own between those of others; at last the write-ahead log is emptied. *step is 0 at first
 * and belongs to this function; after a restart it begins with 0 again. Reads
 * through rq->db.
 *
 * gives    *ret_more: to be called again
 * errors   E_BUSY  somebody reads an older state: again later, with the same
 * *step; E_IO, E_FULL thread   any but the writer; waits for commits */
MUST_USE enum err store_scrub(struct store *st, struct req *rq, unsigned *step, bool *ret_more);
