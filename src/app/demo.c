/* app/demo.c - the subcommand: fills the data folder once, tells who can sign in, and serves.
 *
 * The region is filled in DIR.filling and takes its place with one rename, so that a folder is there
 * whole or not at all. What is left of a broken fill is removed at the next start. */
#include "app/demo.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#include "app/app.h"
#include "app/command.h"
#include "app/demo_stage.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/tx.h"

enum { PATIENTS = 300, CASES = 200, DRAFTS = 10, WALK_FDS = 16, HISTORY_BEGIN_DAYS = 62 };

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static enum err remove_folder(struct req *rq, const char *path)
{
    return !os_exists(path) || nftw(path, remove_entry, WALK_FDS, FTW_DEPTH | FTW_PHYS) == 0
               ? OK
               : FAIL(rq, E_IO, "removing a folder, errno %d", errno);
}

static struct str base_url(struct req *rq, const struct config *c)
{
    struct buf b;

    if (c->base_url.n > 0) {
        return c->base_url;
    }
    buf_init(&b, rq->a, 100);
    BUF_LIT(&b, "http://");
    buf_str(&b, c->listen);
    BUF_LIT(&b, ":");
    buf_u64(&b, c->port);
    return buf_get(&b);
}

/* Everything, with the folder open; the mark comes last. */
static enum err fill_open(struct req *rq, const struct config *config)
{
    struct demo_region *region = ARENA_NEW(rq->a, struct demo_region);
    struct demo d = {.rq = rq, .region = region, .dice = {1}, .now = os_now(),
                     .base_url = base_url(rq, config), .n_patients = PATIENTS, .n_cases = CASES,
                     .n_drafts = DRAFTS, .files = true};

    TRY_MEM(rq, region);
    rq->who = &who_system;
    rq->lang = LANG_RU;
    /* One password everybody is told needs no slow hash; the fill signs with it many times. */
    care_of(rq)->password_ops = 1;
    care_of(rq)->password_mem = 8 << 20;
    TRY(demo_region_plan(rq, region));
    TRY(demo_fill(&d));
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_SETTING, 0, sql_text(S(DEMO_SETTING)), sql_blob(S("filled"))));
    return store_commit(care_of(rq)->store, rq, tx);
}

static enum err fill_folder(struct req *rq, const struct config *config, struct str folder)
{
    struct config filling = *config;
    struct instant now = rq->now;
    struct app app;

    filling.data = folder;
    /* The signing authority is older than the first signature. */
    rq->now.ms = now.ms - HISTORY_BEGIN_DAYS * MS_DAY;
    enum err e = app_open(rq, &filling, false, &app);
    if (e == OK) {
        e = fill_open(rq, &filling);
    }
    app_close(rq, &app);
    rq->now = now;
    return e;
}

/* Makes the region beside the data folder, then puts it in its place. */
static enum err fill(struct req *rq, const struct config *config)
{
    uint64_t begun = os_ticks_us();
    struct buf b;

    buf_init(&b, rq->a, OS_PATH_MAX);
    buf_str(&b, config->data);
    BUF_LIT(&b, ".filling");
    const char *folder = arena_cstr(rq->a, buf_get(&b));
    const char *data = arena_cstr(rq->a, config->data);
    TRY_MEM(rq, folder);
    TRY_MEM(rq, data);
    TRY(remove_folder(rq, folder));
    printf("Making a region of made-up people; this takes about a minute ...\n");
    (void)fflush(stdout);
    TRY(fill_folder(rq, config, str_z(folder)));
    if (os_exists(data) && remove(data) != 0) {
        return FAIL(rq, E_CONFLICT, "the data folder has other files");
    }
    TRY(os_rename(rq, folder, data));
    printf("Filled in %u s.\n", (unsigned)((os_ticks_us() - begun) / 1000000));
    return OK;
}

static enum err entry_seen(struct req *rq, const char *name, void *ctx)
{
    (void)rq;
    (void)name;
    *(bool *)ctx = true;
    return OK;
}

/* A folder with something in it is ours to look into, not to fill. */
static enum err is_empty(struct req *rq, const struct config *config, bool *ret_empty)
{
    const char *data = arena_cstr(rq->a, config->data);
    bool seen = false;

    TRY_MEM(rq, data);
    if (os_exists(data)) {
        TRY(os_each_entry(rq, data, entry_seen, &seen));
    }
    *ret_empty = !seen;
    return OK;
}

/* errors  E_CONFLICT  the folder was not filled here */
static enum err check_mark(struct req *rq)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(S(DEMO_SETTING)));

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_CONFLICT, "the data folder is no demonstration; name another: --data");
    }
    return e;
}

/* With the data folder open, before it is served. */
static enum err before_serving(struct req *rq, struct app *app)
{
    struct demo_region *region = ARENA_NEW(rq->a, struct demo_region);
    uint32_t shifts = 0;

    TRY_MEM(rq, region);
    TRY(check_mark(rq));
    rq->who = &who_system;
    TRY(demo_region_plan(rq, region));
    TRY(demo_roster(rq, region, rq->now, DEMO_DUTY_AHEAD_DAYS, &shifts));
    TRY(demo_stage_again(&(struct demo){.rq = rq, .region = region, .dice = {1}, .now = os_now()}));
    app->web.demo = true;
    demo_region_print(region);
    demo_stage_print(rq);
    return OK;
}

int command_demo(struct command_args *args)
{
    struct demo_live live = {0};
    struct config config = *args->config;
    struct command_args mine = *args;
    bool empty = false;
    enum err e = is_empty(args->rq, args->config, &empty);

    if (e == OK && empty) {
        e = fill(args->rq, args->config);
    }
    if (e == OK && config.demo_live) {
        e = demo_live_start(args->rq, &config, &live);
    }
    config.second_factor = false; /* everybody is told the one password of made-up people */
    mine.config = &config;
    int status = e == OK ? serve_folder(&mine, before_serving) : COMMAND_FAILED;
    demo_live_stop(&live);
    return status;
}
