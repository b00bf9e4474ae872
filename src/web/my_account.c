/* web/my_account.c - a patient's own password. */
#include "web/my.h"

#include "base/text.h"
#include "care/password.h"
#include "web/pages.h"
#include "web/password_words.h"
#include "web/tpl.h"

/* fault: p NULL: none yet */
static enum err show(struct http_req *h, const char *field, struct str fault)
{
    struct my m;
    TRY(my_begin(h, T("Password"), &m));
    if (fault.p != NULL) {
        page_error_text(m.root, field, fault);
    }
    (void)page_secret(h, m.root, "old", T("Present password"), "current-password");
    password_hint(h, page_secret(h, m.root, "new", T("New password"), "new-password"), true);
    (void)page_secret(h, m.root, "again", T("The same password once more"), "new-password");
    val_set_str(m.root, "login", h->rq.who->audit.login);
    return page_reply_status(h, fault.p != NULL ? 422 : 200, m.root, tpl_my_password);
}

enum err web_my_password_page(struct http_req *h)
{
    return show(h, NULL, (struct str){0});
}

enum err web_my_password(struct http_req *h)
{
    struct str fresh = http_form(h, S("new"));
    if (!str_eq(fresh, http_form(h, S("again")))) {
        return show(h, "again", tr(h->rq.lang, T("The two passwords are not the same.")));
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
    struct str fault = same ? tr(h->rq.lang, T("The new password is the same as the present one."))
                            : password_fault(h);
    err_clear(&h->rq);
    return e == E_SIGN_IN   ? show(h, "old", tr(h->rq.lang, T("The present password is wrong.")))
           : e == E_LOCKED ? show(h, "old", tr(h->rq.lang, T("Too many wrong passwords: wait some minutes.")))
                           : show(h, "new", fault);
}
