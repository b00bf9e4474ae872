/* care/recording.h - recordings of meetings: by policy, with the consent of each, announced to all.
 *
 * A host asks; who is in answers, each on the own page, and each answer is kept as a Consent. The meeting is
 * recorded only while everybody who is in has agreed: whoever comes in silences the recording at once
 * (care/signal.h) until they have answered; who says no, or withdraws, ends it. So does the end of the
 * meeting, the loss of the media server, and a patient who refused recordings for good.
 *
 * Media servers write what each person sends into the folder of the recording; once it has ended, those files
 * become DocumentReferences of the case or patient (work/record_keep.c), and the first form is erased.
 *
 * Two hands write: requests write questions, answers and ends; one thread (recording_look()) begins, pauses
 * and ends by what is known then, so that no two answers of one moment miss each other. */
#pragma once

#include "care/room.h"

struct policy_flag;

/* Stored: append only. */
enum recording_state {
    RECORDING_ASKING,  /* not everybody who is in has answered; nothing is recorded */
    RECORDING_ON,
    RECORDING_STOPPED, /* its files wait to be kept */
    RECORDING_KEPT,
};
/* Stored: append only. Why it ended. */
enum recording_end {
    RECORDING_END_NONE,
    RECORDING_END_HOST,
    RECORDING_END_NO,      /* somebody said no, or withdrew */
    RECORDING_END_PATIENT, /* the patient refused recordings for good */
    RECORDING_END_OVER,    /* the meeting ended, or nobody was in any more */
    RECORDING_END_LOST,    /* the media server is gone, or this program began anew */
    RECORDING_ENDS
};
const char *recording_end_text(enum recording_end why); /* msgid */

struct recording {
    struct str id, room, by, by_name, stopped_by;
    struct str encounter; /* of the meeting; empty: fewer than two were in */
    uint32_t meeting, files;
    enum recording_state state;
    enum recording_end why;
    int64_t asked_ms, started_ms, stopped_ms;
    struct instant gone;  /* when its files left by term, ms 0: they are there */
    struct str gone_by;   /* by which: "kz 2026-11-22: recording.retention, 365 days" */
};

/* Why a meeting cannot be recorded. */
enum recording_bar {
    RECORDING_MAY,
    RECORDING_BAR_POLICY,
    RECORDING_BAR_PATIENT, /* refused for good */
    RECORDING_BAR_SERVER,  /* no media server answers */
    RECORDING_BAR_FOLDER,  /* none is set */
    RECORDING_BAR_PROGRAM, /* nothing makes recordings playable */
    RECORDING_BARS
};
const char *recording_bar_text(enum recording_bar bar); /* msgid */

/* May it be recorded, by the policy of rq->who and by what is there. ret_policy (may be NULL): the value. */
MUST_USE enum err recording_may(struct req *rq, const struct room *room, enum recording_bar *ret_bar,
                                const struct policy_flag **ret_policy);
/* errors  E_NOT_FOUND */
MUST_USE enum err recording_load(struct req *rq, struct str id, struct recording *ret_recording);
/* The last recording of the present meeting. errors  E_NOT_FOUND none */
MUST_USE enum err recording_of(struct req *rq, const struct room *room, struct recording *ret_recording);

/* Those of a room that were made, the newest first. */
MUST_USE enum err recordings_of(struct req *rq, struct str room, struct recording *ret_all, uint32_t n,
                                uint32_t *ret_n);

/* What somebody said. */
enum recording_voice { RECORDING_SILENT, RECORDING_YES, RECORDING_NO };
struct recording_answer {
    struct str key, name;
    enum recording_voice said;
    struct str consent;
};
/* Answers so far. */
MUST_USE enum err recording_answers(struct req *rq, struct str recording,
                                    struct recording_answer *ret_answers, uint32_t n, uint32_t *ret_n);
enum recording_voice recording_voice_of(const struct recording_answer *answers, uint32_t n,
                                        struct str key);

/* A host asks, which is their own yes.
 * errors  E_FORBIDDEN no host; E_CONFLICT it may not be (recording_may()), or one waits or runs */
MUST_USE enum err recording_ask(struct req *rq, struct tx *tx, const struct room_caller *c);
/* Who is in answers, or withdraws; what was said before may be said again.
 * errors  E_FORBIDDEN not in; E_NOT_FOUND nothing is asked any more */
MUST_USE enum err recording_answer(struct req *rq, struct tx *tx, const struct room_caller *c, bool yes);
/* A host ends it. errors  E_FORBIDDEN; one that has ended is no failure */
MUST_USE enum err recording_stop(struct req *rq, struct tx *tx, const struct room_caller *c);

/* ---- For the threads of work/record.c ---- */

/* Those that are not kept yet: what waits or runs first. */
MUST_USE enum err recording_work(struct req *rq, struct recording *ret_all, uint32_t n, uint32_t *ret_n);
/* What follows from who is in and what they said. After the commit recording_begin() when *ret_begin. */
struct recording_begin {
    bool due;
    uint64_t comings;
};
MUST_USE enum err recording_look(struct req *rq, struct tx *tx, const struct recording *r,
                                 struct recording_begin *ret_begin);
void recording_begin(struct req *rq, const struct recording *r, const struct recording_begin *b);

/* A file of a recording that can be played: its bytes are durable. seat: whose it is. */
struct recording_file {
    struct str name;  /* as the media server named it */
    uint32_t seat;
    bool video;
    struct str type;  /* media type */
    struct str ext;   /* ".webm" */
    uint64_t size;
    uint8_t sha[32];
};
/* Was this file kept before? */
MUST_USE enum err recording_has(struct req *rq, const struct recording *r, struct str name, bool *ret_has);
/* Keeps it as a DocumentReference of the case or patient, in tx. */
MUST_USE enum err recording_keep(struct req *rq, struct tx *tx, const struct recording *r,
                                 const struct recording_file *f);
/* Nothing in it can be played: that is put on record, and it counts as kept. */
MUST_USE enum err recording_pass(struct req *rq, struct tx *tx, const struct recording *r, struct str name);
/* All its files are kept. */
MUST_USE enum err recording_done(struct req *rq, struct tx *tx, const struct recording *r);
