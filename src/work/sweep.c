/* work/sweep.c - what ends within minutes or days by its nature, whatever the clock says: codes, half-done
 * sign-ins, keys of forms sent once, addresses nobody confirmed; counts of refusals go on record; files
 * nothing refers to. What has a term leaves by care/retain.h. */
#include "work/runner.h"

#include "care/erasure.h"
#include "care/refusal.h"
#include "care/retain.h"
#include "care/upload.h"
#include "care/who.h"
#include "os/log.h"
#include "store/blob.h"
#include "store/db.h"

enum { REFUSALS_AT_ONCE = 500, FOLDERS_AT_ONCE = 8, SWEEP_CAP = 4 << 20 };
#define ONCE_KEEP_MS (2 * MS_DAY)

static enum err sweep(struct req *rq)
{
    const struct care *care = care_of(rq);
    struct tx *tx = tx_new(rq);
    uint32_t told = 0;
    int64_t now = rq->now.ms;

    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_HALVES_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_PASSKEY_ASKS_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_ONCE_EXPIRED, 0, sql_i64(now - ONCE_KEEP_MS)));
    TRY(TX_SQL(tx, W_ADDRESSES_OLD, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_APP_TOKENS_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_CODES_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_GRANTS_EXPIRED, 0, sql_i64(now - MS_DAY)));
    TRY(TX_SQL(tx, W_LAUNCHES_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_JTI_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_RATES_EXPIRED, 0, sql_i64(now)));
    TRY(store_commit(care->store, rq, tx));
    return refusal_tell(rq, REFUSALS_AT_ONCE, &told);
}

enum { ERASE_CAP = 512 << 20 }; /* one resource with all its versions, parsed */

bool runner_erase(struct care *care, struct db *db, struct instant now, unsigned *step)
{
    struct req rq;
    bool more = false;

    req_init(&rq, ERASE_CAP, now);
    rq.app = (struct app *)care;
    rq.db = db;
    rq.who = &who_clock;
    enum err e = erasure_step(&rq, step, &more);
    if (e != OK && e != E_BUSY) {
        LOG(LOG_ERASURE, log_err(e), log_where(&rq.err));
    }
    err_clear(&rq); /* it goes on with the next call */
    req_done(&rq);
    return e == OK && more;
}

static void sweep_req(struct req *rq, struct care *care, struct db *db, struct instant now)
{
    req_init(rq, SWEEP_CAP, now);
    rq->app = (struct app *)care;
    rq->db = db;
    rq->who = &who_clock;
}

enum err runner_sweep(struct care *care, struct db *db, struct instant now)
{
    struct req rq;

    sweep_req(&rq, care, db, now);
    enum err e = sweep(&rq);
    err_clear(&rq);
    req_done(&rq);
    return e;
}

bool runner_retain(struct care *care, struct db *db, struct instant now)
{
    struct req rq;
    struct retain_done done = {0};

    sweep_req(&rq, care, db, now);
    enum err e = retain_round(&rq, false, &done);
    if (e != OK) {
        LOG(LOG_JOB_FAILED, log_u64(0), log_u64(0), log_err(e), log_where(&rq.err));
    }
    req_done(&rq);
    return e == OK && done.more;
}

static enum err sweep_files(struct req *rq, unsigned from, unsigned to)
{
    const struct care *care = care_of(rq);
    uint32_t n = 0;

    if (from == 0 && care->uploads != NULL) {
        TRY(upload_sweep(rq, care->uploads, &n));
    }
    for (unsigned folder = from; folder < to; folder++) {
        TRY(blob_sweep(rq, care->store, folder, false, &n));
    }
    return OK;
}

enum err runner_sweep_files(struct care *care, struct db *db, struct instant now, unsigned *at)
{
    unsigned to = MIN(*at + FOLDERS_AT_ONCE, (unsigned)RUNNER_FILES_DONE);
    struct req rq;

    sweep_req(&rq, care, db, now);
    enum err e = sweep_files(&rq, *at, to);
    err_clear(&rq);
    req_done(&rq);
    *at = to; /* what failed is found again in an hour */
    return e;
}
