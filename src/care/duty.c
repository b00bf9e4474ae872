/* care/duty.c - the roster of a service. See duty.h. */
#include "care/duty.h"

#include "care/directory_int.h"
#include "care/notice.h"
#include "care/put.h"
#include "codec/utf8.h"

enum { RES_MAX = 32 << 10, PLANNERS_MAX = 32 };

/* ---- who may ---- */

bool duty_may_plan(const struct req *rq, const struct directory *d, uint32_t service)
{
    const struct role_ref *r = who_role(rq->who);
    const struct dir_service *s = &d->services[service];

    if (who_may(rq->who, IS_SYSTEM)) {
        return true;
    }
    return r != NULL && (r->rights & (MAY_HEAD | MAY_COORDINATE))
           && (str_eq(r->org, d->orgs[s->org].id) || str_eq(r->org, d->orgs[s->centre].id));
}

/* Does the person who acts answer for the service in the role they act in? */
static bool serves(const struct req *rq, const struct directory *d, uint32_t service)
{
    const struct role_ref *r = who_role(rq->who);
    bool has = false;

    for (uint32_t i = 0; r != NULL && (r->rights & MAY_ANSWER) && i < r->n_services; i++) {
        has = has || str_eq(r->services[i], d->services[service].id);
    }
    return has;
}

bool duty_may_see(const struct req *rq, const struct directory *d, uint32_t service)
{
    return duty_may_plan(rq, d, service) || serves(rq, d, service);
}

/* ---- looking ---- */

const struct dir_duty *duty_turn(const struct directory *d, struct str slot, struct instant now)
{
    for (uint32_t i = 0; i < d->n_duties; i++) {
        const struct dir_duty *u = &d->duties[i];
        if (str_eq(u->slot, slot) && u->to_ms > now.ms && d->people[u->person].active) {
            return u;
        }
    }
    return NULL;
}

uint32_t duty_gaps(const struct directory *d, uint32_t service, struct instant from, struct instant to,
                   struct duty_gap *ret_gaps, uint32_t n)
{
    int64_t until = from.ms; /* somebody is on duty up to here: last, as far as is known */
    uint32_t last = DIR_NONE;
    uint32_t got = 0;

    for (uint32_t i = 0; i < d->n_duties && got < n; i++) { /* by from_ms */
        const struct dir_duty *u = &d->duties[i];
        if (u->service != service || u->to_ms <= from.ms || u->from_ms >= to.ms
            || !d->people[u->person].active) {
            continue;
        }
        int64_t begins = u->from_ms > from.ms ? u->from_ms : from.ms;
        int64_t ends = u->to_ms < to.ms ? u->to_ms : to.ms;
        if (begins > until) {
            ret_gaps[got++] = (struct duty_gap){until, begins, DIR_NONE, DIR_NONE};
        } else if (last != DIR_NONE && begins < until && last != u->person) {
            ret_gaps[got++] = (struct duty_gap){begins, ends < until ? ends : until, last, u->person};
        }
        if (ends > until || last == DIR_NONE) {
            until = ends;
            last = u->person;
        }
    }
    if (until < to.ms && got < n) {
        ret_gaps[got++] = (struct duty_gap){until, to.ms, DIR_NONE, DIR_NONE};
    }
    return got;
}

/* Has the person another turn for the service in the stretch? but: a Slot that does not count. */
static bool is_taken(const struct directory *d, uint32_t service, uint32_t person, struct duty_span in,
                     struct str but)
{
    for (uint32_t i = 0; i < d->n_duties; i++) {
        const struct dir_duty *u = &d->duties[i];
        if (u->service == service && u->person == person && u->from_ms < in.to_ms && u->to_ms > in.from_ms
            && !str_eq(u->slot, but)) {
            return true;
        }
    }
    return false;
}

/* ---- writing ---- */

/* What becomes of a Slot. */
struct change {
    int64_t to_ms;      /* its end */
    bool struck;        /* it never was */
    struct str offered; /* person; empty: nobody */
    struct str note;
};

/* Does the Slot still say what was decided upon? Somebody may have struck it out, withdrawn the offer or
 * accepted it since the directory was read. */
