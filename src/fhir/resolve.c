/* fhir/resolve.c - before a search runs: ids become row numbers, chains become lists of targets. */
#include "base/text.h"
#include "fhir/search_int.h"

enum { CHAIN_MAX = 1000 }; /* targets of one chain */

/* An id without a type is looked for in every type the parameter may name. */
static enum err untyped(struct req *rq, const struct fhir_param *p, struct str id,
                        struct fhir_value *out, size_t *n)
{
    for (unsigned t = 1; t < T_COUNT && *n < FHIR_VALUES_MAX; t++) {
        enum fhir_type type = (enum fhir_type)t;
        int64_t rid = 0;
        if (p->targets != NULL) {
            bool listed = false;
            struct str rest = str_z(p->targets);
            struct str one;
            while (str_cut(&rest, '|', &one)) {
                listed = listed || str_eq(one, fhir_type_name(type));
            }
            if (!listed) {
                continue;
            }
        }
        TRY(db_rid(rq, (uint16_t)type, id, &rid));
        if (rid != 0) {
            out[(*n)++].ref.target = rid;
        }
    }
    return OK;
}

static enum err refs_resolve(struct req *rq, struct fhir_criterion *c)
{
    struct fhir_value *out = ARENA_ARRAY(rq->a, FHIR_VALUES_MAX, struct fhir_value);
    size_t n = 0;
    TRY_MEM(rq, out);
    for (size_t i = 0; i < c->n && n < FHIR_VALUES_MAX; i++) {
        const struct fhir_value *v = &c->v[i];
        if (v->ref.target != 0) {
            out[n++] = *v;
        } else if (v->ref.type == T_NONE) {
            TRY(untyped(rq, c->p, v->ref.id, out, &n));
        } else {
            int64_t rid = 0;
            TRY(db_rid(rq, (uint16_t)v->ref.type, v->ref.id, &rid));
            if (rid != 0) {
                out[n] = *v;
                out[n++].ref.target = rid;
            }
        }
    }
    c->v = out;
    c->n = n;
    return OK;
}

/* The resources the chained parameter finds, as the caller sees them, become the targets. */
static enum err chain_resolve(struct req *rq, struct fhir_criterion *c,
                              const struct fhir_access *acc)
{
    struct fhir_query inner = {.type = c->chain_type, .c = c->chain, .n = 1, .count = CHAIN_MAX};
    struct finder f = {.rq = rq, .q = &inner, .gate = {.acc = acc}, .order = LIST_NEWEST,
                       .natural = true, .want = CHAIN_MAX + 1};
    bool nothing = false;
    TRY(fhir_query_resolve(rq, &inner, acc, &nothing));
    c->n = 0;
    if (nothing) {
        return OK;
    }
    TRY(finder_run(&f));
    if (f.n_found > CHAIN_MAX || f.cut) {
        fhir_issue_add(rq, ISSUE_ERROR, "too-costly",
                       T("The chained parameter finds too much. Please narrow it."), c->param,
                       S(""));
        return FAIL(rq, E_BAD_INPUT, "chain");
    }
    c->v = ARENA_ARRAY(rq->a, f.n_found + 1, struct fhir_value);
    TRY_MEM(rq, c->v);
    for (size_t i = 0; i < f.n_found; i++) {
        c->v[c->n++].ref.target = f.found[i].rid;
    }
    return OK;
}

enum err fhir_query_resolve(struct req *rq, const struct fhir_query *q,
                            const struct fhir_access *acc, bool *ret_nothing)
{
    for (size_t i = 0; i < q->n; i++) {
        struct fhir_criterion *c = &q->c[i];
        if (c->chain != NULL) {
            TRY(chain_resolve(rq, c, acc));
        } else if (c->p->kind == SP_REF && c->modifier == MOD_NONE) {
            TRY(refs_resolve(rq, c));
        } else {
            continue;
        }
        if (c->n == 0) {
            *ret_nothing = true;
            return OK;
        }
    }
    return OK;
}
