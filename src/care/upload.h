/* care/upload.h - files on their way into a case: begun, continued after any interruption, judged,
 * and kept by SHA-256.
 *
 * The bytes lie in DIR/uploads/ID until they are complete. A byte counts as received once it is
 * synced and the row's offset says so, in that order; what a kill leaves behind the offset is written
 * again. The running SHA-256 is kept with the offset, so a file of any size is hashed once.
 *
 * All functions wait (file sync, commit): pool threads only, but where a comment says otherwise. */
#pragma once

#include "base/req.h"
#include "store/blob.h"

struct tx;
struct upload_desk;

/* The numbers are stored. Filed: its images are instances of studies now; it has no bytes of its own. */
enum upload_state { UPLOAD_OPEN, UPLOAD_COMPLETE, UPLOAD_REFUSED, UPLOAD_USED, UPLOAD_FILED };

struct upload {
    struct str id;
    struct str owner;   /* person id, or an interface account */
    struct str case_id; /* the draft or case it is for */
    struct str name;    /* shown name */
    struct str type;    /* media type: as claimed while open, by content once complete */
    uint64_t size;      /* bytes announced */
    uint64_t offset;    /* bytes received and synced */
    enum upload_state state;
    struct blob_ref blob;   /* complete, used */
    struct instant created; /* when it was begun */
    struct instant expires; /* an open or unused one is removed after this */
    struct str meta; /* JSON: {"note": msgid} | {"refused": msgid}, and "dicom": {...} facts; filed: see
                      * upload_filed_json() */
};

/* In place of a draft or case: resources to be imported (care/bulk.h), of an interface account. They
 * are taken as they are; nobody opens them. */
#define UPLOAD_IMPORT "import"

struct upload_opts {
    struct str dir;     /* data folder; the uploads lie in its folder "uploads" */
    uint64_t max_bytes; /* of one file */
    int64_t keep_ms;    /* an upload nobody continues is removed after this */
    uint32_t max_open;  /* of one draft or case */
};

/* gives the desk that keeps two connections off one upload; one per program, in struct care. Makes
 * the folder. End with upload_desk_free(). */
MUST_USE enum err upload_desk_new(struct req *rq, const struct upload_opts *opts,
                                  struct upload_desk **ret_desk);
void upload_desk_free(struct upload_desk *d);
uint64_t upload_max_bytes(const struct upload_desk *d);

/* Begins an upload of size bytes for a draft or case. The caller has checked that the person may add
 * files to it.
 *
 * errors  E_BAD_INPUT  no name, no bytes; E_TOO_LARGE  above the setting;
 *         E_CONFLICT   too many files of this draft or case */
MUST_USE enum err upload_new(struct req *rq, struct upload_desk *d, struct str case_id,
                             struct str name, struct str type, uint64_t size,
                             struct upload *ret_up);
/* The person's own upload (rq->who). thread: any.
 * errors  E_NOT_FOUND  none of theirs; E_GONE  its time is over */
MUST_USE enum err upload_find(struct req *rq, struct str id, struct upload *ret_up);
/* All of a draft or case, oldest first, those of other people too: the caller checks access to it. Single
 * images that were filed are not among them, and filed ones do not count against max_open. thread: any. */
MUST_USE enum err upload_list(struct req *rq, struct str case_id, struct upload **ret_list,
                              size_t *ret_n);

/* Removes files of uploads that are gone or complete: what a kill left behind. ret_n: how many. */
MUST_USE enum err upload_sweep(struct req *rq, struct upload_desk *d, uint32_t *ret_n);

/* One connection that adds bytes. */
struct upload_pen;
/* Opens an upload at offset. A connection that had it open before is cut off first: the line broke
 * and its end was not noticed yet.
 *
 * gives   *ret_pen in rq->a, closed at the latest with the request
 * errors  as upload_find; E_CONFLICT  offset is not where it stands, or it is complete */
MUST_USE enum err upload_pen_open(struct req *rq, struct upload_desk *d, struct str id,
                                  uint64_t offset, struct upload_pen **ret_pen);
/* Bytes of a pen whose checksum is checked at the end count only after upload_pen_flush(). */
void upload_pen_hold(struct upload_pen *pen);
/* errors  E_TOO_LARGE  more than announced; E_CONFLICT  another connection took over; E_IO, E_FULL */
MUST_USE enum err upload_pen_write(struct req *rq, struct upload_pen *pen, struct str bytes);
/* Syncs and counts what was written. */
MUST_USE enum err upload_pen_flush(struct req *rq, struct upload_pen *pen);
/* What was written is all there is: the size becomes that. For senders who cannot tell it before (a
 * plain form); such an upload is begun with a size that is at least as large.
 * errors  E_BAD_INPUT  nothing was written */
MUST_USE enum err upload_pen_cut(struct req *rq, struct upload_pen *pen);
/* SHA-256 of the bytes this pen wrote. */
void upload_pen_sha(const struct upload_pen *pen, uint8_t ret_sha[32]);
/* Where it stands: what was counted. */
uint64_t upload_pen_offset(const struct upload_pen *pen);
bool upload_pen_complete(const struct upload_pen *pen);
/* The complete file: judges it, moves it to the blobs, commits. A refused file is removed and the row
 * says why. A medical image, and those in a ZIP, TAR or ISO file, are filed at once (care/imaging.h), when a
 * person sent them; an archive's own bytes are not kept. One without any image is refused.
 *
 * errors  E_UNPROCESSED  refused: ret_up->meta tells the reason (the row is committed) */
MUST_USE enum err upload_pen_finish(struct req *rq, struct upload_pen *pen, struct upload *ret_up);
void upload_pen_close(struct upload_pen *pen);
/* A file that came whole but was not judged, because the program was killed in between or the virus scanner
 * did not answer: it is judged now. Another is left as it is, and one that is being judged; a refused one is
 * no failure here.
 * errors  E_BUSY  it still does not answer; as upload_pen_finish() */
MUST_USE enum err upload_finish_left(struct req *rq, struct upload_desk *d, struct upload *up);

/* Removes an upload that was not used yet, and its bytes.
 * errors  as upload_find; E_CONFLICT  it belongs to a case already */
MUST_USE enum err upload_end(struct req *rq, struct upload_desk *d, struct str id);
/* Removes what expired, at most n; *ret_n tells how many. For the job runner. */
MUST_USE enum err upload_expire(struct req *rq, struct upload_desk *d, size_t n, size_t *ret_n);
/* A text of the meta JSON: S("note"), S("refused"); p NULL when absent. */
struct str upload_meta_text(struct req *rq, const struct upload *up, struct str key);
