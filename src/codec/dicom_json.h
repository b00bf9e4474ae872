/* codec/dicom_json.h - a data set in the DICOM JSON model (PS3.18 annex F). */
#pragma once

#include "codec/dicom_file.h"

struct dicom_json_opts {
    size_t inline_max;    /* a binary value of more bytes is named by its address, not given */
    struct str bulk;      /* what stands before "GGGGEEEE/item/GGGGEEEE" (as dicom_find() takes it) in
                           * that address; empty: such values are left out, only their kind is said */
    bool pixels;          /* pixel data too: inline or by address as any other, fragments by address */
    bool charset_as_sent; /* (0008,0005) keeps its value; else it says ISO_IR 192, as the text is UTF-8 */
    const uint32_t *only; /* these tags of the top level, rising; NULL: all */
    size_t only_n;
};

/* Appends one object. DS and IS are numbers with the digits they were written with, text where they are
 * none; numbers beyond 53 bits, NaN and infinity are text; FL and FD are the shortest decimal that reads
 * back as them. Empty values among several are null. Binary values are little endian. Group lengths are
 * left out (PS3.18 F.2.2), and of a tag that comes twice in one item the second.
 * errors  E_TOO_LARGE  out is full; else what a walk fails with */
MUST_USE enum err dicom_json(struct req *rq, const struct dicom_file *f,
                             const struct dicom_json_opts *o, struct buf *out);
