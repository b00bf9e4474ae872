/* web/staff.c - organisations for administrators: the tree, one with services and people, changed. */
#include "web/staff.h"

#include "base/text.h"
#include "care/account.h"
#include "care/content.h"
#include "care/policy.h"
#include "codec/utf8.h"
#include "store/tx.h"
#include "web/case_item.h"
#include "web/directory.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { FOUND_MAX = 60, PEOPLE_MAX = 300, PROFILES_MAX = 32 };

struct str staff_role_title(const struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

/* ---- the tree, and looking ---- */

static void add_org(struct http_req *h, const struct directory *d, uint32_t at, struct val *list)
{
    const struct dir_org *o = &d->orgs[at];
    struct val *m = val_add_map(list);
    int64_t below = 0;
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        below += d->orgs[i].parent == at;
    }
    val_set_str(m, "href", page_path(h, "/staff/orgs/", o->id, ""));
    val_set_str(m, "name", o->name);
    val_set_str(m, "kind", tr(h->rq.lang, org_kind_title(o->kind)));
    val_set_i64(m, "depth", o->depth);
    val_set_i64(m, "below", below);
    val_set_bool(m, "closed", !o->active);
    val_set_str(m, "parent", o->parent != DIR_NONE ? d->orgs[o->parent].name : S(""));
}

/* The first levels in the order of the tree; what lies deeper stands on the page of its organisation. */
static void add_tree(struct http_req *h, const struct directory *d, struct val *list)
{
    uint32_t *stack = ARENA_ARRAY(h->rq.a, d->n_orgs + 1, uint32_t);
    uint32_t deep = directory_deep(d);
    uint32_t n = 0;
    for (uint32_t i = d->n_orgs; stack != NULL && i > 0; i--) {
        if (d->orgs[i - 1].parent == DIR_NONE) {
            stack[n++] = i - 1;
        }
    }
    while (n > 0) {
        uint32_t at = stack[--n];
        add_org(h, d, at, list);
        for (uint32_t i = d->n_orgs; i > 0 && d->orgs[at].depth < deep; i--) {
            if (d->orgs[i - 1].parent == at && n < d->n_orgs) {
                stack[n++] = i - 1;
            }
        }
    }
}

static void add_person(struct http_req *h, const struct dir_person *p, struct str org, struct val *list)
{
    struct val *m = val_add_map(list);
    struct val *roles = val_set_list(m, "roles");
    val_set_str(m, "href", page_path(h, "/staff/people/", p->id, ""));
    val_set_str(m, "name", p->name);
    val_set_bool(m, "left", !p->active);
    for (uint32_t i = 0; i < p->n_roles; i++) {
        if (org.n == 0 || str_eq(p->roles[i].org, org)) {
            struct val *r = val_add_map(roles);
            val_set_str(r, "title", staff_role_title(h, p->roles[i].code));
            val_set_str(r, "org", org.n == 0 ? p->roles[i].org_name : S(""));
        }
    }
}

static enum err set_found(struct http_req *h, const struct directory *d, struct str typed, struct val *root)
{
    struct val *orgs = val_set_list(root, "orgs");
    struct val *people = val_set_list(root, "people");
    struct account acc;
    struct buf words;
    buf_init(&words, h->rq.a, 512);
    utf8_fold(&words, typed);
    enum err e = account_by_login(&h->rq, typed, &acc);
    if (e == OK && !acc.of_patient && dir_person(d, acc.person) != NULL) {
        add_person(h, dir_person(d, acc.person), S(""), people);
    } else if (e != OK && e != E_NOT_FOUND) {
        return e;
    }
    err_clear(&h->rq);
    for (uint32_t i = 0; i < d->n_orgs && orgs != NULL && orgs->n < FOUND_MAX; i++) {
        if (directory_fits(h, buf_get(&words), d->orgs[i].name)) {
            add_org(h, d, i, orgs);
        }
    }
    for (uint32_t i = 0; i < d->n_people && people != NULL && people->n < FOUND_MAX; i++) {
        if (directory_fits(h, buf_get(&words), d->people[i].name)) {
            add_person(h, &d->people[i], S(""), people);
        }
    }
    val_set_bool(root, "found", orgs != NULL && people != NULL && orgs->n + people->n > 0);
    val_set_bool(root, "more",
                 orgs != NULL && people != NULL && (orgs->n == FOUND_MAX || people->n >= FOUND_MAX));
    return OK;
}

