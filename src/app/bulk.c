/* app/bulk.c - exports and imports from the command line, beside a server or without one. */
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "care/bulk.h"
#include "care/care.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/db.h"

enum { STEP = 20000, STEP_MEMORY = 64 << 20, PROGRESS_MAX = 1 << 20, TYPES_MAX = 200 };
#define PROGRESS_FILE "progress.json"

/* An export into a folder. FOLDER/progress.json holds what was asked and how far it came: three lines. */
struct out {
    struct req *rq;
    struct req step;
    struct bulk_ask ask;
    struct str asked; /* the same as JSON */
    int64_t upto;
    struct instant at; /* when the last of it was written */
    struct str progress;
    char progress_path[OS_PATH_MAX];
    struct bulk_export *x;
};

static enum err ask_read(struct command_args *args, struct out *o)
{
    struct req *rq = args->rq;
    struct str types = str_z(command_option(args, "type"));
    const char *since = command_option(args, "since");
    struct str *list = ARENA_ARRAY(rq->a, TYPES_MAX, struct str);
    struct instant hi;
    struct str one;
    TRY_MEM(rq, list);
    while (types.n > 0 && str_cut(&types, ',', &one) && o->ask.n_types < TYPES_MAX) {
        list[o->ask.n_types++] = one;
    }
    o->ask.types = list;
    if (since != NULL && !instant_span(str_z(since), 0, &o->ask.since, &hi)) {
        return FAIL(rq, E_BAD_INPUT, "--since: an instant");
    }
    return bulk_ask_write(rq, &o->ask, &o->asked);
}

/* Goes on with what is in the folder, when it is the same export; else begins. */
static enum err resume(struct req *rq, struct out *o)
{
    struct db_moment now;
    struct str rest;
    struct str line;
    uint64_t upto;
    uint64_t at;
    enum err e = os_read_file(rq, o->progress_path, PROGRESS_MAX, &rest);
    TRY(db_now(rq, &now));
    o->upto = now.vid;
    o->at = rq->now;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    bool same = str_cut(&rest, '\n', &line) && str_u64(line, &upto) && str_cut(&rest, '\n', &line)
                && str_u64(line, &at) && str_cut(&rest, '\n', &line) && str_eq(line, o->asked);
    if (!same) {
        return FAIL(rq, E_CONFLICT, "--out: another export was interrupted there");
    }
    o->upto = (int64_t)upto;
    o->at.ms = (int64_t)at;
    o->progress = rest;
    return OK;
}

static enum err save(struct out *o)
{
    struct buf b;
    buf_init(&b, o->step.a, PROGRESS_MAX);
    buf_i64(&b, o->upto);
    buf_char(&b, '\n');
    buf_i64(&b, o->at.ms);
    buf_char(&b, '\n');
    buf_str(&b, o->asked);
    buf_char(&b, '\n');
    TRY(bulk_export_save(&o->step, o->x, &b));
    return os_write_file(&o->step, o->progress_path, buf_get(&b), 0600);
}

static enum err begin(struct command_args *args, struct out *o)
{
    struct req *rq = args->rq;
    const struct fhir_access all = {.all = true};
    struct audit_rec rec = {.action = AUDIT_EXPORT, .why = WHY_SYSTEM, .detail = S("command")};
    struct buf where;
    o->rq = rq;
    TRY(ask_read(args, o));
    TRY(os_mkdir(rq, command_option(args, "out")));
    TRY(os_path(rq, str_z(command_option(args, "out")), S(PROGRESS_FILE), o->progress_path));
    TRY(resume(rq, o));
    TRY(audit_add(rq, &rec));
    TRY(store_commit_audit(care_of(rq)->store, rq));
    req_init(&o->step, STEP_MEMORY, rq->now);
    o->step.app = rq->app;
    o->step.db = rq->db;
    o->step.who = rq->who;
    buf_init(&where, rq->a, OS_PATH_MAX);
    buf_str(&where, str_z(command_option(args, "out")));
    buf_char(&where, '/');
    return bulk_export_open(rq, &o->ask, &all, o->upto, o->progress, buf_get(&where), &o->x);
}

static enum err run(struct out *o)
{
    bool done = false;
    TRY(save(o)); /* before the first file: what is there belongs to this export */
    while (!done) {
        TRY(bulk_export_step(&o->step, o->x, STEP, &done));
        TRY(save(o));
        arena_reset(o->step.a);
    }
    return os_remove(&o->step, o->progress_path);
}

static enum err export_store(struct command_args *args)
{
    struct out *o = ARENA_NEW(args->rq->a, struct out);
    TRY_MEM(args->rq, o);
    struct instant from = os_now();
    enum err e = begin(args, o);
    if (o->x != NULL) {
        e = run(o);
        if (e == OK) {
            printf("%llu resources in %lld ms\n", (unsigned long long)bulk_export_n(o->x),
                   (long long)(os_now().ms - from.ms));
        } else {
            (void)FAIL(args->rq, e, "%s", o->step.err.detail);
        }
        bulk_export_close(o->x);
    }
    if (o->step.a != NULL) {
        req_done(&o->step);
    }
    return e;
}

int command_export(struct command_args *args)
{
    if (command_option(args, "out") == NULL) {
        return COMMAND_USAGE;
    }
    return command_with_store(args, false, export_store);
}

/* ---- import ---- */

static enum err import_store(struct command_args *args)
{
    struct req *rq = args->rq;
    struct bulk_input *inputs = ARENA_ARRAY(rq->a, (size_t)args->n_words, struct bulk_input);
    struct bulk_row row;
    struct str id;
    char outcome[OS_PATH_MAX];
    TRY_MEM(rq, inputs);
    for (int i = 0; i < args->n_words; i++) {
        TRY(command_file_there(rq, args->words[i]));
        inputs[i] = (struct bulk_input){.url = str_z(args->words[i]), .path = str_z(args->words[i]),
                                        .type = S("")};
    }
    struct instant from = os_now();
    TRY(bulk_import_files(rq, inputs, (size_t)args->n_words, &id));
    TRY(bulk_run_one(rq, id, &row));
    int64_t bad = bulk_number(rq, row.progress, S("bad"));
    printf("%lld resources in %lld ms\n", (long long)bulk_number(rq, row.progress, S("n")),
           (long long)(os_now().ms - from.ms));
    if (bad > 0) {
        TRY(bulk_path(rq, id, S("outcome"), outcome));
        printf("%lld lines were left out: %s\n", (long long)bad, outcome);
    }
    return OK;
}

int command_import(struct command_args *args)
{
    if (args->n_words == 0) {
        return COMMAND_USAGE;
    }
    return command_with_store(args, false, import_store);
}
