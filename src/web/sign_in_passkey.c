/* web/sign_in_passkey.c - signing in with a passkey: a page that asks the browser for it, and its answer.
 * Needs scripts; without them the password remains. */
#include "web/pages.h"

#include "base/text.h"
#include "web/kept.h"
#include "web/passkey.h"
#include "web/signing_in.h"
#include "web/tpl.h"

#define ATTEMPT_COOKIE "attempt"

void passkey_set_ask(struct val *root, const struct passkey_ask *ask)
{
    struct val *m = val_set_map(root, "ask");
    val_set_str(m, "challenge", ask->challenge);
    val_set_str(m, "rp", ask->rp_id);
    val_set_str(m, "handle", str_or_empty(ask->handle));
    val_set_str(m, "login", str_or_empty(ask->login));
    val_set_str(m, "known", str_or_empty(ask->known));
}

struct passkey_said passkey_form(struct http_req *h)
{
    return (struct passkey_said){
        .id = str_or_empty(http_form(h, S("id"))),
        .client_data = str_or_empty(http_form(h, S("client_data"))),
        .auth_data = str_or_empty(http_form(h, S("auth_data"))),
        .sig = str_or_empty(http_form(h, S("signature"))),
        .handle = str_or_empty(http_form(h, S("handle"))),
        .transports = str_or_empty(http_form(h, S("transports"))),
    };
}

/* In another language, or by the button back: from the beginning. */
enum err web_sign_in_passkey_page(struct http_req *h)
{
    return http_redirect(h, S("/sign-in"));
}

static enum err locked(struct http_req *h)
{
    struct str wait = sign_in_wait(h, S(""));
    err_clear(&h->rq);
    return sign_in_anew_said(h, 429, wait);
}

enum err web_sign_in_passkey(struct http_req *h)
{
    struct passkey_ask ask;
    struct val *root = NULL;
    if (!sign_in_is_own_form(h)) {
        return FAIL(&h->rq, E_FORBIDDEN, "origin");
    }
    enum err e = passkey_ask(&h->rq, &ask);
    if (e == E_LOCKED) {
        return locked(h);
    }
    TRY(e);
    http_reply_cookie(h, S(ATTEMPT_COOKIE), arena_str(h->rq.a, str_z(ask.attempt)),
                      PASSKEY_ASK_MS / MS_SECOND);
    TRY(page_begin(h, T("Sign in with a passkey"), &root));
    kept_set(h, root);
    passkey_set_ask(root, &ask);
    val_set_str(root, "next", sign_in_next(http_form(h, S("next"))));
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_sign_in_passkey);
}

/* What the first page says of it; NULL: it is not about the passkey. */
static const char *fault_of(enum err e)
{
    switch (e) {
    case E_NOT_FOUND: return T("The time for the passkey is over, or it was used already. Sign in again.");
    case E_SIGN_IN:
        return T("This passkey does not open an account here: it may have been removed. Sign in another "
                 "way.");
    case E_CONFLICT:
        return T("This passkey is refused and switched off: there seems to be a copy of it. Sign in another "
                 "way, remove it and tell your administrator.");
    default: return NULL;
    }
}

enum err web_sign_in_passkey_confirm(struct http_req *h)
{
    struct session s;
    struct passkey_said said = passkey_form(h);
    struct sign_in_from from = sign_in_from(h);
    if (!sign_in_is_own_form(h)) {
        return FAIL(&h->rq, E_FORBIDDEN, "origin");
    }
    enum err e = sign_in_passkey(&h->rq, str_or_empty(http_cookie(h, S(ATTEMPT_COOKIE))), &said, &from, &s);
    http_reply_cookie(h, S(ATTEMPT_COOKIE), S(""), 0);
    if (e == OK) {
        return sign_in_done(h, &s);
    }
    if (e == E_LOCKED) {
        return locked(h);
    }
    const char *fault = fault_of(e);
    if (fault == NULL) {
        return e;
    }
    err_clear(&h->rq);
    return sign_in_anew_said(h, 401, tr(h->rq.lang, fault));
}
