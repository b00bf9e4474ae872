/* work/post_send.c - the ways out that are calls by HTTP: any SMS gateway, the bot, push services. */
#include "codec/b64.h"
#include "codec/jws.h"
#include "codec/url.h"
#include "codec/webpush.h"
#include "os/outgoing.h"
#include "os/random.h"
#include "work/post_int.h"

#define VOUCH_MS (12 * MS_HOUR) /* RFC 8292 2: at most a day */

/* What a status means; gone: a status that says the address is no more. */
static enum post_why why_of(unsigned status)
{
    if (status >= 200 && status < 300) {
        return POST_SENT;
    }
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
        return POST_LATER;
    }
    return status == 401 || status == 403 || status == 407 ? POST_SETTINGS : POST_REFUSED;
}

static void call(struct req *rq, struct os_post *p, struct post_result *ret_result)
{
    struct os_answer answer = {.retry_after_s = -1};
    p->timeout_ms = POST_TIMEOUT_MS;
    p->ca_file = post_settings(rq)->ca_file;
    p->plain = post_settings(rq)->plain;
    enum err e = os_post_answer(rq, p, &answer);
    err_clear(rq);
    *ret_result = (struct post_result){.why = e == OK ? why_of(answer.status) : POST_NO_ANSWER,
                                       .status = e == OK ? answer.status : 0,
                                       .retry_after_s = answer.retry_after_s};
}

/* ---- SMS ---- */

enum form { FORM_URL, FORM_JSON, FORM_PLAIN };

static void value_write(struct buf *b, struct str value, enum form form)
{
    size_t from = b->n;
    switch (form) {
    case FORM_URL: url_encode(b, value, URL_COMPONENT); break;
    case FORM_PLAIN: buf_str(b, value); break;
    case FORM_JSON: /* without its quotes: the template has them */
        json_quote(b, value);
        if (buf_ok(b)) {
            for (size_t i = from; i + 2 < b->n; i++) {
                b->p[i] = b->p[i + 1];
            }
            buf_truncate(b, b->n - 2);
        }
        break;
    }
}

/* The operator's template with {to}, {text} and {secret} filled in. */
static struct str filled(struct req *rq, struct str pattern, struct str to, struct str text,
                         enum form form)
{
    const struct {
        struct str name, value;
    } args[] = {{SI("{to}"), to}, {SI("{text}"), text},
                {SI("{secret}"), post_settings(rq)->sms_secret}};
    struct buf b;
    buf_init(&b, rq->a, POST_TEXT_MAX);
    while (pattern.n > 0) {
        size_t i = 0;
        while (i < LEN(args) && !str_starts(pattern, args[i].name)) {
            i++;
        }
        if (i < LEN(args)) {
            value_write(&b, args[i].value, form);
        } else {
            buf_char(&b, pattern.p[0]);
        }
        pattern = str_sub(pattern, i < LEN(args) ? args[i].name.n : 1, pattern.n);
    }
    return buf_get(&b);
}

static void send_sms(struct req *rq, const struct post_message *m, struct post_result *ret_result)
{
    const struct notify_settings *s = post_settings(rq);
    struct buf text;
    buf_init(&text, rq->a, POST_TEXT_MAX);
    BUF_LIT(&text, "Consilium: ");
    buf_str(&text, m->letter.text);
    if (m->letter.link.n > 0) {
        buf_char(&text, ' ');
        buf_str(&text, s->base_url);
    }
    bool json = str_find(s->sms_type, S("json")) < s->sms_type.n;
    struct str header = filled(rq, s->sms_header, m->address, S(""), FORM_PLAIN);
    struct os_post p = {
        .url = filled(rq, s->sms_url, m->address, buf_get(&text), FORM_URL),
        .type = s->sms_type,
        .headers = &header,
        .n_headers = header.n > 0,
        .body = filled(rq, s->sms_body, m->address, buf_get(&text), json ? FORM_JSON : FORM_URL),
        .get = s->sms_body.n == 0,
    };
    call(rq, &p, ret_result);
}

/* ---- Telegram ---- */

static void send_telegram(struct req *rq, const struct post_message *m,
                          struct post_result *ret_result)
{
    const struct notify_settings *s = post_settings(rq);
    struct buf url;
    struct buf text;
    struct buf body;
    struct json_out o;
    buf_init(&url, rq->a, 1024);
    buf_init(&text, rq->a, POST_TEXT_MAX);
    buf_init(&body, rq->a, POST_TEXT_MAX);
    buf_str(&url, s->telegram_url);
    BUF_LIT(&url, "/bot");
    buf_str(&url, s->telegram_token);
    BUF_LIT(&url, "/sendMessage");
    buf_str(&text, m->letter.text);
    if (m->letter.link.n > 0) {
        buf_char(&text, '\n');
        buf_str(&text, m->letter.link);
    }
    json_out_init(&o, &body);
    json_obj(&o);
    json_ks(&o, S("chat_id"), m->address);
    json_ks(&o, S("text"), buf_get(&text));
    json_kb(&o, S("protect_content"), true);
    json_obj_end(&o);
    struct os_post p = {.url = buf_get(&url), .type = S("application/json"), .body = buf_get(&body)};
    call(rq, &p, ret_result);
    if (ret_result->status == 403) { /* the person stopped the bot */
        ret_result->why = POST_GONE;
    } else if (ret_result->status == 404) {
        ret_result->why = POST_SETTINGS;
    }
}

