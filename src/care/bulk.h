/* care/bulk.h - work over all resources in the background: exports into files (FHIR Bulk Data Access 2),
 * imports from them.
 *
 * An export is what the resources were at one place of the change feed, so that it comes out the same
 * however often it was interrupted. Its files lie in DIR/exports, NDJSON, one per type, the resources in
 * the order they were last changed; what was counted before a kill is kept, the rest is cut off and made
 * again. An import counts a chunk of lines in the transaction that writes them: nothing is missing or
 * doubled.
 *
 * What its caller may see is kept with it; each resource is held to that. */
#pragma once

#include "base/req.h"
#include "fhir/search.h"

struct tx;
struct who;
struct care;

enum bulk_kind { BULK_EXPORT = 1, BULK_IMPORT };
enum bulk_state { BULK_RUNS, BULK_DONE, BULK_FAILED };
enum bulk_level { BULK_SYSTEM, BULK_PATIENT, BULK_GROUP };

enum {
    BULK_RUNNING_MAX = 4,     /* of one caller at once */
    BULK_FILTERS_MAX = 32,    /* _typeFilter queries */
    BULK_ELEMENTS_MAX = 32,
    BULK_PATIENTS_MAX = 200 * 1000, /* of a Group or a list */
    BULK_ID_MAX = 64,
};

/* Provenance about what is exported, when it is not exported anyway (includeAssociatedData). */
enum bulk_provenance { PROVENANCE_NONE, PROVENANCE_LATEST, PROVENANCE_ALL };

/* What is exported. */
struct bulk_ask {
    enum bulk_level level;
    struct str url;           /* as it was asked: for the manifest */
    struct str base;          /* "http://host/fhir": for the addresses of attachments */
    const struct str *types;  /* none: all */
    size_t n_types;
    const struct str *filters; /* "Observation?category=vital-signs": a type with some must meet one */
    size_t n_filters;
    const struct str *elements; /* "id", "Patient.name"; none: whole resources */
    size_t n_elements;
    enum bulk_provenance provenance;
    struct str group;         /* Group id of BULK_GROUP */
    const struct str *patients; /* ids; with none: all of the level */
    size_t n_patients;
    struct instant since;     /* changed then or later; 0: whenever */
};

/* A row of the store. */
struct bulk_row {
    struct str id;
    enum bulk_kind kind;
    enum bulk_state state;
    struct str owner;         /* who asked */
    struct instant at;        /* the moment it shows; of imports: when it was asked */
    int64_t upto;             /* its place in the feed */
    struct str ask, who, progress; /* JSON */
    struct instant expires;
    struct str error;
};

/* ---- exports: bulk_export.c ---- */

struct bulk_export;

/* Who asks may export at all: an interface account, or a service with system scopes.
 * errors  E_FORBIDDEN; the refusal is on record */
MUST_USE enum err bulk_may(struct req *rq);
/* The same for imports: an interface account. */
MUST_USE enum err bulk_may_import(struct req *rq);
/* Checks what is asked, and puts it into tx to be run by the runner, with its record. The members of a group
 * are those of now.
 * errors  E_BAD_INPUT  a type not kept or outside the level, a filter that is no search, too much of
 *         something; E_NOT_FOUND the Group or a patient; E_FORBIDDEN a type outside the scopes;
 *         E_LOCKED  BULK_RUNNING_MAX run already */
MUST_USE enum err bulk_export_ask(struct req *rq, const struct bulk_ask *ask, struct tx *tx,
                                  struct str *ret_id);

/* The engine: progress empty for a new one. where: path and beginning of its files' names. Memory is its own,
 * but for what stays in rq->a. End with bulk_export_close().
 * errors  as bulk_export_ask; E_IO */
MUST_USE enum err bulk_export_open(struct req *rq, const struct bulk_ask *ask,
                                   const struct fhir_access *acc, int64_t upto, struct str progress,
                                   struct str where, struct bulk_export **ret_x);
/* Looks at n more versions. rq: a request of its own, whose arena is emptied by the caller.
 * errors  E_IO, E_FULL */
MUST_USE enum err bulk_export_step(struct req *rq, struct bulk_export *x, size_t n, bool *ret_done);
/* All so far is on the disk; the progress that leads there is in b. */
MUST_USE enum err bulk_export_save(struct req *rq, struct bulk_export *x, struct buf *b);
uint64_t bulk_export_n(const struct bulk_export *x);
void bulk_export_close(struct bulk_export *x);