static bool is_same(struct req *rq, const struct directory *d, const struct dir_duty *u, struct jv slot)
{
    struct instant to;
    return !json_is(json_get(slot, S("status")), S("entered-in-error"))
           && instant_parse(json_str(rq->a, json_get(slot, S("end"))), &to) && to.ms == u->to_ms
           && dir_offered_to(rq, d, slot) == u->offered;
}

static enum err slot_put(struct req *rq, struct tx *tx, const struct directory *d, const struct dir_duty *u,
                         const struct change *c)
{
    struct res_row row;
    struct jv root;
    struct put p;
    struct str slot = u->slot;

    TRY(res_find(rq, T_SLOT, slot, &row, &root));
    if (row.rid == 0 || row.deleted) {
        return FAIL(rq, E_NOT_FOUND, "turn");
    }
    if (!is_same(rq, d, u, root)) {
        return FAIL(rq, E_STALE, "turn");
    }
    put_begin(&p, rq, tx, T_SLOT, slot, RES_MAX + row.body.n);
    p.expect = (int64_t)row.version;
    if (c->offered.n > 0) {
        json_k(&p.o, S("extension"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("url"), S(EXT_DUTY_OFFERED));
        put_ref(&p.o, S("valueReference"), T_PRACTITIONER, c->offered);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    json_kv(&p.o, S("schedule"), json_get(root, S("schedule")));
    json_ks(&p.o, S("status"), c->struck ? S("entered-in-error") : S("free"));
    json_kv(&p.o, S("start"), json_get(root, S("start")));
    put_instant(&p.o, S("end"), (struct instant){c->to_ms});
    if (c->note.n > 0) {
        json_ks(&p.o, S("comment"), c->note);
    }
    TRY(put_end(&p));
    struct audit_rec rec = {.action = AUDIT_UPDATE, .why = WHY_DIRECTORY, .type = T_SLOT, .id = slot,
                            .detail = c->struck           ? S("duty struck")
                                      : c->offered.n > 0  ? S("duty offered")
                                      : c->to_ms < u->to_ms ? S("duty shortened")
                                                            : S("offer of duty ended")};
    return audit_add(rq, &rec);
}

/* A turn gives away what is left of it: it ends now, or never was. */
static enum err slot_end(struct req *rq, struct tx *tx, const struct directory *d, const struct dir_duty *u)
{
    bool runs = u->from_ms < rq->now.ms;
    const struct change c = {.to_ms = runs ? rq->now.ms : u->to_ms, .struck = !runs};
    return slot_put(rq, tx, d, u, &c);
}

static enum err tell(struct req *rq, struct tx *tx, const struct directory *d, uint32_t person,
                     enum notice_kind kind, uint32_t service)
{
    if (str_eq(d->people[person].id, rq->who->person)) {
        return OK;
    }
    return notice_tell(rq, tx, d->people[person].id, kind, d->services[service].id);
}

/* ---- planning ---- */

static enum err service_at(struct req *rq, const struct directory *d, struct str id,
    uint32_t *ret_service)
{
    uint32_t at = dir_service_at(d, id);
    if (at == DIR_NONE || !d->services[at].active) {
        return FAIL(rq, E_NOT_FOUND, "service");
    }
    *ret_service = at;
    return OK;
}

void duty_days(const struct zone *zone, int64_t day, int from_min, int to_min, struct duty_span *ret_turns,
               uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        ret_turns[i].from_ms = zone_minute(zone, day + i, from_min);
        ret_turns[i].to_ms = zone_minute(zone, day + i + (to_min <= from_min), to_min);
    }
}

enum err duty_plan(struct req *rq, struct tx *tx, struct str service, struct str person,
                   const struct duty_span *turns, uint32_t n)
{
    const struct directory *d = NULL;
    uint32_t s = 0;

    TRY(directory_get(rq, &d));
    TRY(service_at(rq, d, service, &s));
    if (!duty_may_plan(rq, d, s)) {
        return FAIL(rq, E_FORBIDDEN, "roster");
    }
    uint32_t p = dir_person_at(d, person);
    if (p == DIR_NONE || !d->people[p].active || !dir_person_serves(&d->people[p], service)) {
        return FAIL(rq, E_BAD_INPUT, "person");
    }
    if (n == 0 || n > DUTY_DAYS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "days");
    }
    for (uint32_t i = 0; i < n; i++) {
        if (turns[i].to_ms <= turns[i].from_ms || turns[i].to_ms - turns[i].from_ms > DUTY_TURN_MS) {
            return FAIL(rq, E_BAD_INPUT, "to");
        }
        if (turns[i].to_ms <= rq->now.ms) {
            return FAIL(rq, E_BAD_INPUT, "from");
        }
        if (i > 0 && turns[i].from_ms < turns[i - 1].to_ms) {
            return FAIL(rq, E_BAD_INPUT, "days");
        }
        if (is_taken(d, s, p, turns[i], S(""))) {
            return FAIL(rq, E_CONFLICT, "turn");
        }
    }
    TRY(duty_add_turns(rq, tx, service, person, turns, n));
    return tell(rq, tx, d, p, NOTICE_DUTY_CHANGED, s);
}

