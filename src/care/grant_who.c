/* care/grant_who.c - from a token of an application to whom it acts as; failures counted. */
#include "care/account_int.h"
#include "care/factor.h"
#include "care/grant_int.h"
#include "fhir/scope.h"
#include "store/tx.h"

enum { SERVICE_PRINCIPALS_MAX = 256 };
#define RATE_SPAN_MS MS_MINUTE

static void row_read(struct req *rq, const struct db_rows *q, struct grant_row *ret_row)
{
    *ret_row = (struct grant_row){
        .kind = db_i64(q, 0),
        .scopes = db_text(rq->a, q, 1),
        .created = {db_i64(q, 2)},
        .expires = {db_i64(q, 3)},
        .used = db_i64(q, 4) != 0,
        .id = db_text(rq->a, q, 5),
        .client = db_text(rq->a, q, 6),
        .account = db_i64(q, 7),
        .role = db_text(rq->a, q, 8),
        .granted = db_text(rq->a, q, 9),
        .patient = db_text(rq->a, q, 10),
        .case_id = db_text(rq->a, q, 11),
        .online = !db_is_null(q, 12),
        .revoked = db_i64(q, 13) != 0 || db_i64(q, 14) != 0,
        .org = db_text(rq->a, q, 15),
        .login = db_text(rq->a, q, 16),
        .person = db_text(rq->a, q, 17),
        .state = db_i64(q, 18),
        .lang = (enum lang)db_i64(q, 19),
        .session_end = {db_i64(q, 20)},
        .encounter = db_text(rq->a, q, 21),
        .intent = db_text(rq->a, q, 22),
        .factor = db_i64(q, 23) != 0,
    };
}

enum err grant_row_by_token(struct req *rq, struct str token, struct grant_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct str hash = grant_hash(rq, token);
    TRY_MEM(rq, hash.p);
    enum err e = DB_ONE(rq, &q, Q_APP_TOKEN, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_SIGN_IN, "no such session or token");
    }
    TRY(e);
    row_read(rq, &q, ret_row);
    return OK;
}

enum err grant_row_by_id(struct req *rq, struct str id, struct grant_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_GRANT, sql_text(id)));
    row_read(rq, &q, ret_row);
    return OK;
}

/* "dr.lopez/growth-chart": who looked, and through what. */
static struct str login_by(struct req *rq, struct str login, struct str client)
{
    struct buf b;
    buf_init(&b, rq->a, LOGIN_MAX + CLIENT_ID_MAX + 2);
    buf_str(&b, login);
    buf_char(&b, '/');
    buf_str(&b, client);
    return buf_get(&b);
}

static enum err who_person(struct req *rq, const struct grant_row *g, const struct who **ret_who)
{
    const struct directory *dir = NULL;
    struct who *w = NULL;
    if (g->login.p == NULL || g->state == ACCOUNT_CLOSED) {
        return FAIL(rq, E_SIGN_IN, "the account is closed");
    }
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, g->person);
    bool has_role = false;
    for (uint32_t i = 0; p != NULL && p->active && i < p->n_roles; i++) {
        has_role = has_role || str_eq(p->roles[i].id, g->role);
    }
    if (!has_role) {
        return FAIL(rq, E_SIGN_IN, "the role has ended");
    }
    TRY(who_build(rq, dir, p, g->role, &w));
    w->audit.login = login_by(rq, g->login, g->client);
    w->app = g->client;
    w->lang = g->lang;
    w->account = g->account;
    w->must_change = g->state == ACCOUNT_MUST_CHANGE;
    w->owes_factor = factor_is_owed(care_of(rq), w, g->factor);
    w->role_chosen = true;
    w->expires = g->expires;
    w->scopes = 0;
    TRY(who_scopes(rq, w, g->scopes, g->patient));
    *ret_who = w;
    return OK;
}

/* What everybody of an organisation together may see. */
static enum err who_of_org(struct req *rq, struct str org, struct who *w)
{
    const struct store *st = care_of(rq)->store;
    const struct directory *dir = NULL;
    uint64_t *all = ARENA_ARRAY(rq->a, SERVICE_PRINCIPALS_MAX, uint64_t);
    uint32_t n = 0;
    TRY_MEM(rq, all);
    TRY(directory_get(rq, &dir));
    const struct dir_org *o = dir_org(dir, org);
    if (o == NULL || !o->active) {
        return FAIL(rq, E_SIGN_IN, "the organisation has ended");
    }
    all[n++] = principal_askers(st, org);
    all[n++] = principal_registry(st, org);
    all[n++] = principal_coordinators(st, org);
    all[n++] = principal_heads(st, org);
    uint32_t at = dir_org_at(dir, org);
    for (uint32_t i = 0; i < dir->n_services && n < SERVICE_PRINCIPALS_MAX; i++) {
        if (dir->services[i].org == at) {
            all[n++] = principal_service(st, dir->services[i].id);
        }
    }
    w->principals = all;
    w->n_principals = n;
    w->rights = MAY_REGISTER;
    w->directory_epoch = dir->epoch;
    return OK;
}

