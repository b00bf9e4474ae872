/* app/provider_roles.c - the file of roles that an identity provider's words stand for: at the start, for the
 * checker of settings and for the doctor. See app.h. */
#include <string.h>

#include "app/app.h"
#include "base/instant.h"
#include "care/directory.h"
#include "care/provider.h"
#include "care/provider_map.h"
#include "os/file.h"
#include "store/db.h"

enum { FILE_SHOWN = 80 };

/* "setting oidc_roles, FILE, WHAT", of a fault of the file. */
static enum err named(struct req *rq, struct str file, enum err e)
{
    char why[sizeof rq->err.detail];
    if (e == OK) {
        return OK;
    }
    memcpy(why, rq->err.detail, sizeof why);
    err_clear(rq);
    struct str end = file.n > FILE_SHOWN ? str_sub(file, file.n - FILE_SHOWN, FILE_SHOWN) : file;
    return FAIL(rq, e, "setting oidc_roles, %.*s, %s", STR_ARG(end), why);
}

enum err provider_roles_file(struct req *rq, struct str file, const struct content *content,
                             struct provider_map *ret_map)
{
    const char *path = arena_cstr(rq->a, file);
    struct str text = {0};
    struct provider_map map = {.n = 0};
    TRY_MEM(rq, path);
    enum err e = os_read_file(rq, path, PROVIDER_MAP_BYTES, &text);
    e = e == OK ? provider_map_read(rq, text, &map) : e;
    e = e == OK ? provider_map_roles(rq, content, &map) : e;
    TRY(named(rq, file, e));
    *ret_map = map;
    return OK;
}

enum err app_provider_roles(struct req *rq, struct app *app)
{
    const struct config *c = app->config;
    struct provider_map *map = ARENA_NEW(rq->a, struct provider_map);
    const struct directory *dir = NULL;
    TRY_MEM(rq, map);
    if (c->oidc_issuer.n == 0 || c->oidc_roles.n == 0) {
        return OK;
    }
    if (c->oidc_roles_claim.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "setting oidc_roles: oidc_roles_claim names no claim");
    }
    TRY(provider_roles_file(rq, c->oidc_roles, app->content, map));
    TRY(directory_get(rq, &dir));
    TRY(named(rq, c->oidc_roles, provider_map_places(rq, dir, map)));
    app->web.care.provider.map = map;
    return OK;
}

enum err app_provider_advice(struct req *rq, const struct app *app, struct buf *out)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint64_t since = 0;
    if (app->config->oidc_issuer.n == 0 || app->config->oidc_roles.n == 0) {
        return OK;
    }
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(S(PROVIDER_SILENT_KEY)));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (!str_u64(db_peek(&q, 0), &since) || since == 0) {
        return OK;
    }
    BUF_LIT(out, "urgent: the last ID token of the identity provider has no claim ");
    buf_str(out, app->config->oidc_roles_claim);
    BUF_LIT(out, ", nor had those before it since ");
    instant_write(out, (struct instant){(int64_t)since});
    BUF_LIT(out, ": roles it gave stay as they are. Let the provider put it into the ID token, or correct "
                 "oidc_roles_claim\n");
    return OK;
}
