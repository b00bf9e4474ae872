/* http/asset.c - files served from memory. See asset.h. */
#include "http/asset.h"

#include <sodium.h>
#include <string.h>

#include "codec/field.h"
#include "http/http_int.h"

enum { HASH_BYTES = 8, GZIP_FROM = 512 };

struct asset {
    struct str name;   /* app.css */
    struct str hashed; /* app.HASH.css */
    struct str url;    /* /assets/app.HASH.css */
    struct str etag;
    struct MHD_Response *plain;
    struct MHD_Response *zipped; /* NULL when it does not pay */
    struct MHD_Response *same;   /* 304 */
    struct MHD_Response *loose;  /* asked for without the hash */
};

struct http_assets {
    struct arena *a;
    struct asset *v;
    size_t n;
    bool sealed;
};

static const struct {
    const char *end;
    const char *type;
} types[] = {
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".wasm", "application/wasm"},
};

static const char *type_of(struct str name)
{
    for (size_t i = 0; i < LEN(types); i++) {
        if (str_ends(name, str_z(types[i].end))) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static struct str zip(struct arena *a, struct str in)
{
    z_stream z = {0};
    if (in.n < GZIP_FROM || deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        return (struct str){NULL, 0};
    }
    size_t room = deflateBound(&z, (uLong)in.n);
    char *out = arena_alloc_raw(a, room);
    union {
        const char *in;
        Bytef *z;
    } p = {.in = in.p};
    z.next_in = p.z;
    z.avail_in = (uInt)in.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    bool ok = out != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < in.n * 9 / 10;
    struct str zipped = {ok ? out : NULL, ok ? z.total_out : 0};
    (void)deflateEnd(&z);
    return zipped;
}

static struct MHD_Response *prepare(const struct http_assets *t, const struct asset *s, struct str body,
                                    const char *cache, bool zipped)
{
    union {
        const char *in;
        void *p;
    } bytes = {.in = body.n > 0 ? body.p : ""};
    struct MHD_Response *m =
        MHD_create_response_from_buffer(body.n, bytes.p, MHD_RESPMEM_PERSISTENT);
    ASSERT(m != NULL);
    (void)MHD_add_response_header(m, "Content-Type", type_of(s->name));
    (void)MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(m, "Cache-Control", cache);
    (void)MHD_add_response_header(m, "ETag", s->etag.p);
    (void)MHD_add_response_header(m, "Vary", "Accept-Encoding");
    if (t->sealed) {
        (void)MHD_add_response_header(m, "Strict-Transport-Security", HSTS);
    }
    if (zipped) {
        (void)MHD_add_response_header(m, "Content-Encoding", "gzip");
    }
    return m;
}

static void add(struct http_assets *t, const struct http_asset *f)
{
    struct asset *s = &t->v[t->n++];
    uint8_t hash[HASH_BYTES * 2];
    struct buf b;
    size_t dot = f->name.n;
    while (dot > 0 && f->name.p[dot - 1] != '.') {
        dot--;
    }
    dot = dot > 0 ? dot - 1 : f->name.n;
    (void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)f->bytes.p, f->bytes.n,
                             NULL, 0);
    s->name = arena_str(t->a, f->name);
    buf_init(&b, t->a, 512);
    BUF_LIT(&b, "/assets/");
    buf_str(&b, str_sub(f->name, 0, dot));
    buf_char(&b, '.');
    buf_hex(&b, hash, HASH_BYTES);
    buf_str(&b, str_sub(f->name, dot, f->name.n));
    s->url = buf_get(&b);
    ASSERT(buf_ok(&b));
    s->hashed = str_sub(s->url, strlen("/assets/"), s->url.n);
    buf_init(&b, t->a, 64);
    buf_char(&b, '"');
    buf_hex(&b, hash, HASH_BYTES);
    buf_char(&b, '"');
    buf_char(&b, 0);
    s->etag = str_sub(buf_get(&b), 0, b.n - 1);
    static const char for_ever[] = "public, max-age=31536000, immutable";
    struct str zipped = f->zipped.p != NULL ? f->zipped : zip(t->a, f->bytes);
    s->plain = prepare(t, s, f->bytes, for_ever, false);
    s->zipped = zipped.p != NULL ? prepare(t, s, zipped, for_ever, true) : NULL;
    s->loose = prepare(t, s, f->bytes, "public, max-age=300", false);
    s->same = prepare(t, s, S(""), for_ever, false);
}

static struct http_assets *table_new(struct arena *a, size_t n)
{
    struct http_assets *t = ARENA_NEW(a, struct http_assets);
    ASSERT(t != NULL);
    t->a = a;
    t->v = ARENA_ARRAY(a, n, struct asset);
    ASSERT(t->v != NULL);
    return t;
}

struct http_assets *http_assets_new(const struct http_asset *files, size_t n, bool sealed)
{
    struct http_assets *t = table_new(arena_new((size_t)256 * 1024 * 1024), n);
    t->sealed = sealed;
    for (size_t i = 0; i < n; i++) {
        add(t, &files[i]);
    }
    return t;
}

void http_assets_free(struct http_assets *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->n; i++) {
        MHD_destroy_response(t->v[i].plain);
        MHD_destroy_response(t->v[i].loose);
        MHD_destroy_response(t->v[i].same);
        if (t->v[i].zipped != NULL) {
            MHD_destroy_response(t->v[i].zipped);
        }
    }
    arena_free(t->a);
}

struct str http_asset_url(const struct http_assets *t, struct str name)
{
    for (size_t i = 0; t != NULL && i < t->n; i++) {
        if (str_eq(t->v[i].name, name)) {
            return t->v[i].url;
        }
    }
    return name;
}

enum err http_reply_asset(struct http_req *h, const struct http_assets *t, struct str segment)
{
    struct reply *r = &call_of(h)->reply;
    for (size_t i = 0; t != NULL && i < t->n; i++) {
        const struct asset *s = &t->v[i];
        bool exact = str_eq(s->hashed, segment);
        if (!exact && !str_eq(s->name, segment)) {
            continue;
        }
        struct str match = http_header(h, "If-None-Match");
        struct str codings = http_header(h, "Accept-Encoding");
        bool zip_ok = exact && s->zipped != NULL && codings.p != NULL
                      && field_quality(codings, S("gzip")) > 0;
        r->status = 200;
        r->shared = exact ? s->plain : s->loose;
        if (match.p != NULL && field_etag_has(match, s->etag, true)) {
            r->status = 304;
            r->shared = s->same;
        } else if (zip_ok) {
            r->shared = s->zipped;
        }
        return OK;
    }
    return FAIL(&h->rq, E_NOT_FOUND, "asset");
}
