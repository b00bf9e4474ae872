/* store/tx.c - building transactions. See tx.h. */
#include <math.h>
#include <string.h>

#include "store/store_int.h"

enum { ID_MAX = 64 }; /* FHIR R4 datatypes.html#id */

struct tx *tx_new(struct req *rq)
{
    struct tx *tx = ARENA_NEW(rq->a, struct tx);
    if (tx != NULL) {
        tx->rq = rq;
        tx->requires_end = &tx->requires;
        tx->teams_end = &tx->teams;
        tx->indexes_end = &tx->indexes;
        tx->sqls_end = &tx->sqls;
        tx->erases_end = &tx->erases;
    }
    return tx;
}

static struct tx_item *item_add(struct tx *tx)
{
    if (tx->n_items == tx->size_items) {
        size_t size = MAX(tx->size_items * 2, (size_t)4);
        struct tx_item **items = ARENA_ARRAY(tx->rq->a, size, struct tx_item *);
        if (items == NULL) {
            return NULL;
        }
        if (tx->n_items > 0) {
            memcpy(items, tx->items, tx->n_items * sizeof(*items));
        }
        tx->items = items;
        tx->size_items = size;
    }
    struct tx_item *item = ARENA_NEW(tx->rq->a, struct tx_item);
    if (item != NULL) {
        tx->items[tx->n_items++] = item;
    }
    return item;
}

static enum err tuples_are_sound(struct req *rq, const struct tx_put *p)
{
    for (size_t i = 0; i < p->n_tuples; i++) {
        if (p->tuples[i].kind == TUPLE_QUANTITY && isnan(p->tuples[i].quantity.value)) {
            return FAIL(rq, E_BAD_INPUT, "a quantity that is no number");
        }
    }
    return OK;
}

enum err tx_put(struct tx *tx, const struct tx_put *p)
{
    ASSERT(p->type != 0 && p->id.n >= 1 && p->id.n <= ID_MAX);
    ASSERT(p->expect >= TX_NEW && p->expect != 0);
    ASSERT(body_is_well_formed(p->body));
    TRY(tuples_are_sound(tx->rq, p));
    struct tx_item *item = item_add(tx);
    TRY_MEM(tx->rq, item);
    item->put = *p;
    sha_of(p->body, item->sha);
    return OK;
}

enum err tx_delete(struct tx *tx, uint16_t type, struct str id, int64_t expect)
{
    ASSERT(type != 0 && id.n >= 1 && id.n <= ID_MAX && (expect == TX_ANY || expect > 0));
    struct tx_item *item = item_add(tx);
    TRY_MEM(tx->rq, item);
    item->put = (struct tx_put){.type = type, .id = id, .expect = expect};
    item->is_delete = true;
    sha_of((struct str){NULL, 0}, item->sha);
    return OK;
}

static enum err require_add(struct tx *tx, struct tx_require r)
{
    struct tx_require *at = ARENA_NEW(tx->rq->a, struct tx_require);
    TRY_MEM(tx->rq, at);
    *at = r;
    *tx->requires_end = at;
    tx->requires_end = &at->next;
    return OK;
}

enum err tx_require_none(struct tx *tx, uint16_t sp, uint64_t hash, uint32_t sys)
{
    ASSERT(sp != 0);
    return require_add(tx, (struct tx_require){.kind = REQUIRE_NONE, .sp = sp, .hash = hash, .sys = sys});
}

enum err tx_require_version(struct tx *tx, uint16_t type, struct str id, uint64_t version)
{
    ASSERT(type != 0);
    return require_add(
        tx, (struct tx_require){.kind = REQUIRE_VERSION, .type = type, .id = id, .hash = version});
}

enum err tx_require(struct tx *tx, uint16_t type, int64_t seen, tx_check_fn check, void *ctx)
{
    return require_add(tx, (struct tx_require){.kind = REQUIRE_SEEN, .type = type, .seen = seen,
                                               .check = check, .ctx = ctx});
}

