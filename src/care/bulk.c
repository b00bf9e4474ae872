/* care/bulk.c - exports and imports as rows of the store: what was asked, by whom, how far it came. See
 * bulk.h. */
#include "care/bulk_int.h"

#include "care/put.h"
#include "os/file.h"
#include "store/audit.h"

enum { ASK_MAX = 16 << 20 };

/* ---- what was asked, as JSON ---- */

static void strings(struct json_out *o, struct str key, const struct str *v, size_t n)
{
    json_k(o, key);
    json_arr(o);
    for (size_t i = 0; i < n; i++) {
        json_v_str(o, v[i]);
    }
    json_arr_end(o);
}

static enum err strings_read(struct req *rq, struct jv array, const struct str **ret_v, size_t *ret_n)
{
    size_t n = json_len(array);
    struct str *v = ARENA_ARRAY(rq->a, n, struct str);
    size_t i = 0;
    TRY_MEM(rq, v);
    for (struct jv e = json_first(array); json_has(e); e = json_next(e)) {
        v[i++] = json_str(rq->a, e);
    }
    *ret_v = v;
    *ret_n = n;
    return OK;
}

enum err bulk_ask_write(struct req *rq, const struct bulk_ask *ask, struct str *ret_json)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, ASK_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ki(&o, S("level"), ask->level);
    json_ks(&o, S("url"), ask->url);
    json_ks(&o, S("base"), ask->base);
    json_ks(&o, S("group"), ask->group);
    json_ki(&o, S("since"), ask->since.ms);
    strings(&o, S("types"), ask->types, ask->n_types);
    strings(&o, S("filters"), ask->filters, ask->n_filters);
    strings(&o, S("elements"), ask->elements, ask->n_elements);
    json_ki(&o, S("provenance"), ask->provenance);
    strings(&o, S("patients"), ask->patients, ask->n_patients);
    json_obj_end(&o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "export: too many patients");
    }
    *ret_json = buf_get(&b);
    return OK;
}

enum err bulk_ask_read(struct req *rq, struct str json, struct bulk_ask *ret_ask)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct bulk_ask ask = {0};
    int64_t level = 0;
    int64_t provenance = 0;
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, json, NULL, doc));
    struct jv root = json_root(doc);
    if (!json_i64(json_get(root, S("level")), &level)
        || !json_i64(json_get(root, S("since")), &ask.since.ms)) {
        return FAIL(rq, E_IO, "bulk: the row's ask");
    }
    ask.level = (enum bulk_level)level;
    ask.url = json_str(rq->a, json_get(root, S("url")));
    ask.base = json_str(rq->a, json_get(root, S("base")));
    ask.group = json_str(rq->a, json_get(root, S("group")));
    TRY(strings_read(rq, json_get(root, S("types")), &ask.types, &ask.n_types));
    TRY(strings_read(rq, json_get(root, S("filters")), &ask.filters, &ask.n_filters));
    TRY(strings_read(rq, json_get(root, S("elements")), &ask.elements, &ask.n_elements));
    if (json_i64(json_get(root, S("provenance")), &provenance)) {
        ask.provenance = (enum bulk_provenance)provenance;
    }
    TRY(strings_read(rq, json_get(root, S("patients")), &ask.patients, &ask.n_patients));
    *ret_ask = ask;
    return OK;
}

/* ---- who asked, as JSON ---- */

static enum err who_write(struct req *rq, struct str *ret_json)
{
    const struct who *w = rq->who;
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, 1 << 20);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("actor"), w->audit.actor);
    json_ks(&o, S("login"), w->audit.login);
    json_ks(&o, S("role"), w->audit.role);
    json_ks(&o, S("org"), w->audit.org);
    json_kb(&o, S("system"), who_may(w, IS_SYSTEM));
    json_k(&o, S("principals"));
    json_arr(&o);
    for (uint32_t i = 0; i < w->n_principals; i++) {
        json_v_i64(&o, (int64_t)w->principals[i]);
    }
    json_arr_end(&o);
    if (w->scope != NULL) {
        json_k(&o, S("scopes"));
        json_arr(&o);
        for (size_t i = 0; i < w->scope->n; i++) {
            json_v_str(&o, w->scope->v[i].word);
        }
        json_arr_end(&o);
    }
    json_obj_end(&o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_json = buf_get(&b);
    return OK;
}

