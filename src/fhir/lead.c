/* fhir/lead.c - a search that asks for no order and has a list that is not in the order of (at, rid): it is
 * read in the order of that list, so that a page costs what a page holds, however much there is.
 *
 * Three kinds of lists lead:
 *   keys   a text, number or date asked for (a composite of a code and a quantity): by the key
 *   chain  by the resources the chain leads to, newest first, and what names each
 *   _has   by the newest resource that meets what is asked and names one; of a composite by the least number
 * Of several places a resource has in such an order the first counts. A next link says which list led.
 */
#include "fhir/lead_int.h"

enum {
    LAST_LOOKED = 64, /* before the limit: places are kept, one of them goes into the link */
    FEW = 200,        /* resources a chain leads to: asked for one by one at once */
};

/* ---- which leads ---- */

bool lead_can(const struct fhir_criterion *c)
{
    return lead_kind_of(c) != LEAD_NONE;
}

static int lead_rank(const struct fhir_criterion *c)
{
    switch (lead_kind_of(c)) {
    case LEAD_NONE: break;
    case LEAD_CHAIN: return c->has_set ? 0 : lead_outer_has_keys(c) ? 1 : 4;
    case LEAD_HAS: return lead_outer_has_keys(c) ? 1 : 2;
    case LEAD_KEY: return c->has_pairs ? 1 : c->p->kind == SP_STRING ? 3 : 5;
    }
    return RANK_NONE;
}

const struct fhir_criterion *lead_best(const struct finder *f)
{
    const struct fhir_criterion *best = NULL;
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        if (lead_can(c) && (best == NULL || lead_rank(c) < lead_rank(best))) {
            best = c;
        }
    }
    return best;
}

const struct fhir_criterion *lead_at_once(const struct finder *f, bool *ret_sure)
{
    const struct fhir_criterion *best = lead_best(f);
    bool has_lane = false;
    bool has_ref = false;
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        has_lane = has_lane || (c->op != ASK_CHAIN && source_is_ordered(c) &&
                                source_lists(c) <= LANE_LISTS_MAX);
        has_ref = has_ref || asks_refs(c);
    }
    *ret_sure = !has_lane;
    if (best == NULL || has_ref) {
        return NULL;
    }
    if (lead_kind_of(best) == LEAD_CHAIN) {
        *ret_sure = best->has_set;
        return (best->has_set && best->n_set <= FEW) || lead_outer_has_keys(best) ? best : NULL;
    }
    bool narrow = lead_kind_of(best) == LEAD_KEY && (best->has_pairs || best->p->kind == SP_STRING);
    return narrow || !has_lane ? best : NULL;
}

/* ---- in their order, those that changed among them ---- */

static enum err olds_place(struct finder *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->n_olds; i++) {
        struct old o = f->olds[i];
        bool has = false;
        TRY(lead_place_of(f, f->lead, &o.k, &o.place, &has));
        if (!has || lead_place_cmp(f->lead, &o.place, &f->from_place) <= 0) {
            continue;
        }
        size_t at = kept++;
        for (; at > 0 && lead_place_cmp(f->lead, &f->olds[at - 1].place, &o.place) > 0; at--) {
            f->olds[at] = f->olds[at - 1];
        }
        f->olds[at] = o;
    }
    f->n_olds = kept;
    return OK;
}

/* What changed and stood before p (NULL: the rest). */
static enum err olds_take(struct finder *f, const struct lead_at *p)
{
    for (; f->next_old < f->n_olds && f->n_found < f->want; f->next_old++) {
        if (p != NULL && lead_place_cmp(f->lead, &f->olds[f->next_old].place, p) > 0) {
            return OK;
        }
        TRY(finder_keep(f, f->olds[f->next_old].k.hit));
    }
    return OK;
}

static bool has_found(const struct finder *f, int64_t rid)
{
    for (size_t i = f->n_found; i-- > 0;) {
        if (f->found[i].rid == rid) {
            return true;
        }
    }
    return false;
}

/* Does standing in the list mean that the criterion is met? */
static bool list_tells(const struct fhir_criterion *c)
{
    if (c->op != ASK_PARAM) {
        return true;
    }
    if (c->p->kind == SP_STRING) {
        return !text_asks(c);
    }
    enum fhir_prefix prefix = c->has_pairs ? c->pairs[0].v->prefix : c->v[0].prefix;
    return c->has_pairs && (prefix == P_GT || prefix == P_LT || prefix == P_GE);
}

