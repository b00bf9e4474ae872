/* base/req.h - what one unit of work (a request, a job, a command) carries through all rooms. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/instant.h"

enum lang { LANG_EN, LANG_RU, LANG_KK, LANG_UZ, LANG_COUNT };

struct app;   /* app/app.h: the program's immutable context */
struct db;    /* store/db.h: this thread's read handle */
struct who;   /* care/who.h: the person and the role they act in */
struct fhir_issues; /* fhir/issue.h: what validation found wrong */
struct audit_rec; /* store/audit.h: what must be on record before the answer leaves */

struct req {
    struct arena *a;        /* dies with the request */
    struct err_rec err;     /* the first failure */
    struct fhir_issues *issues; /* the many faults of an input; NULL when none were collected */
    struct app *app;        /* borrowed; NULL in pure unit tests */
    struct db *db;          /* borrowed read handle of the calling thread; NULL in pure code */
    const struct who *who;  /* NULL before sign-in */
    struct instant now;     /* taken once, when the request came */
    enum lang lang;         /* for texts shown to people */
    uint64_t id;            /* unique per process run; in logs and audit */
    struct audit_rec *audit; /* collected, newest first; written with the commit, or before the
                              * answer of a request that changes nothing */
    bool shared;            /* its thread is one of the few that serve everybody: long waits are counted */
    char peer[46];          /* textual address of the caller, "" for commands and jobs */
};

/* A request for a command, job or test: own arena of cap bytes. End it with req_done(). */
void req_init(struct req *rq, size_t cap, struct instant now);
void req_done(struct req *rq);
