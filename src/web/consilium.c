/* web/consilium.c - consilia: the list, the page of one, and its parts that other pages show too. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/consult.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/put.h"
#include "web/banner.h"
#include "web/case_item.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { LISTED = 50, PEOPLE_MAX = 60 };

struct str consilium_path(struct http_req *h, struct str id, const char *suffix)
{
    return page_path(h, "/consilia/", id, suffix);
}

struct str consilium_item_path(struct http_req *h, struct str item, const char *suffix)
{
    return page_path(h, "/consilium/", item, suffix);
}

static struct str post_title(struct http_req *h, struct str code)
{
    const struct role *role = content_role(care_of(&h->rq)->content, code);
    return role != NULL ? text4_get(&role->title, h->rq.lang) : code;
}

/* ---- one consilium as values ---- */

static const char *member_title(const struct consilium *c, const struct consilium_member *m)
{
    static const char *const states[] = {
        [MEMBER_ASKED] = T("asked, no answer yet"), [MEMBER_IN] = T("takes part"),
        [MEMBER_DECLINED] = T("does not take part"), [MEMBER_REPLACED] = T("replaced"),
        [MEMBER_LEFT] = T("left"),
    };
    (void)c;
    return states[m->state];
}

void consilium_set_members(struct http_req *h, const struct consilium *c, struct val *root)
{
    struct val *list = val_set_list(root, "members");
    for (uint32_t i = 0; i < c->n_members; i++) {
        const struct consilium_member *m = &c->members[i];
        struct val *v = val_add_map(list);
        val_set_str(v, "name", m->name);
        val_set_str(v, "post", post_title(h, m->post));
        val_set_str(v, "org", m->org_name);
        val_set_str(v, "state", tr(h->rq.lang, member_title(c, m)));
        val_set_bool(v, "in", m->state == MEMBER_IN);
        val_set_bool(v, "chair", str_eq(m->person, c->chair));
        val_set_bool(v, "secretary", str_eq(m->person, c->secretary));
        val_set_bool(v, "votes", m->votes);
        val_set_str(v, "reason", m->reason);
        if (m->instead_of.n > 0) {
            val_set_str(v, "instead", dir_person_name(c->dir, m->instead_of));
        }
    }
}

static void set_clock(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                      struct val *m)
{
    const struct care_state *s = &care_consilium.states[item->state];
    struct case_row row = {.state = item->state, .urgency = c->urgency, .clock = s->clock,
                           .level = item->level, .open = !(s->flags & STATE_FINAL),
                           .due_ms = s->clock == CLOCK_ACCEPT   ? item->accept_due_ms
                                     : s->clock == CLOCK_ANSWER ? item->answer_due_ms
                                                                : DUE_NEVER};
    case_clock(h, &row, m);
}

static enum err set_items(struct http_req *h, const struct consilium *c, struct val *root)
{
    struct val *list = val_set_list(root, "items");
    for (uint32_t i = 0; i < c->n_items; i++) {
        const struct consilium_item *item = &c->items[i];
        struct val *v = val_add_map(list);
        val_set_str(v, "state_title", tr(h->rq.lang, care_consilium.states[item->state].title));
        set_clock(h, c, item, val_set_map(v, "clock"));
        if (!item->sees) {
            continue;
        }
        struct patient p;
        TRY(patient_load(&h->rq, item->patient_rid, &p));
        val_set_str(v, "href", consilium_item_path(h, item->id, ""));
        val_set_str(v, "name", p.name.n > 0 ? p.name : tr(h->rq.lang, T("Unidentified patient")));
        val_set_str(v, "birth", p.birth_date);
    }
    return OK;
}

static void set_source(struct http_req *h, const struct consilium *c, struct val *m)
{
    const struct policy *p = c->policy;
    if (!p->consilium_least_from.verified) {
        val_set_bool(m, "unverified", true);
        val_set_str(m, "source", text4_get(&p->consilium_least_from.source, h->rq.lang));
    }
}

