/* codec/csv_fuzz.c - records written anew read the same; splits do not matter. */
#include "codec/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err on_record(void *ctx, uint64_t line, const struct str *fields, size_t n)
{
    (void)line;
    for (size_t i = 0; i < n; i++) {
        csv_field(ctx, ';', i == 0, fields[i]);
    }
    BUF_LIT((struct buf *)ctx, "\r\n");
    return OK;
}

static enum err run(struct req *rq, char separator, struct str text, size_t step, struct buf *b)
{
    const struct csv_options o = {separator, 50, 2000};
    struct csv *c;
    buf_init(b, rq->a, text.n * 4 + 16);
    err_clear(rq);
    enum err e = csv_new(rq, &o, on_record, b, &c);
    for (size_t at = 0; at < text.n && e == OK; at += step) {
        e = csv_feed(c, str_sub(text, at, step));
    }
    return e == OK ? csv_finish(c) : e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    req_init(&rq, 64u << 20, (struct instant){0});
    struct str text = {(const char *)data, size};
    struct buf once;
    struct buf split;
    struct buf again;
    enum err e = run(&rq, 0, text, size + 1, &once);
    ASSERT(run(&rq, 0, text, size % 7 + 1, &split) == e);
    ASSERT(str_eq(buf_get(&once), buf_get(&split)));
    if (e == OK) {
        ASSERT(buf_ok(&once));
        ASSERT(run(&rq, ';', buf_get(&once), 1000, &again) == OK);
        ASSERT(str_eq(buf_get(&once), buf_get(&again)));
    }
    req_done(&rq);
    return 0;
}