/* How far it came, with a text of its own. */
static void last_keep(struct finder *f, const struct lead_at *p)
{
    f->last_place = *p;
    for (size_t i = 0; i < p->key.text.n; i++) {
        f->last_text[i] = p->key.text.p[i];
    }
    f->last_place.key.text.p = f->last_text;
}

/* A candidate in its turn: outer and rid where the list stands, known when p is not NULL. */
static enum err look(struct finder *f, struct hit hit, bool real_at, const struct lead_at *p)
{
    bool meets = false;
    bool limit = !f->trying && f->scanned + LAST_LOOKED >= f->scan_max;
    struct lead_at own;
    if (has_found(f, hit.rid)) {
        return OK;
    }
    const struct fhir_criterion *skip = list_tells(f->lead) ? f->lead : NULL;
    TRY(finder_test(f, &hit, skip, real_at, &meets));
    if (!meets && !limit) {
        return OK;
    }
    struct arena_mark m = arena_mark(f->rq->a);
    bool keep = meets;
    enum err e = OK;
    if (f->resume || limit || (meets && f->lead->op == ASK_CHAIN)) {
        struct cand k = {.hit = hit};
        bool has = false;
        e = lead_place_of(f, f->lead, &k, &own, &has);
        keep = keep && has && (!f->resume || lead_place_cmp(f->lead, &own, &f->from_place) > 0) &&
               (p == NULL || lead_place_cmp(f->lead, &own, p) == 0);
        if (e == OK && has && limit && !moment_is_newer(f, hit.rid) &&
            lead_place_cmp(f->lead, &own, &f->last_place) > 0) {
            last_keep(f, &own);
        }
        if (e == OK && keep && f->resume) {
            e = olds_take(f, &own);
        }
    }
    arena_back(f->rq->a, m);
    TRY(e);
    return keep && f->n_found < f->want ? finder_keep(f, hit) : OK;
}

static bool goes_on(const struct finder *f)
{
    return f->n_found < f->want && f->scanned < f->scan_max && f->gate->fuel > FHIR_REFERRERS * 2;
}

/* ---- keys ---- */

/* p: where to go on; NULL: from the beginning. */
static enum err keys_open(struct req *rq, const struct key_list *l, const struct lead_at *p,
                          struct list **gives)
{
    switch (l->kind) {
    case TUPLE_STRING:
        return p != NULL ? list_string_on(rq, l->sp, l->prefix, p->key.text, p->hit, gives)
                         : list_string(rq, l->sp, l->prefix, gives);
    case TUPLE_DATE:
        return p != NULL ? list_date_on(rq, l->sp, l->date_to, p->key.number, p->hit.at,
                                        p->hit.rid, gives)
                         : list_date(rq, l->sp, l->date_from, l->date_to, LIST_OLDEST, gives);
    case TUPLE_QUANTITY:
        return p != NULL ? list_quantity_on(rq, l->sp, l->unit, l->to, sort_double(p->key.number),
                                            p->hit, gives)
                         : list_quantity(rq, l->sp, l->unit, l->from, l->to, gives);
    case TUPLE_TOKEN:
    case TUPLE_REF: break;
    }
    return FAIL(rq, E_INTERNAL, "no list of keys");
}

static enum err keys_run(struct finder *f, bool *ret_end)
{
    struct key_list l = lead_keys(f->lead);
    struct list *list = NULL;
    struct hit hit;
    enum err e = OK;
    TRY(keys_open(f->rq, &l, f->resume ? &f->from_place : NULL, &list));
    while (e == OK && goes_on(f)) {
        if (!list_next(list, &hit)) {
            *ret_end = true;
            e = list_err(f->rq, list);
            break;
        }
        e = look(f, hit, l.kind != TUPLE_DATE, NULL);
    }
    list_close(&list);
    return e;
}

/* ---- what a chain leads to, and what _has asks for: one after the other ---- */

struct outer {
    const struct fhir_criterion *sub; /* NULL: set */
    struct list *keys;                /* NULL: lanes */
    struct key_list key_list;
    char text[TUPLE_STRING_MAX]; /* of the present key */
    struct lanes lanes;
    struct hit *set;
    size_t n;
    size_t next;
};

