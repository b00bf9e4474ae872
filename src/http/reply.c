/* http/reply.c - recording an answer, and handing it to libmicrohttpd. */
#include <string.h>

#include "codec/field.h"
#include "codec/utf8.h"
#include "http/http_int.h"
#include "os/clock.h"
#include "os/file.h"

void reply_reset(struct call *c)
{
    struct reply *r = &c->reply;
    if (r->status != 0 && r->is_file && r->fd >= 0) {
        os_close(r->fd);
    }
    if (r->events != NULL) {
        hub_leave(c); /* the stream ends with its request's memory */
    }
    r->status = 0;
    r->n_fields = 0;
    r->is_file = false;
    r->fd = -1;
    r->from = 0;
    r->size = 0;
    r->pieces = (struct http_pieces){0};
    r->type = r->body = (struct str){NULL, 0};
    r->cache = (struct str){NULL, 0};
    r->form_to = (struct str){NULL, 0};
    r->has_etag = false;
    r->shared = NULL;
}

enum err http_reply(struct http_req *h, unsigned status, struct str type, struct str body)
{
    struct reply *r = &call_of(h)->reply;
    if (body.p == NULL && body.n == 0) {
        body.p = "";
    }
    r->status = status;
    r->type = type;
    r->body = body;
    return OK;
}

enum err http_reply_empty(struct http_req *h, unsigned status)
{
    return http_reply(h, status, (struct str){NULL, 0}, S(""));
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if ((ch < 0x20 && ch != '\t') || ch == 0x7f) {
            return true;
        }
    }
    return false;
}

void http_reply_header(struct http_req *h, const char *name, struct str value)
{
    struct reply *r = &call_of(h)->reply;
    if (has_control(value) || r->n_fields == REPLY_FIELDS_MAX) {
        return;
    }
    char *z = arena_cstr(h->rq.a, value);
    if (z != NULL) {
        r->fields[r->n_fields++] = (struct reply_field){name, z};
    }
}

uint64_t http_reply_wait(struct http_req *h)
{
    struct str rest = str_z(h->rq.err.detail);
    struct str word;
    uint64_t seconds = 60;
    while (str_cut(&rest, ' ', &word)) {
        if (str_u64(word, &seconds)) {
            break;
        }
    }
    struct buf b;
    buf_init(&b, h->rq.a, 24);
    buf_u64(&b, seconds);
    http_reply_header(h, "Retry-After", buf_get(&b));
    return seconds;
}

bool http_is_local(struct str path)
{
    bool other = path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\');
    for (size_t i = 0; i < path.n; i++) {
        other = other || (unsigned char)path.p[i] < ' ' || path.p[i] == 0x7f;
    }
    return path.n > 0 && path.p[0] == '/' && !other;
}

enum err http_redirect(struct http_req *h, struct str path)
{
    if (!http_is_local(path)) {
        return FAIL(&h->rq, E_INTERNAL, "redirect");
    }
    http_reply_header(h, "Location", path);
    return http_reply_empty(h, 303);
}

enum err http_redirect_away(struct http_req *h, struct str url)
{
    if (url.n == 0 || has_control(url)) {
        return FAIL(&h->rq, E_INTERNAL, "redirect");
    }
    http_reply_header(h, "Location", url);
    return http_reply_empty(h, 303);
}

enum { FORM_TO_MAX = 12000 };

void http_reply_form_to(struct http_req *h, struct str origin)
{
    for (size_t i = 0; i < origin.n; i++) {
        char ch = origin.p[i];
        if (ch <= ' ' || ch >= 0x7f || ch == ';' || ch == ',' || ch == '\'' || ch == '"') {
            return; /* nothing that could end a directive */
        }
    }
    struct reply *r = &call_of(h)->reply;
    struct buf b;
    buf_init(&b, h->rq.a, FORM_TO_MAX);
    buf_str(&b, r->form_to);
    buf_str(&b, r->form_to.n > 0 ? S(" ") : S(""));
    buf_str(&b, origin);
    if (buf_ok(&b)) {
        r->form_to = buf_get(&b);
    }
}

