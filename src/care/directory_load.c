/* care/directory_load.c - reads the directory's resources into a snapshot. */
#include "care/directory_int.h"

#include "base/text.h"
#include "care/content.h"
#include "care/policy.h"
#include "care/put.h"
#include "fhir/param.h"
#include "codec/json.h"
#include "fhir/type.h"
#include "store/db.h"

enum { SERVICES_MAX = 32 };

static const struct {
    struct str code;
    const char *title;
} kinds[ORG_KIND_COUNT] = {
    [ORG_OTHER] = {SI("other"), T("Organisation")},
    [ORG_STATION] = {SI("station"), T("Feldsher station")},
    [ORG_HOSPITAL] = {SI("hospital"), T("District hospital")},
    [ORG_CENTRE] = {SI("centre"), T("Regional telemedicine centre")},
    [ORG_NATIONAL] = {SI("national"), T("National centre")},
};

struct str org_kind_code(enum org_kind kind)
{
    return kinds[kind].code;
}

const char *org_kind_title(enum org_kind kind)
{
    return kinds[kind].title;
}

/* All live resources of a type, parsed. */
struct loaded {
    struct jv *v;
    struct str *ids;
    uint32_t n, cap;
};

/* Adds what a list holds to all. */
static enum err load_list(struct req *rq, struct list *l, struct loaded *all)
{
    struct hit hit;

    while (list_next(l, &hit)) {
        struct res_row row;
        if (all->n == all->cap) {
            uint32_t cap = all->cap == 0 ? 64 : all->cap * 2;
            struct loaded more = {ARENA_ARRAY(rq->a, cap, struct jv),
                                  ARENA_ARRAY(rq->a, cap, struct str), all->n, cap};
            TRY_MEM(rq, more.v);
            TRY_MEM(rq, more.ids);
            for (uint32_t i = 0; i < all->n; i++) {
                more.v[i] = all->v[i];
                more.ids[i] = all->ids[i];
            }
            *all = more;
        }
        TRY(res_load(rq, hit.rid, &row, &all->v[all->n]));
        all->ids[all->n++] = row.id;
    }
    return list_err(rq, l);
}

static enum err load_type(struct req *rq, uint16_t type, struct loaded *ret_all)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct loaded all = {.n = 0};

    TRY(list_type(rq, type, LIST_OLDEST, &l));
    TRY(load_list(rq, l, &all));
    *ret_all = all;
    return OK;
}

/* The id of a reference of a type, p NULL when it is something else. */
static struct str ref_id(struct req *rq, struct jv reference, struct str type)
{
    struct str s = json_str(rq->a, json_get(reference, S("reference")));

    if (s.n > type.n + 1 && str_starts(s, type) && s.p[type.n] == '/') {
        return str_sub(s, type.n + 1, s.n);
    }
    return (struct str){0};
}

static bool is_active(struct jv v)
{
    return json_kind(json_get(v, S("active"))) != JSON_FALSE;
}

static enum err load_orgs(struct req *rq, const struct care *care, struct directory *d)
{
    struct loaded all;
    TRY(load_type(rq, T_ORGANIZATION, &all));
    struct dir_org *orgs = ARENA_ARRAY(rq->a, all.n, struct dir_org);
    TRY_MEM(rq, orgs);
    if (!dir_map_init(rq->a, all.n, &d->maps->orgs)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < all.n; i++) {
        struct jv v = all.v[i];
        orgs[i] = (struct dir_org){.id = all.ids[i],
                                   .name = json_str(rq->a, json_get(v, S("name"))),
                                   .phone = json_str(rq->a, json_path(v, S("telecom.0.value"))),
                                   .parent = DIR_NONE,
                                   .active = is_active(v)};
        for (struct jv c = json_first(json_get(v, S("identifier"))); json_has(c); c = json_next(c)) {
            if (json_is(json_get(c, S("system")), S(SID_ORG_CODE))) {
                orgs[i].code = json_str(rq->a, json_get(c, S("value")));
            }
        }
        struct jv code = json_path(v, S("type.0.coding.0.code"));
        for (int k = 0; k < ORG_KIND_COUNT; k++) {
            if (json_is(code, kinds[k].code)) {
                orgs[i].kind = (enum org_kind)k;
            }
        }
        for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
            if (json_is(json_get(e, S("url")), S(CARE_URL "/StructureDefinition/policy"))) {
                orgs[i].policy = content_policy(
                    care->content, json_str(rq->a, json_get(e, S("valueCode"))));
            }
        }
        dir_map_add(&d->maps->orgs, orgs[i].id, i);
    }
    d->orgs = orgs;
    d->n_orgs = all.n;
    for (uint32_t i = 0; i < all.n; i++) {
        struct str up = ref_id(rq, json_get(all.v[i], S("partOf")), S("Organization"));
        orgs[i].parent = up.n > 0 ? dir_org_at(d, up) : DIR_NONE;
    }
    for (uint32_t i = 0; i < all.n; i++) {
        const struct policy *policy = NULL;
        uint32_t at = i;
        for (; at != DIR_NONE && orgs[i].depth < 32; at = orgs[at].parent, orgs[i].depth++) {
            policy = policy == NULL ? orgs[at].policy : policy;
        }
        if (at != DIR_NONE) { /* a ring: cut it here */
            orgs[i].parent = DIR_NONE;
            orgs[i].depth = 1;
        }
        orgs[i].depth--;
        orgs[i].policy = policy != NULL ? policy : care->policy;
    }
    return OK;
}