static void set_head(struct http_req *h, const struct consilium *c, struct val *m)
{
    const struct urgency *u = &care_of(&h->rq)->content->urgencies[c->urgency];
    uint32_t state = consilium_state_of(c);
    val_set_str(m, "id", c->id);
    val_set_str(m, "href", consilium_path(h, c->id, ""));
    val_set_str(m, "number", case_number(h->rq.a, c->id));
    val_set_z(m, "state", care_consilium.states[state].name);
    val_set_str(m, "state_title", tr(h->rq.lang, care_consilium.states[state].title));
    val_set_str(m, "urgency", u->code);
    val_set_bool(m, "written", c->written);
    val_set_bool(m, "hidden", c->hidden);
    val_set_instant(m, "start", (struct instant){c->start_ms});
    if (c->until_ms > 0) {
        val_set_instant(m, "until", (struct instant){c->until_ms});
    }
    val_set_i64(m, "quorum", c->quorum);
    val_set_i64(m, "present", consilium_present(c));
    val_set_i64(m, "patients", c->n_items);
    val_set_bool(m, "has_quorum", consilium_has_quorum(c));
    val_set_bool(m, "asked", c->me != NULL && c->me->state == MEMBER_ASKED);
    val_set_bool(m, "all", c->all);
    val_set_str(m, "convener", dir_person_name(c->dir, c->convener));
    val_set_str(m, "chair", dir_person_name(c->dir, c->chair));
    val_set_str(m, "org", dir_org_name(c->dir, c->org));
    val_set_i64(m, "version", (int64_t)c->version);
    set_source(h, c, m);
}

enum err consilium_begin(struct http_req *h, const struct consilium *c, const char *title,
                         struct val **ret_root)
{
    TRY(page_begin(h, title, ret_root));
    set_head(h, c, val_set_map(*ret_root, "consilium"));
    consilium_set_members(h, c, *ret_root);
    page_events(*ret_root, page_path(h, "/events?consilium=", c->id, ""));
    return set_items(h, c, *ret_root);
}

enum err consilium_set_item(struct http_req *h, const struct consilium *c,
                            const struct consilium_item *item, struct val *root)
{
    struct val *m = val_set_map(root, "item");
    struct val *b = val_set_map(root, "patient");
    struct patient p;
    struct res_row row;
    struct jv v;
    TRY(patient_load(&h->rq, item->patient_rid, &p));
    val_set_str(b, "name", p.name.n > 0 ? p.name : tr(h->rq.lang, T("Unidentified patient")));
    val_set_str(b, "sex", p.sex);
    val_set_str(b, "birth", p.birth_date);
    val_set_bool(b, "unidentified", p.unidentified);
    TRY(banner_allergies(h, item->patient_rid, b));
    struct val *ids = val_set_list(b, "ids");
    for (uint32_t i = 0; i < p.n_ids; i++) {
        struct val *id = val_add_map(ids);
        val_set_str(id, "label", p.ids[i].kind != NULL ? tr(h->rq.lang, p.ids[i].kind->title) : S("ID"));
        val_set_str(id, "value", patient_id_shown(h->rq.a, &p.ids[i]));
    }
    TRY(res_load(&h->rq, item->rid, &row, &v));
    val_set_str(m, "id", item->id);
    val_set_str(m, "href", consilium_item_path(h, item->id, ""));
    val_set_str(m, "case", page_path(h, "/cases/", item->case_id, ""));
    val_set_str(m, "number", case_number(h->rq.a, item->case_id));
    val_set_z(m, "state", care_consilium.states[item->state].name);
    val_set_str(m, "state_title", tr(h->rq.lang, care_consilium.states[item->state].title));
    val_set_str(m, "question", json_str(h->rq.a, json_path(v, S("note.0.text"))));
    val_set_i64(m, "version", (int64_t)item->version);
    val_set_bool(m, "open", !(care_consilium.states[item->state].flags & STATE_FINAL));
    set_clock(h, c, item, val_set_map(root, "clock"));
    return OK;
}

