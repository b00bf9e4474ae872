/* app/images.c - consilium images: studies past the time they are kept. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "care/imaging_keep.h"
#include "care/who.h"

enum { LISTED_MAX = 100000, REMOVED_AT_ONCE = 100 };

static enum err print_old(struct req *rq, const struct dicom_study *s, struct str rule, void *ctx)
{
    uint64_t *bytes = ctx;
    struct buf b;
    buf_init(&b, rq->a, 64);
    instant_write(&b, (struct instant){s->changed_ms});
    *bytes += s->bytes;
    printf("%.*s  last image %.*s  %" PRIu32 " images, %" PRIu64 " bytes  %.*s\n", STR_ARG(s->uid),
           STR_ARG(buf_get(&b)), s->n_instances, s->bytes, STR_ARG(rule));
    return OK;
}

static enum err expire(struct command_args *args)
{
    struct req *rq = args->rq;
    uint64_t bytes = 0;
    uint32_t n = REMOVED_AT_ONCE;
    uint32_t all = 0;
    rq->who = &who_clock;
    if (args->n_words == 1) {
        TRY(imaging_old_each(rq, LISTED_MAX, print_old, &bytes));
        printf("%" PRIu64 " bytes would leave\n", bytes);
        return OK;
    }
    TRY(retention_clock_must(rq));
    for (; n == REMOVED_AT_ONCE; all += n) {
        TRY(imaging_old_remove(rq, REMOVED_AT_ONCE, &n));
    }
    printf("%" PRIu32 " studies removed\n", all);
    return OK;
}

int command_images_expire(struct command_args *args)
{
    bool look = args->n_words == 1 && strcmp(args->words[0], "--look") == 0;
    return args->n_words > 0 && !look ? COMMAND_USAGE : command_with_store(args, look, expire);
}