static enum err outer_open(struct finder *f, const struct fhir_criterion *c, struct outer *o)
{
    *o = (struct outer){.sub = c->has_set ? NULL : c->sub};
    if (lead_outer_has_keys(c)) {
        /* just before the one it stands at, whose names may not all have been given */
        struct lead_at p = {.key = f->from_place.key, .hit = f->from_place.outer};
        p.hit.rid -= p.hit.rid > INT64_MIN ? 1 : 0;
        o->key_list = lead_keys(c->sub);
        return keys_open(f->rq, &o->key_list, f->resume ? &p : NULL, &o->keys);
    }
    if (!c->has_set) {
        TRY(lanes_open(f->rq, c->sub->type, c->sub, 1, (struct lane_ref){0}, LIST_NEWEST,
                       &o->lanes));
        if (f->resume) {
            o->lanes.at = f->from_place.outer;
        }
        return OK;
    }
    o->set = ARENA_ARRAY(f->rq->a, c->n_set + 1, struct hit);
    TRY_MEM(f->rq, o->set);
    for (size_t i = 0; i < c->n_set; i++) {
        struct cand k = {.hit = c->set[i]};
        struct arena_mark m = arena_mark(f->rq->a);
        TRY(cand_head(f->rq, &k));
        o->set[i] = (struct hit){k.head.at_ms, k.hit.rid};
        arena_back(f->rq->a, m);
    }
    o->n = hits_sort(o->set, c->n_set, LIST_NEWEST);
    while (f->resume && o->next < o->n &&
           hit_cmp(o->set[o->next], f->from_place.outer, LIST_NEWEST) < 0) {
        o->next++;
    }
    return OK;
}

/* Stands it behind p? Then p is it. */
static enum err outer_step(struct finder *f, struct outer *o, struct hit hit, struct lead_at *p,
                           bool *ret_has)
{
    struct cand k = {.hit = hit};
    struct lead_at own;
    if (o->key_list.kind == TUPLE_DATE) {
        TRY(cand_head(f->rq, &k));
        k.hit.at = k.head.at_ms;
    }
    TRY(lead_key_place(f, o->sub, &k, &own, ret_has));
    int c = sort_keys_cmp(&own.key, &p->key, 1);
    c = c != 0 ? c : hit_cmp(own.hit, p->outer, LIST_OLDEST);
    *ret_has = *ret_has && (c > 0 || p->outer.rid == 0);
    if (*ret_has) {
        p->key = own.key;
        p->outer = own.hit;
        for (size_t i = 0; i < own.key.text.n; i++) {
            o->text[i] = own.key.text.p[i];
        }
        p->key.text.p = o->text;
    }
    return OK;
}

/* The next by its keys: of several rows of a resource, the first. */
static enum err outer_key(struct finder *f, struct outer *o, struct lead_at *p, bool *ret_has,
                          bool *ret_end)
{
    struct hit hit;
    enum err e = OK;
    while (e == OK && !*ret_has && goes_on(f)) {
        if (!list_next(o->keys, &hit)) {
            *ret_end = true;
            return list_err(f->rq, o->keys);
        }
        f->scanned++;
        TRY(rid_meets(f->rq, f->gate, hit.rid, o->sub->type, o->sub, ret_has));
        struct arena_mark m = arena_mark(f->rq->a);
        e = *ret_has ? outer_step(f, o, hit, p, ret_has) : OK;
        arena_back(f->rq->a, m);
    }
    return e;
}

static enum err outer_next(struct finder *f, struct outer *o, struct lead_at *p, bool *ret_has,
                           bool *ret_end)
{
    struct hit *ret_hit = &p->outer;
    *ret_has = false;
    *ret_end = false;
    if (o->keys != NULL) {
        return outer_key(f, o, p, ret_has, ret_end);
    }
    if (o->sub == NULL) {
        *ret_end = o->next == o->n;
        *ret_has = !*ret_end;
        *ret_hit = *ret_has ? o->set[o->next++] : *ret_hit;
        return OK;
    }
    while (!*ret_has && goes_on(f)) {
        if (!lanes_next(&o->lanes, f->scan_max, ret_hit, ret_end)) {
            return lanes_err(f->rq, &o->lanes);
        }
        f->scanned++;
        TRY(rid_meets(f->rq, f->gate, ret_hit->rid, o->sub->type, o->sub, ret_has));
    }
    return OK;
}

static bool is_from(const struct finder *f, const struct lead_at *p)
{
    return f->resume && hit_cmp(p->outer, f->from_place.outer, LIST_NEWEST) == 0;
}

/* What names one target, newest first. */
static enum err named_run(struct finder *f, const struct lead_at *at)
{
    struct lanes l;
    struct hit hit;
    bool end = false;
    enum err e = OK;
    const struct lane_ref ref = {f->lead->p->sp, at->outer.rid, f->lead};
    TRY(lanes_open(f->rq, f->q->type, f->q->c, f->q->n, ref, LIST_NEWEST, &l));
    if (is_from(f, at)) {
        lanes_after(&l, f->from_place.hit);
    }
    while (e == OK && goes_on(f) && lanes_next(&l, f->scan_max, &hit, &end)) {
        struct lead_at p = {at->key, at->outer, hit};
        f->lanes = &l;
        e = look(f, hit, true, &p);
        f->lanes = NULL;
    }
    e = e == OK ? lanes_err(f->rq, &l) : e;
    lanes_close(&l);
    return e;
}

