/* care/directory.c - the shared snapshot and the look-ups in it. */
#include "care/directory_int.h"

#include "os/clock.h"
#include "os/thread.h"

#define DIRECTORY_AGE_MS (10 * MS_MINUTE)

/* One reading of the directory, alive as long as a request uses it. */
struct dir_snap {
    struct directory d; /* FIRST */
    struct req rq;      /* its arena */
    uint32_t refs;
    int64_t read_ms; /* when */
    struct dir_box *box;
};

struct dir_box {
    struct os_mutex lock;
    struct dir_snap *now; /* NULL before the first reading */
    uint64_t epoch;       /* counts changes */
    uint32_t snaps;       /* alive: the box outlives them all */
    bool ended;           /* the program is done with it */
};

void directory_init(struct care *care)
{
    care->dir = os_alloc(1, sizeof(struct dir_box));
    os_mutex_init(&care->dir->lock);
    care->dir->epoch = 1;
}

static void box_free(struct dir_box *box)
{
    os_mutex_done(&box->lock);
    os_free(box);
}

static void snap_unref(void *p)
{
    struct dir_snap *s = p;
    struct dir_box *box = s->box;

    os_lock(&box->lock);
    bool last = --s->refs == 0;
    box->snaps -= last;
    bool box_last = last && box->ended && box->snaps == 0;
    os_unlock(&box->lock);
    if (last) {
        struct req own = s->rq;
        req_done(&own);
    }
    if (box_last) {
        box_free(box);
    }
}

void directory_done(struct care *care)
{
    struct dir_box *box = care->dir;

    care->dir = NULL;
    os_lock(&box->lock);
    struct dir_snap *now = box->now;
    box->now = NULL;
    box->ended = true;
    bool box_last = box->snaps == 0;
    os_unlock(&box->lock);
    if (now != NULL) {
        snap_unref(now);
    } else if (box_last) {
        box_free(box);
    }
}

void directory_changed(struct care *care)
{
    os_lock(&care->dir->lock);
    care->dir->epoch++;
    os_unlock(&care->dir->lock);
}

void directory_committed(struct care *care, const struct store_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (events[i].kind == EVENT_DIRECTORY) {
            directory_changed(care);
            return;
        }
    }
}

/* Reads the directory for the epoch and makes it the present one. */
static enum err renew(struct req *rq, struct care *care, uint64_t epoch)
{
    struct req own;

    req_init(&own, DIRECTORY_CAP, rq->now);
    own.app = rq->app;
    own.db = rq->db;
    struct dir_snap *s = ARENA_NEW(own.a, struct dir_snap);
    enum err e = s != NULL ? directory_load(&own, care, &s->d) : E_TOO_LARGE;
    if (e == OK && !arena_whole(own.a)) { /* somebody or something would be missing in it */
        e = E_TOO_LARGE;
    }
    if (e != OK) {
        e = FAIL(rq, e, "directory: %s", own.err.detail);
        req_done(&own);
        return e;
    }
    s->d.epoch = epoch;
    s->box = care->dir;
    s->refs = 1;
    s->read_ms = rq->now.ms;
    s->rq = own;
    s->rq.db = NULL;
    os_lock(&care->dir->lock);
    care->dir->snaps++;
    struct dir_snap *old = care->dir->now;
    if (old != NULL && old->d.epoch >= epoch) {
        old = s; /* another thread was faster */
    } else {
        care->dir->now = s;
    }
    os_unlock(&care->dir->lock);
    if (old != NULL) {
        snap_unref(old);
    }
    return OK;
}

enum err directory_get(struct req *rq, const struct directory **ret_dir)
{
    struct care *care = care_of(rq);
    struct dir_box *box = care->dir;

