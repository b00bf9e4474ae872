/* app/config_fuzz.c - any text as the file of settings: refused with its place, or read within the bounds;
 * what is written of it reads the same. */
#include "app/config_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str written(struct req *rq, const struct config *c)
{
    struct buf b;
    buf_init(&b, rq->a, 256 * 1024);
    config_write(rq, c, &b);
    ASSERT(buf_ok(&b));
    return buf_get(&b);
}

static bool hides(struct req *rq, const struct config *c)
{
    for (size_t i = 0; i < CONFIG_COUNT; i++) {
        struct config_row row;
        ASSERT(config_row(rq, c, i, &row) == OK);
        ASSERT(!row.is_hidden || row.value.n == 0);
        if (row.is_hidden) {
            return true;
        }
    }
    return false;
}

/* All faults are found, and at least one where reading by the rule found one. */
static void look_at_all(struct req *rq, const struct config_source *from, bool is_good)
{
    static struct config_issues issues;
    struct config c;
    issues = (struct config_issues){0};
    ASSERT(config_read_all(rq, from, &issues, &c) == OK);
    ASSERT(is_good || issues.wrong > 0);
    config_check(&c, &issues);
    ASSERT(issues.n <= CONFIG_ISSUES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct config c;
    struct config again;
    struct config_source from = {.file = {(const char *)data, size}};
    req_init(&rq, 4u << 20, (struct instant){0});
    bool good = config_read(&rq, &from, &c) == OK;
    struct err_rec why = rq.err;
    err_clear(&rq);
    look_at_all(&rq, &from, good);
    if (good) {
        ASSERT(c.port <= 65535 && c.pool_threads >= 1 && c.pool_threads <= 32);
        ASSERT(c.lang.n <= 2 && c.data.n <= 900);
        struct str text = written(&rq, &c);
        from.file = text;
        ASSERT(config_read(&rq, &from, &again) == OK);
        ASSERT(hides(&rq, &c) || str_eq(written(&rq, &again), text));
    } else {
        ASSERT(why.code == E_BAD_INPUT && why.detail[0] != '\0');
    }
    req_done(&rq);
    return 0;
}
