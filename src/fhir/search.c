/* fhir/search.c - a page of a search: cursor, matches, total. See search.h. */
#include "fhir/search.h"

#include "base/text.h"
#include "codec/url.h"
#include "fhir/search_int.h"

enum {
    COUNT_SCAN_MAX = 300000, /* candidates looked at for a total */
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
static void order_set(struct finder *f)
{
    const struct fhir_query *q = f->q;
    f->order = LIST_NEWEST;
    f->natural = q->n_sort == 0;
    if (!f->merged && q->n_sort == 1 && fhir_param_is_principal(q->sort[0].p)) {
        f->order = q->sort[0].descending ? LIST_NEWEST : LIST_OLDEST;
        f->natural = true;
        f->dated = true;
    }
}

/* A resource that went away between index and read is passed over. */
static enum err row_load(struct finder *f, int64_t rid, struct res_row *ret_row, bool *ret_has)
{
    const struct old *o = f->resume ? moment_old(f, rid) : NULL;
    if (o != NULL) {
        *ret_row = o->k.head;
        ret_row->body = o->row.body;
        *ret_has = true;
        return OK;
    }
    for (const struct kept_row *r = f->q->heads ? NULL : f->kept; r != NULL; r = r->next) {
        if (r->row.rid == rid) {
            *ret_row = r->row;
            *ret_has = true;
            return OK;
        }
    }
    enum err e = f->q->heads ? db_head_rid(f->rq, rid, ret_row) : db_read_rid(f->rq, rid, ret_row);
    *ret_has = e == OK && !ret_row->deleted;
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(f->rq);
        return OK;
    }
    return e;
}

/* A code and a quantity of one resource, one value each: what their composite asks for, which has rows of
 * its own. */
static enum err pair_make(struct req *rq, struct fhir_criterion *c, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        for (size_t k = 0; k < *n; k++) {
            const struct fhir_criterion *code = &c[i];
            const struct fhir_criterion *number = &c[k];
            bool fits = code->op == ASK_PARAM && number->op == ASK_PARAM && code->n == 1 &&
                        number->n == 1 && code->modifier == MOD_NONE &&
                        number->modifier == MOD_NONE && code->p->kind == SP_TOKEN &&
                        number->p->kind == SP_QUANTITY;
            const struct fhir_param *p = fits ? fhir_param_pair_of(code->p, number->p) : NULL;
            if (p == NULL || code->v[0].token.hash == 0 || number->v[0].quantity.literal.n > 0 ||
                number->v[0].prefix == P_NE) {
                continue;
            }
            struct fhir_value *v = ARENA_ARRAY(rq->a, 1 + FHIR_PARTS_MAX, struct fhir_value);
            TRY_MEM(rq, v);
            v[0].parts = &v[1];
            v[1] = code->v[0];
            v[2] = number->v[0];
            c[MIN(i, k)] = (struct fhir_criterion){.op = ASK_PARAM, .type = code->type, .p = p,
                                                   .v = v, .n = 1, .param = code->param};
            for (size_t j = MAX(i, k); j + 1 < *n; j++) {
                c[j] = c[j + 1];
            }
            --*n;
            return OK;
        }
    }
    return OK;
}

/* The criteria asked for, those in brackets that belong together taken apart, and those every resource
 * within the scopes meets: one list to plan with. */
static enum err terms_add(struct req *rq, const struct fhir_access *acc, struct fhir_query *plan)
{
    const struct fhir_criterion *terms;
    size_t n_terms;
    size_t n = 0;
    size_t size = plan->n;
    scope_terms(acc->scopes, plan->type, access_ops(acc), &terms, &n_terms);
    for (size_t i = 0; i < plan->n; i++) {
        size += plan->c[i].op == ASK_AND ? plan->c[i].n_sub : 0;
    }
    struct fhir_criterion *c = ARENA_ARRAY(rq->a, size + n_terms + 1, struct fhir_criterion);
    TRY_MEM(rq, c);
    for (size_t i = 0; i < plan->n; i++) {
        const struct fhir_criterion *one = &plan->c[i];
        for (size_t k = 0; one->op == ASK_AND && k < one->n_sub; k++) {
            c[n++] = one->sub[k];
        }
        if (one->op != ASK_AND) {
            c[n++] = *one;
        }
    }
    TRY(pair_make(rq, c, &n));
    for (size_t i = 0; i < n_terms; i++) {
        c[n++] = terms[i];
    }
    plan->c = c;
    plan->n = n;
    return OK;
}