static enum err scopes_read(struct req *rq, struct jv words, struct who *w)
{
    struct fhir_scopes *s = ARENA_NEW(rq->a, struct fhir_scopes);
    struct buf b;
    buf_init(&b, rq->a, SCOPE_TEXT_MAX * 2);
    TRY_MEM(rq, s);
    for (struct jv v = json_first(words); json_has(v); v = json_next(v)) {
        buf_str(&b, b.n > 0 ? S(" ") : S(""));
        buf_str(&b, json_str(rq->a, v));
    }
    TRY(scope_parse(rq, b.n > 0 ? buf_get(&b) : S(""), s, NULL));
    TRY(scope_bind(rq, s, (struct str){NULL, 0}));
    w->scope = s;
    return OK;
}

enum err bulk_who_read(struct req *rq, struct str json, struct who *ret_who)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct who w = {0};
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, json, NULL, doc));
    struct jv root = json_root(doc);
    if (json_true(json_get(root, S("system")))) {
        w = who_system;
    }
    w.audit = (struct audit_who){.actor = json_str(rq->a, json_get(root, S("actor"))),
                                 .login = json_str(rq->a, json_get(root, S("login"))),
                                 .role = json_str(rq->a, json_get(root, S("role"))),
                                 .org = json_str(rq->a, json_get(root, S("org")))};
    w.name = w.audit.login;
    struct jv list = json_get(root, S("principals"));
    uint64_t *principals = ARENA_ARRAY(rq->a, json_len(list), uint64_t);
    TRY_MEM(rq, principals);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        int64_t p = 0;
        if (json_i64(v, &p)) {
            principals[w.n_principals++] = (uint64_t)p;
        }
    }
    w.principals = principals;
    if (json_has(json_get(root, S("scopes")))) {
        TRY(scopes_read(rq, json_get(root, S("scopes")), &w));
    }
    *ret_who = w;
    return OK;
}

/* ---- rows ---- */

static enum err denied(struct req *rq)
{
    struct audit_rec rec = {.action = AUDIT_DENY, .why = WHY_NO_RIGHT, .outcome = E_FORBIDDEN,
                            .detail = S("bulk")};
    return audit_add(rq, &rec);
}

enum err bulk_may(struct req *rq)
{
    const struct who *w = rq->who;
    if (who_may(w, IS_SYSTEM) || (w->scope != NULL && scope_has_level(w->scope, LEVEL_SYSTEM))) {
        return OK;
    }
    TRY(denied(rq));
    return FAIL(rq, E_FORBIDDEN, "for interface accounts and services with system scopes");
}

enum err bulk_may_import(struct req *rq)
{
    if (who_may(rq->who, IS_SYSTEM)) {
        return OK;
    }
    TRY(denied(rq));
    return FAIL(rq, E_FORBIDDEN, "for interface accounts");
}

static struct str owner_of(const struct req *rq)
{
    return rq->who->audit.actor;
}

enum err bulk_row_add(struct req *rq, struct tx *tx, const struct bulk_row *row)
{
    struct str who;
    TRY(who_write(rq, &who));
    return TX_SQL(tx, W_BULK_NEW, TX_MUST_BE_NEW, sql_text(row->id), sql_i64(row->kind),
                  sql_text(owner_of(rq)), sql_i64(row->at.ms), sql_i64(row->upto),
                  sql_text(row->ask), sql_text(who), sql_text(S("")),
                  sql_i64(bulk_until(rq, rq->now)));
}

enum err bulk_row_new(struct req *rq, struct tx *tx, const struct bulk_row *row, struct str *ret_id)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct bulk_row named = *row;
    named.id = put_new_id(rq);
    TRY_MEM(rq, named.id.p);
    TRY(DB_ONE(rq, &q, Q_BULK_RUNNING, sql_text(owner_of(rq))));
    if (db_i64(&q, 0) >= BULK_RUNNING_MAX) {
        return FAIL(rq, E_LOCKED, "several exports or imports of yours run already");
    }
    TRY(bulk_row_add(rq, tx, &named));
    *ret_id = named.id;
    return OK;
}

