/* app/retention.c - consilium retention: what is past its term, by kind, and the removing of it; what
 * doctor says of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "care/retain.h"
#include "care/who.h"
#include "store/tx.h"

static const char *text_of(struct req *rq, struct instant t)
{
    struct buf b;
    buf_init(&b, rq->a, 64);
    instant_write(&b, t);
    const char *text = arena_cstr(rq->a, buf_get(&b));
    return text != NULL ? text : "";
}

/* "90 days", "24 hours", "for ever", "when it ends". */
static void print_term(struct retain_term t)
{
    if (!t.set) {
        printf("kept for ever");
    } else if (t.ms == 0) {
        printf("until it ends");
    } else if (t.ms % MS_DAY == 0) {
        printf("kept %" PRId64 " days", t.ms / MS_DAY);
    } else {
        printf("kept %" PRId64 " hours", t.ms / MS_HOUR);
    }
}

static enum err look(struct req *rq)
{
    struct retain_seen seen[RETAIN_COUNT];
    struct retain_clock clock;
    uint64_t all = 0;
    TRY(retain_clock_look(rq, &clock));
    TRY(retain_look(rq, seen));
    for (enum retain_id id = 0; id < RETAIN_COUNT; id++) {
        const struct retain_kind *k = &retain_kinds[id];
        printf("%-10.*s  ", STR_ARG(k->code));
        print_term(retain_term(care_of(rq), id, care_of(rq)->policy));
        if (seen[id].past > 0) {
            printf("; %" PRIu64 " past it, the oldest of %s", seen[id].past, text_of(rq, seen[id].oldest));
        }
        if (seen[id].later > 0) {
            printf("; %" PRIu64 " more from %s on, when the waiting time of its term is over", seen[id].later,
                   text_of(rq, seen[id].later_from));
        }
        printf("\n");
        all += seen[id].past;
    }
    printf("%" PRIu64 " would leave\n", all);
    if (!clock.trusted) {
        printf("nothing leaves now: the clock says %s, and was held to be right last at %s; if it is right: "
               "consilium retention --clock-is-right\n", text_of(rq, rq->now), text_of(rq, clock.seen));
    }
    return OK;
}

static enum err look_only(struct command_args *args)
{
    return look(args->rq);
}

static enum err clock_is_right(struct command_args *args)
{
    struct req *rq = args->rq;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(retain_clock_confirm(rq, tx, WHY_SYSTEM));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    printf("the clock is taken for right: %s\n", text_of(rq, rq->now));
    return OK;
}

enum err retention_clock_must(struct req *rq)
{
    struct retain_clock clock;
    TRY(retain_clock_look(rq, &clock));
    return clock.trusted ? OK
                         : FAIL(rq, E_CONFLICT, "the clock says %s, and was held to be right last at %s: "
                                "if it is right, consilium retention --clock-is-right",
                                text_of(rq, rq->now), text_of(rq, clock.seen));
}

static enum err remove_all(struct command_args *args)
{
    struct req *rq = args->rq;
    uint64_t removed[RETAIN_COUNT] = {0};
    enum err failed[RETAIN_COUNT] = {OK};
    bool any = false;
    rq->who = &who_clock;
    TRY(retention_clock_must(rq));
    for (bool more = true; more;) {
        struct retain_done done = {0};
        TRY(retain_round(rq, true, &done));
        more = done.more;
        for (uint32_t i = 0; i < RETAIN_COUNT; i++) {
            removed[i] += done.removed[i];
            failed[i] = done.failed[i];
            more = more && done.failed[i] == OK;
        }
    }
    for (uint32_t i = 0; i < RETAIN_COUNT; i++) {
        if (removed[i] > 0) {
            printf("%-10.*s  %" PRIu64 " removed\n", STR_ARG(retain_kinds[i].code), removed[i]);
        }
        if (failed[i] != OK) {
            printf("%-10.*s  FAILED: %s\n", STR_ARG(retain_kinds[i].code), err_name(failed[i]));
        }
        any = any || failed[i] != OK;
    }
    printf("done; what leaves by the running server alone: uploads, exports, events,"
           " what records held that are erased\n");
    return any ? FAIL(rq, E_IO, "a kind could not be removed") : OK;
}

int command_retention(struct command_args *args)
{
    const char *word = args->n_words == 1 ? args->words[0] : "";
    bool looks = strcmp(word, "--look") == 0;
    bool clock = strcmp(word, "--clock-is-right") == 0;
    if (args->n_words > 0 && !looks && !clock) {
        return COMMAND_USAGE;
    }
    return command_with_store(args, looks, looks ? look_only : clock ? clock_is_right : remove_all);
}

enum err app_retention_advice(struct req *rq, struct buf *out)
{
    struct retain_clock clock;
    struct retain_seen seen[RETAIN_COUNT];
    TRY(retain_clock_look(rq, &clock));
    TRY(retain_look(rq, seen));
    if (!clock.trusted) {
        BUF_LIT(out, "urgent: the clock of this machine says ");
        instant_write(out, rq->now);
        BUF_LIT(out, ", and was held to be right last at ");
        instant_write(out, clock.seen);
        BUF_LIT(out, ": nothing that is past its term is removed. If it is right: consilium retention "
                     "--clock-is-right\n");
    }
    for (uint32_t i = 0; i < RETAIN_COUNT; i++) {
        if (seen[i].later > 0) {
            BUF_LIT(out, "a term of storage was set or made shorter (");
            buf_str(out, retain_kinds[i].code);
            BUF_LIT(out, "): from ");
            instant_write(out, seen[i].later_from);
            BUF_LIT(out, " on ");
            buf_u64(out, seen[i].later);
            BUF_LIT(out, " leave for ever; if that is a mistake, take the term back in content/policy "
                         "before\n");
        }
        if (seen[i].failed.ms != 0) {
            BUF_LIT(out, "urgent: what is past its term is not removed (");
            buf_str(out, retain_kinds[i].code);
            BUF_LIT(out, "), since ");
            instant_write(out, seen[i].failed);
            BUF_LIT(out, ": ");
            buf_str(out, seen[i].why);
            BUF_LIT(out, "; try consilium retention\n");
        }
    }
    return OK;
}
