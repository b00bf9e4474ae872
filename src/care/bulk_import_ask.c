/* care/bulk_import_ask.c - what an import is made of: uploaded files, or files by their paths. See bulk.h. */
#include "care/bulk_int.h"
#include "care/upload.h"
#include "os/file.h"
#include "store/audit.h"

enum { ASK_MAX = 1 << 20 };

static struct str hex_of(struct req *rq, const uint8_t sha[32])
{
    struct buf b;
    buf_init(&b, rq->a, 80);
    buf_hex(&b, sha, 32);
    return buf_get(&b);
}

static enum err inputs_write(struct req *rq, struct str url, const struct bulk_input *inputs, size_t n,
                             struct str *ret_json)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, ASK_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("url"), url);
    json_k(&o, S("inputs"));
    json_arr(&o);
    for (size_t i = 0; i < n; i++) {
        json_obj(&o);
        json_ks(&o, S("url"), inputs[i].url);
        json_ks(&o, S("type"), inputs[i].type);
        if (inputs[i].path.n > 0) {
            json_ks(&o, S("path"), inputs[i].path);
        } else {
            json_ks(&o, S("sha"), hex_of(rq, inputs[i].sha));
        }
        json_obj_end(&o);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "import: names of files");
    }
    *ret_json = buf_get(&b);
    return OK;
}

enum err bulk_inputs_read(struct req *rq, struct str ask, struct bulk_input **ret_inputs, size_t *ret_n)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    size_t n = 0;
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, ask, NULL, doc));
    struct jv list = json_get(json_root(doc), S("inputs"));
    struct bulk_input *v = ARENA_ARRAY(rq->a, json_len(list), struct bulk_input);
    TRY_MEM(rq, v);
    for (struct jv e = json_first(list); json_has(e); e = json_next(e), n++) {
        struct str sha = json_str(rq->a, json_get(e, S("sha")));
        v[n] = (struct bulk_input){.url = json_str(rq->a, json_get(e, S("url"))),
                                   .type = json_str(rq->a, json_get(e, S("type"))),
                                   .path = json_str(rq->a, json_get(e, S("path")))};
        if (v[n].path.n == 0 && !str_unhex(sha, v[n].sha, 32)) {
            return FAIL(rq, E_IO, "bulk: the row's files");
        }
    }
    *ret_inputs = v;
    *ret_n = n;
    return OK;
}

/* The upload an address names. */
static enum err upload_of(struct req *rq, struct bulk_input *in, uint64_t *bytes)
{
    static const struct str mark = SI("/uploads/");
    size_t at = str_find(in->url, mark);
    struct upload up;
    if (at == in->url.n) {
        return FAIL(rq, E_BAD_INPUT, "input: the address of an upload");
    }
    TRY(upload_find(rq, str_sub(in->url, at + mark.n, in->url.n), &up));
    if (up.state != UPLOAD_COMPLETE) {
        return FAIL(rq, E_CONFLICT, "input: the upload is not complete");
    }
    for (size_t i = 0; i < sizeof in->sha; i++) {
        in->sha[i] = up.blob.sha[i];
    }
    *bytes += up.size;
    return OK;
}

enum err bulk_import_ask(struct req *rq, struct str url, struct bulk_input *inputs, size_t n,
                         struct tx *tx, struct str *ret_id)
{
    struct bulk_row row = {.kind = BULK_IMPORT, .at = rq->now};
    uint64_t bytes = 0;
    TRY(bulk_may_import(rq));
    if (n == 0 || n > BULK_INPUTS_MAX) {
        return FAIL(rq, E_BAD_INPUT, "input: one or more files");
    }
    for (size_t i = 0; i < n; i++) {
        enum fhir_type type = fhir_type_find(inputs[i].type);
        if (inputs[i].type.n > 0 && (type == T_NONE || fhir_type_hangs(type) == NOT_KEPT)) {
            return FAIL(rq, E_BAD_INPUT, "input: a type not kept here");
        }
        TRY(upload_of(rq, &inputs[i], &bytes));
    }
    row.upto = (int64_t)bytes;
    TRY(inputs_write(rq, url, inputs, n, &row.ask));
    TRY(bulk_row_new(rq, tx, &row, ret_id));
    struct audit_rec rec = {.action = AUDIT_UPLOAD, .why = WHY_SYSTEM, .detail = *ret_id};
    return audit_add(rq, &rec);
}

/* The same files have the same row: their names and sizes. */
static enum err row_of_files(struct req *rq, const struct bulk_input *inputs, size_t n,
                             struct bulk_row *row)
{
    uint8_t sha[32];
    struct buf b;
    uint64_t bytes = 0;
    buf_init(&b, rq->a, ASK_MAX);
    for (size_t i = 0; i < n; i++) {
        char *path = arena_cstr(rq->a, inputs[i].path);
        CLEANUP(os_close_p) int fd = -1;
        uint64_t size = 0;
        TRY_MEM(rq, path);
        TRY(os_open_read(rq, path, &fd));
        TRY(os_size(rq, fd, &size));
        bytes += size;
        buf_str(&b, inputs[i].path);
        buf_char(&b, '\0');
        buf_u64(&b, size);
        buf_char(&b, '\0');
    }
    sha_of(buf_get(&b), sha);
    row->id = str_sub(hex_of(rq, sha), 0, 32);
    row->upto = (int64_t)bytes;
    TRY_MEM(rq, row->id.p);
    return OK;
}

enum err bulk_import_files(struct req *rq, const struct bulk_input *inputs, size_t n,
                           struct str *ret_id)
{
    struct bulk_row row = {.kind = BULK_IMPORT, .at = rq->now};
    struct bulk_row there;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(row_of_files(rq, inputs, n, &row));
    *ret_id = row.id;
    enum err e = bulk_row_of(rq, row.id, &there);
    if (e == OK && there.state == BULK_RUNS) {
        return OK; /* it was interrupted */
    }
    if (e == OK) {
        TRY(bulk_drop(tx, row.id));
        TRY(store_commit(care_of(rq)->store, rq, tx));
        tx = tx_new(rq);
        TRY_MEM(rq, tx);
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(inputs_write(rq, S("command"), inputs, n, &row.ask));
    TRY(bulk_row_add(rq, tx, &row));
    return store_commit(care_of(rq)->store, rq, tx);
}