static enum err who_service(struct req *rq, struct str client, struct str org, struct str scopes,
                            const struct who **ret_who)
{
    struct who *w = ARENA_NEW(rq->a, struct who);
    TRY_MEM(rq, w);
    if (org.n == 0) {
        *w = who_system;
    } else {
        TRY(who_of_org(rq, org, w));
    }
    w->audit = (struct audit_who){.actor = client, .login = client, .role = S("service"),
                                  .org = org.n > 0 ? org : S("")};
    w->name = client;
    w->app = client;
    w->role_chosen = true;
    w->scopes = 0;
    TRY(who_scopes(rq, w, scopes, (struct str){NULL, 0}));
    *ret_who = w;
    return OK;
}

enum err grant_client_who(struct req *rq, const struct client *c, const struct who **ret_who)
{
    return who_service(rq, c->id, c->org, S(""), ret_who);
}

enum err grant_row_who(struct req *rq, const struct grant_row *g, const struct who **ret_who)
{
    bool late = g->expires.ms != 0 && g->expires.ms <= rq->now.ms;
    bool left = g->online && g->session_end.ms <= rq->now.ms;
    if (late || left || g->revoked || g->used) {
        return FAIL(rq, E_SIGN_IN, "no such session or token");
    }
    return g->account != 0 ? who_person(rq, g, ret_who)
                           : who_service(rq, g->client, g->org, g->scopes, ret_who);
}

enum err who_by_grant(struct req *rq, struct str bearer, const struct who **ret_who)
{
    struct grant_row g = {.revoked = true};
    TRY(grant_row_by_token(rq, bearer, &g));
    if (g.kind != 0) {
        return FAIL(rq, E_SIGN_IN, "no such session or token");
    }
    return grant_row_who(rq, &g, ret_who);
}

enum err grant_facts(struct req *rq, struct str token, struct grant_facts *ret_facts)
{
    struct grant_row g = {.revoked = true};
    const struct who *who = NULL;
    struct grant_facts f = {.active = false};
    enum err e = grant_row_by_token(rq, token, &g);
    e = e == OK ? grant_row_who(rq, &g, &who) : e;
    if (e == E_SIGN_IN) {
        err_clear(rq);
        *ret_facts = f;
        return OK;
    }
    TRY(e);
    f = (struct grant_facts){
        .active = true,
        .refresh = g.kind != 0,
        .grant = g.id,
        .client = g.client,
        .scopes = g.scopes,
        .login = g.login,
        .person = g.person,
        .patient = g.patient,
        .encounter = g.encounter,
        .case_id = g.case_id,
        .created = g.created,
        .expires = g.expires,
    };
    *ret_facts = f;
    return OK;
}

enum err grant_client_of(struct req *rq, struct str token, struct str *ret_client)
{
    struct grant_row g = {.revoked = true};
    enum err e = grant_row_by_token(rq, token, &g);
    if (e == E_SIGN_IN) {
        err_clear(rq);
        *ret_client = S("");
        return OK;
    }
    TRY(e);
    *ret_client = g.client;
    return OK;
}

/* ---- failures counted ---- */

enum err rate_check(struct req *rq, struct str key, uint32_t most)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    struct str hash = grant_hash(rq, key);
    TRY_MEM(rq, hash.p);
    TRY(DB_QUERY(rq, &q, Q_RATE, sql_blob(hash)));
    TRY(db_next(rq, &q, &has));
    int64_t left = has ? db_i64(&q, 1) - rq->now.ms : 0;
    if (left > 0 && db_i64(&q, 0) >= most) {
        return FAIL(rq, E_LOCKED, "wait %lld s", (long long)((left + 999) / 1000));
    }
    return OK;
}

enum err rate_count(struct req *rq, struct tx *tx, struct str key)
{
    struct str hash = grant_hash(rq, key);
    TRY_MEM(rq, hash.p);
    return TX_SQL(tx, W_RATE, 0, sql_blob(hash), sql_i64(rq->now.ms),
                  sql_i64(rq->now.ms + RATE_SPAN_MS));
}
