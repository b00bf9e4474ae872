/* fhir/lead_place.c - which criteria may lead a search in the order of their own list, and where in that
 * order a resource stands. */
#include "fhir/lead_int.h"

/* ---- which may lead ---- */

static bool date_leads(const struct fhir_value *v)
{
    return v->prefix == P_EQ || v->prefix == P_LT || v->prefix == P_LE || v->prefix == P_SA ||
           v->prefix == P_EB;
}

static bool param_leads(const struct fhir_criterion *c)
{
    if (c->has_hits || !source_can(c) || source_lists(c) != 1) {
        return false;
    }
    switch (c->p->kind) {
    case SP_COMPOSITE: return c->has_pairs;
    case SP_STRING:
    case SP_QUANTITY:
    case SP_NUMBER: return true;
    case SP_DATE: return date_leads(&c->v[0]);
    default: return false;
    }
}

enum lead_kind lead_kind_of(const struct fhir_criterion *c)
{
    if (c->canonical) {
        return LEAD_NONE; /* what is named has two lists: of its id and of its address */
    }
    switch (c->op) {
    case ASK_PARAM: return param_leads(c) ? LEAD_KEY : LEAD_NONE;
    case ASK_CHAIN: return c->has_set || c->n_sub == 1 ? LEAD_CHAIN : LEAD_NONE;
    case ASK_HAS:
        if (lead_outer_has_keys(c)) {
            return LEAD_HAS;
        }
        return !c->has_hits && source_is_ordered(c->sub) && source_lists(c->sub) <= LANE_LISTS_MAX
                   ? LEAD_HAS
                   : LEAD_NONE;
    default: return LEAD_NONE;
    }
}

bool lead_outer_has_keys(const struct fhir_criterion *c)
{
    bool can = c->op == ASK_CHAIN ? !c->has_set && c->n_sub == 1
                                  : c->op == ASK_HAS && !c->has_hits && c->sub->has_pairs;
    return can && !c->canonical && c->sub->op == ASK_PARAM && param_leads(c->sub);
}

/* ---- places ---- */

int lead_place_cmp(const struct fhir_criterion *c, const struct lead_at *a, const struct lead_at *b)
{
    int by_key = sort_keys_cmp(&a->key, &b->key, 1);
    enum list_order o = lead_outer_has_keys(c) ? LIST_OLDEST : LIST_NEWEST;
    int by_outer = by_key != 0 ? by_key : hit_cmp(a->outer, b->outer, o);
    return by_outer != 0 ? by_outer
                         : hit_cmp(a->hit, b->hit,
                                   c->op == ASK_CHAIN ? LIST_NEWEST : LIST_OLDEST);
}

struct key_list lead_keys(const struct fhir_criterion *c)
{
    const struct fhir_value *v = c->has_pairs ? c->pairs[0].v : &c->v[0];
    struct key_list l = {.sp = c->has_pairs ? c->pairs[0].sp : c->p->sp, .kind = TUPLE_QUANTITY};
    if (c->p->kind == SP_STRING) {
        l.kind = TUPLE_STRING;
        l.prefix = str_sub(v->folded, 0, TUPLE_STRING_MAX);
    } else if (c->p->kind == SP_DATE) {
        l.kind = TUPLE_DATE;
        source_dates(v, 0, &l.date_from, &l.date_to);
    } else {
        l.unit = c->has_pairs ? c->pairs[0].unit : v->quantity.unit;
        source_numbers(v, &l.from, &l.to);
    }
    return l;
}

/* The place of one tuple, when it stands in the list. */
static bool tuple_place(const struct key_list *l, const struct tuple *t, struct hit hit,
                        struct lead_at *ret_p)
{
    struct lead_at p = {.hit = hit};
    if (t->sp != l->sp || t->kind != l->kind) {
        return false;
    }
    switch (l->kind) {
    case TUPLE_STRING:
        p.key.text = t->string;
        *ret_p = p;
        return str_starts(t->string, l->prefix);
    case TUPLE_DATE:
        p.key.number = t->date.lo_ms;
        p.hit.at = t->date.hi_ms;
        *ret_p = p;
        return t->date.lo_ms >= l->date_from && t->date.lo_ms < l->date_to;
    case TUPLE_QUANTITY:
        p.key.number = sort_number(t->quantity.value);
        *ret_p = p;
        return t->quantity.unit == l->unit && t->quantity.value >= l->from &&
               t->quantity.value <= l->to;
    case TUPLE_TOKEN:
    case TUPLE_REF: break;
    }
    return false;
}

/* The least place among the keys of a candidate. */
enum err lead_key_place(struct finder *f, const struct fhir_criterion *c, struct cand *k,
                          struct lead_at *ret_p, bool *ret_has)
{
    struct key_list l = lead_keys(c);
    *ret_has = false;
    TRY(cand_tuples(f->rq, k));
    for (size_t i = 0; i < k->n_tuples; i++) {
        struct lead_at p;
        if (tuple_place(&l, &k->tuples[i], k->hit, &p) &&
            (!*ret_has || lead_place_cmp(c, &p, ret_p) < 0)) {
            *ret_p = p;
            *ret_has = true;
        }
    }
    return OK;
}

