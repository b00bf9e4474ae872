/* app/stamps.c - consilium stamps: time stamps that were given up are asked for again. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "care/stamping.h"
#include "store/tx.h"

static enum err ask_again(struct command_args *args)
{
    struct req *rq = args->rq;
    struct tx *tx = tx_new(rq);
    uint64_t n = 0;
    TRY_MEM(rq, tx);
    TRY(stamping_retry(rq, tx, &n));
    if (n > 0) {
        TRY(store_commit(care_of(rq)->store, rq, tx));
    }
    printf("%" PRIu64 " asked for again; the running server asks one after the other\n", n);
    return OK;
}

int command_stamps(struct command_args *args)
{
    if (args->n_words != 1 || strcmp(args->words[0], "again") != 0) {
        return COMMAND_USAGE;
    }
    return command_with_store(args, false, ask_again);
}
