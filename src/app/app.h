/* app/app.h - the program's context: made once by app_open(), then only read. */
#pragma once

#include "app/config.h"
#include "codec/clam.h"
#include "http/asset.h"
#include "http/server.h"
#include "os/zone.h"
#include "store/store.h"
#include "web/web.h"

struct provider_map;
struct sign_ca;
struct pixels_helper;
struct app_live;

struct app {
    struct web web; /* FIRST, and struct care the first of it: web_of(), care_of() */
    const struct config *config;
    struct content *content;
    struct sign_ca *ca; /* care/sign.h */
    struct icd *icd;
    struct zone_table zone_table; /* of care.zone */
    struct http_assets *assets;
    struct app_live *live; /* app/live.c; NULL: no media server is named */
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
/* Run by root, the program goes on as whom the data folder belongs to: os/user.h. */
MUST_USE enum err app_become_owner(struct req *rq, const struct config *config);
/* The folder the program's own files lie in ("content", ...): share/consilium beside the program, or
 * its source tree. */
MUST_USE enum err app_folder(struct req *rq, const char *name, struct str *ret_path);

/* gives the program that decodes lossless JPEG, for threads_n threads that draw; NULL when there is none.
 * End it with pixels_helper_free(). */
struct pixels_helper *app_pixels(struct req *rq, const struct config *config, uint32_t threads_n);

/* What notices leave the page by: secrets from their files, the key that vouches for us at push services,
 * made with the data folder: app/notify.c.
 * errors   E_BAD_INPUT  a setting that cannot be: the detail says which */
MUST_USE enum err app_notify(struct req *rq, bool read_only, struct app *app);

/* What somebody should do about the authorities of people's own tokens, a line each: app/doctor_lists.c.
 * errors   E_IO */
MUST_USE enum err app_outside_advice(struct req *rq, const struct app *app, struct buf *out);

/* What somebody should do about time stamps that do not come: app/doctor_lists.c. errors  E_IO */
MUST_USE enum err app_stamp_advice(struct req *rq, const struct app *app, struct buf *out);

/* The file of roles that the identity provider's words stand for (oidc_roles): read, held to the
 * content and to the directory, and put into app. Nothing where none is set.
 * errors  E_BAD_INPUT  "setting oidc_roles, FILE, line N, PLACE: what"; E_NOT_FOUND, E_IO the file */
MUST_USE enum err app_provider_roles(struct req *rq, struct app *app);
/* The provider names no roles any more: app/provider_roles.c. errors  E_IO */
MUST_USE enum err app_provider_advice(struct req *rq, const struct app *app, struct buf *out);
/* The file alone: its lines and roles. errors  as app_provider_roles() */
MUST_USE enum err provider_roles_file(struct req *rq, struct str file, const struct content *content,
                                      struct provider_map *ret_map);

/* What somebody should do about terms: a kind that fails to leave, a clock that jumped: app/retention.c.
 * errors  E_IO */
MUST_USE enum err app_retention_advice(struct req *rq, struct buf *out);
/* errors  E_CONFLICT  nothing is removed until somebody says that the clock is right */
MUST_USE enum err retention_clock_must(struct req *rq);

/* What the virus scanner of the settings says of itself: for the doctor, who waits five seconds at most.
 * errors   of scan_version() */
MUST_USE enum err app_scanner_look(struct req *rq, const struct config *config,
                                   struct clam_version *ret_version);

/* Makes the search index anew when it is of another generation than this program's: for those who serve,
 * before they do. *ret_whole: false when a signal asked to stop; the next start goes on.
 * errors   of fhir_reindex() */
MUST_USE enum err app_index(struct req *rq, struct app *app, bool *ret_whole);
/* What fhir_index_begin() says of a new folder: part of app_open(). */
MUST_USE enum err app_index_begin(struct req *rq, struct app *app);

/* Shuts the process in, unless the setting cage says no: it reaches what its settings name and what the
 * system keeps for programs, nothing else. Before app_open(), while there is one thread: app/cage.c.
 * errors  of os_cage_enter() */
MUST_USE enum err app_cage(struct req *rq, const struct config *config);

/* The settings for their page, secrets left out: app/config_tell.c. errors  E_TOO_LARGE  memory */
MUST_USE enum err app_settings(struct req *rq, struct app *app);

/* The route table: app/routes.c. */
extern const struct http_route app_routes[];
extern const size_t n_app_routes;
/* What http asks of the program: app/hooks.c. */
extern const struct http_hooks app_hooks;
/* Tells the listeners of the events of a commit: store_on_commit(). */
void app_committed(const struct store_event *events, size_t n, void *ctx);

/* Joins rooms to the media servers of the settings, if there are any: before requests come; and the end,
 * when none comes any more. errors  of janus_bridge_start() */
MUST_USE enum err app_live_start(struct req *rq, struct app *app);
void app_live_stop(struct app *app);
/* Tells the listeners of a room: signals_new(). */
void app_room_changed(uint64_t topic, void *ctx);

/* Handlers of the program itself: app/system.c. */
enum err system_health(struct http_req *h);
enum err system_metrics(struct http_req *h);
enum err system_asset(struct http_req *h);
