/* web/sign_in.c - the first page: beginning a session, and ending it. It never tells whether a login
 * exists. */
#include "web/pages.h"

#include "base/text.h"
#include "care/account.h"
#include "care/passkey.h"
#include "care/provider.h"
#include "os/log.h"
#include "store/tx.h"
#include "web/kept.h"
#include "web/signing_in.h"
#include "web/tpl.h"

struct str sign_in_next(struct str asked)
{
    return page_may_go(asked) && !str_starts(asked, S("/sign-")) ? asked : S("/");
}

bool sign_in_is_own_form(struct http_req *h)
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
    struct webauthn_ask place;
    struct val *f = page_field(h, root, "login", T("Login"), S(""));
    val_set_z(f, "auto", "username");
    val_set_z(f, "width", "w14");
    val_set_bool(f, "required", true);
    (void)page_secret(h, root, "password", T("Password"), "current-password");
    val_set_str(root, "next", sign_in_next(asked));
    val_set_bool(root, "asked", asked.n > 1);
    val_set_bool(root, "passkey", passkey_place(&h->rq, &place));
    if (provider_is_set(care_of(&h->rq))) {
        val_set_str(root, "provider", provider_name(care_of(&h->rq)));
    }
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_sign_in);
}

enum err web_sign_in_page(struct http_req *h)
{
    struct val *root = NULL;
    if (h->caller.kind == CALLER_SESSION) {
        return http_redirect(h, sign_in_next(http_query(h, S("next"))));
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

/* The number of the account a login names, for the log; 0: none, which names nobody. */
static uint64_t account_number(struct http_req *h, struct str login)
{
    struct account acc;
    if (login.n == 0 || account_by_login(&h->rq, login, &acc) != OK) {
        return 0;
    }
    return (uint64_t)acc.id;
}

struct str sign_in_wait(struct http_req *h, struct str login)
{
    uint64_t seconds = http_reply_wait(h);
    struct str why = arena_str(h->rq.a, str_z(h->rq.err.detail));
    err_clear(&h->rq);
    LOG(LOG_SIGN_IN_LOCKED, log_u64(account_number(h, login)), log_ip(h->rq.peer));
    err_clear(&h->rq);
    struct text_arg arg = {S("time"), page_duration(h, (int64_t)(seconds + 59) * MS_SECOND)};
    if (why.p != NULL && str_find(why, S("address")) < why.n) {
        return page_text(h, T("From your network many people could not sign in. Wait {time}, then try "
                              "again, use a passkey, or a browser you signed in with before. Who is "
                              "signed in stays so."),
                         &arg, 1);
    }
    return page_text(h, T("Too many wrong passwords or codes. Wait {time}, then try again. If you do not "
                          "know your password, ask the administrator of your organisation."),
                     &arg, 1);
}

struct sign_in_from sign_in_from(struct http_req *h)
{
    return (struct sign_in_from){str_or_empty(http_cookie(h, S("device"))),
                                 str_or_empty(http_header(h, "User-Agent"))};
}

bool sign_in_keeps(struct http_req *h)
{
    struct str name;
    struct str value;
    bool kept = false;
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        kept = kept || str_starts(name, S("kept."));
    }
    return kept;
}

void sign_in_cookies(struct http_req *h, const struct session *s)
{
    enum { YEAR_S = 365 * 24 * 3600 };
    struct str token = arena_str(h->rq.a, str_z(s->token));
    if (s->half) {
        http_reply_cookie(h, S(HALF_COOKIE), token, HALF_MS / MS_SECOND);
        return;
    }
    http_reply_cookie(h, S("sid"), token, -1);
    http_reply_cookie(h, S("device"), arena_str(h->rq.a, str_z(s->device)), YEAR_S);
    http_reply_cookie(h, S("lang"), lang_code(s->account.lang), YEAR_S);
    if (http_cookie(h, S(HALF_COOKIE)).p != NULL) {
        http_reply_cookie(h, S(HALF_COOKIE), S(""), 0);
    }
}

enum err sign_in_done(struct http_req *h, const struct session *s)
{
    const struct who *who = NULL;
    struct str path = sign_in_next(http_form(h, S("next")));
    sign_in_cookies(h, s);
    if (!sign_in_keeps(h)) {
        return http_redirect(h, path);
    }
    TRY(who_by_session(&h->rq, arena_str(h->rq.a, str_z(s->token)), &who));
    return kept_page(h, 200, path, who->csrf);
}

static enum err again(struct http_req *h, unsigned status, struct str fault, bool field)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Error: Sign in"), &root));
    if (field) {
        page_error_text(root, "login", fault);
    } else {
        val_set_str(root, "fault", fault);
    }
    kept_set(h, root);
    return show(h, status, root, http_form(h, S("next")));
}

enum err sign_in_anew_said(struct http_req *h, unsigned status, struct str fault)
{
    return again(h, status, fault, false);
}

enum err sign_in_anew(struct http_req *h, unsigned status, const char *fault)
{
    return again(h, status, tr(h->rq.lang, fault), true);
}

/* The password was right and the code is owed: an address of its own, unless a form is carried along. */
static enum err go_to_code(struct http_req *h, const struct session *s)
{
    struct buf b;
    sign_in_cookies(h, s);
    if (sign_in_keeps(h)) {
        uint32_t ways = 0;
        TRY(half_ways(&h->rq, &s->account, &ways));
        return sign_in_ask_code(h, ways);
    }
    buf_init(&b, h->rq.a, 4096);
    BUF_LIT(&b, SIGN_IN_CODE);
    page_query(&b, "next", sign_in_next(http_form(h, S("next"))));
    return http_redirect(h, buf_ok(&b) ? buf_get(&b) : S(SIGN_IN_CODE));
}

enum err web_sign_in(struct http_req *h)
{
    struct session s;
    struct str login = page_sent(h, "login");
    struct str password = http_form(h, S("password"));
    struct sign_in_from from = sign_in_from(h);
    if (!sign_in_is_own_form(h)) {
        return FAIL(&h->rq, E_FORBIDDEN, "origin");
    }
    enum err e = sign_in(&h->rq, login, password, &from, &s);
    if (e == OK) {
        return s.half ? go_to_code(h, &s) : sign_in_done(h, &s);
    }
    if (e == E_LOCKED) {
        struct str wait = sign_in_wait(h, login);
        return again(h, 429, wait, true);
    }
    if (e != E_SIGN_IN) {
        return e;
    }
    err_clear(&h->rq);
    return sign_in_anew(h, 401,
                        T("Login or password is wrong, or this account is closed. Check the keyboard's "
                          "language and Caps Lock."));
}

static enum err signed_out(struct http_req *h)
{
    http_reply_cookie(h, S("sid"), S(""), 0);
    /* Files and pictures that were looked at go; what was typed and not sent stays (web/draft.ts). */
    http_reply_header(h, "Clear-Site-Data", S("\"cache\""));
    return http_redirect(h, S("/sign-in?done=signed-out"));
}

enum err web_sign_out(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(sign_out(&h->rq, tx));
    return http_commit(h, tx, signed_out);
}
