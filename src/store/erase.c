/* store/erase.c - erasing resources, and what the file still holds of them. See
 * erase.h. */
#include "store/erase.h"

#include <inttypes.h>
#include <string.h>

#include "store/erase_int.h"
#include "store/footprint.h"
#include "store/read_int.h"

/* ---- reading what is to go ---- */

static enum err res_load_head(struct req *rq, int64_t rid, struct erase_what *what,
                              int64_t *ret_vid)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, C_HEAD_RID, &st));
    bind_i64(st, 1, rid);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        *what = (struct erase_what){.rid = rid,
                                    .type = (uint16_t)sqlite3_column_int64(st, 1),
                                    .id = arena_str(rq->a, col_str(st, 2)),
                                    .version = (uint64_t)sqlite3_column_int64(st, 3)};
        *ret_vid = sqlite3_column_int64(st, 9);
    }
    conn_give(rq->db->conn, C_HEAD_RID, st);
    TRY(e);
    return has ? OK : FAIL(rq, E_NOT_FOUND, "no such resource");
}

static enum err ver_load(struct req *rq, int64_t vid, struct erase_ver *ret_v, bool *ret_erased,
                         int64_t *ret_prev)
{
    sqlite3_stmt *st;
    bool has = false;
    struct str raw = {NULL, 0};
    *ret_v = (struct erase_ver){.vid = vid};
    TRY(read_take(rq, C_VER_RAW, &st));
    bind_i64(st, 1, vid);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        int64_t codec = sqlite3_column_int64(st, 1);
        *ret_prev = sqlite3_column_int64(st, 0);
        *ret_erased = codec == CODEC_ERASED;
        if (codec != CODEC_ERASED) {
            e = dict_unpack(rq, rq->db, codec, col_str(st, 2), &raw);
        }
        if (e == OK && raw.n > 0) {
            ret_v->body = arena_str(rq->a, raw);
        }
    }
    conn_give(rq->db->conn, C_VER_RAW, st);
    TRY(e);
    if (!has) {
        return FAIL(rq, E_IO, "version row %" PRIi64 " is missing", vid);
    }
    if (raw.n > 0) {
        TRY_MEM(rq, ret_v->body.p);
    }
    return OK;
}

enum err erase_load(struct req *rq, int64_t rid, struct erase_what *ret_what)
{
    struct erase_what what;
    int64_t vid = 0;
    bool erased = false;
    TRY(res_load_head(rq, rid, &what, &vid));
    TRY_MEM(rq, what.id.p);
    what.vers = ARENA_ARRAY(rq->a, what.version, struct erase_ver);
    TRY_MEM(rq, what.vers);
    while (vid != 0 && !erased && what.n < what.version) {
        TRY(ver_load(rq, vid, &what.vers[what.n], &erased, &vid));
        what.n += !erased;
    }
    *ret_what = what;
    return OK;
}

/* ---- building ---- */

enum err tx_erase(struct tx *tx, const struct erase_what *what)
{
    struct tx_erase_op *op = ARENA_NEW(tx->rq->a, struct tx_erase_op);
    TRY_MEM(tx->rq, op);
    op->what = what;
    *tx->erases_end = op;
    tx->erases_end = &op->next;
    return OK;
}

/* ---- the writer's side ---- */

enum err erase_check(struct writer *w, struct req *rq, const struct tx_erase_op *op)
{
    struct kept k;
    TRY(kept_load(w, rq, op->what->rid, &k));
    if (k.version == 0) {
        return FAIL(rq, E_NOT_FOUND, "nothing to erase");
    }
    return (uint64_t)k.version == op->what->version
               ? OK
               : FAIL(rq, E_STALE, "version %" PRIi64 " is current", k.version);
}

static enum err record_write(struct writer *w, struct req *rq, const struct erase_what *what,
                             const struct kept *k, int64_t src)
{
    struct buf b;
    buf_init(&b, w->scratch, what->note.n + 64);
    BUF_LIT(&b, ERASE_DETAIL);
    buf_u64(&b, what->version);
    if (what->note.n > 0) {
        BUF_LIT(&b, ", ");
        buf_str(&b, what->note);
    }
    struct audit_rec rec = {.action = AUDIT_ERASE,
                            .why = what->why,
                            .type = what->type,
                            .id = what->id,
                            .patient_rid = k->patient,
                            .case_rid = k->anchor > 0 && k->anchor != k->patient ? k->anchor : 0,
                            .detail = buf_get(&b)};
    TRY_MEM(rq, rec.detail.p);
    return record_one(w, rq, &rec, src);
}

static enum err tombstone(struct writer *w, struct req *rq, uint16_t type, const struct erase_ver *v)
{
    uint8_t bytes[TOMBSTONE_BYTES];
    sqlite3_stmt *st = conn_take(w->conn, C_VER_ERASE);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    sha_of(v->body, bytes);
    for (size_t i = 0; i < 8; i++) {
        bytes[32 + i] = (uint8_t)(w->marks.head.seq >> (8 * i));
    }
    bind_i64(st, 1, v->vid);
    bind_blob(st, 2, (const char *)bytes, sizeof(bytes));
    TRY(apply_end(w, rq, C_VER_ERASE, st, sqlite3_step(st)));
    TRY(dict_retire(w, rq, type, v->vid));
    if (v->narrative.n + v->words.n == 0) {
        return OK;
    }
    st = conn_take(w->conn, C_WORD_DEL);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, v->vid);
    bind_text(st, 2, v->narrative);
    bind_text(st, 3, v->words);
    return apply_end(w, rq, C_WORD_DEL, st, sqlite3_step(st));
}

static enum err rows_end(struct writer *w, struct req *rq, const struct erase_what *what,
                         const struct kept *k)
{
    const struct index_side none = {NULL, 0, k->at};
    const int64_t owners[] = {0, k->anchor, k->patient};
    const int64_t rid[] = {what->rid};
    struct tuple *t = NULL;
    size_t n = 0;
    if (!footprint_read(w->scratch, k->footprint, &t, &n)) {
        return FAIL(rq, E_INTERNAL, "footprint of rid %" PRIi64, what->rid);
    }
    const struct index_side old = {t, n, k->at};
    TRY(index_change(w, rq, what->rid, &old, &none));
    for (size_t i = 0; i < LEN(owners); i++) {
        const int64_t v[] = {owners[i], what->type, k->at, what->rid};
        if (i == 0 || owners[i] > 0) {
            TRY(apply_ints(w, rq, C_OF_DEL, v, 4));
        }
    }
    TRY(apply_ints(w, rq, C_TEAM_END, rid, 1));
    return apply_ints(w, rq, C_RES_ERASE, rid, 1);
}

enum err erase_write(struct writer *w, struct req *rq, const struct tx_erase_op *op, int64_t src)
{
    const struct erase_what *what = op->what;
    struct kept k;
    TRY(kept_load(w, rq, what->rid, &k));
    TRY_MEM(rq, k.footprint.p);
    if (what->n == 0 && k.deleted == RES_ERASED && k.footprint.n == 0) {
        return OK;
    }
    TRY(record_write(w, rq, what, &k, src));
    for (size_t i = 0; i < what->n; i++) {
        TRY(tombstone(w, rq, what->type, &what->vers[i]));
    }
    return rows_end(w, rq, what, &k);
}
