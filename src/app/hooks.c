/* app/hooks.c - what the listener asks of the rooms above it: who it is, how failures look, how
 * things become durable. */
#include "api/fhir.h"
#include "api/oauth.h"
#include "api/tus.h"
#include "app/app.h"
#include "base/text.h"
#include "care/account.h"
#include "care/directory.h"
#include "care/refusal.h"
#include "care/signal.h"
#include "codec/field.h"
#include "fhir/type.h"
#include "http/route.h"
#include "store/audit.h"
#include "store/tx.h"
#include "web/page.h"

/* ---- who ---- */

static const struct str lang_codes[LANG_COUNT] = {
    [LANG_EN] = SI("en"),
    [LANG_RU] = SI("ru"),
    [LANG_KK] = SI("kk"),
    [LANG_UZ] = SI("uz"),
};

/* Of somebody who is not signed in: what they chose here, what the browser asks for, the setting. */
static enum lang lang_of(struct http_req *h)
{
    enum lang lang;
    struct str chosen = http_cookie(h, S("lang"));
    if (chosen.p != NULL && lang_parse(chosen, &lang)) {
        return lang;
    }
    struct str accept = http_header(h, "Accept-Language");
    int best = accept.p != NULL && !str_eq(accept, S("*"))
                   ? field_accept_lang(accept, lang_codes, LANG_COUNT)
                   : -1;
    if (best >= 0) {
        return (enum lang)best;
    }
    return lang_parse(app_of(h)->config->lang, &lang) ? lang : LANG_EN;
}

/* What they must do before anything else. */
static const char *held(const struct who *who)
{
    return who->must_change   ? "the password was set by somebody else: sign in and choose your own first"
           : who->owes_factor ? "a role of yours asks for one-time codes or a passkey: set one up first"
                              : NULL;
}

static void acts(struct http_req *h, enum http_caller_kind kind, const struct who *who)
{
    h->rq.who = who;
    h->caller = (struct http_caller){.kind = kind, .rights = who->rights, .csrf = who->csrf,
                                   .held = held(who), .apart = who_is_patient(who),
                                   .account = (uint64_t)who->account};
}

/* What a token may do outside the FHIR interface, whose handlers look at its scopes themselves: only
 * one that reads opens pages and files, only one that writes sends them. */
static enum err scope_check(struct http_req *h, const struct who *who)
{
    const struct http_route *r = h->route;
    if (r == NULL || r->who != WHO_SIGNED_IN || r->kind == KIND_FHIR) {
        return OK;
    }
    uint32_t need = h->method != GET ? SCOPE_WRITE
                    : r->kind == KIND_TUS ? SCOPE_READ | SCOPE_WRITE /* where an upload stands */
                                          : SCOPE_READ;
    return (who->scopes & need) != 0
               ? OK
               : FAIL(&h->rq, E_FORBIDDEN, "the token's scope does not allow this");
}

static enum err identify(struct http_req *h)
{
    const struct who *who = NULL;
    h->rq.lang = lang_of(h);
    struct str authorization = http_header(h, "Authorization");
    if (authorization.p != NULL) {
        struct str bearer = field_bearer(authorization);
        if (bearer.p == NULL && h->route != NULL && h->route->who == WHO_ANY) {
            return OK; /* a client of the token endpoint, by name and secret */
        }
        TRY(who_by_token(&h->rq, bearer, &who));
        acts(h, CALLER_TOKEN, who);
        return scope_check(h, who);
    }
    struct str cookie = http_cookie(h, S("sid"));
    if (cookie.p == NULL) {
        return OK;
    }
    enum err e = who_by_session(&h->rq, cookie, &who);
    if (e == E_SIGN_IN) { /* ended: a visitor like any other */
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    acts(h, CALLER_SESSION, who);
    h->rq.lang = who->lang;
    return OK;
}

/* ---- durability ---- */

/* An answer without a change: looks and refusals. */
static enum err looks(struct http_req *h, struct tx **ret_tx)
{
    audit_take_back(&h->rq, NULL);
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(refusal_count(&h->rq, tx));
    *ret_tx = tx;
    return OK;
}

static void submit(struct http_req *h, struct tx *tx, http_done_fn done, void *ctx)
{
    if (tx == NULL) {
        enum err e = looks(h, &tx);
        if (e != OK) {
            done(ctx, e);
            return;
        }
    }
    store_submit(app_of(h)->web.care.store, tx, done, ctx);
}

static enum err commit(struct http_req *h, struct tx *tx)
{
    if (tx == NULL) {
        TRY(looks(h, &tx));
    }
    return store_commit(app_of(h)->web.care.store, &h->rq, tx);
}

/* What nobody below put on record: refused at the gates, or for want of a right. The route's pattern
 * tells what, the case or resource in the path of which record. */
static void refused(struct http_req *h, enum err code)
{
    const struct http_route *r = h->route;
    struct str id = r != NULL ? http_param(h, S("case")) : (struct str){NULL, 0};
    uint16_t type = T_SERVICE_REQUEST;
    struct buf b;
    if (code != E_FORBIDDEN && code != E_SIGN_IN) {
        return;
    }
    if (r != NULL && id.p == NULL) {
        id = http_param(h, S("id"));
        type = (uint16_t)fhir_type_find(http_param(h, S("type")));
    }
    buf_init(&b, h->rq.a, 256);
    buf_str(&b, r != NULL ? http_method_names[r->method] : S("-"));
    buf_char(&b, ' ');
    buf_str(&b, r != NULL ? str_z(r->path) : S("-"));
    if (refusal_note(&h->rq, code, type, id, buf_get(&b)) != OK) {
        err_clear(&h->rq); /* past the cap of a small request: refused all the same */
    }
}

static struct db *open_handle(struct app *app)
{
    enum { BODIES_BYTES = 4 << 20 };
    struct db *db = store_db_open(app->web.care.store);
    if (db != NULL) {
        store_db_keep(db, BODIES_BYTES);
    }
    return db;
}

void app_committed(const struct store_event *events, size_t n, void *ctx)
{
    enum { AT_ONCE = 64 };
    struct app *app = ctx;
    bool people = false;
    directory_committed(&app->web.care, events, n);
    signals_committed(app->web.care.signals, events, n);
    if (app->web.server == NULL) {
        return;
    }
    struct hub *hub = http_server_hub(app->web.server);
    while (n > 0) {
        struct hub_event told[AT_ONCE];
        size_t k = MIN(n, (size_t)AT_ONCE);
        for (size_t i = 0; i < k; i++) {
            people = people || events[i].kind == EVENT_DIRECTORY;
            told[i] = (struct hub_event){events[i].kind, events[i].topic};
        }
        hub_publish(hub, told, k);
        events += k;
        n -= k;
    }
    if (people) { /* a dismissed person's open pages end now */
        hub_look(hub);
    }
}

void app_room_changed(uint64_t topic, void *ctx)
{
    struct app *app = ctx;
    const struct hub_event told = {EVENT_ROOM, topic};
    if (app->web.server != NULL) {
        hub_publish(http_server_hub(app->web.server), &told, 1);
    }
}

static void options(struct http_req *h, enum http_kind kind)
{
    if (kind == KIND_TUS) {
        api_tus_options(h);
    }
}

const struct http_hooks app_hooks = {
    .identify = identify,
    .render_error = {[KIND_PAGE] = page_render_error, [KIND_FHIR] = api_fhir_error,
                     [KIND_TUS] = api_tus_error},
    .options = options,
    .decorate = api_oauth_cors,
    .refused = refused,
    .submit = submit,
    .commit = commit,
    .db_open = open_handle,
    .db_close = store_db_close,
};
