/* care/sight_why.c - why somebody is in a team, by the facts of the case; who sees without being in one. */
#include "care/sight_int.h"

#include "care/client.h"
#include "care/grant_int.h"

enum { CLIENTS_MAX = 200, MEMBERS_MAX = 200, TOKENS_MAX = 50 };

/* Since when a person takes part in a consilium about the case; 0: in none. */
static enum err consilium_since(struct req *rq, struct str case_id, struct str person, int64_t *ret_ms)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    int64_t since = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_CONSILIUM_MEMBERS_OF_CASE, sql_text(case_id), sql_i64(MEMBERS_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has && since == 0) {
        since = str_eq(db_peek(&q, 0), person) ? db_i64(&q, 1) : 0;
        TRY(db_next(rq, &q, &has));
    }
    *ret_ms = since;
    return OK;
}

static enum err person_in_case(struct req *rq, const struct case_row *row, struct str person,
                               struct sight_reason *r)
{
    int64_t since = 0;
    struct instant until;

    if (str_eq(person, row->asker)) {
        r->why = SIGHT_ASKS;
        return OK;
    }
    if (str_eq(person, row->consultant)) {
        r->why = SIGHT_ANSWERS;
        r->since.ms = row->accepted_ms > 0 ? row->accepted_ms : r->since.ms;
        return OK;
    }
    TRY(access_glass_until(rq, row->id, person, &until));
    if (until.ms != 0) {
        r->why = SIGHT_GLASS;
        r->until = until;
        r->since = (struct instant){0};
        return OK;
    }
    TRY(consilium_since(rq, row->id, person, &since));
    r->why = since != 0 ? SIGHT_CONSILIUM : SIGHT_TOOK_PART;
    r->since.ms = since;
    return OK;
}

/* The side of the case a group is of. */
static enum sight_why side_of(const struct case_row *row, enum sight_kind kind, struct str id)
{
    bool heads = kind == SIGHT_HEADS;
    if ((heads || kind == SIGHT_ASKERS || kind == SIGHT_REGISTRY) && str_eq(id, row->asker_org)) {
        return SIGHT_ASKS;
    }
    if ((heads && str_eq(id, row->answer_org)) || (kind == SIGHT_SERVICE && str_eq(id, row->service))) {
        return SIGHT_ANSWERS;
    }
    if ((heads || kind == SIGHT_COORDINATORS) && str_eq(id, row->centre_org)) {
        return SIGHT_ROUTES;
    }
    return SIGHT_TOOK_PART;
}

enum err sight_reason_of(struct req *rq, const struct sight_anchors *all, uint32_t at,
                         enum sight_kind kind, struct str id, struct sight_reason *ret_reason)
{
    const struct sight_anchor *a = &all->all[at];
    struct sight_reason r = {.case_id = a->case_id, .since = {a->since_ms}};

    if (at == 0) {
        bool keeps = (kind == SIGHT_REGISTRY || kind == SIGHT_ASKERS) && str_eq(id, all->registered);
        r.why = keeps                                            ? SIGHT_REGISTERED
                : kind == SIGHT_PERSON || kind == SIGHT_REGISTRY ? SIGHT_RECEIVES
                                                                 : SIGHT_TOOK_PART;
    } else if (a->is_item) {
        r.why = SIGHT_CONSILIUM;
    } else if (!a->is_case) {
        r.why = SIGHT_RECEIVES;
    } else if (kind == SIGHT_PERSON) {
        TRY(person_in_case(rq, &a->row, id, &r));
    } else {
        r.why = side_of(&a->row, kind, id);
    }
    *ret_reason = r;
    return OK;
}

/* ---- who is in no team ---- */

static enum err set_ties(struct req *rq, struct sight *s)
{
    struct patient_tie *ties = ARENA_ARRAY(rq->a, TIES_MAX, struct patient_tie);
    uint32_t all = 0;
    uint32_t n = 0;

    TRY_MEM(rq, ties);
    TRY(patient_ties_to(rq, s->patient, ties, &all));
    for (uint32_t i = 0; i < all; i++) {
        if (patient_tie_holds(&ties[i], rq->now)) {
            ties[n++] = ties[i];
        }
    }
    s->ties = ties;
    s->n_ties = n;
    return OK;
}

