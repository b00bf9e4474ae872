/* store/record_group.c - the records of a large transaction, few instead of one per resource.
 *
 * Records alike in action, reason, patient and case become one, whose detail names what was written:
 * "transaction 345: 0-56 60", places among the versions of that transaction. audit_named() reads it
 * back. Small transactions keep a record for each resource. */
#include <inttypes.h>

#include "store/writer_int.h"

enum {
    GROUPS = 16,
    DETAIL_MAX = 2000, /* a group is closed when its detail is longer */
};

struct group {
    struct audit_rec rec;
    struct buf detail;
    uint64_t from, to; /* the run of places that is not in detail yet */
};
struct groups {
    struct writer *w;
    struct req *rq;
    int64_t src;
    size_t n;
    struct group v[GROUPS];
};

static bool is_written(const struct audit_rec *rec)
{
    bool writes = rec->action == AUDIT_CREATE || rec->action == AUDIT_UPDATE ||
                  rec->action == AUDIT_DELETE;
    return writes && rec->outcome == OK && rec->detail.n == 0;
}

/* Place of what the record tells of; *at is where the one before was. n_items: none. */
static size_t place_of(const struct tx *tx, const struct audit_rec *rec, size_t *at)
{
    for (size_t k = 0; k < tx->n_items; k++) {
        size_t i = (*at + k) % tx->n_items;
        const struct tx_put *p = &tx->items[i]->put;
        if (p->type == rec->type && str_eq(p->id, rec->id)) {
            *at = i + 1;
            return i;
        }
    }
    return tx->n_items;
}

static void run_end(struct group *g)
{
    buf_char(&g->detail, ' ');
    buf_u64(&g->detail, g->from);
    if (g->to > g->from) {
        buf_char(&g->detail, '-');
        buf_u64(&g->detail, g->to);
    }
}

static enum err group_end(struct groups *gs, struct group *g)
{
    run_end(g);
    g->rec.detail = buf_get(&g->detail);
    return record_one(gs->w, gs->rq, &g->rec, gs->src);
}

static void group_start(struct groups *gs, struct group *g, uint64_t place)
{
    buf_init(&g->detail, gs->w->scratch, DETAIL_MAX + 64);
    BUF_LIT(&g->detail, AUDIT_GROUP);
    buf_u64(&g->detail, gs->w->marks.head.tx + 1);
    buf_char(&g->detail, ':');
    g->from = place;
    g->to = place;
}

static enum err group_add(struct groups *gs, const struct audit_rec *rec, uint64_t place)
{
    struct audit_rec key = {.action = rec->action, .why = rec->why};
    TRY(record_rids(gs->w, gs->rq, rec, &key.patient_rid, &key.case_rid));
    struct group *g = NULL;
    for (size_t i = 0; i < gs->n && g == NULL; i++) {
        const struct audit_rec *r = &gs->v[i].rec;
        if (r->action == key.action && r->why == key.why && r->patient_rid == key.patient_rid &&
            r->case_rid == key.case_rid) {
            g = &gs->v[i];
        }
    }
    if (g == NULL && gs->n == GROUPS) {
        return record_one(gs->w, gs->rq, rec, gs->src);
    }
    if (g == NULL) {
        g = &gs->v[gs->n++];
        g->rec = key;
        group_start(gs, g, place);
    } else if (place == g->to + 1) {
        g->to = place;
    } else if (g->detail.n >= DETAIL_MAX) {
        TRY(group_end(gs, g));
        group_start(gs, g, place);
    } else {
        run_end(g);
        g->from = place;
        g->to = place;
    }
    return OK;
}

enum err record_grouped(struct writer *w, struct tx *tx, int64_t src)
{
    struct groups *gs = ARENA_NEW(w->scratch, struct groups);
    size_t at = 0;
    TRY_MEM(tx->rq, gs);
    gs->w = w;
    gs->rq = tx->rq;
    gs->src = src;
    for (const struct audit_rec *rec = tx->audit; rec != NULL; rec = rec->next) {
        size_t place = is_written(rec) ? place_of(tx, rec, &at) : tx->n_items;
        if (place < tx->n_items) {
            TRY(group_add(gs, rec, place));
        } else {
            TRY(record_one(w, tx->rq, rec, src));
        }
    }
    for (size_t i = 0; i < gs->n; i++) {
        TRY(group_end(gs, &gs->v[i]));
    }
    return OK;
}
