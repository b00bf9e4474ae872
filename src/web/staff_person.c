/* web/staff_person.c - people for administrators: one with roles and account, added, changed, dismissed. */
#include "web/staff.h"

#include "base/text.h"
#include "care/account.h"
#include "care/content.h"
#include "care/dismiss.h"
#include "care/sessions.h"
#include "codec/utf8.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/directory.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { PLACES_MAX = 20, NAME_MAX_BYTES = 200 };

/* ---- a role in a form ---- */

void staff_role_fields(struct http_req *h, const struct directory *d, struct str org, struct val *root)
{
    const struct content *c = care_of(&h->rq)->content;
    uint32_t at = dir_org_at(d, org);
    struct val *f = page_field(h, root, "role", T("Role"), S(""));
    for (uint32_t i = 0; i < c->n_roles; i++) {
        page_option(f, c->roles[i].code, text4_get(&c->roles[i].title, h->rq.lang));
    }
    f = page_field(h, root, "service", T("Services they answer for"), S(""));
    val_set_bool(f, "many", true);
    val_set_bool(root, "has_services", false);
    for (uint32_t i = 0; i < d->n_services; i++) {
        if (d->services[i].org == at && d->services[i].active) {
            page_option(f, d->services[i].id, d->services[i].name);
            val_set_bool(root, "has_services", true);
        }
    }
    ask_date_field(h, root, "from", T("From (empty: at once)"), S(""));
    ask_date_field(h, root, "until", T("Until (empty: until it is ended)"), S(""));
}

static bool is_date(struct str text)
{
    struct civil c;
    return text.n == 0 || date_parse(text, &c);
}

bool staff_role_sent(struct http_req *h, const struct directory *d, struct str org, struct val *root,
                     struct str *services, struct role_new *ret_role)
{
    struct role_new r = {.org = org, .code = page_sent(h, "role"), .services = services,
                         .from = ask_date(h, "from"), .until = ask_date(h, "until")};
    uint32_t at = dir_org_at(d, org);
    struct str name;
    struct str value;
    if (content_role(care_of(&h->rq)->content, r.code) == NULL) {
        page_error(h, root, "role", T("Choose a role."));
    }
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        uint32_t s = str_eq(name, S("service")) ? dir_service_at(d, value) : DIR_NONE;
        if (s != DIR_NONE && d->services[s].org == at && r.n_services < STAFF_SERVICES_MAX) {
            services[r.n_services++] = d->services[s].id;
        }
    }
    if (!is_date(r.from)) {
        page_error(h, root, "from", T("There is no such date."));
    }
    if (!is_date(r.until)) {
        page_error(h, root, "until", T("There is no such date."));
    } else if (is_date(r.from) && r.from.n > 0 && r.until.n > 0 && str_cmp(r.until, r.from) < 0) {
        page_error(h, root, "until", T("It cannot end before it begins."));
    }
    *ret_role = r;
    return !page_has_errors(root);
}

/* ---- one person ---- */

static enum err set_account(struct http_req *h, const struct account *acc, struct val *m)
{
    uint32_t sessions = 0;
    uint32_t tokens = 0;
    TRY(account_doors(&h->rq, acc, &sessions, &tokens));
    val_set_str(m, "login", acc->login);
    val_set_bool(m, "closed", acc->state == ACCOUNT_CLOSED);
    val_set_bool(m, "must_change", acc->state == ACCOUNT_MUST_CHANGE || acc->bare);
    if (acc->locked_until.ms > h->rq.now.ms) {
        val_set_instant(m, "locked", acc->locked_until);
    }
    val_set_i64(m, "sessions", sessions);
    val_set_i64(m, "tokens", tokens);
    val_set_i64(m, "id", acc->id);
    return OK;
}

