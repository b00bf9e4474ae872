/* api/cond.c - conditions of writes (http.html#ccreate, #cond-update): looked up before the change is
 * prepared, and held to by the writer in the state the change is applied to. Thus two writes at the same
 * moment never make two resources where the condition asks for one, whatever its parameters are. */
#include "api/fhir_int.h"
#include "codec/url.h"
#include "store/tx.h"

enum { ENOUGH = 2 }; /* matches that are looked for: more than one is too many */

/* What the condition fits now: *ret_n none, one (its id) or ENOUGH. */
static enum err fits(struct req *rq, const struct api_cond *c, struct str *ret_id, size_t *ret_n,
                     struct fhir_query **ret_q)
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
    q->count = ENOUGH;
    q->count_only = false;
    q->total = TOTAL_NONE;
    q->n_sort = q->n_include = q->n_revinclude = 0;
    q->cursor = (struct str){NULL, 0};
    TRY(fhir_search(rq, q, &c->access, &page));
    if (page.n_matches < ENOUGH && page.next.n > 0) {
        return FAIL(rq, E_BAD_INPUT, "the condition is too costly: too many resources to look at");
    }
    *ret_n = page.n_matches;
    *ret_id = page.n_matches == 1 ? page.v[0].row.id : (struct str){NULL, 0};
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

enum err api_cond_find(struct http_req *h, enum fhir_type type, struct str query, unsigned ops,
                       struct api_cond *ret_cond)
{
    struct req *rq = &h->rq;
    struct api_cond c = {.type = type, .query = query, .access = api_access(h)};
    struct db_moment now;
    struct fhir_query *q = NULL;
    size_t n = 0;
    c.access.ops = ops | OP_SEARCH;
    TRY(db_begin(rq));
    enum err e = db_now(rq, &now);
    e = e == OK ? fits(rq, &c, &c.id, &n, &q) : e;
    db_end(rq);
    TRY(e);
    TRY(api_search_audit(h, q, NULL));
    if (n > 1) {
        return FAIL(rq, E_STALE, "the condition fits more than one resource");
    }
    /* What a person may see can change without a new version: looked at again in any case. */
    c.seen = c.access.all && c.access.scopes == NULL ? now.vid : -1;
    c.of_its_type = is_of_its_type(q);
    c.self = q->self;
    *ret_cond = c;
    return OK;
}

/* On the writer's thread. */
static enum err still_fits(struct req *rq, void *ctx)
{
    struct api_cond *c = ctx;
    struct str id = {NULL, 0};
    struct fhir_query *q;
    size_t n = 0;
    TRY(fits(rq, c, &id, &n, &q));
    if (n > 1 || !str_eq(id, c->id)) {
        c->lost = true;
        return FAIL(rq, E_CONFLICT, "the condition fits another resource by now");
    }
    return OK;
}

static enum err fits_it_alone(struct req *rq, void *ctx)
{
    struct api_cond *c = ctx;
    struct str id = {NULL, 0};
    struct fhir_query *q;
    size_t n = 0;
    TRY(fits(rq, c, &id, &n, &q));
    return n == 0 || (n == 1 && str_eq(id, c->made))
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
