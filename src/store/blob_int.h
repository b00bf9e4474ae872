/* store/blob_int.h - between blob.c and blob_part.c. */
#pragma once

#include "os/random.h"
#include "store/blob.h"

enum { BLOB_TMP_NAME = 5 + OS_ID_LEN + 1 }; /* "blob-ID" with its NUL */

/* Until the request ends the sweep leaves the blob alone, and the unfinished file tmp ("": none). sha may be
 * all zeros when only the file counts. */
MUST_USE enum err blob_pin(struct req *rq, struct store *st, const uint8_t sha[32], const char *tmp);
