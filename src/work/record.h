/* work/record.h - recordings of meetings: a thread that begins, pauses and ends them by what people said
 * and who is there (care/recording.h), and one that turns what media servers wrote into files of the
 * record. */
#pragma once

#include "care/care.h"
#include "store/db.h"

struct record_threads;
struct recording;

/* gives both running; NULL: no thread. End with record_stop(), NULL is allowed. */
struct record_threads *record_start(struct care *care);
void record_stop(struct record_threads *t);

/* Does one step for a recording, in a request of its own. */
typedef enum err (*record_step_fn)(struct req *rq, const struct recording *r, void *ctx);
/* fn for each recording that is not done with, each in a request by the clock. One that fails is logged, and
 * the others go on. errors  E_IO the list could not be read */
MUST_USE enum err record_each(struct care *care, struct db *db, struct instant now, record_step_fn fn,
                              void *ctx);
/* One look at all recordings that wait or run. */
MUST_USE enum err record_pass(struct care *care, struct db *db, struct instant now);

/* Makes a file of a media server playable: in is its bytes, out is empty.
 * *ret_played false: nothing in it can be. errors  E_IO, E_BUSY not now */
typedef enum err (*record_play_fn)(struct req *rq, const struct care *care, int in, int out, bool video,
                                   bool *ret_played);
/* By care->recorder, caged. */
MUST_USE enum err record_play(struct req *rq, const struct care *care, int in, int out, bool video,
                              bool *ret_played);
/* One step for each recording that has ended: a file is kept, or the first form of a kept one is erased,
 * or all is done. *ret_more: at once another. What is on its way at a kill is done again. */
MUST_USE enum err record_keep(struct care *care, struct db *db, struct instant now, record_play_fn play,
                              bool *ret_more);
/* "videoroom-7-user-FEED-TIME-audio-0.mjr": whose seat, and what. False: no such name. */
bool record_name_read(struct str name, uint32_t *ret_seat, bool *ret_video);
