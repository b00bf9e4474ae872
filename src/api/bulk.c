/* api/bulk.c - FHIR Bulk Data Access 2.0: kick-off, status, files, delete. The work is in care/bulk.h.
 *
 *   /fhir/$export, /fhir/Patient/$export, /fhir/Group/:id/$export   GET, POST
 *   /fhir/$export/:job                                              GET status or manifest, DELETE
 *   /fhir/$export/:job/:file                                        GET
 *   /fhir/$import                                                   POST; then as of an export */
#include "care/bulk.h"

#include "api/fhir_int.h"
#include "care/care.h"
#include "codec/url.h"
#include "os/file.h"
#include "store/audit.h"

enum { LIST_MAX = 1000, MANIFEST_MAX = 1 << 20 };

/* What was asked, as it is gathered. */
struct asked {
    struct http_req *h;
    struct bulk_ask ask;
    struct str *types;
    struct str *filters;
    struct str *patients;
    struct str *elements;
    size_t n_types, n_filters, n_patients, n_elements;
};

static enum err add(struct asked *a, struct str **list, size_t *n, struct str s)
{
    if (*list == NULL) {
        *list = ARENA_ARRAY(a->h->rq.a, LIST_MAX, struct str);
        TRY_MEM(&a->h->rq, *list);
    }
    if (*n == LIST_MAX) {
        return FAIL(&a->h->rq, E_BAD_INPUT, "too many values of a parameter");
    }
    (*list)[(*n)++] = s;
    return OK;
}

static enum err add_all(struct asked *a, struct str **list, size_t *n, struct str value)
{
    struct str one;
    while (str_cut(&value, ',', &one)) {
        if (one.n > 0) {
            TRY(add(a, list, n, one));
        }
    }
    return OK;
}

/* Commas part filters; commas within one are values of a parameter. A filter begins with Type?. */
static enum err add_filters(struct asked *a, struct str value)
{
    struct str rest = value;
    struct str one = {NULL, 0};
    while (rest.p != NULL) {
        struct str piece;
        (void)str_cut(&rest, ',', &piece);
        size_t q = str_find_char(piece, '?');
        bool begins = q < piece.n && fhir_type_find(str_sub(piece, 0, q)) != T_NONE;
        if (one.p == NULL || !begins) {
            one = one.p == NULL ? piece : (struct str){one.p, (size_t)(piece.p + piece.n - one.p)};
            continue;
        }
        TRY(add(a, &a->filters, &a->n_filters, one));
        one = piece;
    }
    return one.n > 0 ? add(a, &a->filters, &a->n_filters, one) : OK;
}

static enum err format_check(struct asked *a, struct str value)
{
    static const struct str known[] = {SI("application/fhir+ndjson"), SI("application/fhir ndjson"),
                                       SI("application/ndjson"), SI("ndjson")};
    for (size_t i = 0; i < LEN(known); i++) {
        if (str_eq(value, known[i])) {
            return OK;
        }
    }
    return FAIL(&a->h->rq, E_BAD_INPUT, "_outputFormat: application/fhir+ndjson");
}

/* Codes of the guide's value set; those of other servers are not known here. */
static enum err associated(struct asked *a, struct str value)
{
    struct str one;
    while (str_cut(&value, ',', &one)) {
        if (str_eq(one, S("RelevantProvenanceResources"))) {
            a->ask.provenance = PROVENANCE_ALL;
        } else if (str_eq(one, S("LatestProvenanceResources"))) {
            a->ask.provenance = MAX(a->ask.provenance, PROVENANCE_LATEST);
        } else if (!api_prefers_lenient(a->h)) {
            return FAIL(&a->h->rq, E_BAD_INPUT,
                        "includeAssociatedData: LatestProvenanceResources, RelevantProvenanceResources");
        }
    }
    return OK;
}

