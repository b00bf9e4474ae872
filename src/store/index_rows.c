/* store/index_rows.c - index tuples as rows of the index tables. */
#include <string.h>

#include "store/footprint.h"
#include "store/writer_int.h"

void index_row_of(const struct tuple *t, int64_t at, int64_t rid, struct index_row *ret_row)
{
    struct index_row r = {.v = {t->sp}};
    switch ((enum tuple_kind)t->kind) {
    case TUPLE_TOKEN:
        r = (struct index_row){.add = C_TOKEN_ADD, .del = C_TOKEN_DEL, .has = C_TOKEN_HAS, .n = 5,
                               .v = {t->sp, (int64_t)t->token.hash, t->token.sys, at, rid}};
        break;
    case TUPLE_REF:
        r = (struct index_row){.add = C_REF_ADD, .del = C_REF_DEL, .has = C_REF_HAS, .n = 4,
                               .v = {t->sp, t->ref.rid, at, rid}};
        break;
    case TUPLE_DATE:
        r = (struct index_row){.add = C_DATE_ADD, .del = C_DATE_DEL, .has = C_DATE_HAS, .n = 4,
                               .v = {t->sp, t->date.lo_ms, t->date.hi_ms, rid}};
        break;
    case TUPLE_STRING:
        r = (struct index_row){.add = C_STRING_ADD, .del = C_STRING_DEL, .has = C_STRING_HAS,
                               .n = 4, .v = {t->sp, 0, at, rid}, .key_at = 2, .key = t->string};
        break;
    case TUPLE_QUANTITY:
        r = (struct index_row){.add = C_QUANTITY_ADD, .del = C_QUANTITY_DEL,
                               .has = C_QUANTITY_HAS, .n = 5, .real_at = 3,
                               .real = t->quantity.value,
                               .v = {t->sp, (int64_t)t->quantity.unit, 0, at, rid}};
        break;
    }
    *ret_row = r;
}

void index_row_bind(sqlite3_stmt *st, const struct index_row *row)
{
    for (int i = 1; i <= row->n; i++) {
        if (i == row->key_at) {
            bind_blob(st, i, row->key.p, row->key.n);
        } else if (i == row->real_at) {
            sqlite3_bind_double(st, i, row->real);
        } else {
            bind_i64(st, i, row->v[i - 1]);
        }
    }
}

enum err index_prepare(struct writer *w, struct req *rq, const struct tx_put *p,
                       struct tuple **ret_t, size_t *ret_n)
{
    struct tuple *t = ARENA_ARRAY(w->scratch, p->n_tuples + 1, struct tuple);
    TRY_MEM(rq, t);
    for (size_t i = 0; i < p->n_tuples; i++) {
        t[i] = p->tuples[i];
        ASSERT(t[i].sp != 0);
        switch ((enum tuple_kind)t[i].kind) {
        case TUPLE_REF:
            if (t[i].ref.type != 0) {
                int64_t rid;
                TRY(apply_rid(w, rq, t[i].ref.type, t[i].ref.id, true, &rid));
                t[i].ref.rid = rid;
            } else {
                t[i].ref.rid = db_ref_url(t[i].ref.url);
            }
            break;
        case TUPLE_STRING: t[i].string.n = MIN(t[i].string.n, (size_t)TUPLE_STRING_MAX); break;
        case TUPLE_TOKEN:
        case TUPLE_DATE:
        case TUPLE_QUANTITY: break;
        }
    }
    *ret_n = tuples_sort(t, p->n_tuples);
    *ret_t = t;
    return OK;
}

static enum err row_write(struct writer *w, struct req *rq, const struct tuple *t, int64_t at,
                          int64_t rid, bool add)
{
    struct index_row row;
    index_row_of(t, at, rid, &row);
    unsigned id = add ? row.add : row.del;
    sqlite3_stmt *st = conn_take(w->conn, id);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    index_row_bind(st, &row);
    return apply_end(w, rq, id, st, sqlite3_step(st));
}

enum err index_change(struct writer *w, struct req *rq, int64_t rid, const struct index_side *old,
                      const struct index_side *new_)
{
    size_t i = 0;
    size_t j = 0;
    bool same_at = old->at == new_->at;
    while (i < old->n || j < new_->n) {
        int c;
        if (!same_at) {
            c = i < old->n ? -1 : 1;
        } else if (i == old->n || j == new_->n) {
            c = j == new_->n ? -1 : 1;
        } else {
            c = tuple_cmp(&old->t[i], &new_->t[j]);
        }
        if (c < 0) {
            TRY(row_write(w, rq, &old->t[i++], old->at, rid, false));
        } else if (c > 0) {
            TRY(row_write(w, rq, &new_->t[j++], new_->at, rid, true));
        } else {
            i++;
            j++;
        }
    }
    return OK;
}