bool http_is_fresh(struct http_req *h, struct str etag, struct instant modified)
{
    if (etag.n > 0) {
        http_reply_header(h, "ETag", etag);
        call_of(h)->reply.has_etag = true;
    }
    if (modified.ms != 0) {
        struct buf b;
        buf_init(&b, h->rq.a, 64);
        instant_write_http(&b, modified);
        http_reply_header(h, "Last-Modified", buf_get(&b));
    }
    struct str match = http_header(h, "If-None-Match");
    if (match.p != NULL) {
        return etag.n > 0 && field_etag_has(match, etag, true);
    }
    struct instant since;
    struct str text = http_header(h, "If-Modified-Since");
    return modified.ms != 0 && text.p != NULL && instant_parse_http(text, &since)
           && modified.ms / 1000 <= since.ms / 1000;
}

void http_reply_cookie(struct http_req *h, struct str name, struct str value, int64_t max_age_s)
{
    struct buf b;
    buf_init(&b, h->rq.a, 4096);
    buf_str(&b, cookie_name(h, name));
    buf_char(&b, '=');
    buf_str(&b, value);
    BUF_LIT(&b, "; Path=/; HttpOnly; SameSite=Lax");
    if (max_age_s >= 0) {
        BUF_LIT(&b, "; Max-Age=");
        buf_i64(&b, max_age_s);
    }
    if (h->is_https) {
        BUF_LIT(&b, "; Secure");
    }
    http_reply_header(h, "Set-Cookie", buf_get(&b));
}

void http_reply_cache(struct http_req *h, struct str cache_control)
{
    call_of(h)->reply.cache = cache_control;
}

/* ---- sending ---- */

enum { GZIP_PAGE_FROM = 1024, GZIP_DATA_FROM = 16384, GZIP_MOST = 64 * 1024 * 1024 };

/* Pages are short on weak lines: compressed above 1 KB. API answers cost the server more than they
 * save until they are long. */
static bool gzip_pays(const struct call *c)
{
    const struct reply *r = &c->reply;
    bool page = str_starts(r->type, S("text/"));
    bool data = str_find(r->type, S("json")) < r->type.n || str_find(r->type, S("xml")) < r->type.n;
    size_t from = page ? GZIP_PAGE_FROM : GZIP_DATA_FROM;
    if ((!page && !data) || r->body.n < from || r->body.n > GZIP_MOST || r->is_file) {
        return false;
    }
    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (str_eq_nocase(str_z(r->fields[i].name), S("Content-Encoding"))) {
            return false;
        }
        /* A strong tag names these very bytes. */
        if (str_eq(str_z(r->fields[i].name), S("ETag")) && r->fields[i].value[0] != 'W') {
            return false;
        }
    }
    return true;
}

static bool gzip_wanted(const struct call *c)
{
    struct str accept = http_header(&c->h, "Accept-Encoding");
    return accept.p != NULL && field_quality(accept, S("gzip")) > 0;
}

