/* care/upload_int.h - between upload.c, upload_pen.c and upload_desk.c. */
#pragma once

#include "care/upload.h"
#include "os/file.h"

/* A pen's place at the desk. */
struct upload_turn {
    size_t slot;
    uint32_t turn;
};

const struct upload_opts *upload_desk_opts(const struct upload_desk *d);
/* DIR/uploads/ID */
MUST_USE enum err upload_desk_path(struct req *rq, const struct upload_desk *d, struct str id,
                                   char out[OS_PATH_MAX]);
/* Files made in DIR/uploads are there after a power cut too. */
MUST_USE enum err upload_desk_sync(struct req *rq, const struct upload_desk *d);
/* Becomes the one pen of an upload; waits while the earlier one finishes what it is writing.
 * errors  E_BUSY  too many uploads at once */
MUST_USE enum err upload_desk_take(struct req *rq, struct upload_desk *d, struct str id,
                                   struct upload_turn *ret_turn);
/* False when a later pen took over; otherwise later ones wait until upload_desk_leave(). */
MUST_USE bool upload_desk_enter(struct upload_desk *d, struct upload_turn t);
void upload_desk_leave(struct upload_desk *d, struct upload_turn t);
/* Whether the upload has a pen, or is being begun. */
bool upload_desk_has(struct upload_desk *d, struct str id);
/* Whether its pen writes or judges right now, for which upload_desk_take() would wait. */
bool upload_desk_is_busy(struct upload_desk *d, struct str id);
/* DIR/uploads */
const char *upload_desk_dir(const struct upload_desk *d);
void upload_desk_drop(struct upload_desk *d, struct upload_turn t);

/* The person's own upload, and the hash of what was counted. errors  as upload_find() */
MUST_USE enum err upload_int_find(struct req *rq, struct str id, struct upload *ret_up,
                                  struct sha *ret_sha);
/* What was done with it, on record. */
MUST_USE enum err upload_int_audit(struct req *rq, const struct upload *up, struct str what);
