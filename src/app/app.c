/* app/app.c - opening the data folder and the content for one run. See app.h. */
#include "app/app.h"

#include <errno.h>
#include <unistd.h>

#include "care/content.h"
#include "care/directory.h"
#include "care/flow.h"
#include "care/outside.h"
#include "care/scan.h"
#include "care/sign.h"
#include "care/signal.h"
#include "care/spray.h"
#include "care/icd.h"
#include "care/icd_codes.h"
#include "care/upload.h"
#include "dicom/pixels_helper.h"
#include "fhir/library.h"
#include "fhir/validate.h"
#include "os/child.h"
#include "os/file.h"
#include "os/user.h"
#include "store/store.h"
#include "web/assets.h"

enum { LEVELS_UP = 6, UPLOADS_OF_CASE_MAX = 200, SCANNER_LOOK_MS = 5000 };

enum err app_folder(struct req *rq, const char *name, struct str *ret_path)
{
    char exe[OS_PATH_MAX];
    ssize_t got = readlink("/proc/self/exe", exe, sizeof(exe));
    if (got <= 0) {
        return FAIL(rq, E_IO, "program path errno %d", errno);
    }
    struct str dir = {exe, (size_t)got};
    for (int level = 0; level < LEVELS_UP && dir.n > 0; level++) {
        static const char *const below[] = {"/share/consilium/", "/"};
        while (dir.n > 0 && dir.p[dir.n - 1] != '/') {
            dir.n--;
        }
        dir.n -= dir.n > 0;
        for (size_t i = 0; i < LEN(below); i++) {
            struct buf b;
            buf_init(&b, rq->a, OS_PATH_MAX);
            buf_str(&b, dir);
            buf_str(&b, str_z(below[i]));
            buf_str(&b, str_z(name));
            buf_char(&b, 0);
            if (buf_ok(&b) && os_exists(b.p)) {
                *ret_path = (struct str){b.p, b.n - 1};
                return OK;
            }
        }
    }
    return FAIL(rq, E_NOT_FOUND, "folder %s of the program", name);
}

static void apply_settings(struct app *app)
{
    const struct config *c = app->config;
    struct care *care = &app->web.care;
    care_init(care);
    care->session_idle_ms = (int64_t)c->session_idle * MS_MINUTE;
    care->session_max_ms = (int64_t)c->session_max * MS_HOUR;
    care->draft_keep_ms = (int64_t)c->draft_keep * MS_DAY;
    care->password_least = (uint32_t)c->password_least;
    care->lock_after = (uint32_t)c->lock_after;
    care->factor_by_role = c->second_factor;
    care->ice = (struct ice_policy){.stun_urls = c->stun_urls,
                                    .turn_urls = c->turn_urls,
                                    .turn_secret = c->turn_secret,
                                    .relay = c->turn_only};
    care->provider = (struct provider_settings){.issuer = c->oidc_issuer,
                                                .name = c->oidc_name,
                                                .client_id = c->oidc_client_id,
                                                .client_secret = c->oidc_client_secret,
                                                .scope = c->oidc_scope,
                                                .claim = c->oidc_claim,
                                                .strong = c->oidc_strong,
                                                .ca_file = c->oidc_ca,
                                                .roles_claim = c->oidc_roles_claim,
                                                .plain = c->oidc_plain};
    care->hooks = (struct hook_policy){.hosts = c->hook_hosts,
                                       .ca_file = c->hook_ca,
                                       .plain = c->hook_http,
                                       .full = c->hook_full,
                                       .most = (uint32_t)c->subscriptions_max,
                                       .keep_ms = (int64_t)c->events_keep * MS_DAY};
}

/* The tables of the workflows are proved before anybody moves a case by them. */
static enum err prove_flows(struct req *rq)
{
    for (size_t i = 0; i < care_flow_count; i++) {
        char why[160];
        if (!flow_check(care_flows[i], why)) {
            return FAIL(rq, E_INTERNAL, "workflow %s: %s", care_flows[i]->name, why);
        }
    }
    return OK;
}

static enum err open_content(struct req *rq, struct app *app)
{
    const struct config *c = app->config;
    struct care *care = &app->web.care;
    struct str dir = c->content;
    if (dir.n == 0) {
        TRY(app_folder(rq, "content", &dir));
    }
    TRY(content_load(rq, dir, &app->content));
    care->content = app->content;
    TRY(icd_load(rq, dir, c->data, &app->icd));
    care->icd = app->icd;
    if (c->policy.n > 0) {
        care->policy = content_policy(app->content, c->policy);
    } else if (app->content->n_policies > 0) {
        care->policy = app->content->policies;
    }
    return care->policy != NULL ? OK : FAIL(rq, E_BAD_INPUT, "setting policy: no such profile");
}

