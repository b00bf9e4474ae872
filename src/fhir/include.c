/* fhir/include.c - _include and _revinclude, step by step with :iterate. Each resource once; what the
 * caller may not see is passed over without a trace; the number is bounded, and a warning says so.
 *
 * A canonical address leads to the resource of that url: with a version to that version, without one to
 * the newest the caller may see (references.html#canonical). */
#include "base/text.h"
#include "fhir/canonical.h"
#include "fhir/extract.h"
#include "fhir/search_int.h"

enum {
    INCLUDES_MAX = 1000, /* of one page */
    ROUNDS_MAX = 8,      /* of :iterate */
    NAMED_BY_MAX = 200,  /* looked at of one reference list */
    EDITIONS_MAX = 50,   /* resources of one url */
    NAMES_MAX = 64,      /* canonical addresses of one entry */
    NAMES_BYTES = 8192,
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

/* Reads a row of the type that the caller may see; *ret_may false: it is passed over. */
static enum err admit(struct bringer *b, int64_t rid, enum fhir_type type, unsigned ops,
                      struct res_row *ret_row, bool *ret_may)
{
    struct res_row row;
    bool may = false;
    *ret_may = false;
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
        TRY(db_read_rid(b->rq, rid, ret_row));
        *ret_may = true;
    }
    return OK;
}

static enum err put(struct bringer *b, const struct res_row *row)
{
    TRY(room_make(b));
    b->bytes += row->body.n;
    b->p->v[b->p->n++] = (struct fhir_match){*row, true};
    return OK;
}

static enum err bring(struct bringer *b, int64_t rid, enum fhir_type type, unsigned ops)
{
    struct res_row row;
    bool may = false;
    if (rid <= 0 || b->full || is_on_page(b->p, rid)) {
        return OK;
    }
    TRY(admit(b, rid, type, ops, &row, &may));
    return may ? put(b, &row) : OK;
}

/* ---- canonical addresses ---- */

/* The resource of a type with this address. */
static enum err edition(struct bringer *b, enum fhir_type type, struct str canonical)
{
    const struct fhir_param *p = canonical_param(type);
    struct str url = canonical_url(canonical);
    struct list *l = NULL;
    struct hit hit;
    bool found = false;
    enum err e = OK;
    if (p == NULL) {
        return OK;
    }
    TRY(list_token(b->rq, p->sp, db_hash(b->rq->db, url), 0, LIST_NEWEST, &l));
    for (int n = 0; e == OK && !found && !b->full && n < EDITIONS_MAX && list_next(l, &hit); n++) {
        struct arena_mark m = arena_mark(b->rq->a);
        struct res_row row;
        bool may = false;
        e = admit(b, hit.rid, type, OP_READ, &row, &may);
        if (e == OK && may) {
            e = canonical_is_version(b->rq, row.body, canonical_version(canonical), &found);
        }
        if (e == OK && !found) {
            arena_back(b->rq->a, m);
        } else if (e == OK && !is_on_page(b->p, hit.rid)) {
            e = put(b, &row);
        }
    }
    e = e == OK ? list_err(b->rq, l) : e;
    list_close(&l);
    return e;
}

/* Canonical addresses of one entry, with the parameter they stand in. */
struct named {
    struct bringer *b;
    const struct fhir_param *p;
    struct {
        const struct fhir_param *p;
        struct str text;
    } v[NAMES_MAX];
    size_t n;
    struct buf bytes; /* of the texts: made at once, never moved */
};

static enum err canonical_value(struct jv v, void *ctx)
{
    struct named *k = ctx;
    struct str text = json_kind(v) == JSON_STRING ? json_str(k->b->rq->a, v) : S("");
    size_t from = k->bytes.n;
    if (text.n == 0) {
        return OK;
    }
    buf_str(&k->bytes, text);
    if (k->n == NAMES_MAX || !buf_ok(&k->bytes)) {
        k->b->full = true;
        return OK;
    }
    k->v[k->n].p = k->p;
    k->v[k->n++].text = (struct str){k->bytes.p + from, text.n};
    return OK;
}

static enum err canonicals_read(struct named *k, const struct fhir_include *inc, size_t i,
                                const struct tuple *t, size_t n_tuples)
{
    struct req *rq = k->b->rq;
    const struct res_row *row = &k->b->p->v[i].row;
    struct arena_mark m = arena_mark(rq->a);
    struct json_doc doc;
    size_t n = 0;
    const struct fhir_param *p = fhir_params((enum fhir_type)row->type, &n);
    TRY(json_parse(rq, row->body, NULL, &doc));
    for (size_t at = 0; at < n; at++) {
        bool named = false;
        for (size_t j = 0; p[at].kind == SP_REF && !named && j < n_tuples; j++) {
            named = t[j].kind == TUPLE_REF && t[j].sp == p[at].sp && t[j].ref.rid < 0;
        }
        if (named && (inc->p == NULL || inc->p->sp == p[at].sp)) {
            k->p = &p[at];
            TRY(fhir_param_each(json_root(&doc), &p[at], canonical_value, k));
        }
    }
    arena_back(rq->a, m);
    return OK;
}

