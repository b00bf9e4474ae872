/* web/me.c - the own account: password, personal access tokens. */
#include "web/pages.h"
#include "web/password_words.h"

#include "base/text.h"
#include "care/account.h"
#include "care/content.h"
#include "care/grant.h"
#include "care/password.h"
#include "care/provider.h"
#include "codec/utf8.h"
#include "store/tx.h"
#include "web/consent.h"
#include "web/page.h"
#include "web/tpl.h"

enum { TOKENS_SHOWN = 50, NAME_CHARS = 100 };

/* How long a token may live: value sent, days (0: until revoked), text. */
static const struct {
    const char *code;
    int64_t days;
    const char *text;
} lives[] = {
    {"30", 30, T("30 days")},
    {"90", 90, T("90 days")},
    {"365", 365, T("one year")},
    {"never", 0, T("until it is revoked")},
};

static struct str role_name(const struct http_req *h, struct str id)
{
    const struct who *w = h->rq.who;
    for (uint32_t i = 0; i < w->n_roles; i++) {
        const struct role *r = content_role(care_of(&h->rq)->content, w->roles[i].code);
        if (str_eq(w->roles[i].id, id)) {
            return r != NULL ? text4_get(&r->title, h->rq.lang) : w->roles[i].code;
        }
    }
    return S("");
}

