/* web/invited.c - whoever holds the link of an invitation (care/staff_invite.h) sees whose it is, chooses the
 * password and is signed in. A link that was one says what became of it. */
#include "base/text.h"
#include "care/directory.h"
#include "care/password.h"
#include "care/staff_invite.h"
#include "store/tx.h"
#include "web/open_link.h"
#include "web/pages.h"
#include "web/password_words.h"
#include "web/signing_in.h"
#include "web/staff.h"
#include "web/tpl.h"

#define LINKS "invited" /* whose failures are counted together */

/* An invitation as its holder sees it. */
struct invited {
    struct staff_invite invite;
    struct account account;
    const struct dir_person *person;
};

static enum err show_over(struct http_req *h, const char *what)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("This link is not valid"), &root));
    page_kind(root, "narrow");
    val_set_z(root, "what", what);
    return page_reply_status(h, 404, root, tpl_invited_over);
}

static enum err none(struct http_req *h)
{
    return show_over(h, "none");
}

static enum err used(struct http_req *h)
{
    return show_over(h, "used");
}

static enum err withdrawn(struct http_req *h)
{
    return show_over(h, "withdrawn");
}

static enum err expired(struct http_req *h)
{
    return show_over(h, "expired");
}

/* errors  E_NOT_FOUND  *ret_gone answers */
static enum err find(struct http_req *h, struct invited *v, http_handler_fn *ret_gone)
{
    static const http_handler_fn overs[] = {
        [STAFF_INVITE_WAITS] = none, [STAFF_INVITE_USED] = used,
        [STAFF_INVITE_WITHDRAWN] = withdrawn, [STAFF_INVITE_EXPIRED] = expired,
    };
    const struct directory *d = NULL;
    *ret_gone = none;
    TRY(staff_invite_find(&h->rq, http_param(h, S("token")), &v->invite, &v->account));
    *ret_gone = overs[v->invite.state];
    TRY(directory_get(&h->rq, &d));
    v->person = dir_person(d, v->account.person);
    return v->invite.state == STAFF_INVITE_WAITS && v->person != NULL
               ? OK
               : FAIL(&h->rq, E_NOT_FOUND, "invitation");
}

static enum err show(struct http_req *h, const struct invited *v, struct val *root)
{
    const struct care *care = care_of(&h->rq);
    struct val *roles = val_set_list(root, "roles");
    bool owes = false;
    for (uint32_t i = 0; i < v->person->n_roles; i++) {
        struct val *m = val_add_map(roles);
        val_set_str(m, "title", staff_role_title(h, v->person->roles[i].code));
        val_set_str(m, "org", v->person->roles[i].org_name);
        owes = owes || (care->factor_by_role && v->person->roles[i].factor && !v->account.factor);
    }
    struct val *f = page_secret(h, root, "password", T("Choose a password"), "new-password");
    password_hint(h, f, false);
    (void)page_secret(h, root, "again", T("The same password once more"), "new-password");
    val_set_str(root, "name", v->person->name);
    val_set_str(root, "login", v->account.login);
    val_set_bool(root, "owes", owes && !v->account.passkey);
    val_set_bool(root, "has_passkey", owes && v->account.passkey);
    val_set_bool(root, "has_codes", v->account.factor);
    val_set_bool(root, "somebody", h->caller.kind != CALLER_NOBODY);
    val_set_instant(root, "until", v->invite.expires);
    val_set_str(root, "post", page_path(h, "/invite/staff/", http_param(h, S("token")), ""));
    page_kind(root, "narrow");
    bool refused = h->caller.kind != CALLER_NOBODY && h->method == POST;
    return page_reply_status(h, refused ? 403 : page_has_errors(root) ? 422 : 200, root, tpl_invited);
}

enum err web_invited_page(struct http_req *h)
{
    struct invited v;
    struct val *root = NULL;
    http_handler_fn gone = NULL;
    TRY(open_link_check(h, LINKS));
    enum err e = find(h, &v, &gone);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, gone);
    }
    TRY(e);
    TRY(page_begin(h, T("Choose your password"), &root));
    return show(h, &v, root);
}

static enum err accept(struct http_req *h, const struct invited *v, struct val *root)
{
    struct session s;
    struct sign_in_from from = sign_in_from(h);
    http_handler_fn gone = NULL;
    struct invited again;
    enum err e = staff_invite_accept(&h->rq, http_param(h, S("token")), http_form(h, S("password")), &from,
                                     &s);
    if (e == OK) {
        sign_in_cookies(h, &s);
        return http_redirect(h, s.half ? S(SIGN_IN_CODE) : S("/home?done=invited"));
    }
    if (e == E_NOT_FOUND) { /* over in this moment: say what became of it */
        err_clear(&h->rq);
        e = find(h, &again, &gone);
        return e == E_NOT_FOUND ? open_link_lost(h, LINKS, gone) : e;
    }
    if (e == E_UNPROCESSED) {
        page_error(h, root, "password", T("None of your roles holds today. Ask who invited you."));
    } else if (e == E_BAD_INPUT) {
        page_error_text(root, "password", password_fault(h));
    } else {
        return e;
    }
    err_clear(&h->rq);
    return show(h, v, root);
}

enum err web_invited(struct http_req *h)
{
    struct invited v;
    struct val *root = NULL;
    http_handler_fn gone = NULL;
    TRY(open_link_check(h, LINKS));
    enum err e = find(h, &v, &gone);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, gone);
    }
    TRY(e);
    TRY(page_begin(h, T("Choose your password"), &root));
    if (!str_eq(http_form(h, S("password")), http_form(h, S("again")))) {
        page_error(h, root, "again", T("The two passwords are not the same."));
    }
    bool somebody = h->caller.kind != CALLER_NOBODY;
    return somebody || page_has_errors(root) ? show(h, &v, root) : accept(h, &v, root);
}
