/* store/blob.h - big bytes: files named by their SHA-256, DIR/blobs/ab/cdef...
 *
 * A blob is durable (file and directories synced) when blob_put_* returns; only then may a
 * transaction commit a row that names it (W_BLOB_ADD). Blobs never change; equal bytes are one file.
 */
#pragma once

#include "store/stmt.h"
#include "store/store.h"

struct blob_ref {
    uint8_t sha[32];
    uint64_t size;
};

/* Moves the finished file tmp_path (same file system: below store_dir()) into its place. sha and
 * size are what the caller computed while writing; the size is checked, the hash is not read again
 * (blob_check does). When the blob is already there, tmp_path is removed.
 * errors   E_NOT_FOUND, E_IO, E_FULL; E_CHECKSUM  another size */
MUST_USE enum err blob_put_file(struct req *rq, struct store *st, const char *tmp_path,
                                const struct blob_ref *ref);
/* The same for many: files and folders are synced side by side, each folder once. All are durable when it
 * returns OK; after a failure some may be. */
struct blob_file {
    const char *tmp_path;
    struct blob_ref ref;
    int fd; /* borrows: tmp_path, open; -1: it is opened here */
};
MUST_USE enum err blob_put_files(struct req *rq, struct store *st, const struct blob_file *files,
                                 size_t n);

/* Bytes that come in pieces, in an unfinished file of the data folder. It is gone when the request ends
 * without blob_parts_put(), and after a kill the sweep removes it. */
struct blob_part;
MUST_USE enum err blob_part_new(struct req *rq, struct store *st, struct blob_part **ret_part);
/* errors   E_IO, E_FULL */
MUST_USE enum err blob_part_add(struct req *rq, struct blob_part *part, struct str bytes);
/* Ends it: what it is called. Nothing may be added after. It is not durable yet. */
struct blob_ref blob_part_ref(struct blob_part *part);
/* For reading, until the request ends or it is put. */
int blob_part_fd(const struct blob_part *part);
/* Makes them blobs, as blob_put_files(). They may not be used any more. */
MUST_USE enum err blob_parts_put(struct req *rq, struct store *st, struct blob_part *const *parts,
                                 size_t n);
/* Removes one that is not wanted. */
void blob_part_drop(struct blob_part *part);

/* Stores bytes and tells their name. */
MUST_USE enum err blob_put_bytes(struct req *rq, struct store *st, struct str bytes,
                                 struct blob_ref *ret_ref);
/* gives *ret_fd (os_close) and its size.
 * errors   E_NOT_FOUND, E_IO */
MUST_USE enum err blob_open(struct req *rq, struct store *st, const uint8_t sha[32], int *ret_fd,
                            uint64_t *ret_size);
/* The whole blob into rq->a, at most cap bytes (E_TOO_LARGE). */
MUST_USE enum err blob_read(struct req *rq, struct store *st, const uint8_t sha[32], size_t cap,
                            struct str *ret_bytes);
/* The whole blob as memory, read only, of any size, until the request ends.
 * errors   E_NOT_FOUND, E_IO */
MUST_USE enum err blob_map(struct req *rq, struct store *st, const uint8_t sha[32],
                           struct str *ret_bytes);
/* Its name as a value of a statement: a copy that lives until the request ends. */
struct sql_val blob_val(struct req *rq, const struct blob_ref *ref);
/* Reads it all again and holds it to its name.
 * errors   E_CHECKSUM, E_NOT_FOUND, E_IO */
MUST_USE enum err blob_check(struct req *rq, struct store *st, const uint8_t sha[32]);

/* Removes what nothing refers to: blobs without a row or a use in folder DIR/blobs/NN (0..255), and with
 * folder 0 unfinished files of blob_put_bytes(). A blob put by a request that has not ended stays: its
 * transaction may be on the way. look: only counts. A kill anywhere leaves at most a file to find again.
 *
 * gives    *ret_n files removed or found
 * thread   any with a read handle; waits for commits */
MUST_USE enum err blob_sweep(struct req *rq, struct store *st, unsigned folder, bool look,
                             uint32_t *ret_n);

/* SHA-256 of bytes that come in pieces; can be saved and restored between requests by copying the
 * struct (no pointers inside). */
struct sha {
    _Alignas(8) uint8_t state[128];
};
void sha_init(struct sha *s);
void sha_add(struct sha *s, const void *p, size_t n);
void sha_done(struct sha *s, uint8_t ret_sha[32]);
void sha_of(struct str bytes, uint8_t ret_sha[32]);