static enum err set_roles(struct http_req *h, const struct directory *d, const struct dir_person *p,
                          struct val *root)
{
    struct staff_role *all = ARENA_ARRAY(h->rq.a, STAFF_ROLES_MAX, struct staff_role);
    struct val *list = val_set_list(root, "roles");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(staff_roles(&h->rq, p->id, all, STAFF_ROLES_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        struct val *services = val_set_list(m, "services");
        val_set_str(m, "end", page_path(h, "/staff/people/", p->id, "/roles/"));
        val_set_str(m, "id", all[i].id);
        val_set_str(m, "title", staff_role_title(h, all[i].code));
        val_set_str(m, "org", dir_org_name(d, all[i].org));
        val_set_str(m, "org_href", page_path(h, "/staff/orgs/", all[i].org, ""));
        val_set_str(m, "from", all[i].from);
        val_set_str(m, "until", all[i].until);
        val_set_bool(m, "holds", all[i].holds);
        val_set_bool(m, "by_provider", all[i].by_provider);
        for (uint32_t k = 0; k < all[i].n_services; k++) {
            val_add_str(services, dir_service_name(d, all[i].services[k]));
        }
    }
    return OK;
}

/* How many cases are open with the person, and turns of duty ahead. */
static enum err set_work(struct http_req *h, const struct directory *d, const struct dir_person *p,
                         struct val *m)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t at = dir_person_at(d, p->id);
    int64_t cases = 0;
    int64_t duties = 0;
    bool has = false;
    TRY(DB_QUERY(&h->rq, &q, Q_FLOW_COUNTS_CONSULTANT, sql_text(p->id), sql_i64(h->rq.now.ms)));
    TRY(db_next(&h->rq, &q, &has));
    while (has) {
        cases += db_i64(&q, 2);
        TRY(db_next(&h->rq, &q, &has));
    }
    for (uint32_t i = 0; i < d->n_duties; i++) {
        duties += d->duties[i].person == at && d->duties[i].to_ms > h->rq.now.ms;
    }
    val_set_i64(m, "cases", cases);
    val_set_i64(m, "duties", duties);
    return OK;
}

/* Organisations the words find, to give a role in. */
static void set_places(struct http_req *h, const struct directory *d, const struct dir_person *p,
                       struct val *root)
{
    struct str typed = http_query(h, S("where"));
    struct val *list = val_set_list(root, "places");
    struct buf words;
    typed = typed.p != NULL ? str_trim(utf8_cut(typed, 100)) : S("");
    buf_init(&words, h->rq.a, 512);
    utf8_fold(&words, typed);
    val_set_str(root, "where", typed);
    for (uint32_t i = 0; typed.n > 0 && i < d->n_orgs && list != NULL && list->n < PLACES_MAX; i++) {
        if (d->orgs[i].active && directory_fits(h, buf_get(&words), d->orgs[i].name)) {
            struct val *m = val_add_map(list);
            struct buf b;
            buf_init(&b, h->rq.a, 300);
            buf_str(&b, page_path(h, "/staff/people/", p->id, ""));
            page_query(&b, "org", d->orgs[i].id);
            BUF_LIT(&b, "#role");
            val_set_str(m, "name", d->orgs[i].name);
            val_set_str(m, "href", buf_get(&b));
        }
    }
}

enum err staff_person_of_path(struct http_req *h, const struct directory **ret_dir,
                              const struct dir_person **ret_person)
{
    TRY(directory_get(&h->rq, ret_dir));
    *ret_person = dir_person(*ret_dir, http_param(h, S("person")));
    return *ret_person != NULL ? OK : FAIL(&h->rq, E_NOT_FOUND, "person");
}

