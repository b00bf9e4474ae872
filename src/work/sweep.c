/* work/sweep.c - removing what expired: studies by their policy's rule, and nothing else clinical;
 * sessions, unfinished uploads, old drafts, keys of forms sent once, notices that were read, files nothing
 * refers to. */
#include "work/runner.h"

#include "care/imaging_keep.h"
#include "care/refusal.h"
#include "care/upload.h"
#include "care/who.h"
#include "store/blob.h"
#include "store/db.h"

enum { UPLOADS_AT_ONCE = 200, REFUSALS_AT_ONCE = 500, DRAFTS_AT_ONCE = 200, FOLDERS_AT_ONCE = 8,
       STUDIES_AT_ONCE = 10, SWEEP_CAP = 4 << 20 };
#define ONCE_KEEP_MS (2 * MS_DAY)
#define NOTICES_KEEP_MS (90 * MS_DAY)
#define DEVICES_KEEP_MS (400 * MS_DAY) /* longer than their cookie */
#define POST_KEEP_MS (30 * MS_DAY)

static enum err sweep(struct req *rq)
{
    const struct care *care = care_of(rq);
    struct tx *tx = tx_new(rq);
    size_t n = 0;
    uint32_t told = 0;
    uint32_t drafts = 0;
    int64_t now = rq->now.ms;

    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_SESSIONS_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_HALVES_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_PASSKEY_ASKS_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_DEVICES_OLD, 0, sql_i64(now - DEVICES_KEEP_MS)));
    TRY(TX_SQL(tx, W_ONCE_EXPIRED, 0, sql_i64(now - ONCE_KEEP_MS)));
    TRY(TX_SQL(tx, W_NOTICES_OLD, 0, sql_i64(now - NOTICES_KEEP_MS)));
    TRY(TX_SQL(tx, W_POST_OLD, 0, sql_i64(now - POST_KEEP_MS)));
    TRY(TX_SQL(tx, W_ADDRESSES_OLD, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_RINGS_OLD, 0, sql_i64(now - NOTICES_KEEP_MS)));
    TRY(TX_SQL(tx, W_DRAFTS_OLD, 0, sql_i64(now - care->draft_keep_ms)));
    TRY(TX_SQL(tx, W_APP_TOKENS_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_CODES_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_GRANTS_EXPIRED, 0, sql_i64(now - MS_DAY)));
    TRY(TX_SQL(tx, W_LAUNCHES_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_JTI_EXPIRED, 0, sql_i64(now)));
    TRY(TX_SQL(tx, W_RATES_EXPIRED, 0, sql_i64(now)));
    TRY(store_commit(care->store, rq, tx));
    TRY(imaging_drafts_expire(rq, now - care->draft_keep_ms, DRAFTS_AT_ONCE, &drafts));
    TRY(refusal_tell(rq, REFUSALS_AT_ONCE, &told));
    return care->uploads != NULL ? upload_expire(rq, care->uploads, UPLOADS_AT_ONCE, &n) : OK;
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

bool runner_sweep_images(struct care *care, struct db *db, struct instant now)
{
    struct req rq;
    uint32_t n = 0;

    sweep_req(&rq, care, db, now);
    enum err e = imaging_old_remove(&rq, STUDIES_AT_ONCE, &n);
    err_clear(&rq);
    req_done(&rq);
    return e == OK && n == STUDIES_AT_ONCE;
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
