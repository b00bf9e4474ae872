/* http/file.c - files from disk, whole or in part (RFC 9110 13, 14). */
#include "codec/field.h"
#include "http/http_int.h"
#include "os/file.h"

static enum err reply_part(struct http_req *h, const struct http_disk_file *f, uint64_t first,
                           uint64_t n)
{
    struct buf b;
    buf_init(&b, h->rq.a, 128);
    BUF_LIT(&b, "bytes ");
    buf_u64(&b, first);
    buf_char(&b, '-');
    buf_u64(&b, first + n - 1);
    buf_char(&b, '/');
    buf_u64(&b, f->size_bytes);
    http_reply_header(h, "Content-Range", buf_get(&b));
    struct reply *r = &call_of(h)->reply;
    r->from = first;
    r->size = n;
    return http_reply(h, 206, f->type, S(""));
}

static enum err reply_outside(struct http_req *h, const struct http_disk_file *f)
{
    struct buf b;
    buf_init(&b, h->rq.a, 64);
    BUF_LIT(&b, "bytes */");
    buf_u64(&b, f->size_bytes);
    http_reply_header(h, "Content-Range", buf_get(&b));
    os_close(f->fd);
    return http_reply_empty(h, 416);
}

enum err http_reply_file(struct http_req *h, const struct http_disk_file *f)
{
    struct reply *r = &call_of(h)->reply;
    struct buf b;
    if (http_is_fresh(h, f->etag, (struct instant){0})) {
        os_close(f->fd);
        return http_reply_empty(h, 304);
    }
    buf_init(&b, h->rq.a, 2048);
    field_disposition(&b, !f->inline_ok, f->filename);
    http_reply_header(h, "Content-Disposition", buf_get(&b));
    http_reply_header(h, "Accept-Ranges", S("bytes"));
    /* Whatever a file holds, it may not act as a page of ours. Browsers show no PDF in a sandbox;
     * their viewer is one itself. */
    bool pdf = f->inline_ok && str_eq(f->type, S("application/pdf"));
    http_reply_header(h, "Content-Security-Policy",
                      pdf ? S("default-src 'none'; object-src 'self'; style-src 'unsafe-inline'")
                          : S("default-src 'none'; style-src 'unsafe-inline'; sandbox"));
    struct str range = http_header(h, "Range");
    struct str if_range = http_header(h, "If-Range");
    uint64_t first = 0;
    uint64_t n = f->size_bytes;
    enum field_range what = FIELD_RANGE_ALL;
    if (range.p != NULL && (if_range.p == NULL || str_eq(if_range, f->etag))) {
        what = field_range(range, f->size_bytes, &first, &n);
    }
    if (what == FIELD_RANGE_NONE) {
        return reply_outside(h, f);
    }
    r->is_file = true;
    r->fd = f->fd;
    r->from = 0;
    r->size = f->size_bytes;
    return what == FIELD_RANGE_PART ? reply_part(h, f, first, n)
                                    : http_reply(h, 200, f->type, S(""));
}