enum err bulk_row_of(struct req *rq, struct str id, struct bulk_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_BULK, sql_text(id)));
    bulk_row_read(rq, &q, ret_row);
    return OK;
}

void bulk_row_read(struct req *rq, const struct db_rows *q, struct bulk_row *ret_row)
{
    *ret_row = (struct bulk_row){
        .id = db_text(rq->a, q, 0),
        .kind = (enum bulk_kind)db_i64(q, 1),
        .state = (enum bulk_state)db_i64(q, 2),
        .owner = db_text(rq->a, q, 3),
        .at = {db_i64(q, 4)},
        .upto = db_i64(q, 5),
        .ask = db_text(rq->a, q, 6),
        .who = db_text(rq->a, q, 7),
        .progress = db_text(rq->a, q, 8),
        .expires = {db_i64(q, 9)},
        .error = db_text(rq->a, q, 10),
    };
}

enum err bulk_find(struct req *rq, enum bulk_kind kind, struct str id, struct bulk_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct bulk_row row = {0};
    enum err e = id.n > BULK_ID_MAX ? E_NOT_FOUND : DB_ONE(rq, &q, Q_BULK, sql_text(id));
    if (e == OK) {
        bulk_row_read(rq, &q, &row);
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    bool over = row.state != BULK_RUNS && row.expires.ms <= rq->now.ms;
    if (e != OK || row.kind != kind || !str_eq(row.owner, owner_of(rq)) || over) {
        return FAIL(rq, E_NOT_FOUND, "no such export or import of yours");
    }
    *ret_row = row;
    return OK;
}

enum err bulk_drop(struct tx *tx, struct str id)
{
    return TX_SQL(tx, W_BULK_DROP, TX_MUST_CHANGE, sql_text(id));
}

/* ---- progress ---- */

enum err bulk_files(struct req *rq, struct str progress, struct bulk_file **ret_files, size_t *ret_n)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    size_t n = 0;
    TRY_MEM(rq, doc);
    if (progress.n == 0) {
        *ret_n = 0;
        return OK;
    }
    TRY(json_parse(rq, progress, NULL, doc));
    struct jv list = json_get(json_root(doc), S("files"));
    struct bulk_file *v = ARENA_ARRAY(rq->a, json_len(list), struct bulk_file);
    TRY_MEM(rq, v);
    for (struct jv f = json_first(list); json_has(f); f = json_next(f)) {
        int64_t count = 0;
        int64_t bytes = 0;
        if (json_i64(json_get(f, S("count")), &count) && json_i64(json_get(f, S("bytes")), &bytes)) {
            v[n++] = (struct bulk_file){json_str(rq->a, json_get(f, S("name"))),
                                        json_str(rq->a, json_get(f, S("type"))), (uint64_t)count,
                                        (uint64_t)bytes};
        }
    }
    *ret_files = v;
    *ret_n = n;
    return OK;
}

int64_t bulk_number(struct req *rq, struct str progress, struct str name)
{
    struct json_doc doc;
    int64_t v = 0;
    if (progress.n == 0 || json_parse(rq, progress, NULL, &doc) != OK
        || !json_i64(json_get(json_root(&doc), name), &v)) {
        err_clear(rq);
        return 0;
    }
    return v;
}

unsigned bulk_percent(struct req *rq, const struct bulk_row *row)
{
    int64_t pos = bulk_number(rq, row->progress, S("pos"));
    return row->upto <= 0 ? 0 : (unsigned)(MIN(pos, row->upto) * 100 / row->upto);
}

enum err bulk_path(struct req *rq, struct str id, struct str name, char ret_path[])
{
    struct buf b;
    buf_init(&b, rq->a, 256);
    BUF_LIT(&b, "exports/");
    buf_str(&b, id);
    buf_char(&b, '-');
    buf_str(&b, name);
    BUF_LIT(&b, ".ndjson");
    return os_path(rq, str_z(store_dir(care_of(rq)->store)), buf_get(&b), ret_path);
}
