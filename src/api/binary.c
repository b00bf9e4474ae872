/* api/binary.c - Binary: raw bytes (R4 binary.html). Two kinds stand at the address: a Binary kept as a
 * resource, and the file of a case under the id of its DocumentReference.
 */
#include <unistd.h>

#include "api/fhir_int.h"
#include "care/care.h"
#include "care/consult.h"
#include "codec/b64.h"
#include "store/audit.h"
#include "store/blob.h"

static bool wants_resource(const struct http_req *h)
{
    struct str accept = http_header(h, "Accept");
    return str_find(accept, S("application/fhir+json")) < accept.n;
}

/* What a browser might run is handed out as bytes only (binary.html#security). */
static struct str safe_type(struct str type)
{
    static const struct str shown[] = {
        SI("application/pdf"), SI("image/jpeg"), SI("image/png"), SI("application/dicom"),
        SI("text/plain"),
    };
    for (size_t i = 0; i < LEN(shown); i++) {
        if (str_eq(shown[i], type)) {
            return shown[i];
        }
    }
    return S("application/octet-stream");
}

static enum err kept_reply(struct http_req *h, const struct res_row *row)
{
    struct json_doc doc;
    if (row->deleted) {
        return FAIL(&h->rq, E_GONE, "deleted");
    }
    if (http_is_fresh(h, api_etag(&h->rq, row->version), row->updated)) {
        return http_reply_empty(h, 304);
    }
    if (wants_resource(h)) {
        return api_reply(h, 200, row->body);
    }
    TRY(json_parse(&h->rq, row->body, NULL, &doc));
    struct jv root = json_root(&doc);
    struct str data = json_str(h->rq.a, json_get(root, S("data")));
    struct str bytes = S("");
    if (data.n > 0) {
        bytes = b64_decoded(h->rq.a, data, B64_BLANKS);
        if (bytes.p == NULL) {
            return FAIL(&h->rq, E_UNPROCESSED, "Binary.data");
        }
    }
    http_reply_header(h, "Content-Disposition", S("attachment"));
    return http_reply(h, 200, safe_type(json_str(h->rq.a, json_get(root, S("contentType")))), bytes);
}

static enum err file_reply(struct http_req *h, struct str id)
{
    struct case_row row;
    struct case_file file;
    struct http_disk_file out = {0};
    struct fhir_access acc = api_access(h);
    bool may = false;
    TRY(consult_file_get(&h->rq, id, AUDIT_DOWNLOAD, &row, &file));
    struct res_row as_binary = {.rid = row.rid, .type = T_BINARY, .anchor = row.rid,
                                .patient = row.patient_rid};
    TRY(scope_row_may(&h->rq, acc.scopes, OP_READ, &as_binary, &may));
    if (!may) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such resource");
    }
    TRY(blob_open(&h->rq, care_of(&h->rq)->store, file.sha, &out.fd, &out.size_bytes));
    out.type = file.type;
    out.filename = file.title;
    return http_reply_file(h, &out);
}

enum err api_binary_body(struct http_req *h, enum fhir_type type, struct str id,
                         struct json_doc **ret_doc)
{
    struct req *rq = &h->rq;
    struct str kind = http_body_type(h);
    struct str context = http_header(h, "X-Security-Context");
    struct str bytes = http_body(h);
    struct buf b;
    if (type != T_BINARY || kind.n == 0 || str_eq(kind, S("application/fhir+json")) ||
        str_eq(kind, S("application/json"))) {
        return api_body(h, ret_doc);
    }
    buf_init(&b, rq->a, b64_chars(bytes.n) + 8192);
    BUF_LIT(&b, "{\"resourceType\":\"Binary\",");
    if (id.n > 0) {
        BUF_LIT(&b, "\"id\":");
        json_quote(&b, id);
        buf_char(&b, ',');
    }
    BUF_LIT(&b, "\"contentType\":");
    json_quote(&b, http_header(h, "Content-Type"));
    if (context.n > 0) {
        BUF_LIT(&b, ",\"securityContext\":{\"reference\":");
        json_quote(&b, context);
        buf_char(&b, '}');
    }
    if (bytes.n > 0) {
        BUF_LIT(&b, ",\"data\":\"");
        b64_write(&b, bytes.p, bytes.n, B64_STD);
        buf_char(&b, '"');
    }
    buf_char(&b, '}');
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "Binary");
    }
    *ret_doc = doc;
    return json_parse(rq, buf_get(&b), NULL, doc);
}

enum err api_binary_anchor(struct http_req *h, struct jv root, struct fhir_how *how)
{
    struct req *rq = &h->rq;
    struct str ref = json_str(rq->a, json_path(root, S("securityContext.reference")));
    struct str id = ref;
    struct str name;
    struct res_row row;
    if (ref.n == 0 || !str_cut(&id, '/', &name) || fhir_type_find(name) == T_NONE) {
        return OK;
    }
    enum err e = db_head(rq, (uint16_t)fhir_type_find(name), id, &row);
    if (e == OK && row.anchor > 0) {
        e = row.anchor == row.rid ? OK : db_head_rid(rq, row.anchor, &row);
    }
    if (e == E_NOT_FOUND) {
        err_clear(rq); /* of nobody here: nobody but the system sees it */
        return OK;
    }
    TRY(e);
    if (row.type == T_PATIENT || row.type == T_SERVICE_REQUEST) {
        how->anchor_type = (enum fhir_type)row.type;
        how->anchor_id = row.id;
    }
    return OK;
}

enum err api_binary_read(struct http_req *h)
{
    struct str id = http_param(h, S("id"));
    struct res_row row;
    if (h->rq.who == NULL) {
        return FAIL(&h->rq, E_SIGN_IN, "no bearer token");
    }
    TRY(api_may(h, T_BINARY, OP_READ));
    enum err e = api_find(h, T_BINARY, id, AUDIT_READ, &row);
    if (e == OK) {
        return kept_reply(h, &row);
    }
    if (e != E_NOT_FOUND || h->rq.audit != NULL || !fhir_id_is_valid(id)) {
        return e; /* there is one, and it is not theirs */
    }
    err_clear(&h->rq);
    return file_reply(h, id);
}
