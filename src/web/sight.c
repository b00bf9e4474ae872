/* web/sight.c - who can see a patient's record, and why: for the team, for the patient, for auditors. */
#include "care/sight.h"

#include "base/text.h"
#include "care/content.h"
#include "web/ask_int.h"
#include "web/case_view.h"
#include "web/format.h"
#include "web/my.h"
#include "web/pages.h"
#include "web/tpl.h"
#include "web/visit.h"

enum { NAMES_SHOWN = 60 };

/* What a group is called: {org} and {name} are filled. */
static const char *const groups[SIGHT_KIND_COUNT] = {
    [SIGHT_PERSON] = "",
    [SIGHT_ASKERS] = T("Clinicians of {org}"),
    [SIGHT_REGISTRY] = T("Registry and clinicians of {org}"),
    [SIGHT_COORDINATORS] = T("Coordinators of {org}"),
    [SIGHT_HEADS] = T("Heads of {org}"),
    [SIGHT_SERVICE] = T("Consultants of {name}, {org}"),
};

/* Why, in words, of one person and of a group; {case} and {time} are filled. */
static const struct {
    const char *person, *group, *own; /* own: of the record, not of a case */
} whys[SIGHT_WHY_COUNT] = {
    [SIGHT_GLASS] = {T("opened case {case} with a reason, until {time}"), "", ""},
    [SIGHT_ASKS] = {T("asked in case {case}"), T("the side that asks in case {case}"), ""},
    [SIGHT_ANSWERS] = {T("consultant of case {case}"), T("the side that answers case {case}"), ""},
    [SIGHT_ROUTES] = {"", T("the centre that routes case {case}"), ""},
    [SIGHT_CONSILIUM] = {T("takes part in a consilium about case {case}"),
                         T("reads the decision of a consilium about case {case}"), ""},
    [SIGHT_TOOK_PART] = {T("took part in case {case} before"), T("took part in case {case} before"),
                         T("took part in the care before")},
    [SIGHT_REGISTERED] = {"", "", T("keeps the patient's card")},
    [SIGHT_RECEIVES] = {"", "", T("visits of the patient")},
};

struct sight_page {
    struct http_req *h;
    const struct sight *s;
    bool names;  /* of people; the patient's side reads posts and organisations */
    bool links;  /* cases can be opened by who reads */
};