static void gzip_body(struct call *c)
{
    struct worker *w = c->w;
    struct reply *r = &c->reply;
    if (!w->has_gzip) {
        enum { GZIP_WINDOW = 15 + 16, MEMORY = 8 };
        w->gzip = (z_stream){0};
        if (deflateInit2(&w->gzip, 6, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
            return;
        }
        w->has_gzip = true;
    }
    if (deflateReset(&w->gzip) != Z_OK) {
        return;
    }
    size_t room = deflateBound(&w->gzip, (uLong)r->body.n);
    char *out = arena_alloc_raw(c->h.rq.a, room);
    if (out == NULL) {
        arena_forgive(c->h.rq.a); /* it goes as it is */
        return;
    }
    union {
        const char *in;
        Bytef *z;
    } in = {.in = r->body.p};
    w->gzip.next_in = in.z;
    w->gzip.avail_in = (uInt)r->body.n;
    w->gzip.next_out = (Bytef *)out;
    w->gzip.avail_out = (uInt)room;
    if (deflate(&w->gzip, Z_FINISH) == Z_STREAM_END && w->gzip.total_out < r->body.n) {
        r->body = (struct str){out, w->gzip.total_out};
        http_reply_header(&c->h, "Content-Encoding", S("gzip"));
    }
}

/* What pages carry: nothing may be loaded or framed from elsewhere, nothing inline runs. */
#define POLICY_HEAD "default-src 'self'; base-uri 'none'; form-action 'self'"
#define POLICY_TAIL "; frame-ancestors 'none'; img-src 'self' data: blob:; object-src 'none'"
#define POWERS "Permissions-Policy"
static const struct reply_field page_fields[] = {
    /* first: the policy */
    {"Content-Security-Policy", POLICY_HEAD POLICY_TAIL},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    /* last: what the page may ask of the machine, unless its handler says otherwise (a room asks for camera
     * and microphone) */
    {POWERS, "camera=(), microphone=(), display-capture=(), geolocation=()"},
};
static const struct reply_field plain_fields[] = {
    {"X-Content-Type-Options", "nosniff"},
};

static void add_fields(struct MHD_Response *m, const struct reply_field *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)MHD_add_response_header(m, f[i].name, f[i].value);
    }
}

static void add_policy(struct call *c, struct MHD_Response *m)
{
    struct buf b;
    buf_init(&b, c->h.rq.a, FORM_TO_MAX + 1024);
    BUF_LIT(&b, POLICY_HEAD " ");
    buf_str(&b, c->reply.form_to);
    BUF_LIT(&b, POLICY_TAIL);
    char *z = arena_cstr(c->h.rq.a, buf_get(&b));
    (void)MHD_add_response_header(m, page_fields[0].name, z != NULL ? z : page_fields[0].value);
}

static const char *z_of(struct call *c, struct str s)
{
    /* Literals end in NUL already; arena text is copied once. */
    char *z = arena_cstr(c->h.rq.a, s);
    return z != NULL ? z : "";
}

/* A text without its character set is guessed at by browsers, wrongly for Cyrillic: it is named where
 * the bytes are UTF-8 (of a file: its beginning). */
static struct str text_type(struct call *c)
{
    enum { LOOKED_AT = 16384 };
    const struct reply *r = &c->reply;
    struct str text = r->body;
    if (!str_eq(r->type, S("text/plain"))) {
        return r->type;
    }
    if (r->is_file) {
        char *head = arena_alloc_raw(c->h.rq.a, LOOKED_AT);
        size_t n = 0;
        if (head == NULL || r->fd < 0 || os_read_at(&c->h.rq, r->fd, 0, head, LOOKED_AT, &n) != OK) {
            err_clear(&c->h.rq);
            return r->type;
        }
        text = (struct str){head, n};
        text = n == LOOKED_AT ? utf8_cut(text, LOOKED_AT - 4) : text;
    }
    return utf8_is_valid(text) ? S("text/plain; charset=utf-8") : r->type;
}

static bool has_field(const struct reply *r, struct str name)
{
    for (uint32_t i = 0; i < r->n_fields; i++) {
        if (str_eq(str_z(r->fields[i].name), name)) {
            return true;
        }
    }
    return false;
}

/* Answers of interfaces are files to keep, nothing a browser shows as a page of ours (OWASP ASVS 14.4.2). */
#define DISPOSITION "Content-Disposition"
static void add_disposition(const struct reply *r, enum http_kind kind, struct MHD_Response *m)
{
    static const struct {
        struct str within; /* the media type */
        const char *value;
    } rows[] = {
        {SI("ndjson"), "attachment; filename=\"api.ndjson\""},
        {SI("json"), "attachment; filename=\"api.json\""},
        {SI("csv"), "attachment; filename=\"api.csv\""},
    };
    bool data = kind == KIND_FHIR || str_find(r->type, rows[1].within) < r->type.n;
    if (!data || r->type.n == 0 || has_field(r, S(DISPOSITION))) {
        return;
    }
    size_t i = 0;
    while (i < LEN(rows) && str_find(r->type, rows[i].within) == r->type.n) {
        i++;
    }
    (void)MHD_add_response_header(m, DISPOSITION, i < LEN(rows) ? rows[i].value : "attachment");
}

