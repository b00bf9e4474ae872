/* care/bulk_export.c - exports: what is asked for, and the walk over the feed into files. See bulk.h. */
#include <stdlib.h>

#include "care/bulk_int.h"
#include "codec/url.h"
#include "fhir/compartment.h"
#include "fhir/issue.h"
#include "fhir/meets.h"
#include "os/file.h"
#include "os/thread.h"
#include "store/audit.h"

#define ATTACHED "\"url\":\"Binary/"
#define DELETED T_COUNT /* place of its file */

struct bulk_filter {
    enum fhir_type type;
    struct fhir_filter *filter;
};

struct bulk_export {
    const struct bulk_ask *ask;
    struct fhir_access acc;
    struct bulk_filter filters[BULK_FILTERS_MAX];
    size_t n_filters;
    struct fhir_scopes plain; /* the same, for types with none that looks at other resources */
    bool deep[T_COUNT];       /* a filter of the type does, or at what the index does not hold */
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

/* The filters as scopes, when all of them can be: those look at the index alone. */
static enum err filters_plain(struct req *rq, struct bulk_export *x)
{
    struct buf b;
    buf_init(&b, rq->a, SCOPE_TEXT_MAX);
    for (size_t i = 0; i < x->ask->n_filters; i++) {
        struct str query = x->ask->filters[i];
        struct str name;
        (void)str_cut(&query, '?', &name);
        buf_str(&b, i > 0 ? S(" system/") : S("system/"));
        buf_str(&b, name);
        BUF_LIT(&b, ".rs?");
        buf_str(&b, query);
    }
    if (!buf_ok(&b)) {
        return FAIL(rq, E_BAD_INPUT, "_typeFilter: too long");
    }
    TRY(scope_parse(rq, buf_get(&b), &x->plain, NULL));
    for (size_t i = 0; i < x->plain.n; i++) {
        const struct scope_row *r = &x->plain.v[i];
        x->deep[r->type] = x->deep[r->type] || !scope_query_is_good(rq, r);
    }
    return scope_bind(rq, &x->plain, (struct str){NULL, 0});
}

/* A resource of a type with filters must meet one of them. */
static enum err filters_read(struct req *rq, struct bulk_export *x)
{
    if (x->ask->n_filters > BULK_FILTERS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "_typeFilter: too many");
    }
    for (size_t i = 0; i < x->ask->n_filters; i++) {
        struct bulk_filter *f = &x->filters[x->n_filters];
        struct str query = x->ask->filters[i];
        struct str name;
        if (!str_cut(&query, '?', &name) || query.n == 0 || str_find_char(query, ' ') < query.n) {
            return FAIL(rq, E_BAD_INPUT, "_typeFilter: Type?parameter=value");
        }
        f->type = fhir_type_find(name);
        if (f->type == T_NONE || !x->wanted[f->type]) {
            return FAIL(rq, E_BAD_INPUT, "_typeFilter: of a type that is not exported");
        }
        enum err e = fhir_filter_new(rq, f->type, query, &x->acc, &f->filter);
        if (e == E_BAD_INPUT) {
            err_clear(rq);
            fhir_issues_clear(rq);
            return FAIL(rq, E_BAD_INPUT, "_typeFilter %zu: not a search that filters here", i + 1);
        }
        TRY(e);
        x->filtered[f->type] = true;
        x->n_filters++;
    }
    return x->n_filters > 0 ? filters_plain(rq, x) : OK;
}

/* "name" or "Type.name". */
static enum err elements_read(struct req *rq, const struct bulk_export *x)
{
    if (x->ask->n_elements > BULK_ELEMENTS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "_elements: too many");
    }
    for (size_t i = 0; i < x->ask->n_elements; i++) {
        struct str name = x->ask->elements[i];
        size_t dot = str_find_char(name, '.');
        bool good = dot == name.n || fhir_type_find(str_sub(name, 0, dot)) != T_NONE;
        struct str leaf = dot == name.n ? name : str_sub(name, dot + 1, name.n);
        for (size_t k = 0; k < leaf.n; k++) {
            char c = leaf.p[k];
            good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_');
        }
        if (!good || leaf.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "_elements: element or Type.element, of the first level");
        }
    }
    return OK;
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
    TRY(elements_read(rq, x));
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

/* A Provenance that may be about something exported. */
static bool is_about(const struct bulk_export *x, const struct ver_row *v)
{
    return x->ask->provenance != PROVENANCE_NONE && v->type == T_PROVENANCE && !x->wanted[T_PROVENANCE]
           && v->op != VER_DELETE;
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
    if (may && x->filtered[v->type] && row->is_newest && !x->deep[v->type] && v->op != VER_DELETE) {
        TRY(scope_row_may(rq, &x->plain, OP_READ, &head, &may));
    }
    if (!may && is_about(x, v)) {
        TRY(fhir_may_touch(rq, &x->acc, OP_READ | OP_SEARCH, &head, &may));
    }
    *ret_wanted = may;
    return OK;
}

