/* fhir/include.c - _include and _revinclude, step by step with :iterate. Each resource once; what the
 * caller may not see is passed over without a trace; the number is bounded, and a warning says so. */
#include "base/text.h"
#include "fhir/search_int.h"

enum {
    INCLUDES_MAX = 1000, /* of one page */
    ROUNDS_MAX = 8,      /* of :iterate */
    NAMED_BY_MAX = 200,  /* looked at of one reference list */
};

struct bringer {
    struct req *rq;
    struct gate *gate;
    struct fhir_page *p;
    size_t size;  /* of p->v */
    size_t bytes;
    bool full;
};

static bool is_on_page(const struct fhir_page *p, int64_t rid)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].row.rid == rid) {
            return true;
        }
    }
    return false;
}

static enum err room_make(struct bringer *b)
{
    if (b->p->n < b->size) {
        return OK;
    }
    size_t size = MIN(b->size * 2 + 64, b->p->n_matches + INCLUDES_MAX);
    struct fhir_match *v = ARENA_ARRAY(b->rq->a, size + 1, struct fhir_match);
    TRY_MEM(b->rq, v);
    for (size_t i = 0; i < b->p->n; i++) {
        v[i] = b->p->v[i];
    }
    b->p->v = v;
    b->size = size;
    return OK;
}

static enum err bring(struct bringer *b, int64_t rid, enum fhir_type type, unsigned ops)
{
    struct res_row row;
    bool may = false;
    if (rid <= 0 || b->full || is_on_page(b->p, rid)) {
        return OK;
    }
    b->gate->fuel -= b->gate->fuel > 0 ? 1 : 0;
    if (b->p->n - b->p->n_matches >= INCLUDES_MAX || b->gate->fuel == 0 || b->bytes > 8 << 20) {
        b->full = true;
        return OK;
    }
    enum err e = db_head_rid(b->rq, rid, &row);
    if (e == E_NOT_FOUND) {
        err_clear(b->rq);
        return OK;
    }
    TRY(e);
    if (row.deleted || (type != T_NONE && row.type != type)) {
        return OK;
    }
    TRY(gate_may(b->rq, b->gate, row.anchor, &may));
    if (may && b->gate->acc->scopes != NULL) {
        TRY(scope_row_may(b->rq, b->gate->acc->scopes, ops, &row, &may));
    }
    if (may) {
        TRY(db_read_rid(b->rq, rid, &row));
        TRY(room_make(b));
        b->bytes += row.body.n;
        b->p->v[b->p->n++] = (struct fhir_match){row, true};
    }
    return OK;
}

/* What entry i names. */
static enum err forward(struct bringer *b, const struct fhir_include *inc, size_t i)
{
    const struct tuple *t;
    size_t n;
    if (inc->source != T_NONE && b->p->v[i].row.type != inc->source) {
        return OK;
    }
    TRY(db_tuples(b->rq, b->p->v[i].row.rid, &t, &n));
    for (size_t k = 0; k < n; k++) {
        if (t[k].kind == TUPLE_REF && (inc->p == NULL || t[k].sp == inc->p->sp)) {
            TRY(bring(b, t[k].ref.rid, inc->target, OP_READ));
        }
    }
    return OK;
}

static enum err named_by(struct bringer *b, uint16_t sp, int64_t rid)
{
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    TRY(list_ref(b->rq, sp, rid, LIST_NEWEST, &l));
    for (int n = 0; e == OK && !b->full && n < NAMED_BY_MAX && list_next(l, &hit); n++) {
        e = bring(b, hit.rid, T_NONE, OP_SEARCH);
    }
    e = e == OK ? list_err(b->rq, l) : e;
    list_close(&l);
    return e;
}

/* What names entry i: by one parameter, or by all of a type, or by all there are. */
static enum err backward(struct bringer *b, const struct fhir_include *inc, size_t i)
{
    int64_t rid = b->p->v[i].row.rid;
    enum fhir_type type = (enum fhir_type)b->p->v[i].row.type;
    if (inc->target != T_NONE && type != inc->target) {
        return OK;
    }
    if (inc->p != NULL) {
        return named_by(b, inc->p->sp, rid);
    }
    for (unsigned t = 1; t < T_COUNT && !b->full; t++) {
        size_t n = 0;
        if (inc->source != T_NONE && inc->source != (enum fhir_type)t) {
            continue;
        }
        const struct fhir_param *p = fhir_params((enum fhir_type)t, &n);
        for (size_t k = 0; k < n && !b->full; k++) {
            if (p[k].kind == SP_REF && fhir_param_names(&p[k], type)) {
                TRY(named_by(b, p[k].sp, rid));
            }
        }
    }
    return OK;
}

enum err includes_add(struct req *rq, struct gate *g, struct fhir_page *p)
{
    const struct fhir_query *q = p->q;
    struct bringer b = {.rq = rq, .gate = g, .p = p, .size = p->n};
    size_t from = 0;
    size_t to = p->n;
    for (unsigned round = 0; round < ROUNDS_MAX && from < to && !b.full; round++) {
        for (size_t i = from; i < to && !b.full; i++) {
            for (size_t k = 0; k < q->n_include; k++) {
                if (round == 0 || q->include[k].iterate) {
                    TRY(forward(&b, &q->include[k], i));
                }
            }
            for (size_t k = 0; k < q->n_revinclude; k++) {
                if (round == 0 || q->revinclude[k].iterate) {
                    TRY(backward(&b, &q->revinclude[k], i));
                }
            }
        }
        from = to;
        to = p->n;
    }
    if (b.full) {
        fhir_issue_add(rq, ISSUE_WARNING, "too-costly",
                       T("Not everything could be included: there is too much of it."),
                       S("_include"), S(""));
    }
    return OK;
}
