/* care/bulk_export.c - exports: what is asked for, and the walk over the feed into files. See bulk.h. */
#include <stdlib.h>

#include "care/bulk_int.h"
#include "codec/url.h"
#include "fhir/compartment.h"
#include "fhir/prepare.h"
#include "os/file.h"
#include "os/thread.h"
#include "store/audit.h"

#define ATTACHED "\"url\":\"Binary/"
#define DELETED T_COUNT /* place of its file */

struct bulk_export {
    const struct bulk_ask *ask;
    struct fhir_access acc;
    struct fhir_scopes filters;
    int64_t upto;
    int64_t pos;
    uint64_t n;
    bool wanted[T_COUNT];
    bool filtered[T_COUNT];
    int64_t *patients; /* sorted rids; NULL: any patient */
    size_t n_patients;
    bool by_patient;
    struct str where;
    struct bulk_out out[T_COUNT + 1];
};

/* ---- what is asked ---- */

static bool is_kept(enum fhir_type type)
{
    return type != T_NONE && type < T_COUNT && fhir_type_hangs(type) != NOT_KEPT;
}

static bool is_of_patients(enum fhir_type type)
{
    return type == T_PATIENT || compartment_has(T_PATIENT, type);
}

static enum err types_read(struct req *rq, struct bulk_export *x)
{
    const struct bulk_ask *ask = x->ask;
    for (size_t i = 0; i < ask->n_types; i++) {
        enum fhir_type type = fhir_type_find(ask->types[i]);
        if (!is_kept(type) || (ask->level != BULK_SYSTEM && !is_of_patients(type))) {
            return FAIL(rq, E_BAD_INPUT, "_type: a type not kept here, or of no patient");
        }
        if (!scope_allows(x->acc.scopes, type, OP_READ | OP_SEARCH)) {
            return FAIL(rq, E_FORBIDDEN, "_type: the token's scope does not allow this");
        }
        x->wanted[type] = true;
    }
    for (unsigned t = 1; t < T_COUNT && ask->n_types == 0; t++) {
        enum fhir_type type = (enum fhir_type)t;
        x->wanted[t] = is_kept(type) && (ask->level == BULK_SYSTEM || is_of_patients(type))
                       && scope_allows(x->acc.scopes, type, OP_READ | OP_SEARCH);
    }
    return OK;
}

/* Filters are scopes of their own: a resource must be within one of its type. */
static enum err filters_read(struct req *rq, struct bulk_export *x)
{
    struct buf b;
    if (x->ask->n_filters > BULK_FILTERS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "_typeFilter: too many");
    }
    buf_init(&b, rq->a, SCOPE_TEXT_MAX);
    for (size_t i = 0; i < x->ask->n_filters; i++) {
        struct str query = x->ask->filters[i];
        struct str name;
        if (!str_cut(&query, '?', &name) || query.n == 0 || str_find_char(query, ' ') < query.n) {
            return FAIL(rq, E_BAD_INPUT, "_typeFilter: Type?parameter=value");
        }
        enum fhir_type type = fhir_type_find(name);
        if (type == T_NONE || !x->wanted[type]) {
            return FAIL(rq, E_BAD_INPUT, "_typeFilter: of a type that is not exported");
        }
        x->filtered[type] = true;
        buf_str(&b, i > 0 ? S(" system/") : S("system/"));
        buf_str(&b, name);
        BUF_LIT(&b, ".rs?");
        buf_str(&b, query);
    }
    if (x->ask->n_filters == 0) {
        return OK;
    }
    if (!buf_ok(&b)) {
        return FAIL(rq, E_BAD_INPUT, "_typeFilter: too long");
    }
    TRY(scope_parse(rq, buf_get(&b), &x->filters, NULL));
    for (size_t i = 0; i < x->filters.n; i++) {
        if (!scope_query_is_good(rq, &x->filters.v[i])) {
            err_clear(rq);
            return FAIL(rq, E_BAD_INPUT, "_typeFilter %zu: not a search that filters here", i + 1);
        }
    }
    if (x->filters.n != x->ask->n_filters) {
        return FAIL(rq, E_BAD_INPUT, "_typeFilter: not a search");
    }
    return scope_bind(rq, &x->filters, (struct str){NULL, 0});
}

