/* dicom/frame_keep.h - decoded frames kept for the next look at them: a ring in one file that has no name, so
 * that nothing of it is there once the program has ended, whatever its end. */
#pragma once

#include "base/req.h"

enum { FRAME_KEY = 32 };

/* What a frame was decoded from: a hash of all of it. */
struct frame_key {
    uint8_t v[FRAME_KEY];
};

struct frame_keep;

/* gives *ret_keep, for all threads; end it with frame_keep_free(). bytes: of the file, at most.
 * errors  E_UNSUPPORTED  the folder's file system has no nameless files; E_IO, E_NOT_FOUND as os/file.h */
MUST_USE enum err frame_keep_new(struct req *rq, const char *dir, uint64_t bytes,
                                 struct frame_keep **ret_keep);
/* NULL is allowed. */
void frame_keep_free(struct frame_keep *k);
/* The oldest make room. A frame too large for the file, or a disk that is full: it is not kept. */
void frame_keep_put(struct frame_keep *k, const struct frame_key *key, uint32_t bits, struct str bytes);
/* False: it is not kept, or the arena has no room for it. */
bool frame_keep_get(struct req *rq, struct frame_keep *k, const struct frame_key *key, uint32_t *ret_bits,
                    struct str *ret_bytes);
