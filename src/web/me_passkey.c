/* web/me_passkey.c - the own passkeys: the list, adding one in two steps, its name, removing it. Of staff and
 * patients. */
#include "web/pages.h"

#include "base/text.h"
#include "care/factor.h"
#include "store/tx.h"
#include "web/passkey.h"
#include "web/tpl.h"

#define HERE ACCOUNT_SIGN_IN

enum err passkey_set_list(struct http_req *h, int64_t account, struct val *root)
{
    struct passkey *all = ARENA_ARRAY(h->rq.a, PASSKEYS_MAX, struct passkey);
    struct webauthn_ask place;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(passkey_list(&h->rq, account, all, &n));
    struct val *list = val_set_list(root, "passkeys");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_i64(m, "id", all[i].id);
        val_set_str(m, "name", all[i].name);
        val_set_instant(m, "made", all[i].made);
        val_set_bool(m, "ever", all[i].used.ms != 0);
        val_set_instant(m, "used", all[i].used);
        val_set_bool(m, "stopped", all[i].stopped);
        val_set_bool(m, "synced", (all[i].key.flags & WEBAUTHN_SYNCED) != 0);
    }
    val_set_bool(root, "passkey_place", passkey_place(&h->rq, &place));
    return OK;
}

static void set_proof(struct http_req *h, struct val *root, bool code)
{
    (void)page_secret(h, root, "password", T("Present password"), "current-password");
    val_set_bool(root, "code", code);
    if (code) {
        struct val *f = page_field(h, root, "code", T("One-time code or recovery code"), S(""));
        val_set_z(f, "auto", "one-time-code");
        val_set_z(f, "width", "w8");
        val_set_str(f, "value", S(""));
    }
}

/* Fields that password and code are asked for in. */
static enum err show(struct http_req *h, unsigned status, struct val *root, struct str name, view_tpl_fn tpl)
{
    struct factor f;
    TRY(factor_get(&h->rq, h->rq.who->account, &f));
    struct val *v = page_field(h, root, "name", T("Name of the passkey"), name);
    val_set_str(v, "hint",
                tr(h->rq.lang, T("By it you know it in the list: \"Telephone\", \"Key at the ward\".")));
    val_set_z(v, "auto", "off");
    set_proof(h, root, f.on);
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl);
}

/* What was wrong with password or code; false: something else failed. */
static bool set_fault(struct http_req *h, struct val *root, enum err e)
{
    if (e == E_BAD_INPUT) {
        page_error(h, root, "code",
                   T("The code is wrong or was used before. Wait for the next one; the clock of the "
                     "telephone must be right."));
    } else if (e == E_LOCKED) {
        page_error(h, root, "password",
                   T("Too many wrong passwords or codes: wait some minutes, then try again."));
    } else if (e == E_SIGN_IN) {
        page_error(h, root, "password", T("The present password is wrong."));
    } else {
        return false;
    }
    return true;
}

/* ---- adding ---- */

enum err web_account_passkey_new(struct http_req *h)
{
    struct val *root = NULL;
    struct webauthn_ask place;
    if (!passkey_place(&h->rq, &place)) {
        return FAIL(&h->rq, E_UNSUPPORTED, "passkeys need base_url");
    }
    if (h->rq.who->bare) { /* where it is said why */
        return http_redirect(h, S(HERE));
    }
    TRY(page_begin(h, T("New passkey"), &root));
    return show(h, 200, root, S(""), tpl_passkey_new);
}

static enum err new_again(struct http_req *h, unsigned status, const char *field, const char *fault)
{
    struct val *root = NULL;
    err_clear(&h->rq);
    TRY(page_begin(h, T("New passkey"), &root));
    page_error(h, root, field, fault);
    return show(h, status, root, S(""), tpl_passkey_new);
}

#define NAME_FAULT T("Give the passkey a name of 1 to 60 characters.")
#define MANY_FAULT T("There are 20 passkeys on this account already: remove one first.")