static enum err late_find(struct finder *f)
{
    bool any = false;
    bool *late = ARENA_ARRAY(f->rq->a, f->q->n + 1, bool);
    TRY_MEM(f->rq, late);
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        late[i] = c->op == ASK_WORDS || (c->op == ASK_PARAM && text_asks(c));
        any = any || late[i];
    }
    f->late = any && f->q->n > 1 ? late : NULL;
    return OK;
}

enum err finder_type(struct finder *f, struct fhir_query *plan)
{
    bool nothing = false;
    TRY(terms_add(f->rq, f->gate->acc, plan));
    f->q = plan;
    TRY(late_find(f));
    f->scan_max = f->counting ? COUNT_SCAN_MAX : FHIR_SCAN_MAX;
    order_set(f);
    TRY(fhir_query_resolve(f->rq, f->gate, plan, false, &nothing));
    if (nothing) {
        return OK;
    }
    if (f->counting && f->gate->acc->all && f->gate->acc->scopes == NULL && plan->n <= 1) {
        bool known = false;
        TRY(source_count(f->rq, plan->type, plan->n == 1 ? plan->c : NULL, &f->total, &known));
        if (known) {
            return OK;
        }
        f->total = 0;
    }
    TRY(moment_load(f));
    return finder_run(f);
}

struct paging {
    struct req *rq;
    const struct fhir_query *q;
    struct gate *gate;
    struct cursor from;
    bool resume;
    struct db_moment moment;
    struct fhir_page *p;
    size_t bytes;
    uint64_t total;
    bool total_cut;
    unsigned type; /* index of the type being read */
};

static struct finder finder_of(struct paging *g, size_t want)
{
    return (struct finder){.rq = g->rq, .gate = g->gate, .want = want, .from = g->from};
}

/* Counts a type, in whatever order is cheapest. */
static enum err type_count(struct paging *g, const struct fhir_query *q)
{
    struct fhir_query plan = *q;
    struct finder f = finder_of(g, 0);
    plan.n_sort = 0;
    f.counting = true;
    TRY(finder_type(&f, &plan));
    g->total += f.total;
    g->total_cut = g->total_cut || f.cut;
    return OK;
}

static enum err next_write(struct paging *g, struct finder *f, size_t shown, bool cut)
{
    struct cursor at = {.moment = g->moment, .type = (uint16_t)g->type, .undated = f->undated,
                        .after = cut ? f->last : f->found[shown - 1]};
    if (f->lead != NULL) {
        struct lead_at p = f->last_place;
        TRY(cut ? OK : lead_place(f, at.after, &p));
        at.lead = (uint8_t)(1 + (f->lead - f->q->c));
        at.keys[0] = p.key;
        at.n_keys = 1;
        at.outer = p.outer;
        at.after = p.hit;
    } else if (!f->natural) {
        struct cand k = moment_cand(f, at.after);
        at.n_keys = (uint8_t)f->q->n_sort;
        TRY(sort_keys(f, &k, at.keys));
    } else if (f->dated && !cut) {
        struct cand k = moment_cand(f, at.after);
        bool has = false;
        TRY(cand_tuples(g->rq, &k));
        for (size_t i = 0; i < k.n_tuples; i++) {
            has = has || k.tuples[i].sp == f->q->sort[0].p->sp;
        }
        at.undated = !has;
    }
    g->p->next = cursor_write(g->rq, g->q, &at);
    return g->p->next.p != NULL ? OK : FAIL(g->rq, E_TOO_LARGE, "memory cap");
}

