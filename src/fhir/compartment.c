/* fhir/compartment.c - compartments as criteria: any of the parameters that lead to it. */
#include "fhir/compartment.h"

#include "base/text.h"
#include "fhir/defs.h"

bool compartment_has(enum fhir_type compartment, enum fhir_type type)
{
    bool itself = false;
    return def_compartment_param(fhir_defs(), compartment, type, 0, &itself) != NULL || itself;
}

enum err compartment_criterion(struct req *rq, const struct fhir_compartment *in,
                               struct fhir_query *q)
{
    const struct defs *d = fhir_defs();
    struct fhir_criterion all = {.op = ASK_OR, .type = q->type, .param = S("compartment")};
    const struct def_param *p;
    bool itself = false;
    struct buf ref;
    if (!def_is_compartment(d, in->type) || !fhir_id_is_valid(in->id) ||
        !compartment_has(in->type, q->type)) {
        return query_refuse(rq, T("There is no such compartment."), fhir_type_name(in->type));
    }
    all.sub = ARENA_ARRAY(rq->a, 64, struct fhir_criterion);
    TRY_MEM(rq, all.sub);
    buf_init(&ref, rq->a, 128);
    buf_str(&ref, fhir_type_name(in->type));
    buf_char(&ref, '/');
    buf_str(&ref, in->id);
    for (unsigned i = 0; i < 63; i++) {
        struct query_budget budget = {0};
        bool known = false;
        p = def_compartment_param(d, in->type, q->type, i, &itself);
        if (p == NULL) {
            break;
        }
        TRY(query_criterion(rq, q->type, def_str(d, p->name), buf_get(&ref), &budget,
                            &all.sub[all.n_sub], &known));
        all.n_sub += known ? 1 : 0;
    }
    if (in->type == q->type) { /* the resource itself */
        struct query_budget budget = {0};
        bool known = false;
        TRY(query_criterion(rq, q->type, S("_id"), in->id, &budget, &all.sub[all.n_sub++],
                            &known));
    }
    q->c[q->n++] = all.n_sub == 1 ? all.sub[0] : all;
    return OK;
}