static int rid_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err patients_read(struct req *rq, struct bulk_export *x)
{
    const struct bulk_ask *ask = x->ask;
    x->by_patient = ask->level != BULK_SYSTEM || ask->n_patients > 0;
    if (ask->n_patients == 0 && ask->level != BULK_GROUP) {
        return OK;
    }
    x->patients = ARENA_ARRAY(rq->a, ask->n_patients + 1, int64_t);
    TRY_MEM(rq, x->patients);
    for (size_t i = 0; i < ask->n_patients; i++) {
        TRY(db_rid(rq, T_PATIENT, ask->patients[i], &x->patients[x->n_patients]));
        x->n_patients += x->patients[x->n_patients] > 0 ? 1 : 0;
    }
    qsort(x->patients, x->n_patients, sizeof(*x->patients), rid_cmp);
    return OK;
}

/* The Patients a Group names; those that are inactive are not its members. */
static enum err members_read(struct req *rq, struct bulk_ask *ask)
{
    struct fhir_access acc = {.all = who_may(rq->who, IS_SYSTEM),
                              .principals = rq->who->principals,
                              .n = rq->who->n_principals,
                              .scopes = rq->who->scope};
    struct res_row row;
    struct json_doc doc;
    bool may = false;
    enum err e = db_read(rq, T_GROUP, ask->group, &row);
    if (e == OK) {
        TRY(fhir_may_touch(rq, &acc, OP_READ, &row, &may));
    }
    if (e == E_NOT_FOUND || e == E_GONE || (e == OK && !may)) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "no such Group");
    }
    TRY(e);
    TRY(json_parse(rq, row.body, NULL, &doc));
    struct jv list = json_get(json_root(&doc), S("member"));
    struct str *ids = ARENA_ARRAY(rq->a, json_len(list), struct str);
    size_t n = 0;
    TRY_MEM(rq, ids);
    for (struct jv m = json_first(list); json_has(m); m = json_next(m)) {
        struct str ref = json_str(rq->a, json_path(m, S("entity.reference")));
        if (str_starts(ref, S("Patient/")) && !json_true(json_get(m, S("inactive")))) {
            ids[n++] = str_sub(ref, sizeof("Patient/") - 1, ref.n);
        }
    }
    for (size_t i = 0; i < ask->n_patients; i++) { /* of a list, all must be members */
        bool is_member = false;
        for (size_t k = 0; k < n && !is_member; k++) {
            is_member = str_eq(ids[k], ask->patients[i]);
        }
        if (!is_member) {
            return FAIL(rq, E_BAD_INPUT, "patient: not of this Group");
        }
    }
    if (ask->n_patients == 0) {
        ask->patients = ids;
        ask->n_patients = n;
    }
    return n > BULK_PATIENTS_MAX ? FAIL(rq, E_TOO_LARGE, "too many patients") : OK;
}

/* Patients named one by one must be there and the caller's to see. */
static enum err patients_check(struct req *rq, const struct bulk_ask *ask,
                               const struct fhir_access *acc)
{
    if (ask->n_patients > BULK_PATIENTS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "too many patients");
    }
    for (size_t i = 0; i < ask->n_patients && ask->level == BULK_PATIENT; i++) {
        struct res_row row;
        bool may = false;
        enum err e = db_head(rq, T_PATIENT, ask->patients[i], &row);
        if (e == OK && !row.deleted) {
            TRY(fhir_may_touch(rq, acc, OP_READ | OP_SEARCH, &row, &may));
        }
        if (!may) {
            err_clear(rq);
            return FAIL(rq, E_NOT_FOUND, "patient: no such patient");
        }
    }
    return OK;
}

