/* app/reindex.c - the search index made anew: by the subcommand, and by a server that finds one of
 * another generation. A region has nobody who would run a command after an update, so the server does
 * it by itself, before it answers. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "care/who.h"
#include "fhir/reindex.h"

/* The signals of serve.c are blocked and wait until somebody takes them. */
static bool no_signal_waits(void *ctx)
{
    sigset_t set;
    (void)ctx;
    return sigpending(&set) != 0 || (sigismember(&set, SIGTERM) != 1 && sigismember(&set, SIGINT) != 1);
}

enum err app_index(struct req *rq, struct app *app, bool *ret_whole)
{
    struct reindex r = {.store = app->web.care.store, .go_on = no_signal_waits};
    const struct who *before = rq->who;
    rq->who = &who_system;
    enum err e = fhir_reindex(rq, &r);
    rq->who = before;
    *ret_whole = r.done;
    return e;
}

enum err app_index_begin(struct req *rq, struct app *app)
{
    const struct who *before = rq->who;
    rq->who = &who_system;
    enum err e = fhir_index_begin(rq, app->web.care.store);
    rq->who = before;
    return e;
}

static enum err run(struct command_args *args)
{
    struct reindex r = {.store = care_of(args->rq)->store, .all = true};
    TRY(fhir_reindex(args->rq, &r));
    printf("%" PRIu64 " resources\n", r.n);
    if (r.left_out > 0) {
        return FAIL(args->rq, E_INTERNAL, "%" PRIu64 " resources could not be read; see the log",
                    r.left_out);
    }
    return OK;
}

int command_reindex(struct command_args *args)
{
    return command_with_store(args, false, run);
}