/* ---- web push ---- */

/* "vapid t=TOKEN, k=KEY" (RFC 8292 3). */
static enum err vouch(struct req *rq, struct str endpoint, struct str *ret_header)
{
    const struct notify_settings *s = post_settings(rq);
    struct url u;
    struct buf aud;
    struct buf claims;
    struct buf header;
    struct json_out o;
    struct str token = {0};
    if (!url_split(endpoint, &u)) {
        return FAIL(rq, E_BAD_INPUT, "endpoint");
    }
    buf_init(&aud, rq->a, 400);
    buf_str(&aud, u.scheme);
    BUF_LIT(&aud, "://");
    buf_str(&aud, u.host);
    if (u.port != 0) {
        buf_char(&aud, ':');
        buf_u64(&aud, u.port);
    }
    buf_init(&claims, rq->a, 1000);
    json_out_init(&o, &claims);
    json_obj(&o);
    json_ks(&o, S("aud"), buf_get(&aud));
    json_ki(&o, S("exp"), (rq->now.ms + VOUCH_MS) / MS_SECOND);
    json_ks(&o, S("sub"), s->push_contact);
    json_obj_end(&o);
    TRY(jws_sign(rq, JWK_ES256, s->push_key, S(""), S("JWT"), buf_get(&claims), &token));
    buf_init(&header, rq->a, 2000);
    BUF_LIT(&header, "Authorization: vapid t=");
    buf_str(&header, token);
    BUF_LIT(&header, ", k=");
    buf_str(&header, s->push_public);
    *ret_header = buf_get(&header);
    return buf_ok(&header) ? OK : FAIL(rq, E_TOO_LARGE, "vouch");
}

/* What the service worker shows (web/push_worker.ts). */
static enum err push_body(struct req *rq, const struct post_message *m, struct str *ret_body)
{
    struct str rest = m->keys;
    struct str point = {0};
    uint8_t *own = arena_alloc(rq->a, JWS_KEY_MAX);
    char *salt = arena_alloc(rq->a, WEBPUSH_SALT);
    size_t own_n = 0;
    struct buf text;
    struct json_out o;
    TRY_MEM(rq, own);
    TRY_MEM(rq, salt);
    (void)str_cut(&rest, ' ', &point);
    os_random(salt, WEBPUSH_SALT);
    const struct webpush_to to = {.point = b64_decoded(rq->a, point, B64_URL),
                                  .secret = b64_decoded(rq->a, rest, B64_URL),
                                  .salt = {salt, WEBPUSH_SALT}};
    buf_init(&text, rq->a, WEBPUSH_TEXT_MAX);
    json_out_init(&o, &text);
    json_obj(&o);
    json_ks(&o, S("title"), m->letter.title);
    json_ks(&o, S("text"), m->letter.text);
    json_kb(&o, S("ring"), m->urgent);
    json_obj_end(&o);
    TRY(jws_key_make(rq, JWK_ES256, own, &own_n));
    return webpush_encrypt(rq, &to, (struct str){(const char *)own, own_n}, buf_get(&text), ret_body);
}

static void send_push(struct req *rq, const struct post_message *m, struct post_result *ret_result)
{
    struct buf ttl;
    struct str headers[4] = {S("Content-Encoding: aes128gcm"),
                             m->urgent ? S("Urgency: high") : S("Urgency: normal")};
    struct os_post p = {.url = m->address, .type = S("application/octet-stream"),
                        .headers = headers, .n_headers = LEN(headers)};
    buf_init(&ttl, rq->a, 40);
    BUF_LIT(&ttl, "TTL: ");
    buf_i64(&ttl, m->life_ms / MS_SECOND);
    headers[2] = buf_get(&ttl);
    if (vouch(rq, m->address, &headers[3]) != OK || push_body(rq, m, &p.body) != OK) {
        err_clear(rq);
        ret_result->why = POST_OTHER;
        return;
    }
    call(rq, &p, ret_result);
    if (ret_result->status == 404 || ret_result->status == 410) { /* RFC 8030 7.3 */
        ret_result->why = POST_GONE;
    }
}

void post_send(struct req *rq, const struct post_message *m, struct post_result *ret_result)
{
    static const post_send_fn ways[CHANNEL_COUNT] = {
        [CHANNEL_MAIL] = post_mail,
        [CHANNEL_SMS] = send_sms,
        [CHANNEL_TELEGRAM] = send_telegram,
        [CHANNEL_PUSH] = send_push,
    };
    *ret_result = (struct post_result){.why = POST_SETTINGS, .retry_after_s = -1};
    const struct notify_channel_row *c = &notify_channels[m->channel];
    if (ways[m->channel] != NULL && c->ready != NULL && c->ready(post_settings(rq))) {
        ways[m->channel](rq, m, ret_result);
    }
}