enum err web_account_passkey_begin(struct http_req *h)
{
    struct passkey_ask ask;
    struct val *root = NULL;
    struct str name = page_sent(h, "name");
    if (!passkey_name_is_valid(name)) {
        return new_again(h, 422, "name", NAME_FAULT);
    }
    enum err e = passkey_begin(&h->rq, http_form(h, S("password")), page_sent(h, "code"), &ask);
    if (e == E_CONFLICT) {
        return new_again(h, 422, "name", MANY_FAULT);
    }
    if (e != OK) {
        if (e != E_SIGN_IN && e != E_LOCKED && e != E_BAD_INPUT) {
            return e;
        }
        err_clear(&h->rq);
        TRY(page_begin(h, T("New passkey"), &root));
        (void)set_fault(h, root, e);
        return show(h, e == E_LOCKED ? 429 : 422, root, S(""), tpl_passkey_new);
    }
    TRY(page_begin(h, T("New passkey"), &root));
    passkey_set_ask(root, &ask);
    val_set_str(root, "name", name);
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_passkey_make);
}

enum err web_account_passkey_confirm(struct http_req *h)
{
    struct str name = page_sent(h, "name");
    struct passkey_said said = passkey_form(h);
    if (!passkey_name_is_valid(name)) {
        return new_again(h, 422, "name", NAME_FAULT);
    }
    struct recovery_new codes;
    enum err e = passkey_add(&h->rq, name, &said, &codes);
    switch (e) {
    case OK:
        return codes.n > 0 ? recovery_show(h, codes.code, true)
                           : http_redirect(h, S(HERE "?done=passkey-added"));
    case E_NOT_FOUND:
        return new_again(h, 422, "password",
                         T("The five minutes are over, or this was answered already. If the passkey is not "
                           "in your list, begin again."));
    case E_CONFLICT:
        return new_again(h, 422, "name", T("This passkey is in use already, or there are 20 of them."));
    case E_FORBIDDEN:
    case E_SYNTAX:
    case E_TOO_LARGE:
    case E_BAD_INPUT:
        return new_again(h, 422, "password",
                         T("The browser gave a passkey that does not fit what was asked for: it must be "
                           "made on this page, and ask for a finger, a face or a PIN. Nothing was added."));
    default: return e;
    }
}

/* ---- one of them ---- */

static enum err asked(struct http_req *h, struct passkey *ret_p)
{
    int64_t id = 0;
    return str_i64(http_param(h, S("passkey")), &id) ? passkey_find(&h->rq, id, ret_p)
                                                     : FAIL(&h->rq, E_NOT_FOUND, "passkey");
}

static enum err begin_one(struct http_req *h, const struct passkey *p, struct val **ret_root)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Passkey"), &root));
    page_title(root, p->name);
    val_set_i64(root, "id", p->id);
    val_set_str(root, "known", p->name);
    val_set_instant(root, "made", p->made);
    val_set_bool(root, "ever", p->used.ms != 0);
    val_set_instant(root, "used", p->used);
    val_set_bool(root, "stopped", p->stopped);
    val_set_bool(root, "synced", (p->key.flags & WEBAUTHN_SYNCED) != 0);
    *ret_root = root;
    return OK;
}

enum err web_account_passkey(struct http_req *h)
{
    struct passkey p;
    struct val *root = NULL;
    TRY(asked(h, &p));
    TRY(begin_one(h, &p, &root));
    return show(h, 200, root, p.name, tpl_passkey);
}

enum err web_account_passkey_name(struct http_req *h)
{
    struct passkey p;
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(asked(h, &p));
    enum err e = passkey_rename(&h->rq, tx, p.id, page_sent(h, "name"));
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        TRY(begin_one(h, &p, &root));
        page_error(h, root, "name", NAME_FAULT);
        return show(h, 422, root, p.name, tpl_passkey);
    }
    TRY(e);
    return page_commit(h, tx, S(HERE "?done=passkey-named"));
}

enum err web_account_passkey_end(struct http_req *h)
{
    struct passkey p;
    struct val *root = NULL;
    enum err e = asked(h, &p);
    if (e == OK) {
        e = passkey_end(&h->rq, http_form(h, S("password")), page_sent(h, "code"), p.id);
    }
    if (e == E_NOT_FOUND) { /* a second click */
        err_clear(&h->rq);
        return http_redirect(h, S(HERE));
    }
    if (e == OK) {
        return http_redirect(h, S(HERE "?done=passkey-removed"));
    }
    if (e != E_SIGN_IN && e != E_LOCKED && e != E_BAD_INPUT) {
        return e;
    }
    err_clear(&h->rq);
    TRY(begin_one(h, &p, &root));
    (void)set_fault(h, root, e);
    return show(h, e == E_LOCKED ? 429 : 422, root, p.name, tpl_passkey);
}