enum err staff_person_show(struct http_req *h, struct val *root)
{
    const struct directory *d = NULL;
    const struct dir_person *p = NULL;
    struct account acc;
    struct str org = h->method == POST ? page_sent(h, "org") : http_query(h, S("org"));
    TRY(staff_person_of_path(h, &d, &p));
    page_title(root, p->name);
    struct val *m = val_set_map(root, "person");
    val_set_str(m, "href", page_path(h, "/staff/people/", p->id, ""));
    val_set_str(m, "name", p->name);
    val_set_bool(m, "left", !p->active);
    val_set_bool(m, "self", str_eq(p->id, h->rq.who->person));
    enum err e = account_by_person(&h->rq, p->id, &acc);
    if (e == OK) {
        TRY(set_account(h, &acc, val_set_map(root, "account")));
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(&h->rq);
    TRY(set_roles(h, d, p, root));
    TRY(set_work(h, d, p, m));
    if (e == OK && p->active && acc.state != ACCOUNT_CLOSED && !str_eq(p->id, h->rq.who->person)) {
        TRY(staff_invite_section(h, d, &acc, root));
    }
    TRY(staff_numbers(h, p, root));
    set_places(h, d, p, root);
    if (org.n > 0 && dir_org(d, org) != NULL && p->active) {
        struct val *o = val_set_map(root, "org");
        val_set_str(o, "id", org);
        val_set_str(o, "name", dir_org_name(d, org));
        staff_role_fields(h, d, org, root);
    }
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_staff_person);
}

enum err web_staff_person(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("People and organisations"), &root));
    return staff_person_show(h, root);
}

enum err web_staff_role_new(struct http_req *h)
{
    struct str services[STAFF_SERVICES_MAX];
    const struct directory *d = NULL;
    const struct dir_person *p = NULL;
    struct role_new role;
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct str id = {0};
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(staff_person_of_path(h, &d, &p));
    struct str org = page_sent(h, "org");
    if (!p->active || dir_org(d, org) == NULL) {
        return FAIL(&h->rq, E_NOT_FOUND, "organisation");
    }
    TRY(page_begin(h, T("People and organisations"), &root));
    if (!staff_role_sent(h, d, org, root, services, &role)) {
        return staff_person_show(h, root);
    }
    role.person = p->id;
    TRY(role_add(&h->rq, tx, &role, &id));
    return page_commit(h, tx, page_path(h, "/staff/people/", p->id, "?done=staff-added"));
}

enum err web_staff_role_end(struct http_req *h)
{
    struct staff_role *all = ARENA_ARRAY(h->rq.a, STAFF_ROLES_MAX, struct staff_role);
    struct str person = http_param(h, S("person"));
    struct str role = http_param(h, S("role"));
    struct tx *tx = tx_new(&h->rq);
    uint32_t n = 0;
    bool theirs = false;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, all);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(staff_roles(&h->rq, person, all, STAFF_ROLES_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        theirs = theirs || (str_eq(all[i].id, role) && all[i].holds);
    }
    if (!theirs) {
        return FAIL(&h->rq, E_NOT_FOUND, "role");
    }
    if (str_eq(person, h->rq.who->person)) {
        return FAIL(&h->rq, E_FORBIDDEN, "oneself");
    }
    TRY(role_leave(&h->rq, tx, person, role));
    return page_commit(h, tx, page_path(h, "/staff/people/", person, "?done=staff-changed"));
}

/* ---- the account ---- */

static enum err shown(struct http_req *h)
{
    struct val *root = h->page_ctx;
    return page_reply(h, root, tpl_staff_password);
}

/* The page that shows a password, once, after the commit. */
static enum err reply_password(struct http_req *h, struct tx *tx, struct str person, struct str name,
                               struct str login, struct str password)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Password for the first sign-in"), &root));
    page_kind(root, "narrow");
    val_set_str(root, "name", name);
    val_set_str(root, "login", login);
    val_set_str(root, "password", password);
    val_set_str(root, "back", page_path(h, "/staff/people/", person, ""));
    h->page_ctx = root;
    return http_commit(h, tx, shown);
}

