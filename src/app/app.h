/* app/app.h - the program's context: made once by app_open(), then only read. */
#pragma once

#include "app/config.h"
#include "http/asset.h"
#include "http/server.h"
#include "store/store.h"
#include "web/web.h"

struct sign_ca;

struct app {
    struct web web; /* FIRST, and struct care the first of it: web_of(), care_of() */
    const struct config *config;
    struct content *content;
    struct sign_ca *ca; /* care/sign.h */
    struct icd *icd;
    struct http_assets *assets;
    struct http_server *_Atomic server; /* NULL until it listens, and in commands */
    bool has_directory;
};

static inline struct app *app_of(const struct http_req *h)
{
    return h->rq.app;
}

/* Reads the content, opens the data folder, and puts app into rq->app and a read handle into
 * rq->db. read_only: for commands that only look, beside a running server.
 * errors   of content_load() and store_open() */
MUST_USE enum err app_open(struct req *rq, const struct config *config, bool read_only,
                           struct app *app);
/* Ends what app_open() began; also after it failed. */
void app_close(struct req *rq, struct app *app);
/* The folder the program's own files lie in ("content", ...): share/consilium beside the program, or
 * its source tree. */
MUST_USE enum err app_folder(struct req *rq, const char *name, struct str *ret_path);

/* Makes the search index anew when it is of another generation than this program's: for those who serve,
 * before they do. *ret_whole: false when a signal asked to stop; the next start goes on.
 * errors   of fhir_reindex() */
MUST_USE enum err app_index(struct req *rq, struct app *app, bool *ret_whole);
/* What fhir_index_begin() says of a new folder: part of app_open(). */
MUST_USE enum err app_index_begin(struct req *rq, struct app *app);

/* The route table: app/routes.c. */
extern const struct http_route app_routes[];
extern const size_t n_app_routes;
/* What http asks of the program: app/hooks.c. */
extern const struct http_hooks app_hooks;
/* Tells the listeners of the events of a commit: store_on_commit(). */
void app_committed(const struct store_event *events, size_t n, void *ctx);

/* Handlers of the program itself: app/system.c. */
enum err system_health(struct http_req *h);
enum err system_metrics(struct http_req *h);
enum err system_asset(struct http_req *h);
