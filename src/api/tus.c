/* api/tus.c - resumable uploads. See tus.h. */
#include "api/tus.h"

#include <string.h>

#include "base/text.h"
#include "care/attach.h"
#include "care/care.h"
#include "care/filetype.h"
#include "care/upload.h"
#include "codec/b64.h"
#include "codec/json.h"

enum { METADATA_MAX = 4096 };

/* A PATCH in progress: http_req.page_ctx. */
struct patch {
    struct upload_pen *pen;
    bool checked;         /* it carries a checksum */
    uint8_t want_sha[32];
};

static struct upload_desk *desk_of(struct http_req *h)
{
    return care_of(&h->rq)->uploads;
}

static void common_headers(struct http_req *h)
{
    http_reply_header(h, "Tus-Resumable", S("1.0.0"));
}

/* tus 1.0.0, "Tus-Resumable": another version is refused with 412 and the ones we speak. */
static bool is_version_known(struct http_req *h)
{
    struct str v = http_header(h, "Tus-Resumable");
    common_headers(h);
    if (str_eq(v, S("1.0.0"))) {
        return true;
    }
    http_reply_header(h, "Tus-Version", S("1.0.0"));
    return false;
}

static enum err reply_number(struct http_req *h, const char *name, uint64_t v)
{
    struct buf b;
    buf_init(&b, h->rq.a, 24);
    buf_u64(&b, v);
    TRY_MEM(&h->rq, buf_get(&b).p);
    http_reply_header(h, name, buf_get(&b));
    return OK;
}

static enum err reply_expires(struct http_req *h, struct instant t)
{
    struct buf b;
    buf_init(&b, h->rq.a, 40);
    instant_write_http(&b, t);
    TRY_MEM(&h->rq, buf_get(&b).p);
    http_reply_header(h, "Upload-Expires", buf_get(&b));
    return OK;
}

/* The value of a key of Upload-Metadata, decoded; p NULL when absent or not base64. */
static struct str metadata(struct http_req *h, struct str key)
{
    struct str rest = http_header(h, "Upload-Metadata");
    struct str pair;
    if (rest.n > METADATA_MAX) {
        return (struct str){NULL, 0};
    }
    while (str_cut(&rest, ',', &pair)) {
        struct str value = str_trim(pair);
        struct str name;
        if (str_cut(&value, ' ', &name) && str_eq(name, key)) {
            return b64_decoded(h->rq.a, str_trim(value), B64_STD);
        }
    }
    return (struct str){NULL, 0};
}

enum err api_tus_create(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct upload up;
    uint64_t size;
    if (!is_version_known(h)) {
        return http_reply_empty(h, 412);
    }
    if (!str_u64(http_header(h, "Upload-Length"), &size)) {
        return FAIL(rq, E_BAD_INPUT, "Upload-Length");
    }
    struct str case_id = metadata(h, S("case"));
    TRY(attach_may_add(rq, case_id));
    TRY(upload_new(rq, desk_of(h), case_id, metadata(h, S("filename")), metadata(h, S("filetype")),
                   size, &up));
    struct buf b;
    buf_init(&b, rq->a, 128);
    BUF_LIT(&b, "/uploads/");
    buf_str(&b, up.id);
    http_reply_header(h, "Location", buf_get(&b));
    TRY(reply_expires(h, up.expires));
    return http_reply_empty(h, 201);
}

static const char *const state_names[] = {
    [UPLOAD_OPEN] = "open",
    [UPLOAD_COMPLETE] = "complete",
    [UPLOAD_REFUSED] = "refused",
    [UPLOAD_USED] = "used",
    [UPLOAD_FILED] = "filed",
};

static struct str status_json(struct req *rq, const struct upload *up)
{
    struct buf b;
    struct json_out o;
    struct buf sha;
    buf_init(&b, rq->a, 16384);
    buf_init(&sha, rq->a, 64);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("name"), up->name);
    json_ks(&o, S("type"), up->type);
    json_ks(&o, S("state"), str_z(state_names[up->state]));
    json_ki(&o, S("size"), (int64_t)up->size);
    json_ki(&o, S("offset"), (int64_t)up->offset);
    if (up->blob.size > 0) {
        buf_hex(&sha, up->blob.sha, sizeof(up->blob.sha));
        json_ks(&o, S("sha256"), buf_get(&sha));
    }
    json_k(&o, S("meta"));
    json_v_raw(&o, up->meta);
    json_obj_end(&o);
    return buf_get(&b);
}

enum err api_tus_status(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct upload up;
    TRY(upload_find(rq, http_param(h, S("id")), &up));
    TRY(upload_finish_left(rq, desk_of(h), &up));
    common_headers(h);
    http_reply_cache(h, S("no-store"));
    TRY(reply_number(h, "Upload-Offset", up.offset));
    TRY(reply_number(h, "Upload-Length", up.size));
    TRY(reply_expires(h, up.expires));
    struct str body = status_json(rq, &up);
    TRY_MEM(rq, body.p);
    return http_reply(h, 200, S("application/json"), body);
}