enum err duty_take(struct req *rq, struct tx *tx, struct str service, struct instant to)
{
    const struct directory *d = NULL;
    const struct duty_span turn = {rq->now.ms, to.ms};
    uint32_t s = 0;

    TRY(directory_get(rq, &d));
    TRY(service_at(rq, d, service, &s));
    if (!serves(rq, d, s)) {
        return FAIL(rq, E_FORBIDDEN, "roster");
    }
    if (to.ms <= rq->now.ms || to.ms - rq->now.ms > DUTY_TURN_MS) {
        return FAIL(rq, E_BAD_INPUT, "to");
    }
    if (is_taken(d, s, dir_person_at(d, rq->who->person), turn, S(""))) {
        return FAIL(rq, E_CONFLICT, "turn");
    }
    return duty_add_turns(rq, tx, service, rq->who->person, &turn, 1);
}

enum err duty_strike(struct req *rq, struct tx *tx, struct str slot)
{
    const struct directory *d = NULL;

    TRY(directory_get(rq, &d));
    const struct dir_duty *u = duty_turn(d, slot, rq->now);
    if (u == NULL) {
        return FAIL(rq, E_NOT_FOUND, "turn");
    }
    if (!duty_may_plan(rq, d, u->service)) {
        return FAIL(rq, E_FORBIDDEN, "roster");
    }
    TRY(slot_end(rq, tx, d, u));
    return tell(rq, tx, d, u->person, NOTICE_DUTY_CHANGED, u->service);
}

/* ---- handing over ---- */

static bool is_self(const struct req *rq, const struct directory *d, uint32_t person)
{
    return person != DIR_NONE && rq->who != NULL && str_eq(d->people[person].id, rq->who->person);
}

/* Somebody who can take it: of the service, and not the giver. */
static uint32_t colleague(const struct directory *d, uint32_t service, uint32_t giver, struct str person)
{
    uint32_t p = dir_person_at(d, person);
    bool can = p != DIR_NONE && p != giver && d->people[p].active
               && dir_person_serves(&d->people[p], d->services[service].id);
    return can ? p : DIR_NONE;
}

enum err duty_offer(struct req *rq, struct tx *tx, struct str slot, struct str person, struct str note)
{
    const struct directory *d = NULL;

    TRY(directory_get(rq, &d));
    const struct dir_duty *u = duty_turn(d, slot, rq->now);
    if (u == NULL) {
        return FAIL(rq, E_NOT_FOUND, "turn");
    }
    if (!is_self(rq, d, u->person)) {
        return FAIL(rq, E_FORBIDDEN, "turn");
    }
    uint32_t to = colleague(d, u->service, u->person, person);
    if (to == DIR_NONE) {
        return FAIL(rq, E_BAD_INPUT, "person");
    }
    if (note.n > DUTY_NOTE_MAX || !utf8_is_valid(note)) {
        return FAIL(rq, E_BAD_INPUT, "note");
    }
    const struct change c = {.to_ms = u->to_ms, .offered = d->people[to].id, .note = note};
    TRY(slot_put(rq, tx, d, u, &c));
    return tell(rq, tx, d, to, NOTICE_DUTY_OFFERED, u->service);
}

enum err duty_answer(struct req *rq, struct tx *tx, struct str slot, enum duty_answer answer)
{
    const struct directory *d = NULL;

