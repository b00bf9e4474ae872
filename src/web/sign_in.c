/* web/sign_in.c - the first page: beginning a session, and ending it. It never tells whether a login
 * exists. */
#include "web/pages.h"

#include "base/text.h"
#include "care/account.h"
#include "store/tx.h"
#include "web/kept.h"
#include "web/page.h"
#include "web/tpl.h"

/* Where to go after signing in: a path of this server, else the start page. */
static struct str next_path(struct str asked)
{
    return page_may_go(asked) && !str_starts(asked, S("/sign-")) ? asked : S("/");
}

/* Another site must not sign its visitors in here: what a browser says of itself. */
static bool is_own_form(struct http_req *h)
{
    struct str site = http_header(h, "Sec-Fetch-Site");
    struct str origin = http_header(h, "Origin");
    if (site.p != NULL) {
        return str_eq(site, S("same-origin"));
    }
    return origin.p == NULL || http_is_own_origin(h, origin);
}

static enum err show(struct http_req *h, unsigned status, struct val *root, struct str asked)
{
    struct val *f = page_field(h, root, "login", T("Login"), S(""));
    val_set_z(f, "auto", "username");
    val_set_z(f, "width", "w14");
    val_set_bool(f, "required", true);
    f = page_field(h, root, "password", T("Password"), S(""));
    val_set_z(f, "type", "password");
    val_set_z(f, "auto", "current-password");
    val_set_z(f, "width", "w14");
    val_set_str(f, "value", S(""));
    val_set_bool(f, "required", true);
    val_set_str(root, "next", next_path(asked));
    val_set_bool(root, "asked", asked.n > 1);
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_sign_in);
}

enum err web_sign_in_page(struct http_req *h)
{
    struct val *root = NULL;
    if (h->caller.kind == CALLER_SESSION) {
        return http_redirect(h, next_path(http_query(h, S("next"))));
    }
    TRY(page_begin(h, T("Sign in"), &root));
    return show(h, 200, root, http_query(h, S("next")));
}

enum err web_sign_in_again(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Sign in"), &root));
    kept_set(h, root);
    return show(h, 401, root, h->path);
}

/* "wait 90 s" of E_LOCKED in words. */
static struct str wait_text(struct http_req *h)
{
    uint64_t seconds = http_reply_wait(h);
    struct text_arg arg = {S("time"), page_duration(h, (int64_t)(seconds + 59) * MS_SECOND)};
    return page_text(h, T("Too many wrong passwords. Wait {time}, then try again. If you do not know "
                          "your password, ask the administrator of your organisation."),
                     &arg, 1);
}

/* Where they wanted to go; a form that came too late is offered for sending. */
static enum err go_on(struct http_req *h, struct str token, struct str path)
{
    const struct who *who = NULL;
    struct str name;
    struct str value;
    bool kept = false;
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        kept = kept || str_starts(name, S("kept."));
    }
    if (!kept) {
        return http_redirect(h, path);
    }
    TRY(who_by_session(&h->rq, token, &who));
    return kept_page(h, 200, path, who->csrf);
}

enum err web_sign_in(struct http_req *h)
{
    struct session s;
    struct val *root = NULL;
    struct str login = page_sent(h, "login");
    struct str password = http_form(h, S("password"));
    if (!is_own_form(h)) {
        return FAIL(&h->rq, E_FORBIDDEN, "origin");
    }
    enum err e = sign_in(&h->rq, login, password, &s);
    if (e == OK) {
        struct str token = arena_str(h->rq.a, str_z(s.token));
        http_reply_cookie(h, S("sid"), token, -1);
        http_reply_cookie(h, S("lang"), lang_code(s.account.lang), 365 * 24 * 3600);
        return go_on(h, token, next_path(http_form(h, S("next"))));
    }
    if (e != E_SIGN_IN && e != E_LOCKED) {
        return e;
    }
    struct str wait = e == E_LOCKED ? wait_text(h) : (struct str){0};
    err_clear(&h->rq);
    TRY(page_begin(h, T("Error: Sign in"), &root));
    if (e == E_LOCKED) {
        page_error_text(root, "login", wait);
    } else {
        page_error(h, root, "login",
                   T("Login or password is wrong, or this account is closed. Check the keyboard's "
                     "language and Caps Lock."));
    }
    kept_set(h, root);
    return show(h, e == E_LOCKED ? 429 : 401, root, http_form(h, S("next")));
}

static enum err signed_out(struct http_req *h)
{
    http_reply_cookie(h, S("sid"), S(""), 0);
    return http_redirect(h, S("/sign-in?done=signed-out"));
}

enum err web_sign_out(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(sign_out(&h->rq, tx));
    return http_commit(h, tx, signed_out);
}