static void fill(struct call *c, struct MHD_Response *m)
{
    struct reply *r = &c->reply;
    enum http_kind kind = c->h.route != NULL ? c->h.route->kind : KIND_PAGE;
    if (r->type.n > 0) {
        (void)MHD_add_response_header(m, "Content-Type", z_of(c, r->type));
    }
    if (kind == KIND_PAGE) {
        size_t from = r->is_file ? 1 : 0; /* a file has a policy of its own: http_reply_file() */
        if (r->form_to.n > 0 && from == 0) {
            add_policy(c, m);
            from = 1;
        }
        add_fields(m, page_fields + from, LEN(page_fields) - from - has_field(r, S(POWERS)));
    } else {
        add_fields(m, plain_fields, LEN(plain_fields));
    }
    if (r->cache.p == NULL) {
        (void)MHD_add_response_header(m, "Cache-Control", "no-store");
    } else if (r->cache.n > 0) {
        (void)MHD_add_response_header(m, "Cache-Control", z_of(c, r->cache));
    }
    add_fields(m, r->fields, r->n_fields);
    add_disposition(r, kind, m);
    if (c->w->s->sealed) {
        (void)MHD_add_response_header(m, "Strict-Transport-Security", HSTS);
    }
    if (c->close_after) {
        (void)MHD_add_response_header(m, "Connection", "close");
    }
}

static struct MHD_Response *response_of(struct call *c)
{
    struct reply *r = &c->reply;
    if (r->events != NULL) {
        return hub_response(c);
    }
    if (r->pieces.v != NULL) {
        return pieces_response(c);
    }
    if (r->is_file) {
        struct MHD_Response *m = MHD_create_response_from_fd_at_offset64(r->size, r->fd, r->from);
        if (m != NULL) {
            r->fd = -1;
        }
        return m;
    }
    if (gzip_pays(c)) {
        http_reply_header(&c->h, "Vary", S("Accept-Encoding"));
        if (gzip_wanted(c)) {
            gzip_body(c);
        }
    }
    union {
        const char *in;
        void *p;
    } body = {.in = r->body.p};
    return MHD_create_response_from_buffer(r->body.n, body.p, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result reply_send(struct call *c)
{
    struct reply *r = &c->reply;
    c->ready_us = os_ticks_us();
    arena_forgive(c->h.rq.a); /* what it was made of was looked at */
    if (c->w->s->o.hooks->decorate != NULL && c->w->s->o.hooks->decorate(&c->h) != OK) {
        return MHD_NO;
    }
    if (r->shared != NULL) {
        c->phase = PHASE_SENT;
        return MHD_queue_response(c->conn, r->status, r->shared);
    }
    if (atomic_load_explicit(&c->w->s->draining, memory_order_relaxed)) {
        c->close_after = true;
    }
    /* From here libmicrohttpd looks after silence; the watch over slow senders is over. */
    atomic_store_explicit(&c->sock->doing, DOING_OTHER, memory_order_relaxed);
    r->type = text_type(c);
    struct MHD_Response *m = response_of(c);
    if (m == NULL) {
        return MHD_NO;
    }
    fill(c, m);
    c->phase = PHASE_SENT;
    /* one that lacks a field would be another answer: rather none */
    enum MHD_Result ok = arena_whole(c->h.rq.a) ? MHD_queue_response(c->conn, r->status, m) : MHD_NO;
    MHD_destroy_response(m);
    return ok;
}