/* Is it one the chain leads to? Its key and hit, then. */
static enum err target_is(struct finder *f, const struct fhir_criterion *c, int64_t rid,
                          struct lead_at *p, bool *ret_is)
{
    struct cand k = {.hit = {0, rid}};
    struct lead_at own;
    *ret_is = false;
    enum err e = cand_head(f->rq, &k);
    if (e == E_NOT_FOUND) {
        err_clear(f->rq);
        return OK;
    }
    TRY(e);
    k.hit.at = k.head.at_ms;
    p->outer = k.hit;
    if (c->has_set) {
        *ret_is = set_has(c->set, c->n_set, rid);
        return OK;
    }
    TRY(rid_meets(f->rq, f->gate, rid, c->sub->type, c->sub, ret_is));
    if (*ret_is && lead_outer_has_keys(c)) {
        TRY(lead_key_place(f, c->sub, &k, &own, ret_is));
        p->key = own.key;
        p->outer = own.hit;
    }
    return OK;
}

static enum err chain_place(struct finder *f, const struct fhir_criterion *c, struct cand *k,
                            struct lead_at *ret_p, bool *ret_has)
{
    *ret_has = false;
    TRY(cand_tuples(f->rq, k));
    for (size_t i = 0; i < k->n_tuples; i++) {
        const struct tuple *t = &k->tuples[i];
        struct lead_at p = {.hit = k->hit};
        bool is = false;
        if (t->sp == c->p->sp && t->kind == TUPLE_REF && t->ref.rid > 0) {
            TRY(target_is(f, c, t->ref.rid, &p, &is));
        }
        if (is && (!*ret_has || lead_place_cmp(c, &p, ret_p) < 0)) {
            *ret_p = p;
            *ret_has = true;
        }
    }
    return OK;
}

/* The least key among those that meet what _has asks for and name a candidate. */
static enum err has_least(struct finder *f, const struct fhir_criterion *c, int64_t rid,
                          struct lead_at *ret_p, bool *ret_has)
{
    struct lanes l;
    struct hit hit;
    bool end = false;
    enum err e = OK;
    *ret_p = (struct lead_at){.hit = {0, rid}};
    *ret_has = false;
    TRY(lanes_open(f->rq, c->sub->type, c->sub, 1, (struct lane_ref){c->p->sp, rid, NULL},
                   LIST_NEWEST, &l));
    for (int n = 0; e == OK && n < FHIR_REFERRERS && lanes_next(&l, FHIR_REFERRERS, &hit, &end);
         n++) {
        struct arena_mark m = arena_mark(f->rq->a);
        struct cand k = {.hit = hit};
        struct lead_at own = {.hit = hit};
        bool has = false;
        e = rid_meets(f->rq, f->gate, hit.rid, c->sub->type, c->sub, &has);
        e = e == OK && has ? lead_key_place(f, c->sub, &k, &own, &has) : e;
        struct lead_at p = {own.key, own.hit, {0, rid}};
        if (e == OK && has && (!*ret_has || lead_place_cmp(c, &p, ret_p) < 0)) {
            *ret_p = p;
            *ret_has = true;
        }
        arena_back(f->rq->a, m);
    }
    e = e == OK ? lanes_err(f->rq, &l) : e;
    lanes_close(&l);
    return e;
}

enum err lead_has_place(struct finder *f, const struct fhir_criterion *c, int64_t rid,
                        struct lead_at *ret_p, bool *ret_has)
{
    if (lead_outer_has_keys(c)) {
        return has_least(f, c, rid, ret_p, ret_has);
    }
    *ret_p = (struct lead_at){.hit = {0, rid}};
    return has_first(f->rq, f->gate, c, rid, &ret_p->outer, ret_has);
}

enum err lead_place_of(struct finder *f, const struct fhir_criterion *c, struct cand *k,
                         struct lead_at *ret_p, bool *ret_has)
{
    *ret_has = false;
    switch (lead_kind_of(c)) {
    case LEAD_NONE: return OK;
    case LEAD_KEY: return lead_key_place(f, c, k, ret_p, ret_has);
    case LEAD_CHAIN: return chain_place(f, c, k, ret_p, ret_has);
    case LEAD_HAS: break;
    }
    return lead_has_place(f, c, k->hit.rid, ret_p, ret_has);
}

enum err lead_place(struct finder *f, struct hit hit, struct lead_at *ret_p)
{
    struct cand k = moment_cand(f, hit);
    bool has = false;
    TRY(lead_place_of(f, f->lead, &k, ret_p, &has));
    return has ? OK : FAIL(f->rq, E_INTERNAL, "a match without a place");
}
