/* app/app.h - the program's context while it serves: made once, then only read. */
#pragma once

#include "app/config.h"
#include "http/asset.h"
#include "http/server.h"

struct app {
    const struct config *config;
    struct http_server *server;  /* NULL until it listens, and in commands */
    struct http_assets *assets;  /* NULL: none were built */
};

static inline struct app *app_of(const struct http_req *h)
{
    return h->rq.app;
}

/* The route table: app/routes.c. */
extern const struct http_route app_routes[];
extern const size_t n_app_routes;
/* What http asks of the program: app/hooks.c. */
extern const struct http_hooks app_hooks;

/* Handlers of the program itself: app/system.c. */
enum err system_health(struct http_req *h);
enum err system_metrics(struct http_req *h);
enum err system_asset(struct http_req *h);
