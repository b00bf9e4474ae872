/* care/provider_roles.c - an identity provider says which roles a person has. See provider_int.h. */
#include "care/provider_int.h"

#include "base/instant.h"
#include "care/account_int.h"
#include "care/content.h"
#include "care/directory_int.h"
#include "care/directory_write.h"
#include "care/duty.h"
#include "care/provider_map.h"
#include "care/put.h"
#include "fhir/param.h"
#include "os/log.h"
#include "store/db.h"
#include "store/tx.h"

enum { HELD_MAX = 500 }; /* roles of one person, ended ones too */

/* ---- what the token says ---- */

static enum err add_value(struct req *rq, struct jv v, struct str *values, uint32_t *n)
{
    struct str s = json_str(rq->a, v);
    if (json_kind(v) != JSON_STRING || s.p == NULL) {
        return FAIL(rq, E_UNPROCESSED, "token: a value of the roles' claim is no text");
    }
    values[(*n)++] = s;
    return OK;
}

enum err provider_roles_read(struct req *rq, struct jv claims, struct provider_person *person)
{
    const struct provider_settings *p = &care_of(rq)->provider;
    struct jv claim = json_get(claims, p->roles_claim); /* "https://id.example/roles" is one name */
    if (p->map == NULL) {
        return OK;
    }
    if (!json_has(claim)) {
        claim = json_path(claims, p->roles_claim);
    }
    if (!json_has(claim)) {
        return OK;
    }
    bool list = json_kind(claim) == JSON_ARRAY;
    uint32_t most = list ? json_len(claim) : 1;
    if (most > PROVIDER_VALUES_MAX) {
        return FAIL(rq, E_UNPROCESSED, "token: the roles' claim has more than 1000 values");
    }
    struct str *values = ARENA_ARRAY(rq->a, most, struct str);
    uint32_t n = 0;
    TRY_MEM(rq, values);
    if (!list) {
        TRY(add_value(rq, claim, values, &n));
    }
    for (struct jv v = json_first(claim); list && json_has(v); v = json_next(v)) {
        TRY(add_value(rq, v, values, &n));
    }
    person->says_roles = true;
    person->roles = values;
    person->n_roles = n;
    return OK;
}

/* ---- what the person has ---- */

struct held {
    struct str id, code, org;
    const struct str *services;
    uint32_t n_services;
    uint64_t version;
    bool given; /* by a provider */
    bool holds; /* now */
    bool open;  /* neither ended nor past its period: now, or from a day on */
    bool named; /* by the token */
};
struct all_held {
    struct held *v;
    uint32_t n;
    uint64_t print; /* of ids and versions: differs when one was written */
};

static enum err read_held(struct req *rq, const struct res_row *row, struct jv v, struct held *h)
{
    struct jv list = json_get(v, S("healthcareService"));
    struct str *services = ARENA_ARRAY(rq->a, json_len(list) + 1, struct str);
    TRY_MEM(rq, services);
    *h = (struct held){.id = row->id,
                       .code = json_str(rq->a, json_path(v, S("code.0.coding.0.code"))),
                       .org = ref_get(rq, json_get(v, S("organization")), T_ORGANIZATION),
                       .services = services,
                       .version = row->version,
                       .open = json_kind(json_get(v, S("active"))) != JSON_FALSE};
    for (struct jv s = json_first(list); json_has(s); s = json_next(s)) {
        services[h->n_services++] = ref_get(rq, s, T_HEALTHCARE_SERVICE);
    }
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        h->given = h->given || json_is(json_get(e, S("url")), S(EXT_ROLE_GIVEN_BY));
    }
    h->holds = h->open && dir_period_holds(rq, json_get(v, S("period")));
    return OK;
}

static enum err held_load(struct req *rq, struct str person, struct all_held *ret_all)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct fhir_param *of = fhir_param_find(T_PRACTITIONER_ROLE, S("practitioner"));
    struct all_held all = {.v = ARENA_ARRAY(rq->a, HELD_MAX, struct held)};
    struct hit hit;
    int64_t rid = 0;
    TRY_MEM(rq, all.v);
    TRY(db_rid(rq, T_PRACTITIONER, person, &rid));
    TRY(list_ref(rq, of->sp, rid, LIST_NEWEST, &l));
    while (list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        if (row.deleted) {
            continue;
        }
        if (all.n == HELD_MAX) {
            return FAIL(rq, E_TOO_LARGE, "roles: more than 500 of one person");
        }
        TRY(read_held(rq, &row, v, &all.v[all.n++]));
        all.print = all.print * 31 + (uint64_t)row.rid * 1000003 + row.version;
    }
    TRY(list_err(rq, l));
    *ret_all = all;
    return OK;
}

/* What has to hold still when the roles are written. */
struct seen {
    struct str person;
    uint64_t print;
};