enum err web_staff(struct http_req *h)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    struct str typed = http_query(h, S("q"));
    typed = typed.p != NULL ? str_trim(utf8_cut(typed, 100)) : S("");
    TRY(page_begin(h, T("People and organisations"), &root));
    TRY(directory_get(&h->rq, &d));
    val_set_str(root, "words", typed);
    val_set_bool(root, "searched", typed.n > 0);
    if (typed.n > 0) {
        TRY(set_found(h, d, typed, root));
    } else {
        add_tree(h, d, val_set_list(root, "orgs"));
    }
    return page_reply(h, root, tpl_staff);
}

/* ---- one organisation ---- */

static void set_services(struct http_req *h, const struct directory *d, uint32_t at, struct val *root)
{
    struct val *list = val_set_list(root, "services");
    for (uint32_t i = 0; i < d->n_services; i++) {
        const struct dir_service *s = &d->services[i];
        if (s->org != at) {
            continue;
        }
        struct val *m = val_add_map(list);
        struct val *profiles = val_set_list(m, "profiles");
        val_set_str(m, "id", s->id);
        val_set_str(m, "name", s->name);
        val_set_bool(m, "closed", !s->active);
        for (uint32_t k = 0; k < s->n_profiles; k++) {
            val_add_str(profiles, case_profile(h, s->profiles[k]));
        }
    }
}

static void profile_field(struct http_req *h, struct val *root)
{
    const struct content *c = care_of(&h->rq)->content;
    struct val *f = page_field(h, root, "profile", T("Profiles"), S(""));
    val_set_bool(f, "many", true);
    for (uint32_t i = 0; i < c->n_profiles; i++) {
        page_option(f, c->profiles[i].code, case_profile(h, c->profiles[i].code));
    }
}

static enum err show_org(struct http_req *h, const char *field, const char *fault)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    TRY(directory_get(&h->rq, &d));
    uint32_t at = dir_org_at(d, http_param(h, S("org")));
    if (at == DIR_NONE) {
        return FAIL(&h->rq, E_NOT_FOUND, "organisation");
    }
    const struct dir_org *o = &d->orgs[at];
    TRY(page_begin(h, T("People and organisations"), &root));
    page_title(root, o->name);
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    struct val *m = val_set_map(root, "org");
    val_set_str(m, "id", o->id);
    val_set_str(m, "name", o->name);
    val_set_str(m, "kind", tr(h->rq.lang, org_kind_title(o->kind)));
    val_set_str(m, "phone", o->phone);
    val_set_bool(m, "closed", !o->active);
    val_set_str(m, "policy", o->policy != NULL ? text4_get(&o->policy->title, h->rq.lang) : S(""));
    if (o->parent != DIR_NONE) {
        val_set_str(m, "parent", d->orgs[o->parent].name);
        val_set_str(m, "parent_href", page_path(h, "/staff/orgs/", d->orgs[o->parent].id, ""));
    }
    set_services(h, d, at, root);
    page_field(h, root, "name", T("Name of the service"), S(""));
    profile_field(h, root);
    struct val *orgs = val_set_list(root, "orgs");
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        if (d->orgs[i].parent == at) {
            add_org(h, d, i, orgs);
        }
    }
    struct val *people = val_set_list(root, "people");
    for (uint32_t i = 0; i < d->n_people && people != NULL && people->n < PEOPLE_MAX; i++) {
        if (d->people[i].active && dir_person_has(&d->people[i], UINT32_MAX, o->id)) {
            add_person(h, &d->people[i], o->id, people);
        }
    }
    val_set_bool(root, "more", people != NULL && people->n == PEOPLE_MAX);
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_staff_org);
}

