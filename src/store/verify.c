/* store/verify.c - is the record whole? Walks the audit chain, the chain of transactions with all
 * stored bodies, and holds both to the signed head. See audit.h. */
#include <string.h>

#include "store/audit_int.h"
#include "store/erase_int.h"
#include "store/read_int.h"
#include "store/store_int.h"

static void found(struct audit_report *r, enum audit_fault fault, uint64_t seq)
{
    if (r->fault == AUDIT_HOLDS) {
        r->fault = fault;
        r->seq = seq;
    }
}

/* The chain of records from 1 on; last gets its end. */
static enum err walk_audit(struct req *rq, struct audit_report *r, struct head *last)
{
    sqlite3_stmt *st;
    bool has = true;
    enum err e = OK;
    TRY(read_take(rq, C_AUDIT_WALK, &st));
    bind_i64(st, 1, 1);
    while (r->fault == AUDIT_HOLDS && (e = read_step(rq, st, &has)) == OK && has) {
        struct audit_row row;
        struct str outcome;
        struct str hash;
        uint8_t want[32];
        audit_peek(st, &row, &outcome, &hash);
        if (row.seq != last->seq + 1) {
            found(r, AUDIT_REMOVED, last->seq + 1);
            break;
        }
        chain_audit(last->hash, &row, outcome, want);
        if (hash.n != 32 || memcmp(hash.p, want, 32) != 0) {
            found(r, AUDIT_ALTERED, row.seq);
            break;
        }
        memcpy(last->hash, want, 32);
        last->seq = row.seq;
        r->n_audit++;
    }
    conn_give(rq->db->conn, C_AUDIT_WALK, st);
    return e;
}

/* hash of an audit record or tx row; false when there is none. */
static enum err hash_at(struct req *rq, unsigned id, uint64_t seq, uint8_t ret_hash[32],
                        bool *ret_has)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, id, &st));
    bind_i64(st, 1, (int64_t)seq);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        struct str hash = col_str(st, 0);
        has = hash.n == 32;
        memcpy(ret_hash, hash.p != NULL ? hash.p : "", MIN(hash.n, (size_t)32));
    }
    conn_give(rq->db->conn, id, st);
    *ret_has = has;
    return e;
}

/* Is an erased version's tombstone whole, and does a record say that just this was erased? */
static enum err tombstone_holds(struct req *rq, const struct chain_ver *v, struct str bytes,
                                uint8_t ret_sha[32], bool *ret_holds)
{
    sqlite3_stmt *st;
    uint64_t seq = 0;
    uint64_t upto = 0;
    bool has = false;
    *ret_holds = false;
    if (bytes.n != TOMBSTONE_BYTES) {
        return OK;
    }
    memcpy(ret_sha, bytes.p, 32);
    for (size_t i = 0; i < 8; i++) {
        seq |= (uint64_t)(uint8_t)bytes.p[32 + i] << (8 * i);
    }
    TRY(read_take(rq, C_ERASED_BY, &st));
    bind_i64(st, 1, (int64_t)seq);
    bind_i64(st, 2, v->rid);
    bind_i64(st, 3, AUDIT_ERASE);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        struct str rest = col_str(st, 0);
        struct str head = S(ERASE_DETAIL);
        size_t end = str_find_char(rest, ',');
        *ret_holds = str_starts(rest, head) && str_u64(str_sub(rest, head.n, end - head.n), &upto) &&
                     v->version <= upto;
    }
    conn_give(rq->db->conn, C_ERASED_BY, st);
    return e;
}

static enum err body_sha_of(struct req *rq, const struct chain_ver *v, int64_t codec, struct str stored,
                            struct audit_report *r, uint8_t ret_sha[32], bool *ret_whole)
{
    struct str body;
    if (codec == CODEC_ERASED) {
        TRY(tombstone_holds(rq, v, stored, ret_sha, ret_whole));
        r->n_erased += *ret_whole;
        return OK;
    }
    *ret_whole = dict_unpack(rq, rq->db, codec, stored, &body) == OK;
    if (*ret_whole) {
        sha_of(body, ret_sha);
    } else {
        err_clear(rq);
    }
    return OK;
}

/* Adds the versions of one tx row to s; false when one is missing or belongs elsewhere. */
static enum err add_versions(struct req *rq, sqlite3_stmt *vers, const struct chain_tx *row,
                             struct sha *s, struct audit_report *r, bool *ret_whole)
{
    *ret_whole = true;
    for (uint64_t i = 0; i < row->n && *ret_whole; i++) {
        bool has;
        uint8_t body_sha[32];
        TRY(read_step(rq, vers, &has));
        *ret_whole = has && sqlite3_column_int64(vers, 0) == row->first_vid + (int64_t)i &&
                     (uint64_t)sqlite3_column_int64(vers, 6) == row->seq;
        if (!*ret_whole) {
            return OK;
        }
        const struct chain_ver v = {
            .vid = sqlite3_column_int64(vers, 0),
            .rid = sqlite3_column_int64(vers, 1),
            .type = (uint16_t)sqlite3_column_int64(vers, 2),
            .version = (uint64_t)sqlite3_column_int64(vers, 3),
            .op = sqlite3_column_int64(vers, 4),
            .updated_ms = sqlite3_column_int64(vers, 5),
        };
        TRY(body_sha_of(rq, &v, sqlite3_column_int64(vers, 7), col_str(vers, 8), r, body_sha,
                        ret_whole));
        if (*ret_whole) {
            chain_tx_ver(s, &v, body_sha);
        }
    }
    return OK;
}

