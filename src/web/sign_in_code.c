/* web/sign_in_code.c - the second step of signing in: the one-time code, or a recovery code. Who has only
 * given the password is nobody yet: a cookie of its own names what they have done so far. */
#include "web/pages.h"

#include "base/text.h"
#include "web/kept.h"
#include "web/signing_in.h"
#include "web/tpl.h"

/* ways: HALF_ bits: what may come after the password. */
static enum err show(struct http_req *h, unsigned status, struct val *root, struct str next, bool recovery,
                     uint32_t ways)
{
    struct val *f = page_field(h, root, "code", recovery ? T("Recovery code") : T("One-time code"), S(""));
    val_set_bool(root, "code", (ways & HALF_CODE) != 0);
    val_set_bool(root, "paper", (ways & HALF_PAPER) != 0);
    val_set_bool(root, "asked", (ways & HALF_CODE) != 0 || recovery);
    val_set_bool(root, "passkey", (ways & HALF_PASSKEY) != 0);
    const char *hint = recovery ? T("One of the ten you kept on paper. Each holds once.")
                                : T("Six digits that the authenticator program shows now.");
    val_set_str(f, "hint", tr(h->rq.lang, hint));
    val_set_z(f, "auto", recovery ? "off" : "one-time-code");
    if (!recovery) {
        val_set_z(f, "mode", "numeric");
    }
    val_set_z(f, "width", recovery ? "w14" : "w8");
    val_set_str(f, "value", S(""));
    val_set_bool(f, "required", true);
    val_set_str(root, "next", next);
    val_set_bool(root, "recovery", recovery);
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_sign_in_code);
}

/* Is a code on paper asked for, of whom has some? */
static bool asks_recovery(struct http_req *h, uint32_t ways)
{
    return (ways & (HALF_CODE | HALF_PAPER)) != 0 && str_eq(page_sent(h, "recovery"), S("1"));
}

/* The page's name: what is asked for. */
static const char *title(uint32_t ways, bool recovery)
{
    return recovery ? T("Recovery code") : (ways & HALF_CODE) != 0 ? T("One-time code") : T("Passkey");
}

enum err sign_in_ask_code(struct http_req *h, uint32_t ways)
{
    struct val *root = NULL;
    bool recovery = asks_recovery(h, ways);
    TRY(page_begin(h, title(ways, recovery), &root));
    kept_set(h, root);
    return show(h, 200, root, sign_in_next(http_form(h, S("next"))), recovery, ways);
}

enum err web_sign_in_code_page(struct http_req *h)
{
    struct val *root = NULL;
    struct str next = sign_in_next(http_query(h, S("next")));
    uint32_t ways = 0;
    if (h->caller.kind == CALLER_SESSION) {
        return http_redirect(h, next);
    }
    TRY(half_check(&h->rq, str_or_empty(http_cookie(h, S(HALF_COOKIE))), &ways));
    if (ways == 0) {
        return http_redirect(h, S("/sign-in"));
    }
    TRY(page_begin(h, title(ways, false), &root));
    return show(h, 200, root, next, false, ways);
}

static enum err wrong(struct http_req *h, enum err e)
{
    struct val *root = NULL;
    uint32_t ways = HALF_CODE;
    struct str wait = e == E_LOCKED ? sign_in_wait(h, S("")) : (struct str){0};
    err_clear(&h->rq);
    TRY(half_check(&h->rq, str_or_empty(http_cookie(h, S(HALF_COOKIE))), &ways));
    bool recovery = asks_recovery(h, ways);
    bool paper = recovery || (ways & HALF_CODE) == 0;
    TRY(page_begin(h, paper ? T("Error: Recovery code") : T("Error: One-time code"), &root));
    if (e == E_LOCKED) {
        page_error_text(root, "code", wait);
    } else if (paper) {
        page_error(h, root, "code",
                   T("The code is wrong or was used before. Each recovery code holds once."));
    } else {
        page_error(h, root, "code",
                   T("The code is wrong or was used before. Wait for the next one; the clock of the "
                     "telephone must be right."));
    }
    kept_set(h, root);
    return show(h, e == E_LOCKED ? 429 : 401, root, sign_in_next(http_form(h, S("next"))), recovery, ways);
}

enum err web_sign_in_code(struct http_req *h)
{
    struct session s;
    struct str half = str_or_empty(http_cookie(h, S(HALF_COOKIE)));
    struct str code = page_sent(h, "code");
    struct sign_in_from from = sign_in_from(h);
    if (!sign_in_is_own_form(h)) {
        return FAIL(&h->rq, E_FORBIDDEN, "origin");
    }
    uint32_t ways = 0;
    if (code.n == 0) {
        TRY(half_check(&h->rq, half, &ways));
    }
    if (asks_recovery(h, ways)) {
        return sign_in_ask_code(h, ways);
    }
    enum err e = sign_in_code(&h->rq, half, code, &from, &s);
    if (e == OK) {
        return sign_in_done(h, &s);
    }
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return sign_in_anew(h, 401, T("The time for the code is over. Sign in again."));
    }
    return e == E_SIGN_IN || e == E_LOCKED ? wrong(h, e) : e;
}
