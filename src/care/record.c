/* care/record.c - looking through the record, and proving it. See record.h. */
#include "care/record.h"

#include "care/who.h"
#include "fhir/type.h"
#include "store/db.h"
#include "store/tx.h"

enum { PAGE = 250 };
#define PROOF_SETTING "record-proof"

bool record_is(enum record_kind kind, const struct audit_row *row)
{
    switch (kind) {
    case RECORD_REFUSED: return row->outcome != OK || row->action == AUDIT_DENY;
    case RECORD_OUTSIDE: return row->why == WHY_BREAK_GLASS;
    case RECORD_SIGN_IN:
        return row->action == AUDIT_LOGIN || row->action == AUDIT_LOGOUT || row->action == AUDIT_ROLE
               || row->action == AUDIT_PASSWORD || row->action == AUDIT_TOKEN
               || row->action == AUDIT_FACTOR || row->action == AUDIT_SESSION;
    case RECORD_PAPERS:
        return row->action == AUDIT_SIGN || row->action == AUDIT_PRINT
               || row->action == AUDIT_EXPORT || row->action == AUDIT_DOWNLOAD;
    case RECORD_ADMIN: return row->action == AUDIT_ADMIN || row->action == AUDIT_ERASE;
    case RECORD_ALL:
    case RECORD_KIND_COUNT: break;
    }
    return true;
}

static enum err may_audit(struct req *rq)
{
    return who_may(rq->who, MAY_AUDIT | IS_SYSTEM) ? OK
                                                   : FAIL(rq, E_FORBIDDEN, "no right to audit");
}

static enum err note(struct req *rq, enum audit_action action)
{
    struct audit_rec rec = {
        .action = action,
        .why = who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_DIRECTORY,
        .type = T_AUDIT_EVENT,
        .detail = S("all"),
    };
    return audit_add(rq, &rec);
}

enum err record_find(struct req *rq, enum record_kind kind, uint64_t before, record_fits_fn fits,
                     void *ctx, size_t n, struct audit_row *ret_rows, size_t *ret_n,
                     uint64_t *ret_next)
{
    struct audit_row *rows = ARENA_ARRAY(rq->a, PAGE, struct audit_row);
    uint64_t next = before;
    size_t found = 0;
    size_t got = PAGE;
    TRY_MEM(rq, rows);
    TRY(may_audit(rq));
    TRY(note(rq, AUDIT_SEARCH));
    for (size_t seen = 0; seen < RECORD_SCAN && got == PAGE && found < n; seen += PAGE) {
        TRY(audit_list(rq, 0, next, PAGE, rows, &got));
        for (size_t i = 0; i < got && found < n; i++) {
            next = rows[i].seq;
            if (record_is(kind, &rows[i]) && (fits == NULL || fits(rq, &rows[i], ctx))) {
                ret_rows[found++] = rows[i];
            }
        }
    }
    *ret_n = found;
    *ret_next = (got < PAGE && found < n) || next <= 1 ? 0 : next;
    return OK;
}

enum err record_export(struct req *rq, enum record_kind kind, record_fits_fn fits, void *fits_ctx,
                       record_each_fn each, void *each_ctx)
{
    struct audit_row *rows = ARENA_ARRAY(rq->a, PAGE, struct audit_row);
    uint64_t next = 0;
    size_t got = PAGE;
    TRY_MEM(rq, rows);
    TRY(may_audit(rq));
    TRY(note(rq, AUDIT_EXPORT));
    while (got == PAGE && next != 1) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(audit_list(rq, 0, next, PAGE, rows, &got));
        for (size_t i = 0; i < got; i++) {
            next = rows[i].seq;
            if (record_is(kind, &rows[i]) && (fits == NULL || fits(rq, &rows[i], fits_ctx))) {
                TRY(each(rq, &rows[i], each_ctx));
            }
        }
        arena_back(rq->a, mark);
    }
    return OK;
}

/* "at fault seq records commits" */
enum err record_proof_last(struct req *rq, struct record_proof *ret_proof)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct record_proof p = {.at = {0}};
    uint64_t v[5] = {0};
    struct str rest;
    struct str word;
    bool whole = true;
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(S(PROOF_SETTING)));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_proof = p;
        return OK;
    }
    TRY(e);
    rest = db_text(rq->a, &q, 0);
    for (size_t i = 0; i < LEN(v) && whole; i++) {
        whole = str_cut(&rest, ' ', &word) && str_u64(word, &v[i]);
    }
    if (whole && v[1] <= AUDIT_HEAD_BAD) {
        p.at.ms = (int64_t)(v[0] & INT64_MAX);
        p.report = (struct audit_report){.fault = (enum audit_fault)v[1], .seq = v[2],
                                         .n_audit = v[3], .n_tx = v[4]};
    }
    *ret_proof = p;
    return OK;
}

enum err record_prove(struct req *rq, struct tx *tx, struct record_proof *ret_proof)
{
    struct record_proof p = {.at = rq->now};
    struct buf b;
    TRY(may_audit(rq));
    TRY(audit_verify(rq, &p.report));
    const uint64_t v[] = {(uint64_t)p.at.ms, p.report.fault, p.report.seq, p.report.n_audit,
                          p.report.n_tx};
    buf_init(&b, rq->a, 128);
    for (size_t i = 0; i < LEN(v); i++) {
        if (i > 0) {
            buf_char(&b, ' ');
        }
        buf_u64(&b, v[i]);
    }
    TRY(TX_SQL(tx, W_SETTING, 0, sql_text(S(PROOF_SETTING)), sql_blob(buf_get(&b))));
    TRY(note(rq, AUDIT_VERIFY));
    *ret_proof = p;
    return OK;
}