    TRY(directory_get(rq, &d));
    const struct dir_duty *u = duty_turn(d, slot, rq->now);
    if (u == NULL || u->offered == DIR_NONE
        || !is_self(rq, d, answer == DUTY_WITHDRAW ? u->person : u->offered)) {
        return FAIL(rq, E_NOT_FOUND, "offer");
    }
    if (answer != DUTY_ACCEPT) {
        const struct change c = {.to_ms = u->to_ms};
        TRY(slot_put(rq, tx, d, u, &c));
        return answer == DUTY_WITHDRAW ? OK : tell(rq, tx, d, u->person, NOTICE_DUTY_ANSWERED,
            u->service);
    }
    const struct duty_span rest = {u->from_ms > rq->now.ms ? u->from_ms : rq->now.ms, u->to_ms};
    if (!serves(rq, d, u->service)) {
        return FAIL(rq, E_NOT_FOUND, "offer");
    }
    if (is_taken(d, u->service, u->offered, rest, slot)) {
        return FAIL(rq, E_CONFLICT, "turn");
    }
    TRY(slot_end(rq, tx, d, u));
    TRY(duty_add_turns(rq, tx, d->services[u->service].id, rq->who->person, &rest, 1));
    return tell(rq, tx, d, u->person, NOTICE_DUTY_ANSWERED, u->service);
}

/* ---- a substitute ---- */

/* The parts of a turn outside the period stay the person's, the part inside goes. */
static enum err cut_out(struct req *rq, struct tx *tx, const struct directory *d, const struct dir_duty *u,
                        struct duty_span in, struct duty_span *ret_part, struct duty_span *ret_after)
{
    int64_t now = u->from_ms > rq->now.ms ? u->from_ms : rq->now.ms;
    int64_t from = in.from_ms > now ? in.from_ms : now;
    int64_t to = in.to_ms < u->to_ms ? in.to_ms : u->to_ms;
    const struct change c = {.to_ms = from > u->from_ms ? from : u->to_ms, .struck = from == u->from_ms};

    *ret_part = (struct duty_span){from, to};
    *ret_after = (struct duty_span){to, u->to_ms};
    return slot_put(rq, tx, d, u, &c);
}

static enum err move_turns(struct req *rq, struct tx *tx, const struct directory *d,
                           const uint32_t *which, uint32_t n, struct duty_span in, uint32_t substitute)
{
    const struct dir_duty *first = &d->duties[which[0]];
    struct duty_span *parts = ARENA_ARRAY(rq->a, n, struct duty_span);
    struct duty_span *rests = ARENA_ARRAY(rq->a, n, struct duty_span);
    struct str service = d->services[first->service].id;
    uint32_t n_rests = 0;

    TRY_MEM(rq, parts);
    TRY_MEM(rq, rests);
    for (uint32_t i = 0; i < n; i++) {
        struct duty_span after;
        TRY(cut_out(rq, tx, d, &d->duties[which[i]], in, &parts[i], &after));
        if (is_taken(d, first->service, substitute, parts[i], S(""))) {
            return FAIL(rq, E_CONFLICT, "substitute");
        }
        if (after.to_ms > after.from_ms) {
            rests[n_rests++] = after;
        }
    }
    if (n_rests > 0) {
        TRY(duty_add_turns(rq, tx, service, d->people[first->person].id, rests, n_rests));
    }
    TRY(duty_add_turns(rq, tx, service, d->people[substitute].id, parts, n));
    TRY(tell(rq, tx, d, first->person, NOTICE_DUTY_CHANGED, first->service));
    return tell(rq, tx, d, substitute, NOTICE_DUTY_CHANGED, first->service);
}

enum err duty_substitute(struct req *rq, struct tx *tx, struct str service, struct str person,
                         struct duty_span period, struct str substitute, uint32_t *ret_n)
{
    const struct directory *d = NULL;
    uint32_t *which = ARENA_ARRAY(rq->a, DUTY_TURNS_MAX, uint32_t);
    uint32_t n = 0;
    uint32_t s = 0;