static enum err load_services(struct req *rq, struct directory *d)
{
    struct loaded all;
    TRY(load_type(rq, T_HEALTHCARE_SERVICE, &all));
    struct dir_service *services = ARENA_ARRAY(rq->a, all.n, struct dir_service);
    TRY_MEM(rq, services);
    if (!dir_map_init(rq->a, all.n, &d->maps->services)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < all.n; i++) {
        struct jv v = all.v[i];
        struct jv list = json_get(v, S("specialty"));
        struct str *profiles = ARENA_ARRAY(rq->a, json_len(list), struct str);
        struct dir_service s = {
            .id = all.ids[i],
            .name = json_str(rq->a, json_get(v, S("name"))),
            .org = dir_org_at(d, ref_id(rq, json_get(v, S("providedBy")), S("Organization"))),
            .active = is_active(v),
        };
        TRY_MEM(rq, profiles);
        for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
            struct str code = json_str(rq->a, json_path(p, S("coding.0.code")));
            if (code.n > 0) {
                profiles[s.n_profiles++] = code;
            }
        }
        s.profiles = profiles;
        if (s.org == DIR_NONE) {
            continue; /* nobody provides it: it cannot be asked */
        }
        s.centre = dir_centre_of(d, s.org);
        dir_map_add(&d->maps->services, s.id, n);
        services[n++] = s;
    }
    d->services = services;
    d->n_services = n;
    return OK;
}

static struct str person_name(struct req *rq, struct jv v)
{
    struct jv name = json_path(v, S("name.0"));
    struct str text = json_str(rq->a, json_get(name, S("text")));
    struct buf b;

    if (text.n > 0) {
        return text;
    }
    buf_init(&b, rq->a, 1000);
    buf_str(&b, json_str(rq->a, json_get(name, S("family"))));
    for (struct jv g = json_first(json_get(name, S("given"))); json_has(g); g = json_next(g)) {
        BUF_LIT(&b, " ");
        buf_str(&b, json_str(rq->a, g));
    }
    return str_trim(buf_get(&b));
}

bool dir_period_holds(struct req *rq, struct jv period)
{
    struct instant lo;
    struct instant hi;
    struct str start = json_str(rq->a, json_get(period, S("start")));
    struct str end = json_str(rq->a, json_get(period, S("end")));
    const struct zone *zone = &care_of(rq)->zone;

    if (start.n > 0 && zone_span(zone, start, &lo, &hi) && lo.ms > rq->now.ms) {
        return false;
    }
    return !(end.n > 0 && zone_span(zone, end, &lo, &hi) && hi.ms <= rq->now.ms);
}

static enum err read_role(struct req *rq, const struct care *care, const struct directory *d,
                          struct jv v, struct role_ref *ret_role)
{
    struct jv services = json_get(v, S("healthcareService"));
    struct str *ids = ARENA_ARRAY(rq->a, json_len(services), struct str);
    struct role_ref r = {
        .code = json_str(rq->a, json_path(v, S("code.0.coding.0.code"))),
        .org = ref_id(rq, json_get(v, S("organization")), S("Organization")),
    };

    TRY_MEM(rq, ids);
    for (struct jv s = json_first(services); json_has(s); s = json_next(s)) {
        struct str id = ref_id(rq, s, S("HealthcareService"));
        if (id.n > 0) {
            ids[r.n_services++] = id;
        }
    }
    r.services = ids;
    const struct role *role = content_role(care->content, r.code);
    const struct dir_org *org = dir_org(d, r.org);
    r.factor = role != NULL && role->factor;
    r.rights = role != NULL && org != NULL && org->active ? role->rights : 0;
    if (r.rights != 0 && org->policy != NULL && !policy_may_answer(org->policy, r.code)) {
        r.rights &= ~(uint32_t)MAY_ANSWER; /* the narrower of the role's rights and the policy */
    }
    r.org_name = org != NULL ? org->name : r.org;
    *ret_role = r;
    return OK;
}