/* The signing authority: made with the data folder; commands that only look do without one. */
static enum err open_authority(struct req *rq, bool read_only, struct app *app)
{
    struct care *care = &app->web.care;
    if (!read_only) {
        TRY(sign_ca_make(rq, app->config->data, (struct str){0}));
    }
    enum err e = sign_ca_load(rq, app->config->data, &app->ca);
    if (e == E_NOT_FOUND && read_only) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    care->ca = app->ca;
    care->on_password = sign_on_password;
    return OK;
}

static enum err certs_of_setting(struct req *rq, const char *setting, struct str path,
                                 const struct str **ret_certs, const uint8_t **ret_vouches, uint32_t *ret_n)
{
    enum err e = outside_certs_load(rq, path, ret_certs, ret_vouches, ret_n);
    if (e == E_BAD_INPUT) {
        struct buf b;
        buf_init(&b, rq->a, 400);
        buf_str(&b, str_z(rq->err.detail));
        err_clear(rq);
        return FAIL(rq, E_BAD_INPUT, "setting %s: %.*s", setting, STR_ARG(buf_get(&b)));
    }
    return e;
}

/* Whose certificates are taken for signatures of people's own means. */
static enum err open_outside(struct req *rq, struct app *app)
{
    const struct config *c = app->config;
    struct outside_policy *p = &app->web.care.outside;
    struct str lists = c->signature_lists;
    if (lists.n == 0) {
        char path[OS_PATH_MAX];
        TRY(os_path(rq, c->data, S("crl"), path));
        lists = arena_str(rq->a, str_z(path));
        TRY_MEM(rq, lists.p);
    }
    *p = (struct outside_policy){.lists = lists,
                                 .hosts = c->signature_hosts,
                                 .refuse_unknown = !str_eq(c->signature_unknown, S("warn"))};
    if (c->signature_roots.n == 0) {
        return OK;
    }
    return certs_of_setting(rq, "signature_roots", c->signature_roots, &p->certs, &p->vouches, &p->n_certs);
}

/* Who stamps signatures with the time. */
static enum err open_stamps(struct req *rq, struct app *app)
{
    const struct config *c = app->config;
    struct stamp_settings *s = &app->web.care.stamps;
    *s = (struct stamp_settings){.url = c->stamp_url, .policy = c->stamp_policy};
    if (c->stamp_roots.n == 0) {
        return OK;
    }
    return certs_of_setting(rq, "stamp_roots", c->stamp_roots, &s->certs, NULL, &s->n_certs);
}

/* Files are shown to it before they are kept. */
static struct scan_opts scan_opts_of(const struct config *c)
{
    return (struct scan_opts){.at = c->clamav_socket,
                              .wait_ms = (uint32_t)c->clamav_wait * 1000,
                              .at_once = (uint32_t)c->pool_threads / 2, /* the others go on if it hangs */
                              .let_through = str_eq(c->clamav_missing, S("keep"))};
}

static void open_scanner(struct app *app)
{
    struct scan_opts opts = scan_opts_of(app->config);
    app->web.care.scanner = opts.at.n > 0 ? scanner_new(&opts) : NULL;
}

enum err app_scanner_look(struct req *rq, const struct config *config, struct clam_version *ret_version)
{
    struct scan_opts opts = scan_opts_of(config);
    opts.wait_ms = MIN(opts.wait_ms, (uint32_t)SCANNER_LOOK_MS);
    return scan_version(rq, &opts, ret_version);
}

static enum err open_uploads(struct req *rq, struct app *app)
{
    const struct config *c = app->config;
    const struct upload_opts opts = {.dir = str_z(store_dir(app->web.care.store)),
                                     .max_bytes = c->upload_max * UINT64_C(1048576),
                                     .keep_ms = (int64_t)c->draft_keep * MS_DAY,
                                     .max_open = UPLOADS_OF_CASE_MAX};
    return upload_desk_new(rq, &opts, &app->web.care.uploads);
}

