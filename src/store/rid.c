/* store/rid.c - from (type, id) to the number of a resource, inside the writer's batch. */
#include <string.h>

#include "store/writer_int.h"

static struct cache_slot *rid_slot(struct writer *w, uint16_t type, struct str id,
                                   struct key128 *ret_key)
{
    char text[2 + 64];
    size_t n = MIN(id.n, sizeof(text) - 2);
    memcpy(text, &type, 2);
    memcpy(text + 2, id.p, n);
    key128(w->store, text, n + 2, ret_key);
    return &w->rids[ret_key->a & (RID_CACHE - 1)];
}

void apply_rid_is(struct writer *w, uint16_t type, struct str id, int64_t rid)
{
    struct key128 key;
    struct cache_slot *slot = rid_slot(w, type, id, &key);
    *slot = (struct cache_slot){.key = key, .v = rid};
}

/* A row for a resource that is only referred to. */
static enum err bare_add(struct writer *w, struct req *rq, uint16_t type, struct str id,
                         int64_t *ret_rid)
{
    int64_t rid = w->marks.next_rid;
    sqlite3_stmt *st = conn_take(w->conn, C_RES_INSERT);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_i64(st, 1, rid);
    bind_i64(st, 2, type);
    bind_text(st, 3, id);
    for (int i = 4; i <= 10; i++) {
        bind_i64(st, i, i == 9 ? ANCHOR_SYSTEM : 0);
    }
    bind_blob(st, 11, NULL, 0);
    TRY(apply_end(w, rq, C_RES_INSERT, st, sqlite3_step(st)));
    w->marks.next_rid++;
    *ret_rid = rid;
    return OK;
}

/* The rid of a put of this transaction, whose row may not be there yet; 0: not one of them. */
static int64_t own_rid(const struct tx *tx, uint16_t type, struct str id)
{
    for (size_t i = 0; tx != NULL && i < tx->n_items; i++) {
        const struct tx_item *item = tx->items[i];
        if (item->put.type == type && item->rid != 0 && str_eq(item->put.id, id)) {
            return item->rid;
        }
    }
    return 0;
}

static enum err rid_look(struct writer *w, struct req *rq, uint16_t type, struct str id,
                         int64_t *ret_rid)
{
    sqlite3_stmt *st = conn_take(w->conn, C_RID_BY_ID);
    if (st == NULL) {
        return conn_err(rq, w->conn);
    }
    bind_text(st, 1, id);
    bind_i64(st, 2, type);
    int rc = sqlite3_step(st);
    int64_t rid = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    TRY(apply_end(w, rq, C_RID_BY_ID, st, rc));
    *ret_rid = rid;
    return OK;
}

enum err apply_rid(struct writer *w, struct req *rq, uint16_t type, struct str id, bool make,
                   int64_t *ret_rid)
{
    struct key128 key;
    ASSERT(id.n >= 1 && id.n <= 64);
    struct cache_slot *slot = rid_slot(w, type, id, &key);
    if (slot->v != 0 && slot->key.a == key.a && slot->key.b == key.b) {
        *ret_rid = slot->v;
        return OK;
    }
    int64_t rid = own_rid(w->tx, type, id);
    if (rid == 0) {
        TRY(rid_look(w, rq, type, id, &rid));
    }
    if (rid == 0 && make) {
        TRY(bare_add(w, rq, type, id, &rid));
    }
    if (rid != 0) {
        *slot = (struct cache_slot){.key = key, .v = rid};
    }
    *ret_rid = rid;
    return OK;
}

void apply_restore(struct writer *w, const struct marks *m)
{
    for (size_t i = 0; i < RID_CACHE; i++) {
        if (w->rids[i].v >= m->next_rid) {
            w->rids[i].v = 0;
        }
    }
    for (size_t i = 0; i < SRC_CACHE; i++) {
        if (w->srcs[i].v >= m->next_src) {
            w->srcs[i].v = 0;
        }
    }
    for (size_t i = 0; i < NEWEST_CACHE; i++) {
        if (w->newest[i].seq > m->head.seq || w->newest[i].rid >= m->next_rid) {
            w->newest[i].rid = 0;
        }
    }
    w->marks = *m;
}
