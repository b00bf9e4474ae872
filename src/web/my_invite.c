/* web/my_invite.c - whoever holds the link of an invitation and its code makes an account. Nothing of the
 * patient is shown before the code was right. */
#include "base/text.h"
#include "care/password.h"
#include "care/grant.h"
#include "store/tx.h"
#include "web/my.h"
#include "web/open_link.h"
#include "web/pages.h"
#include "web/password_words.h"
#include "web/signing_in.h"
#include "web/tpl.h"

#define LINKS "invite" /* whose failures are counted together */

static enum err gone(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("This link is not valid"), &root));
    page_kind(root, "my");
    return page_reply_status(h, 404, root, tpl_my_invite_gone);
}

static enum err show(struct http_req *h, const struct invite *i, struct val *root)
{
    struct val *f = NULL;
    val_set_bool(open_link_code(h, root), "required", true);
    f = page_secret(h, root, "password", T("Choose a password"), "new-password");
    password_hint(h, f, false);
    (void)page_secret(h, root, "again", T("The same password once more"), "new-password");
    f = page_field(h, root, "login", T("Login"), S(""));
    val_set_z(f, "auto", "username");
    val_set_str(f, "hint", tr(h->rq.lang, i->related.n > 0
                                  ? T("Small Latin letters and digits. Leave it empty to get one.")
                                  : T("You can leave it empty: you sign in with your personal number.")));
    val_set_str(root, "post", page_path(h, "/invite/", http_param(h, S("token")), ""));
    val_set_bool(root, "relative", i->related.n > 0);
    val_set_bool(root, "joins", who_is_patient(h->rq.who) && i->related.n > 0);
    val_set_bool(root, "staff", h->caller.kind != CALLER_NOBODY && !who_is_patient(h->rq.who));
    page_kind(root, "my");
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_my_invite);
}

enum err web_my_invite_page(struct http_req *h)
{
    struct val *root = NULL;
    struct invite i;
    TRY(open_link_check(h, LINKS));
    enum err e = invite_find(&h->rq, http_param(h, S("token")), &i);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, gone);
    }
    TRY(e);
    TRY(page_begin(h, T("Your access to your medical record"), &root));
    return show(h, &i, root);
}

/* What is shown beside the form when it was not accepted; false: not a fault of the form. */
static bool set_fault(struct http_req *h, struct val *root, enum err e)
{
    struct str what = str_z(h->rq.err.detail);
    if (e == E_FORBIDDEN) {
        page_error(h, root, "code", T("The code is wrong. After five wrong codes the link ends."));
    } else if (e == E_CONFLICT && str_eq(what, S("login"))) {
        page_error(h, root, "login", T("Somebody has this login already: choose another one."));
    } else if (e == E_BAD_INPUT && str_starts(what, S("password"))) {
        page_error_text(root, "password", password_fault(h));
    } else if (e == E_BAD_INPUT) {
        page_error(h, root, "login", T("2 to 64 small Latin letters, digits, dots and dashes."));
    } else {
        return false;
    }
    return true;
}

/* Somebody signed in adds the record to their account; else an account is made. */
static enum err accept(struct http_req *h, bool joins, struct session *s)
{
    struct str token = http_param(h, S("token"));
    struct str code = page_sent(h, "code");
    return joins ? invite_join(&h->rq, token, code)
                 : invite_accept(&h->rq,
                                 &(struct invite_accepted){.token = token,
                                                           .code = code,
                                                           .login = page_sent(h, "login"),
                                                           .password = http_form(h, S("password")),
                                                           .from = sign_in_from(h)},
                                 s);
}

enum err web_my_invite(struct http_req *h)
{
    struct val *root = NULL;
    struct session s;
    struct invite i;
    bool joins = who_is_patient(h->rq.who);
    TRY(open_link_check(h, LINKS));
    enum err e = invite_find(&h->rq, http_param(h, S("token")), &i);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, gone);
    }
    TRY(e);
    TRY(page_begin(h, T("Your access to your medical record"), &root));
    bool staff = h->caller.kind != CALLER_NOBODY && !joins;
    if (!joins && !str_eq(http_form(h, S("password")), http_form(h, S("again")))) {
        page_error(h, root, "again", T("The two passwords are not the same."));
    }
    if (staff || page_has_errors(root)) {
        return show(h, &i, root);
    }
    e = accept(h, joins, &s);
    if (e == OK) {
        if (!joins) {
            sign_in_cookies(h, &s);
        }
        return http_redirect(h, !joins && s.half ? S(SIGN_IN_CODE "?next=/my") : S("/my?done=welcome"));
    }
    if (!set_fault(h, root, e)) {
        return e == E_NOT_FOUND ? open_link_lost(h, LINKS, gone) : e;
    }
    err_clear(&h->rq);
    return show(h, &i, root);
}
