/* dicom/pixels_helper.h - the decoder of JPEG lossless and of JPEG of 12 bits: dcmtk's dcmdjpeg, in a process
 * of its own (os/child.h).
 *
 * No library of Debian 12 with a C interface reads these frames. A frame goes to the program as a small DICOM
 * file and comes back as one, whose every length is checked. What came back is kept for a while, so that
 * the next look at it costs no process. */
#pragma once

#include "base/req.h"

struct pixels_helper;

struct pixels_helper_opts {
    struct str program;   /* name or full path */
    uint32_t at_once;     /* processes; more wait, a few seconds */
    const char *dir;      /* where the nameless file of decoded frames lies; NULL: none are kept */
    uint64_t keep_bytes;  /* its size at most; 0: none are kept */
};

/* gives *ret_helper, for all threads; end it with pixels_helper_free().
 * errors  E_NOT_FOUND  the program is not on this machine */
MUST_USE enum err pixels_helper_new(struct req *rq, const struct pixels_helper_opts *opts,
                                    struct pixels_helper **ret_helper);
/* NULL is allowed. */
void pixels_helper_free(struct pixels_helper *h);
