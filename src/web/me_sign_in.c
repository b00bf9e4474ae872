/* web/me_sign_in.c - the own signing in: the second step, recovery codes, sessions. Of staff and patients. */
#include "web/pages.h"

#include "base/text.h"
#include "care/factor.h"
#include "care/qr.h"
#include "care/sessions.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/passkey.h"
#include "web/sessions.h"
#include "web/tpl.h"

enum { CODES_LEFT_FEW = 3 };
#define HERE ACCOUNT_SIGN_IN

/* The secret that waits, as a picture and as text in groups of four. */
static enum err set_secret(struct http_req *h, struct val *root)
{
    struct val *qr = val_set_map(root, "qr");
    struct str text;
    struct str uri;
    struct str path;
    struct buf b;
    uint32_t side = 0;
    TRY(factor_show(&h->rq, &text, &uri));
    TRY(qr_path(&h->rq, uri, &side, &path));
    buf_init(&b, h->rq.a, 2 * text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        if (i > 0 && i % 4 == 0) {
            buf_char(&b, ' ');
        }
        buf_char(&b, text.p[i]);
    }
    TRY_MEM(&h->rq, buf_get(&b).p);
    val_set_i64(qr, "whole", (int64_t)side + 2 * QR_QUIET);
    val_set_str(qr, "path", path);
    val_set_str(root, "secret", buf_get(&b));
    return OK;
}

static void set_fields(struct http_req *h, struct val *root, bool waits, bool on)
{
    (void)page_secret(h, root, "password", T("Present password"), "current-password");
    struct val *f = page_field(h, root, "code",
                   waits ? T("Code that the program shows now")
                   : on  ? T("One-time code or recovery code")
                         : T("Recovery code"),
                   S(""));
    val_set_z(f, "auto", "one-time-code");
    val_set_z(f, "width", "w8");
    val_set_str(f, "value", S(""));
    if (waits) {
        val_set_z(f, "mode", "numeric");
    }
}

/* root.paper: {on (codes stand for passkeys alone), can (new ones can be made), code (with a code)} */
static void set_paper(struct http_req *h, struct val *root, const struct account *acc, const struct factor *f)
{
    struct val *m = val_set_map(root, "paper");
    bool asks = factor_paper_asks(acc, h->rq.who);
    val_set_bool(m, "on", acc->passkey && !f->on && !acc->of_patient);
    val_set_bool(m, "can", !f->waits && (!asks || f->recovery_left > 0));
    val_set_bool(m, "code", asks);
}

static enum err show(struct http_req *h, unsigned status, struct val *root)
{
    struct factor f;
    struct account acc;
    const struct who *w = h->rq.who;
    TRY(account_by_id(&h->rq, w->account, &acc));
    TRY(factor_get(&h->rq, w->account, &f));
    set_paper(h, root, &acc, &f);
    val_set_bool(root, "on", f.on);
    val_set_bool(root, "waits", f.waits);
    val_set_bool(root, "owes", w->owes_factor && !w->must_change);
    val_set_bool(root, "bare", w->bare);
    val_set_bool(root, "patient", who_is_patient(w));
    val_set_i64(root, "left", f.recovery_left);
    val_set_bool(root, "few", f.recovery_left < CODES_LEFT_FEW);
    val_set_instant(root, "since", f.made);
    if (f.waits) {
        TRY(set_secret(h, root));
    }
    if (f.waits || f.on || acc.passkey) {
        set_fields(h, root, f.waits, f.on);
    }
    TRY(passkey_set_list(h, w->account, root));
    TRY(web_set_sessions(h, w->account, root));
    return page_reply_status(h, status, root, tpl_account_sign_in);
}

static enum err begin(struct http_req *h, struct val **ret_root)
{
    return page_begin(h, T("Sign-in and devices"), ret_root);
}

enum err web_account_sign_in(struct http_req *h)
{
    struct val *root = NULL;
    TRY(begin(h, &root));
    return show(h, 200, root);
}

enum err web_account_codes_begin(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(factor_begin(&h->rq, tx));
    return page_commit(h, tx, S(HERE "#codes"));
}

/* The form again with what was wrong. */
static enum err wrong(struct http_req *h, enum err e)
{
    struct val *root = NULL;
    if (e == E_NOT_FOUND) { /* in another window it went on meanwhile */
        err_clear(&h->rq);
        return http_redirect(h, S(HERE));
    }
    if (e != E_SIGN_IN && e != E_LOCKED && e != E_BAD_INPUT) {
        return e;
    }
    err_clear(&h->rq);
    TRY(begin(h, &root));
    if (e == E_BAD_INPUT) {
        page_error(h, root, "code",
                   T("The code is wrong or was used before. Wait for the next one; the clock of the "
                     "telephone must be right."));
    } else {
        page_error(h, root, "password",
                   e == E_LOCKED ? T("Too many wrong passwords or codes: wait some minutes, then try again.")
                                 : T("The present password is wrong."));
    }
    return show(h, e == E_LOCKED ? 429 : 422, root);
}

enum err recovery_show(struct http_req *h, const struct str codes[RECOVERY_CODES], bool passkey)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Recovery codes"), &root));
    struct val *list = val_set_list(root, "codes");
    for (unsigned i = 0; i < RECOVERY_CODES; i++) {
        val_add_str(list, codes[i]);
    }
    val_set_bool(root, "passkey", passkey);
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_recovery_codes);
}

enum err web_account_codes_confirm(struct http_req *h)
{
    struct str codes[RECOVERY_CODES];
    enum err e = factor_confirm(&h->rq, http_form(h, S("password")), page_sent(h, "code"), codes);
    return e == OK ? recovery_show(h, codes, false) : wrong(h, e);
}

enum err web_account_codes_recovery(struct http_req *h)
{
    struct str codes[RECOVERY_CODES];
    struct factor f;
    TRY(factor_get(&h->rq, h->rq.who->account, &f));
    enum err e = factor_codes(&h->rq, http_form(h, S("password")), page_sent(h, "code"), codes);
    return e == OK ? recovery_show(h, codes, !f.on) : wrong(h, e);
}

enum err web_account_codes_off(struct http_req *h)
{
    enum err e = factor_off(&h->rq, http_form(h, S("password")), page_sent(h, "code"));
    return e == OK ? http_redirect(h, S(HERE "?done=codes-off")) : wrong(h, e);
}

enum err web_account_session_end(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    enum err e = session_end(&h->rq, tx, http_param(h, S("session")));
    if (e == E_NOT_FOUND) { /* a second click, or it ended by itself */
        err_clear(&h->rq);
        return http_redirect(h, S(HERE "?done=session-ended"));
    }
    TRY(e);
    return page_commit(h, tx, S(HERE "?done=session-ended"));
}

enum err web_account_sessions_end(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(sessions_end_others(&h->rq, tx));
    return page_commit(h, tx, S(HERE "?done=sessions-ended"));
}