enum err tx_require_after(struct tx *tx, tx_check_fn check, void *ctx)
{
    tx->has_after = true;
    return require_add(tx, (struct tx_require){.kind = REQUIRE_AFTER, .check = check, .ctx = ctx});
}

enum err tx_index(struct tx *tx, int64_t rid, uint64_t version, const struct tx_put *p)
{
    struct tx_index_op *op = ARENA_NEW(tx->rq->a, struct tx_index_op);
    TRY_MEM(tx->rq, op);
    TRY(tuples_are_sound(tx->rq, p));
    *op = (struct tx_index_op){.rid = rid, .version = version, .put = *p};
    *tx->indexes_end = op;
    tx->indexes_end = &op->next;
    return OK;
}

static enum err team_add(struct tx *tx, struct tx_team_op op)
{
    struct tx_team_op *at = ARENA_NEW(tx->rq->a, struct tx_team_op);
    ASSERT(op.type != 0 && op.id.n >= 1 && op.id.n <= ID_MAX);
    TRY_MEM(tx->rq, at);
    *at = op;
    *tx->teams_end = at;
    tx->teams_end = &at->next;
    return OK;
}

enum err tx_team(struct tx *tx, uint16_t type, struct str id, uint64_t principal)
{
    return team_add(tx, (struct tx_team_op){.type = type, .id = id, .principal = principal});
}

enum err tx_team_remove(struct tx *tx, uint16_t type, struct str id, uint64_t principal)
{
    return team_add(
        tx, (struct tx_team_op){.type = type, .id = id, .principal = principal, .remove = true});
}

enum err tx_sql(struct tx *tx, enum stmt_id id, unsigned flags, const struct sql_val *vals,
                size_t n_vals)
{
    struct tx_sql_op *op =
        arena_alloc(tx->rq->a, sizeof(*op) + n_vals * sizeof(struct sql_val));
    TRY_MEM(tx->rq, op);
    op->id = id;
    op->flags = flags;
    op->n = n_vals;
    if (n_vals > 0) {
        memcpy(op->vals, vals, n_vals * sizeof(*vals));
    }
    *tx->sqls_end = op;
    tx->sqls_end = &op->next;
    return OK;
}

enum err tx_event(struct tx *tx, enum event_kind kind, uint64_t topic)
{
    return tx_event_part(tx, kind, topic, 0);
}

enum err tx_event_part(struct tx *tx, enum event_kind kind, uint64_t topic, uint32_t part)
{
    if (tx->n_events == tx->size_events) {
        size_t size = MAX(tx->size_events * 2, (size_t)4);
        struct store_event *events = ARENA_ARRAY(tx->rq->a, size, struct store_event);
        TRY_MEM(tx->rq, events);
        if (tx->n_events > 0) {
            memcpy(events, tx->events, tx->n_events * sizeof(*events));
        }
        tx->events = events;
        tx->size_events = size;
    }
    tx->events[tx->n_events++] = (struct store_event){.kind = kind, .part = part, .topic = topic};
    return OK;
}

bool tx_is_empty(const struct tx *tx)
{
    return tx->n_items == 0 && tx->requires == NULL && tx->teams == NULL && tx->sqls == NULL &&
           tx->indexes == NULL && tx->erases == NULL && tx->scrub == NULL && tx->dict == NULL &&
           tx->audit == NULL && tx->rq->audit == NULL && tx->n_events == 0;
}

size_t tx_n_puts(const struct tx *tx)
{
    return tx->n_items;
}

uint64_t tx_put_version(const struct tx *tx, size_t i)
{
    ASSERT(i < tx->n_items);
    return tx->items[i]->version;
}

int64_t tx_put_rid(const struct tx *tx, size_t i)
{
    ASSERT(i < tx->n_items);
    return tx->items[i]->rid;
}

struct instant tx_time(const struct tx *tx)
{
    return tx->time;
}

struct str tx_put_text(const struct tx *tx, size_t i)
{
    ASSERT(i < tx->n_items && !tx->items[i]->is_delete);
    const struct tx_item *item = tx->items[i];
    return body_splice(tx->rq->a, item->put.body, item->put.id, item->version, tx->time.ms);
}
