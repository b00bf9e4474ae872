/* app/serve.c - the subcommands that open the data folder and answer requests. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/command.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "work/cstore.h"
#include "work/herald.h"
#include "work/post.h"
#include "work/record.h"
#include "work/runner.h"
#include "work/stamper.h"

enum { DRAIN_UNIT_MS = 1000, FILES_OWN = 256 };

static unsigned io_threads(const struct config *c)
{
    long n = c->io_threads > 0 ? (long)c->io_threads : sysconf(_SC_NPROCESSORS_ONLN);
    return (unsigned)MAX(1, MIN(n, 16));
}

/* Blocked before any thread starts, so that all threads inherit it and only this one waits. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGPIPE);
    sigaddset(set, SIGXFSZ); /* a limit on the size of files is a full disk */
    pthread_sigmask(SIG_BLOCK, set, NULL);
    sigdelset(set, SIGPIPE);
    sigdelset(set, SIGXFSZ);
}

/* What can be read anew while it serves: the certificate. What is wrong with it leaves all as it is. */
static void reload(struct req *rq, struct app *app)
{
    struct arena_mark before = arena_mark(rq->a);
    rq->now = os_now();
    enum err e = http_server_renew(rq, app->web.server);
    if (e != OK) {
        LOG(LOG_TLS_REFUSED, log_name("old"), log_err(e), log_where(&rq->err));
        err_clear(rq);
    }
    arena_back(rq->a, before);
}

static void wait_for_signal(struct req *rq, struct app *app, const sigset_t *set)
{
    int got = 0;
    while (sigwait(set, &got) != 0 || got == SIGHUP) {
        if (got == SIGHUP) {
            reload(rq, app);
        }
    }
}

/* Every connection is a file, and a request may open some more. */
static void files_raise(const struct config *c)
{
    /* by TLS: the peer's, and the two ends of what leads to its I/O thread */
    uint64_t each = config_has_tls(c) ? 3 : 1;
    uint64_t needed = c->max_connections * each + FILES_OWN;
    uint64_t may = os_files_may(needed);
    if (may < needed) {
        LOG(LOG_FEW_FILES, log_u64(may), log_u64(needed));
    }
}

static enum err listen_up(struct req *rq, struct app *app)
{
    const struct config *c = app->config;
    if ((c->tls_certificate.n > 0) != (c->tls_key.n > 0)) { /* rather nothing than in clear */
        return FAIL(rq, E_BAD_INPUT, "tls_certificate and tls_key belong together");
    }
    bool tls = config_has_tls(c) && !config_listens_on_path(c);
    struct http_opts o = {
        .tls_certificate = tls ? arena_cstr(rq->a, c->tls_certificate) : NULL,
        .tls_key = tls ? arena_cstr(rq->a, c->tls_key) : NULL,
        .public_url = c->base_url,
        .listen = arena_cstr(rq->a, c->listen),
        .port = (uint16_t)c->port,
        .io_threads = io_threads(c),
        .pool_threads = (unsigned)c->pool_threads,
        .max_connections = (unsigned)c->max_connections,
        .max_streams = (unsigned)c->max_streams,
        .stream_max_bytes = c->upload_max * UINT64_C(1048576),
        .log_access = c->log_access,
        .rate = {[RATE_PERSON] = (uint32_t)c->rate_person,
                 [RATE_PROGRAM] = (uint32_t)c->rate_program,
                 [RATE_ADDRESS] = (uint32_t)c->rate_address,
                 [RATE_ROUTE] = (uint32_t)c->rate_route},
        .slow_ms = (uint32_t)c->slow_ms,
        .trust_proxy = c->trust_proxy,
        .routes = app_routes,
        .n_routes = n_app_routes,
        .hooks = &app_hooks,
        .app = app,
    };
    TRY_MEM(rq, o.listen);
    if (tls) {
        TRY_MEM(rq, o.tls_certificate);
        TRY_MEM(rq, o.tls_key);
    }
    files_raise(c);
    struct http_server *server;
    TRY(http_server_start(rq, &o, &server));
    app->web.server = server;
    return OK;
}

/* The address goes to standard output, for people and for tests that asked for port 0. */
static void announce(const struct app *app)
{
    struct str at = app->config->listen;
    if (config_listens_on_path(app->config)) {
        printf("listening on %.*s\n", STR_ARG(at));
    } else {
        printf("listening on %s://%.*s:%u/\n", config_has_tls(app->config) ? "https" : "http", STR_ARG(at),
               (unsigned)http_server_port(app->web.server));
    }
    (void)fflush(stdout);
}

int command_init(struct command_args *args)
{
    struct app app;
    enum err e = app_open(args->rq, args->config, false, &app);
    app_close(args->rq, &app);
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}

