/* api/dicomweb_accept.c - which form an answer is wanted in; answers of several parts (PS3.18 8.6, 8.7). */
#include "api/dicomweb_int.h"
#include "care/care.h"
#include "codec/field.h"
#include "os/random.h"
#include "store/blob.h"

/* q of an item, 0..1000; 1000 when it has none. */
static unsigned weight(struct arena *a, struct str item)
{
    struct str q = field_param(a, item, S("q"));
    struct buf b;
    if (q.p == NULL) {
        return 1000;
    }
    buf_init(&b, a, 64);
    BUF_LIT(&b, "x;q=");
    buf_str(&b, str_sub(q, 0, 8));
    return field_quality(buf_get(&b), S("x"));
}

static bool read_form(struct http_req *h, struct str item, struct dw_form *ret)
{
    struct str head = field_head(item);
    struct arena *a = h->rq.a;
    *ret = (struct dw_form){.asked = true};
    if (weight(a, item) == 0) {
        return false;
    }
    ret->multipart = str_eq_nocase(head, S("multipart/related"));
    ret->type = ret->multipart ? str_or_empty(field_param(a, item, S("type"))) : head;
    ret->syntax = str_or_empty(field_param(a, item, S("transfer-syntax")));
    if (str_eq(ret->syntax, S("*"))) {
        ret->syntax = S("");
    }
    if (str_eq(head, S("*/*")) || (ret->multipart && ret->type.n == 0)) {
        *ret = (struct dw_form){.multipart = true};
    }
    return true;
}

uint32_t dw_accepted(struct http_req *h, struct dw_form *ret_forms, uint32_t max)
{
    struct str rest = http_query(h, S("accept"));
    struct str item;
    uint32_t n = 0;
    if (rest.n == 0) {
        rest = http_header(h, "Accept");
    }
    if (rest.n == 0) {
        rest = S("*/*");
    }
    for (unsigned least = 1000; n == 0 || least > 0; least = least == 1000 ? 1 : 0) {
        struct str again = rest;
        while (n < max && field_next(&again, ',', &item)) {
            bool top = weight(h->rq.a, item) == 1000;
            if ((least == 1000) == top && read_form(h, item, &ret_forms[n])) {
                n++;
            }
        }
        if (least == 0) {
            break;
        }
    }
    return n;
}

/* ---- parts ---- */

enum { HEAD_MAX = 700, MAPPED_MAX = 4 * 1024 * 1024 };

enum err dw_parts_begin(struct http_req *h, size_t n, size_t pieces, struct dw_parts *ret_p)
{
    char id[OS_ID_LEN + 1];
    os_id(id);
    *ret_p = (struct dw_parts){.h = h, .max = n + pieces + 1};
    ret_p->v = ARENA_ARRAY(h->rq.a, ret_p->max, struct http_piece);
    ret_p->boundary = arena_str(h->rq.a, str_z(id));
    TRY_MEM(&h->rq, ret_p->v);
    TRY_MEM(&h->rq, ret_p->boundary.p);
    return OK;
}

static void add(struct dw_parts *p, struct http_piece piece)
{
    if (p->n == p->max || (piece.file == NULL && piece.bytes.p == NULL)) {
        p->failed = true;
    } else {
        p->v[p->n++] = piece;
    }
}

void dw_part_bytes(struct dw_parts *p, struct str bytes)
{
    add(p, (struct http_piece){.bytes = bytes});
}

void dw_part_file(struct dw_parts *p, const struct blob_ref *blob)
{
    add(p, (struct http_piece){.file = blob, .n = blob->size});
}

void dw_part(struct dw_parts *p, struct str type, struct str syntax, uint64_t size, struct str location)
{
    struct buf b;
    buf_init(&b, p->h->rq.a, HEAD_MAX);
    buf_str(&b, p->n > 0 ? S("\r\n--") : S("--"));
    buf_str(&b, p->boundary);
    BUF_LIT(&b, "\r\nContent-Type: ");
    buf_str(&b, type);
    if (syntax.n > 0) {
        BUF_LIT(&b, "; transfer-syntax=");
        buf_str(&b, syntax);
    }
    BUF_LIT(&b, "\r\nContent-Length: ");
    buf_u64(&b, size);
    if (location.n > 0) {
        BUF_LIT(&b, "\r\nContent-Location: ");
        buf_str(&b, location);
    }
    BUF_LIT(&b, "\r\n\r\n");
    dw_part_bytes(p, buf_get(&b));
}

static enum err open_blob(struct http_req *h, const void *file, int *ret_fd)
{
    const struct blob_ref *blob = file;
    uint64_t size = 0;
    return blob_open(&h->rq, care_of(&h->rq)->store, blob->sha, ret_fd, &size);
}

/* Few bytes in files go out of the mapped files, without a copy on the way. */
static enum err map_files(struct dw_parts *p)
{
    struct req *rq = &p->h->rq;
    uint64_t size = 0;

    for (size_t i = 0; i < p->n; i++) {
        size += p->v[i].file != NULL ? p->v[i].n : 0;
    }
    for (size_t i = 0; i < p->n && size <= MAPPED_MAX; i++) {
        const struct blob_ref *blob = p->v[i].file;
        if (blob == NULL) {
            continue;
        }
        TRY(blob_map(rq, care_of(rq)->store, blob->sha, &p->v[i].bytes));
        if (p->v[i].bytes.n != blob->size) {
            return FAIL(rq, E_IO, "a blob of %zu bytes", p->v[i].bytes.n);
        }
    }
    return OK;
}

enum err dw_parts_end(struct dw_parts *p, struct str type)
{
    struct req *rq = &p->h->rq;
    struct buf b;
    struct buf t;
    buf_init(&b, rq->a, 64);
    BUF_LIT(&b, "\r\n--");
    buf_str(&b, p->boundary);
    BUF_LIT(&b, "--\r\n");
    dw_part_bytes(p, buf_get(&b));
    buf_init(&t, rq->a, 256);
    BUF_LIT(&t, "multipart/related; type=\"");
    buf_str(&t, type);
    BUF_LIT(&t, "\"; boundary=");
    buf_str(&t, p->boundary);
    if (p->failed || !buf_ok(&t)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    TRY(map_files(p));
    return http_reply_pieces(p->h, &(struct http_pieces){.status = 200, .type = buf_get(&t),
                                                         .v = p->v, .n = p->n, .open = open_blob});
}
