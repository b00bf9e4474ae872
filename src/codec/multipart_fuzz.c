/* codec/multipart_fuzz.c - the same body whole and in splits the input chooses gives the same. */
#include "codec/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err on_begin(void *ctx, const struct multipart_part *part)
{
    buf_char(ctx, '<');
    buf_str(ctx, part->name);
    buf_str(ctx, part->filename);
    buf_str(ctx, part->type);
    return OK;
}

static enum err on_data(void *ctx, struct str bytes)
{
    ASSERT(bytes.n > 0);
    buf_str(ctx, bytes);
    return OK;
}

static enum err on_end(void *ctx)
{
    buf_char(ctx, '>');
    return OK;
}

static enum err run(struct req *rq, struct str body, struct str splits, struct buf *b)
{
    static const struct multipart_limits lim = {.parts = 20, .header_bytes = 200};
    struct multipart_sink sink = {on_begin, on_data, on_end, b};
    struct multipart *m;
    buf_init(b, rq->a, 1u << 20);
    err_clear(rq);
    enum err e = multipart_new(rq, S("multipart/form-data; boundary=B"), &lim, &sink, &m);
    ASSERT(e == OK);
    size_t at = 0;
    for (size_t i = 0; i < splits.n && e == OK; i++) {
        size_t n = (unsigned char)splits.p[i] % 16u;
        e = multipart_feed(m, str_sub(body, at, n));
        at += MIN(n, body.n - at);
    }
    if (e == OK) {
        e = multipart_feed(m, str_sub(body, at, body.n));
    }
    return e == OK ? multipart_finish(m) : e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    req_init(&rq, 64u << 20, (struct instant){0});
    struct str all = {(const char *)data, size};
    struct str body = str_sub(all, MIN(size / 4, (size_t)64), size);
    struct buf whole;
    struct buf split;
    enum err a = run(&rq, body, S(""), &whole);
    enum err b = run(&rq, body, str_sub(all, 0, MIN(size / 4, (size_t)64)), &split);
    ASSERT(a == b && str_eq(buf_get(&whole), buf_get(&split)));
    req_done(&rq);
    return 0;
}