/* ---- people to choose from ---- */

static bool serves(const struct directory *dir, const struct role_ref *r, struct str profile)
{
    for (uint32_t i = 0; i < r->n_services; i++) {
        const struct dir_service *s = dir_service(dir, r->services[i]);
        if (s != NULL && dir_service_has(s, profile)) {
            return true;
        }
    }
    return profile.n == 0;
}

static bool ticked(struct http_req *h, const char *name, struct str id)
{
    struct str key;
    struct str value;
    for (uint32_t i = 0; http_form_each(h, i, &key, &value); i++) {
        if (str_eq(key, str_z(name)) && str_eq(value, id)) {
            return true;
        }
    }
    return false;
}

static void set_filters(struct http_req *h, const struct directory *dir, const struct policy *policy,
                        struct val *root)
{
    const struct content *c = care_of(&h->rq)->content;
    struct val *f = page_field(h, root, "org", T("Organisation"), S(""));
    val_set_str(f, "empty", tr(h->rq.lang, T("All organisations")));
    for (uint32_t i = 0; i < dir->n_orgs; i++) {
        if (dir->orgs[i].active) {
            page_option(f, dir->orgs[i].id, dir->orgs[i].name);
        }
    }
    f = page_field(h, root, "post", T("Post"), S(""));
    val_set_str(f, "empty", tr(h->rq.lang, T("All posts")));
    for (uint32_t i = 0; i < c->n_roles; i++) {
        struct role_ref r = {.code = c->roles[i].code, .rights = c->roles[i].rights};
        if (consilium_fits(policy, &r)) {
            page_option(f, c->roles[i].code, text4_get(&c->roles[i].title, h->rq.lang));
        }
    }
    f = page_field(h, root, "specialty", T("Specialty"), S(""));
    val_set_str(f, "empty", tr(h->rq.lang, T("All specialties")));
    for (uint32_t i = 0; i < c->n_profiles; i++) {
        page_option(f, c->profiles[i].code, text4_get(&c->profiles[i].title, h->rq.lang));
    }
}

static void add_person(struct http_req *h, struct val *f, const struct dir_person *p,
                       const struct role_ref *r, bool on)
{
    struct val *o = val_add_map((struct val *)(uintptr_t)val_find(f, S("options")));
    struct buf b;
    buf_init(&b, h->rq.a, 2048);
    buf_str(&b, p->name);
    BUF_LIT(&b, ", ");
    buf_str(&b, post_title(h, r->code));
    BUF_LIT(&b, ", ");
    buf_str(&b, r->org_name);
    val_set_str(o, "value", r->id);
    val_set_str(o, "label", buf_get(&b));
    val_set_bool(o, "on", on);
}

enum err consilium_people(struct http_req *h, const struct policy *policy, const char *name,
                          const char *label, bool many, struct val *root)
{
    const struct directory *dir = NULL;
    struct str org = page_sent(h, "org");
    struct str post = page_sent(h, "post");
    struct str specialty = page_sent(h, "specialty");
    uint32_t n = 0;
    TRY(directory_get(&h->rq, &dir));
    set_filters(h, dir, policy, root);
    struct val *f = page_field(h, root, name, label, S(""));
    val_set_bool(f, "many", many);
    (void)val_set_list(f, "options");
    for (uint32_t i = 0; i < dir->n_people; i++) {
        const struct dir_person *p = &dir->people[i];
        for (uint32_t k = 0; p->active && k < p->n_roles; k++) {
            const struct role_ref *r = &p->roles[k];
            bool on = ticked(h, name, r->id);
            bool found = consilium_fits(policy, r) && (org.n == 0 || str_eq(org, r->org))
                         && (post.n == 0 || str_eq(post, r->code)) && serves(dir, r, specialty)
                         && !str_eq(p->id, h->rq.who->person);
            if (on || (found && n < PEOPLE_MAX)) {
                n += !on;
                add_person(h, f, p, r, on);
            }
        }
    }
    val_set_bool(root, "more_people", n == PEOPLE_MAX);
    return OK;
}

