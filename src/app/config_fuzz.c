/* app/config_fuzz.c - any text as the file of settings: refused with its place, or read within the bounds;
 * what is written of it reads the same. */
#include "app/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str written(struct req *rq, const struct config *c)
{
    struct buf b;
    buf_init(&b, rq->a, 256 * 1024);
    config_write(c, &b);
    ASSERT(buf_ok(&b));
    return buf_get(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct config c;
    struct config again;
    struct config_source from = {.file = {(const char *)data, size}};
    req_init(&rq, 4u << 20, (struct instant){0});
    if (config_read(&rq, &from, &c) == OK) {
        ASSERT(c.port <= 65535 && c.pool_threads >= 1 && c.pool_threads <= 32);
        ASSERT(c.lang.n <= 2 && c.data.n <= 900);
        struct str text = written(&rq, &c);
        from.file = text;
        ASSERT(config_read(&rq, &from, &again) == OK && str_eq(written(&rq, &again), text));
    } else {
        ASSERT(rq.err.code == E_BAD_INPUT && rq.err.detail[0] != '\0');
    }
    req_done(&rq);
    return 0;
}
