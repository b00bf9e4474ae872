/* store/record.c - audit records and tx rows, written with the change they describe. */
#include <string.h>

#include "store/writer_int.h"

enum { EACH_MAX = 8 }; /* resources of one transaction that each have a record of their own */

static const struct audit_who system_who = {.actor = SI("system"), .login = SI(""), .role = SI(""),
                                            .org = SI("")};

/* Somebody on the network who did not say who they are. */
static const struct audit_who nobody = {.actor = SI("nobody"), .login = SI(""), .role = SI(""),
                                        .org = SI("")};

const struct audit_who *audit_who_of(const struct req *rq)
{
    if (rq->who != NULL) {
        return (const struct audit_who *)(const void *)rq->who; /* its first member */
    }
    return rq->peer[0] != '\0' ? &nobody : &system_who;
}

static void src_key(struct writer *w, const struct str text[5], struct key128 *ret_key)
{
    struct key128 part[5];
    for (size_t i = 0; i < 5; i++) {
        key128(w->store, text[i].p != NULL ? text[i].p : "", text[i].n, &part[i]);
    }
    key128(w->store, part, sizeof(part), ret_key);
}

static enum err src_find(struct writer *w, struct req *rq, const struct str text[5],
                         int64_t *ret_src)
{
    sqlite3_stmt *st = conn_take(w->conn, C_SRC_FIND);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    for (int i = 0; i < 5; i++) {
        bind_text(st, i + 1, text[i]);
    }
    int rc = sqlite3_step(st);
    int64_t src = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    TRY(apply_end(w, rq, C_SRC_FIND, st, rc));
    if (src == 0) {
        src = w->marks.next_src;
        st = conn_take(w->conn, C_SRC_NEW);
        if (st == NULL) {
            return conn_err(rq, w->conn);
        }
        bind_i64(st, 1, src);
        for (int i = 0; i < 5; i++) {
            bind_text(st, i + 2, text[i]);
        }
        TRY(apply_end(w, rq, C_SRC_NEW, st, sqlite3_step(st)));
        w->marks.next_src++;
    }
    *ret_src = src;
    return OK;
}

enum err record_src(struct writer *w, struct req *rq, int64_t *ret_src)
{
    const struct audit_who *who = audit_who_of(rq);
    const struct str text[5] = {who->actor, who->login, who->role, who->org, str_z(rq->peer)};
    struct key128 key;
    src_key(w, text, &key);
    struct cache_slot *slot = &w->srcs[key.a & (SRC_CACHE - 1)];
    if (slot->v == 0 || slot->key.a != key.a || slot->key.b != key.b) {
        int64_t src = 0;
        TRY(src_find(w, rq, text, &src));
        *slot = (struct cache_slot){.key = key, .v = src};
    }
    *ret_src = slot->v;
    return OK;
}

static enum err rid_known(struct writer *w, struct req *rq, int64_t given, uint16_t type,
                          struct str id, int64_t *ret_rid)
{
    *ret_rid = given;
    if (given == 0 && type != 0 && id.n >= 1 && id.n <= 64) {
        TRY(apply_rid(w, rq, type, id, false, ret_rid));
    }
    return OK;
}

/* The newest record about a case or patient; 0: none yet. */
static enum err newest_of(struct writer *w, struct req *rq, int64_t rid, uint64_t *ret_seq)
{
    struct newest_slot *slot = &w->newest[(uint64_t)rid & (NEWEST_CACHE - 1)];
    if (rid <= 0) {
        *ret_seq = 0;
        return OK;
    }
    if (slot->rid != rid) {
        sqlite3_stmt *st = conn_take(w->conn, C_AUDIT_NEWEST);
        if (st == NULL) {
            return conn_err(rq, w->conn);
        }
        bind_i64(st, 1, rid);
        int rc = sqlite3_step(st);
        uint64_t seq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
        TRY(apply_end(w, rq, C_AUDIT_NEWEST, st, rc));
        *slot = (struct newest_slot){.rid = rid, .seq = seq};
    }
    *ret_seq = slot->seq;
    return OK;
}

static enum err is_newest(struct writer *w, struct req *rq, int64_t rid, uint64_t seq)
{
    const int64_t v[] = {rid, (int64_t)seq};
    if (rid <= 0) {
        return OK;
    }
    w->newest[(uint64_t)rid & (NEWEST_CACHE - 1)] = (struct newest_slot){.rid = rid, .seq = seq};
    return apply_ints(w, rq, C_AUDIT_IS_NEWEST, v, 2);
}