static enum err param(struct asked *a, struct str name, struct str value)
{
    struct req *rq = &a->h->rq;
    if (str_eq(name, S("_type"))) {
        return add_all(a, &a->types, &a->n_types, value);
    }
    if (str_eq(name, S("_typeFilter"))) {
        return add_filters(a, value);
    }
    if (str_eq(name, S("_elements"))) {
        return add_all(a, &a->elements, &a->n_elements, value);
    }
    if (str_eq(name, S("includeAssociatedData"))) {
        return associated(a, value);
    }
    if (str_eq(name, S("_outputFormat"))) {
        return format_check(a, value);
    }
    if (str_eq(name, S("_since"))) {
        struct instant hi;
        return instant_span(value, 0, &a->ask.since, &hi)
                   ? OK
                   : FAIL(rq, E_BAD_INPUT, "_since: an instant");
    }
    if (str_eq(name, S("patient")) && a->ask.level != BULK_SYSTEM) {
        bool typed = str_starts(value, S("Patient/"));
        return add(a, &a->patients, &a->n_patients,
                   typed ? str_sub(value, sizeof("Patient/") - 1, value.n) : value);
    }
    if (str_eq(name, S("_format")) || api_prefers_lenient(a->h)) {
        return OK;
    }
    return FAIL(rq, E_BAD_INPUT, "a parameter this export does not have");
}

/* {"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Patient"}, ...]} */
static enum err params_body(struct asked *a)
{
    struct req *rq = &a->h->rq;
    struct json_doc *doc;
    TRY(api_body(a->h, &doc));
    struct jv root = json_root(doc);
    if (!json_is(json_get(root, S("resourceType")), S("Parameters"))) {
        return FAIL(rq, E_BAD_INPUT, "a Parameters resource belongs here");
    }
    for (struct jv p = json_first(json_get(root, S("parameter"))); json_has(p); p = json_next(p)) {
        struct str name = json_str(rq->a, json_get(p, S("name")));
        struct jv value = json_get(p, S("valueReference"));
        value = json_has(value) ? json_get(value, S("reference")) : (struct jv){0};
        for (struct jv v = json_first(p); json_has(v) && !json_has(value); v = json_next(v)) {
            value = str_starts(json_key(rq, v), S("value")) ? v : value;
        }
        struct str text = json_str(rq->a, value);
        if (name.n == 0 || text.p == NULL) {
            return FAIL(rq, E_BAD_INPUT, "parameter: a name and a text");
        }
        TRY(param(a, name, text));
    }
    return OK;
}

static enum err ask_read(struct http_req *h, struct asked *a)
{
    struct req *rq = &h->rq;
    struct url_pairs form = {0};
    struct buf url;
    a->h = h;
    a->ask.base = api_base(h);
    buf_init(&url, rq->a, 64 << 10);
    buf_str(&url, http_base_url(h));
    buf_str(&url, h->path);
    if (h->query.n > 0) {
        buf_char(&url, '?');
        buf_str(&url, h->query);
        TRY(form_parse(rq, h->query, LIST_MAX, &form));
    }
    TRY_MEM(rq, buf_get(&url).p);
    a->ask.url = buf_get(&url);
    for (size_t i = 0; i < form.n; i++) {
        TRY(param(a, form.v[i].name, form.v[i].value));
    }
    if (h->method == POST && http_body(h).n > 0) {
        TRY(params_body(a));
    }
    a->ask.types = a->types;
    a->ask.n_types = a->n_types;
    a->ask.filters = a->filters;
    a->ask.n_filters = a->n_filters;
    a->ask.elements = a->elements;
    a->ask.n_elements = a->n_elements;
    a->ask.patients = a->patients;
    a->ask.n_patients = a->n_patients;
    return OK;
}

static enum err accepted(struct http_req *h)
{
    http_reply_header(h, "Content-Location", *(struct str *)h->page_ctx);
    return http_reply_empty(h, 202);
}