    TRY_MEM(rq, which);
    TRY(directory_get(rq, &d));
    TRY(service_at(rq, d, service, &s));
    uint32_t p = dir_person_at(d, person);
    uint32_t to = p != DIR_NONE ? colleague(d, s, p, substitute) : DIR_NONE;
    bool plans = duty_may_plan(rq, d, s);
    if (!plans && !(is_self(rq, d, p) && serves(rq, d, s))) {
        return FAIL(rq, E_FORBIDDEN, "roster");
    }
    if (to == DIR_NONE) {
        return FAIL(rq, E_BAD_INPUT, "substitute");
    }
    if (period.to_ms <= period.from_ms || period.to_ms <= rq->now.ms) {
        return FAIL(rq, E_BAD_INPUT, "to");
    }
    for (uint32_t i = 0; i < d->n_duties && n < DUTY_TURNS_MAX; i++) {
        const struct dir_duty *u = &d->duties[i];
        if (u->service == s && u->person == p && u->to_ms > rq->now.ms && u->from_ms < period.to_ms
            && u->to_ms > period.from_ms) {
            which[n++] = i;
        }
    }
    if (n == 0) {
        return FAIL(rq, E_NOT_FOUND, "turns");
    }
    *ret_n = n;
    if (plans) {
        return move_turns(rq, tx, d, which, n, period, to);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct dir_duty *u = &d->duties[which[i]];
        const struct change c = {.to_ms = u->to_ms, .offered = d->people[to].id};
        TRY(slot_put(rq, tx, d, u, &c));
    }
    return tell(rq, tx, d, to, NOTICE_DUTY_OFFERED, s);
}

/* ---- somebody leaves ---- */

static enum err tell_planners(struct req *rq, struct tx *tx, const struct directory *d, uint32_t service)
{
    const uint32_t orgs[] = {d->services[service].org, d->services[service].centre};
    uint32_t people[PLANNERS_MAX];

    for (size_t k = 0; k < LEN(orgs) && (k == 0 || orgs[1] != orgs[0]); k++) {
        uint32_t n = dir_people_of_org(d, d->orgs[orgs[k]].id, MAY_HEAD | MAY_COORDINATE, people,
                                       PLANNERS_MAX);
        for (uint32_t i = 0; i < n; i++) {
            TRY(tell(rq, tx, d, people[i], NOTICE_DUTY_GAP, service));
        }
    }
    return OK;
}

/* Has the person turns of a service that run or are to come? */
static bool is_planned(const struct directory *d, uint32_t service, uint32_t person, struct instant now)
{
    bool planned = false;
    for (uint32_t i = 0; i < d->n_duties && !planned; i++) {
        const struct dir_duty *u = &d->duties[i];
        planned = u->service == service && u->person == person && u->to_ms > now.ms;
    }
    return planned;
}

enum err duty_left(struct req *rq, struct tx *tx, const struct directory *d, uint32_t person)
{
    for (uint32_t s = 0; s < d->n_services; s++) {
        if (is_planned(d, s, person, rq->now)) {
            TRY(tell_planners(rq, tx, d, s));
        }
    }
    return OK;
}

enum err duty_role_left(struct req *rq, struct tx *tx, const struct directory *d, uint32_t person,
                        struct str role, const struct str *kept, uint32_t n)
{
    struct dir_person others = person != DIR_NONE ? d->people[person] : (struct dir_person){.n_roles = 0};
    struct role_ref *rest = ARENA_ARRAY(rq->a, others.n_roles + 1, struct role_ref);
    uint32_t n_rest = 0;
    TRY_MEM(rq, rest);
    for (uint32_t i = 0; i < others.n_roles; i++) {
        bool ends = str_eq(others.roles[i].id, role);
        if (!ends || n > 0) {
            rest[n_rest] = others.roles[i];
            rest[n_rest].services = ends ? kept : others.roles[i].services;
            rest[n_rest].n_services = ends ? n : others.roles[i].n_services;
            n_rest++;
        }
    }
    others.roles = rest;
    others.n_roles = n_rest;
    for (uint32_t s = 0; person != DIR_NONE && s < d->n_services; s++) {
        if (is_planned(d, s, person, rq->now) && !dir_person_serves(&others, d->services[s].id)) {
            TRY(tell_planners(rq, tx, d, s));
        }
    }
    return OK;
}