/* The address notifications name: the one people use, or where we listen. */
static struct str fhir_base(struct req *rq, const struct app *app)
{
    struct buf b;
    buf_init(&b, rq->a, 512);
    if (app->config->base_url.n > 0) {
        buf_str(&b, app->config->base_url);
    } else if (config_listens_on_path(app->config)) {
        BUF_LIT(&b, "http://localhost");
    } else {
        buf_str(&b, config_has_tls(app->config) ? S("https://") : S("http://"));
        buf_str(&b, app->config->listen);
        buf_char(&b, ':');
        buf_u64(&b, http_server_port(app->web.server));
    }
    BUF_LIT(&b, "/fhir");
    return buf_get(&b);
}

/* The threads that work by themselves. */
struct workers {
    struct runner *runner;
    struct herald *herald;
    struct cstore *cstore; /* NULL: switched off */
    struct post *post;
    struct stamper *stamper; /* NULL: signatures are not stamped */
    struct record_threads *record;
};

static void workers_stop(struct workers *w)
{
    record_stop(w->record);
    stamper_stop(w->stamper);
    post_stop(w->post);
    cstore_stop(w->cstore);
    herald_stop(w->herald);
    runner_stop(w->runner);
}

static enum err cstore_up(struct req *rq, struct app *app, struct cstore **ret_cstore)
{
    const struct config *c = app->config;
    struct cstore_opts o = {.listen = c->dicom_listen,
                            .port = (uint16_t)c->dicom_port,
                            .title = c->dicom_title,
                            .peers = c->dicom_peers,
                            .associations = (unsigned)c->dicom_associations,
                            .silence_s = (unsigned)c->dicom_silence};
    return c->dicom_port == 0 ? OK : cstore_start(rq, &app->web.care, &o, ret_cstore);
}

static enum err workers_start(struct req *rq, struct app *app, struct workers *ret_w)
{
    struct workers w = {0};
    TRY(runner_start(rq, &app->web.care, &w.runner));
    enum err e = herald_start(rq, &app->web.care, fhir_base(rq, app), &w.herald);
    if (e == OK) {
        e = cstore_up(rq, app, &w.cstore);
    }
    if (e == OK) {
        e = post_start(rq, &app->web.care, &w.post);
    }
    if (e == OK) {
        e = stamper_start(rq, &app->web.care, &w.stamper);
    }
    if (e == OK) {
        w.record = record_start(&app->web.care);
        e = w.record != NULL ? OK : FAIL(rq, E_IO, "no thread for recordings");
    }
    if (e != OK) {
        workers_stop(&w);
        return e;
    }
    *ret_w = w;
    return OK;
}

static enum err serve(struct req *rq, struct app *app, const sigset_t *set)
{
    uint64_t begun = os_ticks_us();
    struct workers workers = {0};
    TRY(app_live_start(rq, app));
    enum err e = listen_up(rq, app);
    if (e == OK) {
        e = workers_start(rq, app, &workers);
        if (e != OK) {
            http_server_stop(app->web.server, 0);
        }
    }
    if (e != OK) {
        app_live_stop(app);
        return e;
    }
    announce(app);
    LOG(LOG_START, log_u64(http_server_port(app->web.server)),
        log_ms((int64_t)(os_ticks_us() - begun) / 1000));
    wait_for_signal(rq, app, set);
    begun = os_ticks_us();
    workers_stop(&workers);
    http_server_stop(app->web.server, (uint32_t)app->config->drain * DRAIN_UNIT_MS);
    app_live_stop(app);
    LOG(LOG_STOP, log_ms((int64_t)(os_ticks_us() - begun) / 1000));
    return OK;
}

/* One server for a folder: two would run its jobs and deliver its notifications twice. Commands may work
 * beside it. */
static enum err hold_folder(struct req *rq, const struct app *app, int *ret_fd)
{
    char path[OS_PATH_MAX];
    TRY(os_path(rq, app->config->data, S("server.lock"), path));
    enum err e = os_hold(rq, path, ret_fd);
    if (e == E_CONFLICT) {
        err_clear(rq);
        return FAIL(rq, E_CONFLICT, "another server has this data folder open");
    }
    return e;
}

int serve_folder(struct command_args *args, serve_before_fn before)
{
    CLEANUP(os_close_p) int hold = -1;
    struct app app;
    sigset_t set;
    block_signals(&set);
    bool whole = false;
    /* What is to be started beside it for a demonstration reaches more. */
    enum err e = before == NULL ? app_cage(args->rq, args->config) : OK;
    if (e == OK) {
        e = app_open(args->rq, args->config, false, &app);
    }
    if (e == OK) {
        e = app_provider_roles(args->rq, &app);
    }
    if (e == OK) {
        e = hold_folder(args->rq, &app, &hold);
    }
    if (e == OK) {
        e = app_index(args->rq, &app, &whole);
    }
    if (e == OK && whole && before != NULL) {
        e = before(args->rq, &app);
    }
    if (e == OK && whole) {
        e = serve(args->rq, &app, &set);
    }
    app_close(args->rq, &app);
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}

int command_serve(struct command_args *args)
{
    return serve_folder(args, NULL);
}
