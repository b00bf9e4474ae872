/* web/staff_invite.c - administrators: a link by which a person chooses the password is made, sent by e-mail
 * or shown once, and withdrawn. What its holder sees: invited.c. */
#include "web/staff.h"

#include "base/text.h"
#include "care/staff_invite.h"
#include "store/tx.h"
#include "web/directory.h"
#include "web/pages.h"
#include "web/tpl.h"

/* ---- the form ---- */

void staff_invite_fields(struct http_req *h, struct str known, bool password, struct val *root)
{
    bool can_mail = staff_invite_can_mail(care_of(&h->rq));
    struct val *f = page_field(h, root, "way", T("How they sign in for the first time"),
                               known.n > 0 && can_mail ? S("mail") : S("link"));
    if (can_mail) {
        page_option(f, S("mail"), tr(h->rq.lang, T("By a link that is sent by e-mail")));
    }
    page_option(f, S("link"), tr(h->rq.lang, T("By a link that is shown to you, once")));
    if (password) {
        page_option(f, S("password"), tr(h->rq.lang, T("With a password that is shown to you, once")));
    }
    val_set_str(f, "hint",
                tr(h->rq.lang, T("Who opens the link chooses the password, which nobody else knows.")));
    val_set_bool(root, "can_mail", can_mail);
    f = page_field(h, root, "mail", T("E-mail address"), known);
    val_set_z(f, "type", "email");
    val_set_z(f, "auto", "off");
    val_set_str(f, "hint",
                tr(h->rq.lang, T("Only for a link by e-mail. The letter says nothing but the link.")));
}

static bool by_mail(struct http_req *h)
{
    return str_eq(page_sent(h, "way"), S("mail"));
}

bool staff_invite_is_asked(struct http_req *h)
{
    return by_mail(h) || str_eq(page_sent(h, "way"), S("link"));
}

void staff_invite_check(struct http_req *h, struct str known, struct val *root)
{
    if (by_mail(h) && !staff_invite_can_mail(care_of(&h->rq))) {
        page_error(h, root, "way", T("This server sends no e-mail. Choose another way."));
    } else if (by_mail(h) && page_sent(h, "mail").n == 0 && known.n == 0) {
        page_error(h, root, "mail", T("Write the e-mail address."));
    }
}

/* ---- made ---- */

static enum err shown(struct http_req *h)
{
    struct val *root = h->page_ctx;
    return page_reply(h, root, tpl_staff_invite);
}

/* Commits; then the link is shown, once, or the person's page says that it is on its way. */
static enum err reply_made(struct http_req *h, struct tx *tx, const struct staff_newcomer *n,
                           const struct staff_invite_made *made)
{
    struct val *root = NULL;
    struct buf link;
    if (made->token[0] == 0) {
        return page_commit(h, tx, page_path(h, "/staff/people/", n->person, "?done=staff-mailed"));
    }
    TRY(page_begin(h, T("Link for the first sign-in"), &root));
    page_kind(root, "narrow");
    buf_init(&link, h->rq.a, 600);
    buf_str(&link, http_public_url(h));
    BUF_LIT(&link, "/invite/staff/");
    buf_str(&link, str_z(made->token));
    val_set_str(root, "name", n->name);
    val_set_str(root, "login", n->login);
    val_set_str(root, "link", buf_get(&link));
    val_set_instant(root, "until", made->expires);
    val_set_str(root, "back", page_path(h, "/staff/people/", n->person, ""));
    h->page_ctx = root;
    return http_commit(h, tx, shown);
}

static enum err make(struct http_req *h, struct tx *tx, const struct staff_newcomer *n, struct str known)
{
    struct staff_invite_made made;
    struct str mail = S("");
    if (by_mail(h)) {
        mail = page_sent(h, "mail");
        mail = mail.n > 0 ? mail : known;
    }
    TRY(staff_invite_make(&h->rq, tx, n->login, n->person, mail, &made));
    return reply_made(h, tx, n, &made);
}

enum err staff_invite_newcomer(struct http_req *h, struct tx *tx, const struct staff_newcomer *n)
{
    TRY(staff_invite_account(&h->rq, tx, n->login, n->person));
    return make(h, tx, n, S(""));
}

/* ---- on a person's page ---- */

enum err staff_invite_section(struct http_req *h, const struct directory *d, const struct account *acc,
                              struct val *root)
{
    static const char *const states[] = {
        [STAFF_INVITE_WAITS] = "waits", [STAFF_INVITE_USED] = "used",
        [STAFF_INVITE_WITHDRAWN] = "withdrawn", [STAFF_INVITE_EXPIRED] = "expired",
    };
    struct staff_invite i;
    struct str known = {0};
    struct val *m = val_set_map(root, "invite");
    TRY(staff_invite_known(&h->rq, acc->person, &known));
    staff_invite_fields(h, known, false, root);
    enum err e = staff_invite_last(&h->rq, acc->id, &i);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    const struct dir_person *by = dir_person(d, i.by);
    val_set_z(m, "state", states[i.state]);
    val_set_str(m, "mail", i.mail);
    val_set_str(m, "by", by != NULL ? by->name : S(""));
    val_set_instant(m, "made", i.created);
    val_set_instant(m, "until", i.expires);
    return OK;
}

/* The person of the path with an account that is open, and not one's own. */
static enum err account_of_path(struct http_req *h, const struct dir_person **ret_person,
                                struct account *ret_account)
{
    const struct directory *d = NULL;
    TRY(staff_person_of_path(h, &d, ret_person));
    TRY(account_by_person(&h->rq, (*ret_person)->id, ret_account));
    if (!(*ret_person)->active || ret_account->state == ACCOUNT_CLOSED
        || str_eq((*ret_person)->id, h->rq.who->person)) {
        return FAIL(&h->rq, E_FORBIDDEN, "closed, has left, or one's own");
    }
    return OK;
}

enum err web_staff_invite(struct http_req *h)
{
    const struct dir_person *p = NULL;
    struct account acc;
    struct str known = {0};
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(account_of_path(h, &p, &acc));
    TRY(staff_invite_known(&h->rq, p->id, &known));
    TRY(page_begin(h, T("People and organisations"), &root));
    staff_invite_check(h, known, root);
    if (!staff_invite_is_asked(h)) {
        page_error(h, root, "way", T("Choose one."));
    }
    if (page_has_errors(root)) {
        return staff_person_show(h, root);
    }
    e = make(h, tx, &(struct staff_newcomer){p->id, p->name, acc.login}, known);
    if (e == E_BAD_INPUT || e == E_LOCKED) {
        err_clear(&h->rq);
        audit_take_back(&h->rq, NULL);
        page_error(h, root, "mail", e == E_LOCKED ? T("This person has too many addresses already.")
                                                  : T("This is not an e-mail address."));
        return staff_person_show(h, root);
    }
    return e;
}

enum err web_staff_invite_end(struct http_req *h)
{
    const struct dir_person *p = NULL;
    struct account acc;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(account_of_path(h, &p, &acc));
    TRY(staff_invite_end(&h->rq, tx, &acc));
    return page_commit(h, tx, page_path(h, "/staff/people/", p->id, "?done=staff-uninvited"));
}
