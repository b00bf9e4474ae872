/* care/erasure_run.c - an order that runs: bodies replaced in pieces, then the
 * file cleaned. See erasure.h. */
#include "care/erasure_int.h"

#include "care/care.h"
#include "care/sign_doc.h"
#include "care/who.h"
#include "codec/b64.h"
#include "fhir/erase.h"
#include "fhir/type.h"
#include "store/blob.h"

enum { AT_ONCE = 100, DONE_AT_ONCE = 500, BYTES_AT_ONCE = 2 << 20 };

#define SIGNED_NAME "ni:///sha-256;"
#define FILE_NAME "\"valueString\":\""
enum { SIGNED_LEN = 43, FILE_LEN = 64 };

/* Are these the bytes of a document about this patient? Whoever may write may name any digest. */
static enum err bytes_are_of(struct req *rq, struct str sha, struct str patient, bool *ret_are)
{
    struct str bytes;
    *ret_are = false;
    enum err e = blob_read(rq, care_of(rq)->store, (const uint8_t *)sha.p, SIGN_DOC_MAX, &bytes);
    if (e == E_NOT_FOUND || e == E_TOO_LARGE) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *ret_are = patient.n > 0 && str_find(bytes, patient) < bytes.n;
    return OK;
}

/* A use of a blob ends: of a file of a case by the digest its DocumentReference
 * holds (one of several uses, perhaps), of the exact bytes of a signed document
 * by the one its Provenance names (nobody else's). */
static enum err blob_drop(struct req *rq, struct tx *tx, struct str patient, struct str body,
                          struct str before, size_t len, bool is_signed)
{
    size_t at = str_find(body, before);
    while (at < body.n) {
        struct str text = str_sub(body, at + before.n, len);
        struct str sha = {0};
        uint8_t bytes[32];
        if (is_signed) {
            sha = b64_decoded(rq->a, text, B64_URL);
        } else if (text.n == FILE_LEN && str_unhex(text, bytes, sizeof(bytes))) {
            sha = arena_str(rq->a, (struct str){(const char *)bytes, sizeof(bytes)});
            TRY_MEM(rq, sha.p);
        }
        if (sha.p != NULL && sha.n == 32) {
            bool are = !is_signed;
            TRY(is_signed ? bytes_are_of(rq, sha, patient, &are) : OK);
            if (!are) {
                return OK;
            }
            TRY(TX_SQL(tx, is_signed ? W_ER_BLOB_ALL : W_BLOB_DROP, 0, sql_blob(sha)));
            return OK;
        }
        size_t rest = at + before.n;
        size_t next = str_find(str_sub(body, rest, body.n - rest), before);
        at = rest + next;
    }
    return OK;
}

/* Of the newest version that has a body. */
static enum err blobs_drop(struct req *rq, struct tx *tx, struct str patient, const struct erase_what *what)
{
    for (size_t i = 0; i < what->n; i++) {
        struct str body = what->vers[i].body;
        if (body.n == 0) {
            continue;
        }
        if (what->type == T_DOCUMENT_REFERENCE) {
            return blob_drop(rq, tx, patient, body, S(FILE_NAME), FILE_LEN, false);
        }
        if (what->type == T_PROVENANCE) {
            return blob_drop(rq, tx, patient, body, S(SIGNED_NAME), SIGNED_LEN, true);
        }
        break;
    }
    return OK;
}

static enum err items_next(struct req *rq, int64_t order, int64_t *ret_rids, size_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    size_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_ERASURE_ITEMS, sql_i64(order), sql_i64(AT_ONCE)));
    TRY(db_next(rq, &q, &has));
    while (has && n < AT_ONCE) {
        ret_rids[n++] = db_i64(&q, 0);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

static enum err piece(struct req *rq, const struct erasure *o)
{
    int64_t rids[AT_ONCE];
    size_t n = 0;
    size_t bytes = 0;
    bool by_policy = str_eq(o->reason, S(ERASURE_BY_POLICY));
    struct str words = erasure_int_words(rq, o->id, by_policy);
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY_MEM(rq, words.p);
    TRY(items_next(rq, o->id, rids, &n));
    for (size_t i = 0; i < n && bytes < BYTES_AT_ONCE; i++) {
        const struct erase_what *what = NULL;
        TRY(fhir_erase(rq, tx, rids[i], by_policy ? WHY_SYSTEM : WHY_ADMIN, words, &what));
        TRY(blobs_drop(rq, tx, o->patient, what));
        TRY(TX_SQL(tx, W_ERASURE_ITEM_END, TX_MUST_CHANGE, sql_i64(o->id), sql_i64(rids[i])));
        for (size_t k = 0; k < what->n; k++) {
            bytes += what->vers[k].body.n;
        }
    }
    if (n == 0) {
        TRY(TX_SQL(tx, W_ERASURE_STATE, TX_MUST_CHANGE, sql_i64(o->id), sql_i64(ERASURE_RUNS),
                   sql_i64(ERASURE_SCRUBS), sql_i64(0)));
    }
    return store_commit(care_of(rq)->store, rq, tx);
}

/* One is done: its row, and its record. */
static enum err done(struct req *rq, struct tx *tx, int64_t order, int64_t patient_rid)
{
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = WHY_SYSTEM, .patient_rid = patient_rid};
    struct buf b;
    buf_init(&b, rq->a, 60);
    BUF_LIT(&b, "erasure done, order ");
    buf_i64(&b, order);
    rec.detail = buf_get(&b);
    TRY_MEM(rq, rec.detail.p);
    TRY(TX_SQL(tx, W_ERASURE_STATE, TX_MUST_CHANGE, sql_i64(order), sql_i64(ERASURE_SCRUBS),
               sql_i64(ERASURE_DONE), sql_i64(rq->now.ms)));
    return audit_add(rq, &rec);
}

/* No body of an order waited when the cleaning began (see erasure_step()): it was for all of them. */
static enum err scrub(struct req *rq, unsigned *step)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool more = false;
    bool has = false;
    TRY(store_scrub(care_of(rq)->store, rq, step, &more));
    if (more) {
        return OK;
    }
    *step = 0;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(DB_QUERY(rq, &q, Q_ERASURE_SCRUBBED, sql_i64(DONE_AT_ONCE)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        TRY(done(rq, tx, db_i64(&q, 0), db_i64(&q, 1)));
        TRY(db_next(rq, &q, &has));
    }
    db_rows_done(&q);
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err erasure_step(struct req *rq, unsigned *step, bool *ret_more)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct erasure o = {0};
    *ret_more = false;
    enum err e = db_one(rq, Q_ERASURE_RUNS, NULL, 0, &q);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    o.id = db_i64(&q, 0);
    o.patient_rid = db_i64(&q, 1);
    o.patient = db_text(rq->a, &q, 2);
    o.state = (enum erasure_state)db_i64(&q, 3);
    o.reason = db_text(rq->a, &q, 4);
    db_rows_done(&q);
    *step = o.state == ERASURE_RUNS ? 0 : *step; /* what it leaves behind is cleaned from the beginning */
    TRY(o.state == ERASURE_RUNS ? piece(rq, &o) : scrub(rq, step));
    *ret_more = true;
    return OK;
}