/* Everything a person's roles open: each principal once. */
static enum err principals_of(struct req *rq, const struct store *st, struct dir_person *p)
{
    uint64_t *all = ARENA_ARRAY(rq->a, 1 + (size_t)p->n_roles * (4 + SERVICES_MAX), uint64_t);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    all[n++] = principal_person(st, p->id);
    for (uint32_t i = 0; i < p->n_roles; i++) {
        const struct role_ref *r = &p->roles[i];
        if (r->rights & MAY_ASK) {
            all[n++] = principal_askers(st, r->org);
        }
        if (r->rights & (MAY_ASK | MAY_REGISTER)) {
            all[n++] = principal_registry(st, r->org);
        }
        if (r->rights & MAY_COORDINATE) {
            all[n++] = principal_coordinators(st, r->org);
        }
        if (r->rights & MAY_HEAD) {
            all[n++] = principal_heads(st, r->org);
        }
        for (uint32_t k = 0; (r->rights & MAY_ANSWER) && k < r->n_services && k < SERVICES_MAX;
             k++) {
            all[n++] = principal_service(st, r->services[k]);
        }
    }
    p->principals = all;
    p->n_principals = n;
    return OK;
}

static enum err load_people(struct req *rq, const struct care *care, struct directory *d)
{
    struct loaded people;
    struct loaded roles;
    TRY(load_type(rq, T_PRACTITIONER, &people));
    TRY(load_type(rq, T_PRACTITIONER_ROLE, &roles));
    struct dir_person *all = ARENA_ARRAY(rq->a, people.n, struct dir_person);
    uint32_t *counts = ARENA_ARRAY(rq->a, people.n, uint32_t);
    uint32_t *whose = ARENA_ARRAY(rq->a, roles.n, uint32_t);
    struct role_ref *refs = ARENA_ARRAY(rq->a, roles.n, struct role_ref);
    TRY_MEM(rq, all);
    TRY_MEM(rq, counts);
    TRY_MEM(rq, whose);
    TRY_MEM(rq, refs);
    if (!dir_map_init(rq->a, people.n, &d->maps->people)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < people.n; i++) {
        all[i].id = people.ids[i];
        all[i].name = person_name(rq, people.v[i]);
        all[i].active = is_active(people.v[i]);
        dir_map_add(&d->maps->people, all[i].id, i);
    }
    d->people = all;
    d->n_people = people.n;
    for (uint32_t i = 0; i < roles.n; i++) {
        struct str id = ref_id(rq, json_get(roles.v[i], S("practitioner")), S("Practitioner"));
        whose[i] = dir_person_at(d, id);
        if (whose[i] == DIR_NONE || !all[whose[i]].active || !is_active(roles.v[i])
            || !dir_period_holds(rq, json_get(roles.v[i], S("period")))) {
            whose[i] = DIR_NONE;
            continue;
        }
        counts[whose[i]]++;
    }
    uint32_t at = 0; /* the roles of one person stand together */
    for (uint32_t i = 0; i < people.n; i++) {
        all[i].roles = refs + at;
        at += counts[i];
    }
    for (uint32_t i = 0; i < roles.n; i++) {
        if (whose[i] != DIR_NONE) {
            struct dir_person *p = &all[whose[i]];
            struct role_ref *r = &refs[(p->roles - refs) + p->n_roles];
            TRY(read_role(rq, care, d, roles.v[i], r));
            r->id = roles.ids[i];
            p->n_roles++;
        }
    }
    for (uint32_t i = 0; i < people.n; i++) {
        TRY(principals_of(rq, care->store, &all[i]));
    }
    return OK;
}

/* What a Schedule is about: a person for a service. */
struct schedule {
    struct str id;
    uint32_t service, person;
};