static struct str role_title(struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

/* "Consultant, Regional centre; Doctor, Hospital" */
static struct str posts(struct http_req *h, const struct dir_person *p)
{
    struct buf b;
    buf_init(&b, h->rq.a, 4096);
    for (uint32_t i = 0; i < p->n_roles; i++) {
        buf_str(&b, i > 0 ? S("; ") : S(""));
        buf_str(&b, role_title(h, p->roles[i].code));
        BUF_LIT(&b, ", ");
        buf_str(&b, p->roles[i].org_name);
    }
    return buf_get(&b);
}

static struct str time_text(struct http_req *h, struct instant t)
{
    struct civil c = zone_civil(page_zone(h), t);
    struct buf b;
    buf_init(&b, h->rq.a, 64);
    format_date(&b, h->rq.lang, &c);
    BUF_LIT(&b, ", ");
    format_time(&b, &c);
    return buf_get(&b);
}

static void add_reason(const struct sight_page *p, bool person, const struct sight_reason *r,
                       struct val *list)
{
    struct http_req *h = p->h;
    struct val *m = val_add_map(list);
    const struct text_arg args[] = {
        {S("case"), r->case_id.n > 0 ? case_number(h->rq.a, r->case_id) : S("")},
        {S("time"), time_text(h, r->until)},
    };
    const char *text = r->case_id.n == 0 ? whys[r->why].own
                       : person          ? whys[r->why].person
                                         : whys[r->why].group;
    val_set_str(m, "text", page_text(h, text, args, LEN(args)));
    val_set_bool(m, "glass", r->why == SIGHT_GLASS);
    if (r->since.ms != 0) {
        val_set_instant(m, "since", r->since);
    }
    if (p->links && r->case_id.n > 0) {
        val_set_str(m, "href", page_path(h, "/cases/", r->case_id, ""));
    }
}

static struct str group_title(const struct sight_page *p, const struct sight_group *g)
{
    const struct directory *d = p->s->dir;
    const struct dir_service *s = g->kind == SIGHT_SERVICE ? dir_service(d, g->id) : NULL;
    const struct text_arg args[] = {
        {S("name"), s != NULL ? s->name : S("")},
        {S("org"), s != NULL ? d->orgs[s->org].name : dir_org_name(d, g->id)},
    };
    return page_text(p->h, groups[g->kind], args, LEN(args));
}

static void add_group(const struct sight_page *p, const struct sight_group *g, struct val *list)
{
    const struct directory *d = p->s->dir;
    struct val *m = val_add_map(list);
    bool person = g->kind == SIGHT_PERSON;
    bool cases = false;
    if (person) {
        const struct dir_person *who = &d->people[g->people[0]];
        val_set_str(m, "name", p->names ? who->name : posts(p->h, who));
        val_set_str(m, "posts", p->names ? posts(p->h, who) : S(""));
    } else {
        val_set_str(m, "name", group_title(p, g));
        val_set_i64(m, "count", g->n_people);
        struct val *names = val_set_list(m, "people");
        for (uint32_t i = 0; p->names && i < g->n_people && i < NAMES_SHOWN; i++) {
            val_add_str(names, d->people[g->people[i]].name);
        }
        val_set_bool(m, "more", p->names && g->n_people > NAMES_SHOWN);
    }
    val_set_bool(m, "whole", g->whole);
    val_set_bool(m, "abroad", g->abroad);
    struct val *reasons = val_set_list(m, "reasons");
    for (uint32_t i = 0; i < g->n_reasons; i++) {
        add_reason(p, person, &g->reasons[i], reasons);
        cases = cases || g->reasons[i].case_id.n > 0;
    }
    val_set_bool(m, "cases", cases);
}

static enum err set_ties(const struct sight_page *p, struct val *root)
{
    struct http_req *h = p->h;
    struct val *list = val_set_list(root, "ties");
    for (uint32_t i = 0; i < p->s->n_ties; i++) {
        const struct patient_tie *t = &p->s->ties[i];
        struct patient_person who = {.legal = false};
        struct val *m = val_add_map(list);
        struct buf ref;
        val_set_bool(m, "self", t->related.n == 0);
        val_set_instant(m, "since", t->created);
        if (t->until.ms != 0) {
            val_set_instant(m, "until", (struct instant){t->until.ms - 1});
        }
        if (t->related.n == 0) {
            continue;
        }
        buf_init(&ref, h->rq.a, 100);
        BUF_LIT(&ref, "RelatedPerson/");
        buf_str(&ref, t->related);
        TRY(patient_person(&h->rq, buf_get(&ref), &who));
        const struct relation *r = relation_find(who.relation);
        val_set_str(m, "name", p->names || who_is_patient(h->rq.who) ? who.name : S(""));
        val_set_str(m, "relation", r != NULL ? tr(h->rq.lang, r->title) : S(""));
        val_set_bool(m, "legal", who.legal);
    }
    return OK;
}

/* audit: names of receivers and of relatives are the patient's affair. */
static void set_outside(const struct sight_page *p, bool audit, struct val *root)
{
    struct http_req *h = p->h;
    struct val *list = val_set_list(root, "shares");
    for (uint32_t i = 0; i < p->s->n_shares; i++) {
        const struct share *s = &p->s->shares[i];
        struct val *m = val_add_map(list);
        val_set_str(m, "receiver", audit ? S("") : s->receiver);
        val_set_str(m, "by", p->names ? dir_person_name(p->s->dir, s->by) : S(""));
        val_set_str(m, "number", case_number(h->rq.a, s->case_id));
        val_set_instant(m, "until", (struct instant){s->expires_ms});
    }
    list = val_set_list(root, "apps");
    for (uint32_t i = 0; i < p->s->n_apps; i++) {
        const struct sight_app *a = &p->s->apps[i];
        struct val *m = val_add_map(list);
        val_set_str(m, "name", a->name);
        val_set_bool(m, "all", a->all);
        val_set_str(m, "org", a->org.n > 0 ? dir_org_name(p->s->dir, a->org) : S(""));
        if (a->until.ms != 0) {
            val_set_instant(m, "until", a->until);
        }
    }
    val_set_i64(root, "auditor_count", p->s->n_auditors);
    list = val_set_list(root, "auditors");
    for (uint32_t i = 0; p->names && i < p->s->n_auditors && i < NAMES_SHOWN; i++) {
        val_add_str(list, p->s->dir->people[p->s->auditors[i]].name);
    }
}

static enum err fill(const struct sight_page *p, bool audit, struct val *root)
{
    struct val *list = val_set_list(root, "groups");
    for (uint32_t i = 0; i < p->s->n_groups; i++) {
        add_group(p, &p->s->groups[i], list);
    }
    TRY(set_ties(p, root));
    set_outside(p, audit, root);
    val_set_i64(root, "hidden", p->s->n_hidden);
    val_set_bool(root, "older", p->s->more);
    val_set_bool(root, "audit", audit);
    return OK;
}

enum err web_sight(struct http_req *h)
{
    struct sight s;
    struct sight_page p = {.h = h, .s = &s, .names = true, .links = true};
    struct res_row row;
    struct patient patient;
    struct val *root = NULL;
    TRY(sight_of_patient(&h->rq, http_param(h, S("patient")), &s));
    TRY(db_read_rid(&h->rq, s.patient_rid, &row));
    TRY(visit_page_begin(h, &row, T("Who can see this patient"), &root, &patient));
    page_kind(root, "wide");
    struct str from = http_query(h, S("case"));
    if (from.n > 0) {
        val_set_str(root, "back", page_path(h, "/cases/", from, ""));
    }
    TRY(fill(&p, false, root));
    return page_reply(h, root, tpl_sight);
}

enum err web_record_sight(struct http_req *h)
{
    struct sight s;
    struct sight_page p = {.h = h, .s = &s, .names = true};
    struct val *root = NULL;
    TRY(sight_for_audit(&h->rq, http_param(h, S("patient")), &s));
    TRY(page_begin(h, T("Who can see this patient"), &root));
    page_kind(root, "wide");
    TRY(fill(&p, true, root));
    return page_reply(h, root, tpl_sight);
}

enum err web_my_sight(struct http_req *h)
{
    struct sight s;
    struct sight_page p = {.h = h, .s = &s};
    struct my m;
    TRY(my_begin(h, T("Who can see my record"), &m));
    TRY(sight_of_patient(&h->rq, m.id, &s));
    TRY(fill(&p, false, m.root));
    return page_reply(h, m.root, tpl_my_sight);
}