/* "sha256 BASE64" (tus checksum extension); without the header nothing is checked. */
static enum err read_checksum(struct http_req *h, struct patch *p)
{
    struct str rest = http_header(h, "Upload-Checksum");
    struct str algorithm;
    struct str bytes;
    if (rest.p == NULL) {
        return OK;
    }
    if (!str_cut(&rest, ' ', &algorithm) || !str_eq(algorithm, S("sha256"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "Upload-Checksum: sha256 and its base64 value");
    }
    bytes = b64_decoded(h->rq.a, str_trim(rest), B64_STD);
    if (bytes.n != sizeof(p->want_sha)) {
        return FAIL(&h->rq, E_BAD_INPUT, "Upload-Checksum: sha256 and its base64 value");
    }
    memcpy(p->want_sha, bytes.p, bytes.n);
    p->checked = true;
    return OK;
}

static enum err patch_chunk(struct http_req *h, struct str bytes)
{
    struct patch *p = h->page_ctx;
    return upload_pen_write(&h->rq, p->pen, bytes);
}

static enum err patch_count(struct http_req *h)
{
    struct patch *p = h->page_ctx;
    struct upload up;
    uint8_t sha[32];
    upload_pen_sha(p->pen, sha);
    if (p->checked && memcmp(sha, p->want_sha, sizeof(sha)) != 0) {
        return FAIL(&h->rq, E_CHECKSUM, "Upload-Checksum");
    }
    TRY(upload_pen_flush(&h->rq, p->pen));
    if (upload_pen_complete(p->pen)) {
        TRY(upload_pen_finish(&h->rq, p->pen, &up));
    }
    return OK;
}

static enum err patch_end(struct http_req *h)
{
    struct patch *p = h->page_ctx;
    TRY(patch_count(h));
    TRY(reply_number(h, "Upload-Offset", upload_pen_offset(p->pen)));
    upload_pen_close(p->pen);
    return http_reply_empty(h, 204);
}

/* The line broke: what came is kept, but for bytes whose checksum was to follow. */
static void patch_broken(struct http_req *h)
{
    struct patch *p = h->page_ctx;
    if (!p->checked && upload_pen_flush(&h->rq, p->pen) != OK) {
        err_clear(&h->rq); /* the client asks where it stands before it goes on */
    }
    upload_pen_close(p->pen);
}

static const struct http_sink patch_sink = {
    .chunk = patch_chunk,
    .end = patch_end,
    .broken = patch_broken,
};

enum err api_tus_patch(struct http_req *h)
{
    struct req *rq = &h->rq;
    struct patch *p = ARENA_NEW(rq->a, struct patch);
    uint64_t offset;
    TRY_MEM(rq, p);
    if (!is_version_known(h)) {
        return http_reply_empty(h, 412);
    }
    if (!str_eq(http_body_type(h), S("application/offset+octet-stream"))) {
        return FAIL(rq, E_MEDIA_TYPE, "application/offset+octet-stream");
    }
    if (!str_u64(http_header(h, "Upload-Offset"), &offset)) {
        return FAIL(rq, E_BAD_INPUT, "Upload-Offset");
    }
    TRY(read_checksum(h, p));
    TRY(upload_pen_open(rq, desk_of(h), http_param(h, S("id")), offset, &p->pen));
    if (p->checked) {
        upload_pen_hold(p->pen);
    }
    h->page_ctx = p;
    return http_stream(h, &patch_sink);
}

enum err api_tus_delete(struct http_req *h)
{
    if (!is_version_known(h)) {
        return http_reply_empty(h, 412);
    }
    TRY(upload_end(&h->rq, desk_of(h), http_param(h, S("id"))));
    return http_reply_empty(h, 204);
}

void api_tus_options(struct http_req *h)
{
    struct buf b;
    common_headers(h);
    http_reply_header(h, "Tus-Version", S("1.0.0"));
    http_reply_header(h, "Tus-Extension", S("creation,checksum,expiration,termination"));
    http_reply_header(h, "Tus-Checksum-Algorithm", S("sha256"));
    buf_init(&b, h->rq.a, 24);
    buf_u64(&b, upload_max_bytes(desk_of(h)));
    http_reply_header(h, "Tus-Max-Size", buf_get(&b));
}

enum err api_tus_error(struct http_req *h, enum err code)
{
    const char *detail = h->rq.err.detail;
    bool why = code == E_UNPROCESSED
               || (code == E_BAD_INPUT && str_eq(str_z(detail), str_z(file_verdict_text(FILE_EMPTY))));
    common_headers(h);
    return http_reply(h, err_http(code), S("text/plain; charset=utf-8"),
                      tr(h->rq.lang, why ? arena_cstr(h->rq.a, str_z(detail)) : err_text(code)));
}