static enum err check_tx(struct req *rq, sqlite3_stmt *st, sqlite3_stmt *vers,
                         struct audit_report *r, struct head *last)
{
    const struct chain_tx row = {
        .seq = (uint64_t)sqlite3_column_int64(st, 0),
        .at_ms = sqlite3_column_int64(st, 1),
        .src = sqlite3_column_int64(st, 2),
        .request = (uint64_t)sqlite3_column_int64(st, 3),
        .n = (uint64_t)sqlite3_column_int64(st, 4),
        .first_vid = sqlite3_column_int64(st, 5),
    };
    uint64_t audit_seq = (uint64_t)sqlite3_column_int64(st, 6);
    struct str audit_head = col_str(st, 7);
    struct str hash = col_str(st, 8);
    uint8_t want[32] = {0};
    bool there = true;
    bool whole;
    struct sha s;
    if (row.seq != last->tx + 1 || audit_head.n != 32 || hash.n != 32) {
        found(r, AUDIT_TX_BROKEN, last->tx + 1);
        return OK;
    }
    if (audit_seq > 0) {
        TRY(hash_at(rq, C_AUDIT_HASH, audit_seq, want, &there));
    }
    if (!there) {
        found(r, AUDIT_CUT, r->n_audit + 1);
        return OK;
    }
    chain_tx_begin(&s, last->tx_hash, &row);
    TRY(add_versions(rq, vers, &row, &s, r, &whole));
    uint8_t got[32];
    chain_tx_end(&s, audit_seq, (const uint8_t *)audit_head.p, got);
    if (!whole || memcmp(got, hash.p, 32) != 0 || memcmp(want, audit_head.p, 32) != 0) {
        found(r, AUDIT_TX_BROKEN, row.seq);
    }
    memcpy(last->tx_hash, hash.p, 32);
    last->tx = row.seq;
    r->n_tx++;
    return OK;
}

static enum err walk_tx(struct req *rq, struct audit_report *r, struct head *last)
{
    sqlite3_stmt *st;
    sqlite3_stmt *vers;
    bool has = true;
    enum err e = OK;
    TRY(read_take(rq, C_TX_WALK, &st));
    e = read_take(rq, C_VER_WALK, &vers);
    if (e == OK) {
        bind_i64(vers, 1, 0);
        while (e == OK && r->fault == AUDIT_HOLDS && (e = read_step(rq, st, &has)) == OK && has) {
            e = check_tx(rq, st, vers, r, last);
        }
        if (e == OK && r->fault == AUDIT_HOLDS && (e = read_step(rq, vers, &has)) == OK && has) {
            found(r, AUDIT_TX_BROKEN, last->tx + 1); /* a version without transaction */
        }
        conn_give(rq->db->conn, C_VER_WALK, vers);
    }
    conn_give(rq->db->conn, C_TX_WALK, st);
    return e;
}

enum err head_holds(struct req *rq, const struct head *signed_head, struct audit_report *r)
{
    uint8_t hash[32] = {0};
    bool has = true;
    if (signed_head->seq > 0) {
        TRY(hash_at(rq, C_AUDIT_HASH, signed_head->seq, hash, &has));
    }
    if (!has) {
        found(r, AUDIT_CUT, r->n_audit > 0 ? r->n_audit + 1 : signed_head->seq);
    } else if (memcmp(hash, signed_head->hash, 32) != 0) {
        found(r, AUDIT_ALTERED, signed_head->seq);
    }
    memset(hash, 0, sizeof(hash));
    has = true;
    if (signed_head->tx > 0) {
        TRY(hash_at(rq, C_TX_HASH, signed_head->tx, hash, &has));
    }
    if (!has || memcmp(hash, signed_head->tx_hash, 32) != 0) {
        found(r, AUDIT_TX_BROKEN, signed_head->tx);
    }
    return OK;
}

enum err audit_verify(struct req *rq, struct audit_report *ret_report)
{
    struct audit_report r = {.fault = AUDIT_HOLDS};
    struct head last = {.seq = 0};
    struct head signed_head;
    struct store *st = rq->db->store;
    char conflict[OS_PATH_MAX];
    /* The head is read before the view opens: what it names must be in the view. */
    enum err e = st->head_key.present ? head_load(rq, st->dir, &st->head_key, &signed_head)
                                      : E_CHECKSUM;
    if (e != OK && !((e == E_CHECKSUM || e == E_TOO_LARGE || e == E_NOT_FOUND) && err_answers(rq))) {
        return e; /* unread is not altered */
    }
    TRY(os_path(rq, str_z(st->dir), S(HEAD_CONFLICT), conflict));
    TRY(db_begin(rq));
    enum err walked = walk_audit(rq, &r, &last);
    if (walked == OK && r.fault == AUDIT_HOLDS) {
        walked = walk_tx(rq, &r, &last);
    }
    if (walked == OK && e == OK) {
        walked = head_holds(rq, &signed_head, &r);
    }
    db_end(rq);
    TRY(walked);
    if (e != OK || os_exists(conflict)) {
        found(&r, AUDIT_HEAD_BAD, 0);
    }
    *ret_report = r;
    return OK;
}