/* ---- imports: bulk_import.c ---- */

/* A file of resources, one a line. */
struct bulk_input {
    struct str url;  /* as it was named: for the manifest */
    struct str type; /* of all its resources; empty: any */
    struct str path; /* of the command line; else: */
    uint8_t sha[32]; /* an uploaded file */
};
enum { BULK_INPUTS_MAX = 200, BULK_LINE_MAX = 16 << 20 };

/* Puts an import of uploaded files of the caller (inputs[].url: "http://host/uploads/ID" or that path)
 * into tx, with its record. An interface account only.
 * errors  E_FORBIDDEN; E_BAD_INPUT none, too many, a type not kept; E_NOT_FOUND no such upload of theirs;
 *         E_CONFLICT it is not complete; E_LOCKED */
MUST_USE enum err bulk_import_ask(struct req *rq, struct str url, struct bulk_input *inputs, size_t n,
                                  struct tx *tx, struct str *ret_id);
/* An import of files by their paths, from the command line: goes on with the row of the same files when there
 * is one. *ret_id: to be run by bulk_run_one(). */
MUST_USE enum err bulk_import_files(struct req *rq, const struct bulk_input *inputs, size_t n,
                                    struct str *ret_id);
MUST_USE enum err bulk_inputs_read(struct req *rq, struct str ask, struct bulk_input **ret_inputs,
                                   size_t *ret_n);

/* The engine: each step is one transaction of at most n lines that counts them too. *ret_dropped: the row
 * is gone.
 * errors  E_IO, E_FULL, E_BUSY */
struct bulk_import;
MUST_USE enum err bulk_import_open(struct req *rq, const struct bulk_row *row, struct str where,
                                   struct bulk_import **ret_m);
MUST_USE enum err bulk_import_step(struct req *rq, struct bulk_import *m, size_t n, bool *ret_done,
                                   bool *ret_dropped);
void bulk_import_close(struct bulk_import *m);

/* ---- rows, progress: bulk.c ---- */

MUST_USE enum err bulk_ask_write(struct req *rq, const struct bulk_ask *ask, struct str *ret_json);
MUST_USE enum err bulk_ask_read(struct req *rq, struct str json, struct bulk_ask *ret_ask);
/* One of the caller's own.
 * errors  E_NOT_FOUND  none of theirs, or expired */
MUST_USE enum err bulk_find(struct req *rq, enum bulk_kind kind, struct str id,
                            struct bulk_row *ret_row);
/* Ends it and removes its files. The run under way stops by itself. */
MUST_USE enum err bulk_drop(struct tx *tx, struct str id);
/* Share of the feed that was looked at, 0..100. */
unsigned bulk_percent(struct req *rq, const struct bulk_row *row);

/* A file of an export or import, as its progress tells. */
struct bulk_file {
    struct str name;  /* "Patient", "deleted", "outcome": of the address and the file */
    struct str type;  /* of what is in it: "Patient", "Bundle", "OperationOutcome" */
    uint64_t n;
    uint64_t bytes;
};
/* A number of a progress: "n" resources, "bad" lines; 0 when it is not there. */
int64_t bulk_number(struct req *rq, struct str progress, struct str name);
MUST_USE enum err bulk_files(struct req *rq, struct str progress, struct bulk_file **ret_files,
                             size_t *ret_n);
/* Path of a file of a row: DIR/exports/ID-NAME.ndjson */
MUST_USE enum err bulk_path(struct req *rq, struct str id, struct str name, char ret_path[]);

/* ---- running: bulk_run.c ---- */

/* True when it should stop soon: the program ends. */
typedef bool (*bulk_stop_fn)(void *ctx);
/* Runs the oldest until it is done, dropped, or stop says so; *ret_ran false: there was none. For a thread
 * that may wait. errors are those of the store; a failed export or import says so in its row. */
MUST_USE enum err bulk_run(struct care *care, struct db *db, bulk_stop_fn stop, void *ctx,
                           bool *ret_ran);
/* Runs this one until it is done. *ret_row as it is then. rq: acts as who asked. */
MUST_USE enum err bulk_run_one(struct req *rq, struct str id, struct bulk_row *ret_row);
/* Removes what expired, and files of no row. */
MUST_USE enum err bulk_expire(struct care *care, struct db *db, struct instant now);
