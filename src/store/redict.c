/* store/redict.c - dictionaries that may hold pieces of what was erased are replaced. See
 * dict_int.h, erase.h.
 *
 * A dictionary's row names the versions it was made of. The commit that erases one of them retires
 * it: nothing is written with it any more. Then the bodies that need it are compressed anew, a piece
 * at a time between other people's writes, in the order of versions; how far that came stands in the
 * row, so a restart goes on there. When a whole pass found no body that needs it, its bytes go. Views
 * that began before have the row as it was.
 *
 * A body is the only copy: what it became is read back and held to its SHA-256 before it takes its
 * place. */
#include <string.h>

#include "store/read_int.h"
#include "store/writer_int.h"

enum {
    AT_ONCE = 256,            /* bodies of a piece */
    BYTES_AT_ONCE = 512 << 10,
    LOOK_AT_ONCE = 8192,      /* versions looked at for them */
};

/* ---- the writer's side ---- */

static enum err stands(struct writer *w, struct req *rq, int64_t vid)
{
    sqlite3_stmt *st = conn_take(w->conn, C_VER_STANDS);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, vid);
    int rc = sqlite3_step(st);
    TRY(apply_end(w, rq, C_VER_STANDS, st, rc));
    return rc == SQLITE_ROW ? OK : FAIL(rq, E_STALE, "a version was erased meanwhile");
}

enum err dict_op_check(struct writer *w, struct req *rq, const struct tx_dict_op *op)
{
    for (size_t i = 0; op->kind == DICT_OP_ADD && i + 8 <= op->vids.n; i += 8) {
        uint64_t vid = 0;
        for (size_t k = 0; k < 8; k++) {
            vid |= (uint64_t)(uint8_t)op->vids.p[i + k] << (8 * k);
        }
        TRY(stands(w, rq, (int64_t)vid));
    }
    for (size_t i = 0; op->kind == DICT_OP_PIECE && i < op->n; i++) {
        int64_t to = op->bodies[i].to;
        if (to >= CODEC_DICT && !dicts_may_write(w->store->dicts, to)) {
            return FAIL(rq, E_STALE, "a dictionary was retired meanwhile");
        }
    }
    return OK;
}

static enum err add(struct writer *w, struct req *rq, const struct tx_dict_op *op)
{
    int64_t id = 0;
    TRY(apply_number(w, rq, C_DICT_LAST, &id));
    sqlite3_stmt *st = conn_take(w->conn, C_DICT_ADD);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, MAX(id + 1, (int64_t)CODEC_DICT));
    bind_i64(st, 2, op->type);
    bind_i64(st, 3, w->time_ms);
    bind_i64(st, 4, op->samples);
    bind_blob(st, 5, op->bytes.p, op->bytes.n);
    bind_blob(st, 6, op->vids.p, op->vids.n);
    return apply_end(w, rq, C_DICT_ADD, st, sqlite3_step(st));
}

static enum err body_write(struct writer *w, struct req *rq, const struct redict_body *b)
{
    sqlite3_stmt *st = conn_take(w->conn, C_VER_REPACK);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, b->vid);
    bind_i64(st, 2, b->to);
    bind_blob(st, 3, b->stored.p, b->stored.n);
    bind_i64(st, 4, b->from); /* erased meanwhile: it stays so */
    return apply_end(w, rq, C_VER_REPACK, st, sqlite3_step(st));
}

static enum err piece_write(struct writer *w, struct req *rq, const struct tx_dict_op *op)
{
    const int64_t v[] = {op->id, op->state, op->upto};
    for (size_t i = 0; i < op->n; i++) {
        TRY(body_write(w, rq, &op->bodies[i]));
    }
    return apply_ints(w, rq, C_DICT_STEP, v, 3);
}

enum err dict_op_write(struct writer *w, struct req *rq, const struct tx_dict_op *op)
{
    w->dicts = true;
    switch (op->kind) {
    case DICT_OP_ADD: return add(w, rq, op);
    case DICT_OP_PIECE: return piece_write(w, rq, op);
    case DICT_OP_GONE: return apply_ints(w, rq, C_DICT_GONE, &op->id, 1);
    }
    return OK;
}

enum err dict_retire(struct writer *w, struct req *rq, uint16_t type, int64_t vid)
{
    char bytes[8];
    sqlite3_stmt *st = conn_take(w->conn, C_DICT_RETIRE);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(uint8_t)((uint64_t)vid >> (8 * i));
    }
    bind_i64(st, 1, type);
    bind_blob(st, 2, bytes, sizeof(bytes));
    TRY(apply_end(w, rq, C_DICT_RETIRE, st, sqlite3_step(st)));
    w->dicts = w->dicts || sqlite3_changes(w->conn->sql) > 0;
    return OK;
}

/* ---- beside it ---- */

