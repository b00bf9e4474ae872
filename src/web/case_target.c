/* web/case_target.c - services and people a case can be sent to. See case_move.h. */
#include "web/case_move.h"

#include "care/directory.h"
#include "care/who.h"

enum { SERVICES = 24, PEOPLE = 40 };

struct choosing {
    struct http_req *h;
    const struct directory *dir;
    const struct case_view *v;
    struct str chosen;
    bool reroute, pass;
    bool first; /* the next service is the proposal */
    struct val *list;
};

/* "service" or "service/person". */
static struct str target_value(const struct choosing *c, struct str service, struct str person)
{
    struct buf b;
    buf_init(&b, c->h->rq.a, 200);
    buf_str(&b, service);
    if (person.n > 0) {
        buf_char(&b, '/');
        buf_str(&b, person);
    }
    return buf_get(&b);
}

static struct str input_id(const struct choosing *c, struct str value)
{
    struct buf b;
    buf_init(&b, c->h->rq.a, 220);
    BUF_LIT(&b, "to-");
    for (size_t i = 0; i < value.n; i++) {
        buf_char(&b, value.p[i] == '/' ? '-' : value.p[i]);
    }
    return buf_get(&b);
}

static void set_choice(const struct choosing *c, struct val *m, struct str value, bool proposed)
{
    val_set_str(m, "value", value);
    val_set_str(m, "id", input_id(c, value));
    val_set_bool(m, "on", c->chosen.n > 0 ? str_eq(c->chosen, value) : proposed);
}

/* End of the present duty of a person for a service; ms 0: not on duty. */
static struct instant duty_end(const struct choosing *c, uint32_t service, uint32_t person)
{
    int64_t now = c->h->rq.now.ms;
    for (uint32_t i = 0; i < c->dir->n_duties; i++) {
        const struct dir_duty *d = &c->dir->duties[i];
        if (d->service == service && d->person == person && d->from_ms <= now && d->to_ms > now) {
            return (struct instant){d->to_ms};
        }
    }
    return (struct instant){0};
}

/* People on duty first, then the others; oneself is left out when passing on. */
static uint32_t add_people(const struct choosing *c, uint32_t service, struct val *list)
{
    uint32_t people[PEOPLE];
    uint32_t n = dir_people_of_service(c->dir, c->dir->services[service].id, people, PEOPLE);
    uint32_t shown = 0;
    for (int off = 0; off < 2; off++) {
        for (uint32_t i = 0; i < n; i++) {
            const struct dir_person *p = &c->dir->people[people[i]];
            struct instant until = duty_end(c, service, people[i]);
            bool self = c->pass && str_eq(p->id, c->h->rq.who->person);
            if ((until.ms == 0) != (off == 1) || self || !p->active) {
                continue;
            }
            struct val *m = val_add_map(list);
            set_choice(c, m, target_value(c, c->dir->services[service].id, p->id), false);
            val_set_str(m, "name", p->name);
            if (until.ms != 0) {
                val_set_instant(m, "until", until);
            }
            shown++;
        }
    }
    return shown;
}

static void add_service(struct choosing *c, uint32_t at, bool asked)
{
    const struct dir_service *s = &c->dir->services[at];
    bool here = s->centre == dir_org_at(c->dir, c->v->row.centre_org);
    if (!s->active || !dir_service_has(s, c->v->row.profile) || (c->reroute && here)) {
        return;
    }
    struct val *m = val_add_map(c->list);
    bool best = c->first;
    c->first = false;
    val_set_str(m, "name", s->name);
    val_set_str(m, "org", c->dir->orgs[s->org].name);
    val_set_bool(m, "proposed", best && !c->pass);
    val_set_bool(m, "asked", asked);
    set_choice(c, m, target_value(c, s->id, S("")), best);
    uint32_t n = 0;
    if (c->reroute) {
        uint32_t people[PEOPLE];
        n = dir_people_of_service(c->dir, s->id, people, PEOPLE);
    } else {
        n = add_people(c, at, val_set_list(m, "people"));
    }
    val_set_i64(m, "people_n", n);
}

enum err case_set_targets(struct http_req *h, const struct case_view *v, struct str action,
                          struct str chosen, struct val *root)
{
    struct dir_proposal best[SERVICES];
    struct choosing c = {.h = h, .v = v, .chosen = chosen, .first = true};
    TRY(directory_get(&h->rq, &c.dir));
    c.reroute = str_eq(action, S("reroute"));
    c.pass = str_eq(action, S("pass"));
    c.list = val_set_list(root, "targets");
    uint32_t asked = dir_service_at(c.dir, v->row.service);
    uint32_t n = dir_propose(c.dir, v->row.asker_org, v->row.profile, v->row.urgency < 2, h->rq.now,
                             best, SERVICES);
    if (asked != DIR_NONE) {
        add_service(&c, asked, true);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (best[i].service != asked) {
            add_service(&c, best[i].service, false);
        }
    }
    return OK;
}
