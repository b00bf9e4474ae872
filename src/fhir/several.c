/* fhir/several.c - a page of a search over several types in one order (_sort): each type is searched in that
 * order from where the cursor stands, and the best of all are kept. A total order: the keys, then the type,
 * then the row's number. */
#include <string.h>

#include "fhir/search_int.h"

/* One match with its place. */
struct place {
    struct hit hit;
    unsigned type; /* index into each */
    struct sort_key keys[FHIR_SORTS_MAX];
    char text[FHIR_SORTS_MAX][TUPLE_STRING_MAX]; /* of the keys */
};

struct merge {
    struct req *rq;
    const struct fhir_query *q;
    struct gate *gate;
    const struct cursor *from; /* NULL: the first page */
    struct db_moment moment;
    struct place *best;        /* in order, at most q->count + 1 */
    struct place *other;       /* room for as many */
    struct place *own;         /* of the type being read */
    size_t n;
    size_t n_own;
    bool cut;                  /* what stands after barrier may not be whole */
    struct place barrier;
};

static int place_cmp(const struct merge *m, const struct place *a, const struct place *b)
{
    int c = sort_keys_cmp(a->keys, b->keys, m->q->n_sort);
    if (c == 0) {
        c = a->type != b->type ? (a->type < b->type ? -1 : 1)
                               : (a->hit.rid > b->hit.rid) - (a->hit.rid < b->hit.rid);
    }
    return c;
}

/* A place is moved as a whole: its texts go along. */
static void place_move(struct place *to, const struct place *from, size_t n_keys)
{
    *to = *from;
    for (size_t i = 0; i < n_keys; i++) {
        to->keys[i].text.p = to->text[i];
    }
}

/* Where the cursor stands, as this type sees it: of equal keys, the types before it are done, and those
 * after it have not begun. */
static struct cursor from_of(const struct merge *m, unsigned type)
{
    struct cursor c = *m->from;
    c.after.rid = type == m->from->type ? c.after.rid : type < m->from->type ? INT64_MAX : 0;
    return c;
}

static enum err place_of(struct merge *m, const struct finder *f, unsigned type, struct hit hit,
                         struct place *ret_place)
{
    struct arena_mark mark = arena_mark(m->rq->a);
    struct finder look = *f;
    struct cand k = moment_cand(f, hit);
    struct place p = {.hit = hit, .type = type};
    TRY(sort_keys(&look, &k, p.keys));
    for (size_t i = 0; i < m->q->n_sort; i++) {
        size_t n = MIN(p.keys[i].text.n, sizeof(p.text[i]));
        memcpy(p.text[i], n > 0 ? p.keys[i].text.p : "", n);
        p.keys[i].text.n = n;
    }
    arena_back(m->rq->a, mark);
    place_move(ret_place, &p, m->q->n_sort);
    return OK;
}

static enum err type_read(struct merge *m, unsigned type)
{
    struct fhir_query plan = m->q->each[type];
    struct finder f = {.rq = m->rq, .gate = m->gate, .want = m->q->count + 1, .merged = true};
    if (m->from != NULL) {
        f.resume = true;
        f.from = from_of(m, type);
    }
    TRY(finder_type(&f, &plan));
    m->n_own = 0;
    for (size_t i = 0; i < f.n_found; i++) {
        TRY(place_of(m, &f, type, f.found[i], &m->own[m->n_own++]));
    }
    if (f.cut && m->n_own > 0) {
        const struct place *last = &m->own[m->n_own - 1];
        if (!m->cut || place_cmp(m, last, &m->barrier) < 0) {
            place_move(&m->barrier, last, m->q->n_sort);
        }
        m->cut = true;
    }
    return OK;
}

/* Keeps the best of those that were kept and the type's own. */
static void merge_in(struct merge *m)
{
    size_t a = 0;
    size_t b = 0;
    size_t n = 0;
    while (n <= m->q->count && (a < m->n || b < m->n_own)) {
        bool own = a == m->n ||
                   (b < m->n_own && place_cmp(m, &m->own[b], &m->best[a]) < 0);
        place_move(&m->other[n++], own ? &m->own[b] : &m->best[a], m->q->n_sort);
        a += own ? 0 : 1;
        b += own ? 1 : 0;
    }
    struct place *swap = m->best;
    m->best = m->other;
    m->other = swap;
    m->n = n;
}

/* The row as of the first page; *ret_has false: it went away since. */
static enum err row_read(struct merge *m, int64_t rid, struct res_row *ret_row, bool *ret_has)
{
    struct ver_row then;
    enum err e = db_read_rid(m->rq, rid, ret_row);
    *ret_has = e == OK;
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(m->rq);
        return OK;
    }
    TRY(e);
    if (m->from == NULL) {
        return OK;
    }
    e = db_version_at(m->rq, rid, m->moment.vid, &then);
    if (e == E_NOT_FOUND) {
        err_clear(m->rq);
        *ret_has = false;
        return OK;
    }
    TRY(e);
    ret_row->body = then.body;
    ret_row->version = then.version;
    ret_row->updated = then.updated;
    return OK;
}

static enum err next_write(struct merge *m, const struct place *last, struct fhir_page *p)
{
    struct cursor at = {.moment = m->moment, .type = (uint16_t)last->type, .after = last->hit,
                        .n_keys = (uint8_t)m->q->n_sort};
    memcpy(at.keys, last->keys, sizeof(at.keys));
    p->next = cursor_write(m->rq, m->q, &at);
    return p->next.p != NULL ? OK : FAIL(m->rq, E_TOO_LARGE, "memory cap");
}

static enum err page_write(struct merge *m, struct fhir_page *p)
{
    size_t shown = MIN(m->n, (size_t)m->q->count);
    size_t bytes = 0;
    while (m->cut && shown > 0 && place_cmp(m, &m->best[shown - 1], &m->barrier) > 0) {
        shown--;
    }
    for (size_t i = 0; i < shown; i++) {
        bool has = false;
        TRY(row_read(m, m->best[i].hit.rid, &p->v[p->n].row, &has));
        bytes += has ? p->v[p->n].row.body.n : 0;
        p->n += has ? 1 : 0;
        if (bytes > FHIR_PAGE_BYTES) {
            shown = i + 1;
        }
    }
    bool more = m->n > shown || m->cut;
    return more && shown > 0 ? next_write(m, &m->best[shown - 1], p) : OK;
}

enum err several_page(struct req *rq, struct gate *g, const struct cursor *from,
                      struct db_moment moment, struct fhir_page *p)
{
    struct merge m = {.rq = rq, .q = p->q, .gate = g, .from = from, .moment = moment};
    size_t room = m.q->count + 2;
    m.best = ARENA_ARRAY(rq->a, room, struct place);
    m.other = ARENA_ARRAY(rq->a, room, struct place);
    m.own = ARENA_ARRAY(rq->a, room, struct place);
    TRY_MEM(rq, m.best);
    TRY_MEM(rq, m.other);
    TRY_MEM(rq, m.own);
    for (unsigned t = 0; t < m.q->n_each; t++) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(type_read(&m, t));
        merge_in(&m);
        arena_back(rq->a, mark);
    }
    return page_write(&m, p);
}