/* What resources are held to: R4, and the profiles of content/fhir. */
static enum err open_rules(struct req *rq, const struct config *config,
                           const struct fhir_rules **ret_rules)
{
    struct fhir_library *lib = fhir_library_new(rq->a);
    struct str dir = config->content;
    TRY_MEM(rq, lib);
    if (dir.n == 0) {
        TRY(app_folder(rq, "content", &dir));
    }
    TRY(fhir_library_load(rq, lib, dir));
    fhir_library_extra_set(lib, &icd_codes);
    return fhir_rules_new(rq, lib, ret_rules);
}

struct pixels_helper *app_pixels(struct req *rq, const struct config *config, uint32_t threads_n)
{
    /* Half of them: the others go on while images wait for their program. */
    struct store *store = rq->app != NULL ? care_of(rq)->store : NULL;
    const struct pixels_helper_opts opts = {.program = config->jpeg_decoder,
                                            .at_once = threads_n / 2,
                                            .dir = store != NULL ? store_dir(store) : NULL,
                                            .keep_bytes = config->jpeg_keep * UINT64_C(1048576)};
    struct pixels_helper *h = NULL;
    if (pixels_helper_new(rq, &opts, &h) != OK) {
        err_clear(rq);
    }
    return h;
}

/* What recording needs; what is not there is said on the pages of rooms. */
static void open_recordings(struct req *rq, struct app *app)
{
    struct care *care = &app->web.care;
    care->recordings = str_trim(app->config->recordings);
    if (os_program_find(rq, app->config->recorder, &care->recorder) != OK) {
        err_clear(rq);
    }
}

enum err app_become_owner(struct req *rq, const struct config *config)
{
    const char *data = arena_cstr(rq->a, config->data);
    TRY_MEM(rq, data);
    return os_become_owner(rq, data);
}

enum err app_open(struct req *rq, const struct config *config, bool read_only, struct app *app)
{
    struct store_opts opts = {.free_floor_bytes = config->free_floor * UINT64_C(1048576),
                              .read_only = read_only};
    *app = (struct app){.config = config};
    rq->app = app;
    TRY(app_become_owner(rq, config));
    apply_settings(app);
    if (!os_zone(config->time_zone, &app->zone_table, &app->web.care.zone)) {
        return FAIL(rq, E_BAD_INPUT, "time_zone: no zone %.*s on this machine", STR_ARG(config->time_zone));
    }
    TRY(prove_flows(rq));
    TRY(open_content(rq, app));
    TRY(open_rules(rq, config, &opts.rules));
    TRY(store_open(rq, config->data, &opts, &app->web.care.store));
    TRY(open_authority(rq, read_only, app));
    TRY(app_notify(rq, read_only, app));
    TRY(open_outside(rq, app));
    TRY(open_stamps(rq, app));
    TRY(app_settings(rq, app));
    directory_init(&app->web.care);
    app->has_directory = true;
    open_recordings(rq, app);
    open_scanner(app);
    app->web.care.pixels = app_pixels(rq, config, (uint32_t)config->pool_threads);
    app->assets = http_assets_new(web_assets, web_assets_count,
                                  config_has_tls(config) || str_starts(config->base_url, S("https://")));
    app->web.assets = app->assets;
    app->web.version = S(CONSILIUM_VERSION);
    if (!read_only) {
        TRY(open_uploads(rq, app));
        app->web.care.signals = signals_new(app_room_changed, app);
        app->web.care.spray = spray_new();
        store_on_commit(app->web.care.store, app_committed, app);
    }
    rq->db = store_db_open(app->web.care.store);
    if (rq->db == NULL) {
        return FAIL(rq, E_IO, "read handle");
    }
    return read_only ? OK : app_index_begin(rq, app);
}

void app_close(struct req *rq, struct app *app)
{
    struct store *store = app->web.care.store;
    if (rq->db != NULL) {
        store_db_close(rq->db);
        rq->db = NULL;
    }
    if (app->has_directory) {
        directory_done(&app->web.care);
    }
    if (store != NULL) {
        store_close(store);
    }
    signals_free(app->web.care.signals);
    spray_free(app->web.care.spray);
    upload_desk_free(app->web.care.uploads);
    scanner_free(app->web.care.scanner);
    pixels_helper_free(app->web.care.pixels);
    http_assets_free(app->assets);
    sign_ca_free(app->ca);
    icd_free(app->icd);
    if (app->content != NULL) {
        content_free(app->content);
    }
    rq->app = NULL;
}
