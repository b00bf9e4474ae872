/* app/notify.c - settings of notices beyond the page. See care/notify.h. */
#include "app/app.h"
#include "base/text.h"
#include "codec/b64.h"
#include "codec/jws.h"
#include "codec/webpush.h"
#include "os/file.h"
#include "os/secret.h"

enum { SECRET_MAX = 4096 };

/* A secret stands in a file of its own: nothing that prints settings can show it. */
static enum err secret(struct req *rq, const char *name, struct str file, struct str *ret_secret)
{
    const char *path = arena_cstr(rq->a, file);
    struct str text = {0};
    *ret_secret = S("");
    if (file.n == 0) {
        return OK;
    }
    TRY_MEM(rq, path);
    if (os_read_file(rq, path, SECRET_MAX, &text) != OK) {
        err_clear(rq);
        return FAIL(rq, E_BAD_INPUT, "setting %s: the file cannot be read", name);
    }
    (void)os_lock_secret(text);
    *ret_secret = str_trim(text);
    for (size_t i = 0; i < ret_secret->n; i++) {
        if ((unsigned char)ret_secret->p[i] < ' ') {
            return FAIL(rq, E_BAD_INPUT, "setting %s: the file holds more than one line", name);
        }
    }
    return OK;
}

/* The key that vouches for this program at push services: browsers hold their subscription to it, so it
 * stays with the data folder. */
static enum err push_key(struct req *rq, bool make, struct str data, struct str *ret_der)
{
    char path[OS_PATH_MAX];
    uint8_t *der = arena_alloc(rq->a, JWS_KEY_MAX);
    size_t n = 0;
    TRY_MEM(rq, der);
    TRY(os_path(rq, data, S("push.key"), path));
    enum err e = os_read_file(rq, path, JWS_KEY_MAX, ret_der);
    if (e == OK) {
        (void)os_lock_secret(*ret_der);
    }
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    *ret_der = S("");
    if (!make) {
        return OK;
    }
    TRY(jws_key_make(rq, JWK_ES256, der, &n));
    *ret_der = (struct str){(const char *)der, n};
    return os_write_file(rq, path, *ret_der, 0600);
}

static enum err open_push(struct req *rq, bool read_only, const struct config *c,
                          struct notify_settings *s)
{
    struct str point;
    struct buf contact;
    struct buf public;
    buf_init(&contact, rq->a, 300);
    buf_init(&public, rq->a, 200);
    if (c->push_hosts.n == 0) {
        return OK;
    }
    TRY(push_key(rq, !read_only, c->data, &s->push_key));
    if (s->push_key.n == 0) {
        return OK;
    }
    TRY(webpush_point(rq, s->push_key, &point));
    b64_write(&public, point.p, point.n, B64_URL);
    if (c->mail_from.n > 0) { /* whom a push service can write to (RFC 8292 2.1) */
        BUF_LIT(&contact, "mailto:");
        buf_str(&contact, c->mail_from);
    } else {
        buf_str(&contact, c->base_url);
    }
    s->push_public = buf_get(&public);
    s->push_contact = buf_get(&contact);
    return OK;
}

enum err app_notify(struct req *rq, bool read_only, struct app *app)
{
    const struct config *c = app->config;
    struct notify_settings *s = &app->web.care.notify;
    *s = (struct notify_settings){
        .smtp_url = c->smtp_url,
        .smtp_user = c->smtp_user,
        .mail_from = c->mail_from,
        .sms_url = c->sms_url,
        .sms_body = c->sms_body,
        .sms_type = c->sms_type,
        .sms_header = c->sms_header,
        .telegram_url = c->telegram_url,
        .telegram_bot = c->telegram_bot,
        .push_hosts = c->push_hosts,
        .ca_file = c->notify_ca,
        .base_url = c->base_url,
        .plain = c->notify_plain,
    };
    if (!lang_parse(c->lang, &s->lang)) {
        s->lang = LANG_EN;
    }
    if (c->smtp_url.n > 0 && str_find_char(c->mail_from, '@') >= c->mail_from.n) {
        return FAIL(rq, E_BAD_INPUT, "setting mail_from: an address is needed with smtp_url");
    }
    TRY(secret(rq, "smtp_password_file", c->smtp_password_file, &s->smtp_password));
    TRY(secret(rq, "sms_secret_file", c->sms_secret_file, &s->sms_secret));
    TRY(secret(rq, "telegram_token_file", c->telegram_token_file, &s->telegram_token));
    return open_push(rq, read_only, c, s);
}