enum err web_staff_password(struct http_req *h)
{
    const struct directory *d = NULL;
    const struct dir_person *p = NULL;
    struct account acc;
    struct str password = {0};
    struct str hash = {0};
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(staff_person_of_path(h, &d, &p));
    TRY(account_by_person(&h->rq, p->id, &acc));
    if (acc.state == ACCOUNT_CLOSED || str_eq(p->id, h->rq.who->person)) {
        return FAIL(&h->rq, E_FORBIDDEN, "closed, or one's own");
    }
    TRY(password_make(&h->rq, &password));
    TRY(password_hash(&h->rq, password, &hash));
    TRY(account_password_set(&h->rq, tx, &acc, hash, true));
    return reply_password(h, tx, p->id, p->name, acc.login, password);
}

/* Closes the account for a while, opens it again, or ends its sessions. */
enum err web_staff_account(struct http_req *h)
{
    const struct directory *d = NULL;
    const struct dir_person *p = NULL;
    struct account acc;
    struct str what = page_sent(h, "do");
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(staff_person_of_path(h, &d, &p));
    TRY(account_by_person(&h->rq, p->id, &acc));
    if (str_eq(p->id, h->rq.who->person) || (!p->active && str_eq(what, S("open")))) {
        return FAIL(&h->rq, E_FORBIDDEN, "oneself, or who has left");
    }
    if (str_eq(what, S("close"))) {
        TRY(account_close(&h->rq, tx, &acc));
    } else if (str_eq(what, S("open"))) {
        TRY(account_open(&h->rq, tx, &acc));
    } else if (str_eq(what, S("sign-out"))) {
        TRY(sessions_end_all(&h->rq, tx, &acc));
    } else {
        return FAIL(&h->rq, E_BAD_INPUT, "do");
    }
    return page_commit(h, tx, page_path(h, "/staff/people/", p->id, "?done=staff-changed"));
}

/* ---- somebody new ---- */

static enum err show_new(struct http_req *h, struct str org, struct val *root)
{
    const struct directory *d = NULL;
    struct val *f;
    TRY(directory_get(&h->rq, &d));
    const struct dir_org *o = dir_org(d, org);
    if (o == NULL || !o->active) {
        return FAIL(&h->rq, E_NOT_FOUND, "organisation");
    }
    page_kind(root, "narrow");
    val_set_str(root, "org_id", o->id);
    val_set_str(root, "org", o->name);
    val_set_str(root, "back", page_path(h, "/staff/orgs/", o->id, ""));
    f = page_field(h, root, "family", T("Family name"), S(""));
    val_set_bool(f, "required", true);
    f = page_field(h, root, "given", T("Given name"), S(""));
    val_set_bool(f, "required", true);
    page_field(h, root, "middle", T("Middle name"), S(""));
    f = page_field(h, root, "login", T("Login"), S(""));
    val_set_bool(f, "required", true);
    val_set_z(f, "auto", "off");
    val_set_str(f, "hint", tr(h->rq.lang, T("2 to 64 of a-z 0-9 . _ -")));
    staff_role_fields(h, d, o->id, root);
    staff_invite_fields(h, S(""), true, root);
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_staff_person_new);
}

enum err web_staff_person_new_page(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("New person"), &root));
    return show_new(h, http_query(h, S("org")), root);
}

static void name_fault(struct http_req *h, struct val *root, const char *field, struct str text, bool must)
{
    if ((must && text.n == 0) || text.n > NAME_MAX_BYTES) {
        page_error(h, root, field, T("Write the name, in at most 200 bytes."));
    }
}

/* Is the login free? A fault of its shape is found by account_add(). */
static enum err login_fault(struct http_req *h, struct val *root, struct str login)
{
    struct account acc;
    enum err e = account_by_login(&h->rq, login, &acc);
    if (e == OK) {
        page_error(h, root, "login", T("Somebody has this login already."));
        return OK;
    }
    err_clear(&h->rq);
    return e == E_NOT_FOUND ? OK : e;
}

