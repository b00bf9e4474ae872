/* care/stamping.c - time stamps of signatures: queued, kept, read back. See stamping.h. */
#include "care/stamping.h"

#include "care/sign_int.h"
#include "codec/b64.h"
#include "store/db.h"

bool stamping_offered(const struct care *care)
{
    return care->stamps.url.n > 0;
}

enum err stamping_ask(struct req *rq, struct tx *tx, struct str provenance)
{
    if (!stamping_offered(care_of(rq))) {
        return OK;
    }
    return TX_SQL(tx, W_STAMP_NEW, TX_MUST_CHANGE, sql_text(provenance), sql_i64(rq->now.ms));
}

/* ---- read back ---- */

enum { WAITS, STAMPED, GIVEN_UP }; /* stored: append only */

struct kept {
    int64_t state;
    int64_t attempts;
    enum stamp_why why;
    struct str token;
};

static enum err kept_load(struct req *rq, struct str provenance, struct kept *ret_k, bool *ret_has)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_STAMP, sql_text(provenance)));
    TRY(db_next(rq, &q, ret_has));
    if (!*ret_has) {
        return OK;
    }
    int64_t why = db_i64(&q, 2);
    *ret_k = (struct kept){.state = db_i64(&q, 0), .attempts = db_i64(&q, 1),
                           .why = why >= 0 && why < STAMP_WHY_COUNT ? (enum stamp_why)why : STAMP_SILENT,
                           .token = db_text(rq->a, &q, 3)};
    TRY_MEM(rq, ret_k->token.p);
    return OK;
}

static struct stamp_ask held_to(const struct req *rq, struct instant from)
{
    const struct stamp_settings *s = &care_of(rq)->stamps;
    return (struct stamp_ask){.certs = s->certs, .n_certs = s->n_certs, .from = from, .until = rq->now};
}

enum err stamping_of(struct req *rq, struct str provenance, struct str cms, struct instant signed_at,
                     struct stamping *ret_stamping, struct str *ret_cms)
{
    struct stamp_ask ask = held_to(rq, signed_at);
    struct str theirs[STAMP_TOKENS_MAX];
    struct stamp_facts f;
    struct kept k = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(kept_load(rq, provenance, &k, &has));
    *ret_cms = cms;
    *ret_stamping = (struct stamping){.state = !has                  ? STAMPING_NONE
                                               : k.state == GIVEN_UP ? STAMPING_NEVER
                                                                     : STAMPING_WAITS,
                                      .why = k.why};
    if (!has || k.state != STAMPED) {
        return OK;
    }
    enum err e = stamp_parts(rq, cms, &ask.value, theirs, &n);
    if (e == E_SYNTAX) { /* changed since: that the signature does not hold is for its reader to say */
        err_clear(rq);
        *ret_stamping = (struct stamping){.state = STAMPING_BAD, .why = STAMP_OTHER_BYTES};
        return OK;
    }
    TRY(e);
    TRY(stamp_check(rq, k.token, &ask, &f));
    *ret_stamping = (struct stamping){.state = f.why == STAMP_GOOD ? STAMPING_HOLDS : STAMPING_BAD,
                                      .why = f.why, .at = f.at, .by = f.by};
    return stamp_attach(rq, cms, k.token, ret_cms);
}

enum err stamping_given_up(struct req *rq, enum stamp_why why, uint64_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_STAMPS_GIVEN_UP, sql_i64(why)));
    *ret_n = db_u64(&q, 0);
    return OK;
}

enum err stamping_retry(struct req *rq, struct tx *tx, uint64_t *ret_n)
{
    uint64_t all = 0;
    if (!stamping_offered(care_of(rq))) {
        return FAIL(rq, E_UNSUPPORTED, "no time stamp authority is set: stamp_url");
    }
    for (enum stamp_why why = STAMP_GOOD; why < STAMP_WHY_COUNT; why++) {
        uint64_t n = 0;
        TRY(stamping_given_up(rq, why, &n));
        all += n;
    }
    *ret_n = all;
    if (all == 0) {
        return OK;
    }
    TRY(TX_SQL(tx, W_STAMPS_RETRY, 0, sql_i64(rq->now.ms)));
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_ADMIN,
                                             .why = who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_ADMIN,
                                             .detail = S("time stamps asked for again")});
}

enum err stamping_late(struct req *rq, uint64_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_STAMPS_LATE, sql_i64(rq->now.ms - MS_DAY)));
    *ret_n = db_u64(&q, 0);
    return OK;
}

/* ---- the queue ---- */

static enum err due_read(struct req *rq, struct stamping_due *ret_due)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_STAMP_DUE, sql_i64(rq->now.ms)));
    TRY(db_next(rq, &q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "no time stamp is due");
    }
    *ret_due = (struct stamping_due){.provenance = db_text(rq->a, &q, 0), .attempts = db_i64(&q, 1),
                                     .asked = {db_i64(&q, 2)}};
    TRY_MEM(rq, ret_due->provenance.p);
    return OK;
}

enum err stamping_next(struct req *rq, struct stamping_due *ret_due)
{
    struct stamping_due d;
    struct jv prov;
    TRY(due_read(rq, &d));
    enum err e = sign_int_load(rq, T_PROVENANCE, d.provenance, &prov);
    if (e == E_BUSY) {
        return e;
    }
    if (e != OK) {
        err_clear(rq);
        d.is_gone = e == E_NOT_FOUND || e == E_GONE;
        *ret_due = d;
        return OK;
    }
    d.cms = b64_decoded(rq->a, json_str(rq->a, json_path(prov, S("signature.0.data"))), B64_STD);
    *ret_due = d;
    return OK;
}

static enum err note(struct req *rq, const struct stamping_due *due, enum err outcome, struct str detail)
{
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_SIGN,
                                             .why = WHY_SYSTEM,
                                             .outcome = outcome,
                                             .type = T_PROVENANCE,
                                             .id = due->provenance,
                                             .detail = detail});
}

enum err stamping_keep(struct req *rq, struct tx *tx, const struct stamping_due *due, struct str token)
{
    TRY(TX_SQL(tx, W_STAMP_DONE, TX_MUST_CHANGE, sql_text(due->provenance), sql_blob(token)));
    return note(rq, due, OK, S("time stamp"));
}

enum err stamping_drop(struct tx *tx, const struct stamping_due *due)
{
    return TX_SQL(tx, W_STAMP_DROP, TX_MUST_CHANGE, sql_text(due->provenance));
}

enum err stamping_again(struct req *rq, struct tx *tx, const struct stamping_due *due, enum stamp_why why,
                        int64_t wait_ms)
{
    TRY(TX_SQL(tx, W_STAMP_AGAIN, TX_MUST_CHANGE, sql_text(due->provenance), sql_i64(why),
               sql_i64(rq->now.ms + wait_ms)));
    if (due->attempts > 0) {
        return OK; /* the first failure is on record; the log has each */
    }
    return note(rq, due, E_IO, S("time stamp"));
}

enum err stamping_give_up(struct req *rq, struct tx *tx, const struct stamping_due *due, enum stamp_why why)
{
    TRY(TX_SQL(tx, W_STAMP_GIVE_UP, TX_MUST_CHANGE, sql_text(due->provenance), sql_i64(why)));
    return note(rq, due, why == STAMP_CROWDED ? E_UNSUPPORTED : E_CHECKSUM, S("no time stamp"));
}