static enum err kick_off(struct http_req *h, enum bulk_level level)
{
    struct req *rq = &h->rq;
    struct asked *a = ARENA_NEW(rq->a, struct asked);
    struct str *where = ARENA_NEW(rq->a, struct str);
    struct tx *tx = tx_new(rq);
    struct str id;
    struct buf b;
    TRY_MEM(rq, a);
    TRY_MEM(rq, where);
    TRY_MEM(rq, tx);
    TRY(api_enter(h));
    TRY(bulk_may(rq));
    if (!api_prefers_async(h)) {
        return FAIL(rq, E_BAD_INPUT, "Prefer: respond-async");
    }
    a->ask.level = level;
    a->ask.group = level == BULK_GROUP ? http_param(h, S("id")) : S("");
    TRY(ask_read(h, a));
    enum err e = bulk_export_ask(rq, &a->ask, tx, &id);
    if (e == E_LOCKED) {
        http_reply_header(h, "Retry-After", S("60"));
    }
    TRY(e);
    buf_init(&b, rq->a, 1024);
    buf_str(&b, api_base(h));
    BUF_LIT(&b, "/$export/");
    buf_str(&b, id);
    *where = buf_get(&b);
    h->page_ctx = where;
    return http_commit(h, tx, accepted);
}

enum err api_fhir_export(struct http_req *h)
{
    return kick_off(h, BULK_SYSTEM);
}

enum err api_fhir_export_patients(struct http_req *h)
{
    return kick_off(h, BULK_PATIENT);
}

enum err api_fhir_export_group(struct http_req *h)
{
    return kick_off(h, BULK_GROUP);
}

/* ---- status ---- */

/* What a finished job answers, being written. */
struct manifest {
    struct buf b;
    struct json_out o;
    struct bulk_file *files;
    size_t n;
};

static enum err manifest_begin(struct http_req *h, const struct bulk_row *row, struct manifest *m)
{
    struct req *rq = &h->rq;
    struct buf when;
    TRY(bulk_files(rq, row->progress, &m->files, &m->n));
    buf_init(&m->b, rq->a, MANIFEST_MAX);
    buf_init(&when, rq->a, 64);
    instant_write(&when, row->at);
    json_out_init(&m->o, &m->b);
    json_obj(&m->o);
    json_ks(&m->o, S("transactionTime"), buf_get(&when));
    json_kb(&m->o, S("requiresAccessToken"), true);
    return OK;
}

static enum err manifest_reply(struct http_req *h, struct manifest *m)
{
    json_obj_end(&m->o);
    return buf_ok(&m->b) ? http_reply(h, 200, S("application/json"), buf_get(&m->b))
                         : FAIL(&h->rq, E_TOO_LARGE, "manifest");
}

static void file_write(struct http_req *h, struct json_out *o, const struct bulk_row *row,
                       const struct bulk_file *f)
{
    struct buf b;
    buf_init(&b, h->rq.a, 1024);
    buf_str(&b, api_base(h));
    buf_str(&b, row->kind == BULK_EXPORT ? S("/$export/") : S("/$import/"));
    buf_str(&b, row->id);
    buf_char(&b, '/');
    buf_str(&b, f->name);
    json_obj(o);
    json_ks(o, S("type"), f->type);
    json_ks(o, S("url"), buf_get(&b));
    json_ki(o, S("count"), (int64_t)f->n);
    json_obj_end(o);
}

/* The list of the manifest a file stands in. */
static struct str list_of(const struct bulk_row *row, const struct bulk_file *f)
{
    return row->kind == BULK_IMPORT || str_eq(f->name, S("outcome")) ? S("error")
           : str_eq(f->name, S("deleted"))                           ? S("deleted")
                                                                     : S("output");
}

/* One list, with those files that hold anything. */
static void files_write(struct http_req *h, struct manifest *m, const struct bulk_row *row,
                        struct str list)
{
    json_k(&m->o, list);
    json_arr(&m->o);
    for (size_t i = 0; i < m->n; i++) {
        if (m->files[i].n > 0 && str_eq(list_of(row, &m->files[i]), list)) {
            file_write(h, &m->o, row, &m->files[i]);
        }
    }
    json_arr_end(&m->o);
}

