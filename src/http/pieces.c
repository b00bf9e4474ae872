/* http/pieces.c - answers of any length made of bytes and parts of files, none of which is held: many
 * instances of a study in one multipart body. */
#include <string.h>

#include "http/http_int.h"
#include "os/file.h"

enum { BLOCK = 256 * 1024 };

enum err http_reply_pieces(struct http_req *h, const struct http_pieces *p)
{
    struct reply *r = &call_of(h)->reply;
    uint64_t size = 0;

    for (size_t i = 0; i < p->n; i++) {
        uint64_t n = p->v[i].bytes.p != NULL ? p->v[i].bytes.n : p->v[i].n;
        if (n > INT64_MAX - size) {
            return FAIL(&h->rq, E_TOO_LARGE, "answer");
        }
        size += n;
    }
    r->is_file = true;
    r->fd = -1;
    r->from = 0;
    r->size = size;
    r->pieces = *p;
    r->piece = 0;
    r->piece_at = 0;
    return http_reply(h, p->status, p->type, S(""));
}

/* The piece is over: a file the next one goes on in stays open. */
static void step(struct reply *r)
{
    const struct http_piece *now = &r->pieces.v[r->piece++];
    const struct http_piece *next = r->piece < r->pieces.n ? now + 1 : NULL;
    r->piece_at = 0;
    if (r->fd >= 0 && (next == NULL || next->bytes.p != NULL || next->file != now->file)) {
        os_close(r->fd);
        r->fd = -1;
    }
}

/* Up to max bytes of the piece; 0 when it cannot be had. */
static size_t take(struct call *c, const struct http_piece *p, char *out, size_t max)
{
    struct reply *r = &c->reply;
    size_t n = 0;

    if (p->bytes.p != NULL) {
        n = p->bytes.n - (size_t)r->piece_at;
        n = n < max ? n : max;
        memcpy(out, p->bytes.p + r->piece_at, n);
        return n;
    }
    uint64_t left = p->n - r->piece_at;
    max = left < max ? (size_t)left : max;
    enum err e = r->fd >= 0 ? OK : r->pieces.open(&c->h, p->file, &r->fd);
    if (e == OK) {
        e = os_read_at(&c->h.rq, r->fd, p->from + r->piece_at, out, max, &n);
    }
    if (e != OK) {
        err_clear(&c->h.rq);
        return 0;
    }
    return n;
}

static ssize_t on_read(void *ctx, uint64_t pos, char *out, size_t max)
{
    struct call *c = ctx;
    struct reply *r = &c->reply;
    size_t had = 0;

    (void)pos;
    while (had < max && r->piece < r->pieces.n) {
        const struct http_piece *p = &r->pieces.v[r->piece];
        uint64_t size = p->bytes.p != NULL ? p->bytes.n : p->n;
        if (r->piece_at == size) {
            step(r);
            continue;
        }
        size_t n = take(c, p, out + had, max - had);
        if (n == 0) {
            return MHD_CONTENT_READER_END_WITH_ERROR; /* the caller sees that bytes are missing */
        }
        r->piece_at += n;
        had += n;
    }
    return had > 0 ? (ssize_t)had : MHD_CONTENT_READER_END_OF_STREAM;
}

/* Nothing but bytes: they are sent from where they are. NULL: there are files among them, or no room. */
static struct MHD_Response *of_bytes(struct call *c)
{
    const struct http_pieces *p = &c->reply.pieces;
    struct MHD_IoVec *v = ARENA_ARRAY(c->h.rq.a, p->n, struct MHD_IoVec);
    unsigned n = 0;

    for (size_t i = 0; i < p->n && v != NULL; i++) {
        if (p->v[i].bytes.p == NULL || n == UINT16_MAX) {
            return NULL;
        }
        if (p->v[i].bytes.n > 0) {
            v[n++] = (struct MHD_IoVec){p->v[i].bytes.p, p->v[i].bytes.n};
        }
    }
    return v != NULL ? MHD_create_response_from_iovec(v, n, NULL, NULL) : NULL;
}

struct MHD_Response *pieces_response(struct call *c)
{
    struct MHD_Response *whole = of_bytes(c);
    if (whole != NULL) {
        return whole;
    }
    return MHD_create_response_from_callback(c->reply.size, BLOCK, on_read, c, NULL);
}
