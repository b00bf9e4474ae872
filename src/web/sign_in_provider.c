/* web/sign_in_provider.c - signing in by an outside identity provider: there and back. Whatever goes wrong
 * leads to the first page with a word about it; the password is never out of reach. */
#include "base/text.h"
#include "care/provider.h"
#include "web/pages.h"
#include "web/signing_in.h"

#define WAY_COOKIE "oidc"
#define BACK "/sign-in/provider/back"

static struct str address_of_ours(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 400);
    buf_str(&b, http_public_url(h));
    BUF_LIT(&b, BACK);
    return buf_get(&b);
}

/* Back to the first page, which says why (web/flash.def) and leads on to next. A failure of our own is none
 * of these. */
static enum err failed(struct http_req *h, enum err e, struct str next)
{
    static const struct {
        enum err code;
        struct str path;
    } ways[] = {
        {E_IO, SI("/sign-in?done=provider-down")},
        {E_STALE, SI("/sign-in?done=provider-late")},
        {E_UNPROCESSED, SI("/sign-in?done=provider-odd")},
        {E_FORBIDDEN, SI("/sign-in?done=provider-no")},
        {E_SIGN_IN, SI("/sign-in?done=provider-nobody")},
        {E_GONE, SI("/sign-in?done=provider-no-role")},
    };
    if (e == E_LOCKED) {
        struct str wait = sign_in_wait(h, S(""));
        err_clear(&h->rq);
        return sign_in_anew_said(h, 429, wait);
    }
    for (size_t i = 0; i < LEN(ways); i++) {
        if (ways[i].code == e) {
            struct buf b;
            err_clear(&h->rq);
            buf_init(&b, h->rq.a, 4096);
            buf_str(&b, ways[i].path);
            if (next.n > 1) {
                page_query(&b, "next", next);
            }
            return http_redirect(h, buf_ok(&b) ? buf_get(&b) : ways[i].path);
        }
    }
    return e;
}

enum err web_sign_in_provider(struct http_req *h)
{
    struct str next = sign_in_next(str_or_empty(http_query(h, S("next"))));
    struct str cookie = {0};
    struct str address = {0};
    if (!provider_is_set(care_of(&h->rq))) {
        return FAIL(&h->rq, E_NOT_FOUND, "provider");
    }
    if (h->caller.kind == CALLER_SESSION) {
        return http_redirect(h, next);
    }
    const struct provider_ask ask = {.redirect = address_of_ours(h), .next = next};
    enum err e = provider_begin(&h->rq, &ask, &cookie, &address);
    if (e != OK) {
        return failed(h, e, next);
    }
    http_reply_cookie(h, S(WAY_COOKIE), cookie, PROVIDER_COOKIE_S);
    return http_redirect_away(h, address);
}

static enum err go_on(struct http_req *h, const struct session *s, struct str next)
{
    struct buf b;
    sign_in_cookies(h, s);
    if (!s->half) {
        return http_redirect(h, next);
    }
    buf_init(&b, h->rq.a, 4096);
    BUF_LIT(&b, SIGN_IN_CODE);
    page_query(&b, "next", next);
    return http_redirect(h, buf_ok(&b) ? buf_get(&b) : S(SIGN_IN_CODE));
}

enum err web_sign_in_provider_back(struct http_req *h)
{
    struct session s;
    struct str next = {0};
    const struct provider_back back = {
        .cookie = str_or_empty(http_cookie(h, S(WAY_COOKIE))),
        .redirect = address_of_ours(h),
        .state = str_or_empty(http_query(h, S("state"))),
        .code = str_or_empty(http_query(h, S("code"))),
        .iss = str_or_empty(http_query(h, S("iss"))),
        .error = str_or_empty(http_query(h, S("error"))),
        .from = sign_in_from(h),
    };
    if (!provider_is_set(care_of(&h->rq))) {
        return FAIL(&h->rq, E_NOT_FOUND, "provider");
    }
    enum err e = provider_sign_in(&h->rq, &back, &s, &next);
    http_reply_cookie(h, S(WAY_COOKIE), S(""), 0);
    return e == OK ? go_on(h, &s, sign_in_next(next)) : failed(h, e, sign_in_next(next));
}
