/* api/cond.c - conditions of writes (http.html#ccreate, #cond-update): looked up before the change is
 * prepared, and held to by the writer in the state the change is applied to. Thus two writes at the same
 * moment never make two resources where the condition asks for one, whatever its parameters are. */
#include "api/fhir_int.h"
#include "codec/url.h"
#include "store/tx.h"

/* What the condition fits now, at most max + 1 of them: more than max is too many. ret_ids: room for
 * that many. */
static enum err fits(struct req *rq, const struct api_cond *c, size_t max, struct str *ret_ids,
                     size_t *ret_n, struct fhir_query **ret_q)
{
    struct url_pairs form;
    struct fhir_page page;
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    TRY_MEM(rq, q);
    TRY(form_parse(rq, c->query, 200, &form));
    TRY(fhir_query_parse(rq, c->type, &form, true, q));
    if (q->n == 0) {
        return FAIL(rq, E_BAD_INPUT, "a condition without criteria");
    }
    q->count = (uint32_t)max + 1;
    q->heads = true;
    q->count_only = false;
    q->total = TOTAL_NONE;
    q->n_sort = q->n_include = q->n_revinclude = 0;
    q->cursor = (struct str){NULL, 0};
    TRY(fhir_search(rq, q, &c->access, &page));
    if (page.n_matches <= max && page.next.n > 0) {
        return FAIL(rq, E_BAD_INPUT, "the condition is too costly: too many resources to look at");
    }
    for (size_t i = 0; i < page.n_matches; i++) {
        ret_ids[i] = page.v[i].row.id;
    }
    *ret_n = page.n_matches;
    *ret_q = q;
    return OK;
}

/* What a condition about other resources means can change without one of its own type. */
static bool is_of_its_type(const struct fhir_query *q)
{
    for (size_t i = 0; i < q->n; i++) {
        if (q->c[i].op != ASK_PARAM) {
            return false;
        }
    }
    return true;
}

static enum err find(struct http_req *h, struct api_cond *ret_cond)
{
    struct req *rq = &h->rq;
    struct api_cond c = *ret_cond;
    struct db_moment now;
    struct fhir_query *q = NULL;
    c.ids = ARENA_ARRAY(rq->a, c.max + 1, struct str);
    TRY_MEM(rq, c.ids);
    TRY(db_begin(rq));
    enum err e = db_now(rq, &now);
    e = e == OK ? fits(rq, &c, c.max, c.ids, &c.n, &q) : e;
    db_end(rq);
    TRY(e);
    TRY(api_search_audit(h, q, NULL));
    if (c.n > c.max) {
        return c.max == 1 ? FAIL(rq, E_STALE, "the condition fits more than one resource")
                          : FAIL(rq, E_STALE, "the condition fits more than %zu resources", c.max);
    }
    c.id = c.n > 0 ? c.ids[0] : (struct str){NULL, 0};
    /* What a person may see can change without a new version: looked at again in any case. */
    c.seen = c.access.all && c.access.scopes == NULL ? now.vid : -1;
    c.of_its_type = is_of_its_type(q);
    c.self = q->self;
    *ret_cond = c;
    return OK;
}

enum err api_cond_find(struct http_req *h, enum fhir_type type, struct str query, unsigned ops,
                       struct api_cond *ret_cond)
{
    struct api_cond c = {.type = type, .query = query, .access = api_access(h), .max = 1};
    c.access.ops = ops | OP_SEARCH;
    TRY(find(h, &c));
    *ret_cond = c;
    return OK;
}

enum err api_cond_find_all(struct http_req *h, enum fhir_type type, struct str query, unsigned ops,
                           struct api_cond *ret_cond)
{
    struct api_cond c = {.type = type, .query = query, .access = api_access(h),
                         .max = API_DELETES_MAX};
    c.access.ops = ops | OP_SEARCH;
    TRY(find(h, &c));
    *ret_cond = c;
    return OK;
}

/* On the writer's thread. */
static enum err still_fits(struct req *rq, void *ctx)
{
    struct api_cond *c = ctx;
    struct fhir_query *q;
    struct str *ids = ARENA_ARRAY(rq->a, c->max + 1, struct str);
    size_t n = 0;
    TRY_MEM(rq, ids);
    TRY(fits(rq, c, c->max, ids, &n, &q));
    bool same = n == c->n;
    for (size_t i = 0; same && i < n; i++) {
        same = str_eq(ids[i], c->ids[i]);
    }
    if (!same) {
        c->lost = true;
        return FAIL(rq, E_CONFLICT, "the condition fits another resource by now");
    }
    return OK;
}

static enum err fits_it_alone(struct req *rq, void *ctx)
{
    struct api_cond *c = ctx;
    struct str ids[2];
    struct fhir_query *q;
    size_t n = 0;
    TRY(fits(rq, c, 1, ids, &n, &q));
    return n == 0 || (n == 1 && str_eq(ids[0], c->made))
               ? OK
               : FAIL(rq, E_BAD_INPUT, "two entries are about the same resource: a condition fits both");
}

enum err api_cond_hold(struct tx *tx, struct api_cond *c)
{
    return tx_require(tx, c->of_its_type ? (uint16_t)c->type : 0, c->seen, still_fits, c);
}

enum err api_cond_hold_alone(struct tx *tx, struct api_cond *c)
{
    return tx_require_after(tx, fits_it_alone, c);
}