    os_lock(&box->lock);
    if (box->now != NULL && rq->now.ms - box->now->read_ms > DIRECTORY_AGE_MS) {
        box->epoch++; /* periods of roles begin and end without a commit */
    }
    uint64_t epoch = box->epoch;
    bool old = box->now == NULL || box->now->d.epoch < epoch;
    os_unlock(&box->lock);
    if (old) {
        TRY(renew(rq, care, epoch));
    }
    os_lock(&box->lock);
    struct dir_snap *s = box->now;
    s->refs++;
    os_unlock(&box->lock);
    if (!arena_defer(rq->a, snap_unref, s)) {
        snap_unref(s);
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_dir = &s->d;
    return OK;
}

bool dir_map_init(struct arena *a, uint32_t n, struct dir_map *ret_map)
{
    uint32_t size = 16;

    while (size < n * 2) {
        size *= 2;
    }
    ret_map->slots = ARENA_ARRAY(a, size, uint32_t);
    ret_map->mask = size - 1;
    return ret_map->slots != NULL;
}

void dir_map_add(struct dir_map *m, struct str id, uint32_t at)
{
    uint32_t i = str_hash(id) & m->mask;

    while (m->slots[i] != 0) {
        i = (i + 1) & m->mask;
    }
    m->slots[i] = at + 1;
}

uint32_t dir_map_find(const struct dir_map *m, const void *rows, size_t row_size, struct str id)
{
    for (uint32_t i = str_hash(id) & m->mask; m->slots[i] != 0; i = (i + 1) & m->mask) {
        uint32_t at = m->slots[i] - 1;
        const struct str *have = (const void *)((const char *)rows + at * row_size);
        if (str_eq(*have, id)) {
            return at;
        }
    }
    return DIR_NONE;
}

uint32_t dir_org_at(const struct directory *d, struct str id)
{
    return dir_map_find(&d->maps->orgs, d->orgs, sizeof *d->orgs, id);
}

uint32_t dir_service_at(const struct directory *d, struct str id)
{
    return dir_map_find(&d->maps->services, d->services, sizeof *d->services, id);
}

uint32_t dir_person_at(const struct directory *d, struct str id)
{
    return dir_map_find(&d->maps->people, d->people, sizeof *d->people, id);
}

const struct dir_org *dir_org(const struct directory *d, struct str id)
{
    uint32_t at = dir_org_at(d, id);
    return at == DIR_NONE ? NULL : &d->orgs[at];
}

const struct dir_service *dir_service(const struct directory *d, struct str id)
{
    uint32_t at = dir_service_at(d, id);
    return at == DIR_NONE ? NULL : &d->services[at];
}

const struct dir_person *dir_person(const struct directory *d, struct str id)
{
    uint32_t at = dir_person_at(d, id);
    return at == DIR_NONE ? NULL : &d->people[at];
}

struct str dir_org_name(const struct directory *d, struct str id)
{
    const struct dir_org *o = dir_org(d, id);
    return o != NULL ? o->name : id;
}

struct str dir_service_name(const struct directory *d, struct str id)
{
    const struct dir_service *s = dir_service(d, id);
    return s != NULL ? s->name : id;
}

struct str dir_person_name(const struct directory *d, struct str id)
{
    const struct dir_person *p = dir_person(d, id);
    return p != NULL ? p->name : id;
}

bool dir_service_has(const struct dir_service *s, struct str profile)
{
    for (uint32_t i = 0; i < s->n_profiles; i++) {
        if (str_eq(s->profiles[i], profile)) {
            return true;
        }
    }
    return false;
}

bool dir_person_has(const struct dir_person *p, uint32_t rights, struct str org)
{
    for (uint32_t i = 0; p != NULL && i < p->n_roles; i++) {
        if ((p->roles[i].rights & rights) && str_eq(p->roles[i].org, org)) {
            return true;
        }
    }
    return false;
}

static bool role_serves(const struct role_ref *r, struct str service)
{
    for (uint32_t i = 0; (r->rights & MAY_ANSWER) && i < r->n_services; i++) {
        if (str_eq(r->services[i], service)) {
            return true;
        }
    }
    return false;
}

bool dir_person_serves(const struct dir_person *p, struct str service)
{
    for (uint32_t i = 0; p != NULL && i < p->n_roles; i++) {
        if (role_serves(&p->roles[i], service)) {
            return true;
        }
    }
    return false;
}

bool dir_is_within(const struct directory *d, uint32_t org, uint32_t above)
{
    while (org != DIR_NONE && org != above) {
        org = d->orgs[org].parent;
    }
    return org != DIR_NONE;
}

uint32_t dir_distance(const struct directory *d, uint32_t a, uint32_t b)
{
    uint32_t steps = 0;

    while (a != b && a != DIR_NONE && b != DIR_NONE) {
        if (d->orgs[a].depth >= d->orgs[b].depth) {
            a = d->orgs[a].parent;
        } else {
            b = d->orgs[b].parent;
        }
        steps++;
    }
    return a == b && a != DIR_NONE ? steps : steps + 100;
}

uint32_t dir_centre_of(const struct directory *d, uint32_t org)
{
    for (uint32_t at = org; at != DIR_NONE; at = d->orgs[at].parent) {
        if (d->orgs[at].kind == ORG_CENTRE || d->orgs[at].kind == ORG_NATIONAL) {
            return at;
        }
    }
    return org;
}

uint32_t dir_on_duty(const struct directory *d, uint32_t service, struct instant t,
                     uint32_t *ret_people, uint32_t n)
{
    uint32_t got = 0;

    for (uint32_t i = 0; i < d->n_duties && got < n; i++) {
        const struct dir_duty *u = &d->duties[i];
        if (u->from_ms > t.ms) {
            break;
        }
        if (u->service != service || u->to_ms <= t.ms || !d->people[u->person].active) {
            continue;
        }
        bool again = false;
        for (uint32_t k = 0; k < got; k++) {
            again = again || ret_people[k] == u->person;
        }
        if (!again) {
            ret_people[got++] = u->person;
        }
    }
    return got;
}

static bool better(const struct dir_proposal *a, const struct dir_proposal *b, bool duty_first)
{
    bool duty_a = a->on_duty > 0;
    bool duty_b = b->on_duty > 0;

    if (duty_first && duty_a != duty_b) {
        return duty_a;
    }
    if (a->distance != b->distance) {
        return a->distance < b->distance;
    }
    return duty_a != duty_b ? duty_a : a->service < b->service;
}

uint32_t dir_propose(const struct directory *d, struct str asker_org, struct str profile,
                     bool duty_first, struct instant now, struct dir_proposal *ret_best, uint32_t n)
{
    uint32_t from = dir_org_at(d, asker_org);
    uint32_t got = 0;

    for (uint32_t i = 0; i < d->n_services && n > 0; i++) {
        const struct dir_service *s = &d->services[i];
        uint32_t people[16];
        if (!s->active || s->org == from || !dir_service_has(s, profile)) {
            continue;
        }
        struct dir_proposal p = {
            .service = i,
            .distance = from == DIR_NONE ? 100 : dir_distance(d, from, s->org),
            .on_duty = dir_on_duty(d, i, now, people, LEN(people)),
            .people = dir_people_of_service(d, s->id, people, LEN(people)),
        };
        if (got == n && !better(&p, &ret_best[n - 1], duty_first)) {
            continue;
        }
        uint32_t at = got < n ? got++ : n - 1;
        ret_best[at] = p;
        for (; at > 0 && better(&ret_best[at], &ret_best[at - 1], duty_first); at--) {
            struct dir_proposal swap = ret_best[at];
            ret_best[at] = ret_best[at - 1];
            ret_best[at - 1] = swap;
        }
    }
    return got;
}

uint32_t dir_people_of_org(const struct directory *d, struct str org, uint32_t rights,
                           uint32_t *ret_people, uint32_t n)
{
    uint32_t got = 0;

    for (uint32_t i = 0; i < d->n_people && got < n; i++) {
        if (d->people[i].active && dir_person_has(&d->people[i], rights, org)) {
            ret_people[got++] = i;
        }
    }
    return got;
}

uint32_t dir_people_of_service(const struct directory *d, struct str service,
                               uint32_t *ret_people, uint32_t n)
{
    uint32_t got = 0;

    for (uint32_t i = 0; i < d->n_people && got < n; i++) {
        if (d->people[i].active && dir_person_serves(&d->people[i], service)) {
            ret_people[got++] = i;
        }
    }
    return got;
}

uint64_t principal_person(const struct store *st, struct str person)
{
    return store_hash2(st, S("person"), person);
}

uint64_t principal_askers(const struct store *st, struct str org)
{
    return store_hash2(st, S("askers"), org);
}

uint64_t principal_registry(const struct store *st, struct str org)
{
    return store_hash2(st, S("registry"), org);
}

uint64_t principal_coordinators(const struct store *st, struct str org)
{
    return store_hash2(st, S("coordinators"), org);
}

uint64_t principal_heads(const struct store *st, struct str org)
{
    return store_hash2(st, S("heads"), org);
}

uint64_t principal_service(const struct store *st, struct str service)
{
    return store_hash2(st, S("service"), service);
}

uint64_t principal_patient(const struct store *st, struct str patient)
{
    return store_hash2(st, S("patient"), patient);
}