/* On the writer's thread: two sign-ins at once, or an administrator at the same moment. */
static enum err still_so(struct req *rq, void *ctx)
{
    const struct seen *s = ctx;
    struct all_held now = {.n = 0};
    TRY(held_load(rq, s->person, &now));
    return now.print == s->print ? OK : FAIL(rq, E_STALE, "roles: changed meanwhile");
}

/* ---- what the values stand for ---- */

struct wanted {
    const struct provider_line *line;
    struct str org;
    struct str services[PROVIDER_SERVICES_MAX];
};
struct all_wanted {
    struct wanted v[PROVIDER_ROLES_MAX];
    uint32_t n;
};

static bool has_all(const struct str *all, uint32_t n, const struct str *part, uint32_t n_part)
{
    for (uint32_t i = 0; i < n_part; i++) {
        bool has = false;
        for (uint32_t k = 0; k < n; k++) {
            has = has || str_eq(all[k], part[i]);
        }
        if (!has) {
            return false;
        }
    }
    return true;
}

static bool is_same(const struct held *h, const struct wanted *w)
{
    return str_eq(h->code, w->line->role) && str_eq(h->org, w->org) && h->n_services == w->line->n_services
           && has_all(h->services, h->n_services, w->services, w->line->n_services);
}

/* Does a role that somebody gave by hand hold all that is wanted? */
static bool covers(const struct held *h, const struct wanted *w)
{
    return !h->given && h->holds && str_eq(h->code, w->line->role) && str_eq(h->org, w->org)
           && has_all(h->services, h->n_services, w->services, w->line->n_services);
}

static bool is_named(const struct provider_person *person, struct str value)
{
    for (uint32_t i = 0; i < person->n_roles; i++) {
        if (str_eq(person->roles[i], value)) {
            return true;
        }
    }
    return false;
}

static bool stands_there(const struct all_wanted *all, const struct wanted *w)
{
    for (uint32_t i = 0; i < all->n; i++) {
        const struct wanted *o = &all->v[i];
        if (str_eq(o->line->role, w->line->role) && str_eq(o->org, w->org)
            && o->line->n_services == w->line->n_services
            && has_all(o->services, o->line->n_services, w->services, w->line->n_services)) {
            return true;
        }
    }
    return false;
}

/* Lines whose organisation or service is closed give nothing. */
static enum err wanted_of(struct req *rq, const struct directory *d, const struct provider_person *person,
                          struct all_wanted *all)
{
    const struct provider_map *map = care_of(rq)->provider.map;
    for (uint32_t i = 0; i < map->n; i++) {
        struct wanted w = {.line = &map->lines[i]};
        uint32_t org = 0;
        if (!is_named(person, w.line->value) || content_role(care_of(rq)->content, w.line->role) == NULL
            || !provider_line_place(d, w.line, &org, w.services)) {
            continue;
        }
        w.org = d->orgs[org].id;
        if (stands_there(all, &w)) {
            continue;
        }
        if (all->n == PROVIDER_ROLES_MAX) {
            return FAIL(rq, E_UNPROCESSED, "token: its values stand for more than 32 roles");
        }
        all->v[all->n++] = w;
    }
    return OK;
}

/* ---- from the one to the other ---- */

/* All that a change works on. */
struct change {
    struct req *rq;
    struct tx *tx;
    struct str person;
    struct all_held held;
    struct role_ref *after; /* in force when it is done */
    uint32_t n_after;
    struct str *kept; /* services that what the token names answers for */
    uint32_t n_kept;
    bool any; /* is anything written? */
};

static void in_force(struct change *c, struct str id, struct str code, struct str org)
{
    const struct role *role = content_role(care_of(c->rq)->content, code);
    c->after[c->n_after++] = (struct role_ref){.id = id,
                                               .code = code,
                                               .org = org,
                                               .rights = role != NULL ? role->rights : 0,
                                               .factor = role != NULL && role->factor};
}

static enum err give(struct change *c, const struct wanted *w)
{
    struct req *rq = c->rq;
    const struct zone *zone = &care_of(rq)->zone;
    struct role_new role = {.person = c->person, .org = w->org, .code = w->line->role,
                            .services = w->services, .n_services = w->line->n_services,
                            .given_by = care_of(rq)->provider.issuer};
    struct held *before = NULL; /* it gave it once: the same goes on */
    bool by_hand = false;
    for (uint32_t i = 0; i < w->line->n_services; i++) {
        c->kept[c->n_kept++] = w->services[i];
    }
    struct buf from;
    struct str id = {0};
    for (uint32_t i = 0; i < c->held.n; i++) {
        struct held *h = &c->held.v[i];
        by_hand = by_hand || covers(h, w);
        if (h->given && is_same(h, w) && (before == NULL || (h->holds && !before->holds))) {
            before = h;
        }
    }
    if (before != NULL && before->holds) {
        before->named = true;
        return OK;
    }
    if (by_hand) {
        return OK;
    }
    if (before != NULL) {
        before->named = true;
        role.id = before->id;
        role.again = before->version;
    }
    buf_init(&from, rq->a, 40);
    instant_write(&from, (struct instant){zone_midnight(zone, zone_day(zone, rq->now.ms))});
    role.from = buf_get(&from);
    TRY(role_add(rq, c->tx, &role, &id));
    c->any = true;
    in_force(c, id, role.code, role.org);
    return OK;
}