/* A version that was changed since the moment, or that is asked more than the index knows, is held to the
 * filters by what it says itself. */
static enum err fits(struct req *rq, struct bulk_export *x, const struct ver_row *v, bool *ret_fits)
{
    struct fhir_version *version = NULL;
    bool any = false;
    TRY(fhir_version_load(rq, v, &version));
    for (size_t i = 0; !any && i < x->n_filters; i++) {
        if (x->filters[i].type == (enum fhir_type)v->type) {
            TRY(fhir_filter_meets(rq, x->filters[i].filter, version, &any));
        }
    }
    *ret_fits = any;
    return OK;
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

/* The elements that were asked for of this type; all when none was. */
static enum err subset(struct req *rq, const struct bulk_export *x, const struct ver_row *v,
                       struct str body, struct str *ret_body)
{
    const struct res_row row = {.type = v->type, .id = v->id, .version = v->version,
                                .updated = v->updated, .body = body};
    struct buf b;
    buf_init(&b, rq->a, 4096);
    for (size_t i = 0; i < x->ask->n_elements; i++) {
        struct str name = x->ask->elements[i];
        size_t dot = str_find_char(name, '.');
        bool all = dot == name.n;
        if (all || str_eq(str_sub(name, 0, dot), fhir_type_name((enum fhir_type)v->type))) {
            buf_str(&b, b.n > 0 ? S(",") : S(""));
            buf_str(&b, all ? name : str_sub(name, dot + 1, name.n));
        }
    }
    *ret_body = body;
    if (b.n == 0) {
        return OK;
    }
    const struct form_pair pair = {.name = S("_elements"), .value = buf_get(&b)};
    const struct url_pairs form = {.v = &pair, .n = 1};
    return fhir_subset(rq, &form, &row, ret_body);
}

/* Is this resource in the export? */
static enum err is_exported(struct req *rq, struct bulk_export *x, enum fhir_type type, struct str id,
                            bool *ret_is)
{
    struct res_row head;
    struct ver_row v;
    struct db_walk_row row = {.ver = &v};
    enum err e = type != T_NONE && x->wanted[type] ? db_head(rq, type, id, &head) : E_NOT_FOUND;
    if (e == OK) {
        e = db_version_at(rq, head.rid, x->upto, &v);
    }
    *ret_is = false;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    row.at_ms = head.at_ms;
    TRY(want(rq, &row, x, ret_is));
    return *ret_is && x->filtered[type] ? fits(rq, x, &v, ret_is) : OK;
}

/* Is no other Provenance of the target newer? */
static enum err is_latest(struct req *rq, struct bulk_export *x, struct str target, struct str id,
                          bool *ret_is)
{
    struct fhir_page page = {0};
    struct buf b;
    buf_init(&b, rq->a, 300);
    BUF_LIT(&b, "_sort=-recorded&_count=1&target=");
    url_encode(&b, target, URL_COMPONENT);
    TRY(fhir_search_text(rq, T_PROVENANCE, buf_get(&b), &x->acc, &page));
    *ret_is = page.n_matches > 0 && str_eq(page.v[0].row.id, id);
    return OK;
}

static enum err tells_of_exported(struct req *rq, struct bulk_export *x, const struct ver_row *v,
                                  bool *ret_does)
{
    struct json_doc doc;
    bool does = false;
    TRY(json_parse(rq, v->body, NULL, &doc));
    struct jv list = json_get(json_root(&doc), S("target"));
    for (struct jv t = json_first(list); json_has(t) && !does; t = json_next(t)) {
        struct str target = json_str(rq->a, json_get(t, S("reference")));
        struct str id = target;
        struct str name;
        if (!str_cut(&id, '/', &name)) {
            continue;
        }
        id = str_sub(id, 0, str_find_char(id, '/'));
        TRY(is_exported(rq, x, fhir_type_find(name), id, &does));
        if (does && x->ask->provenance == PROVENANCE_LATEST) {
            TRY(is_latest(rq, x, str_sub(target, 0, name.n + 1 + id.n), v->id, &does));
        }
    }
    *ret_does = does;
    return OK;
}

static enum err take(struct req *rq, const struct db_walk_row *row, void *ctx)
{
    struct bulk_export *x = ctx;
    const struct ver_row *v = row->ver;
    struct bulk_out *out;
    bool told = true;
    if (v->op == VER_DELETE) {
        return add_deleted(rq, x, v);
    }
    if (is_about(x, v)) {
        TRY(tells_of_exported(rq, x, v, &told));
    } else if (x->filtered[v->type] && (x->deep[v->type] || !row->is_newest)) {
        TRY(fits(rq, x, v, &told));
    }
    if (!told) {
        return OK;
    }
    struct str body = v->type == T_DOCUMENT_REFERENCE ? with_addresses(rq, x, v->body) : v->body;
    TRY_MEM(rq, body.p);
    TRY(subset(rq, x, v, body, &body));
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
