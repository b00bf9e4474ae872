/* web/system_sign_in.c - how somebody else signs in, for administrators: their sessions, the second step; and
 * ending them. Found by login; nothing of a patient stands here. */
#include "web/pages.h"

#include "base/text.h"
#include "care/directory.h"
#include "care/factor.h"
#include "care/sessions.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/passkey.h"
#include "web/sessions.h"
#include "web/tpl.h"

#define HERE "/system/sign-in"

enum err web_set_sessions(struct http_req *h, int64_t account, struct val *root)
{
    struct session_seen *all = ARENA_ARRAY(h->rq.a, SESSIONS_SHOWN, struct session_seen);
    struct val *list = val_set_list(root, "sessions");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(session_list(&h->rq, account, all, SESSIONS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "id", all[i].id);
        val_set_instant(m, "begun", all[i].begun);
        val_set_instant(m, "seen", all[i].seen);
        val_set_z(m, "browser", device_browser(all[i].agent));
        val_set_z(m, "system", device_system(all[i].agent));
        val_set_str(m, "place", tr(h->rq.lang, device_place_text(all[i].place)));
        val_set_bool(m, "here", all[i].here);
    }
    return OK;
}

static enum err show_find(struct http_req *h, unsigned status, struct val *root)
{
    struct val *f = page_field(h, root, "login", T("Login"), S(""));
    val_set_z(f, "auto", "off");
    val_set_z(f, "width", "w14");
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_system_sign_in);
}

enum err web_system_sign_in(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Sign-in of a person"), &root));
    return show_find(h, 200, root);
}

enum err web_system_sign_in_find(struct http_req *h)
{
    struct account acc;
    struct val *root = NULL;
    struct buf b;
    enum err e = account_by_login(&h->rq, page_sent(h, "login"), &acc);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        TRY(page_begin(h, T("Sign-in of a person"), &root));
        page_error(h, root, "login", T("There is no account with this login."));
        return show_find(h, 422, root);
    }
    TRY(e);
    buf_init(&b, h->rq.a, 100);
    BUF_LIT(&b, HERE "/");
    buf_i64(&b, acc.id);
    return http_redirect(h, buf_get(&b));
}

static enum err account_asked(struct http_req *h, struct account *ret_account)
{
    int64_t id = 0;
    return str_i64(http_param(h, S("account")), &id) ? account_by_id(&h->rq, id, ret_account)
                                                     : FAIL(&h->rq, E_NOT_FOUND, "account");
}

enum err web_system_sign_in_of(struct http_req *h)
{
    const struct directory *dir = NULL;
    struct account acc;
    struct factor f;
    struct val *root = NULL;
    TRY(account_asked(h, &acc));
    TRY(directory_get(&h->rq, &dir));
    TRY(factor_get(&h->rq, acc.id, &f));
    TRY(page_begin(h, T("Sign-in of a person"), &root));
    val_set_i64(root, "account", acc.id);
    val_set_str(root, "login", acc.login);
    val_set_str(root, "name",
                acc.of_patient ? tr(h->rq.lang, T("a patient")) : dir_person_name(dir, acc.person));
    val_set_bool(root, "closed", acc.state == ACCOUNT_CLOSED);
    val_set_bool(root, "must", acc.state == ACCOUNT_MUST_CHANGE);
    val_set_bool(root, "locked", acc.locked_until.ms > h->rq.now.ms);
    val_set_instant(root, "until", acc.locked_until);
    val_set_bool(root, "on", f.on);
    val_set_instant(root, "since", f.made);
    val_set_i64(root, "left", f.recovery_left);
    TRY(passkey_set_list(h, acc.id, root));
    TRY(web_set_sessions(h, acc.id, root));
    return page_reply(h, root, tpl_system_sign_in_of);
}

static enum err done(struct http_req *h, struct tx *tx, const struct account *acc, const char *done)
{
    struct buf b;
    buf_init(&b, h->rq.a, 100);
    BUF_LIT(&b, HERE "/");
    buf_i64(&b, acc->id);
    BUF_LIT(&b, "?done=");
    buf_str(&b, str_z(done));
    TRY_MEM(&h->rq, buf_get(&b).p);
    return tx != NULL ? page_commit(h, tx, buf_get(&b)) : http_redirect(h, buf_get(&b));
}

enum err web_system_sessions_end(struct http_req *h)
{
    struct account acc;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(account_asked(h, &acc));
    TRY(sessions_end_all(&h->rq, tx, &acc));
    return done(h, tx, &acc, "all-sessions-ended");
}

enum err web_system_codes_end(struct http_req *h)
{
    struct account acc;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(account_asked(h, &acc));
    enum err e = factor_remove(&h->rq, tx, &acc);
    if (e == E_NOT_FOUND) { /* a second click */
        err_clear(&h->rq);
        return done(h, NULL, &acc, "codes-taken");
    }
    TRY(e);
    return done(h, tx, &acc, "codes-taken");
}