static enum err export_manifest(struct http_req *h, const struct bulk_row *row)
{
    struct req *rq = &h->rq;
    struct bulk_ask ask;
    struct manifest m;
    struct buf expires;
    TRY(bulk_ask_read(rq, row->ask, &ask));
    TRY(manifest_begin(h, row, &m));
    json_ks(&m.o, S("request"), ask.url);
    files_write(h, &m, row, S("output"));
    files_write(h, &m, row, S("deleted"));
    files_write(h, &m, row, S("error"));
    buf_init(&expires, rq->a, 64);
    instant_write_http(&expires, row->expires);
    http_reply_header(h, "Expires", buf_get(&expires));
    return manifest_reply(h, &m);
}

/* How many resources were written; the lines that were left out, and why, in a file. */
static enum err import_manifest(struct http_req *h, const struct bulk_row *row)
{
    struct req *rq = &h->rq;
    struct bulk_input *inputs = NULL;
    size_t n_inputs = 0;
    struct manifest m;
    TRY(bulk_inputs_read(rq, row->ask, &inputs, &n_inputs));
    TRY(manifest_begin(h, row, &m));
    json_ki(&m.o, S("count"), bulk_number(rq, row->progress, S("n")));
    json_k(&m.o, S("input"));
    json_arr(&m.o);
    for (size_t i = 0; i < n_inputs; i++) {
        json_v_str(&m.o, inputs[i].url);
    }
    json_arr_end(&m.o);
    files_write(h, &m, row, S("error"));
    return manifest_reply(h, &m);
}

static enum err status(struct http_req *h, enum bulk_kind kind)
{
    struct req *rq = &h->rq;
    struct bulk_row row;
    TRY(api_enter(h));
    TRY(kind == BULK_EXPORT ? bulk_may(rq) : bulk_may_import(rq));
    TRY(bulk_find(rq, kind, http_param(h, S("job")), &row));
    if (row.state == BULK_FAILED) {
        return FAIL(rq, E_INTERNAL, "it failed: %.*s", STR_ARG(row.error));
    }
    if (row.state == BULK_DONE) {
        return kind == BULK_EXPORT ? export_manifest(h, &row) : import_manifest(h, &row);
    }
    struct buf b;
    buf_init(&b, rq->a, 64);
    buf_u64(&b, bulk_percent(rq, &row));
    BUF_LIT(&b, "%");
    http_reply_header(h, "X-Progress", buf_get(&b));
    http_reply_header(h, "Retry-After", S("1"));
    return http_reply_empty(h, 202);
}

enum err api_fhir_export_status(struct http_req *h)
{
    return status(h, BULK_EXPORT);
}

enum err api_fhir_import_status(struct http_req *h)
{
    return status(h, BULK_IMPORT);
}

static enum err gone(struct http_req *h)
{
    return http_reply_empty(h, 202);
}

/* Its files are removed within a minute; nobody can ask for them any more. */
static enum err end(struct http_req *h, enum bulk_kind kind)
{
    struct req *rq = &h->rq;
    struct bulk_row row;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(api_enter(h));
    TRY(kind == BULK_EXPORT ? bulk_may(rq) : bulk_may_import(rq));
    TRY(bulk_find(rq, kind, http_param(h, S("job")), &row));
    TRY(bulk_drop(tx, row.id));
    struct audit_rec rec = {.action = AUDIT_DELETE, .why = WHY_OWN, .detail = row.id};
    TRY(audit_add(rq, &rec));
    return http_commit(h, tx, gone);
}

enum err api_fhir_export_end(struct http_req *h)
{
    return end(h, BULK_EXPORT);
}

/* What was written stays. */
enum err api_fhir_import_end(struct http_req *h)
{
    return end(h, BULK_IMPORT);
}