/* What entry i names by canonical addresses. */
static enum err forward_canonical(struct bringer *b, const struct fhir_include *inc, size_t i,
                                  const struct tuple *t, size_t n_tuples)
{
    struct named k = {.b = b};
    buf_init(&k.bytes, b->rq->a, NAMES_BYTES);
    TRY_MEM(b->rq, buf_room(&k.bytes, NAMES_BYTES));
    TRY(canonicals_read(&k, inc, i, t, n_tuples));
    for (size_t at = 0; at < k.n; at++) {
        for (unsigned type = 1; type < T_COUNT; type++) {
            bool meant = inc->target != T_NONE ? type == (unsigned)inc->target
                                               : fhir_param_names(k.v[at].p, (enum fhir_type)type);
            if (meant) {
                TRY(edition(b, (enum fhir_type)type, k.v[at].text));
            }
        }
    }
    return OK;
}

/* What entry i names. */
static enum err forward(struct bringer *b, const struct fhir_include *inc, size_t i)
{
    const struct tuple *t;
    size_t n;
    bool elsewhere = false;
    struct arena_mark m = arena_mark(b->rq->a);
    size_t before = b->p->n;
    if (inc->source != T_NONE && b->p->v[i].row.type != inc->source) {
        return OK;
    }
    TRY(db_tuples(b->rq, b->p->v[i].row.rid, &t, &n));
    for (size_t k = 0; k < n; k++) {
        if (t[k].kind == TUPLE_REF && (inc->p == NULL || t[k].sp == inc->p->sp)) {
            elsewhere = elsewhere || t[k].ref.rid < 0;
            TRY(bring(b, t[k].ref.rid, inc->target, OP_READ));
        }
    }
    TRY(elsewhere ? forward_canonical(b, inc, i, t, n) : OK);
    if (b->p->n == before) {
        arena_back(b->rq->a, m);
    }
    return OK;
}

/* The address of an entry; url empty: it has none. */
struct asked_url {
    struct str url;
    struct str version;
};

static enum err names_it(struct bringer *b, const struct fhir_param *p, const struct res_row *row,
                         const struct asked_url *k, bool *ret_names)
{
    struct json_doc doc;
    struct arena_mark m = arena_mark(b->rq->a);
    TRY(json_parse(b->rq, row->body, NULL, &doc));
    TRY(canonical_names(b->rq, json_root(&doc), p, k->url, k->version, ret_names));
    arena_back(b->rq->a, m);
    return OK;
}

/* What names the resource of an address by a parameter. */
static enum err named_by_url(struct bringer *b, const struct fhir_param *p, struct asked_url *k)
{
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    TRY(list_ref(b->rq, p->sp, db_ref_url(db_hash(b->rq->db, k->url)), LIST_NEWEST, &l));
    for (int n = 0; e == OK && !b->full && n < NAMED_BY_MAX && list_next(l, &hit); n++) {
        struct res_row row;
        bool may = false;
        bool names = false;
        if (is_on_page(b->p, hit.rid)) {
            continue;
        }
        struct arena_mark m = arena_mark(b->rq->a);
        e = admit(b, hit.rid, T_NONE, OP_SEARCH, &row, &may);
        if (e == OK && may) {
            e = names_it(b, p, &row, k, &names);
        }
        if (e == OK && names) {
            e = put(b, &row);
        } else if (e == OK) {
            arena_back(b->rq->a, m);
        }
    }
    e = e == OK ? list_err(b->rq, l) : e;
    list_close(&l);
    return e;
}

/* ---- what names an entry ---- */

static enum err list_bring(struct bringer *b, uint16_t sp, int64_t rid)
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

/* A list that is opened costs a look, too, even when it is empty; its memory is given back. */
static enum err named_by_rid(struct bringer *b, uint16_t sp, int64_t rid)
{
    struct arena_mark m = arena_mark(b->rq->a);
    size_t n = b->p->n;
    if (b->gate->fuel == 0) {
        b->full = true;
        return OK;
    }
    b->gate->fuel--;
    TRY(list_bring(b, sp, rid));
    if (b->p->n == n) {
        arena_back(b->rq->a, m);
    }
    return OK;
}

/* By a parameter: its rows name the resource itself, or its canonical address (url, when it has one). */
static enum err named_by(struct bringer *b, const struct fhir_param *p, int64_t rid,
                         struct asked_url *url)
{
    TRY(named_by_rid(b, p->sp, rid));
    return url->url.n > 0 ? named_by_url(b, p, url) : OK;
}

/* What names entry i: by one parameter, or by all of a type, or by all there are. */
static enum err backward(struct bringer *b, const struct fhir_include *inc, size_t i)
{
    int64_t rid = b->p->v[i].row.rid;
    enum fhir_type type = (enum fhir_type)b->p->v[i].row.type;
    if (inc->target != T_NONE && type != inc->target) {
        return OK;
    }
    struct asked_url url = {0};
    if (canonical_param(type) != NULL) {
        TRY(canonical_member(b->rq, b->p->v[i].row.body, S("url"), &url.url));
        TRY(canonical_member(b->rq, b->p->v[i].row.body, S("version"), &url.version));
    }
    if (inc->p != NULL) {
        return named_by(b, inc->p, rid, &url);
    }
    for (unsigned t = 1; t < T_COUNT && !b->full; t++) {
        size_t n = 0;
        if (inc->source != T_NONE && inc->source != (enum fhir_type)t) {
            continue;
        }
        const struct fhir_param *p = fhir_params((enum fhir_type)t, &n);
        for (size_t k = 0; k < n && !b->full; k++) {
            if (p[k].kind == SP_REF && fhir_param_names(&p[k], type)) {
                TRY(named_by(b, &p[k], rid, &url));
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