/* The account with a password for the first sign-in. */
static enum err password_newcomer(struct http_req *h, struct tx *tx, const struct staff_newcomer *n)
{
    struct str password = {0};
    struct str hash = {0};
    TRY(password_make(&h->rq, &password));
    TRY(password_hash(&h->rq, password, &hash));
    TRY(account_add(&h->rq, tx, n->login, n->person, hash, true));
    return reply_password(h, tx, n->person, n->name, n->login, password);
}

enum err web_staff_person_new(struct http_req *h)
{
    struct str services[STAFF_SERVICES_MAX];
    struct person_new p = {.family = page_sent(h, "family"), .given = page_sent(h, "given"),
                           .middle = page_sent(h, "middle")};
    struct str login = page_sent(h, "login");
    struct str org = page_sent(h, "org");
    struct str id = {0};
    struct str role_id = {0};
    struct role_new role;
    const struct directory *d = NULL;
    struct val *root = NULL;
    struct buf name;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(directory_get(&h->rq, &d));
    TRY(page_begin(h, T("New person"), &root));
    name_fault(h, root, "family", p.family, true);
    name_fault(h, root, "given", p.given, true);
    name_fault(h, root, "middle", p.middle, false);
    TRY(login_fault(h, root, login));
    staff_invite_check(h, S(""), root);
    if (!staff_role_sent(h, d, org, root, services, &role)) {
        return show_new(h, org, root);
    }
    TRY(person_add(&h->rq, tx, &p, &id));
    role.person = id;
    TRY(role_add(&h->rq, tx, &role, &role_id));
    buf_init(&name, h->rq.a, 1000);
    buf_str(&name, p.family);
    buf_char(&name, ' ');
    buf_str(&name, p.given);
    const struct staff_newcomer newcomer = {.person = id, .name = buf_get(&name), .login = login};
    enum err e = staff_invite_is_asked(h) ? staff_invite_newcomer(h, tx, &newcomer)
                                          : password_newcomer(h, tx, &newcomer);
    if (e == E_BAD_INPUT || e == E_LOCKED) {
        bool mail = e == E_LOCKED || str_eq(str_z(h->rq.err.detail), S("address"));
        err_clear(&h->rq);
        audit_take_back(&h->rq, NULL);
        page_error(h, root, mail ? "mail" : "login",
                   mail ? T("This is not an e-mail address.") : T("2 to 64 of a-z 0-9 . _ -"));
        return show_new(h, org, root);
    }
    return e;
}

/* ---- leaving ---- */

static enum err show_dismiss(struct http_req *h, const char *fault)
{
    const struct directory *d = NULL;
    const struct dir_person *p = NULL;
    struct val *root = NULL;
    TRY(staff_person_of_path(h, &d, &p));
    TRY(page_begin(h, T("Dismiss"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, "sure", fault);
    }
    struct val *m = val_set_map(root, "person");
    val_set_str(m, "href", page_path(h, "/staff/people/", p->id, ""));
    val_set_str(m, "name", p->name);
    val_set_bool(m, "left", !p->active);
    val_set_bool(m, "self", str_eq(p->id, h->rq.who->person));
    TRY(set_work(h, d, p, m));
    struct val *f = page_field(h, root, "sure", T("To be sure"), S(""));
    val_set_bool(f, "many", true);
    page_option(f, S("yes"), tr(h->rq.lang, T("This person leaves: end everything now")));
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_staff_dismiss);
}

enum err web_staff_dismiss_page(struct http_req *h)
{
    return show_dismiss(h, NULL);
}

enum err web_staff_dismiss(struct http_req *h)
{
    struct str person = http_param(h, S("person"));
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (!str_eq(page_sent(h, "sure"), S("yes"))) {
        return show_dismiss(h, T("Tick it when you are sure."));
    }
    TRY(person_end(&h->rq, tx, person));
    return page_commit(h, tx, page_path(h, "/staff/people/", person, "?done=staff-dismissed"));
}
