/* care/job.h - what is to be done later: kinds of jobs, and putting them into a transaction. The
 * runner is in the work room. */
#pragma once

#include "base/req.h"
#include "store/tx.h"

/* Stored: append only. One job per kind and key. */
enum job_kind {
    JOB_NONE,
    JOB_CLOCK, /* key: case id; arg: the due time and level it was set for, "due level" */
    JOB_GLASS, /* key: "case person": break-glass ends */
    JOB_SWEEP, /* key "": expired sessions, uploads, drafts, once keys */
    JOB_VISIT, /* key: visit id: whom it concerns is reminded */
    JOB_ROOM,  /* key: room id; arg: number of the meeting: care/room.h */
    JOB_VISIT_NOTE, /* key: visit id; arg "due level": the note of a remote visit is owed */
    JOB_RING,  /* key: case id; arg: whom to call next, and for which service: care/ring.c */
    JOB_CONSILIUM, /* key: consilium id: its members are reminded that it begins */
    JOB_COUNT
};

MUST_USE enum err job_set(struct tx *tx, enum job_kind kind, struct str key, int64_t due_ms,
                          struct str arg);
MUST_USE enum err job_drop(struct tx *tx, enum job_kind kind, struct str key);
