/* care/notify_channel.c - the channels: what their addresses look like, whether they are set up. */
#include "base/text.h"
#include "care/notify.h"
#include "codec/url.h"

enum { MAIL_MAX = 254, PHONE_MIN = 8, PHONE_MAX = 15 };

/* One @, nothing that means something to SMTP or a header (RFC 5321 4.1.2, without quoted ones). */
static bool clean_mail(struct req *rq, struct str typed, struct str *ret_address)
{
    static const struct str signs = SI("!#$%&'*+/=?^_`{|}~");
    (void)rq;
    size_t at = str_find_char(typed, '@');
    size_t dot = typed.n;

    if (at == 0 || at + 1 >= typed.n || typed.n > MAIL_MAX) {
        return false;
    }
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool host = i > at;
        if (!letter && i != at && c != '.' && c != '-'
            && (host || str_find_char(signs, c) == signs.n)) {
            return false;
        }
        if (c == '.' && (i == 0 || i + 1 == typed.n || typed.p[i - 1] == '.' || i + 1 == at
                         || i == at + 1)) {
            return false;
        }
        dot = host && c == '.' ? i : dot;
    }
    *ret_address = typed;
    return dot < typed.n;
}

/* International: + and digits (E.164); blanks, hyphens and brackets are taken out. */
static bool clean_phone(struct req *rq, struct str typed, struct str *ret_address)
{
    struct buf b;
    buf_init(&b, rq->a, PHONE_MAX + 2);
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if ((c >= '0' && c <= '9') || (c == '+' && i == 0)) {
            buf_char(&b, c);
        } else if (c != ' ' && c != '-' && c != '(' && c != ')') {
            return false;
        }
    }
    struct str got = buf_get(&b);
    if (got.n < PHONE_MIN + 1 || got.p[0] != '+' || got.p[1] == '0') {
        return false;
    }
    *ret_address = got;
    return true;
}

static bool ready_mail(const struct notify_settings *s)
{
    return s->smtp_url.n > 0 && s->mail_from.n > 0;
}

static bool ready_sms(const struct notify_settings *s)
{
    return s->sms_url.n > 0;
}

static bool ready_telegram(const struct notify_settings *s)
{
    return s->telegram_token.n > 0 && s->telegram_bot.n > 0;
}

static bool ready_push(const struct notify_settings *s)
{
    return s->push_key.n > 0 && s->push_contact.n > 0;
}

const struct notify_channel_row notify_channels[CHANNEL_COUNT] = {
    [CHANNEL_NONE] = {"", "", "", NULL, NULL},
    [CHANNEL_MAIL] = {"mail", T("E-mail"), T("E-mail address"), clean_mail, ready_mail},
    [CHANNEL_SMS] = {"sms", T("SMS"), T("Mobile number, with + and the code of the country"),
                     clean_phone, ready_sms},
    [CHANNEL_TELEGRAM] = {"telegram", T("Telegram"), "", NULL, ready_telegram},
    [CHANNEL_PUSH] = {"push", T("This browser"), "", NULL, ready_push},
};

enum notify_channel notify_channel_find(struct str code)
{
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        if (str_eq(code, str_z(notify_channels[c].code))) {
            return c;
        }
    }
    return CHANNEL_NONE;
}

static const char *const whys[POST_WHY_COUNT] = {
    [POST_SENT] = "",
    [POST_NO_ANSWER] = T("no answer"),
    [POST_LATER] = T("asked to try later"),
    [POST_REFUSED] = T("message refused"),
    [POST_GONE] = T("address no longer exists"),
    [POST_SETTINGS] = T("sign-in to the gateway refused: check the settings"),
    [POST_OTHER] = T("another failure"),
};

const char *post_why_text(enum post_why why)
{
    return why < POST_WHY_COUNT ? whys[why] : "";
}

struct str notify_shown(struct req *rq, const struct notify_address *a)
{
    struct str s = a->address;
    struct url u;
    struct buf b;
    buf_init(&b, rq->a, 400);
    switch (a->channel) {
    case CHANNEL_MAIL:
        buf_str(&b, str_sub(s, 0, 2));
        BUF_LIT(&b, "***");
        buf_str(&b, str_sub(s, str_find_char(s, '@'), s.n));
        break;
    case CHANNEL_SMS:
        buf_str(&b, str_sub(s, 0, 3));
        BUF_LIT(&b, " *** ");
        buf_str(&b, str_sub(s, s.n - MIN(s.n, 3), 3));
        break;
    case CHANNEL_PUSH:
        buf_str(&b, url_split(s, &u) ? u.host : S(""));
        break;
    case CHANNEL_TELEGRAM:
    case CHANNEL_NONE:
    case CHANNEL_COUNT: break;
    }
    return buf_get(&b);
}