/* Those of duty; times for visits (care/schedule.h) are no duty. */
static enum err load_schedules(struct req *rq, struct directory *d, struct schedule **ret_all,
                               uint32_t *ret_n, struct dir_map *map)
{
    struct loaded in;
    uint32_t n = 0;
    TRY(load_type(rq, T_SCHEDULE, &in));
    struct schedule *all = ARENA_ARRAY(rq->a, in.n, struct schedule);
    TRY_MEM(rq, all);
    if (!dir_map_init(rq->a, in.n, map)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    for (uint32_t i = 0; i < in.n; i++) {
        struct schedule s = {in.ids[i], DIR_NONE, DIR_NONE};
        if (json_has(json_get(in.v[i], S("serviceCategory")))) {
            continue;
        }
        for (struct jv a = json_first(json_get(in.v[i], S("actor"))); json_has(a);
             a = json_next(a)) {
            struct str service = ref_id(rq, a, S("HealthcareService"));
            struct str person = ref_id(rq, a, S("Practitioner"));
            if (service.n > 0) {
                s.service = dir_service_at(d, service);
            }
            if (person.n > 0) {
                s.person = dir_person_at(d, person);
            }
        }
        all[n] = s;
        dir_map_add(map, all[n].id, n);
        n++;
    }
    *ret_n = n;
    *ret_all = all;
    return OK;
}

/* The Slots of the Schedules of duty. */
static enum err load_slots(struct req *rq, const struct schedule *schedules, uint32_t n,
                           struct loaded *ret_all)
{
    const struct fhir_param *of = fhir_param_find(T_SLOT, S("schedule"));
    struct loaded all = {.n = 0};

    for (uint32_t i = 0; i < n; i++) {
        CLEANUP(list_close) struct list *l = NULL;
        int64_t rid = 0;
        TRY(db_rid(rq, T_SCHEDULE, schedules[i].id, &rid));
        TRY(list_ref(rq, of->sp, rid, LIST_OLDEST, &l));
        TRY(load_list(rq, l, &all));
    }
    *ret_all = all;
    return OK;
}

static void sort_duties(struct dir_duty *v, uint32_t n)
{
    /* shell sort: n is some thousands, nearly in order */
    for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < n; i++) {
            struct dir_duty x = v[i];
            uint32_t k = i;
            for (; k >= gap && v[k - gap].from_ms > x.from_ms; k -= gap) {
                v[k] = v[k - gap];
            }
            v[k] = x;
        }
    }
}

uint32_t dir_offered_to(struct req *rq, const struct directory *d, struct jv slot)
{
    uint32_t at = DIR_NONE;
    for (struct jv x = json_first(json_get(slot, S("extension"))); json_has(x); x = json_next(x)) {
        if (json_is(json_get(x, S("url")), S(EXT_DUTY_OFFERED))) {
            at = dir_person_at(d, ref_id(rq, json_get(x, S("valueReference")), S("Practitioner")));
        }
    }
    return at != DIR_NONE && d->people[at].active ? at : DIR_NONE;
}

/* Whose role for the service has ended has no turns of it: calls go to the next, the roster shows a gap. */
static bool can_serve(const struct directory *d, const struct schedule *s)
{
    const struct dir_person *p = &d->people[s->person];
    return p->active && dir_person_serves(p, d->services[s->service].id);
}

static enum err load_duties(struct req *rq, struct directory *d)
{
    struct schedule *schedules = NULL;
    struct dir_map map;
    struct loaded slots;
    uint32_t n_schedules = 0;
    TRY(load_schedules(rq, d, &schedules, &n_schedules, &map));
    TRY(load_slots(rq, schedules, n_schedules, &slots));
    struct dir_duty *all = ARENA_ARRAY(rq->a, slots.n, struct dir_duty);
    TRY_MEM(rq, all);
    uint32_t n = 0;
    for (uint32_t i = 0; i < slots.n; i++) {
        struct jv v = slots.v[i];
        struct instant from;
        struct instant to;
        struct str id = ref_id(rq, json_get(v, S("schedule")), S("Schedule"));
        uint32_t at = dir_map_find(&map, schedules, sizeof *schedules, id);
        if (at == DIR_NONE || schedules[at].service == DIR_NONE
            || schedules[at].person == DIR_NONE || !can_serve(d, &schedules[at])
            || !instant_parse(json_str(rq->a, json_get(v, S("start"))), &from)
            || !instant_parse(json_str(rq->a, json_get(v, S("end"))), &to)
            || to.ms < rq->now.ms - MS_DAY
            || json_is(json_get(v, S("status")), S("entered-in-error"))) {
            continue;
        }
        all[n++] = (struct dir_duty){schedules[at].service, schedules[at].person, from.ms, to.ms,
                                     slots.ids[i], dir_offered_to(rq, d, v),
                                     json_str(rq->a, json_get(v, S("comment")))};
    }
    sort_duties(all, n);
    d->duties = all;
    d->n_duties = n;
    return OK;
}

enum err directory_load(struct req *rq, const struct care *care, struct directory *ret_dir)
{
    ret_dir->maps = ARENA_NEW(rq->a, struct dir_maps);
    TRY_MEM(rq, ret_dir->maps);
    TRY(load_orgs(rq, care, ret_dir));
    TRY(load_services(rq, ret_dir));
    TRY(load_people(rq, care, ret_dir));
    return load_duties(rq, ret_dir);
}