/* The page's share of one type; *ret_full when it is full or must go on later. */
static enum err type_page(struct paging *g, const struct fhir_query *q, bool *ret_full)
{
    struct fhir_query plan = *q;
    struct fhir_page *p = g->p;
    size_t room = g->q->count - p->n;
    struct finder f = finder_of(g, room + 1);
    f.resume = g->resume;
    f.keeps = true;
    TRY(finder_type(&f, &plan));
    size_t shown = MIN(f.n_found, room);
    for (size_t i = 0; i < shown; i++) {
        bool has = false;
        TRY(row_load(&f, f.found[i].rid, &p->v[p->n].row, &has));
        g->bytes += has ? p->v[p->n].row.body.n : 0;
        p->n += has ? 1 : 0;
        if (g->bytes > FHIR_PAGE_BYTES) {
            shown = i + 1;
        }
    }
    *ret_full = true;
    if (f.n_found > shown && shown > 0) {
        return next_write(g, &f, shown, false);
    }
    if (f.cut) {
        return next_write(g, &f, shown, f.natural);
    }
    *ret_full = false;
    return OK;
}

/* The first of a next type's: the link goes on with it, from its beginning. */
static enum err next_type(struct paging *g)
{
    struct cursor at = {.moment = g->moment, .type = (uint16_t)g->type,
                        .after = {INT64_MAX, INT64_MAX}};
    g->p->next = cursor_write(g->rq, g->q, &at);
    return g->p->next.p != NULL ? OK : FAIL(g->rq, E_TOO_LARGE, "memory cap");
}

static enum err page_fill(struct paging *g)
{
    const struct fhir_query *q = g->q;
    const struct fhir_query *each = q->each != NULL ? q->each : q;
    size_t n = q->each != NULL ? q->n_each : 1;
    bool full = false;
    for (g->type = g->resume ? g->from.type : 0; g->type < n && !full; g->type++) {
        if (g->p->n == q->count || g->bytes > FHIR_PAGE_BYTES) {
            return next_type(g);
        }
        TRY(type_page(g, &each[g->type], &full));
        if (full) {
            break;
        }
        /* The types after the one the cursor stands in are read from their beginning, as of the
         * moment. */
        g->from.after = (struct hit){INT64_MAX, INT64_MAX};
        g->from.undated = false;
        g->from.n_keys = 0;
        g->from.lead = 0;
    }
    return OK;
}

static enum err totals(struct paging *g)
{
    const struct fhir_query *q = g->q;
    const struct fhir_query *each = q->each != NULL ? q->each : q;
    size_t n = q->each != NULL ? q->n_each : 1;
    bool wanted = q->count_only || q->total != TOTAL_NONE;
    if (!wanted || g->resume) {
        return OK;
    }
    g->gate->fuel = COUNT_SCAN_MAX;
    for (size_t i = 0; i < n; i++) {
        TRY(type_count(g, &each[i]));
    }
    g->p->total = g->total;
    g->p->has_total = !g->total_cut;
    return OK;
}

static enum err search_run(struct req *rq, const struct fhir_query *q,
                           const struct fhir_access *acc, struct fhir_page *p)
{
    struct gate gate = {.acc = acc, .fuel = FHIR_FUEL};
    struct paging g = {.rq = rq, .q = q, .gate = &gate, .p = p};
    TRY(db_now(rq, &g.moment));
    if (q->cursor.n > 0) {
        TRY(cursor_read(rq, q, &g.from));
        g.resume = true;
        g.moment = g.from.moment;
    }
    TRY(totals(&g));
    if (q->count_only) {
        return OK;
    }
    gate.fuel = FHIR_FUEL;
    p->v = ARENA_ARRAY(rq->a, q->count + 1, struct fhir_match);
    TRY_MEM(rq, p->v);
    TRY(q->each != NULL && q->n_sort > 0
            ? several_page(rq, &gate, g.resume ? &g.from : NULL, g.moment, p)
            : page_fill(&g));
    p->n_matches = p->n;
    return includes_add(rq, &gate, p);
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