/* What one resource of _has names: in the order of their numbers. */
static enum err names_run(struct finder *f, const struct lead_at *at)
{
    struct hit outer = at->outer;
    bool keeps = f->keeps;
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = {.hit = outer};
    f->keeps = false;
    enum err e = cand_tuples(f->rq, &k);
    for (size_t i = 0; e == OK && i < k.n_tuples && goes_on(f); i++) {
        const struct tuple *t = &k.tuples[i];
        struct lead_at p = {.key = at->key, .outer = outer, .hit = {0, t->ref.rid}};
        bool is = t->sp == f->lead->p->sp && t->kind == TUPLE_REF && t->ref.rid > 0 &&
                  !(is_from(f, at) && t->ref.rid <= f->from_place.hit.rid) &&
                  !has_found(f, t->ref.rid);
        struct lead_at first = p;
        bool has = true;
        if (is) {
            e = lead_has_place(f, f->lead, t->ref.rid, &first, &has);
        }
        if (e == OK && is && has && hit_cmp(first.outer, outer, LIST_NEWEST) == 0) {
            e = look(f, p.hit, false, &p);
        }
    }
    arena_back(f->rq->a, m);
    f->keeps = keeps;
    return e;
}

static enum err outer_run(struct finder *f, bool *ret_end)
{
    struct outer o;
    struct lead_at at = {.outer = {0, 0}};
    bool has = true;
    TRY(outer_open(f, f->lead, &o));
    if (o.keys != NULL && f->resume) {
        at = (struct lead_at){.key = f->from_place.key, .outer = f->from_place.outer};
        at.outer.rid -= at.outer.rid > 1 ? 1 : 0;
    }
    enum err e = OK;
    while (e == OK && has && goes_on(f)) {
        e = outer_next(f, &o, &at, &has, ret_end);
        if (e == OK && has) {
            int64_t none = f->lead->op == ASK_HAS ? 0 : INT64_MAX;
            last_keep(f, &(struct lead_at){at.key, at.outer, {none, none}});
            e = f->lead->op == ASK_HAS ? names_run(f, &at) : named_run(f, &at);
        }
    }
    if (o.keys != NULL) {
        list_close(&o.keys);
    } else if (o.sub != NULL) {
        lanes_close(&o.lanes);
    }
    return e;
}

/* Codes asked for without a system, which stand in one: then the index can be asked about a candidate.
 * The criteria are the plan's own. */
static enum err systems_find(struct finder *f, const struct fhir_criterion *lead)
{
    for (size_t i = 0; i < f->q->n; i++) {
        struct fhir_criterion *c = &f->q->c[i];
        int64_t sys = -1;
        int64_t next;
        bool has = c != lead && c->op == ASK_PARAM && c->p->kind == SP_TOKEN && c->n == 1 &&
                   (c->modifier == MOD_NONE || c->modifier == MOD_NOT) &&
                   c->v[0].token.sys == TOKEN_ANY_SYS && c->v[0].token.hash != 0;
        bool more = false;
        if (!has || c->one_system) {
            continue;
        }
        TRY(list_next_sys(f->rq, c->p->sp, c->v[0].token.hash, &sys, &has));
        next = sys;
        if (has) {
            TRY(list_next_sys(f->rq, c->p->sp, c->v[0].token.hash, &next, &more));
        }
        c->one_system = has && !more;
        c->only_sys = (uint32_t)sys;
    }
    return OK;
}

enum err lead_run(struct finder *f, const struct fhir_criterion *c)
{
    bool end = false;
    TRY(systems_find(f, c));
    f->found = ARENA_ARRAY(f->rq->a, f->want + 1, struct hit); /* kept from within marks */
    TRY_MEM(f->rq, f->found);
    f->size_found = f->want + 1;
    f->lead = c;
    f->n_found = 0;
    f->total = 0;
    f->next_old = 0;
    last_keep(f, &f->from_place);
    TRY(f->resume ? olds_place(f) : OK);
    TRY(lead_kind_of(c) == LEAD_KEY ? keys_run(f, &end) : outer_run(f, &end));
    if (end && f->n_found < f->want) {
        TRY(olds_take(f, NULL));
    }
    f->cut = !end && f->n_found < f->want;
    return OK;
}