enum err bulk_export_ask(struct req *rq, const struct bulk_ask *asked, struct tx *tx,
                         struct str *ret_id)
{
    struct bulk_ask ask = *asked;
    struct bulk_export *x = ARENA_NEW(rq->a, struct bulk_export);
    struct db_moment now;
    struct bulk_row row = {.kind = BULK_EXPORT, .at = rq->now};
    TRY_MEM(rq, x);
    TRY(bulk_may(rq));
    x->ask = &ask;
    x->acc = (struct fhir_access){.all = who_may(rq->who, IS_SYSTEM),
                                  .principals = rq->who->principals,
                                  .n = rq->who->n_principals,
                                  .scopes = rq->who->scope};
    if (ask.level == BULK_GROUP) {
        TRY(members_read(rq, &ask));
    }
    TRY(patients_check(rq, &ask, &x->acc));
    TRY(types_read(rq, x));
    TRY(filters_read(rq, x));
    TRY(db_now(rq, &now));
    row.upto = now.vid;
    TRY(bulk_ask_write(rq, &ask, &row.ask));
    TRY(bulk_row_new(rq, tx, &row, ret_id));
    struct audit_rec rec = {.action = AUDIT_EXPORT,
                            .why = x->acc.all ? WHY_SYSTEM : WHY_TOKEN,
                            .type = ask.level == BULK_GROUP     ? T_GROUP
                                    : ask.level == BULK_PATIENT ? T_PATIENT
                                                                : T_NONE,
                            .id = ask.group,
                            .detail = *ret_id};
    return audit_add(rq, &rec);
}

/* ---- the walk ---- */

static enum err file_of(struct req *rq, struct bulk_export *x, unsigned at, struct bulk_out **ret_out)
{
    struct bulk_out *out = &x->out[at];
    if (out->p == NULL) {
        struct str name = at == DELETED ? S("deleted") : fhir_type_name((enum fhir_type)at);
        struct str type = at == DELETED ? S("Bundle") : name;
        TRY(bulk_out_open(rq, x->where, name, type, 0, 0, out));
    }
    *ret_out = out;
    return OK;
}

static bool is_of_wanted_patient(const struct bulk_export *x, const struct ver_row *v)
{
    int64_t rid = v->type == T_PATIENT ? v->rid : v->patient;
    if (!x->by_patient) {
        return true;
    }
    if (rid <= 0) {
        return false;
    }
    return x->patients == NULL
           || bsearch(&rid, x->patients, x->n_patients, sizeof rid, rid_cmp) != NULL;
}

static enum err want(struct req *rq, const struct db_walk_row *row, void *ctx, bool *ret_wanted)
{
    struct bulk_export *x = ctx;
    const struct ver_row *v = row->ver;
    struct res_row head = {.rid = v->rid, .type = v->type, .id = v->id, .version = v->version,
                           .updated = v->updated, .at_ms = row->at_ms, .anchor = v->anchor,
                           .patient = v->patient};
    bool may = v->type < T_COUNT && x->wanted[v->type] && v->updated.ms >= x->ask->since.ms
               && (v->op != VER_DELETE || x->ask->since.ms > 0) && is_of_wanted_patient(x, v);
    if (may) {
        TRY(fhir_may_touch(rq, &x->acc, OP_READ | OP_SEARCH, &head, &may));
    }
    if (may && x->filtered[v->type] && row->is_newest && v->op != VER_DELETE) {
        TRY(scope_row_may(rq, &x->filters, OP_READ, &head, &may));
    }
    *ret_wanted = may;
    return OK;
}

/* A version that was changed since the moment is held to the filters by what it says itself. */
static enum err old_fits(struct req *rq, struct bulk_export *x, const struct ver_row *v, bool *ret_fits)
{
    struct json_doc doc;
    struct tx_put put;
    struct fhir_how how = {.id = v->id, .expect = TX_ANY};
    enum err e = json_parse(rq, v->body, NULL, &doc);
    if (e == OK) {
        e = fhir_prepare(rq, json_root(&doc), &how, &put);
    }
    if (e != OK) { /* it broke a rule of today: it was there, so it is told */
        err_clear(rq);
        rq->issues = NULL;
        *ret_fits = true;
        return OK;
    }
    return scope_put_may(rq, &x->filters, OP_READ, &put, ret_fits);
}

