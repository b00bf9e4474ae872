/* care/upload_unpack.h - medical images out of an upload: an archive's members, or the file itself, become
 * instances of a study of the draft or case. */
#pragma once

#include "care/imaging.h"
#include "care/scan.h"
#include "care/upload.h"

/* What came of it. */
struct upload_filed {
    uint32_t taken;   /* stored now */
    uint32_t same;    /* were there already */
    uint32_t aside;   /* put aside, and somebody has to decide */
    uint32_t others;  /* members that are no medical images: left out */
    uint32_t missing; /* images the archive's DICOMDIR lists that are not in it */
    bool cut;         /* it is broken, or unpacks to too much: what came before that was taken */
    const char *why;  /* msgid, of the first put aside; NULL none */
};

/* Whether the file at path is an archive that can be looked into. */
MUST_USE enum err upload_is_archive(struct req *rq, const char *path, bool *ret_is);
/* Files the images of the archive at path for up->case_id, each batch durable and committed: doing it again
 * after a kill takes the rest.
 * ret_filed  also on failure: what was filed before it, which stays
 * errors  as imaging_store(); E_UNPROCESSED  *ret_seen tells what the virus scanner said of an image;
 *         E_BUSY  the scanner does not answer */
MUST_USE enum err upload_unpack(struct req *rq, const char *path, const struct upload *up,
                                struct upload_filed *ret_filed, struct scan_result *ret_seen);
/* Files a complete upload that is a medical image; *ret_is false: it cannot be read, and stays a file.
 * errors  as imaging_store() */
MUST_USE enum err upload_image(struct req *rq, const struct upload *up, struct upload_filed *ret_filed,
                               bool *ret_is);
/* As the JSON of an upload: {"filed": {"taken": 0, "same": 0, "aside": 0, "others": 0, "missing": 0,
 * "cut": false}, "note": msgid}. And read back; false when there is none. */
void upload_filed_write(struct json_out *o, const struct upload_filed *f); /* the member "filed" alone */
struct str upload_filed_json(struct req *rq, const struct upload_filed *f);
bool upload_filed_read(struct req *rq, struct str meta, struct upload_filed *ret_filed);
