/* fhir/search.c - a page of a search: cursor, matches, includes, total. See search.h. */
#include "fhir/search.h"

#include "base/text.h"
#include "codec/url.h"
#include "fhir/search_int.h"

enum {
    INCLUDES_MAX = 1000, /* of one page */
    TOTAL_MAX = 10000,   /* an accurate total is counted this far */
    PAGE_BYTES = 4 << 20, /* of matches; a page of large resources ends early, with a next link */
};

enum err fhir_may_see(struct req *rq, const struct fhir_access *acc, int64_t anchor, bool *ret_may)
{
    struct gate g = {.acc = acc};
    return gate_may(rq, &g, anchor, ret_may);
}

enum err fhir_may_touch(struct req *rq, const struct fhir_access *acc, unsigned ops,
                        const struct res_row *row, bool *ret_may)
{
    TRY(fhir_may_see(rq, acc, row->anchor, ret_may));
    return *ret_may && acc->scopes != NULL ? scope_row_may(rq, acc->scopes, ops, row, ret_may) : OK;
}

/* Types whose first sort key is their principal date are in the order of the lists already. */
static bool is_natural(const struct fhir_query *q, enum list_order *ret_order)
{
    *ret_order = LIST_NEWEST;
    if (q->n_sort == 0) {
        return true;
    }
    struct str principal = fhir_type_date(q->type);
    struct str paths = str_z(q->sort[0].p->paths);
    bool same = q->sort[0].p->kind == SP_DATE && principal.n > 0 &&
                str_eq(str_sub(principal, 0, str_find_char(principal, '|')),
                       str_sub(paths, 0, str_find_char(paths, '|')));
    *ret_order = q->sort[0].descending ? LIST_NEWEST : LIST_OLDEST;
    return same && q->n_sort == 1;
}

/* at and rid of the last one given, sealed together with the query they belong to. */
static struct str cursor_write(struct req *rq, const struct fhir_query *q, struct hit last)
{
    struct buf b;
    uint64_t words[3] = {(uint64_t)last.at, (uint64_t)last.rid, 0};
    words[2] = db_hash2(rq->db, q->self, (struct str){(const char *)words, 16});
    buf_init(&b, rq->a, 64);
    for (size_t i = 0; i < LEN(words); i++) {
        uint8_t bytes[8];
        for (unsigned k = 0; k < 8; k++) {
            bytes[k] = (uint8_t)(words[i] >> (56 - 8 * k));
        }
        buf_hex(&b, bytes, sizeof(bytes));
    }
    return buf_get(&b);
}

static enum err cursor_read(struct req *rq, const struct fhir_query *q, struct hit *ret_last)
{
    uint8_t bytes[24];
    uint64_t words[3] = {0};
    bool ok = str_unhex(q->cursor, bytes, sizeof(bytes));
    for (size_t i = 0; ok && i < sizeof(bytes); i++) {
        words[i / 8] = words[i / 8] << 8 | bytes[i];
    }
    if (!ok || words[2] != db_hash2(rq->db, q->self, (struct str){(const char *)words, 16})) {
        fhir_issue_add(rq, ISSUE_ERROR, "invalid", T("The link to this page is not valid."),
                       S("_cursor"), S(""));
        return FAIL(rq, E_BAD_INPUT, "_cursor");
    }
    *ret_last = (struct hit){(int64_t)words[0], (int64_t)words[1]};
    return OK;
}

/* A resource that went away between index and read is passed over. */
static enum err row_load(struct req *rq, int64_t rid, struct res_row *ret_row, bool *ret_has)
{
    enum err e = db_read_rid(rq, rid, ret_row);
    *ret_has = e == OK;
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(rq);
        return OK;
    }
    return e;
}

static bool is_on_page(const struct fhir_page *p, int64_t rid)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i].row.rid == rid) {
            return true;
        }
    }
    return false;
}

static enum err include_add(struct req *rq, struct gate *g, int64_t rid, enum fhir_type type,
                            unsigned ops, struct fhir_page *p)
{
    struct res_row row;
    bool has = false;
    bool may = false;
    if (rid <= 0 || p->n - p->n_matches >= INCLUDES_MAX || is_on_page(p, rid)) {
        return OK;
    }
    TRY(row_load(rq, rid, &row, &has));
    if (!has || (type != T_NONE && row.type != type)) {
        return OK;
    }
    TRY(gate_may(rq, g, row.anchor, &may));
    if (may && g->acc->scopes != NULL) {
        TRY(scope_row_may(rq, g->acc->scopes, ops, &row, &may));
    }
    if (may) {
        p->v[p->n++] = (struct fhir_match){row, true};
    }
    return OK;
}

static enum err forward(struct req *rq, struct gate *g, const struct fhir_include *inc,
                        struct fhir_page *p)
{
    for (size_t i = 0; i < p->n_matches; i++) {
        const struct tuple *t;
        size_t n;
        TRY(db_tuples(rq, p->v[i].row.rid, &t, &n));
        for (size_t k = 0; k < n; k++) {
            if (t[k].kind == TUPLE_REF && t[k].sp == inc->p->sp) {
                TRY(include_add(rq, g, t[k].ref.rid, inc->target, OP_READ, p));
            }
        }
    }
    return OK;
}