static enum err add_deleted(struct req *rq, struct bulk_export *x, const struct ver_row *v)
{
    struct bulk_out *out;
    struct buf b;
    buf_init(&b, rq->a, 1024);
    BUF_LIT(&b, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{\"method\":"
                "\"DELETE\",\"url\":\"");
    buf_str(&b, fhir_type_name((enum fhir_type)v->type));
    buf_char(&b, '/');
    buf_str(&b, v->id);
    BUF_LIT(&b, "\"}}]}");
    TRY(file_of(rq, x, DELETED, &out));
    return bulk_out_add(rq, out, buf_get(&b));
}

/* Addresses of attachments are absolute in an export. */
static struct str with_addresses(struct req *rq, const struct bulk_export *x, struct str body)
{
    static const struct str mark = SI(ATTACHED);
    struct buf b;
    size_t at = str_find(body, mark);
    if (at == body.n || x->ask->base.n == 0) {
        return body;
    }
    buf_init(&b, rq->a, body.n * 2 + 1000000);
    while (at < body.n) {
        buf_str(&b, str_sub(body, 0, at + sizeof("\"url\":\"") - 1));
        buf_str(&b, x->ask->base);
        BUF_LIT(&b, "/Binary/");
        body = str_sub(body, at + mark.n, body.n);
        at = str_find(body, mark);
    }
    buf_str(&b, body);
    return buf_get(&b);
}

static enum err take(struct req *rq, const struct db_walk_row *row, void *ctx)
{
    struct bulk_export *x = ctx;
    const struct ver_row *v = row->ver;
    struct bulk_out *out;
    if (v->op == VER_DELETE) {
        return add_deleted(rq, x, v);
    }
    if (x->filtered[v->type] && !row->is_newest) {
        bool fits = false;
        TRY(old_fits(rq, x, v, &fits));
        if (!fits) {
            return OK;
        }
    }
    struct str body = v->type == T_DOCUMENT_REFERENCE ? with_addresses(rq, x, v->body) : v->body;
    TRY_MEM(rq, body.p);
    TRY(file_of(rq, x, v->type, &out));
    x->n++;
    return bulk_out_add(rq, out, body);
}

enum err bulk_export_step(struct req *rq, struct bulk_export *x, size_t n, bool *ret_done)
{
    const struct db_walker w = {want, take, x};
    TRY(db_walk(rq, x->pos, x->upto, n, &w, &x->pos));
    *ret_done = x->pos >= x->upto;
    return OK;
}

enum err bulk_export_save(struct req *rq, struct bulk_export *x, struct buf *b)
{
    struct json_out o;
    json_out_init(&o, b);
    json_obj(&o);
    json_ki(&o, S("pos"), x->pos);
    json_ki(&o, S("n"), (int64_t)x->n);
    json_k(&o, S("files"));
    json_arr(&o);
    for (unsigned t = 0; t <= T_COUNT; t++) {
        if (x->out[t].p != NULL) {
            TRY(bulk_out_sync(rq, &x->out[t]));
            bulk_out_write(&o, &x->out[t]);
        }
    }
    json_arr_end(&o);
    json_obj_end(&o);
    return buf_ok(b) ? OK : FAIL(rq, E_TOO_LARGE, "progress");
}

static enum err files_open(struct req *rq, struct bulk_export *x, struct str progress)
{
    struct bulk_file *files = NULL;
    size_t n = 0;
    TRY(bulk_files(rq, progress, &files, &n));
    for (size_t i = 0; i < n; i++) {
        bool deleted = str_eq(files[i].name, S("deleted"));
        unsigned at = deleted ? DELETED : fhir_type_find(files[i].name);
        if (at != T_NONE && x->out[at].p == NULL) {
            TRY(bulk_out_open(rq, x->where, files[i].name, files[i].type, files[i].n, files[i].bytes,
                              &x->out[at]));
        }
    }
    return OK;
}

enum err bulk_export_open(struct req *rq, const struct bulk_ask *ask, const struct fhir_access *acc,
                          int64_t upto, struct str progress, struct str where,
                          struct bulk_export **ret_x)
{
    struct bulk_export *x = ARENA_NEW(rq->a, struct bulk_export);
    TRY_MEM(rq, x);
    x->ask = ask;
    x->acc = *acc;
    x->upto = upto;
    x->pos = bulk_number(rq, progress, S("pos"));
    x->n = (uint64_t)bulk_number(rq, progress, S("n"));
    x->where = where;
    TRY(types_read(rq, x));
    TRY(filters_read(rq, x));
    TRY(patients_read(rq, x));
    enum err e = files_open(rq, x, progress);
    if (e != OK) {
        bulk_export_close(x);
        return e;
    }
    *ret_x = x;
    return OK;
}

uint64_t bulk_export_n(const struct bulk_export *x)
{
    return x->n;
}

void bulk_export_close(struct bulk_export *x)
{
    for (unsigned t = 0; t <= T_COUNT; t++) {
        bulk_out_close(&x->out[t]);
    }
}
