/* work/stamper.h - asks the time stamp authority for what care/stamping.h queued: one thread, so that one
 * that hangs holds up nobody.
 *
 * A row leaves the queue with the commit that keeps its token: killed in between, it is asked again. An
 * attempt that fails is made again after a pause that grows to an hour; it is never given up, but for a
 * signature that could not be read eight times, over some hours, or has no room for our stamp. While nobody
 * answers, however many wait, calls come seconds apart. */
#pragma once

#include "care/stamping.h"

struct stamper;

/* gives    a running thread, or NULL where no authority is set; end with stamper_stop(). care must outlive
 *          it.
 * errors   E_IO  no thread */
MUST_USE enum err stamper_start(struct req *rq, struct care *care, struct stamper **ret_stamper);
/* Ends it after the attempt under way. NULL is allowed. */
void stamper_stop(struct stamper *s);

/* ---- for the thread, and tests ---- */

/* The authority's answer to a request; empty: none, *ret_status says how it answered (0: not at all). Never
 * fails otherwise. Replaced in tests. */
typedef void (*stamper_ask_fn)(struct req *rq, struct str request, struct str *ret_reply,
                               unsigned *ret_status);
void stamper_ask(struct req *rq, struct str request, struct str *ret_reply, unsigned *ret_status);
enum stamper_did {
    STAMPER_NOTHING, /* none is due */
    STAMPER_TRIED,   /* one attempt, whatever came of it */
    STAMPER_SILENCE  /* one attempt, and nobody answered */
};
/* Makes one attempt, if any is due. */
MUST_USE enum err stamper_step(struct care *care, struct db *db, struct instant now, stamper_ask_fn ask,
                               enum stamper_did *ret_did);
/* gives how long to wait after a step; *hurt counts silences in a row. */
uint32_t stamper_pause_ms(enum err e, enum stamper_did did, unsigned *hurt);
