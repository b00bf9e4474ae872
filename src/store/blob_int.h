/* store/blob_int.h - between blob.c, blob_put.c and blob_part.c. */
#pragma once

#include "os/file.h"
#include "os/random.h"
#include "store/blob.h"

enum {
    BLOB_TMP_NAME = 5 + OS_ID_LEN + 1, /* "blob-ID" with its NUL */
    BLOB_FOLDERS = 256,                /* of the first byte */
};

struct blob_path {
    char dir[OS_PATH_MAX];  /* DIR/blobs/ab */
    char file[OS_PATH_MAX]; /* DIR/blobs/ab/cdef... */
};
MUST_USE enum err blob_path(struct req *rq, const struct store *st, const uint8_t sha[32],
                            struct blob_path *ret_p);
/* Makes what is missing of DIR/blobs and its folders, durably. */
MUST_USE enum err blob_folders_make(struct req *rq, const struct store *st);

/* Until the request ends the sweep leaves the blob alone, and the unfinished file tmp ("": none). sha may be
 * all zeros when only the file counts. */
MUST_USE enum err blob_pin(struct req *rq, struct store *st, const uint8_t sha[32], const char *tmp);