struct retired {
    int64_t id;
    uint16_t type;
    enum dict_state state;
    int64_t upto;
};

static enum err bereft_next(struct req *rq, struct retired *r, bool *ret_has)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, C_DICT_BEREFT, &st));
    bind_i64(st, 1, r->id);
    enum err e = read_step(rq, st, ret_has);
    if (e == OK && *ret_has) {
        r->id = sqlite3_column_int64(st, 0);
        r->type = (uint16_t)sqlite3_column_int64(st, 1);
    }
    conn_give(rq->db->conn, C_DICT_BEREFT, st);
    return e;
}

enum err redict_train(struct store *st, struct req *rq)
{
    struct retired r = {.id = 0};
    bool has = false;
    TRY(bereft_next(rq, &r, &has));
    while (has) {
        enum err e = dict_train(st, r.type, true);
        if (e != OK) {
            return FAIL(rq, e, "making a dictionary");
        }
        TRY(bereft_next(rq, &r, &has));
    }
    return OK;
}

static enum err retired_next(struct req *rq, struct retired *ret_r, bool *ret_has)
{
    sqlite3_stmt *st;
    TRY(read_take(rq, C_DICT_NEXT, &st));
    enum err e = read_step(rq, st, ret_has);
    if (e == OK && *ret_has) {
        *ret_r = (struct retired){.id = sqlite3_column_int64(st, 0),
                                  .type = (uint16_t)sqlite3_column_int64(st, 1),
                                  .state = (enum dict_state)sqlite3_column_int64(st, 2),
                                  .upto = sqlite3_column_int64(st, 3)};
    }
    conn_give(rq->db->conn, C_DICT_NEXT, st);
    return e;
}

static enum err body_repack(struct req *rq, uint16_t type, struct str stored, struct redict_body *b,
                            size_t *ret_bytes)
{
    struct str body;
    struct str again;
    uint8_t before[32];
    uint8_t after[32];
    TRY(dict_unpack(rq, rq->db, b->from, stored, &body));
    sha_of(body, before);
    *ret_bytes += body.n;
    b->stored = dict_pack(rq->db->store->dicts, rq->a, type, body, &b->to);
    if (b->to == CODEC_RAW) {
        b->stored = arena_str(rq->a, body);
        TRY_MEM(rq, b->stored.p);
    }
    TRY(dict_unpack(rq, rq->db, b->to, b->stored, &again));
    sha_of(again, after);
    return memcmp(before, after, sizeof(before)) == 0 ? OK : FAIL(rq, E_IO, "a body compressed anew differs");
}

/* The next bodies that need it, as they will be; *ret_end: there are no more. */
static enum err look(struct req *rq, const struct retired *r, struct redict_body *bodies,
                     struct tx_dict_op *op, bool *ret_end)
{
    sqlite3_stmt *st;
    bool has = true;
    size_t bytes = 0;
    enum err e = OK;
    TRY(read_take(rq, C_DICT_WALK, &st));
    bind_i64(st, 1, r->type);
    bind_i64(st, 2, r->upto);
    for (unsigned i = 0; i < LOOK_AT_ONCE && op->n < AT_ONCE && bytes < BYTES_AT_ONCE; i++) {
        e = read_step(rq, st, &has);
        if (e != OK || !has) {
            break;
        }
        struct redict_body *b = &bodies[op->n];
        *b = (struct redict_body){.vid = sqlite3_column_int64(st, 0), .from = sqlite3_column_int64(st, 1)};
        if (b->from == r->id) {
            e = body_repack(rq, r->type, col_str(st, 2), b, &bytes);
            op->n++;
        }
        if (e != OK) {
            break;
        }
        op->upto = b->vid;
    }
    conn_give(rq->db->conn, C_DICT_WALK, st);
    *ret_end = !has;
    return e;
}

enum err redict_step(struct store *st, struct req *rq, bool *ret_more)
{
    struct retired r = {.id = 0};
    bool has = false;
    bool end = false;
    TRY(retired_next(rq, &r, &has));
    *ret_more = has;
    if (!has) {
        return OK;
    }
    struct redict_body *bodies = ARENA_ARRAY(rq->a, AT_ONCE, struct redict_body);
    struct tx_dict_op op = {.kind = DICT_OP_PIECE,
                            .id = r.id,
                            .bodies = bodies,
                            .state = r.state,
                            .upto = r.upto};
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, bodies);
    TRY_MEM(rq, tx);
    TRY(look(rq, &r, bodies, &op, &end));
    if (op.n > 0) {
        op.state = DICT_RETIRED;
    }
    if (end && op.state == DICT_LOOKED) {
        op.kind = DICT_OP_GONE;
    } else if (end) {
        op.state = DICT_LOOKED;
        op.upto = 0;
    }
    tx->dict = &op;
    return store_commit(st, rq, tx);
}
