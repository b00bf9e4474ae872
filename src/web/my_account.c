/* web/my_account.c - a patient's own password. */
#include "web/my.h"

#include "base/text.h"
#include "care/password.h"
#include "web/pages.h"
#include "web/tpl.h"

static enum err show(struct http_req *h, const char *field, const char *fault)
{
    struct my m;
    TRY(my_begin(h, T("Password"), &m));
    if (fault != NULL) {
        page_error(h, m.root, field, fault);
    }
    (void)page_secret(h, m.root, "old", T("Present password"), "current-password");
    (void)page_secret(h, m.root, "new", T("New password"), "new-password");
    (void)page_secret(h, m.root, "again", T("The same password once more"), "new-password");
    val_set_str(m.root, "login", h->rq.who->audit.login);
    return page_reply_status(h, fault != NULL ? 422 : 200, m.root, tpl_my_password);
}

enum err web_my_password_page(struct http_req *h)
{
    return show(h, NULL, NULL);
}

enum err web_my_password(struct http_req *h)
{
    struct str fresh = http_form(h, S("new"));
    if (!str_eq(fresh, http_form(h, S("again")))) {
        return show(h, "again", T("The two passwords are not the same."));
    }
    enum err e = password_change(&h->rq, http_form(h, S("old")), fresh);
    if (e == OK) {
        http_reply_cookie(h, S("sid"), S(""), 0); /* all sessions have ended */
        return http_redirect(h, S("/sign-in?done=my-password"));
    }
    if (e != E_SIGN_IN && e != E_BAD_INPUT && e != E_LOCKED) {
        return e;
    }
    bool same = e == E_BAD_INPUT && str_eq(fresh, http_form(h, S("old")));
    const char *fault = same ? T("The new password is the same as the present one.")
                             : password_fault_text(&h->rq);
    err_clear(&h->rq);
    return e == E_SIGN_IN   ? show(h, "old", T("The present password is wrong."))
           : e == E_LOCKED ? show(h, "old", T("Too many wrong passwords: wait some minutes."))
                           : show(h, "new", fault);
}