/* ---- failures in words ---- */

bool consilium_fault(const struct http_req *h, enum err e, const char **ret_field,
                     const char **ret_text)
{
    static const struct {
        enum err e;
        const char *detail; /* NULL: any */
        const char *field, *text;
    } faults[] = {
        {E_BAD_INPUT, "reason", "reason", T("Say why, in words.")},
        {E_BAD_INPUT, "role", "role", T("Choose somebody who does not take part yet.")},
        {E_BAD_INPUT, "person", "person", T("Choose who chairs instead of you.")},
        {E_BAD_INPUT, "until", "until",
         T("Say until when opinions are given: later than now, and than it was.")},
        {E_BAD_INPUT, NULL, "text", T("Write the text, at most 16 000 characters.")},
        {E_CONFLICT, "quorum", "reason", T("There is no quorum: fewer members take part than it asks for.")},
        {E_CONFLICT, "time", "text", T("The time to give opinions in writing has passed.")},
        {E_CONFLICT, "held", "reason",
         T("Nobody is marked as absent while the meeting goes on, or before it was held.")},
        {E_CONFLICT, "opinions", "reason",
         T("Not all members who take part gave an opinion or said why not, or fewer gave one than "
           "the quorum.")},
        {E_CONFLICT, "signatures", "reason",
         T("Not all have signed or refused, the chair has not signed, or fewer signed than the quorum.")},
        {E_CONFLICT, "decision", "reason", T("Write the decision in the protocol first.")},
        {E_CONFLICT, NULL, "reason",
         T("This cannot be done now: it has moved on, or a section of the protocol is empty.")},
        {E_STALE, NULL, "reason", T("Somebody else acted meanwhile. Look at the page again, then repeat.")},
        {E_SIGN_IN, NULL, "password", T("The password is wrong. Nothing was signed.")},
        {E_LOCKED, NULL, "password", T("Too many attempts: wait some minutes. Nothing was changed.")},
        {E_BUSY, NULL, "password", T("The server is busy: try again. Nothing was signed.")},
    };
    const char *abroad = abroad_words(e, h->rq.err.detail);
    if (abroad != NULL) {
        *ret_field = "role";
        *ret_text = abroad;
        return true;
    }
    for (size_t i = 0; i < LEN(faults); i++) {
        if (faults[i].e == e
            && (faults[i].detail == NULL || str_starts(str_z(h->rq.err.detail), str_z(faults[i].detail)))) {
            *ret_field = faults[i].field;
            *ret_text = faults[i].text;
            return true;
        }
    }
    return false;
}

enum err consilium_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    struct str *path = h->page_ctx;
    struct buf b;
    if ((e != E_STALE && e != E_CONFLICT) || path == NULL) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    if (page_done_before(h, &e)) {
        return e;
    }
    buf_init(&b, h->rq.a, path->n + 32);
    buf_str(&b, *path);
    BUF_LIT(&b, "?done=consilium-late");
    return http_redirect(h, buf_get(&b));
}

/* ---- the list, the page ---- */

enum err web_consilia(struct http_req *h)
{
    struct consilium *all = ARENA_ARRAY(h->rq.a, LISTED, struct consilium);
    struct val *root = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(page_begin(h, T("Consilia"), &root));
    TRY(consilium_list(&h->rq, 0, all, LISTED, &n));
    struct val *open = val_set_list(root, "open");
    struct val *ended = val_set_list(root, "ended");
    for (uint32_t i = 0; i < n; i++) {
        bool over = care_consilium.states[consilium_state_of(&all[i])].flags & STATE_FINAL;
        struct val *m = val_add_map(over ? ended : open);
        set_head(h, &all[i], m);
        set_clock(h, &all[i], &all[i].items[0], val_set_map(m, "clock"));
    }
    page_kind(root, "wide");
    page_events(root, S("/events"));
    return page_reply(h, root, tpl_consilia);
}