static enum err backward(struct req *rq, struct gate *g, const struct fhir_include *inc,
                         struct fhir_page *p)
{
    for (size_t i = 0; i < p->n_matches; i++) {
        struct list *l = NULL;
        struct hit hit;
        enum err e = OK;
        TRY(list_ref(rq, inc->p->sp, p->v[i].row.rid, LIST_NEWEST, &l));
        for (int n = 0; e == OK && n < 200 && list_next(l, &hit); n++) {
            e = include_add(rq, g, hit.rid, T_NONE, OP_SEARCH, p);
        }
        e = e == OK ? list_err(rq, l) : e;
        list_close(&l);
        TRY(e);
    }
    return OK;
}

static enum err page_load(struct finder *f, struct fhir_page *p)
{
    const struct fhir_query *q = f->q;
    size_t shown = MIN(f->n_found, (size_t)q->count);
    bool includes = q->n_include + q->n_revinclude > 0;
    size_t bytes = 0;
    p->v = ARENA_ARRAY(f->rq->a, shown + (includes ? INCLUDES_MAX : 0) + 1, struct fhir_match);
    TRY_MEM(f->rq, p->v);
    for (size_t i = 0; i < shown; i++) {
        bool has = false;
        TRY(row_load(f->rq, f->found[i].rid, &p->v[p->n].row, &has));
        bytes += has ? p->v[p->n].row.body.n : 0;
        p->n += has ? 1 : 0;
        if (bytes > PAGE_BYTES) {
            shown = i + 1;
        }
    }
    p->n_matches = p->n;
    for (size_t i = 0; i < q->n_include; i++) {
        TRY(forward(f->rq, &f->gate, &q->include[i], p));
    }
    for (size_t i = 0; i < q->n_revinclude; i++) {
        TRY(backward(f->rq, &f->gate, &q->revinclude[i], p));
    }
    if (f->n_found > shown && shown > 0) {
        struct hit last = f->found[shown - 1];
        last.at = f->natural ? last.at : (int64_t)(f->ordinal + shown);
        p->next = cursor_write(f->rq, q, last);
    } else if (f->cut && !q->count_only) {
        p->next = cursor_write(f->rq, q, f->last);
    }
    return OK;
}

/* The criteria asked for and those every resource within the scopes meets, as one list to plan with. */
static enum err terms_add(struct req *rq, const struct fhir_access *acc, struct fhir_query *plan)
{
    const struct fhir_criterion *terms;
    size_t n;
    scope_terms(acc->scopes, plan->type, access_ops(acc), &terms, &n);
    if (n == 0) {
        return OK;
    }
    struct fhir_criterion *c = ARENA_ARRAY(rq->a, plan->n + n, struct fhir_criterion);
    TRY_MEM(rq, c);
    for (size_t i = 0; i < plan->n; i++) {
        c[i] = plan->c[i];
    }
    for (size_t i = 0; i < n; i++) {
        c[plan->n + i] = terms[i];
    }
    plan->c = c;
    plan->n += n;
    return OK;
}

static enum err search_run(struct req *rq, const struct fhir_query *q,
                           const struct fhir_access *acc, struct fhir_page *p)
{
    struct fhir_query plan = *q;
    struct finder f = {.rq = rq, .q = &plan, .gate = {.acc = acc}, .want = (size_t)q->count + 1};
    bool nothing = false;
    bool total = q->count_only || q->total == TOTAL_ACCURATE;
    f.natural = is_natural(q, &f.order);
    if (q->cursor.n > 0) {
        TRY(cursor_read(rq, q, &f.after));
        f.resume = true;
    }
    f.counting = total && !f.resume;
    TRY(terms_add(rq, acc, &plan));
    TRY(fhir_query_resolve(rq, &plan, acc, &nothing));
    if (!nothing) {
        TRY(finder_run(&f));
    }
    p->has_total = total && !f.cut && f.total <= TOTAL_MAX && !f.resume;
    p->total = f.total;
    if (q->count_only) {
        p->has_total = !f.cut;
        return OK;
    }
    return page_load(&f, p);
}

enum err fhir_search(struct req *rq, const struct fhir_query *q, const struct fhir_access *acc,
                     struct fhir_page *ret_page)
{
    struct fhir_page p = {.q = q};
    TRY(db_begin(rq));
    enum err e = search_run(rq, q, acc, &p);
    db_end(rq);
    TRY(e);
    *ret_page = p;
    return OK;
}

enum err fhir_search_text(struct req *rq, enum fhir_type type, struct str query,
                          const struct fhir_access *acc, struct fhir_page *ret_page)
{
    struct url_pairs form;
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    TRY_MEM(rq, q);
    TRY(form_parse(rq, query, 200, &form));
    TRY(fhir_query_parse(rq, type, &form, true, q));
    return fhir_search(rq, q, acc, ret_page);
}