static enum err audit_insert(struct writer *w, struct req *rq, const struct audit_row *row,
                             struct str outcome, int64_t src)
{
    sqlite3_stmt *st = conn_take(w->conn, C_AUDIT_INSERT);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, (int64_t)row->seq);
    bind_i64(st, 2, row->at.ms);
    bind_i64(st, 3, src);
    bind_i64(st, 4, row->action);
    bind_i64(st, 5, row->why);
    bind_text(st, 6, outcome);
    bind_i64(st, 7, row->type);
    bind_text(st, 8, row->id);
    bind_i64(st, 9, row->patient_rid);
    bind_i64(st, 10, row->case_rid);
    bind_i64(st, 11, (int64_t)row->request);
    bind_text(st, 12, row->detail);
    bind_blob(st, 13, w->marks.head.hash, 32);
    bind_i64(st, 14, (int64_t)row->patient_prev);
    bind_i64(st, 15, (int64_t)row->case_prev);
    TRY(apply_end(w, rq, C_AUDIT_INSERT, st, sqlite3_step(st)));
    TRY(is_newest(w, rq, row->case_rid, row->seq));
    return row->patient_rid != row->case_rid ? is_newest(w, rq, row->patient_rid, row->seq) : OK;
}

enum err record_rids(struct writer *w, struct req *rq, const struct audit_rec *rec,
                     int64_t *ret_patient, int64_t *ret_case)
{
    TRY(rid_known(w, rq, rec->patient_rid, rec->patient_type, rec->patient_id, ret_patient));
    return rid_known(w, rq, rec->case_rid, rec->case_type, rec->case_id, ret_case);
}

enum err record_one(struct writer *w, struct req *rq, const struct audit_rec *rec, int64_t src)
{
    const struct audit_who *who = audit_who_of(rq);
    struct str outcome = rec->outcome == OK ? S("") : str_z(err_name(rec->outcome));
    struct audit_row row = {.seq = w->marks.head.seq + 1,
                            .at = {w->time_ms},
                            .actor = who->actor,
                            .login = who->login,
                            .role = who->role,
                            .org = who->org,
                            .peer = str_z(rq->peer),
                            .action = rec->action,
                            .why = rec->why,
                            .type = rec->type,
                            .id = rec->id,
                            .request = rq->id,
                            .detail = rec->detail};
    TRY(record_rids(w, rq, rec, &row.patient_rid, &row.case_rid));
    TRY(newest_of(w, rq, row.patient_rid, &row.patient_prev));
    TRY(newest_of(w, rq, row.case_rid, &row.case_prev));
    chain_audit(w->marks.head.hash, &row, outcome, w->marks.head.hash);
    w->marks.head.seq = row.seq;
    w->sealed = false;
    atomic_fetch_add_explicit(&w->n_audits, 1, memory_order_relaxed);
    return audit_insert(w, rq, &row, outcome, src);
}

enum err record_audit(struct writer *w, struct tx *tx, int64_t src)
{
    if (tx->n_items > EACH_MAX) {
        return record_grouped(w, tx, src);
    }
    for (const struct audit_rec *rec = tx->audit; rec != NULL; rec = rec->next) {
        TRY(record_one(w, tx->rq, rec, src));
    }
    return OK;
}

enum err record_tx(struct writer *w, struct req *rq, struct sha *s, const struct chain_tx *row)
{
    struct head *head = &w->marks.head;
    uint8_t hash[32];
    const int64_t v[] = {(int64_t)row->seq,     row->at_ms,     row->src, (int64_t)row->request,
                         (int64_t)row->n,       row->first_vid, (int64_t)head->seq};
    chain_tx_end(s, head->seq, head->hash, hash);
    sqlite3_stmt *st = conn_take(w->conn, C_TX_INSERT);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    for (size_t i = 0; i < LEN(v); i++) {
        bind_i64(st, (int)i + 1, v[i]);
    }
    bind_blob(st, 8, head->hash, 32);
    bind_blob(st, 9, hash, 32);
    TRY(apply_end(w, rq, C_TX_INSERT, st, sqlite3_step(st)));
    head->tx = row->seq;
    memcpy(head->tx_hash, hash, 32);
    w->sealed = true;
    return OK;
}