static enum err set_shares(struct req *rq, const struct sight_anchors *all, struct sight *s)
{
    struct share *of_case = ARENA_ARRAY(rq->a, SHARES_MAX, struct share);
    struct share *open = ARENA_ARRAY(rq->a, SIGHT_SHARES_MAX, struct share);
    uint32_t n = 0;

    TRY_MEM(rq, of_case);
    TRY_MEM(rq, open);
    for (uint32_t i = 1; i < all->n; i++) {
        uint32_t got = 0;
        if (!all->all[i].is_case || !all->all[i].open) {
            continue;
        }
        TRY(share_list(rq, all->all[i].row.id, of_case, &got));
        for (uint32_t k = 0; k < got && n < SIGHT_SHARES_MAX; k++) {
            if (share_is_open(&of_case[k], rq->now)) {
                open[n++] = of_case[k];
            }
        }
    }
    s->shares = open;
    s->n_shares = n;
    return OK;
}

/* An application that acts without people: the same question the plan of its searches asks. */
static enum err client_sees(struct req *rq, const struct sight_anchors *all, const struct client *c,
                            bool *ret_sees, bool *ret_all)
{
    const struct who *w = NULL;
    bool in = false;
    enum err e = grant_client_who(rq, c, &w);

    *ret_sees = *ret_all = false;
    if (e == E_SIGN_IN) { /* its organisation has ended */
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *ret_all = who_may(w, IS_SYSTEM);
    for (uint32_t i = 0; !*ret_all && !in && i < all->n; i++) {
        TRY(db_team_has(rq, all->all[i].rid, w->principals, w->n_principals, &in));
    }
    *ret_sees = in || *ret_all;
    return OK;
}

static enum err set_apps(struct req *rq, const struct sight_anchors *all, struct sight *s)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct client *clients = ARENA_ARRAY(rq->a, CLIENTS_MAX, struct client);
    struct sight_app *apps = ARENA_ARRAY(rq->a, SIGHT_APPS_MAX + TOKENS_MAX, struct sight_app);
    uint32_t all_clients = 0;
    uint32_t n = 0;
    bool has = false;

    TRY_MEM(rq, clients);
    TRY_MEM(rq, apps);
    TRY(client_list(rq, clients, CLIENTS_MAX, &all_clients));
    for (uint32_t i = 0; i < all_clients && n < SIGHT_APPS_MAX; i++) {
        const struct client *c = &clients[i];
        bool sees = false;
        bool whole = false;
        if (c->revoked.ms == 0 && (c->launch & (CLIENT_SERVICE | CLIENT_SYSTEM)) != 0) {
            TRY(client_sees(rq, all, c, &sees, &whole));
        }
        if (sees) {
            apps[n++] = (struct sight_app){.name = c->name, .org = c->org, .all = whole};
        }
    }
    TRY(DB_QUERY(rq, &q, Q_TOKENS_SYSTEM, sql_i64(rq->now.ms), sql_i64(TOKENS_MAX)));
    TRY(db_next(rq, &q, &has));
    for (uint32_t i = 0; has && i < TOKENS_MAX; i++) {
        apps[n++] = (struct sight_app){.name = db_text(rq->a, &q, 2), .all = true, .until = {db_i64(&q, 1)}};
        TRY(db_next(rq, &q, &has));
    }
    s->apps = apps;
    s->n_apps = n;
    return OK;
}

static enum err set_auditors(struct req *rq, struct sight *s)
{
    uint32_t *people = ARENA_ARRAY(rq->a, s->dir->n_people + 1, uint32_t);
    uint32_t n = 0;

    TRY_MEM(rq, people);
    for (uint32_t i = 0; i < s->dir->n_people; i++) {
        const struct dir_person *p = &s->dir->people[i];
        bool audits = false;
        for (uint32_t k = 0; p->active && k < p->n_roles; k++) {
            audits = audits || (p->roles[k].rights & MAY_AUDIT) != 0;
        }
        if (audits) {
            people[n++] = i;
        }
    }
    s->auditors = people;
    s->n_auditors = n;
    return OK;
}

enum err sight_others(struct req *rq, const struct sight_anchors *all, struct sight *s)
{
    TRY(set_ties(rq, s));
    TRY(set_shares(rq, all, s));
    TRY(set_apps(rq, all, s));
    return set_auditors(rq, s);
}