static enum err file(struct http_req *h, enum bulk_kind kind)
{
    struct req *rq = &h->rq;
    struct bulk_row row;
    struct bulk_file *files = NULL;
    size_t n = 0;
    size_t i = 0;
    char path[OS_PATH_MAX];
    int fd = -1;
    if (rq->who == NULL) {
        return FAIL(rq, E_SIGN_IN, "no bearer token");
    }
    TRY(kind == BULK_EXPORT ? bulk_may(rq) : bulk_may_import(rq));
    TRY(bulk_find(rq, kind, http_param(h, S("job")), &row));
    TRY(bulk_files(rq, row.progress, &files, &n));
    while (i < n && !str_eq(files[i].name, http_param(h, S("file")))) {
        i++;
    }
    if (row.state != BULK_DONE || i == n) {
        return FAIL(rq, E_NOT_FOUND, "no such file");
    }
    enum fhir_type type = fhir_type_find(files[i].name);
    if (type != T_NONE) {
        TRY(api_may(h, type, OP_READ | OP_SEARCH));
    }
    struct audit_rec rec = {.action = AUDIT_DOWNLOAD, .why = WHY_OWN, .type = (uint16_t)type,
                            .detail = row.id};
    TRY(audit_add(rq, &rec));
    TRY(bulk_path(rq, row.id, files[i].name, path));
    TRY(os_open_read(rq, path, &fd));
    struct http_disk_file f = {.fd = fd, .size_bytes = files[i].bytes,
                               .type = S("application/fhir+ndjson")};
    return http_reply_file(h, &f);
}

enum err api_fhir_export_file(struct http_req *h)
{
    return file(h, BULK_EXPORT);
}

enum err api_fhir_import_file(struct http_req *h)
{
    return file(h, BULK_IMPORT);
}

/* ---- import ---- */

/* {"inputFormat":"application/fhir+ndjson","input":[{"type":"Patient","url":"/uploads/ID"}]}, or the same as
 * Parameters: input with the parts type and url. */
static enum err inputs_read(struct http_req *h, struct jv root, struct bulk_input **ret_v,
                            size_t *ret_n)
{
    struct req *rq = &h->rq;
    bool params = json_is(json_get(root, S("resourceType")), S("Parameters"));
    struct jv list = json_get(root, params ? S("parameter") : S("input"));
    struct bulk_input *v = ARENA_ARRAY(rq->a, json_len(list), struct bulk_input);
    size_t n = 0;
    TRY_MEM(rq, v);
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        struct bulk_input in = {.url = json_str(rq->a, json_get(e, S("url"))),
                                .type = json_str(rq->a, json_get(e, S("type")))};
        if (params && !json_is(json_get(e, S("name")), S("input"))) {
            continue;
        }
        for (struct jv p = json_first(json_get(e, S("part"))); json_has(p); p = json_next(p)) {
            struct jv code = json_get(p, S("valueCode"));
            struct jv url = json_get(p, S("valueUri"));
            url = json_has(url) ? url : json_get(p, S("valueUrl"));
            in.type = json_is(json_get(p, S("name")), S("type")) ? json_str(rq->a, code) : in.type;
            in.url = json_is(json_get(p, S("name")), S("url")) ? json_str(rq->a, url) : in.url;
        }
        if (in.url.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "input: an address");
        }
        v[n++] = in;
    }
    *ret_v = v;
    *ret_n = n;
    return OK;
}

enum err api_fhir_import(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct str *where = ARENA_NEW(rq->a, struct str);
    struct tx *tx = tx_new(rq);
    struct bulk_input *inputs = NULL;
    struct json_doc *doc;
    struct str id;
    size_t n = 0;
    struct buf b;
    TRY_MEM(rq, where);
    TRY_MEM(rq, tx);
    TRY(api_enter(h));
    TRY(bulk_may_import(rq));
    if (!api_prefers_async(h)) {
        return FAIL(rq, E_BAD_INPUT, "Prefer: respond-async");
    }
    TRY(api_body(h, &doc));
    struct str format = json_str(rq->a, json_get(json_root(doc), S("inputFormat")));
    if (format.n > 0 && !str_eq(format, S("application/fhir+ndjson"))) {
        return FAIL(rq, E_BAD_INPUT, "inputFormat: application/fhir+ndjson");
    }
    TRY(inputs_read(h, json_root(doc), &inputs, &n));
    buf_init(&b, rq->a, 2048);
    buf_str(&b, api_base(h));
    BUF_LIT(&b, "/$import");
    TRY(bulk_import_ask(rq, buf_get(&b), inputs, n, tx, &id));
    buf_char(&b, '/');
    buf_str(&b, id);
    *where = buf_get(&b);
    h->page_ctx = where;
    return http_commit(h, tx, accepted);
}
