/* care/sub_row.c - the rows beside Subscriptions: whose they are, where they stand. See sub.h. */
#include "care/account_int.h"
#include "care/client.h"
#include "care/grant_int.h"
#include "care/sub.h"
#include "codec/json_edit.h"
#include "fhir/issue.h"
#include "fhir/prepare.h"
#include "fhir/scope.h"
#include "store/db.h"

enum { TEXT_MAX = 1 << 20 };

struct str sub_state_name(enum sub_state s)
{
    static const struct str names[] = {
        [SUB_REQUESTED] = SI("requested"),
        [SUB_ACTIVE] = SI("active"),
        [SUB_ERROR] = SI("error"),
        [SUB_OFF] = SI("off"),
    };
    return names[s];
}

static void row_read(struct req *rq, const struct db_rows *q, struct sub_row *ret_row)
{
    *ret_row = (struct sub_row){
        .id = db_text(rq->a, q, 0),
        .gen = db_i64(q, 1),
        .state = (enum sub_state)db_i64(q, 2),
        .channel = (enum sub_channel)db_i64(q, 3),
        .greeted = db_i64(q, 4) != 0,
        .scan_vid = db_i64(q, 5),
        .events = db_i64(q, 6),
        .sent = db_i64(q, 7),
        .told = db_i64(q, 8),
        .fails = db_i64(q, 9),
        .retry_ms = db_i64(q, 10),
        .beat_ms = db_i64(q, 11),
        .actor = db_text(rq->a, q, 12),
        .login = db_text(rq->a, q, 13),
        .role = db_text(rq->a, q, 14),
        .app = db_text(rq->a, q, 15),
        .scoped = db_i64(q, 16) != 0,
        .scope = db_text(rq->a, q, 17),
        .patient = db_text(rq->a, q, 18),
    };
}

enum err sub_find(struct req *rq, struct str id, struct sub_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_SUB, sql_text(id)));
    row_read(rq, &q, ret_row);
    return OK;
}

enum err subs_on(struct req *rq, struct sub_row *ret_rows, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_SUBS_ON, sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        row_read(rq, &q, &ret_rows[got++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

/* ---- whose ---- */

struct fhir_access sub_access(const struct who *who)
{
    return (struct fhir_access){.all = who_may(who, IS_SYSTEM),
                                .principals = who->principals,
                                .n = who->n_principals,
                                .scopes = who->scope,
                                .ops = OP_READ};
}

static enum err ended(struct req *rq)
{
    err_clear(rq);
    return FAIL(rq, E_SIGN_IN, "the owner's account or role has ended");
}

/* An application acts for a person as long as the grant holds. */
static enum err grant_check(struct req *rq, const struct sub_row *row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    if (row->app.n == 0) {
        return OK;
    }
    TRY(DB_ONE(rq, &q, Q_SUB_GRANT, sql_text(row->app), sql_text(row->actor),
               sql_text(row->role)));
    return db_i64(&q, 0) > 0 ? OK : ended(rq);
}

static enum err person_again(struct req *rq, const struct sub_row *row, struct who **ret_who)
{
    const struct directory *dir = NULL;
    struct account acc;
    enum err e = account_by_person(rq, row->actor, &acc);
    if (e == E_NOT_FOUND || (e == OK && acc.state == ACCOUNT_CLOSED)) {
        return ended(rq);
    }
    TRY(e);
    TRY(grant_check(rq, row));
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, row->actor);
    if (p == NULL || !p->active) {
        return ended(rq);
    }
    TRY(who_build(rq, dir, p, row->role, ret_who));
    const struct role_ref *r = who_role(*ret_who);
    return r != NULL && str_eq(r->id, row->role) ? OK : ended(rq);
}

static enum err system_again(struct req *rq, const struct sub_row *row, struct who **ret_who)
{
    struct account acc;
    enum err e = account_by_login(rq, row->login, &acc);
    if (e == E_NOT_FOUND || (e == OK && acc.state == ACCOUNT_CLOSED)) {
        return ended(rq);
    }
    TRY(e);
    struct who *w = ARENA_NEW(rq->a, struct who);
    TRY_MEM(rq, w);
    *w = who_system;
    w->audit = (struct audit_who){row->actor, row->login, S("interface"), S("")};
    w->name = row->login;
    *ret_who = w;
    return OK;
}

static enum err service_again(struct req *rq, const struct sub_row *row, struct who **ret_who)
{
    struct client c;
    const struct who *made = NULL;
    enum err e = client_find(rq, row->app, &c);
    if (e == OK) {
        e = grant_client_who(rq, &c, &made);
    }
    if (e == E_NOT_FOUND || e == E_SIGN_IN) {
        return ended(rq);
    }
    TRY(e);
    struct who *w = ARENA_NEW(rq->a, struct who);
    TRY_MEM(rq, w);
    *w = *made;
    *ret_who = w;
    return OK;
}

enum err sub_owner(struct req *rq, const struct sub_row *row, const struct who **ret_who)
{
    struct who *w = NULL;
    TRY(row->role.n > 0  ? person_again(rq, row, &w)
        : row->app.n > 0 ? service_again(rq, row, &w)
                         : system_again(rq, row, &w));
    w->audit.login = row->login;
    w->app = row->app;
    if (row->scoped) {
        TRY(who_scopes(rq, w, row->scope, row->patient));
    }
    *ret_who = w;
    return OK;
}

/* The words of a token's scopes that speak of resources. */
static enum err scope_text(struct req *rq, const struct fhir_scopes *s, struct str *ret_text)
{
    struct buf b;
    buf_init(&b, rq->a, SCOPE_TEXT_MAX);
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        buf_str(&b, b.n > 0 ? S(" ") : S(""));
        buf_str(&b, s->v[i].word);
    }
    *ret_text = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "scopes");
}

