/* web/directory.c - organisations, services, people and who is on duty, to look up. Directory data: no
 * patient is named here, so reading it is not put on record. */
#include "web/pages.h"

#include "base/text.h"
#include "care/content.h"
#include "care/directory.h"
#include "codec/utf8.h"
#include "web/case_item.h"
#include "web/directory.h"
#include "web/tpl.h"

enum { FOUND_MAX = 60, PEOPLE_MAX = 300, DUTY_AHEAD_MS = 36 * 3600 * 1000, DUTY_MAX = 400,
       NAME_CAP = 4096, ORGS_OPEN = 150 };

static struct str role_title(const struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

bool directory_fits(struct http_req *h, struct str words, struct str text)
{
    struct arena_mark mark = arena_mark(h->rq.a);
    struct buf b;
    struct str rest = words;
    struct str word;
    bool all = true;
    buf_init(&b, h->rq.a, NAME_CAP);
    buf_char(&b, ' ');
    utf8_fold(&b, utf8_cut(text, 1000));
    while (all && str_cut(&rest, ' ', &word)) {
        struct buf begin;
        buf_init(&begin, h->rq.a, 512);
        buf_char(&begin, ' ');
        buf_str(&begin, word);
        all = word.n == 0 || str_find(buf_get(&b), buf_get(&begin)) < b.n;
    }
    arena_back(h->rq.a, mark);
    return all;
}

static void set_profiles(struct http_req *h, const struct dir_service *s, struct val *m)
{
    struct val *list = val_set_list(m, "profiles");
    for (uint32_t i = 0; i < s->n_profiles; i++) {
        val_add_str(list, case_profile(h, s->profiles[i]));
    }
}

/* Who is on duty for a service now. */
static void set_on_duty(struct http_req *h, const struct directory *d, uint32_t service,
                        struct val *m)
{
    uint32_t people[16];
    uint32_t n = dir_on_duty(d, service, h->rq.now, people, LEN(people));
    struct val *list = val_set_list(m, "on_duty");
    for (uint32_t i = 0; i < n; i++) {
        val_add_str(list, d->people[people[i]].name);
    }
}

static void add_service(struct http_req *h, const struct directory *d, uint32_t at,
                        struct val *list)
{
    const struct dir_service *s = &d->services[at];
    struct val *m = val_add_map(list);
    val_set_str(m, "name", s->name);
    val_set_str(m, "org", d->orgs[s->org].name);
    val_set_str(m, "org_id", d->orgs[s->org].id);
    val_set_str(m, "phone", d->orgs[s->org].phone);
    set_profiles(h, s, m);
    set_on_duty(h, d, at, m);
}

static void add_person(struct http_req *h, const struct directory *d, const struct dir_person *p,
                       struct str org, struct val *list)
{
    struct val *m = val_add_map(list);
    struct val *roles = val_set_list(m, "roles");
    val_set_str(m, "name", p->name);
    for (uint32_t i = 0; i < p->n_roles; i++) {
        const struct role_ref *r = &p->roles[i];
        if (org.n > 0 && !str_eq(r->org, org)) {
            continue;
        }
        struct val *role = val_add_map(roles);
        const struct dir_org *o = dir_org(d, r->org);
        val_set_str(role, "title", role_title(h, r->code));
        val_set_str(role, "org", r->org_name);
        val_set_str(role, "org_id", r->org);
        val_set_str(role, "phone", o != NULL ? o->phone : S(""));
    }
}

static void add_org(struct http_req *h, const struct directory *d, uint32_t at, struct val *list)
{
    const struct dir_org *o = &d->orgs[at];
    struct val *m = val_add_map(list);
    uint32_t services = 0;
    for (uint32_t i = 0; i < d->n_services; i++) {
        services += d->services[i].active && d->services[i].org == at;
    }
    val_set_str(m, "id", o->id);
    val_set_str(m, "name", o->name);
    val_set_str(m, "kind", tr(h->rq.lang, org_kind_title(o->kind)));
    val_set_str(m, "phone", o->phone);
    val_set_i64(m, "depth", o->depth);
    val_set_i64(m, "services", services);
    val_set_str(m, "parent", o->parent != DIR_NONE ? d->orgs[o->parent].name : S(""));
}

/* What the words find among organisations, services and people. */
static void set_found(struct http_req *h, const struct directory *d, struct str words,
                      struct val *root)
{
    struct val *orgs = val_set_list(root, "orgs");
    struct val *services = val_set_list(root, "services");
    struct val *people = val_set_list(root, "people");
    for (uint32_t i = 0; i < d->n_orgs && orgs != NULL && orgs->n < FOUND_MAX; i++) {
        if (d->orgs[i].active && directory_fits(h, words, d->orgs[i].name)) {
            add_org(h, d, i, orgs);
        }
    }
    for (uint32_t i = 0; i < d->n_services && services != NULL && services->n < FOUND_MAX; i++) {
        const struct dir_service *s = &d->services[i];
        bool hit = directory_fits(h, words, s->name);
        for (uint32_t k = 0; k < s->n_profiles && !hit; k++) {
            hit = directory_fits(h, words, case_profile(h, s->profiles[k]));
        }
        if (s->active && hit) {
            add_service(h, d, i, services);
        }
    }
    for (uint32_t i = 0; i < d->n_people && people != NULL && people->n < FOUND_MAX; i++) {
        if (d->people[i].active && d->people[i].n_roles > 0 && directory_fits(h, words, d->people[i].name)) {
            add_person(h, d, &d->people[i], S(""), people);
        }
    }
    val_set_bool(root, "found",
                 orgs != NULL && services != NULL && people != NULL
                     && orgs->n + services->n + people->n > 0);
}

uint32_t directory_deep(const struct directory *d)
{
    return d->n_orgs <= ORGS_OPEN ? 2 : 1;
}

/* The first levels in the order of the tree, depth first by parent; of few all. What lies deeper stands
 * on the page of its organisation. */
static void add_tree(struct http_req *h, const struct directory *d, struct val *list)
{
    uint32_t *stack = ARENA_ARRAY(h->rq.a, d->n_orgs + 1, uint32_t);
    uint32_t deep = d->n_orgs <= ORGS_OPEN ? UINT32_MAX : directory_deep(d);
    uint32_t n = 0;
    for (uint32_t i = d->n_orgs; stack != NULL && i > 0; i--) {
        if (d->orgs[i - 1].parent == DIR_NONE) {
            stack[n++] = i - 1;
        }
    }
    while (n > 0) {
        uint32_t at = stack[--n];
        if (d->orgs[at].active) {
            add_org(h, d, at, list);
        }
        for (uint32_t i = d->n_orgs; i > 0 && d->orgs[at].depth < deep; i--) {
            if (d->orgs[i - 1].parent == at && n < d->n_orgs) {
                stack[n++] = i - 1;
            }
        }
    }
}

enum err web_directory(struct http_req *h)
{
    struct val *root = NULL;
    const struct directory *d = NULL;
    struct str typed = http_query(h, S("q"));
    struct buf words;
    buf_init(&words, h->rq.a, 512);
    utf8_fold(&words, typed.p != NULL ? utf8_cut(typed, 100) : S(""));
    TRY(page_begin(h, T("Directory"), &root));
    TRY(directory_get(&h->rq, &d));
    val_set_str(root, "words", typed.p != NULL ? utf8_cut(typed, 100) : S(""));
    val_set_bool(root, "searched", words.n > 0);
    if (words.n > 0) {
        set_found(h, d, buf_get(&words), root);
    } else {
        add_tree(h, d, val_set_list(root, "orgs"));
    }
    page_events(root, S("/events"));
    return page_reply(h, root, tpl_directory);
}

enum err web_directory_org(struct http_req *h)
{
    struct val *root = NULL;
    const struct directory *d = NULL;
    TRY(directory_get(&h->rq, &d));
    uint32_t at = dir_org_at(d, http_param(h, S("org")));
    if (at == DIR_NONE) {
        return FAIL(&h->rq, E_NOT_FOUND, "organisation");
    }
    const struct dir_org *o = &d->orgs[at];
    TRY(page_begin(h, T("Directory"), &root));
    page_title(root, o->name);
    val_set_str(root, "name", o->name);
    val_set_str(root, "kind", tr(h->rq.lang, org_kind_title(o->kind)));
    val_set_str(root, "phone", o->phone);
    val_set_bool(root, "one_org", true);
    if (o->parent != DIR_NONE) {
        val_set_str(root, "parent", d->orgs[o->parent].name);
        val_set_str(root, "parent_id", d->orgs[o->parent].id);
    }
    struct val *services = val_set_list(root, "services");
    struct val *orgs = val_set_list(root, "orgs");
    struct val *people = val_set_list(root, "people");
    for (uint32_t i = 0; i < d->n_services; i++) {
        if (d->services[i].active && d->services[i].org == at) {
            add_service(h, d, i, services);
        }
    }
    for (uint32_t i = 0; i < d->n_orgs; i++) {
        if (d->orgs[i].active && d->orgs[i].parent == at) {
            add_org(h, d, i, orgs);
        }
    }
    for (uint32_t i = 0; i < d->n_people && people != NULL && people->n < PEOPLE_MAX; i++) {
        if (d->people[i].active && dir_person_has(&d->people[i], UINT32_MAX, o->id)) {
            add_person(h, d, &d->people[i], o->id, people);
        }
    }
    return page_reply(h, root, tpl_directory_org);
}

enum err web_directory_duty(struct http_req *h)
{
    struct val *root = NULL;
    const struct directory *d = NULL;
    TRY(page_begin(h, T("Who is on duty"), &root));
    TRY(directory_get(&h->rq, &d));
    struct val *list = val_set_list(root, "duties");
    for (uint32_t i = 0; i < d->n_duties && list != NULL && list->n < DUTY_MAX; i++) {
        const struct dir_duty *duty = &d->duties[i];
        const struct dir_service *s = &d->services[duty->service];
        if (duty->to_ms <= h->rq.now.ms || duty->from_ms > h->rq.now.ms + DUTY_AHEAD_MS) {
            continue;
        }
        struct val *m = val_add_map(list);
        val_set_str(m, "name", d->people[duty->person].name);
        val_set_str(m, "service", s->name);
        val_set_str(m, "org", d->orgs[s->org].name);
        val_set_str(m, "org_id", d->orgs[s->org].id);
        val_set_str(m, "phone", d->orgs[s->org].phone);
        val_set_instant(m, "from", (struct instant){duty->from_ms});
        val_set_instant(m, "to", (struct instant){duty->to_ms});
        val_set_bool(m, "now", duty->from_ms <= h->rq.now.ms);
    }
    return page_reply(h, root, tpl_directory_duty);
}