static enum err set_tokens(struct http_req *h, struct val *root)
{
    struct account acc;
    struct token *tokens = ARENA_ARRAY(h->rq.a, TOKENS_SHOWN, struct token);
    uint32_t n = 0;
    struct val *list = val_set_list(root, "tokens");
    TRY_MEM(&h->rq, tokens);
    TRY(account_by_login(&h->rq, h->rq.who->audit.login, &acc));
    TRY(token_list(&h->rq, &acc, tokens, TOKENS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct token *t = &tokens[i];
        struct val *m = val_add_map(list);
        bool ended = t->expires.ms != 0 && t->expires.ms <= h->rq.now.ms;
        val_set_i64(m, "id", t->id);
        val_set_str(m, "name", t->name);
        val_set_str(m, "role", role_name(h, t->role));
        val_set_bool(m, "writes", (t->scopes & SCOPE_WRITE) != 0);
        val_set_instant(m, "created", t->created);
        if (t->expires.ms != 0) {
            val_set_instant(m, "expires", t->expires);
        }
        if (t->used_day != 0) {
            val_set_instant(m, "used", (struct instant){t->used_day * MS_DAY});
        }
        val_set_bool(m, "revoked", t->revoked.ms != 0);
        val_set_bool(m, "ended", ended);
        val_set_bool(m, "good", t->revoked.ms == 0 && !ended);
    }
    return OK;
}

/* Applications that act as this person. */
static enum err set_apps(struct http_req *h, struct val *root)
{
    struct grant *grants = ARENA_ARRAY(h->rq.a, TOKENS_SHOWN, struct grant);
    struct val *list = val_set_list(root, "apps");
    uint32_t n = 0;
    TRY_MEM(&h->rq, grants);
    TRY(grant_list(&h->rq, h->rq.who->account, grants, TOKENS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct fhir_scopes s;
        struct val *m = val_add_map(list);
        val_set_str(m, "id", grants[i].id);
        val_set_str(m, "name", grants[i].client_name);
        val_set_str(m, "role", role_name(h, grants[i].role));
        TRY(scope_parse(&h->rq, grants[i].scopes, &s, NULL));
        consent_wishes(h, &s, val_set_list(m, "wishes"));
        val_set_instant(m, "created", grants[i].created);
    }
    return OK;
}

enum err web_account_app_end(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(grant_end(&h->rq, tx, http_param(h, S("grant"))));
    return page_commit(h, tx, S("/account?done=app-ended"));
}

static enum err show(struct http_req *h, unsigned status, struct val *root)
{
    TRY(set_tokens(h, root));
    TRY(set_apps(h, root));
    (void)page_secret(h, root, "old", T("Present password"), "current-password");
    struct val *f = page_secret(h, root, "new", T("New password"), "new-password");
    (void)page_secret(h, root, "again", T("New password once more"), "new-password");
    password_hint(h, f, true);
    f = page_field(h, root, "name", T("What it is for"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("For example: export to the hospital's system")));
    f = page_field(h, root, "scope", T("What it may do"), S("read"));
    page_option(f, S("read"), tr(h->rq.lang, T("read what you may read")));
    page_option(f, S("all"), tr(h->rq.lang, T("read and change what you may")));
    f = page_field(h, root, "life", T("How long it holds"), S("90"));
    for (size_t i = 0; i < LEN(lives); i++) {
        page_option(f, str_z(lives[i].code), tr(h->rq.lang, lives[i].text));
    }
    f = page_field(h, root, "role", T("In which role"), who_role(h->rq.who)->id);
    for (uint32_t i = 0; i < h->rq.who->n_roles; i++) {
        const struct role_ref *r = &h->rq.who->roles[i];
        struct buf b;
        buf_init(&b, h->rq.a, 1000);
        buf_str(&b, role_name(h, r->id));
        BUF_LIT(&b, ", ");
        buf_str(&b, r->org_name);
        page_option(f, r->id, buf_get(&b));
    }
    val_set_bool(root, "must", h->rq.who->must_change);
    val_set_bool(root, "bare", h->rq.who->bare);
    val_set_bool(root, "provider", provider_is_set(care_of(&h->rq)));
    return page_reply_status(h, status, root, tpl_account);
}

enum err web_account(struct http_req *h)
{
    struct val *root = NULL;
    if (h->rq.who->owes_factor && !h->rq.who->must_change) {
        return http_redirect(h, S(ACCOUNT_SIGN_IN));
    }
    TRY(page_begin(h, T("Your account"), &root));
    return show(h, 200, root);
}

/* The faults of a password form that can be told without asking the store. */
static void check_passwords(struct http_req *h, struct val *root)
{
    struct str now = http_form(h, S("old"));
    struct str new = http_form(h, S("new"));
    if (now.n == 0) {
        page_error(h, root, "old", T("Enter the present password."));
    }
    if (utf8_count(new) < care_of(&h->rq)->password_least) {
        page_error_text(root, "new", password_short(h));
    } else if (new.n > PASSWORD_MAX) {
        page_error(h, root, "new", T("The new password is too long."));
    } else if (str_eq(now, new)) {
        page_error(h, root, "new", T("The new password is the same as the present one."));
    } else if (!str_eq(new, http_form(h, S("again")))) {
        page_error(h, root, "again", T("The two new passwords differ."));
    }
}

enum err web_account_password(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Your account"), &root));
    check_passwords(h, root);
    if (page_has_errors(root)) {
        return show(h, 422, root);
    }
    enum err e = password_change(&h->rq, http_form(h, S("old")), http_form(h, S("new")));
    if (e == OK) {
        http_reply_cookie(h, S("sid"), S(""), 0);
        return http_redirect(h, S("/sign-in?done=password"));
    }
    if (e == E_BAD_INPUT) {
        struct str fault = password_fault(h);
        err_clear(&h->rq);
        page_error_text(root, "new", fault);
        return show(h, 422, root);
    }
    if (e != E_SIGN_IN && e != E_LOCKED) {
        return e;
    }
    err_clear(&h->rq);
    page_error(h, root, "old",
               e == E_LOCKED ? T("Too many wrong passwords: wait some minutes, then try again.")
                             : T("The present password is wrong."));
    return show(h, e == E_LOCKED ? 429 : 422, root);
}

/* The one time a token's value is shown: no address leads to it again. */
static enum err token_made(struct http_req *h)
{
    struct val *root = NULL;
    const char *value = h->page_ctx;
    TRY(page_begin(h, T("Access token"), &root));
    val_set_z(root, "value", value);
    val_set_str(root, "name", page_sent(h, "name"));
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_token);
}

static bool life_of(struct str code, struct instant now, struct instant *ret_expires)
{
    for (size_t i = 0; i < LEN(lives); i++) {
        if (str_eq(code, str_z(lives[i].code))) {
            ret_expires->ms = lives[i].days == 0 ? 0 : now.ms + lives[i].days * MS_DAY;
            return true;
        }
    }
    return false;
}

/* The tx of a new token; the form is shown again when something is wrong with it. */
static enum err add_token(struct http_req *h, struct tx *tx, struct instant expires)
{
    struct account acc;
    uint32_t scopes = str_eq(page_sent(h, "scope"), S("all")) ? SCOPE_ALL : SCOPE_READ;
    char *value = arena_alloc(h->rq.a, TOKEN_MAX);
    struct str once = page_sent(h, "once");
    TRY_MEM(&h->rq, value);
    TRY(account_by_login(&h->rq, h->rq.who->audit.login, &acc));
    TRY(token_add(&h->rq, tx, &acc, page_sent(h, "role"), page_sent(h, "name"), scopes, expires,
                  value));
    if (once.n > 0) {
        TRY(TX_SQL(tx, W_ONCE_NEW, TX_MUST_BE_NEW, sql_text(h->rq.who->person), sql_text(once),
                   sql_i64(h->rq.now.ms), sql_text(S("/account"))));
    }
    h->page_ctx = value;
    return http_commit(h, tx, token_made);
}

static bool is_own_role(const struct who *w, struct str id)
{
    for (uint32_t i = 0; i < w->n_roles; i++) {
        if (str_eq(w->roles[i].id, id)) {
            return true;
        }
    }
    return false;
}

enum err web_account_token(struct http_req *h)
{
    struct val *root = NULL;
    struct instant expires = {0};
    struct str name = page_sent(h, "name");
    enum err e = OK;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(page_begin(h, T("Your account"), &root));
    if (name.n == 0 || utf8_count(name) > NAME_CHARS) {
        page_error(h, root, "name", T("Say in a few words what the token is for."));
    }
    if (!life_of(page_sent(h, "life"), h->rq.now, &expires)) {
        page_error(h, root, "life", T("Choose how long the token holds."));
    }
    if (!is_own_role(h->rq.who, page_sent(h, "role"))) {
        page_error(h, root, "role", T("Choose one of your roles."));
    }
    return page_has_errors(root) ? show(h, 422, root) : add_token(h, tx, expires);
}

/* One of the account's own tokens, by its number. */
static enum err token_own(struct http_req *h, const struct account *acc, int64_t id,
                          struct token *ret_token)
{
    struct token *tokens = ARENA_ARRAY(h->rq.a, TOKENS_SHOWN, struct token);
    uint32_t n = 0;
    TRY_MEM(&h->rq, tokens);
    TRY(token_list(&h->rq, acc, tokens, TOKENS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (tokens[i].id == id) {
            *ret_token = tokens[i];
            return OK;
        }
    }
    return FAIL(&h->rq, E_NOT_FOUND, "token");
}

enum err web_account_token_revoke(struct http_req *h)
{
    struct account acc;
    struct token t = {0};
    int64_t id = 0;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    if (!str_i64(http_param(h, S("token")), &id)) {
        return FAIL(&h->rq, E_NOT_FOUND, "token");
    }
    TRY(account_by_login(&h->rq, h->rq.who->audit.login, &acc));
    TRY(token_own(h, &acc, id, &t));
    if (t.revoked.ms != 0) { /* a second click */
        return http_redirect(h, S("/account?done=token-revoked"));
    }
    TRY(token_revoke(&h->rq, tx, &acc, id));
    return page_commit(h, tx, S("/account?done=token-revoked"));
}