/* Those named no more end, as any role does: care/dismiss.h. */
static enum err take(struct change *c, const struct directory *d)
{
    struct req *rq = c->rq;
    uint32_t person = dir_person_at(d, c->person);
    for (uint32_t i = 0; i < c->held.n; i++) {
        struct held *h = &c->held.v[i];
        if (h->given && h->open && !h->named) {
            TRY(role_end_by(rq, c->tx, h->id, care_of(rq)->provider.issuer));
            TRY(duty_role_left(rq, c->tx, d, person, h->id, c->kept, c->n_kept));
            c->any = true;
        } else if (h->holds) {
            in_force(c, h->id, h->code, h->org);
        }
    }
    return OK;
}

/* What was looked at has to be so still; nobody who left meanwhile is given anything. */
static enum err guard(struct change *c)
{
    struct req *rq = c->rq;
    struct seen *s = ARENA_NEW(rq->a, struct seen);
    struct res_row row;
    TRY_MEM(rq, s);
    *s = (struct seen){c->person, c->held.print};
    TRY(db_head(rq, T_PRACTITIONER, c->person, &row));
    TRY(tx_require_version(c->tx, T_PRACTITIONER, c->person, row.version));
    return tx_require(c->tx, T_PRACTITIONER_ROLE, 0, still_so, s);
}

/* The administrators read of it in the log, and of the last time by the doctor. */
static enum err tell_missing(struct req *rq, struct tx *tx, bool missing)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct buf b;
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(S(PROVIDER_SILENT_KEY)));
    bool told = e == OK && db_peek(&q, 0).n > 1;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
    } else {
        TRY(e);
    }
    if (missing) {
        LOG(LOG_PROVIDER_ROLES, log_u64(rq->id));
    }
    if (missing == told) {
        return OK;
    }
    buf_init(&b, rq->a, 24);
    buf_i64(&b, missing ? rq->now.ms : 0);
    TRY_MEM(rq, buf_get(&b).p);
    struct str since = arena_str(rq->a, buf_get(&b));
    TRY_MEM(rq, since.p);
    return TX_SQL(tx, W_SETTING, 0, sql_text(S(PROVIDER_SILENT_KEY)), sql_blob(since));
}

static enum err change_roles(struct change *c, const struct directory *d,
                             const struct provider_person *person)
{
    struct all_wanted *wanted = ARENA_NEW(c->rq->a, struct all_wanted);
    TRY_MEM(c->rq, wanted);
    TRY(wanted_of(c->rq, d, person, wanted));
    for (uint32_t i = 0; i < wanted->n; i++) {
        TRY(give(c, &wanted->v[i]));
    }
    return OK;
}

enum err provider_roles_put(struct req *rq, struct tx *tx, const struct provider_person *person,
                            struct who **ret_who, struct str *ret_role)
{
    const struct directory *d = NULL;
    struct change c = {.rq = rq, .tx = tx, .person = rq->who->person};
    struct who *who = ARENA_NEW(rq->a, struct who);
    TRY_MEM(rq, who);
    TRY(directory_get(rq, &d));
    TRY(held_load(rq, c.person, &c.held));
    c.after = ARENA_ARRAY(rq->a, c.held.n + PROVIDER_ROLES_MAX, struct role_ref);
    c.kept = ARENA_ARRAY(rq->a, PROVIDER_ROLES_MAX * PROVIDER_SERVICES_MAX, struct str);
    TRY_MEM(rq, c.after);
    TRY_MEM(rq, c.kept);
    for (uint32_t i = 0; i < c.held.n && !person->says_roles; i++) {
        c.held.v[i].named = true; /* as it is */
    }
    if (person->says_roles) {
        TRY(change_roles(&c, d, person));
    }
    TRY(take(&c, d));
    TRY(tell_missing(rq, tx, !person->says_roles));
    if (c.any) {
        TRY(guard(&c));
    }
    if (c.n_after == 0) {
        return FAIL(rq, E_GONE, "no role in force");
    }
    *who = *rq->who;
    who->roles = c.after;
    who->n_roles = c.n_after;
    who->active = 0;
    who->rights = c.after[0].rights;
    who->audit.role = c.after[0].code;
    who->audit.org = c.after[0].org;
    *ret_who = who;
    *ret_role = c.n_after == 1 ? c.after[0].id : (struct str){0};
    return OK;
}