enum err web_staff_org(struct http_req *h)
{
    return show_org(h, NULL, NULL);
}

/* ---- added, changed, closed ---- */

static void kind_field(struct http_req *h, struct val *root, enum org_kind kind)
{
    struct val *f = page_field(h, root, "kind", T("Kind"), org_kind_code(kind));
    for (int k = 0; k < ORG_KIND_COUNT; k++) {
        page_option(f, org_kind_code((enum org_kind)k), tr(h->rq.lang, org_kind_title((enum org_kind)k)));
    }
}

static void policy_field(struct http_req *h, struct val *root, struct str policy)
{
    const struct content *c = care_of(&h->rq)->content;
    struct val *f = page_field(h, root, "policy", T("Policy profile"), policy);
    val_set_str(f, "empty", tr(h->rq.lang, T("that of the organisation above")));
    for (uint32_t i = 0; i < c->n_policies; i++) {
        page_option(f, c->policies[i].id, text4_get(&c->policies[i].title, h->rq.lang));
    }
}

/* A form of an organisation: o as it stands, or empty for a new one below o->parent. */
static enum err org_form(struct http_req *h, const struct org_new *o, uint64_t version, const char *field,
                         const char *fault)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    struct val *f;
    TRY(directory_get(&h->rq, &d));
    TRY(page_begin(h, o->id.n > 0 ? T("Change the organisation") : T("New organisation"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    f = page_field(h, root, "name", T("Name"), o->name);
    val_set_bool(f, "required", true);
    kind_field(h, root, o->kind);
    f = page_field(h, root, "phone", T("Telephone"), o->phone);
    val_set_z(f, "type", "tel");
    val_set_z(f, "width", "w14");
    f = page_field(h, root, "parent", T("Part of"), o->parent);
    val_set_str(f, "empty", tr(h->rq.lang, T("nothing: it stands at the top")));
    for (uint32_t i = 0; i < d->n_orgs; i++) { /* what may be above: no stations, and what is there now */
        if (d->orgs[i].kind != ORG_STATION || str_eq(d->orgs[i].id, o->parent)) {
            page_option(f, d->orgs[i].id, d->orgs[i].name);
        }
    }
    policy_field(h, root, o->policy);
    val_set_str(root, "back", o->id.n > 0 ? page_path(h, "/staff/orgs/", o->id, "") : S("/staff"));
    val_set_str(root, "post",
                o->id.n > 0 ? page_path(h, "/staff/orgs/", o->id, "/change") : S("/staff/orgs/new"));
    val_set_i64(root, "version", (int64_t)version);
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_staff_org_form);
}

static struct org_new org_sent(struct http_req *h, struct str id)
{
    struct org_new o = {.id = id, .name = page_sent(h, "name"), .kind = ORG_OTHER,
                        .parent = page_sent(h, "parent"), .phone = page_sent(h, "phone"),
                        .policy = page_sent(h, "policy")};
    struct str kind = page_sent(h, "kind");
    for (int k = 0; k < ORG_KIND_COUNT; k++) {
        o.kind = str_eq(kind, org_kind_code((enum org_kind)k)) ? (enum org_kind)k : o.kind;
    }
    return o;
}

/* Too long, or the parent that is none of the choices. */
static const char *org_fault(const struct directory *d, const struct org_new *o, const char **ret_field)
{
    *ret_field = "name";
    if (o->name.n == 0 || o->name.n > 300) {
        return T("Write the name, in at most 300 bytes.");
    }
    *ret_field = "phone";
    if (o->phone.n > 60) {
        return T("A telephone number has at most 60 characters.");
    }
    *ret_field = "parent";
    return o->parent.n > 0 && dir_org(d, o->parent) == NULL ? T("There is no such organisation.") : NULL;
}

enum err web_staff_org_new_page(struct http_req *h)
{
    struct str parent = http_query(h, S("parent"));
    const struct org_new o = {.kind = ORG_HOSPITAL, .parent = parent.p != NULL ? parent : S("")};
    return org_form(h, &o, 0, NULL, NULL);
}

enum err web_staff_org_new(struct http_req *h)
{
    struct org_new o = org_sent(h, (struct str){0});
    const struct directory *d = NULL;
    const char *field = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct str id = {0};
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(directory_get(&h->rq, &d));
    const char *fault = org_fault(d, &o, &field);
    if (fault != NULL) {
        return org_form(h, &o, 0, field, fault);
    }
    TRY(org_add(&h->rq, tx, &o, &id));
    return page_commit(h, tx, page_path(h, "/staff/orgs/", id, "?done=staff-added"));
}

enum err web_staff_org_change_page(struct http_req *h)
{
    struct org_new o;
    uint64_t version = 0;
    TRY(org_read(&h->rq, http_param(h, S("org")), &o, &version));
    return org_form(h, &o, version, NULL, NULL);
}

enum err web_staff_org_change(struct http_req *h)
{
    struct org_new o = org_sent(h, http_param(h, S("org")));
    const struct directory *d = NULL;
    const char *field = NULL;
    struct tx *tx = tx_new(&h->rq);
    uint64_t version = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (!str_u64(page_sent(h, "version"), &version)) {
        version = 0;
    }
    TRY(directory_get(&h->rq, &d));
    const char *fault = org_fault(d, &o, &field);
    if (fault == NULL) {
        e = org_change(&h->rq, tx, &o, version);
        if (e == E_BAD_INPUT) {
            err_clear(&h->rq);
            field = "parent";
            fault = T("It cannot be part of itself or of one below it.");
        } else {
            TRY(e);
        }
    }
    if (fault != NULL) {
        return org_form(h, &o, version, field, fault);
    }
    return page_commit(h, tx, page_path(h, "/staff/orgs/", o.id, "?done=staff-changed"));
}

enum err web_staff_org_open(struct http_req *h)
{
    struct str id = http_param(h, S("org"));
    bool open = str_eq(page_sent(h, "open"), S("yes"));
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = org_open(&h->rq, tx, id, open);
    if (e == E_CONFLICT) {
        err_clear(&h->rq);
        return show_org(h, "state",
                        T("It is so already, or you work there yourself: somebody else must close it."));
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/staff/orgs/", id, "?done=staff-changed"));
}

enum err web_staff_service_new(struct http_req *h)
{
    struct str profiles[PROFILES_MAX];
    struct service_new s = {.org = http_param(h, S("org")), .name = page_sent(h, "name"),
                            .profiles = profiles};
    const struct directory *d = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct str name;
    struct str value;
    struct str id = {0};
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(directory_get(&h->rq, &d));
    if (dir_org(d, s.org) == NULL) {
        return FAIL(&h->rq, E_NOT_FOUND, "organisation");
    }
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        if (str_eq(name, S("profile")) && s.n_profiles < PROFILES_MAX) {
            profiles[s.n_profiles++] = value;
        }
    }
    if (s.name.n == 0 || s.name.n > 300) {
        return show_org(h, "name", T("Write the name, in at most 300 bytes."));
    }
    if (s.n_profiles == 0) {
        return show_org(h, "profile", T("Choose at least one profile."));
    }
    TRY(service_add(&h->rq, tx, &s, &id));
    return page_commit(h, tx, page_path(h, "/staff/orgs/", s.org, "?done=staff-added"));
}

enum err web_staff_service_end(struct http_req *h)
{
    struct str id = http_param(h, S("service"));
    const struct directory *d = NULL;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(directory_get(&h->rq, &d));
    const struct dir_service *s = dir_service(d, id);
    if (s == NULL) {
        return FAIL(&h->rq, E_NOT_FOUND, "service");
    }
    TRY(service_end(&h->rq, tx, id));
    return page_commit(h, tx, page_path(h, "/staff/orgs/", d->orgs[s->org].id, "?done=staff-changed"));
}