static enum err count_check(struct req *rq, struct str id, struct str actor)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct sub_row old;
    enum err e = sub_find(rq, id, &old);
    if (e == OK) {
        return OK;
    }
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(DB_ONE(rq, &q, Q_SUB_COUNT, sql_text(actor)));
    return db_i64(&q, 0) < (int64_t)care_of(rq)->hooks.most
               ? OK
               : FAIL(rq, E_CONFLICT, "too many subscriptions of this account");
}

static enum err scope_check(struct req *rq, const struct topic *t)
{
    for (uint32_t i = 0; i < t->n_triggers; i++) {
        if (!scope_allows(rq->who->scope, t->triggers[i].type, OP_READ)) {
            return FAIL(rq, E_FORBIDDEN, "the token's scope does not allow the topic");
        }
    }
    return OK;
}

static enum err row_put(struct req *rq, struct tx *tx, struct str id, const struct sub_want *want)
{
    const struct who *w = rq->who;
    const struct role_ref *r = who_role(w);
    struct str scope = {0};
    struct sub_row row = {.actor = w->audit.actor, .login = w->audit.login,
                          .role = r != NULL ? r->id : S(""), .app = w->app,
                          .scoped = w->scope != NULL};
    const struct who *again = NULL;
    TRY(scope_text(rq, w->scope, &scope));
    row.scope = scope;
    row.patient = w->scope != NULL ? w->scope->patient : S("");
    enum err e = sub_owner(rq, &row, &again);
    if (e == E_SIGN_IN) {
        err_clear(rq);
        return FAIL(rq, E_FORBIDDEN, "only an account can subscribe");
    }
    TRY(e);
    return TX_SQL(tx, W_SUB_SET, 0, sql_text(id), sql_i64(want->state), sql_i64(want->channel),
                  sql_text(row.actor), sql_text(row.login), sql_text(row.role),
                  sql_text(row.app.p != NULL ? row.app : S("")), sql_i64(row.scoped),
                  sql_text(scope.p != NULL ? scope : S("")),
                  sql_text(row.patient.p != NULL ? row.patient : S("")));
}

/* ---- the resource ---- */

static enum err member_set(struct json_edit *e, struct json_part *root, struct str key,
                           struct str text)
{
    struct json_part *old = NULL;
    struct json_part *fresh = NULL;
    struct buf b;
    TRY(json_edit_get(e, root, key, &old));
    if (text.n == 0) {
        if (old != NULL) {
            json_edit_take(old);
        }
        return OK;
    }
    buf_init(&b, e->rq->a, 4096);
    json_quote(&b, text);
    TRY(json_edit_literal(e, JSON_STRING, buf_get(&b), &fresh));
    if (old != NULL) {
        json_edit_replace(old, fresh);
    } else {
        json_edit_put(root, NULL, fresh, key);
    }
    return OK;
}

/* The resource with another status and error. */
static enum err root_edit(struct req *rq, struct jv root, enum sub_state state, struct str why,
                          struct jv *ret_root)
{
    struct json_edit e;
    struct json_part *top = NULL;
    struct buf b;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    json_edit_init(&e, rq);
    TRY(json_edit_build(&e, root, &top, NULL));
    TRY(member_set(&e, top, S("status"), sub_state_name(state)));
    TRY(member_set(&e, top, S("error"), why));
    buf_init(&b, rq->a, TEXT_MAX);
    json_edit_write(&b, top);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "Subscription");
    }
    TRY(json_parse(rq, buf_get(&b), NULL, doc));
    *ret_root = json_root(doc);
    return OK;
}

enum err sub_write(struct req *rq, struct tx *tx, struct jv root, struct str id,
                   struct jv *ret_root)
{
    struct sub_want want;
    TRY(sub_read(rq, root, &want));
    if (want.channel == SUB_STREAM && want.state == SUB_REQUESTED) {
        want.state = SUB_ACTIVE; /* there is no address to prove */
    }
    TRY(scope_check(rq, want.topic));
    TRY(count_check(rq, id, rq->who->audit.actor));
    TRY(row_put(rq, tx, id, &want));
    return root_edit(rq, root, want.state, S(""), ret_root);
}

enum err sub_delete(struct tx *tx, struct str id)
{
    TRY(TX_SQL(tx, W_SUB_EVENTS_DROP, 0, sql_text(id)));
    return TX_SQL(tx, W_SUB_DROP, 0, sql_text(id));
}

enum err sub_state_set(struct req *rq, struct tx *tx, const struct sub_row *row,
                       enum sub_state state, struct str why)
{
    struct res_row res;
    struct json_doc doc;
    struct jv root;
    struct tx_put put;
    TRY(db_read(rq, T_SUBSCRIPTION, row->id, &res));
    TRY(json_parse(rq, res.body, NULL, &doc));
    TRY(root_edit(rq, json_root(&doc), state, why, &root));
    const struct fhir_how how = {
        .id = row->id, .expect = (int64_t)res.version, .at_ms = res.at_ms};
    TRY(fhir_prepare(rq, root, &how, &put));
    TRY(tx_put(tx, &put));
    TRY(TX_SQL(tx, W_SUB_STATE, TX_MUST_CHANGE, sql_text(row->id), sql_i64(row->gen),
               sql_i64(state)));
    struct audit_rec rec = {.action = AUDIT_UPDATE, .why = WHY_SYSTEM, .type = T_SUBSCRIPTION,
                            .id = row->id, .detail = sub_state_name(state)};
    return audit_add(rq, &rec);
}
